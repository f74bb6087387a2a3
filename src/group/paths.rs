//! Paths of attributes from the root to the variables of an object graph.

use foldhash::{HashMap, HashMapExt};

use super::objects::Objects;
use crate::evidence::object_graph::is_flat_edge;
use crate::limits::{MAX_PATH_EDGES, MAX_PATHS_PER_VARIABLE};
use crate::saved_model::NodeId;

/// For each counted variable the paths of the attributes that hold it: for every holder the shortest
/// path to it, and its attribute. There can be exponentially many other paths.
pub(crate) fn paths_to_variables(objects: Objects<'_, '_>) -> HashMap<u32, Vec<String>> {
    let graph = objects.graph;
    let ways = shortest_ways(objects);
    let mut paths: HashMap<u32, Vec<String>> = HashMap::new();
    for holder in graph.ids().filter(|id| ways.reaches(*id)) {
        for (number, edge) in graph.children(holder).iter().enumerate() {
            let Some(weight) = objects.weights.get(&edge.to) else { continue };
            let is_shortest = ways.get(edge.to) == Some(Way::By { holder, number });
            let is_attribute =
                || !is_flat_edge(graph, holder, edge) && !is_list_copy(objects, holder);
            if is_shortest || is_attribute() {
                let known = paths.entry(*weight).or_default();
                let path = path_through(objects, &ways, holder, edge.name);
                if known.len() < MAX_PATHS_PER_VARIABLE && !known.contains(&path) {
                    known.push(path);
                }
            }
        }
    }
    paths
}

/// How an object is first reached.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// It is the root.
    Root,
    /// By the edge with this number among those of the holder.
    By { holder: NodeId, number: usize },
}

/// The first way to every object; `None` for objects that are not reached.
struct Ways(Vec<Option<Way>>);

impl Ways {
    fn get(&self, node: NodeId) -> Option<Way> {
        self.0.get(node.index()).copied().flatten()
    }

    fn reaches(&self, node: NodeId) -> bool {
        self.get(node).is_some()
    }

    fn set(&mut self, node: NodeId, way: Way) {
        if let Some(known) = self.0.get_mut(node.index()) {
            *known = Some(way);
        }
    }
}

/// The shortest way to every object, breadth first. Attributes come before flat lists, even where a
/// list is shorter: a path through `variables/7` says nothing about the model.
fn shortest_ways(objects: Objects<'_, '_>) -> Ways {
    let graph = objects.graph;
    let mut ways = Ways(vec![None; graph.len()]);
    ways.set(graph.root(), Way::Root);
    for flat in [false, true] {
        let mut level: Vec<NodeId> = graph.ids().filter(|id| ways.reaches(*id)).collect();
        while !level.is_empty() {
            let mut next = Vec::new();
            for holder in level {
                for (number, edge) in graph.children(holder).iter().enumerate() {
                    if !ways.reaches(edge.to)
                        && !objects.is_excluded(edge.to)
                        && (flat || !is_flat_edge(graph, holder, edge))
                    {
                        ways.set(edge.to, Way::By { holder, number });
                        next.push(edge.to);
                    }
                }
            }
            level = next;
        }
    }
    ways
}

/// True for the wrapper of a flat list, whose entries repeat what other attributes hold.
fn is_list_copy(objects: Objects<'_, '_>, holder: NodeId) -> bool {
    objects.graph.identifier(holder) == "trackable_list_wrapper"
}

/// The path to the attribute of a holder. Of one that is too long the beginning is cut off.
fn path_through(objects: Objects<'_, '_>, ways: &Ways, holder: NodeId, attribute: &str) -> String {
    let mut edges = vec![attribute];
    let mut at = holder;
    while let Some(Way::By { holder, number }) = ways.get(at) {
        if edges.len() >= MAX_PATH_EDGES {
            edges.push("…");
            break;
        }
        edges.extend(objects.graph.children(holder).get(number).map(|edge| edge.name));
        at = holder;
    }
    edges.reverse();
    edges.join("/")
}
