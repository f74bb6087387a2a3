//! Roles that a variable shows by itself, whatever holds it. Both kinds of declaration use them.

use crate::model::{DType, Role};
use crate::saved_model::DeclaredShape;

/// Roles that a variable has whatever holds it: strings, seed generators, counters.
pub(crate) fn special_role(
    name: &str,
    dtype: Option<DType>,
    shape: &DeclaredShape,
) -> Option<Role> {
    let last = name.rsplit('/').next().unwrap_or(name);
    let scalar_integer =
        || dtype.is_some_and(DType::is_integer) && shape.known().is_some_and(|s| s.0.is_empty());
    if dtype.is_some_and(|d| !d.is_numeric()) {
        Some(Role::String)
    } else if name.ends_with("seed_generator_state") {
        Some(Role::Rng)
    } else if matches!(last, "save_counter" | "global_step") && scalar_integer() {
        Some(Role::Counter)
    } else {
        None
    }
}
