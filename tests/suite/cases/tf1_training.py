"""TensorFlow 1: what training leaves in a graph that was saved as it was trained."""

import os
import shutil

import numpy as np
import truth
from cases.tf1 import initialise, network, optimized, session, simple_save
from frameworks import tf, tf1
from registry import TF1, case


@case(*TF1)
def adadelta(folder):
    """Adadelta, with two slots."""
    return optimized(folder, lambda: tf1.train.AdadeltaOptimizer(0.1))


@case(*TF1)
def adagrad_dual(folder):
    """AdagradDA, with two accumulators for each weight."""
    with session() as opened:
        x, y, weights, trainable = network()
        step = tf1.train.get_or_create_global_step()
        train = tf1.train.AdagradDAOptimizer(0.1, step).minimize(tf1.reduce_sum(tf1.square(y)), global_step=step)
        initialise(opened)
        opened.run(train, {x: np.ones((2, 4))})
        simple_save(opened, folder, x, y)
        return truth.tensorflow1(weights, trainable)


@case(*TF1)
def plain_descent(folder):
    """Gradient descent keeps nothing, and its rate decays by the global step."""

    def make():
        step = tf1.train.get_or_create_global_step()
        return tf1.train.GradientDescentOptimizer(tf1.train.exponential_decay(0.1, step, 10, 0.9))

    return optimized(folder, make)


@case("tf115")
def loss_scale(folder):
    """The graph rewrite for mixed precision adds a loss scale and a count of good steps."""
    with session() as opened:
        x, y, weights, trainable = network()
        optimizer = tf1.train.experimental.enable_mixed_precision_graph_rewrite(tf1.train.MomentumOptimizer(0.1, 0.9))
        train = optimizer.minimize(tf1.reduce_sum(tf1.square(y)))
        initialise(opened)
        opened.run(train, {x: np.ones((2, 4))})
        simple_save(opened, folder, x, y)
        return truth.tensorflow1(weights, trainable)


@case("tf115")
def rnn_cells(folder):
    """tf.nn.rnn_cell cells in both directions, tf.layers and batch normalization, under Adam."""
    with session() as opened:
        x = tf.placeholder(tf.float32, [None, 5, 3], name="x")
        cells = [tf.nn.rnn_cell.LSTMCell(4), tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.GRUCell(2), tf.nn.rnn_cell.BasicRNNCell(3)])]
        (left, right), _ = tf.nn.bidirectional_dynamic_rnn(*cells, x, dtype=tf.float32)
        h = tf.layers.batch_normalization(tf.concat([left, right], -1)[:, -1], training=False)
        y = tf.layers.dense(h, 2)
        weights, trainable = tf.global_variables(), tf.trainable_variables()
        # lstm (3+4+1)*16 = 128; gru (3+2)*4+4 + (3+2)*2+2 = 36; rnn (2+3)*3+3 = 18; bn 7*4 = 28; dense 7*2+2 = 16.
        assert sum(map(truth.elements, weights)) == 226, weights
        answer = truth.tensorflow1(weights, trainable)
        with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
            tf.train.AdamOptimizer().minimize(tf.reduce_sum(y))
        initialise(opened)
        simple_save(opened, folder, x, y)
        return answer


@case("tf115")
def averaging_optimizer(folder):
    """An optimizer of tf.contrib that keeps an average of each weight: shadows are weights, not trainable."""
    with session() as opened:
        x, y, weights, trainable = network()
        optimizer = tf.contrib.opt.MovingAverageOptimizer(tf.train.AdamOptimizer(), 0.9)
        train = optimizer.minimize(tf.reduce_sum(tf.square(y)))
        initialise(opened)
        opened.run(train, {x: np.ones((2, 4))})
        simple_save(opened, folder, x, y)
        shadows = [v for v in tf.global_variables() if "ExponentialMovingAverage" in v.name]
        assert len(shadows) == len(trainable)
        return truth.tensorflow1(weights + shadows, trainable)


@case("tf115")
def weight_decay(folder):
    """AdamW of tf.contrib."""
    return optimized(folder, lambda: tf.contrib.opt.AdamWOptimizer(0.01))


@case("tf115")
def lazy_adam(folder):
    """LazyAdam of tf.contrib over an embedding that is updated sparsely."""
    with session() as opened:
        ids = tf.placeholder(tf.int32, [None], name="ids")
        table = tf.get_variable("table", [10, 4])
        y = tf.nn.embedding_lookup(table, ids)
        train = tf.contrib.opt.LazyAdamOptimizer().minimize(tf.reduce_sum(y))
        initialise(opened)
        opened.run(train, {ids: [1, 5]})
        simple_save(opened, folder, ids, y)
        return truth.tensorflow1([table], [table])


@case("tf115")
def gated(folder):
    """A weight that only a branch of a condition reads, and one inside a loop."""
    with session() as opened:
        x, y, weights, trainable = network()
        with tf.variable_scope("branch"):
            extra = tf.get_variable("extra", [3, 3])
        y = tf.cond(tf.reduce_sum(x) > 0, lambda: tf.matmul(y, extra), lambda: y)
        loop = tf.get_variable("loop", [3, 3], trainable=False)
        _, y = tf.while_loop(lambda i, _: i < 3, lambda i, h: (i + 1, tf.matmul(h, loop)), (0, y))
        tf.train.AdamOptimizer().minimize(tf.reduce_sum(y))
        initialise(opened)
        simple_save(opened, folder, x, y)
        return truth.tensorflow1(weights + [extra, loop], trainable + [extra])


@case("tf115", "tf24", "tf215")
def estimator_of_keras(folder):
    """A Keras model made an estimator and exported for serving."""
    keras = tf.keras
    model = keras.Sequential([keras.layers.Dense(4, input_shape=(3,), name="a"), keras.layers.BatchNormalization(name="bn"), keras.layers.Dense(2, name="b")])
    optimizer = keras.optimizers.legacy.Adam() if hasattr(keras.optimizers, "legacy") else keras.optimizers.Adam()
    model.compile(optimizer, "mse")
    answer = truth.tensorflow1(model.weights, model.trainable_weights)
    estimator = keras.estimator.model_to_estimator(model, model_dir=folder + ".training")
    name = model.input_names[0]
    data = np.zeros((4, 3), "f4"), np.zeros((4, 2), "f4")
    estimator.train(lambda: tf.data.Dataset.from_tensors(({name: data[0]}, data[1])), steps=1)
    receiver = tf.estimator.export.ServingInputReceiver

    def serving():
        x = tf1.placeholder(tf1.float32, [None, 3])
        return receiver({name: x}, {name: x})

    export = estimator.export_saved_model(folder + ".export", serving)
    os.rename(export.decode() if isinstance(export, bytes) else export, folder)
    shutil.rmtree(folder + ".export")
    shutil.rmtree(folder + ".training")
    return answer


@case("tf115")
def estimator_mirrored(folder):
    """An estimator trained over two devices: replicas of its variables are no weights of their own."""
    live = {}

    def model_fn(features, labels, mode):
        y = tf.layers.dense(features["x"], 4)
        live[mode] = tf.trainable_variables()
        outputs = {"serving_default": tf.estimator.export.PredictOutput({"y": y})}
        loss = None if labels is None else tf.reduce_mean(tf.square(y - labels))
        train = None if loss is None else tf.train.MomentumOptimizer(0.1, 0.9).minimize(loss, tf.train.get_global_step())
        return tf.estimator.EstimatorSpec(mode, {"y": y}, loss, train, export_outputs=outputs)

    strategy = tf.distribute.MirroredStrategy(["/cpu:0"])
    config = tf.estimator.RunConfig(folder + ".training", train_distribute=strategy)
    estimator = tf.estimator.Estimator(model_fn, config=config)
    estimator.train(lambda: tf.data.Dataset.from_tensors(({"x": tf.ones([2, 3])}, tf.ones([2, 4]))), steps=1)
    receiver = tf.estimator.export.build_raw_serving_input_receiver_fn({"x": tf.placeholder(tf.float32, [None, 3])})
    os.rename(estimator.export_saved_model(folder + ".export", receiver).decode(), folder)
    shutil.rmtree(folder + ".export")
    shutil.rmtree(folder + ".training")
    weights = live[tf.estimator.ModeKeys.PREDICT]
    return truth.tensorflow1(weights, weights)
