//! Bounded reading of protocol buffers: the binary wire format in place ([`fields`]), and the text
//! format through a translation to the binary one ([`text`]).
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_possible_wrap
    )
)]

mod binary;
pub(crate) mod text;
#[cfg(any(test, feature = "testkit"))]
pub(crate) mod writer;

pub(crate) use binary::{Malformed, Value, fields, int32, packed, read_varint, split_varint};
