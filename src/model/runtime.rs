//! The session that was asked.

use std::path::PathBuf;
use std::time::Duration;

use super::words::words;

words! {
    /// Which session was asked.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    #[non_exhaustive]
    pub enum RuntimeMode {
        /// TensorFlow's own SavedModel loader.
        Load => "load",
        /// A session over the variables alone.
        Variables => "variables",
        /// No session.
        #[default]
        Off => "off",
    }
}

words! {
    /// What the kernel kept the worker process from, while it held a model.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    #[non_exhaustive]
    pub enum Sandbox {
        /// Every path but those that a census reads, and every system call but those that it needs.
        LandlockAndSeccomp => "landlock+seccomp",
        /// Every path but those that a census reads.
        Landlock => "landlock",
        /// Every system call but those that a census needs.
        Seccomp => "seccomp",
        /// Nothing: the system has neither, or forbids both.
        #[default]
        None => "none",
    }
}

/// The session, or why there was none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RuntimeInfo {
    /// The mode that gave the answer, or that failed last.
    pub mode: RuntimeMode,
    /// Version of the library that ran.
    pub tensorflow_version: Option<String>,
    /// The library file.
    pub library: Option<PathBuf>,
    /// Wall time of the worker, from its start to its answer.
    pub elapsed: Option<Duration>,
    /// Peak resident memory of the worker.
    pub peak_bytes: Option<u64>,
    /// What the kernel kept the worker from; `None` where no worker answered.
    pub sandbox: Option<Sandbox>,
    /// Why there is no answer; `None` when there is one or the session is off.
    pub failure: Option<RuntimeFailure>,
}

/// Why no session answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RuntimeFailure {
    /// One or two sentences, TensorFlow's own words where it had any (not escaped).
    pub what: String,
    /// What the user can do about it; empty where nothing is known to help.
    pub advice: String,
    /// What the session's process last wrote that matters, oldest first (not escaped).
    pub stderr_lines: Vec<String>,
    /// The places where a library was looked for, and what was found there; empty where that is not
    /// what failed (not escaped).
    pub tried: Vec<String>,
    /// True where there was no library to ask.
    pub no_library: bool,
}
