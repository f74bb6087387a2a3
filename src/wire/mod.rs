//! Bounded reading of protocol buffers: the binary wire format in place ([`fields`], [`Message`]), and
//! the text format through a translation to the binary one ([`text`]).
//!
//! A decoder matches on number and wire type together, as parsers do: a known number with another
//! wire type is an unknown field, and is skipped. [`Value`] therefore has no accessors.
mod binary;
mod merge;
pub(crate) mod text;
pub(crate) mod writer;

pub(crate) use binary::{
    Fields, Malformed, Value, fields, int32, packed, read_varint, split_varint, utf8,
};
pub(crate) use merge::{Member, Message, OneOf, last_of_each};
