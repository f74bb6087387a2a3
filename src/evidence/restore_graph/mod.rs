//! The restore graph: which checkpoint key fills which variable op.
//!
//! This is the exact identity between session and checkpoint. Names are not: a thousand variables may
//! all be called `v`, and a saver may map any name to any key. Two forms exist. TF2 calls a function
//! in which output *i* of `RestoreV2` reaches an `AssignVariableOp` of argument *k*, and input *k* of
//! the call is the variable op. TF1 does the same in the main graph, with `Assign` for reference
//! variables.
//! Source: tensorflow/python/checkpoint/functional_saver.py, training/saver.py.
mod doubt;
mod follow;
mod proof;
mod scope;
mod variable_op;
mod writes;

use foldhash::{HashSet, HashSetExt};

use crate::saved_model::{Graph, MetaGraph, OpId, Signature, input_node};
use crate::wire::Malformed;
use follow::follow;
use scope::{FunctionScope, MainScope, constant_behind};
use writes::{Writes, writes};

pub(crate) use doubt::Doubt;
pub(crate) use follow::{Part, RestoreGraph, Restored};
pub(crate) use variable_op::{is_variable_op, resource_name};

/// Reads what a load does to the variables: the restore, and the init op that runs after it. Whether a
/// restore proves what a load ends with is looked at where a session is `wanted`: nothing else asks for it.
pub(crate) fn read<'a>(
    meta: &MetaGraph<'a>,
    graph: &Graph<'a>,
    signatures: &[Signature<'a>],
    wanted: bool,
) -> Result<RestoreGraph<'a>, Malformed> {
    let mut out = follow_restore(graph, meta.restore_op, meta.filename_tensor);
    let init: Vec<OpId> = meta.init_nodes()?.iter().filter_map(|name| graph.find(name)).collect();
    let init = writes(graph, init);
    if !init.is_empty() {
        out.filled_by_init = filled(graph, &init, signatures);
        let variables = graph.ops().filter(|(_, node)| is_variable_op(node.op));
        out.init_constants = variables
            .filter_map(|(op, _)| Some((op, init.constant(resource_name(graph, op)?)?.clone())))
            .collect();
    }
    if wanted {
        let restore = writes(graph, graph.find(input_node(meta.restore_op).node));
        proof::settle(graph, &restore, &init, &mut out);
        out.not_in_main_graph = [restore.not_in_main_graph, init.not_in_main_graph].concat();
    }
    Ok(out)
}

/// The variable ops that these writes fill and that a signature needs.
fn filled(graph: &Graph<'_>, init: &Writes<'_>, signatures: &[Signature<'_>]) -> HashSet<OpId> {
    let outputs = signatures.iter().flat_map(|s| &s.outputs).filter_map(|name| graph.find(name));
    let needed = graph.ancestors(outputs).into_iter();
    needed
        .filter(|op| graph.node(*op).is_some_and(|node| is_variable_op(node.op)))
        .filter(|op| resource_name(graph, *op).is_some_and(|resource| init.writes(resource)))
        .collect()
}

/// Follows the restore op. An empty name means that there is no saver.
fn follow_restore<'a>(
    graph: &Graph<'a>,
    restore_op: &'a str,
    filename_tensor: &str,
) -> RestoreGraph<'a> {
    let mut out = RestoreGraph::default();
    if restore_op.is_empty() {
        return out;
    }
    let name = input_node(restore_op).node;
    let Some(start) = graph.find(name) else {
        out.missing_op = Some(name);
        return out;
    };
    // Functions are entered once each, so that one that calls itself ends the walk.
    let mut calls = Vec::new();
    let prefix = graph.find(input_node(filename_tensor).node);
    let main = MainScope { graph, members: graph.ancestors([start]), prefix };
    follow(&main, &mut out, &mut calls);
    let mut entered = HashSet::new();
    while let Some(call) = calls.pop() {
        let function = call.function;
        if !entered.insert(function) {
            continue;
        }
        match graph.library.function(function) {
            Some(Ok(body)) => {
                follow(&FunctionScope::new(body, &call.arguments), &mut out, &mut calls);
            }
            Some(Err(bad)) => out.unclear = Some(format!("function {function}: {}", bad.what)),
            None => out.unclear = Some(format!("function {function} does not exist")),
        }
    }
    out
}

/// The keys that any `RestoreV2` of the main graph names, whether the restore op runs it or not.
pub(crate) fn named_keys<'a>(graph: &Graph<'a>) -> HashSet<&'a [u8]> {
    let main = MainScope { graph, members: Vec::new(), prefix: None };
    let restores = graph.nodes.iter().filter(|n| n.op == "RestoreV2");
    let names = restores.filter_map(|n| {
        let name = n.inputs().map(input_node).filter(|i| !i.control).nth(1)?.node;
        constant_behind(&main, name)?.attr("value")?.tensor()
    });
    names.flat_map(|tensor| tensor.strings().collect::<Vec<_>>()).collect()
}

#[cfg(test)]
mod tests;
