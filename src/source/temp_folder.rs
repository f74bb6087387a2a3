//! Folders for what is unpacked, gone however the program ends.
//!
//! Three layers: a guard removes its folder when dropped; [`cleanup_all`] removes everything
//! temporary of this process, for a signal thread to call; and each folder holds a locked file, so that the
//! next run can tell a folder whose owner was killed outright, and removes it.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::limits::MAX_SWEPT_NAMES;
use crate::regular_file;
use crate::{Error, Result};

/// How the folders' names start, in the system's folder for temporary files.
const PREFIX: &str = "tfcensus-unpacked-";

/// The locked file in each folder.
const LOCK: &str = "lock";

/// Most times that a folder is removed which others fill up again.
const MAX_REMOVALS: usize = 100;

/// A folder without its lock is one that is just being made, or what a cleaner or a removal
/// that was cut off has left; after this long it is the latter.
const NEWBORN: Duration = Duration::from_secs(3600);

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
    let mut alive = alive();
    for path in alive.drain(..) {
        remove(&path);
    }
}

fn alive() -> std::sync::MutexGuard<'static, Vec<PathBuf>> {
    ALIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn remove(path: &Path) {
    // Another thread may still be writing there while the program ends.
    for _ in 0..MAX_REMOVALS {
        if fs::remove_dir_all(path).is_err() {
            let _ = fs::remove_file(path);
        }
        if path.symlink_metadata().is_err() {
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Removes folders of this user whose owner is gone.
fn sweep(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.take(MAX_SWEPT_NAMES).flatten() {
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
        let abandoned = match regular_file::open(&path.join(LOCK)) {
            Ok(lock) => try_lock(&lock).unwrap_or(false),
            Err(_) => age(&path).is_some_and(|age| age > NEWBORN),
        };
        if abandoned {
            remove(&path);
        }
    }
}

fn age(path: &Path) -> Option<Duration> {
    fs::metadata(path).ok()?.modified().ok()?.elapsed().ok()
}

/// Takes the lock; false where another process has it. The kernel gives it up when the process ends, in
/// any way.
fn try_lock(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
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
        let without_lock = |name: &str, age: Duration| {
            let path = parent.path().join(name);
            fs::create_dir(&path).unwrap();
            let made = std::time::SystemTime::now() - age;
            File::open(&path).unwrap().set_modified(made).unwrap();
            path
        };
        let newborn = without_lock("tfcensus-unpacked-c", Duration::ZERO);
        let remains = without_lock("tfcensus-unpacked-d", 2 * NEWBORN);
        sweep(parent.path());
        assert!(!abandoned.exists() && !remains.exists());
        assert!(in_use.exists() && of_others.exists() && newborn.exists());
    }
}
