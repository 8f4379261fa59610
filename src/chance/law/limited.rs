//! Moments of a law whose large values count as a limit: they exist for every law, and are soon known.

use super::Law;
use super::build::weights;
use crate::chance::math;

/// Mean, variance and skewness of min(X, limit).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Limited {
    pub(crate) mean: f64,
    pub(crate) variance: f64,
    pub(crate) skewness: f64,
}

/// Between quantiles at these probabilities a law is smooth, however narrow or wide it is.
const PANELS: [f64; 11] = [1e-6, 1e-3, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999, 1.0 - 1e-6];

impl Law {
    /// Moments of min(X, `limit`), from the law's tails alone, so that its quantile function can be held against them.
    ///
    /// Source: Klugman, Panjer and Willmot, *Loss Models*, section 3.1, "limited expected value".
    pub(crate) fn limited(&self, limit: f64) -> Limited {
        if let Some(value) = self.is_constant() {
            return Limited { mean: value.min(limit), variance: 0.0, skewness: 0.0 };
        }
        // Moments about a point near the middle, so that nothing cancels.
        let about = self.quantile(0.5).min(limit);
        let mut moments = [0.0; 3];
        if let Law::Discrete { values, cumulative } = self {
            for (value, weight) in values.iter().zip(weights(cumulative)) {
                let d = value.min(limit) - about;
                for (moment, power) in moments.iter_mut().zip([d, d * d, d * d * d]) {
                    *moment += weight * power;
                }
            }
        } else {
            let mut from = self.quantile(PANELS[0]).min(limit);
            for u in PANELS[1..].iter().copied().chain([1.0]) {
                let to = self.quantile(u).min(limit);
                for (x, weight) in math::points_of_16(from, to) {
                    let d = x - about;
                    let tail = if d > 0.0 { self.survival(x) } else { -self.cdf(x) };
                    for (moment, slope) in moments.iter_mut().zip([1.0, 2.0 * d, 3.0 * d * d]) {
                        *moment += weight * slope * tail;
                    }
                }
                from = to;
            }
        }
        let [m1, m2, m3] = moments;
        let variance = (m2 - m1 * m1).max(0.0);
        let third = m3 - m1 * (3.0 * m2 - 2.0 * m1 * m1);
        let skewness = if variance > 0.0 { third / (variance * variance.sqrt()) } else { 0.0 };
        Limited { mean: about + m1, variance, skewness }
    }
}
