"""Models of the library `transformers`, tiny and with random weights, in both of its ways to save."""

import os
import shutil

import truth
from frameworks import tf
from registry import case

SIZES = {"vocab_size": 30, "hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 12, "max_position_embeddings": 16}


def library():
    import transformers

    return transformers


def built(model):
    model.build_in_name_scope()
    return model


def pretrained(model, folder):
    """By `save_pretrained(saved_model=True)`, which leaves the SavedModel two folders below."""
    built(model)
    answer = truth.keras2(model, tree=False)
    place = folder + ".pretrained"
    model.save_pretrained(place, saved_model=True)
    os.rename(os.path.join(place, "saved_model", "1"), folder)
    shutil.rmtree(place)
    return answer


def saved(model, folder):
    """By tf.saved_model.save, with the signature that the library gives its models."""
    built(model)
    answer = truth.keras2(model, tree=False)
    tf.saved_model.save(model, folder, signatures=model.serving.get_concrete_function(model.input_signature))
    return answer


def bert(name="TFBertModel"):
    hf = library()
    return getattr(hf, name)(hf.BertConfig(**SIZES))


@case("tf215")
def bert_pretrained(folder):
    """A bare encoder."""
    return pretrained(bert(), folder)


@case("tf215")
def bert_saved(folder):
    """The same by tf.saved_model.save."""
    return saved(bert(), folder)


@case("tf215")
def bert_words(folder):
    """A masked language model, whose head shares the table of words and has a bias of its own."""
    return pretrained(bert("TFBertForMaskedLM"), folder)


@case("tf215")
def bert_frozen(folder):
    """A classifier whose encoder is frozen, after a step of training."""
    model = built(bert("TFBertForSequenceClassification"))
    model.bert.trainable = False
    model.compile(tf.keras.optimizers.Adam())
    model.train_on_batch({"input_ids": tf.ones([2, 4], tf.int32), "labels": tf.zeros([2], tf.int32)})
    assert 0 < len(model.trainable_weights) < len(model.weights)
    return pretrained(model, folder)


@case("tf215")
def bert_frozen_saved(folder):
    """A classifier whose encoder is frozen, by tf.saved_model.save."""
    model = built(bert("TFBertForSequenceClassification"))
    model.bert.trainable = False
    return saved(model, folder)


@case("tf215")
def gpt2(folder):
    """A causal language model; one kind of convolution for all of its kernels."""
    hf = library()
    return pretrained(hf.TFGPT2LMHeadModel(hf.GPT2Config(vocab_size=30, n_positions=16, n_embd=8, n_layer=2, n_head=2, bos_token_id=1, eos_token_id=2)), folder)


def t5_model():
    hf = library()
    return hf.TFT5ForConditionalGeneration(hf.T5Config(vocab_size=30, d_model=8, d_kv=4, d_ff=12, num_layers=2, num_heads=2, decoder_start_token_id=0))


@case("tf215")
def t5(folder):
    """Encoder and decoder share a table; relative positions are in the first layers."""
    return pretrained(t5_model(), folder)


@case("tf215")
def t5_saved(folder):
    """The same by tf.saved_model.save."""
    return saved(t5_model(), folder)


@case("tf215")
def vit(folder):
    """A vision transformer with a pooler."""
    hf = library()
    return pretrained(hf.TFViTModel(hf.ViTConfig(hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=12, image_size=16, patch_size=4)), folder)


@case("tf215")
def whisper(folder):
    """Sound and text; the positions of sound are fixed."""
    hf = library()
    config = hf.WhisperConfig(
        vocab_size=30, num_mel_bins=4, d_model=8, encoder_layers=2, decoder_layers=2, encoder_attention_heads=2, decoder_attention_heads=2,
        encoder_ffn_dim=12, decoder_ffn_dim=12, max_source_positions=8, max_target_positions=8, pad_token_id=0, bos_token_id=1, eos_token_id=2,
        decoder_start_token_id=1, suppress_tokens=[], begin_suppress_tokens=[],
    )
    return saved(hf.TFWhisperModel(config), folder)


@case("tf215")
def distilbert(folder):
    """A model for questions."""
    hf = library()
    config = hf.DistilBertConfig(vocab_size=30, max_position_embeddings=16, n_layers=2, n_heads=2, dim=8, hidden_dim=12)
    return pretrained(hf.TFDistilBertForQuestionAnswering(config), folder)


@case("tf215")
def roberta_in_keras(folder):
    """A functional Keras model over an encoder's main layer, with a head."""
    hf = library()
    encoder = built(hf.TFRobertaModel(hf.RobertaConfig(**SIZES, pad_token_id=1)))
    encoder.trainable = False
    ids = tf.keras.Input((4,), dtype="int32", name="input_ids")
    hidden = encoder.roberta(ids)[0]
    model = tf.keras.Model(ids, tf.keras.layers.Dense(3, name="head")(hidden[:, 0]), name="classifier")
    answer = truth.keras2(model, tree=False)
    model.save(folder, save_format="tf")
    return answer


@case("tf215")
def encoder_in_a_module(folder):
    """A module that holds an encoder, as deployments with their own signature do."""
    root = tf.Module()
    root.encoder = built(bert())
    root.encoder.bert.embeddings.trainable = False

    @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.int32)])
    def embed(ids):
        return root.encoder(input_ids=ids).last_hidden_state

    root.embed = embed
    answer = truth.keras2(root.encoder, tree=False)
    tf.saved_model.save(root, folder, signatures=embed)
    return answer


@case("tf215")
def resnet(folder):
    """Convolutions with statistics that are not trained."""
    hf = library()
    config = hf.ResNetConfig(embedding_size=4, hidden_sizes=[8, 8], depths=[1, 1], layer_type="basic")
    return pretrained(hf.TFResNetForImageClassification(config), folder)
