//! Whether training would change a variable. The first source that states something about this
//! variable decides:
//!
//! 1. the root's own lists, or TF1's collection `trainable_variables`: they hold exactly what
//!    training updates, frozen layers accounted for;
//! 2. the `.keras` configuration that the user gave: an export of Keras 3 keeps no frozen states;
//! 3. the Keras metadata of the layers that own it: trainable where some path from the root has every
//!    layer trainable, and the variable's flag agrees. One trainable path suffices, because a shared
//!    layer is trained through it;
//! 4. the variable's own flag, which stays true when the layer around it is frozen, and therefore
//!    comes last.
//!
//! Each speaks only for the variables that it knows. Where none says anything, the state is
//! undetermined, which is never shown as false.
//!
//! Keras 3 freezes layers without a trace in the files. A flag alone that says *trainable* there is only
//! an upper bound; a flag that says *not trainable* is true all the same.

use super::inventory::{Inventory, Settled, Stored};
use super::keras_config::ConfigOwners;
use crate::evidence::keras::KerasMetadata;
use crate::evidence::object_graph::{ObjectGraphFacts, is_flat_edge, walk};
use crate::model::{Certainty, Trainable};
use crate::saved_model::{NodeId, ObjectGraph, PerObject};

/// Settles the trainable state of every item.
pub(crate) fn settle(
    inventory: Inventory<Stored>,
    objects: Option<(&ObjectGraph<'_>, &ObjectGraphFacts)>,
    keras: &KerasMetadata,
    config: &ConfigOwners,
) -> Inventory<Settled> {
    let layers = objects
        .filter(|_| !keras.layers.is_empty())
        .map(|(graph, facts)| LayerStates::read(graph, facts, keras));
    inventory.advance(|id, item| {
        let by_layer = || layers.as_ref().zip(item.node).and_then(|(l, node)| l.of(node));
        let said = item
            .listed
            .or_else(|| config.trainable(id))
            .or_else(|| by_layer().map(|trainable| trainable && item.flag != Some(false)));
        let trainable = state(said, item.flag);
        let may_be_frozen = || {
            let node = objects.zip(item.node);
            node.is_some_and(|((_, facts), node)| facts.may_be_frozen.get(node))
        };
        let trainable_is = match trainable == Trainable::Yes && said.is_none() && may_be_frozen() {
            true => Certainty::AtMost,
            false => Certainty::Exact,
        };
        Settled { trainable, trainable_is, config_layer: config.layer(id), stored: item }
    })
}

/// The state that follows from what a list or layer said and from the variable's own flag. A flag
/// alone is believed; against a list or layer it only tells that the variable is frozen.
fn state(said: Option<bool>, flag: Option<bool>) -> Trainable {
    match (said, flag) {
        (Some(true), _) | (None, Some(true)) => Trainable::Yes,
        (Some(false), Some(true)) => Trainable::Frozen,
        (Some(false), _) | (None, Some(false)) => Trainable::No,
        (None, None) => Trainable::Undetermined,
    }
}

/// For every object: does it lie below a layer that the metadata knows, and is there a path to it
/// on which every layer is trainable?
struct LayerStates {
    below_a_layer: PerObject<bool>,
    by_trainable_layers: PerObject<bool>,
}

impl LayerStates {
    fn read(graph: &ObjectGraph<'_>, facts: &ObjectGraphFacts, keras: &KerasMetadata) -> Self {
        let frozen = |id: NodeId| keras.layers.get(&id).and_then(|l| l.trainable) == Some(false);
        let root = graph.root();
        let known = keras.layers.keys().copied();
        let below_a_layer =
            walk(graph, known, &facts.excluded, |holder, edge| !is_flat_edge(graph, holder, edge));
        let start = (!frozen(root)).then_some(root);
        let by_trainable_layers = walk(graph, start, &facts.excluded, |holder, edge| {
            !is_flat_edge(graph, holder, edge) && !frozen(edge.to)
        });
        LayerStates { below_a_layer, by_trainable_layers }
    }

    fn of(&self, node: NodeId) -> Option<bool> {
        self.below_a_layer.get(node).then(|| self.by_trainable_layers.get(node))
    }
}
