#!/usr/bin/env python3
"""Checks the folder of a run: every file is there, whole, and agrees with the others.

    check_outputs.py FOLDER [--documented README]

The run must have been made with --trials-csv. With --documented, every file and column must be named in that text.
Standard library only.
"""

import argparse
import csv
import hashlib
import json
import math
import re
import struct
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

HEADERS = {
    "measures.csv": "portfolio,quantity,item,measure,level,value,std_error,lower,upper,unit",
    "exceedance.csv": "portfolio,kind,return_period,probability,loss,lower,upper",
    "attribution.csv": "portfolio,by,item,mean,mean_std_error,tvar_99_part,tvar_99_part_std_error",
    "timeline.csv": "portfolio,month,start,mean,p05,p25,p50,p75,p95",
    "convergence.csv": "portfolio,trials,measure,level,value,std_error,lower,upper,relative_error",
    "checks.csv": "what,item,of,expected,simulated,std_error,z,verdict",
    "trials.csv": "trial,portfolio,loss,total_cost,interruption,churn,capability,market,spend,overhead,migration,"
    "one_off,stake,cover",
    "exposure.csv": "node,lost_hours,portfolio,loss,unserved_hours,recovery_hours",
    "summary.csv": None,
    "comparison.csv": None,
}
CHARTS = ["exceedance", "total-cost", "causes-mean-and-tail", "loss-over-time", "cost-and-tail-risk", "availability",
          "convergence", "exposure"]
WORDS = {"what", "of", "portfolio", "appetite", "node", "lost_hours", "baseline", "verdict", "quantity", "item", "measure", "unit", "kind", "by", "start"}
COMPONENTS = HEADERS["trials.csv"].split(",")[4:]

problems = []


def expect(holds, message):
    if not holds:
        problems.append(message)


def near(a, b, scale, message):
    expect(abs(a - b) <= 1e-9 * scale, f"{message}: {a!r} against {b!r}")


def number(cell, where):
    """A cell as a float; None if it is empty."""
    if cell == "":
        return None
    try:
        x = float(cell)
    except ValueError:
        x = math.nan
    expect(math.isfinite(x), f"{where}: `{cell}` is not a number")
    return x


def table(path):
    """Rows as dictionaries, cells of numbers as floats."""
    with path.open(encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file, strict=True))
    header, rows = lines[0], lines[1:]
    expect(rows, f"{path.name}: no rows")
    expect(len(set(header)) == len(header), f"{path.name}: two columns have one name")
    wanted = HEADERS[path.name]
    expect(wanted is None or header == wanted.split(","), f"{path.name}: columns are {header}")
    out = []
    for line, row in enumerate(rows, 2):
        where = f"{path.name}:{line}"
        expect(len(row) == len(header), f"{where}: {len(row)} cells of {len(header)}")
        out.append({k: c if k in WORDS else number(c, f"{where} {k}") for k, c in zip(header, row)})
    return header, out


def check_manifest(folder):
    run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    for key, kind in {
        "version": str, "scenario": str, "scenario_file": str, "scenario_sha256": str, "files": list, "start": str,
        "horizon_hours": float, "currency": str, "seed": int, "trials": int, "portfolios": list, "baseline": str,
        "threads": int, "wall_seconds": float, "warnings": list,
    }.items():
        expect(isinstance(run.get(key), kind), f"run.json: `{key}` is {run.get(key)!r}")
    read = [{"path": run["scenario_file"], "sha256": run["scenario_sha256"]}, *run["files"]]
    for file in read:
        copy = folder / "inputs" / file["path"]
        expect(copy.is_file(), f"inputs/{file['path']} is missing")
        if copy.is_file():
            sha256 = hashlib.sha256(copy.read_bytes()).hexdigest()
            expect(sha256 == file["sha256"], f"inputs/{file['path']}: its SHA-256 is not the one in run.json")
    return run


def check_charts(folder):
    for name in CHARTS:
        png = (folder / "charts" / f"{name}.png").read_bytes()
        expect(png.startswith(b"\x89PNG\r\n\x1a\n") and png.endswith(b"IEND\xaeB`\x82"), f"{name}.png is not a whole PNG")
        width, height = struct.unpack(">II", png[16:24])
        expect(width >= 1000 and height >= 600, f"{name}.png is {width} x {height}")
        svg = (folder / "charts" / f"{name}.svg").read_text(encoding="utf-8")
        try:
            tag = ElementTree.fromstring(svg).tag
        except ElementTree.ParseError as error:
            tag = error
        expect(tag == "{http://www.w3.org/2000/svg}svg", f"{name}.svg is not an SVG: {tag}")
        expect(not re.search(r"(href|src)\s*=\s*[\"'](?!#)", svg), f"{name}.svg refers to something outside itself")


def check_summary(rows, run):
    expect([row["portfolio"] for row in rows] == run["portfolios"], "summary.csv: other portfolios than run.json")
    for row in rows:
        who = f"summary.csv, {row['portfolio']}"
        is_baseline = row["portfolio"] == run["baseline"]
        expect(row["baseline"] == ("true" if is_baseline else "false"), f"{who}: baseline is {row['baseline']}")
        expect((row["verdict"] == "") == is_baseline, f"{who}: verdict `{row['verdict']}`")
        expect(row["var_95"] <= row["tvar_95"] <= row["tvar_99"], f"{who}: VaR and TVaR out of order")
        expect(row["var_99"] <= row["tvar_99"], f"{who}: VaR 99 above TVaR 99")
        scale = abs(row["plan"]) + abs(row["mean_loss"])
        near(row["plan"] + row["mean_loss"], row["mean_total_cost"], scale, f"{who}: plan + loss is not total cost")


def check_attribution(rows, summary):
    for row in summary:
        for by in ["risk", "node", "component", "service"]:
            parts = [part for part in rows if part["portfolio"] == row["portfolio"] and part["by"] == by]
            for part, whole in [("mean", "mean_loss"), ("tvar_99_part", "tvar_99")]:
                amounts = [part_row[part] for part_row in parts]
                scale = sum(map(abs, amounts)) + abs(row[whole])
                where = f"attribution.csv, {row['portfolio']}: parts of {part} by {by} do not sum to the whole"
                near(math.fsum(amounts), row[whole], scale, where)


def check_measures(rows, summary):
    figures = {(m["portfolio"], m["quantity"], m["item"], m["measure"], m["level"]): m for m in rows}
    expect(len(figures) == len(rows), "measures.csv: a figure stands there twice")
    for m in rows:
        if None not in (m["lower"], m["upper"], m["value"]):
            expect(m["lower"] <= m["value"] <= m["upper"], f"measures.csv: {m} lies outside its interval")
    for row in summary:
        who = row["portfolio"]
        for column, address in {
            "plan": ("plan", "", "mean", None),
            "mean_loss": ("loss", "", "mean", None),
            "sd_loss": ("loss", "", "sd", None),
            "mean_total_cost": ("total_cost", "", "mean", None),
            "var_99": ("loss", "", "var", 0.99),
            "tvar_99": ("loss", "", "tvar", 0.99),
            "hhi_vendor": ("hhi_vendor", "", "value", None),
        }.items():
            expect(figures[(who, *address)]["value"] == row[column], f"measures.csv: {who} {address} is not {column}")
        means = [figures[(who, "component", name, "mean", None)]["value"] for name in COMPONENTS]
        near(math.fsum(means), row["mean_total_cost"], sum(map(abs, means)), f"measures.csv: components of {who}")


def check_curves(rows, run):
    for portfolio in run["portfolios"]:
        for kind in ["horizon", "aep", "oep"]:
            curve = [row for row in rows if row["portfolio"] == portfolio and row["kind"] == kind]
            expect(curve or (kind != "horizon" and run["horizon_hours"] < 8766), f"exceedance.csv: no {kind} of {portfolio}")
            for a, b in zip(curve, curve[1:]):
                expect(a["probability"] > b["probability"] and a["loss"] <= b["loss"], f"exceedance.csv: {b} falls back")
            for row in curve:
                expect((row["return_period"] is None) == (kind == "horizon"), f"exceedance.csv: return period of {row}")


def check_timeline(rows, run):
    months = math.ceil(run["horizon_hours"] / 730.5 - 1e-9)
    for portfolio in run["portfolios"]:
        mine = [row for row in rows if row["portfolio"] == portfolio]
        expect([row["month"] for row in mine] == list(range(months)), f"timeline.csv: months of {portfolio}")
    for row in rows:
        expect(row["p05"] <= row["p25"] <= row["p50"] <= row["p75"] <= row["p95"], f"timeline.csv: {row} is out of order")
        expect(re.match(r"\d{4}-\d\d-\d\d", row["start"]), f"timeline.csv: {row['start']} is not a date")


def check_convergence(rows, summary, run):
    for row in summary:
        mine = [point for point in rows if point["portfolio"] == row["portfolio"]]
        last = {point["measure"]: point for point in mine if point["trials"] == run["trials"]}
        near(last["mean"]["value"], row["mean_loss"], abs(row["mean_loss"]), "convergence.csv: the last mean")
        near(last["tvar"]["value"], row["tvar_995"], abs(row["tvar_995"]), "convergence.csv: the last TVaR")
        expect(("difference" in last) == (row["baseline"] != "true"), "convergence.csv: the difference to the baseline")
        counts = [point["trials"] for point in mine if point["measure"] == "mean"]
        expect(counts == sorted(set(counts)), f"convergence.csv: numbers of trials {counts}")


def check_checks(rows):
    keys = [(row["what"], row["item"], row["of"]) for row in rows]
    expect(keys == list(dict.fromkeys(keys)), "checks.csv: a check stands there twice")
    for row in rows:
        where = f"checks.csv, {row['what']} {row['item']} {row['of']}"
        expect(row["what"] in {"events", "size", "hours_down", "node_hours_down"}, f"{where}: what is this?")
        expect(row["verdict"] in {"passed", "too few", "approximate"}, f"{where}: {row['verdict']}, z = {row['z']}")
        expect(row["expected"] is not None, f"{where}: nothing is expected")
        if row["z"] is not None:
            z = (row["simulated"] - row["expected"]) / row["std_error"]
            near(row["z"], z, 1 + abs(z) * 1e6, f"{where}: z")
    expect(any(row["verdict"] == "passed" for row in rows), "checks.csv: nothing is checked")


def check_trials(rows, summary, run):
    expect(len(rows) == run["trials"] * len(run["portfolios"]), f"trials.csv: {len(rows)} rows")
    for row in rows:
        amounts = [row[name] for name in COMPONENTS]
        scale = sum(map(abs, amounts))
        near(math.fsum(amounts), row["total_cost"], scale, f"trials.csv, trial {row['trial']}: components")
    for row in summary:
        mine = [trial for trial in rows if trial["portfolio"] == row["portfolio"]]
        expect([trial["trial"] for trial in mine] == list(range(run["trials"])), "trials.csv: trials left out")
        for column, whole in [("loss", "mean_loss"), ("total_cost", "mean_total_cost")]:
            amounts = [trial[column] for trial in mine]
            near(math.fsum(amounts) / len(mine), row[whole], sum(map(abs, amounts)) / len(mine), f"trials.csv: mean {column}")


def check_documented(text, headers, run):
    """Every file, column and field stands in backticks in the page that describes them."""
    known = set(re.findall(r"`([^`\n]+)`", text))
    for name, header in headers.items():
        expect(name in known, f"the page does not describe {name}")
        for column in header:
            # A column of a service ends with its id; one with an error or interval is described with the others.
            plain = re.sub(r"_(std_error|lower|upper)$", "", column.split(":")[0])
            plain = re.sub(r"^(t?var)_\d+_difference$", r"\1_NN_difference", plain)
            names = {column, plain, f"{plain}:SERVICE"}
            expect(names & known, f"the page does not describe column {column} of {name}")
    for key in run:
        expect(key in known, f"the page does not describe `{key}` of run.json")
    for chart in CHARTS:
        expect(chart in known, f"the page does not describe the chart {chart}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--documented", type=Path)
    arguments = arguments.parse_args()
    folder = arguments.folder
    wanted = {*HEADERS, "run.json", "inputs", *(f"charts/{name}.{end}" for name in CHARTS for end in ["png", "svg"])}
    there = {path.name for path in folder.iterdir() if path.name != "charts"}
    there |= {f"charts/{path.name}" for path in folder.glob("charts/*")}
    if there != wanted:
        sys.exit(f"{folder}: missing: {sorted(wanted - there)}; not expected: {sorted(there - wanted)}")
    run = check_manifest(folder)
    check_charts(folder)
    tables = {name: table(folder / name) for name in HEADERS}
    rows = {name: rows for name, (_, rows) in tables.items()}
    check_summary(rows["summary.csv"], run)
    check_attribution(rows["attribution.csv"], rows["summary.csv"])
    check_measures(rows["measures.csv"], rows["summary.csv"])
    check_curves(rows["exceedance.csv"], run)
    check_timeline(rows["timeline.csv"], run)
    check_convergence(rows["convergence.csv"], rows["summary.csv"], run)
    check_checks(rows["checks.csv"])
    check_trials(rows["trials.csv"], rows["summary.csv"], run)
    if arguments.documented:
        headers = {name: header for name, (header, _) in tables.items()}
        check_documented(arguments.documented.read_text(encoding="utf-8"), headers, run)

    for problem in problems[:40]:
        print(problem, file=sys.stderr)
    if problems:
        sys.exit(f"{folder}: {len(problems)} problems")
    print(f"{folder}: all files agree ({sum(map(len, rows.values()))} rows)")


if __name__ == "__main__":
    main()
