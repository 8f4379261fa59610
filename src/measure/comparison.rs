//! A portfolio against the baseline, on the same trials: every error is that of the paired difference.

use super::LEVELS;
use super::estimate::{self, Influence, number};
use super::order::number_of;
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

impl Shared<'_> {
    fn weight(&self, row: usize) -> f64 {
        self.weights.map_or(1.0, |weights| weights[row])
    }
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
    let together = excesses_together(ours, baseline, shared, rows);
    let plans = ours.plan - baseline.plan;
    let difference = |(k, sums): (usize, &Together)| {
        let (of_ours, of_baseline) = (ours.var[k], baseline.var[k]);
        let error = sums.var_error(of_ours.std_error, of_baseline.std_error);
        let var = Estimate::normal(of_ours.value - of_baseline.value, error);
        let (of_ours, of_baseline) = (ours.tvar[k], baseline.tvar[k]);
        let apart = of_ours.value - of_baseline.value;
        let tvar = if of_ours.std_error.is_some() && of_baseline.std_error.is_some() {
            let of_rows = sums.apart.estimate(0.0, number(rows));
            of_rows.times((number(rows) / number_of(shared.n)).sqrt()).plus(apart)
        } else {
            Estimate::exact(apart)
        };
        (LEVELS[k], var.plus(plans), tvar.plus(plans))
    };
    together.iter().enumerate().map(difference).collect()
}

/// How two portfolios exceed their VaR at one level.
#[derive(Clone, Copy, Default)]
struct Together {
    /// (A − VaR A)⁺ − (B − VaR B)⁺, over 1 − p, with its weight: the influence on the difference of TVaR.
    apart: Influence,
    /// Weights and squared weights of trials in which A, B and both exceed it, and of all.
    ours: [f64; 2],
    baseline: [f64; 2],
    both: [f64; 2],
    all: [f64; 2],
}

fn excesses_together(ours: Side, baseline: Side, shared: Shared, rows: usize) -> Vec<Together> {
    let mut all = vec![Together::default(); LEVELS.len()];
    let sums = (0..rows).map(|row| shared.weight(row)).fold([0.0, 0.0], |[sum, squares], w| [sum + w, squares + w * w]);
    for together in &mut all {
        together.all = sums;
    }
    let per_weight = number(rows) / sums[0];
    // With weights the influences must have the mean 0; without, a constant changes nothing.
    let centre = |k: usize| {
        let beyond = |side: Side| side.tvar[k].value - side.var[k].value;
        if shared.weights.is_some() { beyond(ours) - beyond(baseline) } else { 0.0 }
    };
    let centres: Vec<f64> = (0..LEVELS.len()).map(centre).collect();
    for row in 0..rows {
        let w = shared.weight(row);
        for (k, sums) in all.iter_mut().enumerate() {
            let a = (ours.losses[row] - ours.var[k].value).max(0.0);
            let b = (baseline.losses[row] - baseline.var[k].value).max(0.0);
            if a == 0.0 && b == 0.0 && shared.weights.is_none() {
                break; // nor at the higher levels
            }
            sums.apart.add(w * per_weight * ((a - b) / (1.0 - LEVELS[k]) - centres[k]));
            let (of_ours, of_baseline) = (f64::from(a > 0.0), f64::from(b > 0.0));
            for (sums, hit) in
                [(&mut sums.ours, of_ours), (&mut sums.baseline, of_baseline), (&mut sums.both, of_ours * of_baseline)]
            {
                sums[0] += hit * w;
                sums[1] += hit * w * w;
            }
        }
    }
    all
}

impl Together {
    /// Standard error of the difference of VaR: the errors of each by its own interval, correlated as the trials
    /// that exceed them are (Bahadur: a sample quantile moves with the share of trials beyond it).
    fn var_error(&self, ours: Option<f64>, baseline: Option<f64>) -> Option<f64> {
        let (a, b) = (ours?, baseline?);
        let (p_a, p_b) = (self.ours[0] / self.all[0], self.baseline[0] / self.all[0]);
        let spread = |p: f64, hits: [f64; 2]| (1.0 - 2.0 * p) * hits[1] + p * p * self.all[1];
        let scale = (spread(p_a, self.ours) * spread(p_b, self.baseline)).max(0.0).sqrt();
        let common = self.both[1] - p_a * self.baseline[1] - p_b * self.ours[1] + p_a * p_b * self.all[1];
        let correlation = if scale > 0.0 { (common / scale).clamp(-1.0, 1.0) } else { 0.0 };
        Some((a * a + b * b - 2.0 * correlation * a * b).max(0.0).sqrt())
    }
}
