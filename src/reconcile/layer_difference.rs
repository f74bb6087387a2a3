//! How a layer differs from what its configuration leads to: a part of the facts about Keras.

use crate::model::Shape;
use crate::saved_model::DeclaredShape;

/// One variable in which a layer differs from its configuration.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LayerDifference {
    /// Name of the layer.
    pub layer: String,
    /// Its class.
    pub class: String,
    /// What leads from the layer to the variable.
    pub variable: String,
    /// The difference.
    pub mismatch: LayerMismatch,
}

/// How a variable differs from what its layer's configuration leads to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum LayerMismatch {
    /// It has another shape.
    Shape {
        /// As the configuration says.
        expected: DeclaredShape,
        /// As the best witness says.
        found: Shape,
    },
    /// The model lacks it; the shape that it should have.
    Missing(DeclaredShape),
    /// An option leaves it out, and the model has it with this shape.
    Extra(Shape),
    /// Its own flag says otherwise whether training changes it.
    Flag {
        /// As the class says.
        expected: bool,
        /// As the flag says.
        found: bool,
    },
}
