//! Writes checkpoint indexes: tables of keys and entries.
//!
//! Nothing of the reader is used, so that a mistake in it cannot hide behind the same one here.
//!
//! Sources: leveldb's doc/table_format.md, tensorflow/core/util/tensor_bundle/tensor_bundle.cc and
//! tensorflow/core/protobuf/tensor_bundle.proto.

use super::protobuf::{Message, bytes, varint};
use super::saved_model::shape;
use super::writer::put_varint;

/// A key and its value.
pub type Row = (Vec<u8>, Vec<u8>);

/// How a table is written. The default is what TensorFlow does.
#[derive(Debug)]
pub struct TableWriter {
    /// A block is closed once it holds this many bytes.
    pub block_size: usize,
    /// After this many entries a key is stored whole.
    pub restart_interval: usize,
    /// Compress the blocks, as some old versions of TensorFlow did.
    pub snappy: bool,
}

impl Default for TableWriter {
    fn default() -> Self {
        TableWriter { block_size: 256 << 10, restart_interval: 16, snappy: false }
    }
}

impl TableWriter {
    /// A table of these entries, which must be sorted.
    pub fn write(&self, entries: &[Row]) -> Vec<u8> {
        let mut file = Vec::new();
        let mut index = Vec::new();
        let mut rest = entries;
        while !rest.is_empty() {
            let mut bytes = 0;
            let mut count = 0;
            while count < rest.len() && bytes < self.block_size {
                bytes += rest[count].0.len() + rest[count].1.len() + 3;
                count += 1;
            }
            let (now, later) = rest.split_at(count);
            let at = file.len() as u64;
            let block = seal(&write_block(now, self.restart_interval), self.snappy);
            file.extend(&block);
            let mut handle = Vec::new();
            put_varint(&mut handle, at);
            put_varint(&mut handle, block.len() as u64 - 5);
            index.push((now[count - 1].0.clone(), handle));
            rest = later;
        }
        file.extend(seal(&write_block(&[], 1), self.snappy));
        let at = file.len() as u64;
        let block = seal(&write_block(&index, 1), self.snappy);
        file.extend(&block);
        put_footer(&mut file, at, block.len() as u64 - 5);
        file
    }
}

/// One block's contents: prefix-compressed entries, restart offsets and their number.
pub fn write_block(entries: &[Row], restart_interval: usize) -> Vec<u8> {
    let mut block = Vec::new();
    let mut restarts = if entries.is_empty() { vec![0u32] } else { vec![] };
    let mut last: &[u8] = b"";
    for (i, (key, value)) in entries.iter().enumerate() {
        let shared = if i % restart_interval == 0 {
            restarts.push(block.len() as u32);
            0
        } else {
            key.iter().zip(last).take_while(|(a, b)| a == b).count()
        };
        put_varint(&mut block, shared as u64);
        put_varint(&mut block, (key.len() - shared) as u64);
        put_varint(&mut block, value.len() as u64);
        block.extend(&key[shared..]);
        block.extend(value);
        last = key;
    }
    for restart in &restarts {
        block.extend(restart.to_le_bytes());
    }
    block.extend((restarts.len() as u32).to_le_bytes());
    block
}

/// A block as it is stored: compressed or not, its type, its checksum.
pub fn seal(contents: &[u8], snappy: bool) -> Vec<u8> {
    let mut block = match snappy {
        true => snap::raw::Encoder::new().compress_vec(contents).unwrap_or_default(),
        false => contents.to_vec(),
    };
    block.push(u8::from(snappy));
    block.extend(masked(crc32c::crc32c(&block)).to_le_bytes());
    block
}

/// A checksum as it is stored.
fn masked(crc: u32) -> u32 {
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}

/// The stored form of a scalar string tensor of less than 4 GiB, and its checksum.
pub fn string_tensor(text: &[u8]) -> (Vec<u8>, u32) {
    let of_length = crc32c::crc32c(&(text.len() as u32).to_le_bytes());
    let rest = [&masked(of_length).to_le_bytes()[..], text].concat();
    let crc = masked(crc32c::crc32c_append(of_length, &rest));
    let mut stored = Vec::new();
    put_varint(&mut stored, text.len() as u64);
    stored.extend(rest);
    (stored, crc)
}

/// The footer of a table whose index block lies at `at`.
pub fn put_footer(file: &mut Vec<u8>, at: u64, len: u64) {
    let mut footer = vec![0, 0];
    put_varint(&mut footer, at);
    put_varint(&mut footer, len);
    footer.resize(40, 0);
    footer.extend([0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb]);
    file.extend(footer);
}

/// A table whose only data block has these contents, marked as compressed or not.
pub fn table_of_block(contents: &[u8], marked_snappy: bool) -> Vec<u8> {
    let mut file = contents.to_vec();
    file.push(u8::from(marked_snappy));
    file.extend(masked(crc32c::crc32c(&file)).to_le_bytes());
    let mut handle = vec![0];
    put_varint(&mut handle, contents.len() as u64);
    let at = file.len() as u64;
    // No key sorts behind this one: what a fuzzer or test makes is shorter.
    let index = write_block(&[(vec![0xff; 1000], handle)], 1);
    file.extend(seal(&index, false));
    put_footer(&mut file, at, index.len() as u64);
    file
}

/// A `BundleEntryProto` of a tensor in the first shard; a `varint(3, …)` appended to it names another.
pub fn entry(dtype: u64, dims: &[u64], offset: u64, byte_len: u64) -> Message {
    whole(dtype, dims).with(varint(4, offset)).with(varint(5, byte_len))
}

/// A `BundleEntryProto` of a tensor that is stored in slices, each given by start and length of
/// every dimension.
pub fn sliced_entry(dtype: u64, dims: &[u64], slices: &[Vec<(i64, i64)>]) -> Message {
    let extent =
        |(start, len): &(i64, i64)| bytes(1, varint(1, *start as u64).with(varint(2, *len as u64)));
    let slice = |extents: &Vec<_>| bytes(7, extents.iter().map(extent).collect::<Message>());
    whole(dtype, dims).with(slices.iter().map(slice).collect())
}

fn whole(dtype: u64, dims: &[u64]) -> Message {
    varint(1, dtype).with(bytes(2, shape(dims)))
}

/// A `variables.index` of these entries and a header that states the number of shards.
pub fn index(shards: u64, mut entries: Vec<Row>) -> Vec<u8> {
    entries.push((Vec::new(), varint(1, shards).0));
    entries.sort();
    TableWriter::default().write(&entries)
}
