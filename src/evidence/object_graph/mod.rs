//! The object graph as a witness: which of its variables are weights, what the others are, and
//! what the model's own lists say.
//!
//! Every walk visits an object once, whatever the number of paths to it.

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use super::roles::special_role;
use crate::model::{DType, Role};
use crate::saved_model::{Edge, Kind, NodeId, ObjectGraph};

/// Identifiers of optimizers, old and new.
/// Source: tensorflow/python/keras and tf_keras, `revived_types.register_revived_type` calls.
const OPTIMIZER_IDENTIFIERS: &[&str] = &[
    "optimizer",
    "experimentalOptimizer",
    "tf_keras_experimentalOptimizer",
    "tf_deprecated_optimizer",
];

/// Identifier of Keras' recurrent layers.
const RNN_IDENTIFIER: &str = "_tf_keras_rnn_layer";

/// Attributes under which Keras repeats what its objects hold: flat, recursive lists.
const FLAT_EDGES: &[&str] = &["variables", "trainable_variables", "keras_api"];

/// The list in which a Keras 3 export keeps second copies of its weights.
/// Source: keras/src/export/saved_model.py (Keras 3), `_all_variables`.
const EXPORT_COPIES_EDGE: &str = "_all_variables";

/// What every operation of Keras 3 holds, each a list. A model that `tf.saved_model.save` was given
/// has them, an export has not.
/// Source: keras/src/ops/operation.py (Keras 3).
const KERAS_3_EDGES: [&str; 2] = ["_inbound_nodes", "_outbound_nodes"];

/// What an object is for, beyond holding weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aside {
    Optimizer,
    Metric,
    Generator,
}

impl Aside {
    fn role(self) -> Role {
        match self {
            Aside::Optimizer => Role::Optimizer,
            Aside::Metric => Role::Metric,
            Aside::Generator => Role::Rng,
        }
    }
}

/// What the object graph says of its variables.
#[derive(Debug)]
pub(crate) struct ObjectGraphFacts {
    /// Per object: set where its state is not the model's.
    pub aside: Vec<Option<Aside>>,
    /// Every variable with its role, in the order of the graph.
    pub variables: Vec<(NodeId, Role)>,
    /// What the root's lists say: true where the variable is among the trainable ones. Variables
    /// that no list holds are absent.
    pub listed: HashMap<NodeId, bool>,
    /// Metrics' variables that the root's own list holds although they are no weights.
    pub listed_metrics: Vec<NodeId>,
    /// True where the root is a Keras 3 model or export. Neither names its layers in the file.
    pub is_keras_3: bool,
    /// True where layers of Keras 3 hold weights, as `tf.saved_model.save` writes them.
    pub has_keras_3_layers: bool,
}

/// True for an edge that only repeats, in a flat list, what the holder has under its attributes.
pub(crate) fn is_flat_edge(graph: &ObjectGraph<'_>, holder: NodeId, edge: &Edge<'_>) -> bool {
    FLAT_EDGES.contains(&edge.name) && graph.child(holder, "keras_api").is_some()
}

/// Reads the roles of all variables.
pub(crate) fn read(graph: &ObjectGraph<'_>) -> ObjectGraphFacts {
    let aside = find_asides(graph);
    let root = graph.root();
    let copies = graph.child(root, EXPORT_COPIES_EDGE);
    let leads_on =
        |holder: NodeId, edge: &Edge<'_>| !(holder == root && edge.name == EXPORT_COPIES_EDGE);
    // By attribute: the weights.
    let by_attribute = walk(graph, [root], &aside, |holder, edge| {
        leads_on(holder, edge) && !is_flat_edge(graph, holder, edge)
    });
    // Through flat lists too: weights that no attribute leads to.
    let by_any_edge = walk(graph, [root], &aside, leads_on);
    // Below optimizers, metrics and generators.
    let mut below: HashMap<NodeId, Role> = HashMap::new();
    for kind in [Aside::Optimizer, Aside::Metric, Aside::Generator] {
        let starts = graph.ids().filter(|id| aside[id.index()] == Some(kind));
        for node in walk_from_within(graph, starts, &by_attribute, root) {
            below.entry(node).or_insert(kind.role());
        }
    }
    for (_, slot) in graph.slot_variables() {
        below.entry(slot.slot).or_insert(Role::Optimizer);
    }
    let copied: Vec<NodeId> =
        copies.map(|list| graph.children(list).iter().map(|e| e.to).collect()).unwrap_or_default();
    let mut variables = Vec::new();
    let mut unmet = Vec::new();
    for id in graph.ids() {
        let Some(variable) = graph.variable(id) else { continue };
        let met = by_attribute[id.index()];
        let role = if met {
            Some(Role::Weight)
        } else if let Some(role) = below.get(&id) {
            Some(*role)
        } else if by_any_edge[id.index()] {
            Some(Role::Weight)
        } else {
            unmet.push(variables.len());
            None
        };
        let role = special_role(variable.name, variable.dtype, &variable.shape).or(role);
        variables.push((id, role.unwrap_or(Role::Unrestored)));
    }
    pair_copies(graph, &copied, &unmet, &mut variables);
    let (listed, listed_metrics) = read_lists(graph, &variables);
    let is_keras_3 = copies.is_some() || is_keras_3_operation(graph, root);
    let has_keras_3_layers = graph.ids().any(|id| {
        is_keras_3_operation(graph, id)
            && graph.children(id).iter().any(|edge| graph.variable(edge.to).is_some())
    });
    ObjectGraphFacts { aside, variables, listed, listed_metrics, is_keras_3, has_keras_3_layers }
}

/// True for a layer or model of Keras 3: its object has no identifier of Keras' own. Keras 2 keeps
/// its lists of nodes from the graph.
fn is_keras_3_operation(graph: &ObjectGraph<'_>, id: NodeId) -> bool {
    !graph.identifier(id).starts_with("_tf_keras_")
        && KERAS_3_EDGES.iter().all(|name| graph.child(id, name).is_some())
}

fn find_asides(graph: &ObjectGraph<'_>) -> Vec<Option<Aside>> {
    let mut aside = vec![None; graph.len()];
    let keras_apis: HashSet<NodeId> = graph
        .ids()
        .flat_map(|id| graph.children(id))
        .filter(|edge| edge.name == "keras_api")
        .map(|edge| edge.to)
        .collect();
    for id in graph.ids() {
        let identifier = graph.identifier(id);
        let mut has_variables = false;
        let mut has_state = false;
        let mut has_generator_state = false;
        for edge in graph.children(id) {
            match edge.name {
                "_variables" => has_variables = true,
                "_iterations" | "_learning_rate" => has_state = true,
                "_state_var" => has_generator_state = true,
                // What a stateful RNN layer carries from batch to batch is no weight: Keras lists
                // it beside the layer's variables, never among them.
                "states"
                    if (identifier == RNN_IDENTIFIER || keras_apis.contains(&id))
                        && is_wrapper(graph.identifier(edge.to)) =>
                {
                    aside[edge.to.index()].get_or_insert(Aside::Metric);
                }
                "metrics" | "_metrics" => {
                    for entry in list_entries(graph, edge.to) {
                        aside[entry.index()].get_or_insert(Aside::Metric);
                    }
                }
                _ => {}
            }
        }
        if OPTIMIZER_IDENTIFIERS.contains(&identifier)
            || (has_variables && has_state)
            || is_optimizer_list(graph, id)
        {
            aside[id.index()] = Some(Aside::Optimizer);
        } else if identifier == "_tf_keras_metric" {
            aside[id.index()] = Some(Aside::Metric);
        } else if has_generator_state {
            aside[id.index()] = Some(Aside::Generator);
        }
    }
    // Whatever keeps slots for variables is an optimizer, such as one of TensorFlow 1 in a module.
    for (holder, _) in graph.slot_variables() {
        aside[holder.index()] = Some(Aside::Optimizer);
    }
    aside[graph.root().index()] = None;
    aside
}

/// True for the objects that stand for Python lists, tuples and dicts.
pub(crate) fn is_wrapper(identifier: &str) -> bool {
    matches!(
        identifier,
        "trackable_list_wrapper" | "trackable_dict_wrapper" | "trackable_tuple_wrapper"
    )
}

/// True for a list of an optimizer's variables and nothing else, such as an export of Keras 3 keeps
/// when it is asked to: nothing is trainable, and each is in a scope that counts its iterations.
/// Source: keras/src/optimizers/base_optimizer.py (Keras 3), `BaseOptimizer.__init__`.
fn is_optimizer_list(graph: &ObjectGraph<'_>, list: NodeId) -> bool {
    let entries = graph.children(list);
    if entries.is_empty() || !is_wrapper(graph.identifier(list)) {
        return false;
    }
    let variables: Option<Vec<_>> = entries.iter().map(|e| graph.variable(e.to)).collect();
    let Some(variables) = variables else { return false };
    let counted: HashSet<&str> = variables
        .iter()
        .filter(|v| v.dtype.is_some_and(DType::is_integer))
        .filter_map(|v| v.name.strip_suffix("/iteration"))
        .collect();
    variables.iter().all(|v| {
        !v.trainable && v.name.split_once('/').is_some_and(|(scope, _)| counted.contains(scope))
    })
}

/// The entries of a list or dict wrapper that are objects (a variable in it is none).
fn list_entries<'g>(graph: &'g ObjectGraph<'_>, list: NodeId) -> impl Iterator<Item = NodeId> + 'g {
    let is_list = is_wrapper(graph.identifier(list));
    graph
        .children(list)
        .iter()
        .filter(move |_| is_list)
        .map(|e| e.to)
        .filter(|to| matches!(graph.kinds.get(to.index()), Some(Kind::User { .. })))
}

/// Marks everything that the edges lead to, without entering what stands aside.
pub(crate) fn walk(
    graph: &ObjectGraph<'_>,
    starts: impl IntoIterator<Item = NodeId>,
    aside: &[Option<Aside>],
    leads_on: impl Fn(NodeId, &Edge<'_>) -> bool,
) -> Vec<bool> {
    let mut seen = vec![false; graph.len()];
    let mut open: Vec<NodeId> = starts.into_iter().collect();
    for start in &open {
        seen[start.index()] = true;
    }
    while let Some(node) = open.pop() {
        for edge in graph.children(node) {
            let at = edge.to.index();
            if !seen[at] && aside[at].is_none() && leads_on(node, edge) {
                seen[at] = true;
                open.push(edge.to);
            }
        }
    }
    seen
}

/// What lies below `starts`, without passing through the model itself: an optimizer may refer back
/// to the model's objects, and those are no state of its own.
fn walk_from_within(
    graph: &ObjectGraph<'_>,
    starts: impl Iterator<Item = NodeId>,
    of_the_model: &[bool],
    root: NodeId,
) -> Vec<NodeId> {
    let mut seen = HashSet::new();
    let mut open: Vec<NodeId> = starts.collect();
    let mut found = Vec::new();
    while let Some(node) = open.pop() {
        if node == root || of_the_model[node.index()] || !seen.insert(node) {
            continue;
        }
        found.push(node);
        open.extend(graph.children(node).iter().map(|e| e.to));
    }
    found
}

/// Pairs export copies with weights of the same name, dtype and shape, each weight once: a paired
/// copy is a duplicate, one without a partner is a weight that only the export list holds.
fn pair_copies(
    graph: &ObjectGraph<'_>,
    copied: &[NodeId],
    unmet: &[usize],
    variables: &mut [(NodeId, Role)],
) {
    let likeness = |id: NodeId| {
        graph.variable(id).map(|v| (v.name, v.dtype.map(DType::number), v.shape.to_string()))
    };
    let in_list: HashSet<NodeId> = copied.iter().copied().collect();
    let mut partners: HashMap<_, usize> = HashMap::new();
    for (id, role) in variables.iter() {
        // Seed generators are copied as well: their copies are duplicates of no weight.
        if matches!(role, Role::Weight | Role::Rng) && !in_list.contains(id) {
            *partners.entry(likeness(*id)).or_default() += 1;
        }
    }
    for at in unmet {
        let (id, role) = &mut variables[*at];
        if !in_list.contains(id) {
            continue;
        }
        let kept = match *role {
            Role::Unrestored => Role::Weight,
            role => role,
        };
        *role = match partners.get_mut(&likeness(*id)) {
            Some(left) if *left > 0 => {
                *left -= 1;
                Role::Duplicate
            }
            _ => kept,
        };
    }
    // A variable collection of the export's own leads to copies, too. What is left to pair then is
    // the weight that such a copy was made of.
    let unmet: HashSet<usize> = unmet.iter().copied().collect();
    for (at, (id, role)) in variables.iter_mut().enumerate() {
        if *role == Role::Weight
            && in_list.contains(id)
            && !unmet.contains(&at)
            && let Some(left) = partners.get_mut(&likeness(*id)).filter(|left| **left > 0)
        {
            *left -= 1;
            *role = Role::Duplicate;
        }
    }
}

/// What the root's own lists hold. A list of which every entry is aside says nothing.
fn read_lists(
    graph: &ObjectGraph<'_>,
    variables: &[(NodeId, Role)],
) -> (HashMap<NodeId, bool>, Vec<NodeId>) {
    let root = graph.root();
    let api = graph.child(root, "keras_api");
    let members = |holder: Option<NodeId>, name: &str| -> Vec<NodeId> {
        holder
            .and_then(|h| graph.child(h, name))
            .map(|list| {
                graph
                    .children(list)
                    .iter()
                    .map(|e| e.to)
                    .filter(|id| graph.variable(*id).is_some())
                    .collect()
            })
            .unwrap_or_default()
    };
    let all = members(Some(root), "variables");
    let trainable = members(Some(root), "trainable_variables");
    let frozen = members(api, "non_trainable_variables");
    let frozen3 = members(Some(root), "non_trainable_variables");
    let mut listed: HashMap<NodeId, bool> = HashMap::new();
    for id in all.iter().chain(&frozen).chain(&frozen3) {
        listed.insert(*id, false);
    }
    for id in &trainable {
        listed.insert(*id, true);
    }
    let metrics: HashSet<NodeId> =
        variables.iter().filter(|(_, r)| *r == Role::Metric).map(|(id, _)| *id).collect();
    let listed_metrics = all.into_iter().filter(|id| metrics.contains(id)).collect();
    (listed, listed_metrics)
}

#[cfg(test)]
mod tests;
