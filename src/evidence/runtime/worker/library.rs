//! Maps libtensorflow into the worker process and binds the `tensorflow` crate to it.
//!
//! The crate opens a file named `libtensorflow.so` in a folder that the environment names, and no
//! other. A pip TensorFlow has no such file: its library is called `libtensorflow_cc.so.2` and needs a
//! second one that lies in the same folder. So the real files are mapped first, by their own paths;
//! then the crate gets a link with the right name in a folder made for it. The dynamic loader sees
//! that the link leads to a file that is mapped already (same device and inode) and returns that
//! mapping, so the folder is removed at once.

use std::ffi::{CStr, CString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::session;
use crate::evidence::runtime::link_folder::{LINK_NAME, remove_link_folder};

/// The C functions that `session` uses through the crate. The crate panics at the first call of one
/// that the library lacks, so they are looked up beforehand.
const NEEDED_SYMBOLS: &[&str] = &[
    "TF_AddControlInput",
    "TF_AddInput",
    "TF_AddInputList",
    "TF_AllocateTensor",
    "TF_DeleteBuffer",
    "TF_DeleteGraph",
    "TF_DeleteSession",
    "TF_DeleteSessionOptions",
    "TF_DeleteStatus",
    "TF_DeleteTensor",
    "TF_Dim",
    "TF_FinishOperation",
    "TF_GetCode",
    "TF_GetOpList",
    "TF_GraphNextOperation",
    "TF_GraphOperationByName",
    "TF_LoadLibrary",
    "TF_LoadSessionFromSavedModel",
    "TF_Message",
    "TF_NewBuffer",
    "TF_NewBufferFromString",
    "TF_NewGraph",
    "TF_NewOperation",
    "TF_NewSession",
    "TF_NewSessionOptions",
    "TF_NewStatus",
    "TF_NumDims",
    "TF_OperationGetAttrValueProto",
    "TF_OperationInput",
    "TF_OperationName",
    "TF_OperationNumInputs",
    "TF_OperationOpType",
    "TF_SessionRun",
    "TF_SetAttrString",
    "TF_SetAttrValueProto",
    "TF_SetConfig",
    "TF_StringAssignView",
    "TF_StringCopy",
    "TF_StringDealloc",
    "TF_StringGetDataPointer",
    "TF_StringGetSize",
    "TF_StringInit",
    "TF_TensorByteSize",
    "TF_TensorData",
    "TF_TensorType",
    "TF_Version",
];

/// Maps the library, checks that it has every function that is needed, and binds the crate to it.
/// The environment variable of the crate must name `link_folder`, which does not exist before and after.
pub(super) fn bind(
    library: &Path,
    framework: Option<&Path>,
    link_folder: &Path,
) -> Result<(), String> {
    if let Some(framework) = framework {
        map(framework)?;
    }
    let handle = map(library)?;
    for symbol in NEEDED_SYMBOLS {
        if !handle.has(symbol) {
            return Err(format!(
                "{} lacks the function {symbol}: it is no libtensorflow, or not a whole one",
                library.display()
            ));
        }
    }
    let link = LinkFolder::new(link_folder, library)?;
    let bound = session::bind_library();
    drop(link);
    bound
}

/// A library that stays mapped until the process ends.
struct Mapped(*mut libc::c_void);

impl Mapped {
    fn has(&self, symbol: &str) -> bool {
        CString::new(symbol)
            // SAFETY: the handle comes from a dlopen that succeeded and is never closed.
            .is_ok_and(|name| !unsafe { libc::dlsym(self.0, name.as_ptr()) }.is_null())
    }
}

fn map(path: &Path) -> Result<Mapped, String> {
    let name = CString::new(path.as_os_str().as_bytes())
        .map_err(|_| "the library's path contains a zero byte".to_string())?;
    // SAFETY: dlopen runs the library's initialisers; this process exists to run that library.
    let handle = unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_LAZY | libc::RTLD_LOCAL) };
    if !handle.is_null() {
        return Ok(Mapped(handle));
    }
    // SAFETY: dlerror gives a null pointer or a string that lives until the next dl call.
    let said = unsafe {
        let said = libc::dlerror();
        if said.is_null() {
            "the dynamic loader gave no reason".into()
        } else {
            CStr::from_ptr(said).to_string_lossy().into_owned()
        }
    };
    Err(said)
}

/// The folder with the link; removed when dropped.
struct LinkFolder<'a>(&'a Path);

impl<'a> LinkFolder<'a> {
    fn new(folder: &'a Path, library: &Path) -> Result<LinkFolder<'a>, String> {
        let said = |error| format!("cannot make a link in {}: {error}", folder.display());
        // Fails if it exists, so that the folder of another program is never used.
        fs::create_dir(folder).map_err(said)?;
        let made = LinkFolder(folder);
        std::os::unix::fs::symlink(library, folder.join(LINK_NAME)).map_err(said)?;
        Ok(made)
    }
}

impl Drop for LinkFolder<'_> {
    fn drop(&mut self) {
        remove_link_folder(self.0);
    }
}
