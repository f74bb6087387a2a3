//! From a handle to a folder: out of a cache if it is in one, else downloaded into one.
//!
//! What is downloaded lies where `tensorflow_hub` or `kagglehub` would have put it, so that they
//! find it, and appears there in one step: nothing half-made ever has a model's name.

use std::path::{Path, PathBuf};

use super::cache::{self, Lookup};
use super::entry::{Entry, fill};
use super::fetch::{self, Client};
use super::handle::{Handle, KaggleHandle, kaggle_page};
use super::places::{KAGGLE_URL, Places, TFHUB_URL};
use super::{ResolveOptions, Source, diagnose, in_folder, locate};
use crate::{Error, Observer, Result};

/// How `tensorflow_hub` asks for an archive. Source: its compressed_module_resolver.py, 0.16.
const COMPRESSED: &str = "tf-hub-format=compressed";

/// The mirror of tfhub.dev in China, and where its files are. Source: the same.
const TFHUB_CN: &str = "https://hub.tensorflow.google.cn/";
const TFHUB_CN_FILES: &str = "https://gcs.tensorflow.google.cn/tfhub-modules/";

/// Finds the model that a handle names.
pub(super) fn from_handle(
    given: String,
    handle: Handle,
    how: &ResolveOptions<'_>,
    observer: &dyn Observer,
) -> Result<Source> {
    let search = Search { given, how, observer };
    match handle {
        Handle::Url(url) => search.address(&url),
        Handle::Gs(address) => search.address(&address),
        Handle::Kaggle(handle) => search.kaggle(handle),
        Handle::HuggingFace(repo, revision) => {
            let dir = cache::repository(&how.places.huggingface_cache, &repo);
            search.hugging_face(&dir, &repo, revision.as_deref())
        }
    }
}

/// The model in a repository folder of `huggingface_hub`'s cache, given as a path.
pub(super) fn from_repository(
    given: String,
    dir: &Path,
    how: &ResolveOptions<'_>,
) -> Result<Source> {
    let search = Search { given, how, observer: &crate::Silent };
    let name = dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
    search.hugging_face(dir, &name, None)
}

struct Search<'a> {
    given: String,
    how: &'a ResolveOptions<'a>,
    observer: &'a dyn Observer,
}

impl Search<'_> {
    fn places(&self) -> &Places {
        &self.how.places
    }

    fn found(self, dir: PathBuf, notes: Vec<String>) -> Result<Source> {
        let locate::Found::Folder { dir, .. } = locate::locate(&dir)? else {
            return Err(diagnose::no_model_in(&dir));
        };
        in_folder(self.given, dir, notes)
    }

    fn error(&self, what: String, advice: String) -> Error {
        Error::Source { source_text: self.given.clone(), what, advice }
    }

    /// `--offline`, and no cache has the model.
    fn offline(&self, url: &str, dir: &Path, broken: Option<String>) -> Error {
        let what = match broken {
            None => "offline, and the model is in no cache".to_owned(),
            Some(why) => format!("offline, and the model's cache entry cannot be used: {why}"),
        };
        let advice = format!("without --offline this would fetch {url} into {}", dir.display());
        self.error(what, advice)
    }

    /// An address: `tensorflow_hub`'s cache, then for one of Kaggle's `kagglehub`'s too.
    fn address(self, url: &str) -> Result<Source> {
        let dir = self.places().tfhub_cache.join(cache::entry_name(url));
        let broken = match cache::in_tfhub(&self.places().tfhub_cache, url) {
            Lookup::Whole(model) => return self.found(model, Vec::new()),
            Lookup::Broken(_, why) => Some(why),
            Lookup::Absent => None,
        };
        if let Some(handle) = kaggle_page(url)
            && let Some((model, note)) = self.cached_kaggle(&handle)
        {
            return self.found(model, note.into_iter().collect());
        }
        if kaggle_page(url).is_none() && url.starts_with(&format!("{KAGGLE_URL}/models/")) {
            return Err(self.error(
                "this is a model's page; it does not say which framework and variation".into(),
                format!(
                    "open {url} and choose a TensorFlow variation; its handle looks like \
                     owner/model/tensorFlow2/variation/version"
                ),
            ));
        }
        let source = archive_address(url).ok_or_else(|| {
            self.error(
                "this is no address of a model".into(),
                "write gs://bucket/folder or gs://bucket/model.tar.gz".into(),
            )
        })?;
        if self.how.offline {
            return Err(self.offline(source.text(), &dir, broken));
        }
        let notes = broken.map(|why| repaired(&dir, &why)).into_iter().collect();
        let part = super::lock::with_suffix(&dir, ".part");
        let entry = Entry { dir: dir.clone(), part, marker: None, handle: Some(url.to_owned()) };
        let client = Client::new(self.places(), self.how.patience, &self.given);
        fill(&entry, &client, &source, self.observer)?;
        self.found(dir, notes)
    }

    /// Where `kagglehub` has a model, and what to say where that is not exactly what was asked.
    fn cached_kaggle(&self, handle: &KaggleHandle) -> Option<(PathBuf, Option<String>)> {
        let cache = &self.places().kagglehub_cache;
        match handle.version {
            Some(version) => match cache::in_kagglehub(cache, handle, version) {
                Lookup::Whole(model) => Some((model, None)),
                _ => None,
            },
            None if self.how.offline => {
                let (version, model) = cache::any_version(cache, handle)?;
                let note = format!(
                    "this is version {version}, the highest in the cache; offline it cannot be \
                     known whether Kaggle has a later one"
                );
                Some((model, Some(note)))
            }
            None => None,
        }
    }

    /// A Kaggle handle: `kagglehub`'s cache.
    fn kaggle(self, mut handle: KaggleHandle) -> Result<Source> {
        if let Some((model, note)) = self.cached_kaggle(&handle) {
            return self.found(model, note.into_iter().collect());
        }
        let variation = cache::kagglehub_folder(&self.places().kagglehub_cache, &handle);
        let api = format!("{KAGGLE_URL}/api/v1/models/{}", handle.unversioned());
        let Some(version) = handle.version else {
            if self.how.offline {
                return Err(self.offline(&handle.page(), &variation, None));
            }
            let client = Client::new(self.places(), self.how.patience, &handle.page());
            handle.version = Some(current_version(&client, &format!("{api}/get"))?);
            return self.kaggle(handle);
        };
        let dir = variation.join(version.to_string());
        let broken = match cache::in_kagglehub(&self.places().kagglehub_cache, &handle, version) {
            Lookup::Broken(_, why) => Some(why),
            _ => None,
        };
        let url = format!("{api}/{version}/download");
        if self.how.offline {
            return Err(self.offline(&url, &dir, broken));
        }
        let notes = broken.map(|why| repaired(&dir, &why)).into_iter().collect();
        let entry = Entry {
            dir: dir.clone(),
            part: variation.join(format!("{version}.archive")),
            marker: Some(cache::marker(&variation, version)),
            handle: None,
        };
        let client = Client::new(self.places(), self.how.patience, &handle.page());
        fill(&entry, &client, &Remote::File(url), self.observer).map_err(|e| match e {
            Error::Source { what, advice, .. } => self.error(what, advice),
            other => other,
        })?;
        self.found(dir, notes)
    }

    fn hugging_face(self, dir: &Path, repo: &str, revision: Option<&str>) -> Result<Source> {
        let (lookup, found) = cache::in_repository(dir, revision);
        let advice = format!(
            "tfcensus downloads nothing from there; if this repository holds a SavedModel, run: hf \
             download {repo}"
        );
        match lookup {
            Lookup::Whole(model) => {
                let note = format!("this is revision {found}");
                self.found(model, vec![note])
            }
            Lookup::Broken(path, why) => Err(Error::NotAModel { path, what: why, advice }),
            Lookup::Absent if !dir.exists() => Err(self.error(
                format!("{repo} is not in the Hugging Face cache ({})", dir.display()),
                advice,
            )),
            Lookup::Absent => Err(self.error(
                format!("revision {found} is not in the Hugging Face cache ({})", dir.display()),
                advice,
            )),
        }
    }
}

/// Where a download comes from.
#[derive(Clone, Debug)]
pub(super) enum Remote {
    /// One file, an archive.
    File(String),
    /// A folder in Google's storage.
    Folder(String),
}

impl Remote {
    pub fn text(&self) -> &str {
        match self {
            Remote::File(url) | Remote::Folder(url) => url,
        }
    }

    /// What a `gs://` address stands for.
    pub fn in_storage(address: &str) -> Option<Remote> {
        let (bucket, path) = fetch::split_address(address)?;
        Some(if fetch::is_archive(path) {
            Remote::File(fetch::object_url(bucket, path))
        } else {
            Remote::Folder(address.to_owned())
        })
    }
}

/// What to ask for an address. An archive is asked for as it is: the query that hub servers read
/// would break a signed address.
fn archive_address(url: &str) -> Option<Remote> {
    if url.starts_with("gs://") {
        return Remote::in_storage(url);
    }
    if let Some(name) = url.strip_prefix(TFHUB_CN) {
        return Some(Remote::File(format!("{TFHUB_CN_FILES}{name}.tar.gz")));
    }
    let hub = url.starts_with(TFHUB_URL) || kaggle_page(url).is_some();
    if !hub && fetch::is_archive(url) {
        return Some(Remote::File(url.to_owned()));
    }
    let (start, fragment) = url.split_once('#').map_or((url, None), |(s, f)| (s, Some(f)));
    let mark = if start.contains('?') { '&' } else { '?' };
    let fragment = fragment.map(|f| format!("#{f}")).unwrap_or_default();
    Some(Remote::File(format!("{start}{mark}{COMPRESSED}{fragment}")))
}

/// The newest version, by Kaggle's own word.
fn current_version(client: &Client<'_>, url: &str) -> Result<u64> {
    let text = client.text(url)?;
    let json: Option<serde_json::Value> = serde_json::from_str(&text).ok();
    let version = json.as_ref().and_then(|json| json.get("versionNumber")?.as_u64());
    version.filter(|version| *version > 0).ok_or_else(|| Error::Source {
        source_text: client.given.clone(),
        what: "Kaggle does not say which version is the newest".into(),
        advice: format!("open {} and add the version to the handle", client.given),
    })
}

fn repaired(dir: &Path, why: &str) -> String {
    format!("the cache entry {} could not be used ({why}) and was downloaded again", dir.display())
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
}
