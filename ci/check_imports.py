"""Holds every `use` and every path in src/ to the direction in which data flows.

    python3 ci/check_imports.py

    model, error, options <- wire <- saved_model <- source, evidence <- reconcile <- group <- census <- lib <- bin

`render` sees plain data only. One file family imports the `tensorflow` crate. Witnesses do not know
each other. Code of tests is not held to this. Needs the standard library only.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src"

PLAIN = {"model", "error", "options", "number", "limits"}
DERIVED = {"select", "cost", "expect", "diff"}  # Plain data worked out from a report.
FILES = PLAIN | {"wire", "saved_model"}

# What each part of the library may import. A part that is not here is an error: it needs a place.
ALLOWED = {
    "model": set(),
    "number": set(),
    "limits": set(),
    "error": {"model"},
    "options": {"model"},
    "wire": PLAIN,
    "saved_model": PLAIN | {"wire"},
    "source": FILES,
    "evidence": FILES | {"source"},
    "reconcile": FILES | {"source", "evidence"},
    "verdict": FILES | {"source", "evidence", "reconcile"},
    "group": FILES | {"source", "evidence", "reconcile"},
    "census": FILES | {"source", "evidence", "reconcile", "verdict", "group"},
    "select": PLAIN | DERIVED,
    "cost": PLAIN | DERIVED,
    "expect": PLAIN | DERIVED,
    "diff": PLAIN | DERIVED,
    "render": PLAIN | DERIVED,
    "testkit": None,  # Writes models, and calls single readers for fuzz targets and benchmarks.
}

# The places in a model that speak for themselves.
WITNESSES = {"checkpoint", "collections", "constants", "keras", "object_graph", "runtime"}

# The only files that may name the `tensorflow` crate.
SESSION = re.compile(r"evidence/runtime/session(\.rs|/.*)$")

TEST_FILES = re.compile(r"(^|/)(tests|testing|testdata)(\.rs$|/)|_writer\.rs$")


def code_of(path):
    """The file without comments, strings and its module of tests."""
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"(?m)^\s*//.*$", "", text)
    text = re.sub(r'"(?:\\.|[^"\\])*"', '""', text)
    text = re.sub(r"(?m)//.*$", "", text)
    return re.split(r"(?m)^#\[cfg\(test\)\]\s*mod \w+ \{", text)[0]


def expand(tree):
    """`a::{b, c::{d}}` as `a::b`, `a::c::d`."""
    match = re.match(r"(?s)([^{]*)\{(.*)\}\s*$", tree.strip())
    if not match:
        yield re.sub(r"\s+as\s+\w+", "", tree).strip()
        return
    depth, start, inside = 0, 0, match.group(2) + ","
    for at, char in enumerate(inside):
        depth += (char == "{") - (char == "}")
        if char == "," and depth == 0:
            part = inside[start:at].strip()
            start = at + 1
            if part:
                for leaf in expand(part):
                    yield match.group(1).strip() + leaf


def imports_of(code):
    for use in re.findall(r"(?m)^\s*(?:pub(?:\([^)]*\))?\s+)?use\s+([^;]+);", code):
        yield from expand(use)
    yield from re.findall(r"\b(?:crate|super|tensorflow)(?:::\w+)+", code)


def module_of(relative):
    parts = list(relative.with_suffix("").parts)
    if parts[-1] == "mod":
        parts.pop()
    return parts


def absolute(path, module):
    """The segments of a `crate::` or `super::` path from the crate's root; None for other crates."""
    segments = path.split("::")
    if segments[0] == "crate":
        return segments[1:]
    base = list(module)
    while segments and segments[0] in ("super", "self"):
        if segments.pop(0) == "super":
            if not base:
                return None
            base.pop()
    return base + segments if base != list(module) or path.startswith("self") else None


def check(relative, code):
    module = module_of(relative)
    part = module[0]
    for path in imports_of(code):
        if path.split("::")[0] == "tensorflow" and not SESSION.search(str(relative)):
            yield f"imports `{path}`; only evidence/runtime/session may"
        target = absolute(path, module)
        if not target or part in ("lib", "bin"):
            continue
        other = target[0]
        if other == part:
            if part == "evidence" and len(target) > 1 and len(module) > 1:
                here, there = module[1], target[1]
                if {here, there} <= WITNESSES and here != there:
                    yield f"the witness {here} imports the witness {there} (`{path}`)"
        elif other in ALLOWED:
            if ALLOWED[part] is not None and other not in ALLOWED[part]:
                yield f"{part} imports {other} (`{path}`)"


def main():
    faults, checked = [], 0
    for path in sorted(SOURCE.rglob("*.rs")):
        relative = path.relative_to(SOURCE)
        if TEST_FILES.search(str(relative)):
            continue
        part = module_of(relative)[0]
        if part not in ALLOWED and part not in ("lib", "bin"):
            faults.append(f"src/{relative}: `{part}` has no place in ci/check_imports.py")
            continue
        checked += 1
        code = code_of(path)
        if part == "bin" and re.search(r"\btensorflow::", code):
            faults.append(f"src/{relative}: the program imports the `tensorflow` crate")
        faults += [f"src/{relative}: {fault}" for fault in sorted(set(check(relative, code)))]
    print("\n".join(faults) if faults else f"imports of {checked} files go one way")
    sys.exit(1 if faults or not checked else 0)


main()
