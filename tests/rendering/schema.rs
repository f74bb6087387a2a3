//! JSON reports against `docs/report.schema.json`, and against the promises that a schema cannot
//! express: the order of keys, the tree's depth, sums.
//!
//! The validator below knows the keywords that the schema uses and refuses any other.

use serde_json::{Map, Value};
use tfcensus::model::Report;
use tfcensus::render::{Format, View};

use crate::build;
use crate::golden::show;

fn schema() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/report.schema.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn json(report: &Report) -> Value {
    serde_json::from_str(&show(report, Format::Json, &View::default())).unwrap()
}

/// What is wrong with `value`, with the place of each fault.
fn faults(schema: &Value, rule: &Value, value: &Value, place: &str, out: &mut Vec<String>) {
    let rule = rule.as_object().unwrap();
    for (keyword, given) in rule {
        let wrong = match keyword.as_str() {
            "$schema" | "$defs" | "title" | "description" => false,
            "$ref" => {
                let pointer = given.as_str().unwrap().strip_prefix('#').unwrap();
                faults(schema, schema.pointer(pointer).unwrap(), value, place, out);
                false
            }
            "type" => {
                let is = |name: &Value| match name.as_str().unwrap() {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "boolean" => value.is_boolean(),
                    "null" => value.is_null(),
                    "integer" => value.is_u64() || value.is_i64(),
                    "number" => value.is_number(),
                    other => panic!("unknown type {other}"),
                };
                !given.as_array().map_or_else(|| is(given), |names| names.iter().any(is))
            }
            "const" => value != given,
            "enum" => !given.as_array().unwrap().contains(value),
            "minimum" => value.as_u64().is_none_or(|n| n < given.as_u64().unwrap()),
            "anyOf" => !given.as_array().unwrap().iter().any(|rule| {
                let mut inner = Vec::new();
                faults(schema, rule, value, place, &mut inner);
                inner.is_empty()
            }),
            "required" => {
                let empty = Map::new();
                let object = value.as_object().unwrap_or(&empty);
                given.as_array().unwrap().iter().any(|k| !object.contains_key(k.as_str().unwrap()))
            }
            "properties" => {
                for (key, inner) in value.as_object().into_iter().flatten() {
                    match given.get(key) {
                        Some(rule) => faults(schema, rule, inner, &format!("{place}/{key}"), out),
                        None => out.push(format!("{place}/{key} is not described")),
                    }
                }
                false
            }
            "additionalProperties" => {
                for (key, inner) in value.as_object().into_iter().flatten() {
                    faults(schema, given, inner, &format!("{place}/{key}"), out);
                }
                false
            }
            "items" => {
                for (i, inner) in value.as_array().into_iter().flatten().enumerate() {
                    faults(schema, given, inner, &format!("{place}/{i}"), out);
                }
                false
            }
            other => panic!("the validator does not know {other}"),
        };
        if wrong {
            out.push(format!("{place} fails {keyword} {given}"));
        }
    }
}

/// What is wrong with a report.
pub fn validate(value: &Value) -> Vec<String> {
    let schema = schema();
    let mut out = Vec::new();
    faults(&schema, &schema, value, "", &mut out);
    out
}

#[test]
fn every_report_is_as_the_schema_says() {
    let reports = [
        build::transfer(),
        build::flat(30),
        build::nested(4, 2),
        build::hostile(),
        build::unverified(),
        build::frozen_graph(),
    ];
    for report in reports {
        assert_eq!(validate(&json(&report)), Vec::<String>::new());
    }
}

#[test]
fn the_schema_refuses_what_is_not_a_report() {
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
    let mut bad = good.clone();
    bad.as_object_mut().unwrap().remove("witnesses");
    assert!(!validate(&bad).is_empty());
}

#[test]
fn keys_stand_in_the_promised_order() {
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
        "parameters trainable non_trainable undetermined bytes trainable_bytes variables by_dtype",
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
