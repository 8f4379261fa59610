//! Distributions as quantile functions: one uniform in, one value out (MODEL section 3).

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
    /// Another continuous law, its uniform rescaled to [from, to].
    Truncated {
        /// The law.
        law: Box<Law>,
        /// Its distribution function at the lower bound.
        from: f64,
        /// Its distribution function at the upper bound.
        to: f64,
    },
}
