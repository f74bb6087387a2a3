//! How to turn what was given into a folder.

use std::path::Path;
use std::time::Duration;

use super::environment::Places;

/// How to turn what was given into a folder.
#[derive(Debug, Default)]
pub struct ResolveOptions<'a> {
    /// Never touch the network.
    pub offline: bool,
    /// How much of an archive to take out.
    pub weights: Weights<'a>,
    /// The caches to look in and the servers to ask; the default reads the environment.
    pub places: Places,
    /// How patient to be with servers.
    pub patience: Patience,
}

/// How much of an archive's data shards is needed.
#[derive(Clone, Copy, Default)]
pub enum Weights<'a> {
    /// Everything: a session will read them.
    #[default]
    All,
    /// Only the bytes that this function asks for when it is given the path of
    /// `variables.index`; everything else of a large shard reads as zeros, at the right length.
    /// Assets are left out. Folders are not archives: of them everything is there anyway.
    Ranges(&'a dyn Fn(&Path) -> Vec<ShardRange>),
}

impl std::fmt::Debug for Weights<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Weights::All => "All",
            Weights::Ranges(_) => "Ranges(..)",
        })
    }
}

/// A piece of a data shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardRange {
    /// Which of the shards, from 0.
    pub shard: u32,
    /// First byte.
    pub offset: u64,
    /// Number of bytes.
    pub byte_len: u64,
}

/// How patient to be with servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Requests in a row that may fail without a byte of progress.
    pub attempts: u32,
    /// The pause after the first failure; it doubles with each further one, up to a minute.
    pub first_pause: Duration,
    /// How long a server may be silent, while connecting or within an answer.
    pub silence: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Patience {
            attempts: 5,
            first_pause: Duration::from_secs(1),
            silence: Duration::from_secs(60),
        }
    }
}

impl Patience {
    /// How long to wait before asking again: what the server asks for, or longer each time.
    #[cfg(feature = "hub")]
    pub(super) fn pause(&self, failures: u32, asked: Option<Duration>) -> Duration {
        let doubled = self.first_pause.saturating_mul(1 << failures.saturating_sub(1).min(10));
        asked.unwrap_or(doubled).min(Duration::from_secs(60))
    }
}
