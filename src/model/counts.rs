//! Sums, and what is left out of them.

use serde::Serialize;

use super::words::words;
use super::{Certainty, DType, Trainable, Variable};

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
    /// Whether [`Totals::trainable`] is exact or an upper bound; what it may be less,
    /// [`Totals::non_trainable`] may be more.
    pub trainable_is: Certainty,
    /// Those that it would not.
    pub non_trainable: Counts,
    /// Those whose trainability no file states.
    pub undetermined: Counts,
    /// Per element type, in order of their numbers.
    pub by_dtype: Vec<(DType, Counts)>,
}

impl Totals {
    /// Adds one variable.
    pub(crate) fn add(&mut self, variable: &Variable) {
        let (parameters, bytes) = (variable.parameters, variable.bytes);
        self.all.add(parameters, bytes);
        match variable.trainable {
            Trainable::Yes => &mut self.trainable,
            Trainable::No | Trainable::Frozen => &mut self.non_trainable,
            Trainable::Undetermined => &mut self.undetermined,
        }
        .add(parameters, bytes);
        self.trainable_is = self.trainable_is.and(variable.trainable_is);
        let place = self.by_dtype.binary_search_by_key(&variable.dtype, |(dtype, _)| *dtype);
        if let Err(at) = place {
            self.by_dtype.insert(at, (variable.dtype, Counts::default()));
        }
        if let Some((_, counts)) = self.by_dtype.get_mut(place.unwrap_or_else(|at| at)) {
            counts.add(parameters, bytes);
        }
    }
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

/// Weights frozen into the graph: constants of rank one and more that the signatures' outputs depend on,
/// floating ones, and quantised ones that an op takes for floating numbers. The same constant in
/// several traces of a function is one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Constants {
    /// Number of constants.
    pub tensors: u64,
    /// Their elements.
    pub parameters: u64,
    /// Their bytes at their element's width.
    pub bytes: u64,
}
