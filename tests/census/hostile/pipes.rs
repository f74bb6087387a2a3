//! A named pipe or a device in the place of each file: it is refused at once, by its name.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use super::model::Model;
use super::{Census, FIXTURE};
use crate::common;
use crate::common::process::Running;

/// Counts, and fails where that takes as long as waiting for a writer.
fn count(model: &Path, options: &[&str]) -> Census {
    common::require_library();
    Running::start(&mut common::count(model, options)).end().into()
}

pub fn make_pipe(path: &Path) {
    let _ = fs::remove_file(path);
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

fn make_device(path: &Path) {
    let _ = fs::remove_file(path);
    symlink("/dev/zero", path).unwrap();
}

/// How to make one, and the words for it.
type Kind = (fn(&Path), &'static str);

const KINDS: [Kind; 2] = [(make_pipe, "a pipe"), (make_device, "a device")];

#[test]
fn a_model_that_is_no_file_is_refused() {
    for (make, what) in KINDS {
        let model = Model::of(FIXTURE.0);
        let file = model.path().join("saved_model.pb");
        make(&file);
        for path in [&file, &model.path()] {
            let census = count(path, &[]);
            assert_eq!(census.code, Some(2), "{path:?}: {}", census.stderr);
            let says = |words| census.stderr.contains(words);
            assert!(says(what) || says("a device, pipe or socket"), "{}", census.stderr);
            assert!(census.stderr.contains("saved_model.pb"), "{}", census.stderr);
        }
    }
}

#[test]
fn an_option_that_names_no_file_is_refused() {
    for option in ["--keras-config", "--baseline"] {
        for (make, what) in KINDS {
            let model = Model::of(FIXTURE.0);
            let file = model.beside("given");
            make(&file);
            let census = count(&model.path(), &[option, file.to_str().unwrap()]);
            assert_eq!(census.code, Some(2), "{option}: {}", census.stderr);
            assert!(census.stderr.contains(what), "{option}: {}", census.stderr);
            assert!(census.stderr.contains("given"), "{option}: {}", census.stderr);
        }
    }
}

#[test]
fn a_file_beside_the_model_that_is_no_file_is_told() {
    let files = [
        ("variables/variables.index", "checkpoint-unreadable"),
        ("variables/variables.data-00000-of-00001", "file-unreadable"),
        ("keras_metadata.pb", "keras-metadata-unreadable"),
    ];
    for (file, code) in files {
        for (make, what) in KINDS {
            let model = Model::of("lenet5");
            make(&model.path().join(file));
            let census = count(&model.path(), &[]);
            let finding = census.finding(code).unwrap_or_else(|| {
                panic!("{file}: no {code}: {} {}", census.report["findings"], census.stderr)
            });
            assert!(finding.to_string().contains(what), "{file}: {finding}");
        }
    }
}

#[test]
fn a_session_does_not_wait_for_what_is_no_file() {
    for file in ["fingerprint.pb", "assets/vocabulary.txt"] {
        let model = Model::of(FIXTURE.0);
        let path = model.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        make_pipe(&path);
        let census = count(&model.path(), &[]);
        census.is_unconfirmed();
        assert!(census.stderr.contains(file), "{}", census.stderr);
    }
}
