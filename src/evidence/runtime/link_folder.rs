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
///
/// # Errors
/// The folders that were tried, where none of them can be written to.
pub(super) fn new_link_folder() -> Result<PathBuf, Vec<PathBuf>> {
    let name = format!("tfcensus-{}-{:016x}", std::process::id(), fastrand::u64(..));
    let usual = usual_folders();
    usual.iter().find(|folder| is_writable(folder)).map(|folder| folder.join(name)).ok_or(usual)
}

/// Where a folder may be made for a moment: the usual place for temporary files, then places that
/// containers leave writable whose file system is read-only.
fn usual_folders() -> Vec<PathBuf> {
    let set = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let caches = set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache")));
    let fixed = ["/dev/shm", "/var/tmp"].map(PathBuf::from);
    let folders = std::iter::once(std::env::temp_dir()).chain(fixed);
    let folders = folders.chain(set("XDG_RUNTIME_DIR")).chain(caches);
    folders.map(|folder| std::path::absolute(&folder).unwrap_or(folder)).collect()
}

fn is_writable(folder: &Path) -> bool {
    let path = CString::new(folder.as_os_str().as_bytes());
    // SAFETY: a plain system call on a string that ends with a zero byte.
    path.is_ok_and(|path| unsafe { libc::access(path.as_ptr(), libc::W_OK | libc::X_OK) } == 0)
}

/// Removes the link and the folder, where they exist.
pub(super) fn remove_link_folder(folder: &Path) {
    let _ = fs::remove_file(folder.join(LINK_NAME));
    let _ = fs::remove_dir(folder);
}
