//! Models whose own load ends with something else than what the checkpoint stores, or with more than
//! they declare: none of them is called verified.

use super::model::{Model, call};
use super::{Census, FIXTURE, count};
use crate::common::protobuf::{Message, bytes, text};
use crate::common::saved_model::{
    FLOAT, float_const, function, node, shape_attr, string_scalar, type_attr,
};

/// The handle of a float variable.
fn handle(name: &str, shared_name: &str, dims: &[u64]) -> Message {
    let attrs = [
        ("dtype", type_attr(FLOAT)),
        ("shape", shape_attr(dims)),
        ("shared_name", text(2, shared_name)),
    ];
    node(name, "VarHandleOp", &[], &attrs)
}

fn assign(name: &str, handle: &str, value: &str, control: &[&str]) -> Message {
    let inputs = [&[handle, value], control].concat();
    node(name, "AssignVariableOp", &inputs, &[("dtype", type_attr(FLOAT))])
}

/// A constant vector of this many zeros.
fn zeros(name: &str, len: usize) -> Message {
    float_const(name, &[len as u64], &vec![0; 4 * len])
}

/// Counted, and not confirmed, with this finding; nothing contradicts the model.
fn is_open(census: &Census, code: &str, subject: &str) {
    census.is_unconfirmed();
    let finding = census.finding(code).unwrap_or_else(|| panic!("{}", census.report["findings"]));
    assert_eq!(finding["subject"], subject);
    assert_eq!(finding["severity"], "warning");
}

/// Assigns three other values to `bias`, which the checkpoint fills, when the model is loaded.
fn assigned_by_init() -> Model {
    let nodes = [zeros("value", 3), assign("init", "bias", "value", &[])];
    Model::of(FIXTURE.0).add(&nodes, &[], Some("init"))
}

#[test]
fn what_the_init_op_assigns_again_is_confirmed_by_a_full_load_alone() {
    let model = assigned_by_init();
    count(&model.path(), &[]).is_verified("load");
    is_open(&count(&model.path(), &["--runtime", "variables"]), "not-confirmed", "bias");
}

#[test]
fn what_cannot_be_loaded_and_is_assigned_again_is_not_confirmed() {
    let model = Model::of(FIXTURE.0);
    let written = model.beside("written");
    let nodes = [
        string_scalar("path", written.as_os_str().as_encoded_bytes()),
        string_scalar("text", b"written by the model"),
        node("write", "WriteFile", &["path", "text"], &[]),
        // Another handle to the same variable, of which no shape is declared.
        node(
            "twin",
            "VarHandleOp",
            &[],
            &[
                ("dtype", type_attr(FLOAT)),
                ("shape", bytes(7, [0x18, 0x01])),
                ("shared_name", text(2, "table")),
            ],
        ),
        zeros("zeros", 100),
        // What this gives, only a session could tell.
        node("value", "Neg", &["zeros"], &[("T", type_attr(FLOAT))]),
        assign("init", "twin", "value", &["^write"]),
    ];
    let model = model.add(&nodes, &[], Some("init"));
    let census = count(&model.path(), &[]);
    is_open(&census, "not-confirmed", "table");
    assert_eq!(census.report["runtime"]["mode"], "variables");
    assert!(!written.exists());
}

/// Without a session, too: the files say what a load ends with, and it is not what is stored.
#[test]
fn an_init_op_that_assigns_another_shape_contradicts_the_checkpoint() {
    let nodes = [zeros("value", 100), assign("init", "table", "value", &[])];
    let model = Model::of(FIXTURE.0).add(&nodes, &[], Some("init"));
    let census = count(&model.path(), &["--runtime", "off"]);
    assert_eq!(census.code, Some(1), "{}", census.stderr);
    let finding = census.finding("shape-differs").unwrap();
    assert_eq!(finding["subject"], "table");
    assert_eq!((&finding["expected"], &finding["found"]), (&"[5, 3]".into(), &"[100]".into()));
}

/// The sentence itself: a session that holds a value which the report leaves out, and which belongs to
/// nobody by name, verifies nothing.
#[test]
fn a_loaded_variable_without_an_owner_keeps_a_model_from_being_verified() {
    let nodes =
        [handle("extra", "extra", &[7]), zeros("value", 7), assign("init", "extra", "value", &[])];
    let model = Model::of(FIXTURE.0).add(&nodes, &[], Some("init"));
    is_open(&count(&model.path(), &[]), "runtime-variables", "extra");
    is_open(&count(&model.path(), &["--runtime", "load"]), "runtime-variables", "extra");
}

#[test]
fn a_variable_that_only_a_function_names_keeps_a_model_from_being_verified() {
    let body = [
        handle("own", "hidden", &[1000]),
        zeros("value", 1000),
        assign("write", "own:resource:0", "value:output:0", &[]),
    ];
    let fills = function("fills", &[], &body);
    let nodes = [call("fill", "fills"), node("init", "NoOp", &["^fill"], &[])];
    let model = Model::of(FIXTURE.0).add(&nodes, &[fills], Some("init"));
    for mode in ["auto", "load", "variables"] {
        let census = count(&model.path(), &["--runtime", mode]);
        is_open(&census, "runtime-variables", "own");
    }
}
