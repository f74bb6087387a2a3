"""Several devices, several checkpoints' roots, and layouts of DTensor."""

import numpy as np
import truth
from cases.keras3 import at_most
from frameworks import keras2, keras3, save_keras2, tf
from registry import KERAS2_NEW, case

def two_devices():
    return tf.distribute.MirroredStrategy(["/cpu:0", "/cpu:1"])


@case("tf215", "tf221")
def mirrored_keras(folder):
    """A Keras model of the environment, trained over two devices and saved by tf.saved_model.save."""
    keras = keras3 or keras2
    with two_devices().scope():
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), keras.layers.BatchNormalization(), keras.layers.Dense(2)])
        model.compile(keras.optimizers.Adam(), "mse", metrics=["mae"])
    model.fit(np.zeros((4, 4), "f4"), np.zeros((4, 2), "f4"), verbose=0)
    counts = truth.counts(model.weights, model.trainable_weights)
    answer = {"counts": at_most(counts) if keras is keras3 else counts}
    tf.saved_model.save(model, folder)
    return answer


@case("tf221")
def mirrored_keras3_export(folder):
    """A Keras 3 model over two devices, exported."""
    with two_devices().scope():
        model = keras3.Sequential([keras3.Input((4,)), keras3.layers.Dense(3), keras3.layers.BatchNormalization()])
    answer = truth.keras3(model)
    model.export(folder, verbose=False)
    return answer


@case(*KERAS2_NEW)
def central_storage(folder):
    """Keras 2 under central storage."""
    with tf.distribute.experimental.CentralStorageStrategy(["/cpu:0", "/cpu:1"]).scope():
        model = keras2.Sequential([keras2.layers.Dense(3, input_shape=(4,), name="a"), keras2.layers.Dense(2, name="b")], name="central")
        model.compile(keras2.optimizers.SGD(0.1, momentum=0.9), "mse")
    model.fit(np.zeros((4, 4), "f4"), np.zeros((4, 2), "f4"), verbose=0)
    answer = truth.keras2(model)
    save_keras2(model, folder)
    return answer


@case("tf215", "tf221")
def one_device(folder):
    """Under a strategy of one device, and a variable outside of it."""
    root = tf.Module()
    with tf.distribute.OneDeviceStrategy("/cpu:1").scope():
        root.kernel = tf.Variable(tf.ones([4, 3]), name="kernel")
    root.bias = tf.Variable(tf.ones([3]), name="bias")
    tf.saved_model.save(root, folder)
    return truth.module(root)


@case("tf215", "tf221")
def read_on_each(folder):
    """Variables that each device keeps for itself, added, averaged or taken from the first."""
    aggregations = [tf.VariableAggregation.SUM, tf.VariableAggregation.MEAN, tf.VariableAggregation.ONLY_FIRST_REPLICA]
    root = tf.Module()
    with two_devices().scope():
        root.kept = [
            tf.Variable(tf.ones([n + 2]), trainable=False, synchronization=tf.VariableSynchronization.ON_READ, aggregation=a)
            for n, a in enumerate(aggregations)
        ]
        root.kernel = tf.Variable(tf.ones([4, 3]))

    @tf.function(input_signature=[tf.TensorSpec([None, 4])])
    def call(x):
        return tf.reduce_sum(x @ root.kernel) + sum(tf.reduce_sum(v) for v in root.kept)

    root.call = call
    tf.saved_model.save(root, folder)
    # 2 + 3 + 4 + 12.
    return {"counts": {"parameters": 21, "bytes": 84, "variables": 4, "trainable": 12}}


@case("tf215", "tf221")
def layouts(folder):
    """Variables of DTensor: one split over two devices, one on both."""
    from tensorflow.experimental import dtensor

    mesh = dtensor.create_mesh([("batch", 2)], devices=["CPU:0", "CPU:1"])
    split = dtensor.Layout(["batch", dtensor.UNSHARDED], mesh)
    root = tf.Module()
    root.split = dtensor.DVariable(dtensor.call_with_layout(tf.ones, split, shape=[4, 3]), name="split")
    root.whole = dtensor.DVariable(dtensor.call_with_layout(tf.ones, dtensor.Layout.replicated(mesh, 1), shape=[5]), name="whole")
    tf.saved_model.save(root, folder)
    return {"counts": {"parameters": 17, "bytes": 68, "variables": 2, "trainable": 17}}


@case(*KERAS2_NEW)
def checkpoint_of_lists(folder):
    """A tf.train.Checkpoint with a list of models, an optimizer, an iterator and a step."""
    models = [keras2.Sequential([keras2.layers.Dense(n, input_shape=(4,), name="d%d" % n)]) for n in (2, 3)]
    models[1].trainable = False
    optimizer = keras2.optimizers.Adam()
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(models[0](tf.ones([1, 4])))
    optimizer.apply_gradients(zip(tape.gradient(loss, models[0].trainable_weights), models[0].trainable_weights))
    root = tf.train.Checkpoint(models=models, optimizer=optimizer, step=tf.Variable(3, dtype=tf.int64, name="global_step", trainable=False))
    root.save(folder + ".checkpoint")
    weights = models[0].weights + models[1].weights
    tf.saved_model.save(root, folder)
    return {"counts": truth.counts(weights, models[0].trainable_weights), "not_counted": {"counter": 2}}


@case("tf215", "tf221")
def manager(folder):
    """A module restored from a checkpoint before it is saved, with a manager's counter in the checkpoint."""
    first = tf.Module()
    first.kernel = tf.Variable(tf.ones([4, 3]), name="kernel")
    manager = tf.train.CheckpointManager(tf.train.Checkpoint(net=first), folder + ".checkpoints", max_to_keep=1)
    path = manager.save()
    root = tf.Module()
    root.kernel, root.bias = tf.Variable(tf.zeros([4, 3]), name="kernel"), tf.Variable(tf.zeros([3]), name="bias")
    tf.train.Checkpoint(net=root).restore(path).expect_partial()
    assert float(tf.reduce_sum(root.kernel)) == 12
    tf.saved_model.save(root, folder)
    return truth.module(root)


@case("tf215", "tf221")
def packed_and_sharded(folder):
    """A table in pieces beside a model in a checkpoint, after a step of training by a TensorFlow optimizer."""
    from tensorflow.python.distribute import sharded_variable

    shards = [tf.Variable(tf.ones([rows, 4]), name="table/part_%d" % i) for i, rows in enumerate((3, 3))]
    table = sharded_variable.ShardedVariable(shards)
    optimizer = tf.compat.v1.train.MomentumOptimizer(0.1, 0.9)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.nn.embedding_lookup(shards, [0, 5]))
    optimizer.apply_gradients(zip(tape.gradient(loss, shards), shards))
    root = tf.train.Checkpoint(table=table, optimizer=optimizer)
    tf.saved_model.save(root, folder)
    return {"counts": {"parameters": 24, "bytes": 96, "variables": 1, "trainable": 24}}


@case("tf215", "tf221")
def embedding_for_training(folder):
    """TPUEmbedding over a CPU, for serving, with three optimizers and a shared table."""
    settings = tf.tpu.experimental.embedding
    tables = [
        settings.TableConfig(10, 4, optimizer=settings.FTRL(0.1), name="video"),
        settings.TableConfig(7, 4, optimizer=settings.SGD(0.1), name="user"),
        settings.TableConfig(5, 4, name="word"),
    ]
    feature = settings.FeatureConfig
    features = {"watched": feature(tables[0]), "liked": feature(tables[0]), "who": feature(tables[1]), "said": feature(tables[2], max_sequence_length=3)}
    root = tf.Module()
    root.embedding = settings.TPUEmbeddingForServing(features, optimizer=settings.Adam(0.1))
    root.embedding.build()
    tf.saved_model.save(root, folder)
    # 40 + 28 + 20; beside them accumulators and linears of FTRL, moments of Adam.
    return {"counts": {"parameters": 88, "bytes": 352, "variables": 3, "trainable": 88}, "not_counted": {"optimizer": 4}}


@case("tf215", "tf221")
def options(folder):
    """Saved with aliases of functions, the devices of variables and information to debug."""
    root = tf.Module()
    root.kernel = tf.Variable(tf.ones([4, 3]), name="kernel")
    root.call = tf.function(lambda x: x @ root.kernel, input_signature=[tf.TensorSpec([None, 4])])
    devices = tf.saved_model.experimental.VariablePolicy.SAVE_VARIABLE_DEVICES
    chosen = tf.saved_model.SaveOptions(function_aliases={"score": root.call}, save_debug_info=True, experimental_variable_policy=devices)
    tf.saved_model.save(root, folder, options=chosen)
    return truth.module(root)
