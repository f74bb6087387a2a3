//! Which object of the checkpoint's own object graph is which object of the model's, and where the
//! two graphs differ.
//!
//! A SavedModel stores the same objects twice: in `saved_model.pb`, and in the checkpoint under
//! numbers of their own. The copy in the checkpoint has a checksum and the model's has none, so a
//! damaged edge, kind or name in `saved_model.pb`, which could turn a weight into something that is
//! not counted, shows as a difference. A name alone is none (`names`). Functions and constants stand in
//! the model's graph alone.
//! Source: `_AugmentedGraphView` and `_SaveableView`, tensorflow/python/saved_model/save.py (2.21).

use foldhash::{HashMap, HashMapExt};

use super::fact::{Fact, GraphFact, ObjectGraphDifference};
use super::names::roles_of_names;
use crate::evidence::checkpoint::{Child, Node, ObjectGraph as CheckpointGraph};
use crate::evidence::object_graph::ObjectGraphFacts;
use crate::saved_model::{Kind, NodeId, ObjectGraph, PerObject};

/// The attribute under which a variable's value is stored.
const VALUE_ATTRIBUTE: &str = "VARIABLE_VALUE";
/// Most differences that are reported one by one.
const MAX_REPORTED: usize = 5;

/// The two graphs, walked from their roots together, by edge name.
pub(crate) struct PairedObjects<'g, 'c> {
    objects: &'g ObjectGraph<'c>,
    checkpoint: &'g CheckpointGraph<'c>,
    /// Per object of the model, its number in the checkpoint.
    partner: PerObject<Option<i64>>,
    differences: Vec<ObjectGraphDifference>,
    /// The checkpoint's names of variables that the model calls otherwise.
    stored_names: Vec<(NodeId, &'c str)>,
}

impl<'g, 'c> PairedObjects<'g, 'c> {
    /// Walks the graphs together.
    pub fn find(
        objects: &'g ObjectGraph<'c>,
        checkpoint: &'g CheckpointGraph<'c>,
    ) -> PairedObjects<'g, 'c> {
        let partner = PerObject::new(objects);
        let mut found = PairedObjects {
            objects,
            checkpoint,
            partner,
            differences: Vec::new(),
            stored_names: Vec::new(),
        };
        if !objects.is_empty() && !checkpoint.is_empty() {
            found.walk();
            found.follow_slots();
            found.compare_variables();
        }
        found
    }

    fn walk(&mut self) {
        let root = self.objects.root();
        self.partner.set(root, Some(0));
        let mut open = vec![(root, 0i64)];
        while let Some((object, other)) = open.pop() {
            let Some(node) = self.checkpoint.node(other) else { continue };
            let edges = self.objects.children(object);
            let children = ChildIndex::new(node.children);
            let mut matched = 0usize;
            for (k, edge) in edges.iter().enumerate() {
                let Some(to) = children.find(k, edge.name) else {
                    if !matches!(self.objects.kinds.get(edge.to.index()), Some(Kind::Other)) {
                        self.differences
                            .push(ObjectGraphDifference::NotInCheckpoint(edge.name.to_owned()));
                    }
                    continue;
                };
                matched += 1;
                match self.partner.get(edge.to) {
                    Some(known) if known == to => {}
                    Some(_) => self
                        .differences
                        .push(ObjectGraphDifference::LeadsElsewhere(edge.name.to_owned())),
                    None => {
                        self.partner.set(edge.to, Some(to));
                        open.push((edge.to, to));
                    }
                }
            }
            if matched < node.children.len() {
                let here: std::collections::HashSet<&str> = edges.iter().map(|e| e.name).collect();
                let missing = node.children.iter().filter(|c| !here.contains(c.name));
                self.differences
                    .extend(missing.map(|c| ObjectGraphDifference::NotInModel(c.name.to_owned())));
            }
        }
    }

    /// Slots hang at the optimizer, by variable and name.
    fn follow_slots(&mut self) {
        let mut slots: HashMap<(i64, i64, &str), i64> = HashMap::new();
        for (at, node) in (0i64..).zip(self.checkpoint.nodes()) {
            for slot in node.slot_variables {
                slots.insert((at, slot.original, slot.name), slot.slot);
            }
        }
        for (holder, slot) in self.objects.slot_variables() {
            let pair = (self.partner.get(*holder), self.partner.get(slot.original));
            let (Some(holder), Some(original)) = pair else { continue };
            match slots.get(&(holder, original, slot.name)) {
                Some(to) => {
                    let known = self.partner.get(slot.slot);
                    self.partner.set(slot.slot, known.or(Some(*to)));
                }
                None => self
                    .differences
                    .push(ObjectGraphDifference::NotInCheckpoint(slot.name.to_owned())),
            }
        }
    }

    fn compare_variables(&mut self) {
        let mut has_partner = vec![false; self.checkpoint.len()];
        for id in self.objects.ids() {
            let Some(number) = self.partner.get(id) else { continue };
            let Some(node) = self.checkpoint.node(number) else { continue };
            if let Some(known) = usize::try_from(number).ok().and_then(|n| has_partner.get_mut(n)) {
                *known = true;
            }
            let Some(stored) = value_of(&node) else { continue };
            match self.objects.variable(id) {
                None => self
                    .differences
                    .push(ObjectGraphDifference::NoVariable(stored.full_name.to_owned())),
                Some(v) if !stored.full_name.is_empty() && v.name != stored.full_name => {
                    self.stored_names.push((id, stored.full_name));
                }
                Some(_) => {}
            }
        }
        for (node, known) in self.checkpoint.nodes().zip(has_partner) {
            if let (Some(stored), false) = (value_of(&node), known) {
                self.differences
                    .push(ObjectGraphDifference::NoVariable(stored.full_name.to_owned()));
            }
        }
    }

    /// The checkpoint key of each variable that has one.
    pub fn keys(&self) -> HashMap<NodeId, Vec<u8>> {
        let key_of = |id: NodeId| {
            let node = self.checkpoint.node(self.partner.get(id)?)?;
            Some((id, value_of(&node)?.checkpoint_key.as_bytes().to_vec()))
        };
        let variables = self.objects.ids().filter(|id| self.objects.variable(*id).is_some());
        variables.filter_map(key_of).collect()
    }

    /// The differences: the first few, and how many more there are. Names that differ are one fact.
    pub fn differences(&self, declared: &ObjectGraphFacts) -> Vec<Fact> {
        let mut differences = self.differences.clone();
        differences.extend(roles_of_names(self.objects, declared, &self.stored_names));
        let left = differences.len().saturating_sub(MAX_REPORTED);
        let named = differences.into_iter().take(MAX_REPORTED);
        let mut facts: Vec<Fact> =
            named.map(|difference| GraphFact::ObjectGraphsDiffer(difference).into()).collect();
        if left > 0 {
            facts.push(GraphFact::MoreObjectGraphsDiffer(left).into());
        }
        facts.extend(self.names_differ().map(Fact::from));
        facts
    }

    fn names_differ(&self) -> Option<GraphFact> {
        let (id, stored) = self.stored_names.first()?;
        let declared = self.objects.variable(*id)?.name.to_owned();
        let variables = self.stored_names.len();
        Some(GraphFact::NamesDiffer { variables, declared, stored: (*stored).to_owned() })
    }
}

fn value_of<'c>(node: &Node<'_, 'c>) -> Option<crate::evidence::checkpoint::Attribute<'c>> {
    node.attributes.iter().find(|a| a.name == VALUE_ATTRIBUTE).copied()
}

/// Finds children by name: as a rule both graphs list them in one order.
struct ChildIndex<'n, 'c> {
    children: &'n [Child<'c>],
    by_name: std::cell::OnceCell<HashMap<&'c str, i64>>,
}

impl<'n, 'c> ChildIndex<'n, 'c> {
    fn new(children: &'n [Child<'c>]) -> Self {
        ChildIndex { children, by_name: std::cell::OnceCell::new() }
    }

    fn find(&self, guess: usize, name: &str) -> Option<i64> {
        match self.children.get(guess) {
            Some(child) if child.name == name => Some(child.node),
            _ => self
                .by_name
                .get_or_init(|| self.children.iter().map(|c| (c.name, c.node)).collect())
                .get(name)
                .copied(),
        }
    }
}
