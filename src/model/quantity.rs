//! The numbers of a report that can be expected and compared, under one name each.

use super::words::word_of;
use super::{Report, Trainable};

/// A number of the report that can be expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Quantity {
    /// Elements of the counted variables.
    Parameters,
    /// Those that training would change.
    Trainable,
    /// Those that it would not.
    NonTrainable,
    /// Those whose trainability no file states.
    Undetermined,
    /// Those frozen although their own flag says trainable.
    Frozen,
    /// Stored bytes.
    Bytes,
    /// Stored bytes of what training would change.
    TrainableBytes,
    /// Number of counted variables.
    Variables,
    /// Elements of constants, which are not counted.
    Constants,
}

impl Quantity {
    /// Every quantity.
    pub const ALL: &'static [Quantity] = &[
        Quantity::Parameters,
        Quantity::Trainable,
        Quantity::NonTrainable,
        Quantity::Undetermined,
        Quantity::Frozen,
        Quantity::Bytes,
        Quantity::TrainableBytes,
        Quantity::Variables,
        Quantity::Constants,
    ];

    /// The word used for it on the command line and in findings.
    pub fn as_str(self) -> &'static str {
        match self {
            Quantity::Parameters => "parameters",
            Quantity::Trainable => "trainable",
            Quantity::NonTrainable => "non_trainable",
            Quantity::Undetermined => "undetermined",
            Quantity::Frozen => "frozen",
            Quantity::Bytes => "bytes",
            Quantity::TrainableBytes => "trainable_bytes",
            Quantity::Variables => "variables",
            Quantity::Constants => "constants",
        }
    }

    /// Its value in this report.
    pub fn of(self, report: &Report) -> u64 {
        let totals = &report.totals;
        match self {
            Quantity::Parameters => totals.all.parameters,
            Quantity::Trainable => totals.trainable.parameters,
            Quantity::NonTrainable => totals.non_trainable.parameters,
            Quantity::Undetermined => totals.undetermined.parameters,
            Quantity::Frozen => report
                .variables
                .iter()
                .filter(|variable| variable.trainable == Trainable::Frozen)
                .fold(0, |sum, variable| sum.saturating_add(variable.parameters)),
            Quantity::Bytes => totals.all.bytes,
            Quantity::TrainableBytes => totals.trainable.bytes,
            Quantity::Variables => totals.all.variables,
            Quantity::Constants => report.constants.parameters,
        }
    }
}

word_of!(Quantity);
