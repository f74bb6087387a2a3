//! What a full load would run, and whether all of it is made of ops that are known to be harmless.
//! Found without running anything: a model that reaches files, processes or the network is recognised
//! before it is loaded.
//!
//! Four things are run, with every function that they call (`reach`): the restore op, the
//! initialisers, what the census itself fetches (`fetched`), and what TensorFlow folds while it
//! imports the graph (`folding`). Each op must be on a list of good ones (`op_lists`); some are good
//! only with what they are given (`given`, `assets`).
mod assets;
mod fetched;
mod folding;
mod found;
mod given;
mod op_lists;
mod reach;

use crate::saved_model::{Graph, MetaGraph, OpId, input_node};
use crate::wire::Malformed;
use given::Paths;
use reach::Scan;

pub(crate) use fetched::reads;
pub(crate) use found::LoadHazards;

/// True for an op of TensorFlow's own registry, as far as the lists know it.
pub(crate) fn is_listed(op: &str) -> bool {
    op_lists::listed(op).is_some()
}

/// Scans everything that a load would run.
pub(crate) fn scan<'a>(
    meta: &MetaGraph<'a>,
    graph: &Graph<'a>,
) -> Result<LoadHazards<'a>, Malformed> {
    let named = |names: &[&str]| -> Vec<OpId> {
        names.iter().filter_map(|n| graph.find(input_node(n).node)).collect()
    };
    let assets = assets::asset_paths(meta, graph);
    let checkpoint = assets::restore_paths(meta, graph, &assets);
    let mut scan = Scan::new(graph);
    scan.run(named(&meta.init_nodes()?), &assets);
    scan.run(named(&[meta.restore_op]), &checkpoint);
    // The census feeds nothing when it asks for the variables.
    scan.run(fetched::starts(graph), &Paths::default());
    scan.fold();
    Ok(scan.finish())
}

#[cfg(test)]
mod tests;
