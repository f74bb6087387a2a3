//! The file `saved_model.pb` (or `.pbtxt`), decoded in place as far as a census needs it.
//!
//! Everything borrows from the mapped file. Function bodies and attributes are kept as undecoded
//! bytes and decoded on request; the contents of numeric tensors never are: a count needs types and
//! shapes only.
mod attr;
mod collection;
mod file;
mod function;
mod graph;
mod meta_graph;
mod node;
mod object_graph;
mod per_object;
mod shape;
mod whole;

pub(crate) use attr::TensorHeader;
pub(crate) use collection::VariableDef;
pub(crate) use file::SavedModelFile;
pub(crate) use function::FunctionBody;
pub(crate) use graph::{Graph, OpId};
pub(crate) use meta_graph::{MetaGraph, Signature, select};
pub(crate) use node::{InputName, Node, input_node};
pub(crate) use object_graph::{Edge, Kind, NodeId, ObjectGraph, SavedVariable};
pub(crate) use per_object::PerObject;
pub(crate) use shape::DeclaredShape;
