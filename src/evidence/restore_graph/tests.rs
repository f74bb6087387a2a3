use super::*;
use crate::saved_model::OpId;
use crate::testkit::decode_graph;
use crate::testkit::protobuf::{Message, bytes, text, varint};
use crate::testkit::saved_model::{calls, function, graph_def, node};

fn strings(values: &[&str]) -> Message {
    let mut tensor = varint(1, 7);
    for value in values {
        tensor = tensor.with(text(8, value));
    }
    bytes(8, &tensor.0)
}

fn floats(count: usize) -> Message {
    let mut list = Message::default();
    for _ in 0..count {
        list = list.with(varint(6, 1));
    }
    bytes(1, &list.0)
}

/// A TF1 saver: variable `a` is restored from the first key, `b` from a slice of the second.
fn saver() -> Vec<Message> {
    vec![
        node("a", "VarHandleOp", &[], &[]),
        node("b", "VariableV2", &[], &[]),
        node("names", "Const", &[], &[("value", strings(&["k1", "k2"]))]),
        node("slices", "Const", &[], &[("value", strings(&["", "4 0,2"]))]),
        node("r", "RestoreV2", &["p", "names", "slices"], &[("dtypes", floats(2))]),
        node("id", "Identity", &["r"], &[]),
        node("as_a", "AssignVariableOp", &["a", "id"], &[]),
        node("as_b", "Assign", &["b", "r:1"], &[]),
        node("all", "NoOp", &["^as_a", "^as_b"], &[]),
        node("p", "Const", &[], &[]),
    ]
}

fn restored(bytes: &[u8], restore_op: &'static str) -> Vec<(String, String, Option<u32>)> {
    let text = |b: &[u8]| String::from_utf8(b.to_vec()).unwrap();
    let mut got: Vec<_> = read(&decode_graph(bytes), restore_op)
        .restored
        .iter()
        .map(|r| (text(r.key), text(r.slice), r.variable.map(OpId::index)))
        .collect();
    got.sort();
    got
}

fn both() -> [(String, String, Option<u32>); 2] {
    [("k1".to_owned(), String::new(), Some(0)), ("k2".to_owned(), "4 0,2".to_owned(), Some(1))]
}

#[test]
fn follows_a_tf1_saver_with_and_without_identity() {
    assert_eq!(restored(&graph_def(&saver(), &[]), "all"), both());
}

#[test]
fn follows_arguments_through_a_tf2_function() {
    let inner = function(
        "restore",
        &["prefix", "table", "var_a", "var_b"],
        &[
            node("names", "Const", &[], &[("value", strings(&["k1", "k2"]))]),
            node("slices", "Const", &[], &[("value", strings(&["", "4 0,2"]))]),
            node(
                "r",
                "RestoreV2",
                &["prefix", "names:output:0", "slices:output:0"],
                &[("dtypes", floats(2))],
            ),
            node("id", "Identity", &["r:tensors:0"], &[]),
            node("as_a", "AssignVariableOp", &["var_a", "id:output:0"], &[]),
            node("as_b", "AssignVariableOp", &["var_b", "r:tensors:1"], &[]),
        ],
    );
    let nodes = [
        node("a", "VarHandleOp", &[], &[]),
        node("b", "VarHandleOp", &[], &[]),
        node("p", "Placeholder", &[], &[]),
        node("t", "HashTableV2", &[], &[]),
        node(
            "call",
            "StatefulPartitionedCall",
            &["p", "t", "a", "b", "^t"],
            &[("f", calls("restore"))],
        ),
    ];
    assert_eq!(restored(&graph_def(&nodes, &[inner]), "call"), both());
}

#[test]
fn a_function_that_calls_itself_ends_the_walk() {
    let again = node("again", "PartitionedCall", &[], &[("f", calls("f"))]);
    let nodes = [node("call", "PartitionedCall", &[], &[("f", calls("f"))])];
    let bytes = graph_def(&nodes, &[function("f", &[], &[again])]);
    assert_eq!(restored(&bytes, "call"), []);
}

#[test]
fn a_tensor_that_is_assigned_to_nothing_is_still_restored() {
    let mut nodes = saver();
    nodes.retain(|n| !n.0.windows(4).any(|w| w == b"as_a"));
    nodes.push(node("all", "NoOp", &["^as_b"], &[]));
    let got = restored(&graph_def(&nodes, &[]), "all");
    assert_eq!(got[0], ("k1".to_owned(), String::new(), None));
}

#[test]
fn reports_a_restore_op_that_does_not_exist() {
    let graph = Graph::default();
    assert_eq!(read(&graph, "nope").missing_op, Some("nope"));
    assert_eq!(read(&graph, "").missing_op, None);
}
