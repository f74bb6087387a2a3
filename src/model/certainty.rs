//! How sure a number is.

use std::ops::RangeInclusive;

use super::words::words;

/// Why trainable parameters can be an upper bound only, and what settles it.
pub(crate) const WHY_AT_MOST: &str =
    "frozen layers leave no trace in these files; --keras-config model.keras settles it";

words! {
    /// Whether a number is known, or only a bound of it.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    #[non_exhaustive]
    pub enum Certainty {
        /// It is known.
        #[default]
        Exact => "exact",
        /// It is an upper bound: the truth may be less.
        AtMost => "at_most",
        /// It is a lower bound: the truth may be more.
        AtLeast => "at_least",
    }
}

impl Certainty {
    /// The number in words: `at most 26` for an upper bound, `26` for one that is known.
    pub fn of(self, number: impl std::fmt::Display) -> String {
        match self {
            Certainty::Exact => number.to_string(),
            Certainty::AtMost => format!("at most {number}"),
            Certainty::AtLeast => format!("at least {number}"),
        }
    }

    /// Whether two numbers may be equal for all that is known.
    pub(crate) fn may_be_equal(one: (Certainty, u64), other: (Certainty, u64)) -> bool {
        let (one, other) = (one.0.range(one.1), other.0.range(other.1));
        one.start() <= other.end() && other.start() <= one.end()
    }

    /// Of a sum of two numbers, of which neither is a lower bound.
    pub(crate) fn and(self, other: Certainty) -> Certainty {
        if self == Certainty::Exact { other } else { self }
    }

    /// What the truth behind this number may be.
    pub(crate) fn range(self, number: u64) -> RangeInclusive<u64> {
        match self {
            Certainty::Exact => number..=number,
            Certainty::AtMost => 0..=number,
            Certainty::AtLeast => number..=u64::MAX,
        }
    }
}
