//! `TensorShapeProto`, kept as written so that impossible dimensions can be reported.

use crate::limits::MAX_RANK;
use crate::model::Shape;
use crate::wire::{Malformed, Message, Value, fields};

/// A shape as the file writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DeclaredShape {
    /// The file states no shape, or an unknown rank.
    Unknown,
    /// Dimensions as written; -1 is an unknown one.
    Dims(Vec<i64>),
    /// More dimensions than TensorFlow allows, and how many they are.
    TooManyDims(usize),
}

impl DeclaredShape {
    /// Decodes a `TensorShapeProto`.
    pub fn decode(message: &Message<'_>) -> Result<DeclaredShape, Malformed> {
        let mut dims = Vec::new();
        let mut rank = 0usize;
        let mut unknown_rank = false;
        for field in message.fields() {
            match field? {
                (2, Value::Bytes(dim)) => {
                    let mut size = 0i64;
                    for field in fields(dim) {
                        if let (1, Value::Varint(stated)) = field? {
                            size = stated.cast_signed();
                        }
                    }
                    rank += 1;
                    if rank <= MAX_RANK {
                        dims.push(size);
                    }
                }
                (3, Value::Varint(flag)) => unknown_rank = flag != 0,
                _ => {}
            }
        }
        Ok(match (unknown_rank, rank > MAX_RANK) {
            (true, _) => DeclaredShape::Unknown,
            (false, true) => DeclaredShape::TooManyDims(rank),
            (false, false) => DeclaredShape::Dims(dims),
        })
    }

    /// True where no tensor can have it: a dimension below -1, or too many dimensions.
    pub fn is_impossible(&self) -> bool {
        match self {
            DeclaredShape::Unknown => false,
            DeclaredShape::Dims(dims) => dims.iter().any(|d| *d < -1),
            DeclaredShape::TooManyDims(_) => true,
        }
    }

    /// The full shape, where every dimension is known.
    pub fn known(&self) -> Option<Shape> {
        let DeclaredShape::Dims(dims) = self else { return None };
        dims.iter().map(|d| u64::try_from(*d).ok()).collect::<Option<_>>().map(Shape)
    }

    /// True where a tensor of this shape satisfies what is declared here.
    pub fn admits(&self, shape: &Shape) -> bool {
        match self {
            DeclaredShape::Unknown => true,
            DeclaredShape::Dims(dims) => {
                dims.len() == shape.0.len()
                    && dims
                        .iter()
                        .zip(&shape.0)
                        .all(|(d, s)| *d == -1 || u64::try_from(*d) == Ok(*s))
            }
            DeclaredShape::TooManyDims(_) => false,
        }
    }
}

impl std::fmt::Display for DeclaredShape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            DeclaredShape::Unknown => f.write_str("[...]"),
            DeclaredShape::Dims(dims) => {
                let dims: Vec<String> = dims
                    .iter()
                    .map(|d| if *d == -1 { "?".into() } else { d.to_string() })
                    .collect();
                write!(f, "[{}]", dims.join(", "))
            }
            DeclaredShape::TooManyDims(rank) => write!(f, "{rank} dimensions"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(dims: &[i64]) -> Vec<u8> {
        let mut out = Vec::new();
        for d in dims {
            let mut dim = vec![0x08];
            let mut v = *d as u64;
            while v >= 0x80 {
                dim.push(v as u8 | 0x80);
                v >>= 7;
            }
            dim.push(v as u8);
            out.extend([0x12, dim.len() as u8]);
            out.extend(dim);
        }
        out
    }

    fn decode(bytes: &[u8]) -> Result<DeclaredShape, Malformed> {
        DeclaredShape::decode(&Message::new(bytes))
    }

    #[test]
    fn no_dimension_is_a_scalar_and_minus_one_is_unknown() {
        let scalar = decode(&[]).unwrap();
        assert_eq!(scalar.known(), Some(Shape(vec![])));
        let declared = decode(&shape(&[-1, 4])).unwrap();
        assert_eq!((declared.known(), declared.is_impossible()), (None, false));
        assert_eq!(declared.to_string(), "[?, 4]");
        assert!(declared.admits(&Shape(vec![7, 4])));
        assert!(!declared.admits(&Shape(vec![7, 5])));
        assert!(!declared.admits(&Shape(vec![4])));
        let unknown_rank = decode(&[0x18, 1]).unwrap();
        assert_eq!((unknown_rank.known(), unknown_rank.is_impossible()), (None, false));
        assert_eq!(unknown_rank.to_string(), "[...]");
        assert!(unknown_rank.admits(&Shape(vec![1, 2, 3])));
    }

    #[test]
    fn dimensions_below_minus_one_are_impossible() {
        let declared = decode(&shape(&[-5, -7])).unwrap();
        assert_eq!((declared.known(), declared.is_impossible()), (None, true));
        assert_eq!(declared.to_string(), "[-5, -7]");
    }

    #[test]
    fn too_many_dimensions_are_impossible_and_cost_no_memory() {
        let declared = decode(&shape(&[1; 300])).unwrap();
        assert_eq!(declared, DeclaredShape::TooManyDims(300));
        assert_eq!((declared.known(), declared.is_impossible()), (None, true));
    }
}
