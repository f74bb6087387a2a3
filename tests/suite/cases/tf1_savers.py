"""TensorFlow 1: savers that store less, elsewhere or under other names; Keras sessions; Hub modules."""

import glob
import os

import numpy as np
import truth
from cases.tf1 import build, initialise, network, session, signature, simple_save
from frameworks import hub, tf, tf1
from registry import TF1, case


@case(*TF1)
def partial(folder):
    """The saver leaves variables out: nothing restores them, so they are listed apart."""
    with session() as opened:
        x, y, weights, trainable = network()
        scratch = tf1.get_variable("scratch", [9], trainable=False)
        unused = tf1.get_variable("unused", [5, 5])
        initialise(opened)
        build(opened, folder, ["serve"], signature(x, y), saver=tf1.train.Saver(weights))
        answer = truth.tensorflow1(weights, trainable)
        answer["not_counted"] = {"unrestored": len([scratch, unused])}
        answer["findings"] = ["unrestored"]
        return answer


@case(*TF1)
def sharded(folder):
    """A sharded saver over two devices writes two data files."""
    with tf1.Graph().as_default():
        tf1.disable_resource_variables()
        x = tf1.placeholder(tf1.float32, [None, 4], name="x")
        with tf1.device("/cpu:0"):
            first = tf1.get_variable("first", [4, 6])
        with tf1.device("/cpu:1"):
            second = tf1.get_variable("second", [6, 2])
        y = tf1.matmul(tf1.matmul(x, first), second)
        with tf1.Session(config=tf1.ConfigProto(device_count={"CPU": 2})) as opened:
            initialise(opened)
            build(opened, folder, ["serve"], signature(x, y), saver=tf1.train.Saver(sharded=True))
        return truth.tensorflow1([first, second], [first, second])


@case(*TF1)
def renamed_keys(folder):
    """The checkpoint's keys have nothing in common with the names of the variables."""
    with session(resource=True) as opened:
        x, y, weights, trainable = network()
        initialise(opened)
        saver = tf1.train.Saver({"key/%d" % (7 * n): v for n, v in enumerate(reversed(weights))})
        build(opened, folder, ["serve"], signature(x, y), saver=saver)
        return truth.tensorflow1(weights, trainable)


@case(*TF1)
def shadows_as_weights(folder):
    """The saver restores each weight from the key of its shadow, as exports of averaged models do."""
    with session() as opened:
        x, y, weights, trainable = network()
        average = tf1.train.ExponentialMovingAverage(0.99)
        keys = {average.average_name(v): v for v in trainable}
        keys["net/mean"] = weights[-1]
        initialise(opened)
        build(opened, folder, ["serve"], signature(x, y), saver=tf1.train.Saver(keys))
        return truth.tensorflow1(weights, trainable)


@case(*TF1)
def partitions_merged(folder):
    """Partitions in one graph, whole in the checkpoint of the other: saved by one, restored by two."""
    with session() as opened:
        ids = tf1.placeholder(tf1.int32, [None], name="ids")
        table = tf1.get_variable("table", [12, 2], partitioner=tf1.fixed_size_partitioner(4))
        y = tf1.nn.embedding_lookup(table, ids)
        initialise(opened)
        build(opened, folder, ["serve"], signature(ids, y), saver=tf1.train.Saver({"renamed": table}))
        return truth.tensorflow1([table], [table])


@case(*TF1)
def table_and_asset(folder):
    """A lookup table from an asset file, initialised by the model's own init op."""
    path = folder + ".words.txt"
    with open(path, "w") as out:
        out.write("one\ntwo\n")
    with session() as opened:
        words = tf1.placeholder(tf1.string, [None], name="words")
        index = tf1.lookup.StaticHashTable(
            tf1.lookup.TextFileInitializer(path, tf1.string, tf1.lookup.TextFileIndex.WHOLE_LINE, tf1.int64, tf1.lookup.TextFileIndex.LINE_NUMBER), 0
        )
        table = tf1.get_variable("table", [3, 4])
        y = tf1.gather(table, index.lookup(words))
        initialise(opened)
        build(opened, folder, ["serve"], signature(words, y), assets_collection=tf1.get_collection(tf1.GraphKeys.ASSET_FILEPATHS), main_op=tf1.tables_initializer())
        os.remove(path)
        return truth.tensorflow1([table], [table])


@case("tf115")
def keras_session(folder):
    """A Keras model of TensorFlow 1 after a step of training, saved as a graph."""
    keras = tf.keras
    with session() as opened:
        keras.backend.set_session(opened)
        model = keras.Sequential([keras.layers.Dense(4, input_shape=(3,)), keras.layers.BatchNormalization(), keras.layers.Dense(2)])
        model.compile(keras.optimizers.Adam(), "mse", metrics=["mae"])
        model.train_on_batch(np.zeros((2, 3)), np.zeros((2, 2)))
        answer = truth.tensorflow1(model.weights, model.trainable_weights)
        simple_save(opened, folder, model.input, model.output)
        return answer


@case("tf115")
def keras_v1_optimizer(folder):
    """The optimizers of Keras 1 make trainable-looking variables of their own."""
    keras = tf.keras
    from tensorflow.python.keras.optimizers import SGD

    with session() as opened:
        keras.backend.set_session(opened)
        model = keras.Sequential([keras.layers.Dense(4, input_shape=(3,)), keras.layers.Dense(2)])
        model.compile(SGD(lr=0.1, momentum=0.9), "mse")
        model.train_on_batch(np.zeros((2, 3)), np.zeros((2, 2)))
        answer = truth.tensorflow1(model.weights, model.trainable_weights)
        simple_save(opened, folder, model.input, model.output)
        return answer


@case("tf115")
def estimator_own_model(folder):
    """An estimator with a model function of its own, Adam and batch normalization of tf.layers."""
    live = {}

    def model_fn(features, labels, mode):
        training = mode == tf.estimator.ModeKeys.TRAIN
        y = tf.layers.dense(tf.layers.batch_normalization(tf.layers.dense(features["x"], 4), training=training), 2)
        if mode == tf.estimator.ModeKeys.PREDICT:
            weights = tf.global_variables()
            live.update(tf=[v for v in weights if "global_step" not in v.name], trainable=tf.trainable_variables())
            outputs = {"serving_default": tf.estimator.export.PredictOutput({"y": y})}
            return tf.estimator.EstimatorSpec(mode, predictions={"y": y}, export_outputs=outputs)
        loss = tf.reduce_mean(tf.square(y - labels))
        train = tf.train.AdamOptimizer().minimize(loss, global_step=tf.train.get_global_step())
        return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train)

    estimator = tf.estimator.Estimator(model_fn, model_dir=folder + ".training")
    estimator.train(lambda: tf.data.Dataset.from_tensors(({"x": tf.ones([2, 3])}, tf.ones([2, 2]))), steps=1)
    receiver = tf.estimator.export.build_raw_serving_input_receiver_fn({"x": tf.placeholder(tf.float32, [None, 3])})
    export = estimator.export_saved_model(folder + ".export", receiver)
    os.rename(export.decode(), folder)
    os.rmdir(folder + ".export")
    for path in glob.glob(folder + ".training/model.ckpt*"):
        os.remove(path)
    # dense 3*4+4 = 16, batch normalization 4*4 = 16 of which 8, dense 4*2+2 = 10: 42 and 34.
    answer = truth.tensorflow1(live["tf"], live["trainable"])
    assert answer["counts"]["parameters"] == 42, answer
    return answer


# TF1 Hub modules.


def hub_module(folder, network, tags=((set(), {}),)):
    spec = hub.create_module_spec(network, tags_and_args=list(tags))
    with tf.Graph().as_default(), tf.Session() as opened:
        module = hub.Module(spec, trainable=True)
        opened.run([tf.global_variables_initializer(), tf.tables_initializer()])
        module.export(folder, opened)


@case("tf115")
def hub_plain(folder):
    """A TF1 Hub module with the empty tag set: nothing in it says how to restore."""
    live = []

    def body():
        x, y, weights, trainable = network("scope")
        hub.add_signature(inputs=x, outputs=y)
        live[:] = weights, trainable

    hub_module(folder, body)
    return truth.tensorflow1(*live)


@case("tf115")
def hub_partitioned(folder):
    """A TF1 Hub module with partitioned variables, a resource variable and two tag sets."""
    live = {}

    def body(training):
        ids = tf.placeholder(tf.int32, [None])
        table = tf.get_variable("table", [9, 2], partitioner=tf.fixed_size_partitioner(2))
        scale = tf.get_variable("scale", [2], use_resource=True)
        counted = tf.get_variable("seen", [2], trainable=False)
        hub.add_signature(inputs=ids, outputs=tf.nn.embedding_lookup(table, ids) * scale + counted)
        live[training] = [table, scale, counted], [table, scale]

    hub_module(folder, body, [(set(), {"training": False}), ({"train"}, {"training": True})])
    answer = truth.tensorflow1(*live[False])
    answer["tags"] = {"train": truth.tensorflow1(*live[True])["counts"]}
    return answer


@case("tf115")
def hub_text(folder):
    """A TF1 Hub module for text: a table of words and an embedding."""
    path = folder + ".words.txt"
    with open(path, "w") as out:
        out.write("one\ntwo\nthree\n")
    live = []

    def body():
        words = tf.placeholder(tf.string, [None])
        table = tf.contrib.lookup.index_table_from_file(path, num_oov_buckets=1)
        embedding = tf.get_variable("embedding", [4, 5])
        hub.add_signature(inputs=words, outputs=tf.nn.embedding_lookup(embedding, table.lookup(words)))
        live[:] = [embedding], [embedding]

    hub_module(folder, body)
    os.remove(path)
    return truth.tensorflow1(*live)
