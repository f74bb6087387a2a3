//! Where models may be: the caches on disk, the servers to ask, and who asks.
//!
//! Input: environment variables, the same that `tensorflow_hub`, `kagglehub` and
//! `huggingface_hub` read. Output: a [`Places`]. Nothing is created or contacted.

use crate::limits::MAX_CREDENTIALS_BYTES;
use crate::regular_file;
use std::env;
use std::ffi::OsString;
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The caches and servers. [`Places::default`] reads the environment.
#[derive(Clone, Debug)]
pub struct Places {
    /// The cache of `tensorflow_hub`: `TFHUB_CACHE_DIR`, else `tfhub_modules` in the system's
    /// folder for temporary files.
    pub tfhub_cache: PathBuf,
    /// The cache of `kagglehub`: `KAGGLEHUB_CACHE`, else `~/.cache/kagglehub`.
    pub kagglehub_cache: PathBuf,
    /// The cache of `huggingface_hub`: `HF_HUB_CACHE`, else `$HF_HOME/hub`, else
    /// `~/.cache/huggingface/hub`.
    pub huggingface_cache: PathBuf,
    /// Asked instead of `https://tfhub.dev`: `TFCENSUS_TFHUB_URL`.
    pub tfhub_url: String,
    /// Asked instead of `https://www.kaggle.com`: `TFCENSUS_KAGGLE_URL`.
    pub kaggle_url: String,
    /// Asked instead of `https://storage.googleapis.com`: `TFCENSUS_GCS_URL`.
    pub gcs_url: String,
    /// Sent to `kaggle_url` and to no other place, and only over https or on loopback; `None`
    /// asks anonymously. From `KAGGLE_API_TOKEN`, `KAGGLE_USERNAME` and `KAGGLE_KEY`, or the
    /// files in `~/.kaggle`.
    pub kaggle_credentials: Option<Credentials>,
}

/// Proof of who asks Kaggle.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    /// An API token.
    Token(String),
    /// A user name and the older kind of key.
    Key {
        /// The user's name.
        username: String,
        /// The key.
        key: String,
    },
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Credentials::Token(_) => "Token(..)",
            Credentials::Key { .. } => "Key(..)",
        })
    }
}

/// The public addresses.
pub(super) const TFHUB_URL: &str = "https://tfhub.dev";
pub(super) const KAGGLE_URL: &str = "https://www.kaggle.com";
pub(super) const GCS_URL: &str = "https://storage.googleapis.com";

impl Default for Places {
    fn default() -> Self {
        let home = set("HOME").map(PathBuf::from).unwrap_or_default();
        let cache = home.join(".cache");
        let url = |name, public: &str| {
            let url = env::var(name).ok().filter(|url| !url.is_empty());
            url.map_or(public.to_owned(), |url| url.trim_end_matches('/').to_owned())
        };
        let huggingface = || {
            let home = set("HF_HOME").map(PathBuf::from);
            let xdg = || set("XDG_CACHE_HOME").map_or(cache.clone(), PathBuf::from);
            home.unwrap_or_else(|| xdg().join("huggingface")).join("hub")
        };
        Places {
            tfhub_cache: set("TFHUB_CACHE_DIR")
                .map_or_else(|| python_temp_dir().join("tfhub_modules"), PathBuf::from),
            kagglehub_cache: set("KAGGLEHUB_CACHE")
                .map_or_else(|| cache.join("kagglehub"), PathBuf::from),
            huggingface_cache: set("HF_HUB_CACHE").map_or_else(huggingface, PathBuf::from),
            tfhub_url: url("TFCENSUS_TFHUB_URL", TFHUB_URL),
            kaggle_url: url("TFCENSUS_KAGGLE_URL", KAGGLE_URL),
            gcs_url: url("TFCENSUS_GCS_URL", GCS_URL),
            kaggle_credentials: credentials(&home),
        }
    }
}

fn set(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

/// Where Python's `tempfile.gettempdir` ends up.
fn python_temp_dir() -> PathBuf {
    let named = ["TMPDIR", "TEMP", "TMP"].into_iter().filter_map(set).map(PathBuf::from);
    named.into_iter().find(|dir| dir.is_dir()).unwrap_or_else(|| "/tmp".into())
}

/// In `kagglehub`'s order: token from the environment, token from a file, name and key from the
/// environment, `kaggle.json`. Source: kagglesdk's kaggle_env.py and kagglehub's config.py, 1.0.
fn credentials(home: &Path) -> Option<Credentials> {
    let token = |text: String| {
        let text = text.trim().to_owned();
        (!text.is_empty()).then_some(Credentials::Token(text))
    };
    let kaggle = home.join(".kaggle");
    if let Some(value) = env::var("KAGGLE_API_TOKEN").ok().filter(|v| !v.is_empty()) {
        return token(short_file(Path::new(&value)).unwrap_or(value));
    }
    for name in ["access_token", "access_token.txt"] {
        if let Some(found) = short_file(&kaggle.join(name)).and_then(token) {
            return Some(found);
        }
    }
    let both = (env::var("KAGGLE_USERNAME").ok(), env::var("KAGGLE_KEY").ok());
    if let (Some(username), Some(key)) = both
        && !username.is_empty()
        && !key.is_empty()
    {
        return Some(Credentials::Key { username, key });
    }
    let folder = set("KAGGLE_CONFIG_DIR").map_or(kaggle, PathBuf::from);
    let json: serde_json::Value =
        serde_json::from_str(&short_file(&folder.join("kaggle.json"))?).ok()?;
    let text = |name: &str| json.get(name)?.as_str().map(str::to_owned);
    Some(Credentials::Key { username: text("username")?, key: text("key")? })
}

fn short_file(path: &Path) -> Option<String> {
    let mut text = String::new();
    regular_file::open(path).ok()?.take(MAX_CREDENTIALS_BYTES).read_to_string(&mut text).ok()?;
    Some(text)
}
