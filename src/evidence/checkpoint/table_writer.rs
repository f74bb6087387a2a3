//! Writes tables for tests and fuzzing: the counterpart of the reader, from the same sources.

use super::checksum;
#[cfg(feature = "benchmarks")]
use super::string_tensor;

/// A key and its value.
pub type Row = (Vec<u8>, Vec<u8>);

/// How to write. The default is what TensorFlow does.
#[derive(Debug)]
pub struct TableWriter {
    /// A block is closed once it holds this many bytes.
    pub block_size: usize,
    /// Every so many entries a key is stored whole.
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
    block.extend(checksum::masked(&block).to_le_bytes());
    block
}

/// The stored form of a scalar string tensor, and its checksum.
#[cfg(feature = "benchmarks")]
pub fn string_tensor(text: &[u8]) -> (Vec<u8>, u32) {
    let len = text.len() as u64;
    let of_length = string_tensor::length_checksum(0, len);
    let mut rest = checksum::mask(of_length).to_le_bytes().to_vec();
    rest.extend(text);
    let crc = checksum::mask(crc32c::crc32c_append(of_length, &rest));
    let mut stored = Vec::new();
    put_varint(&mut stored, len);
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

/// Appends a base-128 number.
pub fn put_varint(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

/// A table whose only data block has these contents, marked as compressed or not.
pub fn table_of_block(contents: &[u8], marked_snappy: bool) -> Vec<u8> {
    let mut file = contents.to_vec();
    file.push(u8::from(marked_snappy));
    file.extend(checksum::masked(&file).to_le_bytes());
    let mut handle = vec![0];
    put_varint(&mut handle, contents.len() as u64);
    let at = file.len() as u64;
    // No key sorts behind this one: what a fuzzer or test makes is shorter.
    let index = write_block(&[(vec![0xff; 1000], handle)], 1);
    file.extend(seal(&index, false));
    put_footer(&mut file, at, index.len() as u64);
    file
}
