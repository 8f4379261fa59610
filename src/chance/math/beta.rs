//! The incomplete beta function and its inverse, for shapes from 1e-3 to 1e6.

use super::gamma::away_from_zero;
use super::{
    LN_SQRT_TWO_PI, MAX_TERMS, Tails, deviance, ln_gamma, newton, normal_quantile_at, step_to, stirling_error,
};

/// Both tails of a beta law with shapes `a` and `b` at `x` = 1 − `y`: regularised I and its complement.
#[must_use]
pub(crate) fn beta_tails(a: f64, b: f64, x: f64, y: f64) -> Tails {
    Beta::new(a, b).tails_and_density(x, y).0
}

/// The point with probability `lower` = 1 − `upper` below it under a beta law with shapes `a` and `b`.
#[must_use]
pub(crate) fn inverse_beta(a: f64, b: f64, lower: f64, upper: f64) -> f64 {
    let beta = Beta::new(a, b);
    // Where x is tiny, I(x) = x^a / (a B); likewise at the other end.
    let ln_x = (libm::log(lower) + libm::log(a) + beta.ln_b) / a;
    let ln_y = (libm::log(upper) + libm::log(b) + beta.ln_b) / b;
    if ln_x < -40.0 - libm::log1p(b) {
        return libm::exp(ln_x);
    }
    if ln_y < -40.0 - libm::log1p(a) {
        return 1.0 - libm::exp(ln_y);
    }
    let start = start(a, b, lower, upper, ln_x, ln_y);
    let t = newton(start, -745.0, 745.0, |t| {
        let (x, y) = logistic(t);
        let (tails, density) = beta.tails_and_density(x, y);
        if lower <= upper { step_to(lower, tails.lower, density) } else { -step_to(upper, tails.upper, density) }
    });
    logistic(t).0
}

/// logit x to begin with.
#[expect(clippy::many_single_char_names, reason = "as in the source")]
fn start(a: f64, b: f64, lower: f64, upper: f64, ln_x: f64, ln_y: f64) -> f64 {
    if a >= 1.0 && b >= 1.0 {
        // Carter's approximation (Abramowitz and Stegun 26.5.22).
        let z = normal_quantile_at(lower, upper);
        let (p, q) = (1.0 / (2.0 * a - 1.0), 1.0 / (2.0 * b - 1.0));
        let h = 2.0 / (p + q);
        let l = (z * z - 3.0) / 6.0;
        let w = z * (h + l).max(0.0).sqrt() / h - (q - p) * (l + 5.0 / 6.0 - 2.0 / (3.0 * h));
        return libm::log(a / b) + 2.0 * w;
    }
    // One end or the other: where its power law still holds.
    if ln_x < -0.7 && (lower <= upper || ln_y > -0.7) {
        return ln_x;
    }
    if ln_y < -0.7 {
        return -ln_y;
    }
    libm::log(a / b)
}

/// x = eᵗ / (1 + eᵗ) and 1 − x, each exact to its own digits.
fn logistic(t: f64) -> (f64, f64) {
    let e = libm::exp(-t.abs());
    let (large, small) = (1.0 / (1.0 + e), e / (1.0 + e));
    if t < 0.0 { (small, large) } else { (large, small) }
}

/// Shapes with what does not depend on the point.
struct Beta {
    a: f64,
    b: f64,
    /// ln of the density's constant beside the deviances.
    ln_scale: f64,
    /// ln B(a, b).
    ln_b: f64,
}

impl Beta {
    fn new(a: f64, b: f64) -> Self {
        let n = a + b;
        let errors = stirling_error(n) - stirling_error(a) - stirling_error(b);
        let ln_scale = errors + 0.5 * libm::log(a / n * b) - LN_SQRT_TWO_PI;
        // Below shapes of 16 nothing large cancels in the plain form, and it is the shorter sum.
        let ln_b = if n < 16.0 {
            ln_gamma(a) + ln_gamma(b) - ln_gamma(n)
        } else {
            a * libm::log(a / n) + b * libm::log(b / n) - ln_scale
        };
        Self { a, b, ln_scale, ln_b }
    }

    /// Tails, and x y times the density: x^a y^b / B(a, b).
    #[expect(clippy::many_single_char_names, reason = "as in every textbook")]
    fn tails_and_density(&self, x: f64, y: f64) -> (Tails, f64) {
        if x.is_nan() || x <= 0.0 {
            return (Tails::NONE_BELOW, 0.0);
        }
        if y.is_nan() || y <= 0.0 {
            return (Tails::ALL_BELOW, 0.0);
        }
        let (a, b, n) = (self.a, self.b, self.a + self.b);
        let density = libm::exp(self.ln_scale - deviance(a, n * x) - deviance(b, n * y));
        let tails = if x < (a + 1.0) / (n + 2.0) {
            Tails::from_lower((density / a * fraction(a, b, x)).min(1.0))
        } else {
            Tails::from_lower((density / b * fraction(b, a, y)).min(1.0)).swapped()
        };
        (tails, density)
    }
}

/// The continued fraction of the incomplete beta function, by Lentz's method.
#[expect(clippy::many_single_char_names, reason = "as in every textbook")]
fn fraction(a: f64, b: f64, x: f64) -> f64 {
    let n = a + b;
    let mut c = 1.0;
    let mut d = 1.0 / away_from_zero(1.0 - n * x / (a + 1.0));
    let mut value = d;
    let mut m = 0.0;
    for _ in 0..MAX_TERMS {
        m += 1.0;
        let two_m = 2.0 * m;
        let even = m * (b - m) * x / ((a + two_m - 1.0) * (a + two_m));
        d = 1.0 / away_from_zero(1.0 + even * d);
        c = away_from_zero(1.0 + even / c);
        value *= d * c;
        let odd = -(a + m) * (n + m) * x / ((a + two_m) * (a + two_m + 1.0));
        d = 1.0 / away_from_zero(1.0 + odd * d);
        c = away_from_zero(1.0 + odd / c);
        let factor = d * c;
        value *= factor;
        if (factor - 1.0).abs() < 3e-16 {
            break;
        }
    }
    value
}
