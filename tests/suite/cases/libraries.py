"""What other libraries save: agents, forests, ranking, recommenders, and KerasNLP before Keras 3."""

import numpy as np
import truth
from frameworks import keras2 as keras
from frameworks import tf
from registry import case

layers = keras.layers


# Agents.


def specs():
    from tf_agents.specs import tensor_spec
    from tf_agents.trajectories import time_step

    observation = tensor_spec.TensorSpec([4], tf.float32)
    action = tensor_spec.BoundedTensorSpec([], tf.int64, 0, 2)
    return time_step.time_step_spec(observation), observation, action


def policy_saved(policy, folder, weights, **more):
    """By PolicySaver, with its step; the weights are those of the policy's networks."""
    from tf_agents.policies import policy_saver

    answer = {"counts": truth.counts(weights, [v for v in weights if v.trainable]), **more}
    policy_saver.PolicySaver(policy, batch_size=None).save(folder)
    return answer


@case("tf215")
def q_policy(folder):
    """The policy of a DQN agent after a step of training; a greedy one over the same network."""
    from tf_agents.agents.dqn import dqn_agent
    from tf_agents.networks import q_network

    time_steps, observation, action = specs()
    network = q_network.QNetwork(observation, action, fc_layer_params=(6,))
    agent = dqn_agent.DqnAgent(time_steps, action, q_network=network, optimizer=keras.optimizers.Adam())
    agent.initialize()
    return policy_saved(agent.policy, folder, network.variables)


@case("tf215")
def actor_policy(folder):
    """An actor with a distribution, and a normalizer of observations."""
    from tf_agents.networks import actor_distribution_network
    from tf_agents.policies import actor_policy as policies
    from tf_agents.utils import tensor_normalizer

    time_steps, observation, action = specs()
    network = actor_distribution_network.ActorDistributionNetwork(observation, action, fc_layer_params=(6,))
    network.create_variables()
    normalizer = tensor_normalizer.StreamingTensorNormalizer(observation)
    policy = policies.ActorPolicy(time_steps, action, network, observation_normalizer=normalizer)
    return policy_saved(policy, folder, list(network.variables) + list(normalizer.variables))


@case("tf215")
def recurrent_policy(folder):
    """A recurrent policy: its state is an argument, not a variable."""
    from tf_agents.networks import q_rnn_network
    from tf_agents.policies import q_policy as policies

    time_steps, observation, action = specs()
    network = q_rnn_network.QRnnNetwork(observation, action, input_fc_layer_params=(5,), lstm_size=(4,), output_fc_layer_params=(3,))
    network.create_variables()
    policy = policies.QPolicy(time_steps, action, q_network=network)
    return policy_saved(policy, folder, network.variables)


# Forests and ranking.


def forest(kind):
    import pandas
    import tensorflow_decision_forests as tfdf

    random = np.random.default_rng(0)
    rows = pandas.DataFrame({"a": random.random(60), "b": random.random(60), "c": random.choice(["x", "y"], 60)})
    rows["label"] = (rows["a"] > rows["b"]).astype(int)
    model = getattr(tfdf.keras, kind)(verbose=0, num_trees=3)
    model.fit(tfdf.keras.pd_dataframe_to_tf_dataset(rows, label="label"), verbose=0)
    return model


@case("tf215")
def random_forest(folder):
    """Trees are files among the assets, read by an op that TensorFlow does not have; a flag is all that is left."""
    model = forest("RandomForestModel")
    answer = truth.keras2(model, tree=False)
    assert answer["counts"]["parameters"] == 1, answer
    model.save(folder)
    return answer


@case("tf215")
def boosted_trees(folder):
    """Gradient boosted trees, whose inputs a layer of Keras prepares."""
    model = forest("GradientBoostedTreesModel")
    answer = truth.keras2(model, tree=False)
    model.save(folder)
    return answer


@case("tf215")
def ranking_layers(folder):
    """A ranking model of layers: scores of lists, with attention over documents and normalization."""
    import tensorflow_ranking as ranking

    inputs = keras.Input((5, 3), name="documents"), keras.Input((5,), dtype="bool", name="mask")
    attention = ranking.keras.layers.DocumentInteractionAttention(num_heads=2, head_size=4, num_layers=2)
    hidden = attention(inputs)
    model = keras.Model(inputs, layers.Dense(1, name="score")(hidden), name="ranking")
    answer = truth.keras2(model, tree=False)
    model.save(folder, save_format="tf")
    return answer


@case("tf215")
def ranking_metrics(folder):
    """A tower of scores, compiled with a loss and metrics of ranking and trained for a step."""
    import tensorflow_ranking as ranking

    tower = ranking.keras.layers.create_tower([6], output_units=1, name="tower")
    documents = keras.Input((5, 3), name="documents")
    model = keras.Model(documents, layers.Reshape((5,))(tower(documents)), name="scores")
    model.compile("adagrad", ranking.keras.losses.SoftmaxLoss(), [ranking.keras.metrics.NDCGMetric()])
    model.train_on_batch(np.zeros((2, 5, 3), "f4"), np.ones((2, 5), "f4"))
    answer = truth.keras2(model, tree=False)
    model.save(folder, save_format="tf")
    return answer


# Recommenders.


def two_towers():
    words = layers.StringLookup(vocabulary=["a", "b", "c"], name="ids")
    query = keras.Sequential([keras.Input((), dtype="string"), words, layers.Embedding(4, 3, name="table")], name="query")
    candidate = keras.Sequential([layers.Embedding(6, 3, input_shape=(), name="table")], name="candidate")
    return query, candidate


@case("tf215")
def brute_force(folder):
    """A retrieval index: the candidates are variables beside the weights of the query's tower."""
    import tensorflow_recommenders as recommenders

    query, candidate = two_towers()
    index = recommenders.layers.factorized_top_k.BruteForce(query, k=2)
    index.index(candidate(tf.range(6)), tf.range(6))
    index(tf.constant(["a"]))
    held = [index._candidates, index._identifiers]
    weights = truth.unique(list(truth.keras2_weights(query)) + held)
    answer = {"counts": truth.counts(weights, list(query.trainable_weights) + [v for v in held if v.trainable])}
    tf.saved_model.save(index, folder)
    return answer


@case("tf215")
def retrieval(folder):
    """A model with a task of retrieval, whose metrics are layers and no weights."""
    import tensorflow_recommenders as recommenders

    query, candidate = two_towers()

    class Retrieval(recommenders.Model):
        def __init__(self):
            super().__init__()
            self.query, self.candidate = query, candidate
            self.task = recommenders.tasks.Retrieval()

        def call(self, inputs):
            return self.query(inputs["q"]), self.candidate(inputs["c"])

        def compute_loss(self, inputs, training=False):
            return self.task(*self(inputs))

    model = Retrieval()
    model.compile(keras.optimizers.Adagrad(0.1))
    model.fit(tf.data.Dataset.from_tensors({"q": tf.constant(["a", "b"]), "c": tf.constant([1, 2])}), verbose=0)
    weights = truth.keras2_weights(query) + truth.keras2_weights(candidate)
    answer = {"counts": truth.counts(weights, weights)}
    tf.saved_model.save(model, folder)
    return answer


@case("tf215")
def cross_network(folder):
    """A deep and cross network with low rank, and an interaction of features."""
    import tensorflow_recommenders as recommenders

    x = keras.Input((6,), name="x")
    cross = recommenders.layers.dcn.Cross(projection_dim=2, name="cross")
    model = keras.Model(x, layers.Dense(1, name="out")(cross(x, x)), name="dcn")
    answer = truth.keras2(model)
    model.save(folder, save_format="tf")
    return answer


# KerasNLP before Keras 3.


def keras_nlp_bert():
    import keras_nlp

    return keras_nlp.models.BertBackbone(vocabulary_size=30, num_layers=2, num_heads=2, hidden_dim=8, intermediate_dim=12, max_sequence_length=16)


@case("tf215")
def keras_nlp(folder):
    """KerasNLP's BERT over Keras 2, by Keras."""
    model = keras_nlp_bert()
    model.layers[-1].trainable = False
    answer = truth.keras2(model, tree=False)
    model.save(folder, save_format="tf")
    return answer


@case("tf215")
def keras_nlp_saved(folder):
    """The same by tf.saved_model.save."""
    model = keras_nlp_bert()
    answer = truth.keras2(model, tree=False)
    tf.saved_model.save(model, folder)
    return answer
