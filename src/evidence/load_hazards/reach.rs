//! Which nodes and functions a load runs, and the hazards among them.

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use super::folding::{Nodes, is_never_folded};
use super::found::LoadHazards;
use super::given::{Path, Paths, is_hazard, path_in};
use super::op_lists::listed;
use crate::limits::MAX_SCANNED_CALLS;
use crate::saved_model::{FunctionBody, Graph, Node, OpId, input_node};

/// A function that is called, and which of its arguments are paths of the model's own files.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Call<'a> {
    function: &'a str,
    arguments: Vec<Option<Path>>,
}

impl<'a> Call<'a> {
    fn without_paths(function: &'a str) -> Call<'a> {
        Call { function, arguments: Vec::new() }
    }
}

/// A step of the walk through the functions.
enum Step<'a> {
    Enter(Call<'a>),
    Leave(&'a str),
}

/// The scan of one model.
pub(super) struct Scan<'g, 'a> {
    graph: &'g Graph<'a>,
    hazards: LoadHazards<'a>,
    /// Calls that are not made by a function, still to be scanned.
    calls: Vec<Call<'a>>,
    /// Functions with one value of `api_implements`.
    implementations: HashMap<&'a [u8], Vec<&'a str>>,
}

impl<'g, 'a> Scan<'g, 'a> {
    pub fn new(graph: &'g Graph<'a>) -> Scan<'g, 'a> {
        let (hazards, calls) = (LoadHazards::default(), Vec::new());
        Scan { graph, hazards, calls, implementations: HashMap::new() }
    }

    /// Scans these nodes of the main graph and everything that they depend on, which run with these
    /// paths.
    pub fn run(&mut self, starts: Vec<OpId>, paths: &Paths<'a>) {
        for op in self.graph.ancestors(starts) {
            if let Some(node) = self.graph.node(op) {
                let calls = self.visit(node, paths);
                self.calls.extend(calls);
            }
        }
    }

    /// Scans what may be folded, in the main graph and in all functions.
    pub fn fold(&mut self) {
        let graph = self.graph;
        self.fold_nodes(&graph.nodes);
        for name in graph.library.names() {
            // A function that cannot be read is a hazard only where it is called.
            let Some(Ok(body)) = graph.library.function(name) else { continue };
            for value in &body.implements {
                self.implementations.entry(value).or_default().push(name);
            }
            self.fold_nodes(&body.nodes);
        }
    }

    fn fold_nodes(&mut self, nodes: &[Node<'a>]) {
        let paths = Paths::default();
        let mut all = Nodes::new(nodes);
        for (at, node) in nodes.iter().enumerate().filter(|(_, n)| !is_never_folded(n.op)) {
            // Most nodes are neither, which is quicker to tell than what they depend on.
            if (self.is_unsafe(node, &paths) || !self.functions_of(node).is_empty())
                && all.may_fold(at)
            {
                let calls = self.visit(node, &paths);
                self.calls.extend(calls);
            }
        }
    }

    /// Scans all functions that are called, and gives what was found.
    pub fn finish(mut self) -> LoadHazards<'a> {
        self.scan_functions();
        self.hazards
    }

    /// True for a node whose op is a hazard. An op may be the name of a function, which is looked at
    /// where it is called.
    fn is_unsafe(&self, node: &Node<'a>, paths: &Paths<'a>) -> bool {
        let is_function = listed(node.op).is_none() && self.graph.library.contains(node.op);
        !is_function && is_hazard(node, paths)
    }

    /// The functions that a node names.
    fn functions_of(&self, node: &Node<'a>) -> Vec<&'a str> {
        let mut functions = node.functions();
        if self.graph.library.contains(node.op) {
            functions.push(node.op);
        }
        functions
    }

    /// Notes what is a hazard in a node that is run, and gives the calls that it makes.
    fn visit(&mut self, node: &Node<'a>, paths: &Paths<'a>) -> Vec<Call<'a>> {
        if self.is_unsafe(node, paths) {
            self.hazards.add(node.op, node.name);
        }
        let functions = self.functions_of(node);
        if functions.is_empty() {
            return Vec::new();
        }
        // Only these ops pass their inputs as the arguments, in order.
        let is_call = matches!(node.op, "PartitionedCall" | "StatefulPartitionedCall");
        let inputs = node.inputs().filter(|input| is_call && !input_node(input).control);
        let arguments: Vec<Option<Path>> = inputs.map(|input| path_in(paths, input)).collect();
        let mut calls = Vec::with_capacity(functions.len());
        for function in functions {
            if self.graph.library.contains(function) {
                calls.push(Call { function, arguments: arguments.clone() });
            } else if listed(function).is_some_and(|op| !op.is_good) {
                // The runtime takes some ops for functions: `SymbolicGradient`.
                self.hazards.add(function, node.name);
            }
        }
        calls
    }

    /// Scans the functions that are called, depth first, without recursion of its own. A call of a
    /// function that is still open is a recursion.
    fn scan_functions(&mut self) {
        let mut open: HashMap<&str, usize> = HashMap::new();
        let mut scanned: HashSet<Call<'a>> = HashSet::new();
        let mut entered: HashSet<&str> = HashSet::new();
        let mut steps: Vec<Step<'a>> = Vec::new();
        loop {
            let Some(step) = steps.pop().or_else(|| self.calls.pop().map(Step::Enter)) else {
                return;
            };
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
                self.hazards.recursion.get_or_insert(name);
                continue;
            }
            if scanned.contains(&call) {
                continue;
            }
            let body = match self.graph.library.function(name) {
                Some(Ok(body)) if scanned.len() < MAX_SCANNED_CALLS => body,
                // What is not looked at is not known to be harmless.
                _ => {
                    self.hazards.add(name, name);
                    continue;
                }
            };
            let paths = arguments(body, &call);
            scanned.insert(call);
            *open.entry(name).or_default() += 1;
            steps.push(Step::Leave(name));
            if entered.insert(name) {
                self.add_others(name, body, &mut steps);
            }
            for node in &body.nodes {
                steps.extend(self.visit(node, &paths).into_iter().map(Step::Enter));
            }
        }
    }

    /// Adds the functions that a function has run although none of its nodes names them: those that
    /// its attributes name, its gradients, and others that may take its place.
    fn add_others(&mut self, name: &'a str, body: &FunctionBody<'a>, steps: &mut Vec<Step<'a>>) {
        for named in &body.named {
            if self.graph.library.contains(named) {
                steps.push(Step::Enter(Call::without_paths(named)));
            } else if listed(named).is_some_and(|op| !op.is_good) {
                self.hazards.add(named, name);
            }
        }
        // They may call this function without a recursion.
        let gradients = self.graph.library.gradients(name).iter().copied();
        // Each group of equals is added once: the first that is entered brings all others.
        let same = body.implements.iter().filter_map(|value| self.implementations.remove(value));
        let others = gradients.chain(same.flatten());
        let library = &self.graph.library;
        let known = others.filter(|other| *other != name && library.contains(other));
        self.calls.extend(known.map(Call::without_paths));
    }
}

/// The arguments of a call that are paths of the model's own files.
fn arguments<'a>(body: &FunctionBody<'a>, call: &Call<'a>) -> Paths<'a> {
    let arguments = body.arguments.iter().zip(&call.arguments);
    arguments.filter_map(|(name, path)| Some((*name, (*path)?))).collect()
}
