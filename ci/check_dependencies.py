"""Holds every dependency to the licences and sources that deny.toml allows.

    cargo metadata --locked --format-version 1 --all-features | python3 ci/check_dependencies.py

Needs the standard library only.
"""

import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]


def allowed():
    """The two lists of deny.toml, without a TOML parser: Python 3.10 has none."""
    text = re.sub(r"(?m)#.*$", "", (ROOT / "deny.toml").read_text())
    lists = {}
    for key in ("allow", "allow-registry"):
        inside = re.search(rf"(?ms)^{key} = \[(.*?)\]", text).group(1)
        lists[key] = set(re.findall(r'"([^"]+)"', inside))
    return lists["allow"], lists["allow-registry"]


def satisfied(expression, licences):
    """Whether an SPDX expression can be met with these licences alone. `/` is the old way to say OR."""
    tokens = re.findall(r"\(|\)|[^\s()/]+|/", expression)
    tokens = ["OR" if t == "/" else t for t in tokens]

    def either():
        met = both()
        while tokens and tokens[0] == "OR":
            tokens.pop(0)
            met = both() or met
        return met

    def both():
        met = single()
        while tokens and tokens[0] == "AND":
            tokens.pop(0)
            met = single() and met
        return met

    def single():
        token = tokens.pop(0)
        if token == "(":
            met = either()
            tokens.pop(0)
            return met
        if tokens and tokens[0] == "WITH":
            tokens.pop(0)
            token = f"{token} WITH {tokens.pop(0)}"
        return token in licences

    return either()


def main():
    licences, registries = allowed()
    packages = json.load(sys.stdin)["packages"]
    faults = []
    for package in packages:
        name = f"{package['name']} {package['version']}"
        if package["source"] is None:
            continue
        if package["source"].replace("registry+", "", 1) not in registries:
            faults.append(f"{name} comes from {package['source']}")
        licence = package.get("license")
        if not licence or not satisfied(licence, licences):
            faults.append(f"{name} has the licence {licence}")
    print("\n".join(faults) if faults else f"licences and sources of {len(packages) - 1} dependencies are allowed")
    sys.exit(1 if faults else 0)


main()
