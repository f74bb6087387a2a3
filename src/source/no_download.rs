//! What stands in for downloads in a build without the feature `hub`: an error that says so.

use super::cache_place::CachePlace;
use super::remote::Remote;
use super::resolve_options::ResolveOptions;
use crate::{Error, Observer, Result};

pub(super) fn into_cache(
    place: &CachePlace,
    remote: &Remote,
    _: &ResolveOptions<'_>,
    name: &str,
    _: &dyn Observer,
) -> Result<()> {
    Err(cannot_download(name, &format!("{} into {}", remote.text(), place.dir.display())))
}

pub(super) fn newest_kaggle_version(url: &str, _: &ResolveOptions<'_>, name: &str) -> Result<u64> {
    Err(cannot_download(name, url))
}

fn cannot_download(name: &str, what: &str) -> Error {
    Error::Source {
        source_text: name.to_owned(),
        what: "the model is in no cache, and this build cannot download".into(),
        advice: format!(
            "build tfcensus with the feature `hub`, or download {what} yourself and give the folder"
        ),
    }
}
