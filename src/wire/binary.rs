//! The binary wire format, read in place: nothing is copied, every length is compared with the bytes
//! that are left before it is used, and there is no recursion.
//!
//! An iterator over the fields of one message is all there is: a decoder matches on field numbers and
//! calls [`fields`] again for a nested message. A generated parser would build every message in full,
//! function bodies and tensor contents included, of which a census needs a few percent.
//!
//! Source: <https://protobuf.dev/programming-guides/encoding/>.

use crate::limits::MAX_GROUP_DEPTH;

/// Wire types that begin and end a group.
const START_GROUP: u8 = 3;
const END_GROUP: u8 = 4;

/// Most bytes of a tag, and of a length. Source: `ReadTag` and `ReadSize`,
/// google/protobuf/parse_context.h.
const MAX_TAG_BYTES: usize = 5;
const MAX_LENGTH_BYTES: usize = 5;

/// A message that cannot be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed {
    /// Address of the byte in memory; [`Malformed::offset_in`] turns it into an offset. A nested
    /// message does not know where it lies in its file, but it is a slice of the file's bytes.
    address: usize,
    /// What is wrong, for a person.
    pub what: &'static str,
}

impl Malformed {
    /// An error at the first byte of `bytes`.
    pub fn at(bytes: &[u8], what: &'static str) -> Malformed {
        Malformed { address: bytes.as_ptr() as usize, what }
    }

    /// The offset in `file`; `None` where the error is not about one of its bytes.
    pub fn offset_in(&self, file: &[u8]) -> Option<u64> {
        let offset = self.address.checked_sub(file.as_ptr() as usize)?;
        (offset <= file.len()).then_some(offset as u64)
    }
}

/// The value of one field, by its wire type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    Fixed32(u32),
}

/// The bytes of a `string` field as text. Proto3 requires UTF-8, and TensorFlow's own parser refuses
/// anything else.
pub(crate) fn utf8(bytes: &[u8]) -> Result<&str, Malformed> {
    std::str::from_utf8(bytes).map_err(|_| Malformed::at(bytes, "text is not UTF-8"))
}

/// The `int32` or enum that a varint stands for: its low 32 bits. A negative one is written as 64
/// bits.
pub(crate) fn int32(varint: u64) -> i32 {
    let [a, b, c, d, ..] = varint.to_le_bytes();
    i32::from_le_bytes([a, b, c, d])
}

/// The fields of one message, in file order.
#[derive(Clone)]
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
}

/// Iterates over the fields of `message`. After the first error it ends.
pub(crate) fn fields(message: &[u8]) -> Fields<'_> {
    Fields { rest: message }
}

impl<'a> Fields<'a> {
    #[inline]
    fn varint(&mut self) -> Result<u64, Malformed> {
        // Nearly all tags and most lengths are a single byte.
        if let [byte @ 0..=0x7f, rest @ ..] = self.rest {
            self.rest = rest;
            return Ok(u64::from(*byte));
        }
        self.long_varint()
    }

    fn long_varint(&mut self) -> Result<u64, Malformed> {
        let start = self.rest;
        let (value, rest) = split_varint(start)
            .ok_or_else(|| Malformed::at(start, "a number ends too early or is too long"))?;
        self.rest = rest;
        Ok(value)
    }

    #[inline]
    fn take(&mut self, len: u64) -> Result<&'a [u8], Malformed> {
        let split = usize::try_from(len).ok().and_then(|len| self.rest.split_at_checked(len));
        let (taken, rest) = split.ok_or_else(|| self.too_long())?;
        self.rest = rest;
        Ok(taken)
    }

    fn take_array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or_else(|| self.too_long())?;
        self.rest = rest;
        Ok(*taken)
    }

    fn too_long(&self) -> Malformed {
        Malformed::at(self.rest, "a field is longer than the message that holds it")
    }

    /// Reads the next field of any kind; `None` where only groups were left.
    fn any_field(&mut self) -> Result<Option<(u32, Value<'a>)>, Malformed> {
        while !self.rest.is_empty() {
            let start = self.rest;
            let (number, wire_type) = self.tag()?;
            if wire_type != START_GROUP {
                return self.value(start, wire_type).map(|value| Some((number, value)));
            }
            self.skip_group(number)?;
        }
        Ok(None)
    }

    /// The number and wire type of the next field. A tag has 32 bits and at most five bytes; parsers
    /// disagree about what has more.
    #[inline]
    fn tag(&mut self) -> Result<(u32, u8), Malformed> {
        let start = self.rest;
        let tag = self.varint()?;
        let bytes = start.len() - self.rest.len();
        let tag = u32::try_from(tag)
            .ok()
            .filter(|tag| *tag >> 3 > 0 && bytes <= MAX_TAG_BYTES)
            .ok_or_else(|| Malformed::at(start, "a field number is out of range"))?;
        let [low, ..] = tag.to_le_bytes();
        Ok((tag >> 3, low & 7))
    }

    /// The value of a field whose tag, at `start`, has just been read.
    #[inline]
    fn value(&mut self, start: &[u8], wire_type: u8) -> Result<Value<'a>, Malformed> {
        Ok(match wire_type {
            0 => Value::Varint(self.varint()?),
            1 => Value::Fixed64(u64::from_le_bytes(self.take_array()?)),
            2 => {
                let len = self.len()?;
                Value::Bytes(self.take(len)?)
            }
            5 => Value::Fixed32(u32::from_le_bytes(self.take_array()?)),
            _ => return Err(Malformed::at(start, "a field has an impossible wire type")),
        })
    }

    /// The length of a value. TensorFlow's parser reads at most five bytes of it.
    #[inline]
    fn len(&mut self) -> Result<u64, Malformed> {
        let start = self.rest;
        let len = self.varint()?;
        if start.len() - self.rest.len() > MAX_LENGTH_BYTES {
            return Err(Malformed::at(start, "a length takes more bytes than a length can"));
        }
        Ok(len)
    }

    /// Skips a group that has begun, to the end that bears its number, as a parser skips an unknown
    /// field: TensorFlow's messages have no groups, but a reader that stopped at one could be made
    /// to overlook what follows.
    fn skip_group(&mut self, number: u32) -> Result<(), Malformed> {
        let mut open = vec![number];
        while let Some(innermost) = open.last() {
            let start = self.rest;
            match self.tag()? {
                (number, END_GROUP) if number == *innermost => {
                    open.pop();
                }
                (number, START_GROUP) if open.len() < MAX_GROUP_DEPTH => open.push(number),
                (_, wire_type) => {
                    self.value(start, wire_type)?;
                }
            }
        }
        Ok(())
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u32, Value<'a>), Malformed>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        // Most fields of these messages are bytes, of numbers 1 to 15 and shorter than 16 KiB: one
        // byte of tag and one or two of length.
        if let [tag @ 0x08..=0x7f, rest @ ..] = self.rest
            && tag & 7 == 2
            && let Some((len, rest)) = short_len(rest)
            && let Some((taken, rest)) = rest.split_at_checked(len)
        {
            self.rest = rest;
            return Some(Ok((u32::from(tag >> 3), Value::Bytes(taken))));
        }
        let field = self.any_field();
        if field.is_err() {
            self.rest = &[];
        }
        field.transpose()
    }
}

/// A length of one or two bytes, and the bytes after it.
#[inline]
fn short_len(bytes: &[u8]) -> Option<(usize, &[u8])> {
    match bytes {
        [len @ 0..=0x7f, rest @ ..] => Some((usize::from(*len), rest)),
        [low, high @ 0..=0x7f, rest @ ..] => {
            Some((usize::from(low & 0x7f) | usize::from(*high) << 7, rest))
        }
        _ => None,
    }
}

/// Reads a base-128 number of at most ten bytes; gives it and the bytes after it. Ten bytes have room
/// for 70 bits: like the parsers of protocol buffers and of checkpoint tables, it keeps 64.
pub(crate) fn split_varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0u64;
    let mut rest = bytes;
    for i in 0..10 {
        let (byte, after) = rest.split_first()?;
        value |= u64::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            return Some((value, after));
        }
        rest = after;
    }
    None
}

/// Reads a base-128 number of at most ten bytes; gives it and the number of bytes that it takes.
pub(crate) fn read_varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let (value, rest) = split_varint(bytes)?;
    Some((value, bytes.len() - rest.len()))
}

/// The numbers of a packed field (`repeated int64` and the like). After the first error it ends.
pub(crate) fn packed(bytes: &[u8]) -> impl Iterator<Item = Result<u64, Malformed>> + '_ {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        Some(match split_varint(rest) {
            Some((value, after)) => {
                rest = after;
                Ok(value)
            }
            None => {
                let bad = Malformed::at(rest, "a packed number ends too early");
                rest = &[];
                Err(bad)
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_wire_type() {
        let message = [
            0x08, 0x96, 0x01, // 1: varint 150
            0x12, 0x02, b'h', b'i', // 2: "hi"
            0x1d, 1, 0, 0, 0, // 3: fixed32 1
            0x21, 2, 0, 0, 0, 0, 0, 0, 0, // 4: fixed64 2
        ];
        let got: Vec<_> = fields(&message).map(Result::unwrap).collect();
        assert_eq!(
            got,
            [
                (1, Value::Varint(150)),
                (2, Value::Bytes(b"hi")),
                (3, Value::Fixed32(1)),
                (4, Value::Fixed64(2)),
            ]
        );
    }

    #[test]
    fn refuses_a_length_beyond_the_message_and_gives_the_offset() {
        let file = [0x08, 0x01, 0x12, 0xff, 0xff, 0xff, 0xff, 0x0f];
        let err = fields(&file).find_map(Result::err).unwrap();
        assert_eq!(err.offset_in(&file), Some(8));
        assert!(fields(&file).count() == 2, "the iterator ends after the error");
    }

    fn read(message: &[u8]) -> Result<Vec<(u32, Value<'_>)>, Malformed> {
        fields(message).collect()
    }

    #[test]
    fn skips_groups_without_recursion() {
        let mut message = vec![0x0b; MAX_GROUP_DEPTH];
        message.extend(vec![0x0c; MAX_GROUP_DEPTH]);
        assert_eq!(read(&message), Ok(vec![]), "a group may be the last thing in a message");
        message.extend([0x10, 7]);
        assert_eq!(read(&message), Ok(vec![(2, Value::Varint(7))]));
        let deep = vec![0x0b; 100_000];
        assert!(read(&deep).is_err());
    }

    #[test]
    fn a_group_ends_with_its_own_number() {
        // Number 1 begins, number 2 ends.
        assert!(read(&[0x0b, 0x14]).is_err());
        assert!(read(&[0x0b, 0x13, 0x0c, 0x14]).is_err());
        assert!(read(&[0x0c]).is_err(), "nothing has begun");
        assert!(read(&[0x0b]).is_err(), "nothing has ended");
        // What is inside is no field of the message.
        assert_eq!(read(&[0x0b, 0x10, 7, 0x0c]), Ok(vec![]));
    }

    /// `ReadTag` and `ReadSize` of google/protobuf/parse_context.h give up after five bytes.
    #[test]
    fn tags_and_lengths_may_be_padded_to_five_bytes() {
        let one = Ok(vec![(1, Value::Bytes(b"x"))]);
        assert_eq!(read(&[0x8a, 0x00, 1, b'x']), one);
        assert_eq!(read(&[0x8a, 0x80, 0x80, 0x80, 0x00, 1, b'x']), one);
        assert!(read(&[0x8a, 0x80, 0x80, 0x80, 0x80, 0x00, 1, b'x']).is_err());
        assert_eq!(read(&[0x0a, 0x81, 0x80, 0x80, 0x80, 0x00, b'x']), one);
        assert!(read(&[0x0a, 0x81, 0x80, 0x80, 0x80, 0x80, 0x00, b'x']).is_err());
        // More than 32 bits, and number 0.
        assert!(read(&[0x8a, 0x80, 0x80, 0x80, 0x10, 1, b'x']).is_err());
        assert!(read(&[0x02, 0]).is_err());
    }

    #[test]
    fn an_int32_is_the_low_half_of_its_varint() {
        assert_eq!(int32(u64::MAX), -1);
        assert_eq!(int32(1 << 32 | 7), 7);
    }

    #[test]
    fn varints_have_ten_bytes_and_64_bits() {
        assert_eq!(read_varint(&[0xff; 9]), None);
        assert_eq!(read_varint(&[0xff; 11]), None);
        let mut max = [0xff; 10];
        for last in [0x01, 0x7f] {
            max[9] = last;
            assert_eq!(read_varint(&max), Some((u64::MAX, 10)));
        }
    }
}
