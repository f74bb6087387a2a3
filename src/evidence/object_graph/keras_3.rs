//! Layers and models of Keras 3, which the object graph does not name.

use crate::saved_model::{NodeId, ObjectGraph};

/// What every operation of Keras 3 holds, each a list. A model that `tf.saved_model.save` wrote has
/// them, an export has not.
/// Source: keras/src/ops/operation.py (Keras 3).
const KERAS_3_EDGES: [&str; 2] = ["_inbound_nodes", "_outbound_nodes"];

/// True for a layer or model of Keras 3: its object has no identifier of Keras' own. Keras 2 keeps
/// its lists of nodes from the graph.
pub(super) fn is_operation(graph: &ObjectGraph<'_>, id: NodeId) -> bool {
    !graph.is_keras(id) && KERAS_3_EDGES.iter().all(|name| graph.child(id, name).is_some())
}
