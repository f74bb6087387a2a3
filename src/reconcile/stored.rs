//! The declaration held against the checkpoint's index.

use foldhash::{HashSet, HashSetExt};

use super::inventory::Stored;
use super::{Inventory, Item};
use crate::evidence::checkpoint::Index;
use crate::evidence::restore_graph::{RestoreGraph, is_variable_op, named_keys};
use crate::evidence::roles::special_role;
use crate::model::{Code, DType, Finding, Role, Severity};
use crate::saved_model::{DeclaredShape, Graph};

/// Looks every item up in the index and reports what differs.
pub(crate) fn compare_stored(
    inventory: &mut Inventory,
    index: Option<&Index>,
    graph: &Graph<'_>,
    restore: &RestoreGraph<'_>,
    findings: &mut Vec<Finding>,
) {
    for item in &mut inventory.items {
        if let (Some(index), Some(key)) = (index, &item.key)
            && let Some(entry) = index.get(key)
        {
            // An impossible shape in the index is a finding of the checkpoint's own.
            item.stored = entry.shape.as_ref().map(|shape| Stored {
                dtype: entry.dtype,
                shape: shape.clone(),
                byte_len: entry.stored_bytes(),
            });
        }
        // A counter is told by its shape, which only the checkpoint may know.
        if let (Role::Weight, Some(stored)) = (item.role, &item.stored)
            && item.declared_shape.partial().is_some_and(|s| s.known().is_none())
        {
            let dims = stored.shape.0.iter().map(|d| *d as i64).collect();
            let shape = DeclaredShape::Dims(dims);
            item.role = special_role(&item.name, stored.dtype, &shape).unwrap_or(item.role);
        }
        compare_item(item, graph, findings);
    }
    let Some(index) = index else { return };
    report_missing(inventory, index, restore, findings);
    report_extra(inventory, index, findings);
}

fn compare_item(item: &Item, graph: &Graph<'_>, findings: &mut Vec<Finding>) {
    compare_declared(item, &item.declared_shape, item.declared_dtype, findings);
    // The handle that the graph declares is a claim of its own; a part's shape is its slice's.
    if let [part] = item.parts.as_slice() {
        let node = part.op.and_then(|op| graph.nodes.get(op));
        if let (Some(node), true) = (node, part.slice.is_empty()) {
            let [shape, dtype] = node.attrs_named(["shape", "dtype"]);
            let shape = shape.and_then(|a| a.shape()).unwrap_or(DeclaredShape::Unknown);
            let dtype = dtype.and_then(|a| a.dtype());
            if shape != item.declared_shape || dtype != item.declared_dtype {
                compare_declared(item, &shape, dtype, findings);
            }
        }
    }
}

fn compare_declared(
    item: &Item,
    declared: &DeclaredShape,
    dtype: Option<DType>,
    findings: &mut Vec<Finding>,
) {
    let Some(partial) = declared.partial() else {
        findings.push(
            Finding::new(Code::ShapeImpossible, "a shape is declared that no tensor can have")
                .about(&item.name)
                .values("dimensions of -1 (unknown) or more, at most 254 of them", declared),
        );
        return;
    };
    let Some(stored) = &item.stored else {
        if partial.known().is_some_and(|s| s.elements().is_none()) {
            findings.push(
                Finding::new(Code::ShapeImpossible, "its number of elements exceeds 64 bits")
                    .about(&item.name)
                    .values("fewer than 2^64 elements", declared),
            );
        }
        return;
    };
    if !item.reshaped && !partial.admits(&stored.shape) {
        findings.push(
            Finding::new(
                Code::ShapeDiffers,
                "the model declares another shape than the checkpoint stores",
            )
            .about(&item.name)
            .values(declared, &stored.shape),
        );
    }
    if let Some(stored) = stored.dtype.filter(|stored| dtype != Some(*stored)) {
        let declared = dtype.map_or("none".into(), DType::name);
        findings.push(
            Finding::new(
                Code::DTypeDiffers,
                "the model declares another dtype than the checkpoint stores",
            )
            .about(&item.name)
            .values(declared, stored),
        );
    }
}

/// Keys that the restore op asks for, and weights, that the checkpoint lacks.
fn report_missing(
    inventory: &Inventory,
    index: &Index,
    restore: &RestoreGraph<'_>,
    findings: &mut Vec<Finding>,
) {
    let mut reported: HashSet<&[u8]> = HashSet::new();
    for r in &restore.restored {
        if index.get(r.key).is_none() && reported.insert(r.key) {
            let key = String::from_utf8_lossy(r.key);
            findings.push(
                Finding::new(
                    Code::KeyMissing,
                    "the model restores a key that the checkpoint lacks",
                )
                .about(key.clone())
                .values(key, "no such key"),
            );
        }
    }
    for item in inventory.weights() {
        let in_index = |k: &Vec<u8>| index.get(k).is_some() || reported.contains(k.as_slice());
        if item.key.as_ref().is_some_and(in_index) {
            continue;
        }
        let wanted = item.key_text().unwrap_or_else(|| "a key of its own".into());
        findings.push(
            Finding::new(
                Code::KeyMissing,
                "a weight is declared that the checkpoint does not store",
            )
            .about(&item.name)
            .values(wanted, "no such key"),
        );
    }
}

/// Handles that nothing fills, although the graph has a restore of a stored tensor of their very
/// name: a break in the graph, not a handle that the saver leaves out. For models without an object
/// graph, which tells all that there is to restore elsewhere.
pub(crate) fn about_unfilled(
    inventory: &Inventory,
    index: &Index,
    graph: &Graph<'_>,
    restore: &RestoreGraph<'_>,
    findings: &mut Vec<Finding>,
) {
    let mut report = |name: &str, what: &str| {
        findings.push(
            Finding::new(Code::RestoreGraphUnclear, what).about(name).severity(Severity::Error),
        );
    };
    let taken: HashSet<&[u8]> = inventory.items.iter().filter_map(|i| i.key.as_deref()).collect();
    let is_open = |key: &[u8]| !taken.contains(key) && index.get(key).is_some();
    let unfilled: Vec<&Item> =
        inventory.items.iter().filter(|i| i.role == Role::Unrestored && i.node.is_none()).collect();
    if !unfilled.is_empty() {
        let named = named_keys(graph);
        let lost: HashSet<_> = restore
            .restored
            .iter()
            .filter(|r| r.variable.is_none() && is_open(r.key))
            .filter_map(|r| index.get(r.key).map(|entry| (entry.dtype, entry.shape.as_ref())))
            .collect();
        for item in unfilled {
            let (name, shape) = (item.name.as_bytes(), item.shape());
            if is_open(name) && named.contains(name) {
                report(&item.name, "a restore names this key, and fills no variable from it");
            } else if shape.is_some() && lost.contains(&(item.dtype(), shape.as_ref())) {
                report(&item.name, "a tensor like this variable is read and fills no variable");
            } else if restore.unclear.is_some() {
                report(&item.name, "what fills this variable cannot be told");
                break;
            }
        }
    }
    if !restore.restored.is_empty() {
        return;
    }
    // Without a saver the names are the keys.
    for node in graph.nodes.iter().filter(|n| is_variable_op(n.op)) {
        let name = node.name.as_bytes();
        if !taken.contains(name) && index.get(name).is_some() {
            report(
                node.name,
                "a tensor of this name is stored, and no collection lists its variable",
            );
        }
    }
}

/// Numeric tensors of the checkpoint that no variable takes: no contradiction, but worth a word.
fn report_extra(inventory: &Inventory, index: &Index, findings: &mut Vec<Finding>) {
    let taken: HashSet<&[u8]> = inventory.items.iter().filter_map(|i| i.key.as_deref()).collect();
    let extra: Vec<&[u8]> = index
        .entries()
        .filter(|(_, e)| e.dtype.is_none_or(DType::is_numeric))
        .map(|(key, _)| key)
        .filter(|key| !taken.contains(key))
        .collect();
    if let Some(first) = extra.first() {
        let first = String::from_utf8_lossy(first);
        findings.push(
            Finding::new(
                Code::CheckpointExtra,
                match extra.len() {
                    1 => "the checkpoint stores a tensor that no variable takes".to_owned(),
                    n => format!("the checkpoint stores {n} tensors that no variable takes, the first of them this one"),
                },
            )
            .about(first),
        );
    }
}
