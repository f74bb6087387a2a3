//! The ops that hold a variable, and what makes two of them one variable.

use crate::saved_model::{Graph, Node, OpId};

/// The shared name of a variable that no other op shares, whatever its name.
/// Source: `ResourceHandle::ANONYMOUS_NAME`, tensorflow/core/framework/resource_handle.h (2.21).
const ANONYMOUS: &[u8] = b"cd2c89b7-88b7-44c8-ad83-06c2a9158347";

/// True for ops that hold a variable.
pub(crate) fn is_variable_op(op: &str) -> bool {
    matches!(op, "VarHandleOp" | "VariableV2" | "Variable")
}

/// Container and shared name of a variable op; two ops with the same pair are one variable. An empty
/// shared name stands for the name of the op itself. `None` for one that shares its variable with no
/// other op.
pub(crate) fn resource_name<'a>(graph: &Graph<'a>, op: OpId) -> Option<(&'a [u8], &'a [u8])> {
    let node = graph.node(op)?;
    match stated(node) {
        (_, ANONYMOUS) => None,
        (container, []) => Some((container, node.name.as_bytes())),
        stated => Some(stated),
    }
}

/// The same of a node in a function, whose own name is none of the graph's.
pub(super) fn resource_of<'a>(node: &Node<'a>) -> Option<(&'a [u8], &'a [u8])> {
    Some(stated(node)).filter(|(_, shared)| !shared.is_empty() && *shared != ANONYMOUS)
}

fn stated<'a>(node: &Node<'a>) -> (&'a [u8], &'a [u8]) {
    let [container, shared] = node
        .attrs_named(["container", "shared_name"])
        .map(|attr| attr.and_then(|a| a.bytes()).unwrap_or_default());
    (container, shared)
}
