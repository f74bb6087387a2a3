//! Makes one entry of a download cache: locked, downloaded, unpacked beside its place, and moved there
//! whole, so that no unfinished model ever has its name.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use super::client::Client;
use super::file::{Downloaded, Part, download};
use super::gcs::fetch_folder;
use super::lock::{EntryLock, host_name};
use crate::limits::MAX_STORAGE_POINTERS;
use crate::source::archive::{ArchiveLimits, Take, unpack};
use crate::source::cache_place::{CachePlace, with_suffix};
use crate::source::model_folder::{Found, locate};
use crate::source::remote::{Remote, split_address};
use crate::source::sniff::{Content, sniff};
use crate::source::{not_a_model, temp_folder};
use crate::{Error, Observer, Progress, Result};

/// Name of the download in the folder where it is unpacked, for those who watch that folder grow.
const IN_WORK_DIR: &str = "download.part";

/// Makes the entry, unless another process does so first.
pub(super) fn fill(
    entry: &CachePlace,
    client: &Client<'_>,
    remote: &Remote,
    observer: &dyn Observer,
) -> Result<()> {
    let Some(lock) = EntryLock::acquire(&entry.dir, &|| is_whole(entry), observer)? else {
        return Ok(());
    };
    fetch(entry, client, remote, &lock.work_dir, observer)?;
    // Before it has its name: what is no model must not look like one in the cache.
    match locate(&lock.work_dir) {
        Ok(Found::Folder { .. }) => {}
        Ok(_) => return Err(no_model(client, "several models or an archive in an archive".into())),
        Err(_) => {
            let error = not_a_model::no_model_in(&lock.work_dir);
            return Err(no_model(client, error.to_string()));
        }
    }
    publish(entry, &lock.work_dir)?;
    observer.notice(Progress::Done);
    Ok(())
}

/// Whether the entry is there with all its parts.
fn is_whole(entry: &CachePlace) -> bool {
    let is_marked = entry.marker.as_ref().is_none_or(|marker| marker.exists());
    is_marked && crate::source::cache::is_whole(&entry.dir)
}

fn no_model(client: &Client<'_>, what: String) -> Error {
    client.error(
        format!("what the server gives is no SavedModel: {what}"),
        "choose a TensorFlow variation of this model",
    )
}

/// Downloads and unpacks into `work_dir`.
fn fetch(
    entry: &CachePlace,
    client: &Client<'_>,
    remote: &Remote,
    work_dir: &Path,
    observer: &dyn Observer,
) -> Result<()> {
    observer.notice(Progress::Step(format!("downloading {}", client.given)));
    let mut remote = remote.clone();
    for _ in 0..MAX_STORAGE_POINTERS {
        let url = match &remote {
            Remote::File(url) => url,
            Remote::Folder(address) => {
                let place = split_address(address)
                    .ok_or_else(|| client.error(format!("`{address}` is no address"), ""))?;
                return fetch_folder(client, place, work_dir, observer);
            }
        };
        let part = Part::at(entry.part.clone());
        let shown = work_dir.join(IN_WORK_DIR);
        show_growth(part.path(), &shown);
        let downloaded = download(client, url, &part, observer);
        let _ = fs::remove_file(&shown);
        if downloaded.is_err() && part.is_empty() {
            part.remove();
        }
        match downloaded? {
            Downloaded::Whole => return unpack_part(client, &part, work_dir, observer),
            Downloaded::Storage(address) => {
                part.remove();
                remote = Remote::in_storage(&address).ok_or_else(|| {
                    client.error(format!("the server points to `{address}`, no address"), "")
                })?;
            }
        }
    }
    Err(client.error("the server points from one place to the next", ""))
}

/// Gives the part a second name in the work folder. Whoever waits for this download takes the
/// lock away if that folder does not grow for ten minutes.
fn show_growth(part: &Path, shown: &Path) {
    let made = fs::File::options().create(true).append(true).open(part);
    if made.is_ok() {
        let _ = fs::hard_link(part, shown);
    }
}

/// Unpacks a whole download, which is then no longer needed. One that is refused is not kept
/// either: it would be refused again.
fn unpack_part(
    client: &Client<'_>,
    part: &Part,
    work_dir: &Path,
    observer: &dyn Observer,
) -> Result<()> {
    let kind = sniff(part.path()).map_err(|e| Error::io("read", part.path(), e))?;
    let unpacked = match kind {
        Content::Tar | Content::Gzip | Content::ZipOfModel => {
            observer.notice(Progress::Step("unpacking the download".into()));
            unpack(part.path(), work_dir, Take::All, ArchiveLimits::default(), observer)
        }
        Content::SavedModel => Err(no_model(client, "a bare `saved_model.pb`".into())),
        Content::Other(kind) => Err(no_model(client, kind.what())),
    };
    if !matches!(unpacked, Err(Error::Io { .. })) {
        part.remove();
    }
    unpacked.map_err(|error| match error {
        Error::Source { what, advice, .. } => client.error(what, advice),
        other => other,
    })
}

/// Moves what was unpacked to its place.
fn publish(entry: &CachePlace, work_dir: &Path) -> Result<()> {
    let failed = |action, path: &Path, e| Error::io(action, path, e);
    if let Some(handle) = &entry.handle {
        // Nothing reads it but people and `tfcensus list`.
        let path = with_suffix(&entry.dir, ".descriptor.txt");
        let text = format!(
            "Module: {handle}\nDownload Time: {}\nDownloader Hostname: {} (PID:{})",
            utc(SystemTime::now()),
            host_name(),
            std::process::id()
        );
        fs::write(&path, text).map_err(|e| failed("write", &path, e))?;
    }
    let old = with_suffix(work_dir, ".old");
    temp_folder::remove_at_end(&old);
    if entry.dir.symlink_metadata().is_ok() {
        // What is there is empty or broken, or it would have been taken.
        fs::rename(&entry.dir, &old).map_err(|e| failed("replace", &entry.dir, e))?;
    }
    let moved = fs::rename(work_dir, &entry.dir).map_err(|e| failed("write", &entry.dir, e));
    let _ = fs::remove_dir_all(&old);
    temp_folder::forget(&old);
    moved?;
    if let Some(marker) = &entry.marker {
        fs::write(marker, b"").map_err(|e| failed("write", marker, e))?;
    }
    Ok(())
}

/// A time as `2026-11-24 03:32:42`, in UTC. The reference client writes local time.
fn utc(time: SystemTime) -> String {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_secs());
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Civil date from a day number, with years that begin in March.
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn writes_dates_as_the_calendar_has_them() {
        // `date -u -d @N`
        for (seconds, text) in [
            (0, "1970-01-01 00:00:00"),
            (951_782_399, "2000-02-28 23:59:59"),
            (951_782_400, "2000-02-29 00:00:00"),
            (1_795_491_162, "2026-11-24 03:32:42"),
        ] {
            assert_eq!(utc(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)), text);
        }
    }
}
