//! `AttrValue` and the head of a `TensorProto`: types, shapes and strings, never numeric contents.
//!
//! Source: attr_value.proto and tensor.proto, tensorflow/core/framework (TensorFlow 2.21).

use super::shape::DeclaredShape;
use crate::model::DType;
use crate::wire::{Malformed, Value, fields, packed};

/// The value of one attribute, undecoded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attr<'a>(pub &'a [u8]);

impl<'a> Attr<'a> {
    /// The last value of field `number`: in a oneof, the last one written wins.
    fn last(self, number: u32) -> Option<Value<'a>> {
        fields(self.0).flatten().filter(|(n, _)| *n == number).last().map(|(_, v)| v)
    }

    /// A `type` attribute.
    pub fn dtype(self) -> Option<DType> {
        self.last(6).and_then(|v| DType::from_number(v.int()))
    }

    /// A `shape` attribute.
    pub fn shape(self) -> Option<DeclaredShape> {
        self.last(7).and_then(Value::bytes).and_then(|b| DeclaredShape::decode(b).ok())
    }

    /// A `string` attribute.
    pub fn bytes(self) -> Option<&'a [u8]> {
        self.last(2).and_then(Value::bytes)
    }

    /// The name of a `func` attribute.
    pub fn function(self) -> Option<&'a str> {
        let named = self.last(10).and_then(Value::bytes)?;
        fields(named).flatten().filter(|(n, _)| *n == 1).last().and_then(|(_, v)| v.text().ok())
    }

    /// Every function that the attribute names: as a `func`, in a `list(func)`, and in the attributes
    /// that either hands on. Where a field comes twice, parsers differ in what they keep; all of it
    /// is given here, so that no function is overlooked.
    pub fn functions(self) -> Vec<&'a str> {
        let mut names = Vec::new();
        let mut open = vec![(self.0, 0usize)];
        while let Some((attr, depth)) = open.pop() {
            let mut lists: Vec<&'a [u8]> = Vec::new();
            for (number, value) in fields(attr).flatten() {
                match (number, value.bytes()) {
                    (1, Some(list)) => lists.extend(all(list, 9)),
                    (10, Some(named)) => lists.push(named),
                    _ => {}
                }
            }
            for named in lists {
                for (number, value) in fields(named).flatten() {
                    match (number, value.bytes()) {
                        (1, _) => names.extend(value.text().ok()),
                        (2, Some(entry)) if depth < MAX_ATTR_DEPTH => {
                            open.extend(all(entry, 2).map(|attr| (attr, depth + 1)));
                        }
                        _ => {}
                    }
                }
            }
        }
        names
    }

    /// The types in a `list(type)` attribute.
    pub fn dtypes(self) -> Vec<Option<DType>> {
        let list = self.last(1).and_then(Value::bytes).unwrap_or_default();
        let mut types = Vec::new();
        for (number, value) in fields(list).flatten() {
            match (number, value) {
                (6, Value::Bytes(b)) => types
                    .extend(packed(b).map_while(Result::ok).map(|n| DType::from_number(n as i64))),
                (6, value) => types.push(DType::from_number(value.int())),
                _ => {}
            }
        }
        types
    }

    /// The head of a `tensor` attribute.
    pub fn tensor(self) -> Option<TensorHead<'a>> {
        TensorHead::decode(self.last(8).and_then(Value::bytes)?).ok()
    }
}

/// Most attributes within attributes: protobuf's own limit of 100 messages is met sooner.
const MAX_ATTR_DEPTH: usize = 64;

/// All values of a field of bytes.
fn all(message: &[u8], number: u32) -> impl Iterator<Item = &[u8]> {
    fields(message).flatten().filter(move |(n, _)| *n == number).filter_map(|(_, v)| v.bytes())
}

/// What a tensor is, without its numbers.
#[derive(Clone, Debug)]
pub(crate) struct TensorHead<'a> {
    /// Element type; `None` where the file leaves it out.
    pub dtype: Option<DType>,
    /// Shape as written.
    pub shape: DeclaredShape,
    proto: &'a [u8],
}

impl<'a> TensorHead<'a> {
    fn decode(proto: &'a [u8]) -> Result<TensorHead<'a>, Malformed> {
        let mut head = TensorHead { dtype: None, shape: DeclaredShape::Dims(Vec::new()), proto };
        for field in fields(proto) {
            match field? {
                (1, value) => head.dtype = DType::from_number(value.int()),
                (2, value) => {
                    head.shape = DeclaredShape::decode(value.bytes().unwrap_or_default())?
                }
                _ => {}
            }
        }
        Ok(head)
    }

    /// The elements of a string tensor, in order. An element that the shape promises and the
    /// file leaves out repeats the last one, as TensorFlow fills tensors up; the caller bounds it.
    pub fn strings(&self) -> impl Iterator<Item = &'a [u8]> {
        fields(self.proto).flatten().filter(|(n, _)| *n == 8).filter_map(|(_, v)| v.bytes())
    }
}
