//! `AttrValue`, and of a `TensorProto` the type, the shape and strings. Numeric contents are never decoded.
//!
//! Source: attr_value.proto and tensor.proto, tensorflow/core/framework (TensorFlow 2.21).

use super::shape::DeclaredShape;
use crate::limits::MAX_ATTR_DEPTH;
use crate::model::DType;
use crate::wire::writer::put_bytes;
use crate::wire::{Malformed, Member, Message, OneOf, Value, int32, last_of_each, packed, utf8};

/// The `DataType` that a varint stands for.
pub(super) fn dtype(varint: u64) -> Option<DType> {
    DType::from_number(int32(varint).into())
}

/// The value of one attribute, undecoded.
#[derive(Clone, Debug)]
pub(crate) struct Attr<'a>(pub Message<'a>);

impl<'a> Attr<'a> {
    /// The value: one of several kinds.
    fn value(&self) -> OneOf<'a> {
        let mut one_of = OneOf::default();
        for field in self.0.fields().map_while(Result::ok) {
            match field {
                (number @ (1 | 7 | 8 | 10), Value::Bytes(part)) => one_of.merge(number, part),
                (number @ (2 | 9), value @ Value::Bytes(_))
                | (number @ (3 | 5 | 6), value @ Value::Varint(_))
                | (number @ 4, value @ Value::Fixed32(_)) => one_of.set(number, value),
                _ => {}
            }
        }
        one_of
    }

    /// A `type` attribute.
    pub fn dtype(&self) -> Option<DType> {
        match self.value().member()? {
            Member::Scalar(6, Value::Varint(number)) => dtype(number),
            _ => None,
        }
    }

    /// A `shape` attribute.
    pub fn shape(&self) -> Option<DeclaredShape> {
        DeclaredShape::decode(&self.value().message(7)?).ok()
    }

    /// A `string` attribute.
    pub fn bytes(&self) -> Option<&'a [u8]> {
        match self.value().member()? {
            Member::Scalar(2, Value::Bytes(bytes)) => Some(bytes),
            _ => None,
        }
    }

    /// The name of a `func` attribute.
    pub fn function(&self) -> Option<&'a str> {
        let named = self.value().message(10)?;
        NamedAttrs::decode(&named).name
    }

    /// True for a function and for a list of functions.
    pub fn names_function(&self) -> bool {
        match self.value().member() {
            Some(Member::Message(10, _)) => true,
            Some(Member::Message(1, list)) => all_bytes(&list, 9).next().is_some(),
            _ => false,
        }
    }

    /// Every function that the attribute names: as a `func`, in a `list(func)`, and in the attributes
    /// that a `NameAttrList` passes to its function.
    pub fn functions(self) -> Vec<&'a str> {
        let mut names = Vec::new();
        let mut open = vec![(self, 0usize)];
        while let Some((attr, depth)) = open.pop() {
            let named_lists = match attr.value().member() {
                Some(Member::Message(10, named)) => vec![named],
                Some(Member::Message(1, list)) => all_bytes(&list, 9).map(Message::new).collect(),
                _ => continue,
            };
            for named in &named_lists {
                let named = NamedAttrs::decode(named);
                names.extend(named.name);
                if depth < MAX_ATTR_DEPTH {
                    open.extend(last_of_each(named.attrs).into_iter().map(|(_, a)| (a, depth + 1)));
                }
            }
        }
        names
    }

    /// The types in a `list(type)` attribute.
    pub fn dtypes(&self) -> Vec<Option<DType>> {
        let list = self.value().message(1).unwrap_or_default();
        let mut types = Vec::new();
        for field in list.fields().map_while(Result::ok) {
            match field {
                (6, Value::Bytes(b)) => types.extend(packed(b).map_while(Result::ok).map(dtype)),
                (6, Value::Varint(number)) => types.push(dtype(number)),
                _ => {}
            }
        }
        types
    }

    /// The type and shape of a `tensor` attribute.
    pub fn tensor(&self) -> Option<TensorHeader<'a>> {
        TensorHeader::decode(self.value().message(8)?).ok()
    }
}

/// A `NameAttrList`: the name of a function, and the attributes that are passed to it.
#[derive(Default)]
struct NamedAttrs<'a> {
    name: Option<&'a str>,
    attrs: Vec<(&'a [u8], Attr<'a>)>,
}

impl<'a> NamedAttrs<'a> {
    fn decode(message: &Message<'a>) -> NamedAttrs<'a> {
        let mut named = NamedAttrs::default();
        for field in message.fields().map_while(Result::ok) {
            match field {
                (1, Value::Bytes(name)) => named.name = utf8(name).ok(),
                (2, Value::Bytes(entry)) => named.attrs.extend(attr_entry(entry)),
                _ => {}
            }
        }
        named
    }
}

/// An entry of a map of attributes; `None` where it is damaged. Its key stays bytes: checking that it
/// is UTF-8 would cost more than comparing it.
pub(super) fn attr_entry(entry: &[u8]) -> Option<(&[u8], Attr<'_>)> {
    let (mut key, mut value) = (&[][..], Message::default());
    for field in crate::wire::fields(entry) {
        match field.ok()? {
            (1, Value::Bytes(bytes)) => key = bytes,
            (2, Value::Bytes(part)) => value.merge(part),
            _ => {}
        }
    }
    Some((key, Attr(value)))
}

/// All length-delimited values of field `number`.
fn all_bytes<'a>(message: &Message<'a>, number: u32) -> impl Iterator<Item = &'a [u8]> {
    message.fields().map_while(Result::ok).filter_map(move |field| match field {
        (n, Value::Bytes(bytes)) if n == number => Some(bytes),
        _ => None,
    })
}

/// A `TensorProto` without its numbers.
#[derive(Clone, Debug)]
pub(crate) struct TensorHeader<'a> {
    /// Element type; `None` where the file leaves it out.
    pub dtype: Option<DType>,
    /// Shape as written.
    pub shape: DeclaredShape,
    proto: Message<'a>,
}

impl<'a> TensorHeader<'a> {
    fn decode(proto: Message<'a>) -> Result<TensorHeader<'a>, Malformed> {
        let (mut element, mut shape) = (None, Message::default());
        for field in proto.fields() {
            match field? {
                (1, Value::Varint(number)) => element = dtype(number),
                (2, Value::Bytes(part)) => shape.merge(part),
                _ => {}
            }
        }
        Ok(TensorHeader { dtype: element, shape: DeclaredShape::decode(&shape)?, proto })
    }

    /// Bytes in which the file writes it.
    pub fn written_bytes(&self) -> u64 {
        self.proto.parts().fold(0, |sum, part| sum.saturating_add(part.len() as u64))
    }

    /// The `AttrValue` that states this tensor.
    pub fn to_attr(&self) -> Vec<u8> {
        let mut attr = Vec::new();
        // Parts of one message merge where they are stated one after the other.
        for part in self.proto.parts() {
            put_bytes(&mut attr, 8, part);
        }
        attr
    }

    /// Type, shape and numbers as the file writes them: to be compared, not to be decoded.
    pub fn as_written(&self) -> &Message<'a> {
        &self.proto
    }

    /// The elements of a string tensor that the file states, in order. TensorFlow repeats the last
    /// one for every further element of the shape; the caller does that, up to a bound of its own.
    pub fn strings(&self) -> impl Iterator<Item = &'a [u8]> {
        all_bytes(&self.proto, 8)
    }
}
