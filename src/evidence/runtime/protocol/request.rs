//! What a session is asked, and what it answers.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::model::{DType, Shape, Stats};
use crate::options::{Observer, Options};

/// What the worker process may take and do.
#[derive(Clone, Copy)]
pub struct Limits<'a> {
    /// How long one request may take, the library's loading included; `None` is for ever.
    pub timeout: Option<Duration>,
    /// Most address space of the worker process, in bytes.
    pub memory_limit: Option<u64>,
    /// Let the session see GPUs.
    pub allow_gpu: bool,
    /// Libraries of custom ops to load.
    pub op_libraries: &'a [PathBuf],
    /// Pass every line that the worker writes to its stderr to the observer.
    pub show_library_output: bool,
    /// The program to run as worker; `None` is this very program.
    pub worker: Option<&'a Path>,
    /// Is told of steps, bytes and output.
    pub observer: &'a dyn Observer,
}

impl<'a> Limits<'a> {
    /// The limits that `options` set.
    pub fn of(options: &'a Options, observer: &'a dyn Observer) -> Limits<'a> {
        Limits {
            timeout: options.timeout,
            memory_limit: options.memory_limit,
            allow_gpu: options.allow_gpu,
            op_libraries: &options.op_libraries,
            show_library_output: options.show_library_output,
            worker: options.worker.as_deref(),
            observer,
        }
    }
}

/// The two kinds of variable op.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VariableKind {
    /// `VarHandleOp` (TF2, and TF1 with resource variables).
    Resource,
    /// `VariableV2` and `Variable` (TF1).
    Reference,
}

/// A variable op of the main graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariableOp {
    /// The node's name.
    pub node: String,
    /// Its kind.
    pub kind: VariableKind,
    /// A node of the graph whose output 0 is the variable's value, where there is one: its
    /// `ReadVariableOp`, or a reference variable's `Identity`. It saves time, nothing else.
    pub read: Option<String>,
}

/// Load the model as TensorFlow's own loader does, then ask for the shape of every variable.
#[derive(Clone, Copy, Debug)]
pub struct LoadRequest<'a> {
    /// The folder of the SavedModel.
    pub model_dir: &'a Path,
    /// The MetaGraph's exact tags.
    pub tags: &'a [String],
    /// The variables to ask for.
    pub variables: &'a [VariableOp],
}

/// One tensor of the checkpoint, or one slice of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestoreTensor {
    /// Its key.
    pub key: Vec<u8>,
    /// The slice as `RestoreV2` takes it (`4 4 0,2:0,4`); empty for the whole tensor.
    pub slice: String,
    /// Its element type.
    pub dtype: DType,
    /// Bytes that it takes in memory: what a batch is filled by.
    pub byte_len: u64,
}

/// Restore tensors into variables of a session that holds nothing else, batch by batch.
#[derive(Clone, Copy, Debug)]
pub struct RestoreRequest<'a> {
    /// The checkpoint's prefix: `…/variables/variables`.
    pub prefix: &'a Path,
    /// What to restore.
    pub tensors: &'a [RestoreTensor],
    /// Most bytes that are restored at one time; a larger tensor is restored alone.
    pub batch_bytes: u64,
    /// Compute statistics of the values too.
    pub stats: bool,
}

/// What the session holds of one variable.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Held {
    /// True where the variable has a value.
    pub initialized: bool,
    /// The type of that value, confirmed by reading it as such.
    pub dtype: Option<DType>,
    /// The shape of that value.
    pub shape: Option<Shape>,
    /// Why there is no value, where TensorFlow said so.
    pub error: Option<String>,
    /// Statistics of the value, where they were asked for and the type allows them.
    pub stats: Option<Stats>,
}

/// What the session said.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The library's version.
    pub tensorflow_version: String,
    /// The library's file.
    pub library: PathBuf,
    /// Wall time from the worker's start to this answer.
    pub elapsed: Duration,
    /// Peak resident memory of the worker up to this answer.
    pub peak_bytes: Option<u64>,
    /// One for each variable or tensor asked for, in the same order.
    pub held: Vec<Held>,
    /// After a load: the variable ops of the session's graph that the request did not name.
    pub unasked: Vec<String>,
}
