//! Events on the grid: how many are expected in each cell, and how those of one source exclude each other.

use super::grid::{self, Grid, Lasts};
use crate::chance::law::Law;
use crate::plan::curve::Curve;
use crate::scenario::{Arrivals, Scenario, YEAR};

/// Sources beyond which dates are no longer kept apart.
const MOST_SOURCES: usize = 24;

/// Expected events per cell.
#[derive(Debug, Clone)]
pub(super) struct Flow {
    mix: Mix,
    sources: Vec<Vec<f64>>,
}

/// What the sources of a flow are.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Mix {
    /// One Poisson process; delays and thinning leave it one.
    Poisson,
    /// Each source is an event of its own, at most one.
    Apart,
    /// One renewal process, so many events expected of it: they do not overlap, if they are no longer than the intervals.
    Renewal(f64),
}

impl Flow {
    /// Events from `start` on.
    pub(super) fn of(arrivals: &Arrivals, scenario: &Scenario, grid: Grid) -> Self {
        let mut cells = grid::empty();
        match arrivals {
            Arrivals::Poisson { per_hour, trend, calendar, .. } => {
                let curve = Curve::new(
                    libm::log1p(*trend) / YEAR,
                    calendar.as_ref(),
                    scenario.start_unix,
                    scenario.horizon_hours,
                );
                grid.add_each(&mut cells, |a, b| per_hour * (curve.integral(b) - curve.integral(a)));
                Self { mix: Mix::Poisson, sources: vec![cells] }
            }
            Arrivals::Every(law) => {
                let cells = grid.renewed(law);
                Self { mix: Mix::Renewal(cells.iter().sum()), sources: vec![cells] }
            }
            Arrivals::Once { probability, from_hours, to_hours } => {
                if to_hours > from_hours {
                    let per_hour = probability / (to_hours - from_hours);
                    grid.add_each(&mut cells, |a, b| per_hour * (b.min(*to_hours) - a.max(*from_hours)).max(0.0));
                } else {
                    grid.add_at(&mut cells, *from_hours, *probability);
                }
                Self { mix: Mix::Apart, sources: vec![cells] }
            }
            Arrivals::Due { due_hours } => Self::dates(&[*due_hours], |cells, t| grid.add_at(cells, t, 1.0)),
            Arrivals::At { times_hours, probability } => Self::dates(times_hours, |cells, t| {
                if t >= 0.0 {
                    grid.add_at(cells, t, *probability);
                }
            }),
        }
    }

    /// The first stage, `after` the events. A date before `start` has a delay that is known to end after it.
    pub(super) fn first_stage(&self, arrivals: &Arrivals, after: &Law, grid: Grid) -> Self {
        let Arrivals::At { times_hours, probability } = arrivals else {
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
        if times.len() > MOST_SOURCES {
            let mut cells = grid::empty();
            for &t in times {
                add(&mut cells, t);
            }
            return Self { mix: Mix::Poisson, sources: vec![cells] };
        }
        let sources = (times.iter())
            .map(|&t| {
                let mut cells = grid::empty();
                add(&mut cells, t);
                cells
            })
            .collect();
        Self { mix: Mix::Apart, sources }
    }

    /// The part `probability` of them.
    pub(super) fn thinned(&self, probability: f64) -> Self {
        let sources = self.sources.iter().map(|cells| cells.iter().map(|mass| mass * probability).collect()).collect();
        Self { mix: self.mix, sources }
    }

    /// Each later by a delay.
    pub(super) fn delayed(&self, law: &Law, grid: Grid) -> Self {
        let sources = self.sources.iter().map(|cells| grid.delayed(cells, law)).collect();
        Self { mix: self.mix, sources }
    }

    /// Expected number within the horizon.
    pub(super) fn expected(&self) -> f64 {
        self.sources.iter().flatten().sum()
    }

    /// Probability of at least one within the horizon. Of a renewal process thinned or delayed: as if its number were fixed.
    pub(super) fn at_least_one(&self) -> f64 {
        match self.mix {
            Mix::Poisson => -libm::expm1(-self.expected()),
            Mix::Apart => {
                1.0 - self.sources.iter().map(|cells| 1.0 - cells.iter().sum::<f64>().min(1.0)).product::<f64>()
            }
            Mix::Renewal(n) if n > 0.0 => 1.0 - libm::pow(1.0 - (self.expected() / n).min(1.0), n.max(1.0)),
            Mix::Renewal(_) => 0.0,
        }
    }

    /// How many are under way, per source, when each lasts so long.
    pub(super) fn under_way(&self, lasts: &Lasts, grid: Grid) -> Vec<Vec<f64>> {
        self.sources.iter().map(|cells| grid.under_way(cells, lasts)).collect()
    }

    /// Expected hours with at least one under way: of a Poisson process 1 − e^−m, m under way on average.
    pub(super) fn hours(&self, under_way: &[Vec<f64>], grid: Grid) -> f64 {
        let n = under_way.first().map_or(0, Vec::len);
        let at = |j: usize| match self.mix {
            Mix::Poisson => -libm::expm1(-under_way.iter().map(|m| m[j]).sum::<f64>()),
            Mix::Apart => 1.0 - under_way.iter().map(|m| 1.0 - m[j].min(1.0)).product::<f64>(),
            Mix::Renewal(_) => under_way.iter().map(|m| m[j]).sum::<f64>().min(1.0),
        };
        grid.integral((0..n).map(at))
    }
}
