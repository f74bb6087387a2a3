//! Tensors, shapes and element types.
//!
//! Source: tensor.proto, tensor_shape.proto and types.proto, tensorflow/core/framework (TensorFlow
//! 2.21).

use super::field::Kind::*;
use super::field::{Message, enum_number, many, one, sub, subs};

// Without `resource_handle_val` and `variant_val`.
pub(super) static TENSOR: Message = Message(&[
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

pub(super) static SHAPE: Message = Message(&[subs("dim", 2, &DIM), one("unknown_rank", 3, Bool)]);
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

pub(super) fn data_type(name: &str) -> Option<u64> {
    let name = name.strip_prefix("DT_")?;
    match name.strip_suffix("_REF") {
        Some(base) => enum_number(&DATA_TYPES, base).filter(|n| *n > 0).map(|n| n + 100),
        None => enum_number(&DATA_TYPES, name),
    }
}
