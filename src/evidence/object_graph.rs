//! The object graph as a witness: which of its variables are weights, what the others are, and
//! what the model's own lists say.
//!
//! Every walk visits an object once, whatever the number of paths to it.

use std::collections::{HashMap, HashSet};

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
        if OPTIMIZER_IDENTIFIERS.contains(&identifier) || (has_variables && has_state) {
            aside[id.index()] = Some(Aside::Optimizer);
        } else if identifier == "_tf_keras_metric" {
            aside[id.index()] = Some(Aside::Metric);
        } else if has_generator_state {
            aside[id.index()] = Some(Aside::Generator);
        }
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
        if *role == Role::Weight && in_list.contains(id) && !unmet.contains(&at) {
            if let Some(left) = partners.get_mut(&likeness(*id)).filter(|left| **left > 0) {
                *left -= 1;
                *role = Role::Duplicate;
            }
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
mod tests {
    use super::*;
    use crate::saved_model::testing::{object, variable, ObjectGraphBytes};

    fn roles(objects: ObjectGraphBytes) -> Vec<(String, Role)> {
        let graph = objects.decode();
        let facts = read(&graph);
        facts
            .variables
            .iter()
            .map(|(id, role)| (graph.variable(*id).unwrap().name.to_owned(), *role))
            .collect()
    }

    fn is(name: &str, role: Role) -> (String, Role) {
        (name.to_owned(), role)
    }

    #[test]
    fn counts_what_attributes_lead_to_once() {
        let got = roles(ObjectGraphBytes::new(vec![
            object("_generic_user_object", &[("a", 1), ("again", 1), ("child", 2)]),
            variable("w", &[3], true),
            object("_generic_user_object", &[("a", 1), ("parent", 0)]),
        ]));
        assert_eq!(got, [is("w", Role::Weight)]);
    }

    #[test]
    fn sets_optimizer_metric_and_generator_state_aside() {
        let got = roles(ObjectGraphBytes::new(vec![
            object("_tf_keras_model", &[("w", 1), ("optimizer", 2), ("m", 4), ("g", 6)]),
            variable("w", &[3], true),
            // A new optimizer is told by its children; it refers back to the weight.
            object("any", &[("_variables", 8), ("_iterations", 3), ("w", 1)]),
            variable("iteration", &[], false),
            object("_tf_keras_metric", &[("total", 5)]),
            variable("total", &[], false),
            object("_generic_user_object", &[("_state_var", 7)]),
            variable("state", &[3], false),
            object("trackable_list_wrapper", &[("0", 3), ("1", 9)]),
            variable("m/w", &[3], false),
        ]));
        assert_eq!(
            got,
            [
                is("w", Role::Weight),
                is("iteration", Role::Optimizer),
                is("total", Role::Metric),
                is("state", Role::Rng),
                is("m/w", Role::Optimizer),
            ]
        );
    }

    #[test]
    fn the_states_of_a_recurrent_layer_are_no_weights() {
        let got = roles(ObjectGraphBytes::new(vec![
            object("_tf_keras_rnn_layer", &[("cell", 1), ("keras_api", 3)]),
            object("_tf_keras_layer", &[("kernel", 2)]),
            variable("kernel", &[3, 20], true),
            object("_generic_user_object", &[("states", 4)]),
            object("trackable_list_wrapper", &[("0", 5)]),
            variable("Variable", &[2, 5], true),
        ]));
        assert_eq!(got, [is("kernel", Role::Weight), is("Variable", Role::Metric)]);
    }

    #[test]
    fn a_collection_of_an_exports_own_holds_copies_where_the_weights_are_elsewhere() {
        let with = |all: &[(&str, u64)]| {
            roles(ObjectGraphBytes::new(vec![
                object("any", &[("variables", 1), ("head", 2), ("_all_variables", 3)]),
                object("trackable_list_wrapper", &[("0", 4), ("1", 5)]),
                object("trackable_list_wrapper", &[("0", 6)]),
                object("trackable_list_wrapper", all),
                variable("kernel", &[3], true),
                variable("head", &[5], true),
                variable("head", &[5], true),
                variable("kernel", &[3], true),
            ]))
        };
        let roles_of =
            |got: Vec<(String, Role)>| got.into_iter().map(|(_, r)| r).collect::<Vec<_>>();
        use Role::{Duplicate, Weight};
        // The export's own list has copies of both, one of them through the collection.
        let got = with(&[("0", 7), ("1", 6)]);
        assert_eq!(roles_of(got), [Weight, Weight, Duplicate, Duplicate]);
        // The collection holds a weight that the export has a copy of: nothing is left to pair it.
        let got = with(&[("0", 4), ("1", 5), ("2", 6)]);
        assert_eq!(roles_of(got)[..3], [Weight, Weight, Weight]);
    }

    #[test]
    fn a_layer_of_keras_3_is_told_by_the_lists_of_its_nodes() {
        let layer = |edges: &[(&str, u64)]| {
            let graph = ObjectGraphBytes::new(vec![
                object("_generic_user_object", edges),
                object("trackable_list_wrapper", &[]),
                variable("kernel", &[3], true),
            ]);
            read(&graph.decode()).has_keras_3_layers
        };
        let nodes = [("_inbound_nodes", 1), ("_outbound_nodes", 1), ("kernel", 2)];
        assert!(layer(&nodes));
        assert!(!layer(&nodes[..2]));
        assert!(!layer(&nodes[1..]));
    }

    #[test]
    fn what_only_a_flat_list_holds_is_a_weight_unless_an_optimizer_has_it() {
        let got = roles(ObjectGraphBytes::new(vec![
            object("_tf_keras_layer", &[("variables", 1), ("keras_api", 2), ("opt", 4)]),
            object("trackable_list_wrapper", &[("0", 3), ("1", 5)]),
            object("_generic_user_object", &[]),
            variable("only/listed", &[2], true),
            object("optimizer", &[("iter", 5)]),
            variable("iter", &[], false),
        ]));
        assert_eq!(got, [is("only/listed", Role::Weight), is("iter", Role::Optimizer)]);
    }

    #[test]
    fn pairs_each_export_copy_with_one_weight() {
        let got = roles(ObjectGraphBytes::new(vec![
            object("_generic_user_object", &[("variables", 1), ("_all_variables", 2)]),
            object("trackable_list_wrapper", &[("0", 3), ("1", 4)]),
            object("trackable_list_wrapper", &[("0", 5), ("1", 6), ("2", 7), ("3", 8)]),
            variable("d/kernel", &[2, 2], true),
            variable("s/seed_generator_state", &[2], false),
            variable("d/kernel", &[2, 2], true),
            variable("s/seed_generator_state", &[2], false),
            // Same name and shape, but no second weight to be a copy of.
            variable("d/kernel", &[2, 2], true),
            variable("other", &[5], true),
        ]));
        assert_eq!(
            got,
            [
                is("d/kernel", Role::Weight),
                is("s/seed_generator_state", Role::Rng),
                is("d/kernel", Role::Duplicate),
                is("s/seed_generator_state", Role::Duplicate),
                is("d/kernel", Role::Weight),
                is("other", Role::Weight),
            ]
        );
    }

    #[test]
    fn reads_counters_only_where_they_are_scalar_integers() {
        let got = roles(ObjectGraphBytes::new(vec![
            object("x", &[("a", 1), ("b", 2), ("c", 3)]),
            variable("save_counter", &[], false).integer(),
            variable("global_step", &[4], false).integer(),
            variable("train/global_step", &[], false),
        ]));
        assert_eq!(
            got,
            [
                is("save_counter", Role::Counter),
                is("global_step", Role::Weight),
                is("train/global_step", Role::Weight),
            ]
        );
    }

    #[test]
    fn lists_speak_for_what_they_hold() {
        let graph_bytes = ObjectGraphBytes::new(vec![
            object(
                "_tf_keras_model",
                &[("variables", 1), ("trainable_variables", 2), ("a", 3), ("b", 4), ("c", 5)],
            ),
            object("trackable_list_wrapper", &[("0", 3), ("1", 4)]),
            object("trackable_list_wrapper", &[("0", 3)]),
            variable("a", &[1], true),
            variable("b", &[1], true),
            variable("c", &[1], true),
        ]);
        let graph = graph_bytes.decode();
        let facts = read(&graph);
        assert_eq!(facts.listed.get(&NodeId(3)), Some(&true));
        assert_eq!(facts.listed.get(&NodeId(4)), Some(&false));
        assert_eq!(facts.listed.get(&NodeId(5)), None);
    }

    #[test]
    fn tells_keras_3_by_what_its_operations_or_its_exports_hold() {
        let is_keras_3 = |identifier: &str, edges: &[&str]| {
            let edges: Vec<(&str, u64)> = edges.iter().map(|name| (*name, 1)).collect();
            let objects = vec![object(identifier, &edges), object("trackable_list_wrapper", &[])];
            read(&ObjectGraphBytes::new(objects).decode()).is_keras_3
        };
        assert!(is_keras_3("_generic_user_object", &["_inbound_nodes", "_outbound_nodes"]));
        assert!(is_keras_3("_generic_user_object", &["_all_variables"]));
        assert!(!is_keras_3("_generic_user_object", &["_inbound_nodes"]));
        assert!(!is_keras_3("_tf_keras_layer", &["_inbound_nodes", "_outbound_nodes"]));
    }

    #[test]
    fn two_to_the_sixtieth_paths_are_walked_once() {
        let mut objects: Vec<_> = (1..=60)
            .map(|next| object("_generic_user_object", &[("l", next), ("r", next)]))
            .collect();
        objects.push(variable("deep", &[7], true));
        assert_eq!(roles(ObjectGraphBytes::new(objects)), [is("deep", Role::Weight)]);
    }
}
