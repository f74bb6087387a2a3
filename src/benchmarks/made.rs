//! Writes models of any size, as TensorFlow lays them out: a Keras 2 model whose layers hold the
//! variables, its restore function, a chain of nodes in the main graph and one in a function, the
//! checkpoint's index, object graph and empty shards, and the Keras metadata.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use crate::evidence::checkpoint::{OBJECT_GRAPH_KEY, shard_path, table_writer};
use crate::saved_model::testing::{
    ObjectGraphBytes, calls, function, graph_def, node, object, shape, variable,
};
use crate::wire::testing::{Message, bytes, text, varint};

/// How much there is of everything. At least one shard and one layer are made.
#[derive(Clone, Copy, Debug, Default)]
pub struct Size {
    /// Variables, of four floats each.
    pub variables: u32,
    /// Nodes of the main graph beyond those that the variables need.
    pub nodes: u32,
    /// Nodes of a function that the signature calls.
    pub function_nodes: u32,
    /// Layers, each in a sub-model of its own.
    pub layers: u32,
    /// Data shards.
    pub shards: u32,
}

/// The files of a model, written.
#[derive(Debug)]
pub struct Made {
    size: Size,
    /// `saved_model.pb`
    pub saved_model: Vec<u8>,
    /// `variables.index`
    pub index: Vec<u8>,
    /// `keras_metadata.pb`
    pub keras_metadata: Vec<u8>,
    /// The checkpoint's own object graph.
    pub checkpoint_graph: Vec<u8>,
    /// The object graph inside `saved_model.pb`.
    pub object_graph: Vec<u8>,
    /// The main graph and a MetaGraph's frame, in text form.
    pub pbtxt: Vec<u8>,
}

const FLOAT: u64 = 1;
const VARIABLE_BYTES: u64 = 16;

impl Made {
    /// Makes a model.
    pub fn new(size: Size) -> Made {
        let size = Size { layers: size.layers.max(1), shards: size.shards.max(1), ..size };
        let graph = graph(size);
        let object_graph = object_graph(size);
        let checkpoint_graph = checkpoint_graph(size);
        let output = bytes(2, &text(1, "y").with(bytes(2, &text(1, "call_f:0").0)).0);
        let signature = text(1, "serving_default").with(bytes(2, &output.0));
        let meta = bytes(1, &text(4, "serve").with(text(5, "2.21.0")).0)
            .with(bytes(2, &graph))
            .with(bytes(3, &text(3, "restore").0))
            .with(bytes(5, &signature.0))
            .with(bytes(7, &object_graph));
        Made {
            size,
            saved_model: varint(1, 1).with(bytes(2, &meta.0)).0,
            index: index(size, &checkpoint_graph),
            keras_metadata: keras_metadata(size),
            checkpoint_graph,
            object_graph,
            pbtxt: pbtxt(size),
        }
    }

    /// Writes it to a new folder. The shards are as long as the index says, and empty.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        let variables = folder.join("variables");
        fs::create_dir_all(&variables)?;
        fs::write(folder.join("saved_model.pb"), &self.saved_model)?;
        fs::write(folder.join("keras_metadata.pb"), &self.keras_metadata)?;
        fs::write(variables.join("variables.index"), &self.index)?;
        let (stored, _) = table_writer::string_tensor(&self.checkpoint_graph);
        for shard in 0..self.size.shards {
            let path = shard_path(&variables, "variables", shard, self.size.shards);
            if shard == 0 {
                fs::write(&path, &stored)?;
            }
            let file = File::options().create(true).append(true).open(path)?;
            let len = (u64::from(self.size.variables) + 1) * VARIABLE_BYTES;
            file.set_len(stored.len() as u64 + len)?;
        }
        Ok(())
    }
}

fn layer_of(size: Size, variable: u32) -> u32 {
    variable % size.layers
}

fn key(size: Size, variable: u32) -> String {
    format!("block{0}/layer/v{1}/.ATTRIBUTES/VARIABLE_VALUE", layer_of(size, variable), variable)
}

fn type_attr(dtype: u64) -> Message {
    varint(6, dtype)
}

fn graph(size: Size) -> Vec<u8> {
    let float = || ("dtype", type_attr(FLOAT));
    let mut nodes = vec![node("prefix", "Placeholder", &[], &[("dtype", type_attr(7))])];
    let mut handles = vec!["prefix".to_owned()];
    for v in 0..size.variables {
        let name = format!("block{}/layer/v{v}", layer_of(size, v));
        let attrs = [float(), ("shape", bytes(7, &shape(&[4]).0)), ("shared_name", text(2, &name))];
        nodes.push(node(&name, "VarHandleOp", &[], &attrs));
        nodes.push(node(
            &format!("{name}/Read/ReadVariableOp"),
            "ReadVariableOp",
            &[&name],
            &[float()],
        ));
        handles.push(name);
    }
    let mut last = "prefix".to_owned();
    for n in 0..size.nodes {
        let name = format!("chain/add_{n}");
        nodes.push(node(&name, "AddV2", &[&last, &last], &[("T", type_attr(FLOAT))]));
        last = name;
    }
    let handles: Vec<&str> = handles.iter().map(String::as_str).collect();
    nodes.push(node("restore", "StatefulPartitionedCall", &handles, &[("f", calls("restore_fn"))]));
    nodes.push(node("call_f", "StatefulPartitionedCall", &[&last], &[("f", calls("f"))]));
    graph_def(&nodes, &[restore_function(size), long_function(size)])
}

/// `RestoreV2` of all keys, and an assignment for each.
fn restore_function(size: Size) -> Message {
    let strings = |texts: &mut dyn Iterator<Item = String>| {
        let dims = shape(&[u64::from(size.variables)]);
        let tensor = varint(1, 7).with(bytes(2, &dims.0));
        bytes(8, &texts.fold(tensor, |tensor, one| tensor.with(text(8, &one))).0)
    };
    let keys = strings(&mut (0..size.variables).map(|v| key(size, v)));
    let slices = strings(&mut (0..size.variables).map(|_| String::new()));
    let dtypes =
        (0..size.variables).fold(Message::default(), |list, _| list.with(varint(6, FLOAT)));
    let mut nodes = vec![
        node("names", "Const", &[], &[("dtype", type_attr(7)), ("value", keys)]),
        node("slices", "Const", &[], &[("dtype", type_attr(7)), ("value", slices)]),
        node(
            "RestoreV2",
            "RestoreV2",
            &["prefix", "names:output:0", "slices:output:0"],
            &[("dtypes", bytes(1, &dtypes.0))],
        ),
    ];
    let mut arguments = vec!["prefix".to_owned()];
    for v in 0..size.variables {
        let (argument, identity) = (format!("variable_{v}"), format!("Identity_{v}"));
        let restored = format!("RestoreV2:tensors:{v}");
        nodes.push(node(&identity, "Identity", &[&restored], &[("T", type_attr(FLOAT))]));
        nodes.push(node(
            &format!("Assign_{v}"),
            "AssignVariableOp",
            &[&argument, &format!("{identity}:output:0")],
            &[("dtype", type_attr(FLOAT))],
        ));
        arguments.push(argument);
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    function("restore_fn", &arguments, &nodes)
}

/// A chain that starts at a frozen weight, so that what counts constants has to walk all of it.
fn long_function(size: Size) -> Message {
    let tensor = varint(1, FLOAT).with(bytes(2, &shape(&[4]).0)).with(bytes(4, &[0; 16]));
    let value = [("dtype", type_attr(FLOAT)), ("value", bytes(8, &tensor.0))];
    let mut nodes = vec![node("weight", "Const", &[], &value)];
    let mut last = "weight:output:0".to_owned();
    for n in 0..size.function_nodes {
        let name = format!("add_{n}");
        nodes.push(node(&name, "AddV2", &[&last, "x"], &[("T", type_attr(FLOAT))]));
        last = format!("{name}:z:0");
    }
    let returned = bytes(4, &text(1, "y").with(text(2, &last)).0);
    function("f", &["x"], &nodes).with(returned)
}

/// Object numbers: the root, then a sub-model and its layer for each layer, then the variables.
fn layer_number(layer: u32) -> u64 {
    2 + 2 * u64::from(layer)
}

fn variable_number(size: Size, variable: u32) -> u64 {
    1 + 2 * u64::from(size.layers) + u64::from(variable)
}

/// Every object's edges, in the order of their numbers; the variables have none.
fn edges(size: Size) -> Vec<Vec<(String, u64)>> {
    let mut held = vec![Vec::new(); size.layers as usize];
    for v in 0..size.variables {
        held[layer_of(size, v) as usize].push((format!("v{v}"), variable_number(size, v)));
    }
    let blocks = (0..size.layers).map(|l| (format!("block{l}"), layer_number(l) - 1)).collect();
    let mut all = vec![blocks];
    for (layer, held) in (0..).zip(held) {
        all.push(vec![("layer".to_owned(), layer_number(layer))]);
        all.push(held);
    }
    all
}

fn identifier(number: usize) -> &'static str {
    if number == 0 || number % 2 == 1 { "_tf_keras_network" } else { "_tf_keras_layer" }
}

fn object_graph(size: Size) -> Vec<u8> {
    let mut objects = Vec::new();
    for (number, edges) in edges(size).into_iter().enumerate() {
        let edges: Vec<(&str, u64)> = edges.iter().map(|(name, to)| (name.as_str(), *to)).collect();
        objects.push(object(identifier(number), &edges));
    }
    for v in 0..size.variables {
        objects.push(variable(&format!("block{}/layer/v{v}", layer_of(size, v)), &[4], true));
    }
    ObjectGraphBytes::new(objects).into_bytes()
}

fn checkpoint_graph(size: Size) -> Vec<u8> {
    let mut graph = Vec::new();
    for edges in edges(size) {
        let node = edges.iter().fold(Message::default(), |node, (name, to)| {
            node.with(bytes(1, &varint(1, *to).with(text(2, name)).0))
        });
        graph.extend(bytes(1, &node.0).0);
    }
    for v in 0..size.variables {
        let name = format!("block{}/layer/v{v}", layer_of(size, v));
        let value = text(1, "VARIABLE_VALUE").with(text(2, &name)).with(text(3, &key(size, v)));
        graph.extend(bytes(1, &bytes(2, &value.0).0).0);
    }
    graph
}

fn index(size: Size, checkpoint_graph: &[u8]) -> Vec<u8> {
    let (stored, crc) = table_writer::string_tensor(checkpoint_graph);
    let fixed32 = |number: u32, value: u32| {
        Message([&[(number << 3 | 5) as u8][..], &value.to_le_bytes()].concat())
    };
    let graph =
        varint(1, 7).with(bytes(2, &[])).with(varint(5, stored.len() as u64)).with(fixed32(6, crc));
    let mut rows = vec![
        (Vec::new(), varint(1, u64::from(size.shards)).0),
        (OBJECT_GRAPH_KEY.to_vec(), graph.0),
    ];
    for v in 0..size.variables {
        let offset = stored.len() as u64 + u64::from(v) * VARIABLE_BYTES;
        let entry = varint(1, FLOAT)
            .with(bytes(2, &shape(&[4]).0))
            .with(varint(3, u64::from(v % size.shards)))
            .with(varint(4, offset))
            .with(varint(5, VARIABLE_BYTES));
        rows.push((key(size, v).into_bytes(), entry.0));
    }
    rows.sort();
    table_writer::TableWriter::default().write(&rows)
}

fn keras_metadata(size: Size) -> Vec<u8> {
    let mut metadata = Vec::new();
    for number in 0..1 + 2 * size.layers as usize {
        let class = if identifier(number) == "_tf_keras_layer" { "Dense" } else { "Functional" };
        let json = format!(
            r#"{{"name": "object_{number}", "trainable": true, "class_name": "{class}", "config": {{"units": 4, "activation": "relu"}}}}"#
        );
        let node = varint(2, number as u64)
            .with(text(3, "root"))
            .with(text(4, identifier(number)))
            .with(text(5, &json));
        metadata.extend(bytes(1, &node.0).0);
    }
    metadata
}

fn pbtxt(size: Size) -> Vec<u8> {
    let mut out = String::from("saved_model_schema_version: 1\nmeta_graphs {\n graph_def {\n");
    for n in 0..size.nodes {
        out += &format!(
            "  node {{ name: \"add_{n}\" op: \"AddV2\" attr {{ key: \"T\" value {{ type: DT_FLOAT }} }} }}\n"
        );
    }
    (out + " }\n}\n").into_bytes()
}
