//! Downloads: from an address to a whole file, whatever breaks in between.
//!
//! `client` asks one question and follows redirects, `address` knows where they lead; `download` asks again until the file is
//! whole; `checks` holds it against the server's checksums; `gcs` lists folders of the
//! storage that tfhub.dev and Kaggle point to.

mod address;
mod checks;
mod client;
mod download;
mod gcs;

use std::time::Duration;

pub(super) use client::Client;
pub(super) use download::{Downloaded, Part, download};
pub(super) use gcs::{fetch_folder, is_archive, object_url, split_address};

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
    fn pause(&self, failures: u32, asked: Option<Duration>) -> Duration {
        let doubled = self.first_pause.saturating_mul(1 << failures.saturating_sub(1).min(10));
        asked.unwrap_or(doubled).min(Duration::from_secs(60))
    }
}
