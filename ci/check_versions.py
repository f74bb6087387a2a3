"""Compares facts that the project states more than once.

    python3 ci/check_versions.py

Needs the standard library only.
"""

import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
FAULTS = []


def text(path):
    return (ROOT / path).read_text(encoding="utf-8")


def find(path, pattern):
    """The first group of `pattern` in the file; a fault where it is not said at all."""
    match = re.search(pattern, text(path), re.M)
    if match is None:
        FAULTS.append(f"{path} does not say {pattern!r} any more")
        return None
    return match.group(1)


def same(what, *stated):
    """Each of `stated` is a file and a pattern with one group; all must say the same."""
    said = {f"{path}: {found}": found for path, pattern in stated if (found := find(path, pattern)) is not None}
    if len(set(said.values())) > 1:
        FAULTS.append(f"{what} differs: " + ", ".join(said))


def main():
    same(
        "the TensorFlow that is downloaded",
        ("scripts/fetch_libtensorflow", r"^readonly TENSORFLOW_VERSION=(\S+)"),
        ("README.md", r"TensorFlow (2\.\d+\.\d+)"),
        ("tests/suite/environments/tf221.txt", r"^tensorflow[-_]cpu==(\S+)"),
    )
    same(
        "the oldest Rust",
        ("Cargo.toml", r'^rust-version = "([^"]+)"'),
        ("README.md", r"Rust (\d+\.\d+)"),
        ("CONTRIBUTING.md", r"Rust (\d+\.\d+)"),
    )
    same(
        "the tensorflow crate",
        ("Cargo.toml", r'^tensorflow = \{ version = "(\d+\.\d+)'),
        ("README.md", r"`tensorflow` crate (\d+\.\d+)"),
    )
    same(
        "the licence",
        ("Cargo.toml", r'^license = "([^"]+)"'),
        ("README.md", r"^\[?(Apache-2\.0)"),
    )
    # The program's last place to look is where the script puts the library.
    locate = "src/evidence/runtime/locate.rs"
    if (ROOT / locate).exists():
        same(
            "the download folder",
            ("scripts/fetch_libtensorflow", r"^place=\$cache/(\w+)/\$TENSORFLOW_VERSION"),
            (locate, r'\.join\("tfcensus"\)\.join\("(\w+)"\)'),
        )
    lenet = json.loads(text("tests/fixtures/lenet5/expected.json"))["counts"]["parameters"]
    stated = find("README.md", r"LeNet-5[^.]*?([\d,]+) parameters")
    if stated is not None and int(stated.replace(",", "")) != lenet:
        FAULTS.append(f"README.md gives LeNet-5 {stated} parameters, its truth is {lenet:,}")

    rows = [line.split("\t") for line in text("scripts/published.tsv").splitlines() if not line.startswith("#")]
    for_people = [
        (handle, f"{int(parameters):,}", "<{}> {}".format(*where.split(" ", 1)))
        for handle, parameters, where in rows
    ]
    shown = re.findall(r"^\| `(\S+)` \| ([\d,]+) \| (.+) \|$", text("docs/published.md"), re.M)
    if shown != for_people:
        FAULTS.append("the tables of docs/published.md and scripts/published.tsv differ")

    version = find("Cargo.toml", r'^version = "([^"]+)"')
    headings = re.findall(r"^## (\S+)", text("CHANGELOG.md"), re.M)
    if not headings or headings[0] != "Unreleased":
        FAULTS.append("CHANGELOG.md must begin with '## Unreleased'")
    if len(headings) > 1 and headings[1] != version:
        FAULTS.append(f"CHANGELOG.md's last release is {headings[1]}, Cargo.toml says {version}")

    print("\n".join(FAULTS) if FAULTS else "facts stated twice agree")
    sys.exit(1 if FAULTS else 0)


main()
