//! Names and numbers of the fields that this program reads of a `SavedModel`, and of those beside
//! them. What is not listed is read over.
//!
//! Source: the .proto files named at each part, under tensorflow/core (TensorFlow 2.21).

/// The fields of a message.
pub(super) struct Message(pub &'static [Field]);

/// One field.
#[derive(Debug)]
pub(super) struct Field {
    pub name: &'static str,
    pub number: u32,
    pub kind: Kind,
    pub repeated: bool,
}

/// What a field holds.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Int32,
    Int64,
    Uint32,
    Uint64,
    Bool,
    Float,
    Double,
    /// A string or bytes.
    Bytes,
    /// Gives the number of a name, as it stands on the wire.
    Enum(fn(&str) -> Option<u64>),
    /// Another message.
    Nested(&'static Message),
}

impl std::fmt::Debug for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Kind::Int32 => "int32",
            Kind::Int64 => "int64",
            Kind::Uint32 => "uint32",
            Kind::Uint64 => "uint64",
            Kind::Bool => "bool",
            Kind::Float => "float",
            Kind::Double => "double",
            Kind::Bytes => "bytes",
            Kind::Enum(_) => "enum",
            Kind::Nested(_) => "message",
        })
    }
}

impl Message {
    /// The field of this name, and its place among the fields.
    pub fn field(&self, name: &str) -> Option<(usize, &'static Field)> {
        self.0.iter().enumerate().find(|(_, field)| field.name == name)
    }
}

const fn one(name: &'static str, number: u32, kind: Kind) -> Field {
    Field { name, number, kind, repeated: false }
}

const fn many(name: &'static str, number: u32, kind: Kind) -> Field {
    Field { name, number, kind, repeated: true }
}

/// A message field.
const fn sub(name: &'static str, number: u32, message: &'static Message) -> Field {
    one(name, number, Nested(message))
}

/// A repeated message field, or a map, which is one of its entries.
const fn subs(name: &'static str, number: u32, message: &'static Message) -> Field {
    many(name, number, Nested(message))
}

use Kind::*;

/// The entry of a map.
macro_rules! map {
    ($name:ident, $value:expr) => {
        static $name: Message = Message(&[one("key", 1, Bytes), one("value", 2, $value)]);
    };
}

// protobuf/saved_model.proto, protobuf/meta_graph.proto, protobuf/saver.proto.

pub(super) static SAVED_MODEL: Message =
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

map!(TEXT_ENTRY, Bytes);

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
    place(&["LEGACY", "V1", "V2"], name)
}

/// The number of a name in an enum that starts at 0 and has no holes.
fn place(names: &[&str], name: &str) -> Option<u64> {
    names.iter().position(|n| *n == name).map(|place| place as u64)
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

// google/protobuf/any.proto. In text its contents may also stand expanded, under its address in
// brackets; they are read over.
static ANY: Message = Message(&[one("type_url", 1, Bytes), one("value", 2, Bytes)]);

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

// framework/graph.proto, framework/node_def.proto, framework/versions.proto.

// Without `debug_info`.
static GRAPH: Message = Message(&[
    subs("node", 1, &NODE),
    sub("library", 2, &FUNCTION_LIBRARY),
    one("version", 3, Int32),
    sub("versions", 4, &VERSIONS),
]);

static VERSIONS: Message = Message(&[
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

// framework/attr_value.proto.

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

// framework/tensor.proto, framework/tensor_shape.proto, framework/types.proto.

// Without `resource_handle_val` and `variant_val`.
static TENSOR: Message = Message(&[
    one("dtype", 1, Enum(data_type)),
    sub("tensor_shape", 2, &SHAPE),
    one("version_number", 3, Int32),
    one("tensor_content", 4, Bytes),
    many("float_val", 5, Float),
    many("double_val", 6, Double),
    many("int_val", 7, Int32),
    many("string_val", 8, Bytes),
    many("scomplex_val", 9, Float),
    many("int64_val", 10, Int64),
    many("bool_val", 11, Bool),
    many("dcomplex_val", 12, Double),
    many("half_val", 13, Int32),
    many("uint32_val", 16, Uint32),
    many("uint64_val", 17, Uint64),
    one("float8_val", 18, Bytes),
]);

static SHAPE: Message = Message(&[subs("dim", 2, &DIM), one("unknown_rank", 3, Bool)]);
static DIM: Message = Message(&[one("size", 1, Int64), one("name", 2, Bytes)]);

/// The names of `DataType` from 0 on, without `DT_`.
const DATA_TYPES: [&str; 34] = [
    "INVALID",
    "FLOAT",
    "DOUBLE",
    "INT32",
    "UINT8",
    "INT16",
    "INT8",
    "STRING",
    "COMPLEX64",
    "INT64",
    "BOOL",
    "QINT8",
    "QUINT8",
    "QINT32",
    "BFLOAT16",
    "QINT16",
    "QUINT16",
    "UINT16",
    "COMPLEX128",
    "HALF",
    "RESOURCE",
    "VARIANT",
    "UINT32",
    "UINT64",
    "FLOAT8_E5M2",
    "FLOAT8_E4M3FN",
    "FLOAT8_E4M3FNUZ",
    "FLOAT8_E4M3B11FNUZ",
    "FLOAT8_E5M2FNUZ",
    "INT4",
    "UINT4",
    "INT2",
    "UINT2",
    "FLOAT4_E2M1FN",
];

fn data_type(name: &str) -> Option<u64> {
    let name = name.strip_prefix("DT_")?;
    match name.strip_suffix("_REF") {
        Some(base) => place(&DATA_TYPES, base).filter(|n| *n > 0).map(|n| n + 100),
        None => place(&DATA_TYPES, name),
    }
}

// framework/function.proto, framework/op_def.proto.

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

// protobuf/saved_object_graph.proto, protobuf/trackable_object_graph.proto.

static SAVED_OBJECT_GRAPH: Message = Message(&[
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

// framework/variable.proto.

fn synchronization(name: &str) -> Option<u64> {
    let name = name.strip_prefix("VARIABLE_SYNCHRONIZATION_")?;
    place(&["AUTO", "NONE", "ON_WRITE", "ON_READ"], name)
}

fn aggregation(name: &str) -> Option<u64> {
    let name = name.strip_prefix("VARIABLE_AGGREGATION_")?;
    place(&["NONE", "SUM", "MEAN", "ONLY_FIRST_REPLICA"], name)
}
