"""Turns the measurements of `scripts/bench` into Markdown: targets first, then a table for each model."""

import statistics

# Model, contender, quantity, the contender to compare with (None: absolute), the maximum, and bytes to
# add to the other side.
TARGETS = [
    ("mobilenet_v2", "auto", "wall", "c", 0.80),
    ("mobilenet_v2", "auto", "cpu", "c", 0.80),
    ("mobilenet_v2", "auto", "wall", "python", 0.10),
    ("bert_base", "load", "wall", "c", 1.00),
    ("bert_base", "load", "peak", "c", 1.00),
    ("bert_base", "variables", "wall", "c", 0.70),
    ("bert_base", "variables", "peak", "c", 0.50),
    ("one_gb", "variables", "peak above the library's own", "library", (64 << 20) + (64 << 20)),
    ("variables_10000", "auto", "wall", "c", 0.10),
    ("mobilenet_v2", "off", "wall", "python", 0.001),
    ("variables_10000", "off", "wall", "cat", 15),
    ("four_gb", "off", "wall", None, 0.020),
    ("four_gb", "off", "peak", None, 20e6),
]


def markdown(result, models, contenders):
    about = result["about"]
    lines = [f"# Measurements of {about['date']}", ""]
    commands = dict.fromkeys(measured["command"] for measured in result["models"].values())
    lines += [f"Commit `{about['commit']}` ({about['tfcensus']}, {about['rustc']}), measured with", ""]
    lines += [*(f"    {command}" for command in commands), ""]
    lines += [
        f"Machine: {about['cpu']}, {about['cores']} cores, {about['memory_gib']} GiB, {about['kernel']}. "
        f"{about['python']}, TensorFlow {about['tensorflow']}, {about['cc']}. Whole processes, interleaved, medians of "
        "at least five rounds; ratios are taken within a round, with the smallest and largest in brackets. CPU is "
        "that of the process tree; the peak that of its largest process.",
        "",
    ]
    lines += targets(result)
    for name, measured in result["models"].items():
        lines += model(name, measured, models[name])
    lines += ["## Contenders", "", *(f"- **{name}**: {what}" for name, what in contenders.items()), ""]
    return "\n".join(lines)


def targets(result):
    rows = []
    for model_name, contender, what, against, most in TARGETS:
        runs = result["models"].get(model_name, {}).get("runs", {})
        if contender not in runs or (against and against not in runs):
            continue
        key = what.split()[0]
        if against is None:
            values = [run[key] for run in runs[contender]]
            shown = milliseconds if key == "wall" else megabytes
        elif "above" in what:
            values = [a[key] - b[key] for a, b in zip(runs[contender], runs[against])]
            shown = megabytes
        else:
            values = ratios(runs, contender, against, key)
            shown = ratio
        median = statistics.median(values)
        verdict = "met" if median <= most else "**missed**"
        versus = against or "—"
        rows.append(f"| {model_name} | {contender} | {versus} | {what} | {shown(most)} | {shown(median)} [{shown(min(values))}–{shown(max(values))}] | {verdict} |")
    if not rows:
        return []
    head = ["## Targets", "", "| model | mode | against | what | at most | measured | |", "|---|---|---|---|---|---|---|"]
    return [*head, *rows, ""]


def model(name, measured, what):
    loads = measured["load_average"]
    lines = [
        f"## {name}",
        "",
        f"{what}: {measured['parameters']:,} parameters, `saved_model.pb` of {megabytes(measured['saved_model_bytes'])}, "
        f"{megabytes(measured['all_bytes'])} in all. {measured['rounds']} rounds, load average {min(loads):.1f}–{max(loads):.1f}.",
        "",
        "| contender | wall | CPU | peak | wall / C | CPU / C | peak / C |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    runs = measured["runs"]
    for contender, own in runs.items():
        cells = [contender]
        cells += [seconds(statistics.median(run[key] for run in own)) for key in ("wall", "cpu")]
        cells.append(megabytes(statistics.median(run["peak"] for run in own)))
        for key in ("wall", "cpu", "peak"):
            if contender == "c" or "c" not in runs:
                cells.append("")
                continue
            values = ratios(runs, contender, "c", key)
            cells.append(f"{ratio(statistics.median(values))} [{ratio(min(values))}–{ratio(max(values))}]")
        lines.append("| " + " | ".join(cells) + " |")
    lines.append("")
    for contender, why in measured["failures"].items():
        lines += [f"{contender} gave no answer: {' '.join(why.split())}", ""]
    return lines


def ratios(runs, contender, against, key):
    """One value for each round."""
    # CPU time has a coarse resolution: that of a short process may be 0.
    return [a[key] / max(b[key], 1e-6) for a, b in zip(runs[contender], runs[against])]


def ratio(value):
    return f"{value:.2g}" if value < 0.1 else f"{value:.2f}" if value < 10 else f"{value:.0f}"


def seconds(value):
    return milliseconds(value) if value < 0.1 else f"{value:.2f} s"


def milliseconds(value):
    return f"{value * 1e3:.1f} ms"


def megabytes(value):
    return f"{value / 1e6:.1f} MB" if value < 100e6 else f"{value / 1e6:.0f} MB"
