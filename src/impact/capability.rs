//! Capability as money: what traffic earns less where capability is short of 1 (MODEL section 7.2, `capability`), as
//! differences to the plan: what moves or is lost at the plan's capability, then each change on traffic as served.

use std::cell::OnceCell;

use super::ledger::{Cause, Ledger};
use super::market::marginal;
use super::{Case, Common, Stretch};
use crate::plan::{Plan, ServicePlan};
use crate::response::Regime;
use crate::response::decisions::Move;
use crate::response::found::Piece;
use crate::results::Component;
use crate::view::View;
use crate::world::CapabilityChange;
use crate::world::ramp::Ramp;

/// What a change of capability takes in a month from a service, if all its traffic were at the vendor.
#[derive(Debug, Clone)]
pub(super) struct Taken {
    service: usize,
    vendor: usize,
    /// Which of the vendor's changes.
    nth: usize,
    month: usize,
    /// Worked out when somebody asks for it: few portfolios use all vendors.
    amount: OnceCell<f64>,
}

impl Common {
    /// Finds out for whom capability matters, and what its changes take.
    pub(super) fn capability(&mut self, plan: &Plan, view: &View) {
        #[expect(clippy::float_cmp, reason = "the frontier itself is exactly 1")]
        let short = plan.vendors.iter().any(|v| v.capability != 1.0);
        let changes = view.capabilities.iter().any(|c| !c.is_empty());
        let ends = |time: fn(&CapabilityChange) -> f64| view.capabilities.iter().flatten().map(time);
        self.short = if short {
            (0.0, plan.clock.horizon)
        } else {
            (ends(|c| c.start).fold(f64::INFINITY, f64::min), ends(|c| c.end).fold(0.0, f64::max))
        };
        self.capable.clear();
        self.capable.extend(plan.services.iter().map(|s| (short || changes) && s.per_capability() != 0.0));
        self.capability.clear();
        self.earned.clear();
        self.earned.resize(plan.services.len() * plan.clock.n_months(), OnceCell::new());
        if !changes {
            return;
        }
        for service in (0..plan.services.len()).filter(|&s| self.capable[s]) {
            for (vendor, changes) in view.capabilities.iter().enumerate() {
                for (nth, change) in changes.iter().enumerate() {
                    for month in plan.clock.month(change.start)..=plan.clock.month(change.end) {
                        self.capability.push(Taken { service, vendor, nth, month, amount: OnceCell::new() });
                    }
                }
            }
        }
    }
}

impl Common {
    /// Whether what is served of a service during [from, to) may earn less or more than at capability 1.
    pub(super) fn is_capable(&self, s: usize, from: f64, to: f64) -> bool {
        self.capable[s] && from < self.short.1 && to > self.short.0
    }
}

impl ServicePlan {
    /// What an hour of revenue at start loses per unit of capability short of 1.
    pub(super) fn per_capability(&self) -> f64 {
        self.at_stake * self.sensitivity
    }
}

/// What the nth change of a vendor's capability takes during [a, b) from a service of which it serves all.
fn taken(plan: &Plan, view: &View, (s, v, nth): (usize, usize, usize), a: f64, b: f64) -> f64 {
    let service = &plan.services[s];
    let changes = &view.capabilities[v];
    let before = view.revenues[s].iter().map(Ramp::from).chain(changes[..nth].iter().map(Ramp::from));
    let worth = service.per_capability() * plan.vendors[v].capability;
    worth * marginal(&service.present, before, Ramp::from(&changes[nth]), a, b)
}

impl Case<'_> {
    /// What a service loses an hour of revenue at start if this part of its traffic is at a vendor, as planned.
    pub(super) fn short_of(&self, vendor: usize, part: f64) -> f64 {
        part * (1.0 - self.plan.vendors[vendor].capability)
    }

    /// Changes of capability on traffic where it is placed, before anything falls.
    pub(super) fn capability_as_placed(&self, s: usize, regimes: &[Regime], ledger: &mut Ledger) {
        let clock = &self.plan.clock;
        for taken_all in self.common.capability.iter().filter(|t| t.service == s) {
            let &Taken { vendor, nth, month, .. } = taken_all;
            if regimes.iter().all(|r| r.shares[vendor] == 0.0) {
                continue;
            }
            let part = |a: f64, b: f64| taken(self.plan, self.view, (s, vendor, nth), a, b);
            let all = || *taken_all.amount.get_or_init(|| part(clock.months[month], clock.months[month + 1]));
            let amount = if let [regime] = regimes {
                regime.shares[vendor] * all()
            } else {
                (regimes.iter().filter(|r| r.shares[vendor] > 0.0))
                    .map(|r| (r, r.start.max(clock.months[month]), r.end.min(clock.months[month + 1])))
                    .filter(|(_, a, b)| a < b)
                    .map(|(r, a, b)| {
                        let whole = a <= clock.months[month] && b >= clock.months[month + 1];
                        r.shares[vendor] * if whole { all() } else { part(a, b) }
                    })
                    .sum()
            };
            let change = &self.view.capabilities[vendor][nth];
            let cause = Cause::Event(change.by.event);
            ledger.at(change.start.max(clock.months[month]), change.end.min(clock.months[month + 1]), Some(vendor));
            ledger.post(Component::Capability, s, month, cause, amount);
        }
    }

    /// Lost traffic during [from, to), within one month: at the plan's capability to who takes it, and the changes of
    /// capability on what is served less or more.
    pub(super) fn lost_capability(&self, s: usize, piece: &Piece, during: &Stretch, month: usize, ledger: &mut Ledger) {
        let &Stretch { from, to, revenue, .. } = during;
        let worth = self.plan.services[s].per_capability() * revenue;
        let moved: f64 = piece.moved.iter().map(|m| m.1).sum();
        let rooms: f64 = piece.moved.iter().map(|&(v, x)| self.short_of(v, x)).sum();
        for lost in piece.lost {
            let mut short = -self.short_of(lost.vendor, lost.missing);
            if moved > 0.0 {
                short += rooms * ((lost.missing - lost.unserved) / moved);
            }
            ledger.book(Component::Capability, s, month, worth * short);
            ledger.at(from, to, Some(lost.vendor));
            self.note(Component::Capability, s, lost.by, worth * short, ledger);
            self.charge(lost.by, worth * short, ledger);
        }
        let served = piece.lost.iter().map(|l| (l.vendor, -l.missing)).chain(piece.moved.iter().copied());
        self.served_otherwise(s, served, during, month, ledger);
    }

    /// Changes of capability on what vendors serve more or less, as parts of all traffic.
    pub(super) fn served_otherwise(
        &self,
        s: usize,
        served: impl Iterator<Item = (usize, f64)>,
        during: &Stretch,
        month: usize,
        ledger: &mut Ledger,
    ) {
        for (v, part) in served {
            if self.common.capabilities[v].is_empty() {
                continue;
            }
            ledger.at(during.from, during.to, Some(v));
            self.taken_during(s, v, during, |change, amount| {
                ledger.post(Component::Capability, s, month, Cause::Event(change.by.event), part * amount);
            });
        }
    }

    /// What each change of a vendor's capability takes from a service of which it serves all.
    fn taken_during(&self, s: usize, v: usize, during: &Stretch, mut job: impl FnMut(&CapabilityChange, f64)) {
        let &Stretch { from, to, .. } = during;
        let changes = &self.view.capabilities[v];
        if let Some((flow, revenue)) = &during.short
            && let Some(lines) = self.common.capabilities[v].during(from, to)
        {
            let left = lines.iter().fold(*revenue, |left, line| left.times(line, flow.centre));
            if left.is_smooth(to - from) {
                let worth = self.plan.services[s].per_capability() * self.plan.vendors[v].capability;
                lines.iter().fold(*revenue, |before, line| {
                    let left = before.times(line, flow.centre);
                    job(&changes[line.nth], worth * before.less(&left).of(flow));
                    left
                });
                return;
            }
        }
        for (nth, change) in changes.iter().enumerate().filter(|(_, c)| Ramp::from(*c).touches(from, to)) {
            job(change, taken(self.plan, self.view, (s, v, nth), from, to));
        }
    }

    /// A change of revenue, of which `market` is lost in a month: at planned shares and capability.
    pub(super) fn capability_of_market(&self, s: usize, month: usize, event: u32, market: f64, ledger: &mut Ledger) {
        let short = self.plan.services[s].sensitivity * self.portfolio.short[s];
        if short != 0.0 {
            ledger.post(Component::Capability, s, month, Cause::Event(event), -market * short);
        }
    }

    /// A change of shares during [from, to), within one month, at the plan's capability.
    pub(super) fn moved_capability(
        &self,
        s: usize,
        change: &Move,
        month: usize,
        (from, to): (f64, f64),
        ledger: &mut Ledger,
    ) {
        let short: f64 = change.changes.iter().map(|&(v, share)| self.short_of(v, share)).sum();
        if short != 0.0 {
            let service = &self.plan.services[s];
            let earned = if from <= self.plan.clock.months[month] {
                let of_month = || self.revenue(s, &service.present, from, to);
                *self.common.earned[s * self.plan.clock.n_months() + month].get_or_init(of_month)
            } else {
                self.revenue(s, &service.present, from, to)
            };
            let worth = service.per_capability() * earned;
            ledger.at(from, to, None);
            ledger.post(Component::Capability, s, month, change.cause, worth * short);
        }
    }
}
