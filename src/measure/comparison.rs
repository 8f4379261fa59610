//! A portfolio against the baseline, on the same trials: every error is that of the paired difference.

use super::estimate::{self, Influence, number};
use super::{LEVELS, tail};
use crate::results::{Comparison, Estimate, Verdict};
use crate::scenario::{MONTH, Scenario, YEAR};
use crate::simulate::Moments;

/// Trials below which no verdict is given.
const ENOUGH: usize = 30;
/// Differences smaller than this part of the amounts compared are rounding.
const ROUNDING: f64 = 1e-12;

/// What is compared: the trials of one portfolio with figures made from them.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    pub(super) portfolio: usize,
    /// Total cost where nothing happens.
    pub(super) plan: f64,
    /// Loss of each trial.
    pub(super) losses: &'a [f64],
    /// VaR of loss at each of `LEVELS`.
    pub(super) var: &'a [Estimate],
    /// TVaR of loss at each of `LEVELS`.
    pub(super) tvar: &'a [Estimate],
}

impl Side<'_> {
    fn cost(&self, trial: usize) -> f64 {
        self.plan + self.losses[trial]
    }

    /// The size of what is added up.
    fn size(&self) -> f64 {
        self.plan.abs() + Moments::of(self.losses.iter().map(|loss| loss.abs())).mean
    }
}

/// `ours` − `baseline` of total cost.
pub(super) fn compare(scenario: &Scenario, ours: Side, baseline: Side) -> Comparison {
    let n = ours.losses.len().min(baseline.losses.len());
    let differences = (0..n).map(|t| ours.losses[t] - baseline.losses[t] + (ours.plan - baseline.plan));
    let mean = estimate::mean(&Moments::of(differences));
    Comparison {
        portfolio: ours.portfolio,
        baseline: baseline.portfolio,
        mean,
        p_cheaper: estimate::probability((0..n).filter(|&t| is_cheaper(ours.cost(t), baseline.cost(t))).count(), n),
        tail: tail_differences(ours, baseline, n),
        break_even_overhead: mean.times(-1.0 / present_value_of_one_a_month(scenario)),
        verdict: verdict(mean, n, ROUNDING * (ours.size() + baseline.size())),
    }
}

fn is_cheaper(ours: f64, baseline: f64) -> bool {
    ours - baseline < -ROUNDING * (ours.abs() + baseline.abs())
}

/// `noise`: a difference that rounding alone may make.
fn verdict(mean: Estimate, n: usize, noise: f64) -> Verdict {
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
fn tail_differences(ours: Side, baseline: Side, n: usize) -> Vec<(f64, Estimate, Estimate)> {
    let together = excesses_together(ours, baseline, n);
    let plans = ours.plan - baseline.plan;
    let difference = |(k, sums): (usize, &Together)| {
        let (of_ours, of_baseline) = (ours.var[k], baseline.var[k]);
        let error = sums.var_error(of_ours.std_error, of_baseline.std_error, number(n));
        let var = Estimate::normal(of_ours.value - of_baseline.value, error);
        let apart = ours.tvar[k].value - baseline.tvar[k].value;
        let tvar =
            if tail::is_enough(n, LEVELS[k]) { sums.apart.estimate(apart, number(n)) } else { Estimate::exact(apart) };
        (LEVELS[k], var.plus(plans), tvar.plus(plans))
    };
    together.iter().enumerate().map(difference).collect()
}

/// How two portfolios exceed their VaR at one level.
#[derive(Clone, Copy, Default)]
struct Together {
    /// (A − VaR A)⁺ − (B − VaR B)⁺, over 1 − p: the influence on the difference of TVaR.
    apart: Influence,
    /// Trials in which A, B and both exceed it.
    ours: f64,
    baseline: f64,
    both: f64,
}

fn excesses_together(ours: Side, baseline: Side, n: usize) -> Vec<Together> {
    let mut all = vec![Together::default(); LEVELS.len()];
    for trial in 0..n {
        for (k, sums) in all.iter_mut().enumerate() {
            let a = (ours.losses[trial] - ours.var[k].value).max(0.0);
            let b = (baseline.losses[trial] - baseline.var[k].value).max(0.0);
            if a == 0.0 && b == 0.0 {
                break; // nor at the higher levels
            }
            sums.apart.add((a - b) / (1.0 - LEVELS[k]));
            sums.ours += f64::from(a > 0.0);
            sums.baseline += f64::from(b > 0.0);
            sums.both += f64::from(a > 0.0 && b > 0.0);
        }
    }
    all
}

impl Together {
    /// Standard error of the difference of VaR: the errors of each by its own interval, correlated as the trials
    /// that exceed them are (Bahadur: a sample quantile moves with the share of trials beyond it).
    fn var_error(&self, ours: Option<f64>, baseline: Option<f64>, n: f64) -> Option<f64> {
        let (a, b) = (ours?, baseline?);
        let (p_a, p_b) = (self.ours / n, self.baseline / n);
        let scale = (p_a * (1.0 - p_a) * p_b * (1.0 - p_b)).sqrt();
        let correlation = if scale > 0.0 { (self.both / n - p_a * p_b) / scale } else { 0.0 };
        Some((a * a + b * b - 2.0 * correlation * a * b).max(0.0).sqrt())
    }
}
