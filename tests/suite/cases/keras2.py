"""Keras 2 models: how layers are put together, shared, nested and frozen."""

import numpy as np
import truth
from frameworks import keras2 as keras
from frameworks import save_keras2, tf
from registry import KERAS2, KERAS2_NEW, case

layers = keras.layers


def dense_block(name, units=4, inputs=6):
    return keras.Sequential(
        [layers.Dense(units, input_shape=(inputs,), name="first"), layers.Dense(3, name="second")], name=name
    )


def saved(model, folder, **options):
    answer = truth.keras2(model)
    save_keras2(model, folder, **options)
    return answer


@case(*KERAS2)
def functional(folder):
    """Branches that meet again, with convolution, normalization and dropout."""
    image = keras.Input((8, 8, 2), name="image")
    a = layers.Conv2D(4, 3, padding="same", name="conv")(image)
    a = layers.BatchNormalization(name="bn")(a)
    b = layers.SeparableConv2D(4, 3, padding="same", name="separable")(image)
    x = layers.GlobalAveragePooling2D(name="pool")(layers.Add(name="add")([a, b]))
    x = layers.Dropout(0.5, name="drop")(x)
    outputs = [layers.Dense(3, name="class")(x), layers.Dense(1, use_bias=False, name="score")(x)]
    return saved(keras.Model(image, outputs, name="functional"), folder)


@case(*KERAS2)
def sequential(folder):
    """A Sequential model without an input layer, built by its first call."""
    model = keras.Sequential([layers.Dense(4, name="a"), layers.LayerNormalization(name="norm"), layers.Dense(2, name="b")], name="stack")
    model(np.zeros((1, 5), "f4"))
    return saved(model, folder)


class Custom(layers.Layer):
    """No `get_config`, and weights beside a list and a dict of layers."""

    def __init__(self, units, **options):
        super().__init__(**options)
        self.units = units
        self.stack = [layers.Dense(units, name="s0"), layers.Dense(units, name="s1")]
        self.by_name = {"left": layers.Dense(2, name="left")}

    def build(self, shape):
        self.kernel = self.add_weight("kernel", [int(shape[-1]), self.units])
        self.offset = self.add_weight("offset", [self.units], trainable=False)

    def call(self, x):
        x = tf.matmul(x, self.kernel) + self.offset
        for layer in self.stack:
            x = layer(x)
        return self.by_name["left"](x)


class Subclassed(keras.Model):
    def __init__(self, **options):
        super().__init__(**options)
        self.custom = Custom(4, name="custom")
        self.norm = layers.BatchNormalization(name="norm")
        self.blocks = [dense_block("block_%d" % n, inputs=2 if n == 0 else 3) for n in range(2)]
        self.scale = tf.Variable(2.0, name="scale")

    def call(self, x):
        x = self.norm(self.custom(x))
        for block in self.blocks:
            x = block(x)
        return x * self.scale


@case(*KERAS2)
def subclassed(folder):
    """A subclassed model: custom layers without a config, lists of sub-models, a bare variable."""
    model = Subclassed(name="subclassed")
    model(np.zeros((2, 5), "f4"))
    return saved(model, folder)


@case(*KERAS2)
def recurrent(folder):
    """Bidirectional, TimeDistributed, stacked cells, GRU: cells are layers of their own."""
    words = keras.Input((5, 3), name="words")
    x = layers.Bidirectional(layers.LSTM(4, return_sequences=True, name="lstm"), name="both")(words)
    x = layers.TimeDistributed(layers.Dense(3, name="step"), name="steps")(x)
    x = layers.RNN([layers.LSTMCell(3, name="c0"), layers.GRUCell(2, name="c1")], return_sequences=True, name="stacked")(x)
    x = layers.GRU(2, name="gru")(x)
    return saved(keras.Model(words, x, name="recurrent"), folder)


@case("tf215", "tf221")
def stateful(folder):
    """A stateful LSTM holds its state in variables, which Keras does not call weights."""
    model = keras.Sequential([keras.Input(batch_shape=(2, 5, 3)), layers.LSTM(4, stateful=True, name="lstm")], name="stateful")
    model(np.zeros((2, 5, 3), "f4"))
    return saved(model, folder)


@case(*KERAS2)
def attention(folder):
    """MultiHeadAttention with its inner layers."""
    x = keras.Input((6, 8), name="x")
    y = layers.MultiHeadAttention(2, 4, name="attention")(x, x)
    y = layers.LayerNormalization(name="norm")(layers.Add(name="add")([x, y]))
    return saved(keras.Model(x, layers.Dense(2, name="out")(y), name="attends"), folder)


@case(*KERAS2)
def shared_encoder(folder):
    """Two models inside one hold the same encoder: it counts once."""
    encoder = dense_block("encoder")
    x, y = keras.Input((6,), name="x"), keras.Input((6,), name="y")
    one = keras.Model(x, layers.Dense(2, name="head")(encoder(x)), name="one")
    two = keras.Model(y, layers.Dense(5, name="head")(encoder(y)), name="two")
    z = keras.Input((6,), name="z")
    return saved(keras.Model(z, [one(z), two(z)], name="both"), folder)


@case(*KERAS2_NEW)
def shared_layer(folder):
    """One Dense layer used three times in a row."""
    x = keras.Input((4,), name="x")
    dense = layers.Dense(4, name="again")
    return saved(keras.Model(x, dense(dense(dense(x))), name="loops"), folder)


class Aliased(layers.Layer):
    def build(self, shape):
        self.table = self.add_weight("table", [7, int(shape[-1])])
        self.alias = self.table
        self.names = {"encoder": self.table, "decoder": [self.table]}

    def call(self, x):
        return tf.matmul(tf.matmul(x, self.table, transpose_b=True), self.alias)


@case(*KERAS2)
def aliases(folder):
    """One variable under four attributes of a layer."""
    x = keras.Input((3,), name="x")
    return saved(keras.Model(x, Aliased(name="tied")(x), name="aliases"), folder)


class Tied(layers.Layer):
    def __init__(self, embedding, **options):
        super().__init__(**options)
        self.embedding = embedding

    def call(self, x):
        return tf.matmul(x, self.embedding.embeddings, transpose_b=True)


@case(*KERAS2)
def tied_embedding(folder):
    """An output layer that holds the embedding layer and uses its table."""
    ids = keras.Input((4,), dtype="int32", name="ids")
    words = layers.Embedding(11, 3, name="words")
    return saved(keras.Model(ids, Tied(words, name="logits")(words(ids)), name="tied"), folder)


@case(*KERAS2)
def four_levels(folder):
    """Models in models in models, two of them with layers of the same name."""
    inner = dense_block("inner")
    x = keras.Input((6,), name="x2")
    middle = keras.Model(x, layers.Dense(6, name="first")(inner(x)), name="middle")
    outer = keras.Sequential([middle, layers.Dense(6, name="first")], name="outer")
    y = keras.Input((6,), name="y")
    return saved(keras.Model(y, outer(y), name="top"), folder)


@case(*KERAS2)
def no_parameters(folder):
    """Layers, but nothing to train and nothing to store."""
    model = keras.Sequential([layers.Flatten(input_shape=(4, 4), name="flat"), layers.ReLU(name="relu")], name="empty")
    answer = saved(model, folder)
    assert answer["counts"]["parameters"] == 0
    return dict(answer, findings=["no-variables"])


# Frozen parts.


def transfer(folder, change, **options):
    inside = dense_block("inside")
    base = keras.Sequential([keras.Input((6,)), inside, layers.BatchNormalization(name="bn"), layers.Dense(4, name="top")], name="base")
    x = keras.Input((6,), name="x")
    model = keras.Model(x, layers.Dense(2, name="head")(base(x)), name="transfer")
    change(base, inside)
    return saved(model, folder, **options)


@case(*KERAS2)
def frozen_base(folder):
    """The whole base is frozen, as one model."""

    def change(base, inside):
        base.trainable = False

    return transfer(folder, change)


@case(*KERAS2)
def frozen_nested(folder):
    """Only the model inside the base is frozen, and one layer."""

    def change(base, inside):
        inside.trainable = False
        base.get_layer("bn").trainable = False

    return transfer(folder, change)


@case(*KERAS2)
def unfrozen_again(folder):
    """The base is frozen, and its last layer set trainable again: the frozen parent wins in the model."""

    def change(base, inside):
        base.trainable = False
        base.get_layer("top").trainable = True

    return transfer(folder, change)


@case(*KERAS2)
def unfrozen_parent(folder):
    """The base is frozen and unfrozen, then all but the last layer frozen."""

    def change(base, inside):
        base.trainable = False
        base.trainable = True
        for layer in base.layers[:-1]:
            layer.trainable = False

    return transfer(folder, change)


@case(*KERAS2)
def frozen_no_traces(folder):
    """Without traces there are no lists; the metadata says what is frozen."""

    def change(base, inside):
        inside.trainable = False

    return transfer(folder, change, save_traces=False)


@case("tf215", "tf221")
def all_frozen(folder):
    """Everything is frozen: nothing would be trained."""
    x = keras.Input((6,), name="x")
    model = keras.Model(x, dense_block("part")(x), name="still")
    model.trainable = False
    answer = saved(model, folder)
    assert answer["counts"]["trainable"] == 0
    return answer


# Other ways to save.


@case("tf215", "tf221")
def without_metadata(folder):
    """Saved by tf.saved_model.save: nodes of Keras kinds, but no metadata about them."""
    x = keras.Input((6,), name="x")
    block = dense_block("part")
    model = keras.Model(x, layers.Dense(2, name="head")(block(x)), name="plain")
    block.trainable = False
    answer = truth.keras2(model, tree=False)
    tf.saved_model.save(model, folder)
    return dict(answer, findings=["keras-metadata-missing", "frozen"])


@case("tf24", "tf215", "tf221")
def without_metadata_trained(folder):
    """Compiled, trained and saved by tf.saved_model.save: optimizer and metrics are told by their kinds."""
    x = keras.Input((6,), name="x")
    model = keras.Model(x, layers.Dense(2, name="head")(dense_block("part")(x)), name="plain")
    model.compile("adam", "mse", metrics=["mae", "accuracy"])
    model.train_on_batch(np.zeros((2, 6), "f4"), np.zeros((2, 2), "f4"))
    answer = truth.keras2(model, tree=False)
    tf.saved_model.save(model, folder)
    return answer


@case(*KERAS2)
def loaded_and_saved(folder):
    """Saved, loaded by Keras and saved again."""
    x = keras.Input((6,), name="x")
    block = dense_block("part")
    block.trainable = False
    model = keras.Model(x, layers.Dense(2, name="head")(block(x)), name="again")
    save_keras2(model, folder + ".first")
    return saved(keras.models.load_model(folder + ".first"), folder)


class Holder(tf.Module):
    """A module, not a model, around Keras models."""


@case("tf24", "tf221")
def models_in_a_module(folder):
    """A tf.Module that holds two Keras models with a layer in common."""
    root = Holder()
    x = keras.Input((6,), name="x")
    common = dense_block("common")
    root.one = keras.Model(x, layers.Dense(2, name="a")(common(x)), name="one")
    root.two = keras.Model(x, layers.Dense(3, name="b")(common(x)), name="two")
    weights = list(root.one.weights) + list(root.two.weights)
    tf.saved_model.save(root, folder)
    return {"counts": truth.counts(weights, weights)}


@case(*KERAS2)
def mirrored(folder):
    """Trained over two devices: replicas of weights, and of statistics that each device keeps."""
    strategy = tf.distribute.MirroredStrategy(["/cpu:0", "/cpu:1"])
    with strategy.scope():
        model = keras.Sequential(
            [layers.Dense(4, input_shape=(3,), name="a"), layers.BatchNormalization(name="bn"), layers.Dense(2, name="b")], name="mirrored"
        )
    answer = truth.keras2(model)
    assert len(model.weights[0].values) == 2
    save_keras2(model, folder)
    return answer
