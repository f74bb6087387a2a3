//! From a path as people give it to the folder that holds `saved_model.pb`.
//!
//! Input: a path that exists, of a folder or a file. Output: the model's folder with a note on
//! what was understood, or an archive to unpack, or an error that names what is there instead.

use std::fs;
use std::path::{Component, Path, PathBuf};

use super::file_kind::Kind;
use super::model_files::saved_model_in;
use super::not_a_model;
use super::sniff::{Content, sniff};
use crate::limits::{MAX_FOLDER_LEVELS, MAX_SUBFOLDERS};
use crate::{Error, Result};

/// Files of a model whose folder is meant when one of them is given.
const FILES_OF_A_MODEL: [&str; 6] = [
    "saved_model.pb",
    "saved_model.pbtxt",
    "saved_model.cpb",
    "keras_metadata.pb",
    "fingerprint.pb",
    "tfhub_module.pb",
];

/// What a path leads to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A folder with `saved_model.pb` or `.pbtxt` in it.
    Folder {
        dir: PathBuf,
        /// What was understood, where that is not the path itself.
        note: Option<String>,
    },
    /// Several folders with a model each, and nothing to choose one by.
    Several { dir: PathBuf, models: Vec<PathBuf> },
    /// A tar (plain or gzip) or zip file.
    Archive,
}

/// Follows `path` to a model.
pub(super) fn locate(path: &Path) -> Result<Found> {
    let meta = match fs::metadata(path) {
        Ok(meta) => meta,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            return Err(not_a_model::missing(path));
        }
        Err(e) => return Err(Error::io("open", path, e)),
    };
    if meta.is_dir() {
        return in_folder(path);
    }
    if !meta.is_file() {
        return Err(Error::NotAModel {
            path: path.into(),
            what: "a device, pipe or socket".into(),
            advice: "give a folder, an archive file or a handle".into(),
        });
    }
    if let Some(dir) = folder_of_part(path)? {
        return Ok(Found::Folder { dir, note: None });
    }
    match sniff(path).map_err(|e| Error::io("read", path, e))? {
        Content::Tar | Content::Gzip | Content::ZipOfModel => Ok(Found::Archive),
        Content::SavedModel => Err(not_a_model::other_kind(path, Kind::NamelessSavedModel)),
        Content::Other(kind) => Err(not_a_model::other_kind(path, kind)),
    }
}

fn in_folder(path: &Path) -> Result<Found> {
    let mut dir = path.to_path_buf();
    let mut note = None;
    for _ in 0..=MAX_FOLDER_LEVELS {
        if saved_model_in(&dir)?.is_some() {
            return Ok(Found::Folder { dir, note });
        }
        // `variables/` itself, with the model one level up.
        if dir.join("variables.index").exists()
            && let Some(parent) = parent_of(&dir)
            && saved_model_in(&parent)?.is_some()
        {
            return Ok(Found::Folder { dir: parent, note });
        }
        match model_below(&dir)? {
            Below::One(child, why) => {
                dir = child;
                note = Some(why);
            }
            Below::Several(models) => return Ok(Found::Several { dir, models }),
            Below::None => break,
        }
    }
    Err(not_a_model::no_model_in(path))
}

/// What the sub-folders of a folder hold.
enum Below {
    None,
    One(PathBuf, String),
    Several(Vec<PathBuf>),
}

/// Chooses among sub-folders. Numbered versions are served as TensorFlow Serving does it: the
/// highest number wins; that rule knows of nothing else, so a model beside them is in doubt.
fn model_below(dir: &Path) -> Result<Below> {
    let entries = fs::read_dir(dir).map_err(|e| Error::io("list", dir, e))?;
    let mut numbered: Vec<(u64, PathBuf)> = Vec::new();
    let mut named = Vec::new();
    let mut other_folders = Vec::new();
    for entry in entries.take(MAX_SUBFOLDERS) {
        let path = entry.map_err(|e| Error::io("list", dir, e))?.path();
        if !path.is_dir() {
            continue;
        }
        let number = path.file_name().and_then(|n| n.to_str()).and_then(version_number);
        // A sub-folder that cannot be read is no reason to fail: it may be anything.
        match (saved_model_in(&path), number) {
            (Ok(Some(_)), Some(version)) => numbered.push((version, path)),
            (Ok(Some(_)), None) => named.push(path),
            _ => other_folders.push(path),
        }
    }
    numbered.sort();
    named.sort();
    match (numbered.pop(), named.as_slice()) {
        (Some((version, path)), []) => {
            let mut others: Vec<String> = numbered.iter().map(|(v, _)| v.to_string()).collect();
            others.reverse();
            let why = if others.is_empty() {
                format!("this is version {version}, the only one in {}", dir.display())
            } else {
                format!(
                    "this is version {version}, the highest in {}; also there: {}",
                    dir.display(),
                    others.join(", ")
                )
            };
            Ok(Below::One(path, why))
        }
        (None, [only]) => {
            let why = format!("the model is in {}", only.display());
            Ok(Below::One(only.clone(), why))
        }
        (None, []) => match other_folders.as_slice() {
            [only] if only.file_name().is_some_and(|n| n != "variables" && n != "assets") => {
                let why = format!("the model is in {}", only.display());
                Ok(Below::One(only.clone(), why))
            }
            _ => Ok(Below::None),
        },
        (highest, _) => {
            named.extend(numbered.into_iter().chain(highest).map(|(_, path)| path));
            Ok(Below::Several(named))
        }
    }
}

/// A version folder's number. Source: TensorFlow Serving takes every name that parses as one.
pub(super) fn version_number(name: &str) -> Option<u64> {
    name.bytes().all(|b| b.is_ascii_digit()).then(|| name.parse().ok()).flatten()
}

/// The model's folder, where `path` is one of the files that make up a model.
fn folder_of_part(path: &Path) -> Result<Option<PathBuf>> {
    let Some(name) = path.file_name().map(|n| n.to_string_lossy().into_owned()) else {
        return Ok(None);
    };
    let Some(parent) = parent_of(path) else { return Ok(None) };
    if FILES_OF_A_MODEL.contains(&name.as_str()) {
        return Ok(saved_model_in(&parent)?.map(|_| parent));
    }
    if name == "variables.index" || name.starts_with("variables.data-") {
        let Some(above) = parent_of(&parent) else { return Ok(None) };
        if parent_name(&parent)?.as_deref() == Some("variables")
            && saved_model_in(&above)?.is_some()
        {
            return Ok(Some(above));
        }
        return Err(not_a_model::other_kind(path, Kind::SavedModelOfElsewhere));
    }
    Ok(None)
}

/// The last name of a folder, also where it was given as `.` or ends in `..`.
pub(super) fn parent_name(dir: &Path) -> Result<Option<String>> {
    let whole = fs::canonicalize(dir).map_err(|e| Error::io("open", dir, e))?;
    Ok(whole.file_name().map(|n| n.to_string_lossy().into_owned()))
}

/// The folder above, in the words of the path as given: `a/b` → `a`, `b` → `.`, `.` → `..`.
pub(super) fn parent_of(path: &Path) -> Option<PathBuf> {
    match path.components().next_back() {
        Some(Component::Normal(_)) => {
            let parent = path.parent()?;
            Some(if parent.as_os_str().is_empty() { PathBuf::from(".") } else { parent.into() })
        }
        Some(Component::CurDir | Component::ParentDir) => Some(path.join("..")),
        _ => None,
    }
}
