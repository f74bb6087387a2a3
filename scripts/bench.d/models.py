"""Generates one model of the benchmark: `models.py NAME FOLDER`, in the environment tf221.

Writes the SavedModel to FOLDER and prints how many parameters the live objects have. Sizes are what
matters here, not values: everything is zero or freshly initialised.
"""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def mobilenet_v2(folder):
    import tf_keras

    model = tf_keras.applications.MobileNetV2(weights=None)
    model.save(folder, save_format="tf")
    return model.count_params()


def bert_base(folder):
    """A Keras 3 export of BERT-base's sizes; such exports store every weight twice."""
    import keras

    layers, width = keras.layers, 768
    tokens = keras.Input((128,), dtype="int32", name="tokens")
    positions = keras.Input((128,), dtype="int32", name="positions")
    x = layers.Embedding(30522, width, name="token_embedding")(tokens)
    x = layers.Add()([x, layers.Embedding(512, width, name="position_embedding")(positions)])
    x = layers.LayerNormalization(name="embedding_norm")(x)
    for i in range(12):
        attended = layers.MultiHeadAttention(12, width // 12, name=f"attention_{i}")(x, x)
        x = layers.LayerNormalization(name=f"attention_norm_{i}")(layers.Add()([x, attended]))
        inner = layers.Dense(4 * width, activation="gelu", name=f"inner_{i}")(x)
        outer = layers.Dense(width, name=f"outer_{i}")(inner)
        x = layers.LayerNormalization(name=f"output_norm_{i}")(layers.Add()([x, outer]))
    x = layers.Dense(width, activation="tanh", name="pooler")(layers.Flatten()(x[:, :1]))
    model = keras.Model([tokens, positions], x)
    model.export(folder, verbose=False)
    return model.count_params()


def _variables(folder, count, shape):
    import tensorflow as tf

    module = tf.Module()
    module.kept = [tf.Variable(tf.zeros(shape), name=f"v{i}") for i in range(count)]
    tf.saved_model.save(module, folder)
    return sum(v.shape.num_elements() for v in module.kept)


def one_gb(folder):
    return _variables(folder, 16, (4096, 4096))


def four_gb(folder):
    return _variables(folder, 64, (4096, 4096))


def variables_1000(folder):
    return _variables(folder, 1_000, (4,))


def variables_10000(folder):
    return _variables(folder, 10_000, (4,))


def nested_528(folder):
    """16 sub-models, each of 32 layers: 528 layers and models below the root."""
    import tf_keras

    layers = tf_keras.layers
    inputs = x = tf_keras.Input((8,))
    for block in range(16):
        inner = [layers.Dense(8, name=f"dense_{block}_{i}") for i in range(32)]
        x = tf_keras.Sequential(inner, name=f"block_{block}")(x)
    model = tf_keras.Model(inputs, x)
    model.save(folder, save_format="tf")
    return model.count_params()


def graph_60000(folder):
    """A TF1 graph: 60,000 nodes around 100 variables."""
    import tensorflow as tf

    v1 = tf.compat.v1
    with tf.Graph().as_default() as graph, v1.Session() as session:
        variables = [v1.get_variable(f"v{i}", shape=(16,), use_resource=True) for i in range(100)]
        reads = [v.read_value() for v in variables]
        x = inputs = v1.placeholder(tf.float32, (16,))
        # The saver adds a few hundred nodes later.
        for i in range(60_000 - len(graph.get_operations())):
            x = tf.raw_ops.AddV2(x=x, y=reads[i % len(reads)])
        session.run(v1.global_variables_initializer())
        builder = v1.saved_model.Builder(folder)
        signature = v1.saved_model.predict_signature_def({"x": inputs}, {"y": x})
        builder.add_meta_graph_and_variables(session, ["serve"], {"serving_default": signature})
        builder.save()
    return sum(v.shape.num_elements() for v in variables)


def functions_85000(folder):
    """17 functions of 5,000 nodes."""
    import tensorflow as tf

    module = tf.Module()
    module.kept = [tf.Variable(tf.zeros(16), name=f"v{i}") for i in range(17)]

    def function_of(variable):
        @tf.function(input_signature=[tf.TensorSpec(16)])
        def chain(x):
            value = tf.convert_to_tensor(variable)
            for _ in range(4_997):
                x = tf.raw_ops.AddV2(x=x, y=value)
            return x

        return chain

    module.functions = {f"f{i}": function_of(v) for i, v in enumerate(module.kept)}
    signatures = {name: f.get_concrete_function() for name, f in module.functions.items()}
    for name, function in module.functions.items():
        setattr(module, name, function)
    del module.functions
    tf.saved_model.save(module, folder, signatures={"serving_default": signatures["f0"]})
    return sum(v.shape.num_elements() for v in module.kept)


if __name__ == "__main__":
    print(globals()[sys.argv[1]](sys.argv[2]))
