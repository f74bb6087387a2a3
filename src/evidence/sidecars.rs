//! The sidecar files of `saved_model.pb`: the checkpoint's index and object graph, and the Keras
//! metadata. With `saved_model.pb` itself they are all that a census reads of a model.
//!
//! What cannot be read is kept as an error beside what could: the count goes on without it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use super::checkpoint::{self, Index, IndexError, OBJECT_GRAPH_KEY, Problem, StringError};
use super::keras::{self, KerasConfig};
use crate::error::Result;
use crate::limits::MAX_CHECKPOINT_GRAPH_BYTES;
use crate::options::{Observer, Options};
use crate::source::{ShardRange, Source};

/// The common prefix of the checkpoint's files in `variables/`.
pub(crate) const CHECKPOINT_PREFIX: &str = "variables";

/// What was read.
#[derive(Debug, Default)]
pub(crate) struct SidecarFiles {
    /// The index; `None` where there is none or it cannot be read.
    pub index: Option<Index>,
    /// The index that cannot be read, and why.
    pub index_error: Option<(PathBuf, IndexError)>,
    /// Where the index or its shards contradict themselves.
    pub checkpoint_problems: Vec<Problem>,
    /// The checkpoint's own object graph, undecoded; `None` for TF1, or where it cannot be read.
    pub checkpoint_graph: Option<Vec<u8>>,
    /// Why the checkpoint's own object graph cannot be read.
    pub checkpoint_graph_error: Option<StringError>,
    /// `keras_metadata.pb` and its bytes, undecoded; `None` where there is no such file.
    pub keras_metadata: Option<(PathBuf, io::Result<Vec<u8>>)>,
    /// The `.keras` archive that the user gave, where it nests layers.
    pub keras_config: Option<KerasConfig>,
    /// The `.keras` archive that the user gave, where it nests none and thus names the model alone: one
    /// of a subclassed model, or of a kind that makes its layers from a few numbers.
    pub unnested_config: Option<(PathBuf, KerasConfig)>,
}

impl SidecarFiles {
    /// Reads them.
    ///
    /// # Errors
    /// Where the `.keras` archive cannot be read: it is not the model's but the caller's, who asked
    /// for it to be used.
    pub fn read(source: &Source, options: &Options, observer: &dyn Observer) -> Result<Self> {
        let mut files = SidecarFiles::default();
        files.read_keras_config(options)?;
        files.read_index(source);
        files.check_checkpoint(source, options, observer);
        files.keras_metadata =
            source.files.keras_metadata.as_ref().map(|p| (p.clone(), keras::read_file(p)));
        Ok(files)
    }

    fn read_keras_config(&mut self, options: &Options) -> Result<()> {
        let Some(path) = options.keras_config.as_deref() else { return Ok(()) };
        let config = keras::read_config(path)?;
        // The first layer is the model itself.
        if config.layers.len() > 1 {
            self.keras_config = Some(config);
        } else {
            self.unnested_config = Some((path.to_path_buf(), config));
        }
        Ok(())
    }

    fn read_index(&mut self, source: &Source) {
        let Some(path) = source.files.index.as_deref() else { return };
        let index = match checkpoint::read_index(path) {
            Ok(index) => index,
            Err(IndexError::NotFound) => return,
            Err(error) => {
                self.index_error = Some((path.to_path_buf(), error));
                return;
            }
        };
        if index.get(OBJECT_GRAPH_KEY).is_some() {
            let read = checkpoint::read_string_scalar(
                &index,
                &source.files.variables_dir,
                CHECKPOINT_PREFIX,
                OBJECT_GRAPH_KEY,
                MAX_CHECKPOINT_GRAPH_BYTES,
            );
            match read {
                Ok(graph) => self.checkpoint_graph = Some(graph),
                Err(error) => self.checkpoint_graph_error = Some(error),
            }
        }
        self.index = Some(index);
    }

    fn check_checkpoint(&mut self, source: &Source, options: &Options, observer: &dyn Observer) {
        let Some(index) = &self.index else { return };
        let folder: &Path = &source.files.variables_dir;
        self.checkpoint_problems = checkpoint::check(index, folder, CHECKPOINT_PREFIX);
        // The checksums of shards that are missing or cut short would only repeat that.
        if options.verify_checksums && self.checkpoint_problems.is_empty() {
            let threads = std::thread::available_parallelism().map_or(1, usize::from);
            let never = AtomicBool::new(false);
            self.checkpoint_problems = checkpoint::verify_checksums(
                index,
                folder,
                CHECKPOINT_PREFIX,
                threads,
                observer,
                &never,
            );
        }
    }
}

/// The bytes of the data shards that a census without a session reads: the checkpoint's own object
/// graph.
pub(crate) fn object_graph_range(index: &Path) -> Vec<ShardRange> {
    let Ok(index) = checkpoint::read_index(index) else { return Vec::new() };
    let Some(entry) = index.get(OBJECT_GRAPH_KEY) else { return Vec::new() };
    vec![ShardRange { shard: entry.shard, offset: entry.offset, byte_len: entry.byte_len }]
}
