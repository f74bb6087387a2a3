//! Recurrent layers, their cells, and the wrappers around layers that take steps.

use super::built::{Built, declared};
use super::class::{Class, Part, Source, When, weight, weight_by};
use super::dims::{Dim, Dims};
use crate::saved_model::DeclaredShape;

/// Keys that an implementation of Keras 2 chooses by.
const KNOWN: &[&str] = &["implementation", "time_major"];

const OF_UNITS: &[&str] = &["units", "use_bias"];
const OF_GRU: &[&str] = &["units", "use_bias", "reset_after"];
const OF_CONVOLUTION: &[&str] = &["filters", "kernel_size", "data_format", "use_bias"];
const KNOWN_OF_CONVOLUTION: &[&str] = &["padding", "strides", "time_major"];

const SIMPLE: Class = Class {
    names: &["SimpleRNNCell"],
    needs: OF_UNITS,
    knows: KNOWN,
    weights: &[
        weight(&["kernel"], &[Dim::LastOfInput, Dim::Key("units")]),
        weight(&["recurrent_kernel"], &[Dim::Key("units"), Dim::Key("units")]),
        weight(&["bias"], &[Dim::Key("units")]).when(When::Is("use_bias")),
    ],
    parts: &[],
};

const GRU: Class = Class {
    names: &["GRUCell"],
    needs: OF_GRU,
    knows: KNOWN,
    weights: &[
        weight(&["kernel"], &[Dim::LastOfInput, Dim::Times(3, "units")]),
        weight(&["recurrent_kernel"], &[Dim::Key("units"), Dim::Times(3, "units")]),
        weight_by(&["bias"], Dims::By(gru_bias)).when(When::Is("use_bias")),
    ],
    parts: &[],
};

const LSTM: Class = Class {
    names: &["LSTMCell"],
    needs: OF_UNITS,
    knows: KNOWN,
    weights: &[
        weight(&["kernel"], &[Dim::LastOfInput, Dim::Times(4, "units")]),
        weight(&["recurrent_kernel"], &[Dim::Key("units"), Dim::Times(4, "units")]),
        weight(&["bias"], &[Dim::Times(4, "units")]).when(When::Is("use_bias")),
    ],
    parts: &[],
};

const CONV_LSTM: Class = Class {
    names: &["ConvLSTMCell", "ConvLSTM2DCell"],
    needs: OF_CONVOLUTION,
    knows: KNOWN_OF_CONVOLUTION,
    weights: &[
        weight(&["kernel"], &[Dim::Each("kernel_size"), Dim::Channels, Dim::Times(4, "filters")]),
        weight(
            &["recurrent_kernel"],
            &[Dim::Each("kernel_size"), Dim::Key("filters"), Dim::Times(4, "filters")],
        ),
        weight(&["bias"], &[Dim::Times(4, "filters")]).when(When::Is("use_bias")),
    ],
    parts: &[],
};

pub(super) const CLASSES: &[Class] = &[
    SIMPLE,
    GRU,
    LSTM,
    CONV_LSTM,
    Class {
        names: &["SimpleRNN"],
        needs: OF_UNITS,
        knows: KNOWN,
        weights: &[],
        parts: &[cell(&SIMPLE, "simple_rnn_cell")],
    },
    Class {
        names: &["GRU"],
        needs: OF_GRU,
        knows: KNOWN,
        weights: &[],
        parts: &[cell(&GRU, "gru_cell")],
    },
    Class {
        names: &["LSTM"],
        needs: OF_UNITS,
        knows: KNOWN,
        weights: &[],
        parts: &[cell(&LSTM, "lstm_cell")],
    },
    Class {
        names: &["ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"],
        needs: OF_CONVOLUTION,
        knows: KNOWN_OF_CONVOLUTION,
        weights: &[],
        parts: &[cell(&CONV_LSTM, "conv_lstm_cell")],
    },
    // Keras 2, on a GPU: no cell, and the biases of input and state side by side.
    Class {
        names: &["CuDNNGRU"],
        needs: &["units"],
        knows: KNOWN,
        weights: &[
            weight(&["kernel"], &[Dim::LastOfInput, Dim::Times(3, "units")]),
            weight(&["recurrent_kernel"], &[Dim::Key("units"), Dim::Times(3, "units")]),
            weight(&["bias"], &[Dim::Times(6, "units")]),
        ],
        parts: &[],
    },
    Class {
        names: &["CuDNNLSTM"],
        needs: &["units"],
        knows: KNOWN,
        weights: &[
            weight(&["kernel"], &[Dim::LastOfInput, Dim::Times(4, "units")]),
            weight(&["recurrent_kernel"], &[Dim::Key("units"), Dim::Times(4, "units")]),
            weight(&["bias"], &[Dim::Times(8, "units")]),
        ],
        parts: &[],
    },
    Class {
        names: &["RNN"],
        needs: &["cell"],
        knows: KNOWN,
        weights: &[],
        parts: &[Part { attribute: "cell", source: Source::Key(&["cell"]), takes_steps: true }],
    },
    Class {
        names: &["StackedRNNCells"],
        needs: &["cells"],
        knows: &[],
        weights: &[],
        parts: &[Part { attribute: "cells", source: Source::Chain("cells"), takes_steps: false }],
    },
    Class {
        names: &["Bidirectional"],
        needs: &["layer"],
        knows: &["backward_layer"],
        weights: &[],
        parts: &[
            Part {
                attribute: "forward_layer",
                source: Source::Key(&["layer"]),
                takes_steps: false,
            },
            Part {
                attribute: "backward_layer",
                source: Source::Key(&["backward_layer", "layer"]),
                takes_steps: false,
            },
        ],
    },
    Class {
        names: &["TimeDistributed"],
        needs: &["layer"],
        knows: &[],
        weights: &[],
        parts: &[Part { attribute: "layer", source: Source::Key(&["layer"]), takes_steps: true }],
    },
];

const fn cell(class: &'static Class, name: &'static str) -> Part {
    Part { attribute: "cell", source: Source::Own(class, name), takes_steps: true }
}

/// Biases of input and state, one after the other where the reset gate comes after the product.
fn gru_bias(layer: &Built<'_>) -> Option<DeclaredShape> {
    let gates = layer.config.number("units")?.checked_mul(3)?;
    declared(match layer.config.flag("reset_after")? {
        true => vec![Some(2), Some(gates)],
        false => vec![Some(gates)],
    })
}
