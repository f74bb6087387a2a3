//! One entry of an index: the tensor stored under a key, and where its bytes lie.

use crate::limits::MAX_RANK;
use crate::model::{DType, Shape};
use crate::wire::{Malformed, Value, fields, int32};

/// A stored tensor, or one stored slice of it.
/// Source: `BundleEntryProto`, tensorflow/core/protobuf/tensor_bundle.proto.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Element type; `None` where the entry states none.
    pub dtype: Option<DType>,
    /// The number that the entry states as its element type.
    pub dtype_number: i64,
    /// Shape of the whole tensor; `None` where the entry states one that no tensor can have
    /// (a negative or unknown dimension, more than 2^63 - 1 elements), which `check` reports.
    pub shape: Option<Shape>,
    /// Number of the data shard; has no meaning where there are slices.
    pub shard: u32,
    /// First byte in the shard; has no meaning where there are slices.
    pub offset: u64,
    /// Bytes in the shard; 0 where there are slices.
    pub byte_len: u64,
    /// Checksum of the tensor's bytes in its stored form, which is masked.
    pub crc32c: u32,
    /// The slices of a partitioned tensor; empty where the tensor is stored whole.
    pub slices: Vec<Slice>,
}

/// One slice of a partitioned tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice {
    /// The part of the full tensor that it covers, one extent for each dimension.
    pub extents: Vec<Extent>,
    /// The slice's own entry: its shape and where it is stored. `None` where the index has none.
    pub part: Option<Entry>,
}

/// The part of one dimension that a slice covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// First index.
    pub start: u64,
    /// Number of indices.
    pub length: u64,
}

impl Entry {
    /// Bytes of all its data: its own, or those of all slices together.
    pub fn stored_bytes(&self) -> u64 {
        let parts = self.slices.iter().filter_map(|s| s.part.as_ref()).map(|p| p.byte_len);
        parts.fold(self.byte_len, u64::saturating_add)
    }

    /// The entries that have bytes in a shard: this one, or those of its slices.
    pub(super) fn pieces(&self) -> impl Iterator<Item = &Entry> {
        let whole = self.slices.is_empty().then_some(self);
        whole.into_iter().chain(self.slices.iter().filter_map(|s| s.part.as_ref()))
    }
}

/// An entry as the file states it, before its slices are looked up.
pub(super) struct RawEntry {
    pub entry: Entry,
    /// The stated shape, for a person, where `entry.shape` is `None`.
    pub impossible_shape: Option<String>,
    /// Start and length of each dimension of each slice, as the file states them (-1: a full dimension).
    pub slices: Vec<Vec<(i64, i64)>>,
}

/// Why an entry cannot be decoded.
pub(super) enum EntryError {
    Malformed(Malformed),
    Negative(&'static str),
}

impl From<Malformed> for EntryError {
    fn from(error: Malformed) -> Self {
        EntryError::Malformed(error)
    }
}

impl RawEntry {
    /// Decodes a `BundleEntryProto`.
    pub fn parse(value: &[u8]) -> Result<RawEntry, EntryError> {
        let mut entry = Entry::default();
        let mut shape = RawShape::default();
        let mut slices = Vec::new();
        let natural = |v: i64, what| u64::try_from(v).map_err(|_| EntryError::Negative(what));
        for field in fields(value) {
            match field? {
                (1, Value::Varint(v)) => entry.dtype_number = int32(v).into(),
                (2, Value::Bytes(b)) => shape.merge(b)?,
                (3, Value::Varint(v)) => {
                    entry.shard = u32::try_from(int32(v))
                        .map_err(|_| EntryError::Negative("a negative shard number"))?;
                }
                (4, Value::Varint(v)) => {
                    entry.offset = natural(v.cast_signed(), "a negative offset")?
                }
                (5, Value::Varint(v)) => {
                    entry.byte_len = natural(v.cast_signed(), "a negative size")?
                }
                (6, Value::Fixed32(v)) => entry.crc32c = v,
                (7, Value::Bytes(b)) => slices.push(parse_slice(b)?),
                _ => {}
            }
        }
        entry.dtype = DType::from_number(entry.dtype_number);
        entry.shape = shape.possible();
        let impossible_shape = entry.shape.is_none().then(|| shape.describe());
        Ok(RawEntry { entry, impossible_shape, slices })
    }
}

/// Dimensions as the file states them. Source: `TensorShapeProto`, tensorflow/core/framework/tensor_shape.proto.
#[derive(Default)]
struct RawShape {
    dims: Vec<i64>,
    unknown_rank: bool,
    too_many: bool,
}

impl RawShape {
    fn merge(&mut self, message: &[u8]) -> Result<(), Malformed> {
        for field in fields(message) {
            match field? {
                (2, Value::Bytes(dim)) if self.dims.len() < MAX_RANK => {
                    let mut size = 0;
                    for field in fields(dim) {
                        if let (1, Value::Varint(v)) = field? {
                            size = v.cast_signed();
                        }
                    }
                    self.dims.push(size);
                }
                (2, Value::Bytes(_)) => self.too_many = true,
                (3, Value::Varint(v)) => self.unknown_rank = v != 0,
                _ => {}
            }
        }
        Ok(())
    }

    /// The shape, if a tensor can have it; the same rule as `TensorShape::IsValid`.
    fn possible(&self) -> Option<Shape> {
        if self.unknown_rank || self.too_many {
            return None;
        }
        let dims: Option<Vec<u64>> = self.dims.iter().map(|d| u64::try_from(*d).ok()).collect();
        let shape = Shape(dims?);
        // TensorFlow multiplies from the left, and stops at 64 signed bits even where a later
        // dimension is 0.
        let product = shape.0.iter().try_fold(1i64, |n, d| n.checked_mul(i64::try_from(*d).ok()?));
        product.map(|_| shape)
    }

    fn describe(&self) -> String {
        if self.unknown_rank {
            return "[...]".into();
        }
        if self.too_many {
            return format!("more than {MAX_RANK} dimensions");
        }
        format!("{:?}", self.dims)
    }
}

/// Decodes a `TensorSliceProto`: start and length of each dimension.
/// Source: tensorflow/core/framework/tensor_slice.proto; an unset length is the whole dimension
/// (`GetExtentLength`, tensor_slice.cc).
fn parse_slice(message: &[u8]) -> Result<Vec<(i64, i64)>, Malformed> {
    let mut extents = Vec::new();
    for field in fields(message) {
        if let (1, Value::Bytes(extent)) = field? {
            let (mut start, mut length) = (0, -1);
            for field in fields(extent) {
                match field? {
                    (1, Value::Varint(v)) => start = v.cast_signed(),
                    (2, Value::Varint(v)) => length = v.cast_signed(),
                    _ => {}
                }
            }
            extents.push((start, length));
        }
    }
    Ok(extents)
}
