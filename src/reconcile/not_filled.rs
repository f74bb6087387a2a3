//! Variable handles that the restore graph does not fill, although the checkpoint seems to store
//! their value: a break in the graph, not a handle that the saver leaves out.
//!
//! Only for models without an object graph. Where there is one, it says what there is to restore, and
//! this comparison by names and shapes is not needed.

use foldhash::HashSet;

use super::fact::{NotFilled, VariableFact};
use super::inventory::{Inventory, Stored};
use crate::evidence::checkpoint::Index;
use crate::evidence::restore_graph::{RestoreGraph, is_variable_op, named_keys};
use crate::model::Role;
use crate::saved_model::Graph;

/// Finds them.
pub(crate) fn not_filled(
    inventory: &Inventory<Stored>,
    index: &Index,
    graph: &Graph<'_>,
    restore: &RestoreGraph<'_>,
) -> Vec<VariableFact> {
    let taken: HashSet<&[u8]> = inventory.iter().filter_map(|(_, i)| i.key.as_deref()).collect();
    let is_open = |key: &[u8]| !taken.contains(key) && index.get(key).is_some();
    let mut facts = unrestored_handles(inventory, index, graph, restore, &is_open);
    if restore.restored.is_empty() {
        // Without a saver the variables' names are the keys.
        let variables = graph.nodes.iter().filter(|n| is_variable_op(n.op));
        let stored = variables.filter(|n| is_open(n.name.as_bytes()));
        facts.extend(stored.map(|node| VariableFact::NotFilled {
            variable: node.name.to_owned(),
            evidence: NotFilled::NameIsStored,
        }));
    }
    facts
}

fn unrestored_handles(
    inventory: &Inventory<Stored>,
    index: &Index,
    graph: &Graph<'_>,
    restore: &RestoreGraph<'_>,
    is_open: &dyn Fn(&[u8]) -> bool,
) -> Vec<VariableFact> {
    let unrestored = inventory.iter().map(|(_, item)| item);
    let unrestored: Vec<&Stored> =
        unrestored.filter(|i| i.role == Role::Unrestored && i.node.is_none()).collect();
    if unrestored.is_empty() {
        return Vec::new();
    }
    let named = named_keys(graph);
    let lost: HashSet<_> = restore
        .restored
        .iter()
        .filter(|r| r.variable.is_none() && is_open(r.key))
        .filter_map(|r| index.get(r.key).map(|entry| (entry.dtype, entry.shape.as_ref())))
        .collect();
    let mut facts = Vec::new();
    for item in unrestored {
        let (name, shape) = (item.name.as_bytes(), item.shape());
        let evidence = if is_open(name) && named.contains(name) {
            NotFilled::KeyIsRestored
        } else if shape.is_some() && lost.contains(&(item.dtype(), shape.as_ref())) {
            NotFilled::LikeTensorIsRestored
        } else if restore.unclear.is_some() {
            NotFilled::RestoreUnclear
        } else {
            continue;
        };
        facts.push(VariableFact::NotFilled { variable: item.name.clone(), evidence });
        if evidence == NotFilled::RestoreUnclear {
            // One cause, said once.
            break;
        }
    }
    facts
}
