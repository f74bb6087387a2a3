//! Optimizer state that hangs below no object which says that it is an optimizer.

use foldhash::{HashMap, HashMapExt};

use super::edges::is_wrapper;
use crate::evidence::roles::LOSS_SCALE;
use crate::model::DType;
use crate::saved_model::{NodeId, ObjectGraph, SavedVariable};

/// The lists in which optimizers of plain modules keep a slot for each weight: which of them one
/// optimizer has, together.
/// Source: Sonnet 2, sonnet/src/optimizers: `adam.py`, `rmsprop.py`, `momentum.py`.
const SLOT_LISTS: [&[&str]; 4] =
    [&["m", "v"], &["ms", "mom"], &["ms", "mom", "mg"], &["accumulated_momentum"]];

/// The number of steps beside such lists.
const STEP: &str = "step";

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

#[cfg(test)]
mod tests {
    use super::super::read;
    use crate::model::Role;
    use crate::testkit::saved_model::{Object, ObjectGraphBytes, object, variable};

    /// A network of a kernel and a bias, and an object beside it that holds what `state` says.
    fn beside_a_network(edges: &[(&str, u64)], state: Vec<Object>) -> Vec<Role> {
        let mut objects = vec![
            object("_generic_user_object", &[("net", 1), ("opt", 2)]),
            object("_generic_user_object", &[("w", 3), ("b", 4)]),
            object("_generic_user_object", edges),
            variable("w", &[3, 2], true),
            variable("b", &[2], true),
        ];
        objects.extend(state);
        let written = ObjectGraphBytes::new(objects);
        read(&written.decode()).variables.into_iter().skip(2).map(|(_, role)| role).collect()
    }

    #[test]
    fn lists_of_slots_beside_a_network_are_its_optimizers() {
        let list = || object("trackable_list_wrapper", &[("0", 7), ("1", 8)]);
        let twin = || object("trackable_list_wrapper", &[("0", 9), ("1", 10)]);
        let state = |trainable: bool, bias: u64| {
            vec![
                list(),
                twin(),
                variable("m/b", &[bias], trainable),
                variable("m/w", &[3, 2], trainable),
                variable("v/b", &[bias], trainable),
                variable("v/w", &[3, 2], trainable),
                variable("t", &[], false),
            ]
        };
        let adam = [("m", 5), ("v", 6), ("step", 11)];
        assert_eq!(beside_a_network(&adam, state(false, 2)), [Role::Optimizer; 5]);
        // A list alone, other shapes, or weights of the lists' own are a module's.
        assert_eq!(beside_a_network(&adam, state(false, 5)), [Role::Weight; 5]);
        assert_eq!(beside_a_network(&adam, state(true, 2)), [Role::Weight; 5]);
        let other = [("m", 5), ("w", 6), ("step", 11)];
        assert_eq!(beside_a_network(&other, state(false, 2)), [Role::Weight; 5]);
    }

    #[test]
    fn a_dynamic_loss_scale_is_an_optimizers() {
        let state =
            || vec![variable("current_loss_scale", &[], false), variable("good_steps", &[], false)];
        let edges = [("current_loss_scale", 5), ("good_steps", 6)];
        assert_eq!(beside_a_network(&edges, state()), [Role::Optimizer; 2]);
        let renamed = [("current_loss_scale", 5), ("steps", 6)];
        assert_eq!(beside_a_network(&renamed, state()), [Role::Weight; 2]);
    }
}
