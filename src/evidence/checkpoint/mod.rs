//! Reads tensor bundles (checkpoints, version 2): `variables.index` and its `.data-*` shards.
//!
//! ```text
//! table (blocks, keys)  ->  bundle (entries, slices)  ->  check (shards, sizes, slices)
//!                                                     ->  verify (checksums of the tensors' bytes)
//!                                                     ->  string_tensor  ->  object_graph
//! ```
//!
//! The index states what is stored: keys, shapes, types, and where the bytes lie. Which of it is a
//! weight of the model is decided elsewhere. No tensor's values are decoded here; `verify` reads the
//! bytes, but only to compare checksums.
//!
//! Sources: tensorflow/core/util/tensor_bundle/tensor_bundle.{h,cc} and
//! tensorflow/core/protobuf/tensor_bundle.proto (TensorFlow 2.21).
mod bundle;
mod check;
mod checksum;
mod entry;
mod index_error;
mod keys;
mod object_graph;
mod problem;
mod shard;
mod string_tensor;
pub(crate) mod table;
#[cfg(test)]
mod tests;
mod tiling;
mod verify;

#[cfg(any(test, feature = "testkit"))]
pub(crate) use bundle::parse_index;
pub use bundle::{Index, read_index};
pub use check::check;
pub use index_error::IndexError;
#[cfg(test)]
pub(crate) use keys::slice_key;
pub use object_graph::{Attribute, Child, Node, ObjectGraph};
pub use problem::{Problem, ProblemKind};
#[cfg(any(test, feature = "testkit"))]
pub(crate) use shard::shard_path;
pub use string_tensor::{StringError, read_string_scalar};
pub use verify::verify_checksums;

/// Key of the checkpoint's own object graph, a scalar string tensor that holds a serialized
/// `TrackableObjectGraph`; absent in name-based (TF1) checkpoints.
/// Source: `OBJECT_GRAPH_PROTO_KEY`, tensorflow/python/checkpoint/trackable/base.py.
pub const OBJECT_GRAPH_KEY: &[u8] = b"_CHECKPOINTABLE_OBJECT_GRAPH";
