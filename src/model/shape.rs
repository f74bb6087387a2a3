//! Shapes of tensors that are known in full.

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
        f.debug_list().entries(&self.0).finish()
    }
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
}
