//! Why a path is no model, in words that lead further.
//!
//! Input: a folder or file where no SavedModel was found. Output: the error to show.

use std::fs;
use std::path::{Path, PathBuf};

use super::file_kind::Kind;
use super::sniff::{self, Content};
use crate::Error;
use crate::limits::MAX_LISTED_NAMES;

/// Most names that an error lists.
const MAX_SHOWN: usize = 5;

/// The error for a file of another kind.
pub(super) fn other_kind(path: &Path, kind: Kind) -> Error {
    let advice = match kind {
        Kind::Empty if path.file_name().is_some_and(|n| n == "saved_model.pb") => {
            "no MetaGraph is in it: copy or download the model again"
        }
        _ => kind.advice(),
    };
    Error::NotAModel { path: path.into(), what: kind.what(), advice: advice.into() }
}

fn no_model(dir: &Path, what: &str, advice: String) -> Error {
    Error::NotAModel { path: dir.into(), what: what.into(), advice }
}

/// What is left of a model whose `saved_model.pb` is gone, and advice.
fn half_a_model(names: &[String]) -> Option<(&'static str, &'static str)> {
    const PARTS: [&str; 4] =
        ["variables", "tfhub_module.pb", "keras_metadata.pb", "fingerprint.pb"];
    if names.is_empty() {
        return Some((
            "the folder is empty",
            "export, copy or download the model again; temporary-file cleaners empty download \
             caches like this",
        ));
    }
    names.iter().any(|name| PARTS.contains(&name.as_str())).then_some((
        "`saved_model.pb` is missing, though other parts of a model are there",
        "copy or download the model again; in a download cache, delete this folder first, since \
         temporary-file cleaners leave such halves behind",
    ))
}

/// The error for a folder without a `saved_model.pb`.
pub(super) fn no_model_in(dir: &Path) -> Error {
    if let Err(e) = fs::read_dir(dir) {
        return Error::io("list", dir, e);
    }
    let names = names_in(dir);
    let has = |wanted: &str| names.iter().any(|name| name == wanted);
    let ends = |end: &str| names.iter().find(|name| name.ends_with(end));
    if let Some((what, advice)) = half_a_model(&names) {
        return no_model(dir, what, advice.into());
    }
    if has("variables.index") {
        return other_kind(dir, Kind::SavedModelOfElsewhere);
    }
    if has("config.json") && has("metadata.json") && ends(".weights.h5").is_some() {
        return other_kind(dir, Kind::KerasFolder);
    }
    if has("checkpoint") || ends(".ckpt.index").is_some() || ends(".index").is_some() {
        return other_kind(dir, Kind::Checkpoint);
    }
    if has("model.json")
        && matches!(sniff::sniff(&dir.join("model.json")), Ok(Content::Other(Kind::TfJs)))
    {
        return other_kind(dir, Kind::TfJs);
    }
    if let Some(error) = download_cache(dir, &names) {
        return error;
    }
    let kinds = [".keras", ".h5", ".tflite", ".onnx", ".safetensors", ".pt", ".pth", ".bin", ".pb"];
    for end in kinds {
        let Some(name) = ends(end) else { continue };
        let path = dir.join(name);
        if let Ok(Content::Other(kind)) = sniff::sniff(&path)
            && kind != Kind::Unknown
        {
            return other_kind(&path, kind);
        }
    }
    for end in [".tar.gz", ".tgz", ".tar", ".zip"] {
        if let Some(name) = ends(end) {
            let advice = format!("give the archive itself: {}", command(&dir.join(name)));
            return no_model(dir, "a folder that holds an archive", advice);
        }
    }
    no_model(
        dir,
        "no `saved_model.pb` or `saved_model.pbtxt` in the folder",
        format!("give the folder that holds it; this one holds {}", listed(&names)),
    )
}

/// The error for a cache's own folder, whose names say nothing to a person.
fn download_cache(dir: &Path, names: &[String]) -> Option<Error> {
    let any = |test: fn(&str) -> bool| names.iter().any(|name| test(name));
    let (whose, variable) = if any(|name| name.ends_with(".descriptor.txt")) {
        ("tensorflow_hub", "TFHUB_CACHE_DIR")
    } else if any(|name| name.starts_with("models--")) {
        ("huggingface_hub", "HF_HUB_CACHE")
    } else {
        return None;
    };
    Some(Error::NotAModel {
        path: dir.into(),
        what: format!("a download cache of {whose}"),
        advice: format!(
            "run: {variable}={} tfcensus list, which shows what is in it; then give one of its \
             handles or folders",
            quoted(&dir.display().to_string())
        ),
    })
}

/// The error for text that starts with a scheme and is no address that is understood.
pub(super) fn no_handle(text: &str, scheme: &str) -> Error {
    let (what, advice) = match scheme {
        "kaggle" | "hf" => (
            format!("what follows {scheme}:// is no handle"),
            "write kaggle://owner/model/framework/variation/version, or hf://owner/name@revision",
        ),
        _ => (
            format!("addresses that start with {scheme}:// are not understood"),
            "https://, gs://, kaggle:// and hf:// are; else download the model and give its folder",
        ),
    };
    Error::Source { source_text: text.into(), what, advice: advice.into() }
}

/// The error for a path with nothing behind it.
pub(super) fn missing(path: &Path) -> Error {
    if let Ok(target) = fs::read_link(path) {
        return Error::NotFound {
            path: path.into(),
            advice: format!("it is a link to {}, which is not there", target.display()),
        };
    }
    let mut known: PathBuf = path.into();
    while known.pop() {
        if known.as_os_str().is_empty() {
            known = PathBuf::from(".");
        }
        if known.is_dir() {
            break;
        }
    }
    let mut names = names_in(&known);
    names.retain(|name| !name.starts_with('.'));
    const HANDLES: &str = "a hub handle is written https://tfhub.dev/owner/model/version, \
                           owner/model/framework/variation/version or hf://owner/name";
    let advice = if names.is_empty() || may_be_a_handle(path) {
        format!("check the path; {HANDLES}")
    } else {
        format!("check the path; {} holds {}", known.display(), listed(&names))
    };
    Error::NotFound { path: path.into(), advice }
}

/// Whether a path looks like what hubs call a model: plain names of which not even the first is
/// there.
fn may_be_a_handle(path: &Path) -> bool {
    let mut parts = path.components();
    let first = parts.clone().next();
    let plain = parts.all(|part| matches!(part, std::path::Component::Normal(_)));
    let gone = first.is_some_and(|first| !Path::new(first.as_os_str()).exists());
    plain && gone && (2..=5).contains(&path.components().count())
}

/// The error for a folder that holds several models and no numbered versions to choose from.
pub(super) fn several(dir: &Path, models: &[PathBuf]) -> Error {
    if let Some(error) = download_cache(dir, &names_in(dir)) {
        return error;
    }
    let commands: Vec<String> = models.iter().take(MAX_SHOWN).map(|m| command(m)).collect();
    let more = models.len().saturating_sub(MAX_SHOWN);
    let tail = if more > 0 { format!("  ({more} more)") } else { String::new() };
    Error::NotAModel {
        path: dir.into(),
        what: format!("a folder that holds {} of them", models.len()),
        advice: format!("choose one:  {}{tail}", commands.join("  ")),
    }
}

/// The command that counts `path`, quoted for a POSIX shell.
fn command(path: &Path) -> String {
    format!("tfcensus count {}", quoted(&path.display().to_string()))
}

fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:,@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

/// Names in a folder, sorted; none where it cannot be read.
fn names_in(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).into_iter().flatten();
    let mut names: Vec<String> = entries
        .take(MAX_LISTED_NAMES)
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn listed(names: &[String]) -> String {
    let shown: Vec<&str> = names.iter().take(MAX_SHOWN).map(String::as_str).collect();
    match names.len().saturating_sub(MAX_SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
