//! The words for how much of a variable or a group training would change.

use crate::model::{Certainty, Group, Trainable, Variable};
use crate::select::GroupSums;

/// How much of something training would change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrainState {
    /// There is nothing to train or to freeze.
    Empty,
    /// All of it.
    Trainable,
    /// A part of it.
    Partly,
    /// None of it.
    Fixed,
    /// None of it, and some of it is frozen although its own flag says trainable.
    Frozen,
    /// No file states it, for any of it.
    Unknown,
    /// Some of it would be changed, unless a layer was frozen without a trace.
    Maybe,
}

impl TrainState {
    /// Of groups of the tree together.
    pub fn of_sums(sums: &GroupSums) -> TrainState {
        let parameters = sums.counts.parameters;
        match () {
            () if parameters == 0 => TrainState::Empty,
            () if sums.trainable_is != Certainty::Exact => TrainState::Maybe,
            () if sums.undetermined >= parameters => TrainState::Unknown,
            () if sums.trainable >= parameters => TrainState::Trainable,
            () if sums.trainable > 0 || sums.undetermined > 0 => TrainState::Partly,
            () if sums.frozen > 0 => TrainState::Frozen,
            () => TrainState::Fixed,
        }
    }

    /// Of a group.
    pub fn of_group(group: &Group) -> TrainState {
        TrainState::of_sums(&GroupSums::of(group))
    }

    /// Of a variable.
    pub fn of_variable(variable: &Variable) -> TrainState {
        match variable.trainable {
            Trainable::Yes if variable.trainable_is != Certainty::Exact => TrainState::Maybe,
            Trainable::Yes => TrainState::Trainable,
            Trainable::No => TrainState::Fixed,
            Trainable::Frozen => TrainState::Frozen,
            Trainable::Undetermined => TrainState::Unknown,
        }
    }

    /// One word for a table.
    pub fn word(self) -> &'static str {
        match self {
            TrainState::Empty => "",
            TrainState::Trainable => "yes",
            TrainState::Partly => "partly",
            TrainState::Fixed => "no",
            TrainState::Frozen => "frozen",
            TrainState::Unknown => "unknown",
            TrainState::Maybe => "maybe",
        }
    }
}
