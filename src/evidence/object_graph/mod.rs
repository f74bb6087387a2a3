//! The object graph as a witness: which of its variables are weights, what the others are, and
//! what the model's own lists say.
//!
//! - `excluded`: which objects hold state that is not the model's (optimizers, metrics, generators);
//! - `slot_lists`: optimizer state below no optimizer;
//! - `walk`: what attributes lead to, each object once;
//! - `export_copies`: the second copies of weights in a Keras 3 export;
//! - `lists`: the lists of variables that the root or Keras objects below it have;
//! - `keras_3`: layers of Keras 3, which are told by what they hold;
//! - `printed`: what Keras itself adds up for a total;
//! - `edges`: flat lists and wrappers of Python containers.

mod edges;
mod excluded;
mod export_copies;
mod keras_3;
mod lists;
mod printed;
mod slot_lists;
#[cfg(test)]
mod tests;
mod walk;

use foldhash::{HashMap, HashMapExt};

use super::roles::{Claim, special_role};
use crate::model::Role;
use crate::saved_model::{Edge, NodeId, ObjectGraph, PerObject};
pub(crate) use edges::{is_flat_edge, is_wrapper};
pub(crate) use excluded::Excluded;
pub(crate) use lists::Lists;
pub(crate) use printed::Printed;
pub(crate) use walk::walk;

/// What the object graph says of its variables.
#[derive(Debug)]
pub(crate) struct ObjectGraphFacts {
    /// Per object: set where its state is not the model's.
    pub excluded: PerObject<Option<Excluded>>,
    /// Every variable with its role, in the order of the graph.
    pub variables: Vec<(NodeId, Role)>,
    /// What the model's own lists say.
    pub lists: Lists,
    /// What Keras itself adds up for the total that it prints.
    pub printed: Printed,
    /// True where the root is a Keras 3 model or export. Neither names its layers in the file.
    pub is_keras_3: bool,
    /// Per object: true where a layer around it may have been frozen without a trace, unless a list
    /// speaks for it: below a layer of Keras 3, and everywhere in an export of Keras 3.
    pub may_be_frozen: PerObject<bool>,
}

/// Reads the roles of all variables.
pub(crate) fn read(graph: &ObjectGraph<'_>) -> ObjectGraphFacts {
    let root = graph.root();
    let excluded = excluded::find_excluded(graph);
    let copies = export_copies::list(graph);
    let copied: Vec<NodeId> =
        copies.map(|list| graph.children(list).iter().map(|e| e.to).collect()).unwrap_or_default();
    let lists = Lists::read(graph, &excluded);
    let (mut variables, unreached) = roles_by_reach(graph, &excluded, &lists);
    export_copies::pair(graph, &copied, &unreached, &mut variables);
    let printed = printed::read(graph, &excluded);
    let mut may_be_frozen = below_keras_3_layers(graph, &excluded);
    if copies.is_some() {
        // The layers that an export was made of are not in the file.
        variables.iter().for_each(|(id, _)| {
            may_be_frozen.set(*id, true);
        });
    }
    ObjectGraphFacts {
        excluded,
        variables,
        lists,
        printed,
        is_keras_3: copies.is_some() || keras_3::is_operation(graph, root),
        may_be_frozen,
    }
}

/// The role of every variable by the edges that lead to it, and the positions of the variables that
/// no edge reaches except the list of export copies.
///
/// The order of the questions decides. An attribute of the model comes first: an optimizer lists the
/// weights that it updates, too, and they stay weights. The optimizer, metric or generator above a
/// variable comes before Keras' flat lists, because those lists repeat metrics and seeds.
fn roles_by_reach(
    graph: &ObjectGraph<'_>,
    excluded: &PerObject<Option<Excluded>>,
    lists: &Lists,
) -> (Vec<(NodeId, Role)>, Vec<usize>) {
    let root = graph.root();
    let leads_on =
        |holder: NodeId, edge: &Edge<'_>| !export_copies::is_list_edge(graph, holder, edge);
    let by_attribute = walk(graph, [root], excluded, |holder, edge| {
        leads_on(holder, edge) && !is_flat_edge(graph, holder, edge)
    });
    let by_any_edge = walk(graph, [root], excluded, leads_on);
    let below = roles_below_excluded(graph, excluded, &by_attribute);
    let mut variables = Vec::new();
    let mut unreached = Vec::new();
    for id in graph.ids() {
        let Some(variable) = graph.variable(id) else { continue };
        let role = if by_attribute.get(id) {
            Some(Role::Weight)
        } else if let Some(role) = below.get(&id) {
            Some(*role)
        } else if by_any_edge.get(id) {
            Some(Role::Weight)
        } else {
            unreached.push(variables.len());
            None
        };
        let claim = lists.says(id).map_or(Claim::None, Claim::of_list);
        let role = special_role(variable.name, variable.dtype, &variable.shape, claim).or(role);
        variables.push((id, role.unwrap_or(Role::Unrestored)));
    }
    (variables, unreached)
}

/// The roles of objects below optimizers, metrics and generators, and of slot variables.
fn roles_below_excluded(
    graph: &ObjectGraph<'_>,
    excluded: &PerObject<Option<Excluded>>,
    of_the_model: &PerObject<bool>,
) -> HashMap<NodeId, Role> {
    let mut below: HashMap<NodeId, Role> = HashMap::new();
    for reason in Excluded::ALL {
        let starts = graph.ids().filter(|id| excluded.get(*id) == Some(reason));
        for node in walk::walk_below(graph, starts, of_the_model, graph.root()) {
            below.entry(node).or_insert(reason.role());
        }
    }
    for (_, slot) in graph.slot_variables() {
        below.entry(slot.slot).or_insert(Role::Optimizer);
    }
    below
}

/// What layers and models of Keras 3 hold.
fn below_keras_3_layers(
    graph: &ObjectGraph<'_>,
    excluded: &PerObject<Option<Excluded>>,
) -> PerObject<bool> {
    let layers = graph.ids().filter(|id| keras_3::is_operation(graph, *id));
    walk(graph, layers, excluded, |holder, edge| !is_flat_edge(graph, holder, edge))
}
