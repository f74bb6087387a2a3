//! Keys of the slices of a partitioned tensor.
//!
//! The full tensor's entry lists its slices. Each slice has an entry of its own, whose key encodes the
//! tensor's name and the slice's extents so that keys sort as the slices do. It starts with a zero
//! byte, which the name of a tensor never does. The encoding is one-to-one: a slice's entry is found
//! by encoding its extents, as TensorFlow does it, and keys need never be decoded.
//!
//! Sources: `EncodeTensorNameSlice`, tensorflow/core/util/saved_tensor_slice_util.cc;
//! tensorflow/core/lib/strings/ordered_code.cc.

/// True for the key of a slice. Other keys are names of tensors, except the empty key of the header.
pub(super) fn is_slice_key(key: &[u8]) -> bool {
    key.first() == Some(&0)
}

/// The key of one slice of the tensor `name`; `extents` are start and length of each dimension as
/// the slice states them, with length -1 for a full dimension.
pub(crate) fn slice_key(name: &[u8], extents: &[(i64, i64)], out: &mut Vec<u8>) {
    out.clear();
    put_unsigned(out, 0);
    put_string(out, name);
    put_unsigned(out, extents.len() as u64);
    for (start, length) in extents {
        put_signed(out, *start);
        put_signed(out, *length);
    }
}

/// A byte count, then the bytes of the number, the highest first and without leading zeros.
fn put_unsigned(out: &mut Vec<u8>, n: u64) {
    let bytes = n.to_be_bytes();
    let significant = bytes.iter().skip_while(|byte| **byte == 0);
    out.push(significant.clone().fold(0, |len, _| len + 1));
    out.extend(significant);
}

/// The bytes with 00 and FF escaped, then a terminator that sorts before any of them.
fn put_string(out: &mut Vec<u8>, bytes: &[u8]) {
    for byte in bytes {
        match byte {
            0x00 => out.extend_from_slice(&[0x00, 0xff]),
            0xff => out.extend_from_slice(&[0xff, 0x00]),
            byte => out.push(*byte),
        }
    }
    out.extend_from_slice(&[0x00, 0x01]);
}

/// `len` bytes: `len` one-bits, a zero-bit, and the number in the remaining 7 × `len` - 1 bits. A
/// negative number n is stored as the complement of the form of -n - 1.
fn put_signed(out: &mut Vec<u8>, n: i64) {
    let magnitude = if n < 0 { !n } else { n }.cast_unsigned();
    let bits = 64 - magnitude.leading_zeros();
    // 63 bits at most, so ten bytes at most.
    let len = (bits + 1).div_ceil(7).max(1);
    let form = (u128::from(magnitude) | header(len)).to_be_bytes();
    let flip = if n < 0 { 0xff } else { 0x00 };
    out.extend(form.iter().skip(16 - len as usize).map(|byte| byte ^ flip));
}

/// `len` one-bits at the top of `len` bytes.
fn header(len: u32) -> u128 {
    ((1u128 << len) - 1) << (7 * len)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(n: i64) -> Vec<u8> {
        let mut out = Vec::new();
        put_signed(&mut out, n);
        out
    }

    #[test]
    fn encodes_starts_and_lengths_as_tensorflow_does() {
        // Positive ones: bytes seen in bundles written by TensorFlow 2.21. Negative ones: their
        // complement, by ordered_code.cc.
        assert_eq!(signed(0), [0x80]);
        assert_eq!(signed(4), [0x84]);
        assert_eq!(signed(63), [0xbf]);
        assert_eq!(signed(64), [0xc0, 0x40]);
        assert_eq!(signed(67), [0xc0, 0x43]);
        assert_eq!(signed(134), [0xc0, 0x86]);
        assert_eq!(signed(20000), [0xe0, 0x4e, 0x20]);
        assert_eq!(signed(-1), [0x7f]);
        assert_eq!(signed(-64), [0x40]);
        assert_eq!(signed(-65), [0x3f, 0xbf]);
    }

    #[test]
    fn numbers_sort_as_their_bytes_do() {
        let mut numbers: Vec<i64> =
            (0..63).flat_map(|b| [1 << b, -(1 << b), (1 << b) - 1]).collect();
        numbers.extend([i64::MIN, i64::MAX]);
        numbers.sort_unstable();
        numbers.dedup();
        assert!(numbers.windows(2).all(|w| signed(w[0]) < signed(w[1])));
        assert_eq!(signed(i64::MAX).len(), 10);
    }

    #[test]
    fn encodes_a_whole_key_and_escapes_the_name() {
        let mut key = Vec::new();
        slice_key(b"w\x00\xff", &[(0, 67), (0, -1)], &mut key);
        let name = [b'w', 0x00, 0xff, 0xff, 0x00, 0x00, 0x01];
        let expected = [&[0x00][..], &name, &[0x01, 0x02], &[0x80, 0xc0, 0x43], &[0x80, 0x7f]];
        assert_eq!(key, expected.concat());
        assert!(is_slice_key(&key) && !is_slice_key(b"") && !is_slice_key(b"w"));
    }
}
