//! Sums on an even grid of time over the horizon. What is spread over a cell counts as spread evenly within it, so
//! that delays and durations of any length, shorter than a cell too, are integrated exactly.

use std::cell::RefCell;
use std::rc::Rc;

use crate::chance::law::Law;
use crate::chance::math;

/// Cells of the grid; even.
const CELLS: usize = 2048;
/// Sums that are formed at once; a divisor of [`CELLS`].
const AT_ONCE: usize = 8;
/// What is left of a law, as a part of all of it, below this no longer counts.
const NOTHING: f64 = 1e-11;
/// A law that loses less than this within three cells, some cells from its beginning, is a cubic in the middle one.
const LITTLE: f64 = 0.01;

/// Cells of equal width from 0 to the horizon.
#[derive(Debug)]
pub(super) struct Grid {
    width: f64,
    /// Laws that were asked for.
    known: RefCell<Vec<(Law, Rc<Kernel>)>>,
    /// What was spread by whose steps or rests: round after round asks for the same.
    spread: RefCell<Vec<Spread>>,
}

/// Masses, spread by a law.
#[derive(Debug)]
struct Spread {
    cells: Vec<f64>,
    law: Rc<Kernel>,
    is_delay: bool,
    all: Vec<f64>,
}

/// A law on the grid: by how many cells later it carries on. Both lists end where nothing follows.
#[derive(Debug)]
struct Kernel {
    /// Part of the mass of a cell that a delay carries 0, 1, 2 … cells on.
    steps: Vec<f64>,
    /// Part of what began in a cell that is still under way 0, 1, 2 … cells on.
    left: Vec<f64>,
}

/// How long something lasts.
#[derive(Debug, Clone)]
pub(super) enum Lasts<'a> {
    Hours(&'a Law),
    ToTheEnd,
}

impl Grid {
    pub(super) fn new(horizon: f64) -> Self {
        Self { width: horizon / real(CELLS), known: RefCell::default(), spread: RefCell::default() }
    }

    /// Ends of the cells: `CELLS` + 1 moments.
    fn ends(&self) -> impl Iterator<Item = f64> {
        let width = self.width;
        (0..=CELLS).map(move |k| real(k) * width)
    }

    /// Adds `mass` at the moment `t`, to the two nearest cells so that its mean is `t`; nothing from the horizon on.
    pub(super) fn add_at(&self, cells: &mut [f64], t: f64, mass: f64) {
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
    pub(super) fn add_each(&self, cells: &mut [f64], mass: impl Fn(f64, f64) -> f64) {
        for (k, cell) in cells.iter_mut().enumerate() {
            *cell += mass(real(k) * self.width, real(k + 1) * self.width);
        }
    }

    /// The same masses, each later by a delay drawn from `law`; what falls beyond the horizon is left out.
    pub(super) fn delayed(&self, cells: &[f64], law: &Law) -> Vec<f64> {
        if law.is_constant() == Some(0.0) {
            return cells.to_vec();
        }
        self.spread(cells, law, true)
    }

    /// Expected events per cell when intervals drawn from `law` follow each other, the first from 0.
    pub(super) fn renewed(&self, law: &Law) -> Vec<f64> {
        if let Some(interval) = law.is_constant() {
            return self.every(interval);
        }
        let kernel = self.kernel(law);
        let steps = &kernel.steps;
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

    fn every(&self, interval: f64) -> Vec<f64> {
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
    pub(super) fn under_way(&self, cells: &[f64], lasts: &Lasts) -> Vec<f64> {
        match lasts {
            Lasts::Hours(law) => self.spread(cells, law, false),
            Lasts::ToTheEnd => spread(cells, &self.left(&self.reached_constant(f64::INFINITY))),
        }
    }

    /// How much lies before the moment `t`.
    pub(super) fn before(&self, cells: &[f64], t: f64) -> f64 {
        let place = (t / self.width).clamp(0.0, real(CELLS));
        let cell = whole(place);
        cells[..cell].iter().sum::<f64>() + cells.get(cell).map_or(0.0, |mass| mass * (place - real(cell)))
    }

    /// ∫ over the horizon of what is known by its value in each cell.
    pub(super) fn integral(&self, values: impl Iterator<Item = f64>) -> f64 {
        values.sum::<f64>() * self.width
    }

    fn spread(&self, cells: &[f64], law: &Law, is_delay: bool) -> Vec<f64> {
        let law = self.kernel(law);
        let mut known = self.spread.borrow_mut();
        let same = |s: &&Spread| Rc::ptr_eq(&s.law, &law) && s.is_delay == is_delay && s.cells == cells;
        if let Some(same) = known.iter().find(same) {
            return same.all.clone();
        }
        let all = spread(cells, if is_delay { &law.steps } else { &law.left });
        known.push(Spread { cells: cells.to_vec(), law, is_delay, all: all.clone() });
        all
    }

    fn kernel(&self, law: &Law) -> Rc<Kernel> {
        let mut known = self.known.borrow_mut();
        if let Some((_, kernel)) = known.iter().find(|(other, _)| other == law) {
            return Rc::clone(kernel);
        }
        let reached = self.reached(law);
        let kernel = Rc::new(Kernel { steps: self.steps(&reached), left: self.left(&reached) });
        known.push((law.clone(), Rc::clone(&kernel)));
        kernel
    }

    fn steps(&self, reached: &Reached) -> Vec<f64> {
        // ∫₀ᵗ P(X ≤ s) ds at the ends of the cells.
        let below: Vec<f64> = reached.ends.iter().zip(self.ends()).map(|(reached, t)| (t - reached).max(0.0)).collect();
        let carried = (0..CELLS).map(|k| {
            let before = if k == 0 { 0.0 } else { below[k - 1] };
            ((below[k + 1] - 2.0 * below[k] + before) / self.width).clamp(0.0, 1.0)
        });
        trimmed(carried.collect())
    }

    fn left(&self, reached: &Reached) -> Vec<f64> {
        let before = std::iter::once(&0.0).chain(&reached.within);
        let left = reached.within.iter().zip(before).map(|(now, before)| (now - before) / (self.width * self.width));
        trimmed(left.collect())
    }

    fn reached(&self, law: &Law) -> Reached {
        if let Some(value) = law.is_constant() {
            return self.reached_constant(value.max(0.0));
        }
        match law {
            Law::Discrete { values, cumulative } => self.reached_discrete(values, cumulative),
            _ => self.reached_continuous(law),
        }
    }

    /// ∫ S and ∫ (end − s) S over the middle of three cells, where S is a cubic through its values at their ends.
    fn cubic(&self, [a, b, c, d]: &[f64; 4]) -> (f64, f64) {
        let part = 13.0 * (b + c) - (a + d);
        let weighted = 129.0 * b + 66.0 * c - 8.0 * a - 7.0 * d;
        (self.width * part / 24.0, self.width * self.width * weighted / 360.0)
    }

    fn reached_constant(&self, value: f64) -> Reached {
        self.reached_by(|t| if t < value { (t, 0.5 * t * t) } else { (value, value * (t - 0.5 * value)) })
    }

    fn reached_discrete(&self, values: &[f64], cumulative: &[f64]) -> Reached {
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
    fn reached_by(&self, mut at: impl FnMut(f64) -> (f64, f64)) -> Reached {
        let (ends, sums): (Vec<f64>, Vec<f64>) = self.ends().map(&mut at).unzip();
        Reached { within: sums.windows(2).map(|w| w[1] - w[0]).collect(), ends }
    }

    fn reached_continuous(&self, law: &Law) -> Reached {
        // ∫ P(X > s) ds and ∫ (end − s) P(X > s) ds over a panel of a cell that ends at `end`.
        let panel = |from: f64, to: f64, end: f64| {
            math::points_of_16(from, to).fold((0.0, 0.0), |(part, weighted), (s, weight)| {
                let left = weight * law.survival(s);
                (part + left, weighted + (end - s) * left)
            })
        };
        // What is left at rising moments, which nothing is any more once it was nothing.
        let left = || {
            let mut ended = false;
            move |t: f64| {
                let left = if ended { 0.0 } else { law.survival(t) };
                ended |= left <= NOTHING;
                left
            }
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
        let survival: Vec<f64> = self.ends().chain([real(CELLS + 1) * self.width]).map(left()).collect();
        for k in 1..CELLS {
            let (from, to) = (real(k) * self.width, real(k + 1) * self.width);
            let around: &[f64; 4] = survival[k - 1..].first_chunk().expect("a cell on either side");
            let (part, weighted) = if survival[k] <= NOTHING {
                (0.0, 0.0)
            } else if k >= 8 && around[0] - around[3] < LITTLE {
                self.cubic(around)
            } else {
                panel(from, to, to)
            };
            reached.within.push(sum * self.width + weighted);
            sum += part;
            reached.ends.push(sum);
        }
        reached
    }
}

/// Each mass carried on by the kernel; what falls beyond the horizon is left out.
fn spread(cells: &[f64], kernel: &[f64]) -> Vec<f64> {
    let mut all = empty();
    let nonzero = |x: &f64| *x != 0.0;
    let (Some(first), Some(begins)) = (kernel.iter().position(nonzero), cells.iter().position(nonzero)) else {
        return all;
    };
    let ends = cells.iter().rposition(nonzero).map_or(begins, |last| last + 1);
    // Several sums at once, which stay in registers; zeros around the kernel stand for what it has not reached or has left.
    let base = (begins + first) / AT_ONCE * AT_ONCE;
    let mut padded = vec![0.0; AT_ONCE - 1 + begins + first - base];
    padded.extend_from_slice(&kernel[first..]);
    padded.extend([0.0; AT_ONCE - 1]);
    for (n, sums) in all[base.min(CELLS)..].chunks_exact_mut(AT_ONCE).enumerate() {
        let reached = n * AT_ONCE + AT_ONCE;
        let from = (reached + AT_ONCE - 1).saturating_sub(padded.len());
        let mut sum = [0.0; AT_ONCE];
        for (i, mass) in cells[begins..ends].iter().enumerate().take(reached).skip(from) {
            let parts = &padded[reached - 1 - i..][..AT_ONCE];
            sum.iter_mut().zip(parts).for_each(|(sum, part)| *sum += mass * part);
        }
        sums.copy_from_slice(&sum);
    }
    all
}

/// Without the end that counts for nothing: laws have long tails.
fn trimmed(mut parts: Vec<f64>) -> Vec<f64> {
    let all: f64 = parts.iter().sum();
    let mut tail = 0.0;
    let counts = |part: &f64| {
        tail += part;
        tail > NOTHING * all
    };
    parts.truncate(parts.iter().rposition(counts).map_or(0, |last| last + 1));
    parts
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
