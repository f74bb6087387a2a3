//! The cache of `kagglehub`: `models/<owner>/<model>/<framework>/<variation>/<version>/`, whole
//! when the file `<version>.complete` lies beside it. Source: kagglehub's cache.py, 1.0.

use std::path::{Path, PathBuf};

use super::entry::{CacheEntry, CacheKind, Lookup, entry, examine, names};
use crate::source::handle::KaggleHandle;

/// The folder for all versions of a variation, with the names as typed.
pub(in crate::source) fn folder(cache: &Path, handle: &KaggleHandle) -> PathBuf {
    cache
        .join("models")
        .join(&handle.owner)
        .join(&handle.model)
        .join(&handle.framework)
        .join(&handle.variation)
}

/// The file that says a version is whole.
pub(in crate::source) fn marker(variation: &Path, version: u64) -> PathBuf {
    variation.join(format!("{version}.complete"))
}

/// Looks for a version. Kaggle takes the framework's name in any case (`TensorFlow2`,
/// `tensorFlow2`), while the folder keeps what was typed: the other spellings are tried too.
pub(in crate::source) fn find(cache: &Path, handle: &KaggleHandle, version: u64) -> Lookup {
    let exact = find_in(&folder(cache, handle), version);
    if matches!(exact, Lookup::Whole(_)) {
        return exact;
    }
    let others = spellings(cache, handle).into_iter().map(|dir| find_in(&dir, version));
    others.into_iter().find(|found| matches!(found, Lookup::Whole(_))).unwrap_or(exact)
}

/// The highest version that is whole.
pub(in crate::source) fn any_version(
    cache: &Path,
    handle: &KaggleHandle,
) -> Option<(u64, PathBuf)> {
    let mut dirs = spellings(cache, handle);
    dirs.insert(0, folder(cache, handle));
    let versions = |dir: &PathBuf| {
        let numbers = names(dir).into_iter().filter_map(|name| name.parse::<u64>().ok());
        numbers.map(|version| (version, dir.clone())).collect::<Vec<_>>()
    };
    let mut all: Vec<(u64, PathBuf)> = dirs.iter().flat_map(versions).collect();
    all.sort();
    all.into_iter().rev().find_map(|(version, dir)| match find_in(&dir, version) {
        Lookup::Whole(model) => Some((version, model)),
        _ => None,
    })
}

fn find_in(variation: &Path, version: u64) -> Lookup {
    if !marker(variation, version).exists() {
        return Lookup::Absent;
    }
    examine(&variation.join(version.to_string()))
}

/// The variation's folders under other spellings of the framework.
fn spellings(cache: &Path, handle: &KaggleHandle) -> Vec<PathBuf> {
    let model = cache.join("models").join(&handle.owner).join(&handle.model);
    names(&model)
        .into_iter()
        .filter(|name| name.eq_ignore_ascii_case(&handle.framework) && *name != handle.framework)
        .map(|name| model.join(name).join(&handle.variation))
        .collect()
}

pub(super) fn list(cache: &Path) -> Vec<CacheEntry> {
    let mut entries = Vec::new();
    let models = cache.join("models");
    let below = |dir: &Path| names(dir).into_iter().map(|n| (dir.join(&n), n)).collect::<Vec<_>>();
    for (owner_dir, owner) in below(&models) {
        for (model_dir, model) in below(&owner_dir) {
            for (framework_dir, framework) in below(&model_dir) {
                for (dir, variation) in below(&framework_dir) {
                    let handle = format!("{owner}/{model}/{framework}/{variation}");
                    list_variation(&dir, &handle, &framework, &mut entries);
                }
            }
        }
    }
    entries
}

fn list_variation(dir: &Path, handle: &str, framework: &str, entries: &mut Vec<CacheEntry>) {
    let names = names(dir);
    let numbers = names.iter().filter_map(|name| {
        let number = name.strip_suffix(".archive").unwrap_or(name);
        number.parse::<u64>().ok()
    });
    let mut versions: Vec<u64> = numbers.collect();
    versions.sort_unstable();
    versions.dedup();
    for version in versions {
        let whole = dir.join(version.to_string());
        let archive = dir.join(format!("{version}.archive"));
        let path = if whole.exists() { whole } else { archive };
        let lookup = find_in(dir, version);
        // Most of what Kaggle has is not for TensorFlow, and no SavedModel is missing there.
        let expected = framework.to_ascii_lowercase().starts_with("tensorflow");
        if expected || matches!(lookup, Lookup::Whole(_)) {
            let handle = Some(format!("{handle}/{version}"));
            let version = Some(version.to_string());
            entries.push(entry(CacheKind::KaggleHub, handle, version, path, lookup));
        }
    }
}
