//! The places where a library is looked for, and their order.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::environment::SearchEnvironment;
use super::examine::{LIBRARY_NAMES, examine};
use super::place::{Location, Outcome, Place, Tried};
use super::{loader_cache, python};
use crate::limits::MAX_SEARCHED_ENTRIES;

/// A search, and what it has tried so far.
#[derive(Default)]
pub(super) struct Search {
    pub location: Location,
}

impl Search {
    /// Tries every place until a library is found.
    ///
    /// The order goes from the most explicit to the least: a variable that names TensorFlow; the
    /// loader's path, which the user has set; the active Python environment, then the one that this
    /// program is installed in; what `python3` would import, which takes a process and comes after
    /// what takes none; folders of the system, which may hold an old version; and a download of
    /// `scripts/run` last, so that it never takes the place of a library that the user has
    /// installed.
    pub fn everywhere(&mut self, environment: &SearchEnvironment) -> bool {
        self.try_variable(Place::TensorflowDir, environment.tensorflow_dir.as_ref())
            || self.try_library_path(environment.library_path.as_ref())
            || self.try_variable(Place::VirtualEnvironment, environment.virtual_env.as_ref())
            || self.try_variable(Place::CondaEnvironment, environment.conda_prefix.as_ref())
            || self.try_own_environment(environment.program.as_deref())
            || self.try_python(environment.path.as_ref())
            || self.try_system(environment)
            || self.try_loader_cache(&environment.loader_cache)
            || self.try_downloads(environment.download_folder())
    }

    fn note(&mut self, place: Place, path: Option<&Path>, outcome: Outcome) {
        self.location.tried.push(Tried { place, path: path.map(Path::to_path_buf), outcome });
    }

    fn try_variable(&mut self, place: Place, value: Option<&OsString>) -> bool {
        match value {
            Some(value) => self.try_path(place, Path::new(value)),
            None => {
                self.note(place, None, Outcome::Unset);
                false
            }
        }
    }

    fn try_library_path(&mut self, value: Option<&OsString>) -> bool {
        let Some(value) = value else {
            self.note(Place::LibraryPath, None, Outcome::Unset);
            return false;
        };
        env::split_paths(value)
            // To the loader, an empty entry means the current folder. Here it is left out: the current
            // folder may be that of a model from a stranger, and a library in it must not run.
            .filter(|folder| folder.is_absolute())
            .any(|folder| self.try_path(Place::LibraryPath, &folder))
    }

    /// `…/bin/tfcensus` belongs to the environment `…`.
    fn try_own_environment(&mut self, program: Option<&Path>) -> bool {
        let Some(folder) = program.and_then(Path::parent) else {
            self.note(Place::OwnEnvironment, None, Outcome::Unset);
            return false;
        };
        let prefix = folder.parent().filter(|_| folder.ends_with("bin"));
        self.try_path(Place::OwnEnvironment, prefix.unwrap_or(folder))
    }

    fn try_python(&mut self, path: Option<&OsString>) -> bool {
        match python::folders_of_tensorflow(path) {
            Ok(folders) => {
                if folders.is_empty() {
                    self.note(Place::Python, None, Outcome::Unusable("has no tensorflow".into()));
                }
                folders.iter().any(|folder| self.try_path(Place::Python, folder))
            }
            Err(outcome) => {
                self.note(Place::Python, None, outcome);
                false
            }
        }
    }

    fn try_system(&mut self, environment: &SearchEnvironment) -> bool {
        let below_home = environment.home.as_ref().map(|home| Path::new(home).join(".local"));
        environment
            .system_folders
            .iter()
            .chain(&below_home)
            .any(|folder| self.try_path(Place::System, folder))
    }

    fn try_loader_cache(&mut self, cache: &Path) -> bool {
        let found = loader_cache::find(cache, &LIBRARY_NAMES);
        if found.is_empty() {
            let outcome = if cache.exists() { Outcome::Empty } else { Outcome::Absent };
            self.note(Place::LoaderCache, Some(cache), outcome);
        }
        found.iter().any(|library| self.try_path(Place::LoaderCache, library))
    }

    fn try_downloads(&mut self, folder: Option<PathBuf>) -> bool {
        let Some(folder) = folder else {
            self.note(Place::Download, None, Outcome::Unset);
            return false;
        };
        let mut versions = folders_in(&folder);
        versions.sort_by_key(|folder| version_numbers(folder));
        if versions.is_empty() {
            let outcome = if folder.is_dir() { Outcome::Empty } else { Outcome::Absent };
            self.note(Place::Download, Some(&folder), outcome);
        }
        versions.iter().rev().any(|version| self.try_path(Place::Download, version))
    }

    /// Tries a file, or a folder and the folders in it where a library may be.
    pub fn try_path(&mut self, place: Place, path: &Path) -> bool {
        let metadata = match fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                self.note(place, Some(path), Outcome::Absent);
                return false;
            }
            Err(error) => {
                self.note(place, Some(path), Outcome::Unusable(error.to_string()));
                return false;
            }
        };
        if !metadata.is_dir() {
            return self.try_file(place, path);
        }
        let before = self.location.tried.len();
        for folder in folders_to_search(path) {
            for name in LIBRARY_NAMES {
                let file = folder.join(name);
                if file.is_file() && self.try_file(place, &file) {
                    return true;
                }
            }
        }
        if self.location.tried.len() == before {
            self.note(place, Some(path), Outcome::Empty);
        }
        false
    }

    fn try_file(&mut self, place: Place, file: &Path) -> bool {
        match examine(file) {
            Ok((library, framework)) => {
                self.note(place, Some(file), Outcome::Found);
                self.location.library = Some(library);
                self.location.framework = framework;
                self.location.found_by = Some(place);
                true
            }
            Err(why) => {
                self.note(place, Some(file), Outcome::Unusable(why));
                false
            }
        }
    }
}

/// The folders where a library may be, if `root` is an unpacked libtensorflow, a `site-packages`, its
/// `tensorflow` package, or a Python environment. The newest Python of an environment comes first.
fn folders_to_search(root: &Path) -> Vec<PathBuf> {
    let mut folders = vec![root.to_path_buf(), root.join("lib"), root.join("tensorflow")];
    for lib in ["lib", "lib64"] {
        let mut pythons: Vec<PathBuf> = folders_in(&root.join(lib))
            .into_iter()
            .filter(|f| f.file_name().is_some_and(|n| n.as_encoded_bytes().starts_with(b"python3")))
            .collect();
        pythons.sort_unstable();
        for python in pythons.iter().rev() {
            folders.push(python.join("site-packages/tensorflow"));
            folders.push(python.join("dist-packages/tensorflow"));
        }
    }
    folders
}

/// The numbers in a folder's name, to sort by: `2.9.1` comes before `2.21.0`.
fn version_numbers(folder: &Path) -> Vec<u32> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    name.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect()
}

/// The folders in a folder.
fn folders_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().take(MAX_SEARCHED_ENTRIES);
    entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}
