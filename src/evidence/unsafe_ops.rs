//! What a full load would run: the restore op and the initialisers, with every function they
//! reach. Found without running anything, so that a model that touches files, processes or the
//! network when it is loaded is known before it is loaded.

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use crate::saved_model::{Graph, MetaGraph, Node, input_node};
use crate::wire::Malformed;

/// What a load would run that it should not.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct LoadHazards<'a> {
    /// Ops that reach beyond the model: op, node.
    pub unsafe_ops: Vec<(&'a str, &'a str)>,
    /// A function that calls itself, over whatever detours: the load would never end.
    pub recursion: Option<&'a str>,
}

/// Ops that reach files, processes, the network or other code, by what their names hold.
/// Names that only look so are in [`HARMLESS`].
const REACHING: &[&str] = &[
    "File",
    "Reader",
    "Record",
    "TextLine",
    "Writer",
    "Summary",
    "Snapshot",
    "SaveV2",
    "SaveSlices",
    "SaveDataset",
    "LoadDataset",
    "ListDataset",
    "SqlDataset",
    "CacheDataset",
    "CSVDataset",
    "RegisterDataset",
    "DistributedSave",
    "DumpTensor",
    "CalibrationStatisticsSaver",
    "LoadAndRemapMatrix",
    "GenerateVocabRemapping",
    "FixedUnigramCandidateSampler",
    "Skipgram",
    "ImmutableConst",
    "DecodeProto",
    "EncodeProto",
    "DTensorRestore",
    "RemoteCall",
    "Collective",
    "XlaCustomCall",
    "MergeV2Checkpoints",
    "PyFunc",
    "Rpc",
    "DebugIdentity",
    "DebugNumeric",
    "DebugNan",
    "Print",
    "BigQuery",
    "Bigtable",
    "Lmdb",
    "LMDB",
    "Kafka",
    "Pubsub",
    "TRT",
    "Grpc",
    "Socket",
    "Http",
    "DataService",
    "_Send",
    "_Recv",
    "_HostSend",
    "_HostRecv",
    "ConfigureDistributed",
    "IO>",
    "Checkpoint",
    "Audit",
    // LoadAndRemapMatrix and GenerateVocabRemapping read files; the others talk to other machines.
    "Remap",
    "Remote",
    "Collective",
    "CSVDataset",
    "DistributedSave",
    "RegisterDataset",
    // Their descriptors may be a file's.
    "DecodeProto",
    "EncodeProto",
    "CustomCall",
];
/// Ops of these exact names reach beyond the model too.
const REACHING_EXACTLY: &[&str] =
    &["Save", "Restore", "RestoreSlice", "ImportEvent", "Send", "Recv"];
/// Ops whose names hold one of [`REACHING`] and that do nothing of the kind.
const HARMLESS: &[&str] = &["ShardedFilename", "CheckpointHasKey"];
/// Reads a vocabulary: harmless as long as the file is an asset of the model.
const TABLE_FROM_FILE: &[&str] = &["InitializeTableFromTextFile", "InitializeTableFromTextFileV2"];
/// Most unsafe ops that are listed.
const MAX_LISTED: usize = 20;

/// Looks at everything that a load would run.
pub(crate) fn scan<'a>(
    meta: &MetaGraph<'a>,
    graph: &Graph<'a>,
) -> Result<LoadHazards<'a>, Malformed> {
    let mut hazards = LoadHazards::default();
    let assets = asset_paths(meta, graph);
    let starts = |names: &[&'a str]| -> Vec<usize> {
        names.iter().filter_map(|n| graph.position(input_node(n).node)).collect()
    };
    let init = graph.ancestors(starts(&meta.init_nodes()?));
    let restore = graph.ancestors(starts(&[meta.restore_op]));
    let mut calls: Vec<Call<'a>> = Vec::new();
    let mut ops = Ops::default();
    for (nodes, is_init) in [(init, true), (restore, false)] {
        for node in nodes.iter().filter_map(|i| graph.nodes.get(*i)) {
            calls.extend(calls_of(graph, node, &assets));
            if ops.is_hazard(node, &assets) || (is_init && node.op == "RestoreV2") {
                hazards.add(node);
            }
        }
    }
    scan_functions(graph, calls, &mut ops, &mut hazards);
    Ok(hazards)
}

/// Nodes of the main graph whose value can only be the path of one of the model's own assets: the
/// nodes that the loader feeds, copies of them, and reads of variables that hold nothing else.
fn asset_paths<'a>(meta: &MetaGraph<'a>, graph: &Graph<'a>) -> HashSet<&'a str> {
    let mut paths: HashSet<&'a str> = meta.asset_nodes.iter().copied().collect();
    for node in &meta.foreign_files {
        paths.remove(node);
    }
    if paths.is_empty() {
        return paths;
    }
    let copies = |paths: &mut HashSet<&'a str>, op: &str| {
        for node in graph.nodes.iter().filter(|n| n.op == op) {
            if node.inputs().next().is_some_and(|i| paths.contains(input_node(i).node)) {
                paths.insert(node.name);
            }
        }
    };
    copies(&mut paths, "Identity");
    // A variable qualifies while everything that touches it reads it or assigns an asset's path.
    let mut holders: HashMap<&'a str, bool> = HashMap::new();
    for node in &graph.nodes {
        let mut inputs = node.inputs().map(input_node).filter(|i| !i.control);
        match node.op {
            "ReadVariableOp" | "VarIsInitializedOp" => {}
            "AssignVariableOp" => {
                if let (Some(variable), Some(value)) = (inputs.next(), inputs.next()) {
                    let is_path = paths.contains(value.node);
                    *holders.entry(variable.node).or_insert(true) &= is_path;
                }
            }
            _ => {
                for input in inputs {
                    holders.insert(input.node, false);
                }
            }
        }
    }
    let is_variable = |name: &str| {
        let node = graph.position(name).and_then(|at| graph.nodes.get(at));
        node.is_some_and(|n| n.op == "VarHandleOp")
    };
    let holders: Vec<&'a str> = holders
        .into_iter()
        .filter(|(name, only_paths)| *only_paths && is_variable(name))
        .map(|(name, _)| name)
        .collect();
    paths.extend(&holders);
    copies(&mut paths, "ReadVariableOp");
    for holder in holders {
        paths.remove(holder);
    }
    paths
}

impl<'a> LoadHazards<'a> {
    fn add(&mut self, node: &Node<'a>) {
        if self.unsafe_ops.len() < MAX_LISTED {
            self.unsafe_ops.push((node.op, node.name));
        }
    }

    /// True where a load does nothing but restore and initialise the model itself.
    pub fn is_none(&self) -> bool {
        self.unsafe_ops.is_empty() && self.recursion.is_none()
    }
}

fn reaches_out(op: &str) -> bool {
    !HARMLESS.contains(&op)
        && !TABLE_FROM_FILE.contains(&op)
        && (REACHING_EXACTLY.contains(&op) || REACHING.iter().any(|part| op.contains(part)))
}

/// What is known of the ops met so far: a graph has many nodes and few ops.
#[derive(Default)]
struct Ops<'a> {
    reaching: HashMap<&'a str, bool>,
}

impl<'a> Ops<'a> {
    fn is_hazard(&mut self, node: &Node<'a>, assets: &HashSet<&str>) -> bool {
        if TABLE_FROM_FILE.contains(&node.op) {
            let file = node.inputs().map(input_node).nth(1);
            return !file.is_some_and(|i| assets.contains(i.node));
        }
        *self.reaching.entry(node.op).or_insert_with(|| reaches_out(node.op))
    }
}

/// A function that is called, and which of its arguments are paths of the model's own assets.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Call<'a> {
    function: &'a str,
    assets: Vec<bool>,
}

fn calls_of<'a>(graph: &Graph<'a>, node: &Node<'a>, assets: &HashSet<&str>) -> Vec<Call<'a>> {
    let mut functions = node.functions();
    // A node can name a function as its op.
    if graph.library.contains(node.op) {
        functions.push(node.op);
    }
    if functions.is_empty() {
        return Vec::new();
    }
    // Only a plain call hands its inputs on as they are.
    let is_call = matches!(node.op, "PartitionedCall" | "StatefulPartitionedCall");
    let inputs: Vec<bool> = node
        .inputs()
        .map(input_node)
        .filter(|i| !i.control)
        .map(|i| is_call && assets.contains(i.node))
        .collect();
    functions.into_iter().map(|function| Call { function, assets: inputs.clone() }).collect()
}

/// Most calls that are walked into: a function is walked again for every different set of
/// arguments that are assets.
const MAX_CALLS: usize = 100_000;

/// Walks the functions that are called, depth first; a call back into a function whose walk is
/// still open is a recursion.
fn scan_functions<'a>(
    graph: &Graph<'a>,
    calls: Vec<Call<'a>>,
    ops: &mut Ops<'a>,
    hazards: &mut LoadHazards<'a>,
) {
    enum Step<'a> {
        Enter(Call<'a>),
        Leave(&'a str),
    }
    let mut open: HashMap<&str, usize> = HashMap::new();
    let mut walked: HashSet<Call<'a>> = HashSet::new();
    let mut steps: Vec<Step<'a>> = calls.into_iter().map(Step::Enter).collect();
    while let Some(step) = steps.pop() {
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
            hazards.recursion.get_or_insert(name);
            continue;
        }
        if walked.contains(&call) || walked.len() >= MAX_CALLS {
            continue;
        }
        let Some(Ok(body)) = graph.library.function(name) else { continue };
        let assets: HashSet<&str> = body
            .arguments
            .iter()
            .zip(&call.assets)
            .filter(|(_, is_asset)| **is_asset)
            .map(|(name, _)| *name)
            .collect();
        walked.insert(call);
        *open.entry(name).or_default() += 1;
        steps.push(Step::Leave(name));
        for node in &body.nodes {
            if ops.is_hazard(node, &assets) {
                hazards.add(node);
            }
            steps.extend(calls_of(graph, node, &assets).into_iter().map(Step::Enter));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::saved_model::testing::{calls, decode_graph, function, graph_def, node};
    use crate::wire::testing::{Message, bytes, text};

    /// A MetaGraph whose `saved_model_main_op` collection names `init`.
    fn with_main_op() -> Vec<u8> {
        let list = bytes(1, &text(1, "init").0);
        bytes(4, &text(1, "saved_model_main_op").with(bytes(2, &list.0)).0).0
    }

    fn hazards(nodes: &[Message], functions: &[Message]) -> (Vec<(String, String)>, bool) {
        let meta = with_main_op();
        let meta = MetaGraph::decode(&meta).unwrap();
        let bytes = graph_def(nodes, functions);
        let graph = decode_graph(&bytes);
        let found = scan(&meta, &graph).unwrap();
        let ops = found.unsafe_ops.iter().map(|(a, b)| (a.to_string(), b.to_string())).collect();
        (ops, found.recursion.is_some())
    }

    #[test]
    fn finds_a_write_behind_the_main_op_and_inside_functions() {
        let nodes = [
            node("init", "NoOp", &["^w", "^call"], &[]),
            node("w", "WriteFile", &[], &[]),
            node("call", "PartitionedCall", &[], &[("f", calls("f"))]),
            node("elsewhere", "ReadFile", &[], &[]),
        ];
        let inner = function("f", &[], &[node("py", "PyFunc", &[], &[])]);
        let (mut ops, recursion) = hazards(&nodes, &[inner]);
        ops.sort();
        assert_eq!(
            ops,
            [("PyFunc".to_owned(), "py".to_owned()), ("WriteFile".to_owned(), "w".to_owned()),]
        );
        assert!(!recursion);
    }

    /// Ops of TensorFlow 2.21 that take the name of a file, folder, library or machine, and whose own
    /// names do not say so.
    #[test]
    fn ops_that_reach_out_by_an_argument_are_known() {
        for op in [
            "CSVDatasetV2",
            "DumpTensor",
            "FixedUnigramCandidateSampler",
            "ImmutableConst",
            "DecodeProtoV2",
            "LoadAndRemapMatrix",
            "RemoteCall",
            "Recv",
        ] {
            let nodes = [node("init", "NoOp", &["^x"], &[]), node("x", op, &[], &[])];
            assert_eq!(hazards(&nodes, &[]).0, [(op.to_owned(), "x".to_owned())]);
        }
        for op in ["ReadVariableOp", "HashTableV2", "LookupTableImportV2", "TensorSliceDataset"] {
            let nodes = [node("init", "NoOp", &["^x"], &[]), node("x", op, &[], &[])];
            assert!(hazards(&nodes, &[]).0.is_empty(), "{op}");
        }
    }

    #[test]
    fn knows_ops_that_read_files_or_call_others_without_saying_so_in_their_names() {
        for op in [
            "CSVDatasetV2",
            "LoadAndRemapMatrix",
            "GenerateVocabRemapping",
            "RemoteCall",
            "CollectiveReduceV2",
            "RegisterDatasetV2",
            "DistributedSave",
            "DecodeProtoV2",
            "EagerPyFunc",
        ] {
            assert!(reaches_out(op), "{op}");
        }
        for op in ["InitializeTableFromDataset", "LookupTableImportV2", "TensorSliceDataset"] {
            assert!(!reaches_out(op), "{op}");
        }
    }

    #[test]
    fn ordinary_initialisers_are_no_hazard() {
        let nodes = [
            node("init", "NoOp", &["^t", "^a"], &[]),
            node("t", "InitializeTableV2", &[], &[]),
            node("a", "AssignVariableOp", &["n"], &[]),
            node("n", "ShardedFilename", &[], &[]),
        ];
        assert_eq!(hazards(&nodes, &[]), (Vec::new(), false));
    }

    #[test]
    fn a_vocabulary_that_is_no_asset_is_a_hazard() {
        let nodes = [
            node("init", "InitializeTableFromTextFileV2", &["t", "path"], &[]),
            node("path", "Const", &[], &[]),
        ];
        assert_eq!(hazards(&nodes, &[]).0.len(), 1);
    }

    #[test]
    fn a_function_cannot_hide() {
        let evil = || function("evil", &[], &[node("w", "WriteFile", &[], &[])]);
        let found = |init: Message, functions: &[Message]| hazards(&[init], functions).0.len();
        // As the op of a node.
        assert_eq!(found(node("init", "evil", &[], &[]), &[evil()]), 1);
        // Behind a second, empty value of the same attribute.
        let twice = calls("evil").with(calls("calm"));
        assert_eq!(found(node("init", "PartitionedCall", &[], &[("f", twice)]), &[evil()]), 1);
        let entry = text(1, "f").with(bytes(2, &calls("evil").0)).with(bytes(2, &[]));
        let call = node("init", "PartitionedCall", &[], &[]).with(bytes(5, &entry.0));
        assert_eq!(found(call, &[evil()]), 1);
        // As an attribute that a call hands on.
        let handed = text(1, "g").with(bytes(2, &calls("evil").0));
        let named = bytes(10, &text(1, "calm").with(bytes(2, &handed.0)).0);
        assert_eq!(found(node("init", "PartitionedCall", &[], &[("f", named)]), &[evil()]), 1);
        // Behind a first name that is not the one that counts.
        let signature = text(1, "calm").with(text(1, "evil"));
        let body = node("w", "WriteFile", &[], &[]);
        let renamed = bytes(1, &signature.0).with(bytes(3, &body.0));
        let call = node("init", "PartitionedCall", &[], &[("f", calls("evil"))]);
        assert_eq!(found(call, &[renamed]), 1);
    }

    #[test]
    fn an_asset_is_followed_into_the_function_that_reads_it() {
        let meta = with_main_op();
        let asset = bytes(6, &bytes(1, &text(1, "path:0").0).0).0;
        let meta = [meta, asset].concat();
        let meta = MetaGraph::decode(&meta).unwrap();
        let scan_with = |path: &str| {
            let call = [("f", calls("f"))];
            let nodes = [
                node("init", "StatefulPartitionedCall", &["table", path], &call),
                node("table", "HashTableV2", &[], &[]),
                node("path", "Const", &[], &[]),
                node("other", "Const", &[], &[]),
            ];
            let inner = [node("t", "InitializeTableFromTextFileV2", &["table", "file"], &[])];
            let bytes = graph_def(&nodes, &[function("f", &["table", "file"], &inner)]);
            let graph = decode_graph(&bytes);
            scan(&meta, &graph).unwrap().unsafe_ops.len()
        };
        assert_eq!(scan_with("path"), 0);
        assert_eq!(scan_with("other"), 1);
    }

    #[test]
    fn an_asset_is_followed_through_the_variable_that_holds_it() {
        let meta = [with_main_op(), bytes(6, &bytes(1, &text(1, "path:0").0).0).0].concat();
        let meta = MetaGraph::decode(&meta).unwrap();
        let scan_with = |assigned: &str| {
            let nodes = [
                node("init", "InitializeTableFromTextFileV2", &["t", "read", "^as"], &[]),
                node("path", "Const", &[], &[]),
                node("other", "Const", &[], &[]),
                node("same", "Identity", &["path"], &[]),
                node("v", "VarHandleOp", &[], &[]),
                node("as", "AssignVariableOp", &["v", assigned], &[]),
                node("read", "ReadVariableOp", &["v"], &[]),
            ];
            let bytes = graph_def(&nodes, &[]);
            let graph = decode_graph(&bytes);
            scan(&meta, &graph).unwrap().unsafe_ops.len()
        };
        assert_eq!(scan_with("same"), 0);
        assert_eq!(scan_with("other"), 1);
    }

    #[test]
    fn tells_a_recursion_from_a_function_called_twice() {
        let twice = [
            node("init", "NoOp", &["^a", "^b"], &[]),
            node("a", "PartitionedCall", &[], &[("f", calls("f"))]),
            node("b", "PartitionedCall", &[], &[("f", calls("f"))]),
        ];
        let plain = function("f", &[], &[node("x", "NoOp", &[], &[])]);
        assert!(!hazards(&twice, &[plain]).1);
        let f = function("f", &[], &[node("x", "PartitionedCall", &[], &[("f", calls("g"))])]);
        let g = function("g", &[], &[node("y", "PartitionedCall", &[], &[("f", calls("f"))])]);
        assert!(hazards(&twice, &[f, g]).1);
    }
}
