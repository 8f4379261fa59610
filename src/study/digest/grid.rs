//! Sums on an even grid of time over the horizon. What is spread over a cell counts as spread evenly within it, so
//! that delays and durations of any length, shorter than a cell too, are integrated exactly.

use crate::chance::law::Law;
use crate::chance::math;

/// Cells of the grid; even.
const CELLS: usize = 4096;
/// What is left of a law below this no longer counts.
const NOTHING: f64 = 1e-15;

/// Cells of equal width from 0 to the horizon.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grid {
    width: f64,
}

/// How long something lasts.
#[derive(Debug, Clone)]
pub(super) enum Lasts<'a> {
    Hours(&'a Law),
    ToTheEnd,
}

impl Grid {
    pub(super) fn new(horizon: f64) -> Self {
        Self { width: horizon / real(CELLS) }
    }

    /// Ends of the cells: `CELLS` + 1 moments.
    pub(super) fn ends(self) -> impl Iterator<Item = f64> {
        (0..=CELLS).map(move |k| real(k) * self.width)
    }

    /// Adds `mass` at the moment `t`, to the two nearest cells so that its mean is `t`; nothing from the horizon on.
    pub(super) fn add_at(self, cells: &mut [f64], t: f64, mass: f64) {
        let place = t / self.width;
        if place >= real(CELLS) {
            return;
        }
        let place = (place - 0.5).clamp(0.0, real(CELLS - 1));
        let cell = whole(place);
        let part = place - real(cell);
        cells[cell] += mass * (1.0 - part);
        if part > 0.0 {
            cells[cell + 1] += mass * part;
        }
    }

    /// Adds `mass(a, b)` to every cell from a to b.
    pub(super) fn add_each(self, cells: &mut [f64], mass: impl Fn(f64, f64) -> f64) {
        for (k, cell) in cells.iter_mut().enumerate() {
            *cell += mass(real(k) * self.width, real(k + 1) * self.width);
        }
    }

    /// The same masses, each later by a delay drawn from `law`; what falls beyond the horizon is left out.
    pub(super) fn delayed(self, cells: &[f64], law: &Law) -> Vec<f64> {
        if law.is_constant() == Some(0.0) {
            return cells.to_vec();
        }
        let steps = self.steps(law);
        let mut later = empty();
        for (i, &mass) in cells.iter().enumerate().filter(|(_, mass)| **mass != 0.0) {
            later[i..].iter_mut().zip(&steps).for_each(|(cell, step)| *cell += mass * step);
        }
        later
    }

    /// Expected events per cell when intervals drawn from `law` follow each other, the first from 0.
    pub(super) fn renewed(self, law: &Law) -> Vec<f64> {
        if let Some(interval) = law.is_constant() {
            return self.every(interval);
        }
        let steps = self.steps(law);
        let mut cells = empty();
        self.add_each(&mut cells, |a, b| law.cdf(b) - law.cdf(a));
        let stay = 1.0 - steps[0];
        for j in 0..CELLS {
            let mass = if stay > 0.0 { cells[j] / stay } else { cells[j] };
            cells[j] = mass;
            cells[j + 1..].iter_mut().zip(&steps[1..]).for_each(|(cell, step)| *cell += mass * step);
        }
        cells
    }

    fn every(self, interval: f64) -> Vec<f64> {
        let mut cells = empty();
        if interval <= 0.0 {
            return cells;
        }
        let horizon = self.width * real(CELLS);
        if interval < self.width {
            self.add_each(&mut cells, |a, b| (b - a) / interval);
            return cells;
        }
        let mut n = 1;
        while real(n) * interval < horizon {
            self.add_at(&mut cells, real(n) * interval, 1.0);
            n += 1;
        }
        cells
    }

    /// Expected number under way in every cell, of things that begin as `cells` says and last so long.
    pub(super) fn under_way(self, cells: &[f64], lasts: &Lasts) -> Vec<f64> {
        let whole = match lasts {
            Lasts::Hours(law) => self.reached(law).within,
            Lasts::ToTheEnd => self.reached_constant(f64::INFINITY).within,
        };
        let mut before = 0.0;
        let mut left: Vec<f64> = Vec::with_capacity(CELLS);
        for part in whole {
            left.push((part - before) / (self.width * self.width));
            before = part;
        }
        let used = left.iter().rposition(|part| *part > NOTHING).map_or(0, |last| last + 1);
        let mut number = empty();
        for (i, &mass) in cells.iter().enumerate().filter(|(_, mass)| **mass != 0.0) {
            number[i..].iter_mut().zip(&left[..used]).for_each(|(n, part)| *n += mass * part);
        }
        number
    }

    /// How much lies before the moment `t`.
    pub(super) fn before(self, cells: &[f64], t: f64) -> f64 {
        let place = (t / self.width).clamp(0.0, real(CELLS));
        let cell = whole(place);
        cells[..cell].iter().sum::<f64>() + cells.get(cell).map_or(0.0, |mass| mass * (place - real(cell)))
    }

    /// ∫ over the horizon of what is known by its value in each cell.
    pub(super) fn integral(self, values: impl Iterator<Item = f64>) -> f64 {
        values.sum::<f64>() * self.width
    }

    /// Part of the mass of a cell that a delay carries 0, 1, 2 … cells on.
    fn steps(self, law: &Law) -> Vec<f64> {
        // ∫₀ᵗ P(X ≤ s) ds at the ends of the cells.
        let below: Vec<f64> =
            self.reached(law).ends.iter().zip(self.ends()).map(|(reached, t)| (t - reached).max(0.0)).collect();
        (0..CELLS)
            .map(|k| {
                let before = if k == 0 { 0.0 } else { below[k - 1] };
                ((below[k + 1] - 2.0 * below[k] + before) / self.width).clamp(0.0, 1.0)
            })
            .collect()
    }

    fn reached(self, law: &Law) -> Reached {
        if let Some(value) = law.is_constant() {
            return self.reached_constant(value.max(0.0));
        }
        match law {
            Law::Discrete { values, cumulative } => self.reached_discrete(values, cumulative),
            _ => self.reached_continuous(law),
        }
    }

    fn reached_constant(self, value: f64) -> Reached {
        self.reached_by(|t| if t < value { (t, 0.5 * t * t) } else { (value, value * (t - 0.5 * value)) })
    }

    fn reached_discrete(self, values: &[f64], cumulative: &[f64]) -> Reached {
        let (mut next, mut first, mut second, mut to_here) = (0, 0.0, 0.0, 0.0);
        self.reached_by(|t| {
            while next < values.len() && values[next] <= t {
                let (value, weight) = (values[next].max(0.0), cumulative[next] - to_here);
                first += weight * value;
                second += weight * value * value;
                to_here = cumulative[next];
                next += 1;
            }
            let left = 1.0 - to_here;
            (first + left * t, first * t - 0.5 * second + left * 0.5 * t * t)
        })
    }

    /// From E min(X, t) and its integral up to t, asked for at rising t.
    fn reached_by(self, mut at: impl FnMut(f64) -> (f64, f64)) -> Reached {
        let (ends, sums): (Vec<f64>, Vec<f64>) = self.ends().map(&mut at).unzip();
        Reached { within: sums.windows(2).map(|w| w[1] - w[0]).collect(), ends }
    }

    fn reached_continuous(self, law: &Law) -> Reached {
        let survival = |s: f64| law.survival(s);
        // ∫ P(X > s) ds and ∫ (end − s) P(X > s) ds over a panel of a cell that ends at `end`.
        let panel = |from: f64, to: f64, end: f64| {
            (math::integrate(from, to, survival), math::integrate(from, to, |s| (end - s) * survival(s)))
        };
        let (mut sum, mut inner) = (0.0, 0.0);
        let mut to = self.width;
        // The law may be far shorter than a cell: panels that halve towards 0.
        for _ in 0..60 {
            let (part, weighted) = panel(0.5 * to, to, self.width);
            sum += part;
            inner += weighted;
            to *= 0.5;
        }
        let mut reached = Reached { ends: vec![0.0, sum], within: vec![inner] };
        for k in 1..CELLS {
            let (from, to) = (real(k) * self.width, real(k + 1) * self.width);
            let (part, weighted) = if survival(from) > NOTHING { panel(from, to, to) } else { (0.0, 0.0) };
            reached.within.push(sum * self.width + weighted);
            sum += part;
            reached.ends.push(sum);
        }
        reached
    }
}

/// Nothing in any cell.
pub(super) fn empty() -> Vec<f64> {
    vec![0.0; CELLS]
}

/// E min(X, t) = ∫₀ᵗ P(X > s) ds.
struct Reached {
    /// At the ends of the cells.
    ends: Vec<f64>,
    /// Its integral over each cell.
    within: Vec<f64>,
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn real(n: usize) -> f64 {
    n as f64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and CELLS")]
fn whole(x: f64) -> usize {
    x as usize
}
