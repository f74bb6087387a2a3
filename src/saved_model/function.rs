//! `FunctionDefLibrary`: functions by name, each body decoded on first use and kept.
//!
//! A model can hold thousands of functions (gradients, training steps) that nothing looks into, so
//! decoding all of them up front would be most of the time of a census.
//!
//! Source: function.proto and op_def.proto, tensorflow/core/framework (TensorFlow 2.21).

use std::sync::OnceLock;

use foldhash::HashMap;

use super::node::Node;
use crate::wire::{Malformed, Value, fields, last_of_each, utf8};

/// The functions of a graph.
#[derive(Debug, Default)]
pub(crate) struct Library<'a> {
    by_name: HashMap<&'a str, Function<'a>>,
}

/// One function, undecoded until it is asked for: by several readers, from two threads.
#[derive(Debug)]
struct Function<'a> {
    bytes: &'a [u8],
    body: OnceLock<Result<FunctionBody<'a>, Malformed>>,
}

impl<'a> Library<'a> {
    /// Adds the functions of a part of a `FunctionDefLibrary`, reading no more than their names.
    pub fn merge(&mut self, bytes: &'a [u8]) -> Result<(), Malformed> {
        for field in fields(bytes) {
            if let (1, Value::Bytes(bytes)) = field?
                && let Some(name) = signature_name(bytes)?
            {
                let function = || Function { bytes, body: OnceLock::new() };
                self.by_name.entry(name).or_insert_with(function);
            }
        }
        Ok(())
    }

    /// True where there is a function with this name.
    pub fn contains(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// The names of all functions.
    #[cfg(any(test, feature = "testkit"))]
    pub fn names(&self) -> impl Iterator<Item = &'a str> {
        self.by_name.keys().copied()
    }

    /// The function with this name, decoded.
    pub fn function(&self, name: &str) -> Option<Result<&FunctionBody<'a>, Malformed>> {
        let function = self.by_name.get(name)?;
        let body = function.body.get_or_init(|| FunctionBody::decode(function.bytes));
        Some(body.as_ref().map_err(|bad| *bad))
    }
}

/// The name in `FunctionDef.signature`.
fn signature_name(function: &[u8]) -> Result<Option<&str>, Malformed> {
    let mut name = None;
    for field in fields(function) {
        if let (1, Value::Bytes(part)) = field? {
            for field in fields(part) {
                if let (1, Value::Bytes(stated)) = field? {
                    name = Some(utf8(stated)?);
                }
            }
        }
    }
    Ok(name)
}

/// One `FunctionDef`.
#[derive(Debug)]
pub(crate) struct FunctionBody<'a> {
    /// Names of its arguments, in order.
    pub arguments: Vec<&'a str>,
    /// Its nodes.
    pub nodes: Vec<Node<'a>>,
    /// For each output argument the node output that it returns (`ret`).
    pub returns: Vec<(&'a str, &'a str)>,
    /// Names of its outputs, in order.
    pub outputs: Vec<&'a str>,
}

impl<'a> FunctionBody<'a> {
    fn decode(bytes: &'a [u8]) -> Result<FunctionBody<'a>, Malformed> {
        let mut body = FunctionBody {
            arguments: Vec::new(),
            nodes: Vec::new(),
            returns: Vec::new(),
            outputs: Vec::new(),
        };
        for field in fields(bytes) {
            match field? {
                (1, Value::Bytes(signature)) => body.add_signature(signature)?,
                (3, Value::Bytes(node)) => body.nodes.push(Node::decode(node)?),
                (4, Value::Bytes(entry)) => body.returns.push(returned(entry)?),
                _ => {}
            }
        }
        body.returns = last_of_each(body.returns);
        Ok(body)
    }

    /// Adds the arguments and outputs of a part of an `OpDef`.
    fn add_signature(&mut self, part: &'a [u8]) -> Result<(), Malformed> {
        for field in fields(part) {
            match field? {
                (2, Value::Bytes(arg)) => self.arguments.push(arg_name(arg)?),
                (3, Value::Bytes(arg)) => self.outputs.push(arg_name(arg)?),
                _ => {}
            }
        }
        Ok(())
    }
}

/// An entry of the map `ret`.
fn returned(entry: &[u8]) -> Result<(&str, &str), Malformed> {
    let (mut output, mut source) = ("", "");
    for field in fields(entry) {
        match field? {
            (1, Value::Bytes(key)) => output = utf8(key)?,
            (2, Value::Bytes(value)) => source = utf8(value)?,
            _ => {}
        }
    }
    Ok((output, source))
}

/// The name in an `OpDef.ArgDef`.
fn arg_name(arg: &[u8]) -> Result<&str, Malformed> {
    let mut name = "";
    for field in fields(arg) {
        if let (1, Value::Bytes(stated)) = field? {
            name = utf8(stated)?;
        }
    }
    Ok(name)
}
