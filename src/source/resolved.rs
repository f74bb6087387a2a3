//! A model that was found: its folder and what lies in it.

use std::path::PathBuf;

use super::file_kind::Kind;
use super::model_files::ModelFiles;
use super::sniff::{self, Content};
use super::{keras_archive, not_a_model, temp_folder};
use crate::model::ModelFormat;
use crate::{Error, Result};

/// A model, found.
#[derive(Debug)]
pub struct Source {
    /// The path, address or handle as given; bytes that are no UTF-8 are replaced.
    pub given: String,
    /// The folder that holds `saved_model.pb`.
    pub dir: PathBuf,
    /// What `tfhub_module.pb` beside it says.
    pub format: ModelFormat,
    /// What lies in the folder.
    pub files: ModelFiles,
    /// A `.keras` archive in or beside the folder, which may be of the same model; `None` where the
    /// folder is a temporary one.
    pub keras_archive: Option<PathBuf>,
    /// What was understood where the path was not the model itself, for a person.
    pub notes: Vec<String>,
    /// What was unpacked is removed when this goes.
    pub(super) _unpacked: Option<temp_folder::TempFolder>,
}

#[cfg(any(test, feature = "testkit"))]
impl Source {
    /// The source of a model whose files are nowhere but in memory.
    pub(crate) fn in_memory() -> Source {
        Source {
            given: "memory".into(),
            dir: PathBuf::new(),
            format: ModelFormat::default(),
            files: ModelFiles::default(),
            keras_archive: None,
            notes: Vec::new(),
            _unpacked: None,
        }
    }
}

/// The source for a folder that is known to hold a model.
pub(super) fn in_folder(given: String, dir: PathBuf, notes: Vec<String>) -> Result<Source> {
    let files = ModelFiles::in_folder(&dir)?;
    let format = files.format()?;
    let content =
        sniff::sniff(&files.saved_model).map_err(|e| Error::io("open", &files.saved_model, e))?;
    // Bytes that are nothing known go on to the reader, which says at which of them it stopped.
    match content {
        Content::Other(Kind::Unknown | Kind::Json) | Content::SavedModel => {}
        Content::Other(Kind::Onnx) if files.saved_model_is_text => {}
        Content::Other(kind) => return Err(not_a_model::other_kind(&files.saved_model, kind)),
        Content::Tar | Content::Gzip | Content::ZipOfModel => {
            return Err(not_a_model::other_kind(
                &files.saved_model,
                Kind::OtherCompression("archive"),
            ));
        }
    }
    let keras_archive = keras_archive::beside(&dir);
    Ok(Source { given, dir, format, files, keras_archive, notes, _unpacked: None })
}
