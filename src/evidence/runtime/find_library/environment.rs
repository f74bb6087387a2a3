//! What the search for a library depends on.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::place::LIBRARY_PATH;

/// Folders where system libraries usually are. `~/.local` is searched after them.
const SYSTEM_FOLDERS: &[&str] = &[
    "/usr/local/lib",
    "/usr/local/lib/libtensorflow",
    "/usr/local/libtensorflow",
    "/opt/libtensorflow",
    "/opt/homebrew/lib",
    "/usr/lib",
    "/usr/lib64",
    #[cfg(target_arch = "x86_64")]
    "/usr/lib/x86_64-linux-gnu",
    #[cfg(target_arch = "aarch64")]
    "/usr/lib/aarch64-linux-gnu",
];

/// The variables, folders and files of this process that the search depends on. Tests make their own.
#[derive(Clone, Debug, Default)]
pub(super) struct SearchEnvironment {
    pub tensorflow_dir: Option<OsString>,
    pub library_path: Option<OsString>,
    pub virtual_env: Option<OsString>,
    pub conda_prefix: Option<OsString>,
    pub path: Option<OsString>,
    pub cache_home: Option<OsString>,
    pub home: Option<OsString>,
    pub program: Option<PathBuf>,
    pub system_folders: Vec<PathBuf>,
    pub loader_cache: PathBuf,
}

impl SearchEnvironment {
    /// That of this process. A variable that is set and empty counts as not set.
    pub fn of_this_process() -> SearchEnvironment {
        let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
        SearchEnvironment {
            tensorflow_dir: set("TENSORFLOW_DIR"),
            library_path: set(LIBRARY_PATH),
            virtual_env: set("VIRTUAL_ENV"),
            conda_prefix: set("CONDA_PREFIX"),
            path: set("PATH"),
            cache_home: set("XDG_CACHE_HOME"),
            home: set("HOME"),
            program: env::current_exe().and_then(fs::canonicalize).ok(),
            system_folders: SYSTEM_FOLDERS.iter().map(PathBuf::from).collect(),
            loader_cache: "/etc/ld.so.cache".into(),
        }
    }

    /// The folder in which `scripts/run` keeps the libraries that it downloads, one folder for each
    /// version; `None` where neither `XDG_CACHE_HOME` nor `HOME` is set.
    pub fn download_folder(&self) -> Option<PathBuf> {
        let cache = match (&self.cache_home, &self.home) {
            (Some(cache), _) => PathBuf::from(cache),
            (None, Some(home)) => Path::new(home).join(".cache"),
            (None, None) => return None,
        };
        Some(cache.join("tfcensus").join("libtensorflow"))
    }
}
