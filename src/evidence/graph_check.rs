//! What TensorFlow's graph constructor would refuse in the main graph: repeated names, inputs
//! that do not exist, cycles.
//! Source: tensorflow/core/common_runtime/graph_constructor.cc (TensorFlow 2.21).

use crate::saved_model::{Graph, input_node};

/// One thing that is wrong with a graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum GraphProblem<'a> {
    /// Two nodes have this name.
    Repeated(&'a str),
    /// This node takes an input that does not exist.
    UnknownInput { node: &'a str, input: &'a str },
    /// This node is part of a cycle that is no loop.
    Cycle(&'a str),
}

/// Checks a graph once through; gives at most one problem of each kind.
pub(crate) fn check<'a>(graph: &Graph<'a>) -> Vec<GraphProblem<'a>> {
    let mut problems: Vec<GraphProblem<'a>> =
        graph.repeated.iter().take(1).map(|n| GraphProblem::Repeated(n)).collect();
    let count = graph.nodes.len();
    // Edges in compressed form: where each node's consumers begin, then the consumers.
    let mut edges: Vec<(u32, u32)> = Vec::with_capacity(count);
    let mut waiting = vec![0u32; count];
    let mut unknown = None;
    for (at, node) in graph.nodes.iter().enumerate() {
        for input in node.inputs() {
            match graph.position(input_node(input).node) {
                // A loop is closed by NextIteration, which the constructor leaves open on purpose.
                Some(from) if is_back_edge(graph.nodes.get(from).map(|n| n.op)) => {}
                Some(from) => {
                    edges.push((from as u32, at as u32));
                    waiting[at] += 1;
                }
                None => {
                    unknown =
                        unknown.or(Some(GraphProblem::UnknownInput { node: node.name, input }));
                }
            }
        }
    }
    problems.extend(unknown);
    let mut first = vec![0u32; count + 1];
    for (from, _) in &edges {
        first[*from as usize + 1] += 1;
    }
    for i in 0..count {
        first[i + 1] += first[i];
    }
    let mut next = first.clone();
    let mut consumers = vec![0u32; edges.len()];
    for (from, to) in &edges {
        let slot = &mut next[*from as usize];
        consumers[*slot as usize] = *to;
        *slot += 1;
    }
    let mut ready: Vec<u32> = (0..count as u32).filter(|i| waiting[*i as usize] == 0).collect();
    let mut done = 0usize;
    while let Some(node) = ready.pop() {
        done += 1;
        let node = node as usize;
        for to in &consumers[first[node] as usize..first[node + 1] as usize] {
            let left = &mut waiting[*to as usize];
            *left -= 1;
            if *left == 0 {
                ready.push(*to);
            }
        }
    }
    if done < count {
        let stuck = waiting.iter().position(|w| *w > 0);
        problems
            .extend(stuck.and_then(|i| graph.nodes.get(i)).map(|n| GraphProblem::Cycle(n.name)));
    }
    problems
}

fn is_back_edge(op: Option<&str>) -> bool {
    matches!(op, Some("NextIteration" | "RefNextIteration"))
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
    fn a_loop_closed_by_next_iteration_is_no_cycle() {
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
