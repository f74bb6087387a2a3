//! TF1 collections: `CollectionDef` and the `VariableDef`s in it.
//!
//! Source: meta_graph.proto, tensorflow/core/protobuf; variable.proto, tensorflow/core/framework.

use super::node::input_node;
use crate::wire::{Malformed, Value, fields, packed};

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
pub(crate) fn bytes_list(collection: &[u8]) -> Result<Vec<&[u8]>, Malformed> {
    list(collection, 2)?.map(|value| Ok(value.bytes().unwrap_or_default())).collect()
}

/// The elements of a `node_list` collection; empty for the other kinds.
pub(crate) fn node_list(collection: &[u8]) -> Result<Vec<&str>, Malformed> {
    list(collection, 1)?.map(Value::text).collect()
}

fn list(collection: &[u8], kind: u32) -> Result<impl Iterator<Item = Value<'_>>, Malformed> {
    let mut inner: &[u8] = &[];
    for field in fields(collection) {
        let (number, value) = field?;
        if number == kind {
            inner = value.bytes().unwrap_or_default();
        }
    }
    if let Some(bad) = fields(inner).find_map(Result::err) {
        return Err(bad);
    }
    Ok(fields(inner).flatten().filter(|(n, _)| *n == 1).map(|(_, v)| v))
}

/// Decodes a `VariableDef`.
pub(crate) fn variable_def(bytes: &[u8]) -> Result<VariableDef<'_>, Malformed> {
    let mut def = VariableDef { variable_name: "", slice: None };
    for field in fields(bytes) {
        match field? {
            (1, value) => def.variable_name = value.text()?,
            (4, value) => def.slice = Some(save_slice(value.bytes().unwrap_or_default())?),
            _ => {}
        }
    }
    Ok(def)
}

fn save_slice(bytes: &[u8]) -> Result<SaveSlice<'_>, Malformed> {
    let mut slice =
        SaveSlice { full_name: "", full_shape: Vec::new(), offset: Vec::new(), shape: Vec::new() };
    for field in fields(bytes) {
        match field? {
            (1, value) => slice.full_name = value.text()?,
            (2, value) => numbers(value, &mut slice.full_shape)?,
            (3, value) => numbers(value, &mut slice.offset)?,
            (4, value) => numbers(value, &mut slice.shape)?,
            _ => {}
        }
    }
    Ok(slice)
}

fn numbers(value: Value<'_>, into: &mut Vec<i64>) -> Result<(), Malformed> {
    match value {
        Value::Bytes(b) => {
            for n in packed(b) {
                into.push(n?.cast_signed());
            }
        }
        value => into.push(value.int()),
    }
    Ok(())
}
