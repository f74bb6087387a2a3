//! The main graph and the functions that the outputs of signatures depend on.

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use crate::limits::MAX_SIGNATURE_STEPS;
use crate::saved_model::{FunctionBody, Graph, Node, OpId, Signature, input_node};

/// What the signatures reach.
pub(super) struct Scopes<'g, 'a> {
    /// The main graph, and then each function once.
    pub all: Vec<Scope<'g, 'a>>,
    /// For each signature the functions that its part of the main graph calls, as positions in `all`.
    pub entries: Vec<Vec<usize>>,
}

/// The main graph, or a function.
pub(super) struct Scope<'g, 'a> {
    /// The function's name; empty for the main graph.
    pub name: &'a str,
    /// Its arguments, in order.
    pub arguments: &'g [&'a str],
    /// All its nodes.
    pub nodes: &'g [Node<'a>],
    /// Positions of the nodes that the outputs depend on, where one of them is a constant or a call.
    pub needed: Vec<usize>,
    /// The functions that those call, as positions in [`Scopes::all`].
    pub calls: Vec<usize>,
}

impl<'g, 'a> Scope<'g, 'a> {
    /// The nodes that the outputs depend on, with their positions.
    pub fn needed(&self) -> impl Iterator<Item = (usize, &'g Node<'a>)> {
        let nodes = self.nodes;
        self.needed.iter().filter_map(move |at| Some((*at, nodes.get(*at)?)))
    }

    /// The position of each node by its name.
    pub fn by_name(&self) -> HashMap<&'a str, usize> {
        by_name(self.nodes)
    }
}

impl<'g, 'a> Scopes<'g, 'a> {
    pub fn read(graph: &'g Graph<'a>, signatures: &[Signature<'_>]) -> Scopes<'g, 'a> {
        let (needed, entries) = read_entries(graph, signatures);
        let mut scopes = Scopes { all: Vec::new(), entries: Vec::new() };
        scopes.all.push(Scope {
            name: "",
            arguments: &[],
            nodes: &graph.nodes,
            needed,
            calls: Vec::new(),
        });
        let mut found = Found { graph, positions: HashMap::new(), names: Vec::new() };
        for calls in &entries {
            let calls = calls.iter().filter_map(|name| found.position(name)).collect();
            scopes.entries.push(calls);
        }
        // Each function once: two calls of one function use the same constants. Those that a function
        // calls are found while it is read.
        while let Some(name) = found.names.get(scopes.all.len() - 1).copied() {
            scopes.all.push(read_function(name, graph, &mut found));
        }
        let functions: usize = scopes.all.iter().map(|scope| 1 + scope.needed.len()).sum();
        merge_beyond(&mut scopes.entries, MAX_SIGNATURE_STEPS / functions);
        scopes
    }
}

/// The functions that were met.
struct Found<'g, 'a> {
    graph: &'g Graph<'a>,
    positions: HashMap<&'a str, usize>,
    names: Vec<&'a str>,
}

impl<'a> Found<'_, 'a> {
    /// The position that the function has among the scopes; `None` where the graph lacks it.
    fn position(&mut self, name: &'a str) -> Option<usize> {
        if !self.graph.library.contains(name) {
            return None;
        }
        Some(*self.positions.entry(name).or_insert_with(|| {
            self.names.push(name);
            self.names.len()
        }))
    }
}

/// The nodes of the main graph that the signatures need, and for each signature the functions that
/// its own ones call.
fn read_entries<'a>(
    graph: &Graph<'a>,
    signatures: &[Signature<'_>],
) -> (Vec<usize>, Vec<Vec<&'a str>>) {
    let mut starts: Vec<Vec<OpId>> = signatures
        .iter()
        .map(|signature| signature.outputs.iter().filter_map(|o| graph.find(o)).collect())
        .collect();
    if signatures.is_empty() {
        starts.push(graph.ops().map(|(op, _)| op).collect());
    }
    let most = match graph.library.names() {
        // Nothing but functions is told apart by signatures.
        [] => 1,
        _ => MAX_SIGNATURE_STEPS / graph.nodes.len().max(1),
    };
    merge_beyond(&mut starts, most);
    let mut is_needed = vec![false; graph.nodes.len()];
    let mut needed = Vec::new();
    let mut entries = Vec::new();
    for starts in starts {
        let mut calls = HashSet::new();
        for op in graph.ancestors(starts) {
            let at = op.index() as usize;
            let Some(node) = graph.node(op) else { continue };
            calls.extend(node.functions());
            if let Some(false) = is_needed.get_mut(at).map(|known| std::mem::replace(known, true)) {
                needed.push(at);
            }
        }
        entries.push(calls.into_iter().collect());
    }
    (needed, entries)
}

/// Joins the lists beyond the first ones to one.
fn merge_beyond<T>(lists: &mut Vec<Vec<T>>, most: usize) {
    let kept = most.saturating_sub(1).min(lists.len());
    if lists.len() - kept > 1 {
        let rest = lists.split_off(kept).into_iter().flatten().collect();
        lists.push(rest);
    }
}

fn read_function<'g, 'a>(
    name: &'a str,
    graph: &'g Graph<'a>,
    found: &mut Found<'g, 'a>,
) -> Scope<'g, 'a> {
    let mut scope =
        Scope { name, arguments: &[], nodes: &[], needed: Vec::new(), calls: Vec::new() };
    let Some(Ok(body)) = graph.library.function(name) else { return scope };
    (scope.arguments, scope.nodes) = (&body.arguments, &body.nodes);
    // Most functions hold no constant and call no other: those need no walk.
    if body.nodes.iter().any(|node| node.op == "Const" || !node.functions().is_empty()) {
        scope.needed = needed_nodes(body);
        let calls = scope.needed().flat_map(|(_, node)| node.functions());
        let calls: HashSet<usize> = calls.filter_map(|name| found.position(name)).collect();
        scope.calls = calls.into_iter().collect();
    }
    scope
}

/// Positions of the nodes that a function's outputs depend on.
fn needed_nodes(body: &FunctionBody<'_>) -> Vec<usize> {
    let by_name = by_name(&body.nodes);
    let position = |input: &str| by_name.get(input_node(input).node).copied();
    let mut open: Vec<usize> = body.returns.iter().filter_map(|(_, from)| position(from)).collect();
    let mut seen = vec![false; body.nodes.len()];
    let mut needed = Vec::new();
    while let Some(at) = open.pop() {
        let (Some(node), Some(seen)) = (body.nodes.get(at), seen.get_mut(at)) else { continue };
        if !std::mem::replace(seen, true) {
            needed.push(at);
            open.extend(node.inputs().filter_map(position));
        }
    }
    needed
}

fn by_name<'a>(nodes: &[Node<'a>]) -> HashMap<&'a str, usize> {
    nodes.iter().enumerate().map(|(at, node)| (node.name, at)).collect()
}
