//! Sums, and what is left out of them.

use serde::Serialize;

use super::DType;
use super::words::words;

/// Sums of a set of variables. Each variable is in it once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Number of variables.
    pub variables: u64,
    /// Elements.
    pub parameters: u64,
    /// Stored bytes.
    pub bytes: u64,
}

impl Counts {
    /// Adds one variable; stops at the largest number instead of wrapping.
    pub fn add(&mut self, parameters: u64, bytes: u64) {
        self.variables = self.variables.saturating_add(1);
        self.parameters = self.parameters.saturating_add(parameters);
        self.bytes = self.bytes.saturating_add(bytes);
    }
}

/// Sums over the counted variables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// All counted variables.
    pub all: Counts,
    /// Those that training would change.
    pub trainable: Counts,
    /// Those that it would not.
    pub non_trainable: Counts,
    /// Those whose trainability no file states.
    pub undetermined: Counts,
    /// Per element type, in order of their numbers.
    pub by_dtype: Vec<(DType, Counts)>,
}

words! {
    /// Why a variable is or is not counted.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
    #[non_exhaustive]
    pub enum Role {
        /// Counted.
        Weight => "weight",
        /// Slots and state of an optimizer, also of nested models.
        Optimizer => "optimizer",
        /// State of a metric.
        Metric => "metric",
        /// What a stateful recurrent layer carries from batch to batch; its shape holds the batch size.
        State => "state",
        /// State of a random generator.
        Rng => "rng",
        /// `save_counter`, TF1 `global_step`.
        Counter => "counter",
        /// String variables and asset paths.
        String => "string",
        /// Contents of lookup tables.
        Table => "table",
        /// Second copies made by a Keras 3 export.
        Duplicate => "duplicate",
        /// Handles that nothing restores.
        Unrestored => "unrestored",
    }
}

/// The variables of one role that are not counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotCounted {
    /// Why they are not counted.
    pub role: Role,
    /// Their sums; variables of unknown shape add nothing but their number.
    pub counts: Counts,
    /// Up to a few of their names, as examples.
    pub examples: Vec<String>,
}

/// Floating constants of rank one and more that the signatures' outputs depend on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Constants {
    /// Number of constant nodes.
    pub tensors: u64,
    /// Their elements.
    pub parameters: u64,
    /// Their bytes at their element's width.
    pub bytes: u64,
}
