//! Reads the table format that an index is stored in (LevelDB's, an "sstable").
//!
//! Input: the whole file. Output: its keys and values in order, by a callback. The checksum of a block
//! is compared before the block is decoded. Time is linear in the file: every block must lie after the
//! one before it, so that no block can be read twice.
//!
//! Sources: tensorflow/core/lib/io/{format,table,block,block_builder,table_builder}.cc, which
//! TensorFlow took over from LevelDB (doc/table_format.md there).

use super::checksum;
use super::index_error::IndexError;
use crate::limits::MAX_TABLE_BYTES;
use crate::wire::split_varint;

/// Bytes of the footer: two block handles, padded to 40 bytes, and the magic number.
const FOOTER_LEN: usize = 48;

/// The last eight bytes of a table, little-endian.
const MAGIC: u64 = 0xdb47_7524_8b80_fb57;

/// Bytes after the contents of a block: its compression type and its checksum.
const TRAILER_LEN: usize = 5;

/// A snappy stream cannot hold more than this many bytes for one of its own: its densest element
/// copies 64 bytes and takes 3 (google/snappy, format_description.txt).
const MAX_SNAPPY_RATIO: usize = 22;

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
    let (blocks, index) = split_footer(file)?;
    let mut budget = MAX_TABLE_BYTES;
    let mut buffer = Vec::new();
    let index_block = block(blocks, index, &mut buffer, &mut budget)?;

    let mut data_end = 0u64;
    let mut scratch = Vec::new();
    let mut last_key = LastKey::default();
    let mut separator = LastKey::default();
    each_in_block(index_block, index.offset, &mut separator, |separator, value| {
        let (handle, _) = Handle::split(value).ok_or_else(|| {
            IndexError::malformed(index.offset, "the handle of a block is not two numbers")
        })?;
        if handle.offset < data_end {
            return Err(IndexError::malformed(handle.offset, "blocks overlap or are out of order"));
        }
        let contents = block(blocks, handle, &mut scratch, &mut budget)?;
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

/// Splits the file into its blocks and the handle of the index block, which is the second in the
/// footer. The first is that of the metaindex block, which is empty; TensorFlow does not read it
/// either.
fn split_footer(file: &[u8]) -> Result<(&[u8], Handle), IndexError> {
    let (blocks, footer) = file.split_last_chunk::<FOOTER_LEN>().ok_or_else(|| {
        IndexError::malformed(0, "the file is too short to be a checkpoint index")
    })?;
    let at = blocks.len() as u64;
    let handles = footer.strip_suffix(&MAGIC.to_le_bytes()).ok_or_else(|| {
        let what = "the last eight bytes are not those of a checkpoint index (cut short?)";
        IndexError::malformed(at + (FOOTER_LEN - size_of_val(&MAGIC)) as u64, what)
    })?;
    let index = Handle::split(handles).and_then(|(_, rest)| Handle::split(rest));
    let (index, _) =
        index.ok_or_else(|| IndexError::malformed(at, "the footer names no index block"))?;
    Ok((blocks, index))
}

impl Handle {
    /// Reads offset and length; also gives the bytes after them.
    fn split(bytes: &[u8]) -> Option<(Handle, &[u8])> {
        let (offset, rest) = split_varint(bytes)?;
        let (len, rest) = split_varint(rest)?;
        Some((Handle { offset, len }, rest))
    }

    /// The block's stored form: its contents and its trailer.
    fn stored(self, blocks: &[u8]) -> Option<&[u8]> {
        let rest = blocks.get(usize::try_from(self.offset).ok()?..)?;
        rest.get(..usize::try_from(self.len).ok()?.checked_add(TRAILER_LEN)?)
    }
}

/// The contents of one block, checked and decompressed (into `buffer`, where needed). `budget` is the
/// number of bytes that blocks may still take: a snappy stream can stand for twenty times its size.
fn block<'a>(
    blocks: &'a [u8],
    handle: Handle,
    buffer: &'a mut Vec<u8>,
    budget: &mut u64,
) -> Result<&'a [u8], IndexError> {
    let bad = |what| IndexError::malformed(handle.offset, what);
    let beyond = || bad("a block lies beyond the end of the file");
    let stored = handle.stored(blocks).ok_or_else(beyond)?;
    let (checked, crc) = stored.split_last_chunk::<4>().ok_or_else(beyond)?;
    if *crc != checksum::masked(checked).to_le_bytes() {
        return Err(bad("a block does not match its checksum"));
    }
    let (compression, contents) = checked.split_last().ok_or_else(beyond)?;
    let len = match compression {
        0 => contents.len(),
        1 => snap::raw::decompress_len(contents)
            .ok()
            .filter(|len| *len / MAX_SNAPPY_RATIO <= contents.len())
            .ok_or_else(|| bad("a compressed block states an impossible length"))?,
        _ => return Err(bad("a block is compressed in an unknown way")),
    };
    *budget = budget
        .checked_sub(len as u64)
        .ok_or_else(|| bad("the blocks together are larger than any checkpoint index"))?;
    if *compression == 0 {
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

/// The previous key, across blocks.
#[derive(Default)]
struct LastKey {
    key: Vec<u8>,
    /// False before the first key.
    any: bool,
}

/// Calls `visit` for the entries of one block. A key is stored without the bytes that it shares with
/// the previous one, except at restarts, where it is stored whole.
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
        let (lengths, after) =
            EntryLengths::split(rest).ok_or_else(|| bad("an entry is cut short"))?;
        let restart = restarts.next_if(|r| *r as usize == at).is_some();
        if (restart || fresh) && lengths.shared != 0 {
            return Err(bad("a key shares bytes with a key that is not before it"));
        }
        let beyond_block = || bad("an entry is longer than its block");
        let (suffix, after) = after.split_at_checked(lengths.unshared).ok_or_else(beyond_block)?;
        let (value, after) = after.split_at_checked(lengths.value).ok_or_else(beyond_block)?;
        let tail = last
            .key
            .get(lengths.shared..)
            .ok_or_else(|| bad("a key shares more bytes than the previous key has"))?;
        // Both keys start with the shared bytes, so the bytes after them decide. At a restart nothing
        // is shared, and whole keys are compared.
        if last.any && suffix <= tail {
            return Err(bad("keys are not in increasing order"));
        }
        last.key.truncate(lengths.shared);
        last.key.extend_from_slice(suffix);
        last.any = true;
        fresh = false;
        visit(&last.key, value)?;
        rest = after;
    }
    // A block without entries has one restart, at 0.
    if restarts.any(|r| r != 0 || !entries.is_empty()) {
        return Err(bad("a restart points at no entry"));
    }
    Ok(())
}

/// Splits a block into its entries and the array of restart offsets after them.
fn split_restarts(contents: &[u8]) -> Option<(&[u8], &[u8])> {
    let (body, count) = contents.split_last_chunk()?;
    let len = (u32::from_le_bytes(*count) as usize).checked_mul(4)?;
    body.split_at_checked(body.len().checked_sub(len)?)
}

fn le_u32(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |n, b| n << 8 | u32::from(*b))
}

/// The lengths at the start of an entry, in bytes.
struct EntryLengths {
    /// Of the prefix that the key shares with the previous one.
    shared: usize,
    /// Of the rest of the key.
    unshared: usize,
    value: usize,
}

impl EntryLengths {
    fn split(bytes: &[u8]) -> Option<(EntryLengths, &[u8])> {
        let mut rest = bytes;
        let mut next = || {
            let (n, after) = split_varint(rest)?;
            rest = after;
            // The format has 32-bit lengths.
            u32::try_from(n).ok().map(|n| n as usize)
        };
        let lengths = EntryLengths { shared: next()?, unshared: next()?, value: next()? };
        Some((lengths, rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::checkpoint_table::{
        Row, TableWriter, put_footer, seal, table_of_block, write_block,
    };
    use crate::wire::writer::put_varint;

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
        // Only the metaindex block is not read: one restart, the number of restarts, and the trailer.
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
            (&[5, 1, 0, b'x'], "not before it"),
            (&[0, 0xff], "cut short"),
            (&[0, 0xff, 0xff, 0xff, 0xff, 0x7f, 0, b'x'], "cut short"),
        ] {
            let err = read(&with_block(&[entry, &restarts].concat())).unwrap_err();
            assert!(err.contains(what), "{err}");
        }
    }

    #[test]
    fn refuses_restarts_that_are_not_at_an_entry() {
        let entry = [0, 1, 0, b'x'];
        let beyond = [&entry[..], &[0, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0]].concat();
        assert!(read(&with_block(&beyond)).unwrap_err().contains("restart"));
        let many = [&entry[..], &[0xff, 0xff, 0xff, 0xff]].concat();
        assert!(read(&with_block(&many)).unwrap_err().contains("no end"));
        assert!(read(&with_block(&[1, 2])).unwrap_err().contains("no end"));
    }

    #[test]
    fn refuses_a_compressed_block_that_states_an_impossible_length() {
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
