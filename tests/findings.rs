//! Every code of a finding is made to appear, with its verdict, exit code and witness: by a fixture as
//! it is, by one that was damaged, or by one whose text was edited. What needs bytes that no fixture has is named in [`ELSEWHERE`].

mod common;

use std::collections::BTreeSet;
use std::path::Path;

use common::archive::SHARD;
use common::{Run, checkpoint_table, copy, fixture, project, require_library, tfcensus};
use serde_json::Value;
use tfcensus::model::Code;

/// Codes that other tests make appear, with the file that holds the test.
const ELSEWHERE: &[(&str, &str)] = &[
    ("slices-incomplete", "src/evidence/checkpoint/tests/mod.rs"),
    ("runtime-shape-differs", "src/reconcile/session.rs"),
    ("runtime-dtype-differs", "src/reconcile/session.rs"),
    ("expectation", "tests/rendering/expect.rs"),
    ("no-sandbox", "tests/census/hostile/walls.rs"),
];

/// Only a session over another file than the one that was read could show this, as where the model
/// is replaced during a census.
const NOT_ON_DEMAND: &str = "runtime-variables";

const OFF: &[&str] = &["--runtime", "off"];

/// Stands for a `.keras` archive of a model that nests no layers.
const SUBCLASSED: &str = "SUBCLASSED";
/// Stands for a `.keras` archive of a model whose layers have other names.
const FOREIGN: &str = "FOREIGN";

/// What is done to a copy of a fixture's model before it is counted.
type Change = fn(&Path);

/// A verdict and the exit code that goes with it.
type Outcome = (&'static str, i32);

/// Witnesses contradict each other.
const DISAGREEMENT: Outcome = ("disagreement", 1);
/// Counted from the files without a contradiction, as `--runtime off` asks.
const COUNTED: Outcome = ("unverified", 0);
/// The session holds every counted variable, and no witness contradicts.
const VERIFIED: Outcome = ("verified", 0);
/// A session was wanted and could not be had.
const UNCONFIRMED: Outcome = ("unverified", 3);

/// The code, the fixture, the change, how to count; then the outcome, and the status of a witness. An
/// error names the witness that it speaks against; anything else names one that it does not affect.
///
/// Some changes for a note are contradictions as well: an object or attribute that is added or renamed
/// in the SavedModel differs from the checkpoint's own object graph.
type Case = (&'static str, &'static str, Change, &'static [&'static str], Outcome, &'static str);

const CASES: &[Case] = &[
    // The checkpoint.
    (
        "checkpoint-missing",
        "lenet5",
        |m| remove_folder(m, "variables"),
        OFF,
        DISAGREEMENT,
        "checkpoint unavailable",
    ),
    (
        "checkpoint-unreadable",
        "lenet5",
        |m| write(m, INDEX, b"no index at all"),
        OFF,
        DISAGREEMENT,
        "checkpoint unavailable",
    ),
    (
        "shard-missing",
        "lenet5",
        |m| std::fs::remove_file(m.join(SHARD)).unwrap(),
        OFF,
        DISAGREEMENT,
        "checkpoint contradicts",
    ),
    (
        "shard-too-short",
        "lenet5",
        |m| write(m, SHARD, &read(m, SHARD)[..99]),
        OFF,
        DISAGREEMENT,
        "checkpoint contradicts",
    ),
    (
        "entry-size",
        "text",
        |m| index(m, &[("kernel/.ATTRIBUTES/VARIABLE_VALUE", 1, &[3, 2], 20)]),
        OFF,
        DISAGREEMENT,
        "checkpoint contradicts",
    ),
    (
        "checksum-mismatch",
        "lenet5",
        flip_a_bit,
        &["--runtime", "off", "--verify-checksums"],
        DISAGREEMENT,
        "checkpoint contradicts",
    ),
    (
        "key-missing",
        "lenet5",
        |m| borrow(m, "siamese"),
        OFF,
        DISAGREEMENT,
        "checkpoint contradicts",
    ),
    ("checkpoint-extra", "two_meta_graphs", |_| (), OFF, COUNTED, "checkpoint agrees"),
    // Shapes and types.
    (
        "shape-differs",
        "lenet5",
        |m| borrow(m, "fine_tuned"),
        OFF,
        DISAGREEMENT,
        "declaration contradicts",
    ),
    (
        "dtype-differs",
        "text",
        |m| edit(m, "dtype: DT_INT32\n        shape", "dtype: DT_INT64\n        shape"),
        OFF,
        DISAGREEMENT,
        "declaration contradicts",
    ),
    (
        "shape-impossible",
        "text",
        |m| in_kernel(m, "size: 3", "size: -7"),
        OFF,
        DISAGREEMENT,
        "declaration contradicts",
    ),
    ("shape-unknown", "text", of_unknown_shape, OFF, DISAGREEMENT, "declaration contradicts"),
    // The graph.
    (
        "graph-unknown-input",
        "text",
        |m| add_nodes(m, &[("lost", "Identity", "nowhere")]),
        OFF,
        DISAGREEMENT,
        "declaration contradicts",
    ),
    (
        "graph-cycle",
        "text",
        |m| add_nodes(m, &[("a", "Identity", "b"), ("b", "Identity", "a")]),
        OFF,
        DISAGREEMENT,
        "declaration contradicts",
    ),
    (
        "graph-duplicate-node",
        "text",
        |m| add_nodes(m, &[("twin", "NoOp", ""), ("twin", "NoOp", "")]),
        OFF,
        DISAGREEMENT,
        "declaration contradicts",
    ),
    (
        "restore-op-missing",
        "text",
        |m| edit(m, "restore_op_name: \"Stateful", "restore_op_name: \"Nothing"),
        OFF,
        DISAGREEMENT,
        "declaration contradicts",
    ),
    ("restore-graph-unclear", "text", no_restore_function, OFF, COUNTED, "declaration agrees"),
    ("tag-set-repeated", "text", repeat_meta_graph, OFF, COUNTED, "declaration agrees"),
    (
        "schema-version",
        "text",
        |m| edit(m, "saved_model_schema_version: 1", "saved_model_schema_version: 9"),
        OFF,
        COUNTED,
        "declaration agrees",
    ),
    (
        "object-graph-edge",
        "text",
        |m| {
            edit(
                m,
                "node_id: 3\n        local_name: \"seen\"",
                "node_id: 99\n        local_name: \"lost\"",
            )
        },
        OFF,
        DISAGREEMENT,
        "declaration contradicts",
    ),
    (
        "object-graph-differs",
        "lenet5",
        |m| borrow(m, "siamese"),
        OFF,
        DISAGREEMENT,
        "declaration contradicts",
    ),
    (
        "object-graph-differs",
        "text",
        |m| rename(m, "kernel", "seed_generator_state"),
        OFF,
        DISAGREEMENT,
        "declaration contradicts",
    ),
    ("object-graph-differs", "text", open_counter, OFF, DISAGREEMENT, "declaration contradicts"),
    ("names-differ", "text", rename_two, &[], VERIFIED, "declaration agrees"),
    ("file-unreadable", "lenet5", shard_is_a_folder, OFF, DISAGREEMENT, "checkpoint contradicts"),
    (
        "file-unreadable",
        "lenet5",
        |m| dangling_link(m, SHARD),
        OFF,
        DISAGREEMENT,
        "checkpoint contradicts",
    ),
    // The session.
    (
        "library-missing",
        "lenet5",
        |_| (),
        &["--libtensorflow", "/nonexistent"],
        UNCONFIRMED,
        "runtime unavailable",
    ),
    (
        "runtime-failed",
        "lenet5",
        |_| (),
        &["--timeout", "0.001"],
        UNCONFIRMED,
        "runtime unavailable",
    ),
    ("runtime-mode-chosen", "tf1_hub", |_| (), &[], VERIFIED, "runtime agrees"),
    ("unsafe-ops", "text", write_file_at_start, &[], VERIFIED, "runtime agrees"),
    (
        "not-confirmed",
        "lenet5",
        |m| remove_folder(m, "variables"),
        &[],
        DISAGREEMENT,
        "runtime contradicts",
    ),
    // What is counted.
    ("unrestored", "sharded_variable", |_| (), OFF, COUNTED, "declaration agrees"),
    ("export-copies", "keras3_export", |_| (), OFF, COUNTED, "declaration agrees"),
    ("frozen", "frozen_base", |_| (), OFF, COUNTED, "declaration agrees"),
    ("frozen-constants", "frozen_graph", |_| (), OFF, COUNTED, "declaration agrees"),
    ("constants-beside", "text", large_constant, OFF, COUNTED, "declaration agrees"),
    (
        "no-variables",
        "text",
        |m| write(m, "saved_model.pbtxt", NO_VARIABLES),
        OFF,
        COUNTED,
        "declaration agrees",
    ),
    // Keras.
    ("keras-metadata-entry", "lenet5", spoil_metadata_json, OFF, COUNTED, "keras agrees"),
    (
        "keras-metadata-unreadable",
        "lenet5",
        |m| write(m, "keras_metadata.pb", b"\xff\xff\xff"),
        OFF,
        COUNTED,
        "keras absent",
    ),
    (
        "keras-metadata-missing",
        "lenet5",
        |m| std::fs::remove_file(m.join("keras_metadata.pb")).unwrap(),
        OFF,
        COUNTED,
        "keras absent",
    ),
    ("keras-kind-unknown", "lenet5", rename_layers, OFF, COUNTED, "keras agrees"),
    (
        "list-incomplete",
        "text",
        |m| with_list(m, &[1, 2]),
        OFF,
        DISAGREEMENT,
        "declaration contradicts",
    ),
    ("keras-prints-other", "printed_by_keras2", |_| (), OFF, COUNTED, "keras agrees"),
    (
        "frozen-unknown",
        "keras3_export",
        without_lists,
        OFF,
        DISAGREEMENT,
        "declaration contradicts",
    ),
    ("trainable-undetermined", "text", without_object_graph, OFF, COUNTED, "declaration agrees"),
    ("keras-metadata-missing", "keras3_export", |_| (), OFF, COUNTED, "declaration agrees"),
    (
        "keras-metadata-missing",
        "keras3_export",
        |_| (),
        &["--runtime", "off", "--keras-config", SUBCLASSED],
        COUNTED,
        "declaration agrees",
    ),
    (
        "no-keras-layers",
        "module_shared",
        |_| (),
        &["--runtime", "off", "--group-by", "keras"],
        COUNTED,
        "declaration agrees",
    ),
    (
        "keras-metadata-missing",
        "lenet5",
        |_| (),
        &["--runtime", "off", "--keras-config", SUBCLASSED],
        COUNTED,
        "keras agrees",
    ),
    (
        "keras-config-differs",
        "lenet5",
        |_| (),
        &["--runtime", "off", "--keras-config", FOREIGN],
        DISAGREEMENT,
        "keras contradicts",
    ),
    ("keras-shape-differs", "lenet5", other_units, OFF, DISAGREEMENT, "keras contradicts"),
    ("tree-too-deep", "text", deep_modules, OFF, DISAGREEMENT, "declaration contradicts"),
    // Values.
    ("not-finite", "values", |_| (), &["--stats"], VERIFIED, "runtime agrees"),
    ("all-zeros", "values", |_| (), &["--stats"], VERIFIED, "runtime agrees"),
];

const INDEX: &str = "variables/variables.index";
const NO_VARIABLES: &[u8] =
    b"saved_model_schema_version: 1 meta_graphs { meta_info_def { tags: \"serve\" } graph_def { } }";

fn read(model: &Path, name: &str) -> Vec<u8> {
    std::fs::read(model.join(name)).unwrap()
}

fn write(model: &Path, name: &str, bytes: &[u8]) {
    std::fs::write(model.join(name), bytes).unwrap();
}

fn remove_folder(model: &Path, name: &str) {
    std::fs::remove_dir_all(model.join(name)).unwrap();
}

/// Replaces the text where it stands in `saved_model.pbtxt`, once or more.
fn edit(model: &Path, from: &str, to: &str) {
    let text = String::from_utf8(read(model, "saved_model.pbtxt")).unwrap();
    assert!(text.contains(from), "{from}");
    write(model, "saved_model.pbtxt", text.replace(from, to).as_bytes());
}

/// Replaces the text at its first place after `mark`.
fn edit_after(model: &Path, mark: &str, from: &str, to: &str) {
    let text = String::from_utf8(read(model, "saved_model.pbtxt")).unwrap();
    let at = text.find(mark).unwrap();
    let (head, tail) = text.split_at(at);
    assert!(tail.contains(from), "{from}");
    write(model, "saved_model.pbtxt", (head.to_owned() + &tail.replacen(from, to, 1)).as_bytes());
}

fn flip_a_bit(model: &Path) {
    let mut bytes = read(model, SHARD);
    bytes[0] ^= 1;
    write(model, SHARD, &bytes);
}

/// Puts another model's weights in the place of this one's.
fn borrow(model: &Path, other: &str) {
    remove_folder(model, "variables");
    copy(&fixture(other).join("variables"), &model.join("variables"));
}

fn in_kernel(model: &Path, from: &str, to: &str) {
    edit_after(model, "object_graph_def {", from, to);
}

/// Gives a variable another name than it has in the checkpoint.
fn rename(model: &Path, from: &str, to: &str) {
    let name = |name: &str| format!(" name: \"{name}\"\n      }}");
    edit_after(model, "object_graph_def {", &name(from), &name(to));
}

fn rename_two(model: &Path) {
    rename(model, "kernel", "kernel_27");
    rename(model, "bias", "bias_27");
}

/// A variable of open shape whose name makes it a counter, were it a scalar.
fn open_counter(model: &Path) {
    let shape = |size: &str| {
        format!("DT_INT32\n        shape {{\n          dim {{\n            size: {size}")
    };
    in_kernel(model, &shape("2"), &shape("-1"));
    rename(model, "seen", "global_step");
}

fn of_unknown_shape(model: &Path) {
    remove_folder(model, "variables");
    in_kernel(model, "size: 3", "size: -1");
}

fn add_nodes(model: &Path, nodes: &[(&str, &str, &str)]) {
    let mut text = String::from("graph_def {\n");
    for (name, op, input) in nodes {
        text += &format!("node {{ name: \"{name}\" op: \"{op}\" ");
        if !input.is_empty() {
            text +=
                &format!("input: \"{input}\" attr {{ key: \"T\" value {{ type: DT_FLOAT }} }} ");
        }
        text += "}\n";
    }
    edit_after(model, "\n  graph_def {", "graph_def {\n", &text);
}

fn repeat_meta_graph(model: &Path) {
    let text = String::from_utf8(read(model, "saved_model.pbtxt")).unwrap();
    let meta_graph = &text[text.find("meta_graphs {").unwrap()..];
    write(model, "saved_model.pbtxt", (text.clone() + meta_graph).as_bytes());
}

fn dangling_link(model: &Path, name: &str) {
    std::fs::remove_file(model.join(name)).unwrap();
    std::os::unix::fs::symlink("/nonexistent/blob", model.join(name)).unwrap();
}

/// The op that a load runs first writes a file.
fn write_file_at_start(model: &Path) {
    add_nodes(model, &[("evil", "WriteFile", "")]);
    edit_after(model, "__saved_model_init_op", "name: \"NoOp\"", "name: \"evil\"");
}

fn shard_is_a_folder(model: &Path) {
    std::fs::remove_file(model.join(SHARD)).unwrap();
    std::fs::create_dir(model.join(SHARD)).unwrap();
}

fn spoil_metadata_json(model: &Path) {
    let mut bytes = read(model, "keras_metadata.pb");
    // The brace that opens the first JSON text; its length stays.
    let at = bytes.windows(2).position(|pair| pair == b"{\"").unwrap();
    bytes[at] = b'!';
    write(model, "keras_metadata.pb", &bytes);
}

/// Gives the layer of 84 units 48 in its metadata.
fn other_units(model: &Path) {
    let mut bytes = read(model, "keras_metadata.pb");
    replace(&mut bytes, b"\"units\": 84", b"\"units\": 48");
    write(model, "keras_metadata.pb", &bytes);
}

/// Calls the layers something that no Keras ever called them, in both files, at the same length.
fn rename_layers(model: &Path) {
    for name in ["saved_model.pb", "keras_metadata.pb"] {
        let mut bytes = read(model, name);
        replace(&mut bytes, b"_tf_keras_layer", b"_tf_keras_novel");
        write(model, name, &bytes);
    }
}

/// Renames the lists of variables that the root holds.
fn without_lists(model: &Path) {
    let mut bytes = read(model, "saved_model.pb");
    replace(&mut bytes, b"trainable_variables", b"trainable_variablez");
    replace(&mut bytes, b"\x12\tvariables", b"\x12\tvariablez");
    write(model, "saved_model.pb", &bytes);
}

fn replace(bytes: &mut [u8], from: &[u8], to: &[u8]) {
    assert_eq!(from.len(), to.len());
    let mut at = 0;
    let mut found = 0;
    while let Some(next) = bytes[at..].windows(from.len()).position(|window| window == from) {
        at += next;
        bytes[at..at + to.len()].copy_from_slice(to);
        found += 1;
    }
    assert!(found > 0);
}

/// Adds objects at the end of the object graph, and a child of the root that leads to the first.
fn add_objects(model: &Path, name: &str, objects: &str) {
    let text = String::from_utf8(read(model, "saved_model.pbtxt")).unwrap();
    let at = text.find("  object_graph_def {").unwrap();
    let first = text[at..].matches("\n    nodes {").count();
    let objects = objects.replace("FIRST", &first.to_string());
    let end = text.find("    concrete_functions {\n      key").unwrap();
    write(
        model,
        "saved_model.pbtxt",
        (text[..end].to_owned() + &objects + "\n" + &text[end..]).as_bytes(),
    );
    let child =
        format!("children {{ node_id: {first} local_name: \"{name}\" }}\n      children {{");
    edit_after(model, "object_graph_def {", "children {", &child);
}

/// Gives the root a list of these variables.
fn with_list(model: &Path, members: &[u32]) {
    let mut list = String::from("    nodes { ");
    for (at, id) in members.iter().enumerate() {
        list += &format!("children {{ node_id: {id} local_name: \"{at}\" }} ");
    }
    add_objects(
        model,
        "variables",
        &(list + "user_object { identifier: \"trackable_list_wrapper\" } }"),
    );
}

/// What TensorFlow 1 wrote: no object graph, and no collection either.
fn without_object_graph(model: &Path) {
    let text = String::from_utf8(read(model, "saved_model.pbtxt")).unwrap();
    let at = text.find("  object_graph_def {").unwrap();
    write(model, "saved_model.pbtxt", (text[..at].to_owned() + "}\n").as_bytes());
}

fn no_restore_function(model: &Path) {
    let mark = "name: \"StatefulPartitionedCall_2\"";
    edit_after(model, mark, "__inference__traced_restore_95", "__inference__lost");
}

/// A table of 40 x 50 numbers that the answer goes through.
fn large_constant(model: &Path) {
    let table = "name: \"table\" op: \"Const\" attr { key: \"dtype\" value { type: DT_FLOAT } } \
                 attr { key: \"value\" value { tensor { dtype: DT_FLOAT tensor_shape { \
                 dim { size: 40 } dim { size: 50 } } float_val: 1 } } }";
    let text = format!("graph_def {{\nnode {{ {table} }}\n");
    edit_after(model, "\n  graph_def {", "graph_def {\n", &text);
    let call = "name: \"StatefulPartitionedCall\"\n      op: \"StatefulPartitionedCall\"\n";
    edit(model, call, &format!("{call}      input: \"^table\"\n"));
}

/// A module in a module in a module, with the kernel at the bottom.
fn deep_modules(model: &Path) {
    let chain = "children { node_id: 1 local_name: \"kernel\" }";
    let mut nodes = String::new();
    let first = 1000;
    let text = String::from_utf8(read(model, "saved_model.pbtxt")).unwrap();
    let at = text.find("  object_graph_def {").unwrap();
    let existing = text[at..].matches("\n    nodes {").count();
    assert!(existing < first);
    for level in 0..100 {
        let below = match level {
            99 => chain.to_owned(),
            _ => format!("children {{ node_id: {} local_name: \"m\" }}", existing + level + 1),
        };
        nodes += &format!(
            "    nodes {{ {below} user_object {{ identifier: \"_generic_user_object\" }} }}\n"
        );
    }
    edit_after(
        model,
        "object_graph_def {",
        "node_id: 1\n        local_name: \"kernel\"",
        &format!("node_id: {existing}\n        local_name: \"deep\""),
    );
    let text = String::from_utf8(read(model, "saved_model.pbtxt")).unwrap();
    let at = text.find("    concrete_functions {\n      key").unwrap();
    write(model, "saved_model.pbtxt", (text[..at].to_owned() + &nodes + &text[at..]).as_bytes());
}

/// An index with these entries: key, dtype, shape, size in bytes.
fn index(model: &Path, entries: &[(&str, u64, &[u64], u64)]) {
    let row = |&(key, dtype, dims, size): &(&str, u64, &[u64], u64)| {
        (key.into(), checkpoint_table::entry(dtype, dims, 0, size).0)
    };
    write(model, INDEX, &checkpoint_table::index(1, entries.iter().map(row).collect()));
}

const SUBCLASSED_CONFIG: &str =
    r#"{"module": null, "class_name": "Mine", "config": {}, "registered_name": "Mine"}"#;
const FOREIGN_CONFIG: &str = r#"{"class_name": "Sequential", "config": {"name": "other", "layers": [
    {"class_name": "Dense", "config": {"name": "somewhere"}},
    {"class_name": "Dense", "config": {"name": "else"}}]}}"#;

/// What the program says of a model.
struct Said {
    codes: BTreeSet<String>,
    verdict: String,
    exit_code: Option<i32>,
    /// Name and status of each witness: `keras agrees`.
    witnesses: Vec<String>,
}

/// Counts, or gives what the program wrote instead of a report.
fn count(model: &Path, arguments: &[&str]) -> Result<Said, String> {
    let archive = model.with_extension("keras");
    let mut command = tfcensus(&["count", "--format", "json"]);
    command.arg(model);
    for argument in arguments {
        let config = match *argument {
            SUBCLASSED => SUBCLASSED_CONFIG,
            FOREIGN => FOREIGN_CONFIG,
            other => {
                command.arg(other);
                continue;
            }
        };
        let metadata = r#"{"keras_version": "3.15.1"}"#;
        let files = [("metadata.json", metadata), ("config.json", config)];
        std::fs::write(&archive, common::archive::zip(&files)).unwrap();
        command.arg(&archive);
    }
    let done = command.run();
    let report: Value = serde_json::from_str(&done.stdout).map_err(|_| done.stderr)?;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let findings = report["findings"].as_array().unwrap();
    let witnesses = report["witnesses"].as_array().unwrap();
    Ok(Said {
        codes: findings.iter().map(|finding| text(&finding["code"])).collect(),
        verdict: text(&report["verdict"]),
        exit_code: done.code,
        witnesses: witnesses
            .iter()
            .map(|w| format!("{} {}", text(&w["name"]), text(&w["status"])))
            .collect(),
    })
}

#[test]
fn each_appears_where_it_should_with_its_outcome() {
    require_library();
    let mut wrong = Vec::new();
    for (code, name, change, arguments, (verdict, exit_code), witness) in CASES {
        let folder = tempfile::tempdir().unwrap();
        copy(&fixture(name), folder.path());
        change(folder.path());
        let case = format!("{code}: {name} with {arguments:?}");
        match count(folder.path(), arguments) {
            Err(error) => wrong.push(format!("{case} gives no report: {error}")),
            Ok(said) => {
                let Said { codes, witnesses, .. } = &said;
                if !codes.contains(*code) {
                    wrong.push(format!("{case} gives {codes:?}"));
                }
                let found = (said.verdict.as_str(), said.exit_code);
                if found != (*verdict, Some(*exit_code)) {
                    wrong.push(format!("{case} ends with {found:?}, from {codes:?}"));
                }
                if !witnesses.iter().any(|found| found == witness) {
                    wrong.push(format!("{case} has {witnesses:?}, without '{witness}'"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn names_that_differ_are_one_note_and_change_no_count() {
    let folder = tempfile::tempdir().unwrap();
    copy(&fixture("text"), folder.path());
    rename_two(folder.path());
    let report = report(folder.path(), &[]);
    // kernel 3 * 2, bias 2, seen 2
    assert_eq!(report["totals"]["parameters"], 10);
    let [finding] = report["findings"].as_array().unwrap().as_slice() else { panic!("{report}") };
    assert!(finding["message"].as_str().unwrap().contains(" 2 variables "), "{finding}");
    assert_eq!(finding["subject"], "kernel_27");
    assert_eq!((&finding["expected"], &finding["found"]), (&"kernel".into(), &"kernel_27".into()));
}

/// The report of a model that is counted from its files.
fn report(model: &Path, arguments: &[&str]) -> Value {
    let mut command = tfcensus(&["count", "--format", "json", "--runtime", "off"]);
    command.arg(model).args(arguments);
    serde_json::from_str(&command.run().stdout).unwrap()
}

fn message(report: &Value, code: &str) -> String {
    let findings = report["findings"].as_array().unwrap();
    let finding = findings.iter().find(|finding| finding["code"] == code).unwrap();
    finding["message"].as_str().unwrap().to_owned()
}

#[test]
fn a_keras_archive_beside_the_model_is_pointed_at_and_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("m");
    copy(&fixture("keras3_export"), &model);
    without_lists(&model);
    let codes = ["keras-metadata-missing", "frozen-unknown"];
    let archive = folder.path().join("m.keras");
    let option = format!("--keras-config {}", archive.display());
    let before = report(&model, &[]);
    assert!(codes.iter().all(|code| !message(&before, code).contains(&option)), "{before}");
    std::fs::write(&archive, "no archive at all").unwrap();
    let after = report(&model, &[]);
    assert!(codes.iter().all(|code| message(&after, code).contains(&option)), "{after}");
    assert_eq!(before["groups"], after["groups"]);
}

#[test]
fn a_configuration_without_layers_names_the_model_and_leaves_its_tree() {
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("m.keras");
    std::fs::write(
        &archive,
        common::archive::zip(&[
            ("metadata.json", r#"{"keras_version": "3.15.1"}"#),
            (
                "config.json",
                r#"{"class_name": "BertBackbone", "config": {"name": "bert", "num_layers": 2}}"#,
            ),
        ]),
    )
    .unwrap();
    let model = fixture("keras3_export");
    let (without, with) =
        (report(&model, &[]), report(&model, &["--keras-config", archive.to_str().unwrap()]));
    let (without, with) = (&without["groups"], &with["groups"]);
    assert_eq!((&with["name"], &with["class"]), (&"bert".into(), &"BertBackbone".into()));
    assert_eq!(with["children"], without["children"]);
}

#[test]
fn a_model_without_keras_layers_has_the_tree_of_auto() {
    for name in ["module_shared", "tf1_hub", "keras3_export"] {
        let by = |grouping| report(&fixture(name), &["--group-by", grouping]);
        let (keras, auto) = (by("keras"), by("auto"));
        assert_eq!(keras["groups"], auto["groups"], "{name}");
        assert!(message(&keras, "no-keras-layers").contains("--group-by auto"), "{name}");
    }
}

#[test]
fn no_code_is_without_a_test() {
    let mut tested: BTreeSet<&str> = CASES.iter().map(|(code, ..)| *code).collect();
    tested.insert(NOT_ON_DEMAND);
    for (code, file) in ELSEWHERE {
        assert!(std::fs::read_to_string(project(file)).unwrap().contains("#[test]"), "{file}");
        assert!(tested.insert(code), "{code} is here too");
    }
    let untested: Vec<&str> =
        Code::ALL.iter().map(|code| code.as_str()).filter(|code| !tested.contains(code)).collect();
    assert!(untested.is_empty(), "no test makes these appear: {untested:?}");
}
