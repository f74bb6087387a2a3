//! What TensorFlow may evaluate although nothing runs it: while it imports a graph it folds constants,
//! which is to run every op without state that is fed by constants alone.
//!
//! Source: tensorflow/core/common_runtime, `eval_const_tensor.cc` and `constant_folding.cc`
//! (TensorFlow 2.21). They fold less than is taken for folded here: ops with a kernel for the CPU, and
//! only those whose value is asked for.

use foldhash::{HashMap, HashMapExt};

use super::op_lists::listed;
use crate::saved_model::{Node, input_node};

/// The nodes of a graph or a function, by name.
pub(super) struct Nodes<'g, 'a> {
    nodes: &'g [Node<'a>],
    by_name: HashMap<&'a str, usize>,
    known: HashMap<usize, State>,
}

/// Whether a node's value is a constant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Its inputs are being looked at. One that leads back to it is no constant.
    Open,
    Constant,
    Variable,
}

impl<'g, 'a> Nodes<'g, 'a> {
    pub fn new(nodes: &'g [Node<'a>]) -> Nodes<'g, 'a> {
        Nodes { nodes, by_name: HashMap::new(), known: HashMap::new() }
    }

    /// True for a node that may be folded.
    pub fn may_fold(&mut self, at: usize) -> bool {
        let mut open = vec![at];
        while let Some(&at) = open.last() {
            if self.known.get(&at).is_some_and(|state| *state != State::Open) {
                open.pop();
                continue;
            }
            let is_open = self.known.insert(at, State::Open).is_some();
            let state = self.state(at, is_open, &mut open);
            if let Some(state) = state {
                self.known.insert(at, state);
                open.pop();
            }
        }
        self.known.get(&at) == Some(&State::Constant)
    }

    /// What a node is; `None` where inputs have been added to `open` that must be known before. The
    /// second time (`is_open`) all of them are, but for those that lead back.
    fn state(&mut self, at: usize, is_open: bool, open: &mut Vec<usize>) -> Option<State> {
        let Some(node) = self.nodes.get(at) else { return Some(State::Variable) };
        match kind(node.op) {
            Kind::Never => return Some(State::Variable),
            Kind::Always => return Some(State::Constant),
            Kind::WithItsInputs => {}
        }
        if self.by_name.is_empty() {
            self.by_name = self.nodes.iter().enumerate().map(|(at, n)| (n.name, at)).collect();
        }
        let before = open.len();
        for input in node.inputs().map(input_node).filter(|input| !input.control) {
            // What no node makes is an argument of the function.
            let Some(&from) = self.by_name.get(input.node) else { return self.leave(open, before) };
            match self.known.get(&from) {
                Some(State::Constant) => {}
                None if !is_open => open.push(from),
                _ => return self.leave(open, before),
            }
        }
        (open.len() == before).then_some(State::Constant)
    }

    /// No constant, whatever the inputs are that were to be looked at.
    fn leave(&self, open: &mut Vec<usize>, before: usize) -> Option<State> {
        open.truncate(before);
        Some(State::Variable)
    }
}

/// How the op of a node decides whether it is folded.
enum Kind {
    /// Has state, or is fed from outside.
    Never,
    /// Follows from the shape of its input, whatever the values.
    Always,
    WithItsInputs,
}

fn kind(op: &str) -> Kind {
    match op {
        "Placeholder" | "PlaceholderV2" | "PlaceholderWithDefault" | "FakeParam" => Kind::Never,
        "Shape" | "ShapeN" | "Rank" | "Size" | "VariableShape" => Kind::Always,
        op if listed(op).is_some_and(|op| op.is_stateful) => Kind::Never,
        _ => Kind::WithItsInputs,
    }
}

/// True for an op that is never folded, whatever its inputs.
pub(super) fn is_never_folded(op: &str) -> bool {
    matches!(kind(op), Kind::Never)
}
