# SPDX-License-Identifier: MIT
"""Results as a table and as JSON (results/README.md describes the file)."""

import json
import math
import os
import re

SCHEMA = 1
CONTESTANTS = {"gemm": ("torch.matmul",), "attention": ("cudnn", "flash"), "memory": ("copy", "torch")}


def cell(row, name):
    for contestant in row.get("contestants", []):
        if contestant["name"] == name:
            return f"{contestant['rate']:.4g}" if "rate" in contestant else "not there"
    return ""


def verdict(row):
    if "left_out" in row:
        return row["left_out"]
    if row["passes"]:
        return "pass"
    return row.get("failure") or "FAIL: " + ", ".join(
        f"{name} {error['relative']:.2e}" for name, error in row["accuracy"].items() if not error["passes"])


def line(row):
    """One measured case: our rate, and for each peer its own and our speed over its."""
    columns = [f"{row['name']:<32}", f"{cell(row, 'tilewright'):>10}"]
    for name in CONTESTANTS[row["part"]]:
        ratio = row.get("ratios", {}).get(name)
        columns.append(f"{cell(row, name):>12}{f'{ratio:.3f}' if ratio else '':>8}")
    error = row.get("accuracy", {}).get("float64")
    columns.append(f"{error['relative']:.2e}" if error else " " * 8)
    return "  ".join(columns) + "  " + verdict(row)


def table(measurements):
    lines = []
    for part, names in CONTESTANTS.items():
        rows = [row for row in measurements if row["part"] == part]
        if not rows:
            continue
        peers = "  ".join(f"{name:>12}{'ratio':>8}" for name in names)
        unit = next((row["unit"] for row in rows if "unit" in row), "")
        lines += ["", f"{unit:<32}  {'tilewright':>10}  {peers}  rel err   ratio: our speed over the peer's"]
        lines += [line(row) for row in sorted(rows, key=order)]
        lines += [f"  {name} is not there for {cases}: {reason}" for (name, reason), cases in not_there(rows).items()]
    return "\n".join(lines)


def not_there(rows):
    """Which cases each contestant refused, by the reason it gave."""
    found = {}
    for row in rows:
        for contestant in row.get("contestants", []):
            if "unavailable" in contestant:
                key = (contestant["name"], contestant["unavailable"])
                found[key] = f"{found[key]}, {row['name']}" if key in found else row["name"]
    return found


def order(row):
    """By kernel, then by the numbers in the name."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", row["name"])]


def file_name(date, device):
    slug = re.sub(r"[^a-z0-9]+", "-", device.lower()).strip("-")
    return f"{date}-{slug}.json"


def clean(value):
    """Without the infinities and NaNs that JSON has no word for: as text."""
    if isinstance(value, dict):
        return {key: clean(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [clean(inner) for inner in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def write(folder, name, report):
    """Writes a report that keeps to the schema; never over another one."""
    check(report)
    os.makedirs(folder, exist_ok=True)
    stem, number = name[: -len(".json")], 1
    path = os.path.join(folder, name)
    while os.path.exists(path):
        number += 1
        path = os.path.join(folder, f"{stem}-{number}.json")
    with open(path + ".tmp", "w") as stream:
        json.dump(clean(report), stream, indent=1, allow_nan=False)
        stream.write("\n")
    os.rename(path + ".tmp", path)
    return path


# What a report must hold: a type, a tuple of types, a dict of required members, or [what every element is].
TIMES = {"median": float, "min": float, "max": float, "samples": [float]}
REPORT = {
    "schema": int,
    "date": str,
    "seconds": float,
    "commit": str,
    "changed": bool,
    "arguments": dict,
    "versions": dict,
    "target": str,
    "device": str,
    "build": dict,
    "verify": (dict, type(None)),
    "sweep": [{"name": str}],
    "measurements": [{"name": str, "part": str}],
    "left_out": [str],
    "passes": bool,
}
MEASURED = {"kernel": str, "shape": dict, "settings": str, "work": float, "unit": str,
            "contestants": [{"name": str}], "ratios": dict, "accuracy": dict, "passes": bool,
            "launches_per_sample": int, "rounds": int, "input_sets": int}
SWEPT = {"runs": int, "failed": int, "failures": [str], "worst": dict}


class Wrong(Exception):
    """A report does not keep to the schema; where and why."""


def match(value, rule, where):
    if isinstance(rule, dict):
        match(value, dict, where)
        for name, inner in rule.items():
            if name not in value:
                raise Wrong(f"{where} has no '{name}'")
            match(value[name], inner, f"{where}.{name}")
    elif isinstance(rule, list):
        match(value, list, where)
        for index, element in enumerate(value):
            match(element, rule[0], f"{where}[{index}]")
    else:
        types = rule if isinstance(rule, tuple) else (rule,)
        is_number = float in types and isinstance(value, int) and not isinstance(value, bool)
        is_other_bool = isinstance(value, bool) and bool not in types
        if not (isinstance(value, types) or is_number) or is_other_bool:
            raise Wrong(f"{where} is {value!r}, not {' or '.join(kind.__name__ for kind in types)}")


def check(report):
    match(report, REPORT, "report")
    if report["schema"] != SCHEMA:
        raise Wrong(f"report.schema is {report['schema']}, not {SCHEMA}")
    for index, row in enumerate(report["sweep"]):
        if "failure" not in row and "left_out" not in row:
            match(row, SWEPT, f"report.sweep[{index}]")
    for index, row in enumerate(report["measurements"]):
        if "failure" in row or "left_out" in row:
            continue
        match(row, MEASURED, f"report.measurements[{index}]")
        for number, contestant in enumerate(row["contestants"]):
            rule = {"unavailable": str} if "unavailable" in contestant else {"milliseconds": TIMES, "rate": float}
            match(contestant, rule, f"report.measurements[{index}].contestants[{number}]")
