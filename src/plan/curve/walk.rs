//! What flows of a curve from moment to moment of a short time, around a moment that is common to all: what is looked at in
//! several parts is walked along once.

use std::ops::AddAssign;

use super::{Curve, HOURS_OF_WEEK, Tables, grown_by, hour_of};
use crate::scenario::WEEK;

/// Growth over half of the time, beyond which the series below leave out what counts.
const MOST_GROWTH: f64 = 0.01;

/// What flows during some time: ∫ rate, ∫ rate × x and ∫ rate × x², x being the hours after a moment.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Moments {
    pub(crate) area: f64,
    pub(crate) first: f64,
    pub(crate) second: f64,
}

impl Moments {
    /// So many times as much.
    #[inline]
    pub(crate) fn times(&self, x: f64) -> Self {
        Self { area: self.area * x, first: self.first * x, second: self.second * x }
    }
}

impl AddAssign for Moments {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        self.area += other.area;
        self.first += other.first;
        self.second += other.second;
    }
}

/// A walk along a curve.
#[derive(Debug)]
pub(crate) struct Walk<'a> {
    growth: f64,
    centre: f64,
    /// The rate at the centre without its profile, and × that of the hour which is walked through.
    level: f64,
    rate: f64,
    /// Moments of e^kx since the centre, up to where it stands.
    at: Moments,
    /// Where the profile changes next, hours after the centre.
    next: f64,
    hour: usize,
    tables: Option<&'a Tables>,
}

impl Curve {
    /// Begins a walk from `a` on, not for long, whose moments are around `centre`; none if the curve is too steep for it.
    #[inline]
    #[expect(clippy::cast_precision_loss, reason = "an hour of the week")]
    pub(crate) fn walk(&self, a: f64, centre: f64) -> Option<Walk<'_>> {
        let growth = self.growth;
        if (growth * (centre - a)).abs() > MOST_GROWTH {
            return None;
        }
        let at = powers(growth, a - centre);
        let walk = Walk { growth, centre, level: 1.0, rate: 1.0, at, next: f64::INFINITY, hour: 0, tables: None };
        let Some(tables) = &self.tables else { return Some(walk) };
        let (week, hour, rest) = tables.place(centre);
        let level = tables.factor[week] * tables.grown[hour] * grown_by(growth, rest);
        if tables.smooth {
            return Some(Walk { level, rate: level, ..walk });
        }
        let since = hour as f64 + rest - (centre - a);
        let (hour, rest) = hour_of(if since < 0.0 { since + WEEK } else { since });
        let (rate, next) = (level * tables.profile[hour], a - centre - rest + 1.0);
        Some(Walk { level, rate, next, hour, tables: Some(tables), ..walk })
    }
}

impl Walk<'_> {
    /// What flows up to `t`, from where it stands.
    #[inline]
    pub(crate) fn to(&mut self, t: f64) -> Moments {
        let mut sum = Moments::default();
        let to = t - self.centre;
        while self.next < to {
            self.step(self.next, &mut sum);
            self.hour = if self.hour + 1 == HOURS_OF_WEEK { 0 } else { self.hour + 1 };
            self.next += 1.0;
            self.rate = self.tables.map_or(1.0, |tables| self.level * tables.profile[self.hour]);
        }
        self.step(to, &mut sum);
        sum
    }

    #[inline]
    fn step(&mut self, x: f64, sum: &mut Moments) {
        let to = powers(self.growth, x);
        sum.area += self.rate * (to.area - self.at.area);
        sum.first += self.rate * (to.first - self.at.first);
        sum.second += self.rate * (to.second - self.at.second);
        self.at = to;
    }
}

/// ∫₀ˣ e^ks, × s and × s².
#[inline]
fn powers(growth: f64, x: f64) -> Moments {
    let (k, square) = (growth * x, x * x);
    Moments {
        area: x * (1.0 + k * (1.0 / 2.0 + k * (1.0 / 6.0 + k * (1.0 / 24.0 + k * (1.0 / 120.0))))),
        first: square * (1.0 / 2.0 + k * (1.0 / 3.0 + k * (1.0 / 8.0 + k * (1.0 / 30.0)))),
        second: square * x * (1.0 / 3.0 + k * (1.0 / 4.0 + k * (1.0 / 10.0))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Calendar;

    /// 2025-06-01T00:00:00Z, a Sunday.
    const SUNDAY: i64 = 1_748_736_000;

    #[test]
    fn a_walk_finds_what_flows() {
        let mut hour = [0.5; 24];
        hour[9..17].fill(2.0);
        let office = Calendar { weekday: [1.3, 1.3, 1.3, 1.3, 1.3, 0.5, 0.0], hour };
        for (k, profile) in [(0.0, None), (5e-5, None), (-4e-4, None), (0.0, Some(&office)), (3e-5, Some(&office))] {
            let curve = Curve::new(k, profile, SUNDAY + 4_321, 26_000.0);
            // Within an hour, over some, over the end of a week, and near both ends of time.
            for (a, b) in [(0.0, 0.1), (100.3, 103.9), (166.0, 189.5), (8000.2, 8000.4), (25_990.0, 26_000.0)] {
                let (centre, cut) = (f64::midpoint(a, b), a + 0.3 * (b - a));
                let mut walk = curve.walk(a, centre).expect("it is not steep");
                for (from, to) in [(a, cut), (cut, b)] {
                    let found = walk.to(to);
                    // By parts so short that what a flow leaves out of its spread is nothing.
                    let bound = |i: u32| from + (to - from) * f64::from(i) / 256.0;
                    let mut flows = Moments::default();
                    for flow in (0..256).map(|i| curve.flow(bound(i), bound(i + 1))) {
                        let away = flow.centre - centre;
                        let second = flow.spread + flow.area * away * away;
                        flows += Moments { area: flow.area, first: flow.area * away, second };
                    }
                    let (length, scale) = (b - a, (b - a) * curve.rate(centre).max(0.1));
                    assert!((found.area - flows.area).abs() <= 1e-11 * scale, "{k} {a} {b}");
                    assert!((found.first - flows.first).abs() <= 1e-10 * scale * length, "{k} {a} {b}");
                    assert!((found.second - flows.second).abs() <= 1e-9 * scale * length * length, "{k} {a} {b}");
                }
            }
        }
    }

    #[test]
    fn nobody_walks_where_it_is_steep() {
        assert!(Curve::new(0.1, None, 0, 1000.0).walk(10.0, 11.0).is_none());
    }
}
