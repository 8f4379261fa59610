//! The worst trials: TVaR, and which trials carry it with which weight.

use super::estimate::{Influence, number};
use super::order::Sorted;
use crate::results::Estimate;

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
    var + excesses(losses, var).iter().map(|x| x - var).sum::<f64>() / (number(losses.n()) * (1.0 - p))
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
    if !is_enough(losses.n(), p) {
        return Estimate::exact(value);
    }
    let (var, n) = (losses.quantile(p), number(losses.n()));
    let excesses = excesses(losses, var);
    let influences = Influence::of(excesses.iter().map(|x| (x - var) / (1.0 - p)));
    influences.estimate(value, n)
}

/// Whether `n` trials leave enough in the worst `1 − p` for a standard error.
pub(super) fn is_enough(n: usize, p: f64) -> bool {
    n >= 2 && number(n) * (1.0 - p) >= ENOUGH * (1.0 - 1e-9)
}

fn excesses(losses: &Sorted, var: f64) -> &[f64] {
    &losses.values()[losses.n() - losses.n_above(var)..]
}

/// The trials that make up TVaR: index and weight, ascending by index. Weights sum to 1, and the weighted sum of
/// losses is `TVaR_p`, so that the weighted sum of any part of the loss is its part of TVaR.
///
/// Every trial above the VaR weighs 1 / (n (1 − p)). What is left falls on the trials at the VaR, in equal parts;
/// of very many, on 4 ⌈n (1 − p)⌉ spaced evenly, so that a great atom costs no second run of everything.
///
/// `losses`: one per trial. `p`: in `[0, 1)`. Source: MODEL section 8.
#[must_use]
pub fn tail(losses: &[f64], p: f64) -> Vec<(usize, f64)> {
    if losses.is_empty() {
        return vec![];
    }
    let mass = number(losses.len()) * (1.0 - p);
    let var = Sorted::of(losses).quantile(p);
    let above = losses.iter().filter(|&&x| x > var).count();
    let rest = (1.0 - number(above) / mass).max(0.0);
    let tied = spaced(losses, var, if rest > 0.0 { most_tied(mass) } else { 0 });
    let share = rest / number(tied.len());
    let mut trials: Vec<(usize, f64)> = tied.into_iter().map(|trial| (trial, share)).collect();
    trials.extend(losses.iter().enumerate().filter(|&(_, &x)| x > var).map(|(trial, _)| (trial, 1.0 / mass)));
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
