//! The tree of a `.keras` configuration, with the weights that were matched to its layers.

use super::MAX_TREE_DEPTH;
use super::outline::{Outline, OutlineGroup};
use crate::evidence::keras::KerasConfig;
use crate::model::GroupKind;

/// Builds the outline. `owned` gives for each layer the positions of its counted variables.
pub(crate) fn outline(config: &KerasConfig, owned: &[Vec<u32>]) -> Outline {
    let mut outline = Outline {
        holds: owned.to_vec(),
        reaches: vec![Vec::new(); config.layers.len()],
        ..Outline::default()
    };
    let mut group_of: Vec<Option<usize>> = Vec::with_capacity(config.layers.len());
    let mut depth: Vec<usize> = Vec::with_capacity(config.layers.len());
    for (at, layer) in config.layers.iter().enumerate() {
        let level = layer.parent.map_or(0, |p| depth[p] + 1);
        depth.push(level);
        if let Some(parent) = layer.parent {
            outline.reaches[parent].push(at as u32);
        }
        if level > MAX_TREE_DEPTH {
            outline.cut = true;
            group_of.push(None);
            continue;
        }
        let group = outline.add(OutlineGroup {
            name: layer.name.clone(),
            class: Some(layer.class.clone()).filter(|c| !c.is_empty()),
            kind: if layer.is_model { GroupKind::Model } else { GroupKind::Layer },
            children: Vec::new(),
            source: Some(at),
            repeats: false,
        });
        group_of.push(Some(group));
        if let Some(parent) = layer.parent.and_then(|p| group_of[p]) {
            outline.groups[parent].children.push(group);
        }
    }
    outline
}
