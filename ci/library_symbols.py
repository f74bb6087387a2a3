"""Compares the C functions that the tensorflow crate binds with those that the newest library exports.

    python3 ci/library_symbols.py

The list of a version's functions is kept in the cache folder, and so is the pinned library: only a
version that is new is downloaded (270 MB), and its libraries are removed again. Needs the standard
library, pip, and nm of binutils.
"""

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


def functions_of(version):
    """The C functions of this version's libraries."""
    known = CACHE / "symbols" / f"{WHEEL}-{version}.txt"
    if known.exists():
        return set(known.read_text(encoding="utf-8").split())
    pinned = CACHE / "libtensorflow" / version
    if all((pinned / library).exists() for library in LIBRARIES):
        names = exported(pinned)
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
            names = exported(pathlib.Path(folder) / "tensorflow")
    of_the_interface = sorted(name for name in names if name.startswith(("TF_", "TFE_")))
    known.parent.mkdir(parents=True, exist_ok=True)
    known.write_text("\n".join(of_the_interface) + "\n", encoding="utf-8")
    return set(of_the_interface)


def main():
    crate, bound = bound_functions()
    if not bound:
        sys.exit(f"no function was found in {crate}: has its source another form?")
    version = newest_version()
    if version is None:
        print(f"!!! THE NEWEST {WHEEL} WAS NOT COMPARED: the registry cannot be asked.")
        return
    there = functions_of(version)
    gone = [name for name in bound if name not in there]
    if gone:
        print(f"!!! {WHEEL} {version} LACKS {len(gone)} OF {len(bound)} FUNCTIONS THAT {crate} BINDS:")
        print("\n".join(f"!!!   {name}" for name in gone))
        print("!!! The crate panics where it cannot bind one: no session with this version.")
        sys.exit(1)
    print(f"{WHEEL} {version} has all {len(bound)} functions that {crate} binds")


main()
