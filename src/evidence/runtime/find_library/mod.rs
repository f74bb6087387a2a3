//! Finds a libtensorflow on this machine, and remembers every place it looked at.
//!
//! Nothing is loaded and no TensorFlow is imported here; the one program that may be run is
//! `python3`, which is asked where it would import TensorFlow from, for two seconds at most.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use self::place::LIBRARY_PATH;
pub use self::place::{Location, Outcome, Place, Tried};

mod loader_cache;
mod place;
mod python;

/// Names of a whole libtensorflow, best first.
#[cfg(not(target_os = "macos"))]
const LIBRARY_NAMES: [&str; 4] =
    ["libtensorflow.so", "libtensorflow.so.2", "libtensorflow_cc.so.2", "libtensorflow_cc.so"];
#[cfg(target_os = "macos")]
const LIBRARY_NAMES: [&str; 4] = [
    "libtensorflow.dylib",
    "libtensorflow.2.dylib",
    "libtensorflow_cc.2.dylib",
    "libtensorflow_cc.dylib",
];

#[cfg(not(target_os = "macos"))]
const FRAMEWORK_NAMES: [&str; 2] = ["libtensorflow_framework.so.2", "libtensorflow_framework.so"];
#[cfg(target_os = "macos")]
const FRAMEWORK_NAMES: [&str; 2] =
    ["libtensorflow_framework.2.dylib", "libtensorflow_framework.dylib"];

/// Folders where system libraries usually are; those below `HOME` are added.
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

/// Looks for a library: in the order of [`Place`], and the first hit wins. A library that the
/// caller names is the only one that is tried.
pub fn locate(libtensorflow: Option<&Path>) -> Location {
    let mut search = Search::default();
    match libtensorflow {
        Some(path) => {
            search.try_path(Place::Option, path);
        }
        None => {
            search.everywhere(&Surroundings::of_this_process());
        }
    }
    search.location
}

/// The folder below which `scripts/run` puts the libraries that it downloads, one folder for each
/// version; `None` where neither `XDG_CACHE_HOME` nor `HOME` is set.
pub fn download_folder() -> Option<PathBuf> {
    Surroundings::of_this_process().download_folder()
}

/// What the search depends on.
#[derive(Clone, Debug, Default)]
struct Surroundings {
    tensorflow_dir: Option<OsString>,
    library_path: Option<OsString>,
    virtual_env: Option<OsString>,
    conda_prefix: Option<OsString>,
    path: Option<OsString>,
    cache_home: Option<OsString>,
    home: Option<OsString>,
    program: Option<PathBuf>,
    system_folders: Vec<PathBuf>,
    loader_cache: PathBuf,
}

impl Surroundings {
    fn of_this_process() -> Surroundings {
        let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
        Surroundings {
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

    fn download_folder(&self) -> Option<PathBuf> {
        let cache = match (&self.cache_home, &self.home) {
            (Some(cache), _) => PathBuf::from(cache),
            (None, Some(home)) => Path::new(home).join(".cache"),
            (None, None) => return None,
        };
        Some(cache.join("tfcensus").join("libtensorflow"))
    }
}

#[derive(Default)]
struct Search {
    location: Location,
}

impl Search {
    /// Tries everything until something is found.
    fn everywhere(&mut self, around: &Surroundings) -> bool {
        self.try_variable(Place::TensorflowDir, around.tensorflow_dir.as_ref())
            || self.try_library_path(around.library_path.as_ref())
            || self.try_variable(Place::VirtualEnvironment, around.virtual_env.as_ref())
            || self.try_variable(Place::CondaEnvironment, around.conda_prefix.as_ref())
            || self.try_own_environment(around.program.as_deref())
            || self.try_python(around.path.as_ref())
            || self.try_system(around)
            || self.try_loader_cache(&around.loader_cache)
            || self.try_downloads(around.download_folder())
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
            // An empty entry means the current folder to the loader. Not here: whoever counts a
            // model in a folder of somebody else's must not run a library that lies in it.
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

    fn try_system(&mut self, around: &Surroundings) -> bool {
        let below_home = around.home.as_ref().map(|home| Path::new(home).join(".local"));
        around
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

    /// Tries a file, or a folder and those below it where a library may lie.
    fn try_path(&mut self, place: Place, path: &Path) -> bool {
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

/// The folders where a library may lie, if `root` is an unpacked libtensorflow, a `site-packages`,
/// its `tensorflow`, or an environment.
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

/// The numbers in a folder's name: `2.9.1` comes before `2.21.0`.
fn version_numbers(folder: &Path) -> Vec<u32> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    name.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect()
}

/// Most entries of a folder that are looked at.
const MAX_ENTRIES: usize = 20_000;

fn folders_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().take(MAX_ENTRIES);
    entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}

/// The real file behind `file`, and its framework library, if this machine could load it.
fn examine(file: &Path) -> Result<(PathBuf, Option<PathBuf>), String> {
    let library = fs::canonicalize(file).map_err(|error| error.to_string())?;
    is_for_this_machine(&library)?;
    let beside = |folder: Option<&Path>| {
        FRAMEWORK_NAMES.iter().map(|name| folder?.join(name).canonicalize().ok()).find_map(|f| f)
    };
    let framework = beside(library.parent()).or_else(|| beside(file.parent()));
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    if framework.is_none() && name.starts_with("libtensorflow_cc") {
        return Err(format!("{} is not beside it", FRAMEWORK_NAMES[0]));
    }
    Ok((library, framework))
}

/// Checks the first bytes: a download cut short, a text file that stands for a link, or a library
/// for another processor is better refused here than by the loader.
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
    let mut head = [0u8; 20];
    fs::File::open(library)
        .and_then(|mut file| file.read_exact(&mut head))
        .map_err(|error| format!("cannot be read: {error}"))?;
    if !head.starts_with(b"\x7fELF") {
        return Err("is not a library".into());
    }
    let machine = u16::from_le_bytes([head[18], head[19]]);
    if MACHINE.is_some_and(|this| this != machine) {
        return Err("is for another kind of processor".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;
    use tempfile::TempDir;

    /// The first bytes of a library for this machine: all that `locate` reads.
    fn library_head() -> Vec<u8> {
        let program = env::current_exe().unwrap();
        fs::read(program).unwrap()[..64].to_vec()
    }

    fn put(folder: &Path, names: &[&str]) {
        fs::create_dir_all(folder).unwrap();
        names.iter().for_each(|name| fs::write(folder.join(name), library_head()).unwrap());
    }

    const PIP: [&str; 2] = ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"];

    fn look(around: &Surroundings) -> Location {
        let mut search = Search::default();
        search.everywhere(around);
        search.location
    }

    #[test]
    fn finds_an_official_library_by_its_folder_and_by_itself() {
        let root = TempDir::new().unwrap();
        put(&root.path().join("lib"), &["libtensorflow.so.2.15.0"]);
        symlink("libtensorflow.so.2.15.0", root.path().join("lib/libtensorflow.so")).unwrap();
        let real = root.path().join("lib/libtensorflow.so.2.15.0").canonicalize().unwrap();
        for given in [root.path().to_path_buf(), root.path().join("lib/libtensorflow.so")] {
            let location = locate(Some(&given));
            assert_eq!(location.library.as_deref(), Some(real.as_path()));
            assert_eq!(location.framework, None);
            assert_eq!(location.found_by, Some(Place::Option));
        }
    }

    #[test]
    fn finds_a_pip_tensorflow_in_an_environment() {
        let root = TempDir::new().unwrap();
        let package = root.path().join("lib/python3.11/site-packages/tensorflow");
        put(&package, &PIP);
        let site = root.path().join("lib/python3.11/site-packages");
        for given in [root.path(), &site, &package, &package.join(PIP[0])] {
            let location = locate(Some(given));
            assert_eq!(location.library, package.join(PIP[0]).canonicalize().ok());
            assert_eq!(location.framework, package.join(PIP[1]).canonicalize().ok());
        }
    }

    #[test]
    fn a_named_place_is_the_only_one() {
        let location = locate(Some(Path::new("/nonexistent/place")));
        assert_eq!(location.library, None);
        let [only] = &location.tried[..] else { panic!("{:?}", location.tried) };
        assert_eq!((only.place, &only.outcome), (Place::Option, &Outcome::Absent));
    }

    #[test]
    fn says_what_is_wrong_with_what_is_there() {
        let root = TempDir::new().unwrap();
        put(root.path(), &[PIP[0]]);
        let said = locate(Some(root.path())).tried.remove(0).outcome.to_string();
        assert!(said.contains("libtensorflow_framework.so.2"), "{said}");

        let text = root.path().join("libtensorflow.so");
        fs::write(&text, "version https://git-lfs.github.com/spec/v1").unwrap();
        let said = locate(Some(&text)).tried.remove(0).outcome.to_string();
        assert_eq!(said, "is not a library");

        let mut other = library_head();
        other[18] ^= 0x40;
        fs::write(&text, other).unwrap();
        let said = locate(Some(&text)).tried.remove(0).outcome.to_string();
        assert_eq!(said, "is for another kind of processor");

        let empty = TempDir::new().unwrap();
        assert_eq!(locate(Some(empty.path())).tried[0].outcome, Outcome::Empty);
    }

    #[test]
    fn the_first_hit_wins_and_misses_are_remembered() {
        let (first, second) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        put(first.path(), &["libtensorflow.so"]);
        put(&second.path().join("lib/python3.9/site-packages/tensorflow"), &PIP);
        let around = Surroundings {
            tensorflow_dir: Some("/nonexistent".into()),
            library_path: Some(env::join_paths([Path::new(""), first.path()]).unwrap()),
            virtual_env: Some(second.path().into()),
            ..Surroundings::default()
        };
        let location = look(&around);
        assert_eq!(location.found_by, Some(Place::LibraryPath));
        let places: Vec<Place> = location.tried.iter().map(|t| t.place).collect();
        assert_eq!(places, [Place::TensorflowDir, Place::LibraryPath]);
        assert_eq!(location.tried[0].outcome, Outcome::Absent);

        let location = look(&Surroundings { library_path: None, ..around });
        assert_eq!(location.found_by, Some(Place::VirtualEnvironment));
    }

    #[test]
    fn finds_the_environment_that_the_program_is_in() {
        let root = TempDir::new().unwrap();
        put(&root.path().join("lib/python3.12/site-packages/tensorflow"), &PIP);
        fs::create_dir(root.path().join("bin")).unwrap();
        let program = Some(root.path().join("bin/tfcensus"));
        let location = look(&Surroundings { program, ..Surroundings::default() });
        assert_eq!(location.found_by, Some(Place::OwnEnvironment));
    }

    #[test]
    fn takes_the_newest_of_its_own_downloads() {
        let root = TempDir::new().unwrap();
        let downloads = root.path().join("tfcensus/libtensorflow");
        put(&downloads.join("2.9.1"), &PIP);
        put(&downloads.join("2.21.0"), &PIP);
        let cache_home = Some(root.path().into());
        let location = look(&Surroundings { cache_home, ..Surroundings::default() });
        assert_eq!(location.found_by, Some(Place::Download));
        assert_eq!(location.library, downloads.join("2.21.0").join(PIP[0]).canonicalize().ok());
    }

    #[test]
    fn looks_everywhere_when_nothing_is_found() {
        let system_folders = vec![PathBuf::from("/nonexistent")];
        let home = Some("/nonexistent".into());
        let location = look(&Surroundings { system_folders, home, ..Surroundings::default() });
        let mut places: Vec<Place> = location.tried.iter().map(|t| t.place).collect();
        places.dedup();
        assert_eq!(
            places,
            [
                Place::TensorflowDir,
                Place::LibraryPath,
                Place::VirtualEnvironment,
                Place::CondaEnvironment,
                Place::OwnEnvironment,
                Place::Python,
                Place::System,
                Place::LoaderCache,
                Place::Download,
            ]
        );
        assert!(location.tried.iter().all(|t| t.outcome != Outcome::Found));
    }
}
