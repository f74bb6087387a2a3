"""KerasHub's models, tiny and with random weights, by `model.export` and by `tf.saved_model.save`."""

import truth
from cases.keras3 import at_most, exported, saved
from frameworks import keras3 as keras
from frameworks import tf
from registry import case


def models():
    import keras_hub

    return keras_hub.models


# What nearly every transformer is made of, under the names that KerasHub has for it.
SIZES = {"vocabulary_size": 30, "num_layers": 2, "num_heads": 2, "hidden_dim": 8, "intermediate_dim": 12}
LENGTH = {"max_sequence_length": 16}
DECODER = {"vocabulary_size": 30, "num_layers": 2, "num_query_heads": 4, "num_key_value_heads": 2, "hidden_dim": 16, "intermediate_dim": 12}


def bert():
    return models().BertBackbone(**SIZES, **LENGTH)


def gemma(**more):
    return models().GemmaBackbone(**DECODER, head_dim=4, **more)


def vit():
    return models().ViTBackbone((16, 16, 3), (4, 4), num_layers=2, num_heads=2, hidden_dim=8, mlp_dim=12)


def resnet():
    return models().ResNetBackbone(
        input_conv_filters=[8], input_conv_kernel_sizes=[7], stackwise_num_filters=[64, 16], stackwise_num_blocks=[1, 2],
        stackwise_num_strides=[1, 2], block_type="bottleneck_block", image_shape=(32, 32, 3),
    )


@case("tf221")
def bert_export(folder):
    """An encoder with two outputs."""
    return exported(bert(), folder)


@case("tf221")
def bert_saved(folder):
    """The same by tf.saved_model.save."""
    return saved(bert(), folder)


@case("tf221")
def bert_frozen(folder):
    """A classifier over a backbone that is frozen."""
    backbone = bert()
    backbone.trainable = False
    return exported(models().BertTextClassifier(backbone=backbone, num_classes=3, preprocessor=None), folder)


@case("tf221")
def roberta(folder):
    """A masked language model, whose head uses the table of the embedding."""
    backbone = models().RobertaBackbone(**SIZES, **LENGTH)
    return exported(models().RobertaMaskedLM(backbone=backbone, preprocessor=None), folder)


@case("tf221")
def roberta_saved(folder):
    """The same by tf.saved_model.save: the head's table has no path of its own."""
    backbone = models().RobertaBackbone(**SIZES, **LENGTH)
    return saved(models().RobertaMaskedLM(backbone=backbone, preprocessor=None), folder)


@case("tf221")
def albert(folder):
    """One group of layers that is run twice."""
    return exported(models().AlbertBackbone(**SIZES, **LENGTH, embedding_dim=4, num_inner_repetitions=2), folder)


@case("tf221")
def deberta(folder):
    """Relative positions that all layers share."""
    return exported(models().DebertaV3Backbone(**SIZES, **LENGTH, bucket_size=8), folder)


@case("tf221")
def deberta_saved(folder):
    """The same by tf.saved_model.save."""
    return saved(models().DebertaV3Backbone(**SIZES, **LENGTH, bucket_size=8), folder)


@case("tf221")
def t5(folder):
    """Encoder and decoder over one table; layers hold the first layer's relative positions."""
    return exported(models().T5Backbone(**SIZES), folder)


@case("tf221")
def t5_saved(folder):
    """The same by tf.saved_model.save."""
    return saved(models().T5Backbone(**SIZES), folder)


@case("tf221")
def whisper(folder):
    """Audio and text, with sinusoidal positions that are never trained."""
    return exported(models().WhisperBackbone(**SIZES, num_mels=4, max_encoder_sequence_length=16, max_decoder_sequence_length=16), folder)


@case("tf221")
def whisper_saved(folder):
    """The same by tf.saved_model.save."""
    return saved(models().WhisperBackbone(**SIZES, num_mels=4, max_encoder_sequence_length=16, max_decoder_sequence_length=16), folder)


@case("tf221")
def gpt2(folder):
    """A causal language model; its logits use the table of the embedding."""
    backbone = models().GPT2Backbone(**SIZES, **LENGTH)
    return exported(models().GPT2CausalLM(backbone=backbone, preprocessor=None), folder)


@case("tf221")
def gemma_saved(folder):
    """Grouped attention, by tf.saved_model.save."""
    return saved(gemma(), folder)


@case("tf221")
def gemma_lora(folder):
    """LoRA over the queries and values, which freezes the rest of the backbone."""
    model = gemma()
    model.enable_lora(2)
    assert 0 < len(model.trainable_weights) < len(model.weights)
    return exported(model, folder)


@case("tf221")
def gemma_int8(folder):
    """A decoder quantized to int8, with its scales."""
    model = gemma()
    model.quantize("int8")
    assert any(w.dtype == "int8" for w in model.weights)
    return exported(model, folder)


@case("tf221")
def gemma_bfloat16(folder):
    """A decoder with bfloat16 weights, by tf.saved_model.save."""
    return saved(gemma(dtype="bfloat16"), folder)


@case("tf221")
def llama(folder):
    """A table for the words and another for the logits."""
    return exported(models().LlamaBackbone(**DECODER), folder)


@case("tf221")
def mixtral(folder):
    """A mixture of experts: a bank of weights with three axes."""
    return exported(models().MixtralBackbone(**DECODER, num_experts=3), folder)


@case("tf221")
def falcon_saved(folder):
    """Attention that all layers reach through tf.saved_model.save."""
    sizes = {name: size for name, size in SIZES.items() if name != "num_heads"}
    return saved(models().FalconBackbone(**sizes, num_attention_heads=2), folder)


@case("tf221")
def vit_saved(folder):
    """A vision transformer with a class token, by tf.saved_model.save."""
    return saved(vit(), folder)


@case("tf221")
def resnet_classifier(folder):
    """A classifier of images after a step of training."""
    model = models().ResNetImageClassifier(backbone=resnet(), num_classes=3, preprocessor=None)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.train_on_batch(tf.zeros([2, 32, 32, 3]), tf.zeros([2], tf.int32))
    return exported(model, folder)


@case("tf221")
def resnet_saved(folder):
    """A classifier of images after a step of training, by tf.saved_model.save."""
    model = models().ResNetImageClassifier(backbone=resnet(), num_classes=3, preprocessor=None)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.train_on_batch(tf.zeros([2, 32, 32, 3]), tf.zeros([2], tf.int32))
    return saved(model, folder)


@case("tf221")
def densenet(folder):
    """Blocks that are joined again and again."""
    return exported(models().DenseNetBackbone([2, 2], image_shape=(32, 32, 3), growth_rate=4), folder)


@case("tf221")
def clip(folder):
    """Two towers, projections and a scale."""
    hub = models()
    vision = vision_encoder()
    text = text_encoder()
    return exported(hub.CLIPBackbone(vision, text, projection_dim=4), folder)


def vision_encoder():
    from keras_hub.src.models.clip.clip_vision_encoder import CLIPVisionEncoder

    return CLIPVisionEncoder(patch_size=4, hidden_dim=8, num_layers=2, num_heads=2, intermediate_dim=12, image_shape=(16, 16, 3))


def text_encoder():
    from keras_hub.src.models.clip.clip_text_encoder import CLIPTextEncoder

    return CLIPTextEncoder(vocabulary_size=30, embedding_dim=8, hidden_dim=8, num_layers=2, num_heads=2, intermediate_dim=12, max_sequence_length=8)


@case("tf221")
def in_a_module(folder):
    """A module that holds a backbone twice, and a head of its own."""
    root = tf.Module()
    root.backbone = root.again = bert()
    root.head = tf.Variable(tf.ones([8, 3]), name="head")
    weights = [w.value for w in root.backbone.weights] + [root.head]
    tf.saved_model.save(root, folder)
    return {"counts": at_most(truth.counts(weights, [w for w in weights if w.trainable]))}


@case("tf221")
def two_backbones(folder):
    """An export of a model of two backbones, of which one is frozen, with layers of equal names."""
    one, two = vit(), vit()
    two.trainable = False
    image = keras.Input((16, 16, 3), name="image")
    return exported(keras.Model(image, keras.layers.Concatenate()([one(image), two(image)]), name="twins"), folder)
