//! The tokens of the protobuf text format.
//!
//! Source: google/protobuf/io/tokenizer.cc.

use crate::wire::binary::Malformed;

/// Reads tokens from the front of a text. It is `Copy`: a copy marks where an error is reported.
#[derive(Clone, Copy)]
pub(super) struct Lexer<'a> {
    rest: &'a [u8],
}

/// A name or number, with its sign.
#[derive(Clone, Copy)]
pub(super) struct Number<'a> {
    negative: bool,
    token: &'a str,
}

impl<'a> Lexer<'a> {
    pub fn new(text: &'a [u8]) -> Lexer<'a> {
        // Editors may put a byte order mark first; protobuf's tokenizer skips it too.
        Lexer { rest: text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text) }
    }

    /// An error at the next byte.
    pub fn error(&self, what: &'static str) -> Malformed {
        Malformed::at(self.rest, what)
    }

    /// The first byte of the next token, after white space and comments; `None` at the end.
    pub fn peek(&mut self) -> Option<u8> {
        loop {
            match self.rest {
                [b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c, rest @ ..] => self.rest = rest,
                [b'#', ..] => {
                    let end = self.rest.iter().position(|b| *b == b'\n');
                    self.skip(end.unwrap_or(self.rest.len()));
                }
                _ => return self.rest.first().copied(),
            }
        }
    }

    /// Skips the next `count` bytes.
    pub fn skip(&mut self, count: usize) {
        self.rest = self.rest.get(count..).unwrap_or_default();
    }

    /// Takes the next token if it is this byte.
    pub fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        if found {
            self.skip(1);
        }
        found
    }

    /// Takes the comma or semicolon that may stand between fields.
    pub fn take_separator(&mut self) {
        if !self.take(b',') {
            self.take(b';');
        }
    }

    /// The name of a field; empty for a name that the schema never has: an extension or the URL of an
    /// `Any`, in brackets, or a field number.
    pub fn field_name(&mut self) -> Result<&'a str, Malformed> {
        self.peek();
        let start = *self;
        if self.take(b'[') {
            let inside =
                |b: &u8| b.is_ascii_alphanumeric() || b"_-./~%!$&'()*+,;= \t\r\n".contains(b);
            let len = self.rest.iter().take_while(|b| inside(b)).count();
            self.skip(len);
            return match len > 0 && self.take(b']') {
                true => Ok(""),
                false => Err(start.error("a name in brackets does not end")),
            };
        }
        match self.word(false) {
            "" => Err(start.error("the name of a field is expected")),
            name if name.starts_with(|c: char| c.is_ascii_digit()) => Ok(""),
            name => Ok(name),
        }
    }

    /// Takes letters, digits and underscores; with `number` also the points and signs of numbers.
    fn word(&mut self, number: bool) -> &'a str {
        let hex = matches!(self.rest, [b'0', b'x' | b'X', ..]);
        let mut last = 0;
        let len = self
            .rest
            .iter()
            .take_while(|b| {
                let exponent = matches!(last, b'e' | b'E') && !hex;
                last = **b;
                b.is_ascii_alphanumeric()
                    || **b == b'_'
                    || number && (**b == b'.' || exponent && matches!(**b, b'+' | b'-'))
            })
            .count();
        let (word, rest) = self.rest.split_at(len);
        self.rest = rest;
        // All of these bytes are ASCII.
        std::str::from_utf8(word).unwrap_or_default()
    }

    /// A number or a name, with or without a sign before it: any scalar that is not a string.
    pub fn number(&mut self) -> Result<Number<'a>, Malformed> {
        let negative = self.take(b'-');
        let first = self.peek();
        let start = *self;
        let is_number = first.is_some_and(|b| b.is_ascii_digit() || b == b'.');
        match self.word(is_number) {
            "" | "." => Err(start.error("a value is expected")),
            token => Ok(Number { negative, token }),
        }
    }

    /// A string, or several in a row, which the format joins; decoded into `out`.
    pub fn string(&mut self, out: &mut Vec<u8>) -> Result<(), Malformed> {
        out.clear();
        if !matches!(self.peek(), Some(b'"' | b'\'')) {
            return Err(self.error("a string is expected"));
        }
        while let Some(quote @ (b'"' | b'\'')) = self.peek() {
            let start = *self;
            self.skip(1);
            loop {
                let plain = |b: &&u8| !matches!(**b, b'\\' | b'\n') && **b != quote;
                let len = self.rest.iter().take_while(plain).count();
                let (text, rest) = self.rest.split_at(len);
                out.extend_from_slice(text);
                self.rest = rest;
                match rest {
                    [b'\\', ..] => self.escape(out)?,
                    [b, rest @ ..] if *b == quote => {
                        self.rest = rest;
                        break;
                    }
                    _ => return Err(start.error("a string does not end")),
                }
            }
        }
        Ok(())
    }

    /// Decodes one escape sequence, which begins with the next byte.
    fn escape(&mut self, out: &mut Vec<u8>) -> Result<(), Malformed> {
        let start = *self;
        let bad = || start.error("a string has an unknown escape sequence");
        let kind = *self.rest.get(1).ok_or_else(bad)?;
        self.skip(2);
        let byte = match kind {
            b'a' => 0x07,
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 0x0b,
            b'\\' | b'\'' | b'"' | b'?' => kind,
            b'0'..=b'7' => {
                let more = self.digits(8, 2).unwrap_or((0, 0));
                // \777 is 511; protobuf keeps the low eight bits.
                low_byte(u32::from(kind - b'0') << (3 * more.1) | more.0)
            }
            b'x' | b'X' => low_byte(self.digits(16, 2).ok_or_else(bad)?.0),
            b'u' | b'U' => {
                let symbol = self.code_point(kind).ok_or_else(bad)?;
                out.extend_from_slice(symbol.encode_utf8(&mut [0; 4]).as_bytes());
                return Ok(());
            }
            _ => return Err(bad()),
        };
        out.push(byte);
        Ok(())
    }

    /// Up to `most` digits: their value and how many there are; `None` where there is none.
    fn digits(&mut self, radix: u32, most: usize) -> Option<(u32, usize)> {
        let values = self.rest.iter().take(most).map_while(|b| char::from(*b).to_digit(radix));
        let (value, count) =
            values.fold((0u32, 0), |(value, count), d| (value.wrapping_mul(radix) + d, count + 1));
        self.skip(count);
        (count > 0).then_some((value, count))
    }

    /// After `\u` or `\U`: four or eight hexadecimal digits, or a surrogate pair of two `\u`.
    fn code_point(&mut self, kind: u8) -> Option<char> {
        let len = if kind == b'u' { 4 } else { 8 };
        let (high, count) = self.digits(16, len)?;
        if count != len {
            return None;
        }
        if !(0xd800..0xdc00).contains(&high) {
            return char::from_u32(high);
        }
        self.rest = self.rest.strip_prefix(b"\\u")?;
        let (low, count) = self.digits(16, 4)?;
        if count != 4 || !(0xdc00..0xe000).contains(&low) {
            return None;
        }
        char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))
    }
}

impl<'a> Number<'a> {
    /// The token, if it is a name.
    pub fn name(self) -> Option<&'a str> {
        let name = self.token.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        (name && !self.negative).then_some(self.token)
    }

    /// A decimal, hexadecimal or octal integer from `least` to `most`, as a varint holds it.
    pub fn integer(self, least: i64, most: u64) -> Option<u64> {
        let digits = |text: &str, radix| {
            // `from_str_radix` would accept a sign.
            let valid = text.bytes().all(|b| b.is_ascii_alphanumeric());
            u64::from_str_radix(text, radix).ok().filter(|_| valid)
        };
        let hex = self.token.strip_prefix("0x").or_else(|| self.token.strip_prefix("0X"));
        let octal = self.token.strip_prefix('0').filter(|digits| !digits.is_empty());
        let magnitude = match (hex, octal) {
            (Some(hex), _) => digits(hex, 16),
            (None, Some(octal)) => digits(octal, 8),
            (None, None) => digits(self.token, 10),
        }?;
        if self.negative {
            (magnitude <= least.unsigned_abs()).then(|| magnitude.wrapping_neg())
        } else {
            (magnitude <= most).then_some(magnitude)
        }
    }

    /// A number with or without a fraction, an exponent or an `f` after it; or `inf`, `nan`.
    pub fn float(self) -> Option<f64> {
        let lower = self.token.to_ascii_lowercase();
        let magnitude = match lower.as_str() {
            "inf" | "infinity" => f64::INFINITY,
            "nan" => f64::NAN,
            // Rust's parser would accept "inff" and the like.
            text if text.starts_with(|c: char| c.is_ascii_alphabetic()) => return None,
            text => text.strip_suffix('f').unwrap_or(text).parse().ok()?,
        };
        Some(if self.negative { -magnitude } else { magnitude })
    }

    /// A truth value.
    pub fn bool(self) -> Option<bool> {
        match self.token {
            _ if self.negative => None,
            "true" | "True" | "t" => Some(true),
            "false" | "False" | "f" => Some(false),
            _ => self.integer(0, 1).map(|n| n == 1),
        }
    }
}

fn low_byte(n: u32) -> u8 {
    let [low, ..] = n.to_le_bytes();
    low
}
