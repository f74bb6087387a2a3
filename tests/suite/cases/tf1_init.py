"""TensorFlow 1: variables that the load fills and the checkpoint does not; both kinds of control flow."""

import truth
from cases.tf1 import build, initialise, network, session, signature, simple_save
from frameworks import tf1
from registry import TF1, case


def variable(name, shape, value=None, **options):
    initial = tf1.zeros_initializer() if value is None else tf1.constant_initializer(value)
    return tf1.get_variable(name, shape, initializer=initial, **options)


def outside(folder, resource, op_name="main_op"):
    """A saver over three variables; a fourth gets its value from the init op, and the signature reads it."""
    with session(resource) as opened:
        x, y, weights, trainable = network()
        scale = variable("scale", [3], 2.0, trainable=False)
        initialise(opened)
        saver = tf1.train.Saver(weights)
        build(opened, folder, ["serve"], signature(x, y * scale), saver=saver, **{op_name: tf1.group(scale.initializer)})
        return weights, trainable, scale


@case(*TF1)
def main_op(folder):
    """The main op assigns what the saver leaves out: the load fills it, so it is a weight."""
    weights, trainable, scale = outside(folder, resource=True)
    return truth.tensorflow1(weights + [scale], trainable)


@case(*TF1)
def main_op_reference(folder):
    """The same with reference variables."""
    weights, trainable, scale = outside(folder, resource=False)
    return truth.tensorflow1(weights + [scale], trainable)


@case("tf115")
def legacy_init_op(folder):
    """The same by the init op that came before the main op."""
    weights, trainable, scale = outside(folder, resource=False, op_name="legacy_init_op")
    return truth.tensorflow1(weights + [scale], trainable)


@case(*TF1)
def not_filled(folder):
    """No op fills what the saver leaves out, though the signature asks for it: it has no value."""
    with session(resource=True) as opened:
        x, y, weights, trainable = network()
        scale = variable("scale", [3], 2.0)
        initialise(opened)
        build(opened, folder, ["serve"], signature(x, y * scale), saver=tf1.train.Saver(weights))
        answer = truth.tensorflow1(weights, trainable)
        answer["not_counted"] = {"unrestored": 1}
        return answer


@case(*TF1)
def trained_and_filled(folder):
    """A trainable variable that the init op fills from another, which is restored."""
    with session(resource=True) as opened:
        x, y, weights, trainable = network()
        copy = variable("copy", [4, 3], 1.0)
        initialise(opened)
        fill = copy.assign(weights[0] * 2.0)
        y = y + tf1.matmul(x, copy)
        build(opened, folder, ["serve"], signature(x, y), saver=tf1.train.Saver(weights), main_op=tf1.group(fill))
        return truth.tensorflow1(weights + [copy], trainable + [copy])


@case(*TF1)
def all_filled(folder):
    """Nothing is restored at all: every weight comes from the init op."""
    with session(resource=True) as opened:
        x, y, weights, trainable = network()
        step = variable("step", [2])
        initialise(opened)
        fill = tf1.group(*[v.initializer for v in weights])
        build(opened, folder, ["serve"], signature(x, y), saver=tf1.train.Saver([step]), main_op=fill)
        return truth.tensorflow1(weights + [step], trainable + [step])


@case(*TF1)
def partitioned_and_filled(folder):
    """A partitioned variable outside the saver, each part of which the init op fills."""
    with session(resource=True) as opened:
        x, y, weights, trainable = network()
        table = variable("table", [6, 3], 1.0, partitioner=tf1.fixed_size_partitioner(2))
        initialise(opened)
        fill = tf1.group(*[part.initializer for part in table])
        y = y + tf1.reduce_sum(tf1.convert_to_tensor(table), 0)
        build(opened, folder, ["serve"], signature(x, y), saver=tf1.train.Saver(weights), main_op=fill)
        parts = list(table)
        answer = truth.counts(weights + parts, trainable + parts)
        assert answer["parameters"] == 18 + 18
        # No saver says that two parts are one variable; what there is to count is the same.
        del answer["variables"]
        return {"counts": answer}


@case(*TF1)
def local_and_filled(folder):
    """A local variable in which a signature keeps a running sum, filled by the init op: no weight."""
    with session(resource=True) as opened:
        x, y, weights, trainable = network()
        total = variable("total", [], trainable=False, collections=[tf1.GraphKeys.LOCAL_VARIABLES, tf1.GraphKeys.METRIC_VARIABLES])
        initialise(opened)
        with tf1.control_dependencies([total.assign_add(tf1.reduce_sum(x))]):
            y = tf1.identity(y)
        build(opened, folder, ["serve"], signature(x, y), saver=tf1.train.Saver(weights), main_op=tf1.group(total.initializer))
        answer = truth.tensorflow1(weights, trainable)
        answer["not_counted"] = {"metric": 1}
        return answer


# Control flow.


def flow(folder, version_2, resource):
    if version_2:
        tf1.enable_control_flow_v2()
    else:
        tf1.disable_control_flow_v2()
    with session(resource) as opened:
        x, y, weights, trainable = network()
        extra = tf1.get_variable("extra", [3, 3])
        loop = tf1.get_variable("loop", [3, 3], trainable=False)
        y = tf1.cond(tf1.reduce_sum(x) > 0, lambda: tf1.matmul(y, extra), lambda: y)
        _, y = tf1.while_loop(lambda i, _: i < 3, lambda i, h: (i + 1, tf1.matmul(h, loop)), (0, y))
        tf1.train.AdamOptimizer().minimize(tf1.reduce_sum(y))
        types = {op.type for op in opened.graph.get_operations()}
        assert ("Enter" in types) != version_2, types
        initialise(opened)
        simple_save(opened, folder, x, y)
        return truth.tensorflow1(weights + [extra, loop], trainable + [extra])


@case(*TF1)
def flow_1(folder):
    """Loops and conditions of version 1, with Enter, Switch and Merge, and their gradients."""
    return flow(folder, version_2=False, resource=False)


@case(*TF1)
def flow_1_resource(folder):
    """The same over resource variables."""
    return flow(folder, version_2=False, resource=True)


@case(*TF1)
def flow_2(folder):
    """Loops and conditions of version 2 in a graph with a session: their bodies are functions."""
    return flow(folder, version_2=True, resource=True)


@case("tf221")
def defined_function(folder):
    """A function of TensorFlow 1 that captures a variable, called twice."""
    from tensorflow.python.framework import function

    with session(resource=True) as opened:
        x, y, weights, trainable = network()
        extra = tf1.get_variable("extra", [3, 3])

        @function.Defun(tf1.float32)
        def twice(h):
            return tf1.matmul(h, extra)

        initialise(opened)
        simple_save(opened, folder, x, twice(twice(y)))
        return truth.tensorflow1(weights + [extra], trainable + [extra])


@case("tf221")
def many_in_one_graph(folder):
    """Two networks in one graph with a signature each; one saver, one bank of words between them."""
    with session(resource=True) as opened:
        first, second = network("first"), network("second")
        bank = tf1.get_variable("bank", [3, 2])
        build_info = tf1.saved_model.build_tensor_info
        signatures = {}
        for name, (x, y, _, _) in (("one", first), ("two", second)):
            outputs = {"y": build_info(tf1.matmul(y, bank))}
            signatures[name] = tf1.saved_model.build_signature_def({"x": build_info(x)}, outputs, "tensorflow/serving/predict")
        initialise(opened)
        build(opened, folder, ["serve"], signatures)
        return truth.tensorflow1(first[2] + second[2] + [bank], first[3] + second[3] + [bank])
