"""Makes a model with a layer for each case: `python classes.py keras2|keras3 FOLDER` in the
environment's Python.

A case is a layer and the shapes of its inputs. Its name is the layer's, so that a report names it.
Writes `model/`, `model.keras` for Keras 3, and `left_out.json`: cases that this version does not have.
"""

import json
import os
import sys

import frameworks

KERAS = frameworks.keras2 if sys.argv[1] == "keras2" else frameworks.keras3
IS_2 = sys.argv[1] == "keras2"

CASES = {}


class Layers:
    """The layers of all modules in which versions of Keras have had them."""

    def __getattr__(self, name):
        experimental = getattr(KERAS.layers, "experimental", None)
        for module in (KERAS.layers, experimental, getattr(experimental, "preprocessing", None)):
            if hasattr(module, name):
                return getattr(module, name)
        raise AttributeError("there is no layer " + name)


L = Layers()


def case(name, shapes, make, dtype="float32"):
    assert name not in CASES, name
    CASES[name] = (shapes if isinstance(shapes, list) else [shapes], make, dtype)


def dense():
    case("dense", (4,), lambda n: L.Dense(3, name=n))
    case("dense_no_bias", (4,), lambda n: L.Dense(3, use_bias=False, name=n))
    case("dense_of_steps", (7, 4), lambda n: L.Dense(3, name=n))
    case("dense_frozen", (4,), lambda n: L.Dense(3, trainable=False, name=n))
    case("dense_regularized", (4,), lambda n: L.Dense(3, kernel_regularizer="l2", bias_constraint="non_neg", name=n))
    case("embedding", (7,), lambda n: L.Embedding(9, 4, name=n), "int32")
    case("embedding_masked", (7,), lambda n: L.Embedding(9, 4, mask_zero=True, name=n), "int32")
    case("einsum", (7, 4), lambda n: L.EinsumDense("abc,cd->abd", (None, 3), bias_axes="d", name=n))
    case("einsum_no_bias", (7, 4), lambda n: L.EinsumDense("abc,cd->abd", (None, 3), name=n))
    case("einsum_left", (7, 4), lambda n: L.EinsumDense("...x,xy->...y", 3, bias_axes="y", name=n))
    case("einsum_right", (7, 4), lambda n: L.EinsumDense("ab...,bc->ac...", 3, bias_axes="c", name=n))
    case("einsum_heads", (7, 4), lambda n: L.EinsumDense("abc,cde->abde", (None, 2, 3), bias_axes="d", name=n))
    case("einsum_back", (7, 2, 3), lambda n: L.EinsumDense("abcd,cde->abe", (None, 5), bias_axes="e", name=n))
    case("prelu", (5, 6), lambda n: L.PReLU(name=n))
    case("prelu_shared", (4, 5, 6), lambda n: L.PReLU(shared_axes=[1, 2], name=n))
    case("fourier", (4,), lambda n: L.RandomFourierFeatures(3, name=n))
    case("reversible", (7,), lambda n: L.ReversibleEmbedding(9, 4, tie_weights=False, name=n), "int32")
    case("reversible_tied", (7,), lambda n: L.ReversibleEmbedding(9, 4, name=n), "int32")


def convolutions():
    case("conv1d", (10, 4), lambda n: L.Conv1D(6, 3, name=n))
    case("conv1d_causal", (10, 4), lambda n: L.Conv1D(6, 3, padding="causal", dilation_rate=2, name=n))
    case("conv1d_groups", (10, 4), lambda n: L.Conv1D(6, 3, groups=2, use_bias=False, name=n))
    case("conv2d", (8, 9, 4), lambda n: L.Conv2D(6, (3, 2), name=n))
    case("conv2d_groups", (8, 9, 4), lambda n: L.Conv2D(6, 3, groups=2, strides=2, padding="same", name=n))
    case("conv2d_first", (4, 8, 9), lambda n: L.Conv2D(6, (3, 2), data_format="channels_first", name=n))
    case("conv3d", (5, 6, 7, 4), lambda n: L.Conv3D(6, (3, 2, 1), name=n))
    case("conv1d_transpose", (10, 4), lambda n: L.Conv1DTranspose(6, 3, name=n))
    case("conv2d_transpose", (8, 9, 4), lambda n: L.Conv2DTranspose(6, (3, 2), strides=2, name=n))
    case("conv2d_transpose_first", (4, 8, 9), lambda n: L.Conv2DTranspose(6, 3, data_format="channels_first", use_bias=False, name=n))
    case("conv3d_transpose", (5, 6, 7, 4), lambda n: L.Conv3DTranspose(6, 3, name=n))
    case("depthwise1d", (10, 4), lambda n: L.DepthwiseConv1D(3, depth_multiplier=2, name=n))
    case("depthwise2d", (8, 9, 4), lambda n: L.DepthwiseConv2D((3, 2), depth_multiplier=2, name=n))
    case("depthwise2d_no_bias", (8, 9, 4), lambda n: L.DepthwiseConv2D(3, use_bias=False, name=n))
    case("separable1d", (10, 4), lambda n: L.SeparableConv1D(6, 3, depth_multiplier=2, name=n))
    case("separable2d", (8, 9, 4), lambda n: L.SeparableConv2D(6, (3, 2), name=n))
    case("separable2d_no_bias", (8, 9, 4), lambda n: L.SeparableConv2D(6, 3, depth_multiplier=2, use_bias=False, name=n))
    for implementation in (1, 2, 3):
        case("local1d_%d" % implementation, (11, 4), lambda n, i=implementation: L.LocallyConnected1D(6, 3, strides=2, implementation=i, name=n))
        case("local2d_%d" % implementation, (8, 9, 4), lambda n, i=implementation: L.LocallyConnected2D(6, (3, 2), implementation=i, name=n))


def normalizations():
    case("batch_norm", (8, 9, 4), lambda n: L.BatchNormalization(name=n))
    case("batch_norm_axis", (8, 9, 4), lambda n: L.BatchNormalization(axis=1, name=n))
    case("batch_norm_no_scale", (4,), lambda n: L.BatchNormalization(scale=False, name=n))
    case("batch_norm_no_center", (4,), lambda n: L.BatchNormalization(center=False, name=n))
    case("batch_norm_frozen", (4,), lambda n: L.BatchNormalization(trainable=False, name=n))
    case("batch_norm_axes", (8, 9, 4), lambda n: L.BatchNormalization(axis=[1, 3], name=n))
    case("batch_norm_renorm", (7, 4), lambda n: L.BatchNormalization(renorm=True, name=n))
    case("batch_norm_1", (8, 9, 4), lambda n: frameworks.tf1.keras.layers.BatchNormalization(name=n))
    case("batch_norm_sync", (8, 9, 4), lambda n: L.SyncBatchNormalization(name=n))
    case("batch_norm_synchronized", (8, 9, 4), lambda n: L.BatchNormalization(synchronized=True, name=n))
    case("layer_norm", (7, 4), lambda n: L.LayerNormalization(name=n))
    case("layer_norm_axes", (7, 4), lambda n: L.LayerNormalization(axis=[1, 2], name=n))
    case("layer_norm_axes_turned", (7, 4), lambda n: L.LayerNormalization(axis=[-1, 1], name=n))
    case("layer_norm_no_scale", (7, 4), lambda n: L.LayerNormalization(scale=False, name=n))
    case("layer_norm_no_center", (7, 4), lambda n: L.LayerNormalization(center=False, name=n))
    case("group_norm", (7, 4), lambda n: L.GroupNormalization(groups=2, name=n))
    case("group_norm_axis", (6, 4), lambda n: L.GroupNormalization(groups=3, axis=1, center=False, name=n))
    case("rms_norm", (7, 4), lambda n: L.RMSNormalization(name=n))
    case("unit_norm", (7, 4), lambda n: L.UnitNormalization(name=n))
    case("spectral_dense", (4,), lambda n: L.SpectralNormalization(L.Dense(3), name=n))
    case("spectral_conv", (8, 9, 4), lambda n: L.SpectralNormalization(L.Conv2D(6, 3), name=n))
    case("normalization", (7, 4), lambda n: L.Normalization(name=n))
    case("normalization_axes", (7, 4), lambda n: L.Normalization(axis=(-1, 1), name=n))
    case("normalization_whole", (7, 4), lambda n: L.Normalization(axis=None, name=n))
    case("normalization_given", (7, 4), lambda n: L.Normalization(mean=1.0, variance=2.0, name=n))
    case("discretization", (4,), lambda n: L.Discretization(bin_boundaries=[0.0, 1.0], name=n))
    if IS_2:
        case("discretization_learned", (4,), lambda n: L.Discretization(num_bins=4, name=n))


def recurrent():
    case("simple_rnn", (8, 4), lambda n: L.SimpleRNN(3, name=n))
    case("gru", (8, 4), lambda n: L.GRU(3, name=n))
    case("gru_before", (8, 4), lambda n: L.GRU(3, reset_after=False, name=n))
    case("gru_1", (8, 4), lambda n: frameworks.tf1.keras.layers.GRU(3, name=n))
    case("lstm", (8, 4), lambda n: L.LSTM(3, return_sequences=True, name=n))
    case("lstm_no_bias", (8, 4), lambda n: L.LSTM(3, use_bias=False, name=n))
    case("lstm_dropout", (8, 4), lambda n: L.LSTM(3, dropout=0.1, recurrent_dropout=0.1, name=n))
    case("lstm_1", (8, 4), lambda n: frameworks.tf1.keras.layers.LSTM(3, name=n))
    case("lstm_time_major", (8, 4), lambda n: L.LSTM(3, time_major=True, return_sequences=True, name=n))
    case("cudnn_gru", (8, 4), lambda n: frameworks.tf1.keras.layers.CuDNNGRU(3, name=n))
    case("cudnn_lstm", (8, 4), lambda n: frameworks.tf1.keras.layers.CuDNNLSTM(3, name=n))
    case("rnn", (8, 4), lambda n: L.RNN(L.LSTMCell(3), name=n))
    case("rnn_stacked", (8, 4), lambda n: L.RNN([L.GRUCell(3), L.SimpleRNNCell(2), L.LSTMCell(5)], name=n))
    case("both_ways", (8, 4), lambda n: L.Bidirectional(L.LSTM(3), name=n))
    case("both_ways_differ", (8, 4), lambda n: L.Bidirectional(L.LSTM(3), backward_layer=L.GRU(3, go_backwards=True), name=n))
    case("both_ways_cells", (8, 4), lambda n: L.Bidirectional(L.RNN(L.GRUCell(3)), name=n))
    case("steps_dense", (8, 4), lambda n: L.TimeDistributed(L.Dense(3), name=n))
    case("steps_conv", (8, 5, 6, 4), lambda n: L.TimeDistributed(L.Conv2D(6, 3), name=n))
    case("steps_flatten", (8, 5, 4), lambda n: L.TimeDistributed(L.Flatten(), name=n))
    case("conv_lstm1d", (8, 9, 4), lambda n: L.ConvLSTM1D(6, 3, name=n))
    case("conv_lstm2d", (8, 9, 7, 4), lambda n: L.ConvLSTM2D(6, (3, 2), name=n))
    case("conv_lstm2d_first", (8, 4, 9, 7), lambda n: L.ConvLSTM2D(6, 3, data_format="channels_first", use_bias=False, name=n))
    case("conv_lstm3d", (8, 9, 7, 5, 4), lambda n: L.ConvLSTM3D(6, 3, name=n))
    case("both_ways_conv", (8, 9, 7, 4), lambda n: L.Bidirectional(L.ConvLSTM2D(6, 3), name=n))


def attention():
    case("attention", [(8, 4), (9, 4)], lambda n: Listed(L.Attention(use_scale=True, name=n)))
    case("attention_plain", [(8, 4), (9, 4)], lambda n: Listed(L.Attention(name=n)))
    case("attention_concat", [(8, 4), (9, 4)], lambda n: Listed(L.Attention(score_mode="concat", name=n)))
    case("additive", [(8, 4), (9, 4)], lambda n: Listed(L.AdditiveAttention(name=n)))
    case("additive_plain", [(8, 4), (9, 4)], lambda n: Listed(L.AdditiveAttention(use_scale=False, name=n)))
    case("heads", [(8, 6), (9, 5)], lambda n: L.MultiHeadAttention(2, 3, name=n))
    case("heads_keys", [(8, 6), (9, 5), (9, 7)], lambda n: L.MultiHeadAttention(2, 3, value_dim=4, name=n))
    case("heads_no_bias", [(8, 6), (9, 5)], lambda n: L.MultiHeadAttention(2, 3, use_bias=False, dropout=0.1, name=n))
    case("heads_output", [(8, 6), (9, 5)], lambda n: L.MultiHeadAttention(2, 3, output_shape=7, name=n))
    case("heads_axes", [(8, 3, 6), (9, 3, 5)], lambda n: L.MultiHeadAttention(2, 3, attention_axes=(1, 2), name=n))
    case("heads_equal", [(8, 6), (9, 6)], lambda n: L.MultiHeadAttention(2, 3, value_dim=4, name=n))
    case("heads_equal_axes", [(8, 3, 6), (9, 3, 6)], lambda n: L.MultiHeadAttention(2, 3, output_shape=(7,), attention_axes=(1, 2), name=n))
    case("heads_gate", [(8, 6), (9, 5)], lambda n: L.MultiHeadAttention(2, 3, value_dim=4, use_gate=True, name=n))
    case("groups", [(8, 6), (9, 6)], lambda n: L.GroupQueryAttention(3, 4, 2, name=n))
    case("groups_no_bias", [(8, 6), (9, 6)], lambda n: L.GroupQueryAttention(3, 4, 2, use_bias=False, name=n))
    case("groups_gate", [(8, 6), (9, 6)], lambda n: L.GroupQueryAttention(3, 4, 2, use_gate=True, name=n))


def weightless():
    of_vectors = "Dropout Activation:relu ReLU LeakyReLU ELU Softmax ThresholdedReLU GaussianNoise:0.1 GaussianDropout:0.1 AlphaDropout:0.1 Flatten Masking Identity ActivityRegularization Rescaling:0.5 RepeatVector:3"
    of_steps = "AveragePooling1D:2 MaxPooling1D GlobalAveragePooling1D GlobalMaxPooling1D AdaptiveAveragePooling1D:2 UpSampling1D Cropping1D ZeroPadding1D SpatialDropout1D:0.1"
    of_images = "AveragePooling2D:2 MaxPooling2D GlobalAveragePooling2D GlobalMaxPooling2D UpSampling2D Cropping2D ZeroPadding2D SpatialDropout2D:0.1 CenterCrop:4,4 Resizing:4,4 RandomFlip RandomRotation:0.1 RandomZoom:0.1 RandomContrast:0.1 RandomBrightness:0.1 RandomTranslation:0.1,0.1 RandomCrop:4,4"
    of_volumes = "AveragePooling3D:2 MaxPooling3D GlobalAveragePooling3D GlobalMaxPooling3D UpSampling3D Cropping3D ZeroPadding3D SpatialDropout3D:0.1"
    defaults = {"Dropout": "0.1"}
    for shape, classes in (((4,), of_vectors), ((8, 4), of_steps), ((8, 9, 3), of_images), ((6, 7, 8, 4), of_volumes)):
        for text in classes.split():
            name, _, given = text.partition(":")
            given = given or defaults.get(name, "")
            values = [value if value.isalpha() else float(value) if "." in value else int(value) for value in given.split(",") if value]
            case(name.lower(), shape, lambda n, name=name, values=values: getattr(L, name)(*values, name=n))
    case("permute", (7, 4), lambda n: L.Permute((2, 1), name=n))
    case("reshape", (7, 4), lambda n: L.Reshape((4, 7), name=n))
    case("lambda", (4,), lambda n: L.Lambda(lambda x: x * 2, name=n))
    for name in "Add Subtract Multiply Average Maximum Minimum Concatenate".split():
        case(name.lower(), [(4,), (4,)], lambda n, name=name: Listed(getattr(L, name)(name=n)))
    case("dot", [(4,), (4,)], lambda n: Listed(L.Dot(1, name=n)))
    case("category", (4,), lambda n: L.CategoryEncoding(num_tokens=5, output_mode="multi_hot", name=n), "int32")
    case("hashing", (4,), lambda n: L.Hashing(5, name=n), "string" if IS_2 else "int32")
    case("lookup", (4,), lambda n: L.IntegerLookup(vocabulary=[3, 4], name=n), "int64")
    if IS_2:
        case("strings", (1,), lambda n: L.StringLookup(vocabulary=["a", "b"], name=n), "string")
        case("text", (1,), lambda n: L.TextVectorization(vocabulary=["a", "b"], name=n), "string")


class Listed:
    """A layer that takes its inputs as one list."""

    def __init__(self, layer):
        self.layer = layer

    def __call__(self, *inputs):
        return self.layer(list(inputs))


def main(folder):
    for family in (dense, convolutions, normalizations, recurrent, attention, weightless):
        family()
    inputs, outputs, left_out = [], [], {}
    for name, (shapes, make, dtype) in CASES.items():
        own = [KERAS.Input(shape, dtype=dtype, name="%s_in%d" % (name, i)) for i, shape in enumerate(shapes)]
        try:
            outputs.append(make(name)(*own))
            inputs += own
        except Exception as problem:
            left_out[name] = "%s: %s" % (type(problem).__name__, str(problem).strip()[:300])
    model = KERAS.Model(inputs, outputs, name="classes")
    if IS_2:
        model.save(os.path.join(folder, "model"), save_format="tf", save_traces=False)
    else:
        model.save(os.path.join(folder, "model.keras"))
        model.export(os.path.join(folder, "model"))
    with open(os.path.join(folder, "left_out.json"), "w") as out:
        json.dump(left_out, out, indent=1)


main(sys.argv[2])
