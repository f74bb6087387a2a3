//! The restore graph: which checkpoint key fills which variable op.
//!
//! This is the exact identity between session and checkpoint; names are not (a thousand variables
//! may all be called `v`). Two shapes exist. TF2 calls a function in which output *i* of
//! `RestoreV2` reaches an `AssignVariableOp` of argument *k*, and input *k* of the call is the
//! variable op. TF1 does the same in the main graph, with `Assign` for reference variables.
//! Source: tensorflow/python/checkpoint/functional_saver.py, training/saver.py.

use foldhash::{HashMap, HashSet, HashSetExt};

use crate::model::DType;
use crate::saved_model::{FunctionBody, Graph, Node, input_node};

/// Longest chain of pass-through ops that is followed between a restore and its assignment.
const MAX_CHAIN: usize = 64;

/// One tensor that the restore op reads and the variable op that takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Restored<'a> {
    /// Key in the checkpoint.
    pub key: &'a [u8],
    /// Slice of it, as `RestoreV2` is told; empty for the whole tensor.
    pub slice: &'a [u8],
    /// Element type that is asked for.
    pub dtype: Option<DType>,
    /// Position of the variable op in the main graph; `None` where the tensor goes elsewhere, such
    /// as into a table.
    pub variable: Option<usize>,
    /// True where the tensor is reshaped on the way, so that the stored shape is not the variable's.
    pub reshaped: bool,
}

/// What the restore op does.
#[derive(Debug, Default)]
pub(crate) struct RestoreGraph<'a> {
    /// Every tensor it reads, in the order of the graph.
    pub restored: Vec<Restored<'a>>,
    /// Set where the MetaGraph names a restore op that its graph lacks.
    pub missing_op: Option<&'a str>,
    /// Set where something in it could not be followed; says what.
    pub unclear: Option<String>,
}

/// True for ops that hold a variable.
pub(crate) fn is_variable_op(op: &str) -> bool {
    matches!(op, "VarHandleOp" | "VariableV2" | "Variable")
}

/// Container and shared name of a variable op: what makes two ops one variable. An empty shared
/// name stands for the op's own name.
pub(crate) fn resource_name<'a>(graph: &Graph<'a>, op: usize) -> Option<(&'a [u8], &'a [u8])> {
    let node = graph.nodes.get(op)?;
    let [container, shared] = node
        .attrs_named(["container", "shared_name"])
        .map(|attr| attr.and_then(|a| a.bytes()).unwrap_or_default());
    Some((container, if shared.is_empty() { node.name.as_bytes() } else { shared }))
}

/// Follows the restore op of a MetaGraph. An empty name means that there is no saver.
pub(crate) fn read<'a>(graph: &Graph<'a>, restore_op: &'a str) -> RestoreGraph<'a> {
    let mut out = RestoreGraph::default();
    if restore_op.is_empty() {
        return out;
    }
    let name = input_node(restore_op).node;
    let Some(start) = graph.position(name) else {
        out.missing_op = Some(name);
        return out;
    };
    // Functions found on the way, each with the main-graph source of its arguments. Each is
    // entered once, so that a function that calls itself ends the walk instead of looping.
    let mut calls: Vec<(&'a str, Vec<Option<usize>>)> = Vec::new();
    let main = MainScope { graph, members: graph.ancestors([start]) };
    follow(&main, &mut out, &mut calls);
    let mut entered = HashSet::new();
    while let Some((function, arguments)) = calls.pop() {
        if !entered.insert(function) {
            continue;
        }
        match graph.library.function(function) {
            Some(Ok(body)) => {
                let scope = FunctionScope::new(body, &arguments);
                follow(&scope, &mut out, &mut calls);
            }
            Some(Err(bad)) => out.unclear = Some(format!("function {function}: {}", bad.what)),
            None => out.unclear = Some(format!("function {function} does not exist")),
        }
    }
    out
}

/// The keys that restores of the main graph name, whether the restore op reaches them or not.
pub(crate) fn named_keys<'a>(graph: &Graph<'a>) -> HashSet<&'a [u8]> {
    let main = MainScope { graph, members: Vec::new() };
    let restores = graph.nodes.iter().filter(|n| n.op == "RestoreV2");
    let names = restores.filter_map(|n| {
        let name = n.inputs().map(input_node).filter(|i| !i.control).nth(1)?.node;
        constant_behind(&main, name)?.attr("value")?.tensor()
    });
    names.flat_map(|head| head.strings().collect::<Vec<_>>()).collect()
}

/// Nodes that can see each other by name: the main graph, or one function.
trait Scope<'a> {
    fn members(&self) -> Box<dyn Iterator<Item = Node<'a>> + '_>;
    fn find(&self, name: &str) -> Option<Place<'a>>;
}

/// What a name stands for.
enum Place<'a> {
    /// A node; its position where it is one of the main graph.
    Node(Node<'a>, Option<usize>),
    /// A function's argument, with the main-graph node behind it.
    Argument(Option<usize>),
}

struct MainScope<'g, 'a> {
    graph: &'g Graph<'a>,
    members: Vec<usize>,
}

impl<'a> Scope<'a> for MainScope<'_, 'a> {
    fn members(&self) -> Box<dyn Iterator<Item = Node<'a>> + '_> {
        Box::new(self.members.iter().filter_map(|i| self.graph.nodes.get(*i)).copied())
    }

    fn find(&self, name: &str) -> Option<Place<'a>> {
        let at = self.graph.position(name)?;
        Some(Place::Node(*self.graph.nodes.get(at)?, Some(at)))
    }
}

struct FunctionScope<'f, 'a> {
    body: &'f FunctionBody<'a>,
    by_name: Names<'a, InFunction>,
}

/// What a name inside a function stands for.
#[derive(Clone, Copy)]
enum InFunction {
    /// Position of a node of the body.
    Node(usize),
    /// An argument, with the main-graph node behind it.
    Argument(Option<usize>),
}

impl<'f, 'a> FunctionScope<'f, 'a> {
    fn new(body: &'f FunctionBody<'a>, arguments: &[Option<usize>]) -> Self {
        let mut by_name = Names::default();
        for (k, name) in body.arguments.iter().enumerate() {
            let source = arguments.get(k).copied().flatten();
            by_name.insert(*name, InFunction::Argument(source));
        }
        for (i, node) in body.nodes.iter().enumerate() {
            by_name.insert(node.name, InFunction::Node(i));
        }
        FunctionScope { body, by_name }
    }
}

impl<'a> Scope<'a> for FunctionScope<'_, 'a> {
    fn members(&self) -> Box<dyn Iterator<Item = Node<'a>> + '_> {
        Box::new(self.body.nodes.iter().copied())
    }

    fn find(&self, name: &str) -> Option<Place<'a>> {
        match self.by_name.get(name)? {
            InFunction::Node(i) => self.body.nodes.get(*i).map(|n| Place::Node(*n, None)),
            InFunction::Argument(source) => Some(Place::Argument(*source)),
        }
    }
}

/// Names to what they stand for; hashed with a seed of this process, since a model chooses them.
type Names<'a, T> = HashMap<&'a str, T>;
/// Outputs of restores to the variable ops they fill, and whether they are reshaped on the way.
type Assigned<'a> = HashMap<(&'a str, usize), Vec<(usize, bool)>>;

/// Collects the assignments and calls among the members of one scope.
fn follow<'a>(
    scope: &dyn Scope<'a>,
    out: &mut RestoreGraph<'a>,
    calls: &mut Vec<(&'a str, Vec<Option<usize>>)>,
) {
    let mut assigned: Assigned<'a> = HashMap::default();
    let mut restores = Vec::new();
    for node in scope.members() {
        match node.op {
            "Assign" | "AssignVariableOp" => {
                let mut inputs = node.inputs().map(input_node).filter(|i| !i.control);
                let (Some(target), Some(value)) = (inputs.next(), inputs.next()) else { continue };
                let Some(variable) = variable_behind(scope, target.node) else { continue };
                if let Some((restore, output, reshaped)) =
                    restore_behind(scope, value.node, value.output)
                {
                    assigned.entry((restore, output)).or_default().push((variable, reshaped));
                }
            }
            "RestoreV2" => restores.push(node),
            "PartitionedCall" | "StatefulPartitionedCall" => {
                if let Some(function) = node.attr("f").and_then(|f| f.function()) {
                    let arguments = node
                        .inputs()
                        .map(input_node)
                        .filter(|i| !i.control)
                        .map(|i| variable_behind(scope, i.node))
                        .collect();
                    calls.push((function, arguments));
                }
            }
            _ => {}
        }
    }
    for node in restores {
        if let Err(why) = collect_restore(scope, node, &assigned, out) {
            out.unclear = Some(format!("{}: {why}", node.name));
        }
    }
}

fn collect_restore<'a>(
    scope: &dyn Scope<'a>,
    node: Node<'a>,
    assigned: &Assigned<'a>,
    out: &mut RestoreGraph<'a>,
) -> Result<(), &'static str> {
    let inputs: Vec<&'a str> =
        node.inputs().map(input_node).filter(|i| !i.control).map(|i| i.node).collect();
    let strings = |k: usize| -> Option<Vec<&'a [u8]>> {
        let head = constant_behind(scope, inputs.get(k)?)?.attr("value")?.tensor()?;
        Some(head.strings().collect())
    };
    let keys = strings(1).ok_or("its tensor names are not a constant")?;
    let slices = strings(2).ok_or("its slices are not a constant")?;
    let dtypes = node.attr("dtypes").map(|a| a.dtypes()).unwrap_or_default();
    for (i, dtype) in dtypes.into_iter().enumerate() {
        // TensorFlow fills a constant up with its last element.
        let key = *keys.get(i).or(keys.last()).ok_or("it names no tensor")?;
        let slice = slices.get(i).or(slices.last()).copied().unwrap_or_default();
        let targets = assigned.get(&(node.name, i)).map(Vec::as_slice).unwrap_or_default();
        if targets.is_empty() {
            out.restored.push(Restored { key, slice, dtype, variable: None, reshaped: false });
        }
        for (variable, reshaped) in targets {
            out.restored.push(Restored {
                key,
                slice,
                dtype,
                variable: Some(*variable),
                reshaped: *reshaped,
            });
        }
    }
    Ok(())
}

/// The variable op of the main graph behind a name, through `Identity`.
fn variable_behind<'a>(scope: &dyn Scope<'a>, name: &'a str) -> Option<usize> {
    let mut name = name;
    for _ in 0..MAX_CHAIN {
        match scope.find(name)? {
            Place::Argument(source) => return source,
            Place::Node(node, at) if is_variable_op(node.op) => return at,
            Place::Node(node, _) if node.op == "Identity" => {
                name = node.inputs().next().map(|i| input_node(i).node)?;
            }
            Place::Node(..) => return None,
        }
    }
    None
}

/// The `RestoreV2` and its output behind a value, and whether the value was reshaped on the way.
fn restore_behind<'a>(
    scope: &dyn Scope<'a>,
    name: &'a str,
    output: usize,
) -> Option<(&'a str, usize, bool)> {
    let (mut name, mut output, mut reshaped) = (name, output, false);
    for _ in 0..MAX_CHAIN {
        let Place::Node(node, _) = scope.find(name)? else { return None };
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
fn constant_behind<'a>(scope: &dyn Scope<'a>, name: &'a str) -> Option<Node<'a>> {
    let mut name = name;
    for _ in 0..MAX_CHAIN {
        let Place::Node(node, _) = scope.find(name)? else { return None };
        match node.op {
            "Const" => return Some(node),
            "Identity" => name = input_node(node.inputs().next()?).node,
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::decode_graph;
    use crate::testkit::protobuf::{Message, bytes, text, varint};
    use crate::testkit::saved_model::{calls, function, graph_def, node};

    fn strings(values: &[&str]) -> Message {
        let mut tensor = varint(1, 7);
        for value in values {
            tensor = tensor.with(text(8, value));
        }
        bytes(8, &tensor.0)
    }

    fn floats(count: usize) -> Message {
        let mut list = Message::default();
        for _ in 0..count {
            list = list.with(varint(6, 1));
        }
        bytes(1, &list.0)
    }

    /// A TF1 saver: `a` takes the first key, `b` a slice of the second.
    fn saver() -> Vec<Message> {
        vec![
            node("a", "VarHandleOp", &[], &[]),
            node("b", "VariableV2", &[], &[]),
            node("names", "Const", &[], &[("value", strings(&["k1", "k2"]))]),
            node("slices", "Const", &[], &[("value", strings(&["", "4 0,2"]))]),
            node("r", "RestoreV2", &["p", "names", "slices"], &[("dtypes", floats(2))]),
            node("id", "Identity", &["r"], &[]),
            node("as_a", "AssignVariableOp", &["a", "id"], &[]),
            node("as_b", "Assign", &["b", "r:1"], &[]),
            node("all", "NoOp", &["^as_a", "^as_b"], &[]),
            node("p", "Const", &[], &[]),
        ]
    }

    fn restored(bytes: &[u8], restore_op: &'static str) -> Vec<(String, String, Option<usize>)> {
        let text = |b: &[u8]| String::from_utf8(b.to_vec()).unwrap();
        let mut got: Vec<_> = read(&decode_graph(bytes), restore_op)
            .restored
            .iter()
            .map(|r| (text(r.key), text(r.slice), r.variable))
            .collect();
        got.sort();
        got
    }

    fn both() -> [(String, String, Option<usize>); 2] {
        [("k1".to_owned(), String::new(), Some(0)), ("k2".to_owned(), "4 0,2".to_owned(), Some(1))]
    }

    #[test]
    fn follows_a_tf1_saver_with_and_without_identity() {
        assert_eq!(restored(&graph_def(&saver(), &[]), "all"), both());
    }

    #[test]
    fn follows_arguments_through_a_tf2_function() {
        let inner = function(
            "restore",
            &["prefix", "table", "var_a", "var_b"],
            &[
                node("names", "Const", &[], &[("value", strings(&["k1", "k2"]))]),
                node("slices", "Const", &[], &[("value", strings(&["", "4 0,2"]))]),
                node(
                    "r",
                    "RestoreV2",
                    &["prefix", "names:output:0", "slices:output:0"],
                    &[("dtypes", floats(2))],
                ),
                node("id", "Identity", &["r:tensors:0"], &[]),
                node("as_a", "AssignVariableOp", &["var_a", "id:output:0"], &[]),
                node("as_b", "AssignVariableOp", &["var_b", "r:tensors:1"], &[]),
            ],
        );
        let nodes = [
            node("a", "VarHandleOp", &[], &[]),
            node("b", "VarHandleOp", &[], &[]),
            node("p", "Placeholder", &[], &[]),
            node("t", "HashTableV2", &[], &[]),
            node(
                "call",
                "StatefulPartitionedCall",
                &["p", "t", "a", "b", "^t"],
                &[("f", calls("restore"))],
            ),
        ];
        assert_eq!(restored(&graph_def(&nodes, &[inner]), "call"), both());
    }

    #[test]
    fn a_function_that_calls_itself_ends_the_walk() {
        let again = node("again", "PartitionedCall", &[], &[("f", calls("f"))]);
        let nodes = [node("call", "PartitionedCall", &[], &[("f", calls("f"))])];
        let bytes = graph_def(&nodes, &[function("f", &[], &[again])]);
        assert_eq!(restored(&bytes, "call"), []);
    }

    #[test]
    fn a_tensor_that_nothing_takes_is_still_asked_for() {
        let mut nodes = saver();
        nodes.retain(|n| !n.0.windows(4).any(|w| w == b"as_a"));
        nodes.push(node("all", "NoOp", &["^as_b"], &[]));
        let got = restored(&graph_def(&nodes, &[]), "all");
        assert_eq!(got[0], ("k1".to_owned(), String::new(), None));
    }

    #[test]
    fn names_a_restore_op_that_does_not_exist() {
        let graph = Graph::default();
        assert_eq!(read(&graph, "nope").missing_op, Some("nope"));
        assert_eq!(read(&graph, "").missing_op, None);
    }
}
