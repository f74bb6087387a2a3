//! Which objects hold state that is not the model's: optimizers, metrics, random generators.

use foldhash::HashSet;

use super::edges::is_wrapper;
use super::keras_3;
use super::slot_lists::{is_loss_scale, slot_lists};
use crate::model::{DType, Role};
use crate::saved_model::{Kind, NodeId, ObjectGraph, PerObject};

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

/// Why an object is excluded from the walk over weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Excluded {
    /// An optimizer.
    Optimizer,
    /// A metric.
    Metric,
    /// The state that a recurrent layer carries from batch to batch.
    State,
    /// A random generator.
    Generator,
}

impl Excluded {
    /// The reasons, in the order in which they claim a variable that lies below several.
    pub(super) const ALL: [Excluded; 4] =
        [Excluded::Optimizer, Excluded::Metric, Excluded::State, Excluded::Generator];

    /// The role of the variables below such an object.
    pub(super) fn role(self) -> Role {
        match self {
            Excluded::Optimizer => Role::Optimizer,
            Excluded::Metric => Role::Metric,
            Excluded::State => Role::State,
            Excluded::Generator => Role::Rng,
        }
    }
}

/// Per object of the graph: why it is excluded; `None` for the model's own objects.
pub(super) fn find_excluded(graph: &ObjectGraph<'_>) -> PerObject<Option<Excluded>> {
    let mut excluded = PerObject::new(graph);
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
                    if is_recurrent(graph, id, &keras_apis)
                        && is_wrapper(graph.identifier(edge.to)) =>
                {
                    mark(&mut excluded, edge.to, Excluded::State);
                }
                "metrics" | "_metrics" => {
                    for entry in list_entries(graph, edge.to) {
                        mark(&mut excluded, entry, Excluded::Metric);
                    }
                }
                _ => {}
            }
        }
        if has_variables {
            for slot in embedding_slots(graph, id) {
                excluded.set(slot, Some(Excluded::Optimizer));
            }
        }
        if OPTIMIZER_IDENTIFIERS.contains(&identifier)
            || (has_variables && has_state)
            || is_optimizer_list(graph, id)
            || is_loss_scale(graph, id)
        {
            excluded.set(id, Some(Excluded::Optimizer));
        } else if identifier == "_tf_keras_metric" {
            excluded.set(id, Some(Excluded::Metric));
        } else if has_generator_state {
            excluded.set(id, Some(Excluded::Generator));
        }
    }
    // Whatever keeps slots for variables is an optimizer, such as one of TensorFlow 1 in a module.
    let holders = graph.slot_variables().iter().map(|(holder, _)| *holder);
    for object in holders.chain(slot_lists(graph)) {
        excluded.set(object, Some(Excluded::Optimizer));
    }
    excluded.set(graph.root(), None);
    excluded
}

/// Excludes an object, unless it is excluded for another reason already.
fn mark(excluded: &mut PerObject<Option<Excluded>>, object: NodeId, reason: Excluded) {
    excluded.set(object, excluded.get(object).or(Some(reason)));
}

/// True for a recurrent layer, of Keras 2 or of Keras 3.
fn is_recurrent(graph: &ObjectGraph<'_>, id: NodeId, keras_apis: &HashSet<NodeId>) -> bool {
    graph.identifier(id) == RNN_IDENTIFIER
        || keras_apis.contains(&id)
        || (keras_3::is_operation(graph, id) && graph.child(id, "cell").is_some())
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

/// The optimizer state of a `TPUEmbedding`, which keeps a dict for each of its tables: `parameters`, and
/// beside it the slots that the table's optimizer has asked for. It is known by its two configurations.
/// Source: tensorflow/python/tpu/tpu_embedding_base.py and tpu_embedding_for_serving.py (TensorFlow
/// 2.21).
fn embedding_slots(graph: &ObjectGraph<'_>, embedding: NodeId) -> Vec<NodeId> {
    let held = |name| graph.child(embedding, name);
    let (Some(tables), Some(_), Some(_)) =
        (held("_variables"), held("_table_config"), held("_feature_config"))
    else {
        return Vec::new();
    };
    let mut slots = Vec::new();
    for table in graph.children(tables) {
        let weight = graph.child(table.to, "parameters");
        let Some(weight) = weight.and_then(|weight| graph.variable(weight)) else { continue };
        for beside in graph.children(table.to).iter().filter(|edge| edge.name != "parameters") {
            // A slot has the shape of its table.
            let is_slot = graph.variable(beside.to).is_some_and(|slot| slot.shape == weight.shape);
            if is_slot {
                slots.push(beside.to);
            }
        }
    }
    slots
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
