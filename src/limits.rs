//! Every limit on what is read from a model, a network or a worker process: one list, one reason
//! each.
//!
//! A limit bounds memory, time or recursion where bytes that nothing vouches for decide how much is
//! wanted. It is far above what real models need; a model that exceeds one is refused or cut with a
//! message, never in silence. Limits on what is shown to a person stand where it is shown.

#[cfg(feature = "hub")]
use std::time::Duration;

/// Most dimensions of a tensor.
/// Source: `TensorShape::MaxDimensions`, tensorflow/core/framework/tensor_shape.h (TensorFlow 2.21).
pub(crate) const MAX_RANK: usize = 254;

// The checkpoint.

/// Largest object graph of a checkpoint that is read, in bytes.
pub(crate) const MAX_CHECKPOINT_GRAPH_BYTES: u64 = 1 << 30;

// Archives, folders, downloads and caches.

/// Longest name of an archive's entry, in bytes.
pub(crate) const MAX_ENTRY_NAME_BYTES: usize = 4096;

/// Most folders above a file of an archive.
pub(crate) const MAX_ENTRY_DEPTH: usize = 64;

/// Longest pax header of a tar archive that is read, in bytes. The `tar` crate would read any.
pub(crate) const MAX_PAX_BYTES: u64 = 64 * 1024;

/// Most headers that may describe one entry of a tar archive (long name, long link, pax, global pax).
pub(crate) const MAX_TAR_EXTENSIONS: usize = 16;

/// Most entries of a zip archive that is opened at all: the `zip` crate keeps all of them in memory.
pub(crate) const MAX_ZIP_ENTRIES: u64 = 1_000_000;

/// Most names in one folder of a download cache that are listed.
pub(crate) const MAX_CACHE_NAMES: usize = 100_000;

/// Deepest folder that counts towards the size of a cached model.
pub(crate) const MAX_CACHE_DEPTH: usize = 32;

/// Longest `refs/` file of the Hugging Face cache that is read, in bytes; a revision has 40 characters.
pub(crate) const MAX_REF_BYTES: u64 = 1024;

/// Longest descriptor of the `tensorflow_hub` cache that is read, in bytes.
pub(crate) const MAX_DESCRIPTOR_BYTES: u64 = 16 * 1024;

/// Most names of a folder that are read to tell what it is.
pub(crate) const MAX_LISTED_NAMES: usize = 10_000;

/// Most times that a server may point to the storage instead of answering.
#[cfg(feature = "hub")]
pub(crate) const MAX_STORAGE_POINTERS: usize = 2;

/// Most redirects that one request follows.
#[cfg(feature = "hub")]
pub(crate) const MAX_REDIRECTS: usize = 10;

/// Longest answer of a server that is read as text, in bytes.
#[cfg(feature = "hub")]
pub(crate) const MAX_ANSWER_BYTES: u64 = 8 << 20;

/// Longest `Retry-After` of a server that is obeyed.
#[cfg(feature = "hub")]
pub(crate) const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);

/// Most bytes of one download.
#[cfg(feature = "hub")]
pub(crate) const MAX_DOWNLOAD_BYTES: u64 = 1 << 40;

/// Most downloads of one file that may arrive whole but with a wrong checksum.
#[cfg(feature = "hub")]
pub(crate) const MAX_WRONG_DOWNLOADS: u32 = 2;

/// Longest state file of an unfinished download that is read, in bytes.
#[cfg(feature = "hub")]
pub(crate) const MAX_DOWNLOAD_STATE_BYTES: u64 = 64 * 1024;

/// Most files of a folder in Google's storage.
#[cfg(feature = "hub")]
pub(crate) const MAX_STORAGE_FILES: usize = 10_000;

/// Most pages of a listing of Google's storage.
#[cfg(feature = "hub")]
pub(crate) const MAX_STORAGE_PAGES: usize = 100;

/// Longest `tfhub_module.pb` that is read, in bytes; the usual one has two.
pub(crate) const MAX_MODULE_DEF_BYTES: u64 = 64 * 1024;

/// Most entries of a model's folder that are looked at for dangling links.
pub(crate) const MAX_FOLDER_NAMES: usize = 100_000;

/// Most sub-folders that are tried when a folder is not a model itself.
pub(crate) const MAX_SUBFOLDERS: usize = 10_000;

/// Most levels that are gone down, each through its only model (`export/Servo/1`).
pub(crate) const MAX_FOLDER_LEVELS: usize = 3;

/// Longest lock file of a cache that is read, in bytes.
#[cfg(feature = "hub")]
pub(crate) const MAX_LOCK_BYTES: u64 = 4096;

/// Longest credentials file that is read, in bytes.
pub(crate) const MAX_CREDENTIALS_BYTES: u64 = 64 * 1024;

/// Most top-level protobuf fields that are looked at to tell what a file is.
pub(crate) const MAX_SNIFFED_FIELDS: usize = 4096;

/// Most names of the temporary folder that are looked at for abandoned folders.
pub(crate) const MAX_SWEPT_NAMES: usize = 20_000;

/// Most bytes of an archive's large shards that are filled in where the rest of them is not unpacked.
pub(crate) const MAX_FILLED_BYTES: u64 = 1 << 30;
