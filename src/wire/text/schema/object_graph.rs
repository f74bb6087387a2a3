//! The object graph of a TF2 model.
//!
//! Source: saved_object_graph.proto and trackable_object_graph.proto, tensorflow/core/protobuf;
//! variable.proto, tensorflow/core/framework; any.proto, google/protobuf (TensorFlow 2.21).

use super::field::Kind::*;
use super::field::{Message, enum_number, many, map, one, sub, subs};
use super::graph::VERSIONS;
use super::tensor::{SHAPE, data_type};

pub(super) static SAVED_OBJECT_GRAPH: Message = Message(&[
    subs("nodes", 1, &SAVED_OBJECT),
    subs("concrete_functions", 2, &CONCRETE_FUNCTION_ENTRY),
]);

static SAVED_OBJECT: Message = Message(&[
    subs("children", 1, &OBJECT_REFERENCE),
    subs("slot_variables", 3, &SLOT_VARIABLE_REFERENCE),
    sub("user_object", 4, &SAVED_USER_OBJECT),
    sub("asset", 5, &SAVED_ASSET),
    sub("function", 6, &SAVED_FUNCTION),
    sub("variable", 7, &SAVED_VARIABLE),
    sub("bare_concrete_function", 8, &BARE_CONCRETE_FUNCTION),
    sub("constant", 9, &SAVED_CONSTANT),
    sub("resource", 10, &SAVED_RESOURCE),
    subs("saveable_objects", 11, &SAVEABLE_OBJECT_ENTRY),
    sub("captured_tensor", 12, &CAPTURED_TENSOR),
    one("registered_name", 13, Bytes),
    sub("serialized_user_proto", 14, &ANY),
    subs("dependencies", 15, &OBJECT_REFERENCE),
    one("registered_saver", 16, Bytes),
]);

static OBJECT_REFERENCE: Message =
    Message(&[one("node_id", 1, Int32), one("local_name", 2, Bytes)]);

static SLOT_VARIABLE_REFERENCE: Message = Message(&[
    one("original_variable_node_id", 1, Int32),
    one("slot_name", 2, Bytes),
    one("slot_variable_node_id", 3, Int32),
]);

static SAVED_USER_OBJECT: Message = Message(&[
    one("identifier", 1, Bytes),
    sub("version", 2, &VERSIONS),
    one("metadata", 3, Bytes),
]);

static SAVED_ASSET: Message = Message(&[one("asset_file_def_index", 1, Int32)]);
static SAVED_CONSTANT: Message = Message(&[one("operation", 1, Bytes)]);
static SAVED_RESOURCE: Message = Message(&[one("device", 1, Bytes)]);

static CAPTURED_TENSOR: Message =
    Message(&[one("name", 1, Bytes), one("concrete_function", 2, Bytes)]);

// Without `function_spec`, here and below.
static SAVED_FUNCTION: Message = Message(&[many("concrete_functions", 1, Bytes)]);

static BARE_CONCRETE_FUNCTION: Message = Message(&[
    one("concrete_function_name", 1, Bytes),
    many("argument_keywords", 2, Bytes),
    one("allowed_positional_arguments", 3, Int64),
]);

map!(CONCRETE_FUNCTION_ENTRY, Nested(&CONCRETE_FUNCTION));

// Without `canonicalized_input_signature` and `output_signature`.
static CONCRETE_FUNCTION: Message = Message(&[many("bound_inputs", 2, Int32)]);

map!(SAVEABLE_OBJECT_ENTRY, Nested(&SAVEABLE_OBJECT));

static SAVEABLE_OBJECT: Message =
    Message(&[one("save_function", 2, Int32), one("restore_function", 3, Int32)]);

static SAVED_VARIABLE: Message = Message(&[
    one("dtype", 1, Enum(data_type)),
    sub("shape", 2, &SHAPE),
    one("trainable", 3, Bool),
    one("synchronization", 4, Enum(synchronization)),
    one("aggregation", 5, Enum(aggregation)),
    one("name", 6, Bytes),
    one("device", 7, Bytes),
    subs("experimental_distributed_variable_components", 8, &SAVED_VARIABLE),
]);

fn synchronization(name: &str) -> Option<u64> {
    let name = name.strip_prefix("VARIABLE_SYNCHRONIZATION_")?;
    enum_number(&["AUTO", "NONE", "ON_WRITE", "ON_READ"], name)
}

fn aggregation(name: &str) -> Option<u64> {
    let name = name.strip_prefix("VARIABLE_AGGREGATION_")?;
    enum_number(&["NONE", "SUM", "MEAN", "ONLY_FIRST_REPLICA"], name)
}

// In text the contents may also stand expanded, below the type's URL in brackets; they are skipped.
pub(super) static ANY: Message = Message(&[one("type_url", 1, Bytes), one("value", 2, Bytes)]);
