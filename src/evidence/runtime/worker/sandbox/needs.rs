//! What stays possible behind the walls.

use std::path::PathBuf;

/// What this worker needs beyond what every worker does.
pub(in super::super) struct Needs {
    /// Files and folders, beyond the system's own, that may be read: the model's, the library's.
    pub readable: Vec<PathBuf>,
    /// The library may use graphics processors.
    pub gpu: bool,
}
