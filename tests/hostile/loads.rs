//! What a full load would do to whoever asks for it.

use std::process::Command;
use std::time::{Duration, Instant};

use super::made::{self, Model, bytes, call, float_const, node, text, text_const};
use super::{FIXTURE, count};

/// A model that writes a file when it is loaded.
fn writer() -> Model {
    let model = Model::of(FIXTURE.0);
    let nodes = [
        text_const("evil_path", &model.beside("written")),
        text_const("evil_text", "written by the model".as_ref()),
        node("evil_write", "WriteFile", &["evil_path", "evil_text"], &[]),
        node("evil_init", "NoOp", &["^evil_write"], &[]),
    ];
    model.add(&nodes, &[], Some("evil_init"))
}

#[test]
fn a_model_that_writes_a_file_when_loaded_writes_none_unless_allowed() {
    let model = writer();
    let written = model.beside("written");
    let auto = count(&model.path(), &[]);
    auto.is_verified("variables");
    assert!(!written.exists());
    let finding = auto.finding("unsafe-ops").expect("a finding");
    assert_eq!(finding["subject"], "evil_write");
    assert!(finding["message"].as_str().unwrap().contains("WriteFile"), "{finding}");

    let refused = count(&model.path(), &["--runtime", "load"]);
    refused.is_unconfirmed();
    assert!(refused.stderr.contains("--allow-unsafe-ops"), "{}", refused.stderr);
    assert!(!written.exists());

    count(&model.path(), &["--runtime", "load", "--allow-unsafe-ops"]).is_verified("load");
    assert!(written.exists(), "the model is as hostile as it claims to be");
}

#[test]
fn an_op_that_the_library_lacks_is_named_with_the_advice() {
    let model = Model::of(FIXTURE.0).add(&[node("x", "NoSuchOpAnywhere", &[], &[])], &[], None);
    count(&model.path(), &[]).is_verified("variables");
    let load = count(&model.path(), &["--runtime", "load"]);
    load.is_unconfirmed();
    assert!(load.stderr.contains("NoSuchOpAnywhere"), "{}", load.stderr);
    assert!(load.stderr.contains("--op-library"), "{}", load.stderr);
}

#[test]
fn an_op_library_that_is_none_is_named() {
    let model = Model::of(FIXTURE.0);
    let library = model.beside("ops.so");
    std::fs::write(&library, "no library").unwrap();
    let options = ["--runtime", "load", "--op-library", library.to_str().unwrap()];
    let load = count(&model.path(), &options);
    load.is_unconfirmed();
    assert!(load.stderr.contains("ops.so"), "{}", load.stderr);
}

/// TensorFlow aborts on it: the worker dies, the census does not.
#[test]
fn a_constant_whose_size_overflows_is_answered() {
    let bomb = float_const("evil_bomb", &[1 << 40, 1 << 40]);
    let model = Model::of(FIXTURE.0).add(&[bomb], &[], None);
    for runtime in ["auto", "load"] {
        let census = count(&model.path(), &["--runtime", runtime]);
        assert!(matches!(census.code, Some(0 | 1 | 3)), "{runtime}: {}", census.stderr);
        assert_eq!(census.report["totals"]["parameters"], FIXTURE.1, "{runtime}");
        // The load cannot have succeeded.
        assert!(
            census.code != Some(0) || census.report["runtime"]["mode"] == "variables",
            "{runtime}: {}",
            census.report["runtime"]
        );
    }
}

/// TensorFlow hangs on it.
#[test]
fn a_function_that_calls_itself_is_not_waited_for() {
    let signature = bytes(1, &text(1, "evil_loop"));
    let function = [signature, bytes(3, &call("again", "evil_loop"))].concat();
    let nodes = [call("evil_call", "evil_loop"), node("evil_init", "NoOp", &["^evil_call"], &[])];
    let model = Model::of(FIXTURE.0).add(&nodes, &[function], Some("evil_init"));
    let start = Instant::now();
    count(&model.path(), &[]).is_verified("variables");
    let load = count(&model.path(), &["--runtime", "load"]);
    load.is_unconfirmed();
    assert!(load.stderr.contains("evil_loop"), "{}", load.stderr);
    assert!(start.elapsed() < Duration::from_secs(120));
}

#[test]
fn two_to_the_sixtieth_paths_are_walked_as_sixty_objects() {
    let model = made::exponential(60);
    let start = Instant::now();
    let census = count(&model.path(), &["--runtime", "off"]);
    assert_eq!(census.code, Some(1), "{}", census.stderr);
    assert_eq!(census.report["totals"]["parameters"], 3);
    assert_eq!(census.report["totals"]["variables"], 1);
    assert!(census.finding("checkpoint-missing").is_some());
    for format in ["text", "markdown", "html", "csv"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tfcensus"));
        command.args(["count", "--runtime", "off", "--format", format]).arg(model.path());
        let out = command.output().unwrap();
        assert_eq!(out.status.code(), Some(1), "{format}: {out:?}");
        assert!(!out.stdout.is_empty() && out.stdout.len() < 1 << 20, "{format}");
    }
    assert!(start.elapsed() < Duration::from_secs(60));
}

#[test]
fn a_session_over_no_variables_says_so() {
    let census = count(&made::fixture("frozen_graph"), &["--runtime", "variables"]);
    // All of its variables, none, are confirmed; what the witness says of it is tested in census.rs.
    assert_eq!(census.code, Some(0), "{}", census.stderr);
}
