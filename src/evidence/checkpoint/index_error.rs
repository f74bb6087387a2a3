//! Why an index cannot be read: what the reader of its table and the reader of its entries report.

use std::io;

/// Why an index cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// There is no file.
    #[error("there is no checkpoint index")]
    NotFound,
    /// The operating system refused to read it.
    #[error("cannot read the checkpoint index: {0}")]
    Io(#[from] io::Error),
    /// The bytes are not those of an index.
    #[error("{what}")]
    Malformed {
        /// Byte offset in the file, where it is known; that of the block, for what is inside one.
        offset: Option<u64>,
        /// What is wrong. May hold a key (not escaped).
        what: String,
    },
    /// It is a checkpoint of another kind.
    #[error("{0}")]
    Unsupported(&'static str),
}

impl IndexError {
    pub(super) fn malformed(offset: u64, what: impl Into<String>) -> IndexError {
        IndexError::Malformed { offset: Some(offset), what: what.into() }
    }
}
