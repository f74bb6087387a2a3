//! Models that would have something run without an initialiser that says so. Each really writes a file
//! where it is loaded without any wall.

use std::os::unix::ffi::OsStrExt;

use super::model::{Model, call};
use super::walls::without_walls;
use super::{Census, FIXTURE, count};
use crate::common;
use crate::common::Run;
use crate::common::protobuf::{Message, bytes, text, varint};
use crate::common::saved_model::{
    FLOAT, calls, float_const, function, node, shape_attr, string_scalar, type_attr,
};

/// What a hostile model adds to the intact one.
#[derive(Default)]
struct Added {
    nodes: Vec<Message>,
    functions: Vec<Message>,
    init: Option<&'static str>,
}

/// A node that writes the file, with the path and the text that it writes.
fn writer(path: &[u8]) -> Vec<Message> {
    vec![
        string_scalar("evil_path", path),
        string_scalar("evil_text", b"written by the model"),
        node("evil_write", "WriteFile", &["evil_path", "evil_text"], &[]),
    ]
}

/// The function `evil`, which writes the file.
fn writing_function(path: &[u8]) -> Message {
    let nodes = [
        string_scalar("path", path),
        string_scalar("text", b"written by the model"),
        node("write", "WriteFile", &["path:output:0", "text:output:0"], &[]),
    ];
    // A node that nothing asks for is left out, unless it is a control output.
    let signature = bytes(1, bytes(20, "done"));
    function("evil", &[], &nodes)
        .with(signature)
        .with(bytes(6, text(1, "done").with(text(2, "write"))))
}

fn handle(name: &str, inputs: &[&str]) -> Message {
    let attrs =
        [("dtype", type_attr(FLOAT)), ("shape", shape_attr(&[2])), ("shared_name", text(2, name))];
    node(name, "VarHandleOp", inputs, &attrs)
}

fn read(name: &str, inputs: &[&str]) -> Message {
    node(name, "ReadVariableOp", inputs, &[("dtype", type_attr(FLOAT))])
}

/// Nodes that the census itself runs, when it asks for the variables.
fn on_a_read(path: &[u8]) -> Added {
    let mut nodes = writer(path);
    nodes.extend([handle("evil_v", &[]), read("evil_read", &["evil_v", "^evil_write"])]);
    Added { nodes, ..Added::default() }
}

fn on_a_handle(path: &[u8]) -> Added {
    let mut nodes = writer(path);
    nodes.push(handle("evil_v", &["^evil_write"]));
    Added { nodes, ..Added::default() }
}

fn on_a_reference_variable(path: &[u8]) -> Added {
    let attrs = [("dtype", type_attr(FLOAT)), ("shape", shape_attr(&[2]))];
    let mut nodes = writer(path);
    nodes.push(node("evil_v", "VariableV2", &["^evil_write"], &attrs));
    Added { nodes, ..Added::default() }
}

/// An initialiser that calls `calm`, which leads to `evil` in some way.
fn behind(calm: Message, path: &[u8]) -> Added {
    let nodes = vec![call("evil_call", "calm"), node("evil_init", "NoOp", &["^evil_call"], &[])];
    Added { nodes, functions: vec![calm, writing_function(path)], init: Some("evil_init") }
}

/// The function `calm`, which calls the function that its attribute `g` names.
fn calling_its_attribute() -> Message {
    let none = || bytes(1, []);
    let attrs = [("f", text(9, "g")), ("Tin", none()), ("Tout", none())];
    let node = node("c", "StatefulPartitionedCall", &[], &attrs);
    function("calm", &[], &[node])
        .with(bytes(1, bytes(20, "done")))
        .with(bytes(6, text(1, "done").with(text(2, "c"))))
}

fn by_an_attribute_default(path: &[u8]) -> Added {
    let default = text(1, "g").with(text(2, "func")).with(bytes(3, calls("evil")));
    behind(calling_its_attribute().with(bytes(1, bytes(4, default))), path)
}

fn by_an_attribute_handed_on(path: &[u8]) -> Added {
    let attr = text(1, "g").with(text(2, "func"));
    let calm = calling_its_attribute().with(bytes(1, bytes(4, attr)));
    let handed = text(1, "g").with(bytes(2, calls("evil")));
    let none = || bytes(1, []);
    let callee = bytes(10, text(1, "calm").with(bytes(2, handed)));
    let attrs = [("f", callee), ("Tin", none()), ("Tout", none())];
    let nodes = vec![
        node("evil_call", "StatefulPartitionedCall", &[], &attrs),
        node("evil_init", "NoOp", &["^evil_call"], &[]),
    ];
    Added { nodes, functions: vec![calm, writing_function(path)], init: Some("evil_init") }
}

fn by_a_branch(path: &[u8]) -> Added {
    let none = || bytes(1, []);
    let attrs = [
        ("then_branch", calls("evil")),
        ("else_branch", calls("evil")),
        ("Tcond", type_attr(3)),
        ("Tin", none()),
        ("Tout", none()),
        ("output_shapes", none()),
    ];
    let nodes = vec![
        int_const("evil_cond", 1),
        node("evil_if", "If", &["evil_cond"], &attrs),
        node("evil_init", "NoOp", &["^evil_if"], &[]),
    ];
    Added { nodes, functions: vec![writing_function(path)], init: Some("evil_init") }
}

fn by_a_list_of_branches(path: &[u8]) -> Added {
    let index = int_const("index", 0);
    let branches = bytes(1, bytes(9, text(1, "evil")).with(bytes(9, text(1, "evil"))));
    let none = || bytes(1, []);
    let attrs =
        [("branches", branches), ("Tin", none()), ("Tout", none()), ("output_shapes", none())];
    let nodes = vec![
        index,
        node("evil_case", "Case", &["index"], &attrs),
        node("evil_init", "NoOp", &["^evil_case"], &[]),
    ];
    Added { nodes, functions: vec![writing_function(path)], init: Some("evil_init") }
}

/// A constant int32.
fn int_const(name: &str, value: u64) -> Message {
    const INT32: u64 = 3;
    let tensor = varint(1, INT32).with(bytes(2, [])).with(varint(7, value));
    node(name, "Const", &[], &[("dtype", type_attr(INT32)), ("value", bytes(8, tensor))])
}

/// Run while the graph is imported: the shape of the last node depends on the value of the first.
fn by_folding(path: &[u8]) -> Added {
    let url = [b"file://", path].concat();
    let urls = bytes(1, bytes(2, url));
    let attrs = [("T", type_attr(3)), ("debug_urls", urls), ("tensor_name", text(2, "evil:0"))];
    let nodes = vec![
        int_const("evil_dim", 2),
        node("evil_dims", "Pack", &["evil_dim"], &[("T", type_attr(3)), ("N", varint(3, 1))]),
        node("evil_debug", "DebugIdentity", &["evil_dims"], &attrs),
        float_const("evil_value", &[], &1f32.to_le_bytes()),
        node(
            "evil_fill",
            "Fill",
            &["evil_debug", "evil_value"],
            &[("T", type_attr(FLOAT)), ("index_type", type_attr(3))],
        ),
    ];
    Added { nodes, ..Added::default() }
}

type Attack = fn(&[u8]) -> Added;

const ATTACKS: [(&str, Attack); 8] = [
    ("a control input of a read", on_a_read),
    ("a control input of a handle that nothing restores", on_a_handle),
    ("a control input of a reference variable", on_a_reference_variable),
    ("the default of a function's attribute", by_an_attribute_default),
    ("an attribute that is handed on", by_an_attribute_handed_on),
    ("a branch", by_a_branch),
    ("a list of branches", by_a_list_of_branches),
    ("a constant that is folded", by_folding),
];

/// The intact model with this attack, which would write the file `written` beside it.
fn attacked(attack: Attack) -> Model {
    let model = Model::of(FIXTURE.0);
    let added = attack(model.beside("written").as_os_str().as_bytes());
    model.add(&added.nodes, &added.functions, added.init)
}

#[test]
fn a_model_that_has_something_run_in_passing_is_not_loaded() {
    for (what, attack) in ATTACKS {
        let model = attacked(attack);
        let auto = count(&model.path(), &[]);
        assert!(auto.finding("unsafe-ops").is_some(), "{what}: {}", auto.report["findings"]);
        assert_eq!(auto.report["runtime"]["mode"], "variables", "{what}");
        assert_eq!(auto.report["totals"]["parameters"], FIXTURE.1, "{what}");
        let load = count(&model.path(), &["--runtime", "load"]);
        assert!(load.stderr.contains("--allow-unsafe-ops"), "{what}: {}", load.stderr);
        assert!(!model.beside("written").exists(), "{what}");
    }
}

/// Without it the test above would hold for attacks that do nothing.
#[test]
#[cfg(target_os = "linux")]
fn each_of_them_writes_a_file_where_no_wall_stands() {
    for (what, attack) in ATTACKS {
        let model = attacked(attack);
        let mut command =
            common::count(&model.path(), &["--runtime", "load", "--allow-unsafe-ops"]);
        without_walls(&mut command);
        let census: Census = command.run().into();
        assert!(model.beside("written").exists(), "{what}: {}", census.stderr);
    }
}

/// Every node of this model does harm, or keeps TensorFlow from importing the graph.
#[test]
fn a_session_over_the_variables_runs_no_node_of_the_model() {
    let model = Model::of(FIXTURE.0);
    let path = model.beside("written");
    let mut nodes = writer(path.as_os_str().as_bytes());
    nodes.extend([
        handle("evil_v", &["^evil_write", "^evil_abort"]),
        read("evil_read", &["evil_v", "^evil_write"]),
        node("evil_abort", "Abort", &[], &[]),
        node("evil_unknown", "NoSuchOpAnywhere", &[], &[]),
        float_const("evil_bomb", &[1 << 40, 1 << 40], &[]),
        node("evil_init", "NoOp", &["^evil_write", "^evil_abort", "^evil_unknown"], &[]),
    ]);
    let model = model.add(&nodes, &[], Some("evil_init"));
    for options in [&["--runtime", "variables"][..], &["--runtime", "variables", "--stats"]] {
        let mut command = common::count(&model.path(), options);
        // No other wall helps.
        #[cfg(target_os = "linux")]
        without_walls(&mut command);
        Census::from(command.run()).is_verified("variables");
        assert!(!path.exists());
    }
}
