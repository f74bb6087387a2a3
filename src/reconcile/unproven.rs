//! Which weights a session over the variables cannot confirm, because the graph does not prove that the
//! model's own load ends with what the checkpoint stores.

use super::inventory::Settled;
use super::session_fact::Unproven;
use crate::evidence::restore_graph::RestoreGraph;
use crate::limits::MAX_CONSTANT_BYTES;
use crate::model::DType;

/// Why a restore of ours does not show what a load of the model holds of this weight; `None` where it does.
///
/// A model without a saver (a TF1 Hub module) has no load of its own: whoever uses it restores the
/// variables by their names, as we do.
pub(crate) fn unproven(item: &Settled, restore: &RestoreGraph<'_>) -> Option<Unproven> {
    if item.filled_by_init {
        // A constant is data, which a session can be given as it stands.
        constant_of(item, restore).is_none().then_some(Unproven::FilledByInit)
    } else if restore.restored.is_empty() {
        None
    } else if item.parts.is_empty() {
        Some(Unproven::NotRestored)
    } else {
        item.parts.iter().find_map(|part| part.doubt).map(Unproven::Doubt)
    }
}

/// The constant that the init op fills this weight with, where it is one that a session can be given:
/// its dtype, and the `AttrValue` that states it.
pub(crate) fn constant_of(item: &Settled, restore: &RestoreGraph<'_>) -> Option<(DType, Vec<u8>)> {
    let [part] = item.parts.as_slice() else { return None };
    let constant = restore.init_constants.get(&part.op?).filter(|_| item.filled_by_init)?;
    let dtype = constant.dtype?;
    let bytes = constant.shape.known()?.elements()?.checked_mul(dtype.byte_width()?)?;
    // A large one is not copied to be measured.
    if bytes.max(constant.written_bytes()) > MAX_CONSTANT_BYTES {
        return None;
    }
    let attr = constant.to_attr();
    (attr.len() as u64 <= MAX_CONSTANT_BYTES).then_some((dtype, attr))
}
