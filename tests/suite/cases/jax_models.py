"""Functions and models of JAX, which jax2tf and Keras bring into a SavedModel."""

import os
import sys

import numpy as np
import truth
from frameworks import tf
from registry import case


def network(parameters, x):
    import jax.numpy as jnp

    for layer in parameters["layers"]:
        x = jnp.tanh(x @ layer["kernel"] + layer["bias"])
    return x * parameters["scale"]


def parameters(dtype="f4"):
    """4*6+6, 6*2+2 and 1: 45."""
    sizes = [(4, 6), (6, 2)]
    layers = [{"kernel": np.ones(size, dtype), "bias": np.zeros(size[1], dtype)} for size in sizes]
    return {"layers": layers, "scale": np.ones((), dtype)}


def converted(**options):
    from jax.experimental import jax2tf

    return jax2tf.convert(network, polymorphic_shapes=[None, "b, 4"], native_serialization_platforms=["cpu"], **options)


def as_variables(tree, **options):
    """A tree of the same form with a variable for each array, and these in a list."""
    import jax

    leaves, form = jax.tree_util.tree_flatten(tree)
    variables = [tf.Variable(leaf, **options) for leaf in leaves]
    return jax.tree_util.tree_unflatten(form, variables), variables


@case("tf221")
def variables(folder):
    """Parameters as variables in dicts and lists of a module, as the guide of jax2tf has it."""
    root = tf.Module()
    root.parameters, held = as_variables(parameters())
    call = converted()
    root.call = tf.function(lambda x: call(root.parameters, x), autograph=False, input_signature=[tf.TensorSpec([None, 4], tf.float32)])
    tf.saved_model.save(root, folder)
    return {"counts": truth.counts(held, held)}


@case("tf221")
def with_gradient(folder):
    """The same with gradients saved, and parameters that are said not to be trained."""
    root = tf.Module()
    root.parameters, held = as_variables(parameters(), trainable=False)
    call = converted(with_gradient=True)
    root.call = tf.function(lambda x: call(root.parameters, x), autograph=False, input_signature=[tf.TensorSpec([None, 4], tf.float32)])
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=True)
    tf.saved_model.save(root, folder, options=options)
    return {"counts": truth.counts(held, [])}


@case("tf221")
def flat_list(folder):
    """Parameters in a flat list beside the function, as converters of other libraries keep them."""
    root = tf.train.Checkpoint()
    tree, root._variables = as_variables(parameters("f2"))
    held = list(root._variables)
    call = converted()
    root.f = tf.function(lambda x: call(tree, x), autograph=False, input_signature=[tf.TensorSpec([None, 4], tf.float16)])
    tf.saved_model.save(root, folder, signatures={"serving_default": tf.function(lambda x: {"y": root.f(x)}, input_signature=[tf.TensorSpec([None, 4], tf.float16)])})
    return {"counts": truth.counts(held, held)}


def keras_on_jax():
    """Keras 3 over JAX, imported anew: it was imported over TensorFlow, and chooses once."""
    for name in [name for name in sys.modules if name == "keras" or name.startswith("keras.")]:
        del sys.modules[name]
    os.environ["KERAS_BACKEND"] = "jax"
    import keras

    assert keras.backend.backend() == "jax"
    return keras


def keras_model(keras):
    layers = keras.layers
    x = keras.Input((4,), name="x")
    y = layers.Dropout(0.1, name="drop")(layers.BatchNormalization(name="bn")(layers.Dense(6, name="a")(x)))
    model = keras.Model(x, layers.Dense(2, name="b")(y), name="net")
    model.get_layer("a").trainable = False
    return model


def counts_of(model):
    """`truth.counts` for variables that are JAX's."""
    size = lambda variables: sum(int(np.prod(v.shape)) for v in variables)
    weights = model.weights
    assert all(v.dtype == "float32" for v in weights)
    return {"parameters": size(weights), "bytes": 4 * size(weights), "variables": len(weights), "trainable": size(model.trainable_weights)}


@case("tf221")
def keras_export(folder):
    """A Keras 3 model over JAX, by `export`."""
    model = keras_model(keras_on_jax())
    answer = {"counts": counts_of(model)}
    model.export(folder, verbose=False)
    return answer


@case("tf221")
def keras_archive(folder):
    """A Keras 3 model over JAX, by ExportArchive with a function of its own."""
    keras = keras_on_jax()
    model = keras_model(keras)
    answer = {"counts": counts_of(model)}
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("serve", lambda x: model(x, training=False), input_signature=[keras.InputSpec(shape=(None, 4), dtype="float32")])
    archive.write_out(folder, verbose=False)
    return answer
