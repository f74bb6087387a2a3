"""Keras 3: quantized layers and LoRA. What such a layer holds are its integers, scales and pairs."""

import numpy as np
import truth
from cases.keras3 import at_most, exported, saved
from frameworks import keras3 as keras
from frameworks import tf
from registry import case

layers = keras.layers if keras else None


def dense(name="dense"):
    """8*6+6 and 6*4+4."""
    return keras.Sequential([keras.Input((8,)), layers.Dense(6, name="a"), layers.Dense(4, name="b")], name=name)


def several(name="several"):
    """Every kind of layer that can be quantized."""
    ids = keras.Input((5,), dtype="int32", name="ids")
    x = layers.Embedding(9, 8, name="words")(ids)
    x = layers.EinsumDense("abc,cd->abd", output_shape=(None, 6), bias_axes="d", name="einsum")(x)
    return keras.Model(ids, layers.Dense(4, name="dense")(x), name=name)


def quantized(model, mode):
    floats = len(model.weights)
    model.quantize(mode)
    assert len(model.weights) != floats
    return model


@case("tf221")
def int8_export(folder):
    """int8, by `export`."""
    return exported(quantized(several(), "int8"), folder)


@case("tf221")
def int8_saved(folder):
    """int8, by tf.saved_model.save."""
    return saved(quantized(several(), "int8"), folder)


@case("tf221")
def int4_export(folder):
    """int4, two to a byte, by `export`: the elements are those of the packed array."""
    return exported(quantized(several(), "int4"), folder)


@case("tf221")
def int4_saved(folder):
    """int4, by tf.saved_model.save."""
    return saved(quantized(several(), "int4"), folder)


@case("tf221")
def float8_export(folder):
    """float8, with scales and histories of amplitudes, by `export`."""
    return exported(quantized(dense(), "float8"), folder)


@case("tf221")
def float8_saved(folder):
    """float8, by tf.saved_model.save."""
    return saved(quantized(dense(), "float8"), folder)


def with_lora(model, rank=2):
    for layer in model.layers:
        if hasattr(layer, "enable_lora"):
            layer.enable_lora(rank)
    return model


@case("tf221")
def lora_export(folder):
    """A pair of LoRA beside each kernel, which is frozen for it."""
    return exported(with_lora(several()), folder)


@case("tf221")
def lora_saved(folder):
    """LoRA by tf.saved_model.save: the kernel's own flag says that it is frozen."""
    return saved(with_lora(several()), folder)


@case("tf221")
def lora_int8_saved(folder):
    """LoRA after int8, by tf.saved_model.save."""
    return saved(with_lora(quantized(several(), "int8")), folder)


@case("tf221")
def lora_int4(folder):
    """LoRA after int4, by `export`."""
    return exported(with_lora(quantized(several(), "int4")), folder)


@case("tf221")
def lora_convolution(folder):
    """LoRA over convolutions, one of them depthwise without it, after a step of training."""
    model = keras.Sequential(
        [
            keras.Input((8, 8, 2)), layers.Conv2D(4, 3, name="conv"), layers.DepthwiseConv2D(3, name="depthwise"),
            layers.GlobalAveragePooling2D(name="pool"), layers.Dense(2, name="head"),
        ],
        name="convolution",
    )
    with_lora(model)
    model.compile(keras.optimizers.Adam(), "mse")
    model.train_on_batch(np.zeros((2, 8, 8, 2), "f4"), np.zeros((2, 2), "f4"))
    return exported(model, folder)


@case("tf221")
def lora_trained_saved(folder):
    """LoRA after a step of training, by tf.saved_model.save: only pairs have moments."""
    model = with_lora(dense())
    model.compile(keras.optimizers.Adam(), "mse")
    model.train_on_batch(np.zeros((2, 8), "f4"), np.zeros((2, 4), "f4"))
    return saved(model, folder)


@case("tf221")
def part_quantized(folder):
    """One model in a model is int8 and frozen, the rest is float."""
    inner = quantized(dense("inner"), "int8")
    inner.trainable = False
    x = keras.Input((8,), name="x")
    return exported(keras.Model(x, layers.Dense(3, name="head")(inner(x)), name="outer"), folder)


@case("tf221")
def quantized_in_a_module(folder):
    """A module around an int8 model and a float one."""
    root = tf.Module()
    root.integer, root.floating = quantized(dense("integer"), "int8"), dense("floating")
    weights = [w.value for w in root.integer.weights + root.floating.weights]
    tf.saved_model.save(root, folder)
    return {"counts": at_most(truth.counts(weights, [w for w in weights if w.trainable]))}
