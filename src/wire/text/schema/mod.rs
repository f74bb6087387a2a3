//! Names and numbers of the fields that this program reads of a `SavedModel`, and of their
//! neighbours in the same messages. What is not listed is skipped.
//!
//! Written by hand and not generated: it holds about a third of the fields, and the binary decoders
//! know the same numbers.

mod field;
mod graph;
mod meta_graph;
mod object_graph;
mod tensor;

pub(super) use field::{Field, Kind, Message};
pub(super) use meta_graph::SAVED_MODEL;
