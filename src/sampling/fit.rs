//! Tilts from the worst trials of a sample.

use rayon::prelude::*;

use super::PLAIN;
use crate::chance::math;
use crate::plan::Plan;
use crate::plan::mixture::{AS_IT_IS, Component, Mixture, Tilt};
use crate::plan::site::{Kind, Piece};
use crate::simulate::pilot::Drawn;
use crate::world::World;
use crate::world::likelihood::Seen;

/// Levels of the tail that a fit aims at, the first that enough trials reach.
const LEVELS: [f64; 7] = [0.995, 0.99, 0.98, 0.96, 0.93, 0.9, 0.8];
/// Enough: effective number of trials in the tail.
const ENOUGH: f64 = 50.0;
/// Most trials that a fit looks at: those that count most.
const LOOKED_AT: usize = 1_000;
/// Most tilted components.
const MOST: usize = 8;
/// Another component must leave at most so much of the error that those before it left.
const PAYS: f64 = 0.95;
/// Steps of expectation and maximisation after each.
const STEPS: usize = 12;
/// How many ways to add one are tried.
const TRIES: usize = 4;
/// How many trials the one with which a component begins stands for, and the component's part to begin with.
const ONE: f64 = 5.0;
const NEW: f64 = 0.2;
/// A component that serves less than so much of the worst trials is dropped.
const LEAST: f64 = 0.01;

/// Bounds of the tilts.
const TIMES: (f64, f64) = (0.5, 20.0);
const SHIFT: f64 = 2.5;
const SPREAD: (f64, f64) = (0.6, 1.5);
/// No piece of a choice becomes so many times likelier.
const MOST_TIMES: f64 = 50.0;
/// Draws that speak for no tilt before any is seen.
const PRIOR: f64 = 2.0;
/// A tilt must make the worst trials so much likelier, in nats: each of them, and all together beyond what noise would.
const EACH: f64 = 0.01;
const ALL: f64 = 3.0;

/// A mixture that makes the worst of `drawn` common; `plan`: by which they were drawn.
pub(super) fn mixture(plan: &Plan, drawn: &[Drawn]) -> Mixture {
    let n_portfolios = drawn.first().map_or(0, |d| d.losses.len());
    let mut counts = vec![0.0; drawn.len()];
    for elite in (0..n_portfolios).filter_map(|p| elite(drawn, p)) {
        counts.iter_mut().zip(elite).for_each(|(all, one)| *all += one);
    }
    let sum: f64 = counts.iter().sum();
    if sum <= 0.0 {
        return Mixture::plain();
    }
    for count in &mut counts {
        *count /= sum;
    }
    Worst::new(plan, drawn, &counts).mixture()
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
            for count in &mut counts {
                *count /= sum;
            }
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

/// The worst trials of a sample, with what they show.
struct Worst<'a> {
    plan: &'a Plan,
    /// How much each counts; they sum to 1.
    counts: Vec<f64>,
    /// Trial by trial, site by site.
    seen: Vec<Vec<Seen>>,
}

impl<'a> Worst<'a> {
    /// Draws those trials again that count at all.
    fn new(plan: &'a Plan, drawn: &[Drawn], elite: &[f64]) -> Self {
        let mut worst: Vec<(u64, f64)> =
            drawn.iter().zip(elite).filter(|(_, count)| **count > 0.0).map(|(d, count)| (d.trial, *count)).collect();
        worst.sort_by(|a, b| b.1.total_cmp(&a.1));
        worst.truncate(LOOKED_AT);
        let sum: f64 = worst.iter().map(|w| w.1).sum();
        for (_, count) in &mut worst {
            *count /= sum;
        }
        let observer = || {
            let mut world = World::default();
            world.likelihood.seen = Some(Vec::new());
            world
        };
        let seen = (worst.par_iter())
            .map_init(observer, |world, &(trial, _)| {
                world.draw(plan, trial);
                world.likelihood.seen.clone().unwrap_or_default()
            })
            .collect();
        Self { plan, counts: worst.into_iter().map(|w| w.1).collect(), seen }
    }

    /// Tilts under which trials that count so much are likeliest; none where nothing counts. `n`: how many they stand for.
    fn tilts(&self, counts: &[f64], n: f64) -> Vec<Tilt> {
        let sum: f64 = counts.iter().sum();
        (self.plan.sites.iter().enumerate())
            .map(|(s, site)| {
                let mut mean = Seen::default();
                for (seen, count) in self.seen.iter().zip(counts).filter(|(_, count)| **count > 0.0) {
                    mean.add(&seen[s], count / sum);
                }
                tilt(&site.kind, &mean, n)
            })
            .collect()
    }

    /// Of every trial: the density under `tilts` over that of the scenario.
    fn ratios(&self, tilts: &[Tilt]) -> Vec<f64> {
        let tilted: Vec<(usize, Counted)> = (self.plan.sites.iter().zip(tilts).enumerate())
            .filter_map(|(s, (site, tilt))| Some((s, Counted::new(&site.kind, tilt)?)))
            .collect();
        let log = |seen: &Vec<Seen>| tilted.iter().map(|(s, counted)| counted.ln_ratio(&seen[*s])).sum();
        self.seen.iter().map(|seen| math::exp(log(seen))).collect()
    }

    /// A mixture of as many components as pay, by adding one after the other where the mixture so far does worst, and
    /// improving all of them by expectation and maximisation (Cappé, Douc, Guillin, Marin and Robert, "Adaptive importance
    /// sampling in general mixture classes", 2008).
    fn mixture(&self) -> Mixture {
        let mut best = Mixture::plain();
        let mut missed = 1.0;
        while best.components.len() < MOST {
            let tries: Vec<(f64, Mixture)> = (self.others(&best).into_par_iter())
                .map(|component| {
                    let mut next = best.clone();
                    next.components.push(component);
                    (0..STEPS).for_each(|_| self.improve(&mut next));
                    let weights = self.weights(&next, &self.all_ratios(&next));
                    (self.counts.iter().zip(weights).map(|(count, weight)| count * weight).sum(), next)
                })
                .collect();
            let Some((left, next)) = tries.into_iter().min_by(|a, b| a.0.total_cmp(&b.0)) else { break };
            if left > missed * PAYS || next.components.len() <= best.components.len() {
                break;
            }
            (best, missed) = (next, left);
        }
        best
    }

    /// Components to try beside those of `mixture`, each for something else that is served badly.
    fn others(&self, mixture: &Mixture) -> Vec<Component> {
        let mut with = mixture.clone();
        for _ in 0..TRIES {
            with.components.extend(self.another(&with));
        }
        with.components.split_off(mixture.components.len())
    }

    fn all_ratios(&self, mixture: &Mixture) -> Vec<Vec<f64>> {
        mixture.components.iter().map(|c| self.ratios(&c.tilts)).collect()
    }

    /// Of every trial: its weight under `mixture`. The smaller, the better such trials are served.
    fn weights(&self, mixture: &Mixture, ratios: &[Vec<f64>]) -> Vec<f64> {
        let all = |i: usize| mixture.components.iter().zip(ratios).map(|(c, r)| c.share * r[i]).sum::<f64>();
        (0..self.seen.len()).map(|i| 1.0 / (mixture.plain + all(i))).collect()
    }

    /// A component for what is served worst: to begin with, for the one trial that would bring most of the error.
    fn another(&self, mixture: &Mixture) -> Option<Component> {
        let weights = self.weights(mixture, &self.all_ratios(mixture));
        let missed: Vec<f64> = self.counts.iter().zip(weights).map(|(count, weight)| count * weight).collect();
        let worst = (0..missed.len()).max_by(|&a, &b| missed[a].total_cmp(&missed[b]))?;
        // Of what this trial has to show, only what others show too.
        let sum: f64 = missed.iter().sum();
        let common = self.tilts(&missed, effective(&missed.iter().map(|m| m / sum).collect::<Vec<_>>()));
        let matters = |s: usize| {
            common[s] != Tilt::None || mixture.components.iter().any(|component| component.tilts[s] != Tilt::None)
        };
        let mut alone = vec![0.0; missed.len()];
        alone[worst] = 1.0;
        let mut tilts = self.tilts(&alone, ONE);
        (0..tilts.len()).filter(|&s| !matters(s)).for_each(|s| tilts[s] = Tilt::None);
        tilts.iter().any(|tilt| *tilt != Tilt::None).then_some(Component { share: NEW, tilts })
    }

    /// One step of expectation and maximisation. What is left without trials, or tilts nothing, is dropped.
    fn improve(&self, mixture: &mut Mixture) {
        mixture.share_out();
        let ratios = self.all_ratios(mixture);
        let weights = self.weights(mixture, &ratios);
        let mut improved = Vec::new();
        for (component, ratios) in mixture.components.iter().zip(&ratios) {
            let counts: Vec<f64> = (self.counts.iter().zip(&weights).zip(ratios))
                .map(|((count, weight), ratio)| count * weight * component.share * ratio)
                .collect();
            let share: f64 = counts.iter().sum();
            let n = share * share / counts.iter().map(|c| c * c).sum::<f64>();
            let tilts = self.tilts(&counts, n);
            if share > LEAST && tilts.iter().any(|tilt| *tilt != Tilt::None) {
                improved.push(Component { share, tilts });
            }
        }
        mixture.components = improved;
        mixture.share_out();
    }
}

impl Mixture {
    /// Scales the shares, so that all but the plain part goes to the components, if there are any.
    fn share_out(&mut self) {
        self.plain = if self.components.is_empty() { 1.0 } else { PLAIN };
        let all: f64 = self.components.iter().map(|c| c.share).sum();
        for component in &mut self.components {
            component.share *= (1.0 - self.plain) / all;
        }
    }
}

/// A tilt ready to be held against what was seen.
enum Counted {
    Rate { times: f64, ln: f64 },
    Choice(Vec<f64>),
    Value { shift: f64, spread: f64, ln: f64 },
    Steps(f64),
}

impl Counted {
    fn new(kind: &Kind, tilt: &Tilt) -> Option<Self> {
        Some(match (tilt, kind) {
            (Tilt::Rate(times), _) => Self::Rate { times: *times, ln: libm::log(*times) },
            (Tilt::Choice(p), Kind::Choice(pieces)) => {
                Self::Choice(pieces.iter().zip(p).map(|(x, p)| libm::log(p / (x.to - x.from))).collect())
            }
            (Tilt::Value { shift, spread }, _) => {
                Self::Value { shift: *shift, spread: *spread, ln: libm::log(*spread) }
            }
            (Tilt::Steps(shift), _) => Self::Steps(*shift),
            (Tilt::None | Tilt::Choice(_), _) => return None,
        })
    }

    /// ln(g/f) of all that was seen at a site.
    fn ln_ratio(&self, seen: &Seen) -> f64 {
        match self {
            Self::Rate { times, ln } => seen.n * ln - seen.sum * (times - 1.0),
            Self::Choice(logs) => seen.pieces.iter().zip(logs).map(|(n, log)| n * log).sum(),
            Self::Value { shift, spread, ln } => {
                let about = seen.squares - 2.0 * shift * seen.sum + seen.n * shift * shift;
                (seen.squares - about / (spread * spread)) / 2.0 - seen.n * ln
            }
            Self::Steps(shift) => shift * (seen.sum - seen.n * shift / 2.0),
        }
    }
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
    let (tilt, freedom) = match kind {
        Kind::Rate => (rate(mean, n), 1.0),
        Kind::Choice(pieces) => {
            #[expect(clippy::cast_precision_loss, reason = "a handful")]
            let freedom = pieces.len() as f64 - 1.0;
            (choice(pieces, mean, n), freedom)
        }
        Kind::Value => (value(mean, n), 2.0),
        Kind::Steps => (steps(mean, n), 1.0),
    };
    let gain = Counted::new(kind, &tilt).map_or(0.0, |counted| counted.ln_ratio(mean));
    if gain > EACH && n * gain > ALL + freedom { tilt } else { Tilt::None }
}

fn rate(mean: &Seen, n: f64) -> Tilt {
    Tilt::Rate(((n * mean.n + 1.0) / (n * mean.sum + 1.0)).clamp(TIMES.0, TIMES.1))
}

fn choice(pieces: &[Piece], mean: &Seen, n: f64) -> Tilt {
    let all: f64 = mean.pieces.iter().sum();
    if all <= 0.0 {
        return Tilt::None;
    }
    let mut p: Vec<f64> = (pieces.iter().zip(&mean.pieces))
        .map(|(piece, seen)| {
            let plain = piece.to - piece.from;
            let p = (n * seen + PRIOR * plain) / (n * all + PRIOR);
            (1.0 - AS_IT_IS) * p.min(plain * MOST_TIMES) + AS_IT_IS * plain
        })
        .collect();
    let sum: f64 = p.iter().sum();
    for p in &mut p {
        *p /= sum;
    }
    Tilt::Choice(p)
}

fn value(mean: &Seen, n: f64) -> Tilt {
    if mean.n <= 0.0 {
        return Tilt::None;
    }
    let all = n * mean.n;
    let shift = (n * mean.sum / (all + PRIOR)).clamp(-SHIFT, SHIFT);
    let about = mean.squares - 2.0 * shift * mean.sum + mean.n * shift * shift;
    Tilt::Value { shift, spread: ((n * about + PRIOR) / (all + PRIOR)).sqrt().clamp(SPREAD.0, SPREAD.1) }
}

fn steps(mean: &Seen, n: f64) -> Tilt {
    if mean.n <= 0.0 {
        return Tilt::None;
    }
    let most = SHIFT / mean.n.sqrt();
    Tilt::Steps((mean.sum / mean.n * n / (n + PRIOR)).clamp(-most, most))
}
