//! Writes an index over any number of shards, with tensors whole or in slices.

use crate::evidence::checkpoint::{Index, parse_index, slice_key};
use crate::testkit::checkpoint_table::{self, entry, sliced_entry};
use crate::testkit::protobuf::varint;
use crate::testkit::saved_model::FLOAT;

/// A float32 tensor, in one slice of rows for each number of `rows`; whole for fewer than two.
#[derive(Clone, Debug)]
pub(super) struct Stored<'a> {
    pub key: &'a str,
    pub dims: &'a [u64],
    pub rows: &'a [u64],
}

/// Writes an index and reads it back.
pub(super) fn index(tensors: &[Stored<'_>], shards: u64) -> Index {
    let mut entries = Vec::new();
    let mut at = 0;
    // Every tensor begins at offset 0 of its shard: there are no shards to read.
    let mut place = |dims: &[u64]| {
        let shard = varint(3, at % shards);
        at += 1;
        entry(FLOAT, dims, 0, 4 * dims.iter().product::<u64>()).with(shard).0
    };
    for tensor in tensors {
        if tensor.rows.len() < 2 {
            entries.push((tensor.key.into(), place(tensor.dims)));
            continue;
        }
        let (mut slices, mut first) = (Vec::new(), 0);
        for count in tensor.rows {
            let mut extents = vec![(first as i64, *count as i64)];
            extents.extend(tensor.dims[1..].iter().map(|d| (0, *d as i64)));
            let mut dims = tensor.dims.to_vec();
            dims[0] = *count;
            let mut key = Vec::new();
            slice_key(tensor.key.as_bytes(), &extents, &mut key);
            entries.push((key, place(&dims)));
            slices.push(extents);
            first += count;
        }
        entries.push((tensor.key.into(), sliced_entry(FLOAT, tensor.dims, &slices).0));
    }
    parse_index(&checkpoint_table::index(shards, entries)).unwrap()
}
