//! Writes object graphs and graphs for tests.

#[cfg(test)]
use super::Graph;
use super::ObjectGraph;
use crate::wire::testing::{Message, bytes, text, varint};

/// One object of an object graph being written.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    children: Message,
    kind: Message,
    is_variable: bool,
}

/// A Python object of this kind, holding others under these attributes.
pub(crate) fn object(identifier: &str, children: &[(&str, u64)]) -> Object {
    let mut out = Message::default();
    for (name, to) in children {
        out = out.with(bytes(1, &varint(1, *to).with(text(2, name)).0));
    }
    Object { children: out, kind: bytes(4, &text(1, identifier).0), is_variable: false }
}

/// A float32 variable.
pub(crate) fn variable(name: &str, dims: &[u64], trainable: bool) -> Object {
    let inner = varint(1, 1)
        .with(bytes(2, &shape(dims).0))
        .with(varint(3, u64::from(trainable)))
        .with(text(6, name));
    Object { children: Message::default(), kind: inner, is_variable: true }
}

impl Object {
    /// The same variable as an int64 one.
    #[cfg(test)]
    pub fn integer(mut self) -> Object {
        self.kind = self.kind.with(varint(1, 9));
        self
    }

    /// The same object as one that keeps a slot for a variable.
    #[cfg(test)]
    pub fn keeps(mut self, original: u64, name: &str, slot: u64) -> Object {
        let entry = varint(1, original).with(text(2, name)).with(varint(3, slot));
        self.children = self.children.with(bytes(3, &entry.0));
        self
    }

    fn message(&self) -> Message {
        let kind = match self.is_variable {
            true => bytes(7, &self.kind.0),
            false => self.kind.clone(),
        };
        self.children.clone().with(kind)
    }
}

/// A `TensorShapeProto`.
pub(crate) fn shape(dims: &[u64]) -> Message {
    dims.iter().fold(Message::default(), |m, d| m.with(bytes(2, &varint(1, *d).0)))
}

/// An object graph, written.
pub(crate) struct ObjectGraphBytes(Vec<u8>);

impl ObjectGraphBytes {
    /// Objects in the order of their numbers.
    pub fn new(objects: Vec<Object>) -> ObjectGraphBytes {
        let all = objects.iter().fold(Message::default(), |m, o| m.with(bytes(1, &o.message().0)));
        ObjectGraphBytes(all.0)
    }

    /// The message.
    #[cfg(test)]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The message, taken.
    #[cfg(feature = "benchmarks")]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// Reads it back.
    pub fn decode(&self) -> ObjectGraph<'_> {
        ObjectGraph::decode(&[&self.0]).unwrap()
    }
}

/// A `NodeDef`; attributes are written `AttrValue`s.
pub(crate) fn node(name: &str, op: &str, inputs: &[&str], attrs: &[(&str, Message)]) -> Message {
    let mut node = text(1, name).with(text(2, op));
    for input in inputs {
        node = node.with(text(3, input));
    }
    for (key, value) in attrs {
        node = node.with(bytes(5, &text(1, key).with(bytes(2, &value.0)).0));
    }
    node
}

/// A `func` attribute.
pub(crate) fn calls(function: &str) -> Message {
    bytes(10, &text(1, function).0)
}

/// A `FunctionDef` with these nodes.
pub(crate) fn function(name: &str, arguments: &[&str], nodes: &[Message]) -> Message {
    let signature = arguments.iter().fold(text(1, name), |m, a| m.with(bytes(2, &text(1, a).0)));
    nodes.iter().fold(bytes(1, &signature.0), |m, n| m.with(bytes(3, &n.0)))
}

/// A `GraphDef` of these nodes and functions.
pub(crate) fn graph_def(nodes: &[Message], functions: &[Message]) -> Vec<u8> {
    let library = functions.iter().fold(Message::default(), |m, f| m.with(bytes(1, &f.0)));
    nodes.iter().fold(bytes(2, &library.0), |m, n| m.with(bytes(1, &n.0))).0
}

/// Reads a graph back.
#[cfg(test)]
pub(crate) fn decode_graph(bytes: &[u8]) -> Graph<'_> {
    let mut graph = Graph::default();
    graph.merge(bytes).unwrap();
    graph.index();
    graph
}
