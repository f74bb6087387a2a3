//! Locally connected layers of Keras 2: a kernel for each place, whose shape depends on how the
//! layer computes.

use super::built::{Built, Size, declared};
use super::class::{Class, When, weight_by};
use super::dims::Dims;
use crate::saved_model::DeclaredShape;

pub(super) const CLASSES: &[Class] = &[Class {
    names: &["LocallyConnected1D", "LocallyConnected2D"],
    needs: &[
        "filters",
        "kernel_size",
        "strides",
        "padding",
        "data_format",
        "implementation",
        "use_bias",
    ],
    knows: &[],
    weights: &[
        weight_by(&["kernel"], Dims::By(kernel)),
        weight_by(&["bias"], Dims::By(bias)).when(When::Is("use_bias")),
    ],
    parts: &[],
}];

fn kernel(layer: &Built<'_>) -> Option<DeclaredShape> {
    let places = places(layer)?;
    let filters = layer.config.number("filters")?;
    let channels = layer.channels()??;
    match layer.config.number("implementation")? {
        1 => {
            let places = product(places.iter().map(|place| place.output))?;
            let inputs = product(places_of_kernel(layer)?)?.checked_mul(channels)?;
            declared(vec![Some(places), Some(inputs), Some(filters)])
        }
        2 => {
            let inputs = places.iter().map(|place| Some(place.input));
            let outputs = places.iter().map(|place| Some(place.output));
            let (channels, filters) = ([Some(channels)], [Some(filters)]);
            declared(match layer.config.text("data_format")?.as_str() {
                "channels_first" => {
                    channels.into_iter().chain(inputs).chain(filters).chain(outputs).collect()
                }
                _ => inputs.chain(channels).chain(outputs).chain(filters).collect(),
            })
        }
        // One list of the connections that there are.
        3 => declared(vec![None]),
        _ => None,
    }
}

fn bias(layer: &Built<'_>) -> Option<DeclaredShape> {
    let mut sizes: Vec<Size> = places(layer)?.iter().map(|place| Some(place.output)).collect();
    sizes.push(Some(layer.config.number("filters")?));
    declared(sizes)
}

/// How many places a dimension of space has, before and after.
struct Places {
    input: u64,
    output: u64,
}

/// Source: `conv_output_length`, tf_keras/src/utils/conv_utils.py (2.21).
fn places(layer: &Built<'_>) -> Option<Vec<Places>> {
    let shape = layer.inputs.only()?;
    let kernel = places_of_kernel(layer)?;
    let strides = layer.config.numbers("strides")?;
    let first = match layer.config.text("data_format")?.as_str() {
        "channels_first" => 2,
        _ => 1,
    };
    let is_valid = layer.config.text("padding")? == "valid";
    let inputs = shape.get(first..)?.iter().zip(kernel).zip(strides);
    let places = inputs.map(|((input, kernel), stride)| {
        let input = (*input)?;
        let starts = if is_valid { input.checked_sub(kernel)?.checked_add(1)? } else { input };
        let stride = u64::try_from(stride).ok().filter(|stride| *stride > 0)?;
        Some(Places { input, output: starts.div_ceil(stride) })
    });
    places.collect()
}

fn places_of_kernel(layer: &Built<'_>) -> Option<Vec<u64>> {
    let kernel = layer.config.numbers("kernel_size")?;
    kernel.into_iter().map(|size| u64::try_from(size).ok()).collect()
}

fn product(sizes: impl IntoIterator<Item = u64>) -> Option<u64> {
    sizes.into_iter().try_fold(1u64, |all, size| all.checked_mul(size))
}
