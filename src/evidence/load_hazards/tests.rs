use super::*;
use crate::testkit::decode_graph;
use crate::testkit::protobuf::{Message, bytes, text};
use crate::testkit::saved_model::{calls, function, graph_def, node, string_scalar};

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
        node("elsewhere", "WriteFile", &[], &[]),
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

/// Ops of TensorFlow 2.21 with an argument that names a file, folder, library or machine; one whose
/// argument is a program; and one that nobody knows.
#[test]
fn ops_that_are_not_good_are_hazards() {
    for op in [
        "DatasetFromGraph",
        "NoSuchOp",
        "CSVDatasetV2",
        "DumpTensor",
        "FixedUnigramCandidateSampler",
        "ImmutableConst",
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
            string_scalar("path", b"vocabulary"),
            string_scalar("other", b"/etc/passwd"),
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

/// Hazards of a graph that has these nodes and no initialiser.
fn at_rest(nodes: &[Message], functions: &[Message]) -> Vec<String> {
    let meta = MetaGraph::default();
    let bytes = graph_def(nodes, functions);
    let graph = decode_graph(&bytes);
    let found = scan(&meta, &graph).unwrap();
    found.unsafe_ops.iter().map(|(op, _)| op.to_string()).collect()
}

#[test]
fn what_the_census_fetches_is_looked_at() {
    let write = || node("w", "WriteFile", &["p", "p"], &[]);
    let handle = |inputs: &[&str]| node("v", "VarHandleOp", inputs, &[]);
    let read = |name: &str, inputs: &[&str]| node(name, "ReadVariableOp", inputs, &[]);
    let found = |nodes: &[Message]| at_rest(nodes, &[]).len();
    assert_eq!(found(&[write(), handle(&[]), read("r", &["v"])]), 0);
    assert_eq!(found(&[write(), handle(&["^w"])]), 1);
    assert_eq!(found(&[write(), handle(&[]), read("r", &["v", "^w"])]), 1);
    assert_eq!(found(&[write(), node("v", "VariableV2", &["^w"], &[])]), 1);
    // Of several reads the one that runs nothing else is fetched.
    let nodes = [write(), handle(&[]), read("bad", &["v", "^w"]), read("calm", &["v"])];
    assert_eq!(found(&nodes), 0);
    let bytes = graph_def(&nodes, &[]);
    assert_eq!(reads(&decode_graph(&bytes)).get("v"), Some(&"calm"));
}

#[test]
fn what_may_be_folded_is_looked_at() {
    let path = || string_scalar("path", b"/etc/passwd");
    let found = |nodes: &[Message]| at_rest(nodes, &[]);
    // Fed by a constant, through ops without state.
    let copied = || node("copy", "Identity", &["path"], &[]);
    assert_eq!(found(&[path(), copied(), node("x", "ReadFile", &["copy"], &[])]), ["ReadFile"]);
    assert_eq!(found(&[path(), node("x", "DebugIdentity", &["path"], &[])]), ["DebugIdentity"]);
    // Its value follows from the shape of what is fed.
    let fed = || node("fed", "Placeholder", &[], &[]);
    let shape = node("shape", "Shape", &["fed"], &[]);
    let text = node("text", "AsString", &["shape"], &[]);
    let nodes = [fed(), shape, text, node("x", "ReadFile", &["text"], &[])];
    assert_eq!(found(&nodes), ["ReadFile"]);
    // Fed from outside; with state; in a circle.
    assert!(found(&[fed(), node("x", "ReadFile", &["fed"], &[])]).is_empty());
    assert!(found(&[path(), node("x", "WriteFile", &["path", "path"], &[])]).is_empty());
    let circle = [
        path(),
        node("a", "StringJoin", &["path", "b"], &[]),
        node("b", "StringJoin", &["a", "path"], &[]),
        node("x", "ReadFile", &["b"], &[]),
    ];
    assert!(found(&circle).is_empty());
}

#[test]
fn folding_is_looked_at_in_functions_and_through_calls() {
    let path = || string_scalar("path", b"/etc/passwd");
    let read = |input: &str| node("x", "ReadFile", &[input], &[]);
    // In a function that nothing calls.
    assert_eq!(at_rest(&[], &[function("f", &[], &[path(), read("path:output:0")])]), ["ReadFile"]);
    // Its argument is no constant, but that of this call is.
    let reader = || function("f", &["file"], &[read("file")]);
    let call = |input: &str| node("c", "PartitionedCall", &[input], &[("f", calls("f"))]);
    assert_eq!(at_rest(&[path(), call("path")], &[reader()]), ["ReadFile"]);
    let fed = node("fed", "Placeholder", &[], &[]);
    assert!(at_rest(&[fed, call("fed")], &[reader()]).is_empty());
    let outer = function("g", &[], &[path(), call("path:output:0")]);
    assert_eq!(at_rest(&[], &[outer, reader()]), ["ReadFile"]);
}

#[test]
fn functions_that_only_their_callers_attributes_lead_to_are_found() {
    let evil = || function("evil", &[], &[node("w", "WriteFile", &[], &[])]);
    let call = |name: &str| node("init", "PartitionedCall", &[], &[("f", calls(name))]);
    let found = |functions: &[Message], name: &str| hazards(&[call(name)], functions).0;
    let written = [("WriteFile".to_owned(), "w".to_owned())];
    let calm = || function("calm", &[], &[]);
    // The default value of an attribute that the function takes.
    let default = text(1, "g").with(text(2, "func")).with(bytes(3, calls("evil").0));
    let signature = bytes(1, text(1, "calm").with(bytes(4, default.0)).0);
    assert_eq!(found(&[signature, evil()], "calm"), written);
    // One in a list.
    let list = bytes(1, bytes(9, text(1, "calm").0).with(bytes(9, text(1, "evil").0)).0);
    let case = node("init", "StatelessCase", &[], &[("branches", list)]);
    assert_eq!(hazards(&[case], &[calm(), evil()]).0, written);
    // The gradient of another function, by the op that takes gradients and by its registration.
    let gradient = bytes(10, text(1, "SymbolicGradient").0);
    let taken = node("init", "PartitionedCall", &[], &[("f", gradient)]);
    assert_eq!(hazards(&[taken], &[calm()]).0[0].0, "SymbolicGradient");
}

#[test]
fn gradients_and_implementations_are_found_and_are_no_recursion() {
    let library = |parts: &[Message]| parts.iter().cloned().collect::<Message>();
    let scanned = |extra: Message| {
        let meta = with_main_op();
        let call = node("init", "PartitionedCall", &[], &[("f", calls("calm"))]);
        let graph = bytes(1, call.0).with(bytes(2, extra.0)).0;
        let graph = decode_graph(&graph);
        let found = scan(&MetaGraph::decode(&meta).unwrap(), &graph).unwrap();
        (found.unsafe_ops.len(), found.recursion.is_some())
    };
    let implements = || {
        let entry = text(1, "api_implements").with(bytes(2, text(2, "lstm").0));
        bytes(5, entry.0)
    };
    let nodes = [
        node("w", "WriteFile", &[], &[]),
        node("again", "PartitionedCall", &[], &[("f", calls("calm"))]),
    ];
    let calm = || function("calm", &[], &[]);
    let evil = || function("evil", &[], &nodes);
    let both = |a: Message, b: Message| library(&[bytes(1, a.0), bytes(1, b.0)]);
    let gradient = bytes(2, text(1, "calm").with(text(2, "evil")).0);
    assert_eq!(scanned(both(calm(), evil())), (0, false));
    assert_eq!(scanned(both(calm(), evil()).with(gradient)), (1, false));
    let same = both(calm().with(implements()), evil().with(implements()));
    assert_eq!(scanned(same), (1, false));
}

#[test]
fn messages_are_known_only_where_the_program_describes_them() {
    let with = |attrs: &[(&str, Message)]| {
        let nodes =
            [node("init", "DecodeProtoV2", &["fed"], attrs), node("fed", "Placeholder", &[], &[])];
        hazards(&nodes, &[]).0.len()
    };
    assert_eq!(with(&[]), 0);
    assert_eq!(with(&[("descriptor_source", text(2, "local://"))]), 0);
    assert_eq!(with(&[("descriptor_source", text(2, "bytes://described here"))]), 0);
    assert_eq!(with(&[("descriptor_source", text(2, "/tmp/messages.pb"))]), 1);
    // Given by the caller of the function.
    assert_eq!(with(&[("descriptor_source", text(9, "source"))]), 1);
}

#[test]
fn a_checkpoint_is_the_models_own_only_where_the_loader_names_it() {
    let saver = bytes(3, text(1, "name:0").with(text(3, "restore")).0).0;
    let meta = MetaGraph::decode(&saver).unwrap();
    let scan_with = |prefix: &str| {
        let nodes = [
            node("name", "Placeholder", &[], &[]),
            string_scalar("other", b"/home/somebody/checkpoint"),
            node("copy", "Identity", &["name"], &[]),
            node("restore", "StatefulPartitionedCall", &[prefix], &[("f", calls("f"))]),
        ];
        let inner = [node("r", "RestoreV2", &["prefix", "keys", "slices"], &[])];
        let bytes = graph_def(&nodes, &[function("f", &["prefix"], &inner)]);
        scan(&meta, &decode_graph(&bytes)).unwrap().unsafe_ops.len()
    };
    assert_eq!((scan_with("name"), scan_with("copy")), (0, 0));
    assert_eq!((scan_with("other"), scan_with("name:1")), (1, 1));
    // An initialiser is not given it.
    let nodes = [
        node("name", "Placeholder", &[], &[]),
        node("init", "RestoreV2", &["name", "keys", "slices"], &[]),
    ];
    let both = [saver.clone(), with_main_op()].concat();
    let graph = graph_def(&nodes, &[]);
    let both = MetaGraph::decode(&both).unwrap();
    assert_eq!(scan(&both, &decode_graph(&graph)).unwrap().unsafe_ops.len(), 1);
}

/// The same variable by a second handle, which could hold another path.
#[test]
fn a_variable_with_two_handles_holds_no_asset() {
    let meta = [with_main_op(), bytes(6, &bytes(1, &text(1, "path:0").0).0).0].concat();
    let meta = MetaGraph::decode(&meta).unwrap();
    let scan_with = |name: &str| {
        let shared = |name: &str| [("shared_name", text(2, name))];
        let nodes = [
            node("init", "InitializeTableFromTextFileV2", &["t", "read", "^as", "^evil"], &[]),
            string_scalar("path", b"vocabulary"),
            string_scalar("other", b"/etc/passwd"),
            node("v", "VarHandleOp", &[], &shared("v")),
            node("as", "AssignVariableOp", &["v", "path"], &[]),
            node("read", "ReadVariableOp", &["v"], &[]),
            node("w", "VarHandleOp", &[], &shared(name)),
            node("evil", "AssignVariableOp", &["w", "other"], &[]),
        ];
        scan(&meta, &decode_graph(&graph_def(&nodes, &[]))).unwrap().unsafe_ops.len()
    };
    assert_eq!((scan_with("w"), scan_with("v")), (0, 1));
}
