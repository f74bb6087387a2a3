//! The index of a tensor bundle: its header and one entry for each stored tensor.
//!
//! Input: the bytes of `variables.index`. Output: an [`Index`], compact and sorted by key, in which
//! the slices of a partitioned tensor are part of its entry. No other file is read; `check` compares
//! the index with its shards.

use std::io;
use std::path::Path;

use super::entry::{Entry, EntryError, Extent, RawEntry, Slice};
use super::index_error::IndexError;
use super::problem::ProblemKind;
use super::shard::why_missing;
use super::{keys, table};
use crate::limits::{MAX_INDEX_BYTES, MAX_INDEX_ENTRIES, MAX_INDEX_KEY_GROWTH};
use crate::regular_file;
use crate::wire::{Malformed, Value, fields, int32, packed};

/// The bundle format that this reader knows, and that all TensorFlow versions so far write.
/// Source: `kTensorBundleVersion`, tensorflow/core/util/tensor_bundle/tensor_bundle.cc.
const BUNDLE_VERSION: i32 = 1;

/// What the index states to be stored. Keys are in bytewise order, each once.
#[derive(Clone, Debug, Default)]
pub struct Index {
    shards: u32,
    /// All keys, one after the other.
    keys: Vec<u8>,
    /// End of each entry's key in `keys`, and the entry.
    entries: Vec<(u32, Entry)>,
    /// Contradictions within single entries: entry number, kind, the value found.
    pub(super) faults: Vec<(usize, ProblemKind, String)>,
}

/// Reads `variables.index` at `path`. The file is read, not mapped: it is small, and truncating a
/// mapped file ends the process that has mapped it.
pub fn read_index(path: &Path) -> Result<Index, IndexError> {
    let bytes = match regular_file::read(path, MAX_INDEX_BYTES) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Err(without_index(path)),
        other => other?.ok_or_else(|| IndexError::Malformed {
            offset: None,
            what: format!("the index is larger than {} MiB", MAX_INDEX_BYTES >> 20),
        })?,
    };
    if regular_file::is_lfs_pointer(&bytes) {
        let what = format!("it is {}", regular_file::LFS_POINTER);
        return Err(IndexError::Malformed { offset: None, what });
    }
    parse_index(&bytes)
}

/// Why there is no index: no checkpoint at all, a dangling link, or a checkpoint of version 1, which
/// is a single file without `.index`.
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
    let max_key_bytes = bytes.len().saturating_mul(MAX_INDEX_KEY_GROWTH);
    let mut builder = Builder { max_key_bytes, ..Default::default() };
    table::for_each_entry(bytes, |key, value, offset| {
        let within = |e: Malformed| IndexError::Malformed {
            offset: Some(e.offset_in(bytes).unwrap_or(offset)),
            what: format!("the entry of {}: {}", quoted(key), e.what),
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
                IndexError::malformed(offset, format!("the entry of {} has {what}", quoted(key)))
            }
        })?;
        builder.add(key, raw).map_err(|what| IndexError::malformed(offset, what))
    })?;
    builder.finish()
}

fn quoted(key: &[u8]) -> String {
    format!("\"{}\"", String::from_utf8_lossy(key))
}

/// Decodes a `BundleHeaderProto` to its number of shards.
fn parse_header(value: &[u8], within: impl Fn(Malformed) -> IndexError) -> Result<u32, IndexError> {
    let mut shards = 0;
    for field in fields(value) {
        match field.map_err(&within)? {
            // A version 1 file has a `SavedTensorSlices` message here, whose field 1 is a message.
            (1, Value::Bytes(_)) => return Err(IndexError::Unsupported(VERSION_1)),
            (1, Value::Varint(stated)) => shards = int32(stated),
            (2, Value::Varint(endianness)) if int32(endianness) == 1 => {
                return Err(IndexError::Unsupported(
                    "the checkpoint was written on a big-endian machine",
                ));
            }
            (3, Value::Bytes(version)) if is_newer(version).map_err(&within)? => {
                return Err(IndexError::Unsupported(
                    "the checkpoint's format is newer than this program",
                ));
            }
            _ => {}
        }
    }
    u32::try_from(shards).map_err(|_| IndexError::Malformed {
        offset: None,
        what: "the header states a negative number of shards".into(),
    })
}

/// True where a `VersionDef` excludes readers of [`BUNDLE_VERSION`].
fn is_newer(version: &[u8]) -> Result<bool, Malformed> {
    let mut newer = false;
    for field in fields(version) {
        newer |= match field? {
            (2, Value::Varint(min_consumer)) => int32(min_consumer) > BUNDLE_VERSION,
            (3, Value::Varint(bad_consumer)) => int32(bad_consumer) == BUNDLE_VERSION,
            (3, Value::Bytes(bad_consumers)) => packed(bad_consumers)
                .any(|bad_consumer| bad_consumer.is_ok_and(|bad| int32(bad) == BUNDLE_VERSION)),
            _ => false,
        };
    }
    Ok(newer)
}

/// Collects entries in key order. The keys of slices begin with a zero byte, so all slices come
/// before the tensors that they belong to, and one pass is enough.
#[derive(Default)]
struct Builder {
    max_key_bytes: usize,
    header: Option<u32>,
    index: Index,
    /// Entries of slices.
    parts: Index,
    /// Which of them a tensor has taken.
    parts_taken: Vec<bool>,
    /// The key of the slice that is being looked for.
    scratch: Vec<u8>,
}

impl Builder {
    fn add(&mut self, key: &[u8], raw: RawEntry) -> Result<(), String> {
        if self.index.len() + self.parts.len() >= MAX_INDEX_ENTRIES {
            return Err(format!("the index has more than {MAX_INDEX_ENTRIES} entries"));
        }
        let key_bytes = self.index.keys.len() + self.parts.keys.len() + key.len();
        if key_bytes > self.max_key_bytes || u32::try_from(key_bytes).is_err() {
            return Err("the keys are longer than those of any checkpoint".into());
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

    /// The entry of one slice. A second slice that states the same extents gets none, so that two slices
    /// cannot count the same bytes.
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

/// The extents within `shape` that stated starts and lengths give.
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
        // -1 stands for a whole dimension, which starts at 0.
        let length = if stated.1 == -1 { *dim } else { u64::try_from(stated.1).ok()? };
        (start.checked_add(length)? <= *dim).then_some(Extent { start, length })
    };
    stated.iter().zip(&shape.0).map(extent).collect::<Option<_>>().ok_or("leaves its tensor")
}

impl Index {
    /// Number of data shards that the header states. A shard that no entry names need not exist.
    pub fn shards(&self) -> u32 {
        self.shards
    }

    /// Number of stored tensors; a partitioned tensor counts once.
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

    /// Appends an entry. [`Builder::add`] keeps all keys together within 32 bits.
    fn push(&mut self, key: &[u8], entry: Entry) {
        self.keys.extend_from_slice(key);
        self.entries.push((u32::try_from(self.keys.len()).unwrap_or(u32::MAX), entry));
    }
}
