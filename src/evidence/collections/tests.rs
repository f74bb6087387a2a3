use super::*;
use crate::testkit::decode_graph;
use crate::testkit::protobuf::{Message, bytes, text, varint};
use crate::testkit::saved_model::{graph_def, node, shape};

/// Roles of these variables, of which the collections list the first as trainable, in a graph with
/// these other nodes.
/// Signature `y` is the output of the node `y`.
fn roles(trainable: &[&str], others: &[&str], nodes: &[Message]) -> Vec<(String, Role)> {
    let variable = |name: &&str| {
        let dims = bytes(7, &shape(&[3]).0);
        node(name, "VariableV2", &[], &[("dtype", varint(6, 1)), ("shape", dims)])
    };
    let all: Vec<&str> = trainable.iter().chain(others).copied().collect();
    let graph = graph_def(&all.iter().map(variable).chain(nodes.to_vec()).collect::<Vec<_>>(), &[]);
    let graph = decode_graph(&graph);
    let collection = |name: &str, members: &[&str]| {
        let list = members.iter().fold(Message::default(), |m, v| m.with(bytes(1, &text(1, v).0)));
        bytes(4, &text(1, name).with(bytes(2, &bytes(2, &list.0).0)).0)
    };
    let meta = collection("variables", &all).with(collection("trainable_variables", trainable));
    let meta = MetaGraph::decode(&meta.0).unwrap();
    let signatures = [Signature { outputs: vec!["y"] }];
    read(&meta, &graph, &RestoreGraph::default(), &signatures)
        .unwrap()
        .into_iter()
        .map(|v| (v.name, v.role))
        .collect()
}

fn weights(roles: Vec<(String, Role)>) -> Vec<String> {
    roles.into_iter().filter(|(_, r)| *r == Role::Weight).map(|(name, _)| name).collect()
}

#[test]
fn the_scope_of_a_keras_1_optimizer_shows_its_state_with_and_without_a_scope_of_moments() {
    let y = [node("y", "Identity", &["dense/kernel"], &[])];
    let state = ["SGD/iterations", "SGD/lr", "SGD/decay"];
    let moments = ["training/SGD/Variable", "training/Variable", "training/Variable_1"];
    let all = [&["dense/kernel"], &state[..], &moments].concat();
    assert_eq!(weights(roles(&all, &[], &y)), ["dense/kernel"]);
}

#[test]
fn without_a_keras_1_optimizer_the_scope_training_is_an_ordinary_scope() {
    let y = [node("y", "Identity", &["dense/kernel"], &[])];
    let all = ["dense/kernel", "training/Variable", "SGD/lr"];
    assert_eq!(weights(roles(&all, &[], &y)), all);
}

#[test]
fn a_variable_that_a_signature_needs_is_a_weight_under_any_name() {
    let y = [node("y", "Add", &["training/Variable", "SGD/lr"], &[])];
    let all = ["training/Variable", "SGD/iterations", "SGD/lr", "SGD/decay"];
    assert_eq!(weights(roles(&all, &[], &y)), ["training/Variable", "SGD/lr"]);
}

#[test]
fn apply_ops_and_names_show_moments() {
    let nodes = [
        node("y", "Identity", &["w"], &[]),
        node("step", "ApplyMomentum", &["w", "any/name", "rate", "y", "rate"], &[]),
    ];
    let got = roles(&["w"], &["any/name", "w/Adam", "w/Adam_1", "beta1_power", "mean"], &nodes);
    assert_eq!(weights(got), ["w", "mean"]);
}

#[test]
fn a_loss_scale_has_both_of_its_names_in_one_scope() {
    let y = [node("y", "Identity", &["w"], &[])];
    let whole = ["current_loss_scale", "good_steps", "a/current_loss_scale", "a/good_steps"];
    assert_eq!(weights(roles(&["w"], &whole, &y)), ["w"]);
    let halves = ["current_loss_scale", "a/good_steps"];
    assert_eq!(weights(roles(&["w"], &halves, &y)), ["w", "current_loss_scale", "a/good_steps"]);
}

#[test]
fn what_is_trained_is_a_weight_under_any_name() {
    let y = [node("y", "Identity", &["w"], &[])];
    let trained = ["w", "scope/seed_generator_state"];
    assert_eq!(weights(roles(&trained, &["a/seed_generator_state"], &y)), trained);
}
