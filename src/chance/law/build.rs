//! Laws from what a person can say of them: two percentiles, a mean and a spread, bounds. Every constructor gives `None`
//! where no such law exists; it does not know why, nor what the file said.

use super::Law;
use crate::chance::math;

impl Law {
    /// Log-normal with `low` and `high` as 5th and 95th percentiles: `"20 min to 9 h"`. Needs 0 < low ≤ high.
    #[must_use]
    pub fn from_interval_90(low: f64, high: f64) -> Option<Law> {
        let (mu, sigma) = log_fit((0.05, low), (0.95, high))?;
        Some(log_normal(mu, sigma, low))
    }

    /// The change x with 1 + x log-normal and `low` and `high` as 5th and 95th percentiles of x: `"-8% to +15%"`.
    /// Needs −1 < low ≤ high.
    #[must_use]
    pub fn from_change_interval_90(low: f64, high: f64) -> Option<Law> {
        if !(low > -1.0 && low <= high && high.is_finite()) {
            return None;
        }
        let (from, to) = (libm::log1p(low), libm::log1p(high));
        let sigma = (to - from) / (2.0 * math::normal_quantile(0.95));
        Some(if sigma > 0.0 { Law::LogNormalChange { mu: 0.5 * (from + to), sigma } } else { Law::Constant(low) })
    }

    /// Log-normal through two percentiles, each `(p, value)` with p in (0, 1), in any order. The median is `(0.5, value)`.
    #[must_use]
    pub fn from_percentiles(one: (f64, f64), other: (f64, f64)) -> Option<Law> {
        let (low, high) = if one.0 <= other.0 { (one, other) } else { (other, one) };
        let (mu, sigma) = log_fit(low, high)?;
        Some(log_normal(mu, sigma, low.1))
    }

    /// Log-normal with this mean and standard deviation. Needs mean > 0, sd ≥ 0.
    #[must_use]
    pub fn from_mean_sd(mean: f64, sd: f64) -> Option<Law> {
        if !(mean > 0.0 && mean.is_finite() && sd >= 0.0) {
            return None;
        }
        let cv = sd / mean;
        let variance = libm::log1p(cv * cv);
        variance.is_finite().then(|| log_normal(libm::log(mean) - 0.5 * variance, variance.sqrt(), mean))
    }

    /// Log-normal with this median and this standard deviation of the logarithm. Needs median > 0, sigma ≥ 0.
    #[must_use]
    pub fn from_median_sigma(median: f64, sigma: f64) -> Option<Law> {
        let valid = median > 0.0 && median.is_finite() && sigma >= 0.0 && sigma.is_finite();
        valid.then(|| log_normal(libm::log(median), sigma, median))
    }

    /// Beta on [0, 1] with this mean and standard deviation. Needs 0 < mean < 1 and 0 ≤ sd² < mean (1 − mean).
    #[must_use]
    pub fn from_beta_mean_sd(mean: f64, sd: f64) -> Option<Law> {
        if !(mean > 0.0 && mean < 1.0 && sd >= 0.0) {
            return None;
        }
        let weight = mean * (1.0 - mean) / (sd * sd) - 1.0;
        // Beyond this no value that a person would call different from the mean is left, and the fractions grow long.
        if weight > 1e12 {
            return Some(Law::Constant(mean));
        }
        (weight > 0.0).then_some(Law::Beta { alpha: mean * weight, beta: (1.0 - mean) * weight })
    }

    /// Discrete law of `(value, weight)` pairs in any order; equal values are joined. Needs finite values, weights that
    /// are finite and not negative, and one that is positive.
    #[must_use]
    pub fn from_weights(pairs: impl IntoIterator<Item = (f64, f64)>) -> Option<Law> {
        let mut pairs: Vec<(f64, f64)> = pairs.into_iter().collect();
        if pairs.iter().any(|&(value, weight)| !(value.is_finite() && weight.is_finite() && weight >= 0.0)) {
            return None;
        }
        pairs.retain(|&(_, weight)| weight > 0.0);
        pairs.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.total_cmp(&other.1)));
        let total: f64 = pairs.iter().map(|pair| pair.1).sum();
        if pairs.is_empty() || !total.is_finite() {
            return None;
        }
        let (mut values, mut cumulative) = (Vec::new(), Vec::new());
        let mut so_far = 0.0;
        for (value, weight) in pairs {
            // -0 and 0 sort apart but are one value.
            if values.last().is_some_and(|last| *last >= value) {
                cumulative.pop();
            } else {
                values.push(value);
            }
            so_far += weight;
            cumulative.push((so_far / total).min(1.0));
        }
        if let Some(last) = cumulative.last_mut() {
            *last = 1.0;
        }
        Some(if values.len() == 1 { Law::Constant(values[0]) } else { Law::Discrete { values, cumulative } })
    }

    /// The law given that its value lies in [`min`, `max`]: the uniform is rescaled; of a discrete law values are
    /// dropped and the others reweighted. `None` if that has probability 0, or a bound is no number.
    #[must_use]
    pub fn truncate(self, min: Option<f64>, max: Option<f64>) -> Option<Law> {
        let (lowest, highest) = self.support();
        let (from, to) = (min.unwrap_or(lowest), max.unwrap_or(highest));
        if !(from <= to && from <= highest && to >= lowest) {
            return None;
        }
        if from <= lowest && to >= highest {
            return Some(self);
        }
        let (from, to) = (from.max(lowest), to.min(highest));
        match self {
            Law::Discrete { values, cumulative } => {
                let weights = weights(&cumulative);
                Law::from_weights(values.into_iter().zip(weights).filter(|pair| from <= pair.0 && pair.0 <= to))
            }
            Law::Truncated { law, .. } => law.truncate(Some(from), Some(to)),
            Law::Uniform { .. } => (from < to).then_some(Law::Uniform { min: from, max: to }),
            Law::Pareto { shape, scale } if from > scale => Law::Pareto { shape, scale: from }.truncate(None, Some(to)),
            law => rescaled(law, from, to),
        }
    }
}

fn rescaled(law: Law, min: f64, max: f64) -> Option<Law> {
    let (at_min, at_max) = (law.tails(min), law.tails(max));
    let (below, above) = (at_min.lower, at_max.upper);
    let kept = if below > 0.5 { at_min.upper - above } else { at_max.lower - below };
    (kept > 0.0).then(|| Law::Truncated { law: Box::new(law), min, max, below, above, kept })
}

/// Weight of each value of a discrete law.
pub(super) fn weights(cumulative: &[f64]) -> Vec<f64> {
    let before = core::iter::once(0.0).chain(cumulative.iter().copied());
    cumulative.iter().zip(before).map(|(to_here, before)| to_here - before).collect()
}

fn log_normal(mu: f64, sigma: f64, value: f64) -> Law {
    if sigma > 0.0 { Law::LogNormal { mu, sigma } } else { Law::Constant(value) }
}

/// mu and sigma of the log-normal through two percentiles, lower one first.
fn log_fit(low: (f64, f64), high: (f64, f64)) -> Option<(f64, f64)> {
    let valid = 0.0 < low.0 && low.0 < high.0 && high.0 < 1.0 && 0.0 < low.1 && low.1 <= high.1 && high.1.is_finite();
    if !valid {
        return None;
    }
    let (z_low, z_high) = (math::normal_quantile(low.0), math::normal_quantile(high.0));
    let sigma = (libm::log(high.1) - libm::log(low.1)) / (z_high - z_low);
    Some((libm::log(low.1) - sigma * z_low, sigma))
}
