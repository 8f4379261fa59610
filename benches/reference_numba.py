#!/usr/bin/env python3
"""The reference workload in its reduced form in Numba: one compiled loop over trials, parallel over cores.

    python3 benches/reference_numba.py [trials] [seed] [threads]

The same reduced workload as `reference.py` (see there), trial by trial: each thread takes runs of trials with a
xoshiro256++ generator of its own, normals by the polar method, counts by inversion of a table. Prints CPU seconds of drawing and
measuring, compiling left out: the first call is made on two trials and not counted.
"""

import math
import sys
import time

import numba
import numpy as np
from reference import (
    DETECT_HOURS, DRIFT, EXCLUSIONS_PER_YEAR, HEADROOM, INJUNCTION_MEDIAN, INJUNCTION_SIGMA, INJUNCTIONS_PER_YEAR,
    JUMP_HIGH, JUMP_LOW, JUMPS_PER_MONTH, MIGRATION_DAYS, MONTHS, ONE_OFF_MEDIAN, ONE_OFF_SIGMA, OUTAGE_MEDIAN,
    OUTAGE_SIGMA, OUTAGES_PER_YEAR, PORTFOLIOS, REVENUE_PER_HOUR, SHARED_MEDIAN, SHARED_PER_YEAR, SHARED_SIGMA,
    SPEND_PER_MONTH, VOLATILITY, YEAR_HOURS, YEARS, measure, unserved,
)  # fmt: skip

assert HEADROOM > 0.0
SOURCES = [(v,) for v in range(4)] + [(0, 1)]
# Per portfolio and source: dollars an hour before and after failover.
WEIGHTS = np.array(
    [[[REVENUE_PER_HOUR * x for x in unserved(s, f, down)] for down in SOURCES] for s, f in PORTFOLIOS.values()]
)
SHARES = np.array([shares for shares, _ in PORTFOLIOS.values()])
RATES = np.array([OUTAGES_PER_YEAR] * 4 + [SHARED_PER_YEAR])
LOGS = np.array([[math.log(OUTAGE_MEDIAN), OUTAGE_SIGMA]] * 4 + [[math.log(SHARED_MEDIAN), SHARED_SIGMA]])
INJUNCTIONS = np.array(INJUNCTIONS_PER_YEAR)
PLAN = (1.0 + DRIFT) ** (np.arange(1, MONTHS + 1) / 12.0)
N_PORTFOLIOS = len(PORTFOLIOS)
RUN = 2_048


def cumulative(mean, most):
    """Distribution function of a Poisson number, for its inversion."""
    weight, total, table = math.exp(-mean), 0.0, []
    for k in range(most):
        total += weight
        table.append(total)
        weight *= mean / (k + 1)
    return np.array(table)


COUNTS = cumulative(OUTAGES_PER_YEAR, 96)
SHARED_COUNTS = cumulative(SHARED_PER_YEAR, 48)


@numba.njit(inline="always")
def following(s):
    """The next 64 bits of xoshiro256++."""
    x = s[0] + s[3]
    out = ((x << np.uint64(23)) | (x >> np.uint64(41))) + s[0]
    t = s[1] << np.uint64(17)
    s[2] ^= s[0]
    s[3] ^= s[1]
    s[1] ^= s[2]
    s[0] ^= s[3]
    s[2] ^= t
    s[3] = (s[3] << np.uint64(45)) | (s[3] >> np.uint64(19))
    return out


@numba.njit(inline="always")
def uniform(s):
    return (np.float64(following(s) >> np.uint64(11)) + 0.5) * (1.0 / 9007199254740992.0)


@numba.njit(inline="always")
def normal(s):
    """Marsaglia's polar method, one of each pair."""
    while True:
        x, y = 2.0 * uniform(s) - 1.0, 2.0 * uniform(s) - 1.0
        r = x * x + y * y
        if 0.0 < r < 1.0:
            return x * math.sqrt(-2.0 * math.log(r) / r)


@numba.njit(inline="always")
def number(s, table):
    u, k = uniform(s), 0
    if table.size > 64:
        k = np.searchsorted(table, u)
    else:
        while k < table.size and table[k] < u:
            k += 1
    return k


@numba.njit(inline="always")
def few(s, mean):
    """A Poisson number of small mean."""
    u, k, weight = uniform(s), 0, math.exp(-mean)
    total = weight
    while u > total and k < 50:
        k += 1
        weight *= mean / k
        total += weight
    return k


@numba.njit
def trial(s, annual, largest):
    for source in range(5):
        mean_log, sigma = LOGS[source, 0], LOGS[source, 1]
        for year in range(YEARS):
            n = number(s, COUNTS if source < 4 else SHARED_COUNTS)
            early, late, longest = 0.0, 0.0, 0.0
            for _ in range(n):
                hours = math.exp(mean_log + sigma * normal(s))
                short = min(hours, DETECT_HOURS)
                early += short
                late += hours - short
                longest = max(longest, hours)
            short = min(longest, DETECT_HOURS)
            for p in range(N_PORTFOLIOS):
                before, after = WEIGHTS[p, source, 0], WEIGHTS[p, source, 1]
                annual[p, year] += before * early + after * late
                largest[p, year] = max(largest[p, year], before * short + after * (longest - short))
    low, mode, high = MIGRATION_DAYS
    for vendor in range(4):
        for kind in range(2):
            rate = INJUNCTIONS[vendor] if kind == 0 else EXCLUSIONS_PER_YEAR
            for _ in range(few(s, rate * YEARS)):
                when = uniform(s) * YEARS * YEAR_HOURS
                u, cut = uniform(s), (mode - low) / (high - low)
                days = (
                    low + math.sqrt(u * (high - low) * (mode - low))
                    if u < cut
                    else high - math.sqrt((1.0 - u) * (high - low) * (high - mode))
                )
                hours, one_off = min(days * 24.0, YEARS * YEAR_HOURS - when), 0.0
                if kind == 0:
                    hours = min(hours, INJUNCTION_MEDIAN * math.exp(INJUNCTION_SIGMA * normal(s)))
                    one_off = ONE_OFF_MEDIAN * math.exp(ONE_OFF_SIGMA * normal(s))
                short, year = min(hours, DETECT_HOURS), int(when / YEAR_HOURS)
                for p in range(N_PORTFOLIOS):
                    before, after = WEIGHTS[p, vendor, 0], WEIGHTS[p, vendor, 1]
                    if before > 0.0:
                        loss = before * short + after * (hours - short) + one_off
                        annual[p, year] += loss
                        largest[p, year] = max(largest[p, year], loss)
        step = (math.log1p(DRIFT) - 0.5 * VOLATILITY * VOLATILITY) / 12.0
        sigma = VOLATILITY / math.sqrt(12.0)
        a, b = math.log1p(JUMP_LOW), math.log1p(JUMP_HIGH)
        level = 0.0
        for month in range(MONTHS):
            level += step + sigma * normal(s)
            for _ in range(few(s, JUMPS_PER_MONTH)):
                level += 0.5 * (a + b) + (b - a) / (2.0 * 1.6448536269514722) * normal(s)
            above = SPEND_PER_MONTH * (math.exp(level) - PLAN[month])
            for p in range(N_PORTFOLIOS):
                annual[p, month // 12] += SHARES[p, vendor] * above


@numba.njit(parallel=True)
def simulate(n, seed, annual, largest):
    for run in numba.prange((n + RUN - 1) // RUN):
        s = np.empty(4, np.uint64)
        z = np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(run) * np.uint64(0xD1B54A32D192ED03)
        for k in range(4):
            z += np.uint64(0x9E3779B97F4A7C15)
            x = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            s[k] = x ^ (x >> np.uint64(31))
        sums, tops = np.zeros((N_PORTFOLIOS, YEARS)), np.zeros((N_PORTFOLIOS, YEARS))
        for t in range(run * RUN, min(n, (run + 1) * RUN)):
            sums[:], tops[:] = 0.0, 0.0
            trial(s, sums, tops)
            annual[:, t * YEARS : (t + 1) * YEARS] = sums
            largest[:, t * YEARS : (t + 1) * YEARS] = tops


def main():
    arguments = [int(float(text)) for text in sys.argv[1:]]
    n, seed, threads = (arguments + [1_000_000, 1, numba.config.NUMBA_NUM_THREADS][len(arguments) :])[:3]
    numba.set_num_threads(threads)
    annual = np.zeros((N_PORTFOLIOS, n * YEARS))
    largest = np.zeros_like(annual)
    simulate(2, seed, np.zeros((N_PORTFOLIOS, 2 * YEARS)), np.zeros((N_PORTFOLIOS, 2 * YEARS)))
    began = time.process_time()
    simulate(n, seed, annual, largest)
    results = [measure(annual[p], largest[p]) for p in range(N_PORTFOLIOS)]
    done = time.process_time()
    for name, (mean, sd, var, tvar, _, _) in zip(PORTFOLIOS, results):
        print(f"{name}, $M: mean {mean / 1e6:.4f}, sd {sd / 1e6:.4f}, TVaR 99.5 % {tvar[3] / 1e6:.3f}")
    print(f"{n} trials, seed {seed}: {done - began:.3f} CPU s, {(done - began) / n * 1e6:.3f} µs per trial")
    print(f"counted: {done - began:.6f}")


if __name__ == "__main__":
    main()
