//! The second copies of weights that a Keras 3 export stores.
//!
//! `model.export()` writes every variable twice: under the attribute that holds it, and as an
//! independent variable in the root's list `_all_variables`. No edge, key or function connects a copy
//! with its original, so they are paired by what they share: name, dtype and shape. This is one of
//! the few places where a name tells identity; pairing as a multiset, each weight once, keeps two
//! layers of equal names apart.

use foldhash::{HashMap, HashMapExt, HashSet};

use crate::model::{DType, Role};
use crate::saved_model::{Edge, NodeId, ObjectGraph};

/// The list in which a Keras 3 export keeps second copies of its weights.
/// Source: keras/src/export/saved_model.py (Keras 3), `_all_variables`.
const EXPORT_COPIES_EDGE: &str = "_all_variables";

/// The root's list of copies; `None` where the model is no Keras 3 export.
pub(super) fn list(graph: &ObjectGraph<'_>) -> Option<NodeId> {
    graph.child(graph.root(), EXPORT_COPIES_EDGE)
}

/// True for the root's edge to the list of copies.
pub(super) fn is_list_edge(graph: &ObjectGraph<'_>, holder: NodeId, edge: &Edge<'_>) -> bool {
    holder == graph.root() && edge.name == EXPORT_COPIES_EDGE
}

/// Pairs copies with weights of the same name, dtype and shape, each weight once: a paired
/// copy is a duplicate, one without a partner is a weight that only the export list holds. `unreached`
/// are the positions of those that no other object holds.
pub(super) fn pair(
    graph: &ObjectGraph<'_>,
    copied: &[NodeId],
    unreached: &[usize],
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
    for at in unreached {
        let Some((id, role)) = variables.get_mut(*at) else { continue };
        if !in_list.contains(id) {
            continue;
        }
        let kept = match *role {
            Role::Unrestored if is_rnn_state(graph, *id) => Role::State,
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
    let unreached: HashSet<usize> = unreached.iter().copied().collect();
    for (at, (id, role)) in variables.iter_mut().enumerate() {
        if *role == Role::Weight
            && in_list.contains(id)
            && !unreached.contains(&at)
            && let Some(left) = partners.get_mut(&likeness(*id)).filter(|left| **left > 0)
        {
            *left -= 1;
            *role = Role::Duplicate;
        }
    }
}

/// True for the state of a stateful recurrent layer: Keras counts it among no layer's variables, so that
/// the export's own list is all that holds it, and only its name tells what it is.
/// Source: keras/src/layers/rnn/rnn.py (Keras 3), `RNN._create_state_variables`.
fn is_rnn_state(graph: &ObjectGraph<'_>, id: NodeId) -> bool {
    graph
        .variable(id)
        .is_some_and(|v| !v.trainable && v.name.rsplit('/').next() == Some("rnn_state"))
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;
    use crate::testkit::saved_model::{ObjectGraphBytes, object, variable};

    #[test]
    fn an_export_alone_holds_the_states_of_recurrent_layers() {
        let written = ObjectGraphBytes::new(vec![
            object("_generic_user_object", &[("variables", 1), ("_all_variables", 2)]),
            object("trackable_list_wrapper", &[("0", 3)]),
            object("trackable_list_wrapper", &[("0", 4), ("1", 5), ("2", 6)]),
            variable("lstm/kernel", &[3, 20], true),
            variable("lstm/kernel", &[3, 20], true),
            variable("lstm/rnn_state", &[2, 5], false),
            variable("other", &[9], false),
        ]);
        let variables = read(&written.decode()).variables;
        let roles: Vec<Role> = variables.into_iter().map(|(_, role)| role).collect();
        assert_eq!(roles, [Role::Weight, Role::Duplicate, Role::State, Role::Weight]);
    }
}
