//! The models in the download caches.

use serde::Serialize;

use super::words::words;

/// What was found in the caches, and where they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CachedModels {
    /// The caches that were looked at.
    pub caches: Vec<CacheFolder>,
    /// Their models, in the order in which they are to be shown.
    pub models: Vec<CachedModel>,
}

impl CachedModels {
    /// Whether every cache could be looked through and every model in it can be used.
    pub fn is_sound(&self) -> bool {
        self.caches.iter().all(|cache| cache.problem.is_none())
            && self.models.iter().all(|model| model.state == CachedState::Whole)
    }

    /// How many models can be used.
    pub fn whole(&self) -> u64 {
        self.models.iter().filter(|model| model.state == CachedState::Whole).count() as u64
    }

    /// Bytes of all models together.
    pub fn bytes(&self) -> u64 {
        self.models.iter().fold(0, |sum, model| sum.saturating_add(model.bytes))
    }
}

/// One cache.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CacheFolder {
    /// The Python package whose cache it is: `tensorflow_hub`.
    pub name: &'static str,
    /// Its folder, which need not exist.
    pub path: String,
    /// What names another folder: `TFHUB_CACHE_DIR`. Not in JSON.
    #[serde(skip)]
    pub variable: &'static str,
    /// Why it could not be looked through, where it is there.
    pub problem: Option<String>,
}

/// One model in a cache. Texts are unescaped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CachedModel {
    /// The name of the cache, as [`CacheFolder::name`] has it.
    pub cache: &'static str,
    /// What to give to `tfcensus count`; `None` where the cache does not say.
    pub handle: Option<String>,
    /// The version or revision, where there is one.
    pub version: Option<String>,
    /// The entry's folder, or the file that is left of a download.
    pub path: String,
    /// Bytes in all its files.
    pub bytes: u64,
    /// Parameters, counted from the files; `None` where they could not be counted.
    pub parameters: Option<u64>,
    /// Whether the entry can be used.
    pub state: CachedState,
    /// Why not, or what is in doubt; empty where nothing is.
    pub detail: String,
}

words! {
    /// Whether a cache entry can be used.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    #[non_exhaustive]
    pub enum CachedState {
        /// It is whole, and its files do not contradict each other.
        Whole => "whole",
        /// It was counted, but its files contradict each other.
        Contradicts => "contradicts",
        /// Something of it is missing.
        Broken => "broken",
        /// A download that has not ended, or was cut off.
        Partial => "partial",
        /// All seems to be there, but it cannot be counted.
        Uncounted => "uncounted",
    }
}
