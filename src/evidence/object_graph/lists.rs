//! What the model's own lists of variables say: which variables they hold, and which of them are
//! trainable.
//!
//! The root's lists come first. Where the root is no Keras object (a module, a checkpoint, a wrapper
//! for serving), the outermost Keras objects below it have lists of their own, which speak for their
//! variables as a root's do: they account for frozen layers, of which nothing else is left.

use foldhash::HashMap;

use super::excluded::Excluded;
use crate::saved_model::{NodeId, ObjectGraph, PerObject};

/// The lists of one model.
#[derive(Debug, Default)]
pub(crate) struct Lists {
    /// The members of the root's lists: true for a trainable one.
    pub root: HashMap<NodeId, bool>,
    /// The same of the outermost Keras objects below a root that is none. A variable of two of them is
    /// trainable if one of them trains it.
    inner: HashMap<NodeId, bool>,
}

impl Lists {
    pub(super) fn read(graph: &ObjectGraph<'_>, excluded: &PerObject<Option<Excluded>>) -> Lists {
        let mut lists = Lists::default();
        add(graph, graph.root(), &mut lists.root);
        for object in outermost_keras_objects(graph, excluded) {
            add(graph, object, &mut lists.inner);
        }
        lists
    }

    /// True where a list holds the variable as a trainable one, false where one holds it as another.
    pub fn says(&self, variable: NodeId) -> Option<bool> {
        self.root.get(&variable).or(self.inner.get(&variable)).copied()
    }
}

/// The variables that an object holds in its list `name`.
pub(super) fn members(graph: &ObjectGraph<'_>, holder: NodeId, name: &str) -> Vec<NodeId> {
    let list = graph.child(holder, name);
    let entries = list.map(|list| graph.children(list)).unwrap_or_default();
    entries.iter().map(|e| e.to).filter(|id| graph.variable(*id).is_some()).collect()
}

/// Adds what the lists of one object hold.
fn add(graph: &ObjectGraph<'_>, object: NodeId, listed: &mut HashMap<NodeId, bool>) {
    let api = graph.child(object, "keras_api");
    let frozen = api.map(|api| members(graph, api, "non_trainable_variables"));
    let others = ["variables", "non_trainable_variables"];
    let others = others.into_iter().flat_map(|name| members(graph, object, name));
    for id in others.chain(frozen.unwrap_or_default()) {
        listed.entry(id).or_insert(false);
    }
    for id in members(graph, object, "trainable_variables") {
        listed.insert(id, true);
    }
}

/// The Keras objects that no other holds, below a root that is none itself.
fn outermost_keras_objects(
    graph: &ObjectGraph<'_>,
    excluded: &PerObject<Option<Excluded>>,
) -> Vec<NodeId> {
    let mut found = Vec::new();
    if graph.is_keras(graph.root()) {
        return found;
    }
    let mut seen = PerObject::new(graph);
    seen.set(graph.root(), true);
    let mut open = vec![graph.root()];
    while let Some(node) = open.pop() {
        for edge in graph.children(node) {
            if excluded.get(edge.to).is_some() || seen.set(edge.to, true) {
                continue;
            }
            match graph.is_keras(edge.to) {
                true => found.push(edge.to),
                false => open.push(edge.to),
            }
        }
    }
    found
}
