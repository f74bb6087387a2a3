//! `NodeDef`: name and op at hand, everything else undecoded; and the names of its inputs.
//!
//! Source: node_def.proto, tensorflow/core/framework (TensorFlow 2.21).

use super::attr::{Attr, attr_entry};
use crate::wire::{Malformed, Value, fields, last_of_each, utf8};

/// One `NodeDef`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node<'a> {
    /// Its name, unique in its graph or function.
    pub name: &'a str,
    /// The op it runs.
    pub op: &'a str,
    body: &'a [u8],
}

impl<'a> Node<'a> {
    /// Decodes a `NodeDef` and checks that its fields can be read to the end, so that the accessors
    /// below cannot fail.
    pub fn decode(body: &'a [u8]) -> Result<Node<'a>, Malformed> {
        let mut node = Node { name: "", op: "", body };
        for field in fields(body) {
            match field? {
                (1, Value::Bytes(name)) => node.name = utf8(name)?,
                (2, Value::Bytes(op)) => node.op = utf8(op)?,
                (3 | 4, Value::Bytes(input_or_device)) => {
                    utf8(input_or_device)?;
                }
                _ => {}
            }
        }
        Ok(node)
    }

    /// Its inputs as written: `name`, `name:1`, `^name`; in functions `name:output:0`.
    pub fn inputs(&self) -> impl Iterator<Item = &'a str> {
        fields(self.body).flatten().filter_map(|field| match field {
            (3, Value::Bytes(input)) => utf8(input).ok(),
            _ => None,
        })
    }

    /// The attribute with this name. The last one wins, as in any map field.
    pub fn attr(&self, name: &str) -> Option<Attr<'a>> {
        let [value] = self.attrs_named([name]);
        value
    }

    /// The attributes with these names, found in one pass.
    pub fn attrs_named<const N: usize>(&self, names: [&str; N]) -> [Option<Attr<'a>>; N] {
        let mut found = [const { None }; N];
        for (key, value) in self.raw_attrs() {
            for (slot, name) in found.iter_mut().zip(names) {
                if name.as_bytes() == key {
                    *slot = Some(value.clone());
                }
            }
        }
        found
    }

    /// Functions that its attributes name, each as often as it is named.
    pub fn functions(&self) -> Vec<&'a str> {
        // The most frequent ops, whose attributes cannot name a function: most nodes of most graphs.
        if matches!(
            self.op,
            "Const"
                | "Placeholder"
                | "Identity"
                | "NoOp"
                | "VarHandleOp"
                | "ReadVariableOp"
                | "AssignVariableOp"
                | "VarIsInitializedOp"
                | "VariableV2"
                | "Assign"
        ) {
            return Vec::new();
        }
        // Few nodes name a function, and few maps have a key twice.
        if !self.raw_attrs().any(|(_, attr)| attr.names_function()) {
            return Vec::new();
        }
        let attrs = last_of_each(self.raw_attrs().collect());
        attrs.into_iter().flat_map(|(_, attr)| attr.functions()).collect()
    }

    /// All attributes, in file order.
    fn raw_attrs(&self) -> impl Iterator<Item = (&'a [u8], Attr<'a>)> {
        fields(self.body).flatten().filter_map(|field| match field {
            (5, Value::Bytes(entry)) => attr_entry(entry),
            _ => None,
        })
    }
}

/// What an input refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InputName<'a> {
    /// The node.
    pub node: &'a str,
    /// Which of its outputs; 0 where the input does not say.
    pub output: usize,
    /// True for `^name`, a control input: it orders execution and carries no value.
    pub control: bool,
}

/// Parses an input: `^name`, `name`, `name:1` (graphs) or `name:output:1` (functions).
pub(crate) fn input_node(input: &str) -> InputName<'_> {
    if let Some(node) = input.strip_prefix('^') {
        return InputName { node, output: 0, control: true };
    }
    match input.split_once(':') {
        None => InputName { node: input, output: 0, control: false },
        Some((node, rest)) => {
            let last = rest.rsplit(':').next().unwrap_or_default();
            InputName { node, output: last.parse().unwrap_or(0), control: false }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_inputs_of_graphs_and_functions() {
        let at = |input| {
            let name = input_node(input);
            (name.node, name.output, name.control)
        };
        assert_eq!(at("save/RestoreV2:12"), ("save/RestoreV2", 12, false));
        assert_eq!(at("RestoreV2:tensors:3"), ("RestoreV2", 3, false));
        assert_eq!(at("^init"), ("init", 0, true));
        assert_eq!(at("x"), ("x", 0, false));
    }
}
