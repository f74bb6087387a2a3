//! Reads the table format that an index is stored in (LevelDB's, an "sstable").
//!
//! Input: the whole file. Output: its keys and values, in order, one call each. Every block's
//! checksum is checked before the block is looked at. Time is linear in the file: blocks must lie
//! behind each other, so none is read twice.
//!
//! Sources: tensorflow/core/lib/io/{format,table,block,block_builder,table_builder}.cc, which
//! TensorFlow took over from LevelDB (doc/table_format.md there).

use super::checksum;
use super::index_error::IndexError;
use crate::wire::read_varint;

/// Bytes of the footer: two block handles, padded to 40, and the magic number.
const FOOTER_LEN: usize = 48;

/// The last eight bytes of a table, little-endian.
const MAGIC: u64 = 0xdb47_7524_8b80_fb57;

/// Bytes after a block's contents: its compression type and its checksum.
const TRAILER_LEN: usize = 5;

/// A snappy stream cannot hold more than this many bytes for one of its own: its densest element
/// copies 64 bytes and takes 3 (google/snappy, format_description.txt).
const MAX_SNAPPY_RATIO: usize = 22;

/// Most bytes that all blocks may take together once they are decompressed.
const MAX_TABLE_BYTES: u64 = 1 << 30;

/// Where a block lies in the file.
#[derive(Clone, Copy)]
struct Handle {
    offset: u64,
    len: u64,
}

/// Calls `visit(key, value, offset)` for every entry; `offset` is that of the entry's block.
/// Keys come strictly increasing, bytewise.
pub(crate) fn for_each_entry(
    file: &[u8],
    mut visit: impl FnMut(&[u8], &[u8], u64) -> Result<(), IndexError>,
) -> Result<(), IndexError> {
    let index = index_handle(file)?;
    let mut budget = MAX_TABLE_BYTES;
    let mut buffer = Vec::new();
    let index_block = block(file, index, &mut buffer, &mut budget)?;

    let mut data_end = 0u64;
    let mut scratch = Vec::new();
    let mut last_key = LastKey::default();
    let mut separator = LastKey::default();
    each_in_block(index_block, index.offset, &mut separator, |separator, value| {
        let handle = Handle::parse(value).map(|(h, _)| h).ok_or_else(|| {
            IndexError::malformed(index.offset, "a block's place is not two numbers")
        })?;
        if handle.offset < data_end {
            return Err(IndexError::malformed(handle.offset, "blocks overlap or are out of order"));
        }
        let contents = block(file, handle, &mut scratch, &mut budget)?;
        data_end = handle.offset.saturating_add(handle.len);
        each_in_block(contents, handle.offset, &mut last_key, |key, value| {
            // A reader that seeks, as TensorFlow's does, would never find such a key.
            if key > separator {
                return Err(IndexError::malformed(handle.offset, "a key lies in the wrong block"));
            }
            visit(key, value, handle.offset)
        })
    })
}

/// Finds the index block: the footer's second handle. The first one is the metaindex block's,
/// which is empty and which TensorFlow does not read either.
fn index_handle(file: &[u8]) -> Result<Handle, IndexError> {
    let too_short = || IndexError::malformed(0, "the file is too short to be a checkpoint index");
    let at = file.len().checked_sub(FOOTER_LEN).ok_or_else(too_short)?;
    let footer = &file[at..];
    let (handles, magic) = footer.split_at(FOOTER_LEN - 8);
    if magic != MAGIC.to_le_bytes() {
        let what = "the last eight bytes are not those of a checkpoint index (cut short?)";
        return Err(IndexError::malformed((file.len() - 8) as u64, what));
    }
    Handle::parse(handles)
        .and_then(|(_, used)| Handle::parse(&handles[used..]))
        .map(|(handle, _)| handle)
        .ok_or_else(|| IndexError::malformed(at as u64, "the footer names no index block"))
}

impl Handle {
    /// Reads offset and length; also gives the bytes used.
    fn parse(bytes: &[u8]) -> Option<(Handle, usize)> {
        let (offset, first) = read_varint(bytes)?;
        let (len, second) = read_varint(bytes.get(first..)?)?;
        Some((Handle { offset, len }, first + second))
    }
}

/// The contents of one block, checked and decompressed (into `buffer`, where needed).
fn block<'a>(
    file: &'a [u8],
    handle: Handle,
    buffer: &'a mut Vec<u8>,
    budget: &mut u64,
) -> Result<&'a [u8], IndexError> {
    let bad = |what| IndexError::malformed(handle.offset, what);
    let body = &file[..file.len() - FOOTER_LEN];
    let stored = usize::try_from(handle.offset)
        .ok()
        .and_then(|start| body.get(start..))
        .zip(usize::try_from(handle.len).ok().and_then(|len| len.checked_add(TRAILER_LEN)))
        .and_then(|(rest, len)| rest.get(..len))
        .ok_or_else(|| bad("a block lies beyond the end of the file"))?;
    let (checked, crc) = stored.split_at(stored.len() - 4);
    if crc != checksum::masked(checked).to_le_bytes() {
        return Err(bad("a block does not match its checksum"));
    }
    let (contents, kind) = checked.split_at(checked.len() - 1);
    let len = match kind {
        [0] => contents.len(),
        [1] => snap::raw::decompress_len(contents)
            .ok()
            .filter(|len| *len / MAX_SNAPPY_RATIO <= contents.len())
            .ok_or_else(|| bad("a compressed block promises an impossible length"))?,
        _ => return Err(bad("a block is compressed in an unknown way")),
    };
    *budget = budget
        .checked_sub(len as u64)
        .ok_or_else(|| bad("the blocks together are larger than any checkpoint index"))?;
    if kind == [0] {
        return Ok(contents);
    }
    buffer.clear();
    buffer.resize(len, 0);
    let written = snap::raw::Decoder::new()
        .decompress(contents, buffer)
        .map_err(|_| bad("a block cannot be decompressed"))?;
    buffer.truncate(written);
    Ok(buffer)
}

/// The key before, across blocks; `None` before the first.
#[derive(Default)]
struct LastKey {
    key: Vec<u8>,
    any: bool,
}

/// Calls `visit` for the entries of one block, whose keys are stored without what they share with
/// the key before.
fn each_in_block(
    contents: &[u8],
    offset: u64,
    last: &mut LastKey,
    mut visit: impl FnMut(&[u8], &[u8]) -> Result<(), IndexError>,
) -> Result<(), IndexError> {
    let bad = |what| IndexError::malformed(offset, what);
    let (entries, restarts) = split_restarts(contents).ok_or_else(|| bad("a block has no end"))?;
    let mut restarts = restarts.chunks_exact(4).map(le_u32).peekable();
    let mut rest = entries;
    let mut fresh = true;
    while !rest.is_empty() {
        let at = entries.len() - rest.len();
        let (head, after) = EntryHead::parse(rest).ok_or_else(|| bad("an entry is cut short"))?;
        let restart = restarts.next_if(|r| *r as usize == at).is_some();
        if (restart || fresh) && head.shared != 0 {
            return Err(bad("a key leans on one that is not before it"));
        }
        let (suffix, value) = after
            .get(..head.unshared)
            .zip(after.get(head.unshared..).and_then(|v| v.get(..head.value)))
            .ok_or_else(|| bad("an entry is longer than its block"))?;
        let tail = last
            .key
            .get(head.shared..)
            .ok_or_else(|| bad("a key shares more than the one before has"))?;
        // Both keys start with the shared bytes, so what follows decides. At a restart nothing
        // is shared, and whole keys are compared.
        if last.any && suffix <= tail {
            return Err(bad("keys are not in increasing order"));
        }
        last.key.truncate(head.shared);
        last.key.extend_from_slice(suffix);
        last.any = true;
        fresh = false;
        visit(&last.key, value)?;
        rest = &after[head.unshared + head.value..];
    }
    // A block without entries has one restart, at 0.
    if restarts.any(|r| r != 0 || !entries.is_empty()) {
        return Err(bad("a restart points at no entry"));
    }
    Ok(())
}

/// Splits a block into its entries and the array of restart offsets behind them.
fn split_restarts(contents: &[u8]) -> Option<(&[u8], &[u8])> {
    let (body, count) = contents.split_at_checked(contents.len().checked_sub(4)?)?;
    let len = (le_u32(count) as usize).checked_mul(4)?;
    body.split_at_checked(body.len().checked_sub(len)?)
}

fn le_u32(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |n, b| n << 8 | u32::from(*b))
}

/// Lengths at the start of an entry, in bytes.
struct EntryHead {
    shared: usize,
    unshared: usize,
    value: usize,
}

impl EntryHead {
    fn parse(bytes: &[u8]) -> Option<(EntryHead, &[u8])> {
        let mut rest = bytes;
        let mut next = || {
            let (n, used) = read_varint(rest)?;
            rest = &rest[used..];
            // The format has 32-bit lengths.
            u32::try_from(n).ok().map(|n| n as usize)
        };
        let head = EntryHead { shared: next()?, unshared: next()?, value: next()? };
        Some((head, rest))
    }
}

#[cfg(test)]
mod tests {
    use super::super::table_writer::{
        Row, TableWriter, put_footer, put_varint, seal, table_of_block, write_block,
    };
    use super::*;

    fn read(file: &[u8]) -> Result<Vec<Row>, String> {
        let mut got = Vec::new();
        for_each_entry(file, |k, v, _| {
            got.push((k.to_vec(), v.to_vec()));
            Ok(())
        })
        .map_err(|e| e.to_string())?;
        Ok(got)
    }

    fn sample() -> Vec<Row> {
        let keys: [&[u8]; 6] = [b"", b"\x00slice", b"a", b"aa", b"ab/kernel", b"ab/kernel2"];
        keys.iter().map(|k| (k.to_vec(), [k, &b"!"[..]].concat())).collect()
    }

    #[test]
    fn gives_back_what_was_written_whatever_the_block_size() {
        for block_size in [1, 16, 4096] {
            for restart_interval in [1, 2, 16] {
                for snappy in [false, true] {
                    let writer = TableWriter { block_size, restart_interval, snappy };
                    assert_eq!(read(&writer.write(&sample())), Ok(sample()), "{writer:?}");
                }
            }
        }
    }

    #[test]
    fn reads_a_table_without_entries() {
        assert_eq!(read(&TableWriter::default().write(&[])), Ok(vec![]));
    }

    #[test]
    fn refuses_every_truncation() {
        let file = TableWriter::default().write(&sample());
        for len in 0..file.len() {
            assert!(read(&file[..len]).is_err(), "{len} bytes of {}", file.len());
        }
    }

    #[test]
    fn refuses_a_changed_byte_in_any_block() {
        let file = TableWriter { block_size: 16, ..Default::default() }.write(&sample());
        let blocks = file.len() - FOOTER_LEN;
        let mut refused = 0;
        for at in 0..blocks {
            let mut bad = file.clone();
            bad[at] ^= 0x20;
            match read(&bad) {
                Err(_) => refused += 1,
                Ok(got) => assert_eq!(got, sample()),
            }
        }
        // Only the metaindex block is not read: one restart, their number, and the trailer.
        assert_eq!(refused, blocks - (4 + 4 + TRAILER_LEN));
        let mut bad = file.clone();
        *bad.last_mut().unwrap() ^= 1;
        assert!(read(&bad).unwrap_err().contains("last eight bytes"));
    }

    fn with_block(contents: &[u8]) -> Vec<u8> {
        table_of_block(contents, false)
    }

    #[test]
    fn refuses_keys_out_of_order_or_repeated() {
        for second in [&b"a"[..], b"b"] {
            let entries = [(b"b".to_vec(), vec![]), (second.to_vec(), vec![])];
            let file = with_block(&write_block(&entries, 1));
            assert!(read(&file).unwrap_err().contains("increasing"));
        }
    }

    #[test]
    fn refuses_entries_that_reach_beyond_their_block() {
        let restarts = [0, 0, 0, 0, 1, 0, 0, 0];
        for (entry, what) in [
            (&[0u8, 9, 0, b'x'][..], "longer than its block"),
            (&[0, 1, 9, b'x'], "longer than its block"),
            (&[5, 1, 0, b'x'], "leans on"),
            (&[0, 0xff], "cut short"),
            (&[0, 0xff, 0xff, 0xff, 0xff, 0x7f, 0, b'x'], "cut short"),
        ] {
            let err = read(&with_block(&[entry, &restarts].concat())).unwrap_err();
            assert!(err.contains(what), "{err}");
        }
    }

    #[test]
    fn refuses_restarts_that_lie() {
        let entry = [0, 1, 0, b'x'];
        let beyond = [&entry[..], &[0, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0]].concat();
        assert!(read(&with_block(&beyond)).unwrap_err().contains("restart"));
        let many = [&entry[..], &[0xff, 0xff, 0xff, 0xff]].concat();
        assert!(read(&with_block(&many)).unwrap_err().contains("no end"));
        assert!(read(&with_block(&[1, 2])).unwrap_err().contains("no end"));
    }

    #[test]
    fn refuses_a_compressed_block_that_promises_too_much() {
        let mut contents = Vec::new();
        put_varint(&mut contents, u64::from(u32::MAX));
        contents.extend([0, 0, 0]);
        let mut file = contents.clone();
        file.push(1);
        file.extend(checksum::masked(&file).to_le_bytes());
        put_footer(&mut file, 0, contents.len() as u64);
        assert!(read(&file).unwrap_err().contains("impossible length"));
    }

    #[test]
    fn refuses_a_block_that_is_named_twice() {
        let contents = write_block(&[], 1);
        let mut file = seal(&contents, false);
        let handle = vec![0, contents.len() as u8];
        let at = file.len() as u64;
        let index = write_block(&[(b"a".to_vec(), handle.clone()), (b"b".to_vec(), handle)], 1);
        file.extend(seal(&index, false));
        put_footer(&mut file, at, index.len() as u64);
        assert!(read(&file).unwrap_err().contains("overlap"));
    }
}
