//! A model out of an archive: unpacked into a temporary folder for as long as it is counted.

use std::path::{Path, PathBuf};

use super::archive::{ArchiveLimits, Hollow, Take, unpack};
use super::model_folder::{Found, locate};
use super::not_a_model;
use super::resolve_options::{ResolveOptions, ShardRange, Weights};
use super::resolved::{Source, in_folder};
use super::temp_folder::TempFolder;
use crate::limits::MAX_FILLED_BYTES;
use crate::{Error, Observer, Progress, Result};

/// Unpacks `archive`, or the parts of it that are needed, and finds the model in it.
pub(super) fn from_archive(
    given: String,
    archive: &Path,
    how: &ResolveOptions<'_>,
    observer: &dyn Observer,
) -> Result<Source> {
    let temp = TempFolder::new()?;
    let dest = temp.model_dir();
    let limits = ArchiveLimits::default();
    let name = archive.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut hollows = Vec::new();
    match how.weights {
        Weights::All => {
            observer.notice(Progress::Step(format!("unpacking {name}")));
            unpack(archive, &dest, Take::All, limits, observer)?;
        }
        Weights::Ranges(_) => {
            observer.notice(Progress::Step(format!("reading {name}")));
            unpack(archive, &dest, Take::Declarations(&mut hollows), limits, observer)?;
        }
    }
    let (dir, note) = match locate(&dest).map_err(|e| about(archive, &dest, e))? {
        Found::Folder { dir, note } => (dir, note),
        Found::Several { models, .. } => {
            let inside = |m: &PathBuf| m.strip_prefix(&dest).map(|m| m.display().to_string());
            let names: Vec<String> = models.iter().take(5).flat_map(inside).collect();
            return Err(Error::NotAModel {
                path: archive.into(),
                what: format!("an archive that holds {} of them", models.len()),
                advice: format!("unpack it and give one of its folders: {}", names.join(", ")),
            });
        }
        Found::Archive => return Err(not_a_model::no_model_in(&dest)),
    };
    let inner = dir.strip_prefix(&dest).unwrap_or(Path::new(""));
    let mut notes = Vec::new();
    if note.is_some() && inner.parent().is_some_and(|p| !p.as_os_str().is_empty()) {
        notes.push(format!("the model is `{}` in the archive", inner.display()));
    }
    let mut source = in_folder(given, dir.clone(), notes).map_err(|e| about(archive, &dest, e))?;
    source.files.shards_are_hollow = !hollows.is_empty();
    if let (Weights::Ranges(wanted), Some(index)) = (how.weights, &source.files.index) {
        let hollows = with_ranges(hollows, &inner.join("variables"), &wanted(index));
        if hollows.iter().any(|h| !h.ranges.is_empty()) {
            unpack(archive, &dest, Take::Fill(&hollows), limits, observer)?;
        }
    }
    source._unpacked = Some(temp);
    source.keras_archive = None;
    Ok(source)
}

/// Adds the ranges that were asked for to the shards in `variables`.
fn with_ranges(hollows: Vec<Hollow>, variables: &Path, wanted: &[ShardRange]) -> Vec<Hollow> {
    let mut budget = MAX_FILLED_BYTES;
    let mut out: Vec<Hollow> =
        hollows.into_iter().filter(|h| h.path.parent() == Some(variables)).collect();
    for range in wanted {
        let start = format!("variables.data-{:05}-of-", range.shard);
        let hollow = out
            .iter_mut()
            .find(|h| h.path.file_name().is_some_and(|n| n.to_string_lossy().starts_with(&start)));
        let Some(hollow) = hollow else { continue };
        let end = range.offset.saturating_add(range.byte_len).min(hollow.byte_len);
        let len = end.saturating_sub(range.offset);
        if len > 0 && len <= budget {
            budget -= len;
            hollow.ranges.push(range.offset..end);
        }
    }
    out
}

/// An error about a file that was unpacked, said of the archive: the temporary folder is gone by
/// the time anybody reads it.
fn about(archive: &Path, dest: &Path, error: Error) -> Error {
    let named = |path: PathBuf| match path.strip_prefix(dest) {
        Ok(inside) if inside.as_os_str().is_empty() => archive.to_path_buf(),
        Ok(inside) => archive.join(inside),
        Err(_) => path,
    };
    let temporary = dest.display().to_string();
    let reworded = |text: String| text.replace(&temporary, &archive.display().to_string());
    match error {
        Error::NotAModel { path, what, advice } => {
            Error::NotAModel { path: named(path), what: reworded(what), advice: reworded(advice) }
        }
        Error::NotFound { path, advice } => {
            Error::NotFound { path: named(path), advice: reworded(advice) }
        }
        Error::Malformed { path, offset, what } => {
            Error::Malformed { path: named(path), offset, what }
        }
        Error::Io { action, path, source } => Error::Io { action, path: named(path), source },
        other => other,
    }
}
