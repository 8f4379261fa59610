//! Revenue after all changes: the integral of a service's revenue × the product of its factors, and what each change
//! adds to it (MODEL section 7.2, `market`). Changes of capability are factors alike.

use crate::plan::curve::{Curve, DEGREE};
use crate::scenario::WEEK;
use crate::world::RevenueChange;
use crate::world::ramp::{Ramp, next_break};

/// Whether any change is at work somewhere in [a, b).
pub(crate) fn touched(changes: &[RevenueChange], a: f64, b: f64) -> bool {
    changes.iter().any(|c| Ramp::from(c).touches(a, b))
}

/// ∫ₐᵇ of the curve × the product of all factors.
pub(crate) fn after_all(curve: &Curve, changes: &[RevenueChange], a: f64, b: f64) -> f64 {
    integrate(curve, changes.iter().map(Ramp::from), None, a, b)
}

/// ∫ₐᵇ of the curve × what a factor takes from the product of those before it (a loss is positive).
pub(crate) fn marginal(curve: &Curve, before: impl Iterator<Item = Ramp> + Clone, last: Ramp, a: f64, b: f64) -> f64 {
    let (a, b) = (a.max(last.start), b.min(last.end));
    if a >= b { 0.0 } else { integrate(curve, before, Some(last), a, b) }
}

/// ∫ₐᵇ of the curve × the product of `ramps` × what `last` takes of it.
#[expect(clippy::needless_pass_by_value, reason = "an iterator that is cloned for every walk")]
fn integrate(curve: &Curve, ramps: impl Iterator<Item = Ramp> + Clone, last: Option<Ramp>, a: f64, b: f64) -> f64 {
    let mut sum = 0.0;
    let mut from = a;
    while from < b {
        let to = next_break(ramps.clone().chain(last), from, b);
        let weight = Weight::new(ramps.clone(), last, from, to);
        sum += match weight.rising {
            0 => curve.area(from, to) * weight.at(from),
            // Integration by parts takes differences of large numbers: not where the result is small.
            1 if to - from > 100.0 => line(curve, from, to, &|t| weight.at(t)),
            1..=MOST_RISING => curve.polynomial(from, to, |t| weight.at(t)),
            _ => {
                let taken = |t: f64| last.map_or(1.0, |r| 1.0 - r.factor(t));
                slope(curve, from, to, &|t| ramps.clone().map(|r| r.factor(t)).product::<f64>() * taken(t))
            }
        };
        from = to;
    }
    sum
}

/// Rising factors whose product is a polynomial that curves integrate.
pub(crate) const MOST_RISING: usize = DEGREE;

/// A product of factors between two breaks: a polynomial.
pub(crate) struct Weight {
    constant: f64,
    /// Of each factor that rises: its value at t = 0, and by how much it rises an hour.
    lines: [(f64, f64); MOST_RISING],
    /// How many of them there are; where there are more, it says nothing else.
    pub(crate) rising: usize,
}

impl Weight {
    /// Of `ramps`, and of what `last` takes, during [from, to) without a break.
    pub(crate) fn new(ramps: impl Iterator<Item = Ramp>, last: Option<Ramp>, from: f64, to: f64) -> Self {
        let mut weight = Self { constant: 1.0, lines: [(1.0, 0.0); MOST_RISING], rising: 0 };
        let middle = f64::midpoint(from, to);
        let mut add = |r: &Ramp, start: f64, sign: f64| {
            if !r.rises(from, to) {
                weight.constant *= start + sign * r.extended(middle, middle);
                return;
            }
            let rise = r.change / r.over;
            if let Some(line) = weight.lines.get_mut(weight.rising) {
                *line = (start + sign * (1.0 - rise * r.start), sign * rise);
            }
            weight.rising += 1;
        };
        ramps.filter(|r| r.touches(from, to)).for_each(|r| add(&r, 0.0, 1.0));
        if let Some(last) = last {
            add(&last, 1.0, -1.0);
        }
        weight
    }

    #[inline]
    pub(crate) fn at(&self, t: f64) -> f64 {
        self.lines[..self.rising].iter().fold(self.constant, |all, (at, rise)| all * (at + rise * t))
    }
}

/// ∫ₐᵇ curve × weight, where the weight is a straight line.
fn line(curve: &Curve, a: f64, b: f64, weight: &impl Fn(f64) -> f64) -> f64 {
    let quarter = (b - a) / 4.0;
    let (low, high) = (weight(a + quarter), weight(b - quarter));
    let slope = (high - low) / (2.0 * quarter);
    (low - slope * quarter) * (curve.integral(b) - curve.integral(a)) + slope * curve.moment(a, b)
}

/// ∫ₐᵇ curve × weight, where the weight is smooth: by Gauss's rule over pieces in which the curve does not jump, of
/// at most a week.
pub(crate) fn slope(curve: &Curve, a: f64, b: f64, weight: &impl Fn(f64) -> f64) -> f64 {
    let mut sum = 0.0;
    let mut from = a;
    while from < b {
        let to = curve.next_jump(from).min(from + WEEK).min(b);
        let (middle, half) = (f64::midpoint(from, to), (to - from) / 2.0);
        // Nodes ±√(3/5), 0 with weights 5/9, 8/9: exact to degree five.
        let away = half * 0.774_596_669_241_483_4;
        let [low, mid, high] = [middle - away, middle, middle + away].map(|t| weight(t) * curve.rate(t));
        sum += half * (5.0 * (low + high) + 8.0 * mid) / 9.0;
        from = to;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::{Happening, OWN};

    fn change(start: f64, over: f64, end: f64, change: f64) -> RevenueChange {
        RevenueChange { by: Happening { event: 0, occurrence: OWN }, service: 0, start, over, end, change }
    }

    /// What the n-th of the changes takes in the first year.
    fn nth(curve: &Curve, changes: &[RevenueChange], n: usize) -> f64 {
        marginal(curve, changes[..n].iter().map(Ramp::from), Ramp::from(&changes[n]), 0.0, 8766.0)
    }

    #[test]
    fn a_ramp_integrates_by_hand() {
        // MODEL example 06: 4 % over 100 h for 240 h loses 0.04 × (100/2 + 140) h.
        let flat = Curve::new(0.0, None, 0, 1000.0);
        let changes = [change(10.0, 100.0, 250.0, -0.04)];
        assert!((nth(&flat, &changes, 0) - 0.04 * 190.0).abs() < 1e-12);
        assert!((after_all(&flat, &changes, 0.0, 1000.0) - (1000.0 - 0.04 * 190.0)).abs() < 1e-9);
    }

    #[test]
    fn marginals_and_the_rest_sum_to_the_whole() {
        let grows = Curve::new(3e-5, None, 0, 9000.0);
        let changes =
            [change(5.0, 2000.0, 8000.0, 0.3), change(900.0, 3000.0, 3000.0, -0.5), change(1000.0, 0.0, 5000.0, -0.2)];
        let taken: f64 = (0..3).map(|n| nth(&grows, &changes, n)).sum();
        let left = after_all(&grows, &changes, 0.0, 8766.0);
        assert!((taken + left - grows.integral(8766.0)).abs() < 1e-6);
        // Against a plain sum over small steps.
        let step = 0.05;
        let plain: f64 = (0..175_320)
            .map(|i| (f64::from(i) + 0.5) * step)
            .map(|t| step * grows.rate(t) * changes.iter().map(|c| Ramp::from(c).factor(t)).product::<f64>())
            .sum();
        assert!((left / plain - 1.0).abs() < 1e-6, "{left} {plain}");
    }
}
