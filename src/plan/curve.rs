//! A rate that grows exponentially and repeats a weekly profile: its integral, and the inverse of that.
//!
//! It serves revenue, usage, overhead and the arrivals of risks alike, and knows none of them. The weeks of a
//! profile share one table of 168 hours; a week's growth is a factor. So an integral costs two look-ups.

pub(crate) mod fade;
pub(crate) mod walk;

use std::ops::Range;

use libm::{exp, floor, log1p};

use crate::chance::math::{self, points_of_16};
use crate::scenario::{Calendar, DAY, MONTH, WEEK};

/// The rate exp(k t) × profile(t), 1 on average at t = 0; t in hours since start.
#[derive(Debug, Clone)]
pub(crate) struct Curve {
    growth: f64,
    tables: Option<Box<Tables>>,
}

#[derive(Debug, Clone)]
struct Tables {
    /// Hours from Monday 00:00 UTC to t = 0.
    phase: f64,
    /// It grows, and that is all.
    smooth: bool,
    /// Per hour of the week: profile × growth since the week began; and the integral up to its beginning.
    rate: [f64; 168],
    within: [f64; 169],
    /// Its two factors: the profile, and that growth.
    profile: [f64; 168],
    grown: [f64; 168],
    /// The integral of that integral up to the hour's beginning.
    within_twice: [f64; 169],
    /// Per week since the Monday before t = 0: growth until it begins; and the integral up to there.
    factor: Vec<f64>,
    before: Vec<f64>,
    before_twice: Vec<f64>,
    weights: Option<Box<Weights>>,
    /// The integral up to t = 0, and the integral of that.
    origin: f64,
    origin_twice: f64,
}

/// Weights of the middles of equal parts of a week, of each of its days, and of each whole month: with them the integral of
/// the rate × a polynomial is a sum of as many values.
#[derive(Debug, Clone)]
struct Weights {
    week: [f64; POINTS],
    days: [[f64; POINTS]; 7],
    months: Vec<[f64; POINTS]>,
}

const HOURS_OF_WEEK: usize = 168;

/// The highest degree of a polynomial that times a rate is integrated by its values at a few points.
pub(crate) const DEGREE: usize = 8;

const POINTS: usize = DEGREE + 1;

/// What flows during a time: how much, around which moment, and ∫ rate × (t − centre)².
#[derive(Debug, Clone, Copy)]
pub(crate) struct Flow {
    pub(crate) area: f64,
    pub(crate) centre: f64,
    pub(crate) spread: f64,
}

impl Curve {
    /// `growth_per_hour`: k. `start_unix`: when t = 0 is. `horizon_hours`: the largest t that will be asked for.
    pub(crate) fn new(growth_per_hour: f64, profile: Option<&Calendar>, start_unix: i64, horizon_hours: f64) -> Self {
        let growth = growth_per_hour;
        if profile.is_none() && growth == 0.0 {
            return Self { growth, tables: None };
        }
        let mut tables = Tables::new(growth, profile, start_unix, horizon_hours);
        tables.origin = tables.up_to(0.0, growth);
        tables.origin_twice = tables.twice_up_to(0.0, growth);
        Self { growth, tables: Some(Box::new(tables)) }
    }

    /// The same curve, ready to integrate polynomials over long times up to a horizon.
    pub(crate) fn with_weights(mut self, horizon_hours: f64) -> Self {
        let Some(tables) = &mut self.tables else { return self };
        let of = |hours: Range<usize>| point_weights(&tables.rate, hours, self.growth);
        let (week, days) = (of(0..HOURS_OF_WEEK), std::array::from_fn(|day| of(day * 24..(day + 1) * 24)));
        tables.weights = Some(Box::new(Weights { week, days, months: Vec::new() }));
        let bounds = |n: u16| (f64::from(n) * MONTH, f64::from(n + 1) * MONTH);
        let weight = |(a, b): (f64, f64), i: usize| self.polynomial(a, b, |t| lagrange(i, (t - a) / (b - a)));
        let whole = (0..).map(bounds).take_while(|month| month.1 <= horizon_hours);
        let of_months = whole.map(|month| std::array::from_fn(|i| weight(month, i))).collect();
        if let Some(weights) = self.tables.as_mut().and_then(|tables| tables.weights.as_mut()) {
            weights.months = of_months;
        }
        self
    }

    /// ∫₀ᵗ of the rate.
    #[inline]
    pub(crate) fn integral(&self, t: f64) -> f64 {
        match &self.tables {
            None => t,
            Some(tables) => tables.up_to(t, self.growth) - tables.origin,
        }
    }

    /// ∫ₐᵇ of the rate.
    #[inline]
    pub(crate) fn area(&self, a: f64, b: f64) -> f64 {
        self.integral(b) - self.integral(a)
    }

    /// ∫₀ᵗ of the integral: with it, a rate times a straight line integrates by parts.
    fn integral_twice(&self, t: f64) -> f64 {
        match &self.tables {
            None => t * t / 2.0,
            Some(tables) => tables.twice_up_to(t, self.growth) - tables.origin_twice - tables.origin * t,
        }
    }

    /// ∫ₐᵇ of the rate × (t − a).
    pub(crate) fn moment(&self, a: f64, b: f64) -> f64 {
        (b - a) * self.integral(b) - (self.integral_twice(b) - self.integral_twice(a))
    }

    /// ∫ₐᵇ of the rate × a polynomial of [`DEGREE`] at most.
    pub(crate) fn polynomial(&self, a: f64, b: f64, f: impl Fn(f64) -> f64) -> f64 {
        let Some(tables) = &self.tables else { return gauss_of_5(a, b, f) };
        if let Some(weights) = tables.month(a, b) {
            return points(weights, a, MONTH, f);
        }
        if !tables.smooth {
            return tables.polynomial(a, b, self.growth, f);
        }
        // What grows by less than e² is a polynomial of degree 25 to the last digit.
        let part = (b - a).min(2.0 / self.growth.abs());
        let (mut sum, mut from) = (0.0, a);
        while from < b {
            let to = if b - from > 1.5 * part { from + part } else { b };
            let of = |(t, weight): (f64, f64)| weight * f(t) * math::exp(self.growth * t);
            sum += points_of_16(from, to).map(of).sum::<f64>();
            from = to;
        }
        sum
    }

    /// What flows during [a, b): hour by hour, so for a short time.
    pub(crate) fn flow(&self, a: f64, b: f64) -> Flow {
        match &self.tables {
            None => {
                let length = b - a;
                Flow { area: length, centre: f64::midpoint(a, b), spread: length * length * length / 12.0 }
            }
            Some(tables) if tables.smooth => self.grows(a, b),
            Some(tables) => tables.flow(a, b, self.growth),
        }
    }

    /// What flows during [a, b), not long, of what only grows: around the middle e^kx is 1 + kx + …, of which odd terms
    /// leave nothing.
    fn grows(&self, a: f64, b: f64) -> Flow {
        let (growth, length, middle) = (self.growth, b - a, f64::midpoint(a, b));
        let square = growth * growth * length * length;
        let rate = math::exp(growth * middle);
        let area = rate * length * (1.0 + square * (1.0 / 24.0 + square * (1.0 / 1920.0)));
        let twelfth = rate * length * length * length / 12.0;
        let away = growth * twelfth / area;
        Flow { area, centre: middle + away, spread: twelfth - area * away * away }
    }

    /// The rate only grows, if that.
    pub(crate) fn is_smooth(&self) -> bool {
        self.tables.as_ref().is_none_or(|tables| tables.smooth)
    }

    /// The rate at `t`.
    pub(crate) fn rate(&self, t: f64) -> f64 {
        let Some(tables) = &self.tables else { return 1.0 };
        let (week, hour, rest) = tables.place(t);
        tables.factor[week] * tables.rate[hour] * exp(self.growth * rest)
    }

    /// The t ≥ 0 at which the integral reaches `area`; where it stands still, the last such t.
    pub(crate) fn inverse(&self, area: f64) -> f64 {
        match &self.tables {
            None => area,
            Some(tables) => tables.reach(area + tables.origin, self.growth),
        }
    }

    /// The rate is 1 throughout.
    pub(crate) fn is_flat(&self) -> bool {
        self.tables.is_none()
    }

    /// The first moment after `t` at which the rate may jump; infinite for a smooth one.
    pub(crate) fn next_jump(&self, t: f64) -> f64 {
        match &self.tables {
            None => f64::INFINITY,
            Some(tables) => {
                let next = floor(t + tables.phase) + 1.0 - tables.phase;
                if next > t { next } else { next + 1.0 }
            }
        }
    }
}

impl Tables {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "hours and weeks of at most a century"
    )]
    fn new(growth: f64, profile: Option<&Calendar>, start_unix: i64, horizon_hours: f64) -> Self {
        // 1970-01-01 was a Thursday: three days after a Monday.
        let phase = (start_unix + 3 * 86_400).rem_euclid(7 * 86_400) as f64 / 3600.0;
        let weight = |hour: usize| profile.map_or(1.0, |p| p.weekday[hour / 24] * p.hour[hour % 24]);
        let (mut rate, mut grown_since) = ([0.0; HOURS_OF_WEEK], [0.0; HOURS_OF_WEEK]);
        let mut within = [0.0; HOURS_OF_WEEK + 1];
        let mut within_twice = [0.0; HOURS_OF_WEEK + 1];
        for hour in 0..HOURS_OF_WEEK {
            grown_since[hour] = exp(growth * hour as f64);
            rate[hour] = weight(hour) * grown_since[hour];
            within[hour + 1] = within[hour] + rate[hour] * grown(growth, 1.0);
            within_twice[hour + 1] = within_twice[hour] + within[hour] + rate[hour] * grown_twice(growth, 1.0);
        }
        let weeks = ((horizon_hours + phase) / WEEK) as usize + 2;
        let factor: Vec<f64> = (0..weeks).map(|n| exp(growth * (n as f64 * WEEK - phase))).collect();
        let mut before = vec![0.0; weeks];
        for n in 1..weeks {
            before[n] = before[n - 1] + factor[n - 1] * within[HOURS_OF_WEEK];
        }
        let mut before_twice = vec![0.0; weeks];
        for n in 1..weeks {
            before_twice[n] = before_twice[n - 1] + WEEK * before[n - 1] + factor[n - 1] * within_twice[HOURS_OF_WEEK];
        }
        Self {
            phase,
            smooth: profile.is_none(),
            rate,
            within,
            profile: std::array::from_fn(weight),
            grown: grown_since,
            within_twice,
            factor,
            before,
            before_twice,
            weights: None,
            origin: 0.0,
            origin_twice: 0.0,
        }
    }

    /// The weights of a whole month.
    #[inline]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "at most 1200 months"
    )]
    fn month(&self, a: f64, b: f64) -> Option<&[f64; POINTS]> {
        let n = (a * (1.0 / MONTH) + 0.5) as usize;
        let is = |t: f64, n: usize| t.to_bits() == (n as f64 * MONTH).to_bits();
        self.weights.as_ref()?.months.get(n).filter(|_| is(a, n) && is(b, n + 1))
    }

    /// Whole weeks and days by their weights if it has any, hours at the ends by Gauss's rule.
    #[expect(clippy::cast_precision_loss, reason = "hours and weeks of at most a century")]
    fn polynomial(&self, a: f64, b: f64, growth: f64, f: impl Fn(f64) -> f64) -> f64 {
        let (mut week, mut hour, _) = self.place(a);
        let at = |week: usize, hour: usize| week as f64 * WEEK + hour as f64 - self.phase;
        let (mut sum, mut t) = (0.0, a);
        while t < b {
            let begins = at(week, hour);
            let whole = t <= begins;
            let factor = self.factor[week];
            let weights = self.weights.as_ref().filter(|_| whole && hour % 24 == 0);
            if let Some(weights) = weights.filter(|_| hour == 0 && begins + WEEK <= b) {
                sum += factor * points(&weights.week, begins, WEEK, &f);
                week += 1;
            } else if let Some(weights) = weights.filter(|_| begins + DAY <= b) {
                sum += factor * points(&weights.days[hour / 24], begins, DAY, &f);
                hour += 24;
            } else {
                let rate = |t: f64| f(t) * grown_by(growth, t - begins);
                sum += factor * self.rate[hour] * gauss(t, at(week, hour + 1).min(b).max(t), rate);
                hour += 1;
            }
            if hour == HOURS_OF_WEEK {
                (week, hour) = (week + 1, 0);
            }
            t = at(week, hour);
        }
        sum
    }

    fn flow(&self, a: f64, b: f64, growth: f64) -> Flow {
        let (mut week, mut hour, mut from) = self.place(a);
        // Moments around `a`, where the hour begins at −from.
        let (mut area, mut first, mut second) = (0.0, 0.0, 0.0);
        let (mut begins, length) = (-from, b - a);
        loop {
            let to = (length - begins).min(1.0);
            let (wide, middle) = (to - from, f64::midpoint(from, to));
            // Around its middle e^kx is 1 + kx + …, of which odd terms leave nothing.
            let rate = self.factor[week] * self.rate[hour] * grown_by(growth, middle);
            let square = growth * growth * wide * wide;
            let within = rate * wide * (1.0 + square * (1.0 / 24.0 + square * (1.0 / 1920.0)));
            let twelfth = rate * wide * wide * wide * (1.0 / 12.0);
            let away = begins + middle;
            area += within;
            first += within * away + growth * twelfth;
            second += (within * away + 2.0 * growth * twelfth) * away + twelfth;
            begins += 1.0;
            if begins >= length {
                break;
            }
            (from, hour) = (0.0, hour + 1);
            if hour == HOURS_OF_WEEK {
                (week, hour) = (week + 1, 0);
            }
        }
        let centre = if area > 0.0 { first / area } else { 0.5 * length };
        Flow { area, centre: a + centre, spread: second - first * centre }
    }

    /// Week, hour of the week and the rest of an hour at `t`.
    #[inline]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "t is within the horizon"
    )]
    fn place(&self, t: f64) -> (usize, usize, f64) {
        let s = t + self.phase;
        // Through 32 bits, for that takes fewer steps.
        let week = ((s * (1.0 / WEEK)) as u32 as usize).min(self.factor.len() - 1);
        let (hour, rest) = hour_of((s - week as f64 * WEEK).max(0.0));
        (week, hour, rest)
    }

    #[inline]
    fn up_to(&self, t: f64, growth: f64) -> f64 {
        let (week, hour, rest) = self.place(t);
        self.before[week] + self.factor[week] * (self.within[hour] + self.rate[hour] * grown(growth, rest))
    }

    #[expect(clippy::cast_precision_loss, reason = "an hour of the week")]
    fn twice_up_to(&self, t: f64, growth: f64) -> f64 {
        let (week, hour, rest) = self.place(t);
        let in_week = self.within_twice[hour] + rest * self.within[hour] + self.rate[hour] * grown_twice(growth, rest);
        self.before_twice[week] + (hour as f64 + rest) * self.before[week] + self.factor[week] * in_week
    }

    #[expect(clippy::cast_precision_loss, reason = "weeks of at most a century")]
    fn reach(&self, area: f64, growth: f64) -> f64 {
        let week = self.before.partition_point(|&a| a <= area).max(1) - 1;
        let area = (area - self.before[week]) / self.factor[week];
        let hour = self.within.partition_point(|&a| a <= area).clamp(1, HOURS_OF_WEEK) - 1;
        let rate = self.rate[hour];
        let area = if rate > 0.0 { ((area - self.within[hour]) / rate).max(0.0) } else { 0.0 };
        let rest = if growth == 0.0 { area } else { log1p(growth * area) / growth };
        week as f64 * WEEK + hour as f64 + rest.min(1.0) - self.phase
    }
}

/// The hour of so many hours of a week, and the rest.
#[inline]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "hours of a week")]
fn hour_of(x: f64) -> (usize, f64) {
    const LAST: u32 = HOURS_OF_WEEK as u32 - 1;
    let hour = (x as u32).min(LAST);
    (hour as usize, x - f64::from(hour))
}

/// Gauss's rule of three points, exact to degree five.
fn gauss(a: f64, b: f64, f: impl Fn(f64) -> f64) -> f64 {
    let (middle, half) = (f64::midpoint(a, b), (b - a) / 2.0);
    // Nodes ±√(3/5), 0 with weights 5/9, 8/9.
    let away = half * 0.774_596_669_241_483_4;
    half * (5.0 * (f(middle - away) + f(middle + away)) + 8.0 * f(middle)) / 9.0
}

/// Gauss's rule of five points, exact to degree nine.
fn gauss_of_5(a: f64, b: f64, f: impl Fn(f64) -> f64) -> f64 {
    let (middle, half) = (f64::midpoint(a, b), (b - a) / 2.0);
    let pair = |x: f64, weight: f64| weight * (f(middle - half * x) + f(middle + half * x));
    let outer = pair(0.906_179_845_938_664, 0.236_926_885_056_189_1);
    half * (outer + pair(0.538_469_310_105_683_1, 0.478_628_670_499_366_5) + f(middle) * 128.0 / 225.0)
}

/// See [`Weights`]: in the middles of the parts, for at an end the polynomial may already be another.
fn points(weights: &[f64; POINTS], from: f64, length: f64, f: impl Fn(f64) -> f64) -> f64 {
    MIDDLES.iter().zip(weights).map(|(middle, weight)| weight * f(from + middle * length)).sum()
}

/// Middles of equal parts of [0, 1].
const MIDDLES: [f64; POINTS] =
    [1.0 / 18.0, 3.0 / 18.0, 5.0 / 18.0, 7.0 / 18.0, 9.0 / 18.0, 11.0 / 18.0, 13.0 / 18.0, 15.0 / 18.0, 17.0 / 18.0];

/// The i-th of Lagrange's polynomials through [`MIDDLES`].
fn lagrange(i: usize, x: f64) -> f64 {
    let others = MIDDLES.iter().enumerate().filter(|(j, _)| *j != i);
    others.map(|(_, middle)| (x - middle) / (MIDDLES[i] - middle)).product()
}

/// See [`Weights`]: the integrals of Lagrange's polynomials through the points.
#[expect(clippy::cast_precision_loss, reason = "hours of a week")]
fn point_weights(rate: &[f64; HOURS_OF_WEEK], hours: Range<usize>, growth: f64) -> [f64; POINTS] {
    let length = hours.len() as f64;
    std::array::from_fn(|i| {
        (hours.clone().zip(0_u8..))
            .map(|(hour, n)| {
                let f = |s: f64| grown_by(growth, s) * lagrange(i, (f64::from(n) + s) / length);
                rate[hour] * math::integrate(0.0, 1.0, f)
            })
            .sum()
    })
}

/// exp(k y) for at most an hour, to full precision while k is below 0.01 an hour.
#[inline]
fn grown_by(k: f64, y: f64) -> f64 {
    let x = k * y;
    1.0 + x * (1.0 + x * (1.0 / 2.0 + x * (1.0 / 6.0 + x * (1.0 / 24.0 + x * (1.0 / 120.0)))))
}

/// ∫₀ʸ exp(k s) ds for at most an hour, to full precision while k is below 0.01 an hour (e⁸⁷ a year).
#[inline]
fn grown(k: f64, y: f64) -> f64 {
    let x = k * y;
    y * (1.0 + x * (1.0 / 2.0 + x * (1.0 / 6.0 + x * (1.0 / 24.0 + x * (1.0 / 120.0 + x * (1.0 / 720.0))))))
}

/// ∫₀ʸ of [`grown`].
#[inline]
fn grown_twice(k: f64, y: f64) -> f64 {
    let x = k * y;
    y * y * (1.0 / 2.0 + x * (1.0 / 6.0 + x * (1.0 / 24.0 + x * (1.0 / 120.0 + x * (1.0 / 720.0)))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn office() -> Calendar {
        let mut hour = [0.0; 24];
        hour[9..17].fill(3.0);
        Calendar { weekday: [1.4, 1.4, 1.4, 1.4, 1.4, 0.0, 0.0], hour }
    }

    /// 2025-06-01T00:00:00Z, a Sunday.
    const SUNDAY: i64 = 1_748_736_000;

    #[test]
    fn profile_begins_on_the_right_day() {
        let curve = Curve::new(0.0, Some(&office()), SUNDAY, 1000.0);
        assert_eq!(curve.integral(24.0 + 9.0).to_bits(), 0.0_f64.to_bits());
        assert!((curve.integral(24.0 + 10.0) - 4.2).abs() < 1e-12);
        assert!((curve.integral(24.0 + 168.0) - 168.0).abs() < 1e-9);
        assert!((curve.rate(24.0 + 10.5) - 4.2).abs() < 1e-12);
    }

    #[test]
    fn growth_integrates_to_its_closed_form() {
        for k in [1e-5, -3e-5, 4e-4] {
            for start in [SUNDAY, SUNDAY + 31_234] {
                let curve = Curve::new(k, None, start, 30_000.0);
                for t in [0.0, 0.3, 100.7, 8766.0, 29_999.9] {
                    let exact = (libm::expm1(k * t)) / k;
                    assert!(
                        (curve.integral(t) - exact).abs() <= 1e-12 * (1.0 + exact),
                        "k {k}, t {t}: {} {exact}",
                        curve.integral(t)
                    );
                }
            }
        }
    }

    #[test]
    fn moments_are_those_of_a_plain_sum() {
        for (k, profile) in [(0.0, None), (0.0, Some(office())), (2e-5, None), (-2e-5, Some(office()))] {
            let curve = Curve::new(k, profile.as_ref(), SUNDAY + 5_000, 9000.0);
            // Whole hours of the profile, so that the plain sum meets its jumps at the ends of steps.
            for (a, b) in [(0.0, 700.0), (8000.0, 8100.0), (3.0, 4.0)]
                .map(|(a, b): (f64, f64)| (a + 2200.0 / 3600.0, b + 2200.0 / 3600.0))
            {
                let step = 1.0 / 512.0;
                let plain: f64 = (0..400_000)
                    .map(|i| (f64::from(i) + 0.5) * step)
                    .take_while(|x| *x < b - a)
                    .map(|x| step * x * curve.rate(a + x))
                    .sum();
                assert!(
                    (curve.moment(a, b) - plain).abs() < 1e-6 * plain + 1e-7,
                    "{a} {b}: {} {plain}",
                    curve.moment(a, b)
                );
            }
        }
    }

    #[test]
    fn polynomials_integrate_as_a_plain_sum_says() {
        let steep = |t: f64| {
            let x = t / 1000.0;
            let quartic = 1.0 - 0.7 * x + 0.2 * x * x - 0.05 * x * x * x + 0.01 * x * x * x * x;
            quartic * (1.0 - 0.1 * x * x * x * x)
        };
        for (k, profile) in [(0.0, None), (0.0, Some(office())), (2e-5, None), (-2e-5, Some(office()))] {
            // Half past an hour of the profile, so that its jumps are at ends of steps.
            let curve = Curve::new(k, profile.as_ref(), SUNDAY + 1_800, 9000.0).with_weights(9000.0);
            for (a, b) in [(0.0, 700.5), (100.25, 101.0), (3.5, 27.5), (800.0, 1200.0), (0.5, 168.5), (730.5, 1461.0)] {
                let step = 1.0 / 256.0;
                let plain: f64 = (0..2_000_000)
                    .map(|i| a + (f64::from(i) + 0.5) * step)
                    .take_while(|t| *t < b)
                    .map(|t| step * steep(t) * curve.rate(t))
                    .sum();
                let got = curve.polynomial(a, b, steep);
                assert!((got - plain).abs() < 1e-7 * plain.abs() + 1e-9, "{a} {b}: {got} {plain}");
            }
        }
    }

    #[test]
    fn inverse_undoes_the_integral() {
        for (k, profile) in [(0.0, Some(office())), (2e-5, None), (-2e-5, Some(office()))] {
            let curve = Curve::new(k, profile.as_ref(), SUNDAY + 5_000, 9000.0);
            let whole = curve.integral(8766.0);
            for i in 1..500 {
                let area = whole * f64::from(i) / 500.0;
                let t = curve.inverse(area);
                assert!((curve.integral(t) - area).abs() < 1e-8, "{area} at {t}: {}", curve.integral(t));
            }
        }
    }
}
