//! The tree of modules: objects under the attribute names that hold them, those without weights
//! left out. Lists and dicts are no groups; their entries carry the list's name.

use std::collections::HashSet;

use super::objects::{Objects, Proposal, grow};
use super::outline::Outline;
use crate::evidence::object_graph::{is_flat_edge, is_wrapper};
use crate::model::GroupKind;
use crate::saved_model::{Kind, NodeId};

/// Most nested lists and dicts between a module and its entries.
const MAX_NESTED_WRAPPERS: usize = 16;

/// Builds the outline.
pub(crate) fn outline(objects: Objects<'_, '_>) -> Outline {
    let bearing = bearing_weights(objects);
    let root = Proposal {
        node: Some(objects.graph.root()),
        name: "model".into(),
        class: None,
        kind: GroupKind::Module,
    };
    grow(objects, root, |node| children(objects, &bearing, node))
}

fn children(objects: Objects<'_, '_>, bearing: &[bool], node: NodeId) -> Vec<Proposal> {
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
                || !bearing[to.index()]
                || objects.facts.excluded[to.index()].is_some()
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

/// For every object: does any counted variable lie below it? Found backwards from the variables,
/// so that each edge is looked at once.
fn bearing_weights(objects: Objects<'_, '_>) -> Vec<bool> {
    let graph = objects.graph;
    let mut holders: Vec<Vec<u32>> = vec![Vec::new(); graph.len()];
    for id in graph.ids() {
        for edge in graph.children(id) {
            holders[edge.to.index()].push(id.0);
        }
    }
    let mut bearing = vec![false; graph.len()];
    let mut open: Vec<u32> = objects.weights.keys().map(|id| id.0).collect();
    while let Some(at) = open.pop() {
        for holder in &holders[at as usize] {
            if !std::mem::replace(&mut bearing[*holder as usize], true) {
                open.push(*holder);
            }
        }
    }
    bearing
}
