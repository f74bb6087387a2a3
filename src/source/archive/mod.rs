//! Takes a model out of a `.tar`, `.tar.gz` or `.zip`, trusting nothing in it.
//!
//! Input: an archive file and an empty folder. Output: regular files and folders below that
//! folder, all of them or only what a census without a session reads. Anything else in the
//! archive (links, devices, names that lead elsewhere, too much of anything) refuses the whole,
//! with the entry named.

mod sink;
mod tally;
mod tar_stream;
mod writer;
mod zip_file;

use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

pub(super) use tally::ArchiveLimits;
pub(super) use writer::{Hollow, Take};
pub(crate) use zip_file::open_zip;

use crate::regular_file;
use crate::{Error, Observer, Progress, Result};
use sink::Sink;
use tally::Tally;

/// Unpacks `archive` below `dest`. On an error, `dest` holds rubbish.
pub(super) fn unpack(
    archive: &Path,
    dest: &Path,
    take: Take<'_>,
    limits: ArchiveLimits,
    observer: &dyn Observer,
) -> Result<()> {
    let file = regular_file::open(archive).map_err(|e| Error::io("open", archive, e))?;
    unpack_from(file, archive, dest, take, limits, observer)
}

/// Unpacks what `file` holds; `archive` is its name.
fn unpack_from(
    mut file: impl Read + Seek,
    archive: &Path,
    dest: &Path,
    mut take: Take<'_>,
    limits: ArchiveLimits,
    observer: &dyn Observer,
) -> Result<()> {
    let read_error = |e| Error::io("read", archive, e);
    let archive_len = file.seek(SeekFrom::End(0)).map_err(read_error)?;
    file.seek(SeekFrom::Start(0)).map_err(read_error)?;
    let mut magic = Vec::new();
    Read::by_ref(&mut file).take(4).read_to_end(&mut magic).map_err(read_error)?;
    file.seek(SeekFrom::Start(0)).map_err(read_error)?;
    let mut sink = Sink::new(archive, dest, &mut take, Tally::new(limits, archive_len), observer);
    std::fs::create_dir_all(dest).map_err(|e| Error::io("write", dest, e))?;
    if magic.starts_with(b"PK") {
        zip_file::unpack_zip(file, &mut sink)?;
    } else if magic.starts_with(b"\x1f\x8b") {
        let gzip = flate2::bufread::MultiGzDecoder::new(BufReader::new(file));
        tar_stream::unpack_tar(BufReader::with_capacity(64 * 1024, gzip), &mut sink)?;
    } else {
        tar_stream::unpack_tar(BufReader::new(file), &mut sink)?;
    }
    observer.notice(Progress::Done);
    Ok(())
}

/// Most bytes and entries that a fuzzer's archive may give.
#[cfg(any(test, feature = "testkit"))]
const FUZZED: ArchiveLimits =
    ArchiveLimits { bytes: 1 << 20, entries: 64, ratio: 200, ratio_free_bytes: 1 << 19 };

/// Unpacks any bytes in both ways into folders below `within`; gives how many bytes that may make.
#[cfg(any(test, feature = "testkit"))]
pub(crate) fn unpack_bytes(bytes: &[u8], within: &Path) -> u64 {
    let mut hollows = Vec::new();
    for (name, take) in [("all", Take::All), ("some", Take::Declarations(&mut hollows))] {
        let file = std::io::Cursor::new(bytes);
        let dest = within.join(name);
        let _ = unpack_from(file, Path::new("a"), &dest, take, FUZZED, &crate::Silent);
    }
    FUZZED.bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{self, Write};

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
        let many = ArchiveLimits::default();
        for (limits, why) in [
            (
                ArchiveLimits { bytes: 1_000_000, ..many },
                "entry `bomb` takes the archive beyond 1000000",
            ),
            (
                ArchiveLimits { ratio: 2, ratio_free_bytes: 900_000, ..many },
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
