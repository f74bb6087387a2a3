"""Makes one fixture: runs its `make(folder)` and writes the truth that it returns.

    python make_case.py CASE/make.py MODEL_FOLDER EXPECTED.json

Run by scripts/fixtures/make.py in the environment that the case names.
"""

import importlib.util
import json
import os
import shutil
import sys

import tensorflow as tf


def main():
    script, folder, expected = sys.argv[1:]
    spec = importlib.util.spec_from_file_location("case", script)
    case = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(case)
    shutil.rmtree(folder, ignore_errors=True)
    truth = case.make(folder)
    made_with = {"tensorflow": tf.__version__}
    for name in ("keras", "tf_keras", "tensorflow_hub"):
        if name in sys.modules:
            made_with[name] = getattr(sys.modules[name], "__version__", None)
    for empty in ("assets", "debug"):
        if os.path.isdir(os.path.join(folder, empty)) and not os.listdir(os.path.join(folder, empty)):
            os.rmdir(os.path.join(folder, empty))
    answer = {"description": case.__doc__.split("\n")[0], "note": case.NOTE, "made_with": made_with}
    answer.update(truth)
    with open(expected, "w") as out:
        json.dump(answer, out, indent=1)
        out.write("\n")


main()
