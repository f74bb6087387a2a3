//! Writes an index over any number of shards, tensors whole or in slices.

use crate::evidence::checkpoint::{Index, parse_index, slice_key, table_writer::TableWriter};
use crate::wire::testing::{Message, bytes, varint};

/// A float32 tensor, in as many slices of rows as there are lengths.
#[derive(Clone, Debug)]
pub(super) struct Stored<'a> {
    pub key: &'a str,
    pub dims: &'a [u64],
    pub rows: &'a [u64],
}

/// Reads back what was written.
pub(super) fn index(tensors: &[Stored<'_>], shards: u64) -> Index {
    let mut rows = vec![(Vec::new(), varint(1, shards).0)];
    let mut at = 0;
    let mut place = |dims: &[u64]| {
        let (shard, size) = (at % shards, 4 * dims.iter().product::<u64>());
        at += 1;
        // Every tensor has a shard's beginning for itself: the data are not there to be read.
        varint(1, 1).with(shape(dims)).with(varint(3, shard)).with(varint(5, size)).0
    };
    for tensor in tensors {
        if tensor.rows.len() < 2 {
            rows.push((tensor.key.into(), place(tensor.dims)));
            continue;
        }
        let mut slices = varint(1, 1).with(shape(tensor.dims));
        let mut first = 0;
        for count in tensor.rows {
            let mut extents = vec![(first as i64, *count as i64)];
            extents.extend(tensor.dims[1..].iter().map(|d| (0, *d as i64)));
            let mut dims = tensor.dims.to_vec();
            dims[0] = *count;
            let mut key = Vec::new();
            slice_key(tensor.key.as_bytes(), &extents, &mut key);
            rows.push((key, place(&dims)));
            let extents = extents.iter().fold(Message::default(), |m, (start, len)| {
                m.with(bytes(1, &varint(1, *start as u64).with(varint(2, *len as u64)).0))
            });
            slices = slices.with(bytes(7, &extents.0));
            first += count;
        }
        rows.push((tensor.key.into(), slices.0));
    }
    rows.sort();
    parse_index(&TableWriter::default().write(&rows)).unwrap()
}

fn shape(dims: &[u64]) -> Message {
    bytes(2, &crate::saved_model::testing::shape(dims).0)
}
