"""Keras 2 models that are put together in less usual ways."""

import numpy as np
import truth
from cases.keras2 import dense_block, saved
from frameworks import VERSION, hub, save_keras2, tf
from frameworks import keras2 as keras
from registry import KERAS2, KERAS2_NEW, case

layers = keras.layers


@case(*KERAS2)
def model_per_step(folder):
    """TimeDistributed around a whole model, which the model holds a second time by itself."""
    block = dense_block("block")
    x, y = keras.Input((5, 6), name="x"), keras.Input((6,), name="y")
    outputs = [layers.TimeDistributed(block, name="steps")(x), block(y)]
    return saved(keras.Model([x, y], outputs, name="stepwise"), folder)


@case(*KERAS2)
def convolutional_recurrent(folder):
    """ConvLSTM2D, and a Bidirectional layer with two different layers."""
    x = keras.Input((3, 6, 6, 2), name="x")
    y = layers.ConvLSTM2D(3, 3, name="conv")(x)
    y = layers.Reshape((4, 12), name="rows")(y)
    both = layers.Bidirectional(layers.GRU(3, name="forth"), backward_layer=layers.LSTM(2, go_backwards=True, name="back"), name="both")
    return saved(keras.Model(x, both(y), name="convolutional"), folder)


class Cell(layers.Layer):
    """A recurrent cell of one's own, with a layer and a weight inside."""

    state_size = output_size = 3

    def __init__(self, **options):
        super().__init__(**options)
        self.dense = layers.Dense(3, name="inner")

    def build(self, shape):
        self.gate = self.add_weight("gate", [3], trainable=False)

    def call(self, x, states):
        h = self.dense(tf.concat([x, states[0]], -1)) * self.gate
        return h, [h]

    def get_config(self):
        return super().get_config()


@case(*KERAS2)
def own_cell(folder):
    """An RNN over a cell of one's own."""
    x = keras.Input((5, 2), name="x")
    return saved(keras.Model(x, layers.RNN(Cell(name="cell"), name="rnn")(x), name="custom_rnn"), folder)


@case(*KERAS2)
def operations(folder):
    """Operations between layers become layers of their own, without weights."""
    x = keras.Input((4,), name="x")
    h = layers.Dense(4, name="dense")(x)
    y = tf.nn.relu(h * 2.0 + x) - tf.reduce_mean(h, axis=1, keepdims=True)
    return saved(keras.Model(x, layers.Dense(1, name="out")(y), name="operations"), folder)


@case(*KERAS2)
def losses_and_regularizers(folder):
    """Regularizers, constraints and an activity loss."""
    x = keras.Input((4,), name="x")
    dense = layers.Dense(3, kernel_regularizer="l2", kernel_constraint="max_norm", activity_regularizer="l1", name="dense")
    return saved(keras.Model(x, layers.ActivityRegularization(l1=0.1, name="activity")(dense(x)), name="regular"), folder)


class Deep(keras.Model):
    """Models and layers in lists of dicts of lists; one layer without weights, one never called."""

    def __init__(self, **options):
        super().__init__(**options)
        self.parts = [{"block": [dense_block("a", inputs=3)], "act": layers.ReLU(name="relu")}, {"block": [dense_block("b", inputs=3)]}]
        self.head = (layers.Dense(3, name="head"),)
        self.same = self.head[0]
        self.scales = {"x": tf.Variable([1.0, 2.0, 3.0], name="x"), "y": [tf.Variable(1.0, trainable=False, name="y")]}

    def call(self, x):
        for part in self.parts:
            x = part["block"][0](x)
        return self.same(x) * self.scales["x"] + self.scales["y"][0]


@case(*KERAS2)
def containers(folder):
    """Layers, models and bare variables in nested containers."""
    model = Deep(name="deep")
    model(np.zeros((2, 3), "f4"))
    return saved(model, folder)


class Base(keras.Model):
    """A subclassed model inside a subclassed model; its list of layers grows after the fact."""

    def __init__(self, **options):
        super().__init__(**options)
        self.one = layers.Dense(3, name="one")

    def call(self, x):
        return self.one(x)


class Outer(keras.Model):
    def __init__(self, **options):
        super().__init__(**options)
        self.base = Base(name="base")
        self.head = layers.Dense(2, name="head")

    def call(self, x):
        return self.head(self.base(x))


@case(*KERAS2)
def subclassed_frozen(folder):
    """A frozen subclassed model inside a subclassed one, compiled and trained."""
    model = Outer(name="outer")
    model.base.trainable = False
    model.compile("adam", "mse", metrics=["mae"])
    model.train_on_batch(np.zeros((2, 3), "f4"), np.zeros((2, 2), "f4"))
    return saved(model, folder)


@case(*KERAS2)
def subclassed_no_traces(folder):
    """The same without traces, with one frozen layer."""
    if VERSION >= (2, 12):
        for kind in (Base, Outer):
            kind.get_config = lambda self: {"name": self.name}
    model = Outer(name="outer")
    model(np.zeros((2, 3), "f4"))
    model.head.trainable = False
    return saved(model, folder, save_traces=False)


@case(*KERAS2)
def frozen_shared(folder):
    """An encoder that two models share, frozen through one of them."""
    encoder = dense_block("encoder")
    x = keras.Input((6,), name="x")
    one = keras.Model(x, layers.Dense(2, name="head")(encoder(x)), name="one")
    two = keras.Model(x, layers.Dense(5, name="head")(encoder(x)), name="two")
    one.trainable = False
    z = keras.Input((6,), name="z")
    return saved(keras.Model(z, [one(z), two(z)], name="both"), folder)


@case(*KERAS2_NEW)
def frozen_norm_trained(folder):
    """Fine-tuning: batch normalization frozen in a base that is trained, under a new optimizer."""
    base = keras.Sequential([keras.Input((4,)), layers.Dense(4, name="d"), layers.BatchNormalization(name="bn")], name="base")
    model = keras.Sequential([base, layers.Dense(2, name="head")], name="tuned")
    base.get_layer("bn").trainable = False
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True), "mse")
    model.train_on_batch(np.zeros((2, 4), "f4"), np.zeros((2, 2), "f4"))
    return saved(model, folder)


@case("tf24", "tf212", "tf215")
def feature_columns(folder):
    """DenseFeatures over embedding and numeric columns."""
    column = tf.feature_column
    columns = [column.embedding_column(column.categorical_column_with_identity("word", 7), 3), column.numeric_column("number")]
    model = keras.Sequential([layers.DenseFeatures(columns, name="features"), layers.Dense(2, name="out")], name="columns")
    model({"word": tf.constant([[1], [2]]), "number": tf.constant([[1.0], [2.0]])})
    return saved(model, folder)


@case(*KERAS2)
def extra_state(folder):
    """A table of Python numbers, a counter, a queue of old batches: variables that a model keeps for itself."""

    class Keeps(keras.Model):
        def __init__(self):
            super().__init__(name="keeps")
            self.dense = layers.Dense(3, name="dense")
            self.queue = tf.Variable(tf.zeros([8, 3]), trainable=False, name="queue")
            self.step = tf.Variable(0, trainable=False, dtype=tf.int64, name="step")
            self.mask = tf.Variable([True, False, True], trainable=False, name="mask")

        def call(self, x):
            return self.dense(x) + self.queue[0]

    model = Keeps()
    model(np.zeros((2, 3), "f4"))
    return saved(model, folder)


@case("tf221")
def hub_of_keras(folder):
    """hub.KerasLayer over a Keras model with batch normalization, trainable, compiled and trained."""
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(3, name="d"), layers.BatchNormalization(name="bn")], name="inner")
    save_keras2(inner, folder + ".hub")
    layer = hub.KerasLayer(folder + ".hub", trainable=True, name="hub")
    model = keras.Sequential([keras.Input((4,)), layer, layers.Dense(2, name="head")], name="over_hub")
    model.compile("adam", "mse")
    model.train_on_batch(np.zeros((2, 4), "f4"), np.zeros((2, 2), "f4"))
    save_keras2(model, folder)
    # dense 4*3+3 = 15, bn 12 of which 6, head 3*2+2 = 8.
    answer = truth.counts(model.weights, model.trainable_weights)
    assert (answer["parameters"], answer["trainable"]) == (35, 29), answer
    return {"counts": answer}
