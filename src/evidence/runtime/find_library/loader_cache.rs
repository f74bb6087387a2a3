//! Looks a library up in the dynamic loader's cache, `/etc/ld.so.cache`. The cache is the only list of
//! the folders in `/etc/ld.so.conf`, and `ldconfig -p`, which prints it, is not always installed.
//!
//! Source: `struct cache_file_new`, sysdeps/generic/dl-cache.h (glibc 2.36).

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::limits::MAX_LOADER_CACHE_BYTES;
use crate::regular_file;

const MAGIC: &[u8] = b"glibc-ld.so.cache1.1";
const HEADER: usize = 48;
const ENTRY: usize = 24;

/// The files of these names in the cache, in the order of `names`.
pub(super) fn find(cache: &Path, names: &[&str]) -> Vec<PathBuf> {
    let Ok(Some(bytes)) = regular_file::read(cache, MAX_LOADER_CACHE_BYTES) else {
        return Vec::new();
    };
    let entries = entries(&bytes).unwrap_or_default();
    names
        .iter()
        .flat_map(|name| entries.iter().filter(move |(key, _)| *key == name.as_bytes()))
        .map(|(_, path)| PathBuf::from(OsStr::from_bytes(path)))
        .collect()
}

/// Names and paths; `None` where the bytes are not a cache of this format.
fn entries(bytes: &[u8]) -> Option<Vec<(&[u8], &[u8])>> {
    // An old-format cache may come first.
    let start = bytes.windows(MAGIC.len()).step_by(4).position(|w| w == MAGIC)?.checked_mul(4)?;
    let bytes = bytes.get(start..)?;
    let count = number(bytes, MAGIC.len())?;
    let table = bytes.get(HEADER..)?;
    let text = |offset: usize| bytes.get(offset..)?.split(|byte| *byte == 0).next();
    table
        .chunks_exact(ENTRY)
        .take(count)
        .map(|entry| Some((text(number(entry, 4)?)?, text(number(entry, 8)?)?)))
        .collect()
}

fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let bytes = bytes.get(at..)?.first_chunk::<4>()?;
    usize::try_from(u32::from_le_bytes(*bytes)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    /// A cache with one library, laid out by hand after the header named above.
    fn cache() -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(1u32.to_le_bytes());
        bytes.resize(HEADER, 0);
        let text = (HEADER + ENTRY) as u32;
        bytes.extend(0x0303u32.to_le_bytes());
        bytes.extend(text.to_le_bytes());
        bytes.extend((text + 17).to_le_bytes());
        bytes.resize(HEADER + ENTRY, 0);
        bytes.extend(b"libtensorflow.so\0/opt/tf/libtensorflow.so\0");
        bytes
    }

    #[test]
    fn finds_a_library_by_its_name() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&cache()).unwrap();
        let found = find(file.path(), &["libother.so", "libtensorflow.so"]);
        assert_eq!(found, [PathBuf::from("/opt/tf/libtensorflow.so")]);
    }

    #[test]
    fn a_cache_that_is_cut_or_false_is_no_error() {
        let whole = cache();
        for len in 0..whole.len() {
            let _ = entries(&whole[..len]);
        }
        let mut lying = whole.clone();
        lying[MAGIC.len()..MAGIC.len() + 4].copy_from_slice(&u32::MAX.to_le_bytes());
        let _ = entries(&lying);
        lying[HEADER + 4..HEADER + 8].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(entries(&lying), None);
    }

    #[test]
    fn a_missing_cache_is_empty() {
        assert!(find(Path::new("/nonexistent/ld.so.cache"), &["libtensorflow.so"]).is_empty());
    }
}
