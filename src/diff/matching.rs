//! Which variable of one model is which of the other.
//!
//! Matching runs in rounds, the surest first; each round sees only the variables that the earlier
//! rounds left over. Neither path nor name is enough alone: paths shift when a layer is inserted
//! before others, and Keras renumbers names when a model is built again. Pairs that also agree in
//! shape and type are therefore matched first, under either of them.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::model::{DType, Shape, Variable};

/// The key that two variables must share in a round; `None` leaves a variable out of the round.
type Key<'v> = Option<(&'v str, Cow<'v, str>, Option<(&'v Shape, DType)>)>;

/// A round, and whether several variables may share a key (they are paired in order).
type Round = (fn(&Variable) -> Key<'_>, bool);

const ROUNDS: &[Round] = &[
    (|v| Some((path(v)?, name(v), shape(v))), true),
    (|v| Some(("", name(v), shape(v))), true),
    (|v| Some((path(v)?, NO_NAME, shape(v))), true),
    (|v| Some((path(v)?, name(v), None)), false),
    (|v| Some(("", name(v), None)), false),
    (|v| Some((path(v)?, unnumbered(&v.name), None)), false),
    // A path with a list index is left out: after an insertion the same index is another layer.
    (|v| Some((path(v).filter(|path| !is_positional(path))?, NO_NAME, None)), false),
    // Moved: the same name within its layer, the same shape and type.
    (|v| Some((last_part(v), NO_NAME, shape(v))), true),
];

const NO_NAME: Cow<'static, str> = Cow::Borrowed("");

/// For each variable of `after`, the index of the one in `before` that it was.
pub fn pairs(before: &[Variable], after: &[Variable]) -> Vec<Option<usize>> {
    let mut found: Vec<Option<usize>> = vec![None; after.len()];
    let mut taken = vec![false; before.len()];
    for (key, repeats) in ROUNDS {
        let mut open: HashMap<Key<'_>, (Vec<usize>, Vec<usize>)> = HashMap::new();
        for (at, variable) in before.iter().enumerate().filter(|(at, _)| !taken[*at]) {
            open.entry(key(variable)).or_default().0.push(at);
        }
        for (at, variable) in after.iter().enumerate().filter(|(at, _)| found[*at].is_none()) {
            open.entry(key(variable)).or_default().1.push(at);
        }
        open.remove(&None);
        for (was, now) in open.into_values() {
            if !repeats && (was.len() != 1 || now.len() != 1) {
                continue;
            }
            for (was, now) in was.into_iter().zip(now) {
                found[now] = Some(was);
                taken[was] = true;
            }
        }
    }
    found
}

fn path(variable: &Variable) -> Option<&str> {
    variable.paths.first().map(String::as_str)
}

fn name(variable: &Variable) -> Cow<'_, str> {
    Cow::Borrowed(&variable.name)
}

/// The name without the numbers that Keras adds where a name was taken: `dense_3/kernel` as
/// `dense/kernel`.
fn unnumbered(name: &str) -> Cow<'_, str> {
    let part = |part: &str| {
        let stem = part.trim_end_matches(|c: char| c.is_ascii_digit());
        match stem.strip_suffix('_') {
            Some(stem) if stem.len() + 1 < part.len() => stem.to_owned(),
            _ => part.to_owned(),
        }
    };
    Cow::Owned(name.split('/').map(part).collect::<Vec<_>>().join("/"))
}

/// True where a part of the path is a list index, as in `layer_with_weights-2` or `blocks/2`.
fn is_positional(path: &str) -> bool {
    path.split('/').any(|part| {
        let place = part.strip_prefix("layer_with_weights-").or(part.strip_prefix("layer-"));
        let place = place.unwrap_or(part);
        !place.is_empty() && place.bytes().all(|byte| byte.is_ascii_digit())
    })
}

fn shape(variable: &Variable) -> Option<(&Shape, DType)> {
    Some((&variable.shape, variable.dtype))
}

fn last_part(variable: &Variable) -> &str {
    let whole = path(variable).unwrap_or(&variable.name);
    whole.rsplit('/').next().unwrap_or(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_list_indices_from_names() {
        assert!(is_positional("layer_with_weights-1/kernel") && is_positional("blocks/2/w"));
        assert!(!is_positional("head/kernel") && !is_positional("layer_norm-a/beta"));
    }

    #[test]
    fn takes_away_the_numbers_that_keras_adds() {
        assert_eq!(unnumbered("m/dense_12/kernel:0"), "m/dense/kernel:0");
        assert_eq!(unnumbered("conv2d/bias"), "conv2d/bias");
        assert_eq!(unnumbered("_1/w"), "/w");
    }
}
