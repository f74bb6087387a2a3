//! Which libtensorflow a census would use, and whether a session can be had with it.

use std::path::PathBuf;

use super::runtime::Sandbox;

/// What a search for a libtensorflow found. Texts are unescaped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Doctor {
    /// The library that a census would use; `None` where there is none.
    pub library: Option<DoctorLibrary>,
    /// The places that were looked at, in order. The first hit wins, so it is the last one here.
    pub places: Vec<DoctorPlace>,
}

impl Doctor {
    /// Whether a session can be had.
    pub fn is_usable(&self) -> bool {
        self.library.as_ref().is_some_and(|library| library.problem.is_none())
    }
}

/// A libtensorflow, and what a worker process said of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DoctorLibrary {
    /// The library file.
    pub path: PathBuf,
    /// The framework library that belongs to it, where it is a file of its own.
    pub framework: Option<PathBuf>,
    /// The TensorFlow version that it states; `None` where it cannot be used.
    pub version: Option<String>,
    /// What the kernel keeps a worker process from; `None` where the library cannot be used.
    pub sandbox: Option<Sandbox>,
    /// Why the kernel does not keep it from more; empty where it does.
    pub sandbox_lacks: String,
    /// Why it cannot be used; `None` where it can.
    pub problem: Option<String>,
    /// What the worker process wrote to its stderr before it failed, oldest line first.
    pub stderr_lines: Vec<String>,
}

/// One place that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DoctorPlace {
    /// The option, variable or folder that leads there, as a person knows it: `LD_LIBRARY_PATH`.
    pub name: String,
    /// The file or folder; `None` where the place itself does not exist.
    pub path: Option<PathBuf>,
    /// What was there, for a person: `not set`.
    pub outcome: String,
}
