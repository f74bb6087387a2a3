//! The options of a census, and the events that tell of its progress.

use std::path::PathBuf;
use std::time::Duration;

/// How to count. `Options::default()` is what `tfcensus count MODEL` does; each method changes one
/// field of it:
///
/// ```
/// use tfcensus::{Options, RuntimeChoice};
///
/// let options = Options::default().runtime(RuntimeChoice::Off).offline(true);
/// # assert!(options.offline);
/// ```
///
/// New versions add fields, so that no literal of this struct can be written elsewhere.
#[derive(Clone, Debug)]
#[non_exhaustive]
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
    /// How long the session may take; `None` sets no limit.
    pub timeout: Option<Duration>,
    /// Most address space that the session's process may take, in bytes.
    pub memory_limit: Option<u64>,
    /// Let a full load run ops that are not known to be harmless: those that touch files, processes or
    /// the network, and custom ops.
    pub allow_unsafe_ops: bool,
    /// Let the session see GPUs.
    pub allow_gpu: bool,
    /// Compare every tensor's bytes with the checksum in the index.
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

impl Options {
    /// Counts the MetaGraph with exactly these tags; none at all name the one without tags.
    pub fn tags(mut self, tags: impl IntoIterator<Item = impl Into<String>>) -> Options {
        self.tags = Some(tags.into_iter().map(Into::into).collect());
        self
    }

    /// Chooses the session.
    pub fn runtime(mut self, runtime: RuntimeChoice) -> Options {
        self.runtime = runtime;
        self
    }

    /// Chooses what the tree is made of.
    pub fn group_by(mut self, group_by: GroupBy) -> Options {
        self.group_by = group_by;
        self
    }

    /// Uses this libtensorflow, or the one in this folder, instead of searching.
    pub fn libtensorflow(mut self, path: impl Into<PathBuf>) -> Options {
        self.libtensorflow = Some(path.into());
        self
    }

    /// Loads these libraries of custom ops before the model.
    pub fn op_libraries(mut self, paths: impl IntoIterator<Item = impl Into<PathBuf>>) -> Options {
        self.op_libraries = paths.into_iter().map(Into::into).collect();
        self
    }

    /// Ends the session after this time; `None` never does.
    pub fn timeout(mut self, timeout: impl Into<Option<Duration>>) -> Options {
        self.timeout = timeout.into();
        self
    }

    /// Bounds the address space of the session's process, in bytes.
    pub fn memory_limit(mut self, bytes: u64) -> Options {
        self.memory_limit = Some(bytes);
        self
    }

    /// Lets a full load run ops that are not known to be harmless.
    pub fn allow_unsafe_ops(mut self, allow: bool) -> Options {
        self.allow_unsafe_ops = allow;
        self
    }

    /// Lets the session see GPUs.
    pub fn allow_gpu(mut self, allow: bool) -> Options {
        self.allow_gpu = allow;
        self
    }

    /// Compares every tensor's bytes with the checksum in the index.
    pub fn verify_checksums(mut self, verify: bool) -> Options {
        self.verify_checksums = verify;
        self
    }

    /// Computes statistics of every variable's values in the session.
    pub fn stats(mut self, stats: bool) -> Options {
        self.stats = stats;
        self
    }

    /// Reads names, classes and frozen layers from the `.keras` archive of the same model.
    pub fn keras_config(mut self, path: impl Into<PathBuf>) -> Options {
        self.keras_config = Some(path.into());
        self
    }

    /// Never touches the network.
    pub fn offline(mut self, offline: bool) -> Options {
        self.offline = offline;
        self
    }

    /// Passes on everything that the session's process writes to its stderr.
    pub fn show_library_output(mut self, show: bool) -> Options {
        self.show_library_output = show;
        self
    }

    /// Runs this program as the session's process.
    pub fn worker(mut self, path: impl Into<PathBuf>) -> Options {
        self.worker = Some(path.into());
        self
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

/// An event during a census.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
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
    /// Which model was chosen where the argument left a choice, such as one of several versions;
    /// for a person.
    Note(String),
    /// A line that the session's process wrote (only with `show_library_output`).
    LibraryOutput(String),
}

/// Receives the events of a census, possibly from other threads.
pub trait Observer: Sync {
    /// Takes one event. Must return soon.
    fn notice(&self, progress: Progress);
}

/// An observer that ignores everything.
pub struct Silent;

impl Observer for Silent {
    fn notice(&self, _: Progress) {}
}
