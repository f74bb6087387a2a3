//! Which nodes hold the path of one of the model's own files.

use foldhash::{HashMap, HashMapExt};

use super::given::{Path, Paths, path_in};
use crate::model::DType;
use crate::saved_model::{Graph, MetaGraph, Node, input_node};

/// Nodes of the main graph whose value, while the initialisers run, can only be the path of one of the
/// model's own assets: the nodes that the loader feeds, `Identity` of them, and reads of variables
/// that hold nothing else. The last are needed because a model may keep the path of its vocabulary in
/// a variable.
pub(super) fn asset_paths<'a>(meta: &MetaGraph<'a>, graph: &Graph<'a>) -> Paths<'a> {
    let mut paths: Paths<'a> = meta.asset_nodes.iter().map(|node| (*node, Path::Asset)).collect();
    for node in &meta.foreign_files {
        paths.remove(node);
    }
    if paths.is_empty() {
        return paths;
    }
    add_copies(&mut paths, graph, "Identity");
    let holders = asset_variables(graph, &paths);
    // The handle of a variable is not a path, but reads of it are.
    paths.extend(holders.iter().map(|holder| (*holder, Path::Asset)));
    add_copies(&mut paths, graph, "ReadVariableOp");
    for holder in holders {
        paths.remove(holder);
    }
    paths
}

/// The same while the restore op runs, which the loader also feeds the path of the checkpoint.
pub(super) fn restore_paths<'a>(
    meta: &MetaGraph<'a>,
    graph: &Graph<'a>,
    assets: &Paths<'a>,
) -> Paths<'a> {
    let mut paths = assets.clone();
    let fed = input_node(meta.filename_tensor);
    if !fed.node.is_empty() && fed.output == 0 && !fed.control {
        paths.insert(fed.node, Path::Checkpoint);
        add_copies(&mut paths, graph, "Identity");
    }
    paths
}

/// Adds the nodes with this op whose first input is in the set. One pass in file order, so a chain of
/// copies is followed where every node comes after its inputs.
fn add_copies<'a>(paths: &mut Paths<'a>, graph: &Graph<'a>, op: &str) {
    for node in graph.nodes.iter().filter(|n| n.op == op) {
        if let Some(path) = node.inputs().next().and_then(|input| path_in(paths, input)) {
            paths.entry(node.name).or_insert(path);
        }
    }
}

/// Variables for which every op that uses them reads them or assigns one of `paths`.
fn asset_variables<'a>(graph: &Graph<'a>, paths: &Paths<'a>) -> Vec<&'a str> {
    let mut only_paths: HashMap<&'a str, bool> = HashMap::new();
    for node in &graph.nodes {
        let mut inputs = node.inputs().filter(|input| !input_node(input).control);
        match node.op {
            "ReadVariableOp" | "VarIsInitializedOp" => {}
            "AssignVariableOp" => {
                if let (Some(variable), Some(value)) = (inputs.next(), inputs.next()) {
                    let is_path = path_in(paths, value) == Some(Path::Asset);
                    *only_paths.entry(input_node(variable).node).or_insert(true) &= is_path;
                }
            }
            _ => {
                for input in inputs {
                    only_paths.insert(input_node(input).node, false);
                }
            }
        }
    }
    only_paths.retain(|_, only_paths| *only_paths);
    if only_paths.is_empty() || has_other_handles(graph) {
        return Vec::new();
    }
    let mut handles: HashMap<Vec<u8>, usize> = HashMap::new();
    for node in graph.nodes.iter().filter(|n| n.op == "VarHandleOp") {
        *handles.entry(shared_name(node)).or_default() += 1;
    }
    let is_variable = |name: &str| {
        let node = graph.find(name).and_then(|op| graph.node(op));
        node.is_some_and(|n| n.op == "VarHandleOp" && handles.get(&shared_name(n)) == Some(&1))
    };
    only_paths.into_keys().filter(|name| is_variable(name)).collect()
}

/// The name by which a handle finds its variable: two handles with one are one variable.
fn shared_name(handle: &Node<'_>) -> Vec<u8> {
    let name = handle.attr("shared_name").and_then(|name| name.bytes());
    name.filter(|name| !name.is_empty()).unwrap_or(handle.name.as_bytes()).to_vec()
}

/// True where a variable may be reached by a handle that is no `VarHandleOp` of the main graph.
fn has_other_handles(graph: &Graph<'_>) -> bool {
    // A constant without a type takes it from the caller of its function.
    let is_constant = |node: &Node<'_>| {
        matches!(node.op, "Const" | "HostConst")
            && node
                .attr("dtype")
                .and_then(|dtype| dtype.dtype())
                .is_none_or(|t| t == DType::RESOURCE)
    };
    let functions = graph.library.names().iter().filter_map(|name| graph.library.function(name));
    let mut in_functions = functions.map(|body| {
        body.map_or(true, |body| {
            body.nodes.iter().any(|node| node.op == "VarHandleOp" || is_constant(node))
        })
    });
    graph.nodes.iter().any(is_constant) || in_functions.any(|has| has)
}
