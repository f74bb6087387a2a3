"""Models that were loaded, wrapped, converted or quantized, and saved again."""

import numpy as np
import truth
from cases.keras3 import at_most
from cases.tf1 import initialise, network, simple_save
from frameworks import keras2, keras3, save_keras2, tf, tf1
from registry import KERAS2_NEW, MODULES, case

SPEC = [tf.TensorSpec([None, 4], tf.float32)] if hasattr(tf, "TensorSpec") else None


def half_frozen(keras):
    """4*3+3 = 15 that are frozen, normalization of 12 with 6 trainable, 3*2+2 = 8."""
    layers = keras.layers
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3, name="a"), layers.BatchNormalization(name="bn"), layers.Dense(2, name="b")], name="half")
    model.layers[0].trainable = False
    return model


def around(folder, loaded, answer, head=True):
    """A module that holds what was loaded, and a head of 6 parameters."""
    root = tf.Module()
    root.body = loaded
    if head:
        root.head = tf.Variable(tf.ones([2, 3]), name="head")
    tf.saved_model.save(root, folder)
    counts = dict(answer["counts"])
    for name, more in (("parameters", 6), ("trainable", 6), ("bytes", 24), ("variables", 1)):
        counts[name] += more if head else 0
    return {"counts": counts}


@case("tf221")
def export_in_a_module(folder):
    """A Keras 3 export that was loaded and is held by a module: its copies are below the root."""
    model = half_frozen(keras3)
    model.export(folder + ".first", verbose=False)
    return around(folder, tf.saved_model.load(folder + ".first"), truth.keras3(model))


@case("tf221")
def export_twice_in_a_module(folder):
    """The same export loaded twice: two models of equal names, each with copies."""
    model = half_frozen(keras3)
    model.export(folder + ".first", verbose=False)
    one, two = [tf.saved_model.load(folder + ".first") for _ in range(2)]
    root = tf.Module()
    root.models = [one, two]
    counts = {name: 2 * count for name, count in truth.keras3(model)["counts"].items()}
    tf.saved_model.save(root, folder)
    return {"counts": counts}


@case("tf221")
def export_in_a_layer(folder):
    """TFSMLayer: a Keras 3 export as a layer of another Keras 3 model, which does not train it."""
    model = half_frozen(keras3)
    model.export(folder + ".first", verbose=False)
    layer = keras3.layers.TFSMLayer(folder + ".first", call_endpoint="serve", trainable=False, name="loaded")
    x = keras3.Input((4,), name="x")
    outer = keras3.Model(x, keras3.layers.Dense(3, name="head")(layer(x)), name="outer")
    inner = truth.keras3(model)["counts"]
    # What the layer holds, and 2*3 + 3 of the head.
    counts = {"parameters": inner["parameters"] + 9, "bytes": inner["bytes"] + 36, "variables": inner["variables"] + 2}
    outer.export(folder, verbose=False)
    return {"counts": counts}


@case(*KERAS2_NEW)
def keras2_in_a_module(folder):
    """A Keras 2 model that was loaded by TensorFlow and is held by a module: its lists say what is frozen."""
    model = half_frozen(keras2)
    save_keras2(model, folder + ".first")
    return around(folder, tf.saved_model.load(folder + ".first"), truth.keras2(model, tree=False))


@case(*KERAS2_NEW)
def keras2_resaved(folder):
    """A Keras 2 model, loaded by TensorFlow and saved again as it is."""
    model = half_frozen(keras2)
    save_keras2(model, folder + ".first")
    tf.saved_model.save(tf.saved_model.load(folder + ".first"), folder)
    return truth.keras2(model, tree=False)


def graph_of_version_1(folder, **options):
    with tf.Graph().as_default(), tf1.Session() as opened:
        x, y, weights, trainable = network(**options)
        answer = truth.tensorflow1(weights, trainable)
        initialise(opened)
        simple_save(opened, folder, x, y)
    return answer


@case(*MODULES)
def tensorflow1_resaved(folder):
    """A graph of TensorFlow 1, loaded by TensorFlow 2 and saved again."""
    tf1.enable_resource_variables()
    answer = graph_of_version_1(folder + ".first")
    tf.saved_model.save(tf.saved_model.load(folder + ".first"), folder)
    return answer


@case(*MODULES)
def tensorflow1_in_a_module(folder):
    """A graph of TensorFlow 1 below a module."""
    tf1.enable_resource_variables()
    answer = graph_of_version_1(folder + ".first")
    return around(folder, tf.saved_model.load(folder + ".first"), answer)


@case("tf215", "tf221")
def tensorflow1_partitioned(folder):
    """A graph of TensorFlow 1 with a partitioned variable, loaded by TensorFlow 2 and saved again."""
    tf1.enable_resource_variables()
    with tf.Graph().as_default(), tf1.Session() as opened:
        ids = tf1.placeholder(tf1.int32, [None], name="ids")
        table = tf1.get_variable("table", [12, 2], partitioner=tf1.fixed_size_partitioner(4))
        y = tf1.nn.embedding_lookup(table, ids)
        initialise(opened)
        simple_save(opened, folder + ".first", ids, y)
    tf.saved_model.save(tf.saved_model.load(folder + ".first"), folder)
    # The parts are variables of their own in TensorFlow 2.
    return {"counts": {"parameters": 24, "bytes": 96, "trainable": 24}}


# Quantized by TensorFlow.


def quantizable(folder):
    """A module with two matrices, 64*32 and 32*16, big enough for the quantizer to take."""
    root = tf.Module()
    root.first, root.second = tf.Variable(tf.random.normal([64, 32]), name="first"), tf.Variable(tf.random.normal([32, 16]), name="second")

    @tf.function(input_signature=[tf.TensorSpec([1, 64], tf.float32)])
    def call(x):
        return {"y": tf.nn.relu(x @ root.first) @ root.second}

    tf.saved_model.save(root, folder, signatures=call)
    return 64 * 32 + 32 * 16


def quantized(folder, method, op_set, **more):
    from tensorflow.compiler.mlir.quantization.tensorflow import quantization_options_pb2 as options
    from tensorflow.compiler.mlir.quantization.tensorflow.python import quantize_model

    elements = quantizable(folder + ".first")
    method = options.QuantizationMethod(preset_method=getattr(options.QuantizationMethod.PresetMethod, method))
    chosen = options.QuantizationOptions(quantization_method=method, op_set=getattr(options.OpSet, op_set), tags=["serve"], signature_keys=["serving_default"])
    chosen.min_num_elements_for_weights = 1
    quantize_model.quantize(folder + ".first", folder, chosen, **more)
    return elements


def held(elements):
    """What is left of the two matrices: constants of one byte an element."""
    nothing = {"parameters": 0, "bytes": 0, "variables": 0, "trainable": 0}
    return {"counts": nothing, "constants": {"tensors": 2, "parameters": elements, "bytes": elements}, "findings": ["frozen-constants"]}


@case("tf215")
def weights_quantized(folder):
    """TensorFlow's quantizer, weights only: constants of int8, each with a scale."""
    return held(quantized(folder, "METHOD_STATIC_RANGE_WEIGHT_ONLY_INT8", "XLA"))


@case("tf215")
def all_quantized(folder):
    """TensorFlow's quantizer after calibration: whole operations in integers, with corrections in int32."""
    data = [{"x": np.random.rand(1, 64).astype("f4")} for _ in range(4)]
    return held(quantized(folder, "METHOD_STATIC_RANGE_INT8", "XLA", representative_dataset=data))


@case("tf215")
def dynamic_range(folder):
    """TensorFlow's quantizer in its own functions: inputs are quantized as they come."""
    answer = held(quantized(folder, "METHOD_DYNAMIC_RANGE_INT8", "TF"))
    # Each of the two functions has a bound of shape [1] in float32, which no rule tells from a bias.
    answer["constants"] = {"tensors": 4, "parameters": 2560 + 2, "bytes": 2560 + 8}
    return answer


@case("tf215")
def uniform_quantized(folder):
    """TensorFlow's quantizer with ops for uniformly quantized numbers."""
    return held(quantized(folder, "METHOD_DYNAMIC_RANGE_INT8", "UNIFORM_QUANTIZED"))


# What Keras does not see.


@case("tf221")
def hidden_in_keras3(folder):
    """A Keras 3 layer that keeps a variable of TensorFlow and a module, by `export`."""

    class Hiding(keras3.layers.Layer):
        def __init__(self, **options):
            super().__init__(**options)
            self.raw = tf.Variable(tf.ones([4]), name="raw")
            self.part = tf.Module()
            self.part.kernel = tf.Variable(tf.ones([4, 3]), name="kernel")

        def call(self, x):
            return (x * self.raw) @ self.part.kernel

    x = keras3.Input((4,), name="x")
    hiding = Hiding(name="hiding")
    model = keras3.Model(x, keras3.layers.Dense(2, name="head")(hiding(x)), name="hides")
    weights = list(model.weights) + [hiding.raw, hiding.part.kernel]
    # No list has what Keras does not see: whether it would be trained is not known.
    answer = {"counts": at_most(truth.counts(weights, weights))}
    assert answer["counts"]["parameters"] == 3 * 2 + 2 + 4 + 12
    model.export(folder, verbose=False)
    return answer


@case("tf221")
def tracked_module(folder):
    """ExportArchive that tracks a module beside a model, with an endpoint over both."""
    model = keras3.Sequential([keras3.Input((4,)), keras3.layers.Dense(3, name="a")], name="net")
    part = tf.Module()
    part.scale, part.fixed = tf.Variable(tf.ones([3]), name="scale"), tf.Variable(tf.ones([3]), trainable=False, name="fixed")
    archive = keras3.export.ExportArchive()
    archive.track(model)
    archive.track(part)
    archive.add_endpoint("serve", lambda x: model(x) * part.scale + part.fixed, input_signature=SPEC)
    weights = list(model.weights) + [part.scale, part.fixed]
    answer = {"counts": at_most(truth.counts(weights, list(model.weights) + [part.scale]))}
    archive.write_out(folder, verbose=False)
    return answer


@case("tf221")
def words(folder):
    """A Keras 3 model from text to a number: tables, words and an embedding, by `export`."""
    layers = keras3.layers
    text = layers.TextVectorization(max_tokens=9, output_sequence_length=4, name="text")
    text.adapt(["one two", "three"])
    hashed = layers.Hashing(5, name="hash")
    x = keras3.Input((1,), dtype="string", name="x")
    y = layers.GlobalAveragePooling1D(name="mean")(layers.Embedding(9, 3, name="words")(text(x)))
    z = layers.Flatten(name="flat")(layers.Embedding(5, 3, name="bins")(hashed(x)))
    model = keras3.Model(x, layers.Dense(2, name="out")(layers.Add(name="add")([y, z])), name="reads")
    answer = truth.keras3(model)
    # 9*3 + 5*3 + 3*2 + 2.
    assert answer["counts"]["parameters"] == 50
    model.export(folder, verbose=False)
    return answer
