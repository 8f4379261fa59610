//! A portfolio against the baseline, on the same trials: every error is that of the paired difference.

use super::LEVELS;
use super::estimate::{self, Influence, number};
use super::order::number_of;
use super::replicates::{ByReplicate, Replicated, replicate};
use crate::results::{Comparison, Estimate, Verdict};
use crate::scenario::{MONTH, Scenario, YEAR};
use crate::simulate::{Moments, is_cheaper};

/// Trials below which no verdict is given.
const ENOUGH: u64 = 30;
/// Differences smaller than this part of the amounts compared are rounding.
const ROUNDING: f64 = 1e-12;

/// What is compared: one portfolio's figures and what they are made from.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    pub(super) portfolio: usize,
    /// Total cost where nothing happens.
    pub(super) plan: f64,
    /// Loss of each trial that has a row.
    pub(super) losses: &'a [f64],
    /// VaR of loss at each of `LEVELS`.
    pub(super) var: &'a [Estimate],
    /// TVaR of loss at each of `LEVELS`.
    pub(super) tvar: &'a [Estimate],
}

/// The trials that two sides share.
#[derive(Clone, Copy)]
pub(super) struct Shared<'a> {
    /// All, whether or not they have rows.
    pub(super) n: u64,
    /// A weight for each row, if they do not weigh alike.
    pub(super) weights: Option<&'a [f64]>,
}

impl Side<'_> {
    fn cost(&self, row: usize) -> f64 {
        self.plan + self.losses[row]
    }

    /// The size of what is added up.
    fn size(&self) -> f64 {
        self.plan.abs() + Moments::of(self.losses.iter().map(|loss| loss.abs())).mean
    }
}

/// `ours` − `baseline` of total cost: `difference` and `cheaper`, moments of it and of whether it is below 0.
pub(super) fn compare(
    scenario: &Scenario,
    ours: Side,
    baseline: Side,
    shared: Shared,
    (difference, cheaper): (&Moments, &Moments),
) -> Comparison {
    let mean = estimate::mean(difference);
    Comparison {
        portfolio: ours.portfolio,
        baseline: baseline.portfolio,
        mean,
        p_cheaper: estimate::probability_of(cheaper),
        tail: tail_differences(ours, baseline, shared),
        break_even_overhead: mean.times(-1.0 / present_value_of_one_a_month(scenario)),
        verdict: verdict(mean, shared.n, ROUNDING * (ours.size() + baseline.size())),
    }
}

/// The moments of a difference from the rows of both sides, of which every trial has one of weight 1.
pub(super) fn paired(ours: Side, baseline: Side) -> (Moments, Moments) {
    let rows = 0..ours.losses.len().min(baseline.losses.len());
    let difference = |row| ours.losses[row] - baseline.losses[row] + (ours.plan - baseline.plan);
    let cheaper = |row| f64::from(is_cheaper(ours.cost(row), baseline.cost(row)));
    (Moments::of(rows.clone().map(difference)), Moments::of(rows.map(cheaper)))
}

/// `noise`: a difference that rounding alone may make.
fn verdict(mean: Estimate, n: u64, noise: f64) -> Verdict {
    match (mean.lower, mean.upper) {
        (_, Some(upper)) if n >= ENOUGH && upper < -noise => Verdict::Better,
        (Some(lower), _) if n >= ENOUGH && lower > noise => Verdict::Worse,
        _ => Verdict::CannotTell,
    }
}

/// Present value of 1 a month, flowing over the horizon.
fn present_value_of_one_a_month(scenario: &Scenario) -> f64 {
    let per_hour = libm::log1p(scenario.discount_rate) / YEAR;
    let horizon = scenario.horizon_hours;
    if per_hour == 0.0 {
        return horizon / MONTH;
    }
    -libm::expm1(-per_hour * horizon) / (per_hour * MONTH)
}

/// Differences of VaR and TVaR at each level. Both measures move one for one with an amount added to every trial,
/// so the plans' difference is added last.
fn tail_differences(ours: Side, baseline: Side, shared: Shared) -> Vec<(f64, Estimate, Estimate)> {
    let rows = ours.losses.len().min(baseline.losses.len());
    let together = match shared.weights {
        None => Together::alike(ours, baseline, rows),
        Some(weights) => Together::weighted(ours, baseline, &weights[..rows]),
    };
    let plans = ours.plan - baseline.plan;
    let difference = |(k, together): (usize, &Together)| {
        let (of_ours, of_baseline) = (ours.var[k], baseline.var[k]);
        let var = together.var(&of_ours, &of_baseline);
        let (of_ours, of_baseline) = (ours.tvar[k], baseline.tvar[k]);
        let apart = of_ours.value - of_baseline.value;
        let tvar = if of_ours.std_error.is_some() && of_baseline.std_error.is_some() {
            together.apart.times((number(rows) / number_of(shared.n)).sqrt()).plus(apart)
        } else {
            Estimate::exact(apart)
        };
        (LEVELS[k], var.plus(plans), tvar.plus(plans))
    };
    together.iter().enumerate().map(difference).collect()
}

/// How two portfolios exceed their VaR at one level.
#[derive(Clone, Copy)]
struct Together {
    /// 0 with the error of the difference of TVaR.
    apart: Estimate,
    /// Of the shares of trials in which A and B exceed it.
    correlation: f64,
}

/// What a trial exceeds the VaR of one side by, at level `k`.
fn beyond(side: Side, k: usize, row: usize) -> f64 {
    (side.losses[row] - side.var[k].value).max(0.0)
}

impl Together {
    /// At each level, from trials that weigh alike.
    fn alike(ours: Side, baseline: Side, rows: usize) -> Vec<Self> {
        let (n, mut all) = (number(rows), vec![(Influence::default(), [0.0; 3]); LEVELS.len()]);
        for row in 0..rows {
            for (k, (apart, hits)) in all.iter_mut().enumerate() {
                let (a, b) = (beyond(ours, k, row), beyond(baseline, k, row));
                if a == 0.0 && b == 0.0 {
                    break; // nor at the higher levels
                }
                // The influence on the difference of TVaR.
                apart.add((a - b) / (1.0 - LEVELS[k]));
                for (hits, hit) in hits.iter_mut().zip([a > 0.0, b > 0.0, a > 0.0 && b > 0.0]) {
                    *hits += f64::from(hit);
                }
            }
        }
        let together = |(apart, [ours, baseline, both]): (Influence, [f64; 3])| {
            let spread = |hits: f64| hits - hits * hits / n;
            let correlation = correlation(both - ours * baseline / n, spread(ours), spread(baseline));
            Self { apart: apart.estimate(0.0, n), correlation }
        };
        all.into_iter().map(together).collect()
    }

    /// At each level, from the replicates in which weighted trials lie.
    fn weighted(ours: Side, baseline: Side, weights: &[f64]) -> Vec<Self> {
        let (n, all) = (number(weights.len()), weights.iter().sum::<f64>());
        let mut of = ByReplicate::NONE;
        weights.iter().enumerate().for_each(|(row, &weight)| of.add(replicate(row), weight));
        let at_level = |k: usize| {
            let mean = |side: Side| side.tvar[k].value - side.var[k].value;
            let (centre, mut apart) = (mean(ours) - mean(baseline), Replicated::default());
            let mut hits = [ByReplicate::NONE; 2];
            for (row, weight) in weights.iter().enumerate() {
                let (a, b, replicate) = (beyond(ours, k, row), beyond(baseline, k, row), replicate(row));
                apart.add(replicate, weight * (n / all) * ((a - b) / (1.0 - LEVELS[k]) - centre));
                hits.iter_mut().zip([a, b]).for_each(|(hits, x)| hits.add(replicate, weight * f64::from(x > 0.0)));
            }
            let [a, b] = hits.map(|hits| hits.beyond_share(&of));
            let correlation = correlation(a.product(&b), a.product(&a), b.product(&b));
            Self { apart: apart.estimate(0.0, n), correlation }
        };
        (0..LEVELS.len()).map(at_level).collect()
    }

    /// The difference of VaR: each end as far from it as the ends of both intervals are from theirs that make it smaller or larger, correlated as
    /// the trials are that exceed them (Bahadur: a sample quantile moves with the share of trials beyond it). Where intervals are lopsided, as at
    /// an atom, so is that of the difference.
    ///
    /// Source: Zou and Donner, "Construction of confidence limits about effect measures: a general approach", 2008.
    fn var(&self, ours: &Estimate, baseline: &Estimate) -> Estimate {
        let apart = |a: Option<f64>, b: Option<f64>| {
            let (a, b) = ((a? - ours.value).abs(), (b? - baseline.value).abs());
            Some((a * a + b * b - 2.0 * self.correlation * a * b).max(0.0).sqrt())
        };
        let value = ours.value - baseline.value;
        let lower = apart(ours.lower, baseline.upper).map(|apart| value - apart);
        let upper = apart(ours.upper, baseline.lower).map(|apart| value + apart);
        Estimate::between(value, lower, upper)
    }
}

fn correlation(common: f64, ours: f64, baseline: f64) -> f64 {
    let scale = (ours * baseline).max(0.0).sqrt();
    if scale > 0.0 { (common / scale).clamp(-1.0, 1.0) } else { 0.0 }
}
