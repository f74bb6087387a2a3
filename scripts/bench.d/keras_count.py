"""`load_model` and `count_params`: what people do in Python with Keras 2."""

import sys

import tf_keras

print(tf_keras.models.load_model(sys.argv[1]).count_params())
