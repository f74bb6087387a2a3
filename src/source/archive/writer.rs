//! Which files of an archive are written, and how much of each.
//!
//! A census without a session needs the model's declarations, the checkpoint's index, the length
//! of every shard, and few bytes of the shards: one entry holds the checkpoint's object graph,
//! anywhere in any shard. So a first pass writes the declarations, the small shards, and hollow
//! (sparse) files of the right length for the large ones; once the index is there, its reader
//! says which bytes it wants, and a second pass fills in exactly these.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// What to do with the files of an archive.
pub(in crate::source) enum Take<'a> {
    /// Take all of them out.
    All,
    /// Take out what a census without a session reads; of large shards only their lengths.
    /// The hollow ones are listed.
    Declarations(&'a mut Vec<Hollow>),
    /// Fill byte ranges of files that an earlier pass left hollow.
    Fill(&'a [Hollow]),
}

/// Largest shard that a pass over the declarations writes whole.
const SMALL_SHARD_BYTES: u64 = 8 << 20;

/// Files that a census without a session reads.
const DECLARATIONS: [&str; 7] = [
    "saved_model.pb",
    "saved_model.pbtxt",
    "saved_model.cpb",
    "keras_metadata.pb",
    "tfhub_module.pb",
    "fingerprint.pb",
    "variables.index",
];

/// A data shard of which only the length was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::source) struct Hollow {
    /// Below the folder that was unpacked to.
    pub path: PathBuf,
    /// Its length in bytes.
    pub byte_len: u64,
    /// What to fill in; empty until somebody asks.
    pub ranges: Vec<Range<u64>>,
}

/// Where one entry's content goes.
pub(super) struct Target {
    path: PathBuf,
    file: Option<File>,
    /// The parts of the content to write; `None` writes all.
    ranges: Option<Vec<Range<u64>>>,
    at: u64,
}

impl Target {
    /// Opens the file for an entry, if it is wanted.
    pub fn open(take: &mut Take<'_>, dest: &Path, entry: &Path, stated: u64) -> Result<Target> {
        let path = dest.join(entry);
        let mut target = Target { path, file: None, ranges: None, at: 0 };
        match take {
            Take::All => target.create(stated, false)?,
            Take::Declarations(hollows) => {
                let name = entry.file_name().unwrap_or_default().to_string_lossy();
                if DECLARATIONS.contains(&&*name) {
                    target.create(stated, false)?;
                } else if name.starts_with("variables.data-") {
                    let hollow = stated > SMALL_SHARD_BYTES;
                    target.create(stated, hollow)?;
                    if hollow {
                        target.file = None;
                        let path = entry.to_path_buf();
                        hollows.push(Hollow { path, byte_len: stated, ranges: Vec::new() });
                    }
                }
            }
            Take::Fill(hollows) => {
                if let Some(hollow) = hollows.iter().find(|h| h.path == entry) {
                    let file = OpenOptions::new().write(true).open(&target.path);
                    target.file = Some(file.map_err(|e| Error::io("write", &target.path, e))?);
                    target.ranges = Some(hollow.ranges.clone());
                }
            }
        }
        Ok(target)
    }

    fn create(&mut self, stated: u64, hollow: bool) -> Result<()> {
        let failed = |path: &Path, e| Error::io("write", path, e);
        if let Some(parent) = self.path.parent() {
            fs::create_dir_all(parent).map_err(|e| failed(parent, e))?;
        }
        let file = OpenOptions::new().write(true).create_new(true).open(&self.path);
        let file = file.map_err(|e| failed(&self.path, e))?;
        if hollow {
            file.set_len(stated).map_err(|e| failed(&self.path, e))?;
        }
        self.file = Some(file);
        Ok(())
    }

    /// Takes in the next bytes of the content.
    pub fn write(&mut self, chunk: &[u8]) -> Result<()> {
        let start = self.at;
        let end = start.saturating_add(chunk.len() as u64);
        self.at = end;
        let Some(file) = &mut self.file else { return Ok(()) };
        let written = match &self.ranges {
            None => file.write_all(chunk),
            Some(ranges) => ranges.iter().try_for_each(|range| {
                let (from, to) = (range.start.max(start), range.end.min(end));
                if from >= to {
                    return Ok(());
                }
                let part = chunk.get(offset(from - start)..offset(to - start));
                file.seek(SeekFrom::Start(from))?;
                file.write_all(part.unwrap_or_default())
            }),
        };
        written.map_err(|e| Error::io("write", &self.path, e))
    }

    /// Ends the file.
    pub fn finish(self) -> Result<()> {
        let flushed: io::Result<()> = self.file.map_or(Ok(()), |mut file| file.flush());
        flushed.map_err(|e| Error::io("write", &self.path, e))
    }
}

/// A position in a chunk; one that exceeds the address space is beyond any chunk.
fn offset(position: u64) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}
