"""Holds the tables of Keras layers to Keras itself. Run it as `scripts/keras_layers`.

For each environment and each Keras in it: a model with a layer of every class and option must be
derived whole, without a contradiction; then each option of each layer is changed in the metadata, one
at a time, and must be found. With --architectures the same for models of `keras.applications`, one
change each. Needs the standard library only; TensorFlow is in the environments.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "suite"))

import alter
import environments

# The Kerases of each environment.
KERASES = {
    "tf24": ["keras2"],
    "tf212": ["keras2"],
    "tf215": ["keras2"],
    "tf216": ["keras3"],
    "tf221": ["keras2", "keras3"],
}


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/keras_layers")
    parser.add_argument("--if-ready", action="store_true", help="use the environments that there are; say what was not run")
    parser.add_argument("--only", metavar="ENVIRONMENT", help="this environment alone")
    parser.add_argument("--architectures", action="store_true", help="the models of keras.applications too: an hour")
    parser.add_argument("--program", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    return parser.parse_args()


class Model:
    """A saved model whose layers are described in `keras_metadata.pb`, in its object graph, or in the
    configuration of a `.keras` archive."""

    def __init__(self, folder):
        self.model = folder / "model"
        self.archive = folder / "model.keras"
        self.kind = "archive" if self.archive.exists() else "object graph"
        if self.kind == "archive":
            with zipfile.ZipFile(self.archive) as archive:
                self.config = json.loads(archive.read("config.json"))
            self.layers = self.config["config"]["layers"]
            return
        self.described, self.path = self.model / "saved_model.pb", alter.SAVED_MODEL
        if (self.model / "keras_metadata.pb").exists():
            self.described, self.path = self.model / "keras_metadata.pb", alter.METADATA_FILE
        self.data = self.described.read_bytes()
        self.layers = alter.layers_of(self.data, self.path)

    def options(self):
        """The program's arguments for the model as it is."""
        return [self.model, "--keras-config", self.archive] if self.kind == "archive" else [self.model]

    def with_layer(self, at, layer, folder):
        """The program's arguments for the model with another layer at this position."""
        if self.kind == "archive":
            layers = self.layers[:at] + [layer] + self.layers[at + 1 :]
            path = folder / "config.json"
            path.write_text(json.dumps({**self.config, "config": {**self.config["config"], "layers": layers}}))
            return [self.model, "--keras-config", path]
        for path in self.model.iterdir():
            if path != self.described:
                (folder / path.name).symlink_to(path)
        (folder / self.described.name).write_bytes(alter.with_layer(self.data, self.path, at, layer))
        return [folder]


def report(program, options):
    command = [program, "count", *options, "--runtime", "off", "--format", "json"]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    try:
        return json.loads(done.stdout)
    except ValueError:
        raise SystemExit(f"no report of {options}: {done.stderr.strip()}") from None


def found(report):
    return [f for f in report["findings"] if f["code"] == "keras-shape-differs"]


def faults_as_it_is(program, model):
    """What is wrong where nothing was changed."""
    said = report(program, model.options())
    witness = next(w for w in said["witnesses"] if w["name"] == "keras")
    faults = [f"contradiction: {f['subject']}: expected {f['expected']}, found {f['found']}" for f in found(said)]
    counts = re.match(r"(\d+) of (\d+) layers", witness["detail"])
    if not counts or counts[1] != counts[2]:
        faults.append(witness["detail"])
    elif int(counts[2]) == 0:
        faults.append("no layer at all")
    if witness["status"] != "agrees" and not faults:
        faults.append(f"the witness {witness['status']}")
    return faults, witness["detail"]


def is_found(program, model, at, layer):
    """Whether a changed layer is found."""
    with tempfile.TemporaryDirectory() as folder:
        said = report(program, model.with_layer(at, layer, pathlib.Path(folder)))
    witness = next(w for w in said["witnesses"] if w["name"] == "keras")
    return bool(found(said)) and witness["status"] == "contradicts" and said["verdict"] == "disagreement"


def changes(model):
    """`(position, what, changed layer)` for every option of every layer."""
    for at, layer in enumerate(model.layers):
        if layer.get("class_name") not in ("Functional", "Sequential", "Model"):
            for what, other in alter.alterations(layer):
                yield at, f"{layer['config'].get('name')}: {what}", other


def make(environment, script, *words):
    done = environments.run(environment, [HERE / script, *words], capture_output=True, text=True)
    if done.returncode != 0:
        return f"{script} failed: {done.stderr.strip()[-400:]}"
    return None


def judge_classes(program, environment, keras, pool):
    """What is wrong with the model of all classes, and how much was looked at."""
    with tempfile.TemporaryDirectory() as folder:
        problem = make(environment, "classes.py", keras, folder)
        if problem:
            return [problem], "nothing"
        left_out = json.loads(pathlib.Path(folder, "left_out.json").read_text())
        model = Model(pathlib.Path(folder))
        faults, detail = faults_as_it_is(program, model)
        todo = list(changes(model))
        answers = pool.map(lambda change: is_found(program, model, change[0], change[2]), todo)
        faults += [f"not found: {what}" for (_, what, _), ok in zip(todo, answers) if not ok]
        return faults, f"{detail}; {len(todo)} changes; not in this version: {', '.join(sorted(left_out)) or 'none'}"


def judge_architectures(program, environment, keras):
    names = environments.run(environment, [HERE / "architectures.py", keras], capture_output=True, text=True)
    for name in names.stdout.split():
        with tempfile.TemporaryDirectory() as folder:
            problem = make(environment, "architectures.py", keras, name, folder)
            if problem:
                yield name, [problem], "nothing"
                continue
            model = Model(pathlib.Path(folder))
            faults, detail = faults_as_it_is(program, model)
            todo = list(changes(model))
            at, what, other = todo[len(todo) // 2]
            if not is_found(program, model, at, other):
                faults.append(f"not found: {what}")
            yield name, faults, f"{detail}; changed {what}"


def main():
    options = arguments()
    environments_wanted = [options.only] if options.only else list(KERASES)
    failed = False
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for environment in environments_wanted:
            if environments.python_of(environment) is None:
                print(f"!!! NOT RUN: the layers of {environment}: there is no such environment (scripts/suite --setup)", flush=True)
                failed |= not options.if_ready
                continue
            for keras in KERASES[environment]:
                judged = judge_classes(options.program, environment, keras, pool)
                failed |= show(f"{environment}/{keras}/classes", *judged)
                if options.architectures:
                    for name, faults, detail in judge_architectures(options.program, environment, keras):
                        failed |= show(f"{environment}/{keras}/{name}", faults, detail)
    return 1 if failed else 0


def show(name, faults, detail):
    print(f"{'FAILED' if faults else 'passed'} {name}: {'; '.join(faults) if faults else detail}", flush=True)
    return bool(faults)


sys.exit(main())
