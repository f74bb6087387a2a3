"""Compares two things with the newest library: the C functions that the tensorflow crate binds with
those that it exports, and the lists of ops that a full load may run with its registry.

    python3 ci/library_symbols.py

What a version has is kept in the cache folder, and so is the pinned library: only a version that is
new is downloaded (270 MB), and its libraries are removed again. Needs the standard library, pip, and
nm of binutils.
"""

import ctypes
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import zipfile

WHEEL = "tensorflow-cpu"
LIBRARIES = ("libtensorflow_cc.so.2", "libtensorflow_framework.so.2")
# The C interface is the same whatever Python the wheel is for.
TARGET = ["--no-deps", "--only-binary=:all:", "--platform", "manylinux_2_27_x86_64"]
TARGET += ["--python-version", "3.12", "--implementation", "cp", "--abi", "cp312"]
LISTS = pathlib.Path("src/evidence/load_hazards")
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "tfcensus"


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def bound_functions():
    """Name of the crate and the functions that it declares."""
    metadata = json.loads(output("cargo", "metadata", "--locked", "--format-version", "1"))
    package = next(p for p in metadata["packages"] if p["name"] == "tensorflow-sys-runtime")
    source = pathlib.Path(package["manifest_path"]).parent / "src" / "c_api.rs"
    names = re.findall(r"(?m)^\s*pub fn (\w+)\(", source.read_text(encoding="utf-8"))
    return f"{package['name']} {package['version']}", sorted(set(names))


def newest_version():
    """The newest version that the registry has; None where it cannot be asked."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "index", "versions", WHEEL]
    asked = subprocess.run(command + TARGET[1:], capture_output=True, text=True)
    found = re.search(r"\(([\d.]+)\)", asked.stdout)
    return found.group(1) if asked.returncode == 0 and found else None


def exported(folder):
    names = set()
    for library in LIBRARIES:
        for line in output("nm", "-D", "--defined-only", str(folder / library)).splitlines():
            names.add(line.split()[-1].split("@")[0])
    return names


class Buffer(ctypes.Structure):
    """`TF_Buffer` of the C API."""

    _fields_ = [("data", ctypes.c_void_p), ("length", ctypes.c_size_t), ("free", ctypes.c_void_p)]


def registry(folder):
    """Every op of these libraries, and whether it has state."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    *_, library = [ctypes.CDLL(str(folder / name), ctypes.RTLD_GLOBAL) for name in reversed(LIBRARIES)]
    library.TF_GetAllOpList.restype = ctypes.POINTER(Buffer)
    ops = library.TF_GetAllOpList().contents
    found = {}
    for number, op in fields(ctypes.string_at(ops.data, ops.length)):
        if number == 1:
            op = fields(op)
            name = next(value for number, value in op if number == 1)
            found[name.decode()] = any(number == 17 and value for number, value in op)
    return found


def fields(message):
    """Numbers and values of a protocol buffer message. Source: op_def.proto."""
    found, at = [], 0

    def number():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(message):
        tag = number()
        if tag & 7 == 0:
            value = number()
        else:
            size = {1: 8, 5: 4}.get(tag & 7) or number()
            value = message[at : at + size]
            at += size
        found.append((tag >> 3, value))
    return found


def contents_of(version):
    """The C functions and the ops of this version's libraries."""
    known = CACHE / "symbols" / f"{WHEEL}-{version}.json"
    if known.exists():
        return json.loads(known.read_text(encoding="utf-8"))
    pinned = CACHE / "libtensorflow" / version
    if all((pinned / library).exists() for library in LIBRARIES):
        contents = read_contents(pinned)
    else:
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            print(f"downloading {WHEEL} {version} ...", flush=True)
            pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-cache-dir", *TARGET]
            subprocess.run([*pip, "--dest", folder, f"{WHEEL}=={version}"], check=True)
            wheel = next(pathlib.Path(folder).glob("*.whl"))
            with zipfile.ZipFile(wheel) as archive:
                for library in LIBRARIES:
                    archive.extract("tensorflow/" + library, folder)
            contents = read_contents(pathlib.Path(folder) / "tensorflow")
    known.parent.mkdir(parents=True, exist_ok=True)
    known.write_text(json.dumps(contents), encoding="utf-8")
    return contents


def read_contents(folder):
    functions = sorted(name for name in exported(folder) if name.startswith(("TF_", "TFE_")))
    return {"functions": functions, "ops": registry(folder)}


def wrong_ops(ops):
    """What the lists of ops lack or say wrongly, in words."""
    marks = {}
    for name in ("good_ops.txt", "other_ops.txt"):
        for line in (LISTS / name).read_text(encoding="utf-8").splitlines():
            for entry in [] if line.startswith("#") else line.split():
                marks[entry.rstrip("!?")] = entry[-1] if entry[-1] in "!?" else ""
    for op, is_stateful in sorted(ops.items()):
        if op not in marks:
            yield f"{op} is in neither list"
        elif (marks[op], is_stateful) in [("!", False), ("", True)]:
            yield f"{op} has another mark than its state: {'state' if is_stateful else 'no state'}"


def main():
    crate, bound = bound_functions()
    if not bound:
        sys.exit(f"no function was found in {crate}: has its source another form?")
    version = newest_version()
    if version is None:
        print(f"!!! THE NEWEST {WHEEL} WAS NOT COMPARED: the registry cannot be asked.")
        return
    contents = contents_of(version)
    gone = [name for name in bound if name not in contents["functions"]]
    if gone:
        print(f"!!! {WHEEL} {version} LACKS {len(gone)} OF {len(bound)} FUNCTIONS THAT {crate} BINDS:")
        print("\n".join(f"!!!   {name}" for name in gone))
        print("!!! The crate panics where it cannot bind one: no session with this version.")
        sys.exit(1)
    print(f"{WHEEL} {version} has all {len(bound)} functions that {crate} binds")
    wrong = list(wrong_ops(contents["ops"]))
    if wrong:
        print(f"!!! {WHEEL} {version} HAS OPS THAT {LISTS} DOES NOT KNOW RIGHTLY:")
        print("\n".join(f"!!!   {what}" for what in wrong))
        print("!!! Decide what each can reach, and add it to good_ops.txt or other_ops.txt.")
        sys.exit(1)
    print(f"{WHEEL} {version}: each of its {len(contents['ops'])} ops is in one of the lists")


main()
