//! Facts about the session: what it holds, and which weights it does not confirm.

use crate::evidence::restore_graph::Doubt;
use crate::model::{DType, Shape};

/// A fact about the session.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum SessionFact {
    /// The session holds the variables alone, and why it is no full load.
    OverVariables(VariablesReason),
    /// A full load runs an op that is not known to be harmless.
    UnsafeOp {
        /// The op.
        op: String,
        /// Its node.
        node: String,
        /// True where the caller has allowed such ops.
        is_allowed: bool,
    },
    /// The model was loaded without a sandbox; what was missing.
    NoSandbox(String),
    /// There is no library to ask; why.
    NoLibrary(String),
    /// No session answered; why.
    Failed(String),
    /// The session holds another shape than the checkpoint stores.
    ShapeDiffers {
        /// The variable.
        variable: String,
        /// As stored.
        stored: Shape,
        /// As held.
        held: Shape,
    },
    /// The session holds another dtype than the checkpoint stores.
    DTypeDiffers {
        /// The variable.
        variable: String,
        /// As stored.
        stored: DType,
        /// As held.
        held: DType,
    },
    /// The session does not hold this weight.
    NotConfirmed(Unconfirmed),
    /// The session does not hold several weights, for one reason.
    ManyNotConfirmed {
        /// How many.
        missing: usize,
        /// Of how many weights.
        weights: usize,
        /// The name of the first.
        first: String,
        /// Why; `None` where each has a reason of its own.
        why: Option<WhyNot>,
        /// True where one of them speaks against the model.
        is_against_the_model: bool,
    },
    /// The session holds values in variables of which nothing says what they are for.
    WithoutOwner {
        /// Name of the first.
        first: String,
        /// How many there are.
        variables: usize,
    },
    /// A load runs handles to variables of which no variable op of the main graph is one.
    NotInMainGraph {
        /// The function of the first; empty for the main graph.
        function: String,
        /// Its node that holds the handle.
        node: String,
        /// How many such nodes there are.
        nodes: usize,
    },
    /// The session's graph holds a variable that the file does not declare.
    UndeclaredVariable(String),
}

/// A weight that the session does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unconfirmed {
    /// Its name.
    pub variable: String,
    /// Why.
    pub why: WhyNot,
}

/// Why a weight is not confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum WhyNot {
    /// The session does not hold it; why, as far as the session said.
    NotHeld(Option<String>),
    /// The session holds it, and a load of the model need not.
    Unproven(Unproven),
}

/// Why a restore of ours does not show what a load of the model holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Unproven {
    /// The restore op of the model leaves it out.
    NotRestored,
    /// The init op fills it, and no checkpoint.
    FilledByInit,
    /// The load need not end with what is stored.
    Doubt(Doubt),
}

impl Unconfirmed {
    /// True where the library is too old for the weight's dtype.
    /// Source: `ValidateAttrValue`, tensorflow/core/framework/attr_value_util.cc (TensorFlow 2.12).
    pub fn is_library_too_old(&self) -> bool {
        let WhyNot::NotHeld(reason) = &self.why else { return false };
        reason.as_ref().is_some_and(|reason| reason.contains("invalid DataType enum"))
    }

    /// False where it says nothing against the model that the weight is not confirmed.
    pub fn is_against_the_model(&self) -> bool {
        matches!(self.why, WhyNot::NotHeld(_)) && !self.is_library_too_old()
    }
}

/// Why a session over the variables was asked instead of a full load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum VariablesReason {
    /// Statistics of the values are taken batch by batch.
    Statistics,
    /// A load would run this op of this node.
    UnsafeOp { op: String, node: String },
    /// A load would not end: this function calls itself.
    Recursion(String),
    /// A load restores nothing: the MetaGraph has no restore op.
    NothingRestored,
    /// The weights take more than half of the memory that is free; both in bytes.
    Memory { weights: u64, available: u64 },
    /// A full load takes long for this many variables.
    ManyVariables(usize),
    /// A full load takes long for this many nodes.
    ManyNodes(usize),
    /// The full load failed with this message.
    LoadFailed(String),
    /// The full load left this many weights without a value.
    LoadIncomplete(usize),
}
