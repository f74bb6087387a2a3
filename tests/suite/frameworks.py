"""TensorFlow and the Keras of each environment, under the same names.

`keras2` is Keras 2 wherever it comes from, `keras3` is Keras 3 or None, `hub` is TensorFlow Hub or
None, `tf1` is TensorFlow 1 or its compatibility module.
"""

import importlib

import tensorflow as tf


def _module(name):
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


VERSION = tuple(int(part) for part in tf.__version__.split(".")[:2])

tf1 = tf.compat.v1
keras2 = _module("tf_keras") if VERSION >= (2, 16) else tf.keras
keras3 = _module("keras") if VERSION >= (2, 16) else None
hub = _module("tensorflow_hub")


def save_keras2(model, folder, **options):
    """Saves as `model.save` does in its SavedModel form."""
    model.save(folder, save_format="tf", **options)
