//! Which variable of one model is which of the other.
//!
//! Rounds, the surest first; each looks only at what the rounds before left over. Paths shift when
//! a layer is put in front of others, and names are renumbered when a model is built again; what
//! agrees in shape and type is therefore sought first under either of them.

use std::collections::HashMap;

use crate::model::{DType, Shape, Variable};

/// What two variables must have in common in one round; `None` where a variable takes no part.
type Key<'v> = Option<(&'v str, &'v str, Option<(&'v Shape, DType)>)>;

/// A round, and whether a key may stand for several variables (paired in order) or for one only.
type Round = (fn(&Variable) -> Key<'_>, bool);

const ROUNDS: &[Round] = &[
    (|v| Some((path(v)?, &v.name, shape(v))), true),
    (|v| Some(("", &v.name, shape(v))), true),
    (|v| Some((path(v)?, "", shape(v))), true),
    (|v| Some((path(v)?, &v.name, None)), false),
    (|v| Some(("", &v.name, None)), false),
    (|v| Some((path(v)?, "", None)), false),
    // Moved: what it is called in its layer, and what it holds.
    (|v| Some((last_part(v), "", shape(v))), true),
];

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

fn shape(variable: &Variable) -> Option<(&Shape, DType)> {
    Some((&variable.shape, variable.dtype))
}

fn last_part(variable: &Variable) -> &str {
    let whole = path(variable).unwrap_or(&variable.name);
    whole.rsplit('/').next().unwrap_or(whole)
}
