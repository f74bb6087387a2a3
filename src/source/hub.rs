//! From a handle to a folder: out of a cache if it is in one, else downloaded into one.
//!
//! What is downloaded lies where `tensorflow_hub` or `kagglehub` would have put it, so that they
//! find it, and appears there in one step: nothing half-made ever has a model's name.

use std::path::{Path, PathBuf};

use super::cache::{self, Lookup};
use super::cache_place::{CachePlace, with_suffix};
use super::download;
use super::environment::{KAGGLE_URL, Places};
use super::handle::{Handle, KaggleHandle, kaggle_page};
use super::model_folder::{self, Found};
use super::not_a_model;
use super::remote::{Remote, archive_address};
use super::resolve_options::ResolveOptions;
use super::resolved::{Source, in_folder};
use crate::{Error, Observer, Result};

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
        let Found::Folder { dir, .. } = model_folder::locate(&dir)? else {
            return Err(not_a_model::no_model_in(&dir));
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
        let part = with_suffix(&dir, ".part");
        let handle = Some(url.to_owned());
        let place = CachePlace { dir: dir.clone(), part, marker: None, handle };
        download::into_cache(&place, &source, self.how, &self.given, self.observer)?;
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
            let newest = format!("{api}/get");
            let version = download::newest_kaggle_version(&newest, self.how, &handle.page())?;
            handle.version = Some(version);
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
        let place = CachePlace {
            dir: dir.clone(),
            part: variation.join(format!("{version}.archive")),
            marker: Some(cache::marker(&variation, version)),
            handle: None,
        };
        let (remote, page) = (Remote::File(url), handle.page());
        let filled = download::into_cache(&place, &remote, self.how, &page, self.observer);
        filled.map_err(|e| match e {
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

fn repaired(dir: &Path, why: &str) -> String {
    format!("the cache entry {} could not be used ({why}) and was downloaded again", dir.display())
}
