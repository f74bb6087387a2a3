//! Compares the declaration with the checkpoint's index.

use foldhash::{HashSet, HashSetExt};

use super::fact::{Fact, VariableFact};
use super::inventory::{Declared, Inventory, Stored, StoredTensor};
use crate::evidence::checkpoint::Index;
use crate::evidence::restore_graph::RestoreGraph;
use crate::evidence::roles::special_role;
use crate::model::{DType, Role};
use crate::saved_model::{DeclaredShape, Graph};

/// Looks every item up in the index; gives the inventory with what is stored, and what differs.
pub(crate) fn with_stored(
    inventory: Inventory<Declared>,
    index: Option<&Index>,
    graph: &Graph<'_>,
    restore: &RestoreGraph<'_>,
) -> (Inventory<Stored>, Vec<Fact>) {
    let mut facts = Vec::new();
    let inventory = inventory.advance(|_, declared| {
        let item = look_up(declared, index);
        facts.extend(compare_item(&item, graph).into_iter().map(Fact::from));
        facts.extend(compare_init(&item, restore).map(Fact::from));
        item
    });
    if let Some(index) = index {
        facts.extend(missing(&inventory, index, restore).into_iter().map(Fact::from));
        facts.extend(not_taken(&inventory, index).map(Fact::from));
    }
    (inventory, facts)
}

fn look_up(mut declared: Declared, index: Option<&Index>) -> Stored {
    let entry = index.zip(declared.key.as_ref()).and_then(|(index, key)| index.get(key));
    let tensor = entry.and_then(|entry| {
        // An impossible shape in the index is a fact of the checkpoint's own.
        entry.shape.as_ref().map(|shape| StoredTensor {
            dtype: entry.dtype,
            shape: shape.clone(),
            byte_len: entry.stored_bytes(),
        })
    });
    // A counter is told by its shape, which only the checkpoint may know.
    if let (Role::Weight, Some(tensor)) = (declared.role, &tensor)
        && !declared.declared_shape.is_impossible()
        && declared.declared_shape.known().is_none()
    {
        let dims = tensor.shape.0.iter().map(|d| i64::try_from(*d).unwrap_or(i64::MAX)).collect();
        let shape = DeclaredShape::Dims(dims);
        declared.role = special_role(&declared.name, tensor.dtype, &shape, declared.claim())
            .unwrap_or(declared.role);
    }
    Stored { declared, tensor }
}

fn compare_item(item: &Stored, graph: &Graph<'_>) -> Vec<VariableFact> {
    let mut facts = compare(item, &item.declared_shape, item.declared_dtype);
    // The handle in the graph is a declaration of its own; a part's shape is its slice's.
    if let [part] = item.parts.as_slice()
        && let Some(node) = part.op.and_then(|op| graph.node(op))
        && part.slice.is_empty()
    {
        let [shape, dtype] = node.attrs_named(["shape", "dtype"]);
        let shape = shape.and_then(|a| a.shape()).unwrap_or(DeclaredShape::Unknown);
        let dtype = dtype.and_then(|a| a.dtype());
        if shape != item.declared_shape || dtype != item.declared_dtype {
            facts.extend(compare(item, &shape, dtype));
        }
    }
    facts
}

/// What the init op leaves in a variable that the checkpoint has filled before.
fn compare_init(item: &Stored, restore: &RestoreGraph<'_>) -> Option<VariableFact> {
    let stored = &item.tensor.as_ref()?.shape;
    let [part] = item.parts.as_slice() else { return None };
    let assigned = restore.init_constants.get(&part.op?)?.shape.known()?;
    let (variable, stored) = (item.name.clone(), stored.clone());
    (part.slice.is_empty() && assigned != stored).then_some(VariableFact::InitShapeDiffers {
        variable,
        stored,
        assigned,
    })
}

/// One declaration of a variable and what is stored of it.
fn compare(item: &Stored, declared: &DeclaredShape, dtype: Option<DType>) -> Vec<VariableFact> {
    let variable = || item.name.clone();
    if declared.is_impossible() {
        let declared = declared.clone();
        return vec![VariableFact::ShapeImpossible { variable: variable(), declared }];
    }
    let mut facts = Vec::new();
    let Some(tensor) = &item.tensor else {
        if declared.known().is_some_and(|s| s.elements().is_none()) {
            let declared = Some(declared.clone());
            facts.push(VariableFact::TooManyElements { variable: variable(), declared });
        }
        return facts;
    };
    if !item.reshaped && !declared.admits(&tensor.shape) {
        facts.push(VariableFact::ShapeDiffers {
            variable: variable(),
            declared: declared.clone(),
            stored: tensor.shape.clone(),
        });
    }
    if let Some(stored) = tensor.dtype.filter(|stored| dtype != Some(*stored)) {
        facts.push(VariableFact::DTypeDiffers { variable: variable(), declared: dtype, stored });
    }
    facts
}

/// Keys that the restore op asks for, and weights, that the checkpoint lacks.
fn missing(
    inventory: &Inventory<Stored>,
    index: &Index,
    restore: &RestoreGraph<'_>,
) -> Vec<VariableFact> {
    let mut facts = Vec::new();
    let mut reported: HashSet<&[u8]> = HashSet::new();
    for r in &restore.restored {
        if index.get(r.key).is_none() && reported.insert(r.key) {
            facts.push(VariableFact::KeyMissing(String::from_utf8_lossy(r.key).into_owned()));
        }
    }
    for (_, item) in inventory.weights() {
        let is_known = |k: &Vec<u8>| index.get(k).is_some() || reported.contains(k.as_slice());
        if !item.filled_by_init && !item.key.as_ref().is_some_and(is_known) {
            let (variable, key) = (item.name.clone(), item.key_text());
            facts.push(VariableFact::NotStored { variable, key });
        }
    }
    facts
}

/// Numeric tensors of the checkpoint that no variable takes: no contradiction, but worth a note.
fn not_taken(inventory: &Inventory<Stored>, index: &Index) -> Option<VariableFact> {
    let taken: HashSet<&[u8]> = inventory.iter().filter_map(|(_, i)| i.key.as_deref()).collect();
    let mut left = index
        .entries()
        .filter(|(_, e)| e.dtype.is_none_or(DType::is_numeric))
        .map(|(key, _)| key)
        .filter(|key| !taken.contains(key));
    let first = String::from_utf8_lossy(left.next()?).into_owned();
    Some(VariableFact::NotTaken { first, tensors: 1 + left.count() })
}
