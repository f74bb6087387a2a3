//! Walks over the object graph. Each visits an object once, whatever the number of paths to it, so
//! that cycles end and the cost is linear.

use foldhash::{HashSet, HashSetExt};

use super::excluded::Excluded;
use crate::saved_model::{Edge, NodeId, ObjectGraph, PerObject};

/// Marks everything that the edges lead to, without entering excluded objects.
pub(crate) fn walk(
    graph: &ObjectGraph<'_>,
    starts: impl IntoIterator<Item = NodeId>,
    excluded: &PerObject<Option<Excluded>>,
    leads_on: impl Fn(NodeId, &Edge<'_>) -> bool,
) -> PerObject<bool> {
    let mut seen = PerObject::new(graph);
    let mut open: Vec<NodeId> = starts.into_iter().collect();
    for start in &open {
        seen.set(*start, true);
    }
    while let Some(node) = open.pop() {
        for edge in graph.children(node) {
            let to = edge.to;
            if !seen.get(to) && excluded.get(to).is_none() && leads_on(node, edge) {
                seen.set(to, true);
                open.push(to);
            }
        }
    }
    seen
}

/// Everything below `starts`, without entering the model's own objects: an optimizer refers back to
/// the variables that it updates, and those are weights, not state of the optimizer.
pub(super) fn walk_below(
    graph: &ObjectGraph<'_>,
    starts: impl Iterator<Item = NodeId>,
    of_the_model: &PerObject<bool>,
    root: NodeId,
) -> Vec<NodeId> {
    let mut seen = HashSet::new();
    let mut open: Vec<NodeId> = starts.collect();
    let mut found = Vec::new();
    while let Some(node) = open.pop() {
        if node == root || of_the_model.get(node) || !seen.insert(node) {
            continue;
        }
        found.push(node);
        open.extend(graph.children(node).iter().map(|e| e.to));
    }
    found
}
