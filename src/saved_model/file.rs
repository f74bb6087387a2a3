//! The file itself: mapped where it is binary, translated to the binary form where it is text.

use std::path::{Path, PathBuf};

use memmap2::Mmap;

use super::meta_graph::MetaGraph;
use super::whole;
use crate::error::{Error, Result};
use crate::limits::{MAX_META_GRAPHS, MAX_PBTXT_BYTES};
use crate::regular_file;
use crate::wire::{Malformed, Value, fields};

/// `saved_model.pb` or `saved_model.pbtxt`, open.
pub(crate) struct SavedModelFile {
    path: PathBuf,
    bytes: Bytes,
}

enum Bytes {
    Mapped(Mmap),
    Held(Vec<u8>),
}

impl SavedModelFile {
    /// Opens the file. Nothing is decoded yet.
    pub fn open(path: &Path, is_text: bool) -> Result<SavedModelFile> {
        let file = regular_file::open(path).map_err(|e| Error::io("open", path, e))?;
        let byte_len = file.metadata().map_err(|e| Error::io("read", path, e))?.len();
        let bytes = if is_text {
            let text = regular_file::read_whole(file, MAX_PBTXT_BYTES)
                .map_err(|e| Error::io("read", path, e))?
                .ok_or_else(|| Error::Malformed {
                    path: path.to_path_buf(),
                    offset: None,
                    what: format!(
                        "the text form has {byte_len} bytes; at most {MAX_PBTXT_BYTES} are read"
                    ),
                })?;
            Bytes::Held(crate::wire::text::to_wire(&text).map_err(|e| Error::Malformed {
                path: path.to_path_buf(),
                offset: e.offset_in(&text),
                what: format!("not a SavedModel in text form: {}", e.what),
            })?)
        } else if byte_len == 0 {
            Bytes::Held(Vec::new())
        } else {
            // Mapped and not read: a SavedModel can hold gigabytes of constants, of which a census
            // touches only the fields around them.
            // SAFETY: the map is read only. Reading beyond the end of a file that another process
            // truncates meanwhile raises SIGBUS; every reader of mapped files accepts that.
            Bytes::Mapped(unsafe { Mmap::map(&file) }.map_err(|e| Error::io("map", path, e))?)
        };
        Ok(SavedModelFile { path: path.to_path_buf(), bytes })
    }

    /// A file that exists in memory only.
    #[cfg(any(test, feature = "testkit"))]
    pub fn in_memory(bytes: Vec<u8>) -> SavedModelFile {
        SavedModelFile { path: PathBuf::from("saved_model.pb"), bytes: Bytes::Held(bytes) }
    }

    /// The file's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The binary form.
    pub fn bytes(&self) -> &[u8] {
        match &self.bytes {
            Bytes::Mapped(map) => map,
            Bytes::Held(bytes) => bytes,
        }
    }

    /// Checks all of the file, as TensorFlow's parser does before it looks at anything.
    ///
    /// # Errors
    /// Where that parser refuses the file.
    pub fn check_whole(&self) -> Result<()> {
        whole::check(self.bytes()).map_err(|e| self.malformed(e))
    }

    /// The schema version and all MetaGraphs, whose graphs and collections stay undecoded.
    pub fn decode(&self) -> Result<(i64, Vec<MetaGraph<'_>>)> {
        let bytes = self.bytes();
        if bytes.is_empty() {
            return Err(Error::Malformed {
                path: self.path.clone(),
                offset: None,
                what: "the file is empty".into(),
            });
        }
        let mut version = 0;
        let mut graphs = Vec::new();
        for field in fields(bytes) {
            match field.map_err(|e| self.malformed(e))? {
                (1, Value::Varint(stated)) => version = stated.cast_signed(),
                (2, Value::Bytes(meta)) if graphs.len() >= MAX_META_GRAPHS => {
                    let what = "more MetaGraphs than any SavedModel has";
                    return Err(self.malformed(Malformed::at(meta, what)));
                }
                (2, Value::Bytes(meta)) => {
                    graphs.push(MetaGraph::decode(meta).map_err(|e| self.malformed(e))?);
                }
                _ => {}
            }
        }
        Ok((version, graphs))
    }

    /// An error in this file. Its offset is given for the binary form only: in the text form it would
    /// be one of the translation.
    pub fn malformed(&self, bad: Malformed) -> Error {
        Error::Malformed {
            path: self.path.clone(),
            offset: match self.bytes {
                Bytes::Mapped(_) => bad.offset_in(self.bytes()),
                Bytes::Held(_) => None,
            },
            what: format!("not a whole SavedModel: {}", bad.what),
        }
    }
}
