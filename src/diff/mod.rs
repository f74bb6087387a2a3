//! What changed between two models: totals, groups, variables. Values of weights are not compared.
//!
//! The input is two reports, the output is plain data. Variables are matched by path, name, shape and
//! type, the surest pairs first.

mod groups;
mod matching;

use crate::model::{
    Certainty, DType, Quantity, Report, Shape, Trainable, Variable, Verdict, words,
};

pub use groups::{GroupChange, GroupState};

/// The difference between two reports.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diff {
    /// The first model.
    pub before: Side,
    /// The second model.
    pub after: Side,
    /// Every total, changed or not.
    pub totals: Vec<TotalChange>,
    /// Groups that were added, removed, or have other numbers or another class; parents before
    /// children. A group that was added or removed stands for all groups below it.
    pub groups: Vec<GroupChange>,
    /// Variables that were added, removed or changed, in the order of the second model; removed
    /// ones come last.
    pub variables: Vec<VariableChange>,
    /// Number of variables that did not change.
    pub unchanged: u64,
}

impl Diff {
    /// True where nothing differs that a report can show.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
            && self.variables.is_empty()
            && !self.totals.iter().any(TotalChange::differs)
    }

    /// How many variables changed in this way.
    pub fn count(&self, kind: ChangeKind) -> u64 {
        self.variables.iter().filter(|change| change.kinds.contains(&kind)).count() as u64
    }
}

/// One of the two models.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Side {
    /// The model as the user named it.
    pub source: String,
    /// The verdict of its census.
    pub verdict: Verdict,
    /// Whether what training would change is known, or only an upper bound.
    pub trainable_is: Certainty,
}

/// One total, before and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TotalChange {
    /// Which total.
    pub quantity: Quantity,
    /// In the first model.
    pub before: u64,
    /// In the second.
    pub after: u64,
    /// Whether the first number is exact or a bound.
    pub before_is: Certainty,
    /// Whether the second number is exact or a bound.
    pub after_is: Certainty,
}

impl TotalChange {
    /// True where the two cannot be equal. Of a number that is only a bound nothing else is known.
    pub fn differs(&self) -> bool {
        !Certainty::may_be_equal((self.before_is, self.before), (self.after_is, self.after))
    }
}

words! {
    /// In which way a variable changed.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
    #[non_exhaustive]
    pub enum ChangeKind {
        /// Only the second model has it.
        Added => "added",
        /// Only the first model has it.
        Removed => "removed",
        /// Its shape differs.
        Reshaped => "reshaped",
        /// Its element type differs.
        Retyped => "retyped",
        /// Training would change it before and not after.
        Frozen => "frozen",
        /// Training would change it after and not before.
        Thawed => "thawed",
        /// One of the two models does not say whether training changes it.
        TrainabilityUnclear => "trainability_unclear",
        /// Its path or its name differs.
        Moved => "moved",
    }
}

/// One variable that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VariableChange {
    /// In which ways; at least one.
    pub kinds: Vec<ChangeKind>,
    /// As it was; `None` for an added one.
    pub before: Option<VariableState>,
    /// As it is; `None` for a removed one.
    pub after: Option<VariableState>,
}

/// What a diff shows of a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VariableState {
    /// Its name.
    pub name: String,
    /// Its first path from the root.
    pub path: Option<String>,
    /// Its shape.
    pub shape: Shape,
    /// Its element type.
    pub dtype: DType,
    /// Its elements.
    pub parameters: u64,
    /// Whether training would change it.
    pub trainable: Trainable,
    /// Whether that is exact or an upper bound.
    pub trainable_is: Certainty,
}

impl From<&Variable> for VariableState {
    fn from(variable: &Variable) -> VariableState {
        VariableState {
            name: variable.name.clone(),
            path: variable.paths.first().cloned(),
            shape: variable.shape.clone(),
            dtype: variable.dtype,
            parameters: variable.parameters,
            trainable: variable.trainable,
            trainable_is: variable.trainable_is,
        }
    }
}

/// What changed from the first report to the second.
pub fn diff(before: &Report, after: &Report) -> Diff {
    let side = |report: &Report| Side {
        source: report.model.source.clone(),
        verdict: report.verdict,
        trainable_is: report.totals.trainable_is,
    };
    let totals = Quantity::ALL
        .iter()
        .map(|quantity| TotalChange {
            quantity: *quantity,
            before: quantity.of(before),
            after: quantity.of(after),
            before_is: quantity.certainty(before),
            after_is: quantity.certainty(after),
        })
        .collect();
    let pairs = matching::pairs(&before.variables, &after.variables);
    let mut variables = Vec::new();
    let mut unchanged = 0;
    let mut kept = vec![false; before.variables.len()];
    for (now, was) in after.variables.iter().zip(&pairs) {
        let was = was.and_then(|at| {
            kept[at] = true;
            before.variables.get(at)
        });
        let kinds = match was {
            Some(was) => changes(was, now),
            None => vec![ChangeKind::Added],
        };
        if kinds.is_empty() {
            unchanged += 1;
            continue;
        }
        variables.push(VariableChange {
            kinds,
            before: was.map(Into::into),
            after: Some(now.into()),
        });
    }
    for (was, _) in before.variables.iter().zip(&kept).filter(|(_, kept)| !**kept) {
        let kinds = vec![ChangeKind::Removed];
        variables.push(VariableChange { kinds, before: Some(was.into()), after: None });
    }
    Diff {
        before: side(before),
        after: side(after),
        totals,
        groups: groups::changes(&before.groups.nodes, &after.groups.nodes),
        variables,
        unchanged,
    }
}

fn changes(was: &Variable, now: &Variable) -> Vec<ChangeKind> {
    let mut kinds = Vec::new();
    if was.shape != now.shape {
        kinds.push(ChangeKind::Reshaped);
    }
    if was.dtype != now.dtype {
        kinds.push(ChangeKind::Retyped);
    }
    // Frozen and not trainable are one here: training changes neither.
    let trains = |variable: &Variable| match variable.trainable {
        Trainable::Yes => Some(true),
        Trainable::No | Trainable::Frozen => Some(false),
        Trainable::Undetermined => None,
    };
    let is_known = |variable: &Variable| variable.trainable_is == Certainty::Exact;
    match (trains(was), trains(now)) {
        // What one side cannot know is no change.
        _ if !is_known(was) || !is_known(now) => {}
        (Some(true), Some(false)) => kinds.push(ChangeKind::Frozen),
        (Some(false), Some(true)) => kinds.push(ChangeKind::Thawed),
        (None, Some(_)) | (Some(_), None) => kinds.push(ChangeKind::TrainabilityUnclear),
        _ => {}
    }
    let same_path = was.paths.is_empty() && now.paths.is_empty()
        || was.paths.iter().any(|path| now.paths.contains(path));
    if !same_path || was.name != now.name {
        kinds.push(ChangeKind::Moved);
    }
    kinds
}
