//! The entries of a tar archive, one after the other, from a stream.
//!
//! The `tar` crate decodes headers and pax records; the loop is here because that crate reads
//! long names and pax records of any length into memory, and an archive of a few kilobytes can
//! claim gigabytes of them.
//!
//! Formats: POSIX ustar and pax, and GNU's long names.

use std::io::{self, Read};

use tar::{EntryType, Header, PaxExtensions};

use super::sink::{ENDS_EARLY, Sink};
use crate::limits::{MAX_ENTRY_NAME_BYTES, MAX_PAX_BYTES, MAX_TAR_EXTENSIONS};

/// A tar archive consists of blocks of this many bytes.
const BLOCK: usize = 512;

/// One entry; its content follows in the stream.
pub(super) struct TarEntry {
    /// The name as stored.
    pub name: Vec<u8>,
    /// A regular file, a folder, or the word for anything else.
    pub kind: TarKind,
    /// Length of the content in bytes.
    pub byte_len: u64,
}

/// What an entry is.
pub(super) enum TarKind {
    File,
    Folder,
    Other(&'static str),
}

/// What stopped the reading of headers.
pub(super) struct Broken {
    /// The entry that was being read, where its name is known.
    pub entry: Option<Vec<u8>>,
    /// What is wrong.
    pub what: String,
}

fn tar_kind(kind: EntryType, name: &[u8]) -> TarKind {
    match kind {
        // Before ustar, folders were files whose names end in a slash.
        EntryType::Regular | EntryType::Continuous if name.ends_with(b"/") => TarKind::Folder,
        EntryType::Regular | EntryType::Continuous => TarKind::File,
        EntryType::Directory => TarKind::Folder,
        EntryType::Symlink => TarKind::Other("a symbolic link"),
        EntryType::Link => TarKind::Other("a hard link"),
        EntryType::Char | EntryType::Block => TarKind::Other("a device"),
        EntryType::Fifo => TarKind::Other("a pipe"),
        EntryType::GNUSparse => TarKind::Other("a sparse file"),
        _ => TarKind::Other("of an unknown kind"),
    }
}

/// Reads the next entry's headers; `None` at the end mark. The content of the entry before must
/// have been read up to its padding.
pub(super) fn next_entry(reader: &mut dyn Read) -> Result<Option<TarEntry>, Broken> {
    let mut long_name = None;
    let mut pax_path = None;
    let mut pax_len = None;
    for _ in 0..MAX_TAR_EXTENSIONS {
        let Some(header) = read_header(reader)? else { return Ok(None) };
        let name = header.path_bytes().into_owned();
        let broken = |what: &str| Broken { entry: Some(name.clone()), what: what.into() };
        let stated = header.entry_size().map_err(|_| broken("has a length that is no number"))?;
        match header.entry_type() {
            EntryType::GNULongName => {
                let max = MAX_ENTRY_NAME_BYTES as u64 + 1;
                let mut bytes = read_content(reader, stated, max).map_err(|what| broken(&what))?;
                while bytes.last() == Some(&0) {
                    bytes.pop();
                }
                long_name = Some(bytes);
            }
            EntryType::GNULongLink | EntryType::XGlobalHeader => {
                read_content(reader, stated, MAX_PAX_BYTES).map_err(|what| broken(&what))?;
            }
            EntryType::XHeader => {
                let bytes =
                    read_content(reader, stated, MAX_PAX_BYTES).map_err(|what| broken(&what))?;
                for record in PaxExtensions::new(&bytes) {
                    let record = record.map_err(|_| broken("has a damaged pax header"))?;
                    match record.key_bytes() {
                        b"path" => pax_path = Some(record.value_bytes().to_vec()),
                        b"size" => {
                            let len = record.value().ok().and_then(|v| v.parse::<u64>().ok());
                            pax_len =
                                Some(len.ok_or_else(|| broken("has a length that is no number"))?);
                        }
                        key if key.starts_with(b"GNU.sparse.") => {
                            return Err(broken("is a sparse file, which no model holds"));
                        }
                        _ => {}
                    }
                }
            }
            kind => {
                let name = pax_path.or(long_name).unwrap_or(name);
                let kind = tar_kind(kind, &name);
                return Ok(Some(TarEntry { name, kind, byte_len: pax_len.unwrap_or(stated) }));
            }
        }
    }
    Err(Broken { entry: None, what: "too many headers describe one entry".into() })
}

/// Bytes of padding after content of this length.
pub(super) fn padding(byte_len: u64) -> u64 {
    let over = byte_len % BLOCK as u64;
    if over == 0 { 0 } else { BLOCK as u64 - over }
}

fn read_header(reader: &mut dyn Read) -> Result<Option<Header>, Broken> {
    let broken = |what: String| Broken { entry: None, what };
    let mut header = Header::new_old();
    reader.read_exact(header.as_mut_bytes()).map_err(|e| match e.kind() {
        io::ErrorKind::UnexpectedEof => broken("it ends too early, without its end mark".into()),
        _ => broken(e.to_string()),
    })?;
    let bytes = header.as_bytes();
    if bytes.iter().all(|b| *b == 0) {
        return Ok(None);
    }
    // The checksum field itself counts as eight spaces.
    let sum = |range: std::ops::Range<usize>| {
        bytes.get(range).unwrap_or_default().iter().map(|b| u32::from(*b)).sum::<u32>()
    };
    if header.cksum().ok() != Some(sum(0..148) + sum(156..BLOCK) + 8 * 32) {
        return Err(broken("a header does not match its checksum".into()));
    }
    Ok(Some(header))
}

fn read_content(reader: &mut dyn Read, len: u64, max: u64) -> Result<Vec<u8>, String> {
    if len > max {
        return Err(format!("is described by {len} bytes of headers; {max} is the most"));
    }
    let mut bytes = Vec::new();
    reader.take(len).read_to_end(&mut bytes).map_err(|e| e.to_string())?;
    let padded = io::copy(&mut reader.take(padding(len)), &mut io::sink());
    if bytes.len() as u64 != len || padded.map_err(|e| e.to_string())? != padding(len) {
        return Err("ends too early".into());
    }
    Ok(bytes)
}

/// Unpacks every entry of a tar archive.
pub(super) fn unpack_tar(mut reader: impl Read, sink: &mut Sink<'_, '_>) -> crate::Result<()> {
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
