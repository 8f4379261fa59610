//! When the events of a risk come, and at which addresses their other draws are (MODEL section 5.1).

use super::Event;
use super::likelihood::Luck;
use crate::chance::{math, poisson};
use crate::plan::curve::Curve;
use crate::plan::factor::{FactorPath, multipliers};
use crate::plan::risk::{ArrivalsPlan, Quantity, RiskPlan};
use crate::plan::{Clock, Plan};

/// How the draws of a risk's events are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Addresses {
    /// Event after event in one stream per quantity.
    Stream,
    /// Each by its own number.
    Counter,
}

/// Where the draws of some events of one risk are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) trial: u64,
    pub(super) addresses: Addresses,
    pub(super) events: &'a [Event],
}

/// How fast a rate that follows factors runs in each month of a trial. Kept between trials for its memory.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// Its multiplier per month.
    by_month: Vec<f64>,
    /// ∫ of curve × multiplier up to the beginning of each month, and to the horizon.
    before: Vec<f64>,
}

impl Pace {
    /// `months`: the integral of the curve up to each month's beginning, and to the horizon.
    fn set(&mut self, months: &[f64], by_month: impl FnOnce(&mut Vec<f64>)) {
        by_month(&mut self.by_month);
        self.before.clear();
        let mut sum = 0.0;
        self.before.push(sum);
        self.before.extend(months.windows(2).zip(&self.by_month).map(|(m, by)| {
            sum += by * (m[1] - m[0]);
            sum
        }));
    }

    /// The multiplier of a month.
    pub(super) fn by_month(&self, month: usize) -> f64 {
        self.by_month[month]
    }

    fn area(&self) -> f64 {
        self.before[self.before.len() - 1]
    }

    /// The time up to which the integral of curve × multiplier is `area`.
    fn inverse(&self, curve: &Curve, clock: &Clock, months: &[f64], area: f64) -> f64 {
        let month = self.before.partition_point(|&b| b <= area).clamp(1, self.by_month.len()) - 1;
        let t = curve.inverse(months[month] + (area - self.before[month]) / self.by_month[month]);
        t.clamp(clock.months[month], clock.months[month + 1])
    }
}

impl RiskPlan {
    /// Whether what is due slips at all; true of a risk that is about nothing due.
    pub(super) fn slips(&self, trial: u64, counter: u64, luck: &mut Luck) -> bool {
        self.slip.as_ref().is_none_or(|slip| {
            let u = luck.value(slip.site, slip.key.uniform(trial, counter), false);
            slip.law.quantile(u) > 0.0
        })
    }
}

/// What is known of a trial before the events of its risks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting<'a> {
    pub(super) plan: &'a Plan,
    pub(super) trial: u64,
    pub(super) factors: &'a [FactorPath],
    /// Per risk: the uniform at the first counter of its count.
    pub(super) counts: &'a [f64],
}

/// Appends the events of risk `r`.
pub(super) fn draw(
    Setting { plan, trial, factors, counts }: Setting,
    r: u32,
    pace: &mut Pace,
    luck: &mut Luck,
    events: &mut Vec<Event>,
) -> Addresses {
    let (risk, count) = (&plan.risks[r as usize], counts[r as usize]);
    let horizon = plan.clock.horizon;
    let mut push =
        |tau: f64, counter: u64| events.push(Event { risk: r, counter, tau, mark: 0.0, year: Clock::year(tau) });
    match &risk.arrivals {
        ArrivalsPlan::Never => Addresses::Counter,
        ArrivalsPlan::Poisson { time, law, curve, area } => {
            let n = luck.count(risk.arrives, risk.mean, count, |u| law.quantile(u));
            if n > 0 {
                let mut stream = time.stream(trial);
                for j in 0..n as u64 {
                    let u = luck.value(risk.when, stream.uniform(), false);
                    // The rounding of an inverse may reach the horizon itself.
                    push(curve.inverse(u * area).min(horizon), j);
                }
            }
            Addresses::Stream
        }
        ArrivalsPlan::Driven { time, per_hour, curve, months, follows } => {
            pace.set(months, |out| multipliers(follows, factors, plan.clock.n_months(), out));
            let area = pace.area();
            let mean = per_hour * area;
            let n = luck.count(risk.arrives, mean, count, |u| poisson::quantile(mean, u));
            if n > 0 {
                let mut stream = time.stream(trial);
                for j in 0..n as u64 {
                    let u = luck.value(risk.when, stream.uniform(), false);
                    push(pace.inverse(curve, &plan.clock, months, u * area), j);
                }
            }
            Addresses::Stream
        }
        ArrivalsPlan::Every { interval } => {
            let mut stream = interval.key.stream(trial);
            let mut tau = interval.law.quantile(stream.uniform());
            let mut j = 0;
            while tau < horizon {
                push(tau, j);
                tau += interval.law.quantile(stream.uniform());
                j += 1;
            }
            Addresses::Stream
        }
        ArrivalsPlan::Once { time, probability, from, to } => {
            if luck.choice(risk.arrives, count) < *probability {
                push(from + (to - from) * luck.value(risk.when, time.uniform(trial, 0), false), 0);
            }
            Addresses::Counter
        }
        ArrivalsPlan::At { times, probability } => {
            for &(tau, address) in times {
                let happens =
                    *probability >= 1.0 || luck.choice(risk.arrives, risk.count.uniform(trial, address)) < *probability;
                if happens && risk.slips(trial, address, luck) {
                    push(tau, address);
                }
            }
            Addresses::Counter
        }
    }
}

/// One value of `quantity` for each of `events`; on those that are not `used` nothing hangs.
pub(super) fn fill(
    quantity: &Quantity,
    place: Place,
    used: impl Iterator<Item = usize>,
    luck: &mut Luck,
    out: &mut Vec<f64>,
    aside: &mut math::Aside,
) {
    use crate::chance::law::Law;
    let Place { trial, addresses, events } = place;
    let Quantity { key, law, site, again } = quantity;
    if let Law::Constant(value) = law {
        out.clear();
        out.resize(events.len(), *value);
    } else if addresses == Addresses::Stream || luck.tilts(*site) {
        uniforms(*key, place, out);
        if luck.tilts(*site) {
            used.for_each(|j| out[j] = luck.value(*site, out[j], *again));
        }
        law.quantiles(out, aside);
    } else {
        out.clear();
        out.extend(events.iter().map(|e| law.quantile(key.uniform(trial, e.counter))));
    }
}

/// One uniform at `key` for each of the events.
pub(super) fn uniforms(key: crate::chance::Key, place: Place, out: &mut Vec<f64>) {
    let Place { trial, addresses, events } = place;
    out.clear();
    if addresses == Addresses::Stream {
        let mut stream = key.stream(trial);
        out.extend(events.iter().map(|_| stream.uniform()));
    } else {
        out.extend(events.iter().map(|e| key.uniform(trial, e.counter)));
    }
}
