//! The selection of listed variables.

use tfcensus::model::{Certainty, Report};
use tfcensus::select::{Filter, Sort, select};

use crate::build;

fn names(report: &Report, filter: &Filter, sort: Sort) -> Vec<String> {
    let selection = select(report, filter, sort);
    selection.ids.iter().map(|id| report.variables[id.0].name.clone()).collect()
}

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|word| word.to_string()).collect()
}

#[test]
fn patterns_match_names_and_paths_across_slashes() {
    let report = build::transfer();
    let chosen = |include: &[&str], exclude: &[&str]| {
        let filter = Filter::default().include(&words(include)).unwrap();
        names(&report, &filter.exclude(&words(exclude)).unwrap(), Sort::Model).len()
    };
    // The base has five variables; two of them are moving averages.
    assert_eq!(chosen(&["transfer/mobilenetv2*"], &[]), 5);
    assert_eq!(chosen(&["transfer/mobilenetv2*"], &["*moving_*"]), 3);
    assert_eq!(chosen(&["*/{kernel,bias}:0"], &[]), 3);
    assert_eq!(chosen(&[], &["*"]), 0);
}

#[test]
fn filters_select_by_trainability_and_type() {
    let report = build::transfer();
    let trainable = Filter::default().trainable(true);
    let selection = select(&report, &trainable, Sort::Model);
    assert_eq!(selection.totals.all, report.totals.trainable);
    let int8 = Filter::default().dtypes(&words(&["int8"])).unwrap();
    assert_eq!(names(&report, &int8, Sort::Model), Vec::<String>::new());
}

#[test]
fn what_may_be_trainable_is_selected_as_an_upper_bound() {
    let report = build::no_traces();
    let selected = |filter: Filter| {
        let selection = select(&report, &filter, Sort::Model);
        (selection.totals.all.parameters, selection.certainty)
    };
    let scale = words(&["module/scale/*"]);
    assert_eq!(selected(Filter::default().trainable(true)), (37, Certainty::AtMost));
    let only_scale = Filter::default().trainable(true).include(&scale).unwrap();
    assert_eq!(selected(only_scale), (3, Certainty::Exact));
    assert_eq!(selected(Filter::default().exclude(&scale).unwrap()), (38, Certainty::Exact));
}

#[test]
fn sorts_largest_first_and_by_name() {
    let report = build::transfer();
    let all = Filter::default();
    assert_eq!(names(&report, &all, Sort::Parameters)[0], "embedding/embeddings:0");
    assert_eq!(names(&report, &all, Sort::Name)[0], "Conv1/kernel:0");
    assert_eq!(names(&report, &all, Sort::Model).len(), report.variables.len());
}

#[test]
fn refuses_invalid_patterns_and_types() {
    assert!(Filter::default().include(&words(&["[a"])).is_err());
    assert!(Filter::default().dtypes(&words(&["float31"])).is_err());
}
