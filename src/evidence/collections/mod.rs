//! TF1 collections and the main graph as a witness: the variable ops, which of them are parts of one
//! logical variable, and what they are for.
mod listed;
mod role;

use foldhash::{HashMap, HashMapExt};

use super::restore_graph::{Part, RestoreGraph, Restored, is_variable_op, resource_name};
use crate::model::{DType, Role};
use crate::saved_model::{DeclaredShape, Graph, MetaGraph, OpId, Signature};
use crate::wire::Malformed;
use listed::Listed;
use role::{Candidate, Roles};

/// One logical variable of a graph without an object graph.
#[derive(Clone, Debug)]
pub(crate) struct GraphVariable {
    /// Name of the variable op, or the full name of a partitioned variable.
    pub name: String,
    /// Checkpoint key: from the restore graph, else the full name or the name.
    pub key: Vec<u8>,
    /// True where the restore graph fills it.
    pub restored: bool,
    /// True where the init op fills it at load.
    pub filled_by_init: bool,
    /// Element type of the op.
    pub dtype: Option<DType>,
    /// Shape of the op, or of the whole variable where it is partitioned.
    pub shape: DeclaredShape,
    /// Its ops: several where it is partitioned or has several handles.
    pub parts: Vec<Part>,
    /// Its role, which decides whether it is counted.
    pub role: Role,
    /// Membership of `trainable_variables`; `None` where the MetaGraph has no collections.
    pub trainable: Option<bool>,
    /// True where the stored shape need not be the variable's.
    pub reshaped: bool,
}

/// Reads all variables of the main graph.
pub(crate) fn read<'a>(
    meta: &MetaGraph<'a>,
    graph: &Graph<'a>,
    restore: &RestoreGraph<'a>,
    signatures: &[Signature<'a>],
) -> Result<Vec<GraphVariable>, Malformed> {
    let listed = Listed::read(meta)?;
    let restored = restored_ops(graph, restore);
    let filled = &restore.filled_by_init;
    let names =
        variable_names(graph, &listed, &|op| restored.contains_key(&op) || filled.contains(&op));
    let has_saver = !restore.restored.is_empty();
    let roles = Roles::new(graph, signatures, &listed, &names, has_saver);
    let mut variables: Vec<GraphVariable> = Vec::new();
    let mut by_key: HashMap<Vec<u8>, usize> = HashMap::new();
    let mut by_resource: HashMap<_, usize> = HashMap::new();
    for name in names {
        let op = graph.find(name);
        let is_filled = op.is_some_and(|op| filled.contains(&op));
        let variable = variable(name, graph, &listed, &restored, is_filled, &roles);
        // One key is one variable, and so are two handles to one resource, whatever their keys.
        let resource = op.and_then(|op| resource_name(graph, op));
        let known = by_key.get(&variable.key).or_else(|| by_resource.get(&resource?)).copied();
        let at = known.unwrap_or(variables.len());
        by_key.entry(variable.key.clone()).or_insert(at);
        if let Some(resource) = resource {
            by_resource.entry(resource).or_insert(at);
        }
        match variables.get_mut(at) {
            Some(known) => merge(known, variable),
            None => variables.push(variable),
        }
    }
    Ok(variables)
}

/// The names of all variable ops: those that the collections list, in their order, then those of the
/// graph that a load fills or that are local. Where there are no collections, every variable op of the graph may
/// be one of the model's, so all of them are included.
fn variable_names<'a>(
    graph: &Graph<'a>,
    listed: &Listed<'a>,
    has_value: &dyn Fn(OpId) -> bool,
) -> Vec<&'a str> {
    let mut names = listed.order.clone();
    for (op, node) in graph.ops() {
        if is_variable_op(node.op)
            && !listed.model.contains_key(node.name)
            && (has_value(op) || listed.local.contains(node.name) || listed.is_empty())
        {
            names.push(node.name);
        }
    }
    names
}

/// One variable op as a variable of its own.
fn variable<'a>(
    name: &'a str,
    graph: &Graph<'a>,
    listed: &Listed<'a>,
    restored: &HashMap<OpId, &Restored<'a>>,
    filled_by_init: bool,
    roles: &Roles<'_, 'a>,
) -> GraphVariable {
    let op = graph.find(name);
    let node = op.and_then(|op| graph.node(op));
    let slice = listed.model.get(name).and_then(|def| def.slice.as_ref());
    let full_name = slice.map(|s| s.full_name).filter(|n| !n.is_empty());
    let restore = op.and_then(|op| restored.get(&op));
    // The restore graph is exact. The full name of a slice is the key unless the saver renames it, and
    // so is the name of a whole variable.
    let (key, spec) = match (restore, slice, full_name) {
        (Some(r), _, _) => (r.key, String::from_utf8_lossy(r.slice).into_owned()),
        (None, Some(slice), Some(full_name)) => (full_name.as_bytes(), slice.spec()),
        (None, _, _) => (name.as_bytes(), String::new()),
    };
    let dtype = node.and_then(|n| n.attr("dtype")).and_then(|a| a.dtype());
    let shape = match slice {
        Some(s) if !s.full_shape.is_empty() => DeclaredShape::Dims(s.full_shape.clone()),
        _ => node
            .and_then(|n| n.attr("shape"))
            .and_then(|a| a.shape())
            .unwrap_or(DeclaredShape::Unknown),
    };
    let restored = restore.is_some();
    let has_value = restored || filled_by_init;
    let role = roles.of(&Candidate { name, op, dtype, shape: &shape, has_value });
    GraphVariable {
        name: full_name.unwrap_or(name).to_owned(),
        key: key.to_vec(),
        restored,
        filled_by_init,
        dtype,
        shape,
        parts: vec![Part { op, slice: spec, doubt: restore.and_then(|r| r.doubt) }],
        role,
        trainable: (!listed.is_empty()).then(|| listed.trainable.contains(name)),
        reshaped: restore.is_some_and(|r| r.reshaped),
    }
}

/// Merges another op with the same key: another part of the variable, or another handle to it. Where
/// only the other op is restored, it decides: a collection may name ops that the graph lacks.
fn merge(known: &mut GraphVariable, other: GraphVariable) {
    if other.restored && !known.restored {
        (known.restored, known.role, known.dtype) = (true, other.role, other.dtype);
    }
    for part in other.parts {
        if !known.parts.contains(&part) {
            known.parts.push(part);
        }
    }
}

/// The restored tensor of each variable op. Of two handles to one resource the restore graph may fill
/// either; both then have the value.
fn restored_ops<'r, 'a>(
    graph: &Graph<'a>,
    restore: &'r RestoreGraph<'a>,
) -> HashMap<OpId, &'r Restored<'a>> {
    let mut by_op = HashMap::new();
    let mut by_resource = HashMap::new();
    for r in &restore.restored {
        if let Some(op) = r.variable {
            by_op.entry(op).or_insert(r);
            if let Some(resource) = resource_name(graph, op) {
                by_resource.entry(resource).or_insert(r);
            }
        }
    }
    for (op, node) in graph.ops() {
        if is_variable_op(node.op)
            && !by_op.contains_key(&op)
            && let Some(r) = resource_name(graph, op).and_then(|name| by_resource.get(&name))
        {
            by_op.insert(op, *r);
        }
    }
    by_op
}

#[cfg(test)]
mod tests;
