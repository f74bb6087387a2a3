//! Expectations, maxima and baselines.

use tfcensus::expect::{Baseline, Bound, Expectation, add_findings, check};
use tfcensus::model::{Certainty, Code, Finding, Report, Severity};
use tfcensus::render::{Format, View};

use crate::build;
use crate::golden::show;

fn exactly(text: &str) -> Vec<Expectation> {
    Expectation::parse_list(text, Bound::Exactly).unwrap()
}

#[test]
fn a_failed_expectation_names_both_values() {
    let report = build::transfer();
    // 78,577 parameters of which 77,514 are trainable: see the layers of the builder.
    let met = exactly("parameters=78577,trainable=77514,undetermined=7,frozen=928,variables=11");
    assert_eq!(check(&report, &met), []);
    let findings = check(&report, &exactly("parameters=80000"));
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].code, Code::Expectation);
    assert_eq!(findings[0].severity, Severity::Error);
    assert_eq!(findings[0].expected.as_deref(), Some("80,000"));
    assert_eq!(findings[0].found.as_deref(), Some("78,577"));
}

#[test]
fn a_maximum_may_be_reached() {
    let report = build::transfer();
    let most = |text| check(&report, &Expectation::parse_list(text, Bound::AtMost).unwrap()).len();
    assert_eq!(most("parameters=78577"), 0);
    assert_eq!(most("parameters=78576"), 1);
    assert_eq!(most("parameters=1M,bytes=1KiB"), 1);
}

#[test]
fn a_bound_confirms_no_number_and_keeps_a_maximum() {
    let report = build::no_traces();
    // At most 37 of 41 are trainable, so at least 4 are not.
    let says = |bound: Bound, text: &str| {
        let findings = check(&report, &Expectation::parse_list(text, bound).unwrap());
        findings.into_iter().next().map(|finding| (finding.message, finding.found.unwrap()))
    };
    let exactly = |text| says(Bound::Exactly, text);
    let most = |text| says(Bound::AtMost, text);
    let is_bound = |said: Option<(String, String)>| {
        said.is_some_and(|(message, _)| message.contains("is only a bound: frozen layers leave no"))
    };
    assert!(is_bound(exactly("trainable=37")) && is_bound(exactly("trainable=12")));
    assert!(is_bound(exactly("non_trainable=4")) && is_bound(exactly("frozen=0")));
    assert!(is_bound(exactly("trainable_bytes=148")));
    // What the bound rules out fails as any number does.
    let wrong = ("trainable is not what was expected".into(), "at most 37".into());
    assert_eq!(exactly("trainable=38"), Some(wrong));
    let wrong = ("non_trainable is not what was expected".into(), "at least 4".into());
    assert_eq!(exactly("non_trainable=3"), Some(wrong));
    assert_eq!(exactly("parameters=41,bytes=164,undetermined=0"), None);
    // Within its maximum the truth is, whatever it is.
    assert_eq!(most("trainable=37,trainable_bytes=148"), None);
    assert!(is_bound(most("trainable=36")) && is_bound(most("non_trainable=4")));
    let above = ("non_trainable exceeds its maximum".into(), "at least 4".into());
    assert_eq!(most("non_trainable=3"), Some(above));
}

#[test]
fn a_bound_is_compared_with_the_same_bound_and_with_no_number() {
    let (bound, mut exact) = (build::no_traces(), build::no_traces());
    exact.totals.trainable_is = Certainty::Exact;
    let earlier =
        |report: &Report| baseline(&show(report, Format::Json, &View::default())).unwrap();
    assert_eq!(earlier(&bound).check(&bound), []);
    for findings in [earlier(&exact).check(&bound), earlier(&bound).check(&exact)] {
        assert_eq!(subjects(&findings), ["trainable", "non_trainable"]);
        assert!(findings[0].message.contains("only a bound on one side"));
    }
    // More than the bound: that much is known.
    let mut more = exact;
    more.totals.trainable.parameters = 38;
    let findings = earlier(&more).check(&bound);
    assert_eq!(findings[0].message, "trainable is not what it was");
    let values = (findings[0].expected.as_deref(), findings[0].found.as_deref());
    assert_eq!(values, (Some("38"), Some("at most 37")));
}

#[test]
fn a_baseline_of_a_version_that_did_not_tell_is_taken_at_its_word() {
    let report = build::transfer();
    let text = show(&report, Format::Json, &View::default());
    let without: String =
        text.lines().filter(|line| !line.starts_with("    \"trainable_is\"")).collect();
    assert_ne!(text.lines().collect::<String>(), without);
    assert_eq!(baseline(&without).unwrap().check(&report), []);
}

#[test]
fn failures_come_before_notes() {
    let mut report = build::transfer();
    let failures = check(&report, &exactly("parameters=1"));
    add_findings(&mut report, failures);
    let order: Vec<Severity> = report.findings.iter().map(|finding| finding.severity).collect();
    assert_eq!(order, [Severity::Error, Severity::Note]);
}

fn baseline(text: &str) -> tfcensus::Result<Baseline> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("baseline.json");
    std::fs::write(&path, text).unwrap();
    Baseline::read(&path)
}

fn subjects(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.subject.as_deref().unwrap_or("")).collect()
}

#[test]
fn a_model_agrees_with_its_own_earlier_report() {
    for report in [build::transfer(), build::hostile(), build::flat(200)] {
        let earlier = baseline(&show(&report, Format::Json, &View::default())).unwrap();
        assert_eq!(earlier.check(&report), []);
    }
}

#[test]
fn names_the_changed_variable() {
    let report = build::transfer();
    let earlier = baseline(&show(&report, Format::Json, &View::default())).unwrap();
    let mut changed = report.clone();
    changed.variables[0].shape = tfcensus::model::Shape(vec![864]);
    let findings = earlier.check(&changed);
    let key = "transfer/mobilenetv2_1.00_224/Conv1/kernel/.ATTRIBUTES/VARIABLE_VALUE";
    assert_eq!(subjects(&findings), [key]);
    assert_eq!(findings[0].expected.as_deref(), Some("float32 [3, 3, 3, 32]"));
    assert_eq!(findings[0].found.as_deref(), Some("float32 [864]"));
}

#[test]
fn totals_of_another_model_are_named_one_by_one() {
    let earlier = baseline(&show(&build::flat(3), Format::Json, &View::default())).unwrap();
    let findings = earlier.check(&build::flat(4));
    // Layer 4 has four parameters of four bytes.
    let key = "flat/layer_4/kernel/.ATTRIBUTES/VARIABLE_VALUE";
    assert_eq!(subjects(&findings), ["parameters", "trainable", "bytes", "variables", key]);
}

#[test]
fn refuses_a_baseline_that_is_no_report() {
    for text in ["", "{}", "[1]", "{\"schema_version\": 1}"] {
        assert!(baseline(text).is_err(), "{text}");
    }
    let newer = show(&build::flat(1), Format::Json, &View::default())
        .replace("\"schema_version\": 1", "\"schema_version\": 2");
    assert!(baseline(&newer).unwrap_err().to_string().contains("schema version is 2"));
}
