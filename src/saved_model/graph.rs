//! `GraphDef`: the nodes of the main graph, found by name, and its functions.
//!
//! Source: graph.proto, tensorflow/core/framework (TensorFlow 2.21).

use foldhash::HashMap;

use super::function::Library;
use super::node::{Node, input_node};
use crate::limits::MAX_GRAPH_NODES;
use crate::wire::{Malformed, Message, Value};

/// A node of the main graph, by its position in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct OpId(u32);

impl OpId {
    /// Its position.
    pub fn index(self) -> u32 {
        self.0
    }
}

/// The main graph of a MetaGraph.
#[derive(Debug, Default)]
pub(crate) struct Graph<'a> {
    /// Its nodes in file order.
    pub nodes: Vec<Node<'a>>,
    by_name: HashMap<&'a str, OpId>,
    /// Names that more than one node has.
    pub repeated: Vec<&'a str>,
    /// Its functions.
    pub library: Library<'a>,
}

impl<'a> Graph<'a> {
    /// Decodes a `GraphDef`.
    pub fn decode(message: &Message<'a>) -> Result<Graph<'a>, Malformed> {
        let mut graph = Graph::default();
        for field in message.fields() {
            match field? {
                (1, Value::Bytes(body)) => {
                    if graph.nodes.len() >= MAX_GRAPH_NODES {
                        return Err(Malformed::at(body, "more nodes than any graph has"));
                    }
                    graph.nodes.push(Node::decode(body)?);
                }
                (2, Value::Bytes(library)) => graph.library.merge(library)?,
                _ => {}
            }
        }
        graph.index();
        Ok(graph)
    }

    /// Builds the index of names. Of several nodes with one name the first is found; the others are in
    /// `repeated`.
    fn index(&mut self) {
        self.by_name = HashMap::with_capacity_and_hasher(self.nodes.len(), Default::default());
        for (i, node) in (0..).zip(&self.nodes) {
            match self.by_name.entry(node.name) {
                std::collections::hash_map::Entry::Occupied(_) => self.repeated.push(node.name),
                std::collections::hash_map::Entry::Vacant(slot) => {
                    slot.insert(OpId(i));
                }
            }
        }
    }

    /// All nodes, in file order.
    pub fn ops(&self) -> impl Iterator<Item = (OpId, &Node<'a>)> {
        (0..).map(OpId).zip(&self.nodes)
    }

    /// The node with this name.
    pub fn find(&self, name: &str) -> Option<OpId> {
        self.by_name.get(name).copied()
    }

    /// The node itself.
    pub fn node(&self, op: OpId) -> Option<&Node<'a>> {
        self.nodes.get(op.0 as usize)
    }

    /// `starts` and everything they depend on, control inputs included, each once.
    pub fn ancestors(&self, starts: impl IntoIterator<Item = OpId>) -> Vec<OpId> {
        let mut seen = vec![false; self.nodes.len()];
        let mut open: Vec<OpId> = starts.into_iter().collect();
        let mut found = Vec::new();
        while let Some(op) = open.pop() {
            let (Some(node), Some(seen)) = (self.node(op), seen.get_mut(op.0 as usize)) else {
                continue;
            };
            if std::mem::replace(seen, true) {
                continue;
            }
            found.push(op);
            open.extend(node.inputs().filter_map(|i| self.find(input_node(i).node)));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_two_nodes_with_one_name_is_found() {
        let node = [0x0a, 1, b'a', 0x12, 1, b'X'];
        let mut bytes = Vec::new();
        for _ in 0..2 {
            bytes.extend([0x0a, node.len() as u8]);
            bytes.extend(node);
        }
        let graph = Graph::decode(&Message::new(&bytes)).unwrap();
        assert_eq!(graph.find("a"), Some(OpId(0)));
        assert_eq!(graph.repeated, ["a"]);
    }
}
