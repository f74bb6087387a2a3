//! Which layer of a `.keras` configuration owns which weight.
//!
//! A Keras 3 variable is named by the layers that held it when it was built (`base/c1/kernel`): all
//! of its path in the model, or only the end of it, or more than it. A layer is matched by the
//! longest run of its path's end within the name; among layers that match equally well, the first in
//! the model's order that does not yet own a weight of this last name.

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use super::fact::{Fact, KerasFact};
use super::inventory::{Inventory, ItemId, Stored};
use crate::evidence::keras::{ConfigLayerId, KerasConfig};

/// Longest run of a path that is tried.
const MAX_RUN: usize = 16;

/// What a `.keras` configuration says of the weights.
#[derive(Debug, Default)]
pub(crate) struct ConfigOwners {
    layer_of: HashMap<ItemId, ConfigLayerId>,
    trainable: HashMap<ItemId, bool>,
    /// Where the configuration contradicts the model, or says nothing of a weight.
    pub facts: Vec<Fact>,
}

impl ConfigOwners {
    /// The layer that owns a weight.
    pub fn layer(&self, item: ItemId) -> Option<ConfigLayerId> {
        self.layer_of.get(&item).copied()
    }

    /// Whether the layer that owns a weight, and every model around it, is trainable.
    pub fn trainable(&self, item: ItemId) -> Option<bool> {
        self.trainable.get(&item).copied()
    }
}

/// Finds the layer of each weight.
pub(crate) fn match_config(inventory: &Inventory<Stored>, config: &KerasConfig) -> ConfigOwners {
    let runs = path_ends(config);
    let mut owners = ConfigOwners::default();
    let mut owned: HashSet<(ConfigLayerId, String)> = HashSet::new();
    let mut unowned = Vec::new();
    for (id, item) in inventory.weights() {
        let parts: Vec<&str> = item.name.split('/').collect();
        let Some((last, scope)) = parts.split_last() else { continue };
        let Some(layer) = find(&runs, scope, last, &mut owned) else {
            unowned.push(&item.name);
            continue;
        };
        owners.layer_of.insert(id, layer);
        let layer_trains = config.layers.get(layer.0).is_some_and(|layer| layer.trainable);
        let is_trainable = layer_trains && item.flag != Some(false);
        owners.trainable.insert(id, is_trainable);
        if let Some(listed) = item.listed
            && listed != is_trainable
        {
            let (variable, configured) = (item.name.clone(), is_trainable);
            owners
                .facts
                .push(KerasFact::ConfigTrainableDiffers { variable, listed, configured }.into());
        }
    }
    if let Some(first) = unowned.first() {
        let is_foreign = owners.layer_of.is_empty();
        let (first, weights) = (first.to_string(), unowned.len());
        owners.facts.push(KerasFact::ConfigLacksLayers { first, weights, is_foreign }.into());
    }
    owners
}

/// Every end of every layer's path, with the layers that have it; true for a whole path.
fn path_ends(config: &KerasConfig) -> HashMap<String, Vec<(ConfigLayerId, bool)>> {
    let mut ends: HashMap<String, Vec<(ConfigLayerId, bool)>> = HashMap::new();
    for (at, layer) in config.layers.iter().enumerate().skip(1).filter(|(_, l)| !l.is_model) {
        let mut end = layer.name.clone();
        let mut up = layer.parent;
        for _ in 0..MAX_RUN {
            // The model itself is no part of its layers' paths.
            let holder = up.filter(|p| p.0 != 0).and_then(|p| config.layers.get(p.0));
            ends.entry(end.clone()).or_default().push((ConfigLayerId(at), holder.is_none()));
            let Some(holder) = holder else { break };
            end = format!("{}/{end}", holder.name);
            up = holder.parent;
        }
    }
    ends
}

fn find(
    ends: &HashMap<String, Vec<(ConfigLayerId, bool)>>,
    scope: &[&str],
    last: &str,
    owned: &mut HashSet<(ConfigLayerId, String)>,
) -> Option<ConfigLayerId> {
    let longest = scope.len().min(MAX_RUN);
    for run in (1..=longest).rev() {
        for (start, part) in scope.windows(run).enumerate() {
            let Some(layers) = ends.get(&part.join("/")) else { continue };
            // Within one layer (an attention's query and key) last names repeat under sub-scopes.
            let rest = scope.get(start + run..).unwrap_or_default();
            let leaf = format!("{}/{last}", rest.join("/"));
            let whole_first = layers.iter().filter(|l| l.1).chain(layers.iter().filter(|l| !l.1));
            for (layer, _) in whole_first {
                if owned.insert((*layer, leaf.clone())) {
                    return Some(*layer);
                }
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::keras::parse_config;
    use crate::model::{DType, Role};
    use crate::reconcile::inventory::Declared;
    use crate::saved_model::DeclaredShape;

    fn config() -> KerasConfig {
        parse_config(
            br#"{"class_name": "Functional", "config": {"name": "top", "layers": [
                {"class_name": "Functional", "config": {"name": "a", "trainable": false, "layers": [
                    {"class_name": "Dense", "config": {"name": "d"}}]}},
                {"class_name": "Sequential", "config": {"name": "b", "layers": [
                    {"class_name": "Dense", "config": {"name": "d"}}]}},
                {"class_name": "Dense", "config": {"name": "e"}},
                {"class_name": "MultiHeadAttention", "config": {"name": "mha"}}]}}"#,
        )
        .unwrap()
    }

    fn owners(names: &[&str]) -> (Vec<Option<String>>, Vec<Option<bool>>, usize) {
        let config = config();
        let mut inventory = Inventory::default();
        for name in names {
            let shape = DeclaredShape::Dims(vec![1]);
            let mut item =
                Declared::new(name.to_string(), Some(DType::FLOAT32), shape, Role::Weight);
            item.flag = Some(true);
            inventory.add(Stored { declared: item, tensor: None });
        }
        let owners = match_config(&inventory, &config);
        let path = |id: ItemId| {
            let layer = &config.layers[owners.layer(id)?.0];
            let parent = layer.parent.map(|p| config.layers[p.0].name.as_str()).unwrap_or_default();
            Some(format!("{parent}/{}", layer.name))
        };
        (
            inventory.iter().map(|(id, _)| path(id)).collect(),
            inventory.iter().map(|(id, _)| owners.trainable(id)).collect(),
            owners.facts.len(),
        )
    }

    #[test]
    fn tells_same_names_apart_by_path_and_by_order() {
        let (owner, trainable, facts) = owners(&[
            "d/kernel",
            "d/bias",
            "b/d/kernel",
            "d/kernel",
            "e/kernel",
            "mha/query/kernel",
            "mha/key/kernel",
        ]);
        let owner: Vec<&str> = owner.iter().map(|o| o.as_deref().unwrap_or("-")).collect();
        assert_eq!(owner, ["a/d", "a/d", "b/d", "-", "top/e", "top/mha", "top/mha"]);
        assert_eq!(trainable[0], Some(false), "a is frozen");
        assert_eq!(trainable[2], Some(true));
        assert_eq!(facts, 1, "the third d/kernel has no layer left");
    }

    #[test]
    fn a_name_may_begin_with_the_model() {
        let (owner, _, facts) = owners(&["top/e/kernel", "top/a/d/kernel"]);
        assert_eq!(owner, [Some("top/e".to_owned()), Some("a/d".to_owned())]);
        assert_eq!(facts, 0);
    }
}
