//! What the objects of an object graph hold: the part of an outline that Keras layers and plain
//! modules have in common.

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use super::MAX_TREE_DEPTH;
use super::outline::{Outline, OutlineGroup};
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
        let at = outline.add(OutlineGroup {
            name: proposal.name,
            class: proposal.class,
            kind: proposal.kind,
            children: Vec::new(),
            source: proposal.node.map(|n| *sources.entry(n).or_insert(next)),
            repeats: false,
        });
        if let Some(node) = proposal.node {
            open.push((at, node, depth));
        }
        at
    };
    place(&mut outline, &mut sources, &mut open, root, 0);
    // Depth first and in order: the first visit of a shared layer is the one that a reader of
    // the printed tree meets first. That is known when it is visited, not when its parent is: a
    // layer below an elder sibling comes before the same layer as a sibling.
    let mut visited = HashSet::new();
    while let Some((at, node, depth)) = open.pop() {
        if !visited.insert(node) {
            outline.groups[at].repeats = true;
            continue;
        }
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
                if seen[at] == stamp || objects.facts.excluded[at].is_some() {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::object_graph;
    use crate::testkit::saved_model::{ObjectGraphBytes, object};

    /// Every group of the tree in the order of reading, with its depth; `*` where it repeats.
    fn printed(objects: ObjectGraphBytes) -> Vec<String> {
        let graph = objects.decode();
        let facts = object_graph::read(&graph);
        let weights = HashMap::new();
        let proposal = |node: NodeId, name: &str| Proposal {
            node: Some(node),
            name: name.to_owned(),
            class: None,
            kind: GroupKind::Layer,
        };
        let objects = Objects { graph: &graph, facts: &facts, weights: &weights };
        let outline = grow(objects, proposal(graph.root(), "root"), |node| {
            graph.children(node).iter().map(|e| proposal(e.to, e.name)).collect()
        });
        let mut lines = Vec::new();
        let mut open = vec![(0, 0)];
        while let Some((at, depth)) = open.pop() {
            let group = &outline.groups[at];
            assert!(!group.repeats || group.children.is_empty());
            let mark = if group.repeats { "*" } else { "" };
            lines.push(format!("{}{}{mark}", " ".repeat(depth), group.name));
            open.extend(group.children.iter().rev().map(|c| (*c, depth + 1)));
        }
        lines
    }

    #[test]
    fn what_is_read_first_is_the_first_visit() {
        let object = |children: &[(&str, u64)]| object("any", children);
        let got = printed(ObjectGraphBytes::new(vec![
            object(&[("wrapper", 1), ("block", 2), ("last", 4)]),
            object(&[("block", 2)]),
            object(&[("dense", 3)]),
            object(&[]),
            object(&[("dense", 3), ("root", 0)]),
        ]));
        let want =
            ["root", " wrapper", "  block", "   dense", " block*", " last", "  dense*", "  root*"];
        assert_eq!(got, want);
    }
}
