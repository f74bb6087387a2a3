//! A model with an object graph: modules that hold variables, saved as TensorFlow 2 does.

use proptest::prelude::*;

use super::index::{Stored, index};
use super::{Weight, any_order, any_weights, by_arithmetic, census};
use crate::evidence::sidecars::SidecarFiles;
use crate::testkit::protobuf::{Message, bytes, text};
use crate::testkit::saved_model::{
    Object, ObjectGraphBytes, calls, children, graph_def, node, object, restore_function,
    saved_model, var_handle, variable,
};

/// The contents of a model.
#[derive(Clone, Debug)]
struct Model {
    weights: Vec<Weight>,
    /// For each module but the root, the module that holds it.
    parents: Vec<usize>,
    /// For each weight, the module that holds it.
    holders: Vec<usize>,
}

/// How the model is written, which may not change a count.
#[derive(Clone, Debug)]
struct Way {
    /// Further names: the module that holds the name, and the object, a module or then a weight.
    aliases: Vec<(usize, usize)>,
    /// Places of all objects but the root.
    objects: Vec<usize>,
    nodes: Vec<usize>,
    /// Names of the variables, which need not differ.
    names: Vec<String>,
    shards: u64,
    /// Whether the checkpoint holds this weight in two slices.
    sliced: Vec<bool>,
    /// Whether the root holds copies of all weights, as an export of Keras 3 does.
    copies: bool,
}

fn any_model() -> impl Strategy<Value = Model> {
    (any_weights(), 0..5usize).prop_flat_map(|(weights, modules)| {
        let parents: Vec<_> = (0..modules).map(|m| 0..=m).collect();
        let holders = vec![0..=modules; weights.len()];
        (Just(weights), parents, holders).prop_map(|(weights, parents, holders)| Model {
            weights,
            parents,
            holders,
        })
    })
}

fn any_way(model: &Model) -> impl Strategy<Value = Way> + use<> {
    let (weights, modules) = (model.weights.len(), model.parents.len() + 1);
    let objects = modules + weights;
    (
        prop::collection::vec((0..modules, 0..objects), 0..6),
        // With copies there are as many objects again, and a list.
        any_order(objects + weights),
        any_order(2 * weights + 2),
        prop::collection::vec("[a-c]{1,2}(/[a-c]{1,2})?", weights),
        1..5u64,
        prop::collection::vec(any::<bool>(), weights),
        any::<bool>(),
    )
        .prop_map(|(aliases, objects, nodes, names, shards, sliced, copies)| Way {
            aliases,
            objects,
            nodes,
            names,
            shards,
            sliced,
            copies,
        })
}

/// The written files of a model.
struct Written {
    saved_model: Vec<u8>,
    checkpoint_graph: Vec<u8>,
    /// Key, shape and slices of each tensor.
    tensors: Vec<(String, Vec<u64>, Vec<u64>)>,
    shards: u64,
}

/// An object before it has its number.
struct Unnumbered {
    edges: Vec<(String, usize)>,
    identifier: &'static str,
    weight: Option<usize>,
}

fn write(model: &Model, way: &Way) -> Written {
    let (weights, modules) = (model.weights.len(), model.parents.len() + 1);
    let module = || Unnumbered { edges: vec![], identifier: "_generic_user_object", weight: None };
    let mut made: Vec<Unnumbered> = (0..modules).map(|_| module()).collect();
    for (child, parent) in model.parents.iter().enumerate() {
        made[*parent].edges.push((format!("m{child}"), child + 1));
    }
    for (weight, holder) in model.holders.iter().enumerate() {
        made[*holder].edges.push((format!("w{weight}"), modules + weight));
        made.push(Unnumbered { weight: Some(weight), ..module() });
    }
    for (at, (holder, to)) in way.aliases.iter().enumerate() {
        made[*holder].edges.push((format!("alias{at}"), *to));
    }
    if way.copies {
        let list = made.len();
        made[0].edges.push(("_all_variables".into(), list));
        let edges = (0..weights).map(|w| (w.to_string(), list + 1 + w)).collect();
        made.push(Unnumbered { edges, identifier: "trackable_list_wrapper", weight: None });
        made.extend((0..weights).map(|w| Unnumbered { weight: Some(w), ..module() }));
    }
    // The root is the first object; the others lie in any order.
    let mut order: Vec<usize> =
        way.objects.iter().map(|i| i + 1).filter(|i| *i < made.len()).collect();
    order.insert(0, 0);
    let number = |of: usize| order.iter().position(|o| *o == of).unwrap() as u64;

    let mut objects = Vec::new();
    let mut checkpoint_graph = Message::default();
    let mut tensors = Vec::new();
    let mut handles = Vec::new();
    for at in &order {
        let edges: Vec<(&str, u64)> =
            made[*at].edges.iter().map(|(name, to)| (name.as_str(), number(*to))).collect();
        let trackable = children(&edges);
        let Some(weight) = made[*at].weight else {
            objects.push(object(made[*at].identifier, &edges));
            checkpoint_graph = checkpoint_graph.with(bytes(1, trackable));
            continue;
        };
        let Weight { dims, trainable } = &model.weights[weight];
        objects.push(variable(&way.names[weight], dims, *trainable));
        let key = format!("object{at}/.ATTRIBUTES/VARIABLE_VALUE");
        let attribute = text(1, "VARIABLE_VALUE").with(text(3, &key));
        checkpoint_graph = checkpoint_graph.with(bytes(1, trackable.with(bytes(2, attribute))));
        let rows = match dims.first() {
            Some(rows) if way.sliced[weight] && *rows > 1 && dims.iter().all(|d| *d > 0) => {
                vec![1, rows - 1]
            }
            _ => vec![],
        };
        tensors.push((key, dims.clone(), rows));
        handles.push((format!("handle{at}"), weight));
    }
    Written {
        saved_model: whole_model(model, way, objects, &handles, &tensors),
        checkpoint_graph: checkpoint_graph.0,
        tensors,
        shards: way.shards,
    }
}

fn whole_model(
    model: &Model,
    way: &Way,
    objects: Vec<Object>,
    handles: &[(String, usize)],
    tensors: &[(String, Vec<u64>, Vec<u64>)],
) -> Vec<u8> {
    let mut nodes = vec![node("path", "Placeholder", &[], &[])];
    for (name, weight) in handles {
        nodes.push(var_handle(name, &model.weights[*weight].dims));
    }
    let inputs: Vec<&str> =
        std::iter::once("path").chain(handles.iter().map(|(n, _)| n.as_str())).collect();
    nodes.push(node("call", "StatefulPartitionedCall", &inputs, &[("f", calls("restore"))]));
    let nodes: Vec<Message> = way.nodes.iter().filter_map(|at| nodes.get(*at).cloned()).collect();
    let keys: Vec<String> = tensors.iter().map(|(key, ..)| key.clone()).collect();
    let graph = graph_def(&nodes, &[restore_function("restore", &keys)]);
    let meta_graph = bytes(2, graph)
        .with(bytes(3, text(1, "path:0").with(text(3, "call"))))
        .with(bytes(7, ObjectGraphBytes::new(objects).0));
    saved_model(meta_graph)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_way_of_writing_modules_changes_a_count(
        (model, way) in any_model().prop_flat_map(|m| { let way = any_way(&m); (Just(m), way) })
    ) {
        let written = write(&model, &way);
        let sidecars = || SidecarFiles {
            index: Some(index(
                &written
                    .tensors
                    .iter()
                    .map(|(key, dims, rows)| Stored { key, dims, rows })
                    .collect::<Vec<_>>(),
                written.shards,
            )),
            checkpoint_graph: Some(written.checkpoint_graph.clone()),
            ..SidecarFiles::default()
        };
        prop_assert_eq!(census(&written.saved_model, sidecars)?, by_arithmetic(&model.weights));
    }
}
