"""Compares what `check_counts` found with the list of models that must be right.

    python3 ci/shared_counts.py FOLDER_OF_RESULTS [--update]

A line of the list is a mode and a model: `auto k2_siamese`. Needs the standard library only.
"""

import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
LIST = ROOT / "ci" / "counts_passing.txt"
HEADER = "# Models that must be counted right, by mode. This list only grows: ci/shared_counts.sh --update\n"


def lines_of(content):
    return {line for line in content.splitlines() if line and not line.startswith("#")}


def dropped():
    """Lines that the last commit had and the list lacks now."""
    before = subprocess.run(
        ["git", "show", "HEAD~1:ci/counts_passing.txt"], cwd=ROOT, capture_output=True, text=True
    )
    return lines_of(before.stdout) - lines_of(LIST.read_text()) if before.returncode == 0 else set()


def main():
    folder = pathlib.Path(sys.argv[1])
    passing, failing = set(), {}
    for path in sorted(folder.glob("*.json")):
        for row in json.loads(path.read_text()):
            line = f"{path.stem} {row['model']}"
            if row["faults"]:
                failing[line] = "; ".join(row["faults"])
            else:
                passing.add(line)
    listed = lines_of(LIST.read_text())
    if "--update" in sys.argv[2:]:
        LIST.write_text(HEADER + "".join(f"{line}\n" for line in sorted(listed | passing)))
        print(f"{len(passing - listed)} added to {LIST.name}")
    wrong = sorted(listed & failing.keys())
    gone = sorted(listed - failing.keys() - passing)
    for line in wrong:
        print(f"WRONG {line}: {failing[line]}")
    for line in gone:
        print(f"GONE  {line}: the collection has no such model")
    for line in sorted(dropped()):
        print(f"DROPPED {line}: the list may only grow")
    for line in sorted(failing.keys() - listed):
        print(f"open  {line}: {failing[line][:160]}")
    beyond = len(passing - listed)
    print(f"{len(listed) - len(wrong) - len(gone)} of {len(listed)} listed counts are right, {beyond} more beyond the list, {len(failing) - len(wrong)} still open")
    sys.exit(1 if wrong or dropped() else 0)


main()
