//! Reads a scalar string tensor, such as the checkpoint's own object graph.
//!
//! On disk: the string's length as a varint, a masked checksum of that length (as 32 bits, or 64
//! where it needs them), then the bytes. The entry's checksum covers all three, the length again
//! as a fixed-width number. Source: `WriteStringTensor`,
//! tensorflow/core/util/tensor_bundle/tensor_bundle.cc.

use std::io;
use std::path::Path;

use super::bundle::Index;
use super::checksum;
use super::shard::{Shard, shard_path};
use crate::model::{DType, Shape};
use crate::wire::split_varint;

/// Why a string cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum StringError {
    /// The index has no such key.
    #[error("the checkpoint has no such entry")]
    NotFound,
    /// The entry exists, but is not a scalar string.
    #[error("the entry is not a scalar string")]
    NotAString,
    /// The string is longer than the caller allows; holds its bytes.
    #[error("the string takes {0} bytes, more than is read")]
    TooLong(u64),
    /// The shard is missing, or could not be read.
    #[error("cannot read the data shard: {0}")]
    Io(#[from] io::Error),
    /// The bytes are damaged.
    #[error("{0}")]
    Malformed(&'static str),
}

/// The bytes of the scalar string tensor `key`, of at most `limit` bytes, checked against its
/// checksums. The shards are `<prefix>.data-*` in `folder`.
pub fn read_string_scalar(
    index: &Index,
    folder: &Path,
    prefix: &str,
    key: &[u8],
    limit: u64,
) -> Result<Vec<u8>, StringError> {
    let entry = index.get(key).ok_or(StringError::NotFound)?;
    let scalar = entry.shape == Some(Shape::default()) && entry.slices.is_empty();
    if entry.dtype != Some(DType::STRING) || !scalar {
        return Err(StringError::NotAString);
    }
    if entry.byte_len > limit {
        return Err(StringError::TooLong(entry.byte_len));
    }
    let shard = Shard::open(&shard_path(folder, prefix, entry.shard, index.shards()))?;
    // The index may state more bytes than the shard has; memory is reserved for the latter only.
    let available = shard.len()?.saturating_sub(entry.offset);
    let len = usize::try_from(entry.byte_len.min(available))
        .map_err(|_| StringError::TooLong(entry.byte_len))?;
    if available < entry.byte_len {
        return Err(StringError::Malformed("the data shard ends before the string does"));
    }
    let mut stored = vec![0; len];
    shard.read_exact_at(&mut stored, entry.offset)?;
    let text_at = check(&stored, entry.crc32c).map_err(StringError::Malformed)?;
    stored.drain(..text_at);
    Ok(stored)
}

/// Compares the stored form of one string with its checksums; gives the offset of the string itself.
fn check(stored: &[u8], crc: u32) -> Result<usize, &'static str> {
    let (len, rest) = split_varint(stored).ok_or("the string's length is cut short")?;
    let (length_crc, text) = rest.split_at_checked(4).ok_or("the string is cut short")?;
    if text.len() as u64 != len {
        return Err("the string's length differs from that of its entry");
    }
    let of_length = length_checksum(0, len);
    if length_crc != checksum::mask(of_length).to_le_bytes() {
        return Err("the string's length does not match its checksum");
    }
    if checksum::mask(crc32c::crc32c_append(of_length, rest)) != crc {
        return Err("the string does not match its checksum");
    }
    Ok(stored.len() - text.len())
}

/// Extends `crc` by a string's length, in the width that TensorFlow gives it.
pub(super) fn length_checksum(crc: u32, len: u64) -> u32 {
    match u32::try_from(len) {
        Ok(len) => crc32c::crc32c_append(crc, &len.to_le_bytes()),
        Err(_) => crc32c::crc32c_append(crc, &len.to_le_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The stored form of `text`, and its checksum.
    fn stored(text: &[u8]) -> (Vec<u8>, u32) {
        let of_length = crc32c::crc32c(&(text.len() as u32).to_le_bytes());
        let mut bytes = vec![text.len() as u8];
        bytes.extend(checksum::mask(of_length).to_le_bytes());
        bytes.extend(text);
        let crc = crc32c::crc32c_append(of_length, &bytes[1..]);
        (bytes, checksum::mask(crc))
    }

    #[test]
    fn refuses_every_flipped_bit_and_every_truncation() {
        let (good, crc) = stored(b"object graph");
        assert_eq!(check(&good, crc), Ok(5));
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(check(&bad, crc).is_err(), "bit {bit}");
        }
        for len in 0..good.len() {
            assert!(check(&good[..len], crc).is_err(), "{len} bytes");
        }
        assert!(check(&good, crc ^ 1).is_err());
    }
}
