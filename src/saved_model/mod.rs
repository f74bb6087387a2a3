//! The file `saved_model.pb` (or `.pbtxt`), decoded in place as far as a census needs it.
//!
//! Everything borrows from the mapped file. Function bodies and attributes are kept as undecoded
//! bytes and decoded on request; the contents of numeric tensors never are: a count needs types and
//! shapes only.
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

mod attr;
mod collection;
mod file;
mod function;
mod graph;
mod meta_graph;
mod node;
mod object_graph;
mod shape;

pub(crate) use collection::VariableDef;
pub(crate) use file::SavedModelFile;
pub(crate) use function::FunctionBody;
pub(crate) use graph::Graph;
pub(crate) use meta_graph::{MetaGraph, Signature, select};
pub(crate) use node::{Node, input_node};
pub(crate) use object_graph::{Edge, Kind, NodeId, ObjectGraph};
pub(crate) use shape::DeclaredShape;
