//! One download at a time per model, across processes and together with `tensorflow_hub`.
//!
//! The lock is a file with `<host>.<pid>.<uuid>` in it, made in one step; its holder works in
//! `<entry>.<uuid>.tmp`, and whoever waits watches that folder grow.
//! Source: tensorflow_hub's resolver.py, 0.16.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::limits::MAX_LOCK_BYTES;
use crate::regular_file;
use crate::source::cache;
use crate::source::cache_place::with_suffix;
use crate::source::temp_folder::{forget, remove_at_end};
use crate::{Error, Observer, Progress, Result};

/// How often a waiting process looks.
const POLL: Duration = Duration::from_millis(200);

/// A holder whose folder has not grown for so long is gone. The reference client's value.
const STALE: Duration = Duration::from_secs(600);

/// The same for a holder on this machine whose process does not exist. Not at once: a process in
/// a container may not be seen from outside.
const STALE_DEAD: Duration = Duration::from_secs(2);

/// The lock of one cache entry, given up when dropped.
pub(super) struct EntryLock {
    file: PathBuf,
    contents: String,
    /// `<entry>.<uuid>.tmp`, which nobody else uses.
    pub work_dir: PathBuf,
}

impl EntryLock {
    /// Waits for the lock of the entry at `dir`; `None` where `is_done` came true meanwhile.
    pub fn acquire(
        dir: &Path,
        is_done: &dyn Fn() -> bool,
        observer: &dyn Observer,
    ) -> Result<Option<EntryLock>> {
        let uuid = format!("{:032x}", fastrand::u128(..));
        let file = with_suffix(dir, ".lock");
        let contents = format!("{}.{}.{uuid}", host_name(), std::process::id());
        let work_dir = with_suffix(dir, &format!(".{uuid}.tmp"));
        if let Some(parent) = dir.parent() {
            fs::create_dir_all(parent).map_err(|e| Error::io("make the folder", parent, e))?;
        }
        let mut watch = None;
        loop {
            if is_done() {
                return Ok(None);
            }
            match create(&file, &contents, &uuid) {
                Ok(()) => break,
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
                Err(e) => return Err(Error::io("write", &file, e)),
            }
            let holder = match read(&file) {
                Ok(holder) => holder,
                Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                Err(e) => return Err(Error::io("read", &file, e)),
            };
            let watch = watch.get_or_insert_with(|| {
                let text = format!("waiting for another download of this model ({holder})");
                observer.notice(Progress::Step(text));
                Watch::new()
            });
            if watch.is_stale(dir, &holder) && read(&file).is_ok_and(|now| now == holder) {
                let _ = fs::remove_file(&file);
                if let Some(left) = work_dir_of(dir, &holder) {
                    let _ = fs::remove_dir_all(left);
                }
                continue;
            }
            std::thread::sleep(POLL);
        }
        let lock = EntryLock { file, contents, work_dir };
        remove_at_end(&lock.file);
        remove_at_end(&lock.work_dir);
        // Another process may have finished between the look and the lock.
        if is_done() {
            return Ok(None);
        }
        fs::create_dir_all(&lock.work_dir)
            .map_err(|e| Error::io("make the folder", &lock.work_dir, e))?;
        Ok(Some(lock))
    }
}

impl Drop for EntryLock {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.work_dir);
        forget(&self.work_dir);
        if read(&self.file).is_ok_and(|now| now == self.contents) {
            let _ = fs::remove_file(&self.file);
        }
        forget(&self.file);
    }
}

/// Watches a holder's progress.
struct Watch {
    holder: String,
    bytes: u64,
    since: Instant,
}

impl Watch {
    fn new() -> Watch {
        Watch { holder: String::new(), bytes: 0, since: Instant::now() }
    }

    fn is_stale(&mut self, dir: &Path, holder: &str) -> bool {
        let bytes = work_dir_of(dir, holder).map_or(0, |work_dir| cache::byte_len(&work_dir));
        if self.holder != holder || self.bytes != bytes {
            *self = Watch { holder: holder.to_owned(), bytes, since: Instant::now() };
        }
        let limit = if is_dead(holder) { STALE_DEAD } else { STALE };
        self.since.elapsed() > limit
    }
}

/// Where a holder works. What a lock file says becomes part of a path only as a plain word.
fn work_dir_of(dir: &Path, holder: &str) -> Option<PathBuf> {
    let uuid = holder.rsplit('.').next().unwrap_or_default();
    let plain = !uuid.is_empty() && uuid.bytes().all(|b| b.is_ascii_alphanumeric());
    plain.then(|| with_suffix(dir, &format!(".{uuid}.tmp")))
}

/// Whether the holder was a process of this machine that has ended.
fn is_dead(holder: &str) -> bool {
    let mut parts = holder.rsplitn(3, '.');
    let (_uuid, pid, host) = (parts.next(), parts.next(), parts.next());
    let Some(pid) = pid.and_then(|pid| pid.parse::<libc::pid_t>().ok()).filter(|pid| *pid > 0)
    else {
        return false;
    };
    // SAFETY: signal 0 is never delivered; the call only asks whether the process exists.
    host == Some(&host_name())
        && unsafe { libc::kill(pid, 0) } != 0
        && io::Error::last_os_error().raw_os_error() == Some(libc::ESRCH)
}

/// Makes the lock with its contents in one step: a link fails where the name is taken.
fn create(file: &Path, contents: &str, uuid: &str) -> io::Result<()> {
    let unnamed = with_suffix(file, &format!(".tmp{uuid}"));
    let linked = File::create(&unnamed)
        .and_then(|mut f| f.write_all(contents.as_bytes()))
        .and_then(|()| match fs::hard_link(&unnamed, file) {
            Err(e) if e.kind() != io::ErrorKind::AlreadyExists => {
                // A file system without links.
                let mut f = File::options().write(true).create_new(true).open(file)?;
                f.write_all(contents.as_bytes())
            }
            other => other,
        });
    let _ = fs::remove_file(&unnamed);
    linked
}

fn read(file: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    regular_file::open(file)?.take(MAX_LOCK_BYTES).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// This machine's name, as Python's `socket.gethostname` gives it.
pub(super) fn host_name() -> String {
    let mut buffer = [0u8; 256];
    // SAFETY: the buffer is writable for the length given, less one for the final zero.
    let status = unsafe { libc::gethostname(buffer.as_mut_ptr().cast(), buffer.len() - 1) };
    let len = buffer.iter().position(|b| *b == 0).unwrap_or(0);
    let name = String::from_utf8_lossy(buffer.get(..len).unwrap_or_default()).into_owned();
    if status == 0 && !name.is_empty() { name } else { "localhost".into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Silent;

    #[test]
    fn is_held_by_one_and_given_up_with_its_folder() {
        let tmp = tempfile::tempdir().unwrap();
        let dir = tmp.path().join("entry");
        let first = EntryLock::acquire(&dir, &|| false, &Silent).unwrap().unwrap();
        let held = read(&first.file).unwrap();
        assert_eq!(held, first.contents);
        assert!(!is_dead(&held));
        assert!(create(&first.file, "other", "u").is_err());
        let work_dir = first.work_dir.clone();
        assert!(work_dir.is_dir());
        drop(first);
        assert_eq!(fs::read_dir(tmp.path()).unwrap().count(), 0);
    }

    #[test]
    fn takes_over_from_a_process_that_is_gone() {
        let tmp = tempfile::tempdir().unwrap();
        let dir = tmp.path().join("entry");
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = child.id();
        child.wait().unwrap();
        let uuid = format!("{:032x}", fastrand::u128(..));
        let stale = format!("{}.{pid}.{uuid}", host_name());
        fs::create_dir(work_dir_of(&dir, &stale).unwrap()).unwrap();
        assert!(is_dead(&stale));
        assert!(!is_dead(&format!("elsewhere.{pid}.0")));
        fs::write(tmp.path().join("entry.lock"), stale).unwrap();
        let started = Instant::now();
        assert!(EntryLock::acquire(&dir, &|| false, &Silent).unwrap().is_some());
        assert!(started.elapsed() >= STALE_DEAD);
        assert_eq!(fs::read_dir(tmp.path()).unwrap().count(), 0, "nothing of it is left");
        assert_eq!(work_dir_of(&dir, "host.1./../../x"), None);
    }

    #[test]
    fn ends_its_wait_when_the_work_is_done() {
        let tmp = tempfile::tempdir().unwrap();
        let dir = tmp.path().join("entry");
        let _held = EntryLock::acquire(&dir, &|| false, &Silent).unwrap().unwrap();
        let looks = std::sync::atomic::AtomicUsize::new(0);
        let done = || looks.fetch_add(1, std::sync::atomic::Ordering::Relaxed) > 2;
        assert!(EntryLock::acquire(&dir, &done, &Silent).unwrap().is_none());
    }
}
