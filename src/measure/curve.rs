//! Exceedance curves: which points they have, and what is exceeded there.

use super::order::Sorted;
use super::years::Years;
use super::{LEVELS, QUANTILES};
use crate::results::{Estimate, Exceedance, ExceedancePoint};

/// 1, 2 and 5 × 10⁻ᵏ from 0.5 down to 1 in `n`, and in any case to 0.001.
pub(super) fn probabilities(n: f64) -> Vec<f64> {
    let mut all = vec![];
    let mut tenths = 10.0;
    // Division of two whole numbers: each is the float nearest to the decimal.
    while tenths <= 1e3_f64.max(10.0 * n) {
        all.extend([5.0, 2.0, 1.0].map(|digit| digit / tenths).iter().filter(|&&p| p >= 0.001 || p * n >= 1.0));
        tenths *= 10.0;
    }
    all
}

/// The same with those at which MODEL wants quantiles and VaR, for the loss over the horizon.
fn horizon_probabilities(n: f64) -> Vec<f64> {
    let mut all = probabilities(n);
    for level in QUANTILES.iter().chain(&LEVELS) {
        // Taken from whole thousandths, so that 1 − 0.9 is 0.1.
        let probability = (1000.0 * (1.0 - level)).round() / 1000.0;
        if !all.contains(&probability) {
            all.push(probability);
        }
    }
    all.sort_unstable_by(|a, b| b.total_cmp(a));
    all
}

/// Points of the curve of the loss over the horizon.
pub(super) fn horizon(portfolio: usize, losses: &Sorted) -> Vec<ExceedancePoint> {
    let point = |probability: f64| ExceedancePoint {
        portfolio,
        kind: Exceedance::Horizon,
        return_period: None,
        probability,
        loss: losses.quantile_with_error(1.0 - probability),
    };
    horizon_probabilities(losses.n_in_tail()).into_iter().map(point).collect()
}

/// Points of the curve of a year's loss; none without a full year.
pub(super) fn yearly(portfolio: usize, kind: Exceedance, years: &Years) -> Vec<ExceedancePoint> {
    let sorted = years.sorted();
    let probabilities = probabilities(sorted.n_in_tail());
    let estimates = years.exceeded(&sorted, &probabilities);
    let point = |(&probability, loss): (&f64, Estimate)| ExceedancePoint {
        portfolio,
        kind,
        return_period: Some((1.0 / probability).round()),
        probability,
        loss,
    };
    probabilities.iter().zip(estimates).map(point).collect()
}
