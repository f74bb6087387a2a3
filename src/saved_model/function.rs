//! `FunctionDefLibrary`: functions by name, their bodies decoded only on request, and once.
//!
//! Source: function.proto and op_def.proto, tensorflow/core/framework (TensorFlow 2.21).

use std::sync::OnceLock;

use foldhash::HashMap;

use super::node::Node;
use crate::wire::{Malformed, fields};

/// The functions of a graph.
#[derive(Debug, Default)]
pub(crate) struct Library<'a> {
    by_name: HashMap<&'a str, Function<'a>>,
}

/// One function, undecoded until somebody asks for it. Several readers ask, from two threads.
#[derive(Debug)]
struct Function<'a> {
    bytes: &'a [u8],
    body: OnceLock<Result<FunctionBody<'a>, Malformed>>,
}

impl<'a> Library<'a> {
    /// Adds the functions of one `FunctionDefLibrary` message, reading no more than their names.
    pub fn merge(&mut self, bytes: &'a [u8]) -> Result<(), Malformed> {
        for field in fields(bytes) {
            if let (1, value) = field? {
                let bytes = value.bytes().unwrap_or_default();
                if let Some(name) = signature_name(bytes)? {
                    let function = || Function { bytes, body: OnceLock::new() };
                    self.by_name.entry(name).or_insert_with(function);
                }
            }
        }
        Ok(())
    }

    /// True where there is a function with this name.
    pub fn holds(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// The function with this name, decoded.
    pub fn function(&self, name: &str) -> Option<Result<&FunctionBody<'a>, Malformed>> {
        let function = self.by_name.get(name)?;
        let body = function.body.get_or_init(|| FunctionBody::decode(function.bytes));
        Some(body.as_ref().map_err(|bad| *bad))
    }
}

/// The name in `FunctionDef.signature`: of several, the last one, as TensorFlow's parser has it. A
/// function must not hide behind another name.
fn signature_name(function: &[u8]) -> Result<Option<&str>, Malformed> {
    let mut name = None;
    for field in fields(function) {
        if let (1, value) = field? {
            for field in fields(value.bytes().unwrap_or_default()) {
                if let (1, value) = field? {
                    name = Some(value.text()?);
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
    /// For each output, where it comes from (`ret`: output argument, node output).
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
                (1, value) => {
                    for field in fields(value.bytes().unwrap_or_default()) {
                        match field? {
                            (2, arg) => body.arguments.push(arg_name(arg.bytes())?),
                            (3, arg) => body.outputs.push(arg_name(arg.bytes())?),
                            _ => {}
                        }
                    }
                }
                (3, value) => body.nodes.push(Node::decode(value.bytes().unwrap_or_default())?),
                (4, value) => {
                    let (mut key, mut from) = ("", "");
                    for field in fields(value.bytes().unwrap_or_default()) {
                        match field? {
                            (1, value) => key = value.text()?,
                            (2, value) => from = value.text()?,
                            _ => {}
                        }
                    }
                    body.returns.push((key, from));
                }
                _ => {}
            }
        }
        Ok(body)
    }
}

fn arg_name(arg: Option<&[u8]>) -> Result<&str, Malformed> {
    let mut name = "";
    for field in fields(arg.unwrap_or_default()) {
        if let (1, value) = field? {
            name = value.text()?;
        }
    }
    Ok(name)
}
