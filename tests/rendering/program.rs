//! The program around the formats: streams and exit codes.

use std::process::{Command, Stdio};

use crate::common::{Run, TFCENSUS, fixture, require_library, tfcensus};

#[test]
fn errors_go_to_stderr_alone_and_give_exit_code_2() {
    for arguments in [
        &["count", "/no/such/model\x1b[2J"][..],
        &["count"],
        &["cuont", "x"],
        &["explain", "shape-difers"],
        &["count", "x", "--expect", "parameters"],
        &["count", "x", "--include", "[a"],
        &["count", "x", "--baseline", "/no/such/file"],
        &["man", "nothing"],
    ] {
        let done = tfcensus(arguments).run();
        assert_eq!((done.code, done.stdout.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(done.stderr.starts_with("error: "), "{arguments:?}");
        assert!(!done.stderr.contains('\x1b'), "{arguments:?}");
    }
}

#[test]
fn a_lone_number_that_is_a_bound_is_called_one_on_stderr() {
    // 59 by the variables' own flags; the model's fixture says which.
    let model = fixture("frozen_without_trace");
    let model = model.to_str().unwrap();
    let quiet = |more: &[&str]| {
        let done =
            tfcensus(&[&["count", model, "--runtime", "off", "--quiet"], more].concat()).run();
        (done.stdout, done.stderr, done.code)
    };
    assert_eq!(quiet(&[]), ("71\n".into(), String::new(), Some(0)));
    let (number, note, code) = quiet(&["--trainable"]);
    assert_eq!((number.as_str(), code), ("59\n", Some(0)));
    assert!(note.starts_with("note: ") && note.contains("trainable at most"), "{note}");
    let archive = fixture("frozen_without_trace").with_file_name("model.keras");
    let settled = quiet(&["--trainable", "--keras-config", archive.to_str().unwrap()]);
    assert_eq!(settled, ("29\n".into(), String::new(), Some(0)));
}

#[test]
fn a_model_in_place_of_a_command_gives_advice() {
    let done = tfcensus(&["./my model"]).run();
    let advice = "did you mean: tfcensus count './my model'";
    assert!(done.stderr.contains(advice), "{}", done.stderr);
    assert_eq!(done.code, Some(2));
}

#[test]
fn help_and_version_go_to_stdout() {
    for arguments in [&["--help"][..], &["--version"], &["count", "--help"], &["explain"]] {
        let done = tfcensus(arguments).run();
        assert_eq!((done.code, done.stderr.as_str()), (Some(0), ""), "{arguments:?}");
        assert!(!done.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_closed_pipe_is_success() {
    // The reader is gone before the first byte, so the output need not fill the pipe.
    let mut child = tfcensus(&["completions", "zsh"]).stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// Runs the program with a terminal as its stderr, and prints the output to the terminal.
const WITH_TERMINAL: &str = r#"
import os, pty, subprocess, sys
ours, theirs = pty.openpty()
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=theirs)
os.close(theirs)
while True:
    try:
        data = os.read(ours, 4096)
    except OSError:
        break
    if not data:
        break
    sys.stdout.buffer.write(data)
sys.exit(child.wait())
"#;

#[test]
fn progress_is_shown_on_a_terminal_and_nowhere_else() {
    require_library();
    let model = fixture("lenet5");
    let on_terminal = |term: &str| {
        let mut command = Command::new("python3");
        command.args(["-c", WITH_TERMINAL, TFCENSUS, "count"]).arg(&model);
        let done = command.env("TERM", term).run();
        assert_eq!(done.code, Some(0));
        done.stdout
    };
    let shown = on_terminal("xterm");
    assert!(shown.contains("loading libtensorflow"), "{shown:?}");
    // At the end the line is cleared.
    assert!(shown.ends_with("\r\x1b[2K"), "{shown:?}");
    assert_eq!(on_terminal("dumb"), "");
    assert_eq!(tfcensus(&["count", model.to_str().unwrap()]).run().stderr, "");
}

#[test]
fn manual_pages_and_completions_name_every_command() {
    for arguments in [&["man"][..], &["completions", "bash"], &["completions", "fish"]] {
        let text = tfcensus(arguments).run().stdout;
        for command in ["count", "diff", "doctor", "explain", "list"] {
            assert!(text.contains(command), "{arguments:?} {command}");
        }
    }
    let page = tfcensus(&["man", "count"]).run().stdout;
    assert!(page.contains("memory\\-limit"), "{page}");
}
