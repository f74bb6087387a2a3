//! Layers that normalise.

use super::built::{Built, declared, position};
use super::class::{Class, Part, Source, Weight, When, weight, weight_by};
use super::dims::{Dim, Dims};
use crate::saved_model::DeclaredShape;

pub(super) const CLASSES: &[Class] = &[
    Class {
        names: &["BatchNormalization", "BatchNormalizationV1", "SyncBatchNormalization"],
        needs: &["axis", "center", "scale"],
        knows: &["renorm"],
        weights: &[
            weight_by(&["gamma"], Dims::By(batch_axes)).when(When::Is("scale")),
            weight_by(&["beta"], Dims::By(batch_axes)).when(When::Is("center")),
            weight_by(&["moving_mean"], Dims::By(batch_axes)).frozen(),
            weight_by(&["moving_variance"], Dims::By(batch_axes)).frozen(),
            renorm(&["moving_stddev"]),
            renorm(&["renorm_mean"]),
            renorm(&["renorm_stddev"]),
        ],
        parts: &[],
    },
    Class {
        names: &["LayerNormalization", "GroupNormalization"],
        needs: &["axis", "center", "scale"],
        knows: &["groups"],
        weights: &[
            weight_by(&["gamma"], Dims::By(axes)).when(When::Is("scale")),
            weight_by(&["beta"], Dims::By(axes)).when(When::Is("center")),
        ],
        parts: &[],
    },
    // Keras 3.
    Class {
        names: &["RMSNormalization"],
        needs: &["axis"],
        knows: &[],
        weights: &[weight_by(&["scale"], Dims::By(axes))],
        parts: &[],
    },
    Class {
        names: &["Normalization"],
        needs: &["axis"],
        knows: &["mean", "variance"],
        weights: &[
            weight_by(&["adapt_mean", "mean"], Dims::By(kept_axes))
                .frozen()
                .when(When::IsNull("mean")),
            weight_by(&["adapt_variance", "variance"], Dims::By(kept_axes))
                .frozen()
                .when(When::IsNull("mean")),
            weight(&["count"], &[]).frozen().when(When::IsNull("mean")),
        ],
        parts: &[],
    },
    // Keras 2 learns the boundaries in a variable, Keras 3 outside of the model.
    Class {
        names: &["Discretization"],
        needs: &["bin_boundaries"],
        knows: &[],
        weights: &[weight(&["summary"], &[Dim::Is(2), Dim::Any]).frozen().when(When::Maybe)],
        parts: &[],
    },
    Class {
        names: &["SpectralNormalization"],
        needs: &["layer"],
        knows: &[],
        weights: &[
            weight(&["vector_u"], &[Dim::Is(1), Dim::Any]).frozen(),
            // The variable of the layer, held a second time.
            weight_by(&["kernel", "embeddings"], Dims::By(|_| Some(DeclaredShape::Unknown)))
                .when(When::Maybe),
        ],
        parts: &[Part { attribute: "layer", source: Source::Key(&["layer"]), takes_steps: false }],
    },
];

const fn renorm(names: &'static [&'static str]) -> Weight {
    weight_by(names, Dims::By(batch_axes)).frozen().when(When::Is("renorm"))
}

/// The input's dimensions on the axes, in the order of the configuration.
fn axes(layer: &Built<'_>) -> Option<DeclaredShape> {
    let axes = layer.config.numbers("axis")?;
    declared(axes.into_iter().map(|axis| layer.at(axis)).collect::<Option<_>>()?)
}

/// The input's dimensions on the axes, in the order of the input; on no axis, a scalar.
fn kept_axes(layer: &Built<'_>) -> Option<DeclaredShape> {
    if layer.config.is_null("axis") {
        return declared(Vec::new());
    }
    let axes = layer.config.numbers("axis")?;
    let Some(shape) = layer.inputs.only() else {
        return declared(vec![None; axes.len()]);
    };
    let places = axes.into_iter().map(|axis| position(axis, shape.len()));
    let mut places = places.collect::<Option<Vec<usize>>>()?;
    places.sort_unstable();
    declared(places.into_iter().map(|at| shape.get(at).copied().flatten()).collect())
}

/// The input's dimension on the one axis; with several, the shape of the input with 1 on all others.
fn batch_axes(layer: &Built<'_>) -> Option<DeclaredShape> {
    let axes = layer.config.numbers("axis")?;
    if let [axis] = axes.as_slice() {
        return declared(vec![layer.at(*axis)?]);
    }
    let shape = layer.inputs.only()?;
    let mut sizes = vec![Some(1); shape.len()];
    for axis in axes {
        let at = position(axis, shape.len())?;
        *sizes.get_mut(at)? = shape.get(at).copied()?;
    }
    declared(sizes)
}
