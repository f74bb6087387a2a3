//! The folder with the link that leads the `tensorflow` crate to the library.
//!
//! The parent chooses its path, because the crate reads the path from the environment, which is
//! set when the worker is started. The worker makes the folder and removes it. The parent knows
//! the path and so can clean up after a worker that was killed in between.

use std::ffi::CString;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The one name that the crate looks for.
pub(super) const LINK_NAME: &str =
    if cfg!(target_os = "macos") { "libtensorflow.dylib" } else { "libtensorflow.so" };

/// The environment variable with the folder that the crate looks into first.
pub(super) const LINK_FOLDER_VARIABLE: &str = "TENSORFLOW_DIR";

/// A path for a link folder, which does not exist yet. Should another program take the path in the
/// meantime, the worker fails to make the folder and reports it; it never uses a folder that it
/// did not make.
pub(super) fn new_link_folder() -> PathBuf {
    let name = format!("tfcensus-{}-{:016x}", std::process::id(), fastrand::u64(..));
    temporary_folder().join(name)
}

/// The first of the usual folders for temporary files that can be written to. Containers with a
/// file system that is read-only often leave `/dev/shm` writable.
fn temporary_folder() -> PathBuf {
    let temp_dir = std::env::temp_dir();
    let usual = std::path::absolute(&temp_dir).unwrap_or(temp_dir);
    let others = ["/dev/shm", "/var/tmp"].map(PathBuf::from);
    let writable = |folder: &PathBuf| {
        let path = CString::new(folder.as_os_str().as_bytes());
        // SAFETY: a plain system call on a string that ends with a zero byte.
        path.is_ok_and(|path| unsafe { libc::access(path.as_ptr(), libc::W_OK | libc::X_OK) } == 0)
    };
    std::iter::once(&usual).chain(&others).find(|f| writable(f)).unwrap_or(&usual).clone()
}

/// Removes the link and the folder, where they exist.
pub(super) fn remove_link_folder(folder: &Path) {
    let _ = fs::remove_file(folder.join(LINK_NAME));
    let _ = fs::remove_dir(folder);
}
