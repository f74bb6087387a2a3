"""What model optimization and probability put around layers of Keras 2: masks, ranges, clusters, distributions."""

import numpy as np
import truth
from frameworks import keras2 as keras
from frameworks import save_keras2, tf
from registry import case

layers = keras.layers


def optimization():
    import tensorflow_model_optimization

    return tensorflow_model_optimization


def probability():
    import tensorflow_probability

    return tensorflow_probability


def small(name="small"):
    """4*6+6 and 6*2+2: 44."""
    return keras.Sequential([keras.Input((4,)), layers.Dense(6, name="hidden"), layers.Dense(2, name="out")], name=name)


def image(name="image"):
    """A convolution with normalization, and a layer over it."""
    x = keras.Input((8, 8, 1), name="x")
    y = layers.ReLU(name="relu")(layers.BatchNormalization(name="bn")(layers.Conv2D(4, 3, use_bias=False, name="conv")(x)))
    return keras.Model(x, layers.Dense(2, name="head")(layers.Flatten(name="flat")(y)), name=name)


def saved(model, folder):
    """By Keras. Wrappers take the kernel out of the lists of the layer inside, which holds it still: no
    tree of Keras' is the truth about where it is."""
    answer = truth.keras2(model, tree=False)
    save_keras2(model, folder)
    return answer


def saved_by_tensorflow(model, folder):
    answer = truth.keras2(model, tree=False)
    tf.saved_model.save(model, folder)
    return answer


def pruned():
    sparsity = optimization().sparsity.keras
    model = sparsity.prune_low_magnitude(small(), pruning_schedule=sparsity.ConstantSparsity(0.5, 0))
    model.compile("adam", "mse")
    model.fit(np.zeros((4, 4)), np.zeros((4, 2)), verbose=0, callbacks=[sparsity.UpdatePruningStep()])
    return model, sparsity


@case("tf221")
def pruning(folder):
    """While it is pruned: a mask, a threshold and a step beside each kernel."""
    return saved(pruned()[0], folder)


@case("tf221")
def pruning_by_tensorflow(folder):
    """The same by tf.saved_model.save."""
    return saved_by_tensorflow(pruned()[0], folder)


@case("tf221")
def pruning_stripped(folder):
    """After it was pruned: the layers are themselves again."""
    model, sparsity = pruned()
    return saved(sparsity.strip_pruning(model), folder)


@case("tf221")
def quantization_aware(folder):
    """Quantization-aware training: ranges of weights and activations, and a step."""
    quantization = optimization().quantization.keras
    model = quantization.quantize_model(image())
    model.compile("adam", "mse")
    model.fit(np.zeros((2, 8, 8, 1)), np.zeros((2, 2)), verbose=0)
    return saved(model, folder)


@case("tf221")
def quantization_by_tensorflow(folder):
    """The same by tf.saved_model.save, untrained."""
    return saved_by_tensorflow(optimization().quantization.keras.quantize_model(image()), folder)


@case("tf221")
def quantization_of_a_layer(folder):
    """Quantization-aware training of one layer only."""
    quantization = optimization().quantization.keras
    clone = lambda layer: quantization.quantize_annotate_layer(layer) if layer.name == "head" else layer
    return saved(quantization.quantize_apply(keras.models.clone_model(image(), clone_function=clone)), folder)


def clustered():
    clustering = optimization().clustering.keras
    start = clustering.CentroidInitialization.LINEAR
    model = clustering.cluster_weights(small(), number_of_clusters=3, cluster_centroids_init=start)
    model.compile("adam", "mse")
    model.fit(np.zeros((4, 4)), np.zeros((4, 2)), verbose=0)
    return model, clustering


@case("tf221")
def clustering(folder):
    """While it is clustered: centroids, an index for each weight, and the weight itself."""
    return saved(clustered()[0], folder)


@case("tf221")
def clustering_by_tensorflow(folder):
    """The same by tf.saved_model.save."""
    return saved_by_tensorflow(clustered()[0], folder)


# Probability.


def flipout():
    tfp = probability()
    return keras.Sequential([keras.Input((4,)), tfp.layers.DenseFlipout(5, name="a"), tfp.layers.DenseReparameterization(2, name="b")], name="bayes")


@case("tf215", "tf221")
def dense_flipout(folder):
    """Layers with a mean and a deviation for each weight, by tf.saved_model.save."""
    return saved_by_tensorflow(flipout(), folder)


@case("tf215", "tf221")
def dense_flipout_by_keras(folder):
    """The same, trained for a step and saved by Keras."""
    model = flipout()
    model.compile("adam", "mse")
    model.train_on_batch(np.zeros((2, 4)), np.zeros((2, 2)))
    return saved(model, folder)


@case("tf215", "tf221")
def convolution_flipout(folder):
    """A convolution with a mean and a deviation for each weight."""
    tfp = probability()
    body = [keras.Input((6, 6, 1)), tfp.layers.Convolution2DFlipout(2, 3, name="conv"), layers.Flatten(name="flat"), layers.Dense(2, name="out")]
    return saved_by_tensorflow(keras.Sequential(body, name="convolution"), folder)


@case("tf215", "tf221")
def dense_variational(folder):
    """DenseVariational: the weights are in models that it makes, of distributions with variables."""
    tfp = probability()

    def posterior(kernel_size, bias_size=0, dtype=None):
        size = kernel_size + bias_size
        normal = lambda t: tfp.distributions.Independent(tfp.distributions.Normal(t[..., :size], 1e-3 + tf.nn.softplus(t[..., size:])), 1)
        return keras.Sequential([tfp.layers.VariableLayer(2 * size, dtype=dtype), tfp.layers.DistributionLambda(normal)])

    def prior(kernel_size, bias_size=0, dtype=None):
        size = kernel_size + bias_size
        normal = lambda t: tfp.distributions.Independent(tfp.distributions.Normal(t, 1), 1)
        return keras.Sequential([tfp.layers.VariableLayer(size, dtype=dtype), tfp.layers.DistributionLambda(normal)])

    model = keras.Sequential([keras.Input((4,)), tfp.layers.DenseVariational(3, posterior, prior, kl_weight=0.1, name="dense")], name="variational")
    # Two per weight in the posterior, one in the prior: 3 * (4*3 + 3).
    answer = saved_by_tensorflow(model, folder)
    assert answer["counts"]["parameters"] == 45, answer
    return answer


@case("tf215", "tf221")
def distribution_of_variables(folder):
    """A module of distributions and bijectors; one variable is kept through a softplus."""
    tfp = probability()
    root = tf.Module()
    scale = tfp.util.TransformedVariable([1.0, 2.0], tfp.bijectors.Softplus(), name="scale")
    root.normal = tfp.distributions.Normal(tf.Variable([0.0, 0.0], name="mean"), scale)
    root.flow = tfp.bijectors.Shift(tf.Variable([1.0, 1.0], name="shift", trainable=False))
    weights = root.variables
    tf.saved_model.save(root, folder)
    return {"counts": truth.counts(weights, root.trainable_variables)}


@case("tf215", "tf221")
def autoregressive_flow(folder):
    """A masked autoregressive flow: a network of Keras inside a bijector inside a distribution."""
    tfp = probability()
    network = tfp.bijectors.AutoregressiveNetwork(params=2, hidden_units=[8], event_shape=[3], activation="relu")
    flow = tfp.distributions.TransformedDistribution(
        tfp.distributions.Sample(tfp.distributions.Normal(0.0, 1.0), [3]), tfp.bijectors.MaskedAutoregressiveFlow(network)
    )
    flow.log_prob(tf.zeros([2, 3]))
    root = tf.Module()
    root.flow = flow
    weights = network.weights
    tf.saved_model.save(root, folder)
    return {"counts": truth.counts(weights, network.trainable_weights)}


@case("tf215", "tf221")
def gaussian_process(folder):
    """A variational Gaussian process: kernels with variables, inducing points, a learned noise."""
    tfp = probability()
    kernel = tfp.math.psd_kernels.ExponentiatedQuadratic(tf.Variable(1.0, name="amplitude"), tf.Variable(1.0, name="length"))
    points = np.linspace(0, 1, 5, dtype="f4")[:, None]
    root = tf.Module()
    root.process = tfp.distributions.VariationalGaussianProcess(
        kernel, index_points=points, inducing_index_points=tf.Variable(points, name="points"),
        variational_inducing_observations_loc=tf.Variable(tf.zeros([5]), name="loc"),
        variational_inducing_observations_scale=tf.Variable(tf.eye(5), name="scale"),
    )
    weights = truth.unique(root.process.variables)
    assert sum(map(truth.elements, weights)) == 1 + 1 + 5 + 5 + 25
    tf.saved_model.save(root, folder)
    return {"counts": truth.counts(weights, weights)}
