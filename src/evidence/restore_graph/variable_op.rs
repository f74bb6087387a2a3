//! The ops that hold a variable, and what makes two of them one variable.

use crate::saved_model::{Graph, OpId};

/// True for ops that hold a variable.
pub(crate) fn is_variable_op(op: &str) -> bool {
    matches!(op, "VarHandleOp" | "VariableV2" | "Variable")
}

/// Container and shared name of a variable op; two ops with the same pair are one variable. An empty
/// shared name stands for the name of the op itself.
pub(crate) fn resource_name<'a>(graph: &Graph<'a>, op: OpId) -> Option<(&'a [u8], &'a [u8])> {
    let node = graph.node(op)?;
    let [container, shared] = node
        .attrs_named(["container", "shared_name"])
        .map(|attr| attr.and_then(|a| a.bytes()).unwrap_or_default());
    Some((container, if shared.is_empty() { node.name.as_bytes() } else { shared }))
}
