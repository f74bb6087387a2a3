//! Folders for what is unpacked, gone however the program ends.
//!
//! Three layers: a guard removes its folder when dropped; [`cleanup_all`] removes everything
//! temporary of this process, for a signal thread to call; and each folder holds a locked file, so that the
//! next run can tell a folder whose owner was killed outright, and removes it.

use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::{Error, Result};

/// How the folders' names start, in the system's folder for temporary files.
const PREFIX: &str = "tfcensus-unpacked-";

/// The locked file in each folder.
const LOCK: &str = "lock";

/// Most names of the temporary folder that are looked at for abandoned folders.
const MAX_SWEPT: usize = 20_000;

/// What this process must remove before it ends.
static ALIVE: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A temporary folder that is removed with its contents when this is dropped.
#[derive(Debug)]
pub(super) struct TempFolder {
    path: PathBuf,
    /// Held open because closing it gives the lock up.
    _lock: File,
}

impl TempFolder {
    /// Makes a folder that only this user can enter, after removing abandoned ones.
    pub fn new() -> Result<TempFolder> {
        let parent = std::env::temp_dir();
        sweep(&parent);
        let made = tempfile::Builder::new()
            .prefix(PREFIX)
            .tempdir_in(&parent)
            .map_err(|e| Error::io("make a temporary folder in", &parent, e))?;
        // Locked before it has its name, so that no other process can take it for abandoned.
        let unnamed = made.path().join("lock.new");
        let lock = File::create(&unnamed)
            .and_then(|file| try_lock(&file).map(|_| file))
            .and_then(|file| fs::rename(&unnamed, made.path().join(LOCK)).map(|()| file))
            .map_err(|e| Error::io("write", &unnamed, e))?;
        let path = made.keep();
        remove_at_end(&path);
        Ok(TempFolder { path, _lock: lock })
    }

    /// Where to unpack to: an empty folder inside.
    pub fn model_dir(&self) -> PathBuf {
        self.path.join("model")
    }
}

impl Drop for TempFolder {
    fn drop(&mut self) {
        remove(&self.path);
        forget(&self.path);
    }
}

/// Has [`cleanup_all`] remove this file or folder.
pub(super) fn remove_at_end(path: &Path) {
    alive().push(path.to_path_buf());
}

/// Takes back [`remove_at_end`].
pub(super) fn forget(path: &Path) {
    alive().retain(|other| other != path);
}

/// Removes every temporary folder and lock of this process. For a program that is about to end
/// without unwinding; call it from an ordinary thread, not from inside a signal handler.
pub fn cleanup_all() {
    for path in alive().drain(..) {
        remove(&path);
    }
}

fn alive() -> std::sync::MutexGuard<'static, Vec<PathBuf>> {
    ALIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn remove(path: &Path) {
    if fs::remove_dir_all(path).is_err() {
        let _ = fs::remove_file(path);
    }
}

/// Removes folders of this user whose owner is gone.
fn sweep(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.take(MAX_SWEPT).flatten() {
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        let path = entry.path();
        // SAFETY: geteuid has no preconditions and cannot fail.
        let me = unsafe { libc::geteuid() };
        let mine = fs::symlink_metadata(&path).is_ok_and(|m| m.is_dir() && m.uid() == me);
        if !mine {
            continue;
        }
        let Ok(lock) = File::open(path.join(LOCK)) else { continue };
        if try_lock(&lock).unwrap_or(false) {
            remove(&path);
        }
    }
}

/// Takes the lock if nobody has it. The kernel gives it up when the process ends, in any way.
fn try_lock(file: &File) -> io::Result<bool> {
    // SAFETY: the descriptor is open for as long as `file` is borrowed.
    if unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } == 0 {
        return Ok(true);
    }
    match io::Error::last_os_error() {
        e if e.kind() == io::ErrorKind::WouldBlock => Ok(false),
        e => Err(e),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removes_its_folder_when_dropped() {
        let folder = TempFolder::new().unwrap();
        fs::create_dir(folder.model_dir()).unwrap();
        fs::write(folder.model_dir().join("f"), b"x").unwrap();
        let path = folder.path.clone();
        assert!(path.is_dir());
        drop(folder);
        assert!(!path.exists());
    }

    #[test]
    fn sweeps_what_a_killed_process_left_and_nothing_else() {
        let parent = tempfile::tempdir().unwrap();
        let folder = |name: &str| {
            let path = parent.path().join(name);
            fs::create_dir(&path).unwrap();
            let lock = File::create(path.join(LOCK)).unwrap();
            (path, lock)
        };
        let (abandoned, lock) = folder("tfcensus-unpacked-a");
        drop(lock);
        let (in_use, lock) = folder("tfcensus-unpacked-b");
        assert!(try_lock(&lock).unwrap());
        let (of_others, _) = folder("others");
        sweep(parent.path());
        assert!(!abandoned.exists());
        assert!(in_use.exists() && of_others.exists());
    }
}
