//! What a full load would run: the restore op and the initialisers, with every function that they
//! call. Found without running anything: a model that reaches files, processes or the network is
//! recognised before it is loaded.
mod assets;
mod op_list;
mod reach;

use crate::saved_model::{Graph, MetaGraph, OpId, input_node};
use crate::wire::Malformed;
use reach::{KnownOps, calls_of, scan_functions};

pub(crate) use reach::LoadHazards;

/// Scans everything that a load would run.
pub(crate) fn scan<'a>(
    meta: &MetaGraph<'a>,
    graph: &Graph<'a>,
) -> Result<LoadHazards<'a>, Malformed> {
    let mut hazards = LoadHazards::default();
    let assets = assets::asset_paths(meta, graph);
    let starts = |names: &[&'a str]| -> Vec<OpId> {
        names.iter().filter_map(|n| graph.find(input_node(n).node)).collect()
    };
    let init = graph.ancestors(starts(&meta.init_nodes()?));
    let restore = graph.ancestors(starts(&[meta.restore_op]));
    let mut calls = Vec::new();
    let mut ops = KnownOps::default();
    for (nodes, is_init) in [(init, true), (restore, false)] {
        for node in nodes.iter().filter_map(|op| graph.node(*op)) {
            calls.extend(calls_of(graph, node, &assets));
            // The loader gives only the restore op the path of the model's own checkpoint. An
            // initialiser that restores reads another file.
            if ops.is_hazard(node, &assets) || (is_init && node.op == "RestoreV2") {
                hazards.add(node);
            }
        }
    }
    scan_functions(graph, calls, &mut ops, &mut hazards);
    Ok(hazards)
}

#[cfg(test)]
mod tests;
