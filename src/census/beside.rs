//! What lies beside `saved_model.pb`: the checkpoint's index and object graph, and the Keras
//! metadata. This is all that a census reads of a model besides that file itself.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use crate::error::Result;
use crate::evidence::checkpoint::{self, Index, IndexError, OBJECT_GRAPH_KEY, StringError};
use crate::evidence::keras::{self, KerasConfig};
use crate::model::{Code, Finding, Severity};
use crate::options::{Observer, Options};
use crate::reconcile;
use crate::source::{ShardRange, Source};

/// The files' common prefix in `variables/`.
pub(super) const PREFIX: &str = "variables";
/// Largest object graph of a checkpoint that is read.
const MAX_OBJECT_GRAPH_BYTES: u64 = 1 << 30;

/// What was read.
#[derive(Debug, Default)]
pub(crate) struct Beside {
    /// The index; `None` where there is none or it cannot be read.
    pub index: Option<Index>,
    /// The checkpoint's own object graph, undecoded; `None` for TF1, or where it cannot be read.
    pub checkpoint_graph: Option<Vec<u8>>,
    /// `keras_metadata.pb` and its bytes, undecoded; `None` where there is no such file.
    pub keras_metadata: Option<(PathBuf, io::Result<Vec<u8>>)>,
    /// The `.keras` archive that the user gave.
    pub keras_config: Option<KerasConfig>,
}

impl Beside {
    /// Reads it all, and reports what cannot be read.
    pub fn read(
        source: &Source,
        options: &Options,
        observer: &dyn Observer,
        findings: &mut Vec<Finding>,
    ) -> Result<Beside> {
        let keras_config = read_keras_config(options, findings)?;
        let index = read_index(source, findings);
        let checkpoint_graph =
            index.as_ref().and_then(|index| read_checkpoint_graph(source, index, findings));
        if let Some(index) = &index {
            check_index(source, index, options, observer, findings);
        }
        let keras_metadata =
            source.files.keras_metadata.as_ref().map(|p| (p.clone(), keras::read_file(p)));
        Ok(Beside { index, checkpoint_graph, keras_metadata, keras_config })
    }
}

fn read_index(source: &Source, findings: &mut Vec<Finding>) -> Option<Index> {
    let path = source.files.index.as_deref()?;
    match checkpoint::read_index(path) {
        Ok(index) => Some(index),
        Err(IndexError::NotFound) => None,
        Err(e) => {
            let offset = match &e {
                IndexError::Malformed { offset: Some(offset), .. } => format!(", byte {offset}"),
                _ => String::new(),
            };
            findings.push(
                Finding::new(
                    Code::CheckpointUnreadable,
                    format!("the checkpoint's index cannot be read: {e}"),
                )
                .about(format!("{}{offset}", path.display())),
            );
            None
        }
    }
}

fn read_checkpoint_graph(
    source: &Source,
    index: &Index,
    findings: &mut Vec<Finding>,
) -> Option<Vec<u8>> {
    index.get(OBJECT_GRAPH_KEY)?;
    let read = checkpoint::read_string_scalar(
        index,
        &source.files.variables_dir,
        PREFIX,
        OBJECT_GRAPH_KEY,
        MAX_OBJECT_GRAPH_BYTES,
    );
    read.map_err(|e| {
        let code = match e {
            StringError::Malformed(_) => Code::ChecksumMismatch,
            _ => Code::FileUnreadable,
        };
        findings.push(
            Finding::new(
                code,
                format!("the checkpoint's own object graph cannot be read ({e}); keys are told by their paths"),
            )
            .about("_CHECKPOINTABLE_OBJECT_GRAPH"),
        );
    })
    .ok()
}

fn check_index(
    source: &Source,
    index: &Index,
    options: &Options,
    observer: &dyn Observer,
    findings: &mut Vec<Finding>,
) {
    let folder: &Path = &source.files.variables_dir;
    let problems = checkpoint::check(index, folder, PREFIX);
    let whole = problems.is_empty();
    reconcile::about_index_problems(problems, findings);
    if options.verify_checksums && whole {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let problems = checkpoint::verify_checksums(
            index,
            folder,
            PREFIX,
            threads,
            observer,
            &AtomicBool::new(false),
        );
        reconcile::about_index_problems(problems, findings);
    }
}

/// The bytes of the data shards that a census without a session reads: the checkpoint's own object
/// graph.
pub(super) fn object_graph_range(index: &Path) -> Vec<ShardRange> {
    let Ok(index) = checkpoint::read_index(index) else { return Vec::new() };
    let Some(entry) = index.get(OBJECT_GRAPH_KEY) else { return Vec::new() };
    vec![ShardRange { shard: entry.shard, offset: entry.offset, byte_len: entry.byte_len }]
}

/// Reads the `.keras` archive that the user gave. One that nests no layers (a subclassed model's) has
/// nothing to say.
fn read_keras_config(
    options: &Options,
    findings: &mut Vec<Finding>,
) -> Result<Option<KerasConfig>> {
    let Some(path) = options.keras_config.as_deref() else { return Ok(None) };
    let config = keras::read_config(path)?;
    if config.layers.len() > 1 {
        return Ok(Some(config));
    }
    findings.push(
        Finding::new(
            Code::KerasConfigDiffers,
            "the Keras configuration nests no layers (it is a subclassed model's), so it cannot name them",
        )
        .about(path.display().to_string())
        .severity(Severity::Warning),
    );
    Ok(None)
}
