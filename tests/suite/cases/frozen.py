"""Models whose weights are constants, and models in text form."""

import os

import numpy as np
import truth
from cases.tf1 import initialise, network, session, simple_save
from frameworks import keras2, save_keras2, tf, tf1
from google.protobuf import text_format
from registry import TF1, case
from tensorflow.core.protobuf import saved_model_pb2


def constants(*arrays):
    total = sum(np.prod(array.shape, dtype=int) for array in arrays)
    size = sum(np.prod(array.shape, dtype=int) * np.dtype(array.dtype).itemsize for array in arrays)
    return {"tensors": len(arrays), "parameters": int(total), "bytes": int(size)}


NOTHING = {"parameters": 0, "bytes": 0, "variables": 0, "trainable": 0}


@case(*TF1)
def graph(folder):
    """A graph frozen by convert_variables_to_constants: 12 + 3 + 3 constants."""
    with session() as opened:
        x, y, weights, _ = network()
        y = tf1.identity(y, name="y")
        initialise(opened)
        held = constants(*opened.run(weights))
        definition = tf1.graph_util.convert_variables_to_constants(opened, opened.graph_def, ["y"])
    with session() as opened:
        x, y = tf1.import_graph_def(definition, name="", return_elements=["x:0", "y:0"])
        simple_save(opened, folder, x, y)
    return {"counts": NOTHING, "constants": held, "findings": ["frozen-constants"]}


@case(*TF1)
def graph_half_frozen(folder):
    """Half of the graph is frozen, a variable follows it: both are said."""
    with session() as opened:
        x, y, weights, _ = network()
        y = tf1.identity(y, name="y")
        initialise(opened)
        held = constants(*opened.run(weights))
        definition = tf1.graph_util.convert_variables_to_constants(opened, opened.graph_def, ["y"])
    with session() as opened:
        x, y = tf1.import_graph_def(definition, name="", return_elements=["x:0", "y:0"])
        head = tf1.get_variable("head", [3, 2])
        initialise(opened)
        simple_save(opened, folder, x, tf1.matmul(y, head))
        return dict(truth.tensorflow1([head], [head]), constants=held, findings=["constants-beside"])


@case("tf215", "tf221")
def function(folder):
    """A function frozen by convert_variables_to_constants_v2; the constants are inside it."""
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    kernel, bias = tf.Variable(tf.random.normal([4, 3])), tf.Variable(tf.random.normal([3]))
    call = tf.function(lambda x: tf.matmul(x, kernel) + bias)
    held = constants(kernel.numpy(), bias.numpy())
    root = tf.Module()
    root.frozen = convert_variables_to_constants_v2(call.get_concrete_function(tf.TensorSpec([None, 4], tf.float32)))
    root.call = tf.function(lambda x: root.frozen(x), input_signature=[tf.TensorSpec([None, 4], tf.float32)])
    tf.saved_model.save(root, folder, signatures=root.call)
    return {"counts": NOTHING, "constants": held, "findings": ["frozen-constants"]}


@case("tf24", "tf221")
def keras_function(folder):
    """A Keras model frozen as one function."""
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    model = keras2.Sequential([keras2.layers.Dense(64, input_shape=(32,)), keras2.layers.Dense(16)])
    held = constants(*[weight.numpy() for weight in model.weights])
    call = tf.function(lambda x: model(x))
    root = tf.Module()
    frozen = convert_variables_to_constants_v2(call.get_concrete_function(tf.TensorSpec([None, 32], tf.float32)))
    tf.saved_model.save(root, folder, signatures=tf.function(lambda x: {"y": frozen(x)[0]}, input_signature=[tf.TensorSpec([None, 32], tf.float32)]))
    return {"counts": NOTHING, "constants": held, "findings": ["frozen-constants"]}


def saved_with(folder, root, held, **signatures):
    tf.saved_model.save(root, folder, signatures=signatures)
    return {"counts": NOTHING, "constants": held, "findings": ["frozen-constants"]}


ROWS = [tf.TensorSpec([None, 16], tf.float32), tf.TensorSpec([4, 16], tf.float32)]


@case("tf24", "tf215", "tf221")
def two_signatures(folder):
    """One weight set in two traced functions: 16*8 + 8 = 136, not 272."""
    root = tf.Module()
    kernel, bias = np.random.rand(16, 8).astype("float32"), np.zeros(8, "float32")
    root.call = tf.function(lambda x: {"y": tf.matmul(x, kernel) + bias})
    one, two = [root.call.get_concrete_function(spec) for spec in ROWS]
    return saved_with(folder, root, constants(kernel, bias), one=one, two=two)


@case("tf215", "tf221")
def frozen_twice(folder):
    """A function frozen for two shapes of its input, each with a signature: 16*8 + 8 = 136."""
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    root = tf.Module()
    kernel, bias = tf.Variable(tf.random.normal([16, 8])), tf.Variable(tf.zeros([8]))
    call = tf.function(lambda x: tf.matmul(x, kernel) + bias)
    held = constants(kernel.numpy(), bias.numpy())
    frozen = [convert_variables_to_constants_v2(call.get_concrete_function(spec)) for spec in ROWS]
    root.one, root.two = frozen
    one, two = [tf.function(lambda x, f=f: {"y": f(x)[0]}, input_signature=[spec]) for f, spec in zip(frozen, ROWS)]
    return saved_with(folder, root, held, one=one, two=two)


@case("tf24", "tf215", "tf221")
def two_traces(folder):
    """A signature that calls two traces of one function: 16*8, and two vectors of 8 zeros that are two weights."""
    root = tf.Module()
    kernel, one, other = np.random.rand(16, 8).astype("float32"), np.zeros(8, "float32"), np.zeros(8, "float32")
    root.inner = tf.function(lambda x: (tf.matmul(x, kernel) + one) * other)
    call = tf.function(lambda x: {"y": root.inner(x)[:1] + root.inner(x[:1])}, input_signature=ROWS[1:])
    return saved_with(folder, root, constants(kernel, one, other), call=call)


@case("tf24", "tf215", "tf221")
def quantized(folder):
    """An int8 kernel that is cast in the function that it is passed to, and a shape that is no weight."""
    root = tf.Module()
    kernel, scale = np.random.randint(-100, 100, (16, 8)).astype("int8"), np.random.rand(8).astype("float32")
    shape = np.array([2, 8], "int32")
    inner = tf.function(lambda x, q: tf.matmul(x, tf.transpose(tf.cast(q, tf.float32)) * scale))
    root.call = tf.function(
        lambda x: {"y": inner(x, tf.transpose(tf.constant(kernel))) + tf.reduce_sum(tf.cast(tf.constant(shape), tf.float32))},
        input_signature=ROWS[:1],
    )
    return saved_with(folder, root, constants(kernel, scale), call=root.call)


# Text form.


def as_text(folder):
    binary = os.path.join(folder, "saved_model.pb")
    with open(binary, "rb") as file:
        message = saved_model_pb2.SavedModel.FromString(file.read())
    with open(os.path.join(folder, "saved_model.pbtxt"), "w") as file:
        file.write(text_format.MessageToString(message))
    os.remove(binary)


@case(*TF1)
def text_tf1(folder):
    """A TensorFlow 1 graph in text form."""
    with session() as opened:
        x, y, weights, trainable = network()
        initialise(opened)
        simple_save(opened, folder, x, y)
        as_text(folder)
        return truth.tensorflow1(weights, trainable)


@case("tf24", "tf215")
def text_keras2(folder):
    """A Keras 2 model in text form."""
    layers = keras2.layers
    model = keras2.Sequential([layers.Dense(4, input_shape=(3,), name="a"), layers.BatchNormalization(name="b")], name="text")
    model.layers[0].trainable = False
    answer = truth.keras2(model)
    save_keras2(model, folder)
    as_text(folder)
    return answer


@case("tf221")
def text_keras3(folder):
    """A Keras 3 export in text form."""
    from frameworks import keras3

    model = keras3.Sequential([keras3.Input((3,)), keras3.layers.Dense(4), keras3.layers.Dropout(0.1), keras3.layers.Dense(2)])
    answer = truth.keras3(model)
    model.export(folder, verbose=False)
    as_text(folder)
    return answer
