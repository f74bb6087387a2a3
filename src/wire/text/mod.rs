//! Translates a `saved_model.pbtxt` (protobuf text format) into the binary wire format, so that one
//! decoder serves both.
//!
//! Input: the text. Output: the same message in binary, of the fields that `schema` lists; other
//! fields, extensions and `Any` contents are skipped. The length of a message is known only when it
//! ends, and moving its body then would cost quadratic time: every length takes five bytes, padded,
//! which are filled in later. Numbers of repeated fields are packed one by one. Both are unusual but
//! valid. Time is linear in the text, and there is no recursion.
//!
//! Source: <https://protobuf.dev/reference/protobuf/textformat-spec/>; where that leaves a choice,
//! `TextFormat::Parse` (google/protobuf/text_format.cc), which TensorFlow's loader calls.

mod lexer;
mod schema;

use crate::limits::{MAX_PBTXT_BYTES, MAX_PBTXT_DEPTH};
use crate::wire::binary::Malformed;
use crate::wire::writer::put_varint;
use lexer::Lexer;
use schema::{Field, Kind, Message};

/// Bytes of the length of a message: enough for 2^35 - 1.
const LENGTH_BYTES: usize = 5;

/// The binary form of a `SavedModel` in text format.
pub(crate) fn to_wire(text: &[u8]) -> Result<Vec<u8>, Malformed> {
    if text.len() as u64 > MAX_PBTXT_BYTES {
        return Err(Malformed::at(text, "the text is longer than 2 GiB"));
    }
    let root = Frame { message: Some(&schema::SAVED_MODEL), ..Frame::default() };
    Transcoder { lexer: Lexer::new(text), out: Vec::new(), scratch: Vec::new() }.run(root)
}

/// The schema's entry of a field; `None` for a field that is skipped.
type KnownField = Option<&'static Field>;

/// A message that has begun and not ended.
#[derive(Default)]
struct Frame {
    /// Its fields; `None` while it is skipped.
    message: Option<&'static Message>,
    /// The byte that ends it; 0 for the end of the text.
    close: u8,
    /// Where its length belongs in the output; `None` for the outermost message and for skipped ones.
    length_at: Option<usize>,
    /// Which fields have been set: one bit for each, by position in the schema.
    seen: u64,
    /// The field whose bracketed list the message is an element of; `None` outside of a list.
    list: Option<KnownField>,
}

struct Transcoder<'a> {
    lexer: Lexer<'a>,
    out: Vec<u8>,
    /// The decoded string of the field that is being read.
    scratch: Vec<u8>,
}

impl Transcoder<'_> {
    fn run(mut self, root: Frame) -> Result<Vec<u8>, Malformed> {
        let mut stack = Vec::new();
        let mut top = root;
        loop {
            let inner = match self.lexer.peek() {
                None if top.close == 0 => return Ok(self.out),
                None => return Err(self.lexer.error("the text ends inside a message")),
                Some(byte) if byte == top.close => {
                    self.lexer.skip(1);
                    let next = self.end(&top)?;
                    let Some(outer) = stack.pop() else {
                        return Err(self.lexer.error("a message ends that did not begin"));
                    };
                    top = outer;
                    next
                }
                Some(_) => self.field(&mut top)?,
            };
            if let Some(inner) = inner {
                if stack.len() >= MAX_PBTXT_DEPTH {
                    return Err(self.lexer.error("messages are nested too deeply"));
                }
                stack.push(std::mem::replace(&mut top, inner));
            }
        }
    }

    /// Reads a field: a scalar or a list of scalars to its end, a message up to its opening brace. Gives
    /// the frame of the message.
    fn field(&mut self, top: &mut Frame) -> Result<Option<Frame>, Malformed> {
        let name = self.lexer.field_name()?;
        let known = top.message.and_then(|m| m.field(name));
        if let Some((position, field)) = known {
            let bit = 1u64 << (position % 64);
            // `TextFormat::Parse` refuses it too, unlike the binary parser, where the last one wins.
            if !field.repeated && top.seen & bit != 0 {
                return Err(self.lexer.error("a field is set twice"));
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
            _ if !colon => Err(self.lexer.error("a colon or a brace is missing")),
            _ if is_message == Some(true) => Err(self.lexer.error("a message is expected")),
            _ => {
                self.scalar(field)?;
                self.lexer.take_separator();
                Ok(None)
            }
        }
    }

    /// Reads a list after its bracket: scalars to its end, messages up to the first opening brace.
    fn list(&mut self, field: KnownField) -> Result<Option<Frame>, Malformed> {
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
                    return Err(self.lexer.error("a message is expected"));
                }
                _ => self.scalar(field)?,
            }
            if self.list_ends()? {
                return Ok(None);
            }
        }
    }

    /// True where the element that was just read is the last of its list.
    fn list_ends(&mut self) -> Result<bool, Malformed> {
        if self.lexer.take(b']') {
            self.lexer.take_separator();
            return Ok(true);
        }
        if self.lexer.take(b',') {
            return Ok(false);
        }
        Err(self.lexer.error("a comma or the end of the list is missing"))
    }

    /// Begins a message at its opening brace.
    fn open(&mut self, field: KnownField, list: Option<KnownField>) -> Result<Frame, Malformed> {
        let close = if self.lexer.take(b'{') {
            b'}'
        } else if self.lexer.take(b'<') {
            b'>'
        } else {
            return Err(self.lexer.error("a message is expected"));
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

    /// Ends a message after its closing brace; gives the frame of the next one of the same list.
    fn end(&mut self, frame: &Frame) -> Result<Option<Frame>, Malformed> {
        let from_length = frame.length_at.and_then(|at| self.out.get_mut(at..));
        if let Some((length, body)) = from_length.and_then(|out| out.split_first_chunk_mut()) {
            let too_long = || self.lexer.error("a message is longer than 2 GiB");
            let len = i32::try_from(body.len()).map_err(|_| too_long())?;
            *length = padded_varint(len.cast_unsigned());
        }
        match frame.list {
            None => {
                self.lexer.take_separator();
                Ok(None)
            }
            Some(_) if self.list_ends()? => Ok(None),
            // A message in a list is followed by another message.
            Some(field) => self.open(field, Some(field)).map(Some),
        }
    }

    /// Reads one scalar, and writes it where its field is known.
    fn scalar(&mut self, field: KnownField) -> Result<(), Malformed> {
        let Some(field) = field else {
            return match self.lexer.peek() {
                Some(b'"' | b'\'') => self.lexer.string(&mut self.scratch),
                _ => self.lexer.number().map(drop),
            };
        };
        let start = self.lexer;
        let bits = match field.kind {
            Kind::Bytes => {
                self.lexer.string(&mut self.scratch)?;
                put_tag(&mut self.out, field.number, 2);
                put_varint(&mut self.out, self.scratch.len() as u64);
                self.out.extend_from_slice(&self.scratch);
                return Ok(());
            }
            Kind::Nested(_) => return Err(start.error("a message is expected")),
            Kind::Float => self.lexer.number()?.float().map(|f| u64::from(single(f).to_bits())),
            Kind::Double => self.lexer.number()?.float().map(f64::to_bits),
            Kind::Bool => self.lexer.number()?.bool().map(u64::from),
            Kind::Enum(names) => {
                let number = self.lexer.number()?;
                match number.name() {
                    // A name that is newer than the schema: left out, as an unknown field is.
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
        let bits = bits.ok_or_else(|| start.error("the field cannot have this value"))?;
        self.put(field, bits);
        Ok(())
    }

    /// Writes a number; one of a repeated field as a packed field of one number.
    fn put(&mut self, field: &Field, bits: u64) {
        let (wire_type, len) = match field.kind {
            Kind::Float => (5, 4),
            Kind::Double => (1, 8),
            _ => (0, varint_len(bits)),
        };
        if field.repeated {
            put_tag(&mut self.out, field.number, 2);
            put_varint(&mut self.out, len as u64);
        } else {
            put_tag(&mut self.out, field.number, wire_type);
        }
        match field.kind {
            Kind::Float | Kind::Double => self.out.extend(bits.to_le_bytes().iter().take(len)),
            _ => put_varint(&mut self.out, bits),
        }
    }
}

/// The nearest number of 32 bits, as the field holds it.
#[allow(clippy::cast_possible_truncation, reason = "rounds, and never wraps around")]
fn single(number: f64) -> f32 {
    number as f32
}

/// Bytes of the base-128 form of a number.
fn varint_len(n: u64) -> usize {
    (64 - (n | 1).leading_zeros()).div_ceil(7) as usize
}

/// The base-128 form of a number, in more bytes than it needs: all but the last say that another
/// follows.
fn padded_varint(n: u32) -> [u8; LENGTH_BYTES] {
    std::array::from_fn(|i| {
        let [low, ..] = (n >> (7 * i)).to_le_bytes();
        let more = if i + 1 < LENGTH_BYTES { 0x80 } else { 0 };
        low & 0x7f | more
    })
}

fn put_tag(out: &mut Vec<u8>, number: u32, wire_type: u32) {
    put_varint(out, u64::from(number << 3 | wire_type));
}

#[cfg(test)]
mod tests;
