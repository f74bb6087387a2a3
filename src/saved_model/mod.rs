//! The file `saved_model.pb` (or `.pbtxt`), decoded in place as far as a census needs it.
//!
//! Everything borrows from the mapped file. Function bodies, tensor contents and attributes are
//! kept as undecoded bytes and looked into only when something asks.

mod attr;
mod collection;
mod file;
mod function;
mod graph;
mod meta_graph;
mod node;
mod object_graph;
mod shape;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod testing;

pub(crate) use collection::VariableDef;
pub(crate) use file::SavedModelFile;
pub(crate) use function::FunctionBody;
pub(crate) use graph::Graph;
pub(crate) use meta_graph::{MetaGraph, Signature, select};
pub(crate) use node::{Node, input_node};
pub(crate) use object_graph::{Edge, Kind, NodeId, ObjectGraph};
pub(crate) use shape::DeclaredShape;
