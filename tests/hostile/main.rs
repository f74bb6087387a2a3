//! Models and surroundings that mean no good, against the whole program and the real library: it
//! always comes back, with the best answer there is, and leaves nothing behind.
//!
//! Needs a libtensorflow: `scripts/test` finds or fetches one. A test fails where there is none.

mod contained;
mod loads;
mod made;
mod paths;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// The fixture that most hostile models are made of, and its parameters by its `expected.json`.
const FIXTURE: (&str, u64) = ("module_shared", 19);

/// The program, ready to count `model`.
fn program(model: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tfcensus"));
    command.args(["count", "--format", "json"]).args(more).arg(model);
    command
}

/// What came of a census.
struct Census {
    code: Option<i32>,
    report: Value,
    stderr: String,
}

impl Census {
    fn of(out: Output) -> Census {
        let stderr = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(!stderr.contains("panicked"), "{stderr}");
        let report = serde_json::from_slice(&out.stdout).unwrap_or_default();
        Census { code: out.status.code(), report, stderr }
    }

    fn finding(&self, code: &str) -> Option<&Value> {
        self.report["findings"].as_array()?.iter().find(|f| f["code"] == code)
    }

    /// Counted from the files, while no session could confirm it.
    fn is_unconfirmed(&self) {
        assert_eq!(self.code, Some(3), "{}", self.stderr);
        assert_eq!(self.report["verdict"], "unverified");
        assert_eq!(self.report["totals"]["parameters"], FIXTURE.1);
        assert!(!self.stderr.is_empty());
    }

    fn is_verified(&self, mode: &str) {
        assert_eq!(self.code, Some(0), "{} {}", self.stderr, self.report["findings"]);
        assert_eq!(self.report["verdict"], "verified");
        assert_eq!(self.report["runtime"]["mode"], mode);
        assert_eq!(self.report["totals"]["parameters"], FIXTURE.1);
    }
}

fn count(model: &Path, more: &[&str]) -> Census {
    Census::of(program(model, more).output().unwrap())
}

/// What lies in a folder.
fn names(folder: impl AsRef<OsStr>) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(Path::new(folder.as_ref())).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}
