//! The report: what a census says, complete and independent of how it is shown.

use super::words::words;
use super::{
    Constants, Finding, Groups, ModelInfo, NotCounted, RuntimeInfo, Totals, Variable, Witness,
};

/// The census of one model. All text taken from the model is unescaped; a program that prints it must escape it.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// What was counted.
    pub model: ModelInfo,
    /// Sums over [`Report::variables`].
    pub totals: Totals,
    /// Variables left out, by role; roles with no variable are absent.
    pub not_counted: Vec<NotCounted>,
    /// Weights frozen into the graph; never part of the totals.
    pub constants: Constants,
    /// The counted variables, in the order of the tree, then of the file.
    pub variables: Vec<Variable>,
    /// The tree of sub-models and layers, of modules, or of scopes.
    pub groups: Groups,
    /// What each witness saw, in a fixed order: runtime, checkpoint, declaration, keras.
    pub witnesses: Vec<Witness>,
    /// The session that confirmed the count, or why there was none.
    pub runtime: RuntimeInfo,
    /// Errors first, then warnings, then notes.
    pub findings: Vec<Finding>,
    /// The judgement over all witnesses.
    pub verdict: Verdict,
}

words! {
    /// The judgement over all witnesses.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub enum Verdict {
        /// The session saw every counted variable with this shape and dtype, and no witness contradicts it.
        Verified => "verified",
        /// Witnesses contradict each other.
        Disagreement => "disagreement",
        /// No session could be had.
        #[default]
        Unverified => "unverified",
    }
}
