//! Which nodes hold the path of one of the model's own assets.

use foldhash::{HashMap, HashMapExt, HashSet};

use crate::saved_model::{Graph, MetaGraph, input_node};

/// Nodes of the main graph whose value can only be the path of one of the model's own assets: the
/// nodes that the loader feeds, `Identity` of them, and reads of variables that hold nothing else.
/// The last are needed because a model may keep the path of its vocabulary in a variable.
pub(super) fn asset_paths<'a>(meta: &MetaGraph<'a>, graph: &Graph<'a>) -> HashSet<&'a str> {
    let mut paths: HashSet<&'a str> = meta.asset_nodes.iter().copied().collect();
    for node in &meta.foreign_files {
        paths.remove(node);
    }
    if paths.is_empty() {
        return paths;
    }
    add_copies(&mut paths, graph, "Identity");
    let holders = asset_variables(graph, &paths);
    // The handle of a variable is not a path, but reads of it are.
    paths.extend(&holders);
    add_copies(&mut paths, graph, "ReadVariableOp");
    for holder in holders {
        paths.remove(holder);
    }
    paths
}

/// Adds the nodes with this op whose first input is in the set. One pass in file order, so a chain of
/// copies is followed where every node comes after its inputs.
fn add_copies<'a>(paths: &mut HashSet<&'a str>, graph: &Graph<'a>, op: &str) {
    for node in graph.nodes.iter().filter(|n| n.op == op) {
        if node.inputs().next().is_some_and(|i| paths.contains(input_node(i).node)) {
            paths.insert(node.name);
        }
    }
}

/// Variables for which every op that uses them reads them or assigns one of `paths`.
fn asset_variables<'a>(graph: &Graph<'a>, paths: &HashSet<&'a str>) -> Vec<&'a str> {
    let mut only_paths: HashMap<&'a str, bool> = HashMap::new();
    for node in &graph.nodes {
        let mut inputs = node.inputs().map(input_node).filter(|i| !i.control);
        match node.op {
            "ReadVariableOp" | "VarIsInitializedOp" => {}
            "AssignVariableOp" => {
                if let (Some(variable), Some(value)) = (inputs.next(), inputs.next()) {
                    let is_path = paths.contains(value.node);
                    *only_paths.entry(variable.node).or_insert(true) &= is_path;
                }
            }
            _ => {
                for input in inputs {
                    only_paths.insert(input.node, false);
                }
            }
        }
    }
    let is_variable = |name: &str| {
        let node = graph.find(name).and_then(|op| graph.node(op));
        node.is_some_and(|n| n.op == "VarHandleOp")
    };
    only_paths
        .into_iter()
        .filter(|(name, only_paths)| *only_paths && is_variable(name))
        .map(|(name, _)| name)
        .collect()
}
