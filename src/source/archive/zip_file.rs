//! The entries of a zip archive.
//!
//! The `zip` crate keeps one entry per name and drops the others silently, so the central
//! directory's names are counted here too. Source: PKWARE APPNOTE.TXT, section 4.3.12.

use std::collections::HashSet;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use zip::ZipArchive;

use super::sink::Sink;
use crate::Result as SourceResult;
use crate::limits::{MAX_ENTRY_NAME_BYTES, MAX_ZIP_ENTRIES};

/// Length of the fixed part of a central directory header.
const CENTRAL_HEADER: usize = 46;

/// The file-type bits of a Unix mode, and the two types that are taken.
const S_IFMT: u32 = 0o170_000;
const S_IFREG: u32 = 0o100_000;
const S_IFDIR: u32 = 0o040_000;

/// Where the end of the central directory is looked for: its longest comment, and its records.
const TAIL_BYTES: u64 = 65_535 + 22 + 20 + 56;

/// Opens an archive, unless it states more entries than anybody would list.
pub(crate) fn open_zip<R: Read + Seek>(file: R) -> Result<ZipArchive<BufReader<R>>, String> {
    let mut file = BufReader::new(file);
    let stated = stated_entries(&mut file).map_err(|e| e.to_string())?;
    if stated > MAX_ZIP_ENTRIES {
        return Err(format!("it states {stated} entries; {MAX_ZIP_ENTRIES} is the most"));
    }
    ZipArchive::new(file).map_err(|e| e.to_string())
}

/// The largest number of entries that any end record in the file's tail states: 16 bits at byte
/// 10, or 64 bits at byte 32 of the zip64 form. Source: APPNOTE.TXT, 4.3.14 and 4.3.16.
fn stated_entries(file: &mut (impl Read + Seek)) -> io::Result<u64> {
    let len = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(len.saturating_sub(TAIL_BYTES)))?;
    let mut tail = Vec::new();
    file.take(TAIL_BYTES).read_to_end(&mut tail)?;
    let number = |bytes: Option<&[u8]>| {
        bytes.unwrap_or_default().iter().rev().fold(0, |n, byte| n << 8 | u64::from(*byte))
    };
    let counts = (0..tail.len()).filter_map(|at| {
        let record = tail.get(at..)?;
        if record.starts_with(b"PK\x05\x06") {
            // All ones refer to the zip64 form.
            Some(number(record.get(10..12))).filter(|count| *count != 0xffff)
        } else if record.starts_with(b"PK\x06\x06") {
            Some(number(record.get(32..40)))
        } else {
            None
        }
    });
    Ok(counts.max().unwrap_or(0))
}

pub(super) fn unpack_zip(file: impl Read + Seek, sink: &mut Sink<'_, '_>) -> SourceResult<()> {
    let mut archive = open_zip(file).map_err(|what| sink.broken(what))?;
    let start = archive.central_directory_start();
    let mut file = archive.into_inner();
    let repeated = first_repeated(&mut file, start).map_err(|e| sink.broken(e))?;
    if let Some(name) = repeated {
        return Err(sink.refused(&name, "is there twice".into()));
    }
    archive = ZipArchive::new(file).map_err(|e| sink.broken(format!("{e}")))?;
    for i in 0..archive.len() {
        // Only for the message where the entry cannot be opened.
        let name = match archive.name_for_index(i) {
            Some(Ok(name)) => name.as_bytes().to_vec(),
            _ => Vec::new(),
        };
        let mut entry =
            archive.by_index(i).map_err(|e| sink.refused(&name, format!("cannot be read: {e}")))?;
        let name = entry.name_raw().to_vec();
        sink.tally.count_entry().map_err(|why| sink.refused(&name, why))?;
        let file_type = entry.unix_mode().map_or(0, |mode| mode & S_IFMT);
        let is_folder = name.ends_with(b"/");
        match (file_type, is_folder) {
            (0 | S_IFDIR, true) => sink.folder(&name)?,
            (0 | S_IFREG, false) => {
                let stated = entry.size();
                sink.file(&name, stated, &mut entry)?;
                // The crate checks the checksum when it meets the end.
                let mut more = [0; 1];
                match entry.read(&mut more) {
                    Ok(0) => {}
                    Ok(_) => return Err(sink.refused(&name, "is longer than it states".into())),
                    Err(e) => return Err(sink.refused(&name, format!("cannot be read: {e}"))),
                }
            }
            (0o120_000, _) => return Err(sink.refused(&name, "is a symbolic link".into())),
            _ => return Err(sink.refused(&name, "is neither a file nor a folder".into())),
        }
    }
    Ok(())
}

/// Walks the central directory and gives the first name that comes a second time.
fn first_repeated(
    file: &mut BufReader<impl Read + Seek>,
    start: u64,
) -> io::Result<Option<Vec<u8>>> {
    file.seek(SeekFrom::Start(start))?;
    let mut seen = HashSet::new();
    let mut header = [0; CENTRAL_HEADER];
    loop {
        match file.read_exact(&mut header) {
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            other => other?,
        }
        if !header.starts_with(b"PK\x01\x02") {
            return Ok(None);
        }
        let number = |at: usize| {
            header
                .get(at..at + 2)
                .map_or(0, |b| b.iter().rev().fold(0, |n, x| n << 8 | usize::from(*x)))
        };
        let (name_len, rest) = (number(28), number(30) + number(32));
        if name_len > MAX_ENTRY_NAME_BYTES {
            return Err(io::Error::other("an entry's name is too long"));
        }
        let mut name = vec![0; name_len];
        file.read_exact(&mut name)?;
        // Three lengths of 16 bits.
        file.seek_relative(i64::try_from(rest).unwrap_or(i64::MAX))?;
        if !seen.insert(name.clone()) {
            return Ok(Some(name));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn does_not_open_an_archive_that_states_a_billion_entries() {
        let tmp = tempfile::tempdir().unwrap();
        let path = tmp.path().join("m.zip");
        let mut bytes = b"PK\x06\x06".to_vec();
        bytes.resize(32, 0);
        bytes.extend(1_000_000_000u64.to_le_bytes());
        bytes.resize(56, 0);
        bytes.extend(b"PK\x05\x06\0\0\0\0\xff\xff\xff\xff");
        bytes.resize(56 + 22, 0);
        std::fs::write(&path, bytes).unwrap();
        let error = open_zip(std::fs::File::open(&path).unwrap()).unwrap_err();
        assert!(error.contains("1000000000 entries"), "{error}");
    }
}
