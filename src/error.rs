//! Why there is no census at all. What merely casts doubt on one is a finding, not an error.

use std::io;
use std::path::{Path, PathBuf};

/// Shorthand for this library's results.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a model could not be counted. [`std::fmt::Display`] says what happened, [`Error::place`]
/// where, [`Error::advice`] what to do. Text from the model is unescaped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused an operation.
    #[error("cannot {action}: {source}")]
    Io {
        /// What was tried: "open", "read", "list", "write".
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is nothing at this path.
    #[error("there is no such file or folder")]
    NotFound {
        /// The path as given.
        path: PathBuf,
        /// What may help.
        advice: String,
    },
    /// The path exists, but it is not a SavedModel.
    #[error("this is not a SavedModel: {what}")]
    NotAModel {
        /// What was looked at.
        path: PathBuf,
        /// What it is instead.
        what: String,
        /// What may help.
        advice: String,
    },
    /// A file of the model is damaged.
    #[error("{what}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Byte offset, where it is known.
        offset: Option<u64>,
        /// What is wrong with it.
        what: String,
    },
    /// No MetaGraph has the tags of the options, or there are several and the options name none.
    #[error("{what}")]
    Tags {
        /// The file that was read.
        path: PathBuf,
        /// What is wrong.
        what: String,
        /// The tag sets that the file holds.
        available: Vec<Vec<String>>,
    },
    /// A handle or address could not be turned into a folder.
    #[error("{what}")]
    Source {
        /// The handle or address as given.
        source_text: String,
        /// What went wrong.
        what: String,
        /// What may help.
        advice: String,
    },
    /// An option cannot be used as given.
    #[error("{what}")]
    Usage {
        /// What is wrong with it.
        what: String,
        /// What may help.
        advice: String,
    },
}

impl Error {
    /// An I/O error on `path`.
    pub fn io(action: &'static str, path: impl AsRef<Path>, source: io::Error) -> Error {
        Error::Io { action, path: path.as_ref().to_path_buf(), source }
    }

    /// The file, folder, address or byte that the error is about.
    pub fn place(&self) -> String {
        match self {
            Error::Io { path, .. }
            | Error::NotFound { path, .. }
            | Error::NotAModel { path, .. }
            | Error::Tags { path, .. }
            | Error::Malformed { path, offset: None, .. } => path.display().to_string(),
            Error::Malformed { path, offset: Some(at), .. } => {
                format!("{}, byte {at}", path.display())
            }
            Error::Source { source_text, .. } => source_text.clone(),
            Error::Usage { .. } => String::new(),
        }
    }

    /// What the user can do about it; empty where nothing is known to help.
    pub fn advice(&self) -> String {
        match self {
            Error::Io { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                "ask the owner of this file for permission to read it".into()
            }
            Error::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                "make room there, or name another folder: TMPDIR for what is unpacked, \
                 TFHUB_CACHE_DIR or KAGGLEHUB_CACHE for what is downloaded"
                    .into()
            }
            Error::Io { .. } => String::new(),
            Error::NotFound { advice, .. }
            | Error::NotAModel { advice, .. }
            | Error::Source { advice, .. }
            | Error::Usage { advice, .. } => advice.clone(),
            Error::Malformed { .. } => {
                "copy or download the SavedModel again, `variables/` included".into()
            }
            Error::Tags { available, .. } => {
                let sets: Vec<String> =
                    available.iter().map(|t| format!("--tags '{}'", t.join(","))).collect();
                if sets.is_empty() {
                    "the file holds no MetaGraph: export the model again".into()
                } else {
                    format!("choose one of: {}", sets.join("  "))
                }
            }
        }
    }
}
