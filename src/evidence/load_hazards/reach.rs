//! Which functions a load runs, and the hazards in them.

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use super::op_list::{is_table_from_file, reaches_outside};
use crate::limits::MAX_SCANNED_CALLS;
use crate::saved_model::{Graph, Node, input_node};

/// Most unsafe ops that are listed.
const MAX_LISTED: usize = 20;

/// What a full load would run although it should not.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct LoadHazards<'a> {
    /// Ops that reach beyond the model: op and node.
    pub unsafe_ops: Vec<(&'a str, &'a str)>,
    /// A function that calls itself, directly or through others: the load would not end.
    pub recursion: Option<&'a str>,
}

impl<'a> LoadHazards<'a> {
    pub(super) fn add(&mut self, node: &Node<'a>) {
        if self.unsafe_ops.len() < MAX_LISTED {
            self.unsafe_ops.push((node.op, node.name));
        }
    }

    /// True where a load only restores and initialises the model itself.
    pub fn is_none(&self) -> bool {
        self.unsafe_ops.is_empty() && self.recursion.is_none()
    }
}

/// Whether the ops met so far reach beyond the model: a graph has many nodes and few ops, and
/// comparing a name with the whole list is slow.
#[derive(Default)]
pub(super) struct KnownOps<'a> {
    unsafe_ops: HashMap<&'a str, bool>,
}

impl<'a> KnownOps<'a> {
    /// `assets` are the names that stand for paths of the model's own assets.
    pub fn is_hazard(&mut self, node: &Node<'a>, assets: &HashSet<&str>) -> bool {
        if is_table_from_file(node.op) {
            let file = node.inputs().map(input_node).nth(1);
            return !file.is_some_and(|i| assets.contains(i.node));
        }
        *self.unsafe_ops.entry(node.op).or_insert_with(|| reaches_outside(node.op))
    }
}

/// A function that is called, and which of its arguments are paths of the model's own assets.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Call<'a> {
    function: &'a str,
    assets: Vec<bool>,
}

/// The calls that a node makes.
pub(super) fn calls_of<'a>(
    graph: &Graph<'a>,
    node: &Node<'a>,
    assets: &HashSet<&str>,
) -> Vec<Call<'a>> {
    let mut functions = node.functions();
    // The op of a node may be the name of a function.
    if graph.library.contains(node.op) {
        functions.push(node.op);
    }
    if functions.is_empty() {
        return Vec::new();
    }
    // Only these ops pass their inputs as the arguments, in order.
    let is_call = matches!(node.op, "PartitionedCall" | "StatefulPartitionedCall");
    let inputs: Vec<bool> = node
        .inputs()
        .map(input_node)
        .filter(|i| !i.control)
        .map(|i| is_call && assets.contains(i.node))
        .collect();
    functions.into_iter().map(|function| Call { function, assets: inputs.clone() }).collect()
}

/// Scans the functions that are called, depth first, without recursion of its own. A call of a
/// function that is still open is a recursion.
pub(super) fn scan_functions<'a>(
    graph: &Graph<'a>,
    calls: Vec<Call<'a>>,
    ops: &mut KnownOps<'a>,
    hazards: &mut LoadHazards<'a>,
) {
    enum Step<'a> {
        Enter(Call<'a>),
        Leave(&'a str),
    }
    let mut open: HashMap<&str, usize> = HashMap::new();
    let mut scanned: HashSet<Call<'a>> = HashSet::new();
    let mut steps: Vec<Step<'a>> = calls.into_iter().map(Step::Enter).collect();
    while let Some(step) = steps.pop() {
        let call = match step {
            Step::Leave(name) => {
                if let Some(depth) = open.get_mut(name) {
                    *depth -= 1;
                }
                continue;
            }
            Step::Enter(call) => call,
        };
        let name = call.function;
        if open.get(name).is_some_and(|depth| *depth > 0) {
            hazards.recursion.get_or_insert(name);
            continue;
        }
        if scanned.contains(&call) || scanned.len() >= MAX_SCANNED_CALLS {
            continue;
        }
        let Some(Ok(body)) = graph.library.function(name) else { continue };
        let assets: HashSet<&str> = body
            .arguments
            .iter()
            .zip(&call.assets)
            .filter(|(_, is_asset)| **is_asset)
            .map(|(name, _)| *name)
            .collect();
        scanned.insert(call);
        *open.entry(name).or_default() += 1;
        steps.push(Step::Leave(name));
        for node in &body.nodes {
            if ops.is_hazard(node, &assets) {
                hazards.add(node);
            }
            steps.extend(calls_of(graph, node, &assets).into_iter().map(Step::Enter));
        }
    }
}
