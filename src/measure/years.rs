//! Losses of a year: quantiles over the full years of all trials, with errors that know that the years of one
//! trial share its luck.

use super::estimate::{number, of_few};
use super::order::Sorted;
use crate::chance::sobol::REPLICATES;
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
        let effects = match self.weights {
            None => design_effects(self.losses, self.per_trial, &quantiles),
            Some(weights) => weighted_design_effects(self.losses, weights, self.per_trial, &quantiles),
        };
        let n_trials = self.losses.len() / self.per_trial;
        let mut effect = 1.0;
        let mut curve = vec![];
        for (p, here) in probabilities.iter().zip(effects) {
            // Where it cannot be told, that of the next more likely loss will do.
            effect = here.unwrap_or(effect);
            curve.push(match n_trials {
                0..2 => Estimate::exact(sorted.quantile(1.0 - p)),
                // So few may look alike by chance.
                2..30 => sorted.quantile_clustered(1.0 - p, f64::max(effect, 1.0)),
                _ => sorted.quantile_clustered(1.0 - p, effect),
            });
        }
        curve
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
    for_each_above(losses, n_years, quantiles, |_, passed, odd| {
        years[passed] += 1;
        squares[passed] += odd;
    });
    sum_from_the_end(&mut years);
    sum_from_the_end(&mut squares);
    let n_trials = number(losses.len() / n_years);
    let effect = |(&years, &squares)| design_effect(n_trials, number(n_years), years, squares);
    years[1..].iter().zip(&squares[1..]).map(effect).collect()
}

/// The same where trials weigh differently: the spread over replicates of Σ w (c − mean of c), against that of as many years of weight 1.
fn weighted_design_effects(losses: &[f64], weights: &[f64], n_years: usize, quantiles: &[f64]) -> Vec<Option<f64>> {
    // By replicate: sums of w × years above.
    let mut sums = vec![[0.0; REPLICATES]; quantiles.len() + 1];
    for_each_above(losses, n_years, quantiles, |trial, passed, _| sums[passed][trial % REPLICATES] += weights[trial]);
    for k in (1..sums.len()).rev() {
        let above = sums[k];
        sums[k - 1].iter_mut().zip(above).for_each(|(sum, x)| *sum += x);
    }
    let mut of = [0.0; REPLICATES];
    weights.iter().enumerate().for_each(|(trial, weight)| of[trial % REPLICATES] += weight);
    let all: f64 = of.iter().sum();
    let (n, n_years) = (number(losses.len()), number(n_years));
    let effect = |above: &[f64; REPLICATES]| {
        let mean = above.iter().sum::<f64>() / all;
        let spread: f64 = above.iter().zip(&of).map(|(above, of)| above - mean * of).map(|apart| apart * apart).sum();
        let share = mean / n_years;
        let independent = share * (1.0 - share) / n;
        (independent > 0.0).then(|| spread * of_few(weights.len()) / (all * all * n_years * n_years) / independent)
    };
    sums[1..].iter().map(effect).collect()
}

/// Tells of every year above the lowest of the quantiles: its trial, how many quantiles it passes, and 2j − 1 if it is the
/// trial's j-th largest.
fn for_each_above(losses: &[f64], n_years: usize, quantiles: &[f64], mut tell: impl FnMut(usize, usize, u64)) {
    let mut years = Vec::with_capacity(n_years);
    for (trial, losses) in losses.chunks_exact(n_years).enumerate() {
        years.clear();
        years.extend(losses.iter().copied().filter(|&x| quantiles.first().is_some_and(|&lowest| x > lowest)));
        years.sort_unstable_by(|a: &f64, b| b.total_cmp(a));
        for (odd, &x) in (1_u64..).step_by(2).zip(&years) {
            tell(trial, quantiles.partition_point(|&q| q < x), odd);
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
