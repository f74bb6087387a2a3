//! What Keras itself adds up for the total that `model.summary()` prints: not always the weights.

use super::excluded::Excluded;
use super::{keras_3, lists};
use crate::saved_model::{NodeId, ObjectGraph, PerObject};

/// Whose elements Keras adds up.
/// Source: tf_keras/src/utils/layer_utils.py (2.21) and keras/src/utils/summary_utils.py (3.0 to 3.15),
/// `count_params` and `print_summary`.
#[derive(Debug)]
pub(crate) enum Printed {
    /// The root is no model of Keras, or the file does not say.
    Unknown,
    /// Keras 2: what the root's list holds, whatever it is, and nothing else.
    Listed(Vec<NodeId>),
    /// Keras 3: the weights and these variables, of the optimizer that the root was trained with.
    WeightsAnd(Vec<NodeId>),
}

pub(super) fn read(graph: &ObjectGraph<'_>, excluded: &PerObject<Option<Excluded>>) -> Printed {
    let root = graph.root();
    if graph.is_keras(root) {
        return match lists::members(graph, root, "variables") {
            list if list.is_empty() => Printed::Unknown,
            list => Printed::Listed(list),
        };
    }
    let optimizer = graph.child(root, "optimizer").filter(|_| keras_3::is_operation(graph, root));
    let optimizer = optimizer.filter(|id| excluded.get(*id) == Some(Excluded::Optimizer));
    let Some(optimizer) = optimizer else { return Printed::Unknown };
    // Before it is built an optimizer has variables too, and Keras leaves them out.
    if lists::members(graph, optimizer, "_trainable_variables").is_empty() {
        return Printed::Unknown;
    }
    let mut variables = lists::members(graph, optimizer, "_variables");
    if let Some(inner) = graph.child(optimizer, "inner_optimizer") {
        variables.extend(lists::members(graph, inner, "_variables"));
    }
    Printed::WeightsAnd(variables)
}
