//! Hostile models and surroundings, with the real library: the program always ends, gives the best
//! count it can, and leaves no process and no file.

mod hazards;
mod loads;
mod model;
mod permissions;
mod pipes;
mod processes;
mod proof;
mod unparsable;
mod walls;

use std::path::Path;

use serde_json::Value;

use crate::common::{self, Answer, Run};

/// The fixture that most hostile models are made of, and its parameters by its `expected.json`.
const FIXTURE: (&str, u64) = ("module_shared", 19);

/// The result of a count.
struct Census {
    code: Option<i32>,
    signal: Option<i32>,
    /// Null where the program printed none.
    report: Value,
    stderr: String,
}

impl From<Answer> for Census {
    fn from(answer: Answer) -> Census {
        let Answer { code, signal, stdout, stderr } = answer;
        Census { code, signal, report: serde_json::from_str(&stdout).unwrap_or_default(), stderr }
    }
}

impl Census {
    fn finding(&self, code: &str) -> Option<&Value> {
        common::finding(&self.report, code)
    }

    /// Counted from the files, and the session has failed.
    fn is_unconfirmed(&self) {
        assert_eq!(self.code, Some(3), "{}", self.stderr);
        assert_eq!(self.report["verdict"], "unverified");
        assert_eq!(self.report["totals"]["parameters"], FIXTURE.1);
        assert!(!self.stderr.is_empty());
    }

    /// Counted from the files, and confirmed by a session of this kind.
    fn is_verified(&self, mode: &str) {
        assert_eq!(self.code, Some(0), "{} {}", self.stderr, self.report["findings"]);
        assert_eq!(self.report["verdict"], "verified");
        assert_eq!(self.report["runtime"]["mode"], mode);
        assert_eq!(self.report["totals"]["parameters"], FIXTURE.1);
    }
}

fn count(model: &Path, options: &[&str]) -> Census {
    common::require_library();
    common::count(model, options).run().into()
}
