//! The tree of modules: objects under the names of the attributes that hold them, without those that
//! hold no weights. Lists and dicts are not groups; their entries are named after the list.

use std::collections::HashSet;

use super::objects::{Objects, Proposal, grow};
use super::outline::Outline;
use crate::evidence::object_graph::{is_flat_edge, is_wrapper};
use crate::limits::MAX_NESTED_WRAPPERS;
use crate::model::GroupKind;
use crate::saved_model::{Kind, NodeId};

/// Builds the outline.
pub(crate) fn outline(objects: Objects<'_, '_>) -> Outline {
    let with_weights = objects_with_weights(objects);
    let root = Proposal {
        node: Some(objects.graph.root()),
        name: "model".into(),
        class: None,
        kind: GroupKind::Module,
    };
    grow(objects, root, |node| children(objects, &with_weights, node))
}

fn children(objects: Objects<'_, '_>, with_weights: &[bool], node: NodeId) -> Vec<Proposal> {
    let graph = objects.graph;
    let mut found = Vec::new();
    let mut met = HashSet::from([node]);
    let mut open = vec![(node, String::new(), 0usize)];
    while let Some((holder, prefix, depth)) = open.pop() {
        let mut wrappers = Vec::new();
        for edge in graph.children(holder) {
            let to = edge.to;
            let is_object = matches!(graph.kinds.get(to.index()), Some(Kind::User { .. }));
            if !is_object
                || with_weights.get(to.index()) != Some(&true)
                || objects.is_excluded(to)
                || is_flat_edge(graph, holder, edge)
                || !met.insert(to)
            {
                continue;
            }
            let name = if prefix.is_empty() {
                edge.name.to_owned()
            } else {
                format!("{prefix}.{}", edge.name)
            };
            if is_wrapper(graph.identifier(to)) && depth < MAX_NESTED_WRAPPERS {
                wrappers.push((to, name, depth + 1));
            } else {
                found.push(Proposal { node: Some(to), name, class: None, kind: GroupKind::Module });
            }
        }
        open.extend(wrappers.into_iter().rev());
    }
    found
}

/// For every object whether a counted variable lies below it. Found backwards from the variables, so
/// that each edge is followed once.
fn objects_with_weights(objects: Objects<'_, '_>) -> Vec<bool> {
    let graph = objects.graph;
    let mut holders: Vec<Vec<NodeId>> = vec![Vec::new(); graph.len()];
    for id in graph.ids() {
        for edge in graph.children(id) {
            if let Some(holders) = holders.get_mut(edge.to.index()) {
                holders.push(id);
            }
        }
    }
    let mut with_weights = vec![false; graph.len()];
    let mut open: Vec<NodeId> = objects.weights.keys().copied().collect();
    while let Some(node) = open.pop() {
        for holder in holders.get(node.index()).into_iter().flatten() {
            if let Some(known) = with_weights.get_mut(holder.index())
                && !std::mem::replace(known, true)
            {
                open.push(*holder);
            }
        }
    }
    with_weights
}
