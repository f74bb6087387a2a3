//! Decodes the checkpoint's own object graph: which object's which attribute has which key.
//!
//! Input: the bytes of a `TrackableObjectGraph`, as stored under [`super::OBJECT_GRAPH_KEY`].
//! Output: its nodes, borrowed from those bytes. Nothing is followed: a child's number may lead
//! nowhere, or in a circle, and is kept as the file states it. Node numbers need not be those of
//! the SavedModel's object graph.
//!
//! Source: tensorflow/core/protobuf/trackable_object_graph.proto.

use std::ops::Range;

use crate::wire::{Malformed, Value, fields};

/// Most nodes, and most of each other kind of item, that a graph may have.
const MAX_ITEMS: usize = 16 << 20;

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
    /// The objects that it holds, by name, in file order.
    pub children: &'g [Child<'a>],
    /// What is stored of it.
    pub attributes: &'g [Attribute<'a>],
    /// Slots that it, an optimizer, keeps for other objects.
    pub slot_variables: &'g [SlotVariable<'a>],
    /// Name of the saver that stored it under keys of its own choice; `None` where none did.
    pub registered_saver: Option<&'a str>,
}

/// An edge to another object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Child<'a> {
    /// Number of the object; may lead nowhere.
    pub node: i64,
    /// Name of the edge; unescaped.
    pub name: &'a str,
}

/// Something that is stored of an object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// `VARIABLE_VALUE` for a variable's value.
    pub name: &'a str,
    /// The variable's name in the graph that saved it; may be empty.
    pub full_name: &'a str,
    /// The key in the checkpoint.
    pub checkpoint_key: &'a str,
}

/// A slot variable of an optimizer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SlotVariable<'a> {
    /// Number of the variable that the slot belongs to; may lead nowhere.
    pub original: i64,
    /// Name of the slot, such as `m`.
    pub name: &'a str,
    /// Number of the object that is the slot; may lead nowhere.
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
        let mut registered_saver = None;
        for field in fields(message) {
            match field? {
                (1, Value::Bytes(child)) => self.children.push(read_child(child)?),
                (2, Value::Bytes(attribute)) => self.attributes.push(read_attribute(attribute)?),
                (3, Value::Bytes(slot)) => self.slots.push(read_slot(slot)?),
                (4, Value::Bytes(saver)) => registered_saver = Some(read_saver(saver)?),
                _ => {}
            }
        }
        let most = self.children.len().max(self.attributes.len()).max(self.slots.len());
        if most.max(self.nodes.len()) >= MAX_ITEMS {
            return Err(Malformed::at(message, "the object graph is larger than any checkpoint's"));
        }
        // In 32 bits, as MAX_ITEMS makes sure.
        let range = |start: usize, end: usize| start as u32..end as u32;
        self.nodes.push(NodeRanges {
            children: range(starts.0, self.children.len()),
            attributes: range(starts.1, self.attributes.len()),
            slots: range(starts.2, self.slots.len()),
            registered_saver,
        });
        Ok(())
    }

    /// Number of objects.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// True where there is not even a root.
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

/// An `int32` field, which is stored as 64 bits.
fn int32(value: Value<'_>) -> i64 {
    i64::from(value.int() as i32)
}

fn read_child(message: &[u8]) -> Result<Child<'_>, Malformed> {
    let mut child = Child { node: 0, name: "" };
    for field in fields(message) {
        match field? {
            (1, value) => child.node = int32(value),
            (2, value) => child.name = value.text()?,
            _ => {}
        }
    }
    Ok(child)
}

fn read_attribute(message: &[u8]) -> Result<Attribute<'_>, Malformed> {
    let mut attribute = Attribute::default();
    for field in fields(message) {
        match field? {
            (1, value) => attribute.name = value.text()?,
            (2, value) => attribute.full_name = value.text()?,
            (3, value) => attribute.checkpoint_key = value.text()?,
            _ => {}
        }
    }
    Ok(attribute)
}

fn read_slot(message: &[u8]) -> Result<SlotVariable<'_>, Malformed> {
    let mut slot = SlotVariable::default();
    for field in fields(message) {
        match field? {
            (1, value) => slot.original = int32(value),
            (2, value) => slot.name = value.text()?,
            (3, value) => slot.slot = int32(value),
            _ => {}
        }
    }
    Ok(slot)
}

fn read_saver(message: &[u8]) -> Result<&str, Malformed> {
    let mut name = "";
    for field in fields(message) {
        if let (1, value) = field? {
            name = value.text()?;
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
    fn keeps_child_numbers_that_lead_nowhere() {
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
    fn says_where_a_graph_is_damaged() {
        let node = field(1, &field(1, &field(2, b"\xff")));
        let bytes = [field(1, &[]), node].concat();
        let err = ObjectGraph::parse(&bytes).unwrap_err();
        assert_eq!(err, GraphError { offset: Some(8), what: "text is not UTF-8" });
        assert!(ObjectGraph::parse(&bytes[..bytes.len() - 1]).is_err());
    }

    #[test]
    fn tells_slots_and_savers() {
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
