//! Means and variances of laws: closed forms where there are, else integrals of the quantile function.

use super::build::weights;
use super::{Law, pert_shapes};
use crate::chance::math;

impl Law {
    /// The mean; `None` where it is infinite.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        if let Some(value) = self.is_constant() {
            return Some(value);
        }
        let mean = match self {
            Law::Truncated { .. } => self.truncated_moments()?.0,
            Law::Constant(value) => *value,
            Law::LogNormal { mu, sigma } => libm::exp(mu + 0.5 * sigma * sigma),
            Law::LogNormalChange { mu, sigma } => libm::expm1(mu + 0.5 * sigma * sigma),
            Law::Pert { min, mode, max } => (min + 4.0 * mode + max) / 6.0,
            Law::Triangular { min, mode, max } => (min + mode + max) / 3.0,
            Law::Uniform { min, max } => 0.5 * (min + max),
            Law::Beta { alpha, beta } => alpha / (alpha + beta),
            Law::Weibull { shape, scale } => scale * libm::tgamma(1.0 + 1.0 / shape),
            Law::Gamma { shape, scale } => shape * scale,
            Law::Pareto { shape, scale } => (*shape > 1.0).then(|| scale * (shape / (shape - 1.0)))?,
            Law::Exponential { mean } => *mean,
            Law::LogLogistic { shape, scale } => scale * log_logistic_moment(*shape, 1.0)?,
            Law::Discrete { values, cumulative } => {
                values.iter().zip(weights(cumulative)).map(|(value, weight)| value * weight).sum()
            }
        };
        mean.is_finite().then_some(mean)
    }

    /// The variance; `None` where it, or the mean, is infinite.
    #[must_use]
    pub fn variance(&self) -> Option<f64> {
        if self.is_constant().is_some() {
            return Some(0.0);
        }
        let mean = self.mean()?;
        let variance = match self {
            Law::Truncated { .. } => self.truncated_moments()?.1?,
            Law::Constant(_) => 0.0,
            Law::LogNormal { sigma, .. } => mean * mean * libm::expm1(sigma * sigma),
            Law::LogNormalChange { sigma, .. } => (1.0 + mean) * (1.0 + mean) * libm::expm1(sigma * sigma),
            Law::Pert { min, mode, max } => {
                let (alpha, beta) = pert_shapes(*min, *mode, *max);
                (max - min) * (max - min) * alpha * beta / 252.0
            }
            Law::Triangular { min, mode, max } => {
                let (left, right) = (mode - min, max - mode);
                (left * left + left * right + right * right) / 18.0
            }
            Law::Uniform { min, max } => (max - min) * (max - min) / 12.0,
            Law::Beta { alpha, beta } => mean * (beta / (alpha + beta)) / (alpha + beta + 1.0),
            Law::Weibull { shape, .. } => mean * mean * weibull_cv_squared(*shape),
            Law::Gamma { scale, .. } => mean * scale,
            Law::Pareto { shape, .. } => (*shape > 2.0).then(|| mean * mean / (shape * (shape - 2.0)))?,
            Law::Exponential { mean } => mean * mean,
            Law::LogLogistic { shape, scale } => scale * scale * log_logistic_moment(*shape, 2.0)? - mean * mean,
            Law::Discrete { values, cumulative } => {
                let parts = values.iter().zip(weights(cumulative));
                parts.map(|(value, weight)| (value - mean) * (value - mean) * weight).sum()
            }
        };
        variance.is_finite().then(|| variance.max(0.0))
    }

    /// Mean and, where finite, variance of a truncated law.
    fn truncated_moments(&self) -> Option<(f64, Option<f64>)> {
        let Law::Truncated { law, min, max, kept, .. } = self else {
            return Some((self.mean()?, self.variance()));
        };
        match law.as_ref() {
            Law::LogLogistic { shape, scale } if max.is_infinite() => {
                let above = |power: f64| {
                    let odds = libm::pow(min / scale, *shape);
                    let (a, b) = (1.0 + power / shape, 1.0 - power / shape);
                    let part = math::beta_tails(a, b, odds / (1.0 + odds), 1.0 / (1.0 + odds)).upper;
                    Some(libm::pow(*scale, power) * log_logistic_moment(*shape, power)? * part / kept)
                };
                let mean = above(1.0)?;
                Some((mean, above(2.0).map(|square| square - mean * mean)))
            }
            Law::LogNormal { mu, sigma } if max.is_infinite() && *sigma > 3.0 => {
                let z = (libm::log(*min) - mu) / sigma;
                let above = |power: f64| {
                    let whole = libm::exp(power * mu + 0.5 * power * power * sigma * sigma);
                    whole * math::normal_tails(z - power * sigma).upper / kept
                };
                let mean = above(1.0);
                Some((mean, Some(above(2.0) - mean * mean)))
            }
            _ => {
                let mean = self.integral(|x| x);
                Some((mean, Some(self.integral(|x| (x - mean) * (x - mean)))))
            }
        }
    }

    /// E f(X) as an integral over the uniform, in panels that halve towards either end. For laws whose upper tail is
    /// bounded or falls faster than any power; f may grow like a power.
    fn integral(&self, f: impl Fn(f64) -> f64) -> f64 {
        let middle = self.kink();
        let lower = panels(middle, |p| f(self.quantile_at(p, 1.0 - p)));
        let upper = panels(1.0 - middle, |q| f(self.quantile_at(1.0 - q, q)));
        lower + upper
    }

    /// The uniform at which the quantile function is not smooth, or the middle.
    fn kink(&self) -> f64 {
        let Law::Truncated { law, min, max, .. } = self else {
            return 0.5;
        };
        match law.as_ref() {
            Law::Triangular { mode, .. } if min < mode && mode < max => self.cdf(*mode),
            _ => 0.5,
        }
    }
}

/// ∫ f from 0 to `width`, with f possibly steep towards 0.
fn panels(width: f64, f: impl Fn(f64) -> f64) -> f64 {
    let (mut sum, mut size) = (0.0, 0.0);
    let mut to = width;
    for n in 0..1000 {
        let part = math::integrate(0.5 * to, to, &f);
        sum += part;
        size += part.abs();
        to *= 0.5;
        if n >= 60 && part.abs() <= 1e-18 * size {
            break;
        }
    }
    sum
}

/// E X^power of a log-logistic law of scale 1, if finite.
fn log_logistic_moment(shape: f64, power: f64) -> Option<f64> {
    let angle = core::f64::consts::PI * power / shape;
    (shape > power).then(|| angle / libm::sin(angle))
}

/// Variance over squared mean: Γ(1 + 2/k) / Γ(1 + 1/k)² − 1.
fn weibull_cv_squared(shape: f64) -> f64 {
    let x = 1.0 / shape;
    if x > 0.003 {
        return libm::expm1(math::ln_gamma(1.0 + 2.0 * x) - 2.0 * math::ln_gamma(1.0 + x));
    }
    // ln Γ(1 + x) = −γx + Σ ζ(n) (−x)ⁿ / n: the first terms cancel, so take what is left.
    let terms = [
        1.644_934_066_848_226_4,
        -2.404_113_806_319_188_5,
        3.788_131_317_988_982_6,
        -6.221_566_530_860_22,
        10.512_544_973_839_306,
    ];
    libm::expm1(terms.iter().rev().fold(0.0, |sum, term| (sum + term) * x) * x)
}
