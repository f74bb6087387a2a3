//! The words for how much of a variable or a group training would change.

use crate::model::{Group, Trainable, Variable};

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
}

impl TrainState {
    /// Of a sum of parameters.
    pub fn of(parameters: u64, trainable: u64, frozen: u64, undetermined: u64) -> TrainState {
        match () {
            () if parameters == 0 => TrainState::Empty,
            () if undetermined >= parameters => TrainState::Unknown,
            () if trainable >= parameters => TrainState::Trainable,
            () if trainable > 0 || undetermined > 0 => TrainState::Partly,
            () if frozen > 0 => TrainState::Frozen,
            () => TrainState::Fixed,
        }
    }

    /// Of a group.
    pub fn of_group(group: &Group) -> TrainState {
        TrainState::of(group.counts.parameters, group.trainable, group.frozen, group.undetermined)
    }

    /// Of a variable.
    pub fn of_variable(variable: &Variable) -> TrainState {
        match variable.trainable {
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
        }
    }
}
