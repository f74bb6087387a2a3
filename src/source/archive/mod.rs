//! Takes a model out of a `.tar`, `.tar.gz` or `.zip`, trusting nothing in it.
//!
//! Input: an archive file and an empty folder. Output: regular files and folders below that
//! folder, all of them or only what a census without a session reads. Anything else in the
//! archive (links, devices, names that lead elsewhere, too much of anything) refuses the whole,
//! with the entry named.

mod limits;
mod tar_stream;
mod writer;
mod zip_file;

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

pub(super) use limits::Limits;
pub(super) use writer::Hollow;
pub(crate) use zip_file::open_zip;

use crate::{Error, Observer, Progress, Result};
use limits::{Refusal, Tally};
use tar_stream::{TarKind, next_entry, padding};

/// Bytes between two notices of progress.
const NOTICE_BYTES: u64 = 4 << 20;

/// What is said of an entry of an archive that was cut off.
const ENDS_EARLY: &str = "ends too early";

/// What is said first of an entry whose bytes are not what was packed.
const UNREADABLE: &str = "cannot be read";

/// Longest part of an entry's name that an error shows.
const MAX_SHOWN_CHARS: usize = 200;

/// What to do with the files of an archive.
pub(super) enum Take<'a> {
    /// Take all of them out.
    All,
    /// Take out what a census without a session reads; of large shards only their lengths.
    /// The hollow ones are listed.
    Declarations(&'a mut Vec<Hollow>),
    /// Fill byte ranges of files that an earlier pass left hollow.
    Fill(&'a [Hollow]),
}

/// Unpacks `archive` below `dest`. On an error, `dest` holds rubbish.
pub(super) fn unpack(
    archive: &Path,
    dest: &Path,
    take: Take<'_>,
    limits: Limits,
    observer: &dyn Observer,
) -> Result<()> {
    let file = File::open(archive).map_err(|e| Error::io("open", archive, e))?;
    unpack_from(file, archive, dest, take, limits, observer)
}

/// Unpacks what `file` holds; `archive` is its name.
fn unpack_from(
    mut file: impl Read + Seek,
    archive: &Path,
    dest: &Path,
    mut take: Take<'_>,
    limits: Limits,
    observer: &dyn Observer,
) -> Result<()> {
    let read_error = |e| Error::io("read", archive, e);
    let archive_len = file.seek(SeekFrom::End(0)).map_err(read_error)?;
    file.seek(SeekFrom::Start(0)).map_err(read_error)?;
    let mut magic = Vec::new();
    Read::by_ref(&mut file).take(4).read_to_end(&mut magic).map_err(read_error)?;
    file.seek(SeekFrom::Start(0)).map_err(read_error)?;
    let mut sink = Sink {
        archive,
        dest,
        take: &mut take,
        tally: Tally::new(limits, archive_len),
        observer,
        noticed: 0,
        done: 0,
    };
    std::fs::create_dir_all(dest).map_err(|e| Error::io("write", dest, e))?;
    if magic.starts_with(b"PK") {
        zip_file::unpack_zip(file, &mut sink)?;
    } else if magic.starts_with(b"\x1f\x8b") {
        let gzip = flate2::bufread::MultiGzDecoder::new(BufReader::new(file));
        unpack_tar(BufReader::with_capacity(64 * 1024, gzip), &mut sink)?;
    } else {
        unpack_tar(BufReader::new(file), &mut sink)?;
    }
    observer.notice(Progress::Done);
    Ok(())
}

/// Most bytes and entries that a fuzzer's archive may give.
#[cfg(any(test, feature = "testkit"))]
const FUZZED: Limits =
    Limits { bytes: 1 << 20, entries: 64, ratio: 200, ratio_free_bytes: 1 << 19 };

/// Unpacks any bytes in both ways into folders below `within`; gives how many bytes that may make.
#[cfg(any(test, feature = "testkit"))]
pub(crate) fn unpack_bytes(bytes: &[u8], within: &Path) -> u64 {
    let mut hollows = Vec::new();
    for (name, take) in [("all", Take::All), ("some", Take::Declarations(&mut hollows))] {
        let file = io::Cursor::new(bytes);
        let dest = within.join(name);
        let _ = unpack_from(file, Path::new("a"), &dest, take, FUZZED, &crate::Silent);
    }
    FUZZED.bytes
}

/// Where entries go.
struct Sink<'a, 'b> {
    archive: &'a Path,
    dest: &'a Path,
    take: &'a mut Take<'b>,
    tally: Tally,
    observer: &'a dyn Observer,
    noticed: u64,
    done: u64,
}

impl Sink<'_, '_> {
    /// The error for an entry.
    fn refused(&self, name: &[u8], why: Refusal) -> Error {
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
    fn broken(&self, what: impl std::fmt::Display) -> Error {
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
    fn folder(&mut self, name: &[u8]) -> Result<()> {
        let Some(path) = self.admit(name, false)? else { return Ok(()) };
        if matches!(self.take, Take::All) {
            let path = self.dest.join(path);
            std::fs::create_dir_all(&path).map_err(|e| Error::io("write", &path, e))?;
        }
        Ok(())
    }

    /// Takes in a file of `stated` bytes: reads exactly these from `content`.
    fn file(&mut self, name: &[u8], stated: u64, content: &mut dyn Read) -> Result<()> {
        let Some(path) = self.admit(name, true)? else { return Ok(()) };
        self.tally.foresee_bytes(stated).map_err(|why| self.refused(name, why))?;
        let mut target = writer::Target::open(self.take, self.dest, &path, stated)?;
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

fn unpack_tar(mut reader: impl Read, sink: &mut Sink<'_, '_>) -> Result<()> {
    while let Some(entry) = next_entry(&mut reader).map_err(|broken| match broken.entry {
        Some(name) => sink.refused(&name, broken.what),
        None => sink.broken(broken.what),
    })? {
        sink.tally.count_entry().map_err(|why| sink.refused(&entry.name, why))?;
        match entry.kind {
            TarKind::Other(word) => return Err(sink.refused(&entry.name, format!("is {word}"))),
            TarKind::Folder if entry.byte_len == 0 => sink.folder(&entry.name)?,
            TarKind::Folder => {
                return Err(sink.refused(&entry.name, "is a folder with content".into()));
            }
            TarKind::File => {
                sink.file(&entry.name, entry.byte_len, &mut reader)?;
                let pad = padding(entry.byte_len);
                let skipped = io::copy(&mut Read::by_ref(&mut reader).take(pad), &mut io::sink());
                if skipped.ok() != Some(pad) {
                    return Err(sink.refused(&entry.name, ENDS_EARLY.into()));
                }
            }
        }
    }
    // What follows the end mark is padding; reading it makes gzip check its own checksum.
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let got = reader.read(&mut buffer).map_err(|e| sink.broken(e))?;
        if got == 0 {
            return Ok(());
        }
        sink.tally.count_bytes(got as u64).map_err(|why| sink.broken(format!("its end {why}")))?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn stops_a_bomb_at_the_entry_that_goes_off() {
        let mut builder = tar::Builder::new(Vec::new());
        for name in ["calm", "bomb"] {
            let mut header = tar::Header::new_ustar();
            header.set_size(600_000);
            header.set_cksum();
            builder.append_data(&mut header, name, io::repeat(0).take(600_000)).unwrap();
        }
        let tar = builder.into_inner().unwrap();
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(&tar).unwrap();
        let tmp = tempfile::tempdir().unwrap();
        let path = tmp.path().join("m.tar.gz");
        std::fs::write(&path, gzip.finish().unwrap()).unwrap();
        let many = Limits::default();
        for (limits, why) in [
            (Limits { bytes: 1_000_000, ..many }, "entry `bomb` takes the archive beyond 1000000"),
            (
                Limits { ratio: 2, ratio_free_bytes: 900_000, ..many },
                "entry `bomb` expands beyond 2",
            ),
        ] {
            let dest = tempfile::tempdir_in(tmp.path()).unwrap();
            let error = unpack(&path, dest.path(), Take::All, limits, &crate::Silent).unwrap_err();
            assert!(error.to_string().contains(why), "{error}");
        }
        assert!(unpack(&path, &tmp.path().join("out"), Take::All, many, &crate::Silent).is_ok());
    }
}
