//! The cache of `tensorflow_hub`: one folder per handle, named by the handle's SHA-1.
//!
//! Beside `<sha1>/` may be `<sha1>.descriptor.txt` (its first line names the handle),
//! `<sha1>.lock` and `<sha1>.<uuid>.tmp/` of a download, and `<sha1>.part`, which is ours.
//! Source: tensorflow_hub's resolver.py and compressed_module_resolver.py, 0.16.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use sha1::{Digest, Sha1};

use super::entry::{CacheEntry, CacheKind, Lookup, entry, examine, names};
use crate::limits::MAX_DESCRIPTOR_BYTES;
use crate::regular_file;

/// The name of a handle's folder: the SHA-1 of the handle exactly as given, in lower-case hex.
pub(in crate::source) fn entry_name(handle: &str) -> String {
    Sha1::digest(handle.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Looks for a handle.
pub(in crate::source) fn find(cache: &Path, handle: &str) -> Lookup {
    examine(&cache.join(entry_name(handle)))
}

pub(super) fn list(cache: &Path) -> Vec<CacheEntry> {
    /// What lies there under one SHA-1.
    #[derive(Default)]
    struct Parts {
        folder: bool,
        rest: Option<String>,
    }
    let mut found: BTreeMap<String, Parts> = BTreeMap::new();
    for name in names(cache) {
        let (sha1, rest) = name.split_once('.').unwrap_or((&name, ""));
        if sha1.len() != 40 || !sha1.bytes().all(|b| b.is_ascii_hexdigit()) {
            continue;
        }
        let parts = found.entry(sha1.to_owned()).or_default();
        if rest.is_empty() {
            parts.folder = true;
        } else if rest == "part" || rest.ends_with(".tmp") {
            parts.rest.get_or_insert(name);
        }
    }
    let listed = found.into_iter().filter_map(|(sha1, parts)| {
        let handle = described(&cache.join(format!("{sha1}.descriptor.txt")));
        let version = handle.as_deref().and_then(version_of);
        let path = cache.join(if parts.folder { sha1 } else { parts.rest? });
        let lookup = if parts.folder { examine(&path) } else { Lookup::Absent };
        Some(entry(CacheKind::TfHub, handle, version, path, lookup))
    });
    listed.collect()
}

/// The handle that a descriptor names.
fn described(path: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    regular_file::open(path).ok()?.take(MAX_DESCRIPTOR_BYTES).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    Some(text.lines().next()?.strip_prefix("Module: ")?.trim().to_owned())
}

fn version_of(handle: &str) -> Option<String> {
    let last = handle.split(['?', '#']).next()?.rsplit('/').next()?;
    (!last.is_empty() && last.bytes().all(|b| b.is_ascii_digit())).then(|| last.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_folders_as_tensorflow_hub_does() {
        // Both stand in public issues of tensorflow/hub (896 and 850).
        for (handle, sha1) in [
            ("https://tfhub.dev/google/yamnet/1", "9616fd04ec2360621642ef9455b84f4b668e219e"),
            (
                "https://tfhub.dev/google/tf2-preview/mobilenet_v2/feature_vector/4",
                "145bb06ec3b59b08fb564ab752bd5aa222bfb50a",
            ),
        ] {
            assert_eq!(entry_name(handle), sha1);
        }
    }
}
