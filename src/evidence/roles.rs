//! Roles that a variable shows by itself, whatever holds it. Both kinds of declaration use them.

use crate::model::{DType, Role};
use crate::saved_model::DeclaredShape;

/// The names of the two variables of a dynamic loss scale, which is an optimizer's.
/// Source: tensorflow/python/training/experimental/loss_scale.py (1.15 to 2.15), `DynamicLossScale`.
pub(super) const LOSS_SCALE: [&str; 2] = ["current_loss_scale", "good_steps"];

/// What a list says of a variable that has the name of something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// Nothing.
    None,
    /// It is a variable of a model or layer.
    Listed,
    /// It is one that training updates.
    Trainable,
}

impl Claim {
    /// The claim of a list that holds the variable, among the trainable ones or not.
    pub fn of_list(trainable: bool) -> Claim {
        if trainable { Claim::Trainable } else { Claim::Listed }
    }
}

/// Roles that a variable shows by itself: strings, seed generators, counters. The last two are told
/// by a name, which gives way to a list: what is trained is a weight, and a model lists its seeds
/// among its variables, but no counter of steps.
pub(crate) fn special_role(
    name: &str,
    dtype: Option<DType>,
    shape: &DeclaredShape,
    claim: Claim,
) -> Option<Role> {
    let last = name.rsplit('/').next().unwrap_or(name);
    let scalar_integer =
        || dtype.is_some_and(DType::is_integer) && shape.known().is_some_and(|s| s.0.is_empty());
    if dtype.is_some_and(|d| !d.is_numeric()) {
        Some(Role::String)
    } else if claim == Claim::Trainable {
        None
    } else if name.ends_with("seed_generator_state") {
        Some(Role::Rng)
    } else if matches!(last, "save_counter" | "global_step")
        && scalar_integer()
        && claim == Claim::None
    {
        Some(Role::Counter)
    } else {
        None
    }
}
