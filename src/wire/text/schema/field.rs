//! What a schema is made of: messages, fields, and the kinds of their values.

/// The fields of a message.
pub(crate) struct Message(pub &'static [Field]);

/// One field of a message.
pub(crate) struct Field {
    pub name: &'static str,
    pub number: u32,
    pub kind: Kind,
    pub repeated: bool,
}

/// What a field holds.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Int32,
    Int64,
    Uint32,
    Uint64,
    Bool,
    Float,
    Double,
    /// A string or bytes.
    Bytes,
    /// The function gives the number of a name, as it stands on the wire.
    Enum(fn(&str) -> Option<u64>),
    /// Another message.
    Nested(&'static Message),
}

impl Message {
    /// The field of this name, and its position among the fields.
    pub fn field(&self, name: &str) -> Option<(usize, &'static Field)> {
        self.0.iter().enumerate().find(|(_, field)| field.name == name)
    }
}

/// A field that stands once.
pub(super) const fn one(name: &'static str, number: u32, kind: Kind) -> Field {
    Field { name, number, kind, repeated: false }
}

/// A repeated field.
pub(super) const fn many(name: &'static str, number: u32, kind: Kind) -> Field {
    Field { name, number, kind, repeated: true }
}

/// A message field.
pub(super) const fn sub(name: &'static str, number: u32, message: &'static Message) -> Field {
    one(name, number, Kind::Nested(message))
}

/// A repeated message field, or a map, which is one of its entries.
pub(super) const fn subs(name: &'static str, number: u32, message: &'static Message) -> Field {
    many(name, number, Kind::Nested(message))
}

/// The number of a name in an enum that starts at 0 and has no holes.
pub(super) fn enum_number(names: &[&str], name: &str) -> Option<u64> {
    names.iter().position(|n| *n == name).map(|number| number as u64)
}

/// The entry of a map.
macro_rules! map {
    ($visibility:vis $name:ident, $value:expr) => {
        $visibility static $name: Message = Message(&[one("key", 1, Bytes), one("value", 2, $value)]);
    };
}
pub(super) use map;
