//! Which variables a run of some nodes writes: everything that takes a variable's handle and is not known
//! to read only may write it.

use foldhash::{HashMap, HashSet};

use super::scope::{
    Call, FunctionScope, Given, MainScope, Scope, assigned, constant_behind, taken,
};
use super::variable_op::{is_variable_op, resource_name, resource_of};
use crate::saved_model::{Graph, Node, OpId, TensorHeader};

/// A variable: its container and shared name.
type Resource<'a> = (&'a [u8], &'a [u8]);

/// What a run writes.
#[derive(Debug, Default)]
pub(crate) struct Writes<'a> {
    /// How many nodes write each variable.
    times: HashMap<Resource<'a>, usize>,
    /// Handles to variables of which no variable op of the main graph is one: the function, which is
    /// empty for the main graph, and the node.
    pub not_in_main_graph: Vec<(&'a str, &'a str)>,
    /// The constants that are assigned.
    constants: HashMap<Resource<'a>, TensorHeader<'a>>,
    /// Nodes that may write variables which nothing tells.
    untold: usize,
    /// True where a node decides at run time what else is run.
    pub has_conditions: bool,
}

impl<'a> Writes<'a> {
    /// True where nothing is written.
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// How many nodes may write a variable.
    pub fn times(&self, resource: Resource<'_>) -> usize {
        self.times.get(&resource).copied().unwrap_or(0).saturating_add(self.untold)
    }

    /// True where a node that is told writes the variable.
    pub fn writes(&self, resource: Resource<'_>) -> bool {
        self.times.contains_key(&resource)
    }

    /// The constant that a variable ends with; `None` where something else may write it, too.
    pub fn constant(&self, resource: Resource<'a>) -> Option<&TensorHeader<'a>> {
        self.constants.get(&resource).filter(|_| self.times(resource) == 1)
    }

    fn add(&mut self, resource: Option<Resource<'a>>) {
        match resource {
            Some(resource) => {
                let times = self.times.entry(resource).or_default();
                *times = times.saturating_add(1);
            }
            None => self.untold = self.untold.saturating_add(1),
        }
    }
}

/// Collects what these nodes of the main graph and everything that they depend on write.
pub(super) fn writes<'a>(graph: &Graph<'a>, starts: impl IntoIterator<Item = OpId>) -> Writes<'a> {
    let mut run =
        Run { graph, out: Writes::default(), calls: Vec::new(), main: HashSet::default() };
    let members = graph.ancestors(starts);
    if members.is_empty() {
        return run.out;
    }
    let main = MainScope { graph, members, prefix: None };
    run.visit(&main, "");
    let mut entered = HashSet::default();
    while let Some(Call { function, arguments }) = run.calls.pop() {
        if !entered.insert(function) {
            // A second call writes what it passes once more; the body is known.
            run.may_write(&arguments);
        } else if let Some(Ok(body)) = graph.library.function(function) {
            run.visit(&FunctionScope::new(body, &arguments), function);
        } else {
            run.out.add(None);
        }
    }
    run.out
}

struct Run<'g, 'a> {
    graph: &'g Graph<'a>,
    out: Writes<'a>,
    calls: Vec<Call<'a>>,
    /// The variables of the main graph, once a function has asked for them.
    main: HashSet<Resource<'a>>,
}

impl<'a> Run<'_, 'a> {
    fn visit(&mut self, scope: &dyn Scope<'a>, function: &'a str) {
        for node in scope.members() {
            // The second op stands for several variables at once.
            let is_handle = is_variable_op(node.op);
            if node.op == "_VarHandlesOp" || (is_handle && !function.is_empty()) {
                self.unknown_handle(&node, function);
                continue;
            }
            if is_handle {
                continue;
            }
            self.out.has_conditions |= is_condition(node.op);
            let functions = node.functions();
            match (node.op, functions.as_slice()) {
                ("PartitionedCall" | "StatefulPartitionedCall", [function]) => {
                    self.calls.push(Call { function, arguments: taken(scope, &node) });
                }
                (op, functions) => {
                    let called = functions.iter();
                    self.calls.extend(called.map(|f| Call { function: f, arguments: Vec::new() }));
                    if !only_reads(op) {
                        let given = taken(scope, &node);
                        self.may_write(&given);
                        if let Some((resource, constant)) = self.assigned_constant(scope, &node) {
                            self.out.constants.insert(resource, constant);
                        }
                        if is_write(op) && !matches!(given.first(), Some(Given::Variable(_))) {
                            self.out.add(None);
                        }
                    }
                }
            }
        }
    }

    /// The variable and the constant of a plain assignment.
    fn assigned_constant(
        &self,
        scope: &dyn Scope<'a>,
        node: &Node<'a>,
    ) -> Option<(Resource<'a>, TensorHeader<'a>)> {
        let (variable, value) = assigned(scope, node)?;
        let constant = constant_behind(scope, value.node)?;
        Some((resource_name(self.graph, variable)?, constant.attr("value")?.tensor()?))
    }

    fn may_write(&mut self, given: &[Given]) {
        for given in given {
            if let Given::Variable(op) = given {
                self.out.add(resource_name(self.graph, *op));
            }
        }
    }

    /// A handle of which nothing is followed.
    fn unknown_handle(&mut self, node: &Node<'a>, function: &'a str) {
        if self.main.is_empty() {
            let ops = self.graph.ops().filter(|(_, node)| is_variable_op(node.op));
            self.main = ops.filter_map(|(op, _)| resource_name(self.graph, op)).collect();
        }
        let resource = resource_of(node);
        self.out.add(resource);
        if !resource.is_some_and(|resource| self.main.contains(&resource)) {
            self.out.not_in_main_graph.push((function, node.name));
        }
    }
}

/// Ops that take the handle of a variable, or a variable of the old kind, and leave it as it is.
fn only_reads(op: &str) -> bool {
    matches!(
        op,
        "Identity"
            | "ReadVariableOp"
            | "VarIsInitializedOp"
            | "IsVariableInitialized"
            | "VariableShape"
            | "ResourceGather"
            | "ResourceGatherNd"
            | "SaveV2"
    )
}

/// Ops that write the variable that is their first input.
fn is_write(op: &str) -> bool {
    ["Assign", "Resource", "Scatter"].iter().any(|prefix| op.starts_with(prefix))
}

/// Ops that decide at run time which nodes or functions are run.
fn is_condition(op: &str) -> bool {
    matches!(
        op,
        "Switch"
            | "RefSwitch"
            | "_SwitchN"
            | "Merge"
            | "RefMerge"
            | "Enter"
            | "RefEnter"
            | "If"
            | "StatelessIf"
            | "Case"
            | "StatelessCase"
            | "While"
            | "StatelessWhile"
    )
}
