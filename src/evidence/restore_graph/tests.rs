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
    let mut got: Vec<_> = follow_restore(&decode_graph(bytes), restore_op, "p:0")
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
    assert_eq!(follow_restore(&graph, "nope", "").missing_op, Some("nope"));
    assert_eq!(follow_restore(&graph, "", "").missing_op, None);
}

/// The saver, with these nodes more and without those whose text holds `left_out`.
fn changed(left_out: &str, more: Vec<Message>) -> Vec<Message> {
    let holds = |n: &Message| n.0.windows(left_out.len()).any(|w| w == left_out.as_bytes());
    let mut nodes = saver();
    nodes.retain(|n| left_out.is_empty() || !holds(n));
    nodes.extend(more);
    nodes
}

/// Why a load need not end with the value of `a`, whose init op is `init`.
fn doubt_of(nodes: &[Message], functions: &[Message]) -> Option<Doubt> {
    let init = text(1, "saved_model_main_op").with(bytes(2, bytes(1, text(1, "init"))));
    let meta_graph = bytes(2, graph_def(nodes, functions))
        .with(bytes(3, text(1, "p:0").with(text(3, "all"))))
        .with(bytes(4, init));
    let meta = MetaGraph::decode(&meta_graph.0).unwrap();
    let graph = meta.graph().unwrap();
    let restore = read(&meta, &graph, &[], true).unwrap();
    let a = graph.find("a");
    let mut of_a = restore.restored.iter().filter(|r| r.variable == a);
    let doubt = of_a.next().expect("a is restored").doubt;
    assert!(of_a.all(|r| r.doubt == doubt));
    doubt
}

fn assigns(name: &str, variable: &str, value: &str) -> Message {
    node(name, "AssignVariableOp", &[variable, value], &[])
}

fn call(name: &str, function: &str, inputs: &[&str]) -> Message {
    node(name, "StatefulPartitionedCall", inputs, &[("f", calls(function))])
}

#[test]
fn a_plain_restore_proves_what_a_load_ends_with() {
    assert_eq!(doubt_of(&saver(), &[]), None);
    // Neither does an init op cast doubt that only reads the variable, or writes another.
    let more = vec![
        node("c", "VarHandleOp", &[], &[]),
        node("read", "ReadVariableOp", &["a"], &[]),
        assigns("init", "c", "read"),
    ];
    assert_eq!(doubt_of(&changed("", more), &[]), None);
}

#[test]
fn a_restore_from_elsewhere_or_of_another_value_proves_nothing() {
    let other = node("r", "RestoreV2", &["q", "names", "slices"], &[("dtypes", floats(2))]);
    let other = changed("RestoreV2", vec![other, node("q", "Const", &[], &[])]);
    assert_eq!(doubt_of(&other, &[]), Some(Doubt::OtherFile));
    for op in ["Reshape", "Cast"] {
        let way = changed("Identity", vec![node("id", op, &["r", "p"], &[])]);
        assert_eq!(doubt_of(&way, &[]), Some(Doubt::Changed), "{op}");
    }
}

#[test]
fn a_restore_under_a_condition_proves_nothing() {
    let more = vec![
        node("switch", "Switch", &["p", "p"], &[]),
        node("all", "NoOp", &["^as_a", "^as_b", "^switch"], &[]),
    ];
    let nodes = [changed("all", more)].concat();
    assert_eq!(doubt_of(&nodes, &[]), Some(Doubt::Conditional));
}

#[test]
fn a_second_write_leaves_the_end_open() {
    let again = Some(Doubt::WrittenAgain);
    let value = || node("value", "Const", &[], &[]);
    // By the init op.
    let nodes = changed("", vec![value(), assigns("init", "a", "value")]);
    assert_eq!(doubt_of(&nodes, &[]), again);
    // Through a second handle to the same resource.
    let twin = node("twin", "VarHandleOp", &[], &[("shared_name", text(2, "a"))]);
    let nodes = changed("", vec![twin, value(), assigns("init", "twin", "value")]);
    assert_eq!(doubt_of(&nodes, &[]), again);
    // By the restore op itself.
    let both = node("all", "NoOp", &["^as_a", "^as_b", "^more"], &[]);
    let nodes = changed("all", vec![value(), assigns("more", "a", "value"), both]);
    assert_eq!(doubt_of(&nodes, &[]), again);
    // By a custom op that takes the handle.
    let nodes = changed("", vec![node("init", "Custom>Op", &["a"], &[])]);
    assert_eq!(doubt_of(&nodes, &[]), again);
}

#[test]
fn a_write_in_a_function_is_seen() {
    let again = Some(Doubt::WrittenAgain);
    let body = [node("value", "Const", &[], &[]), assigns("write", "v", "value:output:0")];
    let writes = || function("writes", &["v"], &body);
    let outer = function("outer", &["v"], &[call("inner", "writes", &["v"])]);
    let nodes = changed("", vec![call("init", "outer", &["a"])]);
    assert_eq!(doubt_of(&nodes, &[outer, writes()]), again);
    // The second call of a function passes another variable.
    let more = vec![
        node("c", "VarHandleOp", &[], &[]),
        call("one", "writes", &["c"]),
        call("two", "writes", &["a"]),
        node("init", "NoOp", &["^one", "^two"], &[]),
    ];
    assert_eq!(doubt_of(&changed("", more), &[writes()]), again);
    // A handle of the function's own, to the same resource.
    let own = [
        node("own", "VarHandleOp", &[], &[("shared_name", text(2, "a"))]),
        node("value", "Const", &[], &[]),
        assigns("write", "own:resource:0", "value:output:0"),
    ];
    let nodes = changed("", vec![call("init", "owns", &[])]);
    assert_eq!(doubt_of(&nodes, &[function("owns", &[], &own)]), again);
    // A handle that a function hands back.
    let back = function("back", &["v"], &[node("id", "Identity", &["v"], &[])]);
    let more = vec![call("handle", "back", &["a"]), assigns("init", "handle", "p")];
    assert_eq!(doubt_of(&changed("", more), &[back]), again);
}

#[test]
fn names_the_handles_that_no_variable_op_stands_for() {
    let own = |shared: &str| {
        let handle = node("own", "VarHandleOp", &[], &[("shared_name", text(2, shared))]);
        function("owns", &[], &[handle])
    };
    let nodes = changed(
        "all",
        vec![call("call", "owns", &[]), node("all", "NoOp", &["^as_a", "^as_b", "^call"], &[])],
    );
    for (shared, expected) in [("hidden", vec![("owns", "own")]), ("a", vec![])] {
        let meta_graph = bytes(2, graph_def(&nodes, &[own(shared)]))
            .with(bytes(3, text(1, "p:0").with(text(3, "all"))));
        let meta = MetaGraph::decode(&meta_graph.0).unwrap();
        let graph = meta.graph().unwrap();
        assert_eq!(read(&meta, &graph, &[], true).unwrap().not_in_main_graph, expected);
    }
}
