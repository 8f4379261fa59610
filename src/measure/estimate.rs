//! Figures with their errors: means, standard deviations, probabilities. Knows no portfolio.

use super::order::Sorted;
use crate::chance::sobol::REPLICATES;
use crate::results::Estimate;
use crate::simulate::Moments;

/// The standard normal's 97.5 % point: a 95 % interval is ± this many standard errors.
pub(super) const Z: f64 = 1.959_963_984_540_054;

impl Estimate {
    /// A figure without error.
    pub(crate) fn exact(value: f64) -> Self {
        Self { value, std_error: None, lower: None, upper: None }
    }

    /// A figure whose 95 % interval is the normal one, if it has a standard error.
    pub(crate) fn normal(value: f64, std_error: Option<f64>) -> Self {
        Self { value, std_error, lower: std_error.map(|e| value - Z * e), upper: std_error.map(|e| value + Z * e) }
    }

    /// The same of a standard error that replicates show: the interval is Student's.
    pub(crate) fn of_replicates(value: f64, std_error: f64) -> Self {
        Self::student(value, std_error, 1.0 / (number(REPLICATES) - 1.0))
    }

    pub(super) fn student(value: f64, std_error: f64, one_over_df: f64) -> Self {
        let half = std_error * student(one_over_df);
        Self { value, std_error: Some(std_error), lower: Some(value - half), upper: Some(value + half) }
    }

    /// A figure with an interval that is not made from a standard error. The error is then that of the normal
    /// interval of the same width, if both ends are known.
    pub(crate) fn between(value: f64, lower: Option<f64>, upper: Option<f64>) -> Self {
        let std_error = lower.zip(upper).map(|(lower, upper)| (upper - lower) / (2.0 * Z));
        Self { value, std_error, lower, upper }
    }

    /// Standard error ÷ size of the figure; 0 of a certain figure, none where it has no error.
    #[must_use]
    pub fn relative_error(&self) -> Option<f64> {
        self.std_error.map(|error| if error == 0.0 { 0.0 } else { error / self.value.abs() })
    }

    /// The same with a constant added.
    pub(crate) fn plus(self, constant: f64) -> Self {
        Self {
            value: self.value + constant,
            lower: self.lower.map(|x| x + constant),
            upper: self.upper.map(|x| x + constant),
            ..self
        }
    }

    /// The same times a constant, whose sign may turn the interval round.
    pub(crate) fn times(self, factor: f64) -> Self {
        let (lower, upper) = (self.lower.map(|x| x * factor), self.upper.map(|x| x * factor));
        let (lower, upper) = if factor < 0.0 { (upper, lower) } else { (lower, upper) };
        Self { value: self.value * factor, std_error: self.std_error.map(|e| e * factor.abs()), lower, upper }
    }
}

/// A mean with its standard error and Student's interval; without either below two trials.
pub(super) fn mean(moments: &Moments) -> Estimate {
    let value = if moments.n == 0 { f64::NAN } else { moments.mean };
    let Some(error) = moments.standard_error() else {
        return Estimate::exact(value);
    };
    let (n, replicates) =
        (moments.effective_n(), if weighs_alike(moments) { f64::INFINITY } else { number(REPLICATES) });
    Estimate::student(value, error, 1.0 / (n.min(replicates) - 1.0).max(1.0))
}

/// Whether every trial weighs 1.
#[expect(
    clippy::cast_precision_loss,
    clippy::float_cmp,
    reason = "numbers of trials are far below 2^53; weights of 1 sum exactly"
)]
fn weighs_alike(moments: &Moments) -> bool {
    moments.weight == moments.n as f64
}

/// What each trial adds to n × (a figure − the truth): its influence. From their spread comes the figure's error.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Influence {
    /// Sums of the first four powers.
    powers: [f64; 4],
}

impl Influence {
    /// Those left out count 0.
    pub(super) fn add(&mut self, x: f64) {
        self.add_times(x, 1.0);
    }

    /// The same of `n` trials alike.
    pub(super) fn add_times(&mut self, x: f64, n: f64) {
        let square = x * x;
        for (sum, power) in self.powers.iter_mut().zip([x, square, square * x, square * square]) {
            *sum += n * power;
        }
    }

    /// The figure with the error that the influences of `n` ≥ 2 trials give it.
    ///
    /// Where few trials carry the figure, the error is itself uncertain: the interval is Student's, with as many
    /// degrees of freedom as the kurtosis κ of the influences leaves to their spread, 2 n / (κ − 1).
    ///
    /// Source: Satterthwaite, "An approximate distribution of estimates of variance components", 1946.
    pub(super) fn estimate(&self, value: f64, n: f64) -> Estimate {
        let (second, kurtosis) = self.spread(n);
        let error = (second / (n - 1.0) / n).sqrt();
        Estimate::student(value, error, (kurtosis - 1.0).max(0.0) / (2.0 * n))
    }

    /// The sum of squares about the mean, and the kurtosis; 1 if there is no spread.
    pub(super) fn spread(&self, n: f64) -> (f64, f64) {
        let [sum, squares, cubes, fourths] = self.powers;
        let mean = sum / n;
        let second = (squares - n * mean * mean).max(0.0);
        let fourth = fourths - mean * (4.0 * cubes - mean * (6.0 * squares - 3.0 * n * mean * mean));
        (second, if second > 0.0 { n * fourth / (second * second) } else { 1.0 })
    }
}

/// The 97.5 % point of Student's law with 1 / `one_over_df` degrees of freedom, at least 4 of them.
///
/// Source: Abramowitz and Stegun, *Handbook of Mathematical Functions*, 26.7.5.
pub(super) fn student(one_over_df: f64) -> f64 {
    let (d, z2) = (one_over_df.min(0.25), Z * Z);
    let first = (z2 + 1.0) / 4.0;
    let second = ((5.0 * z2 + 16.0) * z2 + 3.0) / 96.0;
    let third = (((3.0 * z2 + 19.0) * z2 + 17.0) * z2 - 15.0) / 384.0;
    Z * (1.0 + d * (first + d * (second + d * third)))
}

/// A standard deviation; NaN below two values. Its influence is ((x − mean)² − s²) / 2 s, so that its error is
/// √(m₄ − s⁴) / (2 s √n).
///
/// Source: Kendall and Stuart, *The Advanced Theory of Statistics*, volume 1, section 10.8.
pub(super) fn sd(values: &Sorted, moments: &Moments) -> Estimate {
    if moments.n < 2 {
        return Estimate::exact(f64::NAN);
    }
    let sd = moments.sd();
    if sd == 0.0 {
        return Estimate::between(0.0, Some(0.0), Some(0.0));
    }
    let influence = |x: f64| {
        let z = (x - moments.mean) / sd;
        (z * z - 1.0) / 2.0
    };
    let estimate = values.estimate(1.0, f64::NEG_INFINITY, influence).times(sd);
    Estimate { lower: estimate.lower.map(|x| x.max(0.0)), ..estimate }
}

/// The probability of what happened in `hits` of `n` trials, with Wilson's interval, which holds where hits are
/// few or none. Without error below two trials.
///
/// Source: Wilson, "Probable inference, the law of succession, and statistical inference", 1927.
pub(super) fn probability(hits: usize, n: usize) -> Estimate {
    if n < 2 {
        return Estimate::exact(if n == 0 { f64::NAN } else { number(hits) });
    }
    let (p, n) = (number(hits) / number(n), number(n));
    wilson(p, n)
}

/// A weighted share `p` with its variance; `n`: effective number of trials, where the share is 0 or 1.
pub(super) fn share(p: f64, variance: f64, n: f64) -> Estimate {
    let n = if variance > 0.0 { p * (1.0 - p) / variance } else { n };
    if n < 2.0 { Estimate::exact(p) } else { wilson(p, n) }
}

/// The probability whose indicators have these moments.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of trials")]
pub(super) fn probability_of(indicators: &Moments) -> Estimate {
    if weighs_alike(indicators) {
        let hits = libm::round(indicators.mean * indicators.weight);
        return probability(hits as usize, indicators.n as usize);
    }
    let error = indicators.standard_error().unwrap_or(0.0);
    share(indicators.mean, error * error, indicators.effective_n())
}

fn wilson(p: f64, n: f64) -> Estimate {
    let shrink = 1.0 + Z * Z / n;
    let centre = (p + Z * Z / (2.0 * n)) / shrink;
    let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt() / shrink;
    Estimate {
        value: p,
        std_error: Some((p * (1.0 - p) / n).sqrt()),
        // Never past the figure itself, whatever rounding does where hits are none or all.
        lower: Some((centre - half).max(0.0).min(p)),
        upper: Some((centre + half).min(1.0).max(p)),
    }
}

/// A count as a float.
#[expect(clippy::cast_precision_loss, reason = "numbers of trials and of items are far below 2^53")]
pub(super) fn number(n: usize) -> f64 {
    n as f64
}
