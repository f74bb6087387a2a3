//! One model in a download cache: what a folder there holds, and whether all of it is there.

use std::fs;
use std::path::{Path, PathBuf};

use crate::limits::{MAX_CACHE_DEPTH, MAX_CACHE_NAMES};
use crate::source::model_folder::{Found, locate};

/// One model in a cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheEntry {
    /// Whose cache it is.
    pub cache: CacheKind,
    /// What the model is called, to be given to `tfcensus count`; `None` where the cache does
    /// not say (an entry without its descriptor).
    pub handle: Option<String>,
    /// The version, where the handle or the layout has one.
    pub version: Option<String>,
    /// The entry's folder, or the file that is left of a download.
    pub path: PathBuf,
    /// The folder that holds `saved_model.pb`; `None` unless the entry is whole.
    pub model_dir: Option<PathBuf>,
    /// Bytes in all its files.
    pub byte_len: u64,
    /// Whether it can be used.
    pub state: CacheState,
}

/// Whose cache an entry is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CacheKind {
    /// `tensorflow_hub`.
    TfHub,
    /// `kagglehub`.
    KaggleHub,
    /// `huggingface_hub`.
    HuggingFace,
}

impl CacheKind {
    /// The name of the Python package.
    pub fn as_str(self) -> &'static str {
        match self {
            CacheKind::TfHub => "tensorflow_hub",
            CacheKind::KaggleHub => "kagglehub",
            CacheKind::HuggingFace => "huggingface_hub",
        }
    }
}

/// Whether a cache entry can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CacheState {
    /// Everything is there.
    Whole,
    /// Something is missing, and what.
    Broken(String),
    /// A download that has not ended, or was cut off.
    Partial,
}

/// Where a model may lie in a cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::source) enum Lookup {
    /// There, in this folder.
    Whole(PathBuf),
    /// This folder is in its place, but does not hold it; why.
    Broken(PathBuf, String),
    /// Not there.
    Absent,
}

/// Whether the folder holds a model with all its parts.
#[cfg(feature = "hub")]
pub(in crate::source) fn is_whole(dir: &Path) -> bool {
    matches!(examine(dir), Lookup::Whole(_))
}

/// Whether a folder that a cache has for a model holds one.
pub(super) fn examine(dir: &Path) -> Lookup {
    if !dir.is_dir() {
        return Lookup::Absent;
    }
    let broken = |why: &str| Lookup::Broken(dir.into(), why.into());
    match locate(dir) {
        Ok(Found::Folder { dir: model, .. }) => match missing_weights(&model) {
            Some(why) => Lookup::Broken(dir.into(), why),
            None => Lookup::Whole(model),
        },
        Ok(Found::Several { .. }) => broken("it holds several models"),
        _ if names(dir).is_empty() => broken("the folder is empty"),
        _ => broken("`saved_model.pb` is missing"),
    }
}

/// What temporary-file cleaners took from `variables/`: they go by file, not by model.
fn missing_weights(model: &Path) -> Option<String> {
    let dir = model.join("variables");
    let names = names(&dir);
    let index = names.iter().any(|name| name == "variables.index");
    let shards = names.iter().filter(|name| name.starts_with("variables.data-")).count() as u64;
    let stated = names.iter().find_map(|name| name.rsplit_once("-of-")?.1.parse::<u64>().ok());
    match (index, stated) {
        // A model without variables has no index either.
        (false, None) => None,
        (false, Some(_)) => Some("`variables/variables.index` is missing".into()),
        (true, None) => Some("the data shards in `variables/` are missing".into()),
        (true, Some(all)) if shards < all => {
            Some(format!("{} of {all} data shards in `variables/` are missing", all - shards))
        }
        (true, Some(_)) => None,
    }
}

/// Names in a folder, sorted; none where it cannot be read.
pub(super) fn names(dir: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(dir) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .take(MAX_CACHE_NAMES)
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Bytes in a file, or in all files of a folder. Links to files count as what they lead to,
/// links to folders as nothing.
pub(in crate::source) fn byte_len(path: &Path) -> u64 {
    let mut total = 0u64;
    let mut rest = vec![(path.to_path_buf(), 0)];
    let mut seen = 0;
    while let Some((path, depth)) = rest.pop() {
        seen += 1;
        let Ok(kind) = fs::symlink_metadata(&path) else { continue };
        if kind.is_dir() && depth < MAX_CACHE_DEPTH && seen < MAX_CACHE_NAMES {
            let entries = fs::read_dir(&path).into_iter().flatten().take(MAX_CACHE_NAMES).flatten();
            rest.extend(entries.map(|entry| (entry.path(), depth + 1)));
        } else if let Some(file) = fs::metadata(&path).ok().filter(|m| m.is_file()) {
            total = total.saturating_add(file.len());
        }
    }
    total
}

/// The entry for a folder that was examined.
pub(super) fn entry(
    cache: CacheKind,
    handle: Option<String>,
    version: Option<String>,
    path: PathBuf,
    lookup: Lookup,
) -> CacheEntry {
    let (model_dir, state) = match lookup {
        Lookup::Whole(dir) => (Some(dir), CacheState::Whole),
        Lookup::Broken(_, why) => (None, CacheState::Broken(why)),
        Lookup::Absent => (None, CacheState::Partial),
    };
    let byte_len = byte_len(&path);
    CacheEntry { cache, handle, version, path, model_dir, byte_len, state }
}
