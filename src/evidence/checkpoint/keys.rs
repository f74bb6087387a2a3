//! Keys of the slices of a partitioned tensor.
//!
//! The full tensor's entry lists its slices; each slice's own entry stands under a key made of the
//! tensor's name and the slice's extents in an order-preserving encoding, which starts with a zero
//! byte, as no tensor's name does. The encoding is one-to-one, so a slice's entry is found by
//! encoding its extents, which is what TensorFlow does too.
//!
//! Sources: `EncodeTensorNameSlice`, tensorflow/core/util/saved_tensor_slice_util.cc;
//! tensorflow/core/lib/strings/ordered_code.cc.

/// True for the key of a slice. Everything else but the empty key is a tensor's name.
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

/// A byte count, then the number's bytes from its highest one.
fn put_unsigned(out: &mut Vec<u8>, n: u64) {
    let len = (64 - n.leading_zeros()).div_ceil(8) as usize;
    out.push(len as u8);
    out.extend_from_slice(&n.to_be_bytes()[8 - len..]);
}

/// The bytes with 00 and FF escaped, then a terminator that sorts before all of them.
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

/// `len` leading one-bits, a zero-bit, and the number in the 7 × `len` - 1 bits that remain of
/// `len` bytes. A negative number is the complement of the form of -n - 1.
fn put_signed(out: &mut Vec<u8>, n: i64) {
    let magnitude = if n < 0 { !n } else { n } as u64;
    let bits = 64 - magnitude.leading_zeros();
    // 63 bits at most, so ten bytes at most.
    let len = (bits + 1).div_ceil(7).max(1);
    let form = (u128::from(magnitude) | header(len)).to_be_bytes();
    let flip = if n < 0 { 0xff } else { 0x00 };
    out.extend(form[16 - len as usize..].iter().map(|byte| byte ^ flip));
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
