"""TensorFlow's own messages, without TensorFlow: the generated modules of its wheel, and protobuf.

`load(folder)` gives the classes `SavedModel` and `TrackableObjectGraph`. `folder()` is where the modules
are; the first call downloads them (280 MB, of which 2 MB are kept).
"""

import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import types
import zipfile

PROTOBUF = "protobuf==7.36.2"
ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "tfcensus"
PACKAGES = ("tensorflow", "tensorflow.core", "tensorflow.core.framework", "tensorflow.core.protobuf")


def pinned():
    """Version and checksum of the wheel: those of the library that the project fetches."""
    script = (ROOT / "scripts" / "fetch_libtensorflow").read_text(encoding="utf-8")
    version = re.search(r"TENSORFLOW_VERSION=(\S+)", script).group(1)
    return version, re.search(r"WHEEL_SHA256_X86_64=(\S+)", script).group(1)


def pip(*arguments):
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments]
    subprocess.run(command, check=True, env=os.environ | {"PIP_ROOT_USER_ACTION": "ignore"})


def folder():
    version, sha256 = pinned()
    place = CACHE / "messages" / f"{version}-{PROTOBUF}"
    if place.exists():
        return place
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent) as staging:
        print(f"downloading the messages of tensorflow-cpu {version} ...", file=sys.stderr)
        staging = pathlib.Path(staging)
        target = ["--platform", "manylinux_2_27_x86_64", "--python-version", "3.12"]
        target += ["--implementation", "cp", "--abi", "cp312", "--only-binary=:all:", "--no-deps"]
        wheels = ["--dest", staging / "wheel", f"tensorflow-cpu=={version}"]
        pip("download", "--no-cache-dir", *target, *map(str, wheels))
        wheel = next((staging / "wheel").glob("*.whl"))
        with open(wheel, "rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != sha256:
            sys.exit(f"{wheel.name} has SHA-256 {found}, not {sha256}")
        pip("install", "--target", str(staging / "modules"), PROTOBUF)
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                if re.fullmatch(r"tensorflow/core/(framework|protobuf)/\w+_pb2\.py", name):
                    archive.extract(name, staging / "modules")
        shutil.move(staging / "modules", place)
    return place


def load(modules):
    """The two classes. The packages are made up: TensorFlow's own would import all of TensorFlow."""
    sys.path.insert(0, str(modules))
    for name in PACKAGES:
        package = types.ModuleType(name)
        package.__path__ = [str(pathlib.Path(modules, *name.split(".")))]
        sys.modules[name] = package
    from tensorflow.core.protobuf import saved_model_pb2, trackable_object_graph_pb2

    return saved_model_pb2.SavedModel, trackable_object_graph_pb2.TrackableObjectGraph
