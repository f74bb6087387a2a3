//! Writes models of any size, as TensorFlow lays them out: a Keras 2 model whose layers hold the
//! variables, its restore function, a chain of nodes in the main graph and another in a function,
//! the checkpoint's index, object graph and shards of zeros, and the Keras metadata.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use super::checkpoint_table::{self, entry, string_tensor};
use super::protobuf::{Message, bytes, fixed32, text, varint};
use super::saved_model::{
    FLOAT, ObjectGraphBytes, STRING, calls, children, float_const, function, graph_def, node,
    object, restore_function, saved_model, type_attr, var_handle, variable,
};
use crate::evidence::checkpoint::{OBJECT_GRAPH_KEY, shard_path};

/// The size of a model. At least one shard and one layer are written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Size {
    /// Variables, of four floats each.
    pub variables: u32,
    /// Nodes of the main graph beyond those that the variables need.
    pub nodes: u32,
    /// Nodes of the function that the signature calls.
    pub function_nodes: u32,
    /// Layers, each in a sub-model of its own.
    pub layers: u32,
    /// Data shards.
    pub shards: u32,
}

/// The contents of a model's files.
#[derive(Debug)]
pub struct LargeModel {
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
    /// A MetaGraph with the main graph's chain of nodes, in text form.
    pub pbtxt: Vec<u8>,
}

const VARIABLE_BYTES: u64 = 16;

impl LargeModel {
    /// Writes the files' contents.
    pub fn new(size: Size) -> LargeModel {
        let size = Size { layers: size.layers.max(1), shards: size.shards.max(1), ..size };
        let graph = graph(size);
        let object_graph = object_graph(size);
        let checkpoint_graph = checkpoint_graph(size);
        let output = bytes(2, text(1, "y").with(bytes(2, text(1, "call_f:0"))));
        let signature = text(1, "serving_default").with(bytes(2, output));
        let meta = bytes(1, text(5, "2.21.0"))
            .with(bytes(2, graph))
            .with(bytes(3, text(3, "restore")))
            .with(bytes(5, signature))
            .with(bytes(7, &object_graph));
        LargeModel {
            size,
            saved_model: saved_model(meta),
            index: index(size, &checkpoint_graph),
            keras_metadata: keras_metadata(size),
            checkpoint_graph,
            object_graph,
            pbtxt: pbtxt(size),
        }
    }

    /// Writes the files to a new folder. The shards have the index's lengths and hold zeros.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        let variables = folder.join("variables");
        fs::create_dir_all(&variables)?;
        fs::write(folder.join("saved_model.pb"), &self.saved_model)?;
        fs::write(folder.join("keras_metadata.pb"), &self.keras_metadata)?;
        fs::write(variables.join("variables.index"), &self.index)?;
        let (stored, _) = string_tensor(&self.checkpoint_graph);
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

fn name(size: Size, variable: u32) -> String {
    format!("block{}/layer/v{variable}", layer_of(size, variable))
}

fn graph(size: Size) -> Vec<u8> {
    let mut nodes = vec![node("prefix", "Placeholder", &[], &[("dtype", type_attr(STRING))])];
    let mut handles = vec!["prefix".to_owned()];
    for v in 0..size.variables {
        let name = name(size, v);
        let read = format!("{name}/Read/ReadVariableOp");
        nodes.push(var_handle(&name, &[4]));
        nodes.push(node(&read, "ReadVariableOp", &[&name], &[("dtype", type_attr(FLOAT))]));
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
    let keys: Vec<String> = (0..size.variables).map(|v| key(size, v)).collect();
    graph_def(&nodes, &[restore_function("restore_fn", &keys), long_function(size)])
}

/// A chain that starts at a frozen weight: the reader of constants has to walk all of it.
fn long_function(size: Size) -> Message {
    let mut nodes = vec![float_const("weight", &[4], &[0; 16])];
    let mut last = "weight:output:0".to_owned();
    for n in 0..size.function_nodes {
        let name = format!("add_{n}");
        nodes.push(node(&name, "AddV2", &[&last, "x"], &[("T", type_attr(FLOAT))]));
        last = format!("{name}:z:0");
    }
    let returned = bytes(4, text(1, "y").with(text(2, &last)));
    function("f", &["x"], &nodes).with(returned)
}

/// Objects are numbered so: the root, then for each layer its sub-model and itself, then the
/// variables.
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

fn borrowed(edges: &[(String, u64)]) -> Vec<(&str, u64)> {
    edges.iter().map(|(name, to)| (name.as_str(), *to)).collect()
}

fn identifier(number: usize) -> &'static str {
    if number == 0 || number % 2 == 1 { "_tf_keras_network" } else { "_tf_keras_layer" }
}

fn object_graph(size: Size) -> Vec<u8> {
    let mut objects = Vec::new();
    for (number, edges) in edges(size).into_iter().enumerate() {
        objects.push(object(identifier(number), &borrowed(&edges)));
    }
    objects.extend((0..size.variables).map(|v| variable(&name(size, v), &[4], true)));
    ObjectGraphBytes::new(objects).0
}

fn checkpoint_graph(size: Size) -> Vec<u8> {
    let holders = edges(size).into_iter().map(|edges| bytes(1, children(&borrowed(&edges))));
    let variables = (0..size.variables).map(|v| {
        let (name, key) = (name(size, v), key(size, v));
        let value = text(1, "VARIABLE_VALUE").with(text(2, &name)).with(text(3, &key));
        bytes(1, bytes(2, value))
    });
    holders.chain(variables).collect::<Message>().0
}

fn index(size: Size, checkpoint_graph: &[u8]) -> Vec<u8> {
    let (stored, crc) = string_tensor(checkpoint_graph);
    let len = stored.len() as u64;
    let graph = entry(STRING, &[], 0, len).with(fixed32(6, crc));
    let mut rows = vec![(OBJECT_GRAPH_KEY.to_vec(), graph.0)];
    for v in 0..size.variables {
        let offset = len + u64::from(v) * VARIABLE_BYTES;
        let shard = varint(3, u64::from(v % size.shards));
        let entry = entry(FLOAT, &[4], offset, VARIABLE_BYTES).with(shard);
        rows.push((key(size, v).into_bytes(), entry.0));
    }
    checkpoint_table::index(u64::from(size.shards), rows)
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
        metadata.extend(bytes(1, node).0);
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
