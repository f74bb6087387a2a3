//! The program around the formats: streams and exit codes.

use std::process::{Command, Output, Stdio};

fn tfcensus(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tfcensus"));
    command.args(arguments).env_remove("NO_COLOR").env("COLUMNS", "80");
    command
}

fn run(arguments: &[&str]) -> Output {
    tfcensus(arguments).output().unwrap()
}

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
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        assert!(output.stderr.starts_with(b"error: "), "{arguments:?}");
        assert!(!output.stderr.contains(&0x1b), "{arguments:?}");
    }
}

#[test]
fn a_model_in_the_place_of_a_command_is_told_apart() {
    let output = run(&["./my model"]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("did you mean: tfcensus count './my model'"), "{text}");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn help_and_version_are_data() {
    for arguments in [&["--help"][..], &["--version"], &["count", "--help"], &["explain"]] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert!(!output.stdout.is_empty() && output.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_closed_pipe_is_success() {
    // Longer than any pipe's buffer is not needed: the reader is gone before the first byte.
    let mut child = tfcensus(&["completions", "zsh"]).stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// Runs the program with a terminal as its stderr, and prints what arrived there.
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
    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/lenet5/model");
    let on_terminal = |term: &str| {
        let mut command = Command::new("python3");
        command.args(["-c", WITH_TERMINAL, env!("CARGO_BIN_EXE_tfcensus"), "count", model]);
        let output = command.env("TERM", term).output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let shown = on_terminal("xterm");
    assert!(shown.contains("loading libtensorflow"), "{shown:?}");
    // The last thing is that the line is cleared.
    assert!(shown.ends_with("\r\x1b[2K"), "{shown:?}");
    assert_eq!(on_terminal("dumb"), "");
    assert!(run(&["count", model]).stderr.is_empty());
}

#[test]
fn manual_pages_and_completions_name_every_command() {
    for arguments in [&["man"][..], &["completions", "bash"], &["completions", "fish"]] {
        let text = String::from_utf8(run(arguments).stdout).unwrap();
        for command in ["count", "diff", "doctor", "explain", "list"] {
            assert!(text.contains(command), "{arguments:?} {command}");
        }
    }
    let page = String::from_utf8(run(&["man", "count"]).stdout).unwrap();
    assert!(page.contains("memory\\-limit"), "{page}");
}
