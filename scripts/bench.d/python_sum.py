"""`tf.saved_model.load` and a sum over the variables: the usual count in Python without Keras."""

import sys

import tensorflow as tf

model = tf.saved_model.load(sys.argv[1])
# A loaded `tf.Module` has no `variables`.
variables = getattr(model, "variables", None) or model.kept
print(sum(v.shape.num_elements() for v in {id(v): v for v in variables}.values()))
