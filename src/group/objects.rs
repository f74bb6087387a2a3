//! An outline from the objects of an object graph: what the trees of Keras layers and of plain modules
//! have in common.

use foldhash::{HashMap, HashSet, HashSetExt};

use super::outline::{Outline, OutlineGroup};
use super::stamps::Stamps;
use crate::evidence::object_graph::ObjectGraphFacts;
use crate::limits::MAX_TREE_DEPTH;
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

impl Objects<'_, '_> {
    /// True for an optimizer, a metric or a generator, whose state is not the model's.
    pub fn is_excluded(&self, node: NodeId) -> bool {
        self.facts.excluded.get(node).is_some()
    }
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
    let mut growth = Growth::default();
    growth.add(root, None, 0);
    // Depth first and in order, so that a shared layer has its children where a reader of the printed
    // tree meets it first. Only its visit decides that, not the visit of its parent: a layer below an
    // elder sibling comes before the same layer as a younger one.
    let mut visited = HashSet::new();
    while let Some(Visit { group, node, depth }) = growth.open.pop() {
        if !visited.insert(node) {
            if let Some(group) = growth.outline.groups.get_mut(group) {
                group.repeats = true;
            }
            continue;
        }
        let proposals = children_of(node);
        if depth >= MAX_TREE_DEPTH {
            growth.outline.cut |= !proposals.is_empty();
            continue;
        }
        let before = growth.open.len();
        for proposal in proposals {
            growth.add(proposal, Some(group), depth + 1);
        }
        if let Some(children) = growth.open.get_mut(before..) {
            children.reverse();
        }
    }
    let Growth { mut outline, sources, .. } = growth;
    fill_sources(objects, &sources, &mut outline);
    outline
}

/// A group whose children are not proposed yet.
struct Visit {
    group: usize,
    node: NodeId,
    depth: usize,
}

/// An outline while it grows.
#[derive(Default)]
struct Growth {
    outline: Outline,
    /// The source of each object that has a group.
    sources: HashMap<NodeId, usize>,
    open: Vec<Visit>,
}

impl Growth {
    fn add(&mut self, proposal: Proposal, parent: Option<usize>, depth: usize) {
        let next = self.sources.len();
        let group = OutlineGroup {
            name: proposal.name,
            class: proposal.class,
            kind: proposal.kind,
            children: Vec::new(),
            source: proposal.node.map(|n| *self.sources.entry(n).or_insert(next)),
            repeats: false,
        };
        let group = match parent {
            Some(parent) => self.outline.add_below(parent, group),
            None => self.outline.add(group),
        };
        if let Some(node) = proposal.node {
            self.open.push(Visit { group, node, depth });
        }
    }
}

/// For every object that has a group: the weights it holds and the other such objects it reaches.
fn fill_sources(objects: Objects<'_, '_>, sources: &HashMap<NodeId, usize>, outline: &mut Outline) {
    outline.holds = vec![Vec::new(); sources.len()];
    outline.reaches = vec![Vec::new(); sources.len()];
    let mut seen = Stamps::new(objects.graph.len());
    let mut open = Vec::new();
    for (start, source) in sources {
        seen.add(start.index(), *source);
        open.push(*start);
        while let Some(node) = open.pop() {
            for edge in objects.graph.children(node) {
                let to = edge.to;
                if objects.is_excluded(to) || !seen.add(to.index(), *source) {
                    continue;
                }
                if let Some(weight) = objects.weights.get(&to) {
                    outline.hold(*source, *weight);
                } else if let Some(other) = sources.get(&to) {
                    outline.reach(*source, *other);
                } else {
                    open.push(to);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use foldhash::HashMapExt;

    use super::*;
    use crate::evidence::object_graph;
    use crate::testkit::saved_model::{ObjectGraphBytes, object};

    /// Every group of the tree in reading order, indented by depth; `*` where it repeats.
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
    fn a_shared_object_has_its_children_where_a_reader_meets_it_first() {
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
