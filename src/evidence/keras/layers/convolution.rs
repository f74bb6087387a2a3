//! Convolutions. The classes of one, two and three dimensions differ in the length of `kernel_size`.

use super::class::{Class, Weight, When, weight};
use super::dims::Dim;

pub(super) const CLASSES: &[Class] = &[
    Class {
        names: &["Conv1D", "Conv2D", "Conv3D"],
        needs: &["filters", "kernel_size", "data_format", "use_bias"],
        knows: &["groups", "padding", "strides"],
        weights: &[
            weight(
                &["kernel"],
                &[Dim::Each("kernel_size"), Dim::ChannelsOver("groups"), Dim::Key("filters")],
            ),
            BIAS,
        ],
        parts: &[],
    },
    Class {
        names: &["Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"],
        needs: &["filters", "kernel_size", "data_format", "use_bias"],
        knows: &["groups", "padding", "strides"],
        weights: &[
            weight(&["kernel"], &[Dim::Each("kernel_size"), Dim::Key("filters"), Dim::Channels]),
            BIAS,
        ],
        parts: &[],
    },
    Class {
        names: &["DepthwiseConv1D", "DepthwiseConv2D"],
        needs: &["kernel_size", "depth_multiplier", "data_format", "use_bias"],
        knows: &["filters", "groups", "padding", "strides"],
        weights: &[
            weight(
                &["depthwise_kernel", "kernel"],
                &[Dim::Each("kernel_size"), Dim::Channels, Dim::Key("depth_multiplier")],
            ),
            weight(&["bias"], &[Dim::ChannelsTimes("depth_multiplier")]).when(When::Is("use_bias")),
        ],
        parts: &[],
    },
    Class {
        names: &["SeparableConv1D", "SeparableConv2D"],
        needs: &["filters", "kernel_size", "depth_multiplier", "data_format", "use_bias"],
        knows: &["groups", "padding", "strides"],
        weights: &[
            weight(
                &["depthwise_kernel"],
                &[Dim::Each("kernel_size"), Dim::Channels, Dim::Key("depth_multiplier")],
            ),
            weight(
                &["pointwise_kernel"],
                &[
                    Dim::OneForEach("kernel_size"),
                    Dim::ChannelsTimes("depth_multiplier"),
                    Dim::Key("filters"),
                ],
            ),
            BIAS,
        ],
        parts: &[],
    },
];

const BIAS: Weight = weight(&["bias"], &[Dim::Key("filters")]).when(When::Is("use_bias"));
