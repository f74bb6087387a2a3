//! Shapes by arithmetic that is written down.

use serde_json::value::RawValue;

use super::*;

fn raw(json: &str) -> Box<RawValue> {
    serde_json::from_str(json).unwrap()
}

/// `path [shape]` of each variable that is there, with `frozen` and `maybe` where it is.
fn derived(naming: Naming, class: &str, config: &str, inputs: Inputs) -> Option<Vec<String>> {
    let config = raw(config);
    let layer = Described { class, config: Values::read(&config), inputs };
    let expected = derive(layer, naming)?.into_iter().filter(|v| v.presence != Presence::Never);
    let told = expected.map(|v| {
        let frozen = if v.trainable { "" } else { " frozen" };
        let maybe = if v.presence == Presence::Maybe { " maybe" } else { "" };
        format!("{} {}{frozen}{maybe}", v.path(), v.shape)
    });
    Some(told.collect())
}

fn keras2(class: &str, config: &str, input: &str) -> Option<Vec<String>> {
    let inputs = Inputs::of_keras_2(&raw(input));
    derived(Naming::Attributes, class, config, inputs)
}

fn keras3(class: &str, config: &str, input: &str) -> Option<Vec<String>> {
    derived(Naming::Names, class, config, Inputs::of_keras_3(&raw(input)))
}

fn list(expected: &[&str]) -> Option<Vec<String>> {
    Some(expected.iter().map(|e| (*e).to_owned()).collect())
}

const CONV: &str = r#"{"filters": 6, "kernel_size": {"class_name": "__tuple__", "items": [5, 3]},
    "data_format": "FORMAT", "use_bias": true, "groups": 2, "dilation_rate": [1, 1]}"#;

#[test]
fn a_dense_layer_joins_the_last_dimension_with_its_units() {
    let config = r#"{"name": "d", "units": 10, "use_bias": true, "kernel_initializer": {}}"#;
    let shape = r#"{"class_name": "TensorShape", "items": [null, 7, 84]}"#;
    assert_eq!(keras2("Dense", config, shape), list(&["kernel [84, 10]", "bias [10]"]));
    assert_eq!(keras2("Dense", config, "null"), list(&["kernel [?, 10]", "bias [10]"]));
    let config = config.replace("true", "false");
    assert_eq!(keras2("Dense", &config, "[null, 4]"), list(&["kernel [4, 10]"]));
}

#[test]
fn a_layer_that_is_not_understood_is_not_derived() {
    let known = r#"{"units": 10, "use_bias": true"#;
    for more in [
        r#""lora_rank": 4"#,
        r#""quantization_config": {"class_name": "Int8QuantizationConfig"}"#,
        r#""dtype": {"class_name": "QuantizedDTypePolicy", "config": {"mode": "int8"}}"#,
        r#""dtype": "int8_from_float32""#,
        r#""sigma": 0.5"#,
        r#""groups": 2"#,
        r#""units": 11"#,
    ] {
        assert_eq!(keras2("Dense", &format!("{known}, {more}}}"), "[null, 4]"), None, "{more}");
    }
    let unused = format!(r#"{known}, "lora_rank": null, "quantization_config": null}}"#);
    assert!(keras2("Dense", &unused, "[null, 4]").is_some());
    assert_eq!(keras2("Dense", r#"{"units": 10}"#, "[null, 4]"), None);
    assert_eq!(keras2("Dense", r#"{"units": -1, "use_bias": true}"#, "[null, 4]"), None);
    assert_eq!(keras2("Dense", r#"{"units": "ten", "use_bias": true}"#, "[null, 4]"), None);
    assert_eq!(keras2("my>Dense", &format!("{known}}}"), "[null, 4]"), None);
    assert_eq!(
        keras2("LSTM", r#"{"units": 9223372036854775807, "use_bias": true}"#, "[1, 2, 3]"),
        None
    );
    assert_eq!(keras2("Flatten", r#"{"anything": 1}"#, "null"), list(&[]));
}

#[test]
fn convolutions_take_channels_from_where_the_format_puts_them() {
    let last = CONV.replace("FORMAT", "channels_last");
    let first = CONV.replace("FORMAT", "channels_first");
    // Two groups of 8 / 2 channels.
    let expected = list(&["kernel [5, 3, 4, 6]", "bias [6]"]);
    assert_eq!(keras2("Conv2D", &last, "[null, 20, 30, 8]"), expected);
    assert_eq!(keras2("Conv2D", &first, "[null, 8, 20, 30]"), expected);
    assert_eq!(
        keras2("Conv2DTranspose", &last, "[null, 20, 30, 8]"),
        list(&["kernel [5, 3, 6, 8]", "bias [6]"])
    );
    let depth = last.replace("\"groups\": 2", "\"groups\": 1, \"depth_multiplier\": 3");
    assert_eq!(
        keras2("DepthwiseConv2D", &depth, "[null, 20, 30, 8]"),
        list(&["depthwise_kernel [5, 3, 8, 3]", "bias [24]"])
    );
    assert_eq!(
        keras2("SeparableConv2D", &depth, "[null, 20, 30, 8]"),
        list(&["depthwise_kernel [5, 3, 8, 3]", "pointwise_kernel [1, 1, 24, 6]", "bias [6]"])
    );
}

#[test]
fn locally_connected_layers_have_a_kernel_for_each_place() {
    let config = |implementation, padding| {
        format!(
            r#"{{"filters": 6, "kernel_size": [3], "strides": [2], "padding": "{padding}",
                "data_format": "channels_last", "implementation": {implementation}, "use_bias": true}}"#
        )
    };
    // From 10 places, windows of 3 start at 0, 2, 4, 6: 4 of them. Each sees 3 x 4 numbers.
    let expected = list(&["kernel [4, 12, 6]", "bias [4, 6]"]);
    assert_eq!(keras2("LocallyConnected1D", &config(1, "valid"), "[null, 10, 4]"), expected);
    let expected = list(&["kernel [10, 4, 4, 6]", "bias [4, 6]"]);
    assert_eq!(keras2("LocallyConnected1D", &config(2, "valid"), "[null, 10, 4]"), expected);
    // With padding, every second of 10 places: 5.
    let expected = list(&["kernel [?]", "bias [5, 6]"]);
    assert_eq!(keras2("LocallyConnected1D", &config(3, "same"), "[null, 10, 4]"), expected);
}

#[test]
fn normalisation_has_the_shape_of_its_axes() {
    let config = |axis: &str| format!(r#"{{"axis": {axis}, "center": true, "scale": true}}"#);
    let shape = "[null, 5, 6, 7]";
    assert_eq!(
        keras2("BatchNormalization", &config("[3]"), shape),
        list(&["gamma [7]", "beta [7]", "moving_mean [7] frozen", "moving_variance [7] frozen"])
    );
    assert_eq!(
        keras2("BatchNormalization", &config("[1, 3]"), shape).unwrap()[..2],
        ["gamma [1, 5, 1, 7]", "beta [1, 5, 1, 7]"]
    );
    assert_eq!(
        keras2("LayerNormalization", &config("[3, 1]"), shape),
        list(&["gamma [7, 5]", "beta [7, 5]"])
    );
    let uncentred = config("-1").replace("true, \"scale\"", "false, \"scale\"");
    assert_eq!(keras2("GroupNormalization", &uncentred, shape), list(&["gamma [7]"]));
    assert_eq!(
        keras2("Normalization", r#"{"axis": [-1, 1], "mean": null, "variance": null}"#, shape),
        list(&["adapt_mean [5, 7] frozen", "adapt_variance [5, 7] frozen", "count [] frozen"])
    );
    assert_eq!(keras2("BatchNormalization", &config("[9]"), shape), None);
}

#[test]
fn recurrent_layers_have_a_gate_for_each_of_their_products() {
    let config = r#"{"units": 5, "use_bias": true, "implementation": 2}"#;
    let shape = "[null, 8, 4]";
    // 4 gates of 5 units.
    assert_eq!(
        keras2("LSTM", config, shape),
        list(&["cell/kernel [4, 20]", "cell/recurrent_kernel [5, 20]", "cell/bias [20]"])
    );
    // 3 gates of 5 units; one bias, or two.
    let gru = |after| format!(r#"{{"units": 5, "use_bias": true, "reset_after": {after}}}"#);
    assert_eq!(
        keras3("GRU", &gru("true"), r#"{"input_shape": [null, 8, 4]}"#),
        list(&[
            "gru_cell/kernel [4, 15]",
            "gru_cell/recurrent_kernel [5, 15]",
            "gru_cell/bias [2, 15]"
        ])
    );
    assert_eq!(keras2("GRUCell", &gru("false"), "[null, 4]").unwrap()[2], "bias [15]");
    // 4 gates of 6 filters of 5 x 3, over 2 channels and 6.
    let conv = CONV.replace("FORMAT", "channels_last").replace("\"groups\": 2,", "");
    assert_eq!(
        keras2("ConvLSTM2D", &conv, "[null, 9, 20, 30, 2]"),
        list(&[
            "cell/kernel [5, 3, 2, 24]",
            "cell/recurrent_kernel [5, 3, 6, 24]",
            "cell/bias [24]"
        ])
    );
}

#[test]
fn layers_in_layers_are_reached_through_their_attributes_or_names() {
    let cell = |class: &str, units| {
        format!(
            r#"{{"class_name": "{class}", "config": {{"name": "c{units}", "units": {units}, "use_bias": false}}}}"#
        )
    };
    let cells = format!(
        r#"{{"cell": {{"class_name": "StackedRNNCells", "config": {{"name": "s", "cells": [{}, {}]}}}}}}"#,
        cell("SimpleRNNCell", 3),
        cell("LSTMCell", 2)
    );
    // The second cell takes the 3 units of the first.
    assert_eq!(
        keras2("RNN", &cells, "[[null, 8, 6], [null, 3]]"),
        list(&[
            "cell/cells/0/kernel [6, 3]",
            "cell/cells/0/recurrent_kernel [3, 3]",
            "cell/cells/1/kernel [3, 8]",
            "cell/cells/1/recurrent_kernel [2, 8]"
        ])
    );
    assert_eq!(
        keras3("RNN", &cells, r#"{"shapes_dict": {"sequences_shape": [null, 8, 6]}}"#).unwrap()[2],
        "s/c2/kernel [3, 8]"
    );
    let both = format!(r#"{{"merge_mode": "concat", "layer": {}}}"#, cell("SimpleRNN", 3));
    assert_eq!(
        keras2("Bidirectional", &both, "[null, 8, 6]").unwrap()[2],
        "backward_layer/cell/kernel [6, 3]"
    );
    let each = format!(r#"{{"layer": {}}}"#, cell("Dense", 3));
    assert_eq!(keras2("TimeDistributed", &each, "[null, 8, 6]"), list(&["layer/kernel [6, 3]"]));
    let custom = each.replace("Dense", "Mine");
    assert_eq!(keras2("TimeDistributed", &custom, "[null, 8, 6]"), None);
    let mut deep = each;
    for _ in 0..20 {
        deep = format!(r#"{{"layer": {{"class_name": "TimeDistributed", "config": {deep}}}}}"#);
    }
    assert_eq!(keras2("TimeDistributed", &deep, "[null, 8, 6]"), None);
}

#[test]
fn attention_projects_to_heads_and_back() {
    let config = r#"{"num_heads": 2, "key_dim": 3, "value_dim": 4, "use_bias": false,
        "output_shape": null, "attention_axes": [1]}"#;
    let shapes = r#"{"shapes_dict": {"query_shape": [null, 8, 6], "value_shape": [null, 9, 5]}}"#;
    assert_eq!(
        keras3("MultiHeadAttention", config, shapes),
        list(&[
            "query/kernel [6, 2, 3]",
            "key/kernel [5, 2, 3]",
            "value/kernel [5, 2, 4]",
            "attention_output/kernel [2, 4, 6]"
        ])
    );
    // Without the shapes, only what the options say.
    let config = config.replace("null,", "[7],").replace("false", "true");
    assert_eq!(
        keras2("MultiHeadAttention", &config, "null").unwrap()[6..],
        ["_output_dense/kernel [2, 4, 7]", "_output_dense/bias [7]"]
    );
    let shapes = "[[null, 8, 6], [null, 9, 6]]";
    assert_eq!(keras2("AdditiveAttention", r#"{"use_scale": true}"#, shapes), list(&["scale [6]"]));
}

#[test]
fn einsum_takes_dimensions_by_their_letters() {
    let einsum = |equation: &str, output: &str, bias: &str, shape: &str| {
        let config = format!(
            r#"{{"equation": "{equation}", "output_shape": {output}, "bias_axes": {bias}}}"#
        );
        keras2("EinsumDense", &config, shape)
    };
    let shape = "[null, 32, 128]";
    assert_eq!(
        einsum("abc,cd->abd", "[null, 64]", "\"d\"", shape),
        list(&["kernel [128, 64]", "bias [64]"])
    );
    assert_eq!(
        einsum("...x,xy->...y", "64", "\"y\"", shape),
        list(&["kernel [128, 64]", "bias [64]"])
    );
    assert_eq!(
        einsum("ab...,bc->ac...", "4", "\"c\"", "[null, 32, 128]"),
        list(&["kernel [32, 4]", "bias [4, 1]"])
    );
    assert_eq!(
        einsum("abc,cde->abde", "[null, 2, 3]", "\"e\"", shape),
        list(&["kernel [128, 2, 3]", "bias [3]"])
    );
    assert_eq!(einsum("abc,cd->abd", "[null, 64]", "null", "null"), list(&["kernel [?, 64]"]));
    assert_eq!(einsum("abc", "64", "null", shape), None);
    assert_eq!(einsum("...x,xy->...y", "64", "null", "null"), None);
}

#[test]
fn what_no_class_can_have_is_refused() {
    assert_eq!(keras2("Dense", r#"{"units": 1, "use_bias": true, "units": 1}"#, "null"), None);
    let long = format!("[{}1]", "1,".repeat(1000));
    let conv = CONV.replace("FORMAT", "channels_last").replace("[5, 3]", &long);
    assert_eq!(keras2("Conv2D", &conv, "null"), None);
    assert_eq!(
        keras2("Embedding", r#"{"input_dim": 9, "output_dim": 18446744073709551615}"#, "null"),
        None
    );
}
