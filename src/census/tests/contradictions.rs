//! Findings about a checkpoint that differs from the graph's declarations.

use super::index::{Stored, index};
use super::tf1::{Way, name, whole_model};
use super::{Options, SidecarFiles, Weight, of_bytes};
use crate::model::{Code, Report, Severity, Verdict};

/// The model: a matrix of 4 × 3 and a vector of 3, both trainable.
fn weights() -> Vec<Weight> {
    [vec![4, 3], vec![3]].map(|dims| Weight { dims, trainable: true }).into()
}

/// The model's census with a checkpoint of these tensors, or without a checkpoint if there are none.
fn census(tensors: &[(&str, &[u64])]) -> Report {
    let stored: Vec<Stored<'_>> =
        tensors.iter().map(|(key, dims)| Stored { key, dims, rows: &[] }).collect();
    let sidecars = SidecarFiles {
        index: (!tensors.is_empty()).then(|| index(&stored, 1)),
        ..SidecarFiles::default()
    };
    of_bytes(whole_model(&weights(), &Way::plain(2)), sidecars, &Options::default()).unwrap()
}

fn keys() -> [String; 2] {
    let way = Way::plain(2);
    [name(&way, 0), name(&way, 1)]
}

fn severity(report: &Report, code: Code) -> Option<Severity> {
    report.findings.iter().find(|f| f.code == code).map(|f| f.severity)
}

#[test]
fn an_intact_checkpoint_causes_no_finding() {
    let [matrix, vector] = &keys();
    let report = census(&[(matrix, &[4, 3]), (vector, &[3])]);
    assert_eq!(report.totals.all.parameters, 15);
    assert_eq!((report.findings.len(), report.verdict), (0, Verdict::Unverified));
}

#[test]
fn a_stored_shape_that_differs_is_counted_and_contradicts_the_graph() {
    let [matrix, vector] = &keys();
    let report = census(&[(matrix, &[4, 3]), (vector, &[5])]);
    assert_eq!(report.totals.all.parameters, 17);
    assert_eq!(severity(&report, Code::ShapeDiffers), Some(Severity::Error));
    let finding = report.findings.iter().find(|f| f.code == Code::ShapeDiffers).unwrap();
    assert_eq!(finding.subject.as_deref(), Some(vector.as_str()));
    assert_ne!(finding.expected, finding.found);
    assert_eq!(report.verdict, Verdict::Disagreement);
}

#[test]
fn a_key_that_is_not_stored_contradicts_the_graph_and_the_count_stands() {
    let report = census(&[(&keys()[0], &[4, 3])]);
    assert_eq!(report.totals.all.parameters, 15);
    assert_eq!(severity(&report, Code::KeyMissing), Some(Severity::Error));
    assert_eq!(report.verdict, Verdict::Disagreement);
}

#[test]
fn a_tensor_without_a_variable_is_noted_and_not_counted() {
    let [matrix, vector] = &keys();
    let report = census(&[(matrix, &[4, 3]), (vector, &[3]), ("left/over", &[100])]);
    assert_eq!(report.totals.all.parameters, 15);
    assert_eq!(severity(&report, Code::CheckpointExtra), Some(Severity::Note));
    assert_eq!(report.verdict, Verdict::Unverified);
}

#[test]
fn without_a_checkpoint_the_declared_weights_are_counted_and_contradicted() {
    let report = census(&[]);
    assert_eq!(report.totals.all.parameters, 15);
    assert_eq!(severity(&report, Code::CheckpointMissing), Some(Severity::Error));
    assert_eq!(report.verdict, Verdict::Disagreement);
}
