//! Customers who leave after a long interruption, and are won back in time (MODEL section 7.2, `churn`).

use super::ledger::{Cause, Ledger};
use super::market::{MOST_RISING, Weight, slope, touched};
use super::{Case, Common, Judge};
use crate::chance::math::exp;
use crate::plan::{ChurnPlan, Plan};
use crate::response::found::Piece;
use crate::results::Component;
use crate::view::View;
use crate::world::ramp::{Ramp, next_break};

/// An interruption may be a rounding longer than it was drawn.
const ROUNDING: f64 = 1e-9;

/// An interruption of a service, and who answers for it.
#[derive(Debug, Default)]
pub(super) struct Interrupted {
    since: f64,
    until: f64,
    /// Unserved hours by event.
    hours: Vec<(u32, f64)>,
    /// Vendors and events to which its beginning is charged.
    first: Vec<(usize, u32)>,
}

impl Judge {
    /// Takes up a piece of an interruption; `begins`: its first.
    #[inline(never)]
    pub(super) fn interrupt(&mut self, case: &Case, s: usize, piece: &Piece, begins: bool, ledger: &mut Ledger) {
        if begins {
            self.churn(case, s, ledger);
            self.interrupted[s].since = piece.start;
        }
        let interrupted = &mut self.interrupted[s];
        interrupted.until = piece.end;
        for lost in piece.lost.iter().filter(|l| l.unserved > 0.0) {
            case.each_taker(lost.by, |event, part| {
                if part > 0.0 {
                    interrupted.add(event, lost.unserved * part * (piece.end - piece.start));
                    if begins {
                        interrupted.first.push((lost.vendor, event));
                    }
                }
            });
        }
    }

    /// Posts what the interruption that has ended, if any, drives away, and forgets it.
    pub(super) fn churn(&mut self, case: &Case, s: usize, ledger: &mut Ledger) {
        let Some(churn) = &case.plan.services[s].churn else { return };
        if self.interrupted[s].hours.is_empty() {
            return;
        }
        let mut ended = std::mem::take(&mut self.interrupted[s]);
        let during = (ended.since, ended.until);
        if !ended.first.is_empty() {
            self.drive_away(case, s, churn, during, &ended.hours, |since| case.begins(since, &ended.first), ledger);
        }
        ended.hours.clear();
        ended.first.clear();
        self.interrupted[s] = Interrupted { since: 0.0, until: 0.0, ..ended };
    }

    /// Posts what an interruption drives away; `hours`: unserved, by event; `begins`: which event's is the last to begin of
    /// those with which it begins.
    #[expect(clippy::too_many_arguments, reason = "an interruption, and where it is booked")]
    #[inline(never)]
    pub(super) fn drive_away(
        &mut self,
        case: &Case,
        s: usize,
        churn: &ChurnPlan,
        (since, until): (f64, f64),
        events: &[(u32, f64)],
        begins: impl Fn(f64) -> u32,
        ledger: &mut Ledger,
    ) {
        let length = until - since;
        if length <= churn.after + ROUNDING || until >= case.plan.clock.horizon {
            return;
        }
        let hours: f64 = events.iter().map(|h| h.1).sum();
        let u = churn.key.uniform(case.world.trial, case.lot.counter(begins(since)));
        let lost = churn.loses.quantile(u) * hours / length * case.plan.services[s].at_stake;
        let months = &case.plan.clock.months;
        let month = case.plan.clock.month(until);
        let first = case.fading(s, churn, until, month);
        let left = churn.fade.left(months[month + 1] - until);
        ledger.book(Component::Churn, s, month, lost * first);
        self.gone[s].resize(months.len(), 0.0);
        self.gone[s][month + 1] += lost * left;
        if ledger.journal.is_some() {
            let mut gone = lost * left;
            let later = (month + 1..months.len() - 1).map(|m| {
                let flow = gone * case.common.fading[s][m];
                gone *= churn.lefts[m];
                (m, flow)
            });
            for (m, flow) in std::iter::once((month, lost * first)).chain(later) {
                ledger.at(until.max(months[m]), months[m + 1], None);
                for &(event, part) in events {
                    ledger.note(Component::Churn, s, Cause::Event(event), flow * part / hours);
                }
            }
        }
        let amount = lost * (first + left * case.common.onward[s][month + 1]);
        for &(event, part) in events {
            ledger.charge(Cause::Event(event), amount * part / hours);
        }
    }
}

impl Judge {
    /// Books what later months lose of all who have left.
    pub(super) fn gone(&mut self, case: &Case, s: usize, ledger: &mut Ledger) {
        let Some(churn) = &case.plan.services[s].churn else { return };
        let mut gone = 0.0;
        for (m, begun) in self.gone[s].drain(..).enumerate().take(churn.months.len()) {
            gone += begun;
            if gone != 0.0 {
                ledger.book(Component::Churn, s, m, gone * case.common.fading[s][m]);
                gone *= churn.lefts[m];
            }
        }
    }
}

impl Interrupted {
    fn add(&mut self, event: u32, hours: f64) {
        match self.hours.iter_mut().find(|h| h.0 == event) {
            Some(h) => h.1 += hours,
            None => self.hours.push((event, hours)),
        }
    }
}

impl Case<'_> {
    /// The event whose interruption is the last to begin of those, by vendor, with which one of a service begins.
    fn begins(&self, since: f64, first: &[(usize, u32)]) -> u32 {
        let (_, event) = first[0];
        if first.iter().all(|f| f.1 == event) {
            return event;
        }
        let begun = |&(vendor, event): &(usize, u32)| {
            let active = self.world.interruptions.iter().filter(|i| i.by.event == event);
            let there = self.sight.those_on(vendor, active.filter(|i| i.start <= since && since < i.end));
            (there.fold(f64::NEG_INFINITY, |last, i| last.max(i.start)), event)
        };
        first.iter().map(begun).max_by(|a, b| self.sight.later(*a, *b)).map_or(event, |last| last.1)
    }

    /// ∫ of a service's present-value revenue after all changes from `e` to the end of its month, fading from there.
    fn fading(&self, s: usize, churn: &ChurnPlan, e: f64, month: usize) -> f64 {
        let end = self.plan.clock.months[month + 1];
        if touched(&self.view.revenues[s], e, end) {
            return fading_within(self.plan, self.view, s, churn, e, (e, end));
        }
        churn.fade.from(e) - churn.fade.left(end - e) * churn.onward[month + 1]
    }
}

impl Common {
    /// What flows of a service in each month of what fades from its beginning on, and from there to the horizon.
    pub(super) fn fade(&mut self, plan: &Plan, view: &View, s: usize) {
        let months = &plan.clock.months;
        let Some(churn) = &plan.services[s].churn else { return };
        let (fading, onward) = (&mut self.fading[s], &mut self.onward[s]);
        fading.clear();
        fading.extend_from_slice(&churn.months);
        onward.clear();
        onward.extend_from_slice(&churn.onward);
        let Some(last) = view.revenues[s].iter().map(|c| c.end).reduce(f64::max) else { return };
        for m in (0..=plan.clock.month(last)).rev() {
            if touched(&view.revenues[s], months[m], months[m + 1]) {
                fading[m] = fading_within(plan, view, s, churn, months[m], (months[m], months[m + 1]));
            }
            onward[m] = fading[m] + churn.lefts[m] * onward[m + 1];
        }
    }
}

/// ∫ of a service's present-value revenue after all changes during [from, to), fading from `e` on, piece by piece between
/// the changes.
fn fading_within(plan: &Plan, view: &View, s: usize, churn: &ChurnPlan, e: f64, (mut from, to): (f64, f64)) -> f64 {
    let fade = &churn.fade;
    let ramps = view.revenues[s].iter().map(Ramp::from);
    let factor = |t: f64| ramps.clone().map(|r| r.factor(t)).product::<f64>();
    let mut sum = 0.0;
    while from < to {
        let next = next_break(ramps.clone(), from, to);
        let weight = Weight::new(ramps.clone(), None, from, next);
        sum += if let (1..=MOST_RISING, Some(faded)) = (weight.rising, &churn.faded) {
            exp(e / fade.returns()) * faded.polynomial(from, next, |t| weight.at(t))
        } else if weight.rising > 0 {
            slope(&plan.services[s].present, from, next, &|t| factor(t) * exp((e - t) / fade.returns()))
        } else {
            weight.at(from) * fade.left(from - e) * fade.between(from, next)
        };
        from = next;
    }
    sum
}
