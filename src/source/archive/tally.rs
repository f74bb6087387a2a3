//! How much an archive may make of itself, and which names its entries may have.

use crate::limits::{MAX_ENTRY_DEPTH, MAX_ENTRY_NAME_BYTES};
use std::collections::HashMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// Bounds on what comes out of one archive.
#[derive(Clone, Copy, Debug)]
pub(in crate::source) struct ArchiveLimits {
    /// Most bytes in all files together.
    pub bytes: u64,
    /// Most entries, folders included.
    pub entries: u64,
    /// Most bytes out per byte in, once `ratio_free_bytes` have come out. A model of zeros shrinks
    /// a thousandfold, so a small archive may do so too.
    pub ratio: u64,
    /// Bytes that may come out before `ratio` counts.
    pub ratio_free_bytes: u64,
}

impl Default for ArchiveLimits {
    fn default() -> Self {
        ArchiveLimits { bytes: 1 << 40, entries: 100_000, ratio: 200, ratio_free_bytes: 4 << 30 }
    }
}

/// Why an entry is refused: the end of the sentence "entry `…` …".
pub(super) type Refusal = String;

/// Keeps count of what has come out of an archive.
pub(super) struct Tally {
    limits: ArchiveLimits,
    archive_len: u64,
    bytes: u64,
    entries: u64,
    /// Every path so far, and whether it is a file.
    seen: HashMap<PathBuf, bool>,
}

impl Tally {
    pub fn new(limits: ArchiveLimits, archive_len: u64) -> Tally {
        Tally { limits, archive_len, bytes: 0, entries: 0, seen: HashMap::new() }
    }

    /// Counts one more header.
    pub fn count_entry(&mut self) -> Result<(), Refusal> {
        self.entries += 1;
        if self.entries > self.limits.entries {
            return Err(format!("is one too many: the limit is {} entries", self.limits.entries));
        }
        Ok(())
    }

    /// Whether a file of this length may come out, before room is made for it.
    pub fn foresee_bytes(&self, stated: u64) -> Result<(), Refusal> {
        if self.bytes.saturating_add(stated) > self.limits.bytes {
            return Err(format!(
                "takes the archive beyond {} bytes, the most that is unpacked",
                self.limits.bytes
            ));
        }
        Ok(())
    }

    /// Counts bytes that come out.
    pub fn count_bytes(&mut self, more: u64) -> Result<(), Refusal> {
        self.foresee_bytes(more)?;
        self.bytes += more;
        let by_ratio = self.archive_len.saturating_mul(self.limits.ratio);
        if self.bytes > self.limits.ratio_free_bytes && self.bytes > by_ratio {
            return Err(format!(
                "expands beyond {} times the archive's own size",
                self.limits.ratio
            ));
        }
        Ok(())
    }

    /// Checks a name and that nothing else has it. `None` for the archive's root itself.
    pub fn admit(&mut self, name: &[u8], is_file: bool) -> Result<Option<PathBuf>, Refusal> {
        let path = safe_path(name)?;
        if path.as_os_str().is_empty() {
            return if is_file { Err("has no name".into()) } else { Ok(None) };
        }
        for above in path.ancestors().skip(1).filter(|p| !p.as_os_str().is_empty()) {
            if self.seen.insert(above.to_path_buf(), false) == Some(true) {
                return Err(format!("lies below `{}`, which is a file", above.display()));
            }
        }
        match (self.seen.insert(path.clone(), is_file), is_file) {
            (None, _) | (Some(false), false) => Ok(Some(path)),
            _ => Err("is there twice".into()),
        }
    }
}

/// A name as a path that stays inside the folder it is unpacked to.
fn safe_path(name: &[u8]) -> Result<PathBuf, Refusal> {
    if name.len() > MAX_ENTRY_NAME_BYTES {
        return Err(format!("has a name longer than {MAX_ENTRY_NAME_BYTES} bytes"));
    }
    if name.starts_with(b"/") {
        return Err("has an absolute path".into());
    }
    if name.contains(&0) {
        return Err("has a zero byte in its name".into());
    }
    if name.contains(&b'\\') {
        return Err("has a backslash in its name, which may mean another folder".into());
    }
    if name.len() > 1 && name.get(1) == Some(&b':') {
        return Err("starts with a drive letter".into());
    }
    let mut path = PathBuf::new();
    let mut depth = 0;
    for part in name.split(|b| *b == b'/') {
        match part {
            b"" | b"." => {}
            b".." => return Err("leads out of its folder with `..`".into()),
            part => {
                depth += 1;
                path.push(Path::new(&OsString::from_vec(part.to_vec())));
            }
        }
    }
    if depth > MAX_ENTRY_DEPTH {
        return Err(format!("lies more than {MAX_ENTRY_DEPTH} folders deep"));
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_names_inside() {
        for bad in [&b"/etc/x"[..], b"..", b"a/../../b", b"a/..", b"a\\..\\b", b"C:/x", b"a\0b"] {
            assert!(safe_path(bad).is_err(), "{bad:?}");
        }
        assert_eq!(safe_path(b"./a//b/./c").unwrap(), Path::new("a/b/c"));
        assert_eq!(safe_path(b"..a/b..").unwrap(), Path::new("..a/b.."));
        assert_eq!(safe_path(b"./").unwrap(), Path::new(""));
        assert!(safe_path(&vec![b'a'; MAX_ENTRY_NAME_BYTES + 1]).is_err());
        assert!(safe_path("d/".repeat(65).as_bytes()).is_err());
    }

    #[test]
    fn refuses_a_second_entry_of_one_name_and_a_file_used_as_folder() {
        let mut tally = Tally::new(ArchiveLimits::default(), 1);
        assert!(tally.admit(b"a/b", true).is_ok());
        assert!(tally.admit(b"a/", false).is_ok());
        assert!(tally.admit(b"a/", false).is_ok());
        assert!(tally.admit(b"./a/b", true).is_err());
        assert!(tally.admit(b"a/b/c", true).is_err());
        assert!(tally.admit(b"a", true).is_err());
    }

    #[test]
    fn bounds_entries_bytes_and_ratio() {
        let limits = ArchiveLimits { bytes: 100, entries: 2, ratio: 3, ratio_free_bytes: 10 };
        let mut tally = Tally::new(limits, 5);
        assert!(tally.count_entry().is_ok() && tally.count_entry().is_ok());
        assert!(tally.count_entry().is_err());
        assert!(tally.count_bytes(15).is_ok(), "three times five");
        assert!(tally.count_bytes(1).unwrap_err().contains("3 times"));
        let mut tally = Tally::new(limits, 1000);
        assert!(tally.count_bytes(100).is_ok());
        assert!(tally.count_bytes(1).unwrap_err().contains("100 bytes"));
        let tally = Tally::new(limits, 1000);
        assert!(tally.foresee_bytes(100).is_ok());
        assert!(tally.foresee_bytes(u64::MAX).unwrap_err().contains("100 bytes"));
    }
}
