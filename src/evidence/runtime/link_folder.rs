//! The folder that leads the `tensorflow` crate to the library: its name is made by the parent, the
//! worker makes the folder and removes it, and the parent removes it for a worker that died.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

/// The one name that the crate looks for.
pub(super) const CRATE_NAME: &str =
    if cfg!(target_os = "macos") { "libtensorflow.dylib" } else { "libtensorflow.so" };

/// The variable whose folder the crate looks into first.
pub(super) const CRATE_FOLDER_VARIABLE: &str = "TENSORFLOW_DIR";

/// Removes what a worker may have left when it was killed in the very moment of binding.
pub(super) fn remove_link_folder(folder: &Path) {
    // Nothing to do where they are gone already.
    let _ = fs::remove_file(folder.join(OsStr::new(CRATE_NAME)));
    let _ = fs::remove_dir(folder);
}
