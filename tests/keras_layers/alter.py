"""Changes one option of one layer in a model's Keras metadata. Needs the standard library only.

Metadata is JSON inside protocol buffers: `keras_metadata.pb`, or the object graph in
`saved_model.pb` of TensorFlow 2.4. Both are rewritten as bytes.
"""

import copy
import json

# Numbers of the fields that lead to a layer's JSON.
METADATA_FILE = (1, 5)
SAVED_MODEL = (2, 7, 1, 4, 3)

COUNTS = ("units", "filters", "num_heads", "num_query_heads", "output_dim", "input_dim", "depth_multiplier")
FLAGS = ("use_bias", "scale", "center")
NESTED = ("layer", "backward_layer", "cell")


def alterations(layer):
    """`(what, changed layer)` for each option that decides about a variable's shape or existence."""
    config = layer.get("config") or {}
    for key in COUNTS:
        if type(config.get(key)) is int:
            yield f"{key} + 1", changed(layer, key, config[key] + 1)
    for key in FLAGS:
        if type(config.get(key)) is bool:
            yield f"not {key}", changed(layer, key, not config[key])
    size = config.get("kernel_size")
    if size:
        wider = copy.deepcopy(size)
        sizes = wider["items"] if isinstance(wider, dict) else wider
        sizes[0] += 1
        yield "kernel_size + 1", changed(layer, "kernel_size", wider)
    for key in NESTED:
        inner = config.get(key)
        if isinstance(inner, dict):
            for what, other in alterations(inner):
                yield f"{key}: {what}", changed(layer, key, other)


def changed(layer, key, value):
    return {**layer, "config": {**layer["config"], key: value}}


def layers_of(data, path):
    """The JSON of each layer in a file, in order."""
    found = []
    rewrite(data, path, lambda text: found.append(text) or text)
    return [json.loads(text) if text else {} for text in found]


def with_layer(data, path, wanted, layer):
    """The file with another JSON for the layer at this position."""
    at = iter(range(1 << 62))
    return rewrite(data, path, lambda text: json.dumps(layer).encode() if next(at) == wanted else text)


def rewrite(data, path, change):
    """The message with the bytes at the end of each path changed."""
    if not path:
        return change(data)
    out, at = bytearray(), 0
    while at < len(data):
        start = at
        tag, at = varint(data, at)
        kind = tag & 7
        if kind == 0:
            _, at = varint(data, at)
        elif kind == 2:
            length, at = varint(data, at)
            part, at = data[at : at + length], at + length
            if tag >> 3 == path[0]:
                part = rewrite(part, path[1:], change)
                out += encoded(tag) + encoded(len(part)) + part
                continue
        else:
            at += {1: 8, 5: 4}[kind]
        out += data[start:at]
    return bytes(out)


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def encoded(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out + bytes([value]))
