"""More of what `tf.saved_model.save` takes: odd names and containers, resources, shared parts, teachers."""

import collections

import numpy as np
import truth
from cases.keras3 import at_most
from frameworks import keras2, keras3, tf
from registry import MODULES, case

SPEC = [tf.TensorSpec([None, 4], tf.float32)] if hasattr(tf, "TensorSpec") else None


def variable(shape, name="v", **options):
    return tf.Variable(tf.ones(shape), name=name, **options)


@case(*MODULES)
def odd_names(folder):
    """Keys of dicts with slashes, dots, spaces and other alphabets, which a checkpoint has to escape."""
    root = tf.Module()
    names = ["a/b", "a.b", "a.Sb", ".ATTRIBUTES", "with space", "größe", "重み", "a/b/.OPTIMIZER_SLOT/c", "variables", "0"]
    root.held = {name: variable([n + 1]) for n, name in enumerate(names)}
    tf.saved_model.save(root, folder)
    # 1 + 2 + .. + 10.
    answer = truth.module(root)
    assert answer["counts"]["parameters"] == 55
    return answer


@case(*MODULES)
def odd_attributes(folder):
    """Attributes that are called as parts of other objects are: optimizer, metrics, states, step, m and v."""
    root = tf.Module()
    for n, name in enumerate(["optimizer", "metrics", "states", "step", "m", "v", "keras_api", "loss_scale", "_variables", "iterations", "learning_rate"]):
        part = tf.Module()
        part.kernel = variable([n + 1, 2], "kernel")
        setattr(root, name, part)
    tf.saved_model.save(root, folder)
    return truth.module(root)


@case("tf215", "tf221")
def odd_lists(folder):
    """Lists of variables that are called as the slots of an optimizer are, and of the same shapes, but trained."""
    root = tf.Module()
    root.network, root.other = tf.Module(), tf.Module()
    root.network.w, root.network.b = variable([4, 3], "w"), variable([3], "b")
    root.other.m, root.other.v = [variable([3], "b"), variable([4, 3], "w")], [variable([3], "b"), variable([4, 3], "w")]
    root.other.step = tf.Variable(0, dtype=tf.int64, trainable=False, name="step")
    tf.saved_model.save(root, folder)
    return truth.module(root)


@case("tf215", "tf221")
def averaged_by_hand(folder):
    """A teacher: a second network of the same names and shapes, whose weights are not trained."""
    root = tf.Module()
    root.student, root.teacher = tf.Module(), tf.Module()
    for part, trainable in ((root.student, True), (root.teacher, False)):
        part.w, part.b = variable([4, 3], "w", trainable=trainable), variable([3], "b", trainable=trainable)
        part.layers = [variable([3, 3], "deep", trainable=trainable) for _ in range(2)]
    tf.saved_model.save(root, folder)
    return truth.module(root)


@case("tf215", "tf221")
def averages_in_a_list(folder):
    """Averages of all weights in one list, not trained: weights, though an optimizer would keep them so."""
    root = tf.Module()
    root.weights = [variable([4, 3], "w"), variable([3], "b")]
    root.averages = [variable(v.shape, "average", trainable=False) for v in root.weights]
    root.call = tf.function(lambda x: x @ root.averages[0] + root.averages[1], input_signature=SPEC)
    tf.saved_model.save(root, folder)
    return truth.module(root)


@case(*MODULES)
def tuples(folder):
    """Named tuples and ordered dicts, one inside the other."""
    pair = collections.namedtuple("Pair", ["kernel", "bias"])
    root = tf.Module()
    root.pairs = [pair(variable([4, 3]), variable([3])), pair(variable([3, 2]), variable([2], trainable=False))]
    root.ordered = collections.OrderedDict([("z", variable([5])), ("a", {"deep": pair(variable([1]), variable([]))})])
    tf.saved_model.save(root, folder)
    return truth.module(root)


@case("tf215", "tf221")
def assets(folder):
    """An asset, a resource of one's own and an untracked constant beside the weight."""
    import os

    path = folder + ".words.txt"
    with open(path, "w") as out:
        out.write("one\n")
    root = tf.Module()
    root.asset, root.kernel = tf.saved_model.Asset(path), variable([4, 3], "kernel")
    offset = tf.constant(np.ones([3], "f4"))
    root.call = tf.function(lambda x: x @ root.kernel + offset, input_signature=SPEC)
    tf.saved_model.save(root, folder, signatures=root.call)
    os.remove(path)
    return truth.module(root)


@case("tf215", "tf221")
def captured_constant(folder):
    """An eager tensor that a function captures: a constant of the graph, and as large as a weight."""
    root = tf.Module()
    root.head = variable([16, 2], "head")
    matrix = tf.constant(np.random.default_rng(0).random([4, 16], "f4"))
    root.call = tf.function(lambda x: {"y": x @ matrix @ root.head}, input_signature=SPEC)
    answer = dict(truth.module(root), constants={"tensors": 1, "parameters": 64, "bytes": 256}, findings=["constants-beside"])
    tf.saved_model.save(root, folder, signatures=root.call)
    return answer


@case("tf215", "tf221")
def epochs(folder):
    """A checkpoint with a number of epochs, which has no name that tells it from a weight."""
    root = tf.train.Checkpoint(kernel=variable([4, 3], "kernel"), epoch=tf.Variable(1, dtype=tf.int64, trainable=False, name="epoch"))
    root.save(folder + ".checkpoint")
    tf.saved_model.save(root, folder)
    return {"counts": {"parameters": 13, "bytes": 56, "variables": 2, "trainable": 12}, "not_counted": {"counter": 1}}


@case("tf215", "tf221")
def thousands(folder):
    """Three thousand variables in lists of lists."""
    root = tf.Module()
    root.rows = [[variable([1, 2]) for _ in range(50)] for _ in range(60)]
    tf.saved_model.save(root, folder)
    return {"counts": {"parameters": 6000, "bytes": 24000, "variables": 3000, "trainable": 6000}}


@case("tf221")
def several_frameworks(folder):
    """A module with a model of Keras 2, one of Keras 3, and a layer of each, partly frozen."""
    root = tf.Module()
    two = keras2.Sequential([keras2.layers.Dense(3, input_shape=(4,), name="a"), keras2.layers.Dense(2, name="b")], name="two")
    two.layers[0].trainable = False
    three = keras3.Sequential([keras3.Input((4,)), keras3.layers.Dense(5, name="a"), keras3.layers.Dense(2, name="b")], name="three")
    root.two, root.three = two, three
    weights = list(two.weights) + [w.value for w in three.weights]
    tf.saved_model.save(root, folder)
    return {"counts": at_most(truth.counts(weights, list(two.trainable_weights) + [w.value for w in three.trainable_weights]))}


@case("tf221")
def adversarial(folder):
    """A Keras 3 model with two networks, two optimizers and trackers, as adversarial networks have them."""
    layers = keras3.layers

    class Adversarial(keras3.Model):
        def __init__(self):
            super().__init__(name="adversarial")
            self.maker = keras3.Sequential([keras3.Input((2,)), layers.Dense(4, name="a")], name="maker")
            self.critic = keras3.Sequential([keras3.Input((4,)), layers.Dense(1, name="a")], name="critic")
            self.tracker = keras3.metrics.Mean(name="loss")

        def compile(self, **options):
            super().compile(**options)
            self.maker_optimizer, self.critic_optimizer = keras3.optimizers.Adam(), keras3.optimizers.SGD(momentum=0.9)
            self.maker_optimizer.build(self.maker.trainable_variables)
            self.critic_optimizer.build(self.critic.trainable_variables)

        def call(self, x):
            return self.critic(self.maker(x))

    model = Adversarial()
    model.compile()
    model(np.zeros((2, 2), "f4"))
    weights = list(model.maker.weights) + list(model.critic.weights)
    tf.saved_model.save(model, folder)
    return {"counts": at_most(truth.counts(weights, weights))}


@case("tf221")
def teacher_of_keras3(folder):
    """A Keras 3 model with a copy of itself that follows it, exported; the copy is frozen."""
    layers = keras3.layers
    network = lambda name: keras3.Sequential([keras3.Input((4,)), layers.Dense(3, name="a"), layers.Dense(2, name="b")], name=name)

    class Taught(keras3.Model):
        def __init__(self):
            super().__init__(name="taught")
            self.student, self.teacher = network("net"), network("net")
            self.teacher.trainable = False

        def call(self, x):
            return self.student(x) + self.teacher(x)

    model = Taught()
    model(np.zeros((2, 4), "f4"))
    answer = truth.keras3(model)
    model.export(folder, verbose=False)
    return answer
