#!/usr/bin/env python3
"""How the engine's cost grows, and how fast it comes to an accuracy: four tables.

    python3 benches/scaling.py [--no-build] [--rounds N] [--most TRIALS] [--only accuracy,memory,size,flagship]

Time to a standard error of 1 % of TVaR 99.5 % (one portfolio), peak memory against the number of trials, CPU per trial against
the number of vendors, risks and portfolios, and the flagship. Whole processes on one thread, medians over rounds.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from compare import HERE, ROOT, binary, measure, medians

WORKLOAD = (HERE / "reference-workload.toml").read_text(encoding="utf-8")
HEAD = """name = "{name}"
start = 2025-06-01
horizon = "36 months"
trials = 1000
seed = 1

[platform.cloud]

[service.product]
revenue = "$50k/h"
usage = "1 Munit/month"
"""


def workload(vendors=4, portfolios=3, risks=None):
    """Like the reference workload, with other numbers of vendors and portfolios; `risks`: so many in all, the rates of the
    four vendors' outages shared out among them."""
    text = HEAD.format(name=f"{vendors} vendors, {portfolios} portfolios")
    names = [f"v{i}" for i in range(vendors)]
    each = 5 if risks is None else max(1, (risks - 1) // vendors)
    text += '[risk.cloud-outage]\nkind = "outage"\non = "cloud"\narrivals = { per_year = 2 }\n'
    text += 'duration = { median = "3 h", sigma = 1.0 }\n'
    for i, name in enumerate(names):
        text += f'[vendor.{name}]\nprice = "$1/unit"\n' + ('runs_on = ["cloud"]\n' if i < 2 else "")
        outages = max(1, each - 4) if each >= 5 else each
        for k in range(outages):
            text += f'[risk.{name}-outage-{k}]\nkind = "outage"\non = "{name}"\n'
            text += f'arrivals = {{ per_year = {24 / outages} }}\nduration = {{ median = "1.2 h", sigma = 1.1 }}\n'
        if each >= 5:
            text += f"""[risk.{name}-injunction]
kind = "legal"
on = "{name}"
arrivals = {{ per_year = {0.03 * (1 + i % 4)} }}
outcomes = [{{ name = "injunction", probability = 1.0, suspends = {{ median = "45 days", sigma = 0.8 }}, cost = {{ median = "$2M", sigma = 0.5 }}, scales_with = "use" }}]
[risk.{name}-exclusive]
kind = "exclusivity"
on = "{name}"
arrivals = {{ per_year = 0.03 }}
suspends = "permanent"
[risk.{name}-price]
kind = "pricing"
on = "{name}"
path = {{ drift = "-21%", volatility = 0.17 }}
[risk.{name}-repricing]
kind = "pricing"
on = "{name}"
arrivals = {{ per_month = 0.02 }}
price_change = "+12% to +75%"
"""
    plan = 'patience = "14 days", takes = { triangular = ["20 days", "45 days", "120 days"] }'
    plan += ', costs = { median = "$2M", sigma = 0.5 }'
    for p in range(portfolios):
        n = min(vendors, 1 + p)
        shares = ", ".join(f"{name} = {1 / n}" for name in names[:n])
        text += f"[portfolio.p{p}]\nshares = {{ {shares} }}\n"
        text += "baseline = true\n" if p == 0 else 'failover = { detect = "10 min", headroom = 0.6 }\n'
        to = f'to = ["{names[1]}"], ' if n == 1 else ""
        text += f"migration = {{ {to}{plan} }}\n"
    return text


class Bench:
    def __init__(self, linchpin, rounds, folder):
        self.linchpin, self.rounds, self.folder = linchpin, rounds, Path(folder)

    def run(self, file, *options, rounds=None):
        command = [self.linchpin, "run", file, "--quiet", "--out", self.folder / "out", *map(str, options)]
        return medians([measure(command) for _ in range(rounds or self.rounds)])

    def scenario(self, name, text):
        path = self.folder / f"{name}.toml"
        path.write_text(text, encoding="utf-8")
        return path

    def told(self):
        return json.loads((self.folder / "out" / "run.json").read_text(encoding="utf-8"))

    def per_trial(self, path, few=2_000, many=12_000):
        """CPU per trial without what a run costs whatever its length, µs."""
        short, long = (self.run(path, "--threads", 1, "--trials", n) for n in (few, many))
        return (long.cpu - short.cpu) / (many - few) * 1e6


def accuracy(bench):
    print("\n## Time to a standard error of 1 % of TVaR 99.5 %, portfolio `single`\n")
    print("| contender | trials | CPU s | wall s |\n|---|---:|---:|---:|")
    numpy = medians([measure([sys.executable, HERE / "reference.py", "66000"]) for _ in range(bench.rounds)])
    print(f"| NumPy, reduced workload, 66,000 trials (PERFORMANCE) | 66,000 | {numpy.cpu:.2f} | {numpy.wall:.2f} |")
    alone = WORKLOAD[: WORKLOAD.index("[portfolio.two]")]
    path = bench.scenario("single", alone)
    for sampling in ["plain", "importance"]:
        run = bench.run(path, "--threads", 1, "--precision", "1%", "--sampling", sampling)
        told = bench.told()
        trials = told["trials"] + (told["sampling"]["pilot_trials"] if sampling != "plain" else 0)
        print(f"| linchpin, {sampling}, its pilot counted | {trials:,} | {run.cpu:.2f} | {run.wall:.2f} |")


def memory(bench, most):
    print("\n## Peak memory against trials, reference workload\n")
    print("| trials | `--memory 64M`, MiB | `--memory 256M`, MiB | default, MiB |\n|---:|---:|---:|---:|")
    n = 10_000
    while n <= most:
        peaks = [bench.run(HERE / "reference-workload.toml", "--trials", n, *options, rounds=1).peak_mib
                 for options in [("--memory", "64M"), ("--memory", "256M"), ()]]  # fmt: skip
        print(f"| {n:,} | " + " | ".join(f"{peak:.0f}" for peak in peaks) + " |", flush=True)
        n *= 10


def size(bench):
    print("\n## CPU per trial against size, one thread\n")
    print("| what | number | µs/trial | ÷ the first | ÷ linear |\n|---|---:|---:|---:|---:|")
    rows = [
        ("vendors", [2, 4, 8, 16, 32, 64], lambda n: workload(vendors=n)),
        ("risks", [5, 21, 50, 100, 200], lambda n: workload(risks=n)),
        ("portfolios", [1, 2, 4, 8, 16], lambda n: workload(portfolios=n)),
    ]
    for what, numbers, make in rows:
        first = None
        for n in numbers:
            cost = bench.per_trial(bench.scenario(f"{what}-{n}", make(n)))
            first = first or (n, cost)
            ratio = cost / first[1]
            print(f"| {what} | {n} | {cost:.1f} | {ratio:.2f} | {ratio / (n / first[0]):.2f} |", flush=True)


def flagship(bench):
    print("\n## The flagship\n")
    path = ROOT / "scenarios" / "copilot-2025.toml"
    check = medians([measure([bench.linchpin, "check", path]) for _ in range(bench.rounds)])
    run = bench.run(path, "--trials", 10_000, rounds=1)
    print("| what | CPU s | wall s |\n|---|---:|---:|")
    print(f"| `check` | {check.cpu:.3f} | {check.wall:.3f} |")
    print(f"| a run of 10,000 trials, charts included, all cores | {run.cpu:.2f} | {run.wall:.2f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--no-build", action="store_true", help="take target/release/linchpin as it is")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--most", type=lambda text: int(float(text)), default=1_000_000, help="trials of the table of memory")
    parser.add_argument("--only", default="accuracy,memory,size,flagship")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(binary(not args.no_build), args.rounds, folder)
        for table in args.only.split(","):
            {"accuracy": accuracy, "size": size, "flagship": flagship}.get(table, lambda b: memory(b, args.most))(bench)


if __name__ == "__main__":
    main()
