"""Keras 3: states of recurrent layers, parts that are frozen, models inside other things."""

import numpy as np
import truth
from cases.keras3 import at_most, exported, saved, with_archive
from frameworks import keras3 as keras
from frameworks import tf
from registry import case

layers = keras.layers if keras else None


def stateful():
    """Two recurrent layers that carry their states from batch to batch; an LSTM has two, a GRU one."""
    body = [keras.Input(batch_shape=(2, 5, 3)), layers.LSTM(4, stateful=True, return_sequences=True, name="lstm"), layers.GRU(4, stateful=True, name="gru")]
    model = keras.Sequential(body, name="stateful")
    model(np.ones((2, 5, 3), "f4"))
    return model


def of_layers(model, folder, save):
    """What the layers hold as weights; Keras 3 lists states among them, and they depend on the batch."""
    states = [state for layer in model.layers for state in layer.states]
    assert len(states) == 3
    held = {id(v) for v in states}
    weights = [w for w in model.weights if id(w) not in held]
    answer = {"counts": truth.counts(weights, model.trainable_weights), "not_counted": {"state": len(states)}}
    save(model, folder)
    return answer


@case("tf221")
def stateful_export(folder):
    """Stateful recurrent layers, by `export`."""
    return of_layers(stateful(), folder, lambda model, folder: model.export(folder, verbose=False))


@case("tf221")
def stateful_saved(folder):
    """Stateful recurrent layers, by tf.saved_model.save."""
    answer = of_layers(stateful(), folder, tf.saved_model.save)
    return {**answer, "counts": at_most(answer["counts"])}


@case("tf221")
def stateful_trained(folder):
    """A stateful layer in both directions after a step of training, by tf.saved_model.save."""
    x = keras.Input(batch_shape=(2, 5, 3), name="x")
    both = layers.Bidirectional(layers.LSTM(4, stateful=True, name="lstm"), name="both")
    model = keras.Model(x, layers.Dense(2, name="out")(both(x)), name="trained")
    model.compile("adam", "mse")
    model.train_on_batch(np.ones((2, 5, 3), "f4"), np.ones((2, 2), "f4"))
    states = both.forward_layer.states + both.backward_layer.states
    assert len(states) == 4
    weights = [w for w in model.weights if all(w is not state for state in states)]
    answer = {"counts": at_most(truth.counts(weights, model.trainable_weights)), "not_counted": {"state": 4}}
    tf.saved_model.save(model, folder)
    return answer


def nested(frozen):
    """Models in models; the innermost is frozen, or the one in the middle and thereby both."""
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(4, name="deep"), layers.BatchNormalization(name="bn")], name="inner")
    x = keras.Input((4,), name="x")
    middle = keras.Model(x, layers.Dense(4, name="wide")(inner(x)), name="middle")
    y = keras.Input((4,), name="y")
    model = keras.Model(y, layers.Dense(2, name="head")(middle(y)), name="outer")
    {"inner": inner, "middle": middle}[frozen].trainable = False
    return model


@case("tf221")
def inner_frozen(folder):
    """The innermost of three models is frozen."""
    model = nested("inner")
    return with_archive(exported(model, folder), model, folder)


@case("tf221")
def middle_frozen(folder):
    """The one in the middle is frozen, and what it holds with it."""
    model = nested("middle")
    return with_archive(exported(model, folder), model, folder)


@case("tf221")
def middle_frozen_saved(folder):
    """The same by tf.saved_model.save, where only flags are left to tell."""
    model = nested("middle")
    return with_archive(saved(model, folder), model, folder)


@case("tf221")
def unfrozen_again(folder):
    """Frozen, built, unfrozen for its last layer: the first layer stays frozen."""
    model = nested("middle")
    model.get_layer("middle").trainable = True
    model.get_layer("middle").get_layer("inner").get_layer("deep").trainable = False
    return exported(model, folder)


@case("tf221")
def all_frozen(folder):
    """Nothing would be trained."""
    model = nested("inner")
    model.trainable = False
    return exported(model, folder)


@case("tf221")
def sequential_in_a_module(folder):
    """A Sequential in a list of a module, beside a layer and a weight."""
    root = tf.Module()
    network = keras.Sequential([keras.Input((4,)), layers.Dense(3, name="a"), layers.BatchNormalization(name="bn")], name="network")
    alone = layers.Dense(2, name="alone")
    alone.build((None, 5))
    root.parts, root.scale = [network, {"layer": alone}], tf.Variable(1.0, name="scale")
    weights = [w.value for w in network.weights + alone.weights] + [root.scale]
    tf.saved_model.save(root, folder)
    return {"counts": at_most(truth.counts(weights, [w for w in weights if w.trainable]))}


@case("tf221")
def checkpoint(folder):
    """A tf.train.Checkpoint of a model and its optimizer, after a step of training."""
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3, name="a"), layers.Dense(2, name="b")], name="network")
    model.compile(keras.optimizers.AdamW(), "mse", metrics=["mae"])
    model.train_on_batch(np.zeros((2, 4), "f4"), np.zeros((2, 2), "f4"))
    weights = [w.value for w in model.weights]
    tf.saved_model.save(tf.train.Checkpoint(model=model, optimizer=model.optimizer), folder)
    return {"counts": at_most(truth.counts(weights, weights))}


def step(optimizer):
    """A model that has learned one step with this optimizer."""
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3, name="a"), layers.Dense(2, name="b")], name="network")
    model.compile(optimizer, "mse")
    model.train_on_batch(np.ones((2, 4), "f4"), np.zeros((2, 2), "f4"))
    return model


@case("tf221")
def accumulated(folder):
    """Gradients are accumulated over steps and weights averaged, all in the optimizer."""
    return saved(step(keras.optimizers.Adam(use_ema=True, gradient_accumulation_steps=2)), folder)


@case("tf221")
def muon(folder):
    """Muon, which keeps different slots for kernels and for biases."""
    return saved(step(keras.optimizers.Muon()), folder)


@case("tf221")
def adafactor(folder):
    """Adafactor, whose slots have the shapes of rows and columns."""
    return saved(step(keras.optimizers.Adafactor()), folder)


@case("tf221")
def wrappers(folder):
    """SpectralNormalization and TimeDistributed hold layers, and the first a vector of its own."""
    x = keras.Input((5, 4), name="x")
    y = layers.TimeDistributed(layers.Dense(3, name="dense"), name="distributed")(x)
    y = layers.SpectralNormalization(layers.Dense(2, name="inner"), name="spectral")(y)
    return exported(keras.Model(x, y, name="wrapped"), folder)


@case("tf221")
def attentions(folder):
    """Grouped and additive attention, unit and group normalization."""
    x = keras.Input((5, 8), name="x")
    y = layers.GroupQueryAttention(4, 4, 2, name="grouped")(x, x)
    y = layers.GroupNormalization(2, name="groups")(layers.RMSNormalization(name="rms")(y))
    y = layers.AdditiveAttention(name="additive")([y, y])
    return saved(keras.Model(x, y, name="attends"), folder)


@case("tf221")
def generators(folder):
    """Noise with a seed of its own, and one generator that two layers share."""
    seed = keras.random.SeedGenerator(3)
    x = keras.Input((8, 8, 1), name="x")
    y = layers.GaussianNoise(0.1, seed=1, name="noise")(x)

    class Shaken(layers.Layer):
        def __init__(self, **options):
            super().__init__(**options)
            self.seed = seed
            self.scale = self.add_weight(shape=(1,), name="scale")

        def call(self, inputs):
            return inputs * self.scale + keras.random.normal((1,), seed=self.seed)

    y = Shaken(name="one")(Shaken(name="two")(y))
    model = keras.Model(x, layers.Dense(2, name="out")(layers.Flatten(name="flat")(y)), name="random")
    return exported(model, folder, not_counted={"rng": 2})


@case("tf221")
def part_exported(folder):
    """A model inside another is exported by itself, with a frozen part."""
    model = nested("inner")
    archive = keras.export.ExportArchive()
    middle = model.get_layer("middle")
    archive.track(middle)
    archive.add_endpoint("serve", middle.call, input_signature=[keras.InputSpec(shape=(None, 4), dtype="float32")])
    answer = truth.keras3(middle)
    archive.write_out(folder, verbose=False)
    return answer
