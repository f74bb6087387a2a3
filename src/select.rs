//! Chooses which of the counted variables are listed, and in which order.
//!
//! A selection changes no total of the model: it has sums of its own, shown beside them.

use std::collections::HashSet;

use globset::{Glob, GlobSet, GlobSetBuilder};

use crate::error::{Error, Result};
use crate::model::{
    Certainty, Counts, DType, Group, GroupId, Report, Totals, Trainable, Variable, VariableId,
};

/// Which variables to list. `Filter::default()` lists all.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    include: Option<GlobSet>,
    exclude: Option<GlobSet>,
    trainable: bool,
    dtypes: Vec<DType>,
}

impl Filter {
    /// Lists only variables of which the name or a path matches one of these patterns. `*` and
    /// `?` also match `/`: a scope is no folder.
    pub fn include(mut self, patterns: &[String]) -> Result<Filter> {
        self.include = globs(patterns)?;
        Ok(self)
    }

    /// Leaves out variables of which the name or a path matches one of these patterns.
    pub fn exclude(mut self, patterns: &[String]) -> Result<Filter> {
        self.exclude = globs(patterns)?;
        Ok(self)
    }

    /// Lists only variables that training would change, or may change for all that the files say.
    pub fn trainable(mut self, only: bool) -> Filter {
        self.trainable = only;
        self
    }

    /// Lists only variables of these element types, named as TensorFlow names them.
    pub fn dtypes(mut self, names: &[String]) -> Result<Filter> {
        self.dtypes = names
            .iter()
            .map(|name| {
                DType::from_name(name).ok_or_else(|| Error::Usage {
                    what: format!("there is no element type '{name}'"),
                    advice: "use a name of TensorFlow's, such as float32, bfloat16 or int8".into(),
                })
            })
            .collect::<Result<_>>()?;
        Ok(self)
    }

    /// True where something may be left out.
    pub fn is_active(&self) -> bool {
        self.include.is_some()
            || self.exclude.is_some()
            || self.trainable
            || !self.dtypes.is_empty()
    }

    fn admits(&self, variable: &Variable) -> bool {
        let any = |set: &GlobSet| {
            set.is_match(&variable.name) || variable.paths.iter().any(|path| set.is_match(path))
        };
        self.include.as_ref().is_none_or(any)
            && !self.exclude.as_ref().is_some_and(any)
            && (!self.trainable || variable.trainable == Trainable::Yes)
            && (self.dtypes.is_empty() || self.dtypes.contains(&variable.dtype))
    }
}

fn globs(patterns: &[String]) -> Result<Option<GlobSet>> {
    if patterns.is_empty() {
        return Ok(None);
    }
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        set.add(Glob::new(pattern).map_err(|error| unusable(pattern, &error))?);
    }
    set.build().map(Some).map_err(|error| unusable(&patterns.join(" "), &error))
}

fn unusable(pattern: &str, error: &globset::Error) -> Error {
    Error::Usage {
        what: format!("'{pattern}' is not a pattern: {}", error.kind()),
        advice: "write patterns as in a shell: '*/kernel', 'block_[0-9]/*', '{a,b}*'".into(),
    }
}

/// The order of variables and of siblings in the tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// As the model has them.
    #[default]
    Model,
    /// Most parameters first.
    Parameters,
    /// Most bytes first.
    Bytes,
    /// By name.
    Name,
}

/// The variables that are listed, with their own sums.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// The variables, in the order of the [`Sort`].
    pub ids: Vec<VariableId>,
    /// Their sums.
    pub totals: Totals,
    /// Whether the sums are exact, or upper bounds: a filter asks for trainable variables, and some of
    /// those that it admits may be frozen.
    pub certainty: Certainty,
    /// True where a filter was given, even one that leaves nothing out.
    pub filtered: bool,
}

/// The variables of `report` that pass `filter`, in this order.
pub fn select(report: &Report, filter: &Filter, sort: Sort) -> Selection {
    let mut chosen: Vec<(VariableId, &Variable)> = (0..)
        .map(VariableId)
        .zip(&report.variables)
        .filter(|(_, variable)| filter.admits(variable))
        .collect();
    match sort {
        Sort::Model => {}
        Sort::Parameters => chosen.sort_by_key(|(_, v)| std::cmp::Reverse(v.parameters)),
        Sort::Bytes => chosen.sort_by_key(|(_, v)| std::cmp::Reverse(v.bytes)),
        Sort::Name => chosen.sort_by(|(_, a), (_, b)| a.name.cmp(&b.name)),
    }
    let totals = sums(chosen.iter().map(|(_, variable)| *variable));
    let ids = chosen.into_iter().map(|(id, _)| id).collect();
    let certainty = if filter.trainable { totals.trainable_is } else { Certainty::Exact };
    Selection { ids, totals, certainty, filtered: filter.is_active() }
}

/// Sums over these variables, which must be distinct.
pub fn sums<'v>(variables: impl Iterator<Item = &'v Variable>) -> Totals {
    let mut totals = Totals::default();
    variables.for_each(|variable| totals.add(variable));
    totals
}

/// Sums over several groups of the tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GroupSums {
    /// How many groups, without those below them.
    pub groups: usize,
    /// Sums of the distinct variables at and below them.
    pub counts: Counts,
    /// Parameters that training would change.
    pub trainable: u64,
    /// Whether [`GroupSums::trainable`] is exact or an upper bound.
    pub trainable_is: Certainty,
    /// Parameters frozen although their own flag says trainable.
    pub frozen: u64,
    /// Parameters whose trainability no file states.
    pub undetermined: u64,
    /// True where the tree reaches some of these groups elsewhere too.
    pub shared: bool,
}

impl GroupSums {
    /// The sums of one group.
    pub(crate) fn of(group: &Group) -> GroupSums {
        GroupSums {
            groups: 1,
            counts: group.counts,
            trainable: group.trainable,
            trainable_is: group.trainable_is,
            frozen: group.frozen,
            undetermined: group.undetermined,
            shared: group.shared,
        }
    }
}

/// Sums over these groups and everything below them. A variable that several of them hold counts
/// once.
pub fn sums_below(report: &Report, groups: &[GroupId]) -> GroupSums {
    let mut sums = GroupSums { groups: groups.len(), ..GroupSums::default() };
    let mut variables = HashSet::new();
    // A list of open groups instead of recursion: the tree may be deeper than the stack.
    let mut open = groups.to_vec();
    while let Some(id) = open.pop() {
        let Some(group) = report.groups.nodes.get(id.0) else { continue };
        sums.shared |= group.shared;
        variables.extend(group.own.iter().copied());
        // Children come after their parents; an edge that leads back is not followed.
        open.extend(group.children.iter().filter(|child| **child > id));
    }
    for variable in variables.iter().filter_map(|id| report.variables.get(id.0)) {
        sums.counts.add(variable.parameters, variable.bytes);
        sums.trainable_is = sums.trainable_is.and(variable.trainable_is);
        let sum = match variable.trainable {
            Trainable::Yes => &mut sums.trainable,
            Trainable::No => continue,
            Trainable::Frozen => &mut sums.frozen,
            Trainable::Undetermined => &mut sums.undetermined,
        };
        *sum = sum.saturating_add(variable.parameters);
    }
    sums
}
