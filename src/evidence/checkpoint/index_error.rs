//! Why an index cannot be read: what the reader of its table and the reader of its entries report.

use std::io;

/// Why an index cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The file does not exist.
    #[error("there is no checkpoint index")]
    NotFound,
    /// Reading the file failed.
    #[error("cannot read the checkpoint index: {0}")]
    Io(#[from] io::Error),
    /// The bytes are not those of a valid index.
    #[error("{what}")]
    Malformed {
        /// Byte offset in the file, where it is known. For an error within a compressed block it is the
        /// offset of the block.
        offset: Option<u64>,
        /// What is wrong, for a person. May hold a key, which is not escaped.
        what: String,
    },
    /// The checkpoint has a format that is not read.
    #[error("{0}")]
    Unsupported(&'static str),
}

impl IndexError {
    pub(super) fn malformed(offset: u64, what: impl Into<String>) -> IndexError {
        IndexError::Malformed { offset: Some(offset), what: what.into() }
    }
}
