//! Decodes the checkpoint's own object graph, which maps the attributes of objects to keys.
//!
//! Input: the bytes of a `TrackableObjectGraph`, as stored under [`super::OBJECT_GRAPH_KEY`].
//! Output: its nodes, borrowed from those bytes. No edge is followed: the number of a child is kept
//! as the file states it, and may belong to no object or close a cycle. The numbers need not be those
//! of the SavedModel's object graph, although TensorFlow 2.21 writes the same ones for variables.
//!
//! Source: tensorflow/core/protobuf/trackable_object_graph.proto.

use std::ops::Range;

use crate::limits::MAX_CHECKPOINT_GRAPH_ITEMS;
use crate::wire::{Malformed, Message, Value, fields, int32, utf8};

/// Why an object graph cannot be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct GraphError {
    /// Offset in the bytes of the graph, where it is known.
    pub offset: Option<u64>,
    /// What is wrong.
    pub what: &'static str,
}

/// The objects of a checkpoint; node 0 is the root.
#[derive(Clone, Debug, Default)]
pub struct ObjectGraph<'a> {
    nodes: Vec<NodeRanges<'a>>,
    children: Vec<Child<'a>>,
    attributes: Vec<Attribute<'a>>,
    slots: Vec<SlotVariable<'a>>,
}

#[derive(Clone, Debug, Default)]
struct NodeRanges<'a> {
    children: Range<u32>,
    attributes: Range<u32>,
    slots: Range<u32>,
    registered_saver: Option<&'a str>,
}

/// One object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node<'g, 'a> {
    /// The objects that it holds, in file order.
    pub children: &'g [Child<'a>],
    /// What the checkpoint stores of it.
    pub attributes: &'g [Attribute<'a>],
    /// Where it is an optimizer: the slots that it keeps for variables.
    pub slot_variables: &'g [SlotVariable<'a>],
    /// Name of a registered saver, which stores the object under keys of its own choice; `None` for most
    /// objects.
    pub registered_saver: Option<&'a str>,
}

/// An edge to another object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Child<'a> {
    /// Number of the object; there may be none with it.
    pub node: i64,
    /// Name of the edge, not escaped as it is in keys.
    pub name: &'a str,
}

/// One stored value of an object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// `VARIABLE_VALUE` for the value of a variable.
    pub name: &'a str,
    /// The variable's name in the graph that saved it; may be empty.
    pub full_name: &'a str,
    /// The key in the checkpoint.
    pub checkpoint_key: &'a str,
}

/// A slot variable of an optimizer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SlotVariable<'a> {
    /// Number of the variable that the slot belongs to; there may be none with it.
    pub original: i64,
    /// Name of the slot, such as `m`.
    pub name: &'a str,
    /// Number of the variable that holds the state; there may be none with it.
    pub slot: i64,
}

impl<'a> ObjectGraph<'a> {
    /// Decodes a `TrackableObjectGraph`.
    pub fn parse(bytes: &'a [u8]) -> Result<ObjectGraph<'a>, GraphError> {
        let mut graph = ObjectGraph::default();
        graph.read(bytes).map_err(|e| GraphError { offset: e.offset_in(bytes), what: e.what })?;
        Ok(graph)
    }

    fn read(&mut self, bytes: &'a [u8]) -> Result<(), Malformed> {
        for field in fields(bytes) {
            if let (1, Value::Bytes(node)) = field? {
                self.read_node(node)?;
            }
        }
        Ok(())
    }

    /// Decodes a `TrackableObject`.
    fn read_node(&mut self, message: &'a [u8]) -> Result<(), Malformed> {
        let starts = (self.children.len(), self.attributes.len(), self.slots.len());
        let mut saver = None::<Message<'_>>;
        for field in fields(message) {
            match field? {
                (1, Value::Bytes(child)) => self.children.push(read_child(child)?),
                (2, Value::Bytes(attribute)) => self.attributes.push(read_attribute(attribute)?),
                (3, Value::Bytes(slot)) => self.slots.push(read_slot(slot)?),
                (4, Value::Bytes(part)) => saver.get_or_insert_default().merge(part),
                _ => {}
            }
        }
        let most = self.children.len().max(self.attributes.len()).max(self.slots.len());
        let too_large =
            || Malformed::at(message, "the object graph is larger than that of any checkpoint");
        if most.max(self.nodes.len()) >= MAX_CHECKPOINT_GRAPH_ITEMS {
            return Err(too_large());
        }
        let range = |start: usize, end: usize| {
            let bound = |at: usize| u32::try_from(at).map_err(|_| too_large());
            Ok(bound(start)?..bound(end)?)
        };
        self.nodes.push(NodeRanges {
            children: range(starts.0, self.children.len())?,
            attributes: range(starts.1, self.attributes.len())?,
            slots: range(starts.2, self.slots.len())?,
            registered_saver: saver.as_ref().map(read_saver).transpose()?,
        });
        Ok(())
    }

    /// Number of objects.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// True where there is no object, not even a root.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The object with this number, as edges state it.
    pub fn node(&self, number: i64) -> Option<Node<'_, 'a>> {
        self.nodes.get(usize::try_from(number).ok()?).map(|n| self.view(n))
    }

    /// All objects, by number.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = Node<'_, 'a>> {
        self.nodes.iter().map(|n| self.view(n))
    }

    fn view(&self, ranges: &NodeRanges<'a>) -> Node<'_, 'a> {
        Node {
            children: slice(&self.children, &ranges.children),
            attributes: slice(&self.attributes, &ranges.attributes),
            slot_variables: slice(&self.slots, &ranges.slots),
            registered_saver: ranges.registered_saver,
        }
    }
}

fn slice<'g, T>(all: &'g [T], range: &Range<u32>) -> &'g [T] {
    all.get(range.start as usize..range.end as usize).unwrap_or_default()
}

fn read_child(message: &[u8]) -> Result<Child<'_>, Malformed> {
    let mut child = Child { node: 0, name: "" };
    for field in fields(message) {
        match field? {
            (1, Value::Varint(number)) => child.node = int32(number).into(),
            (2, Value::Bytes(name)) => child.name = utf8(name)?,
            _ => {}
        }
    }
    Ok(child)
}

fn read_attribute(message: &[u8]) -> Result<Attribute<'_>, Malformed> {
    let mut attribute = Attribute::default();
    for field in fields(message) {
        match field? {
            (1, Value::Bytes(name)) => attribute.name = utf8(name)?,
            (2, Value::Bytes(name)) => attribute.full_name = utf8(name)?,
            (3, Value::Bytes(key)) => attribute.checkpoint_key = utf8(key)?,
            _ => {}
        }
    }
    Ok(attribute)
}

fn read_slot(message: &[u8]) -> Result<SlotVariable<'_>, Malformed> {
    let mut slot = SlotVariable::default();
    for field in fields(message) {
        match field? {
            (1, Value::Varint(number)) => slot.original = int32(number).into(),
            (2, Value::Bytes(name)) => slot.name = utf8(name)?,
            (3, Value::Varint(number)) => slot.slot = int32(number).into(),
            _ => {}
        }
    }
    Ok(slot)
}

fn read_saver<'a>(message: &Message<'a>) -> Result<&'a str, Malformed> {
    let mut name = "";
    for field in message.fields() {
        if let (1, Value::Bytes(stated)) = field? {
            name = utf8(stated)?;
        }
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A length-delimited field.
    fn field(number: u8, payload: &[u8]) -> Vec<u8> {
        [&[number << 3 | 2, payload.len() as u8], payload].concat()
    }

    #[test]
    fn keeps_the_numbers_of_children_that_do_not_exist() {
        let negative = [0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
        let child = |id: &[u8]| field(1, &[id, &field(2, b"kernel")].concat());
        let node = [child(&[0x08, 0]), child(&[0x08, 99]), child(&negative)].concat();
        let bytes = field(1, &node);
        let graph = ObjectGraph::parse(&bytes).unwrap();
        let numbers: Vec<i64> = graph.node(0).unwrap().children.iter().map(|c| c.node).collect();
        assert_eq!(numbers, [0, 99, -1]);
        assert_eq!((graph.node(99), graph.node(-1)), (None, None));
    }

    #[test]
    fn gives_the_offset_of_damage() {
        let node = field(1, &field(1, &field(2, b"\xff")));
        let bytes = [field(1, &[]), node].concat();
        let err = ObjectGraph::parse(&bytes).unwrap_err();
        assert_eq!(err, GraphError { offset: Some(8), what: "text is not UTF-8" });
        assert!(ObjectGraph::parse(&bytes[..bytes.len() - 1]).is_err());
    }

    #[test]
    fn reads_slots_and_registered_savers() {
        let slot = field(3, &[&[0x08, 1][..], &field(2, b"m"), &[0x18, 2]].concat());
        let saver = field(4, &[field(1, b"Custom.Saver"), field(2, b"x")].concat());
        let bytes = [field(1, &[slot, saver].concat()), field(1, &[])].concat();
        let graph = ObjectGraph::parse(&bytes).unwrap();
        let root = graph.node(0).unwrap();
        assert_eq!(root.slot_variables, [SlotVariable { original: 1, name: "m", slot: 2 }]);
        assert_eq!(root.registered_saver, Some("Custom.Saver"));
        assert_eq!(graph.nodes().len(), 2);
        assert_eq!(graph.node(1).unwrap().registered_saver, None);
    }
}
