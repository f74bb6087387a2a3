//! A TensorFlow 1 graph: variable ops, a saver in the graph, collections.

use proptest::prelude::*;

use super::index::{Stored, index};
use super::{Weight, any_order, any_weights, by_arithmetic, census};
use crate::evidence::sidecars::SidecarFiles;
use crate::testkit::protobuf::{Message, bytes, text, varint};
use crate::testkit::saved_model::{
    FLOAT, float_list_attr, graph_def, node, saved_model, shape_attr, string_const, type_attr,
};

/// How a graph is written, which may not change a count.
#[derive(Clone, Debug)]
pub(super) struct Way {
    /// The scope of each variable.
    scopes: Vec<String>,
    nodes: Vec<usize>,
    collected: Vec<usize>,
    shards: u64,
    /// Whether this weight is partitioned into two variable ops.
    partitioned: Vec<bool>,
    resource: Vec<bool>,
    /// Whether the collections list everything twice.
    twice: bool,
    /// Whether checkpoint keys differ from the variables' names.
    renamed: bool,
}

fn any_way(weights: usize) -> impl Strategy<Value = Way> {
    let flags = || prop::collection::vec(any::<bool>(), weights);
    (
        prop::collection::vec("[a-c]{1,2}", weights),
        // At most two ops for each weight, an assignment for each, and five of the saver.
        any_order(4 * weights + 5),
        any_order(2 * weights),
        1..5u64,
        (flags(), flags()),
        any::<(bool, bool)>(),
    )
        .prop_map(
            |(scopes, nodes, collected, shards, (partitioned, resource), (twice, renamed))| Way {
                scopes,
                nodes,
                collected,
                shards,
                partitioned,
                resource,
                twice,
                renamed,
            },
        )
}

impl Way {
    /// The plainest way: every variable whole, in order, under its own name.
    pub fn plain(weights: usize) -> Way {
        Way {
            scopes: vec!["a".into(); weights],
            nodes: (0..4 * weights + 5).collect(),
            collected: (0..2 * weights).collect(),
            shards: 1,
            partitioned: vec![false; weights],
            resource: vec![true; weights],
            twice: false,
            renamed: false,
        }
    }
}

/// One variable op: the whole weight, or some of its rows.
struct Part {
    op: String,
    weight: usize,
    rows: Option<(u64, u64)>,
    dims: Vec<u64>,
}

fn parts(weights: &[Weight], way: &Way) -> Vec<Part> {
    let mut parts = Vec::new();
    for (weight, Weight { dims, .. }) in weights.iter().enumerate() {
        let name = name(way, weight);
        let rows = match dims.first() {
            Some(rows) if splits(weights, way, weight) => vec![(0, 1), (1, rows - 1)],
            _ => vec![],
        };
        if rows.is_empty() {
            parts.push(Part { op: name.clone(), weight, rows: None, dims: dims.clone() });
        }
        for (at, (first, count)) in rows.into_iter().enumerate() {
            let mut dims = dims.clone();
            dims[0] = count;
            let op = format!("{name}/part_{at}");
            parts.push(Part { op, weight, rows: Some((first, count)), dims });
        }
    }
    parts
}

fn splits(weights: &[Weight], way: &Way, weight: usize) -> bool {
    let dims = &weights[weight].dims;
    way.partitioned[weight] && dims.first().is_some_and(|r| *r > 1) && dims.iter().all(|d| *d > 0)
}

pub(super) fn name(way: &Way, weight: usize) -> String {
    format!("{}/w{weight}", way.scopes[weight])
}

fn key(way: &Way, weight: usize) -> String {
    if way.renamed { format!("key{}", 7 * weight) } else { name(way, weight) }
}

/// A slice in the notation of `RestoreV2`: the full shape, then start and length of each dimension.
fn spec(part: &Part, full: &[u64]) -> String {
    let Some((first, count)) = part.rows else { return String::new() };
    let shape: Vec<String> = full.iter().map(u64::to_string).collect();
    let rest = full[1..].iter().map(|d| format!(":0,{d}")).collect::<String>();
    format!("{} {first},{count}{rest}", shape.join(" "))
}

pub(super) fn whole_model(weights: &[Weight], way: &Way) -> Vec<u8> {
    let parts = parts(weights, way);
    let mut nodes = Vec::new();
    let mut assigns = Vec::new();
    let (mut keys, mut slices) = (Vec::new(), Vec::new());
    for (at, part) in parts.iter().enumerate() {
        let resource = way.resource[part.weight];
        let op = if resource { "VarHandleOp" } else { "VariableV2" };
        let attrs = [("dtype", type_attr(FLOAT)), ("shape", shape_attr(&part.dims))];
        nodes.push(node(&part.op, op, &[], &attrs));
        keys.push(key(way, part.weight));
        slices.push(spec(part, &weights[part.weight].dims));
        let assign = if resource { "AssignVariableOp" } else { "Assign" };
        let (name, value) = (format!("save/assign{at}"), format!("save/restore:{at}"));
        nodes.push(node(&name, assign, &[&part.op, &value], &[]));
        assigns.push(format!("^{name}"));
    }
    let assigns: Vec<&str> = assigns.iter().map(String::as_str).collect();
    nodes.extend([
        node("save/path", "Placeholder", &[], &[]),
        string_const("save/keys", &keys),
        string_const("save/slices", &slices),
        node(
            "save/restore",
            "RestoreV2",
            &["save/path", "save/keys", "save/slices"],
            &[("dtypes", float_list_attr(parts.len()))],
        ),
        node("save/all", "NoOp", &assigns, &[]),
    ]);
    let nodes: Vec<Message> = way.nodes.iter().filter_map(|at| nodes.get(*at).cloned()).collect();

    let listed = way.collected.iter().filter_map(|at| parts.get(*at));
    let repeated = if way.twice { 2 } else { 1 };
    let collection = |name: &str, members: &dyn Fn(&Part) -> bool| {
        let mut list = Message::default();
        for _ in 0..repeated {
            for part in listed.clone().filter(|p| members(p)) {
                list = list.with(bytes(1, variable_def(weights, way, part)));
            }
        }
        bytes(4, text(1, name).with(bytes(2, bytes(2, list))))
    };
    let meta_graph = bytes(2, graph_def(&nodes, &[]))
        .with(bytes(3, text(1, "save/path:0").with(text(3, "save/all"))))
        .with(collection("variables", &|_| true))
        .with(collection("trainable_variables", &|p| weights[p.weight].trainable));
    saved_model(meta_graph)
}

fn variable_def(weights: &[Weight], way: &Way, part: &Part) -> Message {
    let def = text(1, &format!("{}:0", part.op));
    let Some((first, count)) = part.rows else { return def };
    let full = &weights[part.weight].dims;
    let numbers = |field: u32, first: u64, rest: &dyn Fn(u64) -> u64| {
        let all = std::iter::once(first).chain(full[1..].iter().map(|d| rest(*d)));
        all.fold(Message::default(), |m, n| m.with(varint(field, n)))
    };
    let slice = text(1, &name(way, part.weight))
        .with(numbers(2, full[0], &|d| d))
        .with(numbers(3, first, &|_| 0))
        .with(numbers(4, count, &|d| d));
    def.with(bytes(4, slice))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_way_of_writing_a_graph_changes_a_count(
        (weights, way) in any_weights().prop_flat_map(|w| { let way = any_way(w.len()); (Just(w), way) })
    ) {
        let saved_model = whole_model(&weights, &way);
        let keys: Vec<String> = (0..weights.len()).map(|w| key(&way, w)).collect();
        let rows: Vec<Vec<u64>> = (0..weights.len())
            .map(|w| match splits(&weights, &way, w) {
                true => vec![1, weights[w].dims[0] - 1],
                false => vec![],
            })
            .collect();
        let sidecars = || {
            let stored = |at: usize| Stored { key: &keys[at], dims: &weights[at].dims, rows: &rows[at] };
            let tensors: Vec<Stored<'_>> = (0..weights.len()).map(stored).collect();
            SidecarFiles { index: Some(index(&tensors, way.shards)), ..SidecarFiles::default() }
        };
        prop_assert_eq!(census(&saved_model, sidecars)?, by_arithmetic(&weights));
    }
}
