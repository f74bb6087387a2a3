"""A text embedding of the published shape of google/nnlm-en-dim128/2, all zeros.

    ~/.cache/tfcensus/venvs/tf221/bin/python tests/sparse/nnlm_dim128/make.py

One float32 table of 973,771 x 128 takes half a gigabyte, so only what is not zero of its shard is
kept: `shard.json` says how long the shard is and where `shard.part` belongs in it. A test puts the
file together with a hole for the rest. TensorFlow wrote all of it, checksums included.

The truth is taken from the live variables before they are saved.
"""

import json
import pathlib
import shutil
import tempfile

import tensorflow as tf

HERE = pathlib.Path(__file__).resolve().parent
SHARD = "variables/variables.data-00000-of-00001"
# In bytes. A multiple of the size of a page, so that the hole stays one.
STEP = 1 << 20


class Embedding(tf.Module):
    """What hub.load and hub.KerasLayer take: the interface of a reusable SavedModel."""

    def __init__(self):
        super().__init__()
        self.embeddings = tf.Variable(tf.zeros([973_771, 128]), name="embeddings")
        self.variables_list = [self.embeddings]

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def __call__(self, sentences):
        words = tf.strings.split(sentences)
        ids = tf.strings.to_hash_bucket_fast(words.flat_values, 973_771)
        return tf.math.segment_sum(tf.gather(self.embeddings, ids), words.value_rowids())


def main():
    model = Embedding()
    held = model.variables
    truth = {
        "parameters": sum(int(v.shape.num_elements()) for v in held),
        "trainable": sum(int(v.shape.num_elements()) for v in model.trainable_variables),
        "bytes": sum(int(v.shape.num_elements()) * v.dtype.size for v in held),
        "variables": len(held),
    }
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        tf.saved_model.save(model, str(folder))
        shutil.copy(folder / "saved_model.pb", HERE)
        shutil.copy(folder / "variables/variables.index", HERE)
        with open(folder / SHARD, "rb") as shard:
            kept, length = [], 0
            while block := shard.read(STEP):
                if block.strip(b"\0"):
                    kept.append((length + len(block) - len(block.lstrip(b"\0")), length + len(block)))
                length += len(block)
            # What is not zero is the object graph, a string tensor at one end of the shard.
            start, end = kept[0][0], kept[-1][1]
            shard.seek(start)
            part = shard.read(end - start).rstrip(b"\0")
    assert len(part) < STEP, len(part)
    (HERE / "shard.part").write_bytes(part)
    (HERE / "shard.json").write_text(json.dumps({"name": SHARD, "byte_len": length, "part_at": start}) + "\n")
    (HERE / "expected.json").write_text(json.dumps(truth, indent=1) + "\n")


main()
