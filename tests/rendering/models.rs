//! The program's output for real models: fixtures with numbers that Python wrote.

use std::process::Command;

use serde_json::Value;

use crate::common::{
    OFF, Run, example, expected, fixture, fixtures, project, require_library, tfcensus,
};
use crate::schema;

/// The stdout and exit code of the program.
fn stdout(arguments: &[&str]) -> (String, Option<i32>) {
    let done = tfcensus(arguments).run();
    (done.stdout, done.code)
}

const LENET: &str = "tests/fixtures/lenet5/model";
const TUNED: &str = "tests/fixtures/fine_tuned/model";

fn count(model: &str, more: &[&str]) -> (String, Option<i32>) {
    stdout(&[&["count", model], &OFF[..], more].concat())
}

/// `1,234` and `-1,234` and `+1,234` as a number.
fn number(text: &str) -> i64 {
    text.replace([',', '+'], "").parse().unwrap_or_else(|_| panic!("no number: {text}"))
}

#[test]
fn statistics_are_those_of_numpy() {
    require_library();
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
    require_library();
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
fn the_exit_code_of_diff_is_its_answer() {
    let diff = |a: &str, b: &str| {
        tfcensus(&[&["diff", a, b, "--format", "json"], &OFF[..]].concat()).run()
    };
    let same = diff(LENET, LENET);
    assert_eq!(same.code, Some(0));
    assert_eq!(same.json()["variables"], Value::Array(Vec::new()));
    assert_eq!(diff(LENET, TUNED).code, Some(1));
    let none = diff(LENET, "/no/such/model");
    assert_eq!((none.code, none.stdout.as_str()), (Some(2), ""));
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
    // On stderr where stdout is a number, otherwise in the report.
    let quiet = tfcensus(&[&["count", LENET, "--quiet"], &OFF[..], &checks[..]].concat()).run();
    assert_eq!((quiet.stdout.as_str(), quiet.code), ("61706\n", Some(1)));
    let stderr = quiet.stderr;
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
fn quiet_prints_one_integer_and_a_pipe_gets_neither_colour_nor_progress() {
    require_library();
    let done = tfcensus(&["count", LENET, "--quiet"]).run();
    assert_eq!((done.stdout.as_str(), done.stderr.as_str()), ("61706\n", ""));
    let done = tfcensus(&["count", LENET]).run();
    assert!(!done.stdout.contains('\x1b') && done.stderr.is_empty());
    let start = "lenet5\n61,706 parameters (61.7 K), 241 KiB, all trainable\n";
    assert!(done.stdout.starts_with(start), "{}", done.stdout);
}

#[test]
fn colour_follows_the_usual_variables() {
    let painted = |variables: &[(&str, &str)], more: &[&str]| {
        let mut command = tfcensus(&["count", LENET]);
        command.args(OFF).args(more);
        for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
            command.env_remove(name);
        }
        command.envs(variables.iter().copied()).run().stdout.contains('\x1b')
    };
    assert!(!painted(&[], &[]));
    assert!(painted(&[("CLICOLOR_FORCE", "1")], &[]));
    assert!(!painted(&[("CLICOLOR_FORCE", "0")], &[]));
    assert!(!painted(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], &[]));
    assert!(painted(&[("NO_COLOR", "1")], &["--color", "always"]));
    assert!(!painted(&[("CLICOLOR_FORCE", "1")], &["--color", "never"]));
}

#[test]
fn reports_of_real_models_follow_the_schema() {
    for name in fixtures() {
        let model = fixture(&name);
        let (text, _) = count(model.to_str().unwrap(), &["--format", "json"]);
        let report: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(schema::validate(&report), Vec::<String>::new(), "{}", model.display());
    }
}

#[test]
fn memory_follows_its_formula() {
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
    require_library();
    let example = example("largest_layers");
    let run =
        |arguments: &[&str]| Command::new(&example).args(arguments).current_dir(project("")).run();
    assert_eq!(
        run(&[LENET]).stdout.lines().collect::<Vec<_>>(),
        [
            "61706 parameters, 61706 of them trainable",
            "from the files alone, 0 findings",
            "       48120  dense1 (Dense)",
            "       10164  dense2 (Dense)",
            "        2416  conv2 (Conv2D)",
        ]
    );
    assert!(run(&[LENET, "--session"]).stdout.contains("confirmed by TensorFlow"));
    let wrong = run(&["Cargo.toml"]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.stderr.starts_with("not a SavedModel but "), "{}", wrong.stderr);
}
