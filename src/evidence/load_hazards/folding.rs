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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::decode_graph;
    use crate::testkit::saved_model::{graph_def, node};

    /// By the definition: what has no state becomes constant once all of its inputs are.
    fn by_definition(nodes: &[Node<'_>]) -> Vec<bool> {
        let mut constant = vec![false; nodes.len()];
        for _ in nodes {
            for (at, node) in nodes.iter().enumerate() {
                let is_constant = |input: &str| {
                    let from = nodes.iter().position(|n| n.name == input_node(input).node);
                    from.is_some_and(|from| constant[from])
                };
                let mut inputs = node.inputs().filter(|input| !input.starts_with('^'));
                constant[at] |= match kind(node.op) {
                    Kind::Never => false,
                    Kind::Always => true,
                    Kind::WithItsInputs => inputs.all(is_constant),
                };
            }
        }
        constant
    }

    #[test]
    fn random_graphs_with_circles_are_folded_as_defined() {
        const OPS: [&str; 8] =
            ["Const", "Add", "Add", "Merge", "Identity", "Shape", "Placeholder", "NoSuchOp"];
        let mut random = fastrand::Rng::with_seed(7);
        let mut folded = 0;
        for _ in 0..2_000 {
            let count = random.usize(1..14);
            let nodes: Vec<_> = (0..count)
                .map(|at| {
                    let op = OPS[random.usize(0..OPS.len())];
                    let inputs: Vec<String> =
                        (0..if op == "Const" { 0 } else { random.usize(0..4) })
                            .map(|_| match random.usize(0..count + 1) {
                                // An argument of the function.
                                from if from == count => "argument".to_owned(),
                                from if random.u8(0..6) == 0 => format!("^n{from}"),
                                from => format!("n{from}:out:0"),
                            })
                            .collect();
                    let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
                    node(&format!("n{at}"), op, &inputs, &[])
                })
                .collect();
            let bytes = graph_def(&nodes, &[]);
            let graph = decode_graph(&bytes);
            let mut all = Nodes::new(&graph.nodes);
            // In any order, since what is known is kept.
            let mut order: Vec<usize> = (0..count).collect();
            random.shuffle(&mut order);
            let expected = by_definition(&graph.nodes);
            for at in order {
                assert_eq!(all.may_fold(at), expected[at], "n{at} of {:?}", graph.nodes);
                folded += usize::from(expected[at]);
            }
        }
        assert!(folded > 1_000, "only {folded} nodes are folded");
    }
}
