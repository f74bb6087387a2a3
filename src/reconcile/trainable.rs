//! Whether training would change a variable: the root's lists, else the Keras layers that own it,
//! else the TF1 collection, else the variable's own flag. Each speaks only for what it knows.

use super::{Inventory, Item};
use crate::evidence::keras::KerasMetadata;
use crate::evidence::object_graph::{ObjectGraphFacts, is_flat_edge, walk};
use crate::model::Trainable;
use crate::saved_model::{NodeId, ObjectGraph};

/// Settles the trainable state of every item.
pub(crate) fn settle_trainable(
    inventory: &mut Inventory,
    objects: Option<(&ObjectGraph<'_>, &ObjectGraphFacts)>,
    keras: &KerasMetadata,
) {
    let layers = objects
        .filter(|_| !keras.layers.is_empty())
        .map(|(graph, facts)| LayerStates::read(graph, facts, keras));
    for item in &mut inventory.items {
        let by_layer = || layers.as_ref().zip(item.node).and_then(|(l, node)| l.of(node));
        let said = item
            .listed
            .or_else(|| by_layer().map(|trainable| trainable && item.flag != Some(false)));
        item.trainable = judge(said, item);
    }
}

fn judge(said: Option<bool>, item: &Item) -> Trainable {
    match (said, item.flag) {
        (Some(true), _) | (None, Some(true)) => Trainable::Yes,
        (Some(false), Some(true)) => Trainable::Frozen,
        (Some(false), _) | (None, Some(false)) => Trainable::No,
        (None, None) => Trainable::Undetermined,
    }
}

/// For every object: does it lie below a layer that the metadata knows, and is there a path to it
/// on which every layer is trainable?
struct LayerStates {
    below_a_layer: Vec<bool>,
    by_trainable_layers: Vec<bool>,
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
        self.below_a_layer[node.index()].then(|| self.by_trainable_layers[node.index()])
    }
}
