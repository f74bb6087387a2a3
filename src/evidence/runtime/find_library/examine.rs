//! Whether a file can be a libtensorflow for this machine.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::regular_file;

/// Names of a whole libtensorflow, best first. The official C library comes first, because it needs no
/// second file; `libtensorflow_cc` is what a pip TensorFlow has.
#[cfg(not(target_os = "macos"))]
pub(super) const LIBRARY_NAMES: [&str; 4] =
    ["libtensorflow.so", "libtensorflow.so.2", "libtensorflow_cc.so.2", "libtensorflow_cc.so"];
/// Names of a whole libtensorflow, best first.
#[cfg(target_os = "macos")]
pub(super) const LIBRARY_NAMES: [&str; 4] = [
    "libtensorflow.dylib",
    "libtensorflow.2.dylib",
    "libtensorflow_cc.2.dylib",
    "libtensorflow_cc.dylib",
];

/// Names of the library that a `libtensorflow_cc` needs.
#[cfg(not(target_os = "macos"))]
const FRAMEWORK_NAMES: [&str; 2] = ["libtensorflow_framework.so.2", "libtensorflow_framework.so"];
/// Names of the library that a `libtensorflow_cc` needs.
#[cfg(target_os = "macos")]
const FRAMEWORK_NAMES: [&str; 2] =
    ["libtensorflow_framework.2.dylib", "libtensorflow_framework.dylib"];

/// The real file of `file` and its framework library, if this machine could load them; else why not.
pub(super) fn examine(file: &Path) -> Result<(PathBuf, Option<PathBuf>), String> {
    let library = fs::canonicalize(file).map_err(|error| error.to_string())?;
    is_for_this_machine(&library)?;
    // In the folder of the real file first. A package manager may link both files into another
    // folder, and only there are they together.
    let framework_in = |folder: Option<&Path>| {
        FRAMEWORK_NAMES.iter().map(|name| folder?.join(name).canonicalize().ok()).find_map(|f| f)
    };
    let framework = framework_in(library.parent()).or_else(|| framework_in(file.parent()));
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    if framework.is_none() && name.starts_with("libtensorflow_cc") {
        let [name, ..] = FRAMEWORK_NAMES;
        return Err(format!("{name} is not beside it"));
    }
    Ok((library, framework))
}

/// Checks the first bytes. The loader would refuse a download that was cut short, the text file of a
/// link that git did not resolve, or a library for another processor too, but only in the worker,
/// when the search is over and no other place is tried.
/// Source: elf(5).
fn is_for_this_machine(library: &Path) -> Result<(), String> {
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    const MACHINE: Option<u16> = if cfg!(target_arch = "x86_64") {
        Some(62)
    } else if cfg!(target_arch = "aarch64") {
        Some(183)
    } else {
        None
    };
    // `e_machine` is bytes 18 and 19.
    let mut head = [0u8; 20];
    regular_file::open(library)
        .and_then(|mut file| file.read_exact(&mut head))
        .map_err(|error| format!("cannot be read: {error}"))?;
    if !head.starts_with(b"\x7fELF") {
        return Err("is not a library".into());
    }
    let [.., low, high] = head;
    let machine = u16::from_le_bytes([low, high]);
    if MACHINE.is_some_and(|this| this != machine) {
        return Err("is for another kind of processor".into());
    }
    Ok(())
}
