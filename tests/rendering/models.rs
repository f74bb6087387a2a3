//! The program on real models: what a user sees of fixtures whose truth Python wrote down.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::schema;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tfcensus"));
    command.args(arguments).env_remove("NO_COLOR").env("COLUMNS", "80");
    command.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap()
}

fn stdout(arguments: &[&str]) -> (String, Option<i32>) {
    let output = run(arguments);
    (String::from_utf8(output.stdout).unwrap(), output.status.code())
}

const LENET: &str = "tests/fixtures/lenet5/model";
const TUNED: &str = "tests/fixtures/fine_tuned/model";
const OFF: [&str; 2] = ["--runtime", "off"];

fn count(model: &str, more: &[&str]) -> (String, Option<i32>) {
    stdout(&[&["count", model], &OFF[..], more].concat())
}

fn expected(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(fixture(name).join("expected.json")).unwrap()).unwrap()
}

/// `1,234` and `-1,234` and `+1,234` as a number.
fn number(text: &str) -> i64 {
    text.replace([',', '+'], "").parse().unwrap_or_else(|_| panic!("no number: {text}"))
}

#[test]
fn statistics_are_those_of_numpy() {
    let (text, code) =
        stdout(&["count", "tests/fixtures/values/model", "--stats", "--format", "json"]);
    assert_eq!(code, Some(0));
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(schema::validate(&report), Vec::<String>::new());
    let want = expected("values")["values"].clone();
    let variables = report["variables"].as_array().unwrap();
    assert_eq!(variables.len(), want.as_object().unwrap().len());
    for variable in variables {
        let (name, stats) = (variable["name"].as_str().unwrap(), &variable["stats"]);
        for key in ["zeros", "nans", "infinities"] {
            assert_eq!(stats[key], want[name][key], "{name}: {key}");
        }
        for key in ["mean", "std_dev", "min", "max"] {
            let (got, want) = (stats[key].as_f64(), want[name][key].as_f64());
            let near = match (got, want) {
                (Some(got), Some(want)) => (got - want).abs() <= 1e-9 * want.abs().max(1.0),
                (got, want) => got == want,
            };
            assert!(near, "{name}: {key} is {got:?}, numpy says {want:?}");
        }
    }
    let about = |code: &str| -> Vec<&str> {
        let findings = report["findings"].as_array().unwrap();
        let of_code = findings.iter().filter(|finding| finding["code"] == code);
        of_code.map(|finding| finding["subject"].as_str().unwrap()).collect()
    };
    assert_eq!(about("not-finite"), ["broken", "lost"]);
    assert_eq!(about("all-zeros"), ["zeros"]);
}

#[test]
fn statistics_are_shown_in_every_format() {
    let shown = |format: &[&str]| {
        stdout(&[&["count", "tests/fixtures/values/model", "--stats"], format].concat()).0
    };
    let text = shown(&[]);
    // Mean 0.75, deviation 2.165063509461097, from -2 to 4, one zero of eight, two NaN, two Inf.
    let row = text.lines().find(|line| line.starts_with("broken")).unwrap();
    let cells: Vec<&str> = row.split_whitespace().collect();
    assert_eq!(cells, ["broken", "0.75", "2.165", "-2", "4", "12.5", "%", "2", "2"], "{text}");
    let csv = shown(&["--format", "csv"]);
    assert!(
        csv.lines().next().unwrap().ends_with("paths,mean,std_dev,min,max,zeros,nans,infinities")
    );
    let row = csv.lines().find(|line| line.starts_with("broken")).unwrap();
    assert!(row.ends_with(",0.75,2.165063509461097,-2.0,4.0,1,2,2"), "{row}");
    assert!(
        shown(&["--format", "markdown"])
            .contains("| broken | 0.75 | 2.165 | -2 | 4 | 12.5 % | 2 | 2 |")
    );
    assert!(shown(&["--format", "html"]).contains("0.75 ± 2.165, from -2 to 4, 12.5 % zeros"));
}

/// 84 * 10 + 10 parameters of the old head, 84 * 26 + 26 of the new one, 2,572 in the features.
#[test]
fn a_fine_tuned_copy_has_frozen_features_and_another_head() {
    let (text, code) = stdout(&[&["diff", LENET, TUNED], &OFF[..]].concat());
    assert_eq!(code, Some(1));
    let summary = text.lines().last().unwrap();
    assert_eq!(summary, "Variables: 2 added, 2 removed, 4 frozen, 4 unchanged.");
    for line in [
        "  + letters/kernel: float32 [84, 26], 2,184 parameters",
        "  + letters/bias: float32 [26], 26 parameters",
        "  - digits/kernel: float32 [84, 10], 840 parameters",
        "  - digits/bias: float32 [10], 10 parameters",
        "  ~ conv1/kernel",
        "  ~ conv2/bias",
    ] {
        assert!(text.lines().any(|shown| shown == line), "{line} is missing:\n{text}");
    }
    let total = text.lines().find(|line| line.starts_with("parameters ")).unwrap();
    let numbers: Vec<i64> = total.split_whitespace().skip(1).map(number).collect();
    assert_eq!(numbers, [61_706, 63_066, 2_210 - 850]);
    let frozen = text.lines().find(|line| line.starts_with("frozen ")).unwrap();
    assert_eq!(number(frozen.split_whitespace().last().unwrap()), 2_572);
}

#[test]
fn diff_answers_with_its_exit_code() {
    let diff = |a: &str, b: &str| run(&[&["diff", a, b, "--format", "json"], &OFF[..]].concat());
    let same = diff(LENET, LENET);
    assert_eq!(same.status.code(), Some(0));
    let same: Value = serde_json::from_slice(&same.stdout).unwrap();
    assert!(same["variables"].as_array().unwrap().is_empty(), "{same}");
    assert_eq!(diff(LENET, TUNED).status.code(), Some(1));
    let none = diff(LENET, "/no/such/model");
    assert_eq!(none.status.code(), Some(2));
    assert!(none.stdout.is_empty());
}

#[test]
fn each_failed_expectation_is_one_line_with_both_values() {
    let checks = ["--expect", "parameters=61707,variables=10", "--max", "bytes=240KiB"];
    let (annotations, code) = count(LENET, &[&["--format", "github"], &checks[..]].concat());
    assert_eq!(code, Some(1));
    let errors: Vec<&str> = annotations.lines().filter(|l| l.starts_with("::error")).collect();
    assert_eq!(errors.len(), 2, "{annotations}");
    assert!(errors[0].contains("61,707") && errors[0].contains("61,706"), "{annotations}");
    assert!(errors[1].contains("245,760") && errors[1].contains("246,824"), "{annotations}");
    // Said on stderr where stdout holds a number, in the report where people read one.
    let quiet = run(&[&["count", LENET, "--quiet"], &OFF[..], &checks[..]].concat());
    assert_eq!((quiet.stdout.as_slice(), quiet.status.code()), (&b"61706\n"[..], Some(1)));
    let stderr = String::from_utf8(quiet.stderr).unwrap();
    let first = "parameters is not what was expected: expected 61,707, found 61,706";
    let second = "bytes exceeds its maximum: expected at most 245,760, found 246,824";
    assert_eq!(stderr, format!("error: {first}\nerror: {second}\n"));
    let (text, _) = count(LENET, &checks);
    assert!(text.contains(&format!("\n  error expectation: {first}\n")), "{text}");
    let (_, code) = count(LENET, &["--expect", "parameters=61706,trainable=61706"]);
    assert_eq!(code, Some(0));
}

#[test]
fn an_earlier_report_is_a_baseline() {
    let folder = tempfile::tempdir().unwrap();
    let baseline = folder.path().join("before.json");
    let baseline = baseline.to_str().unwrap();
    count(LENET, &["--format", "json", "-o", baseline]);
    let check = |model| count(model, &["--baseline", baseline, "--format", "github"]);
    assert_eq!(check(LENET).1, Some(0));
    let (annotations, code) = check(TUNED);
    assert_eq!(code, Some(1));
    let line = annotations.lines().find(|line| line.contains("61,706")).unwrap();
    assert!(line.starts_with("::error") && line.contains("63,066"), "{line}");
}

#[test]
fn quiet_is_one_integer_and_a_pipe_has_no_colour_and_no_progress() {
    let output = run(&["count", LENET, "--quiet"]);
    assert_eq!((output.stdout.as_slice(), output.stderr.as_slice()), (&b"61706\n"[..], &b""[..]));
    let output = run(&["count", LENET]);
    assert!(!output.stdout.contains(&0x1b) && output.stderr.is_empty());
    assert!(
        output.stdout.starts_with(b"lenet5\n61,706 parameters (61.7 K), 241 KiB, all trainable\n")
    );
}

#[test]
fn colour_follows_the_usual_variables() {
    let painted = |variables: &[(&str, &str)], more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tfcensus"));
        command.args(["count", LENET]).args(OFF).args(more);
        command.current_dir(env!("CARGO_MANIFEST_DIR"));
        for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
            command.env_remove(name);
        }
        command.envs(variables.iter().copied()).output().unwrap().stdout.contains(&0x1b)
    };
    assert!(!painted(&[], &[]));
    assert!(painted(&[("CLICOLOR_FORCE", "1")], &[]));
    assert!(!painted(&[("CLICOLOR_FORCE", "0")], &[]));
    assert!(!painted(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], &[]));
    assert!(painted(&[("NO_COLOR", "1")], &["--color", "always"]));
    assert!(!painted(&[("CLICOLOR_FORCE", "1")], &["--color", "never"]));
}

#[test]
fn reports_of_real_models_are_as_the_schema_says() {
    for entry in std::fs::read_dir(fixture("")).unwrap() {
        let model = entry.unwrap().path().join("model");
        let (text, _) = count(model.to_str().unwrap(), &["--format", "json"]);
        let report: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(schema::validate(&report), Vec::<String>::new(), "{}", model.display());
    }
}

#[test]
fn memory_is_what_its_rule_says() {
    let (text, _) = count(TUNED, &["--format", "json"]);
    let report: Value = serde_json::from_str(&text).unwrap();
    let estimates: Vec<u64> = report["cost"]["estimates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|estimate| estimate["bytes"].as_u64().unwrap())
        .collect();
    // 63,066 weights of 4 bytes; 60,494 of them train: one gradient each, with Adam two moments more.
    let (weights, trained) = (63_066 * 4, 60_494 * 4);
    assert_eq!(estimates, [weights, weights + trained, weights + 3 * trained]);
    let largest = report["cost"]["largest"][0].as_u64().unwrap() as usize;
    assert_eq!(report["variables"][largest]["name"], "dense1/kernel");
    let (text, _) = count(TUNED, &["--cost"]);
    assert!(
        text.contains("to train with Adam    955 KiB  weights + gradient + two moments"),
        "{text}"
    );
}

#[test]
fn the_example_of_the_library_runs() {
    // `cargo test` builds examples, `cargo test --test NAME` does not.
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "--locked", "--offline", "--example", "largest_layers"]);
    build.args(cfg!(not(debug_assertions)).then_some("--release"));
    // What cargo says of this package to its tests would have dependencies built again.
    for (name, _) in std::env::vars() {
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST") {
            build.env_remove(name);
        }
    }
    assert!(build.current_dir(env!("CARGO_MANIFEST_DIR")).status().unwrap().success());
    let program = Path::new(env!("CARGO_BIN_EXE_tfcensus"));
    let example = program.with_file_name("examples").join("largest_layers");
    let run = |arguments: &[&str]| {
        let mut command = Command::new(&example);
        command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap()
    };
    let files = run(&[LENET]);
    let text = String::from_utf8(files.stdout).unwrap();
    assert_eq!(
        text.lines().collect::<Vec<_>>(),
        [
            "61706 parameters, 61706 of them trainable",
            "from the files alone, 0 findings",
            "       48120  dense1 (Dense)",
            "       10164  dense2 (Dense)",
            "        2416  conv2 (Conv2D)",
        ]
    );
    let session = run(&[LENET, "--session"]);
    assert!(String::from_utf8(session.stdout).unwrap().contains("confirmed by TensorFlow"));
    let wrong = run(&["Cargo.toml"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8(wrong.stderr).unwrap().starts_with("not a SavedModel but "));
}
