//! Do slices tile a tensor: every element in exactly one of them?
//!
//! The cost is linear in the number of slices, whatever their arrangement (comparing all pairs is
//! not). Every coordinate of every dimension gets a random value, and the measure of a box is the
//! product, over its dimensions, of the value at its end minus the value at its start, modulo a
//! prime. This is additive, like volume: if the slices tile the tensor, their measures add up to
//! the tensor's, always. If they do not, the difference is a polynomial in the random values that
//! is not zero, of degree at most the rank, and by the Schwartz-Zippel lemma it vanishes with
//! probability at most rank / 2^61, which the maker of the file cannot influence.

use std::hash::{BuildHasher, RandomState};

use super::entry::Extent;
use crate::model::Shape;

/// The prime: 2^61 - 1.
const PRIME: u64 = (1 << 61) - 1;

/// True where every element of a tensor of `shape` lies in exactly one of the slices. Slices must
/// have the tensor's rank and lie within it; empty ones change nothing.
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
    (u128::from(a) * u128::from(b) % u128::from(PRIME)) as u64
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
    fn needs_nothing_for_a_tensor_without_elements() {
        assert!(check(&[0, 4], &[]));
        assert!(check(&[0, 4], &[&[(0, 0), (0, 4)]]));
    }
}
