"""Every optimizer that the environments have, after a step: nothing that it keeps is a weight."""

import numpy as np
import truth
from cases.keras3 import at_most
from frameworks import keras2, keras3, save_keras2, tf
from registry import KERAS2_NEW, case

NAMES = ("Adadelta", "Adagrad", "Adam", "Adamax", "Ftrl", "Nadam", "RMSprop", "SGD", "AdamW", "Adafactor", "Lion", "Lamb")


def step(optimizer, weights):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.ones([1, 4]) @ weights[0] + weights[1])
    optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))


def many(folder, optimizers):
    """Two weights, and optimizers in a dict that have all taken a step over them."""
    root = tf.Module()
    root.weights = [tf.Variable(tf.ones([4, 3]), name="kernel"), tf.Variable(tf.ones([3]), name="bias")]
    weights = list(root.weights)
    for optimizer in optimizers.values():
        step(optimizer, weights)
    root.optimizers = optimizers
    tf.saved_model.save(root, folder)
    # 4*3 + 3.
    return {"counts": {"parameters": 15, "bytes": 60, "variables": 2, "trainable": 15}}


def all_of(module, **options):
    return {name.lower(): getattr(module, name)(**options) for name in NAMES if hasattr(module, name)}


@case(*KERAS2_NEW)
def keras_2(folder):
    """All of Keras 2 in one module."""
    return many(folder, all_of(keras2.optimizers))


@case("tf24", *KERAS2_NEW)
def keras_2_legacy(folder):
    """All of Keras 2 before 2.11, with slots."""
    return many(folder, all_of(getattr(keras2.optimizers, "legacy", keras2.optimizers)))


@case("tf221")
def keras_3(folder):
    """All of Keras 3 in one checkpoint over a layer, with averages and accumulation."""
    layer = keras3.layers.Dense(3, name="dense")
    layer.build((None, 4))
    optimizers = all_of(keras3.optimizers, use_ema=True, gradient_accumulation_steps=2)
    for optimizer in optimizers.values():
        optimizer.apply([tf.ones(w.shape) for w in layer.trainable_variables], layer.trainable_variables)
    weights = list(layer.weights)
    tf.saved_model.save(tf.train.Checkpoint(layer=layer, optimizers=optimizers), folder)
    return {"counts": at_most(truth.counts(weights, weights))}


@case("tf215", "tf221")
def tensorflow_1(folder):
    """Those of TensorFlow 1 that work without a graph."""
    train = tf.compat.v1.train
    made = {name.lower(): getattr(train, name + "Optimizer")(0.1) for name in ("Adadelta", "Adagrad", "Adam", "Ftrl", "RMSProp")}
    made["momentum"] = train.MomentumOptimizer(0.1, 0.9)
    return many(folder, made)


@case("tf221")
def schedules(folder):
    """Rates that follow a schedule, and a rate that is a variable of the module."""
    rate = keras3.optimizers.schedules.CosineDecay(0.1, 100)
    return many(folder, {"cosine": keras3.optimizers.Adam(rate), "fixed": keras3.optimizers.SGD(0.1, momentum=0.9, nesterov=True)})


# Addons.


def addons():
    import tensorflow_addons

    return tensorflow_addons


def small():
    layers = keras2.layers
    return keras2.Sequential([layers.Dense(6, input_shape=(4,), name="hidden"), layers.Dense(2, name="out")], name="small")


def trained(model, optimizer):
    model.compile(optimizer, "mse")
    model.fit(np.zeros((4, 4), "f4"), np.zeros((4, 2), "f4"), verbose=0)
    return model


def saved(model, folder):
    answer = truth.keras2(model, tree=False)
    save_keras2(model, folder)
    return answer


@case("tf215")
def lookahead(folder):
    """RectifiedAdam inside Lookahead: an optimizer in an optimizer."""
    tfa = addons()
    return saved(trained(small(), tfa.optimizers.Lookahead(tfa.optimizers.RectifiedAdam(0.1))), folder)


@case("tf215")
def averages(folder):
    """Moving averages and stochastic averages around other optimizers, by tf.saved_model.save."""
    tfa = addons()
    inner = keras2.optimizers.legacy.SGD(0.1, momentum=0.9)
    model = trained(small(), tfa.optimizers.SWA(tfa.optimizers.MovingAverage(inner)))
    answer = truth.keras2(model, tree=False)
    tf.saved_model.save(model, folder)
    return answer


@case("tf215")
def several_optimizers(folder):
    """MultiOptimizer: one optimizer for each layer."""
    tfa = addons()
    model = small()
    pairs = [(keras2.optimizers.legacy.Adam(), model.layers[0]), (tfa.optimizers.LAMB(), model.layers[1])]
    return saved(trained(model, tfa.optimizers.MultiOptimizer(pairs)), folder)


@case("tf215")
def addons_layers(folder):
    """Weight normalization, group normalization, a conditional random field and a cell of addons."""
    tfa = addons()
    layers = keras2.layers
    x = keras2.Input((5, 4), name="x")
    y = tfa.layers.WeightNormalization(layers.Dense(6, name="inner"), name="normalized")(x)
    y = layers.RNN(tfa.rnn.LayerNormLSTMCell(6), return_sequences=True, name="rnn")(y)
    y = tfa.layers.GroupNormalization(2, name="groups")(y)
    return saved(keras2.Model(x, layers.Dense(2, name="out")(y), name="added"), folder)


@case("tf215")
def spectral(folder):
    """SpectralNormalization with its vector, and a noisy layer."""
    tfa = addons()
    x = keras2.Input((8, 8, 1), name="x")
    y = tfa.layers.SpectralNormalization(keras2.layers.Conv2D(2, 3, name="conv"), name="spectral")(x)
    y = tfa.layers.NoisyDense(3, name="noisy")(keras2.layers.Flatten(name="flat")(y))
    return saved(keras2.Model(x, y, name="spectral_net"), folder)
