//! Which weights a session over the variables cannot confirm, because the graph does not prove that the
//! model's own load ends with what the checkpoint stores.

use super::inventory::Settled;
use super::session_fact::Unproven;
use crate::evidence::restore_graph::RestoreGraph;

/// Why a restore of ours does not show what a load of the model holds of this weight; `None` where it does.
///
/// A model without a saver (a TF1 Hub module) has no load of its own: whoever uses it restores the
/// variables by their names, as we do.
pub(crate) fn unproven(item: &Settled, restore: &RestoreGraph<'_>) -> Option<Unproven> {
    if item.filled_by_init {
        Some(Unproven::FilledByInit)
    } else if restore.restored.is_empty() {
        None
    } else if item.parts.is_empty() {
        Some(Unproven::NotRestored)
    } else {
        item.parts.iter().find_map(|part| part.doubt).map(Unproven::Doubt)
    }
}
