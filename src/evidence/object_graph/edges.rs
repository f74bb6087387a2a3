//! Two properties of edges and objects that every reader of the object graph needs.

use crate::saved_model::{Edge, NodeId, ObjectGraph};

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
