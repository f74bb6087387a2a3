"""`load_model` and `count_params`: the usual count in Python with Keras 2."""

import sys

import tf_keras

print(tf_keras.models.load_model(sys.argv[1]).count_params())
