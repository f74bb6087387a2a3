"""TensorFlow 1.15: optimizers and tools of `tf.contrib`, and what older programs saved."""

import numpy as np
import truth
from cases.tf1 import build, initialise, network, session, signature, simple_save
from frameworks import tf, tf1
from registry import TF1, case


def minimised(folder, make, resource=False):
    """A step of an optimizer, whose variables all go into the checkpoint."""
    with session(resource) as opened:
        x, y, weights, trainable = network()
        train = make().minimize(tf.reduce_sum(y))
        initialise(opened)
        opened.run(train, {x: np.ones([2, 4])})
        simple_save(opened, folder, x, y)
        return truth.tensorflow1(weights, trainable)


@case("tf115")
def adamax(folder):
    """AdaMax, with one power of beta."""
    return minimised(folder, lambda: tf.contrib.opt.AdaMaxOptimizer())


@case("tf115")
def nadam(folder):
    """Nadam over resource variables."""
    return minimised(folder, lambda: tf.contrib.opt.NadamOptimizer(), resource=True)


@case("tf115")
def add_sign(folder):
    """AddSign and its momentum."""
    return minimised(folder, lambda: tf.contrib.opt.AddSignOptimizer())


@case("tf115")
def power_sign(folder):
    """PowerSign and its momentum."""
    return minimised(folder, lambda: tf.contrib.opt.PowerSignOptimizer())


@case("tf115")
def lars(folder):
    """LARS."""
    return minimised(folder, lambda: tf.contrib.opt.LARSOptimizer(0.1))


@case("tf115")
def shampoo(folder):
    """Shampoo: matrices for each axis of a kernel, of other shapes than the kernel's."""
    return minimised(folder, lambda: tf.contrib.opt.ShampooOptimizer())


@case("tf115")
def gradient_clipped(folder):
    """optimize_loss of tf.contrib.layers: clipping, a global step, and the rate in a variable."""
    with session() as opened:
        x, y, weights, trainable = network()
        step = tf.train.get_or_create_global_step()
        decay = lambda rate, at: tf.train.exponential_decay(rate, at, 10, 0.9)
        train = tf.contrib.layers.optimize_loss(tf.reduce_sum(y), step, 0.1, "Adagrad", clip_gradients=1.0, learning_rate_decay_fn=decay)
        initialise(opened)
        opened.run(train, {x: np.ones([2, 4])})
        simple_save(opened, folder, x, y)
        return dict(truth.tensorflow1(weights, trainable), not_counted={"optimizer": 3, "counter": 1})


@case("tf115")
def quantized_training(folder):
    """tf.contrib.quantize: ranges of weights and activations are variables of the graph, and not trained."""
    with session() as opened:
        x = tf.placeholder(tf.float32, [None, 8, 8, 1], name="x")
        y = tf.contrib.layers.conv2d(x, 4, 3, scope="conv")
        y = tf.contrib.layers.conv2d(y, 2, 3, scope="out")
        tf.contrib.quantize.create_training_graph(quant_delay=0)
        initialise(opened)
        weights = [v for v in tf.global_variables() if "global_step" not in v.name]
        assert len(weights) > 4
        simple_save(opened, folder, x, y)
        return truth.tensorflow1(weights, tf.trainable_variables())


@case("tf115")
def recurrent_blocks(folder):
    """Fused cells of tf.contrib.rnn, with a state kept in local variables."""
    with session() as opened:
        x = tf.placeholder(tf.float32, [2, 5, 3], name="x")
        cell = tf.contrib.rnn.LSTMBlockCell(4, name="block")
        state = [tf.get_variable("state_%d" % n, [2, 4], trainable=False, collections=[tf.GraphKeys.LOCAL_VARIABLES]) for n in range(2)]
        y, last = tf.nn.dynamic_rnn(cell, x, initial_state=tf.nn.rnn_cell.LSTMStateTuple(*state))
        with tf.control_dependencies([tf.assign(old, new) for old, new in zip(state, last)]):
            y = tf.identity(y)
        initialise(opened)
        weights = tf.trainable_variables()
        build(opened, folder, ["serve"], signature(x, y), main_op=tf.group(*[v.initializer for v in state]))
        # (3 + 4) * 16 + 16 = 128. States are no weights: they hold the batch size.
        return truth.tensorflow1(weights, weights)


@case("tf115")
def layers_of_keras_in_a_graph(folder):
    """Layers of Keras in a graph with a session, beside variables of the graph, under Adam."""
    with session(resource=True) as opened:
        x, y, weights, trainable = network()
        dense, norm = tf.keras.layers.Dense(5, name="dense"), tf.keras.layers.BatchNormalization(name="norm")
        y = norm(dense(y))
        train = tf.train.AdamOptimizer().minimize(tf.reduce_sum(y))
        initialise(opened)
        opened.run(train, {x: np.ones([2, 4])})
        simple_save(opened, folder, x, y)
        return truth.tensorflow1(weights + dense.weights + norm.weights, trainable + dense.trainable_weights + norm.trainable_weights)


@case("tf115")
def keras_modes(folder):
    """Keras' first way to write a SavedModel: MetaGraphs to train, to evaluate and to predict."""
    layers = tf.keras.layers
    model = tf.keras.Sequential([layers.Dense(4, input_shape=(3,), name="a"), layers.BatchNormalization(name="bn"), layers.Dense(2, name="b")])
    model.compile(tf.train.MomentumOptimizer(0.1, 0.9), "mse", metrics=["mae"])
    model.train_on_batch(np.zeros((2, 3)), np.zeros((2, 2)))
    answer = {"counts": truth.counts(model.weights, model.trainable_weights)}
    tf.keras.experimental.export_saved_model(model, folder)
    return {**answer, "tags": {"train": answer["counts"], "eval": answer["counts"]}}


@case(*TF1)
def accumulators(folder):
    """Gradients are summed in variables of one's own, which the saver stores; nothing tells them from weights."""
    with session(resource=True) as opened:
        x, y, weights, trainable = network()
        sums = [tf1.get_variable("sum_%d" % n, v.shape, trainable=False) for n, v in enumerate(trainable)]
        tf1.group(*[s.assign_add(g) for s, g in zip(sums, tf1.gradients(y, trainable))], name="add")
        initialise(opened)
        simple_save(opened, folder, x, y)
        return truth.tensorflow1(weights + sums, trainable)


@case(*TF1)
def synchronised(folder):
    """SyncReplicasOptimizer keeps steps of its own, local and global."""
    with session() as opened:
        x, y, weights, trainable = network()
        step = tf1.train.get_or_create_global_step()
        optimizer = tf1.train.SyncReplicasOptimizer(tf1.train.MomentumOptimizer(0.1, 0.9), 1)
        optimizer.minimize(tf1.reduce_sum(y), global_step=step)
        initialise(opened)
        simple_save(opened, folder, x, y)
        return dict(truth.tensorflow1(weights, trainable), not_counted={"optimizer": 2, "counter": 1})


@case("tf115")
def unbiased_averages(folder):
    """Averages that count their steps, as averages without bias do, of a statistic that is no weight."""
    with session() as opened:
        x, y, weights, trainable = network()
        average = tf1.train.ExponentialMovingAverage(0.9)
        mean = tf1.reduce_mean(y, 0)
        average.apply([mean, trainable[0]])
        held = [average.average(mean), average.average(trainable[0])]
        others = [v for v in tf1.global_variables() if all(v is not w for w in weights + held)]
        initialise(opened)
        simple_save(opened, folder, x, y)
        return truth.tensorflow1(weights + held + others, trainable)
