#!/usr/bin/env python3
"""The engine against NumPy and Numba on the reference workload: one table.

    python3 benches/compare.py [trials] [--rounds N] [--no-build]

Builds the release binary as the README does, then runs both contenders in turn, each round one after the other, so that
a machine that slows down slows down both. Figures are of whole processes (start, reading, writing included), medians
over rounds. Needs NumPy in the Python that runs this; Numba takes part if it is there. Compiling is part of Numba's wall time
and CPU here, but not of its `µs/trial`, which it says itself.
"""

import argparse
import importlib.util
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent


class Run(NamedTuple):
    cpu: float
    wall: float
    peak_mib: float


def measure(command):
    """CPU and wall seconds and peak memory of one process and all it waited for."""
    began = time.perf_counter()
    with tempfile.TemporaryFile() as errors, tempfile.TemporaryFile() as out:
        child = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=errors)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            errors.seek(0)
            text = errors.read().decode(errors="replace").strip()
            sys.exit(f"{' '.join(map(str, command))}\nended with {child.returncode}: {text}")
        out.seek(0)
        counted = [line.split()[1] for line in out.read().decode(errors="replace").splitlines() if line.startswith("counted:")]
    unit = 2**20 if sys.platform == "darwin" else 2**10
    cpu = float(counted[0]) if counted else usage.ru_utime + usage.ru_stime
    return Run(cpu, wall, usage.ru_maxrss / unit)


def binary(build):
    if build:
        subprocess.run(["cargo", "build", "--release", "--quiet"], cwd=ROOT, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    path = ROOT / target / "release" / ("linchpin.exe" if os.name == "nt" else "linchpin")
    if not path.exists():
        sys.exit(f"{path} is missing: run `cargo build --release`")
    return path


def commands(linchpin, trials, out):
    def engine(threads):
        return [linchpin, "run", HERE / "reference-workload.toml", "--trials", str(trials),
                "--threads", str(threads), "--quiet", "--out", Path(out) / str(threads)]  # fmt: skip

    numba = {"Numba, 2 threads": [sys.executable, HERE / "reference_numba.py", str(trials), "1", "2"]}
    return {
        "NumPy": [sys.executable, HERE / "reference.py", str(trials)],
        **(numba if importlib.util.find_spec("numba") else {}),
        "linchpin, 1 thread": engine(1),
        "linchpin, 2 threads": engine(2),
    }


def medians(runs):
    return Run(*(statistics.median(column) for column in zip(*runs)))


def report(trials, rounds, results):
    print(f"{trials:,} trials, medians of {rounds} rounds")
    print(f"| {'contender':<20} | CPU s | CPU µs/trial | wall s | peak MiB | NumPy ÷ it (CPU) |")
    print(f"|{'-' * 22}|------:|-------------:|-------:|---------:|-----------------:|")
    numpy = results["NumPy"]
    for name, run in results.items():
        print(
            f"| {name:<20} | {run.cpu:5.2f} | {run.cpu / trials * 1e6:12.3f} | {run.wall:6.2f} "
            f"| {run.peak_mib:8.1f} | {numpy.cpu / run.cpu:16.2f} |"
        )
    one, two = results["linchpin, 1 thread"], results["linchpin, 2 threads"]
    print(f"\nWall time on 2 threads ÷ on 1: {two.wall / one.wall:.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("trials", nargs="?", type=lambda text: int(float(text)), default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-build", action="store_true", help="take target/release/linchpin as it is")
    args = parser.parse_args()
    if args.trials < 2 or args.rounds < 1:
        parser.error("at least 2 trials and 1 round")
    linchpin = binary(not args.no_build)
    with tempfile.TemporaryDirectory() as out:
        contenders = commands(linchpin, args.trials, out)
        runs = {name: [] for name in contenders}
        for _ in range(args.rounds):
            for name, command in contenders.items():
                runs[name].append(measure(command))
    report(args.trials, args.rounds, {name: medians(of) for name, of in runs.items()})


if __name__ == "__main__":
    main()
