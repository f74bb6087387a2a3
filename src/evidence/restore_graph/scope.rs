//! The two places where a restore op can be: the main graph and a function. In both, an input names
//! another node, and values pass through `Identity` and the like on their way.

use foldhash::HashMap;

use super::variable_op::is_variable_op;
use crate::limits::MAX_RESTORE_CHAIN;
use crate::saved_model::{FunctionBody, Graph, Node, OpId, input_node};

/// Nodes that refer to each other by name: the main graph, or one function.
pub(super) trait Scope<'a> {
    /// The nodes among which restores and assignments are looked for.
    fn members(&self) -> Box<dyn Iterator<Item = Node<'a>> + '_>;
    /// The node or argument with this name.
    fn find(&self, name: &str) -> Option<Named<'a>>;
}

/// A node or argument, found by its name.
pub(super) enum Named<'a> {
    /// A node, and its id where it is one of the main graph.
    Node(Node<'a>, Option<OpId>),
    /// An argument of a function: the variable op of the main graph that the call passes, where it
    /// is one.
    Argument(Option<OpId>),
}

/// The main graph.
pub(super) struct MainScope<'g, 'a> {
    pub graph: &'g Graph<'a>,
    /// The nodes that the restore op runs.
    pub members: Vec<OpId>,
}

impl<'a> Scope<'a> for MainScope<'_, 'a> {
    fn members(&self) -> Box<dyn Iterator<Item = Node<'a>> + '_> {
        Box::new(self.members.iter().filter_map(|op| self.graph.node(*op)).copied())
    }

    fn find(&self, name: &str) -> Option<Named<'a>> {
        let op = self.graph.find(name)?;
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
    /// An argument: the variable op that the call passes, where it is one.
    Argument(Option<OpId>),
}

impl<'f, 'a> FunctionScope<'f, 'a> {
    /// `arguments` are the variable ops of the main graph that the call passes.
    pub fn new(body: &'f FunctionBody<'a>, arguments: &[Option<OpId>]) -> Self {
        let mut by_name = HashMap::default();
        for (k, name) in body.arguments.iter().enumerate() {
            let source = arguments.get(k).copied().flatten();
            by_name.insert(*name, InFunction::Argument(source));
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
            InFunction::Argument(source) => Some(Named::Argument(*source)),
        }
    }
}

/// The variable op of the main graph behind a name, through `Identity`.
pub(super) fn variable_behind<'a>(scope: &dyn Scope<'a>, name: &'a str) -> Option<OpId> {
    let mut name = name;
    for _ in 0..MAX_RESTORE_CHAIN {
        match scope.find(name)? {
            Named::Argument(source) => return source,
            Named::Node(node, at) if is_variable_op(node.op) => return at,
            Named::Node(node, _) if node.op == "Identity" => {
                name = node.inputs().next().map(|i| input_node(i).node)?;
            }
            Named::Node(..) => return None,
        }
    }
    None
}

/// The `RestoreV2` behind a value, which of its outputs it is, and whether the value was reshaped on
/// the way.
pub(super) fn restore_behind<'a>(
    scope: &dyn Scope<'a>,
    name: &'a str,
    output: usize,
) -> Option<(&'a str, usize, bool)> {
    let (mut name, mut output, mut reshaped) = (name, output, false);
    for _ in 0..MAX_RESTORE_CHAIN {
        let Named::Node(node, _) = scope.find(name)? else { return None };
        match node.op {
            "RestoreV2" => return Some((node.name, output, reshaped)),
            "Identity" | "Cast" | "Reshape" => {
                reshaped |= node.op == "Reshape";
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
