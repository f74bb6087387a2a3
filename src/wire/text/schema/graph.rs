//! Graphs: nodes, attributes and functions.
//!
//! Source: graph.proto, versions.proto, node_def.proto, attr_value.proto, function.proto and
//! op_def.proto, tensorflow/core/framework (TensorFlow 2.21).

use super::field::Kind::*;
use super::field::{Message, many, map, one, sub, subs};
use super::tensor::{SHAPE, TENSOR, data_type};

// Without `debug_info`.
pub(super) static GRAPH: Message = Message(&[
    subs("node", 1, &NODE),
    sub("library", 2, &FUNCTION_LIBRARY),
    one("version", 3, Int32),
    sub("versions", 4, &VERSIONS),
]);

pub(super) static VERSIONS: Message = Message(&[
    one("producer", 1, Int32),
    one("min_consumer", 2, Int32),
    many("bad_consumers", 3, Int32),
]);

// Without `experimental_debug_info` and `experimental_type`.
static NODE: Message = Message(&[
    one("name", 1, Bytes),
    one("op", 2, Bytes),
    many("input", 3, Bytes),
    one("device", 4, Bytes),
    subs("attr", 5, &ATTR_ENTRY),
]);

map!(ATTR_ENTRY, Nested(&ATTR));

static ATTR: Message = Message(&[
    sub("list", 1, &ATTR_LIST),
    one("s", 2, Bytes),
    one("i", 3, Int64),
    one("f", 4, Float),
    one("b", 5, Bool),
    one("type", 6, Enum(data_type)),
    sub("shape", 7, &SHAPE),
    sub("tensor", 8, &TENSOR),
    one("placeholder", 9, Bytes),
    sub("func", 10, &NAME_ATTR_LIST),
]);

static ATTR_LIST: Message = Message(&[
    many("s", 2, Bytes),
    many("i", 3, Int64),
    many("f", 4, Float),
    many("b", 5, Bool),
    many("type", 6, Enum(data_type)),
    subs("shape", 7, &SHAPE),
    subs("tensor", 8, &TENSOR),
    subs("func", 9, &NAME_ATTR_LIST),
]);

static NAME_ATTR_LIST: Message = Message(&[one("name", 1, Bytes), subs("attr", 2, &ATTR_ENTRY)]);

// Without `gradient` and `registered_gradients`.
static FUNCTION_LIBRARY: Message = Message(&[subs("function", 1, &FUNCTION)]);

// Without `arg_attr` and `resource_arg_unique_id`.
static FUNCTION: Message = Message(&[
    sub("signature", 1, &OP),
    subs("node_def", 3, &NODE),
    subs("ret", 4, &TEXT_ENTRY),
    subs("attr", 5, &ATTR_ENTRY),
    subs("control_ret", 6, &TEXT_ENTRY),
]);

map!(pub(super) TEXT_ENTRY, Bytes);

// Without attributes and texts.
static OP: Message = Message(&[
    one("name", 1, Bytes),
    subs("input_arg", 2, &ARG),
    subs("output_arg", 3, &ARG),
    one("is_stateful", 17, Bool),
    many("control_output", 20, Bytes),
]);

static ARG: Message = Message(&[
    one("name", 1, Bytes),
    one("description", 2, Bytes),
    one("type", 3, Enum(data_type)),
    one("type_attr", 4, Bytes),
    one("number_attr", 5, Bytes),
    one("type_list_attr", 6, Bytes),
    one("is_ref", 16, Bool),
]);
