//! Downloads: from an address to a whole entry of a download cache, whatever breaks in between.
//!
//! `client` asks one question and follows redirects, `address` knows where they lead; `file` asks again
//! until the file is whole; `checksums` compares it with what the server states; `gcs` lists folders of
//! the storage that tfhub.dev and Kaggle point to; `cache_entry` unpacks and publishes, under `lock`.
//!
//! All of the network is here, behind the feature `hub`.

mod address;
mod cache_entry;
mod checksums;
mod client;
mod file;
mod gcs;
mod lock;

use super::cache_place::CachePlace;
use super::remote::Remote;
use super::resolve_options::ResolveOptions;
use crate::{Error, Observer, Result};
use client::Client;

/// Downloads a model to its place in a cache, unless another process does so first. `name` is what
/// messages call the model.
pub(super) fn into_cache(
    place: &CachePlace,
    remote: &Remote,
    how: &ResolveOptions<'_>,
    name: &str,
    observer: &dyn Observer,
) -> Result<()> {
    let client = Client::new(&how.places, how.patience, name);
    cache_entry::fill(place, &client, remote, observer)
}

/// The newest version of a Kaggle model, by Kaggle's own word. `url` is the API's address of the model,
/// `name` what messages call it.
pub(super) fn newest_kaggle_version(
    url: &str,
    how: &ResolveOptions<'_>,
    name: &str,
) -> Result<u64> {
    let client = Client::new(&how.places, how.patience, name);
    let text = client.text(url)?;
    let json: Option<serde_json::Value> = serde_json::from_str(&text).ok();
    let version = json.as_ref().and_then(|json| json.get("versionNumber")?.as_u64());
    version.filter(|version| *version > 0).ok_or_else(|| Error::Source {
        source_text: name.to_owned(),
        what: "Kaggle does not say which version is the newest".into(),
        advice: format!("open {name} and add the version to the handle"),
    })
}
