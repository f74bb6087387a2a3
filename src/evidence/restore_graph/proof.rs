//! Whether a restore proves what the model's own load ends with.
//!
//! A session over the variables restores tensors by itself and runs no node of the model. That shows what
//! a load of the model would hold only where the graph leaves no other end: the restore reads the model's
//! own checkpoint, its output reaches the variable through an `Identity` at most, no condition decides
//! about it, and nothing else writes the variable, in the restore or in the init op after it.

use super::doubt::Doubt;
use super::follow::RestoreGraph;
use super::variable_op::resource_name;
use super::writes::Writes;
use crate::saved_model::Graph;

/// Settles the doubts that only the whole of a load shows: what the restore op writes, and the init op.
pub(super) fn settle(
    graph: &Graph<'_>,
    restore: &Writes<'_>,
    init: &Writes<'_>,
    out: &mut RestoreGraph<'_>,
) {
    for restored in &mut out.restored {
        let Some(resource) = restored.variable.and_then(|op| resource_name(graph, op)) else {
            continue;
        };
        let found = if restore.has_conditions {
            Some(Doubt::Conditional)
        } else if restore.times(resource) != 1 || init.times(resource) > 0 {
            Some(Doubt::WrittenAgain)
        } else {
            None
        };
        restored.doubt = restored.doubt.or(found);
    }
}
