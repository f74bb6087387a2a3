//! A program that forgets to call `tfcensus::serve_if_worker()` in `main`.

use std::fs;
use std::process::Command;

use crate::common::process::Running;
use crate::common::{Answer, example, fixture, require_library};

/// The call that the program lacks.
const CALL: &str = "tfcensus::serve_if_worker()";

/// Runs the program; the number is that of the starts of its `main`.
fn run(change: impl FnOnce(&mut Command)) -> (Answer, usize) {
    require_library();
    let folder = tempfile::tempdir().unwrap();
    let starts = folder.path().join("starts");
    let mut command = Command::new(example("forgetful"));
    command.env("FORGETFUL_STARTS", &starts).env("FORGETFUL_MODEL", fixture("module_shared"));
    change(&mut command);
    let answer = Running::start(&mut command).end();
    (answer, fs::read(starts).unwrap().len())
}

#[test]
fn a_program_that_forgets_to_serve_is_told_so() {
    for talks in [false, true] {
        let (answer, starts) = run(|command| {
            if talks {
                command.env("FORGETFUL_TALKS", "1");
            }
        });
        assert_eq!(answer.code, Some(0), "{answer:?}");
        let lines: Vec<&str> = answer.stdout.lines().filter(|line| *line != "counting").collect();
        let [verdict, what, advice, child] = lines.as_slice() else { panic!("{answer:?}") };
        assert_eq!(*verdict, "unverified");
        assert!(what.contains(&format!("the program did not call {CALL} at the start of main")));
        assert!(advice.contains(CALL), "{advice}");
        // What the child's own census gave.
        assert!(child.contains("child: ") && child.contains(CALL), "{child}");
        assert_eq!(starts, 2, "the program and one child");
    }
}

#[test]
fn a_process_that_was_started_as_a_worker_starts_none() {
    let (answer, starts) = run(|command| {
        command.env("TFCENSUS_SESSION_WORKER", "1");
    });
    assert_eq!((answer.code, starts), (Some(1), 1), "{answer:?}");
    assert!(answer.stderr.contains(CALL), "{}", answer.stderr);
    let (answer, starts) = run(|command| {
        command.arg("--tfcensus-session-worker");
    });
    assert_eq!((answer.code, starts), (Some(1), 1), "{answer:?}");
}
