"""The truth about a model, taken from its live Python objects before it is saved.

Numbers come from the variables that Python holds: their shapes and dtypes, each object once. The
tree is walked as `model.summary(expand_nested=True)` walks it. Nothing here reads a SavedModel.

Works with TensorFlow 1.15 to 2.21, Keras 2 and Keras 3; imports TensorFlow only.
"""

import math
import re

import tensorflow as tf


def unique(variables):
    """The same variables, each object once, in order."""
    seen, kept = set(), []
    for variable in variables:
        if id(variable) not in seen:
            seen.add(id(variable))
            kept.append(variable)
    return kept


def dtype_of(variable):
    dtype = variable.dtype
    dtype = tf.as_dtype(getattr(dtype, "name", dtype))
    return dtype.base_dtype


def shape_of(variable):
    """Its shape; where a dimension may change, that of the value which it holds."""
    is_open = any(getattr(d, "value", d) is None for d in variable.shape)
    return variable.read_value().shape if is_open else variable.shape


def elements(variable):
    shape = shape_of(variable)
    return math.prod(int(d) for d in shape) if hasattr(math, "prod") else _product(shape)


def _product(shape):
    product = 1
    for dimension in shape:
        product *= int(dimension)
    return product


def byte_length(variable):
    """Bytes in a checkpoint: 4-bit types take a whole byte each there."""
    return elements(variable) * dtype_of(variable).size


def counts(variables, trainable):
    """Totals of `variables`, of which those in `trainable` would be changed by training.

    `trainable` is None where neither the model nor its files can tell.
    """
    variables = unique(variables)
    inside = {id(v) for v in trainable or []}
    answer = {
        "parameters": sum(map(elements, variables)),
        "bytes": sum(map(byte_length, variables)),
        "variables": len(variables),
    }
    if trainable is None:
        answer["undetermined"] = True
    else:
        answer["trainable"] = sum(elements(v) for v in variables if id(v) in inside)
    return answer


def printed_by_keras(model):
    """The total that `model.summary()` prints, as a part of an answer; nothing where it prints none."""
    lines = []
    try:
        model.summary(print_fn=lambda line, **_: lines.append(line))
    except ValueError:  # It is not built.
        return {}
    total = re.search(r"Total params: ([\d,]+)", "\n".join(lines)).group(1)
    return {"keras_prints": int(total.replace(",", ""))}


# Keras 2: tf.keras up to 2.15, and tf_keras.


def _is_metric(layer):
    return any(c.__name__ == "Metric" for c in type(layer).__mro__)


def _sub_layers(layer):
    """Layers directly inside, in the order in which Keras tracks them; metrics are none."""
    found = []
    for sub in layer._flatten_layers(recursive=False, include_self=False):
        if not _is_metric(sub) and all(sub is not other for other in found):
            found.append(sub)
    return found


def _metric_variables(layer):
    """Of metrics kept as attributes: layers below this one, or in the list that Keras 2.4 keeps of them."""
    metrics = [sub for sub in layer._flatten_layers() if _is_metric(sub)]
    metrics += [metric for sub in layer._flatten_layers() for metric in getattr(sub, "_metrics", None) or []]
    return [v for metric in metrics for v in metric.variables]


def keras2_weights(model):
    """Everything that the model holds, without what metrics kept as attributes bring along.

    Lookup layers list the handlers of their tables among their weights; those are no variables.
    """
    metrics = {id(v) for v in _metric_variables(model)}
    are_variables = [v for v in unique(model.weights) if hasattr(v, "shape") and hasattr(v, "dtype")]
    return [v for v in are_variables if id(v) not in metrics and dtype_of(v) != tf.string]


def keras2(model, also=(), also_trainable=(), tree=True):
    """Truth of a Keras 2 model; `also` are variables that it holds and Keras does not list."""
    weights = unique(keras2_weights(model) + list(also))
    trainable = unique(list(model.trainable_weights) + list(also_trainable))
    answer = {"counts": counts(weights, trainable)}
    answer.update(printed_by_keras(model))
    if tree:
        answer["tree"] = _keras2_group(model, {id(v) for v in trainable}, set())
        answer["tree"].update({k: answer["counts"][k] for k in ("parameters", "trainable")})
    return answer


def _keras2_group(layer, trainable, visited):
    first = id(layer) not in visited
    visited.add(id(layer))
    weights = keras2_weights(layer)
    group = {
        "name": layer.name,
        "class": type(layer).__name__,
        "parameters": sum(map(elements, weights)),
        "trainable": sum(elements(v) for v in weights if id(v) in trainable),
        "first_visit": first,
    }
    if first:
        children = [_keras2_group(sub, trainable, visited) for sub in _sub_layers(layer)]
        if children:
            group["children"] = children
    return group


# Keras 3.


def keras3(model, also=()):
    """Truth of a Keras 3 model: its weights, which leave seed generators and metrics out."""
    values = lambda variables: [v for v in unique(variables)]
    return {"counts": counts(values(list(model.weights) + list(also)), values(model.trainable_weights))}


def keras3_tree(model):
    """The layers of a Keras 3 model, for a census that is given the `.keras` archive."""
    return _keras3_group(model, {id(v) for v in model.trainable_weights}, set())


def _keras3_group(layer, trainable, visited):
    first = id(layer) not in visited
    visited.add(id(layer))
    group = {
        "name": layer.name,
        "class": type(layer).__name__,
        "parameters": sum(map(elements, unique(layer.weights))),
        "trainable": sum(elements(v) for v in unique(layer.weights) if id(v) in trainable),
        "first_visit": first,
    }
    children = [_keras3_group(sub, trainable, visited) for sub in getattr(layer, "layers", [])] if first else []
    if children:
        group["children"] = children
    return group


# Plain modules and TensorFlow 1.


def module(module):
    """Truth of a tf.Module: every variable below it, by its own flag."""
    return {"counts": counts(module.variables, module.trainable_variables)}


def tensorflow1(weights, trainable):
    """Truth of a TensorFlow 1 graph. A partitioned variable is one variable: give it whole."""
    return {"counts": counts(weights, trainable)}
