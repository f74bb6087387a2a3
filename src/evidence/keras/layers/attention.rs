//! Attention.

use super::built::{Built, Size, declared, last};
use super::class::{Class, Weight, When, weight, weight_by};
use super::dims::{Dim, Dims};
use crate::saved_model::DeclaredShape;

pub(super) const CLASSES: &[Class] = &[
    Class {
        names: &["Attention"],
        needs: &["use_scale"],
        knows: &["score_mode"],
        weights: &[
            weight(&["scale"], &[]).when(When::Is("use_scale")),
            weight(&["concat_score_weight"], &[]).when(When::Says("score_mode", "concat")),
        ],
        parts: &[],
    },
    Class {
        names: &["AdditiveAttention"],
        needs: &["use_scale"],
        knows: &[],
        weights: &[weight_by(&["scale"], Dims::By(common_last)).when(When::Is("use_scale"))],
        parts: &[],
    },
    Class {
        names: &["MultiHeadAttention"],
        needs: &["num_heads", "key_dim", "value_dim", "use_bias", "output_shape"],
        knows: &["query_shape", "key_shape", "value_shape", "use_gate"],
        weights: &[
            weight(
                &["kernel"],
                &[Dim::LastOf("query_shape"), Dim::Key("num_heads"), Dim::Key("key_dim")],
            )
            .in_part("_query_dense", "query"),
            bias(&[Dim::Key("num_heads"), Dim::Key("key_dim")]).in_part("_query_dense", "query"),
            weight_by(&["kernel"], Dims::By(key_kernel)).in_part("_key_dense", "key"),
            bias(&[Dim::Key("num_heads"), Dim::Key("key_dim")]).in_part("_key_dense", "key"),
            weight(
                &["kernel"],
                &[Dim::LastOf("value_shape"), Dim::Key("num_heads"), Dim::Key("value_dim")],
            )
            .in_part("_value_dense", "value"),
            bias(&[Dim::Key("num_heads"), Dim::Key("value_dim")]).in_part("_value_dense", "value"),
            weight(
                &["kernel"],
                &[Dim::LastOf("query_shape"), Dim::Key("num_heads"), Dim::Key("value_dim")],
            )
            .in_part("_gate_dense", "gate")
            .when(When::Is("use_gate")),
            bias(&[Dim::Key("num_heads"), Dim::Key("value_dim")])
                .in_part("_gate_dense", "gate")
                .when(When::Both("use_gate", "use_bias")),
            weight_by(&["kernel"], Dims::By(output_kernel))
                .in_part("_output_dense", "attention_output"),
            weight_by(&["bias"], Dims::By(output_bias))
                .in_part("_output_dense", "attention_output")
                .when(When::Is("use_bias")),
        ],
        parts: &[],
    },
    // Keras 3.
    Class {
        names: &["GroupedQueryAttention", "GroupQueryAttention"],
        needs: &["head_dim", "num_query_heads", "num_key_value_heads", "use_bias"],
        knows: &["use_gate"],
        weights: &[
            weight(
                &["kernel"],
                &[Dim::LastOf("query_shape"), Dim::Key("num_query_heads"), Dim::Key("head_dim")],
            )
            .in_part("_query_dense", "query"),
            bias(&[Dim::Key("num_query_heads"), Dim::Key("head_dim")])
                .in_part("_query_dense", "query"),
            weight_by(&["kernel"], Dims::By(shared_key_kernel)).in_part("_key_dense", "key"),
            bias(&[Dim::Key("num_key_value_heads"), Dim::Key("head_dim")])
                .in_part("_key_dense", "key"),
            weight(
                &["kernel"],
                &[
                    Dim::LastOf("value_shape"),
                    Dim::Key("num_key_value_heads"),
                    Dim::Key("head_dim"),
                ],
            )
            .in_part("_value_dense", "value"),
            bias(&[Dim::Key("num_key_value_heads"), Dim::Key("head_dim")])
                .in_part("_value_dense", "value"),
            weight(
                &["kernel"],
                &[Dim::LastOf("query_shape"), Dim::Key("num_query_heads"), Dim::Key("head_dim")],
            )
            .in_part("_gate_dense", "gate")
            .when(When::Is("use_gate")),
            bias(&[Dim::Key("num_query_heads"), Dim::Key("head_dim")])
                .in_part("_gate_dense", "gate")
                .when(When::Both("use_gate", "use_bias")),
            weight(
                &["kernel"],
                &[Dim::Key("num_query_heads"), Dim::Key("head_dim"), Dim::LastOf("query_shape")],
            )
            .in_part("_output_dense", "attention_output"),
            bias(&[Dim::LastOf("query_shape")]).in_part("_output_dense", "attention_output"),
        ],
        parts: &[],
    },
];

const fn bias(shape: &'static [Dim]) -> Weight {
    weight(&["bias"], shape).when(When::Is("use_bias"))
}

/// The last dimension of the inputs, which additive attention needs to be one.
fn common_last(layer: &Built<'_>) -> Option<DeclaredShape> {
    let mut lasts = layer.inputs.each().map(last);
    let first = lasts.next().flatten();
    declared(vec![first.filter(|_| lasts.all(|other| other == first))])
}

fn key_kernel(layer: &Built<'_>) -> Option<DeclaredShape> {
    let heads = layer.config.number("num_heads")?;
    declared(vec![key_last(layer), Some(heads), Some(layer.config.number("key_dim")?)])
}

fn shared_key_kernel(layer: &Built<'_>) -> Option<DeclaredShape> {
    let heads = layer.config.number("num_key_value_heads")?;
    declared(vec![key_last(layer), Some(heads), Some(layer.config.number("head_dim")?)])
}

/// The keys are the values where the layer is called without keys.
fn key_last(layer: &Built<'_>) -> Size {
    last(layer.input("key_shape").or_else(|| layer.input("value_shape")).as_ref())
}

fn output_kernel(layer: &Built<'_>) -> Option<DeclaredShape> {
    let heads = layer.config.number("num_heads")?;
    let mut sizes = vec![Some(heads), Some(layer.config.number("value_dim")?)];
    sizes.extend(output_sizes(layer)?);
    declared(sizes)
}

fn output_bias(layer: &Built<'_>) -> Option<DeclaredShape> {
    declared(output_sizes(layer)?)
}

/// What attention gives for each query: as the configuration says, else the size of a query.
fn output_sizes(layer: &Built<'_>) -> Option<Vec<Size>> {
    if layer.config.is_null("output_shape") {
        return Some(vec![last(layer.input("query_shape").as_ref())]);
    }
    let sizes = layer.config.numbers("output_shape")?;
    sizes.into_iter().map(|size| u64::try_from(size).ok().map(Some)).collect()
}
