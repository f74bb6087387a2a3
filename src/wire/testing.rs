//! Writes protocol buffer messages for tests.

/// A message being written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Message(pub Vec<u8>);

impl Message {
    /// The message with another field behind it.
    pub fn with(mut self, field: Message) -> Message {
        self.0.extend(field.0);
        self
    }
}

fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// An integer field.
pub(crate) fn varint(number: u32, value: u64) -> Message {
    let mut out = Vec::new();
    put(&mut out, u64::from(number) << 3);
    put(&mut out, value);
    Message(out)
}

/// A length-delimited field.
pub(crate) fn bytes(number: u32, value: &[u8]) -> Message {
    let mut out = Vec::new();
    put(&mut out, u64::from(number) << 3 | 2);
    put(&mut out, value.len() as u64);
    out.extend(value);
    Message(out)
}

/// A string field.
pub(crate) fn text(number: u32, value: &str) -> Message {
    bytes(number, value.as_bytes())
}
