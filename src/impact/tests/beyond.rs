//! Once more and slowly: what follows from interruptions beyond themselves. Customers who leave, credits, and playbook
//! entries that fire.

use std::collections::BTreeMap;

use super::charges::Books;
use super::second::{Case, Cause, Opinion};
use crate::results::Component;
use crate::scenario::{DAY, MONTH, Play, Trigger};
use crate::world::Interruption;

/// An interruption of a service.
pub(super) struct Run {
    pub(super) since: f64,
    pub(super) until: f64,
    /// Unserved hours by event.
    hours: BTreeMap<u32, f64>,
    /// Of those charged at its beginning, the last to begin: when, the time and the number of its event.
    last: (f64, f64, u32),
}

impl Run {
    pub(super) fn new(since: f64) -> Self {
        Self { since, until: since, hours: BTreeMap::new(), last: (f64::NEG_INFINITY, f64::NEG_INFINITY, 0) }
    }

    pub(super) fn note(&mut self, case: &Case, by: &Interruption, hours: f64, begins: bool) {
        *self.hours.entry(by.by.event).or_default() += hours;
        let this = (by.start, case.world.events[by.by.event as usize].tau, by.by.event);
        if begins && hours > 0.0 && this > self.last {
            self.last = this;
        }
    }
}

impl Case<'_> {
    /// What interruptions of a service drive away.
    pub(super) fn churn(&self, s: usize, runs: &[Run], moments: &[f64], opinion: &mut Opinion) {
        let service = &self.scenario.services[s];
        let Some(churn) = &service.churn else { return };
        let long = |r: &&Run| r.until - r.since > churn.after_hours + 1e-9 && r.until < self.horizon;
        let mut runs: Vec<&Run> = runs.iter().filter(long).collect();
        // From the last moment back: what flows from there on, fading.
        let mut flow = 0.0;
        for w in moments.windows(2).rev() {
            if runs.is_empty() {
                return;
            }
            let fades = |t: f64| libm::exp(-(t - w[0]) / churn.returns_hours);
            flow = flow * fades(w[1])
                + Self::integral(&self.plan.services[s].present, w[0], w[1], |t| fades(t) * self.factor(s, t));
            while let Some(run) = runs.pop_if(|r| r.until >= w[0]) {
                let key = self.plan.services[s].churn.as_ref().expect("as in the scenario").key;
                let loses = churn.loses.quantile(key.uniform(self.trial, self.counter(run.last.2)));
                let mean = run.hours.values().sum::<f64>() / (run.until - run.since);
                let lost = loses * mean * service.margin * service.revenue_per_hour * flow;
                opinion.components[Component::Churn as usize] += lost;
                for (&event, hours) in &run.hours {
                    opinion.charge(Cause::Event(event), lost * hours / run.hours.values().sum::<f64>());
                }
            }
        }
    }
}

/// Hours that outages take, per vendor and month, by event.
#[derive(Default)]
pub(super) struct Credited {
    taken: BTreeMap<(usize, usize), BTreeMap<u32, f64>>,
}

impl Credited {
    pub(super) fn note(&mut self, case: &Case, books: &Books, (a, b): (f64, f64)) {
        let t = f64::midpoint(a, b);
        for v in (0..case.n_vendors()).filter(|&v| !case.portfolio.contracts[v].sla.is_empty()) {
            let missing = 1.0 - case.available_by(v, t, |i| !i.access);
            if missing > 0.0 {
                let of_month = self.taken.entry((v, (t / MONTH) as usize)).or_default();
                for (taker, part) in books.takers(v, t, |i| !i.access) {
                    *of_month.entry(taker.by.event).or_default() += missing * part * (b - a);
                }
            }
        }
    }

    /// Credits of a vendor, given its nominal bill of each month.
    pub(super) fn settle(&self, case: &Case, vendor: usize, bills: &[f64], opinion: &mut Opinion) {
        for (month, bill) in bills.iter().enumerate() {
            let Some(taken) = self.taken.get(&(vendor, month)) else { continue };
            let (from, to) = (month as f64 * MONTH, ((month + 1) as f64 * MONTH).min(case.horizon));
            let hours: f64 = taken.values().sum();
            let mean = 1.0 - hours / (to - from);
            let tiers = case.portfolio.contracts[vendor].sla.iter().filter(|t| mean < t.below - 1e-12);
            let Some(tier) = tiers.min_by(|a, b| a.below.total_cmp(&b.below)) else { continue };
            let credit = -tier.credit * bill * case.discount(to);
            opinion.components[Component::Spend as usize] += credit;
            for (&event, part) in taken {
                opinion.charge(Cause::Event(event), credit * part / hours);
            }
        }
    }
}

impl Case<'_> {
    /// Which entries of the playbook fire, when and by whose fault.
    pub(super) fn fired(&self) -> Vec<(f64, usize, Cause)> {
        let fires = |(n, play): (usize, &Play)| {
            let at = self.fires_at(play)?;
            Some((at, n, self.answers(play, at)?))
        };
        self.portfolio.playbook.iter().enumerate().filter_map(fires).collect()
    }

    /// How far what an entry looks at is beyond its mark, with only those that count: nothing but the one given, or all.
    fn beyond(&self, play: &Play, t: f64, only: Option<Only>) -> f64 {
        match play.trigger {
            Trigger::PriceAbove(mark) => {
                let billed = match only {
                    None => self.billed(play.vendor, t),
                    Some(Only::Nothing) => self.billed_with(play.vendor, t, |_| false),
                    Some(Only::Price(n)) => self.billed_with(play.vendor, t, |i| i == n),
                    Some(_) => unreachable!("prices are changed by changes of price"),
                };
                billed - 1.0 - mark
            }
            Trigger::CapabilityBelow(mark) => match only {
                None => mark - self.capability(play.vendor, t),
                Some(Only::Capability(n)) => {
                    let at_start = self.scenario.vendors[play.vendor].capability;
                    mark - at_start * self.world.capabilities[n].factor(t)
                }
                Some(_) => mark - self.scenario.vendors[play.vendor].capability,
            },
            Trigger::DownHoursAbove(mark) => {
                let counts = |i: &Interruption| match only {
                    None => true,
                    Some(Only::Interruption(n)) => std::ptr::eq(i, &raw const self.interruptions[n]),
                    Some(_) => false,
                };
                let cuts = self.cuts(play, t - 90.0 * DAY, t);
                let down = |w: &[f64]| {
                    (1.0 - self.available_by(play.vendor, f64::midpoint(w[0], w[1]), counts)) * (w[1] - w[0])
                };
                cuts.windows(2).map(down).sum::<f64>() - mark
            }
        }
    }

    /// Moments between `from` and `to`, these included, between which what an entry looks at is smooth.
    fn cuts(&self, play: &Play, from: f64, to: f64) -> Vec<f64> {
        let mut cuts = vec![from, to];
        match play.trigger {
            Trigger::PriceAbove(_) => {
                cuts.extend((0..1200).map(|k| f64::from(k) * MONTH));
                cuts.extend(self.world.prices.iter().flat_map(|c| [c.start, c.end]));
            }
            Trigger::CapabilityBelow(_) => {
                cuts.extend(self.world.capabilities.iter().flat_map(|c| [c.start, c.start + c.over, c.end]));
            }
            Trigger::DownHoursAbove(_) => {
                let ends = self.interruptions.iter().flat_map(|i| [i.start, i.end]);
                cuts.extend(ends.flat_map(|t| [t, t + 90.0 * DAY]));
            }
        }
        cuts.retain(|t| (from..=to).contains(t));
        cuts.sort_by(f64::total_cmp);
        cuts.dedup();
        cuts
    }

    fn fires_at(&self, play: &Play) -> Option<f64> {
        let looks_at = |t: f64| self.beyond(play, t, None) > 1e-9;
        let (mut since, mut until) = (f64::NAN, f64::NAN);
        for w in self.cuts(play, 0.0, self.horizon).windows(2) {
            let (a, b) = (w[0] + 1e-10 * (w[1] - w[0]), w[1] - 1e-10 * (w[1] - w[0]));
            let n = if matches!(play.trigger, Trigger::CapabilityBelow(_)) { 100 } else { 1 };
            for i in 0..n {
                let at = |i: i32| if i == n { b } else { a + (b - a) * f64::from(i) / f64::from(n) };
                let (p, q) = (at(i), at(i + 1));
                let (from, to) = match (looks_at(p), looks_at(q)) {
                    (false, false) => continue,
                    (true, true) => (p, q),
                    (true, false) => (p, turn(&looks_at, p, q)),
                    (false, true) => (turn(&|t| !looks_at(t), p, q), q),
                };
                // Moments are met to a part of what lies between them.
                let (from, to) = (if from == a { w[0] } else { from }, if to == b { w[1] } else { to });
                if from != until {
                    since = from;
                }
                until = to;
                if since + play.lasting_hours < until - 1e-9 {
                    return Some(since + play.lasting_hours);
                }
            }
        }
        None
    }

    /// The last to begin of those that alone move it, or else of all there, or else the first path.
    fn answers(&self, play: &Play, at: f64) -> Option<Cause> {
        let strikes = |risk: u32| self.strikes(risk, play.vendor);
        let mut all: Vec<(bool, f64, f64, u32)> = vec![];
        let mut add = |moves: bool, start: f64, event: u32| {
            all.push((moves, start, self.world.events[event as usize].tau, event));
        };
        let moves =
            |only: Only| (self.beyond(play, at, Some(only)) - self.beyond(play, at, Some(Only::Nothing))).abs() > 1e-12;
        match play.trigger {
            Trigger::PriceAbove(_) => {
                for (n, c) in self.world.prices.iter().enumerate() {
                    if self.sees(c.by) && strikes(c.risk) && c.start <= at && (at < c.end || moves(Only::Price(n))) {
                        add(moves(Only::Price(n)), c.start, c.by.event);
                    }
                }
            }
            Trigger::CapabilityBelow(_) => {
                for (n, c) in self.world.capabilities.iter().enumerate() {
                    if self.sees(c.by) && strikes(c.risk) && c.start <= at && at < c.end {
                        add(moves(Only::Capability(n)), c.start, c.by.event);
                    }
                }
            }
            Trigger::DownHoursAbove(_) => {
                let beneath = self.plan.graph.beneath(play.vendor);
                for (n, i) in self.interruptions.iter().enumerate() {
                    let there = i.start <= at && i.end > at - 90.0 * DAY;
                    if there && self.on(i.risk).iter().any(|node| beneath.contains(node)) {
                        add(moves(Only::Interruption(n)), i.start, i.by.event);
                    }
                }
            }
        }
        let path = || {
            let strikes = |&p: &usize| strikes(u32::try_from(self.plan.paths[p].risk).expect("few"));
            (0..self.plan.paths.len()).find(strikes).map(Cause::Path)
        };
        all.sort_by(|a, b| a.partial_cmp(b).expect("numbers"));
        all.last().map(|last| Cause::Event(last.3)).or_else(path)
    }
}

/// What counts of all that happens.
#[derive(Clone, Copy)]
enum Only {
    Nothing,
    Price(usize),
    Capability(usize),
    Interruption(usize),
}

/// Where what holds at `a` and not at `b` ends.
fn turn(holds: &dyn Fn(f64) -> bool, mut a: f64, mut b: f64) -> f64 {
    for _ in 0..200 {
        let middle = f64::midpoint(a, b);
        if holds(middle) {
            a = middle;
        } else {
            b = middle;
        }
    }
    b
}
