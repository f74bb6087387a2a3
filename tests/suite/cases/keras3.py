"""Keras 3: `model.export`, `ExportArchive`, `tf.saved_model.save`, and the `.keras` archive beside."""

import numpy as np
import truth
from frameworks import keras3 as keras
from frameworks import tf
from registry import case


def functional(frozen=False, name="net"):
    """conv 3*3*1*4+4 = 40, bn 16 of which 8 trainable, dense 4*5+5 = 25, head 5*2+2 = 12: 93."""
    layers = keras.layers
    image = keras.Input((8, 8, 1), name="image")
    conv = layers.Conv2D(4, 3, name="conv")
    x = layers.BatchNormalization(name="bn")(conv(image))
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(5, name="dense"), layers.Dropout(0.5, name="drop")], name="inner")
    model = keras.Model(image, layers.Dense(2, name="head")(inner(x)), name=name)
    conv.trainable = inner.trainable = not frozen
    return model


def exported(model, folder, **more):
    answer = truth.keras3(model)
    answer.update(more)
    model.export(folder, verbose=False)
    return answer


def by_flags(model):
    """What the files of `tf.saved_model.save` can tell: the flag that each variable was made with, which bounds what is trainable."""
    weights = [w.value for w in truth.unique(model.weights)]
    return {"counts": at_most(truth.counts(weights, [w for w in weights if w.trainable]))}


def at_most(counts):
    return dict(counts, trainable_is="at_most")


def saved(model, folder, **more):
    answer = dict(by_flags(model), **truth.printed_by_keras(model))
    answer.update(more)
    tf.saved_model.save(model, folder)
    return answer


def with_archive(answer, model, folder):
    """Adds what the census must say when it is given the `.keras` archive of the model too."""
    model.save(folder + ".keras")
    answer["keras_config"] = {"file": "model.keras", "counts": truth.keras3(model)["counts"], "tree": truth.keras3_tree(model)}
    return answer


@case("tf221")
def export(folder):
    """A functional model by `export`, with dropout's seed apart."""
    model = functional()
    return with_archive(exported(model, folder, findings=["export-copies"]), model, folder)


@case("tf221")
def export_frozen(folder):
    """A frozen layer and a frozen model inside."""
    model = functional(frozen=True)
    return with_archive(exported(model, folder), model, folder)


@case("tf221")
def export_compiled(folder):
    """Compiled and trained: the optimizer stays behind or is listed apart."""
    model = functional()
    model.compile("adam", "mse", metrics=["mae"])
    model.train_on_batch(np.zeros((2, 8, 8, 1), "f4"), np.zeros((2, 2), "f4"))
    return exported(model, folder)


@case("tf221")
def export_rnn(folder):
    """Recurrent layers: cells, both directions, dropout in the cell."""
    layers = keras.layers
    ids = keras.Input((5,), dtype="int32", name="ids")
    x = layers.Embedding(9, 4, name="words")(ids)
    x = layers.Bidirectional(layers.LSTM(3, return_sequences=True, dropout=0.1, name="lstm"), name="both")(x)
    x = layers.GRU(2, name="gru")(x)
    return exported(keras.Model(ids, x, name="recurrent"), folder)


@case("tf221")
def export_shared(folder):
    """One encoder used twice, and by two models."""
    layers = keras.layers
    encoder = keras.Sequential([keras.Input((6,)), layers.Dense(4, name="code")], name="encoder")
    x, y = keras.Input((6,), name="x"), keras.Input((6,), name="y")
    one = keras.Model(x, layers.Dense(2, name="head")(encoder(x)), name="one")
    two = keras.Model(y, layers.Dense(3, name="head")(encoder(y)), name="two")
    return exported(keras.Model([x, y], [one(x), two(y), encoder(x)], name="both"), folder)


@case("tf221")
def export_subclassed(folder):
    """A subclassed model with a list of layers, bare weights and one weight twice."""

    class Net(keras.Model):
        def __init__(self):
            super().__init__(name="own")
            self.blocks = [keras.layers.Dense(4, name="b%d" % n) for n in range(3)]
            self.scale = self.add_weight(shape=(4,), name="scale", trainable=False)
            self.again = self.scale

        def call(self, x):
            for block in self.blocks:
                x = block(x)
            return x * self.scale

    model = Net()
    model(np.zeros((1, 4), "f4"))
    return exported(model, folder)


@case("tf221")
def export_lora_int8(folder):
    """Quantized to int8, with a LoRA pair beside it."""
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(6, name="a"), keras.layers.Dense(3, name="b")], name="small")
    model.quantize("int8")
    model.get_layer("a").enable_lora(2)
    return exported(model, folder)


@case("tf221")
def export_mixed(folder):
    """bfloat16 computation over float32 weights, and a layer that is float16 throughout."""
    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((4,)), layers.Dense(5, dtype="mixed_bfloat16", name="mixed"), layers.Dense(2, dtype="float16", name="half")], name="mixed"
    )
    return exported(model, folder)


@case("tf221")
def endpoints(folder):
    """ExportArchive with several endpoints over one model."""
    model = functional()
    archive = keras.export.ExportArchive()
    archive.track(model)
    spec = keras.InputSpec(shape=(None, 8, 8, 1), dtype="float32")
    archive.add_endpoint("infer", lambda x: model(x, training=False), input_signature=[spec])
    archive.add_endpoint("train", lambda x: model(x, training=True), input_signature=[spec])
    answer = truth.keras3(model)
    archive.write_out(folder, verbose=False)
    return answer


@case("tf221")
def two_models(folder):
    """ExportArchive of two models, one frozen."""
    layers = keras.layers
    first = keras.Sequential([keras.Input((4,)), layers.Dense(3, name="a")], name="first")
    second = keras.Sequential([keras.Input((4,)), layers.Dense(5, name="b")], name="second")
    second.trainable = False
    archive = keras.export.ExportArchive()
    spec = keras.InputSpec(shape=(None, 4), dtype="float32")
    for name, model in (("first", first), ("second", second)):
        archive.track(model)
        archive.add_endpoint(name, model.call, input_signature=[spec])
    weights = list(first.weights) + list(second.weights)
    archive.write_out(folder, verbose=False)
    return {"counts": truth.counts(weights, first.trainable_weights)}


@case("tf221")
def collection(folder):
    """ExportArchive with a variable collection of its own beside the model's lists."""
    model = functional(frozen=True)
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("serve", model.call, input_signature=[keras.InputSpec(shape=(None, 8, 8, 1), dtype="float32")])
    archive.add_variable_collection("head", [w.value for w in model.get_layer("head").weights])
    answer = truth.keras3(model)
    archive.write_out(folder, verbose=False)
    return answer


@case("tf221")
def optimizer_collection(folder):
    """ExportArchive that keeps the optimizer's variables in a collection: they are no weights for that."""
    model = functional()
    model.compile("adam", "mse")
    model.train_on_batch(np.zeros((2, 8, 8, 1), "f4"), np.zeros((2, 2), "f4"))
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("serve", model.call, input_signature=[keras.InputSpec(shape=(None, 8, 8, 1), dtype="float32")])
    archive.add_variable_collection("optimizer_variables", model.optimizer.variables)
    answer = truth.keras3(model)
    answer["not_counted"] = {"optimizer": len(model.optimizer.variables)}
    archive.write_out(folder, verbose=False)
    return answer


@case("tf221")
def part_tracked(folder):
    """ExportArchive that tracks a model and a layer, and not the model that the layer is in."""
    layers = keras.layers
    body = keras.Sequential([keras.Input((4,)), layers.Dense(3, name="a")], name="body")
    head = keras.Sequential([keras.Input((3,)), layers.Dense(2, name="b")], name="head")
    archive = keras.export.ExportArchive()
    archive.track(body)
    archive.track(head.layers[-1])
    archive.add_endpoint("serve", lambda x: head(body(x)), input_signature=[keras.InputSpec(shape=(None, 4), dtype="float32")])
    weights = list(body.weights) + list(head.weights)
    archive.write_out(folder, verbose=False)
    return {"counts": truth.counts(weights, weights)}


@case("tf221")
def untracked(folder):
    """ExportArchive whose endpoint uses a model that it does not track: no list has its weights."""
    layers = keras.layers
    body = keras.Sequential([keras.Input((4,)), layers.Dense(3, name="a")], name="body")
    head = keras.Sequential([keras.Input((3,)), layers.Dense(2, name="b")], name="head")
    archive = keras.export.ExportArchive()
    archive.track(body)
    archive.add_endpoint("serve", lambda x: head(body(x)), input_signature=[keras.InputSpec(shape=(None, 4), dtype="float32")])
    weights = list(body.weights) + list(head.weights)
    archive.write_out(folder, verbose=False)
    return {"counts": at_most(truth.counts(weights, weights)), "findings": ["list-incomplete", "frozen-unknown"]}


@case("tf221")
def saved_model(folder):
    """By tf.saved_model.save, with a seed generator and BatchNormalization."""
    model = functional()
    return with_archive(saved(model, folder), model, folder)


@case("tf221")
def saved_model_frozen(folder):
    """By tf.saved_model.save: the files do not say what was frozen, the `.keras` archive does."""
    model = functional(frozen=True)
    return with_archive(saved(model, folder, findings=["frozen-unknown"]), model, folder)


@case("tf221")
def saved_model_trained(folder):
    """By tf.saved_model.save after training: optimizer and metrics are in the files."""
    model = functional()
    model.compile("adam", "mse", metrics=["mae"])
    model.train_on_batch(np.zeros((2, 8, 8, 1), "f4"), np.zeros((2, 2), "f4"))
    return saved(model, folder)


@case("tf221")
def saved_model_compiled(folder):
    """By tf.saved_model.save before training: the optimizer has variables, and Keras does not add them yet."""
    model = functional()
    model.compile("adam", "mse")
    return saved(model, folder)


@case("tf221")
def saved_model_sgd(folder):
    """By tf.saved_model.save with SGD momentum and a loss scale."""
    model = functional()
    model.compile(keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1, momentum=0.9)), "mse")
    model.train_on_batch(np.zeros((2, 8, 8, 1), "f4"), np.zeros((2, 2), "f4"))
    return saved(model, folder)


@case("tf221")
def saved_model_normalization(folder):
    """Normalization, lookup tables and a metric kept as an attribute."""
    layers = keras.layers
    normalize = layers.Normalization(name="normalize")
    normalize.adapt(np.random.rand(10, 3).astype("f4"))
    model = keras.Sequential([keras.Input((3,)), normalize, layers.Dense(2, name="dense")], name="normalized")
    return saved(model, folder)


def watched():
    """A subclassed model that keeps metrics as attributes and in a list, and updates one in its call."""

    class Watched(keras.Model):
        def __init__(self):
            super().__init__(name="watched")
            self.dense = keras.layers.Dense(3, name="dense")
            self.tracker = keras.metrics.Mean(name="tracker")
            self.others = [keras.metrics.MeanSquaredError(name="error")]

        def call(self, x):
            return self.dense(x)

    model = Watched()
    model(np.zeros((2, 4), "f4"))
    model.tracker.update_state(1.0)
    model.others[0].update_state([1.0], [2.0])
    return model


@case("tf221")
def export_metrics(folder):
    """Metrics kept as attributes, by `export`."""
    return exported(watched(), folder)


@case("tf221")
def saved_model_metrics(folder):
    """Metrics kept as attributes, by tf.saved_model.save."""
    return saved(watched(), folder)


@case("tf221")
def model_in_a_module(folder):
    """A tf.Module around a Keras 3 model and a variable of its own."""
    root = tf.Module()
    root.net, root.scale = functional(), tf.Variable([1.0, 2.0])
    weights = [w.value for w in root.net.weights] + [root.scale]
    tf.saved_model.save(root, folder)
    return {"counts": at_most(truth.counts(weights, [w for w in weights if w.trainable]))}


@case("tf221")
def resaved(folder):
    """An export, loaded by TensorFlow and saved again."""
    model = functional()
    answer = truth.keras3(model)
    model.export(folder + ".first", verbose=False)
    tf.saved_model.save(tf.saved_model.load(folder + ".first"), folder)
    return answer


@case("tf221")
def no_parameters(folder):
    """Layers without weights."""
    model = keras.Sequential([keras.Input((4, 4)), keras.layers.Flatten(name="flat"), keras.layers.ReLU(name="relu")], name="empty")
    return exported(model, folder, findings=["no-variables"])
