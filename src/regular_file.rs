//! Opening what must be a regular file. Opening a named pipe waits for a writer, and reading a device
//! may never end, so neither is done: a model, a cache and a command line can name either.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

/// What a person is told of a [Git LFS pointer](is_lfs_pointer).
pub(crate) const LFS_POINTER: &str =
    "a Git LFS pointer, since the file itself was never fetched: run git lfs pull";

/// True for the beginning of what Git LFS leaves in the place of a file that it has not fetched.
/// Source: <https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md>.
pub(crate) fn is_lfs_pointer(bytes: &[u8]) -> bool {
    bytes.starts_with(b"version https://git-lfs.github.com/spec/v1")
}

/// Opens a regular file for reading. Anything else is an error that says what it is.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    // `O_NONBLOCK`: a named pipe opens at once. `O_NOCTTY`: a terminal does not become this process'.
    let flags = libc::O_NONBLOCK | libc::O_NOCTTY;
    let opened = OpenOptions::new().read(true).custom_flags(flags).open(path);
    let file = opened.map_err(|error| match error.raw_os_error() {
        Some(libc::ENXIO) => io::Error::other("it is a socket or device, not a regular file"),
        _ => error,
    })?;
    // What was opened is looked at, not the path, which may lead to something else by now.
    let kind = file.metadata()?.file_type();
    let what = match () {
        () if kind.is_file() => return Ok(file),
        () if kind.is_dir() => return Err(io::Error::from_raw_os_error(libc::EISDIR)),
        () if kind.is_fifo() => "a pipe",
        () if kind.is_socket() => "a socket",
        () => "a device",
    };
    Err(io::Error::other(format!("it is {what}, not a regular file")))
}

/// Opens and reads a regular file; `None` where it holds more than `most` bytes.
pub(crate) fn read(path: &Path, most: u64) -> io::Result<Option<Vec<u8>>> {
    read_whole(open(path)?, most)
}

/// Reads an open file; `None` where it holds more than `most` bytes. It may grow meanwhile, so the bytes
/// that come are counted, and not only the length that the system states.
pub(crate) fn read_whole(file: File, most: u64) -> io::Result<Option<Vec<u8>>> {
    let stated = file.metadata()?.len();
    if stated > most {
        return Ok(None);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(stated).unwrap_or_default());
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= most).then_some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(path: &Path) -> String {
        open(path).unwrap_err().to_string()
    }

    #[test]
    fn opens_nothing_but_regular_files_and_never_waits() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("file"), "text").unwrap();
        std::os::unix::fs::symlink("file", path("link")).unwrap();
        assert!(open(&path("file")).is_ok() && open(&path("link")).is_ok());
        let pipe = std::process::Command::new("mkfifo").arg(path("pipe")).status();
        assert!(pipe.unwrap().success());
        let _socket = std::os::unix::net::UnixListener::bind(path("socket")).unwrap();
        assert!(refusal(&path("pipe")).contains("a pipe, not a regular file"));
        assert!(refusal(&path("socket")).contains("a socket"));
        assert!(refusal(Path::new("/dev/zero")).contains("a device"));
        assert!(refusal(folder.path()).contains("directory"));
        assert_eq!(read(&path("file"), 4).unwrap().as_deref(), Some(&b"text"[..]));
        assert_eq!(read(&path("file"), 3).unwrap(), None);
        assert_eq!(open(&path("nothing")).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
