#!/usr/bin/env python3
"""What the tools that people use say about some models, beside `tfcensus count`.

    scripts/tools_compared.py [MODEL]...

Each row is a way that tutorials and answers recommend, each column a SavedModel folder; without
any, the fixtures of the README's table. Runs itself in the pinned environment of TensorFlow 2.21
(see tests/suite/environments.py), builds the program where that is due, and prints a Markdown table.
"""

import contextlib
import io
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
# TFCENSUS names a program that is built already.
PROGRAM = os.environ.get("TFCENSUS", ROOT / "scripts" / "run")
FIXTURES = ROOT / "tests" / "fixtures"
DEFAULT = [FIXTURES / name / "model" for name in ("keras3_export", "adam_step", "module_shared", "frozen_graph")]
INSIDE = "--inside"


def size(variables):
    """Elements, as `sum(np.prod(v.shape) for v in variables)` gives them."""
    return sum(int(v.shape.num_elements()) for v in variables)


def keras_summary(model):
    import tf_keras

    text = io.StringIO()
    loaded = tf_keras.models.load_model(model)
    loaded.summary(print_fn=lambda line, **_: print(line, file=text))
    total = re.search(r"Total params: ([\d,]+)", text.getvalue()).group(1)
    trainable = re.search(r"Trainable params: ([\d,]+)", text.getvalue()).group(1)
    return f"{int(total.replace(',', '')):,}", f"{trainable} trainable"


def keras_3(model):
    import keras

    return keras.models.load_model(str(model)).count_params(), ""


def loaded_variables(model):
    import tensorflow as tf

    loaded = tf.saved_model.load(str(model))
    return size(loaded.variables), ""


def loaded_trainable(model):
    import tensorflow as tf

    return size(tf.saved_model.load(str(model)).trainable_variables), ""


def signature_variables(model):
    import tensorflow as tf

    loaded = tf.saved_model.load(str(model))
    return size(loaded.signatures["serving_default"].variables), ""


def hub_layer(model):
    import tensorflow_hub as hub

    layer = hub.KerasLayer(str(model), trainable=True)
    return size(layer.variables), f"{size(layer.trainable_variables):,} trainable"


def checkpoint(model):
    import tensorflow as tf

    listed = tf.train.list_variables(str(model / "variables" / "variables"))
    total = 0
    for _, shape in listed:
        elements = 1
        for dim in shape:
            elements *= dim
        total += elements
    return total, ""


def cli(model):
    found = subprocess.run(
        [sys.executable, "-m", "tensorflow.python.tools.saved_model_cli", "show", "--dir", str(model), "--all"],
        capture_output=True,
        text=True,
    )
    if found.returncode:
        raise RuntimeError("saved_model_cli failed")
    return "no number", f"{len(found.stdout.splitlines())} lines"


TOOLS = [
    ("Keras 2: `load_model(M).summary()`", keras_summary),
    ("Keras 3: `load_model(M).count_params()`", keras_3),
    ("`tf.saved_model.load(M).variables`", loaded_variables),
    ("`tf.saved_model.load(M).trainable_variables`", loaded_trainable),
    ("`.signatures['serving_default'].variables`", signature_variables),
    ("`hub.KerasLayer(M, trainable=True)`", hub_layer),
    ("`tf.train.list_variables`, summed", checkpoint),
    ("`saved_model_cli show --all`", cli),
]


def ask(tool, model):
    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
        try:
            number, note = tool(model)
        except Exception as problem:  # Whatever a tool raises is its answer.
            return type(problem).__name__
    number = f"{number:,}" if isinstance(number, int) else number
    return f"{number} ({note})" if note else number


def census(model):
    done = subprocess.run([PROGRAM, "count", model, "--format", "json"], capture_output=True, text=True)
    report = json.loads(done.stdout)
    totals, constants = report["totals"], report["constants"]["parameters"]
    trainable = f"{totals['trainable']:,} trainable" if totals["variables"] else f"{constants:,} in constants"
    return f"**{totals['parameters']:,}** ({trainable})"


def main():
    arguments = sys.argv[1:]
    if arguments[:1] == [INSIDE]:
        print(json.dumps([ask(tool, pathlib.Path(arguments[1])) for _, tool in TOOLS]))
        return
    sys.path.insert(0, str(ROOT / "tests" / "suite"))
    import environments

    problem = environments.set_up("tf221")
    if problem:
        sys.exit(problem)
    models = [pathlib.Path(argument) for argument in arguments] or DEFAULT
    columns = []
    for model in models:
        done = environments.run("tf221", [__file__, INSIDE, model.resolve()], capture_output=True, text=True)
        if done.returncode:
            sys.exit(done.stderr[-2000:])
        columns.append(json.loads(done.stdout.splitlines()[-1]) + [census(model)])
    names = [model.resolve().parent.name if model.name == "model" else model.name for model in models]
    print("| | " + " | ".join(names) + " |")
    print("|:--|" + ":--|" * len(names))
    for row, name in enumerate([name for name, _ in TOOLS] + ["`tfcensus count M`"]):
        print(f"| {name} | " + " | ".join(column[row] for column in columns) + " |")


main()
