//! Distributions as quantile functions: one uniform in, one value out (MODEL section 3). Knows no unit, no source of
//! uniforms and no file.

use super::math::{self, Tails};

mod build;
mod limited;
mod moments;
#[cfg(test)]
mod tests;

/// The law of one quantity, in the engine's units.
#[derive(Debug, Clone, PartialEq)]
pub enum Law {
    /// Always this value.
    Constant(f64),
    /// exp(mu + sigma Z).
    LogNormal {
        /// Mean of the logarithm.
        mu: f64,
        /// Standard deviation of the logarithm.
        sigma: f64,
    },
    /// exp(mu + sigma Z) − 1: a change that is never below −100 %.
    LogNormalChange {
        /// Mean of ln(1 + x).
        mu: f64,
        /// Standard deviation of ln(1 + x).
        sigma: f64,
    },
    /// Beta on [min, max] with both shapes from a mode and weight 4.
    Pert {
        /// Smallest value.
        min: f64,
        /// Most likely value.
        mode: f64,
        /// Largest value.
        max: f64,
    },
    /// Triangle.
    Triangular {
        /// Smallest value.
        min: f64,
        /// Most likely value.
        mode: f64,
        /// Largest value.
        max: f64,
    },
    /// Flat.
    Uniform {
        /// Smallest value.
        min: f64,
        /// Largest value.
        max: f64,
    },
    /// Beta on [0, 1].
    Beta {
        /// First shape.
        alpha: f64,
        /// Second shape.
        beta: f64,
    },
    /// Weibull.
    Weibull {
        /// Shape k.
        shape: f64,
        /// Scale λ.
        scale: f64,
    },
    /// Gamma.
    Gamma {
        /// Shape k.
        shape: f64,
        /// Scale θ.
        scale: f64,
    },
    /// Pareto: P(X > x) = (scale / x)^shape for x ≥ scale.
    Pareto {
        /// Tail index.
        shape: f64,
        /// Smallest value.
        scale: f64,
    },
    /// Exponential.
    Exponential {
        /// Mean.
        mean: f64,
    },
    /// Log-logistic: F(x) = 1 / (1 + (x / scale)^−shape).
    LogLogistic {
        /// Shape β.
        shape: f64,
        /// Scale α, the median.
        scale: f64,
    },
    /// Values in ascending order with cumulative probabilities, the last being 1: `empirical` rows and `values`.
    Discrete {
        /// Ascending.
        values: Vec<f64>,
        /// Ascending to 1, same length.
        cumulative: Vec<f64>,
    },
    /// Another continuous law, its uniform rescaled so that every value lies in [min, max].
    Truncated {
        /// The law; not itself truncated, nor discrete or constant.
        law: Box<Law>,
        /// Smallest value.
        min: f64,
        /// Largest value, possibly infinite.
        max: f64,
        /// P(X < min) of the law.
        below: f64,
        /// P(X > max) of the law.
        above: f64,
        /// P(min ≤ X ≤ max) of the law; positive.
        kept: f64,
    },
}

/// Nearest to 0 and 1 that a uniform may be: half a step of 2^-53, and the last number below 1.
const UNIFORM: (f64, f64) = (f64::EPSILON / 4.0, 1.0 - f64::EPSILON / 2.0);

impl Law {
    /// The smallest x with P(X ≤ x) ≥ `u`, for `u` in (0, 1); 0 and 1 count as the nearest uniforms inside.
    ///
    /// Rises with `u`. Upper tails are computed from 1 − `u`, so they are as exact as `u` lets them be.
    #[must_use]
    #[inline]
    pub fn quantile(&self, u: f64) -> f64 {
        let lower = u.clamp(UNIFORM.0, UNIFORM.1);
        match self {
            Law::LogNormal { mu, sigma } => math::exp(mu + sigma * math::normal_quantile_at(lower, 1.0 - lower)),
            Law::Constant(value) => *value,
            _ => self.quantile_at(lower, 1.0 - lower),
        }
    }

    /// Quantiles in place of uniforms in (0, 1), each to the same bits as [`Law::quantile`]; fast where there are many.
    pub(crate) fn quantiles(&self, values: &mut [f64], aside: &mut math::Aside) {
        if let Law::LogNormal { mu, sigma } = self {
            math::log_normal_quantiles(&[(values.len(), *mu, *sigma)], values, aside);
        } else {
            for value in values {
                *value = self.quantile(*value);
            }
        }
    }

    /// The quantile at `lower` = 1 − `upper`, each in (0, 1) and exact to its own digits.
    fn quantile_at(&self, lower: f64, upper: f64) -> f64 {
        match self {
            Law::Constant(value) => *value,
            Law::LogNormal { mu, sigma } => math::exp(mu + sigma * math::normal_quantile_at(lower, upper)),
            Law::LogNormalChange { mu, sigma } => libm::expm1(mu + sigma * math::normal_quantile_at(lower, upper)),
            Law::Pert { min, mode, max } => {
                let (alpha, beta) = pert_shapes(*min, *mode, *max);
                (min + (max - min) * math::inverse_beta(alpha, beta, lower, upper)).clamp(*min, *max)
            }
            Law::Triangular { min, mode, max } => triangular_quantile([*min, *mode, *max], lower, upper),
            Law::Uniform { min, max } => {
                let value = if lower < 0.5 { min + (max - min) * lower } else { max - (max - min) * upper };
                value.clamp(*min, *max)
            }
            Law::Beta { alpha, beta } => math::inverse_beta(*alpha, *beta, lower, upper),
            Law::Weibull { shape, scale } => scale * libm::pow(minus_ln(lower, upper), 1.0 / shape),
            Law::Gamma { shape, scale } => scale * math::inverse_gamma(*shape, lower, upper),
            Law::Pareto { shape, scale } => scale * libm::exp(minus_ln(lower, upper) / shape),
            Law::Exponential { mean } => mean * minus_ln(lower, upper),
            Law::LogLogistic { shape, scale } => scale * libm::pow(lower / upper, 1.0 / shape),
            Law::Discrete { values, cumulative } => {
                let idx = cumulative.partition_point(|&to_here| to_here < lower);
                values.get(idx).or(values.last()).copied().unwrap_or(0.0)
            }
            Law::Truncated { law, min, max, below, above, kept } => {
                law.quantile_at(below + lower * kept, above + upper * kept).clamp(*min, *max)
            }
        }
    }

    /// P(X ≤ x).
    #[must_use]
    pub fn cdf(&self, x: f64) -> f64 {
        self.tails(x).lower
    }

    /// P(X > x), exact to its own digits where it is small.
    #[must_use]
    pub fn survival(&self, x: f64) -> f64 {
        self.tails(x).upper
    }

    /// Smallest and largest value; the largest may be infinite.
    #[must_use]
    pub fn support(&self) -> (f64, f64) {
        if let Some(value) = self.is_constant() {
            return (value, value);
        }
        match self {
            Law::Constant(value) => (*value, *value),
            Law::LogNormalChange { .. } => (-1.0, f64::INFINITY),
            Law::Pert { min, max, .. }
            | Law::Triangular { min, max, .. }
            | Law::Uniform { min, max }
            | Law::Truncated { min, max, .. } => (*min, *max),
            Law::Beta { .. } => (0.0, 1.0),
            Law::Pareto { scale, .. } => (*scale, f64::INFINITY),
            Law::LogNormal { .. }
            | Law::Weibull { .. }
            | Law::Gamma { .. }
            | Law::Exponential { .. }
            | Law::LogLogistic { .. } => (0.0, f64::INFINITY),
            Law::Discrete { values, .. } => {
                (values.first().copied().unwrap_or(0.0), values.last().copied().unwrap_or(0.0))
            }
        }
    }

    /// The only value that the law can take, if there is only one.
    #[must_use]
    pub fn is_constant(&self) -> Option<f64> {
        match self {
            Law::Constant(value) => Some(*value),
            Law::LogNormal { mu, sigma } => (*sigma <= 0.0).then(|| libm::exp(*mu)),
            Law::LogNormalChange { mu, sigma } => (*sigma <= 0.0).then(|| libm::expm1(*mu)),
            Law::Pert { min, max, .. } | Law::Triangular { min, max, .. } | Law::Uniform { min, max } => {
                (min >= max).then_some(*min)
            }
            Law::Weibull { scale, .. }
            | Law::Gamma { scale, .. }
            | Law::Pareto { scale, .. }
            | Law::Exponential { mean: scale }
            | Law::LogLogistic { scale, .. } => (*scale <= 0.0).then_some(0.0),
            Law::Discrete { values, .. } if values.len() == 1 => values.first().copied(),
            Law::Beta { .. } | Law::Discrete { .. } | Law::Truncated { .. } => None,
        }
    }

    /// P(X ≤ x) and P(X > x).
    fn tails(&self, x: f64) -> Tails {
        if let Some(value) = self.is_constant() {
            return if x < value { Tails::NONE_BELOW } else { Tails::ALL_BELOW };
        }
        let (lowest, highest) = self.support();
        if x >= highest {
            return Tails::ALL_BELOW;
        }
        if x.is_nan() || x < lowest {
            return Tails::NONE_BELOW;
        }
        self.tails_inside(x)
    }

    /// Both tails at an `x` inside the support of a law that is not constant.
    fn tails_inside(&self, x: f64) -> Tails {
        match self {
            Law::Constant(_) => Tails::ALL_BELOW,
            Law::LogNormal { mu, sigma } => math::normal_tails((libm::log(x) - mu) / sigma),
            Law::LogNormalChange { mu, sigma } => math::normal_tails((libm::log1p(x) - mu) / sigma),
            Law::Pert { min, mode, max } => {
                let (alpha, beta) = pert_shapes(*min, *mode, *max);
                math::beta_tails(alpha, beta, (x - min) / (max - min), (max - x) / (max - min))
            }
            Law::Triangular { min, mode, max } => {
                if x < *mode {
                    Tails::from_lower((x - min) / (max - min) * ((x - min) / (mode - min)))
                } else {
                    Tails::from_upper((max - x) / (max - min) * ((max - x) / (max - mode)))
                }
            }
            Law::Uniform { min, max } => Tails { lower: (x - min) / (max - min), upper: (max - x) / (max - min) },
            Law::Beta { alpha, beta } => math::beta_tails(*alpha, *beta, x, 1.0 - x),
            Law::Weibull { shape, scale } => from_hazard(libm::pow(x / scale, *shape)),
            Law::Gamma { shape, scale } => math::gamma_tails(*shape, x / scale),
            Law::Pareto { shape, scale } => from_hazard(shape * libm::log(x / scale)),
            Law::Exponential { mean } => from_hazard(x / mean),
            Law::LogLogistic { shape, scale } => {
                let odds = libm::pow(x / scale, *shape);
                Tails { lower: 1.0 / (1.0 + 1.0 / odds), upper: 1.0 / (1.0 + odds) }
            }
            Law::Discrete { values, cumulative } => {
                let n_below = values.partition_point(|&value| value <= x);
                Tails::from_lower(if n_below == 0 { 0.0 } else { cumulative[n_below - 1] })
            }
            Law::Truncated { law, below, above, kept, .. } => {
                let tails = law.tails(x);
                if *below < 0.5 && tails.lower < 0.5 {
                    Tails::from_lower((tails.lower - below) / kept)
                } else {
                    Tails::from_upper((tails.upper - above) / kept)
                }
            }
        }
    }
}

/// Shapes of the beta law of a PERT with λ = 4.
fn pert_shapes(min: f64, mode: f64, max: f64) -> (f64, f64) {
    let width = max - min;
    if width > 0.0 { (1.0 + 4.0 * (mode - min) / width, 1.0 + 4.0 * (max - mode) / width) } else { (1.0, 1.0) }
}

fn triangular_quantile([min, mode, max]: [f64; 3], lower: f64, upper: f64) -> f64 {
    let width = max - min;
    if lower * width <= mode - min {
        (min + (lower * width * (mode - min)).sqrt()).clamp(min, mode)
    } else {
        (max - (upper * width * (max - mode)).sqrt()).clamp(mode, max)
    }
}

/// −ln(upper): what a cumulative hazard has reached at that quantile.
fn minus_ln(lower: f64, upper: f64) -> f64 {
    if lower < 0.5 { -libm::log1p(-lower) } else { -libm::log(upper) }
}

/// Both tails where the cumulative hazard has reached `hazard`.
fn from_hazard(hazard: f64) -> Tails {
    Tails { lower: -libm::expm1(-hazard), upper: libm::exp(-hazard) }
}
