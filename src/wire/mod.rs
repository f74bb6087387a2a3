//! Bounded reading of protocol buffers: the binary wire format in place ([`fields`]), and the text
//! format through a translation to the binary one ([`text`]).
mod binary;
pub(crate) mod text;
pub(crate) mod writer;

pub(crate) use binary::{Malformed, Value, fields, int32, packed, read_varint, split_varint};
