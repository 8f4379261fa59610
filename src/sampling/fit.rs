//! Tilts from the worst trials of a sample.

use std::collections::BTreeMap;

use fearless_simd::{Level, Simd, SimdBase, dispatch, f64x8};
use rayon::prelude::*;

use super::{PLAIN, gain};
use crate::chance::math;
use crate::lanes::{Lane, join, lanes, load, width};
use crate::plan::Plan;
use crate::plan::mixture::{AS_IT_IS, Component, Mixture, Tilt};
use crate::plan::site::{Kind, Piece, Site};
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
const STEPS: usize = 8;
/// How many ways to add one are tried.
const TRIES: usize = 4;
/// How many trials those with which a component begins stand for at least, and the component's part to begin with.
const LEAST_ALIKE: f64 = 5.0;
const NEW: f64 = 0.2;
/// A component that serves less than so much of the error is dropped.
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

/// Trials that one mixture drew, in order.
pub(super) struct Round {
    pub(super) mixture: Mixture,
    pub(super) drawn: Vec<Drawn>,
}

/// A mixture that makes the worst trials of all rounds common. `plan`: as it is without one. `rounds`: their trials follow each other.
pub(super) fn mixture(plan: &Plan, rounds: &[Round]) -> Mixture {
    let plans = weighing(plan, rounds);
    let drawn: Vec<Drawn> = rounds.iter().zip(&plans).flat_map(|(round, plan)| weighed(plan, &round.drawn)).collect();
    let mut counts = vec![0.0; drawn.len()];
    for p in 0..gain::n_portfolios(&drawn) {
        let losses = gain::losses(&drawn, p);
        if let Some((level, elite)) = elite(&drawn, p, &losses) {
            // Whose figure is least precise so far counts most: a run is as long as the worst of them needs.
            let matters = gain::relative_variance(&losses, level);
            counts.iter_mut().zip(elite).for_each(|(all, one)| *all += matters * one);
        }
    }
    if counts.iter().sum::<f64>() <= 0.0 {
        return Mixture::plain();
    }
    let ends: Vec<u64> = rounds.iter().filter_map(|round| Some(round.drawn.last()?.trial)).collect();
    let plan_of = |trial: u64| &plans[ends.partition_point(|&end| end < trial)];
    Worst::new(plan, plan_of, &drawn, &counts).mixture()
}

/// For each round a plan that draws its trials once more, and weighs them as part of one sample of all rounds.
pub(super) fn weighing(plan: &Plan, rounds: &[Round]) -> Vec<Plan> {
    #[expect(clippy::cast_precision_loss, reason = "some thousands")]
    let size = |round: &Round| round.drawn.len() as f64;
    let all: f64 = rounds.iter().map(size).sum();
    let of_all = |round: &Round, share: f64| share * size(round) / all;
    let mut joint = Mixture { plain: rounds.iter().map(|r| of_all(r, r.mixture.plain)).sum(), components: Vec::new() };
    for round in rounds {
        let own = round.mixture.components.iter();
        joint.components.extend(own.map(|c| Component { share: of_all(round, c.share), tilts: c.tilts.clone() }));
    }
    let joint_plan = plan.clone().sampled_by(Some(&joint)).independently();
    let mut first = 1;
    (rounds.iter())
        .map(|round| {
            let mut shares = vec![0.0; joint.components.len() + 1];
            shares[0] = round.mixture.plain;
            let own = &round.mixture.shares()[1..];
            shares[first..first + own.len()].copy_from_slice(own);
            first += own.len();
            joint_plan.clone().drawn_by(shares)
        })
        .collect()
}

/// Trials with the weights that `plan` gives them.
fn weighed(plan: &Plan, drawn: &[Drawn]) -> Vec<Drawn> {
    let weigh = |world: &mut World, one: &Drawn| Drawn { weight: world.weigh(plan, one.trial), ..one.clone() };
    drawn.par_iter().map_init(World::default, weigh).collect()
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

/// The tail's level, and how much each trial counts among the worst of portfolio `p`: weight × what its loss exceeds the tail's beginning by,
/// summing to 1. None if no loss stands out. `losses`: of the portfolio, with weights, descending.
fn elite(drawn: &[Drawn], p: usize, losses: &[(f64, f64)]) -> Option<(f64, Vec<f64>)> {
    let mut found = None;
    for level in LEVELS {
        let q = quantile(losses, level);
        let mut counts: Vec<f64> = drawn.iter().map(|d| d.weight * (d.losses[p] - q).max(0.0)).collect();
        let sum: f64 = counts.iter().sum();
        if sum > 0.0 {
            for count in &mut counts {
                *count /= sum;
            }
            let enough = effective(&counts) >= ENOUGH;
            found = Some((level, counts));
            if enough {
                break;
            }
        }
    }
    found
}

/// Effective number of trials that count so much.
fn effective(counts: &[f64]) -> f64 {
    let sum: f64 = counts.iter().sum();
    sum * sum / counts.iter().map(|c| c * c).sum::<f64>()
}

/// The worst trials of a sample, with what they show.
struct Worst<'a> {
    plan: &'a Plan,
    /// How much each counts; they sum to 1.
    counts: Vec<f64>,
    /// Per site.
    seen: Vec<Columns>,
}

/// What a site shows, column by column: a number per trial, and zeros up to whole steps. What the site's kind does not ask for is
/// empty.
#[derive(Default)]
struct Columns {
    n: Vec<f64>,
    sum: Vec<f64>,
    squares: Vec<f64>,
    pieces: Vec<Vec<f64>>,
}

impl Columns {
    fn new(kind: &Kind, seen: &[Vec<Seen>], site: usize) -> Self {
        let column = |of: &dyn Fn(&Seen) -> f64| {
            let mut column: Vec<f64> = seen.iter().map(|seen| of(&seen[site])).collect();
            column.resize(width(seen.len()), 0.0);
            column
        };
        let piece = |k: usize| column(&|seen| seen.pieces.get(k).copied().unwrap_or(0.0));
        match kind {
            Kind::Choice(pieces) => Self { pieces: (0..pieces.len()).map(piece).collect(), ..Self::default() },
            Kind::Rate | Kind::Steps => Self { n: column(&|s| s.n), sum: column(&|s| s.sum), ..Self::default() },
            Kind::Value => {
                let squares = column(&|s| s.squares);
                Self { n: column(&|s| s.n), sum: column(&|s| s.sum), squares, ..Self::default() }
            }
        }
    }

    /// The sum over trials that count so much. `counts`: in whole steps.
    fn mean(&self, counts: &[f64]) -> Seen {
        let mean = |column: &Vec<f64>| dispatch!(Level::new(), simd => product(simd, lanes(column), lanes(counts)));
        let [n, sum, squares] = [&self.n, &self.sum, &self.squares].map(mean);
        Seen { n, sum, squares, pieces: self.pieces.iter().map(mean).collect() }
    }
}

/// The sum of the products of two rows.
#[expect(clippy::inline_always, reason = "it is compiled anew for each width of vectors")]
#[inline(always)]
fn product<S: Simd>(simd: S, a: &[Lane], b: &[Lane]) -> f64 {
    join(a.iter().zip(b).fold(f64x8::splat(simd, 0.0), |sum, (a, b)| sum + load(simd, a) * load(simd, b)))
}

impl<'a> Worst<'a> {
    /// Draws those trials again that count at all, each by the plan that `plan_of` gives for its number.
    fn new<'p>(plan: &'a Plan, plan_of: impl Fn(u64) -> &'p Plan + Sync, drawn: &[Drawn], elite: &[f64]) -> Self {
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
        let seen: Vec<Vec<Seen>> = (worst.par_iter())
            .map_init(observer, |world, &(trial, _)| {
                world.draw_tilted(plan_of(trial), trial);
                world.likelihood.seen.clone().unwrap_or_default()
            })
            .collect();
        let sites = plan.sites.iter().enumerate();
        let seen = sites.map(|(s, site)| Columns::new(&site.kind, &seen, s)).collect();
        Self { plan, counts: worst.into_iter().map(|w| w.1).collect(), seen }
    }

    /// Tilts under which trials that count so much are likeliest; none where nothing counts. `n`: how many they stand for.
    fn tilts(&self, counts: &[f64], n: f64) -> Vec<Tilt> {
        let sum: f64 = counts.iter().sum();
        let mut counts: Vec<f64> = counts.iter().map(|count| count / sum).collect();
        counts.resize(width(counts.len()), 0.0);
        self.plan.sites.iter().zip(&self.seen).map(|(site, seen)| tilt(site, &seen.mean(&counts), n)).collect()
    }

    /// Of every trial: the density under `tilts` over that of the scenario.
    fn ratios(&self, tilts: &[Tilt]) -> Vec<f64> {
        let mut logs = vec![0.0; self.counts.len()];
        for ((site, seen), tilt) in self.plan.sites.iter().zip(&self.seen).zip(tilts) {
            if let Some(counted) = Counted::new(&site.kind, tilt) {
                counted.add_ln_ratios(seen, &mut logs);
            }
        }
        logs.iter().map(|log| math::exp(*log)).collect()
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
        (0..self.counts.len()).map(|i| 1.0 / (mixture.plain + all(i))).collect()
    }

    /// A component for what is served worst: to begin with, for the trials of one kind that bring most of the error.
    fn another(&self, mixture: &Mixture) -> Option<Component> {
        let weights = self.weights(mixture, &self.all_ratios(mixture));
        let missed: Vec<f64> = self.counts.iter().zip(weights).map(|(count, weight)| count * weight).collect();
        // Of what these trials have to show, only what others show too.
        let common = self.tilts(&missed, effective(&missed));
        let matters = |s: usize| {
            common[s] != Tilt::None || mixture.components.iter().any(|component| component.tilts[s] != Tilt::None)
        };
        let alike = self.worst_kind(&missed, matters);
        let mut tilts = self.tilts(&alike, effective(&alike).max(LEAST_ALIKE));
        (0..tilts.len()).filter(|&s| !matters(s)).for_each(|s| tilts[s] = Tilt::None);
        tilts.iter().any(|tilt| *tilt != Tilt::None).then_some(Component { share: NEW, tilts })
    }

    /// `missed`, with 0 for all trials but those of the kind that misses most. Trials are of a kind if the same came out of all choices that matter.
    fn worst_kind(&self, missed: &[f64], matters: impl Fn(usize) -> bool) -> Vec<f64> {
        let sites: Vec<usize> = (0..self.plan.sites.len()).filter(|&s| matters(s)).collect();
        let kind = |i: usize| -> Vec<Option<usize>> {
            let outcome = |&s: &usize| self.plan.sites[s].outcome(self.seen[s].pieces.iter().map(|piece| piece[i]));
            sites.iter().map(outcome).collect()
        };
        let kinds: Vec<Vec<Option<usize>>> = (0..self.counts.len()).map(kind).collect();
        let mut sums = BTreeMap::<_, f64>::new();
        for (kind, missed) in kinds.iter().zip(missed) {
            *sums.entry(kind).or_default() += missed;
        }
        let worst = sums.into_iter().max_by(|a, b| a.1.total_cmp(&b.1)).map(|(kind, _)| kind);
        missed.iter().zip(&kinds).map(|(missed, kind)| if Some(kind) == worst { *missed } else { 0.0 }).collect()
    }

    /// One step of expectation and maximisation. Tilts become those under which the trials that a component serves are likeliest; its
    /// share is what it serves of the error that the mixture leaves, by which that error falls to where all components serve
    /// alike for their share (Douc, Guillin, Marin and Robert, "Minimum variance importance sampling via population Monte Carlo",
    /// 2007). The error is weighed by what a trial's loss exceeds the tail's beginning by, not by the square of it, as that would hang
    /// on the few worst. What is left without trials, or tilts nothing, is dropped.
    fn improve(&self, mixture: &mut Mixture) {
        mixture.share_out();
        let ratios = self.all_ratios(mixture);
        let weights = self.weights(mixture, &ratios);
        let left: f64 = self.counts.iter().zip(&weights).map(|(count, weight)| count * weight).sum();
        let mut improved = Vec::new();
        for (component, ratios) in mixture.components.iter().zip(&ratios) {
            let counts: Vec<f64> = (self.counts.iter().zip(&weights).zip(ratios))
                .map(|((count, weight), ratio)| count * weight * component.share * ratio)
                .collect();
            let share = counts.iter().zip(&weights).map(|(count, weight)| count * weight).sum::<f64>() / left;
            let tilts = self.tilts(&counts, effective(&counts));
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

    /// Adds ln(g/f) of every trial.
    fn add_ln_ratios(&self, seen: &Columns, logs: &mut [f64]) {
        let Columns { n, sum, squares, pieces } = seen;
        match self {
            Self::Choice(ln) => {
                for (piece, ln) in pieces.iter().zip(ln) {
                    logs.iter_mut().zip(piece).for_each(|(log, n)| *log += n * ln);
                }
            }
            Self::Value { .. } => {
                for (((log, &n), &sum), &squares) in logs.iter_mut().zip(n).zip(sum).zip(squares) {
                    *log += self.ln_ratio(&Seen { n, sum, squares, pieces: Vec::new() });
                }
            }
            Self::Rate { .. } | Self::Steps(_) => {
                for ((log, &n), &sum) in logs.iter_mut().zip(n).zip(sum) {
                    *log += self.ln_ratio(&Seen { n, sum, ..Seen::default() });
                }
            }
        }
    }
}

/// The tilt under which the worst trials are likeliest, shrunk towards none; none if they do not speak for it.
///
/// `mean`: of what the worst trials show. `n`: how many of them there are, in effect.
fn tilt(site: &Site, mean: &Seen, n: f64) -> Tilt {
    let (tilt, freedom) = match &site.kind {
        Kind::Rate => (rate(mean, n), 1.0),
        Kind::Choice(pieces) => {
            #[expect(clippy::cast_precision_loss, reason = "a handful")]
            let freedom = pieces.len() as f64 - 1.0;
            (choice(pieces, site.is_count(), mean, n), freedom)
        }
        Kind::Value => (value(mean, n), 2.0),
        Kind::Steps => (steps(mean, n), 1.0),
    };
    let gain = Counted::new(&site.kind, &tilt).map_or(0.0, |counted| counted.ln_ratio(mean));
    if gain > EACH && n * gain > ALL + freedom { tilt } else { Tilt::None }
}

fn rate(mean: &Seen, n: f64) -> Tilt {
    Tilt::Rate(((n * mean.n + 1.0) / (n * mean.sum + 1.0)).clamp(TIMES.0, TIMES.1))
}

fn choice(pieces: &[Piece], is_count: bool, mean: &Seen, n: f64) -> Tilt {
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
    if is_count {
        // Two events are mostly as bad as one, but too rare in a sample to show it: in proportion they become no rarer than one.
        for k in 2..p.len() {
            let proportion = (pieces[k].to - pieces[k].from) / (pieces[k - 1].to - pieces[k - 1].from);
            p[k] = p[k].max(p[k - 1] * proportion);
        }
    }
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
