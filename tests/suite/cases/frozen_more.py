"""Weights that are constants: quantized ones, one set in several functions, and beside variables."""

import numpy as np
import truth
from cases.frozen import NOTHING, constants
from cases.tf1 import initialise, network, session, simple_save
from frameworks import keras2, tf, tf1
from registry import TF1, case

SPEC = [tf.TensorSpec([None, 4], tf.float32)]


def frozen(function, spec=None):
    """The function with constants where it had variables."""
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    return convert_variables_to_constants_v2(function.get_concrete_function(*(spec or SPEC)))


def signatures(root, folder, **functions):
    root.functions = {name: tf.function(function, input_signature=SPEC) for name, function in functions.items()}
    tf.saved_model.save(root, folder, signatures=dict(root.functions))


def random(*shape, dtype="f4"):
    """Values that no other constant has, and more of them than the graph's own."""
    values = np.random.default_rng(sum(shape)).integers(-100, 100, shape)
    return values.astype(dtype) if dtype == "i1" else (values / 100).astype(dtype)


@case("tf215", "tf221")
def int8_beside_float(folder):
    """A kernel of int8 that is cast and scaled, beside one of floats."""
    kernel, scale, head = random(4, 16, dtype="i1"), random(16), random(16, 3)

    def call(x):
        hidden = x @ (tf.cast(tf.constant(kernel), tf.float32) * tf.constant(scale))
        return {"y": hidden @ tf.constant(head)}

    signatures(tf.Module(), folder, serving_default=call)
    return {"counts": NOTHING, "constants": constants(kernel, scale, head), "findings": ["frozen-constants"]}


@case(*TF1)
def dequantized(folder):
    """TensorFlow 1: a kernel in bytes with its range, which an op turns into floats."""
    kernel = random(4, 16, dtype="i1").astype("u1")
    with session() as opened:
        x = tf1.placeholder(tf1.float32, [None, 4], name="x")
        weights = tf1.quantization.dequantize(tf1.constant(kernel, tf1.quint8), -1.0, 1.0, mode="MIN_FIRST")
        simple_save(opened, folder, x, tf1.matmul(x, weights))
    return {"counts": NOTHING, "constants": constants(kernel), "findings": ["frozen-constants"]}


@case("tf215", "tf221")
def fake_quantized(folder):
    """Constants of floats that go through ranges of a fake quantization."""
    kernel = random(4, 16)

    def call(x):
        return {"y": x @ tf.quantization.fake_quant_with_min_max_args(tf.constant(kernel), -1.0, 1.0)}

    signatures(tf.Module(), folder, serving_default=call)
    return {"counts": NOTHING, "constants": constants(kernel), "findings": ["frozen-constants"]}


@case("tf215", "tf221")
def halves(folder):
    """Constants of float16 and bfloat16, cast up, and one of float64."""
    half, brain, double = random(4, 16, dtype="f2"), random(16, 8), random(8, 3, dtype="f8")

    def call(x):
        y = x @ tf.cast(tf.constant(half), tf.float32)
        y = y @ tf.cast(tf.constant(brain, tf.bfloat16), tf.float32)
        return {"y": tf.cast(y, tf.float64) @ tf.constant(double)}

    signatures(tf.Module(), folder, serving_default=call)
    held = {"tensors": 3, "parameters": 64 + 128 + 24, "bytes": 2 * 64 + 2 * 128 + 8 * 24}
    return {"counts": NOTHING, "constants": held, "findings": ["frozen-constants"]}


@case("tf215", "tf221")
def one_function_two_signatures(folder):
    """One frozen function that two signatures call."""
    kernel = tf.Variable(random(4, 16))
    body = frozen(tf.function(lambda x: x @ kernel))
    held = constants(kernel.numpy())
    root = tf.Module()
    root.body = body
    signatures(root, folder, first=lambda x: {"y": body(x)[0]}, second=lambda x: {"z": body(x)[0] * 2.0})
    return {"counts": NOTHING, "constants": held, "findings": ["frozen-constants"]}


def frozen_twice(body, folder):
    """Saves a function frozen for one row and for many, a signature each."""
    one, many = frozen(body, [tf.TensorSpec([1, 4])]), frozen(body)
    root = tf.Module()
    root.one, root.many = one, many
    signatures(root, folder, single=lambda x: {"y": one(x[:1])[0]}, batch=lambda x: {"y": many(x)[0]})


@case("tf215", "tf221")
def two_functions_one_set(folder):
    """One set of weights frozen twice, in functions for one row and for many: it is one set."""
    kernel, bias = tf.Variable(random(4, 16), name="kernel"), tf.Variable(random(16), name="bias")
    body = tf.function(lambda x: x @ kernel + bias)
    held = constants(kernel.numpy(), bias.numpy())
    frozen_twice(body, folder)
    return {"counts": NOTHING, "constants": held, "findings": ["frozen-constants"]}


@case("tf215", "tf221")
def equal_values(folder):
    """Two biases of zeros in one set that was frozen twice: two biases, and one set."""
    kernel, other = tf.Variable(random(4, 16)), tf.Variable(random(16, 16))
    first, second = tf.Variable(tf.zeros([16]), name="first"), tf.Variable(tf.zeros([16]), name="second")
    body = tf.function(lambda x: (x @ kernel + first) @ other + second)
    held = constants(*[v.numpy() for v in (kernel, other, first, second)])
    frozen_twice(body, folder)
    return {"counts": NOTHING, "constants": held, "findings": ["frozen-constants"]}


@case("tf215", "tf221")
def two_sets(folder):
    """Two models of one shape frozen in two functions: two sets of equal names, whose kernels differ."""

    def model(seed):
        tf.random.set_seed(seed)
        return keras2.Sequential([keras2.layers.Dense(16, input_shape=(4,), name="a"), keras2.layers.Dense(3, name="b")], name="net")

    models = [model(1), model(2)]
    held = constants(*[w.numpy() for m in models for w in m.weights])
    one, two = [frozen(tf.function(lambda x, m=m: m(x))) for m in models]
    root = tf.Module()
    root.one, root.two = one, two
    signatures(root, folder, one=lambda x: {"y": one(x)[0]}, two=lambda x: {"y": two(x)[0]})
    return {"counts": NOTHING, "constants": held, "findings": ["frozen-constants"]}


@case("tf215", "tf221")
def in_a_loop(folder):
    """A frozen kernel that only the body of a loop uses, and one in a branch."""
    kernel, other = random(4, 4), random(4, 4) + 1

    def call(x):
        y = tf.while_loop(lambda i, _: i < 3, lambda i, h: (i + 1, h @ tf.constant(kernel)), [0, x])[1]
        return {"y": tf.cond(tf.reduce_sum(y) > 0, lambda: y @ tf.constant(other), lambda: y)}

    signatures(tf.Module(), folder, serving_default=call)
    return {"counts": NOTHING, "constants": constants(kernel, other), "findings": ["frozen-constants"]}


@case("tf215", "tf221")
def beside_variables(folder):
    """A frozen body of int8 under a head of variables."""
    kernel, scale = random(4, 16, dtype="i1"), random(16)
    root = tf.Module()
    root.head = tf.Variable(random(16, 3), name="head")

    def call(x):
        return {"y": x @ (tf.cast(tf.constant(kernel), tf.float32) * scale) @ root.head}

    answer = dict(truth.module(root), constants=constants(kernel, scale), findings=["constants-beside"])
    signatures(root, folder, serving_default=call)
    return answer


@case("tf215", "tf221")
def indices_are_none(folder):
    """Integers that are indices, shapes and permutations are no weights, however many there are."""
    kernel = random(4, 16)
    order = np.random.default_rng(1).permutation(16).astype("i4")

    def call(x):
        return {"y": tf.gather(x @ tf.constant(kernel), tf.constant(order), axis=1)}

    signatures(tf.Module(), folder, serving_default=call)
    return {"counts": NOTHING, "constants": constants(kernel), "findings": ["frozen-constants"]}


@case("tf221")
def keras3_captured(folder):
    """A Keras 3 model whose layer uses an array that it keeps as no weight."""
    from frameworks import keras3 as keras

    matrix = random(4, 16)
    x = keras.Input((4,), name="x")
    model = keras.Model(x, keras.layers.Dense(2, name="head")(keras.layers.Lambda(lambda t: t @ matrix, name="fixed")(x)), name="projected")
    answer = dict(truth.keras3(model), constants=constants(matrix), findings=["constants-beside"])
    model.export(folder, verbose=False)
    return answer


@case(*TF1)
def twice_imported(folder):
    """TensorFlow 1: one frozen graph imported twice under two names, with the same weights in both."""
    with session() as opened:
        x, y, weights, _ = network()
        y = tf1.identity(y, name="y")
        initialise(opened)
        held = constants(*opened.run(weights), *opened.run(weights))
        definition = tf1.graph_util.convert_variables_to_constants(opened, opened.graph_def, ["y"])
    with session() as opened:
        x = tf1.placeholder(tf1.float32, [None, 4], name="in")
        one, two = [tf1.import_graph_def(definition, {"x:0": x}, ["y:0"], name=name)[0] for name in ("one", "two")]
        simple_save(opened, folder, x, one + two)
    # The rule is for functions that were traced twice: nodes of one graph are all held, as they are stored.
    return {"counts": NOTHING, "constants": held, "findings": ["frozen-constants"]}
