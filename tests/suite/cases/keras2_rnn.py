"""Keras 2: recurrent layers that carry their states from batch to batch. The states depend on the batch."""

import numpy as np
import truth
from frameworks import keras2 as keras
from frameworks import save_keras2, tf
from registry import KERAS2, KERAS2_NEW, case

layers = keras.layers


def run(model, shape):
    model(np.zeros(shape, "f4"))
    return model


def simple():
    """A state of an LSTM is two variables, of a GRU one."""
    body = [layers.LSTM(4, stateful=True, return_sequences=True, batch_input_shape=(2, 5, 3), name="lstm"), layers.GRU(4, stateful=True, name="gru")]
    return run(keras.Sequential(body, name="stateful"), (2, 5, 3))


def by_keras(model, folder, states, **more):
    answer = truth.keras2(model, **more)
    save_keras2(model, folder)
    return {**answer, "not_counted": {"state": states}}


def by_tensorflow(model, folder, states):
    answer = truth.keras2(model, tree=False)
    tf.saved_model.save(model, folder)
    return {**answer, "not_counted": {"state": states}}


@case(*KERAS2)
def stateful(folder):
    """LSTM and GRU, by Keras."""
    return by_keras(simple(), folder, 3)


@case(*KERAS2)
def stateful_by_tensorflow(folder):
    """LSTM and GRU, by tf.saved_model.save."""
    return by_tensorflow(simple(), folder, 3)


@case(*KERAS2_NEW)
def both_directions(folder):
    """Bidirectional, whose two layers have states of their own."""
    lstm = layers.LSTM(4, stateful=True, name="lstm")
    model = keras.Sequential([layers.Bidirectional(lstm, batch_input_shape=(2, 5, 3), name="both")], name="both_ways")
    return by_keras(run(model, (2, 5, 3)), folder, 4)


@case(*KERAS2_NEW)
def stacked(folder):
    """Cells in a stack, whose states are a list of lists."""
    cells = [layers.LSTMCell(4), layers.GRUCell(3), layers.SimpleRNNCell(2)]
    model = keras.Sequential([layers.RNN(cells, stateful=True, batch_input_shape=(2, 5, 3), name="rnn")], name="stack")
    return by_keras(run(model, (2, 5, 3)), folder, 4, tree=False)


@case(*KERAS2_NEW)
def convolution(folder):
    """ConvLSTM2D, whose states are images."""
    layer = layers.ConvLSTM2D(2, 3, stateful=True, padding="same", batch_input_shape=(2, 3, 4, 4, 1), name="conv")
    return by_keras(run(keras.Sequential([layer], name="images"), (2, 3, 4, 4, 1)), folder, 2)


@case(*KERAS2_NEW)
def trained(folder):
    """After a step of training, a metric beside it, in a model in a model."""
    inner = simple()
    x = keras.Input(batch_shape=(2, 5, 3), name="x")
    model = keras.Model(x, layers.Dense(2, name="out")(inner(x)), name="outer")
    model.compile("adam", "mse", ["mae"])
    model.train_on_batch(np.zeros((2, 5, 3), "f4"), np.zeros((2, 2), "f4"))
    return by_keras(model, folder, 3)


@case(*KERAS2_NEW)
def in_a_module(folder):
    """A module that holds a stateful layer and no model."""
    root = tf.Module()
    root.layer = layers.LSTM(4, stateful=True, name="lstm")
    root.layer(np.zeros((2, 5, 3), "f4"))
    weights = root.layer.weights
    tf.saved_model.save(root, folder)
    return {"counts": truth.counts(weights, weights), "not_counted": {"state": 2}}


@case(*KERAS2_NEW)
def states_as_weights(folder):
    """A layer of one's own with a trained weight that is called `states`."""

    class Memory(layers.Layer):
        def build(self, shape):
            self.states = [self.add_weight(name="state", shape=[3], trainable=True)]

        def call(self, x):
            return x + self.states[0]

    model = keras.Sequential([keras.Input((3,)), Memory(name="memory"), layers.Dense(2, name="out")], name="remembers")
    answer = truth.keras2(model)
    assert answer["counts"]["parameters"] == 3 + 3 * 2 + 2
    save_keras2(model, folder)
    return answer
