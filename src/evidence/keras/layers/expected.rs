//! A variable that a layer has by its configuration.

use crate::saved_model::DeclaredShape;

/// The last name of variables to which Keras 3 gives a name: this, or this and a number.
pub(crate) const UNNAMED: &str = "variable";

/// A variable that a layer has, has not, or may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ExpectedVariable {
    /// What leads from the layer to the object that holds it: attributes in an object graph, names in
    /// a configuration of Keras 3. Empty where the layer itself holds it.
    pub holders: Vec<String>,
    /// Its attribute or last name. Versions of Keras differ in some: the first that is there.
    pub names: &'static [&'static str],
    /// Whether the layer has it.
    pub presence: Presence,
    /// Its shape. A dimension is -1 where the shape of the input decides it and nobody tells that.
    pub shape: DeclaredShape,
    /// Whether training changes it while the layer is not frozen.
    pub trainable: bool,
}

impl ExpectedVariable {
    /// What leads to it from the layer, its own name last.
    pub fn path(&self) -> String {
        let name = self.names.first().copied().unwrap_or_default();
        let path: Vec<&str> = self.holders.iter().map(String::as_str).chain([name]).collect();
        path.join("/")
    }
}

/// Whether a layer has a variable that its class knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    /// It has it.
    Always,
    /// It has not: an option leaves it out.
    Never,
    /// Versions of Keras differ.
    Maybe,
}
