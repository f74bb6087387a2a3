//! Where a model belongs in a download cache.

use std::path::{Path, PathBuf};

/// The place of one model in a cache.
#[cfg_attr(not(feature = "hub"), allow(dead_code, reason = "only a download writes there"))]
pub(super) struct CachePlace {
    /// The folder with the model in it.
    pub dir: PathBuf,
    /// Where the archive is kept until it is whole, across attempts and processes.
    pub part: PathBuf,
    /// The file that says the entry is whole, in `kagglehub`'s cache.
    pub marker: Option<PathBuf>,
    /// The handle for the descriptor, in `tensorflow_hub`'s cache.
    pub handle: Option<String>,
}

/// `path` with something added to its last name.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
