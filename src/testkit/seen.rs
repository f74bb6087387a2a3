//! All that the decoders see of a message, as JSON: for a comparison with another parser of protocol
//! buffers, which writes the same JSON of the same bytes (`tests/one_reading`).
//!
//! What stands in a map, or in fields of several numbers, is written sorted: its order in the file
//! means nothing.

use serde_json::{Value, json};

use crate::evidence::checkpoint;
use crate::model::DType;
use crate::saved_model::{
    DeclaredShape, FunctionBody, Graph, Kind, MetaGraph, Node, ObjectGraph, SavedModelFile,
    VariableDef,
};
use crate::wire::Malformed;

/// Collections whose variables are compared, and those whose nodes are.
const VARIABLE_COLLECTIONS: &[&str] = &["variables", "trainable_variables"];
const NODE_COLLECTIONS: &[&str] = &["saved_model_main_op", "legacy_init_op", "train_op"];

/// What is seen of a `SavedModel`; the error where it is refused.
pub fn saved_model(bytes: &[u8]) -> Result<Value, String> {
    let file = SavedModelFile::in_memory(bytes.to_vec());
    file.check_whole().map_err(|e| e.to_string())?;
    let (version, metas) = file.decode().map_err(|e| e.to_string())?;
    let metas: Result<Vec<Value>, Malformed> = metas.iter().map(meta_graph).collect();
    Ok(json!({ "version": version, "metas": metas.map_err(|e| e.what.to_owned())? }))
}

/// What is seen of a checkpoint's `TrackableObjectGraph`.
pub fn checkpoint_graph(bytes: &[u8]) -> Result<Value, String> {
    let graph = checkpoint::ObjectGraph::parse(bytes).map_err(|e| e.to_string())?;
    Ok(graph
        .nodes()
        .map(|node| {
            json!({
                "children": node.children.iter().map(|c| json!([c.node, c.name])).collect::<Value>(),
                "attributes": node
                    .attributes
                    .iter()
                    .map(|a| json!([a.name, a.full_name, a.checkpoint_key]))
                    .collect::<Value>(),
                "slots": node
                    .slot_variables
                    .iter()
                    .map(|s| json!([s.original, s.name, s.slot]))
                    .collect::<Value>(),
                "saver": node.registered_saver,
            })
        })
        .collect())
}

fn meta_graph(meta: &MetaGraph<'_>) -> Result<Value, Malformed> {
    let graph = meta.graph()?;
    let mut signatures: Vec<Vec<&str>> =
        meta.signatures()?.into_iter().map(|s| sorted(s.outputs)).collect();
    signatures.sort();
    let mut variables = serde_json::Map::new();
    for name in VARIABLE_COLLECTIONS {
        let listed = meta.variable_collection(name)?;
        variables.insert((*name).into(), listed.iter().map(variable_def).collect());
    }
    let mut nodes = serde_json::Map::new();
    for name in NODE_COLLECTIONS {
        nodes.insert((*name).into(), meta.node_collection(name)?.into());
    }
    Ok(json!({
        "tags": meta.tags,
        "tensorflow_version": meta.tensorflow_version,
        "restore_op": meta.restore_op,
        "assets": sorted(meta.asset_nodes.clone()),
        "foreign_files": sorted(meta.foreign_files.clone()),
        "init": sorted(meta.init_nodes()?),
        "signatures": signatures,
        "variables": variables,
        "nodes": nodes,
        "graph": graph.nodes.iter().map(node).collect::<Value>(),
        "functions": functions(&graph)?,
        "objects": objects(&meta.object_graph()?),
    }))
}

fn sorted(mut names: Vec<&str>) -> Vec<&str> {
    names.sort_unstable();
    names
}

fn variable_def(def: &VariableDef<'_>) -> Value {
    let slice = def.slice.as_ref();
    json!(
        [def.variable_name, slice.map(|s| json!([s.full_name, s.full_shape, s.offset, s.shape])),]
    )
}

fn node(node: &Node<'_>) -> Value {
    let [dtype, shape, shared_name, value, f, dtypes] =
        node.attrs_named(["dtype", "shape", "shared_name", "value", "f", "dtypes"]);
    let tensor = value.and_then(|value| value.tensor());
    json!({
        "name": node.name,
        "op": node.op,
        "inputs": node.inputs().collect::<Value>(),
        "dtype": number(dtype.and_then(|a| a.dtype())),
        "shape": shape.and_then(|a| a.shape()).map(|s| declared(&s)),
        "shared_name": shared_name.and_then(|a| a.bytes()),
        "tensor": tensor.map(|t| {
            json!([number(t.dtype), declared(&t.shape), t.strings().collect::<Vec<_>>()])
        }),
        "function": f.and_then(|a| a.function()).unwrap_or_default(),
        "dtypes": dtypes.map(|a| a.dtypes().into_iter().map(number).collect::<Value>()),
        "functions": sorted(node.functions().into_iter().filter(|name| !name.is_empty()).collect()),
    })
}

/// The number of a type; null for one that no version of TensorFlow knows.
fn number(dtype: Option<DType>) -> Option<u32> {
    dtype.map(|dtype| dtype.number())
}

fn declared(shape: &DeclaredShape) -> Value {
    match shape {
        DeclaredShape::Unknown => Value::Null,
        DeclaredShape::Dims(dims) => json!(dims),
        DeclaredShape::TooManyDims(rank) => json!(rank),
    }
}

fn functions(graph: &Graph<'_>) -> Result<Value, Malformed> {
    let mut described = serde_json::Map::new();
    for name in graph.library.names().iter().copied().filter(|name| !name.is_empty()) {
        if let Some(body) = graph.library.function(name) {
            described.insert(name.to_owned(), function(body?));
        }
    }
    Ok(described.into())
}

fn function(body: &FunctionBody<'_>) -> Value {
    let mut returns = body.returns.clone();
    returns.sort_unstable();
    json!({
        "arguments": body.arguments,
        "outputs": body.outputs,
        "returns": returns,
        "nodes": body.nodes.iter().map(node).collect::<Value>(),
    })
}

fn objects(graph: &ObjectGraph<'_>) -> Value {
    let slots = graph.slot_variables().iter();
    let slots = slots.map(|(holder, s)| json!([holder.0, s.original.0, s.name, s.slot.0]));
    let mut dangling: Vec<_> =
        graph.dangling.iter().map(|(h, name, to)| (h.0, *name, *to)).collect();
    dangling.sort_unstable();
    json!({
        "objects": graph.ids().zip(&graph.kinds).map(|(id, kind)| {
            let edges = graph.children(id).iter().map(|e| json!([e.name, e.to.0]));
            json!([kind_of(kind), edges.collect::<Value>()])
        }).collect::<Value>(),
        "slots": slots.collect::<Value>(),
        "dangling": dangling,
    })
}

fn kind_of(kind: &Kind<'_>) -> Value {
    match kind {
        Kind::User { identifier, metadata } => json!(["user", identifier, metadata]),
        Kind::Variable(v) => {
            json!(["variable", v.name, number(v.dtype), declared(&v.shape), v.trainable])
        }
        Kind::Resource => json!(["resource"]),
        Kind::Asset => json!(["asset"]),
        Kind::Other => json!(["other"]),
    }
}
