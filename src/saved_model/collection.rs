//! TF1 collections: `CollectionDef` and the `VariableDef`s in it.
//!
//! Source: meta_graph.proto, tensorflow/core/protobuf; variable.proto, tensorflow/core/framework.

use super::node::input_node;
use crate::wire::{Malformed, Message, OneOf, Value, fields, packed, utf8};

/// One variable as a TF1 collection lists it. It carries neither shape nor dtype.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VariableDef<'a> {
    /// The variable op's output, such as `w:0`.
    pub variable_name: &'a str,
    /// Present for one part of a partitioned variable.
    pub slice: Option<SaveSlice<'a>>,
}

impl<'a> VariableDef<'a> {
    /// The variable op's node.
    pub fn node(&self) -> &'a str {
        input_node(self.variable_name).node
    }
}

/// Which part of which logical variable this is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SaveSlice<'a> {
    /// Name of the logical variable: its checkpoint key, unless the saver maps it to another.
    pub full_name: &'a str,
    /// Shape of the logical variable.
    pub full_shape: Vec<i64>,
    /// Where this part begins.
    pub offset: Vec<i64>,
    /// Shape of this part.
    pub shape: Vec<i64>,
}

impl SaveSlice<'_> {
    /// The slice in the notation of `RestoreV2`, such as `10 4 0,4:0,4`: the full shape, then start and
    /// length of each dimension.
    pub fn spec(&self) -> String {
        let full: Vec<String> = self.full_shape.iter().map(i64::to_string).collect();
        let parts: Vec<String> =
            self.offset.iter().zip(&self.shape).map(|(o, s)| format!("{o},{s}")).collect();
        format!("{} {}", full.join(" "), parts.join(":"))
    }
}

/// The elements of a `bytes_list` collection; empty for the other kinds.
pub(crate) fn bytes_list<'a>(collection: &Message<'a>) -> Result<Vec<&'a [u8]>, Malformed> {
    list(collection, 2)
}

/// The elements of a `node_list` collection; empty for the other kinds.
pub(crate) fn node_list<'a>(collection: &Message<'a>) -> Result<Vec<&'a str>, Malformed> {
    list(collection, 1)?.into_iter().map(utf8).collect()
}

/// The elements of a list of strings or bytes: of the list that a `CollectionDef` holds, if it is of
/// this kind.
fn list<'a>(collection: &Message<'a>, kind: u32) -> Result<Vec<&'a [u8]>, Malformed> {
    let mut held = OneOf::default();
    for field in collection.fields() {
        if let (number @ 1..=5, Value::Bytes(part)) = field? {
            held.merge(number, part);
        }
    }
    let mut elements = Vec::new();
    for field in held.message(kind).unwrap_or_default().fields() {
        if let (1, Value::Bytes(element)) = field? {
            elements.push(element);
        }
    }
    Ok(elements)
}

/// Decodes a `VariableDef`.
pub(crate) fn variable_def(bytes: &[u8]) -> Result<VariableDef<'_>, Malformed> {
    let (mut variable_name, mut slice) = ("", None::<Message<'_>>);
    for field in fields(bytes) {
        match field? {
            (1, Value::Bytes(name)) => variable_name = utf8(name)?,
            (4, Value::Bytes(part)) => slice.get_or_insert_default().merge(part),
            _ => {}
        }
    }
    Ok(VariableDef { variable_name, slice: slice.as_ref().map(save_slice).transpose()? })
}

fn save_slice<'a>(message: &Message<'a>) -> Result<SaveSlice<'a>, Malformed> {
    let mut slice =
        SaveSlice { full_name: "", full_shape: Vec::new(), offset: Vec::new(), shape: Vec::new() };
    for field in message.fields() {
        match field? {
            (1, Value::Bytes(name)) => slice.full_name = utf8(name)?,
            (2, value) => numbers(value, &mut slice.full_shape)?,
            (3, value) => numbers(value, &mut slice.offset)?,
            (4, value) => numbers(value, &mut slice.shape)?,
            _ => {}
        }
    }
    Ok(slice)
}

/// Adds the numbers of a `repeated int64`, which may be packed or stand one by one.
fn numbers(value: Value<'_>, into: &mut Vec<i64>) -> Result<(), Malformed> {
    match value {
        Value::Bytes(b) => {
            for n in packed(b) {
                into.push(n?.cast_signed());
            }
        }
        Value::Varint(number) => into.push(number.cast_signed()),
        _ => {}
    }
    Ok(())
}
