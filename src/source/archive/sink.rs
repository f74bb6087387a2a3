//! Where the entries of an archive go: each is checked, counted, and written below one folder.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::tally::{Refusal, Tally};
use super::writer::{Take, Target};
use crate::{Error, Observer, Progress, Result};

/// Bytes between two notices of progress.
const NOTICE_BYTES: u64 = 4 << 20;

/// What is said of an entry of an archive that was cut off.
pub(super) const ENDS_EARLY: &str = "ends too early";

/// What is said first of an entry whose bytes are not what was packed.
const UNREADABLE: &str = "cannot be read";

/// Longest part of an entry's name that an error shows.
const MAX_SHOWN_CHARS: usize = 200;

/// Where entries go.
pub(super) struct Sink<'a, 'b> {
    archive: &'a Path,
    dest: &'a Path,
    take: &'a mut Take<'b>,
    pub tally: Tally,
    observer: &'a dyn Observer,
    noticed: u64,
    done: u64,
}

impl<'a, 'b> Sink<'a, 'b> {
    /// A sink for the entries of `archive`, below the folder `dest`.
    pub fn new(
        archive: &'a Path,
        dest: &'a Path,
        take: &'a mut Take<'b>,
        tally: Tally,
        observer: &'a dyn Observer,
    ) -> Self {
        Sink { archive, dest, take, tally, observer, noticed: 0, done: 0 }
    }

    /// The error for an entry.
    pub fn refused(&self, name: &[u8], why: Refusal) -> Error {
        let shown: String = String::from_utf8_lossy(name).chars().take(MAX_SHOWN_CHARS).collect();
        let more = if shown.len() < name.len() { "…" } else { "" };
        // An archive that was cut off is not hostile.
        let (word, advice) = match why == ENDS_EARLY || why.starts_with(UNREADABLE) {
            true => ("damaged", "copy or download it again"),
            false => (
                "refused",
                "get the model from a place you trust, or unpack it yourself and give the folder",
            ),
        };
        Error::Source {
            source_text: self.archive.display().to_string(),
            what: format!("the archive is {word}: entry `{shown}{more}` {why}"),
            advice: advice.into(),
        }
    }

    /// The error for the archive as a whole.
    pub fn broken(&self, what: impl std::fmt::Display) -> Error {
        Error::Source {
            source_text: self.archive.display().to_string(),
            what: format!("the archive cannot be read: {what}"),
            advice: "copy or download it again".into(),
        }
    }

    /// Checks one entry's name; gives the path below the destination.
    fn admit(&mut self, name: &[u8], is_file: bool) -> Result<Option<PathBuf>> {
        self.tally.admit(name, is_file).map_err(|why| self.refused(name, why))
    }

    /// Makes a folder; only where everything is wanted.
    pub fn folder(&mut self, name: &[u8]) -> Result<()> {
        let Some(path) = self.admit(name, false)? else { return Ok(()) };
        if matches!(self.take, Take::All) {
            let path = self.dest.join(path);
            std::fs::create_dir_all(&path).map_err(|e| Error::io("write", &path, e))?;
        }
        Ok(())
    }

    /// Takes in a file of `stated` bytes: reads exactly these from `content`.
    pub fn file(&mut self, name: &[u8], stated: u64, content: &mut dyn Read) -> Result<()> {
        let Some(path) = self.admit(name, true)? else { return Ok(()) };
        self.tally.foresee_bytes(stated).map_err(|why| self.refused(name, why))?;
        let mut target = Target::open(self.take, self.dest, &path, stated)?;
        let mut left = stated;
        let mut buffer = vec![0; 64 * 1024];
        while left > 0 {
            let want = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
            let chunk = buffer.get_mut(..want).unwrap_or_default();
            let got = content.read(chunk).map_err(|e| self.refused(name, cut_short(&e)))?;
            if got == 0 {
                return Err(self.refused(name, ENDS_EARLY.into()));
            }
            self.tally.count_bytes(got as u64).map_err(|why| self.refused(name, why))?;
            target.write(chunk.get(..got).unwrap_or_default())?;
            left -= got as u64;
            self.notice(got as u64);
        }
        target.finish()
    }

    fn notice(&mut self, more: u64) {
        self.done += more;
        if self.done - self.noticed >= NOTICE_BYTES {
            self.noticed = self.done;
            self.observer.notice(Progress::Bytes { done: self.done, total: 0 });
        }
    }
}

/// What an error while reading an entry means.
fn cut_short(e: &io::Error) -> Refusal {
    match e.kind() {
        io::ErrorKind::UnexpectedEof => ENDS_EARLY.into(),
        _ => format!("{UNREADABLE}: {e}"),
    }
}
