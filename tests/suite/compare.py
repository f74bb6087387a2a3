"""Holds the census of one case against the truth that was written when it was made.

`faults(program, folder)` returns what is wrong, a sentence each; nothing means that all of it is right.
Needs the standard library only.
"""

import json
import subprocess

TOTALS = ("parameters", "trainable", "bytes", "variables")
SECONDS = 300


class Unanswered(Exception):
    """The program gave no report."""


def census(program, model, *options):
    """The report and the exit code of one run."""
    command = [str(program), "count", str(model), "--format", "json", *options]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        raise Unanswered(f"no answer in {SECONDS} s")
    if "panicked at" in done.stderr:
        raise Unanswered("panic: " + done.stderr.strip()[:300])
    try:
        return json.loads(done.stdout), done.returncode
    except ValueError:
        raise Unanswered(f"exit code {done.returncode}: {done.stderr.strip()[-300:]}")


def faults(program, folder):
    """Everything that the census gets wrong about the model in this folder."""
    want = json.loads((folder / "expected.json").read_text())
    model = folder / "model"
    found = []

    def look(name, options, check):
        try:
            report, code = census(program, model, *options)
        except Unanswered as problem:
            found.append(f"{name}: {problem}")
            return None
        found.extend(f"{name}: {fault}" for fault in check(report, code))
        return report

    session = look("session", [], lambda report, code: verified(report, code) + whole(report, want))
    files = look("files", ["--runtime", "off"], lambda report, code: unverified(report, code) + whole(report, want))
    if session and files:
        for part in ("totals", "not_counted", "constants", "groups"):
            if session[part] != files[part]:
                found.append(f"{part} differ with and without a session")
    for tags, counts in want.get("tags", {}).items():
        look(f"--tags {tags}", ["--tags", tags], lambda report, code: verified(report, code) + totals(report, counts))
    if "keras_config" in want:
        given = want["keras_config"]
        check = lambda report, code: unverified(report, code) + totals(report, given["counts"]) + tree(report["groups"], given["tree"])
        look("--keras-config", ["--runtime", "off", "--keras-config", str(folder / given["file"])], check)
    # However the tree is made, it holds all that is counted and changes no number.
    for grouping in ("keras", "object-graph", "scope"):
        options = ["--runtime", "off", "--group-by", grouping]
        look(f"--group-by {grouping}", options, lambda report, code: totals(report, want["counts"]) + adds_up(report))
    return found


def verified(report, code):
    if report["verdict"] == "verified" and code == 0:
        return []
    return [f"verdict {report['verdict']}, exit code {code}: {reasons(report)}"]


def unverified(report, code):
    if report["verdict"] == "unverified" and code == 0:
        return []
    return [f"verdict {report['verdict']}, exit code {code}: {reasons(report)}"]


def reasons(report):
    return "; ".join(f"{f['code']} {f['subject'] or ''}: {f['message']}" for f in report["findings"] if f["severity"] != "note")


def whole(report, want):
    found = totals(report, want["counts"]) + adds_up(report)
    if "tree" in want:
        found += tree(report["groups"], want["tree"])
    roles = {entry["role"]: entry["variables"] for entry in report["not_counted"]}
    for role, variables in want.get("not_counted", {}).items():
        if roles.get(role) != variables:
            found.append(f"{roles.get(role)} variables of role {role}, expected {variables}")
    if "constants" in want and report["constants"] != want["constants"]:
        found.append(f"constants {report['constants']}, expected {want['constants']}")
    found += printed(report, want)
    codes = {finding["code"] for finding in report["findings"]}
    for code in want.get("findings", []):
        if code not in codes:
            found.append(f"no finding {code}, only {sorted(codes)}")
    return found


def printed(report, want):
    """Where Keras prints another total than the count, a finding says which."""
    if "keras_prints" not in want:
        return []
    said = [finding["expected"] for finding in report["findings"] if finding["code"] == "keras-prints-other"]
    expected = [] if want["keras_prints"] == want["counts"]["parameters"] else [f"{want['keras_prints']:,}"]
    return [] if said == expected else [f"Keras is said to print {said}, and prints {want['keras_prints']}"]


def totals(report, counts):
    got = report["totals"]
    found = [f"{key} {got[key]}, expected {counts[key]}" for key in TOTALS if key in counts and got[key] != counts[key]]
    certainty = counts.get("trainable_is", "exact")
    if got["trainable_is"] != certainty:
        found.append(f"trainable is {got['trainable_is']}, expected {certainty}")
    undetermined = counts["parameters"] if counts.get("undetermined") else 0
    if got["undetermined"] != undetermined:
        found.append(f"undetermined {got['undetermined']}, expected {undetermined}")
    return found


def adds_up(report):
    """The variables make the totals, and none of them is outside the tree."""
    got, found = report["totals"], []
    for key in ("parameters", "bytes"):
        listed = sum(variable[key] for variable in report["variables"])
        if listed != got[key]:
            found.append(f"{key} of the listed variables are {listed}, the total says {got[key]}")
    root = report["groups"]
    ids, own = set(), []
    collect(root, ids, own)
    for key in ("parameters", "trainable", "bytes"):
        if root[key] != got[key]:
            found.append(f"{key} of the tree are {root[key]}, the total says {got[key]}")
    if sum(own) < got["parameters"]:
        found.append(f"the groups' own parameters are {sum(own)} of {got['parameters']}")
    for variable in report["variables"]:
        if not variable["groups"] or not ids.issuperset(variable["groups"]):
            found.append(f"{variable['name']} is in groups {variable['groups']}, not all of which the tree has")
    return found


def collect(group, ids, own):
    ids.add(group["id"])
    own.append(group["own_parameters"])
    for child in group["children"]:
        collect(child, ids, own)


def tree(got, want, path=""):
    """Every layer of the live model, under its parent, with its class and its numbers."""
    here = f"{path}/{want['name']}"
    found = []
    if path and got["class"] != want["class"]:
        found.append(f"{here}: class {got['class']}, expected {want['class']}")
    if want["first_visit"]:
        for key in ("parameters", "trainable"):
            if got[key] != want[key]:
                found.append(f"{here}: {key} {got[key]}, expected {want[key]}")
    left = list(got["children"])
    for child in want.get("children", []):
        match = next((group for group in left if group["name"] == child["name"]), None)
        if match is None:
            found.append(f"{here}: no child {child['name']}, only {[group['name'] for group in left]}")
            continue
        left.remove(match)
        found += tree(match, child, here)
    # Keras 3 hides the input layer of a Sequential; its configuration has it, and so may the tree.
    left = [group for group in left if group["class"] != "InputLayer"]
    if want["first_visit"] and left:
        found += [f"{here}: a child {group['name']} that the live model does not have" for group in left]
    return found
