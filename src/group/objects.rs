//! What the objects of an object graph hold: the part of an outline that Keras layers and plain
//! modules have in common.

use std::collections::HashMap;

use super::outline::{Outline, OutlineGroup};
use super::MAX_TREE_DEPTH;
use crate::evidence::object_graph::ObjectGraphFacts;
use crate::model::GroupKind;
use crate::saved_model::{NodeId, ObjectGraph};

/// An object graph with what is known of it.
#[derive(Clone, Copy)]
pub(crate) struct Objects<'g, 'a> {
    pub graph: &'g ObjectGraph<'a>,
    pub facts: &'g ObjectGraphFacts,
    /// Position of the counted variable that an object is.
    pub weights: &'g HashMap<NodeId, u32>,
}

/// A group that a builder proposes for an object, or for no object.
pub(crate) struct Proposal {
    pub node: Option<NodeId>,
    pub name: String,
    pub class: Option<String>,
    pub kind: GroupKind,
}

/// Builds an outline from the root down, each object's children once: where an object is met
/// again, its group is repeated without children.
pub(crate) fn grow(
    objects: Objects<'_, '_>,
    root: Proposal,
    mut children_of: impl FnMut(NodeId) -> Vec<Proposal>,
) -> Outline {
    let mut outline = Outline::default();
    let mut sources: HashMap<NodeId, usize> = HashMap::new();
    let mut open: Vec<(usize, NodeId, usize)> = Vec::new();
    let place = |outline: &mut Outline,
                 sources: &mut HashMap<NodeId, usize>,
                 open: &mut Vec<(usize, NodeId, usize)>,
                 proposal: Proposal,
                 depth: usize| {
        let next = sources.len();
        let source = proposal.node.map(|n| *sources.entry(n).or_insert(next));
        let repeats = source.is_some_and(|s| s < next);
        let at = outline.add(OutlineGroup {
            name: proposal.name,
            class: proposal.class,
            kind: proposal.kind,
            children: Vec::new(),
            source,
            repeats,
        });
        if let (Some(node), false) = (proposal.node, repeats) {
            open.push((at, node, depth));
        }
        at
    };
    place(&mut outline, &mut sources, &mut open, root, 0);
    // Depth first and in order: the first visit of a shared layer is the one that a reader of
    // the printed tree meets first.
    while let Some((at, node, depth)) = open.pop() {
        let proposals = children_of(node);
        if depth >= MAX_TREE_DEPTH {
            outline.cut |= !proposals.is_empty();
            continue;
        }
        let before = open.len();
        for proposal in proposals {
            let child = place(&mut outline, &mut sources, &mut open, proposal, depth + 1);
            outline.groups[at].children.push(child);
        }
        open[before..].reverse();
    }
    fill_sources(objects, &sources, &mut outline);
    outline
}

/// For every object that has a group: the weights it holds and the other such objects it reaches.
fn fill_sources(objects: Objects<'_, '_>, sources: &HashMap<NodeId, usize>, outline: &mut Outline) {
    outline.holds = vec![Vec::new(); sources.len()];
    outline.reaches = vec![Vec::new(); sources.len()];
    let mut seen = vec![u32::MAX; objects.graph.len()];
    let mut open = Vec::new();
    for (start, source) in sources {
        let stamp = *source as u32;
        seen[start.index()] = stamp;
        open.push(*start);
        while let Some(node) = open.pop() {
            for edge in objects.graph.children(node) {
                let to = edge.to;
                let at = to.index();
                if seen[at] == stamp || objects.facts.aside[at].is_some() {
                    continue;
                }
                seen[at] = stamp;
                if let Some(weight) = objects.weights.get(&to) {
                    outline.holds[*source].push(*weight);
                } else if let Some(other) = sources.get(&to) {
                    outline.reaches[*source].push(*other as u32);
                } else {
                    open.push(to);
                }
            }
        }
    }
}
