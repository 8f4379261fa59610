//! What flows after a moment and fades from there: the integral of a curve × exp(−(u − t) / returns) from t on, to full
//! precision however short the fading is.

use super::{Curve, HOURS_OF_WEEK, Tables};
use crate::chance::math::exp;
use crate::scenario::WEEK;

/// A curve that fades, up to a horizon.
#[derive(Debug, Clone)]
pub(crate) struct Fade {
    curve: Curve,
    returns: f64,
    horizon: f64,
    /// Per hour of the week: the integral from its beginning to the end of the week, growth since the week began.
    within: Vec<f64>,
    /// Per week of the curve: the integral from its beginning on.
    after: Vec<f64>,
    /// The integral from the horizon on, were the curve to go on to the end of its weeks.
    beyond: f64,
}

impl Fade {
    /// `returns`: hours in which it fades to 1/e; positive. `horizon`: hours; what comes after it is left out.
    pub(crate) fn new(curve: &Curve, returns: f64, horizon: f64) -> Self {
        let mut fade =
            Self { curve: curve.clone(), returns, horizon, within: Vec::new(), after: Vec::new(), beyond: 0.0 };
        let Some(tables) = &curve.tables else { return fade };
        fade.within = vec![0.0; HOURS_OF_WEEK + 1];
        for hour in (0..HOURS_OF_WEEK).rev() {
            let own = tables.rate[hour] * fade.grown(1.0);
            fade.within[hour] = own + fade.left(1.0) * fade.within[hour + 1];
        }
        fade.after = vec![0.0; tables.factor.len() + 1];
        for week in (0..tables.factor.len()).rev() {
            fade.after[week] = tables.factor[week] * fade.within[0] + fade.left(WEEK) * fade.after[week + 1];
        }
        fade.beyond = fade.on(tables, horizon);
        fade
    }

    /// Hours in which it fades to 1/e.
    pub(crate) fn returns(&self) -> f64 {
        self.returns
    }

    /// What is left of a flow after so many hours.
    pub(crate) fn left(&self, hours: f64) -> f64 {
        exp(-hours / self.returns)
    }

    /// ∫ from `t` to the horizon.
    pub(crate) fn from(&self, t: f64) -> f64 {
        let rest = self.horizon - t;
        match &self.curve.tables {
            None => -libm::expm1(-rest / self.returns) * self.returns,
            Some(tables) => self.on(tables, t) - self.left(rest) * self.beyond,
        }
    }

    /// ∫ from `a` to `b`, of what fades from `a` on.
    pub(crate) fn between(&self, a: f64, b: f64) -> f64 {
        self.from(a) - self.left(b - a) * self.from(b)
    }

    /// ∫ from `t` to the end of the curve's weeks.
    #[expect(clippy::cast_precision_loss, reason = "an hour of the week")]
    fn on(&self, tables: &Tables, t: f64) -> f64 {
        let (week, hour, rest) = tables.place(t);
        let rate = tables.rate[hour] * exp(self.curve.growth * rest);
        let in_week = rate * self.grown(1.0 - rest) + self.left(1.0 - rest) * self.within[hour + 1];
        let to_end = WEEK - hour as f64 - rest;
        tables.factor[week] * in_week + self.left(to_end) * self.after[week + 1]
    }

    /// ∫₀ʸ of growth × fading.
    fn grown(&self, y: f64) -> f64 {
        let rate = self.curve.growth - 1.0 / self.returns;
        if rate == 0.0 { y } else { libm::expm1(rate * y) / rate }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Calendar;

    #[test]
    fn it_is_a_plain_sum_that_fades() {
        let mut hour = [0.5; 24];
        hour[9..17].fill(2.0);
        let office = Calendar { weekday: [1.4, 1.4, 1.4, 1.4, 1.4, 0.0, 0.0], hour };
        // A Sunday at 00:30.
        let start = 1_748_736_000 + 1800;
        let horizon = 3000.25;
        for (growth, profile) in [(0.0, None), (3e-5, None), (-2e-5, Some(&office)), (0.0, Some(&office))] {
            let curve = Curve::new(growth, profile, start, horizon);
            for returns in [2.0, 730.5, 9000.0, 1.0 / 3e-5] {
                let fade = Fade::new(&curve, returns, horizon);
                for (a, b) in [(0.0, horizon), (0.5, 100.75), (2500.125, 2600.0), (2999.0, horizon), (700.0, 700.25)] {
                    let n = f64::ceil((b - a) * 64.0);
                    let step = (b - a) / n;
                    let at = |i: f64| a + (i + 0.5) * step;
                    let plain: f64 = (0..n as u32)
                        .map(|i| at(f64::from(i)))
                        .map(|t| step * curve.rate(t) * exp(-(t - a) / returns))
                        .sum();
                    let got = fade.between(a, b);
                    assert!((got - plain).abs() < 1e-4 * plain + 1e-9, "{growth} {returns} {a} {b}: {got} {plain}");
                }
            }
        }
    }

    #[test]
    fn late_moments_are_as_exact_as_early_ones() {
        // Forty years of a curve that fades in a day: the sum of a geometric series of weeks, whenever it begins.
        let flat = Calendar { weekday: [1.0; 7], hour: [1.0; 24] };
        let horizon = 350_640.0;
        let fade = Fade::new(&Curve::new(0.0, Some(&flat), 0, horizon), 24.0, horizon);
        for t in [0.0, 1000.3, 300_000.7, 350_000.0] {
            assert!((fade.from(t) / (24.0 * (1.0 - exp(-(horizon - t) / 24.0))) - 1.0).abs() < 1e-12, "{t}");
        }
    }
}
