//! Models that Python has already downloaded, found where they lie.
//!
//! Three layouts, none of them ours: `tensorflow_hub`, `kagglehub`, `huggingface_hub`. Nothing
//! here writes or asks the network.

mod entry;
mod huggingface;
mod kagglehub;
mod tfhub;

use super::environment::Places;
pub(super) use entry::Lookup;
pub use entry::{CacheEntry, CacheKind, CacheState};
#[cfg(feature = "hub")]
pub(super) use entry::{byte_len, is_whole};
pub(super) use huggingface::{in_repository, repository};
pub(super) use kagglehub::{any_version, find as in_kagglehub, folder as kagglehub_folder, marker};
pub(super) use tfhub::{entry_name, find as in_tfhub};

/// Every model in the three caches, sorted by cache, handle and version. Folders that cannot be
/// read count as empty; entries that are no TensorFlow models are left out.
pub fn list_caches(places: &Places) -> Vec<CacheEntry> {
    let mut entries = tfhub::list(&places.tfhub_cache);
    entries.extend(kagglehub::list(&places.kagglehub_cache));
    entries.extend(huggingface::list(&places.huggingface_cache));
    // By number: version 9 comes before version 10.
    entries.sort_by_cached_key(|e| {
        let version = e.version.as_deref().unwrap_or_default();
        let handle = e.handle.as_deref().map(|h| h.trim_end_matches(version).to_owned());
        (e.cache, handle, version.parse::<u64>().ok(), e.path.clone())
    });
    entries
}
