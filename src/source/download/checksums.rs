//! Compares a downloaded file with the checksums that the server states.
//!
//! Source: <https://cloud.google.com/storage/docs/xml-api/reference-headers#xgooghash>:
//! `x-goog-hash: crc32c=<base64>,md5=<base64>`, also as two headers.

use std::io::{self, Read};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use ureq::http::HeaderMap;

use crate::regular_file;

/// What the server says of a whole file. Either may be absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Checksums {
    md5: Option<String>,
    crc32c: Option<String>,
}

impl Checksums {
    /// Reads the headers of an answer.
    pub fn of(headers: &HeaderMap) -> Checksums {
        let mut sums = Checksums::default();
        // The sums are of the stored bytes; what is unpacked on the way does not match them.
        let stored = headers.get("x-goog-stored-content-encoding");
        if stored.is_some_and(|encoding| encoding != "identity") {
            return sums;
        }
        for header in headers.get_all("x-goog-hash") {
            for pair in header.to_str().unwrap_or_default().split(',') {
                match pair.trim().split_once('=') {
                    Some(("md5", value)) => sums.md5 = Some(value.to_owned()),
                    Some(("crc32c", value)) => sums.crc32c = Some(value.to_owned()),
                    _ => {}
                }
            }
        }
        sums
    }

    /// The sums that a listing of the storage states.
    pub fn stated(md5: Option<String>, crc32c: Option<String>) -> Checksums {
        Checksums { md5, crc32c }
    }

    /// Reads `path` against the sums; the text says which one differs and both values.
    pub fn check(&self, path: &Path) -> io::Result<Result<(), String>> {
        if self.md5.is_none() && self.crc32c.is_none() {
            return Ok(Ok(()));
        }
        let mut file = regular_file::open(path)?;
        let mut md5 = Md5::new();
        let mut crc = 0;
        let mut buffer = vec![0; 1 << 20];
        loop {
            let got = file.read(&mut buffer)?;
            let chunk = buffer.get(..got).unwrap_or_default();
            if chunk.is_empty() {
                break;
            }
            if self.md5.is_some() {
                md5.update(chunk);
            } else {
                crc = crc32c::crc32c_append(crc, chunk);
            }
        }
        let (name, expected, found) = match (&self.md5, &self.crc32c) {
            (Some(stated), _) => ("MD5", stated, STANDARD.encode(md5.finalize())),
            (None, Some(stated)) => ("CRC-32C", stated, STANDARD.encode(crc.to_be_bytes())),
            (None, None) => return Ok(Ok(())),
        };
        if *expected == found {
            return Ok(Ok(()));
        }
        Ok(Err(format!("the server states the {name} {expected}, the download has {found}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_what_the_server_states() {
        let tmp = tempfile::tempdir().unwrap();
        let path = tmp.path().join("f");
        // "123456789": MD5 25f9e794323b453885f5181f1b624d0b, CRC-32C e3069283 (RFC 3720's check).
        std::fs::write(&path, b"123456789").unwrap();
        let of = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.append("x-goog-hash", value.parse().unwrap());
            Checksums::of(&headers).check(&path).unwrap()
        };
        assert_eq!(of("crc32c=4waSgw==,md5=JfnnlDI7RTiF9RgfG2JNCw=="), Ok(()));
        assert_eq!(of("crc32c=4waSgw=="), Ok(()));
        assert_eq!(of("sha9=?"), Ok(()));
        assert!(of("crc32c=4waSgx==").unwrap_err().contains("has 4waSgw=="));
        assert!(of("md5=AAAA").unwrap_err().contains("JfnnlDI7RTiF9RgfG2JNCw=="));
    }

    #[test]
    fn does_not_hold_unpacked_bytes_against_sums_of_packed_ones() {
        let mut headers = HeaderMap::new();
        headers.append("x-goog-hash", "md5=AAAA".parse().unwrap());
        headers.append("x-goog-stored-content-encoding", "gzip".parse().unwrap());
        assert_eq!(Checksums::of(&headers), Checksums::default());
    }
}
