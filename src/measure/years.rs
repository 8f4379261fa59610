//! Losses of a year: quantiles over the full years of all trials, with errors that know that the years of one
//! trial share its luck.

use super::estimate::number;
use super::order::{Sorted, number_of};
use super::replicates::{ByReplicate, of_few, replicate};
use crate::results::Estimate;
use crate::simulate::Histogram;

/// Losses of each year, trial by trial.
pub(super) struct Years<'a> {
    /// Of the trials that have rows: `n × per_trial`.
    pub(super) losses: &'a [f64],
    pub(super) per_trial: usize,
    /// A weight per trial, if they do not weigh alike.
    pub(super) weights: Option<&'a [f64]>,
    /// Of all trials, if not all have rows.
    pub(super) counted: Option<&'a Histogram>,
}

impl Years<'_> {
    /// All years of all trials.
    pub(super) fn sorted(&self) -> Sorted {
        match (self.counted, self.weights) {
            (Some(counted), _) => Sorted::counted(counted),
            (None, weights) => Sorted::of_trials(self.losses, weights, self.per_trial),
        }
    }

    /// The losses that a year exceeds with the given probabilities, which must fall. Nothing without a full year.
    ///
    /// The interval is that of order statistics for as many independent years as would tell as much: the years ÷
    /// the design effect of their clustering by trial at that quantile.
    pub(super) fn exceeded(&self, sorted: &Sorted, probabilities: &[f64]) -> Vec<Estimate> {
        if self.per_trial == 0 || self.losses.is_empty() {
            return vec![];
        }
        let quantiles: Vec<f64> = probabilities.iter().map(|p| sorted.quantile(1.0 - p)).collect();
        let n_trials = self.losses.len() / self.per_trial;
        // So few may look alike by chance.
        let least = if n_trials < 30 { 1.0 } else { 0.0 };
        let estimate = |quantile: &dyn Fn(f64) -> Estimate, p: &f64| {
            if n_trials < 2 { Estimate::exact(sorted.quantile(1.0 - p)) } else { quantile(1.0 - p) }
        };
        let Some(weights) = self.weights else {
            let mut effect = 1.0;
            let effects = design_effects(self.losses, self.per_trial, &quantiles);
            let curve = probabilities.iter().zip(effects).map(|(p, here)| {
                // Where it cannot be told, that of the next more likely loss will do.
                effect = here.unwrap_or(effect);
                estimate(&|level| sorted.quantile_clustered(level, f64::max(effect, least)), p)
            });
            return curve.collect();
        };
        let variances =
            |passes: fn(f64, f64) -> bool| share_variances(self.losses, weights, self.per_trial, (&quantiles, passes));
        let curve = probabilities.iter().zip(variances(|q, x| q <= x)).zip(variances(|q, x| q < x));
        let curve = curve.map(|((p, below), upto)| {
            let independent = p * (1.0 - p) / number(self.losses.len());
            let effects = [below, upto].map(|variance| Some(f64::max(variance? / independent, least)));
            estimate(&|level| sorted.quantile_between(level, effects), p)
        });
        curve.collect()
    }
}

/// Variance of the share of years above each of the ascending `quantiles` ÷ that of independent years; none where
/// no year or every year lies above.
///
/// A trial with c years above counts c and c² = 1 + 3 + … + (2c − 1): its j-th largest year, if above, adds 2j − 1.
/// So one pass over the years serves all quantiles, in whole numbers.
fn design_effects(losses: &[f64], n_years: usize, quantiles: &[f64]) -> Vec<Option<f64>> {
    let mut years = vec![0_u64; quantiles.len() + 1];
    let mut squares = years.clone();
    for_each_beyond(losses, n_years, (quantiles, |q, x| q < x), |_, passed, odd| {
        years[passed] += 1;
        squares[passed] += odd;
    });
    sum_from_the_end(&mut years);
    sum_from_the_end(&mut squares);
    let n_trials = number(losses.len() / n_years);
    let effect = |(&years, &squares)| design_effect(n_trials, number(n_years), years, squares);
    years[1..].iter().zip(&squares[1..]).map(effect).collect()
}

/// Variance of the weighted share of years beyond each of the ascending `quantiles`, as its trials show it; none where no year or every year
/// is. `passes`: whether a year is beyond a quantile.
fn share_variances(
    losses: &[f64],
    weights: &[f64],
    n_years: usize,
    (quantiles, passes): (&[f64], impl Fn(f64, f64) -> bool),
) -> Vec<Option<f64>> {
    let n_trials = number(weights.len());
    let mut of = ByReplicate::NONE;
    weights.iter().enumerate().for_each(|(trial, &weight)| of.add(replicate(trial), weight));
    let all_squares: f64 = weights.iter().map(|w| w * w).sum();
    // Of the trials with c years beyond: Σ c, Σ w c by replicate, Σ w² c and Σ w² c².
    let mut sums = vec![(0, ByReplicate::NONE, [0.0; 2]); quantiles.len() + 1];
    for_each_beyond(losses, n_years, (quantiles, passes), |trial, passed, odd| {
        let (n, years, squares) = &mut sums[passed];
        let w = weights[trial];
        *n += 1;
        years.add(replicate(trial), w);
        squares.iter_mut().zip([1.0, number_of(odd)]).for_each(|(sum, x)| *sum += w * w * x);
    });
    for k in (1..sums.len()).rev() {
        let (beyond, above, squares_above) = sums[k];
        let (n, years, squares) = &mut sums[k - 1];
        *n += beyond;
        years.join(&above);
        squares.iter_mut().zip(squares_above).for_each(|(sum, x)| *sum += x);
    }
    let variance = |(n, years, [once, squares]): &(usize, ByReplicate, [f64; 2])| {
        let mean = years.all() / of.all();
        let independent = squares - 2.0 * mean * once + mean * mean * all_squares;
        let variance = years.beyond_share(&of).variance(n_trials, independent) * of_few(n_trials);
        let all = of.all() * number(n_years);
        (*n > 0 && *n < losses.len()).then(|| variance / (all * all))
    };
    sums[1..].iter().map(variance).collect()
}

/// Tells of every year beyond the lowest of the quantiles: its trial, how many quantiles it passes, and 2j − 1 if it is the
/// trial's j-th largest.
fn for_each_beyond(
    losses: &[f64],
    n_years: usize,
    (quantiles, passes): (&[f64], impl Fn(f64, f64) -> bool),
    mut tell: impl FnMut(usize, usize, u64),
) {
    let mut years = Vec::with_capacity(n_years);
    for (trial, losses) in losses.chunks_exact(n_years).enumerate() {
        years.clear();
        years.extend(losses.iter().copied().filter(|&x| quantiles.first().is_some_and(|&lowest| passes(lowest, x))));
        years.sort_unstable_by(|a: &f64, b| b.total_cmp(a));
        for (odd, &x) in (1_u64..).step_by(2).zip(&years) {
            tell(trial, quantiles.partition_point(|&q| passes(q, x)), odd);
        }
    }
}

fn sum_from_the_end(counts: &mut [u64]) {
    let mut sum = 0;
    for count in counts.iter_mut().rev() {
        sum += *count;
        *count = sum;
    }
}

#[expect(clippy::cast_precision_loss, reason = "numbers of years are far below 2^53")]
fn design_effect(n_trials: f64, n_years: f64, above: u64, squares: u64) -> Option<f64> {
    let (above, squares) = (above as f64, squares as f64);
    let share = above / (n_trials * n_years);
    let independent = n_years * share * (1.0 - share);
    let variance = ((squares - above * above / n_trials) / (n_trials - 1.0)).max(0.0);
    (independent > 0.0).then(|| variance / independent)
}
