//! CRC-32C as LevelDB and TensorFlow store it: masked, so that a checksum over data that holds
//! checksums stays meaningful.
//!
//! Source: tensorflow/core/lib/hash/crc32c.h (`Mask`, `kMaskDelta`).

/// Added after the rotation.
const MASK_DELTA: u32 = 0xa282_ead8;

/// The stored form of a checksum.
pub(super) fn mask(crc: u32) -> u32 {
    crc.rotate_right(15).wrapping_add(MASK_DELTA)
}

/// The stored form of the checksum of `bytes`.
pub(super) fn masked(bytes: &[u8]) -> u32 {
    mask(crc32c::crc32c(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_rfc_3720() {
        // RFC 3720 B.4: 32 bytes of zeros.
        assert_eq!(crc32c::crc32c(&[0; 32]), 0x8a91_36aa);
        // 0x8a9136aa rotated right by 15 is 0x6d551522.
        assert_eq!(masked(&[0; 32]), 0x6d55_1522u32.wrapping_add(0xa282_ead8));
    }
}
