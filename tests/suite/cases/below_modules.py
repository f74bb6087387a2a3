"""Keras models and embeddings below a root that is neither: modules, checkpoints, lists, dicts."""

import truth
from frameworks import keras2 as keras
from frameworks import tf
from registry import KERAS2_NEW, MODULES, case

layers = keras.layers


def half_frozen(name, units=4):
    """Three layers, of which the first two are frozen; 6 inputs."""
    model = keras.Sequential(
        [
            layers.Dense(units, input_shape=(6,), name="a"),
            layers.BatchNormalization(name="norm"),
            layers.Dense(2, name="b"),
        ],
        name=name,
    )
    for layer in model.layers[:2]:
        layer.trainable = False
    return model


def truth_of(models, others=()):
    """Keras says what is trained, for each model by itself; of the others the flag."""
    weights = [v for model in models for v in model.weights] + list(others)
    trainable = [v for model in models for v in model.trainable_weights] + [v for v in others if v.trainable]
    return {"counts": truth.counts(weights, trainable)}


@case(*MODULES)
def frozen(folder):
    """A module around a model with frozen layers, and a weight of its own."""
    root = tf.Module()
    root.model = half_frozen("inner")
    root.scale = tf.Variable(tf.ones([3]), name="scale")
    tf.saved_model.save(root, folder)
    return truth_of([root.model], [root.scale])


@case(*MODULES)
def several(folder):
    """Two models in a dict below two modules, a frozen layer in a list."""
    root = tf.Module()
    root.parts = tf.Module()
    root.parts.models = {"one": half_frozen("one"), "two": half_frozen("two", 7)}
    root.parts.models["two"].trainable = False
    layer = layers.Dense(3, name="alone", trainable=False)
    layer.build([None, 5])
    root.layers = [layer]
    tf.saved_model.save(root, folder)
    return truth_of([*root.parts.models.values(), layer])


@case(*KERAS2_NEW)
def checkpoint(folder):
    """A `tf.train.Checkpoint` of a compiled model and its optimizer."""
    model = half_frozen("inner")
    model.compile(keras.optimizers.Adam(), "mse")
    model.fit(tf.ones([4, 6]), tf.ones([4, 2]), verbose=0)
    root = tf.train.Checkpoint(model=model, optimizer=model.optimizer)
    tf.saved_model.save(root, folder)
    return truth_of([model])


@case(*KERAS2_NEW)
def global_step(folder):
    """A weight of a layer that has the name of a counter."""

    class Stepped(layers.Layer):
        def build(self, shape):
            self.kernel = self.add_weight(name="kernel", shape=[int(shape[-1]), 2])
            self.step = self.add_weight(
                name="global_step", shape=[], dtype="int64", initializer="zeros", trainable=False
            )

        def call(self, x):
            return tf.matmul(x, self.kernel) + tf.cast(self.step, tf.float32)

    model = keras.Sequential([keras.Input((3,)), Stepped(name="stepped")], name="model")
    model.save(folder, save_format="tf")
    return truth.keras2(model, tree=False)


@case("tf215", "tf221")
def tpu_embedding(folder):
    """Tables for serving, with the slots of two optimizers beside them."""
    settings = tf.tpu.experimental.embedding
    tables = [
        settings.TableConfig(10, 4, optimizer=settings.Adagrad(0.1), name="video"),
        settings.TableConfig(7, 3, optimizer=settings.Adam(0.1), name="user"),
    ]
    features = [settings.FeatureConfig(table=table, name=table.name) for table in tables]
    root = tf.Module()
    root.embedding = settings.TPUEmbeddingForServing(features, optimizer=settings.SGD(0.1))
    root.embedding.build()
    root.head = tf.Variable(tf.ones([7, 2]), name="head")
    tf.saved_model.save(root, folder)
    # 10*4 + 7*3 + 7*2; 40 accumulators, 2 * 21 moments.
    return {"counts": {"parameters": 75, "bytes": 300, "variables": 3, "trainable": 75}}
