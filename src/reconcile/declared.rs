//! From a declaration to an inventory: every variable of the object graph or of the collections, joined
//! with the ops that the restore graph fills from its key.

use foldhash::{HashMap, HashMapExt, HashSet};

use super::inventory::{Declared, Inventory, ItemId};
use crate::evidence::collections::GraphVariable;
use crate::evidence::object_graph::ObjectGraphFacts;
use crate::evidence::restore_graph::{Part, RestoreGraph, Restored, is_variable_op, resource_name};
use crate::evidence::roles::{Claim, special_role};
use crate::model::Role;
use crate::saved_model::{DeclaredShape, Graph, Kind, NodeId, ObjectGraph, OpId};

/// The inventory of a model with an object graph. One key is one variable, whatever the number of
/// objects that stand for it.
pub(crate) fn from_object_graph(
    objects: &ObjectGraph<'_>,
    facts: &ObjectGraphFacts,
    keys: &HashMap<NodeId, Vec<u8>>,
    graph: &Graph<'_>,
    restore: &RestoreGraph<'_>,
) -> Inventory<Declared> {
    let mut by_key: HashMap<&[u8], Vec<&Restored<'_>>> = HashMap::new();
    for r in &restore.restored {
        by_key.entry(r.key).or_default().push(r);
    }
    let mut inventory = Inventory::<Declared>::default();
    let mut item_of_key: HashMap<&[u8], ItemId> = HashMap::new();
    for (id, role) in &facts.variables {
        let Some(variable) = objects.variable(*id) else { continue };
        let key = keys.get(id);
        if let Some(known) = key.and_then(|k| item_of_key.get(k.as_slice())) {
            // A second object for the same key. Where one of them is a weight, the variable is.
            if let (Role::Weight, Some(item)) = (*role, inventory.get_mut(*known)) {
                item.role = Role::Weight;
            }
            inventory.set_object(*id, *known);
            continue;
        }
        let mut item =
            Declared::new(variable.name.to_owned(), variable.dtype, variable.shape.clone(), *role);
        item.node = Some(*id);
        item.flag = Some(variable.trainable);
        item.listed = facts.lists.says(*id);
        if let Some(key) = key {
            for r in by_key.get(key.as_slice()).into_iter().flatten() {
                item.reshaped |= r.reshaped;
                if r.variable.is_some() {
                    item.parts.push(r.part());
                }
            }
            item.key = Some(key.clone());
        }
        let item = inventory.add(item);
        inventory.set_object(*id, item);
        if let Some(key) = key {
            item_of_key.insert(key, item);
        }
    }
    add_unrestored_handles(&mut inventory, graph, restore);
    for kind in &objects.kinds {
        if matches!(kind, Kind::Resource) {
            inventory.add(table(String::new()));
        }
    }
    inventory
}

/// The inventory of a model without an object graph.
pub(crate) fn from_collections(
    variables: Vec<GraphVariable>,
    graph: &Graph<'_>,
    restore: &RestoreGraph<'_>,
) -> Inventory<Declared> {
    let mut inventory = Inventory::default();
    for v in variables {
        let mut item = Declared::new(v.name, v.dtype, v.shape, v.role);
        let is_named = restore.restored.is_empty() && !v.filled_by_init;
        item.key = (v.restored || is_named).then_some(v.key);
        item.filled_by_init = v.filled_by_init && !v.restored;
        item.parts = v.parts;
        item.listed = v.trainable;
        item.reshaped = v.reshaped;
        inventory.add(item);
    }
    add_unrestored_handles(&mut inventory, graph, restore);
    for node in &graph.nodes {
        if matches!(
            node.op,
            "HashTable"
                | "HashTableV2"
                | "MutableHashTable"
                | "MutableHashTableV2"
                | "MutableDenseHashTable"
                | "MutableDenseHashTableV2"
        ) {
            inventory.add(table(node.name.to_owned()));
        }
    }
    inventory
}

fn table(name: String) -> Declared {
    Declared::new(name, None, DeclaredShape::Dims(vec![0]), Role::Table)
}

/// Adds the variable ops that the restore op leaves out and that are part of no item, each resource
/// once: two ops with one container and shared name are one variable. Those that the init op fills and a
/// signature needs are weights.
fn add_unrestored_handles(
    inventory: &mut Inventory<Declared>,
    graph: &Graph<'_>,
    restore: &RestoreGraph<'_>,
) {
    // Without a saver no op is restored, and every handle of the model would be added.
    let has_saver = !restore.restored.is_empty();
    if !has_saver && restore.filled_by_init.is_empty() {
        return;
    }
    let of_items = inventory.iter().flat_map(|(_, i)| &i.parts).filter_map(|p| p.op);
    let restored = restore.restored.iter().filter_map(|r| r.variable);
    let ops: HashSet<OpId> = of_items.chain(restored).collect();
    let mut known: HashSet<_> = ops.iter().filter_map(|op| resource_name(graph, *op)).collect();
    for (op, node) in graph.ops() {
        let is_filled = restore.filled_by_init.contains(&op);
        if is_variable_op(node.op)
            && (has_saver || is_filled)
            && !ops.contains(&op)
            && resource_name(graph, op).is_some_and(|n| known.insert(n))
        {
            let [dtype, shape] = node.attrs_named(["dtype", "shape"]);
            let dtype = dtype.and_then(|a| a.dtype());
            let mut shape = shape.and_then(|a| a.shape()).unwrap_or(DeclaredShape::Unknown);
            if is_filled && shape.known().is_none() {
                let constant = restore.init_constants.get(&op).map(|constant| &constant.shape);
                shape = constant.cloned().unwrap_or(shape);
            }
            let role = match is_filled {
                true => special_role(node.name, dtype, &shape, Claim::None).unwrap_or(Role::Weight),
                // The path of an asset, which the init op writes.
                false if dtype.is_some_and(|d| !d.is_numeric()) => Role::String,
                false => Role::Unrestored,
            };
            let mut item = Declared::new(node.name.to_owned(), dtype, shape, role);
            item.filled_by_init = is_filled;
            item.parts.push(Part::whole(op));
            inventory.add(item);
        }
    }
}
