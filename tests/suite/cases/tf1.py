"""TensorFlow 1 graphs: kinds of variables, collections, optimizers and MetaGraphs."""

import contextlib
import logging
import os
import shutil

import numpy as np
import truth
from frameworks import tf, tf1
from registry import TF1, case
from tensorflow.core.protobuf import saved_model_pb2


@contextlib.contextmanager
def session(resource=False):
    """A fresh graph with a session; its variables are reference variables unless asked otherwise."""
    if resource:
        tf1.enable_resource_variables()
    else:
        tf1.disable_resource_variables()
    with tf1.Graph().as_default(), tf1.Session() as opened:
        yield opened


def initialise(opened):
    opened.run([tf1.global_variables_initializer(), tf1.local_variables_initializer(), tf1.tables_initializer()])


def network(scope="net", **options):
    """kernel 4*3, bias 3, mean 3 (not trainable): 18 and 15."""
    x = tf1.placeholder(tf1.float32, [None, 4], name="x")
    with tf1.variable_scope(scope):
        kernel = tf1.get_variable("kernel", [4, 3], **options)
        bias = tf1.get_variable("bias", [3], **options)
        mean = tf1.get_variable("mean", [3], trainable=False, **options)
    y = tf1.matmul(x, kernel) + bias - mean
    return x, y, [kernel, bias, mean], [kernel, bias]


def simple_save(opened, folder, x, y):
    tf1.saved_model.simple_save(opened, folder, {"x": x}, {"y": y})


def signature(x, y):
    build = tf1.saved_model.build_tensor_info
    return {"serving_default": tf1.saved_model.build_signature_def({"x": build(x)}, {"y": build(y)}, "tensorflow/serving/predict")}


def build(opened, folder, tags, signatures=None, **options):
    builder = tf1.saved_model.Builder(folder)
    builder.add_meta_graph_and_variables(opened, tags, signatures, **options)
    builder.save()


def simple(folder, resource):
    with session(resource) as opened:
        x, y, weights, trainable = network()
        assert weights[0].op.type == ("VarHandleOp" if resource else "VariableV2"), weights[0].op.type
        initialise(opened)
        simple_save(opened, folder, x, y)
        return truth.tensorflow1(weights, trainable)


@case(*TF1)
def reference(folder):
    """Reference variables."""
    return simple(folder, resource=False)


@case(*TF1)
def resource(folder):
    """Resource variables."""
    return simple(folder, resource=True)


def partitions(folder, resource):
    with session(resource) as opened:
        ids = tf1.placeholder(tf1.int32, [None], name="ids")
        table = tf1.get_variable("table", [10, 4], partitioner=tf1.fixed_size_partitioner(3))
        wide = tf1.get_variable("wide", [4, 6], partitioner=tf1.fixed_size_partitioner(2, axis=1), trainable=False)
        y = tf1.matmul(tf1.nn.embedding_lookup(table, ids), tf1.convert_to_tensor(wide))
        initialise(opened)
        simple_save(opened, folder, ids, y)
        return truth.tensorflow1([table, wide], [table])


@case(*TF1)
def partitioned_reference(folder):
    """Partitioned reference variables, along the first axis and along the second."""
    return partitions(folder, resource=False)


@case(*TF1)
def partitioned_resource(folder):
    """Partitioned resource variables."""
    return partitions(folder, resource=True)


@case(*TF1)
def scopes(folder):
    """Reused scopes, a variable used twice and one in nested scopes."""
    with session() as opened:
        x = tf1.placeholder(tf1.float32, [None, 4], name="x")
        with tf1.variable_scope("a", reuse=tf1.AUTO_REUSE):
            first = tf1.get_variable("w", [4, 4])
            assert tf1.get_variable("w", [4, 4]) is first
        with tf1.variable_scope("a/b/c"):
            second = tf1.get_variable("w", [4, 2])
        y = tf1.matmul(tf1.matmul(tf1.matmul(x, first), first), second)
        initialise(opened)
        simple_save(opened, folder, x, y)
        return truth.tensorflow1([first, second], [first, second])


@case(*TF1)
def unknown_shape(folder):
    """A variable whose shape the graph does not say."""
    with session() as opened:
        x = tf1.placeholder(tf1.float32, [None, 4], name="x")
        value = np.ones((4, 3), "f4")
        weight = tf1.Variable(tf1.placeholder_with_default(value, None), validate_shape=False, name="weight")
        simple_y = tf1.matmul(x, tf1.reshape(weight, [4, -1]))
        initialise(opened)
        simple_save(opened, folder, x, simple_y)
        return {"counts": {"parameters": 12, "bytes": 48, "variables": 1, "trainable": 12}}


@case(*TF1)
def dtypes(folder):
    """float64, float16, int8, bool, complex and string variables."""
    with session() as opened:
        x, y, weights, trainable = network()
        values = {"d": np.zeros(2, "f8"), "h": np.zeros(3, "f2"), "i": np.zeros(5, "i1"), "b": np.zeros(7, "?"), "c": np.zeros(2, "c8")}
        for name, value in values.items():
            made = tf1.Variable(value, name=name, trainable=name in "dhc")
            weights.append(made)
            trainable += [made] if name in "dhc" else []
        tf1.Variable(["one"], name="words", trainable=False)
        initialise(opened)
        simple_save(opened, folder, x, y)
        answer = truth.tensorflow1(weights, trainable)
        answer["not_counted"] = {"string": 1}
        return answer


# Optimizers and other state.


def optimized(folder, make, resource=False, state=None):
    with session(resource) as opened:
        x, y, weights, trainable = network()
        step = tf1.train.get_or_create_global_step()
        optimizer = make()
        train = optimizer.minimize(tf1.reduce_sum(tf1.square(y)), global_step=step)
        initialise(opened)
        opened.run(train, {x: np.ones((2, 4))})
        simple_save(opened, folder, x, y)
        answer = truth.tensorflow1(weights, trainable)
        # Each optimizer's state: every global variable that is neither a weight nor the step.
        others = len(tf1.global_variables()) - len(weights) - 1
        answer["not_counted"] = {"optimizer": others, "counter": 1} if others else {"counter": 1}
        return answer


@case(*TF1)
def adam(folder):
    """Adam's moments and beta powers in the global collection, and the global step."""
    return optimized(folder, lambda: tf1.train.AdamOptimizer())


@case(*TF1)
def adam_resource(folder):
    """Adam over resource variables."""
    return optimized(folder, lambda: tf1.train.AdamOptimizer(), resource=True)


@case(*TF1)
def momentum(folder):
    """Momentum."""
    return optimized(folder, lambda: tf1.train.MomentumOptimizer(0.1, 0.9))


@case(*TF1)
def adagrad(folder):
    """Adagrad, under a name that its user chose."""
    return optimized(folder, lambda: tf1.train.AdagradOptimizer(0.1, name="my_own"))


@case(*TF1)
def rmsprop(folder):
    """RMSProp, centered."""
    return optimized(folder, lambda: tf1.train.RMSPropOptimizer(0.1, momentum=0.5, centered=True))


@case(*TF1)
def ftrl(folder):
    """Ftrl, with its two slots."""
    return optimized(folder, lambda: tf1.train.FtrlOptimizer(0.1), resource=True)


@case(*TF1)
def adam_partitioned(folder):
    """Adam over a partitioned variable: moments are partitioned as well."""
    with session() as opened:
        ids = tf1.placeholder(tf1.int32, [None], name="ids")
        table = tf1.get_variable("table", [10, 4], partitioner=tf1.fixed_size_partitioner(3))
        y = tf1.nn.embedding_lookup(table, ids)
        train = tf1.train.AdamOptimizer().minimize(tf1.reduce_sum(y))
        initialise(opened)
        opened.run(train, {ids: [1, 5, 9]})
        simple_save(opened, folder, ids, y)
        return truth.tensorflow1([table], [table])


@case(*TF1)
def metrics(folder):
    """tf.metrics keeps totals in local variables; a saver of its own stores them too."""
    with session() as opened:
        x, y, weights, trainable = network()
        tf1.metrics.mean(y, name="average")
        tf1.metrics.auc(tf1.cast(y > 0, tf1.float32), tf1.sigmoid(y), num_thresholds=5, name="auc")
        initialise(opened)
        saver = tf1.train.Saver(tf1.global_variables() + tf1.local_variables())
        build(opened, folder, ["serve"], signature(x, y), saver=saver)
        answer = truth.tensorflow1(weights, trainable)
        answer["not_counted"] = {"metric": len(tf1.local_variables())}
        return answer


@case(*TF1)
def shadows(folder):
    """Exponential moving averages: the shadows are weights, not trainable."""
    with session() as opened:
        x, y, weights, trainable = network()
        step = tf1.train.get_or_create_global_step()
        average = tf1.train.ExponentialMovingAverage(0.99, num_updates=step)
        average.apply(trainable)
        initialise(opened)
        simple_save(opened, folder, x, y)
        return truth.tensorflow1(weights + [average.average(v) for v in trainable], trainable)


@case(*TF1)
def batch_norm(folder):
    """tf.layers-like batch normalization by hand, with update ops and a model_variables collection."""
    with session() as opened:
        x, y, weights, trainable = network()
        mean = tf1.get_variable("moving_mean", [3], trainable=False, collections=[tf1.GraphKeys.MODEL_VARIABLES, tf1.GraphKeys.GLOBAL_VARIABLES])
        tf1.add_to_collection(tf1.GraphKeys.UPDATE_OPS, tf1.assign(mean, 0.9 * mean + 0.1 * tf1.reduce_mean(y, 0)))
        initialise(opened)
        simple_save(opened, folder, x, y - mean)
        return truth.tensorflow1(weights + [mean], trainable)


@case(*TF1)
def without_collections(folder):
    """The collections were cleared: variables are known from the restore graph, trainable ones are not."""
    with session() as opened:
        x, y, weights, _ = network()
        initialise(opened)
        saver = tf1.train.Saver()
        graph = tf1.get_default_graph()
        for name in graph.get_all_collection_keys():
            graph.clear_collection(name)
        build(opened, folder, ["serve"], signature(x, y), saver=saver)
        return dict(truth.tensorflow1(weights, None), findings=["trainable-undetermined"])


# MetaGraphs and tags.


@case(*TF1)
def tag_sets(folder):
    """Three MetaGraphs with tag sets of their own; the training graph holds more."""
    builder = tf1.saved_model.Builder(folder)
    with session() as opened:
        x, y, weights, trainable = network()
        extra = tf1.get_variable("extra", [3, 7])
        tf1.train.AdamOptimizer().minimize(tf1.reduce_sum(tf1.matmul(y, extra)))
        initialise(opened)
        builder.add_meta_graph_and_variables(opened, ["train"], signature(x, y))
        train = truth.tensorflow1(weights + [extra], trainable + [extra])["counts"]
    answers = {}
    for tags in (["serve"], ["serve", "gpu"]):
        with session() as opened:
            x, y, weights, trainable = network()
            builder.add_meta_graph(tags, signature(x, y))
            answers[",".join(tags)] = truth.tensorflow1(weights, trainable)["counts"]
    builder.save()
    return {"counts": answers["serve"], "tags": {"train": train, "serve,gpu": answers["serve,gpu"]}}


@case("tf115", "tf221")
def other_tag(folder):
    """One MetaGraph, and its tag is not `serve`."""
    with session() as opened:
        x, y, weights, trainable = network()
        initialise(opened)
        build(opened, folder, ["custom", "tag"], signature(x, y))
        return truth.tensorflow1(weights, trainable)


@case(*TF1)
def stripped(folder):
    """Default attributes are stripped from the nodes."""
    with session(resource=True) as opened:
        x, y, weights, trainable = network()
        initialise(opened)
        build(opened, folder, ["serve"], signature(x, y), strip_default_attrs=True)
        return truth.tensorflow1(weights, trainable)


@case(*TF1)
def devices(folder):
    """Variables pinned to a GPU and to parameter servers that this machine lacks."""
    places = ("/device:GPU:0", "/job:ps/task:0/device:CPU:0", "/job:ps/task:1/device:CPU:0")
    with session() as opened:
        x, y, weights, trainable = network()
        initialise(opened)
        simple_save(opened, folder, x, y)
        # No session here could run ops on these devices, so they are written into the saved graph.
        place_nodes(folder, dict(zip((v.op.name for v in weights), places)))
        return truth.tensorflow1(weights, trainable)


def place_nodes(folder, devices):
    path = os.path.join(folder, "saved_model.pb")
    with open(path, "rb") as file:
        message = saved_model_pb2.SavedModel.FromString(file.read())
    placed = 0
    for node in message.meta_graphs[0].graph_def.node:
        for variable, device in devices.items():
            if node.name in (variable, variable + "/Assign", variable + "/read"):
                node.device = device
                placed += 1
    assert placed == 3 * len(devices), placed
    with open(path, "wb") as file:
        file.write(message.SerializeToString())


@case("tf115")
def estimator_canned(folder):
    """A canned estimator: embeddings, partitions, Adagrad, global step."""
    return canned(folder)


@case("tf24", "tf215")
def estimator_canned_tf2(folder):
    """A canned estimator under TensorFlow 2."""
    return canned(folder)


def canned(folder):
    logging.disable(logging.WARNING)
    column = tf.feature_column
    words = column.embedding_column(column.categorical_column_with_identity("word", 10), 3)
    number = column.numeric_column("number", shape=(2,))
    estimator = tf.estimator.DNNClassifier([4], [words, number], model_dir=folder + ".training", n_classes=3)

    def examples():
        return tf.data.Dataset.from_tensors(({"word": tf.constant([[1], [2]]), "number": tf.ones([2, 2])}, tf.constant([0, 1])))

    estimator.train(examples, steps=1)
    receiver = tf.estimator.export.build_parsing_serving_input_receiver_fn(column.make_parse_example_spec([words, number]))
    export = estimator.export_saved_model(folder + ".export", receiver)
    os.rename(export.decode() if isinstance(export, bytes) else export, folder)
    # The step and the optimizer's accumulators are in the checkpoint too; the network's own are under `dnn/`.
    names = [n for n in estimator.get_variable_names() if n.startswith("dnn/") and "Adagrad" not in n and "learning_rate" not in n]
    total = sum(estimator.get_variable_value(n).size for n in names)
    # embedding 10*3 = 30; hidden (3+2)*4+4 = 24; logits 4*3+3 = 15: 69, all trainable.
    assert (total, len(names)) == (69, 5), names
    for extra in (".export", ".training"):
        shutil.rmtree(folder + extra)
    return {"counts": {"parameters": total, "bytes": 4 * total, "variables": len(names), "trainable": total}}
