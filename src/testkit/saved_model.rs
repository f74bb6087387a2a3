//! Writes SavedModels: graphs, functions and object graphs.
//!
//! Source: saved_model.proto, meta_graph.proto, graph.proto, node_def.proto, attr_value.proto,
//! tensor.proto, function.proto, saved_object_graph.proto and types.proto of TensorFlow.

use super::protobuf::{Message, bytes, text, varint};

/// `DT_FLOAT`.
pub const FLOAT: u64 = 1;
/// `DT_STRING`.
pub const STRING: u64 = 7;

/// A SavedModel of one MetaGraph, tagged `serve`, with these fields more.
pub fn saved_model(meta_graph: Message) -> Vec<u8> {
    let meta_graph = bytes(1, text(4, "serve")).with(meta_graph);
    varint(1, 1).with(bytes(2, meta_graph)).0
}

/// A `TensorShapeProto`.
pub fn shape(dims: &[u64]) -> Message {
    dims.iter().map(|size| bytes(2, varint(1, *size))).collect()
}

/// `AttrValue.type`.
pub fn type_attr(dtype: u64) -> Message {
    varint(6, dtype)
}

/// `AttrValue.list.type` of this many floats.
pub fn float_list_attr(len: usize) -> Message {
    bytes(1, std::iter::repeat_n(varint(6, FLOAT), len).collect::<Message>())
}

/// `AttrValue.shape`.
pub fn shape_attr(dims: &[u64]) -> Message {
    bytes(7, shape(dims))
}

/// `AttrValue.func`.
pub fn calls(function: &str) -> Message {
    bytes(10, text(1, function))
}

/// A `NodeDef`; attributes are written `AttrValue`s.
pub fn node(name: &str, op: &str, inputs: &[&str], attrs: &[(&str, Message)]) -> Message {
    let inputs: Message = inputs.iter().map(|input| text(3, input)).collect();
    let attr = |(key, value): &(&str, Message)| bytes(5, text(1, key).with(bytes(2, value)));
    text(1, name).with(text(2, op)).with(inputs).with(attrs.iter().map(attr).collect())
}

/// The handle of a float32 variable.
pub fn var_handle(name: &str, dims: &[u64]) -> Message {
    node(name, "VarHandleOp", &[], &[("dtype", type_attr(FLOAT)), ("shape", shape_attr(dims))])
}

/// A constant of floats: its shape, and its contents, which may be left out.
pub fn float_const(name: &str, dims: &[u64], contents: &[u8]) -> Message {
    let tensor = varint(1, FLOAT).with(bytes(2, shape(dims))).with(bytes(4, contents));
    node(name, "Const", &[], &[("dtype", type_attr(FLOAT)), ("value", bytes(8, tensor))])
}

/// A constant vector of strings.
pub fn string_const<T: AsRef<[u8]>>(name: &str, strings: &[T]) -> Message {
    let dims = shape(&[strings.len() as u64]);
    string_tensor(name, dims, strings.iter().map(|string| bytes(8, string)).collect())
}

/// A constant string.
pub fn string_scalar(name: &str, string: &[u8]) -> Message {
    string_tensor(name, shape(&[]), bytes(8, string))
}

fn string_tensor(name: &str, shape: Message, strings: Message) -> Message {
    let tensor = varint(1, STRING).with(bytes(2, shape)).with(strings);
    node(name, "Const", &[], &[("dtype", type_attr(STRING)), ("value", bytes(8, tensor))])
}

/// The function `name`, which restores float32 variables: its first argument is the checkpoint's
/// path, the others are the variables' handles, one for each of `keys`.
pub fn restore_function(name: &str, keys: &[String]) -> Message {
    let mut nodes = vec![
        string_const("keys", keys),
        string_const("slices", &vec![""; keys.len()]),
        node(
            "restore",
            "RestoreV2",
            &["path", "keys:output:0", "slices:output:0"],
            &[("dtypes", float_list_attr(keys.len()))],
        ),
    ];
    let mut arguments = vec!["path".to_owned()];
    for at in 0..keys.len() {
        let (argument, identity) = (format!("variable{at}"), format!("identity{at}"));
        let restored = format!("restore:tensors:{at}");
        let value = format!("{identity}:output:0");
        nodes.push(node(&identity, "Identity", &[&restored], &[("T", type_attr(FLOAT))]));
        nodes.push(node(
            &format!("assign{at}"),
            "AssignVariableOp",
            &[&argument, &value],
            &[("dtype", type_attr(FLOAT))],
        ));
        arguments.push(argument);
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    function(name, &arguments, &nodes)
}

/// A `FunctionDef` with these nodes.
pub fn function(name: &str, arguments: &[&str], nodes: &[Message]) -> Message {
    let arguments: Message = arguments.iter().map(|name| bytes(2, text(1, name))).collect();
    let nodes: Message = nodes.iter().map(|node| bytes(3, node)).collect();
    bytes(1, text(1, name).with(arguments)).with(nodes)
}

/// A `GraphDef` of these nodes and functions.
pub fn graph_def(nodes: &[Message], functions: &[Message]) -> Vec<u8> {
    let library: Message = functions.iter().map(|function| bytes(1, function)).collect();
    let nodes: Message = nodes.iter().map(|node| bytes(1, node)).collect();
    bytes(2, library).with(nodes).0
}

/// One object of an object graph.
#[derive(Clone, Debug)]
pub struct Object {
    children: Message,
    kind: Message,
    is_variable: bool,
}

/// References to other objects under these names, of a `SavedObject` or a `TrackableObject`.
pub fn children(references: &[(&str, u64)]) -> Message {
    let reference = |(name, to): &(&str, u64)| bytes(1, varint(1, *to).with(text(2, name)));
    references.iter().map(reference).collect()
}

/// A Python object of this kind, with these children.
pub fn object(identifier: &str, references: &[(&str, u64)]) -> Object {
    let kind = bytes(4, text(1, identifier));
    Object { children: children(references), kind, is_variable: false }
}

/// A float32 variable.
pub fn variable(name: &str, dims: &[u64], trainable: bool) -> Object {
    let kind = varint(1, FLOAT)
        .with(bytes(2, shape(dims)))
        .with(varint(3, u64::from(trainable)))
        .with(text(6, name));
    Object { children: Message::default(), kind, is_variable: true }
}

impl Object {
    /// The same variable as an int64 one.
    pub fn integer(mut self) -> Object {
        self.kind = self.kind.with(varint(1, 9));
        self
    }

    /// The same object as the owner of a slot for the variable `original`.
    pub fn keeps(mut self, original: u64, name: &str, slot: u64) -> Object {
        let entry = varint(1, original).with(text(2, name)).with(varint(3, slot));
        self.children = self.children.with(bytes(3, entry));
        self
    }

    fn message(&self) -> Message {
        let kind = match self.is_variable {
            true => bytes(7, &self.kind),
            false => self.kind.clone(),
        };
        self.children.clone().with(kind)
    }
}

/// A written `SavedObjectGraph`.
#[derive(Clone, Debug)]
pub struct ObjectGraphBytes(pub Vec<u8>);

impl ObjectGraphBytes {
    /// Objects in the order of their numbers.
    pub fn new(objects: Vec<Object>) -> ObjectGraphBytes {
        ObjectGraphBytes(objects.iter().map(|o| bytes(1, o.message())).collect::<Message>().0)
    }
}
