//! `SavedObjectGraph`: the Python objects of a TF2 model, how they hold each other, and which of
//! them are variables.
//!
//! Source: saved_object_graph.proto and trackable_object_graph.proto,
//! tensorflow/core/protobuf (TensorFlow 2.21).

use super::shape::DeclaredShape;
use crate::model::DType;
use crate::wire::{Malformed, fields};

/// Position in [`ObjectGraph::kinds`]: the identity of an object, whatever leads to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct NodeId(pub u32);

impl NodeId {
    /// As an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// An attribute of one object that holds another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Edge<'a> {
    /// The attribute.
    pub name: &'a str,
    /// What it holds.
    pub to: NodeId,
}

/// Optimizer state of one variable, as the classic optimizers record it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SlotVariable<'a> {
    /// The variable that it belongs to.
    pub original: NodeId,
    /// Its name in the optimizer, such as `m`.
    pub name: &'a str,
    /// The state.
    pub slot: NodeId,
}

/// What an object is.
#[derive(Clone, Debug)]
pub(crate) enum Kind<'a> {
    /// A Python object; `identifier` names its kind, `metadata` is Keras' JSON up to TF 2.4.
    User { identifier: &'a str, metadata: &'a str },
    /// A variable.
    Variable(SavedVariable<'a>),
    /// A lookup table or another resource.
    Resource,
    /// An asset file.
    Asset,
    /// Functions, constants, and whatever later versions add.
    Other,
}

/// A variable as the model declares it.
#[derive(Clone, Debug)]
pub(crate) struct SavedVariable<'a> {
    /// Name, not unique.
    pub name: &'a str,
    /// Element type; `None` where the file leaves it out.
    pub dtype: Option<DType>,
    /// Declared shape.
    pub shape: DeclaredShape,
    /// The variable's own flag, which knows nothing of frozen layers.
    pub trainable: bool,
}

/// The objects of a model. Node 0 is the root.
#[derive(Debug, Default)]
pub(crate) struct ObjectGraph<'a> {
    /// What each object is.
    pub kinds: Vec<Kind<'a>>,
    edges: Vec<Edge<'a>>,
    first_edge: Vec<u32>,
    slots: Vec<(NodeId, SlotVariable<'a>)>,
    /// Edges that lead to no object: the holder, the attribute, the number written.
    pub dangling: Vec<(NodeId, &'a str, i64)>,
}

/// Most objects of a graph. An object of two bytes takes fifty times as much memory.
const MAX_OBJECTS: i64 = 10_000_000;

impl<'a> ObjectGraph<'a> {
    /// Decodes the messages of one object graph (several where the field is repeated: protocol
    /// buffers merge them).
    pub fn decode(chunks: &[&'a [u8]]) -> Result<ObjectGraph<'a>, Malformed> {
        let mut graph = ObjectGraph::default();
        let mut count = 0i64;
        for chunk in chunks {
            for field in fields(chunk) {
                let (number, value) = field?;
                if number == 1 {
                    count += 1;
                    if count > MAX_OBJECTS {
                        let at = value.bytes().unwrap_or_default();
                        return Err(Malformed::at(at, "more objects than any model has"));
                    }
                }
            }
        }
        for chunk in chunks {
            for field in fields(chunk) {
                if let (1, value) = field? {
                    graph.add_object(value.bytes().unwrap_or_default(), count)?;
                }
            }
        }
        graph.first_edge.push(graph.edges.len() as u32);
        Ok(graph)
    }

    fn add_object(&mut self, bytes: &'a [u8], count: i64) -> Result<(), Malformed> {
        let id = NodeId(
            u32::try_from(self.kinds.len())
                .map_err(|_| Malformed::at(bytes, "the object graph has too many objects"))?,
        );
        self.first_edge.push(
            u32::try_from(self.edges.len())
                .map_err(|_| Malformed::at(bytes, "the object graph has too many edges"))?,
        );
        let mut kind = Kind::Other;
        for field in fields(bytes) {
            match field? {
                (1, value) => {
                    let (mut to, mut name) = (0i64, "");
                    for field in fields(value.bytes().unwrap_or_default()) {
                        match field? {
                            (1, value) => to = i64::from(value.int() as i32),
                            (2, value) => name = value.text()?,
                            _ => {}
                        }
                    }
                    if (0..count).contains(&to) {
                        self.edges.push(Edge { name, to: NodeId(to as u32) });
                    } else {
                        self.dangling.push((id, name, to));
                    }
                }
                (3, value) => {
                    let (mut original, mut name, mut slot) = (0i64, "", 0i64);
                    for field in fields(value.bytes().unwrap_or_default()) {
                        match field? {
                            (1, value) => original = i64::from(value.int() as i32),
                            (2, value) => name = value.text()?,
                            (3, value) => slot = i64::from(value.int() as i32),
                            _ => {}
                        }
                    }
                    let node = |n: i64| (0..count).contains(&n).then_some(NodeId(n as u32));
                    match (node(original), node(slot)) {
                        (Some(original), Some(slot)) => {
                            self.slots.push((id, SlotVariable { original, name, slot }));
                        }
                        _ => self.dangling.push((id, "slot variable", slot)),
                    }
                }
                (4, value) => kind = user_object(value.bytes().unwrap_or_default())?,
                (5, _) => kind = Kind::Asset,
                (7, value) => kind = Kind::Variable(variable(value.bytes().unwrap_or_default())?),
                (10, _) => kind = Kind::Resource,
                (6 | 8 | 9 | 12, _) => kind = Kind::Other,
                _ => {}
            }
        }
        self.kinds.push(kind);
        Ok(())
    }

    /// Number of objects.
    pub fn len(&self) -> usize {
        self.kinds.len()
    }

    /// True where there is no object at all: the MetaGraph has no object graph.
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    /// The root.
    pub fn root(&self) -> NodeId {
        NodeId(0)
    }

    /// All objects.
    pub fn ids(&self) -> impl Iterator<Item = NodeId> {
        (0..self.kinds.len() as u32).map(NodeId)
    }

    /// What `node` holds, in file order.
    pub fn children(&self, node: NodeId) -> &[Edge<'a>] {
        let at = node.index();
        match (self.first_edge.get(at), self.first_edge.get(at + 1)) {
            (Some(from), Some(to)) => &self.edges[*from as usize..*to as usize],
            _ => &[],
        }
    }

    /// What `node` holds under this attribute.
    pub fn child(&self, node: NodeId, name: &str) -> Option<NodeId> {
        self.children(node).iter().find(|e| e.name == name).map(|e| e.to)
    }

    /// The variable, where `node` is one.
    pub fn variable(&self, node: NodeId) -> Option<&SavedVariable<'a>> {
        match self.kinds.get(node.index()) {
            Some(Kind::Variable(v)) => Some(v),
            _ => None,
        }
    }

    /// The identifier, where `node` is a Python object; else the empty text.
    pub fn identifier(&self, node: NodeId) -> &'a str {
        match self.kinds.get(node.index()) {
            Some(Kind::User { identifier, .. }) => identifier,
            _ => "",
        }
    }

    /// All optimizer state that classic optimizers record, with the optimizer.
    pub fn slot_variables(&self) -> &[(NodeId, SlotVariable<'a>)] {
        &self.slots
    }
}

fn user_object<'a>(bytes: &'a [u8]) -> Result<Kind<'a>, Malformed> {
    let (mut identifier, mut metadata) = ("", "");
    for field in fields(bytes) {
        match field? {
            (1, value) => identifier = value.text()?,
            (3, value) => metadata = value.text()?,
            _ => {}
        }
    }
    Ok(Kind::User { identifier, metadata })
}

fn variable<'a>(bytes: &'a [u8]) -> Result<SavedVariable<'a>, Malformed> {
    // A message that is absent is its default, and the default shape is a scalar's.
    let scalar = DeclaredShape::Dims(Vec::new());
    let mut variable = SavedVariable { name: "", dtype: None, shape: scalar, trainable: false };
    for field in fields(bytes) {
        match field? {
            (1, value) => variable.dtype = DType::from_number(value.int()),
            (2, value) => {
                variable.shape = DeclaredShape::decode(value.bytes().unwrap_or_default())?
            }
            (3, value) => variable.trainable = value.int() != 0,
            (6, value) => variable.name = value.text()?,
            _ => {}
        }
    }
    Ok(variable)
}
