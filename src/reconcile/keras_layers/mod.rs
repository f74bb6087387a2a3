//! The variables that a layer's configuration leads to, held against those that the model has.
//!
//! Input: what Keras' metadata or a `.keras` configuration says of each layer, and the inventory with
//! the best known shapes. Output: how many layers could be derived, and a fact for each variable that
//! differs. The metadata's layers are objects, and their variables are found by attributes
//! (`by_object`); those of a configuration have names only (`by_name`).
//!
//! A layer counts as derived where every variable that its class and options lead to was found, with
//! every dimension that is known, and no other variable hangs at it. A dimension that the shape of its
//! input decides is any where nobody tells that shape. Layers without weights count as derived. Models
//! and metrics are no layers. Where anything is unclear, a layer is not derived and says nothing.

mod by_name;
mod by_object;
mod judge;
mod layer_check;
#[cfg(test)]
mod tests;

use super::inventory::{Confirmed, Inventory};
use crate::evidence::files::FileEvidence;
pub(crate) use layer_check::LayerCheck;

/// Holds every layer that Keras describes against its variables.
pub(crate) fn check_layers(
    files: &FileEvidence<'_>,
    inventory: &Inventory<Confirmed>,
) -> LayerCheck {
    match (&files.objects, &files.keras_config) {
        (Some((objects, _)), _) if !files.keras.layers.is_empty() => {
            by_object::check(objects, &files.keras, inventory)
        }
        (_, Some(config)) => by_name::check(config, inventory),
        _ => LayerCheck::default(),
    }
}
