//! Why a path is no model, in words that lead further.
//!
//! Input: a folder or file where no SavedModel was found. Output: the error to show.

use std::fs;
use std::path::{Path, PathBuf};

use super::kind::Kind;
use super::sniff::{self, Content};
use crate::Error;

/// Most names of a folder that are read to tell what it is.
const MAX_NAMES: usize = 10_000;

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

/// The error for a folder without a `saved_model.pb`.
pub(super) fn no_model_in(dir: &Path) -> Error {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(e) => return Error::io("list", dir, e),
    };
    let mut names: Vec<String> = entries
        .take(MAX_NAMES)
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    let has = |wanted: &str| names.iter().any(|name| name == wanted);
    let ends = |end: &str| names.iter().find(|name| name.ends_with(end));
    let no_model = |what: &str, advice: String| Error::NotAModel {
        path: dir.into(),
        what: what.into(),
        advice,
    };
    if names.is_empty() {
        return no_model(
            "the folder is empty",
            "export, copy or download the model again; temporary-file cleaners empty download \
             caches like this"
                .into(),
        );
    }
    if has("variables")
        || has("tfhub_module.pb")
        || has("keras_metadata.pb")
        || has("fingerprint.pb")
    {
        return no_model(
            "`saved_model.pb` is missing, though other parts of a model are there",
            "copy or download the model again; in a download cache, delete this folder first, \
             since temporary-file cleaners leave such halves behind"
                .into(),
        );
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
    if names.iter().any(|name| name.ends_with(".descriptor.txt")) {
        return no_model(
            "a download cache of tensorflow_hub",
            format!(
                "run: TFHUB_CACHE_DIR={} tfcensus list, which shows what is in it; then give one \
                 of its handles or folders",
                quoted(&dir.display().to_string())
            ),
        );
    }
    let kinds = [".keras", ".h5", ".tflite", ".onnx", ".safetensors", ".pt", ".pth", ".bin", ".pb"];
    for end in kinds {
        let Some(name) = ends(end) else { continue };
        let path = dir.join(name);
        if let Ok(Content::Other(kind)) = sniff::sniff(&path) {
            if kind != Kind::Unknown {
                return other_kind(&path, kind);
            }
        }
    }
    for end in [".tar.gz", ".tgz", ".tar", ".zip"] {
        if let Some(name) = ends(end) {
            let advice = format!("give the archive itself: {}", command(&dir.join(name)));
            return no_model("a folder that holds an archive", advice);
        }
    }
    no_model(
        "no `saved_model.pb` or `saved_model.pbtxt` in the folder",
        format!("give the folder that holds it; this one holds {}", listed(&names)),
    )
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
    let mut names: Vec<String> = fs::read_dir(&known)
        .into_iter()
        .flatten()
        .take(MAX_NAMES)
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    let advice = if names.is_empty() {
        "check the path; a TensorFlow Hub handle starts with https:// or has four or five parts \
         (owner/model/framework/variation/version)"
            .into()
    } else {
        format!("check the path; {} holds {}", known.display(), listed(&names))
    };
    Error::NotFound { path: path.into(), advice }
}

/// The error for a folder that holds several models and no numbered versions to choose from.
pub(super) fn several(dir: &Path, models: &[PathBuf]) -> Error {
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

fn listed(names: &[String]) -> String {
    let shown: Vec<&str> = names.iter().take(MAX_SHOWN).map(String::as_str).collect();
    match names.len().saturating_sub(MAX_SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
