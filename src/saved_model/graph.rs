//! `GraphDef`: nodes with their names and ops at hand, everything else undecoded.
//!
//! Source: graph.proto and node_def.proto, tensorflow/core/framework (TensorFlow 2.21).

use foldhash::HashMap;

use super::{Attr, Library};
use crate::wire::{Malformed, fields};

/// Most nodes of a graph. A node of two bytes takes fifty times as much memory.
const MAX_NODES: usize = 10_000_000;

/// One `NodeDef`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node<'a> {
    /// Its name, unique in its graph or function.
    pub name: &'a str,
    /// The op it runs.
    pub op: &'a str,
    body: &'a [u8],
}

impl<'a> Node<'a> {
    /// Decodes a `NodeDef` and checks that all of it can be walked, so that the accessors below
    /// need not fail.
    pub fn decode(body: &'a [u8]) -> Result<Node<'a>, Malformed> {
        let mut node = Node { name: "", op: "", body };
        for field in fields(body) {
            match field? {
                (1, value) => node.name = value.text()?,
                (2, value) => node.op = value.text()?,
                (3 | 4, value) => {
                    value.text()?;
                }
                _ => {}
            }
        }
        Ok(node)
    }

    /// Its inputs as written: `name`, `name:1`, `^name`; in functions `name:output:0`.
    pub fn inputs(&self) -> impl Iterator<Item = &'a str> {
        fields(self.body).flatten().filter(|(n, _)| *n == 3).filter_map(|(_, v)| v.text().ok())
    }

    /// The attribute with this name. The last one wins, as in any map field.
    pub fn attr(&self, name: &str) -> Option<Attr<'a>> {
        let [value] = self.attrs_named([name]);
        value
    }

    /// The attributes with these names, found in one pass.
    pub fn attrs_named<const N: usize>(&self, names: [&str; N]) -> [Option<Attr<'a>>; N] {
        let mut found = [None; N];
        for (key, value) in self.raw_attrs() {
            if let Some(at) = names.iter().position(|name| name.as_bytes() == key) {
                found[at] = Some(value);
            }
        }
        found
    }

    /// Functions that its attributes name, each as often as it is named.
    pub fn functions(&self) -> Vec<&'a str> {
        // Ops that are everywhere and can name no function are not looked into.
        if matches!(
            self.op,
            "Const"
                | "Placeholder"
                | "Identity"
                | "NoOp"
                | "VarHandleOp"
                | "ReadVariableOp"
                | "AssignVariableOp"
                | "VarIsInitializedOp"
                | "VariableV2"
                | "Assign"
        ) {
            return Vec::new();
        }
        let entries = fields(self.body).flatten().filter(|(n, _)| *n == 5);
        let values = entries.flat_map(|(_, entry)| fields(entry.bytes().unwrap_or_default()));
        // An entry with two values counts as both: parsers differ in which they keep.
        let values = values.flatten().filter(|(n, _)| *n == 2).filter_map(|(_, v)| v.bytes());
        values.flat_map(|value| Attr(value).functions()).collect()
    }

    /// All attributes, in file order; their names are not checked to be text.
    fn raw_attrs(&self) -> impl Iterator<Item = (&'a [u8], Attr<'a>)> {
        fields(self.body).flatten().filter(|(n, _)| *n == 5).filter_map(|(_, entry)| {
            let (mut key, mut value) = (&[][..], &[][..]);
            for (number, field) in fields(entry.bytes()?).flatten() {
                match number {
                    1 => key = field.bytes()?,
                    2 => value = field.bytes()?,
                    _ => {}
                }
            }
            Some((key, Attr(value)))
        })
    }
}

/// What an input refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InputName<'a> {
    /// The node.
    pub node: &'a str,
    /// Which of its outputs; 0 where the input does not say.
    pub output: usize,
    /// True for `^name`: an order, not a value.
    pub control: bool,
}

/// Takes an input apart: `^name`, `name`, `name:1` (graphs) or `name:output:1` (functions).
pub(crate) fn input_node(input: &str) -> InputName<'_> {
    if let Some(node) = input.strip_prefix('^') {
        return InputName { node, output: 0, control: true };
    }
    match input.split_once(':') {
        None => InputName { node: input, output: 0, control: false },
        Some((node, rest)) => {
            let last = rest.rsplit(':').next().unwrap_or_default();
            InputName { node, output: last.parse().unwrap_or(0), control: false }
        }
    }
}

/// The main graph of a MetaGraph.
#[derive(Debug, Default)]
pub(crate) struct Graph<'a> {
    /// Its nodes in file order.
    pub nodes: Vec<Node<'a>>,
    by_name: HashMap<&'a str, u32>,
    /// Names that more than one node has.
    pub repeated: Vec<&'a str>,
    /// Its functions.
    pub library: Library<'a>,
}

impl<'a> Graph<'a> {
    /// Adds the nodes and functions of one `GraphDef` message.
    pub fn merge(&mut self, bytes: &'a [u8]) -> Result<(), Malformed> {
        for field in fields(bytes) {
            match field? {
                (1, value) => {
                    let body = value.bytes().unwrap_or_default();
                    if self.nodes.len() >= MAX_NODES {
                        return Err(Malformed::at(body, "a graph of more nodes than any has"));
                    }
                    self.nodes.push(Node::decode(body)?);
                }
                (2, value) => self.library.merge(value.bytes().unwrap_or_default())?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Makes names findable; to be called once all of the graph is there.
    pub fn index(&mut self) {
        self.by_name = HashMap::with_capacity_and_hasher(self.nodes.len(), Default::default());
        for (i, node) in self.nodes.iter().enumerate() {
            let Ok(i) = u32::try_from(i) else { break };
            match self.by_name.entry(node.name) {
                std::collections::hash_map::Entry::Occupied(_) => self.repeated.push(node.name),
                std::collections::hash_map::Entry::Vacant(slot) => {
                    slot.insert(i);
                }
            }
        }
    }

    /// Position of the node with this name.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).map(|i| *i as usize)
    }

    /// Positions of `starts` and of everything they depend on, control inputs included, each once.
    pub fn ancestors(&self, starts: impl IntoIterator<Item = usize>) -> Vec<usize> {
        let mut seen = vec![false; self.nodes.len()];
        let mut open: Vec<usize> = starts.into_iter().collect();
        let mut found = Vec::new();
        while let Some(at) = open.pop() {
            let Some(node) = self.nodes.get(at) else { continue };
            if std::mem::replace(&mut seen[at], true) {
                continue;
            }
            found.push(at);
            open.extend(node.inputs().filter_map(|i| self.position(input_node(i).node)));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_inputs_apart() {
        let at = |input| {
            let name = input_node(input);
            (name.node, name.output, name.control)
        };
        assert_eq!(at("save/RestoreV2:12"), ("save/RestoreV2", 12, false));
        assert_eq!(at("RestoreV2:tensors:3"), ("RestoreV2", 3, false));
        assert_eq!(at("^init"), ("init", 0, true));
        assert_eq!(at("x"), ("x", 0, false));
    }

    #[test]
    fn the_first_of_two_nodes_with_one_name_is_found() {
        let node = [0x0a, 1, b'a', 0x12, 1, b'X'];
        let mut bytes = Vec::new();
        for _ in 0..2 {
            bytes.extend([0x0a, node.len() as u8]);
            bytes.extend(node);
        }
        let mut graph = Graph::default();
        graph.merge(&bytes).unwrap();
        graph.index();
        assert_eq!(graph.position("a"), Some(0));
        assert_eq!(graph.repeated, ["a"]);
    }
}
