//! Ways from the root to the variables of an object graph.

use foldhash::{HashMap, HashMapExt};

use super::objects::Objects;
use crate::evidence::object_graph::is_flat_edge;
use crate::saved_model::NodeId;

/// Most paths that are given for one variable.
const MAX_PATHS: usize = 8;
/// Longest path, in edges, that is written out; longer ones are cut in the middle.
const MAX_PATH_EDGES: usize = 64;

/// For each counted variable, the paths under which its holders keep it: the shortest path to each
/// holder, and the holder's attribute.
pub(crate) fn paths_to_variables(objects: Objects<'_, '_>) -> HashMap<u32, Vec<String>> {
    let graph = objects.graph;
    // Shortest paths, by attributes first: the flat lists only where no attribute leads.
    let mut from: Vec<Option<(NodeId, u32)>> = vec![None; graph.len()];
    let mut reached = vec![false; graph.len()];
    reached[graph.root().index()] = true;
    for flat in [false, true] {
        let mut level: Vec<NodeId> = graph.ids().filter(|id| reached[id.index()]).collect();
        while !level.is_empty() {
            let mut next = Vec::new();
            for holder in level {
                for (k, edge) in graph.children(holder).iter().enumerate() {
                    let at = edge.to.index();
                    if !reached[at]
                        && objects.facts.excluded[at].is_none()
                        && (flat || !is_flat_edge(graph, holder, edge))
                    {
                        reached[at] = true;
                        from[at] = Some((holder, k as u32));
                        next.push(edge.to);
                    }
                }
            }
            level = next;
        }
    }
    let mut paths: HashMap<u32, Vec<String>> = HashMap::new();
    let mut add = |weight: u32, path: String| {
        let known = paths.entry(weight).or_default();
        if known.len() < MAX_PATHS && !known.contains(&path) {
            known.push(path);
        }
    };
    for holder in graph.ids().filter(|id| reached[id.index()]) {
        for (k, edge) in graph.children(holder).iter().enumerate() {
            let Some(weight) = objects.weights.get(&edge.to) else { continue };
            let is_first = from[edge.to.index()] == Some((holder, k as u32));
            if is_first || (!is_flat_edge(graph, holder, edge) && !is_list_copy(objects, holder)) {
                add(*weight, path_through(objects, &from, holder, edge.name));
            }
        }
    }
    paths
}

/// True for the wrapper of a flat list, whose entries repeat what other attributes hold.
fn is_list_copy(objects: Objects<'_, '_>, holder: NodeId) -> bool {
    objects.graph.identifier(holder) == "trackable_list_wrapper"
}

fn path_through(
    objects: Objects<'_, '_>,
    from: &[Option<(NodeId, u32)>],
    holder: NodeId,
    attribute: &str,
) -> String {
    let mut edges = vec![attribute];
    let mut at = holder;
    while let Some((up, k)) = from[at.index()] {
        if edges.len() >= MAX_PATH_EDGES {
            edges.push("…");
            break;
        }
        edges.extend(objects.graph.children(up).get(k as usize).map(|e| e.name));
        at = up;
    }
    edges.reverse();
    edges.join("/")
}
