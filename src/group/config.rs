//! The tree of a `.keras` configuration, with the weights that were matched to its layers.

use super::outline::{Outline, OutlineGroup};
use crate::evidence::keras::KerasConfig;
use crate::limits::MAX_TREE_DEPTH;
use crate::model::GroupKind;

/// Builds the outline. `owned` gives for each layer the positions of its counted variables.
pub(crate) fn outline(config: &KerasConfig, owned: &[Vec<u32>]) -> Outline {
    let mut outline = Outline {
        holds: owned.to_vec(),
        reaches: vec![Vec::new(); config.layers.len()],
        ..Outline::default()
    };
    // Group and depth of each layer; parents come first.
    let mut placed: Vec<(Option<usize>, usize)> = Vec::with_capacity(config.layers.len());
    for (at, layer) in config.layers.iter().enumerate() {
        let parent = layer.parent.and_then(|parent| placed.get(parent.0));
        let depth = parent.map_or(0, |(_, depth)| depth + 1);
        let parent_group = parent.and_then(|(group, _)| *group);
        if let Some(parent) = layer.parent {
            outline.reach(parent.0, at);
        }
        if depth > MAX_TREE_DEPTH {
            outline.cut = true;
            placed.push((None, depth));
            continue;
        }
        let group = OutlineGroup {
            name: layer.name.clone(),
            class: Some(layer.class.clone()).filter(|c| !c.is_empty()),
            kind: if layer.is_model { GroupKind::Model } else { GroupKind::Layer },
            children: Vec::new(),
            source: Some(at),
            repeats: false,
        };
        let group = match parent_group {
            Some(parent) => outline.add_below(parent, group),
            None => outline.add(group),
        };
        placed.push((Some(group), depth));
    }
    outline
}
