//! Element types as TensorFlow numbers them.

use std::borrow::Cow;
use std::fmt;

/// A TensorFlow element type, kept as its number so that types newer than this
/// program survive a round trip.
///
/// Reference types (number + 100, TF1 variables) are folded onto their base type.
/// Source: `enum DataType`, tensorflow/core/framework/types.proto (TensorFlow 2.21).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DType(u32);

/// Distance between a type and its reference type in types.proto.
const REFERENCE_OFFSET: u32 = 100;

/// Number, name, and bytes an element takes in a checkpoint; 0 where elements have no fixed width.
///
/// The 4-bit and 2-bit types take a whole byte each: TensorFlow stores them unpacked.
const KNOWN: &[(u32, &str, u32)] = &[
    (1, "float32", 4),
    (2, "float64", 8),
    (3, "int32", 4),
    (4, "uint8", 1),
    (5, "int16", 2),
    (6, "int8", 1),
    (7, "string", 0),
    (8, "complex64", 8),
    (9, "int64", 8),
    (10, "bool", 1),
    (11, "qint8", 1),
    (12, "quint8", 1),
    (13, "qint32", 4),
    (14, "bfloat16", 2),
    (15, "qint16", 2),
    (16, "quint16", 2),
    (17, "uint16", 2),
    (18, "complex128", 16),
    (19, "float16", 2),
    (20, "resource", 0),
    (21, "variant", 0),
    (22, "uint32", 4),
    (23, "uint64", 8),
    (24, "float8_e5m2", 1),
    (25, "float8_e4m3fn", 1),
    (26, "float8_e4m3fnuz", 1),
    (27, "float8_e4m3b11fnuz", 1),
    (28, "float8_e5m2fnuz", 1),
    (29, "int4", 1),
    (30, "uint4", 1),
    (31, "int2", 1),
    (32, "uint2", 1),
    (33, "float4_e2m1fn", 1),
];

impl DType {
    /// 32-bit floating point.
    pub const FLOAT32: DType = DType(1);
    /// 64-bit floating point.
    pub const FLOAT64: DType = DType(2);
    /// 32-bit signed integer.
    pub const INT32: DType = DType(3);
    /// Byte strings of any length.
    pub const STRING: DType = DType(7);
    /// 64-bit signed integer.
    pub const INT64: DType = DType(9);
    /// Truth values.
    pub const BOOL: DType = DType(10);
    /// A handle to a resource such as a variable or a table.
    pub const RESOURCE: DType = DType(20);
    /// An opaque value.
    pub const VARIANT: DType = DType(21);

    /// The type with this number in types.proto. 0 (unset) and negative numbers give `None`.
    pub fn from_number(number: i64) -> Option<DType> {
        let number = u32::try_from(number).ok().filter(|n| *n > 0)?;
        Some(DType(if number > REFERENCE_OFFSET { number - REFERENCE_OFFSET } else { number }))
    }

    /// The type with this name, as [`DType::name`] writes it.
    pub fn from_name(name: &str) -> Option<DType> {
        let known = KNOWN.iter().find(|k| k.1 == name).map(|k| DType(k.0));
        known.or(match name {
            "half" => Some(DType(19)),
            "float" => Some(DType(1)),
            "double" => Some(DType(2)),
            _ => None,
        })
    }

    /// The number in types.proto, never a reference type's.
    pub fn number(self) -> u32 {
        self.0
    }

    fn known(self) -> Option<&'static (u32, &'static str, u32)> {
        KNOWN.iter().find(|k| k.0 == self.0)
    }

    /// TensorFlow's own name (`float32`), or `dtype 77` for a number this program does not know.
    pub fn name(self) -> Cow<'static, str> {
        match self.known() {
            Some(k) => Cow::Borrowed(k.1),
            None => Cow::Owned(format!("dtype {}", self.0)),
        }
    }

    /// Bytes that one element takes in a checkpoint; `None` for strings, handles and unknown types.
    pub fn byte_width(self) -> Option<u64> {
        self.known().map(|k| u64::from(k.2)).filter(|w| *w > 0)
    }

    /// True for real floating-point types of any width (complex types are not).
    pub fn is_floating(self) -> bool {
        matches!(self.0, 1 | 2 | 14 | 19 | 24..=28 | 33)
    }

    /// True for types whose elements are numbers or truth values, so that they are parameters.
    pub fn is_numeric(self) -> bool {
        !matches!(self.0, 7 | 20 | 21)
    }

    /// True for integers that stand for floating numbers by a scale.
    pub(crate) fn is_quantized(self) -> bool {
        matches!(self.0, 11..=13 | 15 | 16)
    }

    /// True for integers of any width, signed or not.
    pub fn is_integer(self) -> bool {
        matches!(self.0, 3..=6 | 9 | 17 | 22 | 23 | 29..=32)
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_reference_types_onto_their_base() {
        assert_eq!(DType::from_number(101), Some(DType::FLOAT32));
        assert_eq!(DType::from_number(100).map(DType::number), Some(100));
    }

    #[test]
    fn refuses_unset_and_negative_numbers() {
        assert_eq!(DType::from_number(0), None);
        assert_eq!(DType::from_number(-1), None);
    }

    #[test]
    fn keeps_a_number_it_does_not_know() {
        let unknown = DType::from_number(77).unwrap();
        assert_eq!(unknown.name(), "dtype 77");
        assert_eq!(unknown.byte_width(), None);
        assert!(unknown.is_numeric());
    }

    #[test]
    fn names_lead_back_to_their_numbers() {
        for (number, name, _) in KNOWN {
            assert_eq!(DType::from_name(name).map(DType::number), Some(*number));
        }
    }
}
