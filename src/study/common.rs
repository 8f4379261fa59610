//! What the worst trials have in common: how often something is so in the worst 1 % of them, against how often it is so in
//! all. Counts, nothing fitted.

use std::ops::Range;

use super::trace::{Level, levels};
use crate::plan::Plan;
use crate::response::NEGLIGIBLE;
use crate::scenario::{DAY, Scenario};
use crate::simulate::{Verdict, rank, survey};
use crate::world::{Happening, OWN};

/// The part of the trials that counts as the worst.
pub const WORST: f64 = 0.01;

/// A feature is told if so many of the worst trials have it at least, and this part of them.
pub const LEAST_TRIALS: u64 = 10;
/// See [`LEAST_TRIALS`].
pub const LEAST_PART: f64 = 0.1;

/// Lengths beyond which something is down: an hour, 8 hours, 1, 3, 10, 30 and 90 days.
pub const LENGTHS: [f64; 7] = [1.0, 8.0, DAY, 3.0 * DAY, 10.0 * DAY, 30.0 * DAY, 90.0 * DAY];

/// Rises of a billed price above plan.
pub const RISES: [f64; 4] = [0.1, 0.25, 0.5, 1.0];

/// Something that is so in a trial, or not.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Feature {
    /// An event of the risk is seen.
    Event {
        /// Index of the risk.
        risk: usize,
    },
    /// An outcome of the risk is seen.
    Outcome {
        /// Index of the risk.
        risk: usize,
        /// Its stage.
        stage: usize,
        /// The outcome of the stage.
        outcome: usize,
    },
    /// A vendor is not fully available, or an interruption of a platform lasts, for longer than this without a break.
    Down {
        /// Index of the node.
        node: usize,
        /// Hours.
        longer_than: f64,
    },
    /// Two vendors that the portfolio uses are not fully available at once, for longer than this without a break.
    Together {
        /// Indices of the vendors.
        vendors: (usize, usize),
        /// Hours; 0 for any time at all.
        longer_than: f64,
    },
    /// The billed price of a vendor is above plan by more than this, at some time.
    Price {
        /// Index of the vendor.
        vendor: usize,
        /// As a part of the planned price.
        above: f64,
    },
    /// A migration off the vendor begins.
    Migration {
        /// Index of the vendor.
        vendor: usize,
    },
    /// The playbook entry fires.
    Playbook {
        /// Its number in the portfolio's playbook.
        entry: usize,
    },
}

/// How often a feature is there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Counted {
    /// What.
    pub feature: Feature,
    /// In how many of the worst trials.
    pub worst: u64,
    /// In how many of all trials.
    pub all: u64,
}

/// All trials of one portfolio, and what is so in them.
#[derive(Debug, Clone, PartialEq)]
pub struct Common {
    /// First trial.
    pub first: u64,
    /// Loss of each trial.
    pub losses: Vec<f64>,
    /// How many trials are the worst: 1 % of them, rounded up.
    pub n_worst: u64,
    /// The least loss of these.
    pub worst_from: f64,
    /// Every feature that any trial has.
    pub features: Vec<Counted>,
}

/// Runs all trials of one portfolio and counts.
///
/// `plan`: of `scenario`. `progress` is told how many trials are done; when it answers `false` the study stops and gives
/// `None`.
#[must_use]
pub fn common(
    scenario: &Scenario,
    plan: &Plan,
    portfolio: usize,
    trials: &Range<u64>,
    progress: &(dyn Fn(u64) -> bool + Sync),
) -> Option<Common> {
    let asked = asked(scenario, plan, portfolio);
    let outcomes: Vec<usize> = scenario.risks.iter().map(|r| r.stages.iter().map(|s| s.outcomes.len()).sum()).collect();
    let rows = survey(plan, portfolio, trials, progress, |verdict| {
        let looks = Looks::new(plan, verdict, &outcomes);
        let mut bits = vec![0_u64; asked.len().div_ceil(64)].into_boxed_slice();
        for (n, feature) in asked.iter().enumerate() {
            bits[n / 64] |= u64::from(looks.has(*feature)) << (n % 64);
        }
        (verdict.ledger.loss(), bits)
    })?;
    let n_worst = rows.len() as u64 - rank(rows.len() as u64, 1.0 - WORST).min(rows.len() as u64 - 1);
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by(|&a, &b| rows[b].0.total_cmp(&rows[a].0).then(a.cmp(&b)));
    let worst = &order[..usize::try_from(n_worst).unwrap_or(order.len())];
    let has = |row: &(f64, Box<[u64]>), n: usize| row.1[n / 64] >> (n % 64) & 1;
    let features = (asked.into_iter().enumerate())
        .map(|(n, feature)| Counted {
            feature,
            worst: worst.iter().map(|&i| has(&rows[i], n)).sum(),
            all: rows.iter().map(|row| has(row, n)).sum(),
        })
        .filter(|counted| counted.all > 0)
        .collect();
    Some(Common {
        first: trials.start,
        n_worst,
        worst_from: worst.last().map_or(f64::NAN, |&i| rows[i].0),
        features,
        losses: rows.into_iter().map(|row| row.0).collect(),
    })
}

impl Common {
    /// The trial whose loss is the quantile at `p`; of several, the first. `p`: in (0, 1].
    #[must_use]
    pub fn nearest(&self, p: f64) -> u64 {
        let mut order: Vec<usize> = (0..self.losses.len()).collect();
        order.sort_by(|&a, &b| self.losses[a].total_cmp(&self.losses[b]).then(a.cmp(&b)));
        let place = usize::try_from(rank(order.len() as u64, p)).unwrap_or(1);
        self.first + order[place - 1] as u64
    }

    /// The part of the trials whose loss is below this.
    #[must_use]
    pub fn part_below(&self, loss: f64) -> f64 {
        real(self.losses.iter().filter(|&&x| x < loss).count() as u64) / real(self.losses.len() as u64)
    }

    /// How much more often a feature is there in the worst trials than in all.
    #[must_use]
    pub fn lift(&self, counted: &Counted) -> f64 {
        self.part_of_worst(counted) / self.part_of_all(counted)
    }

    /// The part of the worst trials that have a feature.
    #[must_use]
    pub fn part_of_worst(&self, counted: &Counted) -> f64 {
        real(counted.worst) / real(self.n_worst)
    }

    /// The part of all trials that have a feature.
    #[must_use]
    pub fn part_of_all(&self, counted: &Counted) -> f64 {
        real(counted.all) / real(self.losses.len() as u64)
    }

    /// What tells the worst trials from others, at most `most` features by lift. Each is in at least [`LEAST_TRIALS`] of the
    /// worst and in [`LEAST_PART`] of them, more often than in all trials by more than three standard errors of a count; of
    /// one thing at several lengths, the length that tells most.
    #[must_use]
    pub fn telling(&self, most: usize) -> Vec<Counted> {
        let mut told: Vec<Counted> = Vec::new();
        let mut order: Vec<&Counted> = self.features.iter().filter(|c| self.tells(c)).collect();
        order.sort_by(|a, b| self.lift(b).total_cmp(&self.lift(a)).then(b.worst.cmp(&a.worst)));
        for counted in order {
            if told.len() < most && !told.iter().any(|t| t.feature.is_alike(counted.feature)) {
                told.push(*counted);
            }
        }
        told
    }

    fn tells(&self, counted: &Counted) -> bool {
        let expected = self.part_of_all(counted) * real(self.n_worst);
        counted.worst >= LEAST_TRIALS
            && self.part_of_worst(counted) >= LEAST_PART
            && real(counted.worst) > expected + 3.0 * (expected * (1.0 - self.part_of_all(counted))).max(1.0).sqrt()
    }
}

impl Feature {
    /// The same thing at another length or height.
    fn is_alike(self, other: Self) -> bool {
        match (self, other) {
            (Self::Down { node: a, .. }, Self::Down { node: b, .. })
            | (Self::Price { vendor: a, .. }, Self::Price { vendor: b, .. }) => a == b,
            (Self::Together { vendors: a, .. }, Self::Together { vendors: b, .. }) => a == b,
            _ => self == other,
        }
    }
}

/// Everything that is asked of a trial.
fn asked(scenario: &Scenario, plan: &Plan, portfolio: usize) -> Vec<Feature> {
    let own = &scenario.portfolios[portfolio];
    let compiled = &plan.portfolios[portfolio];
    let mut asked = Vec::new();
    for (risk, told) in scenario.risks.iter().enumerate() {
        if told.arrivals.is_some() {
            asked.push(Feature::Event { risk });
        }
        for (stage, list) in told.stages.iter().enumerate() {
            asked.extend((0..list.outcomes.len()).map(|outcome| Feature::Outcome { risk, stage, outcome }));
        }
    }
    for node in 0..scenario.nodes.len() {
        asked.extend(LENGTHS.map(|longer_than| Feature::Down { node, longer_than }));
    }
    let placed = |shares: &[f64], v: usize| shares[v] > NEGLIGIBLE;
    let used: Vec<usize> = (0..plan.vendors.len())
        .filter(|&v| compiled.groups.iter().any(|g| placed(&g.shares, v)) || own.standby.iter().any(|s| s.vendor == v))
        .collect();
    for (i, &a) in used.iter().enumerate() {
        for &b in &used[i + 1..] {
            let lengths = [0.0].into_iter().chain(LENGTHS);
            asked.extend(lengths.map(|longer_than| Feature::Together { vendors: (a, b), longer_than }));
        }
    }
    for &vendor in used.iter().filter(|&&v| plan.vendors[v].price > 0.0) {
        asked.extend(RISES.map(|above| Feature::Price { vendor, above }));
    }
    if own.migration.is_some() {
        asked.extend((0..plan.vendors.len()).map(|vendor| Feature::Migration { vendor }));
    }
    asked.extend((0..own.playbook.len()).map(|entry| Feature::Playbook { entry }));
    asked
}

/// What is looked at of one trial.
struct Looks<'a> {
    verdict: &'a Verdict<'a>,
    /// Per risk: an event is seen.
    events: Vec<bool>,
    /// Per outcome of the plan: it is seen. And which is the first of each risk and stage.
    outcomes: Vec<bool>,
    first_outcome: Vec<usize>,
    stages: Vec<Vec<usize>>,
    /// Per node: the longest time down.
    longest: Vec<f64>,
    /// Per vendor: times of not being fully available.
    down: Vec<Vec<(f64, f64)>>,
    /// Per vendor: the highest rise of its billed price above plan.
    rises: Vec<f64>,
}

impl<'a> Looks<'a> {
    fn new(plan: &Plan, verdict: &'a Verdict<'a>, per_risk: &[usize]) -> Self {
        let Verdict { world, view, seer, .. } = *verdict;
        let mut events = vec![false; plan.risks.len()];
        for (e, event) in (0_u32..).zip(&world.events) {
            let seen = event.tau < plan.clock.horizon;
            events[event.risk as usize] |= seen && view.sees(seer, world, Happening { event: e, occurrence: OWN });
        }
        let mut outcomes = vec![false; per_risk.iter().sum()];
        for (occurrence, o) in (0_u32..).zip(&world.occurrences) {
            outcomes[o.outcome as usize] |= view.sees(seer, world, Happening { event: o.event, occurrence });
        }
        let mut before = 0;
        let first_outcome = per_risk
            .iter()
            .map(|n| {
                before += n;
                before - n
            })
            .collect();
        let stages = plan.risks.iter().map(|r| r.stages.iter().map(|s| s.outcomes.len()).collect()).collect();
        let down: Vec<Vec<(f64, f64)>> = (0..plan.vendors.len()).map(|v| joined(&levels(view, v))).collect();
        let n_platforms = plan.n_nodes - plan.vendors.len();
        let mut longest = vec![0.0; plan.n_nodes];
        for i in world.interruptions.iter().filter(|i| i.leaves < 1.0 && view.sees(seer, world, i.by)) {
            for &node in plan.risks[i.risk as usize].on.iter().filter(|&&node| node < n_platforms) {
                longest[node] = f64::max(longest[node], i.end - i.start);
            }
        }
        for (times, longest) in down.iter().zip(&mut longest[n_platforms..]) {
            *longest = times.iter().map(|(a, b)| b - a).fold(0.0, f64::max);
        }
        let rises = (0..plan.vendors.len()).map(|v| rise(plan, verdict, v)).collect();
        Self { verdict, events, outcomes, first_outcome, stages, longest, down, rises }
    }

    fn has(&self, feature: Feature) -> bool {
        let decisions = self.verdict.decisions;
        match feature {
            Feature::Event { risk } => self.events[risk],
            Feature::Outcome { risk, stage, outcome } => {
                let before: usize = self.stages[risk][..stage].iter().sum();
                self.outcomes[self.first_outcome[risk] + before + outcome]
            }
            Feature::Down { node, longer_than } => self.longest[node] > longer_than,
            Feature::Together { vendors: (a, b), longer_than } => together(&self.down[a], &self.down[b]) > longer_than,
            Feature::Price { vendor, above } => self.rises[vendor] > above,
            Feature::Migration { vendor } => decisions.begun.iter().any(|b| b.vendor == vendor),
            Feature::Playbook { entry } => decisions.fired.iter().any(|f| f.play == entry),
        }
    }
}

/// The highest rise of a vendor's billed price above plan, as a part of it.
fn rise(plan: &Plan, verdict: &Verdict, vendor: usize) -> f64 {
    let terms = plan.portfolios[verdict.portfolio].terms[vendor];
    let chain = verdict.common.prices.chain(terms);
    (verdict.view.cells.months.iter().enumerate())
        .map(|(cell, &month)| chain.iter().map(|l| l.change[cell]).sum::<f64>() / plan.terms[terms].planned[month])
        .fold(0.0, f64::max)
}

/// Times that touch as one.
fn joined(levels: &[Level]) -> Vec<(f64, f64)> {
    let mut times: Vec<(f64, f64)> = Vec::with_capacity(levels.len());
    for l in levels {
        match times.last_mut() {
            Some(last) if l.from_hours <= last.1 => last.1 = last.1.max(l.to_hours),
            _ => times.push((l.from_hours, l.to_hours)),
        }
    }
    times
}

/// The longest time in both lists, each in order.
fn together(a: &[(f64, f64)], b: &[(f64, f64)]) -> f64 {
    let (mut i, mut j, mut longest) = (0, 0, 0.0);
    while i < a.len() && j < b.len() {
        let both = a[i].1.min(b[j].1) - a[i].0.max(b[j].0);
        longest = f64::max(longest, both);
        if a[i].1 < b[j].1 {
            i += 1;
        } else {
            j += 1;
        }
    }
    longest
}

#[expect(clippy::cast_precision_loss, reason = "counts of trials")]
fn real(n: u64) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{NoFiles, read};

    fn scenario() -> Scenario {
        let text = r#"
            start = 2026-01-01
            horizon = "1 year"
            vendor.a = { price = "$1/call" }
            vendor.b = { price = "$1/call" }
            service.s = { revenue = "$1k/h", usage = "10 call/h" }
            risk.short = { kind = "outage", on = "a", arrivals = { per_year = 12 }, duration = "2 h" }
            risk.long = { kind = "outage", on = "a", arrivals = { once = { probability = 0.03, between = [2026-02-01, 2026-06-01] } }, duration = "20 days" }
            risk.other = { kind = "outage", on = "b", arrivals = { at = [2026-03-01], probability = 0.5 }, duration = "5 h" }
            risk.suit = { kind = "legal", on = "a", arrivals = { at = [2026-03-01] }, outcomes = [{ name = "won", probability = 0.5 }, { name = "lost", probability = 0.25, cost = "$5" }] }
            portfolio.p = { shares = { a = 0.9, b = 0.1 }, migration = { patience = "15 days", takes = "1 day", costs = "$10" } }
        "#;
        read("common.toml", text.as_bytes(), &NoFiles).unwrap_or_else(|p| panic!("{p}")).scenario
    }

    #[test]
    fn the_long_outage_is_what_the_worst_trials_have_in_common() {
        let scenario = scenario();
        let common = common(&scenario, &Plan::new(&scenario, 1), 0, &(0..4000), &|_| true).expect("not stopped");
        assert_eq!((common.n_worst, common.losses.len()), (40, 4000));
        let of = |feature: Feature| common.features.iter().find(|c| c.feature == feature).expect("counted");
        let long = of(Feature::Event { risk: 1 });
        assert_eq!(long.worst, 40);
        assert!((90..150).contains(&long.all), "{long:?}");
        assert_eq!(of(Feature::Down { node: 0, longer_than: 10.0 * DAY }).all, long.all);
        assert_eq!(of(Feature::Migration { vendor: 0 }).all, long.all);
        assert!(!common.features.iter().any(|c| c.feature == Feature::Down { node: 0, longer_than: 30.0 * DAY }));
        // Both at once on 1 March, in half of those that last until then; now and then for a short one.
        let both = of(Feature::Together { vendors: (0, 1), longer_than: 1.0 });
        assert!(both.worst > 0 && both.all < 80, "{both:?}");
        // Half and a quarter of all.
        let outcome = |outcome| of(Feature::Outcome { risk: 3, stage: 0, outcome }).all;
        assert!((1850..2150).contains(&outcome(0)) && (890..1110).contains(&outcome(1)));
        let told = common.telling(5);
        assert!(told.iter().any(|c| c.feature == Feature::Event { risk: 1 }), "{told:?}");
        assert!(!told.iter().any(|c| matches!(c.feature, Feature::Event { risk: 0 } | Feature::Outcome { .. })));
        assert_eq!(told.iter().filter(|c| matches!(c.feature, Feature::Down { .. })).count(), 1);
        assert!((common.lift(long) - 4000.0 / long.all as f64).abs() < 1e-9);
    }

    #[test]
    fn the_nearest_trial_has_the_loss_of_the_quantile() {
        let scenario = scenario();
        let common = common(&scenario, &Plan::new(&scenario, 1), 0, &(100..600), &|_| true).expect("not stopped");
        let mut sorted = common.losses.clone();
        sorted.sort_by(f64::total_cmp);
        for (p, rank) in [(0.5, 250), (0.995, 498), (1.0, 500)] {
            let trial = common.nearest(p);
            assert!((100..600).contains(&trial));
            assert_eq!(common.losses[usize::try_from(trial - 100).expect("small")], sorted[rank - 1]);
        }
        assert_eq!(common.n_worst, 5);
        assert!(common.telling(5).is_empty(), "too few of the worst");
        assert_eq!([common.part_below(sorted[0]), common.part_below(sorted[499] + 1.0)], [0.0, 1.0]);
    }
}
