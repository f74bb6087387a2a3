//! A counted variable.

use super::words::words;
use super::{Certainty, DType, GroupId, Shape, Stats};

words! {
    /// Whether training would change a variable.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum Trainable {
        /// It would.
        Yes => "yes",
        /// It would not.
        No => "no",
        /// It would not, although the variable's own flag says that it could.
        Frozen => "frozen",
        /// No file states it.
        Undetermined => "undetermined",
    }
}

/// One counted variable.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Variable {
    /// Its name in the model. Not unique.
    pub name: String,
    /// Its key in the checkpoint, where it is stored.
    pub checkpoint_key: Option<String>,
    /// Element type.
    pub dtype: DType,
    /// Shape, as the session holds it, else as the checkpoint stores it, else as declared.
    pub shape: Shape,
    /// Elements.
    pub parameters: u64,
    /// Stored bytes.
    pub bytes: u64,
    /// Whether training would change it.
    pub trainable: Trainable,
    /// An upper bound where nothing but the variable's own flag says that it is trainable, and a
    /// layer around it may have been frozen without a trace. Exact for every other state.
    pub trainable_is: Certainty,
    /// Ways to it from the root: attribute paths of the object graph, or its scope.
    pub paths: Vec<String>,
    /// The groups that hold it directly.
    pub groups: Vec<GroupId>,
    /// True where more than one layer or module holds it.
    pub shared: bool,
    /// True where a session has confirmed shape and dtype.
    pub confirmed: bool,
    /// Statistics of its values, where the options want them and its type has any.
    pub stats: Option<Stats>,
}

impl Variable {
    /// A variable of this name, type and shape, with the sizes that follow from them. Everything
    /// else is unknown: no key, no path, no group, trainable or not.
    pub fn new(name: impl Into<String>, dtype: DType, shape: Shape) -> Variable {
        let parameters = shape.elements().unwrap_or(u64::MAX);
        Variable {
            name: name.into(),
            checkpoint_key: None,
            dtype,
            shape,
            parameters,
            bytes: parameters.saturating_mul(dtype.byte_width().unwrap_or(0)),
            trainable: Trainable::Undetermined,
            trainable_is: Certainty::Exact,
            paths: Vec::new(),
            groups: Vec::new(),
            shared: false,
            confirmed: false,
            stats: None,
        }
    }
}
