//! Writes protocol buffer messages.

use super::writer::{put_bytes, put_number};

/// A message, or one field of it, as its bytes.
#[derive(Clone, Debug, Default)]
pub struct Message(pub Vec<u8>);

impl Message {
    /// The message with another field appended.
    pub fn with(mut self, field: Message) -> Message {
        self.0.extend(field.0);
        self
    }
}

impl AsRef<[u8]> for Message {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl FromIterator<Message> for Message {
    fn from_iter<T: IntoIterator<Item = Message>>(fields: T) -> Message {
        fields.into_iter().fold(Message::default(), Message::with)
    }
}

/// An integer field.
pub fn varint(number: u32, value: u64) -> Message {
    let mut out = Vec::new();
    put_number(&mut out, number, value);
    Message(out)
}

/// A length-delimited field: bytes, or a message.
pub fn bytes(number: u32, value: impl AsRef<[u8]>) -> Message {
    let mut out = Vec::new();
    put_bytes(&mut out, number, value.as_ref());
    Message(out)
}

/// A string field.
pub fn text(number: u32, value: &str) -> Message {
    bytes(number, value)
}

/// A field of four bytes.
pub fn fixed32(number: u8, value: u32) -> Message {
    Message([&[number << 3 | 5][..], &value.to_le_bytes()].concat())
}
