//! What the tests of the whole program share: the program and its answers, fixtures, archives, a server
//! on loopback, and the writers of models.

#![allow(dead_code, reason = "each test program uses a part of it")]

pub mod archive;
pub mod golden;
pub mod loopback;
pub mod process;
pub mod world;

// The kit's writers, by path: with its feature the tests would run another program than the released
// one.
#[path = "../../src/testkit/checkpoint_table.rs"]
pub mod checkpoint_table;
#[path = "../../src/testkit/protobuf.rs"]
pub mod protobuf;
#[path = "../../src/testkit/saved_model.rs"]
pub mod saved_model;
#[path = "../../src/wire/writer.rs"]
mod writer;

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// The path of the program.
pub const TFCENSUS: &str = env!("CARGO_BIN_EXE_tfcensus");

/// Options for a count from the files alone.
pub const OFF: [&str; 2] = ["--runtime", "off"];

/// A file or folder of the project.
pub fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The program in the project's folder, for a terminal of 80 columns.
pub fn tfcensus<T: AsRef<str>>(arguments: &[T]) -> Command {
    let mut command = Command::new(TFCENSUS);
    command.args(arguments.iter().map(AsRef::as_ref)).current_dir(project(""));
    command.env("COLUMNS", "80").env_remove("NO_COLOR");
    command
}

/// The program's count of a model, as JSON.
pub fn count(model: &Path, options: &[&str]) -> Command {
    let mut command = tfcensus(&["count", "--format", "json"]);
    command.args(options).arg(model);
    command
}

/// A program's exit code and output.
#[derive(Debug)]
pub struct Answer {
    /// Absent after a signal.
    pub code: Option<i32>,
    pub signal: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl From<Output> for Answer {
    fn from(output: Output) -> Answer {
        let text = |bytes| String::from_utf8(bytes).expect("output in UTF-8");
        let (stdout, stderr) = (text(output.stdout), text(output.stderr));
        assert!(!stderr.contains("panicked"), "{stderr}");
        Answer { code: output.status.code(), signal: output.status.signal(), stdout, stderr }
    }
}

impl Answer {
    /// The JSON on stdout.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|e| panic!("{e}; exit code {:?}; {}", self.code, self.stderr))
    }

    /// The report on stdout, which must have this verdict and exit code.
    pub fn report(&self, verdict: &str, code: i32) -> Value {
        let report = self.json();
        let found = (report["verdict"].as_str(), self.code);
        assert_eq!(found, (Some(verdict), Some(code)), "{} {}", report["findings"], self.stderr);
        report
    }
}

/// Runs a command to its end.
pub trait Run {
    fn run(&mut self) -> Answer;
}

impl Run for Command {
    fn run(&mut self) -> Answer {
        self.output().expect("a program that starts").into()
    }
}

/// Builds an example of the library and gives its path: `cargo test --test NAME` builds none.
pub fn example(name: &str) -> PathBuf {
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "--locked", "--offline", "--example", name]);
    build.args(cfg!(not(debug_assertions)).then_some("--release"));
    // With cargo's variables for this test, cargo would build the dependencies again.
    for (name, _) in std::env::vars() {
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST") {
            build.env_remove(name);
        }
    }
    assert!(build.current_dir(project("")).status().unwrap().success());
    Path::new(TFCENSUS).with_file_name("examples").join(name)
}

/// Fails where no libtensorflow is found, so that the message is not one about a wrong verdict.
pub fn require_library() {
    let location = tfcensus::internals::runtime::locate(None);
    let tried: Vec<String> = location
        .tried
        .iter()
        .map(|t| format!("{}: {:?}: {}", t.place, t.path, t.outcome))
        .collect();
    assert!(
        location.library.is_some(),
        "this test needs a libtensorflow: scripts/test fetches one, TENSORFLOW_DIR names another; \
         tried:\n{}",
        tried.join("\n")
    );
}

/// The folder of a fixture's model.
pub fn fixture(name: &str) -> PathBuf {
    project("tests/fixtures").join(name).join("model")
}

/// Names of all fixtures, sorted.
pub fn fixtures() -> Vec<String> {
    let names = names(&project("tests/fixtures"));
    assert!(names.len() >= 20, "only {} fixtures", names.len());
    names
}

/// What Python wrote about a fixture when it saved the model.
pub fn expected(name: &str) -> Value {
    let text = fs::read(fixture(name).with_file_name("expected.json")).unwrap();
    serde_json::from_slice(&text).unwrap()
}

/// The counts among [`expected`].
pub fn truth(name: &str) -> Value {
    expected(name)["counts"].take()
}

/// A report's totals are these counts.
pub fn compare_totals(name: &str, report: &Value, counts: &Value) {
    for key in ["parameters", "trainable", "bytes", "variables"] {
        assert_eq!(report["totals"][key], counts[key], "{name}: {key}");
    }
    let certainty = counts["trainable_is"].as_str().unwrap_or("exact");
    assert_eq!(report["totals"]["trainable_is"], certainty, "{name}");
}

/// The first finding of a report with this code.
pub fn finding<'a>(report: &'a Value, code: &str) -> Option<&'a Value> {
    report["findings"].as_array()?.iter().find(|finding| finding["code"] == code)
}

/// Names of a folder's entries, sorted; none if there is no such folder.
pub fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Copies a folder.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}

/// Writes a file and the folders above it.
pub fn write(path: impl AsRef<Path>, bytes: &[u8]) {
    let path = path.as_ref();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}
