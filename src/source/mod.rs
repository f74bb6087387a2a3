//! From what the user typed to a folder on disk.
//!
//! Input: a path, the address of an archive, or a hub handle. Output: a [`Source`]: the folder
//! that holds `saved_model.pb`, what lies in it, and a guard that removes what was unpacked.
//! Nothing of the model is decoded here beyond what tells one kind of file from another.

mod archive;
mod cache;
mod cache_place;
#[cfg(feature = "hub")]
mod download;
#[cfg(not(feature = "hub"))]
#[path = "no_download.rs"]
mod download;
mod environment;
mod file_kind;
mod handle;
mod hub;
mod keras_archive;
mod model_files;
mod model_folder;
mod not_a_model;
mod remote;
mod resolve_options;
mod resolved;
mod sniff;
mod temp_folder;
mod unpacked_model;

use std::ffi::OsStr;
use std::path::Path;

pub(crate) use archive::open_zip;
#[cfg(any(test, feature = "testkit"))]
pub(crate) use archive::unpack_bytes;
pub use cache::{CacheEntry, CacheKind, CacheState, list_caches};
pub use environment::{Credentials, Places};
pub use resolve_options::{Patience, ResolveOptions, ShardRange, Weights};
pub use resolved::Source;
pub use temp_folder::cleanup_all;

use crate::{Error, Observer, Result};
use handle::Handle;
use model_folder::Found;
use resolved::in_folder;

/// Finds the model that `model` means.
///
/// What starts with a scheme (`https://`, `gs://`, `kaggle://`, `hf://`) is an address; anything
/// else is a path where there is such a path, and a handle (`owner/model/framework/variation`,
/// `tfhub.dev/…`) where there is none.
///
/// A folder is meant itself, or its highest numbered version, or its only model; any file of a
/// model means the model; an archive is unpacked for as long as the [`Source`] lives. Addresses
/// and handles are looked for in the caches of `tensorflow_hub`, `kagglehub` and
/// `huggingface_hub`, then downloaded to where the first two would have put them.
///
/// ```no_run
/// use tfcensus::internals::source::{resolve, ResolveOptions};
///
/// let how = ResolveOptions { offline: true, ..ResolveOptions::default() };
/// let source = resolve("exports/7".as_ref(), &how, &tfcensus::Silent)?;
/// println!("{}", source.files.saved_model.display());
/// # Ok::<(), tfcensus::Error>(())
/// ```
pub fn resolve(model: &OsStr, how: &ResolveOptions<'_>, observer: &dyn Observer) -> Result<Source> {
    let given = model.to_string_lossy().into_owned();
    if model.is_empty() {
        return Err(Error::Usage {
            what: "the model's path is empty".into(),
            advice: "give a folder, an archive or a TensorFlow Hub handle".into(),
        });
    }
    let path = Path::new(model);
    let exists = || path.symlink_metadata().is_ok();
    if let Some(handle) = model.to_str().and_then(|text| Handle::parse(text, exists)) {
        return hub::from_handle(given, handle, how, observer);
    }
    if let Some((scheme, _)) = given.split_once("://").filter(|_| !exists()) {
        return Err(not_a_model::no_handle(&given, scheme));
    }
    if path.join("snapshots").is_dir() && path.join("blobs").is_dir() {
        return hub::from_repository(given, path, how);
    }
    match model_folder::locate(path)? {
        Found::Folder { dir, note } => in_folder(given, dir, note.into_iter().collect()),
        Found::Several { dir, models } => Err(not_a_model::several(&dir, &models)),
        Found::Archive => unpacked_model::from_archive(given, path, how, observer),
    }
}
