//! `AttrValue`, and of a `TensorProto` the type, the shape and strings, never numeric contents.
//!
//! Source: attr_value.proto and tensor.proto, tensorflow/core/framework (TensorFlow 2.21).

use super::shape::DeclaredShape;
use crate::limits::MAX_ATTR_DEPTH;
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
    /// that a `NameAttrList` passes to its function. Where a field comes twice, parsers differ in
    /// which value they keep; here all values count, so that a scan for unsafe ops overlooks none.
    pub fn functions(self) -> Vec<&'a str> {
        let mut names = Vec::new();
        let mut open = vec![(self.0, 0usize)];
        while let Some((attr, depth)) = open.pop() {
            let mut named_lists: Vec<&'a [u8]> = Vec::new();
            for (number, value) in fields(attr).flatten() {
                match (number, value.bytes()) {
                    (1, Some(list)) => named_lists.extend(all_bytes(list, 9)),
                    (10, Some(named)) => named_lists.push(named),
                    _ => {}
                }
            }
            for named in named_lists {
                for (number, value) in fields(named).flatten() {
                    match (number, value.bytes()) {
                        (1, _) => names.extend(value.text().ok()),
                        (2, Some(entry)) if depth < MAX_ATTR_DEPTH => {
                            open.extend(all_bytes(entry, 2).map(|attr| (attr, depth + 1)));
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
                (6, Value::Bytes(b)) => types.extend(
                    packed(b).map_while(Result::ok).map(|n| DType::from_number(n.cast_signed())),
                ),
                (6, value) => types.push(DType::from_number(value.int())),
                _ => {}
            }
        }
        types
    }

    /// The type and shape of a `tensor` attribute.
    pub fn tensor(self) -> Option<TensorHeader<'a>> {
        TensorHeader::decode(self.last(8).and_then(Value::bytes)?).ok()
    }
}

/// All length-delimited values of field `number`.
fn all_bytes(message: &[u8], number: u32) -> impl Iterator<Item = &[u8]> {
    fields(message).flatten().filter(move |(n, _)| *n == number).filter_map(|(_, v)| v.bytes())
}

/// A `TensorProto` without its numbers.
#[derive(Clone, Debug)]
pub(crate) struct TensorHeader<'a> {
    /// Element type; `None` where the file leaves it out.
    pub dtype: Option<DType>,
    /// Shape as written.
    pub shape: DeclaredShape,
    proto: &'a [u8],
}

impl<'a> TensorHeader<'a> {
    fn decode(proto: &'a [u8]) -> Result<TensorHeader<'a>, Malformed> {
        let mut header =
            TensorHeader { dtype: None, shape: DeclaredShape::Dims(Vec::new()), proto };
        for field in fields(proto) {
            match field? {
                (1, value) => header.dtype = DType::from_number(value.int()),
                (2, value) => {
                    header.shape = DeclaredShape::decode(value.bytes().unwrap_or_default())?
                }
                _ => {}
            }
        }
        Ok(header)
    }

    /// The elements of a string tensor that the file states, in order. TensorFlow repeats the last
    /// one for every further element of the shape; the caller does that, up to a bound of its own.
    pub fn strings(&self) -> impl Iterator<Item = &'a [u8]> {
        fields(self.proto).flatten().filter(|(n, _)| *n == 8).filter_map(|(_, v)| v.bytes())
    }
}
