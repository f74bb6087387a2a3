use super::sum;
use crate::model::Constants;
use crate::saved_model::{Graph, Signature};
use crate::testkit::protobuf::{Message, bytes, text, varint};
use crate::testkit::saved_model::{calls, function, graph_def, node, shape, type_attr};

const FLOAT: u64 = 1;
const INT32: u64 = 3;
const INT8: u64 = 6;

/// A constant whose bytes are all `filled`.
fn constant(name: &str, dtype: u64, dims: &[u64], filled: u8) -> Message {
    let width = if dtype == INT8 { 1 } else { 4 };
    let contents = vec![filled; (dims.iter().product::<u64>() * width) as usize];
    let tensor = varint(1, dtype).with(bytes(2, shape(dims))).with(bytes(4, contents));
    node(name, "Const", &[], &[("dtype", type_attr(dtype)), ("value", bytes(8, tensor))])
}

fn call(name: &str, function: &str, inputs: &[&str]) -> Message {
    node(name, "PartitionedCall", inputs, &[("f", calls(function))])
}

fn cast(name: &str, input: &str, to: u64) -> Message {
    node(name, "Cast", &[input], &[("DstT", type_attr(to))])
}

/// A function of one argument that returns all that its nodes give.
fn returning_all(name: &str, nodes: &[(&str, Message)]) -> Message {
    let names = nodes.iter().map(|(name, _)| format!("{name}:output:0"));
    let returns =
        names.enumerate().map(|(at, from)| bytes(4, text(1, &at.to_string()).with(text(2, &from))));
    let written: Vec<Message> = nodes.iter().map(|(_, node)| node.clone()).collect();
    function(name, &["x"], &written).with(returns.collect())
}

/// A kernel of 16 * 8, filled with this, and a bias of 8 zeros: 136 parameters.
fn dense(name: &str, filled: u8) -> Message {
    returning_all(
        name,
        &[
            ("kernel", constant("kernel", FLOAT, &[16, 8], filled)),
            ("bias", constant("bias", FLOAT, &[8], 0)),
        ],
    )
}

/// Tensors and parameters of a graph whose signatures return these nodes.
fn counted(nodes: &[Message], functions: &[Message], outputs: &[&str]) -> (u64, u64) {
    let graph = graph_def(nodes, functions);
    let graph = Graph::decode(&crate::wire::Message::new(&graph)).unwrap();
    let signatures: Vec<Signature<'_>> =
        outputs.iter().map(|output| Signature { outputs: vec![output] }).collect();
    let Constants { tensors, parameters, .. } = sum(&graph, &signatures);
    (tensors, parameters)
}

#[test]
fn what_two_signatures_trace_counts_once() {
    let nodes = [call("a", "f_12", &[]), call("b", "g_34", &[])];
    assert_eq!(counted(&nodes, &[dense("f_12", 1), dense("g_34", 1)], &["a", "b"]), (2, 136));
    // Another kernel, but a bias that is the same: 2 * 128 + 8.
    assert_eq!(counted(&nodes, &[dense("f_12", 1), dense("g_34", 2)], &["a", "b"]), (3, 264));
}

#[test]
fn constants_of_one_function_are_never_copies() {
    let zeros = |name| (name, constant(name, FLOAT, &[8], 0));
    let f = returning_all("f_12", &[zeros("a"), zeros("b")]);
    let g = returning_all("g_34", &[zeros("a"), zeros("b"), zeros("c")]);
    let nodes = [call("a", "f_12", &[]), call("b", "g_34", &[])];
    assert_eq!(counted(&nodes, &[f, g], &["a", "b"]), (3, 24));
    let nodes = [constant("a", FLOAT, &[8], 0), constant("b", FLOAT, &[8], 0)];
    assert_eq!(counted(&nodes, &[dense("f_12", 1)], &["a", "b"]), (2, 16));
}

#[test]
fn two_traces_of_one_function_are_one_and_other_functions_add_up() {
    let outer = |first: &str, second: &str| {
        let nodes = [("one", call("one", first, &[])), ("two", call("two", second, &[]))];
        returning_all("outer_9", &nodes)
    };
    let nodes = [call("a", "outer_9", &[])];
    let count = |first: Message, second: Message, names: [&str; 2]| {
        counted(&nodes, &[outer(names[0], names[1]), first, second], &["a"])
    };
    assert_eq!(count(dense("f_12", 1), dense("f_34", 1), ["f_12", "f_34"]), (2, 136));
    assert_eq!(count(dense("f_12", 1), dense("f_34", 2), ["f_12", "f_34"]), (4, 272));
    assert_eq!(count(dense("f_12", 1), dense("g_34", 1), ["f_12", "g_34"]), (4, 272));
}

#[test]
fn an_inner_function_that_two_signatures_reach_counts_once() {
    let inner = dense("inner_1", 1);
    let one = returning_all("one_2", &[("c", call("c", "inner_1", &[]))]);
    let own = constant("own", FLOAT, &[3], 1);
    let two = returning_all("two_3", &[("c", call("c", "inner_1", &[])), ("own", own)]);
    let nodes = [call("a", "one_2", &[]), call("b", "two_3", &[])];
    assert_eq!(counted(&nodes, &[inner, one, two], &["a", "b"]), (3, 136 + 3));
}

#[test]
fn integers_that_become_floating_numbers_are_weights() {
    let of_type = |dtype: u64, to: u64| {
        let nodes = [
            constant("c", dtype, &[5, 7], 1),
            node("turned", "Transpose", &["c", "permutation"], &[]),
            cast("y", "turned", to),
        ];
        counted(&nodes, &[], &["y"])
    };
    assert_eq!(of_type(INT8, FLOAT), (1, 35));
    assert_eq!(of_type(INT8, INT32), (0, 0));
    assert_eq!(of_type(INT32, FLOAT), (0, 0), "as shapes and indices are");
    let scalar = [constant("c", INT8, &[], 1), cast("y", "c", FLOAT)];
    assert_eq!(counted(&scalar, &[], &["y"]), (0, 0));
    let quantized = [constant("c", INT8, &[4], 1), node("y", "QuantizedMatMul", &["x", "c"], &[])];
    assert_eq!(counted(&quantized, &[], &["y"]), (1, 4));
    let index = [constant("c", INT8, &[4], 1), node("y", "GatherV2", &["x", "c"], &[])];
    assert_eq!(counted(&index, &[], &["y"]), (0, 0));
}

#[test]
fn integers_are_followed_into_the_function_that_casts_them() {
    let casts = returning_all("casts_1", &[("y", cast("y", "x", FLOAT))]);
    let passes = returning_all("passes_2", &[("c", call("c", "casts_1", &["x"]))]);
    let nodes = [constant("c", INT8, &[6], 1), call("y", "passes_2", &["c"])];
    assert_eq!(counted(&nodes, &[casts, passes], &["y"]), (1, 6));
}
