//! The worst trials: TVaR, and which trials carry it with which weight.

use super::estimate::number;
use super::order::{Sorted, number_of, quantile};
use crate::results::Estimate;
use crate::simulate::{UNITS, units};

/// Trials that a tail must hold for a standard error of its mean.
const ENOUGH: f64 = 10.0;

/// Tail value at risk: the mean of the worst `1 − p` of trials (expected shortfall).
///
/// `losses`: one loss per trial. `p`: in `[0, 1)`. The atom at the VaR counts in part, so the measure is coherent
/// and moves smoothly with `p`. NaN of no trials.
///
/// Source: Acerbi and Tasche, "On the coherence of expected shortfall", 2002; MODEL section 8.
#[must_use]
pub fn tvar(losses: &Sorted, p: f64) -> f64 {
    let var = losses.quantile(p);
    var + losses.excess(var) / (number_of(losses.total()) * (1.0 - p))
}

/// TVaR with its standard error, if at least ten trials' worth lies in the tail.
///
/// The error is that of the influence function (L − VaR)⁺ / (1 − p): the part of the VaR's own error that would
/// matter cancels, with or without an atom at the VaR.
///
/// Source: Manistre and Hancock, "Variance of the CTE estimator", 2005.
#[must_use]
pub fn tvar_with_error(losses: &Sorted, p: f64) -> Estimate {
    let value = tvar(losses, p);
    if !is_enough(losses.effective_tail(p)) {
        return Estimate::exact(value);
    }
    let var = losses.quantile(p);
    // A constant changes no error where all trials weigh alike; with weights the mean must be 0.
    let centre = if losses.is_weighted() { value - var } else { 0.0 };
    losses.estimate(value, var, |x| (x - var).max(0.0) / (1.0 - p) - centre)
}

/// Whether so many trials in the tail are enough for a standard error.
pub(super) fn is_enough(in_tail: f64) -> bool {
    in_tail >= ENOUGH * (1.0 - 1e-9)
}

/// The trials that make up TVaR: index and weight, ascending by index. Weights sum to 1, and the weighted sum of
/// losses is `TVaR_p`, so that the weighted sum of any part of the loss is its part of TVaR.
///
/// Every trial above the VaR weighs its part of all weight ÷ (1 − p). What is left falls on the trials at the VaR, in equal parts;
/// of very many, on 4 ⌈n (1 − p)⌉ spaced evenly, so that a great atom costs no second run of everything.
///
/// `losses`: one per trial. `weights`: of the trials, if they do not weigh alike. `p`: in `[0, 1)`. Source: MODEL section 8.
#[must_use]
pub fn tail(losses: &[f64], weights: Option<&[f64]>, p: f64) -> Vec<(usize, f64)> {
    if losses.is_empty() {
        return vec![];
    }
    let var = weights.map_or_else(|| quantile(losses, p), |_| Sorted::weighted(losses, weights).quantile(p));
    chosen(losses, weights, (p, var))
}

/// The same where the VaR at `p` is known.
pub(super) fn chosen(losses: &[f64], weights: Option<&[f64]>, (p, var): (f64, f64)) -> Vec<(usize, f64)> {
    let weight = |trial: usize| weights.map_or(1.0, |weights| number_of(units(weights[trial])) / UNITS);
    let all = weights.map_or(number(losses.len()), |weights| {
        number_of(weights.iter().map(|&weight| units(weight)).sum::<u64>()) / UNITS
    });
    let mass = all * (1.0 - p);
    let above: f64 = losses.iter().enumerate().filter(|&(_, &x)| x > var).map(|(trial, _)| weight(trial)).sum();
    let rest = (1.0 - above / mass).max(0.0);
    let tied = spaced(losses, var, if rest > 0.0 { most_tied(number(losses.len()) * (1.0 - p)) } else { 0 });
    let of_tied: f64 = tied.iter().map(|&trial| weight(trial)).sum();
    let mut trials: Vec<(usize, f64)> = tied.into_iter().map(|trial| (trial, rest * weight(trial) / of_tied)).collect();
    let beyond = losses.iter().enumerate().filter(|&(_, &x)| x > var);
    trials.extend(beyond.map(|(trial, _)| (trial, weight(trial) / mass)));
    trials.sort_unstable_by_key(|&(trial, _)| trial);
    trials
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most four times the trials")]
fn most_tied(mass: f64) -> usize {
    4 * (mass * (1.0 - 1e-12)).ceil().max(1.0) as usize
}

/// At most `most` of the trials whose loss is `value`, spaced evenly among them.
#[expect(clippy::float_cmp, reason = "trials tie if they are equal to the bit")]
fn spaced(losses: &[f64], value: f64, most: usize) -> Vec<usize> {
    let all = losses.iter().filter(|&&x| x == value).count();
    let kept = all.min(most);
    losses
        .iter()
        .enumerate()
        .filter(|&(_, &x)| x == value)
        .enumerate()
        // The j-th is kept where j kept/all passes a whole number.
        .filter(|(j, _)| (j + 1) * kept / all > j * kept / all)
        .map(|(_, (trial, _))| trial)
        .collect()
}
