use super::op_list::reaches_outside;
use super::*;
use crate::testkit::decode_graph;
use crate::testkit::protobuf::{Message, bytes, text};
use crate::testkit::saved_model::{calls, function, graph_def, node};

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
fn finds_unsafe_ops_behind_the_main_op_and_inside_functions() {
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

/// Ops of TensorFlow 2.21 with an argument that names a file, folder, library or machine, and whose
/// own names do not show it.
#[test]
fn ops_that_reach_outside_by_an_argument_are_hazards() {
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
fn lists_ops_whose_names_do_not_show_that_they_reach_outside() {
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
        assert!(reaches_outside(op), "{op}");
    }
    for op in ["InitializeTableFromDataset", "LookupTableImportV2", "TensorSliceDataset"] {
        assert!(!reaches_outside(op), "{op}");
    }
}

#[test]
fn ordinary_initialisers_are_not_hazards() {
    let nodes = [
        node("init", "NoOp", &["^t", "^a"], &[]),
        node("t", "InitializeTableV2", &[], &[]),
        node("a", "AssignVariableOp", &["n"], &[]),
        node("n", "ShardedFilename", &[], &[]),
    ];
    assert_eq!(hazards(&nodes, &[]), (Vec::new(), false));
}

#[test]
fn a_vocabulary_that_is_not_an_asset_is_a_hazard() {
    let nodes = [
        node("init", "InitializeTableFromTextFileV2", &["t", "path"], &[]),
        node("path", "Const", &[], &[]),
    ];
    assert_eq!(hazards(&nodes, &[]).0.len(), 1);
}

#[test]
fn a_function_is_found_however_it_is_named() {
    let evil = || function("evil", &[], &[node("w", "WriteFile", &[], &[])]);
    let found = |init: Message, functions: &[Message]| hazards(&[init], functions).0.len();
    // As the op of a node.
    assert_eq!(found(node("init", "evil", &[], &[]), &[evil()]), 1);
    // By the second of two values of an attribute, and by the first of which the second sets nothing.
    let twice = calls("calm").with(calls("evil"));
    assert_eq!(found(node("init", "PartitionedCall", &[], &[("f", twice)]), &[evil()]), 1);
    let entry = text(1, "f").with(bytes(2, &calls("evil").0)).with(bytes(2, []));
    let call = node("init", "PartitionedCall", &[], &[]).with(bytes(5, &entry.0));
    assert_eq!(found(call, &[evil()]), 1);
    // As an attribute that a call passes to its function.
    let handed = text(1, "g").with(bytes(2, &calls("evil").0));
    let named = bytes(10, &text(1, "calm").with(bytes(2, &handed.0)).0);
    assert_eq!(found(node("init", "PartitionedCall", &[], &[("f", named)]), &[evil()]), 1);
    // By the second of two names, which is the one that counts.
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
fn distinguishes_recursion_from_a_function_called_twice() {
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
