//! Tilts from the worst trials of a sample.

use rayon::prelude::*;

use super::PLAIN;
use crate::plan::Plan;
use crate::plan::mixture::{Component, Mixture, Tilt};
use crate::plan::site::{Kind, Piece};
use crate::simulate::pilot::Drawn;
use crate::world::World;
use crate::world::likelihood::Seen;

/// Levels of the tail that a fit aims at, the first that enough trials reach.
const LEVELS: [f64; 7] = [0.995, 0.99, 0.98, 0.96, 0.93, 0.9, 0.8];
/// Enough: effective number of trials in the tail.
const ENOUGH: f64 = 50.0;
/// Most tilted components.
const MOST: usize = 4;
/// Portfolios are tilted for together if they share so much of the worst trials.
const ALIKE: f64 = 0.5;

/// Bounds of the tilts.
const TIMES: (f64, f64) = (0.5, 20.0);
const SHIFT: f64 = 2.5;
const SPREAD: (f64, f64) = (1.0, 1.5);
/// A tilt must make the worst trials so much likelier, in nats: each of them, and all together beyond what noise would.
const EACH: f64 = 0.01;
const ALL: f64 = 3.0;

/// A mixture that makes the worst of `drawn` common; `plan`: by which they were drawn.
pub(super) fn mixture(plan: &Plan, drawn: &[Drawn]) -> Mixture {
    let n_portfolios = drawn.first().map_or(0, |d| d.losses.len());
    let elites: Vec<Vec<f64>> = (0..n_portfolios).filter_map(|p| elite(drawn, p)).collect();
    let mut components: Vec<Vec<Tilt>> = Vec::new();
    for elite in grouped(elites) {
        let tilts = tilts(plan, drawn, &elite);
        if tilts.iter().any(|tilt| *tilt != Tilt::None) && !components.contains(&tilts) {
            components.push(tilts);
        }
    }
    if components.is_empty() {
        return Mixture::plain();
    }
    #[expect(clippy::cast_precision_loss, reason = "a handful")]
    let share = (1.0 - PLAIN) / components.len() as f64;
    Mixture { plain: PLAIN, components: components.into_iter().map(|tilts| Component { share, tilts }).collect() }
}

/// The smallest loss that at least `level` of all weight does not exceed. `losses`: with weights, descending.
pub(super) fn quantile(losses: &[(f64, f64)], level: f64) -> f64 {
    let all: f64 = losses.iter().map(|l| l.1).sum();
    let mut above = 0.0;
    for &(loss, weight) in losses {
        above += weight;
        if above > (1.0 - level) * all {
            return loss;
        }
    }
    losses.last().map_or(0.0, |l| l.0)
}

/// How much each trial counts among the worst of portfolio `p`: weight × what its loss exceeds the tail's beginning by,
/// summing to 1. None if no loss stands out.
fn elite(drawn: &[Drawn], p: usize) -> Option<Vec<f64>> {
    let mut losses: Vec<(f64, f64)> = drawn.iter().map(|d| (d.losses[p], d.weight)).collect();
    losses.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
    let mut counts = Vec::new();
    for level in LEVELS {
        let q = quantile(&losses, level);
        counts = drawn.iter().map(|d| d.weight * (d.losses[p] - q).max(0.0)).collect();
        let sum: f64 = counts.iter().sum();
        if sum > 0.0 {
            counts.iter_mut().for_each(|c| *c /= sum);
            if effective(&counts) >= ENOUGH {
                return Some(counts);
            }
        }
    }
    (counts.iter().sum::<f64>() > 0.0).then_some(counts)
}

/// Effective number of trials that count so much; the counts sum to 1.
fn effective(counts: &[f64]) -> f64 {
    1.0 / counts.iter().map(|c| c * c).sum::<f64>()
}

/// Joins what is alike, and then the most alike until few enough are left; the most alike first.
fn grouped(elites: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let mut groups: Vec<(f64, Vec<f64>)> = elites.into_iter().map(|e| (1.0, e)).collect();
    loop {
        let mut best = (0.0, 0, 0);
        for a in 0..groups.len() {
            for b in a + 1..groups.len() {
                let common: f64 = groups[a].1.iter().zip(&groups[b].1).map(|(x, y)| x.min(*y)).sum();
                if common > best.0 || best.2 == 0 {
                    best = (common, a, b);
                }
            }
        }
        let (common, a, b) = best;
        if b == 0 || (common < ALIKE && groups.len() <= MOST) {
            return groups.into_iter().map(|g| g.1).collect();
        }
        let (m, other) = groups.remove(b);
        let (n, group) = &mut groups[a];
        group.iter_mut().zip(&other).for_each(|(x, y)| *x = (*n * *x + m * y) / (*n + m));
        *n += m;
    }
}

/// Draws the worst trials again, and fits a tilt to what is seen at each site.
fn tilts(plan: &Plan, drawn: &[Drawn], elite: &[f64]) -> Vec<Tilt> {
    let worst: Vec<(u64, f64)> =
        drawn.iter().zip(elite).filter(|(_, count)| **count > 0.0).map(|(d, count)| (d.trial, *count)).collect();
    let seen: Vec<Vec<Seen>> = (worst.par_iter())
        .map_init(
            || {
                let mut world = World::default();
                world.likelihood.seen = Some(Vec::new());
                world
            },
            |world, &(trial, _)| {
                world.draw(plan, trial);
                world.likelihood.seen.clone().unwrap_or_default()
            },
        )
        .collect();
    let n = effective(elite);
    (plan.sites.iter().enumerate())
        .map(|(s, site)| {
            let mut mean = Seen::default();
            for (seen, (_, count)) in seen.iter().zip(&worst) {
                mean.add(&seen[s], *count);
            }
            tilt(&site.kind, &mean, n)
        })
        .collect()
}

impl Seen {
    fn add(&mut self, other: &Seen, count: f64) {
        self.n += count * other.n;
        self.sum += count * other.sum;
        self.squares += count * other.squares;
        self.pieces.resize(self.pieces.len().max(other.pieces.len()), 0.0);
        self.pieces.iter_mut().zip(&other.pieces).for_each(|(a, b)| *a += count * b);
    }
}

/// The tilt under which the worst trials are likeliest, shrunk towards none; none if they do not speak for it.
///
/// `mean`: of what the worst trials show. `n`: how many of them there are, in effect.
fn tilt(kind: &Kind, mean: &Seen, n: f64) -> Tilt {
    let (tilt, gain, freedom) = match kind {
        Kind::Rate => rate(mean, n),
        Kind::Choice(pieces) => choice(pieces, mean, n),
        Kind::Value => value(mean, n),
        Kind::Steps => steps(mean, n),
    };
    if gain > EACH && n * gain > ALL + freedom { tilt } else { Tilt::None }
}

fn rate(mean: &Seen, n: f64) -> (Tilt, f64, f64) {
    let times = ((n * mean.n + 1.0) / (n * mean.sum + 1.0)).clamp(TIMES.0, TIMES.1);
    (Tilt::Rate(times), mean.n * libm::log(times) - mean.sum * (times - 1.0), 0.0)
}

fn choice(pieces: &[Piece], mean: &Seen, n: f64) -> (Tilt, f64, f64) {
    const PRIOR: f64 = 2.0;
    let all: f64 = mean.pieces.iter().sum();
    if all <= 0.0 {
        return (Tilt::None, 0.0, 0.0);
    }
    let mut p: Vec<f64> = (pieces.iter().zip(&mean.pieces))
        .map(|(piece, seen)| {
            let plain = piece.to - piece.from;
            ((n * seen + PRIOR * plain) / (n * all + PRIOR)).clamp(plain / TIMES.1, plain * TIMES.1)
        })
        .collect();
    let sum: f64 = p.iter().sum();
    p.iter_mut().for_each(|p| *p /= sum);
    let gain =
        pieces.iter().zip(&mean.pieces).zip(&p).map(|((x, seen), p)| seen * libm::log(p / (x.to - x.from))).sum();
    #[expect(clippy::cast_precision_loss, reason = "a handful")]
    let freedom = pieces.len() as f64 - 2.0;
    (Tilt::Choice(p), gain, freedom)
}

fn value(mean: &Seen, n: f64) -> (Tilt, f64, f64) {
    const PRIOR: f64 = 2.0;
    if mean.n <= 0.0 {
        return (Tilt::None, 0.0, 0.0);
    }
    let all = n * mean.n;
    let shift = (n * mean.sum / (all + PRIOR)).clamp(-SHIFT, SHIFT);
    let about = mean.squares - 2.0 * shift * mean.sum + mean.n * shift * shift;
    let spread = ((n * about + PRIOR) / (all + PRIOR)).sqrt().clamp(SPREAD.0, SPREAD.1);
    let gain = (mean.squares - about / (spread * spread)) / 2.0 - mean.n * libm::log(spread);
    (Tilt::Value { shift, spread }, gain, 1.0)
}

fn steps(mean: &Seen, n: f64) -> (Tilt, f64, f64) {
    const PRIOR: f64 = 2.0;
    if mean.n <= 0.0 {
        return (Tilt::None, 0.0, 0.0);
    }
    let most = SHIFT / mean.n.sqrt();
    let shift = (mean.sum / mean.n * n / (n + PRIOR)).clamp(-most, most);
    (Tilt::Steps(shift), shift * mean.sum - mean.n * shift * shift / 2.0, 0.0)
}
