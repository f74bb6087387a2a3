//! The cache of `huggingface_hub`: `models--<org>--<name>/snapshots/<revision>/`, whose files are
//! links into `blobs/`; `refs/<branch>` holds the revision that a branch was at.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::entry::{CacheEntry, CacheKind, Lookup, entry, examine, names};
use crate::limits::MAX_REF_BYTES;
use crate::regular_file;

/// How the folders of models start.
const MODELS: &str = "models--";

/// Looks in a repository's folder for a revision, by name or branch; else `main`, else the only
/// one. The text is the revision that was found.
pub(in crate::source) fn in_repository(repo: &Path, revision: Option<&str>) -> (Lookup, String) {
    let snapshots = repo.join("snapshots");
    let branch = revision.unwrap_or("main");
    let at = |name: &str| (examine(&snapshots.join(name)), name.to_owned());
    if let Some(commit) = commit_of(repo, branch) {
        return at(&commit);
    }
    if let Some(revision) = revision {
        return at(revision);
    }
    match names(&snapshots).as_slice() {
        [only] => at(only),
        _ => (Lookup::Absent, branch.to_owned()),
    }
}

/// The folder of a repository.
pub(in crate::source) fn repository(cache: &Path, repo: &str) -> PathBuf {
    cache.join(format!("{MODELS}{}", repo.replace('/', "--")))
}

fn commit_of(repo: &Path, branch: &str) -> Option<String> {
    let mut text = String::new();
    let file = regular_file::open(&repo.join("refs").join(branch)).ok()?;
    file.take(MAX_REF_BYTES).read_to_string(&mut text).ok()?;
    let text = text.trim();
    // It becomes part of a path.
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric())).then(|| text.to_owned())
}

pub(super) fn list(cache: &Path) -> Vec<CacheEntry> {
    let mut entries = Vec::new();
    for name in names(cache) {
        let Some(repo) = name.strip_prefix(MODELS) else { continue };
        let snapshots = cache.join(&name).join("snapshots");
        for revision in names(&snapshots) {
            let path = snapshots.join(&revision);
            let lookup = examine(&path);
            // Nearly everything here is for other frameworks; a link named `saved_model.pb`
            // that leads nowhere is one of ours that lost its blob.
            let ours = path.join("saved_model.pb").symlink_metadata().is_ok();
            if ours || matches!(lookup, Lookup::Whole(_)) {
                let handle = Some(format!("hf://{}@{revision}", repo.replacen("--", "/", 1)));
                entries.push(entry(CacheKind::HuggingFace, handle, Some(revision), path, lookup));
            }
        }
    }
    entries
}
