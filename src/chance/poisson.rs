//! Poisson counts by inversion: one uniform in, one count out; by a table of the distribution function, or without one
//! where every trial has a mean of its own.

use libm::{exp, floor, lgamma, log, sqrt};

use super::math::{gamma_tails, normal_quantile};

/// Means above this count as this.
const HIGHEST_MEAN: f64 = 1e6;
/// Up to this mean the distribution function is summed from 0.
const SMALL_MEAN: f64 = 30.0;

/// The smallest count whose distribution function reaches `u`, in (0, 1): the same as by a table of the same mean.
///
/// `mean`: non-negative.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts are about a million at most")]
pub(crate) fn quantile(mean: f64, u: f64) -> usize {
    let mean = mean.min(HIGHEST_MEAN);
    if mean <= 0.0 {
        return 0;
    }
    let (mut count, mut below);
    if mean <= SMALL_MEAN {
        (count, below) = (0.0, exp(-mean));
    } else {
        // Cornish and Fisher's guess is off by one or two at most.
        let z = normal_quantile(u);
        count = floor(mean + z * sqrt(mean) + (z * z - 1.0) / 6.0).max(0.0);
        below = gamma_tails(count + 1.0, mean).upper;
    }
    let mut term = exp(count * log(mean) - mean - lgamma(count + 1.0));
    while count > 0.0 && below - term >= u {
        below -= term;
        term *= count / mean;
        count -= 1.0;
    }
    // Where a term is lost in the sum, the sum is 1 but for roundings.
    while below < u && below + term > below {
        count += 1.0;
        term *= mean / count;
        below += term;
    }
    count as usize
}

/// The distribution function of a Poisson law, tabulated where it is neither 0 nor 1.
#[derive(Debug, Clone)]
pub(crate) struct Poisson {
    first: usize,
    /// The distribution function there: of rare events nearly all draws are below.
    least: f64,
    cdf: Vec<f64>,
    /// For each of `guide.len()` equal cells of (0, 1): where its search begins.
    guide: Vec<u32>,
}

impl Poisson {
    /// `mean`: finite and non-negative.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "counts are far below 2^32: a scenario expects at most a million events"
    )]
    pub(crate) fn new(mean: f64) -> Self {
        // Beyond these bounds less than 1e-17 of the probability is left.
        let spread = 9.0 * sqrt(mean) + 40.0;
        let first = floor((mean - spread).max(0.0)) as usize;
        let last = (mean + spread) as usize;
        let pmf = |k: usize| {
            if mean > 0.0 {
                exp(k as f64 * log(mean) - mean - lgamma(k as f64 + 1.0))
            } else {
                f64::from(u8::from(k == 0))
            }
        };
        let mut total = 0.0;
        let mut cdf: Vec<f64> = (first..=last)
            .map(|k| {
                total += pmf(k);
                total
            })
            .collect();
        for p in &mut cdf {
            *p /= total;
        }
        let cells = cdf.len().next_power_of_two().clamp(16, 1 << 14);
        let guide = (0..cells).map(|i| cdf.partition_point(|&p| p < i as f64 / cells as f64) as u32).collect();
        Self { first, least: cdf[0], cdf, guide }
    }

    /// The smallest count whose distribution function reaches `u`.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "u is in (0, 1)"
    )]
    pub(crate) fn quantile(&self, u: f64) -> usize {
        if u <= self.least {
            return self.first;
        }
        let mut i = self.guide[(u * self.guide.len() as f64) as usize] as usize;
        while i + 1 < self.cdf.len() && self.cdf[i] < u {
            i += 1;
        }
        self.first + i
    }
}
