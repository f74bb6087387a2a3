//! JSON reports follow `docs/report.schema.json`, and the promises that a schema cannot express: the
//! order of keys, the tree's depth, sums.

use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::Value;
use tfcensus::model::Report;
use tfcensus::render::{Format, View};

use crate::build;
use crate::common::project;
use crate::golden::show;

/// The schema, which allows no key that it does not describe.
static SCHEMA: LazyLock<Validator> = LazyLock::new(|| {
    let text = std::fs::read_to_string(project("docs/report.schema.json")).unwrap();
    let mut schema = serde_json::from_str(&text).unwrap();
    close(&mut schema);
    jsonschema::draft202012::new(&schema).unwrap()
});

/// Forbids undescribed keys in every described object. The published schema allows them, so that later
/// versions may add keys; here such a key is missing from the schema.
fn close(rule: &mut Value) {
    if let Some(object) = rule.as_object_mut()
        && object.get("properties").is_some_and(Value::is_object)
        && object.contains_key("type")
    {
        object.entry("additionalProperties").or_insert(false.into());
    }
    match rule {
        Value::Object(object) => object.values_mut().for_each(close),
        Value::Array(rules) => rules.iter_mut().for_each(close),
        _ => {}
    }
}

fn json(report: &Report) -> Value {
    serde_json::from_str(&show(report, Format::Json, &View::default())).unwrap()
}

/// The faults of a report.
pub fn validate(value: &Value) -> Vec<String> {
    SCHEMA.iter_errors(value).map(|fault| format!("{}: {fault}", fault.instance_path())).collect()
}

#[test]
fn every_report_follows_the_schema() {
    let reports = [
        build::transfer(),
        build::flat(30),
        build::nested(4, 2),
        build::hostile(),
        build::unverified(),
        build::frozen_graph(),
        build::no_traces(),
    ];
    for report in reports {
        assert_eq!(validate(&json(&report)), Vec::<String>::new());
    }
}

#[test]
fn the_schema_refuses_invalid_reports() {
    let good = json(&build::transfer());
    let spoil = |pointer: &str, with: Value| {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap() = with;
        validate(&bad)
    };
    assert!(!spoil("/schema_version", 2.into()).is_empty());
    assert!(!spoil("/verdict", "fine".into()).is_empty());
    assert!(!spoil("/totals/parameters", "many".into()).is_empty());
    assert!(!spoil("/variables/0/shape/0", (-1).into()).is_empty());
    assert!(!spoil("/groups/children/0/children", Value::Null).is_empty());
    let mut unknown = good.clone();
    unknown["totals"]["undescribed"] = 1.into();
    assert!(!validate(&unknown).is_empty());
    let mut bad = good.clone();
    bad.as_object_mut().unwrap().remove("witnesses");
    assert!(!validate(&bad).is_empty());
}

#[test]
fn keys_have_the_promised_order() {
    let value = json(&build::transfer());
    let keys = |pointer: &str| -> Vec<String> {
        value.pointer(pointer).unwrap().as_object().unwrap().keys().cloned().collect()
    };
    let starts = |pointer: &str, promised: &str| {
        let promised: Vec<&str> = promised.split(' ').collect();
        assert_eq!(keys(pointer)[..promised.len()], promised, "{pointer}");
    };
    starts(
        "",
        "schema_version tfcensus_version model totals not_counted constants variables groups \
         witnesses runtime findings verdict",
    );
    starts("/model", "source path format tensorflow_version object_graph keras meta_graphs");
    starts(
        "/totals",
        "parameters trainable trainable_is non_trainable undetermined bytes trainable_bytes variables \
         by_dtype",
    );
    starts("/not_counted/0", "role variables parameters bytes");
    starts(
        "/variables/0",
        "name checkpoint_key dtype shape parameters bytes trainable frozen role paths groups shared",
    );
    starts("/groups", "id name class kind parameters trainable bytes own_parameters shared");
    starts("/witnesses/0", "name status variables parameters bytes detail");
    starts("/runtime", "mode tensorflow_version library seconds peak_bytes");
    starts("/findings/0", "code severity subject message expected found");
}

#[test]
fn integers_are_exact_up_to_64_bits() {
    let mut report = build::transfer();
    report.totals.all.parameters = u64::MAX;
    let text = show(&report, Format::Json, &View::default());
    assert!(text.contains("\"parameters\": 18446744073709551615"));
}

#[test]
fn a_tree_of_sixty_levels_can_be_read_back() {
    let value = json(&build::chain(60));
    let mut depth = 0;
    let mut at = &value["groups"];
    while let Some(child) = at["children"].get(0) {
        at = child;
        depth += 1;
    }
    assert_eq!((depth, at["name"].as_str()), (60, Some("leaf")));
}

#[test]
fn variables_add_up_to_the_totals() {
    let value = json(&build::transfer());
    let sum = |key: &str| -> u64 {
        value["variables"].as_array().unwrap().iter().map(|v| v[key].as_u64().unwrap()).sum()
    };
    assert_eq!(value["totals"]["parameters"], sum("parameters"));
    assert_eq!(value["totals"]["bytes"], sum("bytes"));
    assert_eq!(value["groups"]["parameters"], sum("parameters"));
}
