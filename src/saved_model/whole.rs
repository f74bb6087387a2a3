//! Whether a parser could read the whole file, and not only what a census looks at.
//!
//! TensorFlow reads `saved_model.pb` as one message and refuses it if any part is damaged. A census
//! decodes a few percent of the file, and must not call a model good that nothing can load. So all
//! messages are walked to their ends, as the parser of protocol buffers walks them: wire format, text
//! that is UTF-8, packed numbers, depth. Time is linear in the number of fields; contents of tensors
//! are passed over, except where numbers are packed as varints.
//!
//! Source of `messages.txt`: the descriptors of TensorFlow's own messages, and the rules of
//! <https://protobuf.dev/programming-guides/encoding/>.

use std::sync::LazyLock;

use foldhash::{HashMap, HashMapExt};

use crate::limits::MAX_MESSAGE_DEPTH;
use crate::wire::{Fields, Malformed, Value, fields, packed, utf8};

/// More than the highest field number in `messages.txt`.
const NUMBERS: usize = 64;

/// What a parser does with a length-delimited field.
#[derive(Clone, Copy)]
enum Contents {
    /// Nothing: bytes, or a field that it does not know.
    Opaque,
    /// A message: its position in [`Messages`].
    Message(usize),
    /// Text, which has to be UTF-8.
    Text,
    /// Packed varints.
    Varints,
    /// Packed numbers of so many bytes each.
    Fixed(usize),
}

/// The length-delimited fields of every message; of the `SavedModel` first.
struct Messages(Vec<[Contents; NUMBERS]>);

static MESSAGES: LazyLock<Messages> =
    LazyLock::new(|| Messages::parse(include_str!("messages.txt")));

impl Messages {
    fn parse(table: &str) -> Messages {
        let lines = || table.lines().filter(|line| !line.starts_with('#'));
        let mut by_name = HashMap::new();
        for (at, line) in lines().enumerate() {
            by_name.insert(line.split(' ').next().unwrap_or_default(), at);
        }
        let contents = |word: &str| match word {
            "s" => Contents::Text,
            "v" => Contents::Varints,
            "4" => Contents::Fixed(4),
            "8" => Contents::Fixed(8),
            message => by_name.get(message).map_or(Contents::Opaque, |at| Contents::Message(*at)),
        };
        let message = |line: &str| {
            let mut message = [Contents::Opaque; NUMBERS];
            for field in line.split(' ').skip(1) {
                let (number, word) = field.split_once(':').unwrap_or_default();
                let number = number.parse().unwrap_or(NUMBERS);
                if let Some(slot) = message.get_mut(number) {
                    *slot = contents(word);
                }
            }
            message
        };
        Messages(lines().map(message).collect())
    }

    fn contents(&self, message: usize, number: u32) -> Contents {
        let contents = self.0.get(message).and_then(|fields| fields.get(number as usize));
        contents.copied().unwrap_or(Contents::Opaque)
    }
}

/// Walks a whole `SavedModel`.
///
/// # Errors
/// The first damage that makes a parser refuse the file.
pub(super) fn check(saved_model: &[u8]) -> Result<(), Malformed> {
    let messages = &*MESSAGES;
    let mut open: Vec<(usize, Fields<'_>)> = vec![(0, fields(saved_model))];
    while let Some((message, rest)) = open.last_mut() {
        let Some(field) = rest.next() else {
            open.pop();
            continue;
        };
        let (number, Value::Bytes(bytes)) = field? else { continue };
        match messages.contents(*message, number) {
            Contents::Opaque => {}
            Contents::Message(inner) => {
                if open.len() > MAX_MESSAGE_DEPTH {
                    return Err(Malformed::at(bytes, "messages are nested too deeply"));
                }
                open.push((inner, fields(bytes)));
            }
            Contents::Text => {
                utf8(bytes)?;
            }
            Contents::Varints => packed(bytes).try_for_each(|number| number.map(drop))?,
            Contents::Fixed(len) if bytes.len() % len != 0 => {
                return Err(Malformed::at(bytes, "a packed number ends too early"));
            }
            Contents::Fixed(_) => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::protobuf::{Message, bytes, text};

    /// A `SavedModel` with this `GraphDef`.
    fn model(graph: Message) -> Vec<u8> {
        bytes(2, bytes(2, graph)).0
    }

    #[test]
    fn every_message_that_the_table_names_is_in_the_table() {
        let table = include_str!("messages.txt");
        let lines: Vec<&str> = table.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(lines[0].starts_with("SavedModel "));
        for field in lines.iter().flat_map(|line| line.split(' ').skip(1)) {
            let (number, word) = field.split_once(':').unwrap();
            assert!(number.parse::<usize>().unwrap() < NUMBERS, "{field}");
            let is_message = lines.iter().any(|line| line.split(' ').next() == Some(word));
            assert!(is_message || ["s", "v", "4", "8"].contains(&word), "{field}");
        }
    }

    /// What a census does not look at: the value of an attribute, the shape of a signature's input.
    #[test]
    fn damage_is_found_where_nothing_else_looks() {
        let attr = |value: &[u8]| bytes(1, bytes(5, text(1, "_x").with(bytes(2, value))));
        assert!(check(&model(attr(&text(2, "x").0))).is_ok());
        assert!(check(&model(attr(&[0x0e, 0]))).is_err());
        // AttrValue.placeholder is text, AttrValue.s is not.
        assert!(check(&model(attr(&bytes(2, b"\xff").0))).is_ok());
        assert!(check(&model(attr(&bytes(9, b"\xff").0))).is_err());
        // AttrValue.list: packed integers (3), packed floats (4).
        assert!(check(&model(attr(&bytes(1, bytes(3, [0x80, 1])).0))).is_ok());
        assert!(check(&model(attr(&bytes(1, bytes(3, [0x80])).0))).is_err());
        assert!(check(&model(attr(&bytes(1, bytes(4, [0; 8])).0))).is_ok());
        assert!(check(&model(attr(&bytes(1, bytes(4, [0; 7])).0))).is_err());
    }

    /// `CodedInputStream::default_recursion_limit_` of protocol buffers is 100.
    #[test]
    fn messages_may_be_nested_a_hundred_times() {
        // SavedModel, MetaGraphDef, GraphDef and NodeDef hold a FullTypeDef (7), which holds others (2).
        let nested = |depth: usize| {
            let inner = (4..depth).fold(Message::default(), |inner, _| bytes(2, inner));
            model(bytes(1, bytes(7, inner)))
        };
        assert!(check(&nested(100)).is_ok());
        assert!(check(&nested(101)).is_err());
    }
}
