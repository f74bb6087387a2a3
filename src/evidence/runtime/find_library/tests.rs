//! The whole search, on folders made for it.

use std::env;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::*;

/// The first bytes of a library for this machine; `locate` reads no more.
fn library_head() -> Vec<u8> {
    let program = env::current_exe().unwrap();
    fs::read(program).unwrap()[..64].to_vec()
}

fn put(folder: &Path, names: &[&str]) {
    fs::create_dir_all(folder).unwrap();
    names.iter().for_each(|name| fs::write(folder.join(name), library_head()).unwrap());
}

const PIP: [&str; 2] = ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"];

fn look(environment: &SearchEnvironment) -> Location {
    let mut search = Search::default();
    search.everywhere(environment);
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
fn a_named_library_is_the_only_one_that_is_tried() {
    let location = locate(Some(Path::new("/nonexistent/place")));
    assert_eq!(location.library, None);
    let [only] = &location.tried[..] else { panic!("{:?}", location.tried) };
    assert_eq!((only.place, &only.outcome), (Place::Option, &Outcome::Absent));
}

#[test]
fn the_outcome_says_why_a_file_is_not_used() {
    let root = TempDir::new().unwrap();
    put(root.path(), &[PIP[0]]);
    let outcome = locate(Some(root.path())).tried.remove(0).outcome.to_string();
    assert!(outcome.contains("libtensorflow_framework.so.2"), "{outcome}");

    let text = root.path().join("libtensorflow.so");
    fs::write(&text, "version https://git-lfs.github.com/spec/v1").unwrap();
    let outcome = locate(Some(&text)).tried.remove(0).outcome.to_string();
    assert_eq!(outcome, "is not a library");

    let mut other = library_head();
    other[18] ^= 0x40;
    fs::write(&text, other).unwrap();
    let outcome = locate(Some(&text)).tried.remove(0).outcome.to_string();
    assert_eq!(outcome, "is for another kind of processor");

    let empty = TempDir::new().unwrap();
    assert_eq!(locate(Some(empty.path())).tried[0].outcome, Outcome::Empty);
}

#[test]
fn the_first_library_is_used_and_the_places_before_it_are_remembered() {
    let (first, second) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    put(first.path(), &["libtensorflow.so"]);
    put(&second.path().join("lib/python3.9/site-packages/tensorflow"), &PIP);
    let environment = SearchEnvironment {
        tensorflow_dir: Some("/nonexistent".into()),
        library_path: Some(env::join_paths([Path::new(""), first.path()]).unwrap()),
        virtual_env: Some(second.path().into()),
        ..SearchEnvironment::default()
    };
    let location = look(&environment);
    assert_eq!(location.found_by, Some(Place::LibraryPath));
    let places: Vec<Place> = location.tried.iter().map(|t| t.place).collect();
    assert_eq!(places, [Place::TensorflowDir, Place::LibraryPath]);
    assert_eq!(location.tried[0].outcome, Outcome::Absent);

    let location = look(&SearchEnvironment { library_path: None, ..environment });
    assert_eq!(location.found_by, Some(Place::VirtualEnvironment));
}

#[test]
fn finds_the_environment_that_the_program_is_in() {
    let root = TempDir::new().unwrap();
    put(&root.path().join("lib/python3.12/site-packages/tensorflow"), &PIP);
    fs::create_dir(root.path().join("bin")).unwrap();
    let program = Some(root.path().join("bin/tfcensus"));
    let location = look(&SearchEnvironment { program, ..SearchEnvironment::default() });
    assert_eq!(location.found_by, Some(Place::OwnEnvironment));
}

#[test]
fn the_newest_download_is_used() {
    let root = TempDir::new().unwrap();
    let downloads = root.path().join("tfcensus/libtensorflow");
    put(&downloads.join("2.9.1"), &PIP);
    put(&downloads.join("2.21.0"), &PIP);
    let cache_home = Some(root.path().into());
    let location = look(&SearchEnvironment { cache_home, ..SearchEnvironment::default() });
    assert_eq!(location.found_by, Some(Place::Download));
    assert_eq!(location.library, downloads.join("2.21.0").join(PIP[0]).canonicalize().ok());
}

#[test]
fn looks_everywhere_when_nothing_is_found() {
    let system_folders = vec![PathBuf::from("/nonexistent")];
    let home = Some("/nonexistent".into());
    let location =
        look(&SearchEnvironment { system_folders, home, ..SearchEnvironment::default() });
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
