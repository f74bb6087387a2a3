//! The restore graph: which checkpoint key fills which variable op.
//!
//! This is the exact identity between session and checkpoint. Names are not: a thousand variables may
//! all be called `v`, and a saver may map any name to any key. Two forms exist. TF2 calls a function
//! in which output *i* of `RestoreV2` reaches an `AssignVariableOp` of argument *k*, and input *k* of
//! the call is the variable op. TF1 does the same in the main graph, with `Assign` for reference
//! variables.
//! Source: tensorflow/python/checkpoint/functional_saver.py, training/saver.py.
mod follow;
mod scope;
mod variable_op;

use foldhash::{HashSet, HashSetExt};

use crate::saved_model::{Graph, input_node};
use follow::follow;
use scope::{FunctionScope, MainScope, constant_behind};

pub(crate) use follow::{RestoreGraph, Restored};
pub(crate) use variable_op::{is_variable_op, resource_name};

/// Follows the restore op of a MetaGraph. An empty name means that there is no saver.
pub(crate) fn read<'a>(graph: &Graph<'a>, restore_op: &'a str) -> RestoreGraph<'a> {
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
    let main = MainScope { graph, members: graph.ancestors([start]) };
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
    let main = MainScope { graph, members: Vec::new() };
    let restores = graph.nodes.iter().filter(|n| n.op == "RestoreV2");
    let names = restores.filter_map(|n| {
        let name = n.inputs().map(input_node).filter(|i| !i.control).nth(1)?.node;
        constant_behind(&main, name)?.attr("value")?.tensor()
    });
    names.flat_map(|tensor| tensor.strings().collect::<Vec<_>>()).collect()
}

#[cfg(test)]
mod tests;
