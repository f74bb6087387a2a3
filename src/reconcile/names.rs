//! Roles by the names of the checkpoint's object graph, where it calls variables otherwise than the
//! model's.
//!
//! A name is no identity: a Keras model that was loaded and saved again has the name that a variable
//! was made with in one graph, and the one that it got by loading in the other. But some roles are told
//! by a name, and a damaged or forged one must not turn a weight into something that is not counted.
//! The names in the checkpoint have a checksum, so the roles are told by them a second time.

use foldhash::HashMap;

use super::fact::ObjectGraphDifference;
use crate::evidence::object_graph::{self, ObjectGraphFacts};
use crate::evidence::roles::{Claim, special_role};
use crate::model::Role;
use crate::saved_model::{DeclaredShape, NodeId, ObjectGraph, SavedVariable};

/// The variables that have another role by these names of the checkpoint than by their own.
pub(crate) fn roles_of_names(
    objects: &ObjectGraph<'_>,
    facts: &ObjectGraphFacts,
    stored_names: &[(NodeId, &str)],
) -> Vec<ObjectGraphDifference> {
    if stored_names.is_empty() {
        return Vec::new();
    }
    let mut renamed = objects.clone();
    for (id, name) in stored_names {
        renamed.rename(*id, name);
    }
    let by_stored: HashMap<NodeId, Role> =
        object_graph::read(&renamed).variables.into_iter().collect();
    let mut differences = Vec::new();
    for (id, role) in &facts.variables {
        let (Some(variable), Some(other)) = (objects.variable(*id), renamed.variable(*id)) else {
            continue;
        };
        let claim = facts.lists.says(*id).map_or(Claim::None, Claim::of_list);
        let declared = open_role(variable, claim).unwrap_or(*role);
        let stored = open_role(other, claim).or(by_stored.get(id).copied()).unwrap_or(*role);
        if stored != declared {
            let variable = variable.name.to_owned();
            differences.push(ObjectGraphDifference::RoleOfName { variable, declared, stored });
        }
    }
    differences
}

/// The role by name that the checkpoint's shape may still decide on, where none is declared: that of a
/// scalar.
fn open_role(variable: &SavedVariable<'_>, claim: Claim) -> Option<Role> {
    let scalar = DeclaredShape::Dims(Vec::new());
    let is_open = variable.shape.known().is_none();
    is_open.then(|| special_role(variable.name, variable.dtype, &scalar, claim)).flatten()
}
