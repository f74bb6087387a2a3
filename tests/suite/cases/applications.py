"""Well known networks of `keras.applications` with random weights, as they are fine-tuned and exported."""

import numpy as np
import truth
from cases.keras3 import at_most
from frameworks import keras2, keras3, save_keras2, tf
from registry import KERAS2, case


def tuned(keras, make, unfrozen, **options):
    """A base without its top whose last layers are trained, under a head of three classes."""
    base = make(keras.applications)(weights=None, include_top=False, input_shape=(32, 32, 3), **options)
    for layer in base.layers[:-unfrozen]:
        layer.trainable = False
    image = keras.Input((32, 32, 3), name="image")
    x = keras.layers.GlobalAveragePooling2D(name="pool")(base(image, training=False))
    model = keras.Model(image, keras.layers.Dense(3, name="head")(x), name="tuned")
    assert 0 < len(model.trainable_weights) < len(model.weights)
    return model


def exported(model, folder):
    answer = truth.keras3(model)
    model.export(folder, verbose=False)
    return answer


def by_keras(model, folder):
    answer = truth.keras2(model)
    save_keras2(model, folder)
    return answer


@case(*KERAS2)
def mobilenet_keras2(folder):
    """MobileNetV2 with its last layers unfrozen, by Keras 2."""
    return by_keras(tuned(keras2, lambda a: a.MobileNetV2, 10, alpha=0.35), folder)


@case("tf215", "tf221")
def efficientnet_keras2(folder):
    """EfficientNetV2B0, which normalizes its inputs itself, by Keras 2."""
    return by_keras(tuned(keras2, lambda a: a.EfficientNetV2B0, 5), folder)


@case("tf221")
def mobilenet_keras3(folder):
    """MobileNetV3Small with its last layers unfrozen, by `export`."""
    return exported(tuned(keras3, lambda a: a.MobileNetV3Small, 10), folder)


@case("tf221")
def efficientnet_keras3(folder):
    """EfficientNetB0, whose normalization has weights that are not trained, by `export`."""
    return exported(tuned(keras3, lambda a: a.EfficientNetB0, 5), folder)


@case("tf221")
def convnext_keras3(folder):
    """ConvNeXtTiny, whose blocks scale by weights of their own, after a step of training, by tf.saved_model.save."""
    base = keras3.applications.ConvNeXtTiny(weights=None, include_top=False, input_shape=(32, 32, 3), pooling="avg")
    model = keras3.Sequential([keras3.Input((32, 32, 3)), base, keras3.layers.Dense(3, name="head")], name="trained")
    model.compile(keras3.optimizers.SGD(0.1), "mse")
    model.train_on_batch(np.zeros((1, 32, 32, 3), "f4"), np.zeros((1, 3), "f4"))
    weights = [w.value for w in truth.unique(model.weights)]
    answer = {"counts": at_most(truth.counts(weights, [w for w in weights if w.trainable]))}
    tf.saved_model.save(model, folder)
    return answer


@case("tf221")
def two_of_keras3(folder):
    """An ensemble of two networks of one kind, one frozen, by `export`."""
    make = lambda name: keras3.applications.MobileNet(weights=None, include_top=False, input_shape=(32, 32, 3), alpha=0.25, pooling="avg", name=name)
    one, two = make("one"), make("two")
    one.trainable = False
    image = keras3.Input((32, 32, 3), name="image")
    return exported(keras3.Model(image, keras3.layers.Average(name="mean")([one(image), two(image)]), name="ensemble"), folder)
