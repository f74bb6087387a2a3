//! What lies in a SavedModel's folder.
//!
//! Input: a folder. Output: the paths of the files that matter, in the loader's order of
//! preference. Nothing is opened here except `tfhub_module.pb`.
//!
//! Source of the order: TensorFlow cc/saved_model/reader.cc (`.pb`, then `.pbtxt`).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::file_kind::Kind;
use crate::limits::{MAX_FOLDER_NAMES, MAX_MODULE_DEF_BYTES};
use crate::model::ModelFormat;
use crate::regular_file;
use crate::wire::{Value, fields, int32};
use crate::{Error, Result};

/// The files of one SavedModel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelFiles {
    /// `saved_model.pb`, or `saved_model.pbtxt` where that is the only one.
    pub saved_model: PathBuf,
    /// The SavedModel is in protobuf's text form.
    pub saved_model_is_text: bool,
    /// `variables/`, whether it exists or not.
    pub variables_dir: PathBuf,
    /// `variables/variables.index`; `None` when there is no such file.
    pub index: Option<PathBuf>,
    /// The data shards hold only the byte ranges that were asked for; their lengths are right.
    /// Only with [`super::Weights::Ranges`], for archives.
    pub shards_are_hollow: bool,
    /// `keras_metadata.pb`; `None` when there is no such file.
    pub keras_metadata: Option<PathBuf>,
    /// `fingerprint.pb`; `None` when there is no such file.
    pub fingerprint: Option<PathBuf>,
    /// `tfhub_module.pb`; `None` when there is no such file.
    pub hub_module: Option<PathBuf>,
    /// Symbolic links in `variables/`, and `saved_model` and `fingerprint` where they are links, as far as
    /// they lead somewhere: what TensorFlow's loader reads outside the folder.
    pub links: Vec<PathBuf>,
    /// Symbolic links in the folder or in `variables/` that lead nowhere, sorted.
    pub dangling: Vec<PathBuf>,
    /// Pipes, sockets and devices in the folder, in `variables/` or in `assets/`, sorted: TensorFlow
    /// would wait for a pipe without end.
    pub irregular: Vec<PathBuf>,
}

impl ModelFiles {
    /// Lists the model in `dir`. An error where TensorFlow's loader would find none.
    pub fn in_folder(dir: &Path) -> Result<ModelFiles> {
        let Some((saved_model, saved_model_is_text)) = saved_model_in(dir)? else {
            return Err(super::not_a_model::no_model_in(dir));
        };
        let variables_dir = dir.join("variables");
        let file = |path: PathBuf| Ok::<_, Error>(is_file(&path)?.then_some(path));
        let fingerprint = file(dir.join("fingerprint.pb"))?;
        let [mut top, variables, assets] = [dir, &variables_dir, &dir.join("assets")].map(listed);
        top.links.retain(|link| *link == saved_model || Some(link) == fingerprint.as_ref());
        let sorted = |mut paths: Vec<PathBuf>| {
            paths.sort();
            paths
        };
        Ok(ModelFiles {
            saved_model,
            saved_model_is_text,
            index: file(variables_dir.join("variables.index"))?,
            variables_dir,
            shards_are_hollow: false,
            keras_metadata: file(dir.join("keras_metadata.pb"))?,
            fingerprint,
            hub_module: file(dir.join("tfhub_module.pb"))?,
            links: sorted([top.links, variables.links].concat()),
            dangling: sorted([top.dangling, variables.dangling].concat()),
            irregular: sorted([top.irregular, variables.irregular, assets.irregular].concat()),
        })
    }

    /// Reads `tfhub_module.pb`, where there is one: format 3 without required features is the
    /// only kind that anybody reads. Source: tensorflow_hub's module_def.proto.
    pub(super) fn format(&self) -> Result<ModelFormat> {
        let Some(path) = &self.hub_module else { return Ok(ModelFormat::SavedModel) };
        let malformed =
            |what: String, offset| Error::Malformed { path: path.clone(), offset, what };
        let unsupported = |which: String| Error::NotAModel {
            path: path.clone(),
            what: format!("a TF1 Hub module {which}"),
            advice: "count it with the tensorflow_hub version that made it, or export it again"
                .into(),
        };
        let bytes = regular_file::read(path, MAX_MODULE_DEF_BYTES)
            .map_err(|e| Error::io("read", path, e))?
            .ok_or_else(|| malformed("the Hub module's description is too long".into(), None))?;
        let mut format = 0;
        for field in fields(&bytes) {
            match field.map_err(|e| malformed(e.what.to_owned(), e.offset_in(&bytes)))? {
                (1, Value::Varint(stated)) => format = int32(stated),
                (2, Value::Bytes(name)) => {
                    let name = String::from_utf8_lossy(name).into_owned();
                    return Err(unsupported(format!("which requires `{name}`")));
                }
                _ => {}
            }
        }
        if format != 3 {
            return Err(unsupported(format!("of format {format}, where 3 is the only known one")));
        }
        Ok(ModelFormat::Tf1HubModule)
    }
}

/// The file that the loader would read in `dir`, and whether it is text.
///
/// A link that leads nowhere, a file that may not be read and the chunked form are errors.
pub(super) fn saved_model_in(dir: &Path) -> Result<Option<(PathBuf, bool)>> {
    for (name, is_text) in [("saved_model.pb", false), ("saved_model.pbtxt", true)] {
        let path = dir.join(name);
        if is_file(&path)? {
            return Ok(Some((path, is_text)));
        }
    }
    for name in ["saved_model.pb", "saved_model.pbtxt"] {
        let path = dir.join(name);
        if let Ok(target) = fs::read_link(&path) {
            let advice = format!(
                "the link points to {}, which is not there: copy the model with its links followed \
                 (cp -rL), or fetch what the link points to",
                target.display()
            );
            return Err(Error::NotFound { path, advice });
        }
    }
    let chunked = dir.join("saved_model.cpb");
    if is_file(&chunked)? {
        return Err(Error::NotAModel {
            path: chunked,
            what: Kind::ChunkedSavedModel.what(),
            advice: Kind::ChunkedSavedModel.advice().into(),
        });
    }
    Ok(None)
}

/// Whether there is a file (or a link to one) at `path`, or anything else that is no folder: who opens
/// it says that it is a pipe, which is more than that a file is missing. Where the system refuses to say, its
/// reason is the error: a model behind a closed door is not an absent one.
pub(super) fn is_file(path: &Path) -> Result<bool> {
    match fs::metadata(path) {
        Ok(meta) => Ok(!meta.is_dir()),
        Err(e) => match e.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Ok(false),
            _ => Err(Error::io("open", path, e)),
        },
    }
}

/// What a folder holds beside regular files and folders.
#[derive(Default)]
struct Listed {
    /// Links that lead to a file or folder.
    links: Vec<PathBuf>,
    /// Links that lead nowhere.
    dangling: Vec<PathBuf>,
    /// What is neither a file nor a folder, and links to it.
    irregular: Vec<PathBuf>,
}

/// Lists a folder, in one pass; nothing where there is no such folder.
fn listed(dir: &Path) -> Listed {
    let mut listed = Listed::default();
    let is_file = |kind: fs::FileType| kind.is_file() || kind.is_dir();
    let entries = fs::read_dir(dir).into_iter().flatten().take(MAX_FOLDER_NAMES).flatten();
    for entry in entries.filter(|entry| entry.file_type().is_ok_and(|kind| !is_file(kind))) {
        let path = entry.path();
        match fs::metadata(&path) {
            Ok(metadata) if is_file(metadata.file_type()) => listed.links.push(path),
            Ok(_) => listed.irregular.push(path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => listed.dangling.push(path),
            Err(_) => {}
        }
    }
    listed
}
