//! What a caller may ask of a census, and how it is told of progress.

use std::path::PathBuf;
use std::time::Duration;

/// How to count. `Options::default()` is what `tfcensus count MODEL` does.
#[derive(Clone, Debug)]
pub struct Options {
    /// The exact tag set to count; `None` chooses (`serve`, else the only one, else the empty one).
    pub tags: Option<Vec<String>>,
    /// Which session to ask.
    pub runtime: RuntimeChoice,
    /// What the tree is made of.
    pub group_by: GroupBy,
    /// A libtensorflow, or a folder that holds one, to use instead of searching.
    pub libtensorflow: Option<PathBuf>,
    /// Libraries of custom ops to load before the model.
    pub op_libraries: Vec<PathBuf>,
    /// How long the session may take; `None` is for ever.
    pub timeout: Option<Duration>,
    /// Most address space that the session's process may take, in bytes.
    pub memory_limit: Option<u64>,
    /// Let a full load run ops that touch files, processes or the network.
    pub allow_unsafe_ops: bool,
    /// Let the session see GPUs.
    pub allow_gpu: bool,
    /// Read every tensor's bytes against the checksum in the index.
    pub verify_checksums: bool,
    /// Compute statistics of every variable's values in the session.
    pub stats: bool,
    /// The `.keras` archive of the same model, for names, classes and frozen layers.
    pub keras_config: Option<PathBuf>,
    /// Never touch the network.
    pub offline: bool,
    /// Pass everything on that the session's process writes to its stderr.
    pub show_library_output: bool,
    /// The program that serves as the session's process; `None` is the running program,
    /// which must call [`crate::serve_if_worker`] first thing in `main`.
    pub worker: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            tags: None,
            runtime: RuntimeChoice::Auto,
            group_by: GroupBy::Auto,
            libtensorflow: None,
            op_libraries: Vec::new(),
            timeout: Some(Duration::from_secs(600)),
            memory_limit: None,
            allow_unsafe_ops: false,
            allow_gpu: false,
            verify_checksums: false,
            stats: false,
            keras_config: None,
            offline: false,
            show_library_output: false,
            worker: None,
        }
    }
}

/// Which session to ask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RuntimeChoice {
    /// `Load` where that is safe and quick, else `Variables`.
    #[default]
    Auto,
    /// TensorFlow's own loader, as serving does it; never falls back.
    Load,
    /// A session over the model's variables alone, restored batch by batch.
    Variables,
    /// None: files only.
    Off,
}

/// What the tree is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GroupBy {
    /// Keras layers where there are any, else modules, else scopes.
    #[default]
    Auto,
    /// Keras layers and sub-models.
    Keras,
    /// Modules of the object graph under their attribute names.
    ObjectGraph,
    /// Name scopes.
    Scope,
}

/// What is going on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// A step has begun; the text is for a person.
    Step(String),
    /// Bytes done of the step's total; `total` is 0 while it is unknown.
    Bytes {
        /// Bytes so far.
        done: u64,
        /// Bytes in all.
        total: u64,
    },
    /// The step has ended.
    Done,
    /// What was understood where the model given was not the model itself, for a person: which
    /// of several versions, say.
    Note(String),
    /// A line that the session's process wrote (only with `show_library_output`).
    LibraryOutput(String),
}

/// Is told what is going on, possibly from other threads.
pub trait Observer: Sync {
    /// Takes one event. Must return soon.
    fn notice(&self, progress: Progress);
}

/// An observer that ignores everything.
pub struct Silent;

impl Observer for Silent {
    fn notice(&self, _: Progress) {}
}
