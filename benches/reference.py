#!/usr/bin/env python3
"""The reference workload in its reduced form, as a good analyst would write it in NumPy.

    python3 benches/reference.py [trials] [seed]

Per vendor Poisson outages, a shared cause under a and b, injunctions, permanent exclusions, monthly price steps with
jumps; three portfolios on the same draws; mean, sd, VaR, TVaR, exceedance curve, AEP and OEP over three years.

Reduced, so less than the engine computes: losses of events are added independently (no overlaps, no cut of an outage at
the horizon), a loss belongs whole to the year in which its event begins, a price jump takes effect with its month's step,
prices are no events in OEP, and nothing is charged to a risk.

One process, float64, vectorised over trials in chunks that stay in the cache. Prints CPU seconds of all that.
"""

import sys
import time

import numpy as np

CHUNK = 8_192
YEARS = 3
MONTHS = 12 * YEARS
YEAR_HOURS = 8766.0
DAY_HOURS = 24.0

REVENUE_PER_HOUR = 50_000.0
SPEND_PER_MONTH = 1_000_000.0
DETECT_HOURS = 10.0 / 60.0

VENDORS = "abcd"
OUTAGES_PER_YEAR, OUTAGE_MEDIAN, OUTAGE_SIGMA = 24.0, 1.2, 1.1
SHARED_PER_YEAR, SHARED_MEDIAN, SHARED_SIGMA = 2.0, 3.0, 1.0
INJUNCTIONS_PER_YEAR = (0.03, 0.06, 0.09, 0.12)
INJUNCTION_MEDIAN, INJUNCTION_SIGMA = 45.0 * DAY_HOURS, 0.8
ONE_OFF_MEDIAN, ONE_OFF_SIGMA = 2e6, 0.5
EXCLUSIONS_PER_YEAR = 0.03
MIGRATION_DAYS = (20.0, 45.0, 120.0)
DRIFT, VOLATILITY = -0.21, 0.17
JUMPS_PER_MONTH, JUMP_LOW, JUMP_HIGH = 0.02, 0.12, 0.75

# Portfolio: share of each vendor, and whether lost traffic moves to the others' headroom.
PORTFOLIOS = {
    "single": ((1.0, 0.0, 0.0, 0.0), False),
    "two": ((0.6, 0.4, 0.0, 0.0), True),
    "four": ((0.4, 0.3, 0.2, 0.1), True),
}
HEADROOM = 0.6
LEVELS = (0.90, 0.95, 0.99, 0.995, 0.999)
RETURN_PERIODS = (2, 5, 10, 20, 50, 100, 200, 250, 500, 1000)
CURVE_POINTS = 200


def unserved(shares, failover, down):
    """Of all traffic: lost until it can move, and still lost when room is full."""
    lost = sum(shares[v] for v in down)
    room = HEADROOM * (1.0 - lost) if failover else 0.0
    return lost, max(lost - room, 0.0)


def weights(down):
    """Of each portfolio, dollars an hour before and after failover, while the vendors `down` are."""
    pairs = [unserved(shares, failover, down) for shares, failover in PORTFOLIOS.values()]
    return [(REVENUE_PER_HOUR * before, REVENUE_PER_HOUR * after) for before, after in pairs]


def add_outages(rng, n, rate, median, sigma, down, annual, largest):
    """Outages of one source: a loss rises with its duration, so sums and the longest of a year are enough."""
    counts = rng.poisson(rate, n * YEARS)
    ends = np.cumsum(counts)
    starts = ends - counts
    hours = rng.standard_normal(int(ends[-1]) + 1)
    hours *= sigma
    hours += np.log(median)
    np.exp(hours, out=hours)
    hours[-1] = 0.0  # a year without events at the end of the chunk points here
    longest = np.maximum.reduceat(hours, starts)
    total = np.add.reduceat(hours, starts)
    np.minimum(hours, DETECT_HOURS, out=hours)
    early = np.add.reduceat(hours, starts)
    empty = counts == 0
    if empty.any():
        longest[empty] = total[empty] = early[empty] = 0.0
    late = total - early
    longest_early = np.minimum(longest, DETECT_HOURS)
    longest_late = longest - longest_early
    for p, (before, after) in enumerate(weights(down)):
        if before > 0.0:
            annual[p] += before * early + after * late
            np.maximum(largest[p], before * longest_early + after * longest_late, out=largest[p])


def add_access_losses(rng, n, rate, vendor, injunction, annual, largest):
    """Rare and long: so few in a chunk that they are drawn together and dealt out to the trials."""
    count = rng.poisson(rate * YEARS * n)
    if count == 0:
        return
    when = rng.random(count) * (YEARS * YEAR_HOURS)
    cell = rng.integers(n, size=count) * YEARS + (when / YEAR_HOURS).astype(np.int64)
    hours = rng.triangular(*MIGRATION_DAYS, count) * DAY_HOURS
    np.minimum(hours, YEARS * YEAR_HOURS - when, out=hours)
    one_off = 0.0
    if injunction:
        np.minimum(hours, rng.lognormal(np.log(INJUNCTION_MEDIAN), INJUNCTION_SIGMA, count), out=hours)
        one_off = rng.lognormal(np.log(ONE_OFF_MEDIAN), ONE_OFF_SIGMA, count)
    early = np.minimum(hours, DETECT_HOURS)
    for p, (before, after) in enumerate(weights((vendor,))):
        if before > 0.0:
            loss = before * early + after * (hours - early) + one_off
            np.add.at(annual[p], cell, loss)
            np.maximum.at(largest[p], cell, loss)


def add_prices(rng, n, vendor, annual):
    """Spend above plan by year, from 36 monthly steps of the log index."""
    steps = rng.standard_normal((MONTHS, n))
    steps *= VOLATILITY / np.sqrt(12.0)
    steps += (np.log1p(DRIFT) - 0.5 * VOLATILITY**2) / 12.0
    low, high = np.log1p(JUMP_LOW), np.log1p(JUMP_HIGH)
    count = rng.poisson(JUMPS_PER_MONTH * MONTHS * n)
    jumps = rng.normal(0.5 * (low + high), (high - low) / (2.0 * 1.6448536269514722), count)
    np.add.at(steps.reshape(-1), rng.integers(MONTHS * n, size=count), jumps)
    for month in range(1, MONTHS):
        steps[month] += steps[month - 1]
    np.exp(steps, out=steps)
    by_year = steps.reshape(YEARS, 12, n).sum(axis=1)
    plan = ((1.0 + DRIFT) ** (np.arange(1, MONTHS + 1) / 12.0)).reshape(YEARS, 12).sum(axis=1)
    by_year -= plan[:, None]
    for p, (shares, _) in enumerate(PORTFOLIOS.values()):
        if shares[vendor] > 0.0:
            annual[p].reshape(n, YEARS)[:] += (SPEND_PER_MONTH * shares[vendor]) * by_year.T


def simulate(rng, n_trials):
    """Loss by portfolio and trial-year, and the largest loss of one event there."""
    annual = np.zeros((len(PORTFOLIOS), n_trials * YEARS))
    largest = np.zeros_like(annual)
    for start in range(0, n_trials, CHUNK):
        n = min(CHUNK, n_trials - start)
        part = slice(start * YEARS, (start + n) * YEARS)
        sums, tops = annual[:, part], largest[:, part]
        for vendor in range(len(VENDORS)):
            add_outages(rng, n, OUTAGES_PER_YEAR, OUTAGE_MEDIAN, OUTAGE_SIGMA, (vendor,), sums, tops)
            add_access_losses(rng, n, INJUNCTIONS_PER_YEAR[vendor], vendor, True, sums, tops)
            add_access_losses(rng, n, EXCLUSIONS_PER_YEAR, vendor, False, sums, tops)
            add_prices(rng, n, vendor, sums)
        add_outages(rng, n, SHARED_PER_YEAR, SHARED_MEDIAN, SHARED_SIGMA, (0, 1), sums, tops)
    return annual, largest


def tail_mean(ordered, level):
    """Mean of the worst 1 − level, the atom at VaR counted in part."""
    n = ordered.size
    worst = (1.0 - level) * n
    whole = int(worst + 1e-9)
    below = ordered[n - whole - 1] if whole < n else 0.0
    return (ordered[n - whole :].sum() + (worst - whole) * below) / worst


def rank(level, n):
    """Index of the smallest value with distribution function at least `level`."""
    return min(max(int(np.ceil(level * n - 1e-9)) - 1, 0), n - 1)


def measure(annual, largest):
    n = annual.size // YEARS
    loss = annual.reshape(n, YEARS).sum(axis=1)
    mean, sd = loss.mean(), loss.std(ddof=1)
    loss.sort()
    var = [loss[rank(level, n)] for level in LEVELS]
    tvar = [tail_mean(loss, level) for level in LEVELS]
    probabilities = np.geomspace(1.0, 1e-4, CURVE_POINTS)
    curve = loss[[rank(1.0 - p, n) for p in probabilities]]
    periods = {}
    ranks = [rank(1.0 - 1.0 / t, n * YEARS) for t in RETURN_PERIODS]
    for name, values in (("AEP", annual), ("OEP", largest)):
        periods[name] = np.partition(values, ranks)[ranks]
    return mean, sd, var, tvar, (probabilities, curve), periods


def millions(values):
    return " ".join(f"{value / 1e6:9.3f}" for value in values)


def main():
    n_trials = int(float(sys.argv[1])) if len(sys.argv) > 1 else 1_000_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    if n_trials < 2:
        sys.exit("trials must be at least 2")
    began = time.process_time()
    annual, largest = simulate(np.random.Generator(np.random.SFC64(seed)), n_trials)
    drawn = time.process_time()
    results = [measure(annual[p], largest[p]) for p in range(len(PORTFOLIOS))]
    done = time.process_time()
    for name, (mean, sd, var, tvar, (_, curve), periods) in zip(PORTFOLIOS, results):
        print(f"{name}, $M: mean {mean / 1e6:.4f} ± {sd / np.sqrt(n_trials) / 1e6:.4f}, sd {sd / 1e6:.4f}")
        print(f"  level      {' '.join(f'{level:9.3f}' for level in LEVELS)}")
        print(f"  VaR        {millions(var)}")
        print(f"  TVaR       {millions(tvar)}")
        print(f"  years      {' '.join(f'{t:9d}' for t in RETURN_PERIODS)}")
        for kind, values in periods.items():
            print(f"  {kind}        {millions(values)}")
        print(f"  curve      {CURVE_POINTS} points, {curve[0] / 1e6:.3f} to {curve[-1] / 1e6:.3f}")
    print(
        f"{n_trials} trials, seed {seed}: {done - began:.3f} CPU s, {(done - began) / n_trials * 1e6:.3f} µs per trial "
        f"(draws {(drawn - began) / n_trials * 1e6:.3f}, measures {(done - drawn) / n_trials * 1e6:.3f})"
    )


if __name__ == "__main__":
    main()
