//! Changes as words and figures, for the formats that people read. Nothing here is escaped.

use crate::diff::{
    ChangeKind, Diff, GroupChange, GroupState, Side, TotalChange, VariableChange, VariableState,
};
use crate::model::{Certainty, Quantity, WHY_AT_MOST};
use crate::number::{bytes, signed, thousands};
use crate::render::sentences::plural;

/// Groups shown in text and Markdown.
pub const GROUPS: usize = 40;
/// Variables of one kind of change shown in text and Markdown.
pub const VARIABLES: usize = 12;

/// Totals that are something on either side.
pub fn shown_totals(diff: &Diff) -> impl Iterator<Item = &TotalChange> {
    diff.totals.iter().filter(|total| {
        total.quantity == Quantity::Parameters || total.before > 0 || total.after > 0
    })
}

/// A total before and after, and how it changed.
pub fn total_figures(total: &TotalChange) -> [String; 3] {
    let figure = |certainty: Certainty, value: u64| {
        certainty.of(match total.quantity {
            Quantity::Bytes | Quantity::TrainableBytes => bytes(value),
            _ => thousands(value),
        })
    };
    let (before, after) = ((total.before_is, total.before), (total.after_is, total.after));
    let same = if total.before == total.after { Some("same") } else { None };
    [figure(before.0, before.1), figure(after.0, after.1), change(before, after, same)]
}

/// How a number changed, as far as both are known; `same` is the word for no change.
fn change(before: (Certainty, u64), after: (Certainty, u64), same: Option<&str>) -> String {
    match (before.0, after.0) {
        (Certainty::Exact, Certainty::Exact) => {
            let change = i128::from(after.1) - i128::from(before.1);
            same.map_or_else(|| signed(change), str::to_owned)
        }
        _ if Certainty::may_be_equal(before, after) => "unknown".into(),
        _ => "changed".into(),
    }
}

pub fn group_name(change: &GroupChange) -> &str {
    if change.path.is_empty() { "(whole model)" } else { &change.path }
}

pub fn group_class(change: &GroupChange) -> Option<String> {
    let class = |state: &Option<GroupState>| state.as_ref().and_then(|s| s.class.clone());
    match (class(&change.before), class(&change.after)) {
        (Some(was), Some(is)) if was != is => Some(format!("{was}, now {is}")),
        (was, is) => is.or(was),
    }
}

/// The parameters of a group on one side; empty where that side lacks the group.
pub fn group_parameters(state: &Option<GroupState>) -> String {
    state.as_ref().map(|state| thousands(state.counts.parameters)).unwrap_or_default()
}

/// How many parameters more or fewer training would change in a group.
pub fn trainable_change(group: &GroupChange) -> String {
    let trainable = |state: &Option<GroupState>| {
        state.as_ref().map_or((Certainty::Exact, 0), |state| (state.trainable_is, state.trainable))
    };
    change(trainable(&group.before), trainable(&group.after), None)
}

/// Each kind of change that occurs, with its variables.
pub fn by_kind(diff: &Diff) -> impl Iterator<Item = (ChangeKind, Vec<&VariableChange>)> + '_ {
    ChangeKind::ALL.iter().filter_map(|kind| {
        let changes: Vec<_> =
            diff.variables.iter().filter(|change| change.kinds.contains(kind)).collect();
        (!changes.is_empty()).then_some((*kind, changes))
    })
}

pub fn phrase(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::TrainabilityUnclear => "of which one model does not say whether they train",
        kind => kind.as_str(),
    }
}

/// A change on one line. Not escaped.
pub fn variable(change: &VariableChange) -> String {
    let holds = |state: &VariableState| {
        let count = plural(state.parameters, "parameter");
        format!("{} {}, {count}", state.dtype, state.shape)
    };
    match (&change.before, &change.after) {
        (Some(was), Some(is)) => {
            let mut text = is.name.clone();
            if was.name != is.name {
                text = format!("{}, was {}", is.name, was.name);
            } else if was.path != is.path {
                let path = |state: &VariableState| state.path.clone().unwrap_or_default();
                text = format!("{}: {}, was {}", is.name, path(is), path(was));
            }
            if was.shape != is.shape {
                text += &format!(": {}, was {}", is.shape, was.shape);
            }
            if was.dtype != is.dtype {
                text += &format!(": {}, was {}", is.dtype, was.dtype);
            }
            text
        }
        (Some(only), None) | (None, Some(only)) => format!("{}: {}", only.name, holds(only)),
        (None, None) => String::new(),
    }
}

/// What could not be compared, and why.
pub fn remark(diff: &Diff) -> Option<String> {
    let is_bound = |side: &Side| side.trainable_is != Certainty::Exact;
    let which = match (is_bound(&diff.before), is_bound(&diff.after)) {
        (false, false) => return None,
        (true, false) => "the first model",
        (false, true) => "the second model",
        (true, true) => "both models",
    };
    Some(format!("What training changes is only an upper bound in {which}: {WHY_AT_MOST}."))
}

/// The difference in one sentence.
pub fn summary(diff: &Diff) -> String {
    if diff.is_empty() {
        let count = plural(diff.unchanged, "variable");
        return format!("No difference in {count}. Values of weights are not compared.");
    }
    let mut parts: Vec<String> = ChangeKind::ALL
        .iter()
        .map(|kind| (diff.count(*kind), *kind))
        .filter(|(count, _)| *count > 0)
        .map(|(count, kind)| format!("{} {}", thousands(count), kind.as_str().replace('_', " ")))
        .collect();
    if diff.unchanged > 0 {
        parts.push(format!("{} unchanged", thousands(diff.unchanged)));
    }
    if parts.is_empty() {
        return "No variable differs, but totals or groups do.".into();
    }
    format!("Variables: {}.", parts.join(", "))
}
