"""The suite: makes models of every kind, counts them, compares. Run it as `scripts/suite`.

Models are kept in `<cache>/tfcensus/suite/` and made again when what makes them has changed. Needs
the standard library only; TensorFlow is in the environments.
"""

import argparse
import concurrent.futures
import fnmatch
import os
import pathlib
import shutil
import sys

import compare
import environments
import registry


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/suite", description="Makes models of every kind, counts them, compares with the truth.")
    parser.add_argument("--setup", action="store_true", help="make the Python environments (several GB) and stop")
    parser.add_argument("--if-ready", action="store_true", help="run with the environments that there are; say what was not run")
    parser.add_argument("--only", metavar="GLOB", default="*", help="cases whose <environment>/<kind>/<case> matches")
    parser.add_argument("--jobs", metavar="N", type=int, default=2, help="how many to run at a time")
    parser.add_argument("--program", metavar="PATH", type=pathlib.Path, required="--setup" not in sys.argv, help=argparse.SUPPRESS)
    return parser.parse_args()


def set_up():
    failed = False
    for name in environments.names():
        problem = environments.set_up(name)
        print(f"{name}: {'ready' if problem is None else 'FAILED: ' + problem}", flush=True)
        failed |= problem is not None
    return 1 if failed else 0


def cache():
    given = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(given) / "tfcensus" / "suite"


def wanted(only):
    """For each environment: `(name of the case, kind/function, folder)` of each case."""
    found = {}
    for environment in environments.names():
        cases = []
        for kind in registry.kinds():
            place = cache() / environment / f"{kind}.{registry.fingerprint(kind, environment)}"
            for function in registry.cases_of(kind, environment):
                name = f"{environment}/{kind}/{function}"
                if fnmatch.fnmatch(name, only):
                    cases.append((name, f"{kind}/{function}", place / function))
        if cases:
            found[environment] = cases
    return found


def remove_outdated(environment):
    """Models that an earlier version of the cases made."""
    for place in (cache() / environment).glob("*.*"):
        kind = place.name.split(".")[0]
        if kind not in registry.kinds() or place.name != f"{kind}.{registry.fingerprint(kind, environment)}":
            shutil.rmtree(place)


def make(environment, cases):
    """Makes those of the cases that are not there yet, all in one process of the environment's Python."""
    missing = [(case, folder) for _, case, folder in cases if not (folder / "expected.json").exists()]
    if not missing:
        return
    print(f"Making {len(missing)} models in {environment} ...", flush=True)
    remove_outdated(environment)
    for _, folder in missing:
        folder.parent.mkdir(parents=True, exist_ok=True)
    script = registry.HERE / "make_cases.py"
    done = environments.run(environment, [script, *(f"{case}={folder}" for case, folder in missing)], capture_output=True, text=True)
    if done.returncode != 0:
        print(f"!!! the maker of {environment} ended early: {done.stderr.strip()[-500:]}", flush=True)


def judge(program, case):
    """What is wrong with one case; nothing if it passes."""
    _, _, folder = case
    if not (folder / "expected.json").exists():
        log = folder / "failed.txt"
        lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
        return ["the model could not be made: " + " | ".join(lines[-3:])]
    try:
        return compare.faults(program, folder)
    except (KeyError, TypeError) as problem:
        return [f"the report lacks what the schema promises: {problem!r}"]


def main():
    options = arguments()
    if options.setup:
        return set_up()
    groups = wanted(options.only)
    absent = [name for name in groups if environments.python_of(name) is None]
    if absent and not options.if_ready:
        print(f"error: no environment {', '.join(absent)}\n  do:    scripts/suite --setup", file=sys.stderr)
        return 2
    skipped = [case[0] for name in absent for case in groups.pop(name)]
    for name in absent:
        mine = [case for case in skipped if case.startswith(name + "/")]
        print(f"!!! {len(mine)} CASES WERE NOT RUN: the environment {name} is not there (scripts/suite --setup): {', '.join(mine)}", flush=True)
    passed = failed = 0
    with concurrent.futures.ThreadPoolExecutor(max(1, options.jobs)) as pool:
        list(pool.map(lambda item: make(*item), groups.items()))
        cases = [case for group in groups.values() for case in group]
        for case, faults in zip(cases, pool.map(lambda case: judge(options.program, case), cases)):
            if faults:
                failed += 1
                print(f"FAILED {case[0]}: {'; '.join(faults[:6])}", flush=True)
            else:
                passed += 1
    nothing = passed + failed + len(skipped) == 0
    if nothing:
        print(f"error: no case matches {options.only}", file=sys.stderr)
    print(f"{passed} passed, {failed} failed, {len(skipped)} skipped")
    return 1 if failed or nothing else 0


sys.exit(main())
