"""Variables that only loops, branches and functions reach, in both kinds of control flow."""

import truth
from frameworks import tf, tf1
from registry import MODULES, case


def signed(root, folder, function, answer=None):
    """Saves the module with the function as its only signature."""
    root.call = function
    answer = answer or truth.module(root)
    tf.saved_model.save(root, folder, signatures=function)
    return answer


def variable(shape, name, **options):
    return tf.Variable(tf.ones(shape), name=name, **options)


SPEC = [tf.TensorSpec([None, 3], tf.float32)]


@case(*MODULES)
def while_loop(folder):
    """A kernel that a loop uses, and a bound that its condition reads."""
    root = tf.Module()
    root.kernel, root.steps = variable([3, 3], "kernel"), tf.Variable(4, trainable=False, name="steps")

    @tf.function(input_signature=SPEC)
    def call(x):
        return tf.while_loop(lambda i, _: i < root.steps, lambda i, h: (i + 1, h @ root.kernel), [0, x])[1]

    return signed(root, folder, call)


@case(*MODULES)
def branches(folder):
    """Each branch has a weight of its own, and one of its branches another choice."""
    root = tf.Module()
    root.a, root.b, root.c = variable([3, 3], "a"), variable([3, 3], "b"), variable([3], "c", trainable=False)

    @tf.function(input_signature=SPEC)
    def call(x):
        inner = lambda: tf.switch_case(tf.shape(x)[0] % 2, [lambda: x @ root.b, lambda: x + root.c])
        return tf.cond(tf.reduce_sum(x) > 0, lambda: x @ root.a, inner)

    return signed(root, folder, call)


@case(*MODULES)
def functional_only(folder):
    """Scan, fold and map over a kernel, inside a function inside a function."""
    root = tf.Module()
    root.kernel = variable([3, 3], "kernel")
    inner = tf.function(lambda h, _: tf.linalg.matvec(root.kernel, h))

    @tf.function(input_signature=SPEC)
    def call(x):
        return tf.map_fn(lambda h: tf.foldl(inner, tf.range(3), h), x) + tf.scan(inner, tf.range(2), x[0])[0]

    return signed(root, folder, call)


@case("tf215", "tf221")
def wrapped(folder):
    """A function wrapped from TensorFlow 1, which makes its variables inside."""

    def body(x):
        kernel = tf1.get_variable("kernel", [3, 3], use_resource=True)
        gate = tf1.get_variable("gate", [], trainable=False, use_resource=True)
        y = tf1.while_loop(lambda i, _: i < 3, lambda i, h: (i + 1, tf.matmul(h, kernel)), [0, x])[1]
        return tf1.cond(gate > 0, lambda: y, lambda: y + gate)

    root = tf.Module()
    root.wrapped = tf1.wrap_function(body, SPEC)
    root.held = counted = list(root.wrapped.variables)
    assert len(counted) == 2
    answer = {"counts": truth.counts(counted, [v for v in counted if v.trainable])}
    return signed(root, folder, tf.function(lambda x: root.wrapped(x), input_signature=SPEC), answer)


@case("tf215", "tf221")
def gradients(folder):
    """A signature that trains: gradients of a loop, assigned to the kernel."""
    root = tf.Module()
    root.kernel, root.rate = variable([3, 3], "kernel"), tf.Variable(0.1, trainable=False, name="rate")

    @tf.function(input_signature=SPEC)
    def step(x):
        with tf.GradientTape() as tape:
            y = tf.while_loop(lambda i, _: i < 2, lambda i, h: (i + 1, h @ root.kernel), [0, x], maximum_iterations=2)[1]
            loss = tf.reduce_sum(y)
        root.kernel.assign_sub(root.rate * tape.gradient(loss, root.kernel))
        return loss

    return signed(root, folder, step)


@case("tf215", "tf221")
def own_gradient(folder):
    """A function with a gradient of its own over a weight, and one that is computed again."""
    root = tf.Module()
    root.kernel, root.scale = variable([3, 3], "kernel"), variable([3], "scale")

    @tf.custom_gradient
    def twice(x):
        return x * 2.0, lambda upstream: upstream * 3.0

    again = tf.recompute_grad(lambda x: x @ root.kernel)

    @tf.function(input_signature=SPEC)
    def call(x):
        return twice(again(x)) * root.scale

    return signed(root, folder, call)


@case("tf215", "tf221")
def compiled(folder):
    """A function that XLA compiles."""
    root = tf.Module()
    root.kernel = variable([3, 3], "kernel")
    inner = tf.function(lambda x: x @ root.kernel, jit_compile=True)
    return signed(root, folder, tf.function(lambda x: inner(x) + 1.0, input_signature=SPEC))


@case("tf215", "tf221")
def table_of_functions(folder):
    """Experts in a list, one of which is chosen by its number; others are gathered from one bank."""
    root = tf.Module()
    root.experts = [variable([3, 2], "expert") for _ in range(4)]
    root.bank = variable([5, 3, 2], "bank")

    @tf.function(input_signature=SPEC)
    def call(x):
        chosen = tf.switch_case(tf.shape(x)[0] % 4, [lambda e=e: x @ e for e in root.experts])
        return chosen + x @ tf.gather(root.bank, 1)

    return signed(root, folder, call)


@case("tf215", "tf221")
def stateful_counter(folder):
    """A module that counts its calls in a variable of its own: no more than a variable that is not trained."""
    root = tf.Module()
    root.kernel, root.calls = variable([3, 3], "kernel"), tf.Variable(0, dtype=tf.int64, trainable=False, name="calls")

    @tf.function(input_signature=SPEC)
    def call(x):
        root.calls.assign_add(1)
        return x @ root.kernel

    return signed(root, folder, call)


@case("tf215", "tf221")
def dataset(folder):
    """A function that reads a dataset, whose own function uses a weight."""
    root = tf.Module()
    root.kernel = variable([3, 3], "kernel")

    @tf.function(input_signature=SPEC)
    def call(x):
        data = tf.data.Dataset.from_tensor_slices(x).map(lambda row: tf.linalg.matvec(root.kernel, row))
        return data.reduce(tf.zeros([3]), lambda a, b: a + b)

    return signed(root, folder, call)


@case("tf215", "tf221")
def ragged(folder):
    """Ragged and sparse inputs, with a table."""
    root = tf.Module()
    root.table = variable([9, 4], "table")
    signature = [tf.RaggedTensorSpec([None, None], tf.int32), tf.SparseTensorSpec([None, 9], tf.float32)]

    @tf.function(input_signature=signature)
    def call(words, weights):
        return tf.sparse.sparse_dense_matmul(weights, root.table) + tf.reduce_sum(tf.gather(root.table, words.flat_values), 0)

    root.call = call
    tf.saved_model.save(root, folder)
    return truth.module(root)


@case("tf215", "tf221")
def captured_in_functions(folder):
    """A variable that the module holds only in a list of what its function has captured."""
    root = tf.Module()
    hidden, held = variable([3, 2], "hidden"), variable([2], "held")

    @tf.function(input_signature=SPEC)
    def call(x):
        return x @ hidden + held

    root.call, root.held = call, held
    # A function has to be told apart from what it captures: TensorFlow refuses to save what nothing tracks.
    root.captured = list(call.get_concrete_function().variables)
    tf.saved_model.save(root, folder)
    return {"counts": truth.counts([hidden, held], [hidden, held])}
