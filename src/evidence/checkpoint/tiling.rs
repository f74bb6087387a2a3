//! Decides whether slices tile a tensor: whether every element lies in exactly one slice.
//!
//! Comparing volumes alone overlooks an overlap that makes up for a gap, and comparing all pairs of
//! slices costs quadratic time. This test is linear in the number of slices. Every coordinate of
//! every dimension gets a random value; the measure of a box is the product, over its dimensions, of
//! the value at its end minus the value at its start, modulo a prime. Like volume, this is additive:
//! if the slices tile the tensor, their measures always add up to the tensor's. If they do not, the
//! difference is a polynomial in the random values, not zero and of degree at most the rank. By the
//! Schwartz-Zippel lemma it vanishes with probability at most rank / 2^61, and the author of the file
//! cannot influence that, because the values are drawn when the file is read.

use std::hash::{BuildHasher, RandomState};

use super::entry::Extent;
use crate::model::Shape;

/// The prime: 2^61 - 1.
const PRIME: u64 = (1 << 61) - 1;

/// True where every element of a tensor of `shape` lies in exactly one of the slices. Slices must
/// have the tensor's rank and lie within it; empty slices make no difference.
pub(super) fn tiles<'a>(shape: &Shape, slices: impl Iterator<Item = &'a [Extent]>) -> bool {
    let random = RandomState::new();
    let value = |dimension: usize, at: u64| random.hash_one((dimension, at)) % PRIME;
    let measure = |extents: &mut dyn Iterator<Item = Extent>| {
        extents.enumerate().fold(1, |product, (d, Extent { start, length })| {
            let end = value(d, start.saturating_add(length));
            multiply(product, (end + PRIME - value(d, start)) % PRIME)
        })
    };
    let whole = measure(&mut shape.0.iter().map(|d| Extent { start: 0, length: *d }));
    let parts = slices.map(|s| measure(&mut s.iter().copied()));
    parts.fold(0, |sum, part| (sum + part) % PRIME) == whole
}

fn multiply(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b) % u128::from(PRIME);
    // A remainder of 61 bits.
    u64::try_from(product).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(shape: &[u64], slices: &[&[(u64, u64)]]) -> bool {
        let extent = |&(start, length): &(u64, u64)| Extent { start, length };
        let slices: Vec<Vec<Extent>> =
            slices.iter().map(|s| s.iter().map(extent).collect()).collect();
        tiles(&Shape(shape.to_vec()), slices.iter().map(Vec::as_slice))
    }

    #[test]
    fn accepts_rows_grids_and_pinwheels() {
        assert!(check(&[10, 4], &[&[(0, 7), (0, 4)], &[(7, 3), (0, 4)]]));
        assert!(check(
            &[4, 4],
            &[&[(0, 2), (0, 2)], &[(2, 2), (0, 2)], &[(0, 2), (2, 2)], &[(2, 2), (2, 2)]]
        ));
        // Five boxes, no line through the square separates them.
        assert!(check(
            &[3, 3],
            &[
                &[(0, 1), (0, 2)],
                &[(0, 2), (2, 1)],
                &[(2, 1), (1, 2)],
                &[(1, 2), (0, 1)],
                &[(1, 1), (1, 1)]
            ]
        ));
    }

    #[test]
    fn refuses_gaps_and_overlaps_even_where_the_volume_is_right() {
        assert!(!check(&[10], &[&[(0, 4)], &[(5, 5)]]));
        assert!(!check(&[10], &[&[(0, 6)], &[(5, 5)]]));
        assert!(!check(&[10], &[&[(0, 5)], &[(0, 5)]]));
        assert!(!check(&[2, 2], &[&[(0, 1), (0, 2)], &[(0, 2), (0, 1)]]));
        assert!(!check(&[10], &[]));
    }

    #[test]
    fn a_tensor_without_elements_needs_no_slices() {
        assert!(check(&[0, 4], &[]));
        assert!(check(&[0, 4], &[&[(0, 0), (0, 4)]]));
    }
}
