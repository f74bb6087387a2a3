//! SavedModel and MetaGraph: savers, collections, signatures and assets.
//!
//! Source: saved_model.proto, meta_graph.proto and saver.proto, tensorflow/core/protobuf (TensorFlow
//! 2.21).

use super::field::Kind::*;
use super::field::{Message, enum_number, many, map, one, sub, subs};
use super::graph::{GRAPH, TEXT_ENTRY};
use super::object_graph::{ANY, SAVED_OBJECT_GRAPH};
use super::tensor::{SHAPE, TENSOR, data_type};

pub(crate) static SAVED_MODEL: Message =
    Message(&[one("saved_model_schema_version", 1, Int64), subs("meta_graphs", 2, &META_GRAPH)]);

static META_GRAPH: Message = Message(&[
    sub("meta_info_def", 1, &META_INFO),
    sub("graph_def", 2, &GRAPH),
    sub("saver_def", 3, &SAVER),
    subs("collection_def", 4, &COLLECTION_ENTRY),
    subs("signature_def", 5, &SIGNATURE_ENTRY),
    subs("asset_file_def", 6, &ASSET_FILE),
    sub("object_graph_def", 7, &SAVED_OBJECT_GRAPH),
]);

// Without `stripped_op_list` and `any_info`.
static META_INFO: Message = Message(&[
    one("meta_graph_version", 1, Bytes),
    many("tags", 4, Bytes),
    one("tensorflow_version", 5, Bytes),
    one("tensorflow_git_version", 6, Bytes),
    one("stripped_default_attrs", 7, Bool),
    subs("function_aliases", 8, &TEXT_ENTRY),
]);

static SAVER: Message = Message(&[
    one("filename_tensor_name", 1, Bytes),
    one("save_tensor_name", 2, Bytes),
    one("restore_op_name", 3, Bytes),
    one("max_to_keep", 4, Int32),
    one("sharded", 5, Bool),
    one("keep_checkpoint_every_n_hours", 6, Float),
    one("version", 7, Enum(checkpoint_format)),
]);

fn checkpoint_format(name: &str) -> Option<u64> {
    enum_number(&["LEGACY", "V1", "V2"], name)
}

map!(COLLECTION_ENTRY, Nested(&COLLECTION));

static COLLECTION: Message = Message(&[
    sub("node_list", 1, &BYTES_LIST),
    sub("bytes_list", 2, &BYTES_LIST),
    sub("int64_list", 3, &INT64_LIST),
    sub("float_list", 4, &FLOAT_LIST),
    sub("any_list", 5, &ANY_LIST),
]);

static BYTES_LIST: Message = Message(&[many("value", 1, Bytes)]);
static INT64_LIST: Message = Message(&[many("value", 1, Int64)]);
static FLOAT_LIST: Message = Message(&[many("value", 1, Float)]);
static ANY_LIST: Message = Message(&[subs("value", 1, &ANY)]);

map!(SIGNATURE_ENTRY, Nested(&SIGNATURE));

static SIGNATURE: Message = Message(&[
    subs("inputs", 1, &TENSOR_INFO_ENTRY),
    subs("outputs", 2, &TENSOR_INFO_ENTRY),
    one("method_name", 3, Bytes),
    subs("defaults", 4, &TENSOR_ENTRY),
]);

map!(TENSOR_INFO_ENTRY, Nested(&TENSOR_INFO));
map!(TENSOR_ENTRY, Nested(&TENSOR));

static TENSOR_INFO: Message = Message(&[
    one("name", 1, Bytes),
    one("dtype", 2, Enum(data_type)),
    sub("tensor_shape", 3, &SHAPE),
    sub("coo_sparse", 4, &COO_SPARSE),
    sub("composite_tensor", 5, &COMPOSITE_TENSOR),
]);

static COO_SPARSE: Message = Message(&[
    one("values_tensor_name", 1, Bytes),
    one("indices_tensor_name", 2, Bytes),
    one("dense_shape_tensor_name", 3, Bytes),
]);

// Without `type_spec`.
static COMPOSITE_TENSOR: Message = Message(&[subs("components", 2, &TENSOR_INFO)]);

static ASSET_FILE: Message =
    Message(&[sub("tensor_info", 1, &TENSOR_INFO), one("filename", 2, Bytes)]);
