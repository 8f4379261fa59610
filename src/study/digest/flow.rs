//! Events on the grid: how many are expected in each cell, and how those of one source exclude each other.

use super::grid::{self, Grid, Lasts};
use crate::chance::law::Law;
use crate::plan::curve::Curve;
use crate::scenario::{Arrivals, Scenario, YEAR};

/// Generations of aftershocks fewer than this part of the first events count for nothing.
const NEGLIGIBLE: f64 = 1e-6;
/// Rounds in which the chance that a cluster shows nothing settles.
const ROUNDS: usize = 200;

/// Expected events per cell, by source. Sources are independent.
#[derive(Debug, Clone, Default)]
pub(super) struct Flow {
    sources: Vec<Source>,
}

#[derive(Debug, Clone)]
struct Source {
    mix: Mix,
    cells: Vec<f64>,
}

/// What the events of a source are to each other.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Mix {
    /// Poisson clusters, in which each event begets so many on average; the part `seen` of all events is looked at.
    /// Delays and thinning leave a Poisson process one.
    Clusters { mean: f64, seen: f64 },
    /// At most one event.
    Apart,
    /// One renewal process, so many events expected of it: they do not overlap, if they are no longer than the intervals.
    Renewal(f64),
}

/// A plain Poisson process.
const POISSON: Mix = Mix::Clusters { mean: 0.0, seen: 1.0 };

impl Source {
    fn mass(&self) -> f64 {
        self.cells.iter().sum()
    }

    /// Probability of at least one event. Of a renewal process thinned or delayed: as if its number were fixed.
    fn at_least_one(&self) -> f64 {
        let mass = self.mass();
        match self.mix {
            Mix::Clusters { mean, seen } if seen > 0.0 => {
                let clusters = mass / seen * (1.0 - mean);
                -libm::expm1(-clusters * (1.0 - unseen(mean, seen)))
            }
            Mix::Apart => mass.min(1.0),
            Mix::Renewal(n) if n > 0.0 => 1.0 - libm::pow(1.0 - (mass / n).min(1.0), n.max(1.0)),
            Mix::Clusters { .. } | Mix::Renewal(_) => 0.0,
        }
    }

    /// What those under way leave, on average, where they would take so much if none overlapped. Of a Poisson process
    /// Π leaves has mean e^−m E(1 − leaves).
    fn left(&self, taken: f64) -> f64 {
        match self.mix {
            Mix::Clusters { .. } => libm::exp(-taken),
            Mix::Apart | Mix::Renewal(_) => 1.0 - taken.min(1.0),
        }
    }

    /// Mean of `factor` to the power of how many are under way, where `m` are on average.
    fn raised(&self, m: f64, factor: f64) -> f64 {
        match self.mix {
            Mix::Apart => 1.0 + m.min(1.0) * (factor - 1.0),
            Mix::Clusters { .. } | Mix::Renewal(_) => libm::exp(m * (factor - 1.0)),
        }
    }
}

/// Probability that none of a cluster is seen: the root of q = (1 − seen) exp(mean (q − 1)).
fn unseen(mean: f64, seen: f64) -> f64 {
    let mut q = 0.0;
    for _ in 0..ROUNDS {
        q = (1.0 - seen) * libm::exp(mean * (q - 1.0));
    }
    q
}

impl Flow {
    /// Sources beyond which dates are no longer kept apart.
    pub(super) const MOST_SOURCES: usize = 24;

    /// Events from `start` on.
    pub(super) fn of(arrivals: &Arrivals, scenario: &Scenario, grid: &Grid) -> Self {
        let mut cells = grid::empty();
        match arrivals {
            Arrivals::Poisson { per_hour, trend, calendar, aftershocks, .. } => {
                let curve = Curve::new(
                    libm::log1p(*trend) / YEAR,
                    calendar.as_ref(),
                    scenario.start_unix,
                    scenario.horizon_hours,
                );
                grid.add_each(&mut cells, |a, b| per_hour * (curve.integral(b) - curve.integral(a)));
                Self::clusters(aftershocks.map_or(0.0, |aftershocks| aftershocks.mean), cells)
            }
            Arrivals::Every(law) => {
                let cells = grid.renewed(law);
                Self::one(Mix::Renewal(cells.iter().sum()), cells)
            }
            Arrivals::Once { probability, from_hours, to_hours } => {
                if to_hours > from_hours {
                    let per_hour = probability / (to_hours - from_hours);
                    grid.add_each(&mut cells, |a, b| per_hour * (b.min(*to_hours) - a.max(*from_hours)).max(0.0));
                } else {
                    grid.add_at(&mut cells, *from_hours, *probability);
                }
                Self::one(Mix::Apart, cells)
            }
            Arrivals::Due { due_hours } => Self::dates(&[*due_hours], |cells, t| grid.add_at(cells, t, 1.0)),
            Arrivals::At { times_hours, probability } => Self::dates(times_hours, |cells, t| {
                if t >= 0.0 {
                    grid.add_at(cells, t, *probability);
                }
            }),
        }
    }

    /// Events in Poisson clusters, aftershocks included in `cells`.
    pub(super) fn clusters(mean: f64, cells: Vec<f64>) -> Self {
        Self::one(Mix::Clusters { mean, seen: 1.0 }, cells)
    }

    fn one(mix: Mix, cells: Vec<f64>) -> Self {
        Self { sources: vec![Source { mix, cells }] }
    }

    /// The first stage, `after` the events. A date before `start` has a delay that is known to end after it.
    pub(super) fn first_stage(&self, arrivals: Option<&Arrivals>, after: &Law, grid: &Grid) -> Self {
        let Some(Arrivals::At { times_hours, probability }) = arrivals else {
            return self.delayed(after, grid);
        };
        Self::dates(times_hours, |cells, t| {
            if let Some(delay) = after.is_constant() {
                return grid.add_at(cells, (t + delay).max(0.0), *probability);
            }
            let possible = if t < 0.0 { after.survival(-t) } else { 1.0 };
            if possible > 0.0 {
                // Upper tails, which are exact where they are small.
                grid.add_each(cells, |a, b| {
                    probability * (after.survival(a.max(t) - t) - after.survival(b.max(t) - t)) / possible
                });
            }
        })
    }

    fn dates(times: &[f64], add: impl Fn(&mut [f64], f64)) -> Self {
        if times.len() > Self::MOST_SOURCES {
            let mut cells = grid::empty();
            for &t in times {
                add(&mut cells, t);
            }
            return Self::one(POISSON, cells);
        }
        let sources = (times.iter())
            .map(|&t| {
                let mut cells = grid::empty();
                add(&mut cells, t);
                Source { mix: Mix::Apart, cells }
            })
            .collect();
        Self { sources }
    }

    /// These events and others.
    pub(super) fn and(&self, others: &Self) -> Self {
        Self { sources: self.sources.iter().chain(&others.sources).cloned().collect() }
    }

    /// Each source's mix, with other cells.
    fn mapped(&self, map: impl Fn(&[f64]) -> Vec<f64>) -> Self {
        let sources = self.sources.iter().map(|source| Source { mix: source.mix, cells: map(&source.cells) });
        Self { sources: sources.collect() }
    }

    /// The part `probability` of them.
    pub(super) fn thinned(&self, probability: f64) -> Self {
        let mut thinned = self.mapped(|cells| cells.iter().map(|mass| mass * probability).collect());
        for source in &mut thinned.sources {
            if let Mix::Clusters { seen, .. } = &mut source.mix {
                *seen *= probability;
            }
        }
        thinned
    }

    /// Each later by a delay.
    pub(super) fn delayed(&self, law: &Law, grid: &Grid) -> Self {
        self.mapped(|cells| grid.delayed(cells, law))
    }

    /// The same where nothing before the start has aftershocks: those that follow the first events, generation after generation. In
    /// the long run the difference is lost.
    pub(super) fn settling(&self, mean: f64, after: &Law, grid: &Grid) -> Self {
        self.mapped(|cells| {
            let mut generation: Vec<f64> = cells.iter().map(|mass| (1.0 - mean) * mass).collect();
            let mut all = generation.clone();
            let mut part = mean;
            while part > NEGLIGIBLE {
                generation = grid.delayed(&generation, after).into_iter().map(|mass| mean * mass).collect();
                all.iter_mut().zip(&generation).for_each(|(all, more)| *all += more);
                part *= mean;
            }
            all
        })
    }

    /// So many times as many in each cell.
    pub(super) fn times(&self, factors: &[f64]) -> Self {
        self.mapped(|cells| cells.iter().zip(factors).map(|(mass, factor)| mass * factor).collect())
    }

    /// Adds the expected number in each cell to `cells`, each `times`.
    pub(super) fn add_to(&self, cells: &mut [f64], times: f64) {
        for source in &self.sources {
            cells.iter_mut().zip(&source.cells).for_each(|(cell, mass)| *cell += times * mass);
        }
    }

    /// Expected number within the horizon.
    pub(super) fn expected(&self) -> f64 {
        self.sources.iter().map(Source::mass).sum()
    }

    /// Expected number before the moment `t`.
    pub(super) fn expected_before(&self, t: f64, grid: &Grid) -> f64 {
        self.sources.iter().map(|source| grid.before(&source.cells, t)).sum()
    }

    /// Probability of at least one within the horizon.
    pub(super) fn at_least_one(&self) -> f64 {
        1.0 - self.sources.iter().map(|source| 1.0 - source.at_least_one()).product::<f64>()
    }

    /// How many are under way, per source, when each lasts so long.
    pub(super) fn under_way(&self, lasts: &Lasts, grid: &Grid) -> Vec<Vec<f64>> {
        self.sources.iter().map(|source| grid.under_way(&source.cells, lasts)).collect()
    }

    /// Mean in each cell of the product of what those under way leave, where they would take `taken` of it on average if none
    /// overlapped.
    pub(super) fn left(&self, taken: &[Vec<f64>]) -> Vec<f64> {
        let n = taken.first().map_or(0, Vec::len);
        let at = |j: usize| self.sources.iter().zip(taken).map(|(s, taken)| s.left(taken[j])).product::<f64>();
        (0..n).map(at).collect()
    }

    /// Mean in each cell of `factor` to the power of how many are under way.
    pub(super) fn raised(&self, under_way: &[Vec<f64>], factor: f64) -> Vec<f64> {
        let n = under_way.first().map_or(0, Vec::len);
        let at = |j: usize| self.sources.iter().zip(under_way).map(|(s, m)| s.raised(m[j], factor)).product::<f64>();
        (0..n).map(at).collect()
    }
}
