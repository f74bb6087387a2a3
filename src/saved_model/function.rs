//! `FunctionDefLibrary`: functions by name, each body decoded on first use and kept.
//!
//! A model can hold thousands of functions (gradients, training steps) that nothing looks into, so
//! decoding all of them up front would be most of the time of a census.
//!
//! Source: function.proto and op_def.proto, tensorflow/core/framework (TensorFlow 2.21).

use std::sync::OnceLock;

use foldhash::HashMap;

use super::attr::{Attr, attr_entry};
use super::node::Node;
use crate::wire::{Malformed, Message, Value, fields, last_of_each, utf8};

/// The functions of a graph.
#[derive(Debug, Default)]
pub(crate) struct Library<'a> {
    by_name: HashMap<&'a str, Function<'a>>,
    names: Vec<&'a str>,
    gradients: HashMap<&'a str, Vec<&'a str>>,
}

/// One function, undecoded until it is asked for: by several readers, from two threads.
#[derive(Debug)]
struct Function<'a> {
    bytes: &'a [u8],
    body: OnceLock<Result<FunctionBody<'a>, Malformed>>,
}

impl<'a> Library<'a> {
    /// Adds the functions of a part of a `FunctionDefLibrary`, reading no more than their names, and
    /// which functions are gradients of others.
    pub fn merge(&mut self, bytes: &'a [u8]) -> Result<(), Malformed> {
        for field in fields(bytes) {
            match field? {
                (1, Value::Bytes(bytes)) => {
                    if let Some(name) = signature_name(bytes)? {
                        self.by_name.entry(name).or_insert_with(|| {
                            self.names.push(name);
                            Function { bytes, body: OnceLock::new() }
                        });
                    }
                }
                (2, Value::Bytes(bytes)) => self.merge_gradient(bytes)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Adds a `GradientDef`.
    fn merge_gradient(&mut self, bytes: &'a [u8]) -> Result<(), Malformed> {
        let (function, gradient) = two_texts(bytes)?;
        self.gradients.entry(function).or_default().push(gradient);
        Ok(())
    }

    /// Names of all functions, in file order.
    pub fn names(&self) -> &[&'a str] {
        &self.names
    }

    /// The functions that are registered as the gradient of this one.
    pub fn gradients(&self, function: &str) -> &[&'a str] {
        self.gradients.get(function).map(Vec::as_slice).unwrap_or_default()
    }

    /// True where there is a function with this name.
    pub fn contains(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
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
    /// Functions that its own attributes name, and the default values of the attributes that it takes:
    /// a node of the body may call them by the attribute's name.
    pub named: Vec<&'a str>,
    /// Values of its attribute `api_implements`: the runtime may run one function in the place of
    /// another with the same value.
    pub implements: Vec<&'a [u8]>,
}

impl<'a> FunctionBody<'a> {
    fn decode(bytes: &'a [u8]) -> Result<FunctionBody<'a>, Malformed> {
        let mut body = FunctionBody {
            arguments: Vec::new(),
            nodes: Vec::new(),
            returns: Vec::new(),
            outputs: Vec::new(),
            named: Vec::new(),
            implements: Vec::new(),
        };
        let mut attrs = Vec::new();
        for field in fields(bytes) {
            match field? {
                (1, Value::Bytes(signature)) => body.add_signature(signature)?,
                (3, Value::Bytes(node)) => body.nodes.push(Node::decode(node)?),
                (4, Value::Bytes(entry)) => body.returns.push(two_texts(entry)?),
                (5, Value::Bytes(entry)) => attrs.extend(attr_entry(entry)),
                _ => {}
            }
        }
        body.returns = last_of_each(body.returns);
        for (key, attr) in last_of_each(attrs) {
            body.implements.extend(attr.bytes().filter(|_| key == b"api_implements"));
            body.named.extend(attr.functions());
        }
        Ok(body)
    }

    /// Adds the arguments, outputs and attributes of a part of an `OpDef`.
    fn add_signature(&mut self, part: &'a [u8]) -> Result<(), Malformed> {
        for field in fields(part) {
            match field? {
                (2, Value::Bytes(arg)) => self.arguments.push(arg_name(arg)?),
                (3, Value::Bytes(arg)) => self.outputs.push(arg_name(arg)?),
                (4, Value::Bytes(attr)) => self.add_default(attr)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Adds the functions that the default value of an attribute names (`OpDef.AttrDef`).
    fn add_default(&mut self, attr: &'a [u8]) -> Result<(), Malformed> {
        let mut default = Message::default();
        for field in fields(attr) {
            if let (3, Value::Bytes(part)) = field? {
                default.merge(part);
            }
        }
        self.named.extend(Attr(default).functions());
        Ok(())
    }
}

/// The texts in the fields 1 and 2 of a message: an entry of the map `ret`, or a `GradientDef`.
fn two_texts(message: &[u8]) -> Result<(&str, &str), Malformed> {
    let (mut first, mut second) = ("", "");
    for field in fields(message) {
        match field? {
            (1, Value::Bytes(text)) => first = utf8(text)?,
            (2, Value::Bytes(text)) => second = utf8(text)?,
            _ => {}
        }
    }
    Ok((first, second))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::protobuf::{bytes, text};
    use crate::testkit::saved_model::calls;

    #[test]
    fn functions_that_attributes_name_and_gradients_are_kept() {
        let default = text(1, "then").with(text(2, "func")).with(bytes(3, calls("g").0));
        let signature = text(1, "f").with(bytes(4, default.0));
        let attr = text(1, "api_implements").with(bytes(2, text(2, "lstm").0));
        let function = bytes(1, bytes(1, signature.0).with(bytes(5, attr.0)).0);
        let gradient = bytes(2, text(1, "f").with(text(2, "df")).0);
        let bytes = function.with(gradient).0;
        let mut library = Library::default();
        library.merge(&bytes).unwrap();
        assert_eq!((library.names(), library.gradients("f")), (&["f"][..], &["df"][..]));
        let body = library.function("f").unwrap().unwrap();
        assert_eq!((&body.named[..], &body.implements[..]), (&["g"][..], &[&b"lstm"[..]][..]));
    }
}
