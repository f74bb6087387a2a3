//! Which integer constants are weights: those of a type that weights are quantised to (of 16 bits at
//! most, or with a scale), whose numbers an op takes for floating ones, directly or through ops that
//! only pick or rearrange them, also in a function that they are passed to.
//!
//! An int32 or int64 constant is none: shapes, axes, indices and sizes are written so, and a cast of
//! one to a floating type is common.

use foldhash::{HashMap, HashSet, HashSetExt};

use super::scopes::{Scope, Scopes};
use crate::model::DType;
use crate::saved_model::{Node, input_node};

/// Ops whose first input is their output, picked or rearranged, or as integers of another width.
const PASS_ON: &[&str] = &[
    "Cast",
    "ExpandDims",
    "Gather",
    "GatherNd",
    "GatherV2",
    "Identity",
    "Reshape",
    "Slice",
    "Snapshot",
    "Squeeze",
    "StopGradient",
    "StridedSlice",
    "Transpose",
];

/// Beginnings of the names of ops that compute with quantised numbers, or make floating ones of them.
/// Source: array_ops.cc, math_ops.cc, nn_ops.cc and uniform_quant_ops.cc, tensorflow/core/ops
/// (TensorFlow 2.21).
const DEQUANTIZING: &[&str] = &[
    "Dequantize",
    "Quantized",
    "UniformDequantize",
    "UniformQuantized",
    "XlaConvV2",
    "XlaDequantize",
    "XlaDotV2",
    "_FusedQuantized",
    "_MklDequantize",
    "_MklQuantized",
    "_Quantized",
];

/// A node: the position of its scope, and its own.
pub(super) type Place = (usize, usize);

/// True for integers that weights are quantised to.
pub(super) fn is_quantized(dtype: DType) -> bool {
    dtype.is_quantized() || dtype.is_integer() && dtype.byte_width().is_some_and(|width| width <= 2)
}

/// The constants whose numbers are taken for floating ones.
pub(super) fn find(scopes: &Scopes<'_, '_>) -> HashSet<Place> {
    let is_candidate = |node: &Node<'_>| {
        node.op == "Const" && node.attr("dtype").and_then(|a| a.dtype()).is_some_and(is_quantized)
    };
    if !scopes.all.iter().any(|scope| scope.needed().any(|(_, node)| is_candidate(node))) {
        return HashSet::new();
    }
    let mut search = Search::new(scopes);
    for (at, scope) in scopes.all.iter().enumerate() {
        for node in scope.nodes.iter().filter(|node| is_dequantizing(node)) {
            search.open.extend(node.inputs().map(|input| (at, input)));
        }
    }
    search.run();
    search.taken
}

fn is_dequantizing(node: &Node<'_>) -> bool {
    match node.op {
        "Cast" => node.attr("DstT").and_then(|a| a.dtype()).is_some_and(DType::is_floating),
        op => DEQUANTIZING.iter().any(|start| op.starts_with(start)),
    }
}

/// The way back from the ops that take floating numbers to what they take.
struct Search<'g, 'a> {
    scopes: &'g [Scope<'g, 'a>],
    places: Vec<HashMap<&'a str, Input>>,
    callers: Vec<Vec<Call<'a>>>,
    taken: HashSet<Place>,
    taken_arguments: HashSet<Place>,
    open: Vec<(usize, &'a str)>,
}

/// What a name in a scope stands for, with its position.
#[derive(Clone, Copy)]
enum Input {
    Node(usize),
    Argument(usize),
}

/// A call of a function: where it is, and what it passes.
struct Call<'a> {
    scope: usize,
    inputs: Vec<&'a str>,
}

impl<'g, 'a> Search<'g, 'a> {
    fn new(scopes: &'g Scopes<'g, 'a>) -> Search<'g, 'a> {
        let positions: HashMap<&str, usize> =
            scopes.all.iter().enumerate().skip(1).map(|(at, scope)| (scope.name, at)).collect();
        let mut callers: Vec<Vec<Call<'_>>> = scopes.all.iter().map(|_| Vec::new()).collect();
        for (scope, here) in scopes.all.iter().enumerate() {
            for (_, node) in here.needed() {
                let Some(before) = inputs_before_arguments(node) else { continue };
                for function in node.functions().iter().filter_map(|name| positions.get(name)) {
                    if let Some(callers) = callers.get_mut(*function) {
                        let inputs = node.inputs().skip(before).collect();
                        callers.push(Call { scope, inputs });
                    }
                }
            }
        }
        Search {
            scopes: &scopes.all,
            places: scopes.all.iter().map(places).collect(),
            callers,
            taken: HashSet::new(),
            taken_arguments: HashSet::new(),
            open: Vec::new(),
        }
    }

    fn run(&mut self) {
        while let Some((scope, input)) = self.open.pop() {
            let input = input_node(input);
            let place = self.places.get(scope).and_then(|places| places.get(input.node));
            match place.copied() {
                _ if input.control => {}
                Some(Input::Node(at)) if self.taken.insert((scope, at)) => {
                    let node = self.scopes.get(scope).and_then(|scope| scope.nodes.get(at));
                    let first =
                        node.filter(|n| PASS_ON.contains(&n.op)).and_then(|n| n.inputs().next());
                    self.open.extend(first.map(|first| (scope, first)));
                }
                Some(Input::Argument(at)) if self.taken_arguments.insert((scope, at)) => {
                    let passed = self.callers.get(scope).into_iter().flatten();
                    let passed = passed.filter_map(|c| Some((c.scope, *c.inputs.get(at)?)));
                    self.open.extend(passed);
                }
                _ => {}
            }
        }
    }
}

/// What each name stands for.
fn places<'a>(scope: &Scope<'_, 'a>) -> HashMap<&'a str, Input> {
    let arguments = scope.arguments.iter().enumerate();
    let mut places: HashMap<&str, Input> =
        arguments.map(|(at, name)| (*name, Input::Argument(at))).collect();
    let nodes = scope.by_name().into_iter();
    places.extend(nodes.map(|(name, at)| (name, Input::Node(at))));
    places
}

/// How many inputs of a call come before those that it passes; `None` for other ops.
fn inputs_before_arguments(node: &Node<'_>) -> Option<usize> {
    match node.op {
        "PartitionedCall" | "StatefulPartitionedCall" | "While" | "StatelessWhile" => Some(0),
        "If" | "StatelessIf" | "Case" | "StatelessCase" => Some(1),
        _ => None,
    }
}
