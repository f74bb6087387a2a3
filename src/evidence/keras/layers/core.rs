//! Dense layers, embeddings, and activations with weights.

use super::built::{Built, declared, position};
use super::class::{Class, When, weight, weight_by};
use super::dims::{Dim, Dims};
use super::einsum;
use super::expected::UNNAMED;
use crate::saved_model::DeclaredShape;

pub(super) const CLASSES: &[Class] = &[
    Class {
        names: &["Dense"],
        needs: &["units", "use_bias"],
        knows: &[],
        weights: &[
            weight(&["kernel"], &[Dim::LastOfInput, Dim::Key("units")]),
            weight(&["bias"], &[Dim::Key("units")]).when(When::Is("use_bias")),
        ],
        parts: &[],
    },
    Class {
        names: &["EinsumDense"],
        needs: &["equation", "output_shape", "bias_axes"],
        knows: &[],
        weights: &[
            weight_by(&["kernel"], Dims::By(einsum::kernel)),
            weight_by(&["bias"], Dims::By(einsum::bias)).when(When::HasValue("bias_axes")),
        ],
        parts: &[],
    },
    Class {
        names: &["Embedding"],
        needs: &["input_dim", "output_dim"],
        knows: &[],
        weights: &[weight(&["embeddings"], &[Dim::Key("input_dim"), Dim::Key("output_dim")])],
        parts: &[],
    },
    // Keras 3.
    Class {
        names: &["ReversibleEmbedding"],
        needs: &["input_dim", "output_dim", "tie_weights"],
        knows: &[],
        weights: &[
            weight(&["embeddings"], &[Dim::Key("input_dim"), Dim::Key("output_dim")]),
            weight(&["reverse_embeddings"], &[Dim::Key("output_dim"), Dim::Key("input_dim")])
                .when(When::IsNot("tie_weights")),
        ],
        parts: &[],
    },
    Class {
        names: &["PReLU"],
        needs: &["shared_axes"],
        knows: &[],
        weights: &[weight_by(&["alpha"], Dims::By(alpha))],
        parts: &[],
    },
    // Of ConvNeXt in `keras.applications`. Keras 3 gives its variable no name.
    Class {
        names: &["LayerScale"],
        needs: &["init_values", "projection_dim"],
        knows: &[],
        weights: &[weight(&["gamma", UNNAMED], &[Dim::Key("projection_dim")])],
        parts: &[],
    },
    // Keras 2.
    Class {
        names: &["RandomFourierFeatures"],
        needs: &["output_dim", "scale"],
        knows: &[],
        weights: &[
            weight(&["unscaled_kernel"], &[Dim::LastOfInput, Dim::Key("output_dim")]).frozen(),
            weight(&["bias"], &[Dim::Key("output_dim")]).frozen(),
            weight(&["kernel_scale"], &[Dim::Is(1)]),
        ],
        parts: &[],
    },
];

/// The input without its batch, with 1 on the shared axes.
fn alpha(layer: &Built<'_>) -> Option<DeclaredShape> {
    let mut shape = layer.inputs.only()?.clone();
    if !layer.config.is_null("shared_axes") {
        for axis in layer.config.numbers("shared_axes")? {
            *shape.get_mut(position(axis, usize::MAX)?)? = Some(1);
        }
    }
    declared(shape.split_off(1.min(shape.len())))
}
