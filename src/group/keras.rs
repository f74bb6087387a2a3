//! The tree of Keras layers and sub-models, as `model.summary(expand_nested=True)` shows it.
//!
//! Names and classes come from the metadata; a layer without a name gets that of the attribute that
//! holds it. Source: tf_keras/saving/legacy/saved_model/{layer,network}_serialization.py (2.21).

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use super::objects::{Objects, Proposal, grow};
use super::outline::Outline;
use crate::evidence::keras::KerasMetadata;
use crate::evidence::object_graph::{Excluded, is_flat_edge, is_wrapper};
use crate::model::GroupKind;
use crate::saved_model::NodeId;

/// Builds the outline.
pub(crate) fn outline(objects: Objects<'_, '_>, keras: &KerasMetadata) -> Outline {
    let layers = Layers { objects, keras };
    let root = layers.proposal(objects.graph.root(), "model");
    grow(objects, root, |node| layers.children(node))
}

/// True where the root is a Keras model or layer.
pub(crate) fn is_keras(objects: Objects<'_, '_>, node: NodeId) -> bool {
    objects.graph.is_keras(node)
}

struct Layers<'g, 'a> {
    objects: Objects<'g, 'a>,
    keras: &'g KerasMetadata,
}

impl Layers<'_, '_> {
    fn is_layer(&self, node: NodeId) -> bool {
        is_keras(self.objects, node)
            && self.objects.facts.excluded.get(node) != Some(Excluded::Metric)
    }

    fn proposal(&self, node: NodeId, held_as: &str) -> Proposal {
        let identifier = self.objects.graph.identifier(node);
        let layer = self.keras.layers.get(&node);
        let is_model =
            matches!(identifier, "_tf_keras_model" | "_tf_keras_network" | "_tf_keras_sequential");
        Proposal {
            node: Some(node),
            name: layer
                .and_then(|l| l.name.clone())
                .filter(|n| !n.is_empty())
                .unwrap_or_else(|| held_as.to_owned()),
            class: layer.and_then(|l| l.class.clone()),
            kind: if is_model { GroupKind::Model } else { GroupKind::Layer },
        }
    }

    fn children(&self, node: NodeId) -> Vec<Proposal> {
        let held_as = self.attribute_names(node);
        let mut children: Vec<Proposal> = self
            .child_nodes(node)
            .into_iter()
            .map(|(child, edge)| self.proposal(child, held_as.get(&child).copied().unwrap_or(edge)))
            .collect();
        // The input layer of a Sequential has no object, but stands in its configuration.
        let inputs = self.keras.layers.get(&node).map(|l| l.leading_inputs.as_slice());
        let has_input = children.first().is_some_and(|c| c.class.as_deref() == Some("InputLayer"));
        if let (Some(inputs), false) = (inputs, has_input) {
            let inputs = inputs.iter().map(|(name, class)| Proposal {
                node: None,
                name: name.clone(),
                class: Some(class.clone()),
                kind: GroupKind::Layer,
            });
            children.splice(0..0, inputs);
        }
        children
    }

    /// The attribute under which each child is held, for children that have no name of their own.
    fn attribute_names(&self, node: NodeId) -> HashMap<NodeId, &str> {
        let mut names = HashMap::new();
        for edge in self.objects.graph.children(node) {
            if !edge.name.starts_with("layer_with_weights-") {
                names.entry(edge.to).or_insert(edge.name);
            }
        }
        names
    }

    /// Sub-layers in order: Keras' own list, which has the order of the summary; else the attributes
    /// `layer-K`, which functional models have; else the nearest layers through list and dict wrappers,
    /// as for subclassed models saved without that list.
    fn child_nodes(&self, node: NodeId) -> Vec<(NodeId, &str)> {
        let graph = self.objects.graph;
        let list = graph.child(node, "keras_api").and_then(|api| graph.child(api, "layers"));
        let mut found: Vec<(NodeId, &str)> = list
            .map(|list| graph.children(list).iter().map(|e| (e.to, e.name)).collect())
            .unwrap_or_default();
        found.retain(|(n, _)| self.is_layer(*n));
        if found.is_empty() {
            let mut numbered: Vec<(u64, NodeId, &str)> = graph
                .children(node)
                .iter()
                .filter_map(|e| Some((e.name.strip_prefix("layer-")?.parse().ok()?, e.to, e.name)))
                .filter(|(_, n, _)| self.is_layer(*n))
                .collect();
            numbered.sort_by_key(|(k, ..)| *k);
            found = numbered.into_iter().map(|(_, n, name)| (n, name)).collect();
        }
        if found.is_empty() {
            found = self.nearest(node);
        }
        let mut met = HashSet::new();
        found.retain(|(n, _)| met.insert(*n));
        found
    }

    /// The layers below an object that no other layer holds.
    fn nearest(&self, node: NodeId) -> Vec<(NodeId, &str)> {
        let graph = self.objects.graph;
        let mut found = Vec::new();
        let mut met = HashSet::from_iter([node]);
        let mut open = vec![(node, None)];
        while let Some((holder, held_as)) = open.pop() {
            let mut wrappers = Vec::new();
            for edge in graph.children(holder) {
                if is_flat_edge(graph, holder, edge) || !met.insert(edge.to) {
                    continue;
                }
                // The entries of a list are named after the attribute that holds the list.
                let name = held_as.unwrap_or(edge.name);
                if self.is_layer(edge.to) {
                    found.push((edge.to, name));
                } else if is_wrapper(graph.identifier(edge.to))
                    && !matches!(edge.name, "metrics" | "_metrics")
                {
                    wrappers.push((edge.to, Some(name)));
                }
            }
            open.extend(wrappers.into_iter().rev());
        }
        found
    }
}
