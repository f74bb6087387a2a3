//! What is asked of a server for an address: one archive, or every file of a folder in Google's
//! storage.

use super::environment::{GCS_URL, TFHUB_URL};
use super::handle::kaggle_page;

/// How `tensorflow_hub` asks for an archive. Source: its compressed_module_resolver.py, 0.16.
const COMPRESSED: &str = "tf-hub-format=compressed";

/// The mirror of tfhub.dev in China, and where its files are. Source: the same.
const TFHUB_CN: &str = "https://hub.tensorflow.google.cn/";
const TFHUB_CN_FILES: &str = "https://gcs.tensorflow.google.cn/tfhub-modules/";

/// Where a download comes from.
#[derive(Clone, Debug)]
pub(super) enum Remote {
    /// One file, an archive.
    File(String),
    /// A folder in Google's storage.
    Folder(String),
}

impl Remote {
    /// The address itself.
    pub fn text(&self) -> &str {
        match self {
            Remote::File(url) | Remote::Folder(url) => url,
        }
    }

    /// What a `gs://` address stands for.
    pub fn in_storage(address: &str) -> Option<Remote> {
        let (bucket, path) = split_address(address)?;
        Some(if is_archive(path) {
            Remote::File(object_url(bucket, path))
        } else {
            Remote::Folder(address.to_owned())
        })
    }
}

/// What to ask for an address. An archive is asked for as it is: the query that hub servers read
/// would break a signed address.
pub(super) fn archive_address(url: &str) -> Option<Remote> {
    if url.starts_with("gs://") {
        return Remote::in_storage(url);
    }
    if let Some(name) = url.strip_prefix(TFHUB_CN) {
        return Some(Remote::File(format!("{TFHUB_CN_FILES}{name}.tar.gz")));
    }
    let hub = url.starts_with(TFHUB_URL) || kaggle_page(url).is_some();
    if !hub && is_archive(url) {
        return Some(Remote::File(url.to_owned()));
    }
    let (start, fragment) = url.split_once('#').map_or((url, None), |(s, f)| (s, Some(f)));
    let mark = if start.contains('?') { '&' } else { '?' };
    let fragment = fragment.map(|f| format!("#{f}")).unwrap_or_default();
    Some(Remote::File(format!("{start}{mark}{COMPRESSED}{fragment}")))
}

/// Bucket and path of a `gs://` address.
pub(super) fn split_address(address: &str) -> Option<(&str, &str)> {
    let (bucket, path) = address.get(5..)?.split_once('/')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let path = path.trim_matches('/');
    (!bucket.is_empty() && bucket.chars().all(plain) && !path.is_empty()).then_some((bucket, path))
}

/// Whether an address is of an archive, by its name.
pub(super) fn is_archive(address: &str) -> bool {
    let path = address.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    [".tar.gz", ".tgz", ".tar", ".zip"].iter().any(|end| path.ends_with(end))
}

/// Where to get an object over HTTP.
pub(super) fn object_url(bucket: &str, path: &str) -> String {
    format!("{GCS_URL}/{bucket}/{}", escaped(path, true))
}

/// Percent-encodes all but unreserved characters, and slashes where they are to stay.
pub(super) fn escaped(text: &str, keep_slashes: bool) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
        if plain || (keep_slashes && byte == b'/') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_hubs_for_an_archive_and_archives_for_themselves() {
        for (given, asked) in [
            (
                "https://tfhub.dev/google/x/1",
                "https://tfhub.dev/google/x/1?tf-hub-format=compressed",
            ),
            ("https://tfhub.dev/a/b?c=d", "https://tfhub.dev/a/b?c=d&tf-hub-format=compressed"),
            ("https://x.org/m.tar.gz?sig=1", "https://x.org/m.tar.gz?sig=1"),
            ("gs://b/m.tgz", "https://storage.googleapis.com/b/m.tgz"),
            ("gs://b/m", "gs://b/m"),
            (
                "https://hub.tensorflow.google.cn/google/x/1",
                "https://gcs.tensorflow.google.cn/tfhub-modules/google/x/1.tar.gz",
            ),
        ] {
            assert_eq!(archive_address(given).unwrap().text(), asked);
        }
    }

    #[test]
    fn splits_addresses() {
        assert_eq!(split_address("gs://b/a/m.tar.gz"), Some(("b", "a/m.tar.gz")));
        assert_eq!(split_address("gs://b/a/"), Some(("b", "a")));
        for bad in ["gs://b", "gs://b/", "gs:///a", "gs://b?x/a", "gs"] {
            assert_eq!(split_address(bad), None, "{bad}");
        }
        assert_eq!(object_url("b", "a b/ü"), format!("{GCS_URL}/b/a%20b/%C3%BC"));
    }
}
