//! The incomplete gamma function and its inverse, for shapes from 1e-3 to 1e6.

use super::{MAX_TERMS, Tails, deviance, ln_gamma, newton, normal_quantile_at, step_to, stirling_error};

/// Both tails of a gamma law of `shape` and scale 1 at `x`: regularised P and Q.
#[must_use]
pub(crate) fn gamma_tails(shape: f64, x: f64) -> Tails {
    gamma_tails_and_density(shape, x).0
}

/// The point with probability `lower` = 1 − `upper` below it under a gamma law of `shape` and scale 1.
#[must_use]
pub(crate) fn inverse_gamma(shape: f64, lower: f64, upper: f64) -> f64 {
    // Where x is tiny, P(x) = x^shape / Γ(shape + 1).
    let ln_small = (libm::log(lower) + ln_gamma(shape + 1.0)) / shape;
    if ln_small < -40.0 {
        return libm::exp(ln_small);
    }
    let t = newton(start(shape, lower, upper, ln_small), -745.0, 709.0, |t| {
        let (tails, density) = gamma_tails_and_density(shape, libm::exp(t));
        if lower <= upper { step_to(lower, tails.lower, density) } else { -step_to(upper, tails.upper, density) }
    });
    libm::exp(t)
}

/// ln x to begin with: Wilson and Hilferty's cube, or the formula for small x.
fn start(shape: f64, lower: f64, upper: f64, ln_small: f64) -> f64 {
    let part = 1.0 / (9.0 * shape);
    let root = 1.0 - part + normal_quantile_at(lower, upper) * part.sqrt();
    if root < 0.2 || shape < 0.2 && lower < upper {
        return ln_small.min(libm::log(shape + 1.0));
    }
    libm::log(shape * root * root * root).max(ln_small)
}

/// Tails, and x times the density.
fn gamma_tails_and_density(shape: f64, x: f64) -> (Tails, f64) {
    if x.is_nan() || x <= 0.0 {
        return (Tails::NONE_BELOW, 0.0);
    }
    if !x.is_finite() {
        return (Tails::ALL_BELOW, 0.0);
    }
    let density = shape.sqrt() * libm::exp(-stirling_error(shape) - deviance(shape, x) - super::LN_SQRT_TWO_PI);
    let tails = if x < shape + 1.0 {
        Tails::from_lower((density / shape * series(shape, x)).min(1.0))
    } else {
        Tails::from_upper((density * fraction(shape, x)).min(1.0))
    };
    (tails, density)
}

/// Σ xⁿ / ((a + 1) … (a + n)).
fn series(a: f64, x: f64) -> f64 {
    let (mut sum, mut term, mut n) = (1.0, 1.0, a);
    for _ in 0..MAX_TERMS {
        n += 1.0;
        term *= x / n;
        sum += term;
        if term < sum * 1e-17 {
            break;
        }
    }
    sum
}

/// Γ(a, x) eˣ / xᵃ as a continued fraction, by Lentz's method.
#[expect(clippy::many_single_char_names, reason = "as in every textbook")]
fn fraction(a: f64, x: f64) -> f64 {
    let mut b = x + 1.0 - a;
    let mut c = 1e300;
    let mut d = 1.0 / b;
    let mut value = d;
    let mut n = 0.0;
    for _ in 0..MAX_TERMS {
        n += 1.0;
        let term = -n * (n - a);
        b += 2.0;
        d = 1.0 / away_from_zero(term * d + b);
        c = away_from_zero(b + term / c);
        let factor = c * d;
        value *= factor;
        if (factor - 1.0).abs() < 3e-16 {
            break;
        }
    }
    value
}

/// Lentz's method must not divide by zero.
pub(super) fn away_from_zero(x: f64) -> f64 {
    if x.abs() < 1e-300 { 1e-300 } else { x }
}
