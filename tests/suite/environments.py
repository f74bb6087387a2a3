"""Python environments with pinned packages: where they are, and how to make them.

Each is a virtual environment in `<cache>/tfcensus/venvs/<name>`, made from the complete list of
pinned packages in `environments/<name>.txt`. TFCENSUS_VENVS names another folder to look in and
to make them in. Needs the standard library only.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

LISTS = pathlib.Path(__file__).with_name("environments")

# The list that an environment was made from, kept in it.
MADE_FROM = "packages.txt"


def names():
    return sorted(path.stem for path in LISTS.glob("*.txt"))


def folder():
    given = os.environ.get("TFCENSUS_VENVS")
    if given:
        return pathlib.Path(given)
    cache = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(cache) / "tfcensus" / "venvs"


def python_of(name):
    """The environment's Python, or None where it has not been made, or from another list."""
    place = folder() / name
    python, made_from = place / "bin" / "python", place / MADE_FROM
    if not python.exists() or not made_from.exists():
        return None
    return python if made_from.read_bytes() == (LISTS / f"{name}.txt").read_bytes() else None


def _version_needed(name):
    return re.search(r"^# python: (\S+)$", (LISTS / f"{name}.txt").read_text(), re.M).group(1)


def _find_python(version):
    """A Python of this version: on the PATH, else one that pyenv has installed."""
    candidates = [shutil.which(f"python{version}")]
    pyenv = pathlib.Path(os.environ.get("PYENV_ROOT") or pathlib.Path.home() / ".pyenv")
    candidates += sorted(pyenv.glob(f"versions/{version}.*/bin/python"))
    for candidate in filter(None, candidates):
        question = "import sys, venv; print('%d.%d' % sys.version_info[:2])"
        answer = subprocess.run([candidate, "-c", question], capture_output=True, text=True)
        if answer.stdout.strip() == version:
            return candidate
    return None


def set_up(name):
    """Makes the environment unless it is there as its list says. Returns None, or why it could not be made."""
    if python_of(name):
        return None
    version = _version_needed(name)
    python = _find_python(version)
    if python is None:
        return f"it needs Python {version}, which is not on the PATH and not among pyenv's"
    place = folder() / name
    unfinished = place.with_name(f"{name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.parent.mkdir(parents=True, exist_ok=True)
    print(f"Making the environment {name} ...", file=sys.stderr)
    # The list is complete, so pip has nothing to resolve: `--no-deps` also keeps it from adding the
    # full `tensorflow` beside `tensorflow-cpu`.
    steps = [
        [python, "-m", "venv", unfinished],
        [unfinished / "bin" / "python", "-m", "pip", "install", "--quiet", "--no-cache-dir", "--no-deps", "-r", LISTS / f"{name}.txt"],
    ]
    for step in steps:
        done = subprocess.run([str(word) for word in step], capture_output=True, text=True)
        if done.returncode != 0:
            return (done.stderr or done.stdout).strip()[-500:]
    shutil.copyfile(LISTS / f"{name}.txt", unfinished / MADE_FROM)
    # Scripts in `bin` name the unfinished folder; only `bin/python` is ever used.
    shutil.rmtree(place, ignore_errors=True)
    unfinished.rename(place)
    return None


def run(name, arguments, **options):
    """Runs the environment's Python quietly, with the suite's modules to import."""
    environment = dict(os.environ, TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="", TF_ENABLE_ONEDNN_OPTS="0")
    environment["PYTHONPATH"] = str(pathlib.Path(__file__).parent)
    environment["PYTHONHASHSEED"] = "0"
    environment.pop("KERAS_BACKEND", None)
    return subprocess.run([str(python_of(name)), *map(str, arguments)], env=environment, **options)
