//! One contradiction within a checkpoint, as the readers of the index and of the shards report it.

use std::fmt;

/// The kind of a contradiction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    /// A data shard that entries name does not exist.
    ShardMissing,
    /// A data shard exists, but cannot be read.
    ShardUnreadable,
    /// A data shard ends before the last of its tensors does.
    ShardTooShort,
    /// The size of an entry is not its number of elements times their width.
    EntrySize,
    /// Slices are missing, have another shape than their extents, or do not tile their tensor.
    SlicesIncomplete,
    /// A dimension is negative, or there are more than 2^63 - 1 elements.
    ShapeImpossible,
    /// The bytes of a tensor do not match the checksum in the index.
    ChecksumMismatch,
    /// So many tensors share bytes that checking all of them would read the shards many times.
    Overlap,
}

/// One contradiction within a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Its kind.
    pub kind: ProblemKind,
    /// The key of the tensor; for a shard that is too short, of the first tensor beyond its end. Not
    /// escaped; bytes that are not UTF-8 are replaced.
    pub key: Option<String>,
    /// Number of the data shard, where the problem concerns one.
    pub shard: Option<u32>,
    /// What the index makes one expect, for a person.
    pub expected: Option<String>,
    /// What was found, for a person.
    pub found: Option<String>,
}

impl Problem {
    pub(super) fn new(kind: ProblemKind) -> Problem {
        Problem { kind, key: None, shard: None, expected: None, found: None }
    }

    /// Names the tensor.
    pub(super) fn of(mut self, key: &[u8]) -> Problem {
        self.key = Some(String::from_utf8_lossy(key).into_owned());
        self
    }

    pub(super) fn in_shard(mut self, shard: u32) -> Problem {
        self.shard = Some(shard);
        self
    }

    pub(super) fn expected(mut self, expected: impl fmt::Display) -> Problem {
        self.expected = Some(expected.to_string());
        self
    }

    pub(super) fn found(mut self, found: impl fmt::Display) -> Problem {
        self.found = Some(found.to_string());
        self
    }
}
