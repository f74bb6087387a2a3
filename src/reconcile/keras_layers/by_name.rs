//! The layers of a `.keras` configuration, which own variables by name: the name of a variable ends in
//! the layer's, those of the layers that it holds, and its own.
//!
//! Names may lead to a wrong layer: two layers can have one name. Where more than one layer or
//! variable fits, a layer that does not fit its variables is not derived, and is no contradiction.

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use super::judge::{Circumstances, Pair, Seen, judge};
use super::layer_check::LayerCheck;
use crate::evidence::keras::{ConfigLayerId, ExpectedVariable, KerasConfig, UNNAMED};
use crate::model::Role;
use crate::reconcile::inventory::{Confirmed, Inventory};
use crate::reconcile::layer_difference::LayerDifference;

/// Longest end of a name that is looked up, in parts.
const MAX_PARTS: usize = 8;

/// Most variables of a layer that are looked through for each that is expected.
const MAX_OWNED: usize = 1024;

/// Holds every layer of the configuration against the variables that it owns.
pub(super) fn check(config: &KerasConfig, inventory: &Inventory<Confirmed>) -> LayerCheck {
    let mut check = LayerCheck::default();
    let names = Names::read(config, inventory);
    // The first layer is the model itself.
    let layers = config.layers.iter().enumerate().skip(1).filter(|(_, layer)| !layer.is_model);
    for (at, layer) in layers {
        let owned = names.owned.get(&ConfigLayerId(at)).map(Vec::as_slice).unwrap_or_default();
        let Some(variables) = layer.variables.as_ref().filter(|_| owned.len() <= MAX_OWNED) else {
            check.add(false, Vec::new());
            continue;
        };
        let mut is_sure = names.layers.get(layer.name.as_str()) == Some(&1);
        let mut seen_count = 0;
        let mut pairs: Vec<Pair<'_>> = Vec::new();
        for expected in variables {
            let (seen, is_only) = names.see(&layer.name, expected, owned);
            is_sure &= is_only;
            seen_count += usize::from(matches!(seen, Seen::Variable(..)));
            pairs.push((expected, seen));
        }
        let circumstances = Circumstances {
            has_others: owned.len() > seen_count,
            may_be_wrapped: false,
            flags_follow_layer: true,
        };
        let (is_derived, found) = judge(circumstances, &pairs);
        let is_derived = is_derived && (is_sure || found.is_empty());
        let differences = found.into_iter().filter(|_| is_sure);
        let differences = differences.map(|(variable, mismatch)| LayerDifference {
            layer: layer.name.clone(),
            class: layer.class.clone(),
            variable: variable.path(),
            mismatch,
        });
        check.add(is_derived, differences.collect());
    }
    check
}

/// Who has which name.
struct Names<'i> {
    /// How many layers have a name.
    layers: HashMap<&'i str, usize>,
    /// How the names of variables end that no layer owns.
    unowned: HashSet<&'i str>,
    /// The weights of each layer.
    owned: HashMap<ConfigLayerId, Vec<&'i Confirmed>>,
}

impl<'i> Names<'i> {
    fn read(config: &'i KerasConfig, inventory: &'i Inventory<Confirmed>) -> Names<'i> {
        let mut names =
            Names { layers: HashMap::new(), unowned: HashSet::new(), owned: HashMap::new() };
        for layer in &config.layers {
            *names.layers.entry(layer.name.as_str()).or_default() += 1;
        }
        for (_, item) in inventory.iter() {
            match (item.role, item.config_layer) {
                // Second copies, and handles without a value, have the names of weights.
                (Role::Duplicate | Role::Unrestored, _) => {}
                (_, Some(layer)) => names.owned.entry(layer).or_default().push(item),
                (_, None) => names.unowned.extend(ends(&item.name)),
            }
        }
        names
    }

    /// What stands where a variable of this layer is expected, and whether it is the only one.
    fn see(&self, layer: &str, expected: &ExpectedVariable, owned: &[&Confirmed]) -> (Seen, bool) {
        let scope: String = expected.holders.iter().map(|holder| format!("{holder}/")).collect();
        let mut seen = Seen::Nothing;
        let mut is_only = true;
        for name in expected.names {
            let end = format!("{layer}/{scope}{name}");
            let is_unowned = self.unowned.contains(end.as_str());
            is_only &= !is_unowned;
            let is_it = |found: &str| match found.strip_prefix(end.as_str()) {
                Some(rest) => rest.is_empty() || (*name == UNNAMED && is_number(rest)),
                None => false,
            };
            let mut fitting = owned.iter().filter(|item| ends(&item.name).any(is_it));
            seen = match (fitting.next(), fitting.next()) {
                (Some(item), None) => {
                    let seen = item.shape().map(|shape| Seen::Variable(shape, item.flag));
                    return (seen.unwrap_or(Seen::Unclear), is_only);
                }
                (Some(_), Some(_)) => return (Seen::Unclear, false),
                // It is no weight, or no layer was found for it.
                (None, _) if is_unowned => Seen::Unclear,
                (None, _) => seen,
            };
        }
        (seen, is_only)
    }
}

/// True for what Keras adds to a name that it gives a second time.
fn is_number(end: &str) -> bool {
    end.strip_prefix('_').is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The ends of a name at its parts, the whole name last.
fn ends(name: &str) -> impl Iterator<Item = &str> {
    let whole = std::iter::once(name);
    let after =
        name.rmatch_indices('/').filter_map(|(at, slash)| name.get(at..)?.strip_prefix(slash));
    after.chain(whole).take(MAX_PARTS)
}
