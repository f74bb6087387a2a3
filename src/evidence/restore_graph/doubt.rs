//! Why a restore need not show what a load of the model ends with; `proof` looks for these.

/// Why a load need not end with what the checkpoint stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Doubt {
    /// The restore reads another file than the model's checkpoint.
    OtherFile,
    /// The value gets another shape or element type on its way.
    Changed,
    /// The restore depends on a condition.
    Conditional,
    /// Something else that a load runs writes the variable, too.
    WrittenAgain,
}
