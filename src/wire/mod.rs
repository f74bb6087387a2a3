//! Bounded reading of the protocol buffer wire format, in place: nothing is copied, lengths are
//! checked before they are believed, and there is no recursion.
//!
//! Source: <https://protobuf.dev/programming-guides/encoding/>.

pub(crate) mod text;
#[cfg(any(test, feature = "testkit"))]
pub(crate) mod writer;

/// Most nested groups (an old, unused construct) that are skipped before a message is refused.
const MAX_GROUP_DEPTH: usize = 64;

/// A message that is not what its bytes promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed {
    /// Address of the byte in memory; [`Malformed::offset_in`] turns it into an offset.
    address: usize,
    /// What is wrong.
    pub what: &'static str,
}

impl Malformed {
    /// A complaint about the first byte of `at`.
    pub fn at(at: &[u8], what: &'static str) -> Malformed {
        Malformed { address: at.as_ptr() as usize, what }
    }

    /// The offset in `file`, if the complaint is about a byte of it.
    pub fn offset_in(&self, file: &[u8]) -> Option<u64> {
        let offset = self.address.checked_sub(file.as_ptr() as usize)?;
        (offset <= file.len()).then_some(offset as u64)
    }
}

/// The value of one field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    Fixed32(u32),
}

impl<'a> Value<'a> {
    /// A length-delimited value: a message, bytes or packed numbers.
    pub fn bytes(self) -> Option<&'a [u8]> {
        match self {
            Value::Bytes(b) => Some(b),
            _ => None,
        }
    }

    /// A `string` field. Proto3 requires UTF-8, and TensorFlow's own parser refuses anything else.
    pub fn text(self) -> Result<&'a str, Malformed> {
        match self {
            Value::Bytes(b) => {
                std::str::from_utf8(b).map_err(|_| Malformed::at(b, "text is not UTF-8"))
            }
            _ => Ok(""),
        }
    }

    /// An integer, enum or bool field.
    pub fn varint(self) -> Option<u64> {
        match self {
            Value::Varint(v) => Some(v),
            _ => None,
        }
    }

    /// An `int32`, `int64` or enum field; other wire types read as 0.
    pub fn int(self) -> i64 {
        self.varint().unwrap_or(0) as i64
    }
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
        let (value, used) = read_varint(start)
            .ok_or_else(|| Malformed::at(start, "a number ends too early or is too long"))?;
        self.rest = &start[used..];
        Ok(value)
    }

    #[inline]
    fn take(&mut self, len: u64) -> Result<&'a [u8], Malformed> {
        let len = usize::try_from(len).ok().filter(|len| *len <= self.rest.len());
        let Some(len) = len else {
            return Err(Malformed::at(
                self.rest,
                "a field is longer than the message that holds it",
            ));
        };
        let (taken, rest) = self.rest.split_at(len);
        self.rest = rest;
        Ok(taken)
    }

    #[inline]
    fn field(&mut self) -> Result<(u32, Value<'a>), Malformed> {
        // Fields 1 to 15 that hold bytes, of which these messages consist for the most part.
        if let [tag @ 0x08..=0x7f, len @ 0..=0x7f, rest @ ..] = self.rest {
            let len = usize::from(*len);
            if tag & 7 == 2 && len <= rest.len() {
                let (taken, rest) = rest.split_at(len);
                self.rest = rest;
                return Ok((u32::from(tag >> 3), Value::Bytes(taken)));
            }
        }
        self.any_field()
    }

    fn any_field(&mut self) -> Result<(u32, Value<'a>), Malformed> {
        let mut depth = 0usize;
        loop {
            let start = self.rest;
            let tag = self.varint()?;
            let number = u32::try_from(tag >> 3)
                .ok()
                .filter(|n| *n > 0 && *n < 1 << 29)
                .ok_or_else(|| Malformed::at(start, "a field number is out of range"))?;
            let value = match tag & 7 {
                0 => Value::Varint(self.varint()?),
                1 => Value::Fixed64(u64::from_le_bytes(array(self.take(8)?))),
                2 => {
                    let len = self.varint()?;
                    Value::Bytes(self.take(len)?)
                }
                5 => Value::Fixed32(u32::from_le_bytes(array(self.take(4)?))),
                3 if depth < MAX_GROUP_DEPTH => {
                    depth += 1;
                    continue;
                }
                4 if depth > 0 => {
                    depth -= 1;
                    if depth == 0 && self.rest.is_empty() {
                        // A skipped group was the last thing in the message.
                        return Ok((u32::MAX, Value::Varint(0)));
                    }
                    continue;
                }
                _ => return Err(Malformed::at(start, "a field has an impossible wire type")),
            };
            if depth == 0 {
                return Ok((number, value));
            }
        }
    }
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(bytes);
    out
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u32, Value<'a>), Malformed>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

/// Reads a base-128 number of at most ten bytes; gives it and the bytes used.
pub(crate) fn read_varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0u64;
    for (i, byte) in bytes.iter().take(10).enumerate() {
        let low = u64::from(byte & 0x7f);
        if i == 9 && low > 1 {
            return None;
        }
        value |= low << (7 * i);
        if byte & 0x80 == 0 {
            return Some((value, i + 1));
        }
    }
    None
}

/// The numbers of a packed field (`repeated int64` and the like).
pub(crate) fn packed(bytes: &[u8]) -> impl Iterator<Item = Result<u64, Malformed>> + '_ {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        Some(match read_varint(rest) {
            Some((value, used)) => {
                rest = &rest[used..];
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
    fn refuses_a_length_beyond_the_message_and_says_where() {
        let file = [0x08, 0x01, 0x12, 0xff, 0xff, 0xff, 0xff, 0x0f];
        let err = fields(&file).find_map(Result::err).unwrap();
        assert_eq!(err.offset_in(&file), Some(8));
        assert!(fields(&file).count() == 2, "ends after the error");
    }

    #[test]
    fn skips_groups_without_recursion() {
        let mut message = vec![0x0b; MAX_GROUP_DEPTH];
        message.extend(vec![0x0c; MAX_GROUP_DEPTH]);
        message.extend([0x10, 7]);
        assert_eq!(
            fields(&message).map(Result::unwrap).collect::<Vec<_>>(),
            [(2, Value::Varint(7))]
        );
        let deep = vec![0x0b; 100_000];
        assert!(fields(&deep).any(|f| f.is_err()));
    }

    #[test]
    fn varints_stop_at_64_bits() {
        assert_eq!(read_varint(&[0xff; 9]), None);
        let mut max = [0xff; 10];
        max[9] = 0x01;
        assert_eq!(read_varint(&max), Some((u64::MAX, 10)));
        max[9] = 0x02;
        assert_eq!(read_varint(&max), None);
    }
}
