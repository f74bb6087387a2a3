//! Turns a `saved_model.pbtxt` (protobuf text format) into the binary wire format, so that one
//! decoder serves both.
//!
//! Input: the text. Output: the same message in binary, of the fields that `schema` lists;
//! others, extensions and `Any` contents are read over. Lengths of messages take five bytes each,
//! since they are known only when a message ends; numbers of repeated fields are packed one by
//! one. Both are unusual but correct. Time is linear in the text, and there is no recursion.
//!
//! Source: <https://protobuf.dev/reference/protobuf/textformat-spec/>, and where that leaves a
//! choice, `TextFormat::Parse` (google/protobuf/text_format.cc), which TensorFlow's loader calls.

mod lexer;
mod schema;

use super::Malformed;
use lexer::Lexer;
use schema::{Field, Kind, Message};

/// Most messages inside each other; the binary parser's own limit.
const MAX_DEPTH: usize = 100;

/// Longest text that is read: the binary form of a message cannot be longer than 2 GiB either.
const MAX_TEXT_BYTES: usize = i32::MAX as usize;

/// Bytes that the length of a message takes.
const LENGTH_BYTES: usize = 5;

/// The binary form of a `SavedModel` in text format.
pub(crate) fn to_wire(text: &[u8]) -> Result<Vec<u8>, Malformed> {
    if text.len() > MAX_TEXT_BYTES {
        return Err(Malformed::at(text, "the text is longer than 2 GiB"));
    }
    let root = Frame { message: Some(&schema::SAVED_MODEL), ..Frame::default() };
    Transcoder { lexer: Lexer::new(text), out: Vec::new(), scratch: Vec::new() }.run(root)
}

/// A message that has begun and not ended.
#[derive(Default)]
struct Frame {
    /// Its fields; `None` while it is read over.
    message: Option<&'static Message>,
    /// What ends it; 0 for the end of the text.
    close: u8,
    /// Where its length belongs in the output; `None` for the outermost and what is read over.
    length_at: Option<usize>,
    /// Which fields, by their place in the schema, have been set.
    seen: u64,
    /// The field whose bracketed list it is an element of.
    list: Option<List>,
}

/// A bracketed list of messages: the field, or `None` while it is read over.
type List = Option<&'static Field>;

struct Transcoder<'a> {
    lexer: Lexer<'a>,
    out: Vec<u8>,
    /// The string at hand.
    scratch: Vec<u8>,
}

impl Transcoder<'_> {
    fn run(mut self, root: Frame) -> Result<Vec<u8>, Malformed> {
        let mut stack = Vec::new();
        let mut top = root;
        loop {
            let inner = match self.lexer.peek() {
                None if top.close == 0 => return Ok(self.out),
                None => return Err(self.lexer.bad("the text ends inside a message")),
                Some(byte) if byte == top.close => {
                    self.lexer.skip(1);
                    let next = self.end(&top)?;
                    let Some(outer) = stack.pop() else {
                        return Err(self.lexer.bad("a message ends that never began"));
                    };
                    top = outer;
                    next
                }
                Some(_) => self.field(&mut top)?,
            };
            if let Some(inner) = inner {
                if stack.len() >= MAX_DEPTH {
                    return Err(self.lexer.bad("messages are nested too deeply"));
                }
                stack.push(std::mem::replace(&mut top, inner));
            }
        }
    }

    /// Reads a field up to the brace that opens its message, whose frame it gives, or to its end.
    fn field(&mut self, top: &mut Frame) -> Result<Option<Frame>, Malformed> {
        let name = self.lexer.field_name()?;
        let known = top.message.and_then(|m| m.field(name));
        if let Some((place, field)) = known {
            let bit = 1u64 << (place % 64);
            if !field.repeated && top.seen & bit != 0 {
                return Err(self.lexer.bad("a field is set twice"));
            }
            top.seen |= bit;
        }
        let field = known.map(|(_, field)| field);
        let is_message = field.map(|f| matches!(f.kind, Kind::Nested(_)));
        let colon = self.lexer.take(b':');
        match self.lexer.peek() {
            Some(b'{' | b'<') if is_message != Some(false) => self.open(field, None).map(Some),
            Some(b'[') if field.is_none_or(|f| f.repeated) => {
                self.lexer.skip(1);
                self.list(field)
            }
            _ if !colon => Err(self.lexer.bad("a colon or a brace is missing")),
            _ if is_message == Some(true) => Err(self.lexer.bad("a message is expected")),
            _ => {
                self.scalar(field)?;
                self.lexer.take_separator();
                Ok(None)
            }
        }
    }

    /// Reads a list after its bracket: all of it, or up to the first message in it.
    fn list(&mut self, field: List) -> Result<Option<Frame>, Malformed> {
        if self.lexer.take(b']') {
            self.lexer.take_separator();
            return Ok(None);
        }
        loop {
            match (self.lexer.peek(), field.map(|f| f.kind)) {
                (Some(b'{' | b'<'), None | Some(Kind::Nested(_))) => {
                    return self.open(field, Some(field)).map(Some);
                }
                (_, Some(Kind::Nested(_))) => {
                    return Err(self.lexer.bad("a message is expected"));
                }
                _ => self.scalar(field)?,
            }
            if self.list_ends()? {
                return Ok(None);
            }
        }
    }

    /// After an element of a list: was it the last?
    fn list_ends(&mut self) -> Result<bool, Malformed> {
        if self.lexer.take(b']') {
            self.lexer.take_separator();
            return Ok(true);
        }
        if self.lexer.take(b',') {
            return Ok(false);
        }
        Err(self.lexer.bad("a list goes on without a comma"))
    }

    /// Begins a message at its brace.
    fn open(&mut self, field: List, list: Option<List>) -> Result<Frame, Malformed> {
        let close = if self.lexer.take(b'{') {
            b'}'
        } else if self.lexer.take(b'<') {
            b'>'
        } else {
            return Err(self.lexer.bad("a message is expected"));
        };
        let mut frame = Frame { close, list, ..Frame::default() };
        if let Some(Field { kind: Kind::Nested(message), number, .. }) = field {
            put_tag(&mut self.out, *number, 2);
            frame.message = Some(message);
            frame.length_at = Some(self.out.len());
            self.out.extend([0; LENGTH_BYTES]);
        }
        Ok(frame)
    }

    /// Ends a message after its brace; gives the next one of the same list.
    fn end(&mut self, frame: &Frame) -> Result<Option<Frame>, Malformed> {
        if let Some(at) = frame.length_at {
            let len = self.out.len() - at - LENGTH_BYTES;
            let too_long = || self.lexer.bad("a message is longer than 2 GiB");
            let len = i32::try_from(len).map_err(|_| too_long())? as u32;
            for (i, byte) in self.out[at..at + LENGTH_BYTES].iter_mut().enumerate() {
                let more = if i + 1 < LENGTH_BYTES { 0x80 } else { 0 };
                *byte = (u64::from(len) >> (7 * i)) as u8 & 0x7f | more;
            }
        }
        match frame.list {
            None => {
                self.lexer.take_separator();
                Ok(None)
            }
            Some(_) if self.list_ends()? => Ok(None),
            // What follows a message must be a message.
            Some(field) => self.open(field, Some(field)).map(Some),
        }
    }

    /// Reads one value that is no message, and writes it if its field is known.
    fn scalar(&mut self, field: List) -> Result<(), Malformed> {
        let Some(field) = field else {
            return match self.lexer.peek() {
                Some(b'"' | b'\'') => self.lexer.string(&mut self.scratch),
                _ => self.lexer.number().map(drop),
            };
        };
        let at = self.lexer;
        let bits = match field.kind {
            Kind::Bytes => {
                self.lexer.string(&mut self.scratch)?;
                put_tag(&mut self.out, field.number, 2);
                put_varint(&mut self.out, self.scratch.len() as u64);
                self.out.extend_from_slice(&self.scratch);
                return Ok(());
            }
            Kind::Nested(_) => return Err(at.bad("a message is expected")),
            Kind::Float => self.lexer.number()?.float().map(|f| u64::from((f as f32).to_bits())),
            Kind::Double => self.lexer.number()?.float().map(f64::to_bits),
            Kind::Bool => self.lexer.number()?.bool().map(u64::from),
            Kind::Enum(names) => {
                let number = self.lexer.number()?;
                match number.name() {
                    // A name that is newer than the schema says nothing, as an unknown field.
                    Some(name) => match names(name) {
                        Some(value) => Some(value),
                        None => return Ok(()),
                    },
                    None => number.integer(i32::MIN.into(), i32::MAX as u64),
                }
            }
            Kind::Int32 => self.lexer.number()?.integer(i32::MIN.into(), i32::MAX as u64),
            Kind::Int64 => self.lexer.number()?.integer(i64::MIN, i64::MAX as u64),
            Kind::Uint32 => self.lexer.number()?.integer(0, u32::MAX.into()),
            Kind::Uint64 => self.lexer.number()?.integer(0, u64::MAX),
        };
        let bits = bits.ok_or_else(|| at.bad("a value is not one that its field can have"))?;
        self.put(field, bits);
        Ok(())
    }

    /// Writes a number; one of a repeated field as a packed field of one number.
    fn put(&mut self, field: &Field, bits: u64) {
        let mut payload = [0; 10];
        let (wire_type, payload) = match field.kind {
            Kind::Float => (5, fixed(&mut payload, &(bits as u32).to_le_bytes())),
            Kind::Double => (1, fixed(&mut payload, &bits.to_le_bytes())),
            _ => (0, varint(&mut payload, bits)),
        };
        if field.repeated {
            put_tag(&mut self.out, field.number, 2);
            put_varint(&mut self.out, payload.len() as u64);
        } else {
            put_tag(&mut self.out, field.number, wire_type);
        }
        self.out.extend_from_slice(payload);
    }
}

fn fixed<'b>(buffer: &'b mut [u8; 10], bytes: &[u8]) -> &'b [u8] {
    let buffer = &mut buffer[..bytes.len()];
    buffer.copy_from_slice(bytes);
    buffer
}

/// The base-128 form of a number.
fn varint(buffer: &mut [u8; 10], mut n: u64) -> &[u8] {
    let mut len = 0;
    while n >= 0x80 {
        buffer[len] = n as u8 | 0x80;
        n >>= 7;
        len += 1;
    }
    buffer[len] = n as u8;
    &buffer[..=len]
}

fn put_varint(out: &mut Vec<u8>, n: u64) {
    out.extend_from_slice(varint(&mut [0; 10], n));
}

fn put_tag(out: &mut Vec<u8>, number: u32, wire_type: u32) {
    put_varint(out, u64::from(number << 3 | wire_type));
}

#[cfg(test)]
mod tests;
