"""Sonnet's modules, alone and with its optimizers beside them."""

import truth
from frameworks import keras2, tf
from registry import case


def library():
    import sonnet

    return sonnet


def trained(network, optimizer, x):
    """One step of training, after which the optimizer has its slots."""
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(network(x) ** 2)
    weights = network.trainable_variables
    optimizer.apply(tape.gradient(loss, weights), weights)
    return network


def saved(network, folder, optimizer=None, **more):
    """Saves the network, with its optimizer if there is one, under a module as Sonnet's guide does."""
    root = tf.Module()
    root.network = network
    if optimizer is not None:
        root.optimizer = optimizer
    # Sonnet's own list of what is trained refuses to be empty.
    counted = list(network.variables)
    tf.saved_model.save(root, folder)
    return {"counts": truth.counts(counted, [v for v in counted if v.trainable]), **more}


def perceptron():
    return library().nets.MLP([6, 3])


def with_optimizer(folder, make, slots):
    network, optimizer = perceptron(), make(library().optimizers)
    trained(network, optimizer, tf.ones([2, 4]))
    return saved(network, folder, optimizer, not_counted={"optimizer": slots})


@case("tf215", "tf221")
def module(folder):
    """A network without an optimizer: convolution, normalization with averages, linear layers."""
    snt = library()

    class Network(snt.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.norm = snt.Conv2D(4, 3), snt.BatchNorm(create_scale=True, create_offset=True)
            self.head = snt.Linear(2)

        def __call__(self, x):
            return self.head(tf.reduce_mean(self.norm(self.conv(x), is_training=True), [1, 2]))

    network = Network()
    network(tf.ones([2, 8, 8, 1]))
    # Sonnet's counters of averages are variables of the module like all others.
    return saved(network, folder)


@case("tf215", "tf221")
def recurrent(folder):
    """LSTM and GRU; the initial state is no variable unless asked to be."""
    snt = library()
    network = snt.DeepRNN([snt.LSTM(3), snt.GRU(2), snt.VanillaRNN(2)])
    network(tf.ones([2, 4]), network.initial_state(2))
    return saved(network, folder)


@case("tf215", "tf221")
def trained_initial_state(folder):
    """An initial state that is trained."""
    snt = library()

    class Network(snt.Module):
        def __init__(self):
            super().__init__()
            self.core = snt.LSTM(3)
            self.start = snt.TrainableState(tf.zeros([3]))

        def __call__(self, x):
            return self.core(x, self.core.initial_state(2))[0] + self.start(2)

    network = Network()
    network(tf.ones([2, 4]))
    return saved(network, folder)


@case("tf215", "tf221")
def quantizer(folder):
    """A VectorQuantizerEMA: codes and averages are variables, none trained by gradients."""
    snt = library()
    network = snt.nets.VectorQuantizerEMA(4, 8, commitment_cost=0.2, decay=0.99)
    network(tf.ones([2, 4]), is_training=True)
    return saved(network, folder)


@case("tf215", "tf221")
def adam(folder):
    """Adam: a step, and `m` and `v` for each of four weights."""
    return with_optimizer(folder, lambda o: o.Adam(0.1), 1 + 2 * 4)


@case("tf215", "tf221")
def rmsprop(folder):
    """RMSProp, centered: momentum, mean of squares and mean for each of four weights."""
    return with_optimizer(folder, lambda o: o.RMSProp(0.1, momentum=0.9, centered=True), 3 * 4)


@case("tf215", "tf221")
def momentum(folder):
    """Momentum: an accumulator for each of four weights."""
    return with_optimizer(folder, lambda o: o.Momentum(0.1, 0.9), 4)


@case("tf215", "tf221")
def plain_descent(folder):
    """SGD keeps nothing."""
    network, optimizer = perceptron(), library().optimizers.SGD(0.1)
    trained(network, optimizer, tf.ones([2, 4]))
    return saved(network, folder, optimizer)


@case("tf215", "tf221")
def learned_rate(folder):
    """Adam whose rate is a variable that somebody changes."""
    network = perceptron()
    optimizer = library().optimizers.Adam(tf.Variable(0.1, trainable=False, name="rate"))
    trained(network, optimizer, tf.ones([2, 4]))
    return saved(network, folder, optimizer, not_counted={"optimizer": 1 + 1 + 2 * 4})


@case("tf215", "tf221")
def equal_shapes(folder):
    """Adam over weights of one shape: slots differ from weights in nothing but where they are."""
    snt = library()
    network = snt.Sequential([snt.Linear(4, name="a"), snt.Linear(4, name="b")])
    optimizer = snt.optimizers.Adam(0.1)
    trained(network, optimizer, tf.ones([2, 4]))
    return saved(network, folder, optimizer, not_counted={"optimizer": 1 + 2 * 4})


@case("tf215", "tf221")
def optimizer_first(folder):
    """The optimizer stands before the network in a checkpoint, which keeps a counter."""
    network, optimizer = perceptron(), library().optimizers.Adam(0.1)
    trained(network, optimizer, tf.ones([2, 4]))
    root = tf.train.Checkpoint(optimizer=optimizer, net=network)
    root.save(folder + ".checkpoint")
    answer = {"counts": truth.counts(network.variables, network.trainable_variables)}
    tf.saved_model.save(root, folder)
    return {**answer, "not_counted": {"optimizer": 1 + 2 * 4, "counter": 1}}


@case("tf215", "tf221")
def own_averages(folder):
    """Moving averages of Sonnet beside the weights: averages and their counters are weights, not trained."""
    snt = library()
    root = snt.Module()
    root.network, root.average = perceptron(), snt.ExponentialMovingAverage(0.9)
    root.network(tf.ones([2, 4]))
    root.average(tf.ones([5]))
    counted = root.variables
    tf.saved_model.save(root, folder)
    return {"counts": truth.counts(counted, [v for v in counted if v.trainable])}


@case("tf215", "tf221")
def part_trained(folder):
    """Momentum over the head only; the body has weights of the same shapes and no slots."""
    snt = library()
    body, head = snt.Linear(4, name="body"), snt.Linear(4, name="head")
    optimizer = snt.optimizers.Momentum(0.1, 0.9)
    network = snt.Sequential([body, head])
    x = tf.ones([2, 4])
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(network(x) ** 2)
    optimizer.apply(tape.gradient(loss, head.trainable_variables), head.trainable_variables)
    return saved(network, folder, optimizer, not_counted={"optimizer": 2})


@case("tf215", "tf221")
def loss_scale(folder):
    """A dynamic loss scale of TensorFlow in a module: the scale and a count of good steps."""
    root = tf.Module()
    root.network = perceptron()
    root.network(tf.ones([2, 4]))
    scale = tf.compat.v1.mixed_precision.DynamicLossScale()
    root.loss_scale = scale
    scale()
    weights = root.network.variables
    tf.saved_model.save(root, folder)
    return {"counts": truth.counts(weights, weights), "not_counted": {"optimizer": 2}}


@case("tf215", "tf221")
def beside_keras(folder):
    """A module with a network of Sonnet and one of Keras, half of which is frozen."""
    root = tf.Module()
    root.sonnet = perceptron()
    root.sonnet(tf.ones([2, 4]))
    root.keras = keras2.Sequential([keras2.layers.Dense(3, input_shape=(4,)), keras2.layers.Dense(2)])
    root.keras.layers[0].trainable = False
    weights = list(root.sonnet.variables) + list(root.keras.weights)
    trainable = list(root.sonnet.trainable_variables) + list(root.keras.trainable_weights)
    tf.saved_model.save(root, folder)
    return {"counts": truth.counts(weights, trainable)}
