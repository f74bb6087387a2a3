//! Attributes of graph nodes as serialized `AttrValue` messages: written for the nodes that the
//! worker adds, read from the nodes of the model.
//!
//! Types are plain numbers, so that types newer than the `tensorflow` crate (8-bit floats, 4-bit
//! integers) pass through it.
//!
//! Source: tensorflow/core/framework/attr_value.proto, tensor.proto, types.proto (TensorFlow 2.21).

use crate::model::DType;
use crate::wire::writer::{put_bytes, put_number, put_varint};
use crate::wire::{self, Value};

/// `AttrValue.type`.
pub(super) fn type_attr(dtype: DType) -> Vec<u8> {
    let mut attr = Vec::new();
    put_number(&mut attr, 6, u64::from(dtype.number()));
    attr
}

/// `AttrValue.list.type`.
pub(super) fn type_list_attr(dtypes: &[DType]) -> Vec<u8> {
    let mut packed = Vec::new();
    for dtype in dtypes {
        put_varint(&mut packed, u64::from(dtype.number()));
    }
    let mut list = Vec::new();
    put_bytes(&mut list, 6, &packed);
    let mut attr = Vec::new();
    put_bytes(&mut attr, 1, &list);
    attr
}

/// `AttrValue.shape` of a tensor whose rank is unknown.
pub(super) fn unknown_shape_attr() -> Vec<u8> {
    let mut shape = Vec::new();
    put_number(&mut shape, 3, 1);
    let mut attr = Vec::new();
    put_bytes(&mut attr, 7, &shape);
    attr
}

/// `AttrValue.tensor`: a scalar string of any bytes.
pub(super) fn string_tensor_attr(text: &[u8]) -> Vec<u8> {
    let mut tensor = Vec::new();
    put_number(&mut tensor, 1, u64::from(DType::STRING.number()));
    put_bytes(&mut tensor, 2, &[]);
    put_bytes(&mut tensor, 8, text);
    let mut attr = Vec::new();
    put_bytes(&mut attr, 8, &tensor);
    attr
}

/// `AttrValue.tensor`: a vector, or a scalar where `dims` is empty, of numbers in the machine's
/// own byte order.
pub(super) fn tensor_attr(dtype: DType, dims: &[u64], content: &[u8]) -> Vec<u8> {
    let mut shape = Vec::new();
    for dim in dims {
        let mut size = Vec::new();
        put_number(&mut size, 1, *dim);
        put_bytes(&mut shape, 2, &size);
    }
    let mut tensor = Vec::new();
    put_number(&mut tensor, 1, u64::from(dtype.number()));
    put_bytes(&mut tensor, 2, &shape);
    put_bytes(&mut tensor, 4, content);
    let mut attr = Vec::new();
    put_bytes(&mut attr, 8, &tensor);
    attr
}

/// `AttrValue.i`.
pub(super) fn int_attr(value: u64) -> Vec<u8> {
    let mut attr = Vec::new();
    put_number(&mut attr, 3, value);
    attr
}

/// The type in an `AttrValue`, a reference type as its base type; `None` where it has none.
pub(super) fn read_type(attr: &[u8]) -> Option<DType> {
    let mut found = None;
    for field in wire::fields(attr) {
        if let (6, Value::Varint(number)) = field.ok()? {
            found = DType::from_number(wire::int32(number).into());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_types_as_the_protocol_buffer_rules_say() {
        // Field 6, varint: tag 0x30. From the encoding guide, not from this code.
        assert_eq!(type_attr(DType::FLOAT32), [0x30, 0x01]);
        let float8 = DType::from_number(24).unwrap();
        assert_eq!(type_list_attr(&[DType::INT64, float8]), [0x0a, 0x04, 0x32, 0x02, 0x09, 0x18]);
    }

    #[test]
    fn writes_a_string_tensor_of_any_bytes() {
        assert_eq!(
            string_tensor_attr(b"\xff"),
            [0x42, 0x07, 0x08, 0x07, 0x12, 0x00, 0x42, 0x01, 0xff]
        );
    }

    #[test]
    fn writes_a_tensor_of_numbers() {
        // AttrValue 8 { dtype 1: 3, shape 2 { dim 2 { size 1: 1 } }, content 4: four bytes }.
        assert_eq!(
            tensor_attr(DType::INT32, &[1], &[7, 0, 0, 0]),
            [0x42, 14, 0x08, 3, 0x12, 4, 0x12, 2, 0x08, 1, 0x22, 4, 7, 0, 0, 0]
        );
        assert_eq!(int_attr(8), [0x18, 8]);
    }

    #[test]
    fn folds_the_reference_type_of_a_variable() {
        assert_eq!(read_type(&[0x30, 101]), Some(DType::FLOAT32));
        assert_eq!(read_type(&[0x30, 0x00]), None);
        assert_eq!(read_type(&[0x12, 0x01, b'x']), None);
        assert_eq!(read_type(&[0x30]), None);
    }
}
