//! Weights frozen into the graph: floating constants of rank one and more that an output of a
//! signature depends on, in the main graph and in the functions it calls. Only their types and
//! shapes are looked at, never their contents.

use foldhash::{HashMap, HashSet, HashSetExt};

use crate::model::Constants;
use crate::saved_model::{FunctionBody, Graph, Node, Signature, input_node};

/// Sums the constants that the signatures need. Without signatures, those of the whole main graph.
pub(crate) fn sum(graph: &Graph<'_>, signatures: &[Signature<'_>]) -> Constants {
    let mut sums = Constants::default();
    let starts = signatures.iter().flat_map(|s| &s.outputs).filter_map(|o| graph.position(o));
    let needed = if signatures.is_empty() {
        (0..graph.nodes.len()).collect()
    } else {
        graph.ancestors(starts)
    };
    let mut functions: Vec<&str> = Vec::new();
    for node in needed.iter().filter_map(|i| graph.nodes.get(*i)) {
        visit(node, &mut sums, &mut functions);
    }
    let mut entered = HashSet::new();
    while let Some(name) = functions.pop() {
        if entered.insert(name) {
            let Some(Ok(body)) = graph.library.function(name) else { continue };
            // Few functions hold a weight or call another: only those are walked.
            if body.nodes.iter().any(matters) {
                for at in needed_in(body) {
                    visit(&body.nodes[at], &mut sums, &mut functions);
                }
            }
        }
    }
    sums
}

fn visit<'a>(node: &Node<'a>, sums: &mut Constants, functions: &mut Vec<&'a str>) {
    if node.op == "Const" {
        add(node, sums);
        return;
    }
    functions.extend(node.functions());
}

fn add(node: &Node<'_>, sums: &mut Constants) {
    if let Some((elements, width)) = weight(node) {
        sums.tensors += 1;
        sums.parameters = sums.parameters.saturating_add(elements);
        sums.bytes = sums.bytes.saturating_add(elements.saturating_mul(width));
    }
}

/// Elements of a constant that is a weight, and bytes of each.
fn weight(node: &Node<'_>) -> Option<(u64, u64)> {
    let head = node.attr("value")?.tensor()?;
    let dtype = head.dtype.filter(|d| d.is_floating())?;
    let shape = head.shape.partial()?.known().filter(|s| !s.0.is_empty())?;
    Some((shape.elements()?, dtype.byte_width().unwrap_or(0)))
}

/// True for what [`visit`] would find something in.
fn matters(node: &Node<'_>) -> bool {
    match node.op {
        "Const" => weight(node).is_some(),
        _ => !node.functions().is_empty(),
    }
}

/// Positions of the nodes that a function's outputs depend on.
fn needed_in(body: &FunctionBody<'_>) -> Vec<usize> {
    let by_name: HashMap<&str, usize> =
        body.nodes.iter().enumerate().map(|(i, n)| (n.name, i)).collect();
    let mut open: Vec<usize> = body
        .returns
        .iter()
        .filter_map(|(_, from)| by_name.get(input_node(from).node).copied())
        .collect();
    let mut seen = vec![false; body.nodes.len()];
    let mut order = Vec::new();
    while let Some(at) = open.pop() {
        if !std::mem::replace(&mut seen[at], true) {
            order.push(at);
            open.extend(
                body.nodes[at].inputs().filter_map(|i| by_name.get(input_node(i).node).copied()),
            );
        }
    }
    order
}
