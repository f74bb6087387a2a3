//! Paths and checkpoint keys: bytes that are usually text.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Any bytes. On the wire they are a JSON string where they are UTF-8, else `{"hex": "…"}`.
///
/// Base64 for everything would be simpler, but a person who reads the protocol in a trace would
/// no longer see the paths and keys in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RawBytes(pub Vec<u8>);

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum OnWire {
    Text(String),
    Hex { hex: String },
}

impl RawBytes {
    /// The path of these bytes.
    pub fn to_path(&self) -> PathBuf {
        PathBuf::from(OsString::from_vec(self.0.clone()))
    }
}

impl From<&Path> for RawBytes {
    fn from(path: &Path) -> RawBytes {
        RawBytes(path.as_os_str().as_bytes().to_vec())
    }
}

impl Serialize for RawBytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Ok(text) = std::str::from_utf8(&self.0) {
            return serializer.serialize_str(text);
        }
        let mut hex = String::with_capacity(2 * self.0.len());
        for byte in &self.0 {
            // Writing to a string cannot fail.
            let _ = write!(hex, "{byte:02x}");
        }
        OnWire::Hex { hex }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RawBytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<RawBytes, D::Error> {
        match OnWire::deserialize(deserializer)? {
            OnWire::Text(text) => Ok(RawBytes(text.into_bytes())),
            OnWire::Hex { hex } => {
                from_hex(&hex).map(RawBytes).ok_or_else(|| D::Error::custom("not hexadecimal"))
            }
        }
    }
}

fn from_hex(hex: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> = hex.chars().map(|c| c.to_digit(16)).collect::<Option<_>>()?;
    let bytes = digits.chunks(2).map(|pair| match pair {
        [high, low] => u8::try_from(high << 4 | low).ok(),
        _ => None,
    });
    bytes.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_bytes_survive_the_wire() {
        for bytes in [&b"layer/kernel"[..], b"", b"\xff\x00\x80", "größe".as_bytes()] {
            let line = serde_json::to_vec(&RawBytes(bytes.to_vec())).unwrap();
            let raw: RawBytes = serde_json::from_slice(&line).unwrap();
            assert_eq!(raw.0, bytes);
        }
        assert_eq!(serde_json::to_string(&RawBytes(vec![0xff, 0])).unwrap(), r#"{"hex":"ff00"}"#);
    }

    #[test]
    fn digits_that_are_not_hexadecimal_pairs_are_refused() {
        for hex in ["f", "zz", "+1"] {
            let line = format!(r#"{{"hex":"{hex}"}}"#);
            assert!(serde_json::from_str::<RawBytes>(&line).is_err(), "{hex}");
        }
    }
}
