//! The models in the download caches of Python packages, each counted from its files.

use std::io::ErrorKind;
use std::path::Path;

use crate::census::census_observed;
use crate::model::{CacheFolder, CachedModel, CachedModels, CachedState, Severity, Verdict};
use crate::options::{Observer, Options, Progress, RuntimeChoice};
use crate::source::{CacheEntry, CacheKind, CacheState, Places, list_caches};

/// The models in the caches of `tensorflow_hub`, `kagglehub` and `huggingface_hub`, which the
/// environment names as it does for Python. Counts every whole one from its files, without a session
/// and without the network.
pub fn cached_models(observer: &dyn Observer) -> CachedModels {
    let places = Places::default();
    let folder = |kind: CacheKind, path: &Path, variable| CacheFolder {
        name: kind.as_str(),
        path: path.display().to_string(),
        variable,
        problem: match std::fs::read_dir(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Some(error.to_string()),
            _ => None,
        },
    };
    let caches = vec![
        folder(CacheKind::TfHub, &places.tfhub_cache, "TFHUB_CACHE_DIR"),
        folder(CacheKind::KaggleHub, &places.kagglehub_cache, "KAGGLEHUB_CACHE"),
        folder(CacheKind::HuggingFace, &places.huggingface_cache, "HF_HUB_CACHE"),
    ];
    let models = list_caches(&places).into_iter().map(|entry| examine_entry(entry, observer));
    CachedModels { caches, models: models.collect() }
}

fn examine_entry(entry: CacheEntry, observer: &dyn Observer) -> CachedModel {
    let mut model = CachedModel {
        cache: entry.cache.as_str(),
        handle: entry.handle,
        version: entry.version,
        path: entry.path.display().to_string(),
        bytes: entry.byte_len,
        parameters: None,
        state: CachedState::Whole,
        detail: String::new(),
    };
    match (entry.state, entry.model_dir) {
        (CacheState::Broken(why), _) => (model.state, model.detail) = (CachedState::Broken, why),
        (CacheState::Whole, Some(dir)) => {
            let name = model.handle.as_deref().unwrap_or(&model.path);
            observer.notice(Progress::Step(format!("counting {name}")));
            count(&mut model, &dir, observer);
        }
        (CacheState::Partial | CacheState::Whole, _) => {
            model.state = CachedState::Partial;
            model.detail = "the download has not ended, or was cut off".into();
        }
    }
    model
}

fn count(model: &mut CachedModel, dir: &Path, observer: &dyn Observer) {
    let options = Options { runtime: RuntimeChoice::Off, offline: true, ..Options::default() };
    match census_observed(dir, &options, observer) {
        Ok(report) => {
            model.parameters = Some(report.totals.all.parameters);
            if report.verdict == Verdict::Disagreement {
                model.state = CachedState::Contradicts;
                let error = report.findings.iter().find(|f| f.severity == Severity::Error);
                model.detail = error.map(|f| f.message.clone()).unwrap_or_default();
            }
        }
        Err(error) => {
            model.state = CachedState::Uncounted;
            model.detail = error.to_string();
        }
    }
}
