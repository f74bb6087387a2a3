//! The entries of a zip archive.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use zip::ZipArchive;

use super::sink::Sink;
use crate::Result as SourceResult;
use crate::limits::MAX_ZIP_ENTRIES;

/// The file-type bits of a Unix mode, and the two types that are taken.
const S_IFMT: u32 = 0o170_000;
const S_IFREG: u32 = 0o100_000;
const S_IFDIR: u32 = 0o040_000;

/// Where the end of the central directory is looked for: its longest comment, and its records.
const TAIL_BYTES: u64 = 65_535 + 22 + 20 + 56;

/// Opens an archive, unless it states more entries than a model can have.
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
    if archive.has_duplicate_names() {
        // The crate keeps the last of them, other readers the first.
        return Err(sink.broken("two of its entries have the same name"));
    }
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
