//! From what the user typed to a folder on disk.
//!
//! Input: a path, the address of an archive, or a hub handle. Output: a [`Source`]: the folder
//! that holds `saved_model.pb`, what lies in it, and a guard that removes what was unpacked.
//! Nothing of the model is decoded here beyond what tells one kind of file from another.

mod archive;
mod cache;
mod diagnose;
mod entry;
mod fetch;
mod files;
mod handle;
mod hub;
mod kind;
mod locate;
mod lock;
mod places;
mod sniff;
mod temp;
mod unpacked;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

pub(crate) use archive::open_zip;
#[cfg(any(test, feature = "testkit"))]
pub(crate) use archive::unpack_bytes;
pub use cache::{CacheEntry, CacheKind, CacheState, list_caches};
pub use fetch::Patience;
pub use files::ModelFiles;
pub use places::{Credentials, Places};
pub use temp::cleanup_all;

use crate::model::ModelFormat;
use crate::{Error, Observer, Result};
use handle::Handle;
use locate::Found;
use sniff::Content;

/// A model, found.
#[derive(Debug)]
pub struct Source {
    /// The path, address or handle as given; bytes that are no UTF-8 are replaced.
    pub given: String,
    /// The folder that holds `saved_model.pb`.
    pub dir: PathBuf,
    /// What `tfhub_module.pb` beside it says.
    pub format: ModelFormat,
    /// What lies in the folder.
    pub files: ModelFiles,
    /// What was understood where the path was not the model itself, for a person.
    pub notes: Vec<String>,
    /// What was unpacked is removed when this goes.
    _unpacked: Option<temp::TempFolder>,
}

#[cfg(any(test, feature = "testkit"))]
impl Source {
    /// The source of a model whose files are nowhere but in memory.
    pub(crate) fn in_memory() -> Source {
        Source {
            given: "memory".into(),
            dir: PathBuf::new(),
            format: ModelFormat::default(),
            files: ModelFiles::default(),
            notes: Vec::new(),
            _unpacked: None,
        }
    }
}

/// How to turn what was given into a folder.
#[derive(Debug, Default)]
pub struct ResolveOptions<'a> {
    /// Never touch the network.
    pub offline: bool,
    /// How much of an archive to take out.
    pub weights: Weights<'a>,
    /// The caches to look in and the servers to ask; the default reads the environment.
    pub places: Places,
    /// How patient to be with servers.
    pub patience: Patience,
}

/// How much of an archive's data shards is needed.
#[derive(Clone, Copy, Default)]
pub enum Weights<'a> {
    /// Everything: a session will read them.
    #[default]
    All,
    /// Only the bytes that this function asks for when it is given the path of
    /// `variables.index`; everything else of a large shard reads as zeros, at the right length.
    /// Assets are left out. Folders are not archives: of them everything is there anyway.
    Ranges(&'a dyn Fn(&Path) -> Vec<ShardRange>),
}

impl std::fmt::Debug for Weights<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Weights::All => "All",
            Weights::Ranges(_) => "Ranges(..)",
        })
    }
}

/// A piece of a data shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardRange {
    /// Which of the shards, from 0.
    pub shard: u32,
    /// First byte.
    pub offset: u64,
    /// Number of bytes.
    pub byte_len: u64,
}

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
/// use tfcensus::source::{resolve, ResolveOptions};
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
        return Err(diagnose::no_handle(&given, scheme));
    }
    if path.join("snapshots").is_dir() && path.join("blobs").is_dir() {
        return hub::from_repository(given, path, how);
    }
    match locate::locate(path)? {
        Found::Folder { dir, note } => in_folder(given, dir, note.into_iter().collect()),
        Found::Several { dir, models } => Err(diagnose::several(&dir, &models)),
        Found::Archive => unpacked::from_archive(given, path, how, observer),
    }
}

/// The source for a folder that is known to hold a model.
fn in_folder(given: String, dir: PathBuf, notes: Vec<String>) -> Result<Source> {
    let files = ModelFiles::in_folder(&dir)?;
    let format = files.format()?;
    let content =
        sniff::sniff(&files.saved_model).map_err(|e| Error::io("open", &files.saved_model, e))?;
    // Bytes that are nothing known go on to the reader, which says at which of them it stopped.
    match content {
        Content::Other(kind::Kind::Unknown | kind::Kind::Json) | Content::SavedModel => {}
        Content::Other(kind::Kind::Onnx) if files.saved_model_is_text => {}
        Content::Other(kind) => return Err(diagnose::other_kind(&files.saved_model, kind)),
        Content::Tar | Content::Gzip | Content::ZipOfModel => {
            return Err(diagnose::other_kind(
                &files.saved_model,
                kind::Kind::OtherCompression("archive"),
            ));
        }
    }
    Ok(Source { given, dir, format, files, notes, _unpacked: None })
}
