//! Models whose full load is dangerous.

use std::os::unix::ffi::OsStrExt;
use std::time::{Duration, Instant};

use super::model::{Model, call, exponential, without_variables};
use super::walls::without_walls;
use super::{Census, FIXTURE, count};
use crate::common;
use crate::common::saved_model::{STRING, float_const, function, node, string_scalar, type_attr};
use crate::common::{OFF, Run, fixture, tfcensus};

/// A model that writes a file when it is loaded.
fn writer() -> Model {
    let model = Model::of(FIXTURE.0);
    let nodes = [
        string_scalar("evil_path", model.beside("written").as_os_str().as_bytes()),
        string_scalar("evil_text", b"written by the model"),
        node("evil_write", "WriteFile", &["evil_path", "evil_text"], &[]),
        node("evil_init", "NoOp", &["^evil_write"], &[]),
    ];
    model.add(&nodes, &[], Some("evil_init"))
}

#[test]
fn a_model_that_writes_a_file_when_loaded_is_loaded_only_if_allowed() {
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

    // What is allowed to run still cannot write.
    let allowed = ["--runtime", "load", "--allow-unsafe-ops"];
    let walled = count(&model.path(), &allowed);
    walled.is_unconfirmed();
    assert!(walled.stderr.contains("evil_write"), "{}", walled.stderr);
    assert!(!written.exists());

    let mut command = common::count(&model.path(), &allowed);
    without_walls(&mut command);
    Census::from(command.run()).is_verified("load");
    assert!(written.exists(), "the model really writes a file");
}

#[test]
fn an_unknown_op_is_named_with_advice() {
    let model = Model::of(FIXTURE.0).add(&[node("x", "NoSuchOpAnywhere", &[], &[])], &[], None);
    count(&model.path(), &[]).is_verified("variables");
    let load = count(&model.path(), &["--runtime", "load"]);
    load.is_unconfirmed();
    assert!(load.stderr.contains("NoSuchOpAnywhere"), "{}", load.stderr);
    assert!(load.stderr.contains("--op-library"), "{}", load.stderr);
    // Where it may be run, TensorFlow says that it lacks it.
    let allowed = count(&model.path(), &["--runtime", "load", "--allow-unsafe-ops"]);
    allowed.is_unconfirmed();
    assert!(allowed.stderr.contains("lacks the op NoSuchOpAnywhere"), "{}", allowed.stderr);
    assert!(allowed.stderr.contains("--op-library"), "{}", allowed.stderr);
}

/// Such as the preprocessing models of TensorFlow Hub.
#[test]
fn a_model_without_variables_needs_no_op_that_the_library_lacks() {
    let text = node("text", "Placeholder", &[], &[("dtype", type_attr(STRING))]);
    let model = without_variables(&[text, node("lower", "CaseFoldUTF8", &["text"], &[])]);
    let auto = count(&model.path(), &[]);
    assert_eq!(auto.code, Some(0), "{}", auto.stderr);
    assert_eq!(auto.report["verdict"], "verified");
    assert_eq!(auto.report["runtime"]["mode"], "variables");
    assert!(auto.finding("runtime-mode-chosen").unwrap().to_string().contains("CaseFoldUTF8"));

    let load = count(&model.path(), &["--runtime", "load"]);
    assert_eq!(load.code, Some(3), "{}", load.stderr);
    assert!(load.stderr.contains("tensorflow-text"), "{}", load.stderr);
}

#[test]
fn an_invalid_op_library_is_named() {
    let model = Model::of(FIXTURE.0);
    let library = model.beside("ops.so");
    std::fs::write(&library, "no library").unwrap();
    let options = ["--runtime", "load", "--op-library", library.to_str().unwrap()];
    let load = count(&model.path(), &options);
    load.is_unconfirmed();
    assert!(load.stderr.contains("ops.so"), "{}", load.stderr);
}

/// TensorFlow aborts on it: the worker dies, the program does not.
#[test]
fn a_constant_with_an_overflowing_size_is_counted() {
    let bomb = float_const("evil_bomb", &[1 << 40, 1 << 40], &[]);
    let model = Model::of(FIXTURE.0).add(&[bomb], &[], None);
    for runtime in ["auto", "load"] {
        let census = count(&model.path(), &["--runtime", runtime]);
        assert!(matches!(census.code, Some(0 | 1 | 3)), "{runtime}: {}", census.stderr);
        assert_eq!(census.report["totals"]["parameters"], FIXTURE.1, "{runtime}");
        // A load of it cannot succeed.
        assert!(
            census.code != Some(0) || census.report["runtime"]["mode"] == "variables",
            "{runtime}: {}",
            census.report["runtime"]
        );
    }
}

/// A load of it would never end.
#[test]
fn a_recursive_function_is_not_loaded() {
    let function = function("evil_loop", &[], &[call("again", "evil_loop")]);
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
    let model = exponential(60);
    let start = Instant::now();
    let census = count(&model.path(), &OFF);
    assert_eq!(census.code, Some(1), "{}", census.stderr);
    assert_eq!(census.report["totals"]["parameters"], 3);
    assert_eq!(census.report["totals"]["variables"], 1);
    assert!(census.finding("checkpoint-missing").is_some());
    for format in ["text", "markdown", "html", "csv"] {
        let mut command = tfcensus(&["count", "--runtime", "off", "--format", format]);
        let done = command.arg(model.path()).run();
        assert_eq!(done.code, Some(1), "{format}: {}", done.stderr);
        assert!(!done.stdout.is_empty() && done.stdout.len() < 1 << 20, "{format}");
    }
    assert!(start.elapsed() < Duration::from_secs(60));
}

#[test]
fn a_session_over_no_variables_succeeds() {
    let census = count(&fixture("frozen_graph"), &["--runtime", "variables"]);
    // The details of the witness are tested in fixtures.rs.
    assert_eq!(census.code, Some(0), "{}", census.stderr);
}
