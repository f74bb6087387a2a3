//! What TensorFlow's graph constructor would refuse in the main graph: repeated names, inputs that do
//! not exist, cycles. A model that no loader accepts is reported as broken, whatever its files count.
//! Source: tensorflow/core/common_runtime/graph_constructor.cc (TensorFlow 2.21).
use crate::saved_model::{Graph, input_node};

/// One reason for which the graph constructor refuses a graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum GraphProblem<'a> {
    /// Two nodes have this name.
    Repeated(&'a str),
    /// The node has an input that does not exist.
    UnknownInput { node: &'a str, input: &'a str },
    /// The node depends on itself without a `NextIteration` between.
    Cycle(&'a str),
}

/// Checks a graph in time linear in its edges; gives at most one problem of each kind.
pub(crate) fn check<'a>(graph: &Graph<'a>) -> Vec<GraphProblem<'a>> {
    let (edges, unknown) = edges(graph);
    let repeated = graph.repeated.first().map(|name| GraphProblem::Repeated(name));
    let stuck = node_in_cycle(graph.nodes.len(), &edges).and_then(|at| graph.nodes.get(at));
    let cycle = stuck.map(|node| GraphProblem::Cycle(node.name));
    repeated.into_iter().chain(unknown).chain(cycle).collect()
}

/// From a producer to a consumer: positions of nodes.
type DataEdge = (u32, u32);

/// All edges, control inputs included, and the first input that does not exist. The edges of
/// `NextIteration` are left out: they close loops, and the constructor adds them afterwards for the
/// same reason.
fn edges<'a>(graph: &Graph<'a>) -> (Vec<DataEdge>, Option<GraphProblem<'a>>) {
    let mut edges = Vec::with_capacity(graph.nodes.len());
    let mut unknown = None;
    for (to, node) in graph.ops() {
        for input in node.inputs() {
            let Some(from) = graph.find(input_node(input).node) else {
                unknown = unknown.or(Some(GraphProblem::UnknownInput { node: node.name, input }));
                continue;
            };
            let op = graph.node(from).map(|producer| producer.op);
            if !matches!(op, Some("NextIteration" | "RefNextIteration")) {
                edges.push((from.index(), to.index()));
            }
        }
    }
    (edges, unknown)
}

/// Position of a node that no topological order can hold (Kahn's algorithm, which needs no recursion).
fn node_in_cycle(count: usize, edges: &[DataEdge]) -> Option<usize> {
    let consumers = Consumers::new(count, edges);
    let mut waiting = vec![0u32; count];
    for (_, to) in edges {
        if let Some(waiting) = waiting.get_mut(*to as usize) {
            *waiting += 1;
        }
    }
    let zipped = (0u32..).zip(&waiting);
    let mut ready: Vec<u32> =
        zipped.filter(|(_, inputs)| **inputs == 0).map(|(at, _)| at).collect();
    while let Some(node) = ready.pop() {
        for to in consumers.of(node) {
            if let Some(waiting) = waiting.get_mut(*to as usize) {
                *waiting -= 1;
                if *waiting == 0 {
                    ready.push(*to);
                }
            }
        }
    }
    waiting.iter().position(|inputs| *inputs > 0)
}

/// The consumers of every node in two vectors. A vector for each node would be one allocation for
/// each of millions of nodes.
struct Consumers {
    /// Where the consumers of each node begin in `nodes`; one more entry ends the last.
    first: Vec<u32>,
    nodes: Vec<u32>,
}

impl Consumers {
    /// Sorts the edges by producer: a counting sort.
    fn new(count: usize, edges: &[DataEdge]) -> Consumers {
        let mut first = vec![0u32; count + 1];
        for (from, _) in edges {
            if let Some(consumers) = first.get_mut(*from as usize + 1) {
                *consumers += 1;
            }
        }
        let mut sum = 0;
        for consumers in &mut first {
            sum += *consumers;
            *consumers = sum;
        }
        let mut next = first.clone();
        let mut nodes = vec![0; edges.len()];
        for (from, to) in edges {
            let Some(at) = next.get_mut(*from as usize) else { continue };
            if let Some(node) = nodes.get_mut(*at as usize) {
                *node = *to;
            }
            *at += 1;
        }
        Consumers { first, nodes }
    }

    fn of(&self, node: u32) -> &[u32] {
        let at = node as usize;
        match (self.first.get(at), self.first.get(at + 1)) {
            (Some(from), Some(to)) => {
                self.nodes.get(*from as usize..*to as usize).unwrap_or_default()
            }
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::decode_graph;
    use crate::testkit::protobuf::Message;
    use crate::testkit::saved_model::{graph_def, node};

    fn problems(nodes: &[Message]) -> usize {
        let bytes = graph_def(nodes, &[]);
        check(&decode_graph(&bytes)).len()
    }

    #[test]
    fn a_loop_closed_by_next_iteration_is_not_a_cycle() {
        let nodes = [
            node("enter", "Enter", &[], &[]),
            node("merge", "Merge", &["enter", "next"], &[]),
            node("next", "NextIteration", &["merge"], &[]),
        ];
        assert_eq!(problems(&nodes), 0);
    }

    #[test]
    fn finds_a_cycle_an_unknown_input_and_a_repeated_name() {
        let bytes = graph_def(
            &[
                node("a", "Add", &["b"], &[]),
                node("b", "Add", &["a", "ghost:1"], &[]),
                node("b", "Add", &[], &[]),
            ],
            &[],
        );
        let found = check(&decode_graph(&bytes));
        assert!(matches!(found[0], GraphProblem::Repeated("b")));
        assert!(matches!(found[1], GraphProblem::UnknownInput { node: "b", input: "ghost:1" }));
        assert!(matches!(found[2], GraphProblem::Cycle(_)));
    }
}
