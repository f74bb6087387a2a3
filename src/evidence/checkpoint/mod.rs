//! Reads tensor bundles (checkpoints, version 2): `variables.index` and its `.data-*` shards.
//!
//! ```text
//! table (blocks, keys)  ->  bundle (entries, slices)  ->  check (shards, sizes, slices)
//!                                                     ->  verify (checksums of the tensors' bytes)
//!                                                     ->  string_tensor  ->  object_graph
//! ```
//!
//! The index decides nothing about a model: it says what is stored, under which key, with which
//! shape and dtype, and where. Nothing here reads a tensor's values.
//!
//! Sources: tensorflow/core/util/tensor_bundle/tensor_bundle.{h,cc} and
//! tensorflow/core/protobuf/tensor_bundle.proto (TensorFlow 2.21).

mod bundle;
mod check;
mod checksum;
mod entry;
mod keys;
mod object_graph;
mod shard;
mod string_tensor;
pub(crate) mod table;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod table_writer;
#[cfg(test)]
mod tests;
mod tiling;
mod verify;

#[cfg(any(test, feature = "benchmarks", feature = "fuzzing"))]
pub use bundle::parse_index;
pub use bundle::{Index, IndexError, read_index};
pub use check::{Problem, ProblemKind, check};
#[cfg(test)]
pub(crate) use keys::slice_key;
pub use object_graph::{Attribute, Child, Node, ObjectGraph};
#[cfg(any(test, feature = "benchmarks"))]
pub use shard::shard_path;
pub use string_tensor::{StringError, read_string_scalar};
pub use verify::verify_checksums;

/// Key of the checkpoint's own object graph, a scalar string tensor that holds a serialized
/// `TrackableObjectGraph`; absent in name-based (TF1) checkpoints.
/// Source: `OBJECT_GRAPH_PROTO_KEY`, tensorflow/python/checkpoint/trackable/base.py.
pub const OBJECT_GRAPH_KEY: &[u8] = b"_CHECKPOINTABLE_OBJECT_GRAPH";
