//! Weights frozen into the graph: floating-point constants of rank one and more that an output of a
//! signature depends on, in the main graph and in the functions that it calls. Only types and shapes
//! are decoded, never contents.
use foldhash::{HashMap, HashSet, HashSetExt};

use crate::model::Constants;
use crate::saved_model::{FunctionBody, Graph, Node, Signature, input_node};

/// Sums the constants that the signatures need. Without signatures, those of the whole main graph:
/// nothing then tells which of them an output needs.
pub(crate) fn sum(graph: &Graph<'_>, signatures: &[Signature<'_>]) -> Constants {
    let mut sums = Constants::default();
    let starts = signatures.iter().flat_map(|s| &s.outputs).filter_map(|o| graph.find(o));
    let needed = if signatures.is_empty() {
        graph.ops().map(|(op, _)| op).collect()
    } else {
        graph.ancestors(starts)
    };
    let mut functions: Vec<&str> = Vec::new();
    for node in needed.iter().filter_map(|op| graph.node(*op)) {
        add_node(node, &mut sums, &mut functions);
    }
    // Each function once: two calls of one function use the same constants.
    let mut entered = HashSet::new();
    while let Some(name) = functions.pop() {
        if entered.insert(name) {
            let Some(Ok(body)) = graph.library.function(name) else { continue };
            // Most functions hold no weight and call no other: those need no walk.
            if body.nodes.iter().any(is_weight_or_call) {
                for node in needed_nodes(body) {
                    add_node(node, &mut sums, &mut functions);
                }
            }
        }
    }
    sums
}

/// Adds a constant to the sums, or the functions that another node calls to `functions`.
fn add_node<'a>(node: &Node<'a>, sums: &mut Constants, functions: &mut Vec<&'a str>) {
    if node.op != "Const" {
        functions.extend(node.functions());
    } else if let Some((elements, width)) = weight(node) {
        sums.tensors += 1;
        sums.parameters = sums.parameters.saturating_add(elements);
        sums.bytes = sums.bytes.saturating_add(elements.saturating_mul(width));
    }
}

/// Elements of a constant that is a weight, and bytes of each.
fn weight(node: &Node<'_>) -> Option<(u64, u64)> {
    let tensor = node.attr("value")?.tensor()?;
    let dtype = tensor.dtype.filter(|d| d.is_floating())?;
    let shape = tensor.shape.known().filter(|s| !s.0.is_empty())?;
    Some((shape.elements()?, dtype.byte_width().unwrap_or(0)))
}

fn is_weight_or_call(node: &Node<'_>) -> bool {
    match node.op {
        "Const" => weight(node).is_some(),
        _ => !node.functions().is_empty(),
    }
}

/// The nodes that a function's outputs depend on.
fn needed_nodes<'b, 'a>(body: &'b FunctionBody<'a>) -> Vec<&'b Node<'a>> {
    let by_name: HashMap<&str, usize> =
        body.nodes.iter().enumerate().map(|(at, node)| (node.name, at)).collect();
    let position = |input: &str| by_name.get(input_node(input).node).copied();
    let mut open: Vec<usize> = body.returns.iter().filter_map(|(_, from)| position(from)).collect();
    let mut seen = vec![false; body.nodes.len()];
    let mut needed = Vec::new();
    while let Some(at) = open.pop() {
        let (Some(node), Some(seen)) = (body.nodes.get(at), seen.get_mut(at)) else { continue };
        if !std::mem::replace(seen, true) {
            needed.push(node);
            open.extend(node.inputs().filter_map(position));
        }
    }
    needed
}
