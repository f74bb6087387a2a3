//! The numbers of a report that can be expected and compared, under one name each.

use super::words::words;
use super::{Certainty, Report, Trainable};

words! {
    /// A number of the report that can be expected.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    #[non_exhaustive]
    pub enum Quantity {
        /// Elements of the counted variables.
        Parameters => "parameters",
        /// Those that training would change.
        Trainable => "trainable",
        /// Those that it would not.
        NonTrainable => "non_trainable",
        /// Those whose trainability no file states.
        Undetermined => "undetermined",
        /// Those frozen although their own flag says trainable.
        Frozen => "frozen",
        /// Stored bytes.
        Bytes => "bytes",
        /// Stored bytes of what training would change.
        TrainableBytes => "trainable_bytes",
        /// Number of counted variables.
        Variables => "variables",
        /// Elements of constants, which are not counted.
        Constants => "constants",
    }
}

impl Quantity {
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

    /// Whether its value is exact. Where the trainable weights are an upper bound, those that are not
    /// trainable are a lower one.
    pub fn certainty(self, report: &Report) -> Certainty {
        self.certainty_where(report.totals.trainable_is)
    }

    /// The same, where this is known of the trainable weights.
    pub(crate) fn certainty_where(self, trainable_is: Certainty) -> Certainty {
        match (self, trainable_is) {
            (Quantity::Trainable | Quantity::TrainableBytes, bound) => bound,
            (Quantity::NonTrainable | Quantity::Frozen, Certainty::AtMost) => Certainty::AtLeast,
            _ => Certainty::Exact,
        }
    }
}
