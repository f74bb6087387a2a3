"""What Keras 2 models hold beside their weights: optimizers, metrics, generators, tables, hub layers."""

import numpy as np
import truth
from frameworks import VERSION, hub, save_keras2, tf
from frameworks import keras2 as keras
from registry import KERAS2, KERAS2_NEW, case

layers = keras.layers


def small(name="small"):
    return keras.Sequential([layers.Dense(4, input_shape=(3,), name="hidden"), layers.Dense(2, name="out")], name=name)


def trained(model, optimizer, metrics=()):
    model.compile(optimizer, "mse", list(metrics))
    model.train_on_batch(np.zeros((4, 3), "f4"), np.zeros((4, 2), "f4"))
    return model


def saved(model, folder, **more):
    answer = truth.keras2(model, **more)
    save_keras2(model, folder)
    return answer


def legacy(name):
    """The optimizers before Keras 2.11, which keep slot variables."""
    return getattr(getattr(keras.optimizers, "legacy", keras.optimizers), name)


@case(*KERAS2)
def adam(folder):
    """Adam as it comes, after one step."""
    return saved(trained(small(), keras.optimizers.Adam(), ["accuracy"]), folder)


@case(*KERAS2_NEW)
def adam_legacy(folder):
    """The old Adam, with slot variables."""
    return saved(trained(small(), legacy("Adam")(amsgrad=True)), folder)


@case(*KERAS2)
def momentum(folder):
    """SGD with momentum."""
    return saved(trained(small(), keras.optimizers.SGD(0.1, momentum=0.9)), folder)


@case(*KERAS2_NEW)
def averaged(folder):
    """An optimizer that keeps an average of each weight; the averages are its own."""
    return saved(trained(small(), keras.optimizers.Adam(use_ema=True)), folder)


@case(*KERAS2)
def compiled_inside(folder):
    """A model that was compiled and trained, inside one that was compiled and trained."""
    inner = trained(small("inner"), keras.optimizers.Adam(), ["mae"])
    x = keras.Input((3,), name="x")
    model = keras.Model(x, layers.Dense(2, name="head")(inner(x)), name="outer")
    return saved(trained(model, keras.optimizers.RMSprop(momentum=0.5), ["mae"]), folder)


@case(*KERAS2)
def two_optimizers(folder):
    """A subclassed model with two optimizers of its own, as adversarial networks have."""

    class Pair(keras.Model):
        def __init__(self):
            super().__init__(name="pair")
            self.maker, self.critic = small("maker"), small("critic")
            self.maker_optimizer, self.critic_optimizer = keras.optimizers.Adam(), legacy("SGD")(momentum=0.9)

        def call(self, x):
            return self.maker(x), self.critic(x)

    model = Pair()
    x = np.zeros((2, 3), "f4")
    with tf.GradientTape(persistent=True) as tape:
        losses = [tf.reduce_sum(y) for y in model(x)]
    for part, optimizer, loss in zip((model.maker, model.critic), (model.maker_optimizer, model.critic_optimizer), losses):
        optimizer.apply_gradients(zip(tape.gradient(loss, part.trainable_variables), part.trainable_variables))
    return saved(model, folder)


@case(*KERAS2)
def mixed_precision(folder):
    """float16 computation with float32 weights, and a loss scale that lives in the optimizer."""
    policy = keras.mixed_precision.Policy("mixed_float16")
    dense = [layers.Dense(4, input_shape=(3,), dtype=policy, name="a"), layers.BatchNormalization(dtype=policy, name="bn"), layers.Dense(2, dtype="float32", name="b")]
    model = keras.Sequential(dense, name="mixed")
    optimizer = keras.mixed_precision.LossScaleOptimizer(keras.optimizers.Adam())
    return saved(trained(model, optimizer), folder)


@case(*KERAS2)
def dtypes(folder):
    """Layers of float16, float32 and float64."""
    x = keras.Input((3,), name="x")
    outputs = [layers.Dense(2, dtype=dtype, name=dtype)(layers.Activation("linear", dtype=dtype, name="to_" + dtype)(x)) for dtype in ("float16", "float32", "float64")]
    return saved(keras.Model(x, outputs, name="dtypes"), folder)


class Watched(keras.Model):
    """Keeps a metric as an attribute, as models with a training step of their own do."""

    def __init__(self, **options):
        super().__init__(**options)
        self.dense = layers.Dense(3, name="dense")
        self.tracker = keras.metrics.Mean(name="tracker")
        self.trackers = [keras.metrics.MeanSquaredError(name="error")]

    def call(self, x):
        y = self.dense(x)
        self.tracker.update_state(tf.reduce_mean(y))
        return y


@case(*KERAS2)
def metric_attributes(folder):
    """Metrics held as attributes of a subclassed model."""
    model = Watched(name="watched")
    model(np.zeros((2, 4), "f4"))
    answer = saved(model, folder)
    # `model.weights` has the metrics' variables as well, and `model.summary()` prints them.
    assert len(model.weights) > answer["counts"]["variables"]
    answer["findings"] = ["keras-prints-other"]
    return answer


class Open(layers.Layer):
    """Holds a variable with a dimension that may change, and strings."""

    def build(self, shape):
        self.scale = self.add_weight(name="scale", shape=[5])
        self.table = tf.Variable(np.ones([7, 15], "f4"), shape=tf.TensorShape([None, 15]), name="table")
        self.words = tf.Variable(["word"] * 9, trainable=False, name="words")

    def call(self, x):
        return x * tf.reduce_sum(self.scale) + tf.reduce_sum(self.table)


@case(*KERAS2_NEW)
def open_shape_and_strings(folder):
    """Keras takes the open dimension for 0, and counts the strings."""
    model = keras.Sequential([keras.Input((4,)), Open(name="open"), layers.Dense(4, name="a")], name="opened")
    # 5 + 7*15 + 4*4+4 = 130 are in the model; Keras prints 5 + 9 + 20 = 34.
    answer = saved(model, folder)
    assert (answer["counts"]["parameters"], answer["keras_prints"]) == (130, 34)
    return answer


@case(*KERAS2)
def metric_in_layer(folder):
    """A layer that calls `add_metric`."""

    class Counting(layers.Layer):
        def call(self, x):
            self.add_metric(tf.reduce_sum(x), name="activity", aggregation="mean")
            return x

    x = keras.Input((3,), name="x")
    return saved(keras.Model(x, Counting(name="counting")(layers.Dense(2, name="dense")(x)), name="measured"), folder)


class Noisy(layers.Layer):
    def __init__(self, **options):
        super().__init__(**options)
        self.random = tf.random.Generator.from_seed(7)

    def call(self, x):
        return x + self.random.normal(tf.shape(x))


@case(*KERAS2)
def generator(folder):
    """A layer with a random generator; its state is listed apart."""
    x = keras.Input((3,), name="x")
    model = keras.Model(x, Noisy(name="noise")(layers.Dense(2, name="dense")(x)), name="noisy")
    return saved(model, folder)


@case("tf215", "tf221")
def random_layers(folder):
    """Dropout and augmentation: seeds may live in generators, which hold no parameters."""
    model = keras.Sequential(
        [keras.Input((8, 8, 1)), layers.RandomFlip(name="flip"), layers.RandomRotation(0.1, name="turn"),
         layers.Conv2D(2, 3, name="conv"), layers.GaussianNoise(0.1, name="noise"), layers.Dropout(0.2, name="drop")],
        name="augmented",
    )
    return saved(model, folder)


def preprocessing():
    return layers if VERSION >= (2, 6) else layers.experimental.preprocessing


@case(*KERAS2)
def text_vectorization(folder):
    """TextVectorization keeps its words in a table, not in weights."""
    text = preprocessing().TextVectorization(output_sequence_length=4, name="words")
    text.adapt(np.array(["one two three", "two three", "three"]))
    x = keras.Input((1,), dtype="string", name="text")
    y = layers.Embedding(6, 3, name="embedding")(text(x))
    return saved(keras.Model(x, y, name="text"), folder)


@case(*KERAS2_NEW)
def string_lookup(folder):
    """StringLookup and IntegerLookup with fixed words, and Hashing."""
    word, number = keras.Input((1,), dtype="string", name="word"), keras.Input((1,), dtype="int64", name="number")
    a = layers.StringLookup(vocabulary=["x", "y"], name="strings")(word)
    b = layers.IntegerLookup(vocabulary=[5, 7, 9], name="integers")(number)
    c = layers.Hashing(4, name="hashes")(word)
    table = layers.Embedding(8, 2, name="table")
    return saved(keras.Model([word, number], [table(a), table(b), table(c)], name="lookups"), folder)


@case(*KERAS2)
def normalization(folder):
    """Normalization keeps mean, variance and a count: weights that are never trained."""
    normalize = preprocessing().Normalization(name="normalize")
    normalize.adapt(np.random.rand(10, 3).astype("f4"))
    model = keras.Sequential([keras.Input((3,)), normalize, layers.Dense(2, name="dense")], name="normalized")
    return saved(model, folder)


class WithModule(layers.Layer):
    def __init__(self, **options):
        super().__init__(**options)
        self.part = tf.Module()
        self.part.kernel = tf.Variable(tf.ones([3, 5]), name="kernel")
        self.part.offset = tf.Variable(tf.ones([5]), trainable=False, name="offset")

    def call(self, x):
        return tf.matmul(x, self.part.kernel) + self.part.offset


@case(*KERAS2)
def module_in_layer(folder):
    """A layer that holds a tf.Module, which Keras may not look into."""
    layer = WithModule(name="wrapped")
    x = keras.Input((3,), name="x")
    model = keras.Model(x, layers.Dense(2, name="out")(layer(x)), name="modular")
    part = layer.part
    answer = saved(model, folder, also=part.variables, also_trainable=part.trainable_variables, tree=False)
    # Later versions of Keras list such variables.
    return answer if any(v is part.kernel for v in model.weights) else dict(answer, findings=["list-incomplete"])


class Reusable(tf.Module):
    """What tensorflow_hub asks of a model that can be trained further."""

    def __init__(self):
        super().__init__()
        self.kernel = tf.Variable(tf.ones([3, 5]), name="kernel")
        self.mean = tf.Variable(tf.zeros([5]), trainable=False, name="mean")

    @tf.function(input_signature=[tf.TensorSpec([None, 3])])
    def __call__(self, x):
        return tf.matmul(x, self.kernel) - self.mean


def with_hub_layer(folder, trainable, listed):
    inner = Reusable()
    if listed:
        inner_root = tf.train.Checkpoint(v=inner)
        inner_root.__call__ = inner.__call__
        inner_root.variables = [inner.kernel, inner.mean]
        inner_root.trainable_variables = [inner.kernel]
        inner_root.regularization_losses = []
        tf.saved_model.save(inner_root, folder + ".hub")
    else:
        tf.saved_model.save(inner, folder + ".hub")
    layer = hub.KerasLayer(folder + ".hub", trainable=trainable, name="hub")
    model = keras.Sequential([keras.Input((3,)), layer, layers.Dense(2, name="head")], name="uses_hub")
    model(np.zeros((1, 3), "f4"))
    save_keras2(model, folder)
    # kernel 15, mean 5, head 5*2+2 = 12.
    return {"counts": {"parameters": 32, "bytes": 128, "variables": 4, "trainable": 27 if trainable and listed else 12}}


@case("tf221")
def hub_layer_frozen(folder):
    """hub.KerasLayer, not trainable: its weights count, none of them trainable."""
    return with_hub_layer(folder, trainable=False, listed=True)


@case("tf221")
def hub_layer_trainable(folder):
    """hub.KerasLayer, trainable: what the inner model lists as trainable is."""
    return with_hub_layer(folder, trainable=True, listed=True)
