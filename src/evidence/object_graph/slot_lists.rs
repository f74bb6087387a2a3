//! Optimizer state that hangs below no object which says that it is an optimizer.

use foldhash::{HashMap, HashMapExt};

use super::edges::is_wrapper;
use crate::model::DType;
use crate::saved_model::{NodeId, ObjectGraph, SavedVariable};

/// The lists in which optimizers of plain modules keep a slot for each weight: which of them one
/// optimizer has, together.
/// Source: Sonnet 2, sonnet/src/optimizers: `adam.py`, `rmsprop.py`, `momentum.py`.
const SLOT_LISTS: [&[&str]; 4] =
    [&["m", "v"], &["ms", "mom"], &["ms", "mom", "mg"], &["accumulated_momentum"]];

/// The number of steps beside such lists.
const STEP: &str = "step";

/// What a dynamic loss scale keeps.
/// Source: tensorflow/python/training/experimental/loss_scale.py (TensorFlow 2.15).
const LOSS_SCALE: [&str; 2] = ["current_loss_scale", "good_steps"];

/// The lists of slots, and the counters of steps beside them.
///
/// Their names are short, so that more has to fit: nothing in them is trainable, the lists of one
/// optimizer are alike, and for each slot there is a trainable variable of the same dtype and shape.
pub(super) fn slot_lists(graph: &ObjectGraph<'_>) -> Vec<NodeId> {
    let mut weights = None;
    let mut found = Vec::new();
    for id in graph.ids() {
        for names in SLOT_LISTS {
            let lists: Option<Vec<NodeId>> =
                names.iter().map(|name| graph.child(id, name)).collect();
            let Some(lists) = lists else { continue };
            let weights = weights.get_or_insert_with(|| trainable(graph));
            if are_slots(graph, &lists, weights) {
                found.extend(lists);
                let is_counter = |step: &NodeId| {
                    let step = graph.variable(*step).filter(|v| !v.trainable);
                    step.and_then(|v| v.shape.known()).is_some_and(|shape| shape.0.is_empty())
                };
                found.extend(graph.child(id, STEP).filter(is_counter));
            }
        }
    }
    found
}

/// The objects that are a dynamic loss scale and nothing else.
pub(super) fn is_loss_scale(graph: &ObjectGraph<'_>, id: NodeId) -> bool {
    graph.children(id).len() == LOSS_SCALE.len()
        && LOSS_SCALE.iter().all(|name| {
            let held = graph.child(id, name).and_then(|held| graph.variable(held));
            held.is_some_and(|v| !v.trainable)
        })
}

/// What a slot and its weight share.
type Likeness = (Option<DType>, String);

fn likeness(variable: &SavedVariable<'_>) -> Likeness {
    (variable.dtype, variable.shape.to_string())
}

/// How many trainable variables there are of each dtype and shape.
fn trainable(graph: &ObjectGraph<'_>) -> HashMap<Likeness, usize> {
    let mut weights = HashMap::new();
    for variable in graph.ids().filter_map(|id| graph.variable(id)).filter(|v| v.trainable) {
        *weights.entry(likeness(variable)).or_default() += 1;
    }
    weights
}

fn are_slots(
    graph: &ObjectGraph<'_>,
    lists: &[NodeId],
    weights: &HashMap<Likeness, usize>,
) -> bool {
    let slots_of = |list: &NodeId| -> Option<Vec<Likeness>> {
        let entries =
            Some(graph.children(*list)).filter(|_| is_wrapper(graph.identifier(*list)))?;
        let variables = entries.iter().map(|entry| graph.variable(entry.to));
        variables.map(|v| v.filter(|v| !v.trainable).map(likeness)).collect()
    };
    let Some(slots) = lists.iter().map(slots_of).collect::<Option<Vec<_>>>() else { return false };
    let Some((first, others)) = slots.split_first() else { return false };
    let mut needed: HashMap<&Likeness, usize> = HashMap::new();
    for slot in first {
        *needed.entry(slot).or_default() += 1;
    }
    !first.is_empty()
        && others.iter().all(|other| other == first)
        && needed.iter().all(|(slot, n)| weights.get(*slot).is_some_and(|weights| weights >= n))
}
