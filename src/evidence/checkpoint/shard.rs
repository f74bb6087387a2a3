//! Data shards: their names, and reading from them.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::regular_file;

/// Path of a data shard: `<prefix>.data-SSSSS-of-NNNNN` in `folder`.
/// Source: `DataFilename`, tensorflow/core/util/tensor_bundle/naming.cc.
pub fn shard_path(folder: &Path, prefix: &str, shard: u32, shards: u32) -> PathBuf {
    folder.join(format!("{prefix}.data-{shard:05}-of-{shards:05}"))
}

/// Length of a shard in bytes, without opening it: one that cannot be opened is told by who reads it.
/// Anything but a regular file is refused, as it is by opening.
pub(super) fn shard_len(path: &Path) -> io::Result<u64> {
    let metadata = std::fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    Ok(metadata.len())
}

/// Why a file is not found: the path may be a symbolic link to nothing.
pub(super) fn why_missing(path: &Path) -> &'static str {
    match std::fs::symlink_metadata(path) {
        Ok(_) => "a symbolic link that leads nowhere",
        Err(_) => "no such file",
    }
}

/// An open data shard. Reads state their offset, so threads may share it.
pub(super) struct Shard {
    file: File,
}

impl Shard {
    /// Opens it; anything but a regular file is refused.
    pub fn open(path: &Path) -> io::Result<Shard> {
        Ok(Shard { file: regular_file::open(path)? })
    }

    /// Length in bytes.
    pub fn len(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// Fills `buffer` from `offset` on.
    #[cfg(unix)]
    pub fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(&self.file, buffer, offset)
    }

    /// Fills `buffer` from `offset` on.
    #[cfg(windows)]
    pub fn read_exact_at(&self, mut buffer: &mut [u8], mut offset: u64) -> io::Result<()> {
        while !buffer.is_empty() {
            match std::os::windows::fs::FileExt::seek_read(&self.file, buffer, offset)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => {
                    buffer = &mut buffer[read..];
                    offset = offset.saturating_add(read as u64);
                }
            }
        }
        Ok(())
    }
}
