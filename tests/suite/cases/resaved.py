"""Loaded by TensorFlow and saved again: classes are forgotten, so nothing is told by its kind."""

import numpy as np
import truth
from cases.keras2_state import legacy
from cases.keras3 import at_most
from cases.libraries import specs
from cases.tf1 import initialise, network, simple_save
from frameworks import keras2, keras3, save_keras2, tf, tf1
from registry import KERAS2_NEW, MODULES, case


def again(folder, save, under_a_module=False):
    """Saves, loads, and saves what was loaded."""
    save(folder + ".first")
    loaded = tf.saved_model.load(folder + ".first")
    if under_a_module:
        root = tf.Module()
        root.loaded = loaded
        loaded = root
    tf.saved_model.save(loaded, folder)


def trained(keras, optimizer, frozen=True):
    """4*6+6 = 30, of which none is trained, and 6*2+2 = 14."""
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(6, name="hidden"), keras.layers.Dense(2, name="out")], name="net")
    model.layers[0].trainable = not frozen
    model.compile(optimizer, "mse", metrics=["mae"])
    model.train_on_batch(np.zeros((2, 4), "f4"), np.zeros((2, 2), "f4"))
    return model


@case(*KERAS2_NEW)
def keras2_compiled(folder):
    """Keras 2 with its optimizer and a metric, all of which are plain objects then."""
    model = trained(keras2, keras2.optimizers.Adam())
    again(folder, lambda place: save_keras2(model, place))
    return truth.keras2(model, tree=False)


@case("tf24", *KERAS2_NEW)
def keras2_legacy_optimizer(folder):
    """Keras 2 with an optimizer that has slots."""
    model = trained(keras2, legacy("SGD")(0.1, momentum=0.9))
    again(folder, lambda place: save_keras2(model, place))
    return truth.keras2(model, tree=False)


@case(*KERAS2_NEW)
def keras2_compiled_in_a_module(folder):
    """Keras 2 with its optimizer and a metric, below a module."""
    model = trained(keras2, keras2.optimizers.RMSprop(momentum=0.9))
    again(folder, lambda place: save_keras2(model, place), under_a_module=True)
    return truth.keras2(model, tree=False)


@case(*KERAS2_NEW)
def keras2_stateful(folder):
    """A stateful layer of Keras 2."""
    layer = keras2.layers.LSTM(4, stateful=True, batch_input_shape=(2, 5, 3), name="lstm")
    model = keras2.Sequential([layer], name="stateful")
    model(np.zeros((2, 5, 3), "f4"))
    again(folder, lambda place: save_keras2(model, place))
    return {**truth.keras2(model, tree=False), "not_counted": {"state": 2}}


@case("tf221")
def keras3_compiled(folder):
    """Keras 3 by tf.saved_model.save, with its optimizer and a metric."""
    model = trained(keras3, keras3.optimizers.Adam(), frozen=False)
    again(folder, lambda place: tf.saved_model.save(model, place))
    return {"counts": at_most(truth.counts(model.weights, model.trainable_weights))}


@case("tf221")
def keras3_exported(folder):
    """Keras 3 by `export`, with frozen layers, twice over."""
    model = trained(keras3, keras3.optimizers.Adam())
    model.export(folder + ".zeroth", verbose=False)
    again(folder, lambda place: tf.saved_model.save(tf.saved_model.load(folder + ".zeroth"), place))
    return truth.keras3(model)


@case(*KERAS2_NEW)
def own_optimizer(folder):
    """A module with an optimizer of Keras."""
    root = tf.Module()
    root.kernel, root.optimizer = tf.Variable(tf.ones([4, 3]), name="kernel"), keras2.optimizers.Adam()
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(root.kernel * 2.0)
    root.optimizer.apply_gradients([(tape.gradient(loss, root.kernel), root.kernel)])
    again(folder, lambda place: tf.saved_model.save(root, place))
    return {"counts": truth.counts([root.kernel], [root.kernel])}


@case(*MODULES)
def generator_and_table(folder):
    """A random generator, a table and a counter of saves."""
    root = tf.train.Checkpoint(v=tf.Variable(tf.ones([6])), random=tf.random.Generator.from_seed(1))
    root.table = tf.lookup.experimental.DenseHashTable(tf.int64, tf.float32, tf.zeros([3]), -1, -2)
    root.save(folder + ".checkpoint")
    again(folder, lambda place: tf.saved_model.save(root, place))
    return {"counts": {"parameters": 6, "bytes": 24, "variables": 1, "trainable": 6}, "not_counted": {"rng": 1, "counter": 1}}


@case("tf215", "tf221")
def mirrored(folder):
    """A variable mirrored over two devices."""
    root = tf.Module()
    with tf.distribute.MirroredStrategy(["/cpu:0", "/cpu:1"]).scope():
        root.kernel = tf.Variable(tf.ones([4, 3]), name="kernel")
    again(folder, lambda place: tf.saved_model.save(root, place))
    return {"counts": {"parameters": 12, "bytes": 48, "variables": 1, "trainable": 12}}


@case("tf215", "tf221")
def loaded_under_a_strategy(folder):
    """A module that was loaded under two devices."""
    root = tf.Module()
    root.kernel, root.fixed = tf.Variable(tf.ones([4, 3]), name="kernel"), tf.Variable(tf.ones([2]), trainable=False, name="fixed")
    answer = truth.module(root)
    tf.saved_model.save(root, folder + ".first")
    with tf.distribute.MirroredStrategy(["/cpu:0", "/cpu:1"]).scope():
        loaded = tf.saved_model.load(folder + ".first")
    tf.saved_model.save(loaded, folder)
    return answer


@case("tf215", "tf221")
def sonnet_optimizer(folder):
    """A network of Sonnet and its Adam."""
    import sonnet as snt

    root = tf.Module()
    root.network, root.optimizer = snt.nets.MLP([6, 3]), snt.optimizers.Adam(0.1)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(root.network(tf.ones([2, 4])))
    weights = root.network.trainable_variables
    root.optimizer.apply(tape.gradient(loss, weights), weights)
    again(folder, lambda place: tf.saved_model.save(root, place))
    return {"counts": truth.counts(weights, weights), "not_counted": {"optimizer": 9}}


@case("tf215", "tf221")
def embedding_for_tpu(folder):
    """A TPUEmbedding with the slots of its tables."""
    settings = tf.tpu.experimental.embedding
    table = settings.TableConfig(10, 4, optimizer=settings.Adagrad(0.1), name="video")
    root = tf.Module()
    root.embedding = settings.TPUEmbeddingForServing([settings.FeatureConfig(table)], optimizer=settings.SGD(0.1))
    root.embedding.build()
    again(folder, lambda place: tf.saved_model.save(root, place))
    return {"counts": {"parameters": 40, "bytes": 160, "variables": 1, "trainable": 40}}


@case(*MODULES)
def tensorflow1_trained(folder):
    """A graph of TensorFlow 1 with Adam, its powers of beta and a global step."""
    tf1.enable_resource_variables()

    def save(place):
        with tf.Graph().as_default(), tf1.Session() as opened:
            x, y, weights, trainable = network()
            step = tf1.train.get_or_create_global_step()
            tf1.train.AdamOptimizer().minimize(tf1.reduce_sum(y), global_step=step)
            answer.update(truth.tensorflow1(weights, trainable))
            initialise(opened)
            simple_save(opened, place, x, y)

    answer = {}
    again(folder, save)
    return answer


@case("tf215")
def policy_of_an_agent(folder):
    """A policy of tf-agents with its step."""
    from tf_agents.networks import q_network
    from tf_agents.policies import policy_saver, q_policy

    time_steps, observation, action = specs()
    network = q_network.QNetwork(observation, action, fc_layer_params=(6,))
    network.create_variables()
    policy = q_policy.QPolicy(time_steps, action, q_network=network)
    again(folder, lambda place: policy_saver.PolicySaver(policy, batch_size=None).save(place))
    return {"counts": truth.counts(network.variables, network.variables)}
