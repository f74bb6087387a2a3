//! The layers of Keras' metadata: objects of the object graph, whose attributes are their variables
//! and the layers that they hold.

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use super::judge::{Circumstances, Pair, Seen, judge};
use super::layer_check::LayerCheck;
use crate::evidence::keras::{ExpectedVariable, KerasMetadata};
use crate::reconcile::inventory::{Confirmed, Inventory};
use crate::reconcile::layer_difference::LayerDifference;
use crate::saved_model::{NodeId, ObjectGraph};

/// Holds every layer of the metadata against its object.
pub(super) fn check(
    objects: &ObjectGraph<'_>,
    keras: &KerasMetadata,
    inventory: &Inventory<Confirmed>,
) -> LayerCheck {
    let mut check = LayerCheck::default();
    let mut places = Places { objects, inventory, held: HashMap::new() };
    let in_unknown = held_by_unknown_layers(objects, keras);
    let mut reported = HashSet::new();
    let mut layers: Vec<_> = keras.layers.iter().filter(|(_, layer)| layer.is_layer).collect();
    layers.sort_unstable_by_key(|(id, _)| **id);
    for (id, layer) in layers {
        let Some(variables) = layer.variables.as_ref().filter(|_| !keras.is_misplaced()) else {
            check.add(false, Vec::new());
            continue;
        };
        let pairs: Vec<Pair<'_>> = variables.iter().map(|v| (v, places.see(*id, v))).collect();
        let circumstances = Circumstances {
            has_others: places.have_others(*id, variables),
            may_be_wrapped: in_unknown.contains(id),
            flags_follow_layer: layer.trainable != Some(true),
        };
        let (is_derived, mut found) = judge(circumstances, &pairs);
        // What a layer holds inside another one is described twice; one report is enough.
        found.retain(|(v, _)| reported.insert((places.holder(*id, v), v.names)));
        let differences = found.into_iter().map(|(variable, mismatch)| LayerDifference {
            layer: layer.name.clone().unwrap_or_default(),
            class: layer.class.clone().unwrap_or_default(),
            variable: variable.path(),
            mismatch,
        });
        check.add(is_derived, differences.collect());
    }
    check
}

/// Objects that a layer of an unknown class holds. It may have put something else in the place of
/// their variables, as layers that prune, quantise or normalise weights do.
fn held_by_unknown_layers(objects: &ObjectGraph<'_>, keras: &KerasMetadata) -> HashSet<NodeId> {
    let unknown = keras.layers.iter().filter(|(_, l)| l.is_layer && l.variables.is_none());
    unknown.flat_map(|(id, _)| objects.children(*id)).map(|edge| edge.to).collect()
}

/// Where the variables of layers are.
struct Places<'g, 'a> {
    objects: &'g ObjectGraph<'a>,
    inventory: &'g Inventory<Confirmed>,
    /// What each object holds that was looked at: many layers may hold one large object.
    held: HashMap<NodeId, Held<'a>>,
}

/// What an object holds.
struct Held<'a> {
    by_name: HashMap<&'a str, NodeId>,
    variables: Vec<&'a str>,
}

impl<'a> Places<'_, 'a> {
    fn held(&mut self, id: NodeId) -> &Held<'a> {
        let objects = self.objects;
        self.held.entry(id).or_insert_with(|| {
            let edges = objects.children(id);
            let mut by_name = HashMap::with_capacity(edges.len());
            for edge in edges {
                by_name.entry(edge.name).or_insert(edge.to);
            }
            let variables = edges.iter().filter(|edge| objects.variable(edge.to).is_some());
            Held { by_name, variables: variables.map(|edge| edge.name).collect() }
        })
    }

    /// The object that should hold a variable of this layer.
    fn holder(&mut self, layer: NodeId, expected: &ExpectedVariable) -> Option<NodeId> {
        let mut holders = expected.holders.iter();
        holders.try_fold(layer, |id, name| self.held(id).by_name.get(name.as_str()).copied())
    }

    fn see(&mut self, layer: NodeId, expected: &ExpectedVariable) -> Seen {
        let Some(holder) = self.holder(layer, expected) else { return Seen::Unclear };
        let mut seen = Seen::Nothing;
        for name in expected.names {
            let Some(id) = self.held(holder).by_name.get(name).copied() else { continue };
            let Some(variable) = self.objects.variable(id) else {
                seen = Seen::Unclear;
                continue;
            };
            let item = self.inventory.of_object(id).and_then(|item| self.inventory.get(item));
            return match item.and_then(|item| item.shape()) {
                Some(shape) => Seen::Variable(shape, Some(variable.trainable)),
                None => Seen::Unclear,
            };
        }
        seen
    }

    /// True where the layer, or a layer that it holds, has variables besides the expected ones.
    fn have_others(&mut self, layer: NodeId, variables: &[ExpectedVariable]) -> bool {
        let mut known: HashMap<NodeId, Vec<&str>> = HashMap::new();
        known.insert(layer, Vec::new());
        for expected in variables {
            if let Some(holder) = self.holder(layer, expected) {
                known.entry(holder).or_default().extend(expected.names);
            }
        }
        known.iter().any(|(holder, names)| {
            let held = &self.held(*holder).variables;
            held.len() > names.len() || held.iter().any(|name| !names.contains(name))
        })
    }
}
