//! What stands in a message more than once although it is one value: how parsers merge it.
//!
//! Parts of a message field are read as if they were one message. A scalar takes its last value, a
//! map the last entry of each key, a `oneof` the member that came last. A reader that chose otherwise
//! would see another model than TensorFlow does, and a crafted file could show it a harmless one.
//!
//! Source: <https://protobuf.dev/programming-guides/encoding/#last-one-wins>.

use std::hash::Hash;

use foldhash::{HashSet, HashSetExt};

use super::binary::{Fields, Malformed, Value, fields};

/// A message field that is not repeated, in all parts in which it is written: nearly always one.
#[derive(Clone, Debug, Default, Hash)]
pub(crate) struct Message<'a> {
    first: Option<&'a [u8]>,
    more: Vec<&'a [u8]>,
}

impl<'a> Message<'a> {
    /// A message in one part.
    pub fn new(bytes: &'a [u8]) -> Message<'a> {
        Message { first: Some(bytes), more: Vec::new() }
    }

    /// Adds the next part.
    pub fn merge(&mut self, part: &'a [u8]) {
        match self.first {
            None => self.first = Some(part),
            Some(_) => self.more.push(part),
        }
    }

    /// Its parts, in order.
    pub fn parts(&self) -> impl Iterator<Item = &'a [u8]> + '_ {
        self.first.into_iter().chain(self.more.iter().copied())
    }

    /// The fields of all parts.
    pub fn fields(&self) -> MessageFields<'_, 'a> {
        MessageFields { fields: fields(self.first.unwrap_or_default()), more: self.more.iter() }
    }
}

/// The fields of a message, of one part after the other. After the first error it ends.
#[derive(Clone)]
pub(crate) struct MessageFields<'m, 'a> {
    fields: Fields<'a>,
    more: std::slice::Iter<'m, &'a [u8]>,
}

impl<'a> Iterator for MessageFields<'_, 'a> {
    type Item = Result<(u32, Value<'a>), Malformed>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(field) = self.fields.next() {
                if field.is_err() {
                    self.more = [].iter();
                }
                return Some(field);
            }
            self.fields = fields(self.more.next()?);
        }
    }
}

/// A member of a `oneof`: its number and its value.
#[derive(Clone, Debug)]
pub(crate) enum Member<'a> {
    Scalar(u32, Value<'a>),
    Message(u32, Message<'a>),
}

/// A `oneof` while its message is read. Only members with the wire type of their field count.
#[derive(Clone, Debug, Default)]
pub(crate) struct OneOf<'a>(Option<Member<'a>>);

impl<'a> OneOf<'a> {
    /// Sets a member that is a message. Where that member is set already, this is another part of it.
    pub fn merge(&mut self, number: u32, part: &'a [u8]) {
        match &mut self.0 {
            Some(Member::Message(set, message)) if *set == number => message.merge(part),
            other => *other = Some(Member::Message(number, Message::new(part))),
        }
    }

    /// Sets a member that is a scalar.
    pub fn set(&mut self, number: u32, value: Value<'a>) {
        self.0 = Some(Member::Scalar(number, value));
    }

    /// The member that is set.
    pub fn member(self) -> Option<Member<'a>> {
        self.0
    }

    /// The member `number`, where it is a message and is the one that is set.
    pub fn message(self, number: u32) -> Option<Message<'a>> {
        match self.0 {
            Some(Member::Message(set, message)) if set == number => Some(message),
            _ => None,
        }
    }
}

/// The entries of a map: of those with one key the last, which replaces the others as a whole.
pub(crate) fn last_of_each<K: Copy + Eq + Hash, V>(mut entries: Vec<(K, V)>) -> Vec<(K, V)> {
    let mut seen = HashSet::with_capacity(entries.len());
    entries.reverse();
    entries.retain(|(key, _)| seen.insert(*key));
    entries.reverse();
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read_as_one_message_up_to_the_first_error() {
        let mut message = Message::default();
        assert_eq!(message.fields().count(), 0);
        for part in [&[0x08, 1][..], &[], &[0x10, 2], &[0x08], &[0x18, 3]] {
            message.merge(part);
        }
        let fields: Vec<_> = message.fields().flatten().collect();
        assert_eq!(fields, [(1, Value::Varint(1)), (2, Value::Varint(2))]);
        assert_eq!(message.fields().filter(Result::is_err).count(), 1);
    }

    /// The encoding guide: of several members of a oneof the last counts; a message that is set
    /// already is merged, and one that another member has replaced begins anew.
    #[test]
    fn the_last_member_of_a_oneof_counts() {
        let parts = |one_of: OneOf<'static>| match one_of.member() {
            Some(Member::Message(number, message)) => (number, 1 + message.more.len()),
            Some(Member::Scalar(number, _)) => (number, 0),
            None => (0, 0),
        };
        let mut one_of = OneOf::default();
        one_of.merge(1, b"a");
        one_of.merge(1, b"b");
        assert_eq!(parts(one_of.clone()), (1, 2));
        one_of.merge(2, b"c");
        assert_eq!(parts(one_of.clone()), (2, 1));
        one_of.set(3, Value::Varint(7));
        assert_eq!(parts(one_of.clone()), (3, 0));
        one_of.merge(1, b"d");
        assert_eq!(parts(one_of.clone()), (1, 1));
        assert!(one_of.clone().message(2).is_none());
        assert!(one_of.message(1).is_some());
    }

    #[test]
    fn the_last_entry_of_a_key_replaces_the_others() {
        let entries = vec![("a", 1), ("b", 2), ("a", 3)];
        assert_eq!(last_of_each(entries), [("b", 2), ("a", 3)]);
    }
}
