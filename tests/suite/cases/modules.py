"""Plain `tf.Module` and whatever else `tf.saved_model.save` takes."""

import numpy as np
import truth
from frameworks import VERSION, tf
from registry import MODULES, case


class Part(tf.Module):
    """A module to hang things on."""


def variable(shape, name="v", **options):
    return tf.Variable(tf.ones(shape), name=name, **options)


@case(*MODULES)
def nested(folder):
    """Modules in modules, each with variables of its own."""
    # 4*3 + 3 + 3*2 + 1 (not trainable) = 22.
    root, body, head = Part(), Part(), Part()
    root.body, root.body.head = body, head
    body.kernel, body.bias = variable([4, 3], "kernel"), variable([3], "bias")
    head.kernel, head.scale = variable([3, 2], "kernel"), variable([], "scale", trainable=False)
    tf.saved_model.save(root, folder)
    return truth.module(root)


@case(*MODULES)
def containers(folder):
    """Variables and modules in lists, dicts and tuples, one inside the other."""
    root = Part()
    root.list = [variable([2, 2]), [variable([3])]]
    root.dict = {"a": variable([5]), "b": {"c": variable([1, 7], trainable=False)}}
    root.tuple = (variable([6]), Part())
    root.tuple[1].inner = [variable([2])]
    # `tf.Module.variables` looks into dicts and lists of every depth.
    tf.saved_model.save(root, folder)
    return truth.module(root)


@case(*MODULES)
def shared(folder):
    """One variable under four attributes, in two modules, a list and a dict."""
    root, other = Part(), Part()
    table = variable([5, 3], "table")
    root.encoder = root.decoder = table
    root.list, root.dict, root.other = [table, variable([2])], {"again": table}, other
    other.table = table
    tf.saved_model.save(root, folder)
    return truth.module(root)


@case(*MODULES)
def cycle(folder):
    """A child that holds its parent, and a ring of three."""
    root, a, b, c = Part(), Part(), Part(), Part()
    root.a, a.parent = a, root
    a.next, b.next, c.next = b, c, a
    a.v, b.v, c.v = variable([2]), variable([3]), variable([4], trainable=False)
    tf.saved_model.save(root, folder)
    return truth.module(root)


@case(*MODULES)
def unknown_shapes(folder):
    """Declared shapes with unknown dimensions; only the checkpoint and a session know them."""
    root = Part()
    root.rows = tf.Variable(tf.ones([7, 3]), shape=tf.TensorShape([None, 3]))
    root.anything = tf.Variable(tf.ones([2, 2, 2]), shape=tf.TensorShape(None), trainable=False)
    tf.saved_model.save(root, folder)
    values = [np.ones([7, 3]), np.ones([2, 2, 2])]
    total = sum(v.size for v in values)
    return {"counts": {"parameters": total, "bytes": 4 * total, "variables": 2, "trainable": values[0].size}}


@case(*MODULES)
def dtypes(folder):
    """Every numeric dtype that the version can hold in a variable, a bool and a string."""
    names = "float64 float32 float16 bfloat16 int8 uint8 int16 uint16 int32 uint32 int64 uint64 bool complex64 complex128".split()
    if VERSION >= (2, 15):
        names += ["float8_e5m2", "float8_e4m3fn", "int4", "uint4"]
    root, counted = Part(), []
    for name in names:
        dtype = getattr(tf, name, None) or getattr(tf.dtypes.experimental, name)
        held = tf.Variable(tf.constant(np.zeros([3, 5], dtype.as_numpy_dtype)), name=name, trainable=dtype.is_floating)
        setattr(root, name, held)
        counted.append(held)
    root.words = tf.Variable(["a", "bc"], trainable=False)
    tf.saved_model.save(root, folder)
    return {"counts": truth.counts(counted, [v for v in counted if v.trainable]), "not_counted": {"string": 1}}


@case(*MODULES)
def empty_and_scalar(folder):
    """A dimension of zero counts nothing, a scalar counts one."""
    root = Part()
    root.none, root.one, root.wide = variable([0, 8]), variable([]), variable([4, 0, 2], trainable=False)
    root.single = variable([1, 1])
    tf.saved_model.save(root, folder)
    return truth.module(root)


@case(*MODULES)
def same_name(folder):
    """Forty variables of different shapes, all called `v`."""
    root = Part()
    root.all = [variable([n + 1, 2], trainable=n % 2 == 0) for n in range(40)]
    tf.saved_model.save(root, folder)
    return truth.module(root)


@case("tf215", "tf221")
def deep(folder):
    """A chain of three hundred modules, a variable in each tenth."""
    root = Part()
    at = root
    for depth in range(300):
        at.next = Part()
        at = at.next
        if depth % 10 == 0:
            at.v = variable([2, 3])
    tf.saved_model.save(root, folder)
    # `root.variables` is recursive in Python, and deep enough to fail there.
    return {"counts": {"parameters": 180, "bytes": 720, "variables": 30, "trainable": 180}}


@case("tf24", "tf221")
def lazy(folder):
    """A variable that is made in the first call of the function that uses it."""

    class Lazy(tf.Module):
        def __init__(self):
            super().__init__()
            self.kernel = None

        @tf.function
        def __call__(self, x):
            if self.kernel is None:
                self.kernel = tf.Variable(tf.ones([4, 3]), name="kernel")
            return x @ self.kernel

    root = Lazy()
    root(tf.ones([1, 4]))
    tf.saved_model.save(root, folder, signatures=root.__call__.get_concrete_function(tf.TensorSpec([None, 4])))
    return truth.module(root)


@case(*MODULES)
def resaved(folder):
    """Loaded from a SavedModel and saved again: the objects are generic, the variables the same."""
    root, body = Part(), Part()
    root.body, body.v, body.w = body, variable([4, 3]), variable([3], trainable=False)
    root.same = body.v

    @tf.function(input_signature=[tf.TensorSpec([None, 4])])
    def call(x):
        return x @ body.v + body.w

    root.call = call
    answer = truth.module(root)
    tf.saved_model.save(root, folder + ".first")
    tf.saved_model.save(tf.saved_model.load(folder + ".first"), folder)
    return answer


@case("tf215", "tf221")  # What TensorFlow 2.4 writes of one, it cannot load itself.
def sharded(folder):
    """A ShardedVariable is one variable in three pieces."""
    from tensorflow.python.distribute import sharded_variable

    shards = [variable([rows, 4], "table/part_%d" % i) for i, rows in enumerate((5, 5, 2))]
    root = Part()
    root.table, root.bias = sharded_variable.ShardedVariable(shards), variable([4], "bias")
    tf.saved_model.save(root, folder)
    answer = truth.counts(shards + [root.bias], shards + [root.bias])
    answer["variables"] = 2
    return {"counts": answer}


@case(*MODULES)
def mirrored(folder):
    """A variable mirrored over two devices counts once."""
    strategy = tf.distribute.MirroredStrategy(["/cpu:0", "/cpu:1"])
    root = Part()
    with strategy.scope():
        root.kernel = tf.Variable(tf.ones([4, 3]), name="kernel")
        root.mean = tf.Variable(
            tf.zeros([3]), trainable=False, synchronization=tf.VariableSynchronization.ON_READ,
            aggregation=tf.VariableAggregation.MEAN, name="mean",
        )
    assert len(root.kernel.values) == 2
    tf.saved_model.save(root, folder)
    return {"counts": {"parameters": 15, "bytes": 60, "variables": 2, "trainable": 12}}


@case("tf24", "tf215", "tf221")
def mirrored_expanded(folder):
    """Mirrored variables saved with their replicas (EXPAND_DISTRIBUTED_VARIABLES): they still count once."""
    strategy = tf.distribute.MirroredStrategy(["/cpu:0", "/cpu:1"])
    root = Part()
    with strategy.scope():
        root.kernel = tf.Variable(tf.ones([4, 3]), name="kernel")

    @tf.function(input_signature=[tf.TensorSpec([None, 4])])
    def call(x):
        return x @ root.kernel

    root.call = call
    policy = tf.saved_model.experimental.VariablePolicy.EXPAND_DISTRIBUTED_VARIABLES
    tf.saved_model.save(root, folder, options=tf.saved_model.SaveOptions(experimental_variable_policy=policy))
    return {"counts": {"parameters": 12, "bytes": 48, "variables": 1, "trainable": 12}}


@case(*MODULES)
def generator(folder):
    """A random generator beside the weights: its state is no parameter."""
    root = Part()
    root.random, root.v = tf.random.Generator.from_seed(1), variable([6])
    tf.saved_model.save(root, folder)
    return {"counts": truth.counts([root.v], [root.v]), "not_counted": {"rng": 1}}


@case(*MODULES)
def own_optimizer(folder):
    """A module that holds a Keras optimizer with its slots, and a step of its own."""
    from frameworks import keras2

    root = Part()
    root.kernel, root.bias = variable([4, 3], "kernel"), variable([3], "bias")
    root.optimizer = keras2.optimizers.Adam()
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.ones([1, 4]) @ root.kernel + root.bias)
    weights = [root.kernel, root.bias]
    root.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
    tf.saved_model.save(root, folder)
    return {"counts": truth.counts(weights, weights)}


def one_step(root, optimizer):
    """A step over two new variables of `root`, which holds the optimizer too."""
    root.kernel, root.bias, root.optimizer = variable([4, 3], "kernel"), variable([3], "bias"), optimizer
    weights = [root.kernel, root.bias]
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.ones([1, 4]) @ root.kernel + root.bias)
    optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
    return {"counts": truth.counts(weights, weights)}


@case(*MODULES)
def optimizer_of_tensorflow1(folder):
    """A module that holds an Adam of TensorFlow 1 with its slots and its powers of beta."""
    root = Part()
    answer = one_step(root, tf.compat.v1.train.AdamOptimizer())
    tf.saved_model.save(root, folder)
    return answer


@case("tf221")
def optimizer_of_keras3(folder):
    """A module that holds an optimizer of Keras 3, in a dict, over plain variables."""
    from frameworks import keras3

    root = Part()
    root.weights = [variable([4, 3], "kernel"), variable([3], "bias")]
    weights = list(root.weights)
    root.training = {"optimizer": keras3.optimizers.SGD(0.1, momentum=0.9)}
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.ones([1, 4]) @ weights[0] + weights[1])
    root.training["optimizer"].apply_gradients(zip(tape.gradient(loss, weights), weights))
    tf.saved_model.save(root, folder)
    return {"counts": truth.counts(weights, weights)}


@case("tf215", "tf221")
def checkpoint_object(folder):
    """A tf.train.Checkpoint as root, with its save counter."""
    kernel = variable([4, 3], "kernel")
    root = tf.train.Checkpoint(kernel=kernel, parts=[variable([2])])
    root.save(folder + ".checkpoint")
    assert int(root.save_counter) == 1
    tf.saved_model.save(root, folder)
    return {"counts": {"parameters": 14, "bytes": 56, "variables": 2, "trainable": 14}, "not_counted": {"counter": 1}}


@case(*MODULES)
def tables(folder):
    """Hash tables, static from a file and mutable, beside a weight."""
    import os

    path = folder + ".words.txt"
    with open(path, "w") as out:
        out.write("one\ntwo\n")
    root = Part()
    source = tf.lookup.TextFileInitializer(path, tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER)
    root.static = tf.lookup.StaticHashTable(source, -1)
    root.mutable = tf.lookup.experimental.DenseHashTable(tf.int64, tf.int64, -1, -1, -2)
    root.embedding = variable([3, 4])

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def call(words):
        return tf.gather(root.embedding, root.mutable.lookup(root.static.lookup(words)) + 1)

    root.call = call
    tf.saved_model.save(root, folder)
    os.remove(path)
    return {"counts": truth.counts([root.embedding], [root.embedding])}


@case("tf221")
def split_checkpoint(folder):
    """A checkpoint in several files, with one variable split over them."""
    root = Part()
    root.wide, root.small = variable([64, 16], "wide"), variable([3], "small", trainable=False)
    policy = tf.train.experimental.MaxShardSizePolicy(max_shard_size=1024)
    tf.saved_model.save(root, folder, options=tf.saved_model.SaveOptions(experimental_sharding_callback=policy))
    return truth.module(root)


@case("tf215", "tf221")
def several_signatures(folder):
    """Three signatures that use different parts; the model holds all of them, and one that none uses."""
    root = Part()
    root.a, root.b, root.unused = variable([4, 2]), variable([4, 5]), variable([9])
    spec = tf.TensorSpec([None, 4])
    first = tf.function(lambda x: x @ root.a).get_concrete_function(spec)
    second = tf.function(lambda x: x @ root.b).get_concrete_function(spec)
    both = tf.function(lambda x: tf.reduce_sum(x @ root.a) + tf.reduce_sum(x @ root.b)).get_concrete_function(spec)
    tf.saved_model.save(root, folder, signatures={"first": first, "second": second, "both": both})
    return truth.module(root)


@case("tf24", "tf221")
def moving_average(folder):
    """Shadow variables of an ExponentialMovingAverage that the module keeps are weights, not trainable."""
    root = Part()
    root.kernel = variable([4, 3], "kernel")
    root.average = tf.train.ExponentialMovingAverage(0.9)
    root.average.apply([root.kernel])
    root.shadow = root.average.average(root.kernel)
    tf.saved_model.save(root, folder)
    return {"counts": truth.counts([root.kernel, root.shadow], [root.kernel])}


@case("tf115")
def saved_by_tensorflow1(folder):
    """A module saved with an object graph by TensorFlow 1.15, which calls it experimental."""
    tf.compat.v1.enable_eager_execution()
    root, body = Part(), Part()
    root.body, body.v, root.scale = body, variable([4, 3]), variable([2], trainable=False)
    root.same = body.v

    @tf.function(input_signature=[tf.TensorSpec([None, 4])])
    def call(x):
        return tf.matmul(x, body.v)

    root.call = call
    tf.saved_model.save(root, folder)
    return truth.module(root)
