//! Capability as money: what traffic earns less where capability is short of 1 (MODEL section 7.2, `capability`), as
//! differences to the plan: what moves or is lost at the plan's capability, then each change on traffic as served.

use std::cell::OnceCell;

use super::ledger::{Cause, Ledger};
use super::market::marginal;
use super::smooth::{Line, Product};
use super::traffic::{Part, Place};
use super::{Case, Common, Stretch};
use crate::plan::curve::walk::Moments;
use crate::plan::{Plan, ServicePlan};
use crate::response::Regime;
use crate::response::decisions::Move;
use crate::response::found::Alone;
use crate::results::Component;
use crate::view::View;
use crate::world::CapabilityChange;
use crate::world::ramp::Ramp;

/// What a change of capability takes in a month from a service, if all its traffic were at the vendor.
#[derive(Debug, Clone)]
pub(super) struct Taken {
    /// Which of the vendor's changes.
    nth: usize,
    month: usize,
    /// Worked out when somebody asks for it: few portfolios use all vendors.
    amount: OnceCell<f64>,
}

impl Common {
    /// Finds out for whom capability matters, and when.
    pub(super) fn capable(&mut self, plan: &Plan, view: &View) {
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
    }

    /// Notes what changes of a vendor's capability may take from a service.
    pub(super) fn capability(&mut self, plan: &Plan, view: &View, s: usize, v: usize) {
        let taken = &mut self.capability[s * plan.vendors.len() + v];
        taken.clear();
        if plan.services[s].per_capability() == 0.0 {
            return;
        }
        for (nth, change) in view.capabilities[v].iter().enumerate() {
            let months = plan.clock.month(change.start)..=plan.clock.month(change.end);
            taken.extend(months.map(|month| Taken { nth, month, amount: OnceCell::new() }));
        }
    }
}

impl Common {
    /// Whether what is served of a service during [from, to) may earn less or more than at capability 1.
    pub(super) fn is_capable(&self, s: usize, from: f64, to: f64) -> bool {
        self.capable[s] && from < self.short.1 && to > self.short.0
    }

    /// No change of a vendor's capability is at work in a month.
    pub(super) fn is_quiet(&self, v: usize, month: usize) -> bool {
        self.capabilities[v].is_quiet(month)
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
    #[inline]
    pub(super) fn short_of(&self, vendor: usize, part: f64) -> f64 {
        part * (1.0 - self.plan.vendors[vendor].capability)
    }

    /// Changes of capability on traffic where it is placed, before anything falls.
    pub(super) fn capability_as_placed(&self, s: usize, regimes: &[Regime], ledger: &mut Ledger) {
        let clock = &self.plan.clock;
        let n_vendors = self.plan.vendors.len();
        let of_vendors = (0..).zip(&self.common.capability[s * n_vendors..(s + 1) * n_vendors]);
        for (vendor, taken_all) in of_vendors.flat_map(|(v, of)| of.iter().map(move |taken| (v, taken))) {
            let &Taken { nth, month, .. } = taken_all;
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

    /// Fills in what a part of a piece earns, and what is lost for want of capability elsewhere; charges changes of
    /// capability on what vendors serve more or less, and gives their sum.
    #[inline(never)] // Pieces for which capability is nothing are many, and registers few.
    pub(super) fn served_otherwise(&self, s: usize, part: &mut Part, during: &Stretch, ledger: &mut Ledger) -> f64 {
        part.earned = self.plan.services[s].per_capability() * during.revenue;
        let mut sum = 0.0;
        for (n, &(v, x)) in part.piece.served.iter().enumerate() {
            if n >= part.piece.lost.len() {
                part.short += part.earned * self.short_of(v, x);
            }
            let spans = &self.common.capabilities[v];
            if spans.is_empty() {
                continue;
            }
            match spans.during(during.month, during.from, during.to) {
                Some([]) => {}
                lines => sum += self.served_at(s, (v, x), (during, lines), ledger),
            }
        }
        sum
    }

    /// Charges what changes of a vendor's capability take from a part of a service's traffic; gives their sum.
    #[inline(never)] // It is seldom that any is at work.
    fn served_at(
        &self,
        s: usize,
        (v, part): (usize, f64),
        during: (&Stretch, Option<&[Line]>),
        ledger: &mut Ledger,
    ) -> f64 {
        let mut sum = 0.0;
        ledger.at(during.0.from, during.0.to, Some(v));
        self.taken_during(s, v, during, |change, amount| {
            let (cause, amount) = (Cause::Event(change.by.event), part * amount);
            ledger.charge(cause, amount);
            ledger.note(Component::Capability, s, cause, amount);
            sum += amount;
        });
        sum
    }

    /// Charges what changes of a vendor's capability take from what it serves more or less of a service in a fall that is
    /// alone; gives their sum. `flow`: that, around a moment, as are all changes of revenue.
    pub(super) fn changed_capability(
        &self,
        s: usize,
        v: usize,
        (alone, place): (&Alone, &Place),
        (revenue, flow): (&Product, &Moments),
        ledger: &mut Ledger,
    ) -> f64 {
        let &Place { month, centre, .. } = place;
        let (start, end) = (alone.start, alone.end);
        let spans = &self.common.capabilities[v];
        let Some(lines) = spans.smooth_with(revenue, month, (start, end), centre) else {
            return self.changed_meanwhile(s, v, alone, month, ledger);
        };
        let worth = self.plan.services[s].per_capability() * self.plan.vendors[v].capability;
        let (mut before, mut sum) = (*revenue, 0.0);
        for line in lines {
            let left = before.times(line, centre);
            let amount = worth * before.less(&left).of_moments(flow);
            ledger.charge(Cause::Event(self.view.capabilities[v][line.nth].by.event), amount);
            sum += amount;
            before = left;
        }
        sum
    }

    /// The same phase by phase, where a change begins or ends in the fall, or is steep.
    #[cold]
    fn changed_meanwhile(&self, s: usize, v: usize, alone: &Alone, month: usize, ledger: &mut Ledger) -> f64 {
        let mut sum = 0.0;
        for phase in alone.phases {
            let (from, to) = (phase.from, phase.to);
            let during = Stretch { month, from, to, area: 0.0, nominal: 0.0, revenue: 0.0, short: None };
            for &(_, part) in alone.served(phase).iter().filter(|served| served.0 == v) {
                sum += self.served_at(s, (v, part), (&during, None), ledger);
            }
        }
        sum
    }

    /// What each change of a vendor's capability takes from a service of which it serves all; `lines`: those at work, if
    /// none begins or ends meanwhile.
    fn taken_during(
        &self,
        s: usize,
        v: usize,
        (during, lines): (&Stretch, Option<&[Line]>),
        mut job: impl FnMut(&CapabilityChange, f64),
    ) {
        let &Stretch { from, to, .. } = during;
        let changes = &self.view.capabilities[v];
        if let (Some((flow, revenue)), Some(lines)) = (&during.short, lines) {
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
                *self.common.earned[s][month].get_or_init(of_month)
            } else {
                self.revenue(s, &service.present, from, to)
            };
            let worth = service.per_capability() * earned;
            ledger.at(from, to, None);
            ledger.post(Component::Capability, s, month, change.cause, worth * short);
        }
    }
}
