//! What the root's own lists of variables say: which variables they hold, and which of them are
//! trainable.

use foldhash::{HashMap, HashMapExt, HashSet};

use crate::model::Role;
use crate::saved_model::{NodeId, ObjectGraph};

/// What the root's own lists hold. A list whose every entry is excluded says nothing.
pub(super) fn read(
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
