//! Properties of edges and objects that every reader of the object graph needs.

use crate::saved_model::{Edge, NodeId, ObjectGraph};

/// What every operation of Keras 3 holds, each a list. A model that `tf.saved_model.save` wrote has
/// them, an export has not.
/// Source: keras/src/ops/operation.py (Keras 3).
const KERAS_3_EDGES: [&str; 2] = ["_inbound_nodes", "_outbound_nodes"];
/// Attributes under which Keras repeats what its objects hold: flat, recursive lists.
const FLAT_EDGES: &[&str] = &["variables", "trainable_variables", "keras_api"];

/// True for an edge that only repeats, in a flat list, what the holder has under its attributes.
pub(crate) fn is_flat_edge(graph: &ObjectGraph<'_>, holder: NodeId, edge: &Edge<'_>) -> bool {
    FLAT_EDGES.contains(&edge.name) && graph.child(holder, "keras_api").is_some()
}

/// True for the objects that stand for Python lists, tuples and dicts.
pub(crate) fn is_wrapper(identifier: &str) -> bool {
    matches!(
        identifier,
        "trackable_list_wrapper" | "trackable_dict_wrapper" | "trackable_tuple_wrapper"
    )
}

/// True for a layer or model of Keras 3: its object has no identifier of Keras' own. Keras 2 keeps
/// its lists of nodes from the graph.
pub(super) fn is_keras_3_operation(graph: &ObjectGraph<'_>, id: NodeId) -> bool {
    !graph.is_keras(id) && KERAS_3_EDGES.iter().all(|name| graph.child(id, name).is_some())
}
