//! `tfcensus list`: what is in the download caches, and whether it can be used.

use tfcensus::model::{CacheFolder, CachedModel, CachedModels, CachedState, Severity, Verdict};
use tfcensus::source::{CacheEntry, CacheKind, CacheState, Places, list_caches};
use tfcensus::{Observer, Options, Progress, RuntimeChoice};

use crate::census;

/// Looks through the caches and counts every whole model from its files.
pub fn examine(observer: &dyn Observer) -> CachedModels {
    let places = Places::default();
    let folder = |kind: CacheKind, path: &std::path::Path, variable| CacheFolder {
        name: kind.as_str(),
        path: path.display().to_string(),
        variable,
        problem: match std::fs::read_dir(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Some(error.to_string()),
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

fn count(model: &mut CachedModel, dir: &std::path::Path, observer: &dyn Observer) {
    let options = Options { runtime: RuntimeChoice::Off, offline: true, ..Options::default() };
    match census::count(dir.as_os_str(), &options, observer) {
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
