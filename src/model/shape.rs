//! Shapes of tensors: known in full, or declared in part.

use std::fmt;

/// A shape whose every dimension is known. `[]` is a scalar: one element.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Shape(pub Vec<u64>);

impl Shape {
    /// Number of elements; `None` when the product does not fit 64 bits.
    pub fn elements(&self) -> Option<u64> {
        if self.0.contains(&0) {
            return Some(0);
        }
        self.0.iter().try_fold(1u64, |n, d| n.checked_mul(*d))
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_dims(f, self.0.iter().map(|d| Some(*d)))
    }
}

/// A shape as a graph declares it: the rank or single dimensions may be unknown.
/// Source: `TensorShapeProto`, tensorflow/core/framework/tensor_shape.proto.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartialShape {
    /// Not even the rank is known.
    UnknownRank,
    /// `None` is a dimension of unknown size (-1 in the file).
    Dims(Vec<Option<u64>>),
}

impl PartialShape {
    /// The full shape, when every dimension is known.
    pub fn known(&self) -> Option<Shape> {
        match self {
            PartialShape::UnknownRank => None,
            PartialShape::Dims(dims) => dims.iter().copied().collect::<Option<_>>().map(Shape),
        }
    }

    /// True when a tensor of `shape` satisfies what is declared here.
    pub fn admits(&self, shape: &Shape) -> bool {
        match self {
            PartialShape::UnknownRank => true,
            PartialShape::Dims(dims) => {
                dims.len() == shape.0.len()
                    && dims.iter().zip(&shape.0).all(|(d, s)| d.is_none_or(|d| d == *s))
            }
        }
    }
}

impl From<&Shape> for PartialShape {
    fn from(shape: &Shape) -> Self {
        PartialShape::Dims(shape.0.iter().map(|d| Some(*d)).collect())
    }
}

impl fmt::Display for PartialShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PartialShape::UnknownRank => f.write_str("[...]"),
            PartialShape::Dims(dims) => write_dims(f, dims.iter().copied()),
        }
    }
}

fn write_dims(f: &mut fmt::Formatter<'_>, dims: impl Iterator<Item = Option<u64>>) -> fmt::Result {
    f.write_str("[")?;
    for (i, dim) in dims.enumerate() {
        if i > 0 {
            f.write_str(", ")?;
        }
        match dim {
            Some(dim) => write!(f, "{dim}")?,
            None => f.write_str("?")?,
        }
    }
    f.write_str("]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalar_is_one_element_and_zero_wins_over_overflow() {
        assert_eq!(Shape(vec![]).elements(), Some(1));
        assert_eq!(Shape(vec![u64::MAX, u64::MAX, 0]).elements(), Some(0));
        assert_eq!(Shape(vec![1 << 40, 1 << 40]).elements(), None);
    }

    #[test]
    fn partial_shapes_admit_what_their_known_dimensions_allow() {
        let declared = PartialShape::Dims(vec![None, Some(4)]);
        assert!(declared.admits(&Shape(vec![7, 4])));
        assert!(!declared.admits(&Shape(vec![7, 5])));
        assert!(!declared.admits(&Shape(vec![4])));
        assert!(PartialShape::UnknownRank.admits(&Shape(vec![1, 2, 3])));
    }

    #[test]
    fn shows_unknown_parts() {
        assert_eq!(PartialShape::Dims(vec![None, Some(4)]).to_string(), "[?, 4]");
        assert_eq!(PartialShape::UnknownRank.to_string(), "[...]");
    }
}
