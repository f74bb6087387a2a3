//! The places where a libtensorflow is looked for, and what was found there.

use std::fmt;
use std::path::PathBuf;

/// The variable with the loader's search path.
#[cfg(not(target_os = "macos"))]
pub(super) const LIBRARY_PATH: &str = "LD_LIBRARY_PATH";
/// The variable with the loader's search path.
#[cfg(target_os = "macos")]
pub(super) const LIBRARY_PATH: &str = "DYLD_LIBRARY_PATH";

/// The library that was found, and every place that was tried.
#[derive(Clone, Debug, Default)]
pub struct Location {
    /// The library: an official `libtensorflow`, or a pip TensorFlow's `libtensorflow_cc`.
    pub library: Option<PathBuf>,
    /// The framework library that belongs to it, where it is a file of its own.
    pub framework: Option<PathBuf>,
    /// Where it was found.
    pub found_by: Option<Place>,
    /// Every place that was tried, in order. The last one is that of the library, if there is one.
    pub tried: Vec<Tried>,
}

/// Kinds of places, in the order in which they are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// Named by the caller. No other place is tried then.
    Option,
    /// The variable `TENSORFLOW_DIR`.
    TensorflowDir,
    /// The loader's search path (`LD_LIBRARY_PATH`).
    LibraryPath,
    /// The active Python virtual environment (`VIRTUAL_ENV`).
    VirtualEnvironment,
    /// The active conda environment (`CONDA_PREFIX`).
    CondaEnvironment,
    /// The environment that this program is installed in.
    OwnEnvironment,
    /// The TensorFlow that `python3` would import.
    Python,
    /// Folders where libraries usually are.
    System,
    /// The dynamic loader's cache.
    LoaderCache,
    /// A library that `scripts/run` has downloaded.
    Download,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Place::Option => "--libtensorflow",
            Place::TensorflowDir => "TENSORFLOW_DIR",
            Place::LibraryPath => LIBRARY_PATH,
            Place::VirtualEnvironment => "VIRTUAL_ENV",
            Place::CondaEnvironment => "CONDA_PREFIX",
            Place::OwnEnvironment => "beside this program",
            Place::Python => "python3",
            Place::System => "system folders",
            Place::LoaderCache => "the loader's cache",
            Place::Download => "own download",
        })
    }
}

/// One place that was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// The kind of place.
    pub place: Place,
    /// The file or folder; `None` where the place has none, because a variable is not set.
    pub path: Option<PathBuf>,
    /// What was there.
    pub outcome: Outcome,
}

/// What was found at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The library that is used.
    Found,
    /// The variable is not set, or the program does not exist.
    Unset,
    /// There is no such file or folder.
    Absent,
    /// The folder holds no libtensorflow.
    Empty,
    /// A file or program exists, but cannot be used; the reason.
    Unusable(String),
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Found => f.write_str("found"),
            Outcome::Unset => f.write_str("not set"),
            Outcome::Absent => f.write_str("does not exist"),
            Outcome::Empty => f.write_str("no libtensorflow in it"),
            Outcome::Unusable(why) => f.write_str(why),
        }
    }
}
