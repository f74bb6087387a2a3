//! The two places where a restore op can be: the main graph and a function. In both, an input names
//! another node, and values pass through `Identity` and the like on their way.

use foldhash::HashMap;

use super::variable_op::is_variable_op;
use crate::limits::MAX_RESTORE_CHAIN;
use crate::saved_model::{FunctionBody, Graph, InputName, Node, OpId, input_node};

/// Nodes that refer to each other by name: the main graph, or one function.
pub(super) trait Scope<'a> {
    /// The nodes among which restores and assignments are looked for.
    fn members(&self) -> Box<dyn Iterator<Item = Node<'a>> + '_>;
    /// The node or argument with this name.
    fn find(&self, name: &str) -> Option<Named<'a>>;
}

/// A node, or a value that is given from outside, found by its name.
pub(super) enum Named<'a> {
    /// A node, and its id where it is one of the main graph.
    Node(Node<'a>, Option<OpId>),
    /// An argument of a function, or what the loader feeds.
    Given(Given),
}

/// What a call passes for an argument of a function, or the loader feeds to the main graph.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Given {
    /// A variable op of the main graph.
    Variable(OpId),
    /// The path of the model's own checkpoint.
    Prefix,
    /// Anything else.
    #[default]
    Other,
}

/// The main graph.
pub(super) struct MainScope<'g, 'a> {
    pub graph: &'g Graph<'a>,
    /// The nodes that are run.
    pub members: Vec<OpId>,
    /// The node that the loader feeds with the path of the checkpoint.
    pub prefix: Option<OpId>,
}

impl<'a> Scope<'a> for MainScope<'_, 'a> {
    fn members(&self) -> Box<dyn Iterator<Item = Node<'a>> + '_> {
        Box::new(self.members.iter().filter_map(|op| self.graph.node(*op)).copied())
    }

    fn find(&self, name: &str) -> Option<Named<'a>> {
        let op = self.graph.find(name)?;
        if self.prefix == Some(op) {
            return Some(Named::Given(Given::Prefix));
        }
        Some(Named::Node(*self.graph.node(op)?, Some(op)))
    }
}

/// The body of a function, all of whose nodes run.
pub(super) struct FunctionScope<'f, 'a> {
    body: &'f FunctionBody<'a>,
    by_name: HashMap<&'a str, InFunction>,
}

/// A node or argument of a function.
#[derive(Clone, Copy)]
enum InFunction {
    /// Position of a node of the body.
    Node(usize),
    /// An argument.
    Argument(Given),
}

impl<'f, 'a> FunctionScope<'f, 'a> {
    /// `arguments` is what the call passes.
    pub fn new(body: &'f FunctionBody<'a>, arguments: &[Given]) -> Self {
        let mut by_name = HashMap::default();
        for (k, name) in body.arguments.iter().enumerate() {
            let given = arguments.get(k).copied().unwrap_or_default();
            by_name.insert(*name, InFunction::Argument(given));
        }
        for (at, node) in body.nodes.iter().enumerate() {
            by_name.insert(node.name, InFunction::Node(at));
        }
        FunctionScope { body, by_name }
    }
}

impl<'a> Scope<'a> for FunctionScope<'_, 'a> {
    fn members(&self) -> Box<dyn Iterator<Item = Node<'a>> + '_> {
        Box::new(self.body.nodes.iter().copied())
    }

    fn find(&self, name: &str) -> Option<Named<'a>> {
        match self.by_name.get(name)? {
            InFunction::Node(i) => self.body.nodes.get(*i).map(|n| Named::Node(*n, None)),
            InFunction::Argument(given) => Some(Named::Given(*given)),
        }
    }
}

/// What is behind a name, through `Identity`.
pub(super) fn given_behind<'a>(scope: &dyn Scope<'a>, name: &'a str) -> Given {
    let mut name = name;
    for _ in 0..MAX_RESTORE_CHAIN {
        match scope.find(name) {
            Some(Named::Given(given)) => return given,
            Some(Named::Node(node, Some(op))) if is_variable_op(node.op) => {
                return Given::Variable(op);
            }
            Some(Named::Node(node, _)) if node.op == "Identity" => {
                let Some(input) = node.inputs().next() else { break };
                name = input_node(input).node;
            }
            _ => break,
        }
    }
    Given::Other
}

/// A call of a function.
pub(super) struct Call<'a> {
    pub function: &'a str,
    /// What is passed for each argument.
    pub arguments: Vec<Given>,
}

/// What a node takes, control inputs aside.
pub(super) fn taken<'a>(scope: &dyn Scope<'a>, node: &Node<'a>) -> Vec<Given> {
    let inputs = node.inputs().map(input_node).filter(|i| !i.control);
    inputs.map(|i| given_behind(scope, i.node)).collect()
}

/// The variable that a node assigns, and the value that it assigns; `None` where it is no plain assignment
/// to a variable of the main graph.
pub(super) fn assigned<'a>(
    scope: &dyn Scope<'a>,
    node: &Node<'a>,
) -> Option<(OpId, InputName<'a>)> {
    if !matches!(node.op, "Assign" | "AssignVariableOp") {
        return None;
    }
    let mut inputs = node.inputs().map(input_node).filter(|i| !i.control);
    let (target, value) = (inputs.next()?, inputs.next()?);
    match given_behind(scope, target.node) {
        Given::Variable(variable) => Some((variable, value)),
        Given::Prefix | Given::Other => None,
    }
}

/// What is done to a value between its restore and its assignment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct OnTheWay {
    /// It gets another shape.
    pub reshaped: bool,
    /// It gets another element type.
    pub cast: bool,
}

/// The `RestoreV2` behind a value, which of its outputs it is, and what is done to the value.
pub(super) fn restore_behind<'a>(
    scope: &dyn Scope<'a>,
    name: &'a str,
    output: usize,
) -> Option<(&'a str, usize, OnTheWay)> {
    let (mut name, mut output, mut way) = (name, output, OnTheWay::default());
    for _ in 0..MAX_RESTORE_CHAIN {
        let Named::Node(node, _) = scope.find(name)? else { return None };
        match node.op {
            "RestoreV2" => return Some((node.name, output, way)),
            "Identity" | "Cast" | "Reshape" => {
                way.reshaped |= node.op == "Reshape";
                way.cast |= node.op == "Cast";
                let input = input_node(node.inputs().next()?);
                (name, output) = (input.node, input.output);
            }
            _ => return None,
        }
    }
    None
}

/// The `Const` behind a name, through `Identity`.
pub(super) fn constant_behind<'a>(scope: &dyn Scope<'a>, name: &'a str) -> Option<Node<'a>> {
    let mut name = name;
    for _ in 0..MAX_RESTORE_CHAIN {
        let Named::Node(node, _) = scope.find(name)? else { return None };
        match node.op {
            "Const" => return Some(node),
            "Identity" => name = input_node(node.inputs().next()?).node,
            _ => return None,
        }
    }
    None
}
