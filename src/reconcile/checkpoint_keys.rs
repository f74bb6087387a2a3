//! Which checkpoint key belongs to which object.
//!
//! The checkpoint holds an object graph of its own, whose node numbers can differ from the
//! SavedModel's: `object_graphs` has walked both from their roots together, by edge name. That is exact.
//! Where the checkpoint's graph cannot be read (its shard is missing), the keys themselves are followed:
//! each is the escaped path of edges to its object.
//! Source: tensorflow/python/checkpoint/graph_view.py, trackable/trackable_utils.py (TensorFlow 2.21).

use foldhash::{HashMap, HashMapExt, HashSet};

use super::object_graphs::PairedObjects;
use crate::evidence::restore_graph::RestoreGraph;
use crate::saved_model::{NodeId, ObjectGraph};

/// The attribute under which a variable's value is stored.
const VALUE_ATTRIBUTE: &str = "VARIABLE_VALUE";
/// Separates an object's path from the attribute.
const ATTRIBUTES: &str = "/.ATTRIBUTES/";
/// Separates a variable's path from that of the optimizer that keeps state for it.
const SLOT: &str = "/.OPTIMIZER_SLOT/";

/// Finds the key of every variable object that has one.
pub(crate) fn match_keys(
    objects: &ObjectGraph<'_>,
    paired: Option<&PairedObjects<'_, '_>>,
    restore: &RestoreGraph<'_>,
) -> HashMap<NodeId, Vec<u8>> {
    let mut keys = paired.map(PairedObjects::keys).unwrap_or_default();
    let taken: HashSet<&[u8]> = keys.values().map(Vec::as_slice).collect();
    let left: Vec<&[u8]> =
        restore.restored.iter().map(|r| r.key).filter(|k| !taken.contains(k)).collect();
    if !left.is_empty() {
        let paths = Paths::new(objects);
        let found: Vec<(NodeId, Vec<u8>)> = left
            .into_iter()
            .filter_map(|key| Some((paths.object(std::str::from_utf8(key).ok()?)?, key.to_vec())))
            .collect();
        for (id, key) in found {
            keys.entry(id).or_insert(key);
        }
    }
    keys
}

/// Finds objects by the paths in keys.
struct Paths<'g, 'a> {
    objects: &'g ObjectGraph<'a>,
    edges: HashMap<(NodeId, &'a str), NodeId>,
    slots: HashMap<(NodeId, NodeId, &'a str), NodeId>,
}

impl<'g, 'a> Paths<'g, 'a> {
    fn new(objects: &'g ObjectGraph<'a>) -> Self {
        let mut edges = HashMap::new();
        for id in objects.ids() {
            for edge in objects.children(id) {
                edges.entry((id, edge.name)).or_insert(edge.to);
            }
        }
        let slots = objects
            .slot_variables()
            .iter()
            .map(|(holder, s)| ((*holder, s.original, s.name), s.slot))
            .collect();
        Paths { objects, edges, slots }
    }

    fn object(&self, key: &str) -> Option<NodeId> {
        let (path, attribute) = key.rsplit_once(ATTRIBUTES)?;
        if attribute != VALUE_ATTRIBUTE {
            return None;
        }
        match path.split_once(SLOT) {
            None => self.follow(path),
            Some((variable, rest)) => {
                let (optimizer, slot) = rest.rsplit_once('/')?;
                let slot = unescape(slot);
                self.slots
                    .get(&(self.follow(optimizer)?, self.follow(variable)?, slot.as_str()))
                    .copied()
            }
        }
    }

    fn follow(&self, path: &str) -> Option<NodeId> {
        path.split('/').try_fold(self.objects.root(), |at, edge| {
            let edge = unescape(edge);
            self.edges.get(&(at, edge.as_str())).copied()
        })
    }
}

/// Undoes the escaping of an edge name: `..` is `.`, `.S` is `/`.
fn unescape(edge: &str) -> String {
    let mut out = String::with_capacity(edge.len());
    let mut chars = edge.chars();
    while let Some(c) = chars.next() {
        match (c, c == '.') {
            (_, true) => match chars.next() {
                Some('S') => out.push('/'),
                Some(next) => out.push(next),
                None => out.push('.'),
            },
            (c, _) => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undoes_the_escaping_of_edge_names() {
        assert_eq!(unescape("a..b"), "a.b");
        assert_eq!(unescape("a.Sb"), "a/b");
        assert_eq!(unescape("layer-1"), "layer-1");
    }
}
