//! One layer: what is expected, and what is there.

use foldhash::{HashSet, HashSetExt};

use crate::evidence::keras::{ExpectedVariable, Presence};
use crate::model::Shape;
use crate::reconcile::layer_difference::LayerMismatch;

/// What stands where a variable is expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// A variable: its shape and its own flag.
    Variable(Shape, Option<bool>),
    /// Nothing, at an object that is there.
    Nothing,
    /// Something else, or what should hold it is not there.
    Unclear,
}

/// What is known of a layer beside its variables.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Circumstances {
    /// True where the layer holds variables that its class does not know.
    pub has_others: bool,
    /// True where a variable that is missing may have been replaced by something else.
    pub may_be_wrapped: bool,
    /// True where a variable of a trainable layer may have the flag of a frozen one.
    pub flags_follow_layer: bool,
}

/// An expected variable and what stands in its place.
pub(super) type Pair<'l> = (&'l ExpectedVariable, Seen);

/// Whether the layer is derived, and the variables in which it differs.
pub(super) fn judge<'l>(
    layer: Circumstances,
    pairs: &[Pair<'l>],
) -> (bool, Vec<(&'l ExpectedVariable, LayerMismatch)>) {
    let is_unclear = |(expected, seen): &Pair<'_>| {
        *seen == Seen::Unclear && expected.presence != Presence::Never
    };
    if pairs.iter().any(is_unclear) || !is_what_it_says(pairs) {
        return (false, Vec::new());
    }
    let mut differences = Vec::new();
    let mut is_derived = !layer.has_others;
    for (expected, seen) in pairs {
        let Some(mismatch) = mismatch(expected, seen, layer.flags_follow_layer) else { continue };
        if layer.may_be_wrapped && matches!(mismatch, LayerMismatch::Missing(_)) {
            is_derived = false;
        } else {
            differences.push((*expected, mismatch));
        }
    }
    (is_derived, differences)
}

/// True where each object that should hold variables holds one of them. An object with none of them
/// is not built, or its class is another one of the same name.
fn is_what_it_says(pairs: &[Pair<'_>]) -> bool {
    let mut held = HashSet::new();
    let wanted = pairs.iter().filter(|(expected, _)| expected.presence == Presence::Always);
    for (expected, seen) in wanted.clone() {
        if matches!(seen, Seen::Variable(..)) {
            held.insert(&expected.holders);
        }
    }
    wanted.into_iter().all(|(expected, _)| held.contains(&expected.holders))
}

fn mismatch(
    expected: &ExpectedVariable,
    seen: &Seen,
    flags_follow_layer: bool,
) -> Option<LayerMismatch> {
    match (expected.presence, seen) {
        (Presence::Never, Seen::Variable(shape, _)) => Some(LayerMismatch::Extra(shape.clone())),
        (Presence::Always, Seen::Nothing) => Some(LayerMismatch::Missing(expected.shape.clone())),
        (Presence::Always | Presence::Maybe, Seen::Variable(shape, flag)) => {
            if !expected.shape.admits(shape) {
                let (expected, found) = (expected.shape.clone(), shape.clone());
                return Some(LayerMismatch::Shape { expected, found });
            }
            let may_differ = expected.trainable && flags_follow_layer;
            let found = flag.filter(|found| *found != expected.trainable && !may_differ)?;
            Some(LayerMismatch::Flag { expected: expected.trainable, found })
        }
        (Presence::Never | Presence::Maybe, Seen::Nothing) | (_, Seen::Unclear) => None,
    }
}
