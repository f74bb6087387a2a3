//! The index of a tensor bundle: its header and one entry for each stored tensor.
//!
//! Input: the bytes of `variables.index`. Output: an [`Index`], compact and sorted by key. Slices
//! of partitioned tensors are put with the tensor they belong to. Nothing outside the file is
//! looked at: see `check` for that.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::entry::{Entry, EntryError, Extent, RawEntry, Slice};
use super::index_error::IndexError;
use super::problem::ProblemKind;
use super::shard::why_missing;
use super::{keys, table};
use crate::wire::{Malformed, Value, fields};

/// Largest index that is read. A million entries take about 60 MB.
pub const MAX_INDEX_BYTES: u64 = 256 << 20;

/// Most entries of an index.
const MAX_ENTRIES: usize = 4 << 20;

/// Keys are stored without what they share with the one before, so few bytes can stand for many.
/// Where all keys together take more than this many times the file, it was made to exhaust memory.
const MAX_KEY_GROWTH: usize = 64;

/// The bundle format that this reader knows, and that all TensorFlow versions so far write.
/// Source: `kTensorBundleVersion`, tensorflow/core/util/tensor_bundle/tensor_bundle.cc.
const BUNDLE_VERSION: i64 = 1;

/// What a checkpoint says that it stores. Keys are in bytewise order, each once.
#[derive(Clone, Debug, Default)]
pub struct Index {
    shards: u32,
    /// All keys, one after the other.
    keys: Vec<u8>,
    /// End of each entry's key in `keys`, and the entry.
    entries: Vec<(u32, Entry)>,
    /// What is wrong with single entries: entry number, kind, what was found.
    pub(super) faults: Vec<(usize, ProblemKind, String)>,
}

/// Reads `variables.index` at `path`. The file is read, not mapped: it is small, and a mapped file
/// that somebody truncates ends the process.
pub fn read_index(path: &Path) -> Result<Index, IndexError> {
    let metadata = match std::fs::metadata(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Err(without_index(path)),
        other => other?,
    };
    // Opening a named pipe would wait for ever.
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a regular file").into());
    }
    let too_large = || IndexError::Malformed {
        offset: None,
        what: format!("the index is larger than {} MiB", MAX_INDEX_BYTES >> 20),
    };
    if metadata.len() > MAX_INDEX_BYTES {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(metadata.len() as usize);
    File::open(path)?.take(MAX_INDEX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_INDEX_BYTES {
        return Err(too_large());
    }
    parse_index(&bytes)
}

/// Tells "no checkpoint" from a dangling link, and from one in the old format, which is a file
/// without `.index`.
fn without_index(path: &Path) -> IndexError {
    if std::fs::symlink_metadata(path).is_ok() {
        return io::Error::new(io::ErrorKind::NotFound, why_missing(path)).into();
    }
    if path.with_extension("").is_file() {
        return IndexError::Unsupported(VERSION_1);
    }
    IndexError::NotFound
}

const VERSION_1: &str = "the checkpoint is in the old format, version 1; only version 2 is read";

/// Decodes the bytes of an index.
pub fn parse_index(bytes: &[u8]) -> Result<Index, IndexError> {
    let mut builder =
        Builder { max_key_bytes: bytes.len().saturating_mul(MAX_KEY_GROWTH), ..Default::default() };
    table::for_each_entry(bytes, |key, value, offset| {
        let within = |e: Malformed| IndexError::Malformed {
            offset: Some(e.offset_in(bytes).unwrap_or(offset)),
            what: format!("the entry of {}: {}", show(key), e.what),
        };
        if builder.header.is_none() {
            if !key.is_empty() {
                return Err(IndexError::malformed(
                    offset,
                    "the index does not start with a header",
                ));
            }
            builder.header = Some(parse_header(value, within)?);
            return Ok(());
        }
        let raw = RawEntry::parse(value).map_err(|e| match e {
            EntryError::Malformed(e) => within(e),
            EntryError::Negative(what) => {
                IndexError::malformed(offset, format!("the entry of {} has {what}", show(key)))
            }
        })?;
        builder.add(key, raw).map_err(|what| IndexError::malformed(offset, what))
    })?;
    builder.finish()
}

fn show(key: &[u8]) -> String {
    format!("\"{}\"", String::from_utf8_lossy(key))
}

/// Decodes a `BundleHeaderProto` to its number of shards.
fn parse_header(value: &[u8], within: impl Fn(Malformed) -> IndexError) -> Result<u32, IndexError> {
    let mut shards = 0;
    let mut newer = false;
    for field in fields(value) {
        match field.map_err(&within)? {
            // A version 1 file has a `SavedTensorSlices` message here, whose field 1 is a message.
            (1, Value::Bytes(_)) => return Err(IndexError::Unsupported(VERSION_1)),
            (1, Value::Varint(v)) => shards = v as i32,
            (2, Value::Varint(1)) => {
                return Err(IndexError::Unsupported(
                    "the checkpoint was written on a big-endian machine",
                ));
            }
            (3, Value::Bytes(version)) => {
                for field in fields(version) {
                    newer |= match field.map_err(&within)? {
                        (2, Value::Varint(min_consumer)) => {
                            i64::from(min_consumer as i32) > BUNDLE_VERSION
                        }
                        (3, Value::Varint(bad)) => i64::from(bad as i32) == BUNDLE_VERSION,
                        (3, Value::Bytes(packed)) => crate::wire::packed(packed).any(|bad| {
                            bad.is_ok_and(|bad| i64::from(bad as i32) == BUNDLE_VERSION)
                        }),
                        _ => false,
                    };
                }
            }
            _ => {}
        }
    }
    if newer {
        return Err(IndexError::Unsupported("the checkpoint's format is newer than this program"));
    }
    u32::try_from(shards).map_err(|_| IndexError::Malformed {
        offset: None,
        what: "the header states a negative number of shards".into(),
    })
}

/// Takes entries in key order; slices come before the tensors they belong to.
#[derive(Default)]
struct Builder {
    max_key_bytes: usize,
    header: Option<u32>,
    index: Index,
    /// Entries of slices that no tensor has taken yet.
    parts: Index,
    parts_taken: Vec<bool>,
    scratch: Vec<u8>,
}

impl Builder {
    fn add(&mut self, key: &[u8], raw: RawEntry) -> Result<(), String> {
        if self.index.len() + self.parts.len() >= MAX_ENTRIES {
            return Err(format!("the index has more than {MAX_ENTRIES} entries"));
        }
        let key_bytes = self.index.keys.len() + self.parts.keys.len() + key.len();
        if key_bytes > self.max_key_bytes || u32::try_from(key_bytes).is_err() {
            return Err("the keys are longer than any checkpoint's".into());
        }
        if keys::is_slice_key(key) {
            self.parts_taken.push(false);
            self.parts.push(key, raw.entry);
            return Ok(());
        }
        let number = self.index.len();
        let mut entry = raw.entry;
        if let Some(found) = raw.impossible_shape {
            self.index.faults.push((number, ProblemKind::ShapeImpossible, found));
        }
        entry.slices.reserve_exact(raw.slices.len());
        for stated in &raw.slices {
            match resolve(stated, entry.shape.as_ref()) {
                Ok(extents) => {
                    let part = self.take_part(key, stated);
                    entry.slices.push(Slice { extents, part });
                }
                Err(what) => {
                    let found = format!("a slice {stated:?} {what}");
                    self.index.faults.push((number, ProblemKind::SlicesIncomplete, found));
                }
            }
        }
        self.index.push(key, entry);
        Ok(())
    }

    /// The entry of one slice; each is given away once.
    fn take_part(&mut self, name: &[u8], stated: &[(i64, i64)]) -> Option<Entry> {
        keys::slice_key(name, stated, &mut self.scratch);
        let number = self.parts.position(&self.scratch)?;
        let taken = self.parts_taken.get_mut(number)?;
        if std::mem::replace(taken, true) {
            return None;
        }
        self.parts.entries.get_mut(number).map(|(_, entry)| std::mem::take(entry))
    }

    fn finish(mut self) -> Result<Index, IndexError> {
        let Some(shards) = self.header else {
            return Err(IndexError::Malformed { offset: None, what: "the index is empty".into() });
        };
        self.index.shards = shards;
        self.index.keys.shrink_to_fit();
        self.index.entries.shrink_to_fit();
        Ok(self.index)
    }
}

/// Turns stated starts and lengths into extents within `shape`.
fn resolve(
    stated: &[(i64, i64)],
    shape: Option<&crate::model::Shape>,
) -> Result<Vec<Extent>, &'static str> {
    let shape = shape.ok_or("is of an impossible shape")?;
    if stated.len() != shape.0.len() {
        return Err("has another number of dimensions than its tensor");
    }
    let extent = |(stated, dim): (&(i64, i64), &u64)| {
        let start = u64::try_from(stated.0).ok()?;
        // -1 is a whole dimension; it must start at 0.
        let length = if stated.1 == -1 { *dim } else { u64::try_from(stated.1).ok()? };
        (start.checked_add(length)? <= *dim).then_some(Extent { start, length })
    };
    stated.iter().zip(&shape.0).map(extent).collect::<Option<_>>().ok_or("leaves its tensor")
}

impl Index {
    /// Number of data shards that the header states. Shards that no entry names need not exist.
    pub fn shards(&self) -> u32 {
        self.shards
    }

    /// Number of stored tensors; a partitioned one is one.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True where no tensor is stored.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All tensors by key, in bytewise order. Neither the header nor slices are among them.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = (&[u8], &Entry)> {
        self.entries.iter().enumerate().map(|(i, (_, entry))| (self.key(i), entry))
    }

    /// The tensor that is stored under `key`.
    pub fn get(&self, key: &[u8]) -> Option<&Entry> {
        self.entries.get(self.position(key)?).map(|(_, entry)| entry)
    }

    /// Key of the entry with this number; empty where there is none.
    pub(super) fn key(&self, number: usize) -> &[u8] {
        let end = |i: usize| self.entries.get(i).map_or(0, |(end, _)| *end as usize);
        let start = number.checked_sub(1).map_or(0, end);
        self.keys.get(start..end(number)).unwrap_or_default()
    }

    /// Number of the entry under `key`.
    fn position(&self, key: &[u8]) -> Option<usize> {
        let (mut low, mut high) = (0, self.entries.len());
        while low < high {
            let middle = low + (high - low) / 2;
            match self.key(middle).cmp(key) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Equal => return Some(middle),
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// Appends an entry; the caller has checked that all keys together fit 32 bits.
    fn push(&mut self, key: &[u8], entry: Entry) {
        self.keys.extend_from_slice(key);
        self.entries.push((self.keys.len() as u32, entry));
    }
}
