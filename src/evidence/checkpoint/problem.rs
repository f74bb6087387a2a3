//! One contradiction within a checkpoint, as the readers of the index and of the shards report it.

use std::fmt;

use crate::model::Code;

/// What kind of contradiction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    /// A data shard that entries name is not there.
    ShardMissing,
    /// A data shard is there, but cannot be read.
    ShardUnreadable,
    /// A data shard ends before the last of its tensors does.
    ShardTooShort,
    /// An entry's size is not its elements times their width.
    EntrySize,
    /// Slices are missing, differ in shape from what they should cover, or do not tile their tensor.
    SlicesIncomplete,
    /// A dimension is negative, or there are more than 2^63 - 1 elements.
    ShapeImpossible,
    /// A tensor's bytes do not match the checksum in the index.
    ChecksumMismatch,
    /// So many tensors share their bytes that checking them all would read the shards many times.
    Overlap,
}

impl ProblemKind {
    /// The finding that it becomes.
    pub fn code(self) -> Code {
        match self {
            ProblemKind::ShardMissing => Code::ShardMissing,
            ProblemKind::ShardUnreadable => Code::FileUnreadable,
            ProblemKind::ShardTooShort => Code::ShardTooShort,
            ProblemKind::EntrySize | ProblemKind::Overlap => Code::EntrySize,
            ProblemKind::SlicesIncomplete => Code::SlicesIncomplete,
            ProblemKind::ShapeImpossible => Code::ShapeImpossible,
            ProblemKind::ChecksumMismatch => Code::ChecksumMismatch,
        }
    }
}

/// One contradiction within a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What kind.
    pub kind: ProblemKind,
    /// The tensor; for a shard that is too short, the first one that lies beyond its end. Not
    /// escaped; bytes that are not UTF-8 are replaced.
    pub key: Option<String>,
    /// Number of the data shard, where it is about one.
    pub shard: Option<u32>,
    /// What the index leads to expect, for a person.
    pub expected: Option<String>,
    /// What there is, for a person.
    pub found: Option<String>,
}

impl Problem {
    pub(super) fn new(kind: ProblemKind) -> Problem {
        Problem { kind, key: None, shard: None, expected: None, found: None }
    }

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
