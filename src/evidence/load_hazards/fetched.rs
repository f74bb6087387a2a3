//! What the census itself runs after a full load, beside the model's own initialisers.

use foldhash::{HashMap, HashMapExt};

use crate::evidence::restore_graph::is_variable_op;
use crate::saved_model::{Graph, OpId, input_node};

/// For each handle of a variable the node that the census reads it by, where there is one. A node
/// without control inputs is preferred: reading it runs nothing else.
///
/// The scan for hazards and the request to the session both take it from here: what is fetched and
/// was not looked at would be run unseen.
pub(crate) fn reads<'a>(graph: &Graph<'a>) -> HashMap<&'a str, &'a str> {
    let mut reads: HashMap<&str, (&str, usize)> = HashMap::new();
    for node in graph.nodes.iter().filter(|n| n.op == "ReadVariableOp") {
        let mut inputs = node.inputs();
        let Some(handle) = inputs.next() else { continue };
        let found = (node.name, inputs.count());
        let best = reads.entry(input_node(handle).node).or_insert(found);
        if found.1 < best.1 {
            *best = found;
        }
    }
    reads.into_iter().map(|(handle, (read, _))| (handle, read)).collect()
}

/// The nodes that the census runs: every variable op, and the node that reads it.
pub(super) fn starts(graph: &Graph<'_>) -> Vec<OpId> {
    let reads = reads(graph);
    let mut starts = Vec::new();
    for (id, node) in graph.ops().filter(|(_, n)| is_variable_op(n.op)) {
        starts.push(id);
        starts.extend(reads.get(node.name).and_then(|read| graph.find(read)));
    }
    starts
}
