//! Losses of a year: quantiles over the full years of all trials, with errors that know that the years of one
//! trial share its luck.

use super::estimate::number;
use super::order::Sorted;
use crate::results::Estimate;

/// The losses that a year exceeds with the given probabilities, which must fall.
///
/// `losses`: of each year, trial by trial, `per_year` … `n × n_years`. Nothing without a full year.
///
/// The interval is that of order statistics for as many independent years as would tell as much: the years ÷
/// the design effect of their clustering by trial at that quantile.
pub(super) fn exceeded(losses: &[f64], n_years: usize, probabilities: &[f64]) -> Vec<Estimate> {
    if n_years == 0 || losses.is_empty() {
        return vec![];
    }
    let sorted = Sorted::of(losses);
    let quantiles: Vec<f64> = probabilities.iter().map(|p| sorted.quantile(1.0 - p)).collect();
    let effects = design_effects(losses, n_years, &quantiles);
    let n_trials = losses.len() / n_years;
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

/// Variance of the share of years above each of the ascending `quantiles` ÷ that of independent years; none where
/// no year or every year lies above.
///
/// A trial with c years above counts c and c² = 1 + 3 + … + (2c − 1): its j-th largest year, if above, adds 2j − 1.
/// So one pass over the years serves all quantiles, in whole numbers.
fn design_effects(losses: &[f64], n_years: usize, quantiles: &[f64]) -> Vec<Option<f64>> {
    let mut years = vec![0_u64; quantiles.len() + 1];
    let mut squares = years.clone();
    let mut trial = Vec::with_capacity(n_years);
    for losses in losses.chunks_exact(n_years) {
        trial.clear();
        trial.extend(losses.iter().copied().filter(|&x| quantiles.first().is_some_and(|&lowest| x > lowest)));
        trial.sort_unstable_by(|a: &f64, b| b.total_cmp(a));
        for (odd, &x) in (1_u64..).step_by(2).zip(&trial) {
            let passed = quantiles.partition_point(|&q| q < x);
            years[passed] += 1;
            squares[passed] += odd;
        }
    }
    sum_from_the_end(&mut years);
    sum_from_the_end(&mut squares);
    let n_trials = number(losses.len() / n_years);
    let effect = |(&years, &squares)| design_effect(n_trials, number(n_years), years, squares);
    years[1..].iter().zip(&squares[1..]).map(effect).collect()
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
