//! `SavedObjectGraph`: the Python objects of a TF2 model, the attributes by which they hold each
//! other, and which of them are variables.
//!
//! The edges of all objects lie in one vector, in which `first_edge` marks the beginning of each
//! object's: a vector for each of millions of objects would take several times the memory.
//!
//! Source: saved_object_graph.proto and trackable_object_graph.proto,
//! tensorflow/core/protobuf (TensorFlow 2.21).

use super::attr;
use super::shape::DeclaredShape;
use crate::limits::MAX_OBJECTS;
use crate::model::DType;
use crate::wire::{Malformed, Member, Message, OneOf, Value, fields, int32, utf8};

/// The prefix of the identifiers that Keras 2 gives to its objects.
/// Source: tf_keras/src/saving/legacy/saved_model/constants.py.
const KERAS_IDENTIFIER_PREFIX: &str = "_tf_keras_";

/// Number of an object: its position in the file and in [`ObjectGraph::kinds`]. It is the identity of
/// the object, which several attributes of several objects may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct NodeId(pub u32);

impl NodeId {
    /// As a position.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// An attribute of one object that holds another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Edge<'a> {
    /// The attribute.
    pub name: &'a str,
    /// The object that it holds.
    pub to: NodeId,
}

/// Optimizer state of one variable, as legacy optimizers record it. Those that TensorFlow 2.11 made
/// the default hold their state under attributes instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SlotVariable<'a> {
    /// The variable that the state belongs to.
    pub original: NodeId,
    /// Name of the slot, such as `m`.
    pub name: &'a str,
    /// The variable that holds the state.
    pub slot: NodeId,
}

/// The kind of an object.
#[derive(Clone, Debug)]
pub(crate) enum Kind<'a> {
    /// A Python object. `identifier` names its class for the loader; `metadata` is the JSON of Keras, up
    /// to TensorFlow 2.4.
    User { identifier: &'a str, metadata: &'a str },
    /// A variable.
    Variable(SavedVariable<'a>),
    /// A lookup table or another resource.
    Resource,
    /// An asset file.
    Asset,
    /// A function, a constant, or a kind that a later version adds.
    Other,
}

/// A variable as the model declares it.
#[derive(Clone, Debug)]
pub(crate) struct SavedVariable<'a> {
    /// Name; several variables may have the same.
    pub name: &'a str,
    /// Element type; `None` where the file leaves it out.
    pub dtype: Option<DType>,
    /// Declared shape.
    pub shape: DeclaredShape,
    /// The flag of the `tf.Variable`. Freezing a layer does not change it.
    pub trainable: bool,
}

/// The objects of a model. Node 0 is the root.
#[derive(Clone, Debug, Default)]
pub(crate) struct ObjectGraph<'a> {
    /// The kind of each object.
    pub kinds: Vec<Kind<'a>>,
    edges: Vec<Edge<'a>>,
    first_edge: Vec<u32>,
    slots: Vec<(NodeId, SlotVariable<'a>)>,
    /// Edges to objects that do not exist: the holder, the attribute, the number that the file states.
    pub dangling: Vec<(NodeId, &'a str, i64)>,
}

impl<'a> ObjectGraph<'a> {
    /// Decodes a `SavedObjectGraph`.
    pub fn decode(message: &Message<'a>) -> Result<ObjectGraph<'a>, Malformed> {
        let mut graph = ObjectGraph::default();
        // Edges may lead to later objects, so a first pass counts them.
        let count = count_objects(message)?;
        for field in message.fields() {
            if let (1, Value::Bytes(object)) = field? {
                graph.add_object(object, count)?;
            }
        }
        graph.first_edge.push(graph.next_edge(&[])?);
        Ok(graph)
    }

    /// Decodes a `SavedObject`.
    fn add_object(&mut self, bytes: &'a [u8], count: u32) -> Result<(), Malformed> {
        let id = u32::try_from(self.kinds.len())
            .map_err(|_| Malformed::at(bytes, "the object graph has too many objects"))?;
        self.first_edge.push(self.next_edge(bytes)?);
        let mut kind = OneOf::default();
        for field in fields(bytes) {
            match field? {
                (1, Value::Bytes(edge)) => self.add_edge(NodeId(id), edge, count)?,
                (3, Value::Bytes(slot)) => self.add_slot(NodeId(id), slot, count)?,
                (number @ (4..=10 | 12), Value::Bytes(part)) => kind.merge(number, part),
                _ => {}
            }
        }
        self.kinds.push(match kind.member() {
            Some(Member::Message(4, user)) => user_object(&user)?,
            Some(Member::Message(5, _)) => Kind::Asset,
            Some(Member::Message(7, saved)) => Kind::Variable(variable(&saved)?),
            Some(Member::Message(10, _)) => Kind::Resource,
            _ => Kind::Other,
        });
        Ok(())
    }

    /// Position that the next edge will have in `edges`.
    fn next_edge(&self, bytes: &[u8]) -> Result<u32, Malformed> {
        u32::try_from(self.edges.len())
            .map_err(|_| Malformed::at(bytes, "the object graph has too many edges"))
    }

    /// Decodes an `ObjectReference`.
    fn add_edge(&mut self, holder: NodeId, bytes: &'a [u8], count: u32) -> Result<(), Malformed> {
        let (mut to, mut name) = (0, "");
        for field in fields(bytes) {
            match field? {
                (1, Value::Varint(number)) => to = int32(number),
                (2, Value::Bytes(stated)) => name = utf8(stated)?,
                _ => {}
            }
        }
        match node_id(to, count) {
            Some(to) => self.edges.push(Edge { name, to }),
            None => self.dangling.push((holder, name, to.into())),
        }
        Ok(())
    }

    /// Decodes a `SlotVariableReference`.
    fn add_slot(&mut self, holder: NodeId, bytes: &'a [u8], count: u32) -> Result<(), Malformed> {
        let (mut original, mut name, mut slot) = (0, "", 0);
        for field in fields(bytes) {
            match field? {
                (1, Value::Varint(number)) => original = int32(number),
                (2, Value::Bytes(stated)) => name = utf8(stated)?,
                (3, Value::Varint(number)) => slot = int32(number),
                _ => {}
            }
        }
        match (node_id(original, count), node_id(slot, count)) {
            (Some(original), Some(slot)) => {
                self.slots.push((holder, SlotVariable { original, name, slot }));
            }
            _ => self.dangling.push((holder, "slot variable", slot.into())),
        }
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
        (0..).take(self.kinds.len()).map(NodeId)
    }

    /// The edges of `node`, in file order.
    pub fn children(&self, node: NodeId) -> &[Edge<'a>] {
        let at = node.index();
        match (self.first_edge.get(at), self.first_edge.get(at + 1)) {
            (Some(from), Some(to)) => {
                self.edges.get(*from as usize..*to as usize).unwrap_or_default()
            }
            _ => &[],
        }
    }

    /// The object that `node` holds under this attribute.
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

    /// Gives a variable another name.
    pub fn rename(&mut self, node: NodeId, name: &'a str) {
        if let Some(Kind::Variable(variable)) = self.kinds.get_mut(node.index()) {
            variable.name = name;
        }
    }

    /// The identifier, where `node` is a Python object; else the empty string.
    pub fn identifier(&self, node: NodeId) -> &'a str {
        match self.kinds.get(node.index()) {
            Some(Kind::User { identifier, .. }) => identifier,
            _ => "",
        }
    }

    /// True where `node` is an object of Keras 2: a layer, a model or a metric.
    pub fn is_keras(&self, node: NodeId) -> bool {
        self.identifier(node).starts_with(KERAS_IDENTIFIER_PREFIX)
    }

    /// All slot variables, each with the optimizer that holds it.
    pub fn slot_variables(&self) -> &[(NodeId, SlotVariable<'a>)] {
        &self.slots
    }
}

fn count_objects(message: &Message<'_>) -> Result<u32, Malformed> {
    let mut count = 0;
    for field in message.fields() {
        if let (1, Value::Bytes(object)) = field? {
            count += 1;
            if count > MAX_OBJECTS {
                return Err(Malformed::at(object, "more objects than any model has"));
            }
        }
    }
    Ok(count)
}

/// The object with this number, where there is one.
fn node_id(number: i32, count: u32) -> Option<NodeId> {
    u32::try_from(number).ok().filter(|number| *number < count).map(NodeId)
}

/// Decodes a `SavedUserObject`.
fn user_object<'a>(message: &Message<'a>) -> Result<Kind<'a>, Malformed> {
    let (mut identifier, mut metadata) = ("", "");
    for field in message.fields() {
        match field? {
            (1, Value::Bytes(stated)) => identifier = utf8(stated)?,
            (3, Value::Bytes(stated)) => metadata = utf8(stated)?,
            _ => {}
        }
    }
    Ok(Kind::User { identifier, metadata })
}

/// Decodes a `SavedVariable`. Without a shape it has the default one, that of a scalar.
fn variable<'a>(message: &Message<'a>) -> Result<SavedVariable<'a>, Malformed> {
    let (mut name, mut dtype, mut shape, mut trainable) = ("", None, Message::default(), false);
    for field in message.fields() {
        match field? {
            (1, Value::Varint(number)) => dtype = attr::dtype(number),
            (2, Value::Bytes(part)) => shape.merge(part),
            (3, Value::Varint(flag)) => trainable = flag != 0,
            (6, Value::Bytes(stated)) => name = utf8(stated)?,
            _ => {}
        }
    }
    Ok(SavedVariable { name, dtype, shape: DeclaredShape::decode(&shape)?, trainable })
}
