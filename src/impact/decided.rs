//! What is decided for good, as money: migrations and playbook entries with their costs, exit fees, and changes of shares
//! at the plan's prices and capability.

use super::Case;
use super::ledger::{Cause, Ledger};
use crate::response::decisions::{Decisions, Move};
use crate::results::Component;

impl Case<'_> {
    /// Migrations, playbook costs, exit fees, and changes of shares.
    pub(super) fn decisions(&self, decisions: &Decisions, ledger: &mut Ledger) {
        let clock = &self.plan.clock;
        for begun in &decisions.begun {
            let cost = self.lot.costs(begun.vendor, begun.event) * begun.share * clock.discount(begun.at);
            ledger.at(begun.at, begun.at, Some(begun.vendor));
            for &s in &self.portfolio.groups[begun.group].services {
                let (month, part) = (clock.month(begun.at), self.plan.services[s].part);
                ledger.post(Component::Migration, s, month, Cause::Event(begun.event), cost * part);
            }
        }
        let mut due = |at: f64, vendor: usize, cause: Cause, amount: f64| {
            let (place, amount) = (ledger.firm_wide(), amount * clock.discount(at));
            ledger.at(at, at, Some(vendor));
            ledger.post(Component::Migration, place, clock.month(at), cause, amount);
        };
        for fired in &decisions.fired {
            let play = &self.portfolio.playbook[fired.play];
            due(fired.at, play.vendor, fired.cause, play.costs);
        }
        for exit in &decisions.exits {
            if let Some(fee) = self.portfolio.exit_fee[exit.vendor] {
                due(exit.at, exit.vendor, exit.cause, fee);
            }
        }
        for change in &decisions.moves {
            for month in clock.month(change.at)..clock.n_months() {
                let (from, to) = (clock.months[month].max(change.at), clock.months[month + 1]);
                self.moved(change, month, (from, to), ledger);
            }
        }
    }

    /// A change of shares during [from, to), within one month, at the plan's prices and capability.
    fn moved(&self, change: &Move, month: usize, (from, to): (f64, f64), ledger: &mut Ledger) {
        let price = |v: usize| self.portfolio.price(v, month);
        let per_unit: f64 = change.changes.iter().map(|&(v, share)| share * price(v)).sum();
        for &s in &self.portfolio.groups[change.group].services {
            if self.common.capable[s] {
                self.moved_capability(s, change, month, (from, to), ledger);
            }
            let service = &self.plan.services[s];
            let whole = from <= self.plan.clock.months[month];
            let area = if whole { service.present_months[month] } else { service.present.area(from, to) };
            let used = service.usage * area;
            ledger.book(Component::Spend, s, month, used * per_unit);
            ledger.charge(change.cause, used * per_unit);
            if ledger.journal.is_some() {
                for &(v, share) in &change.changes {
                    ledger.at(from, to, Some(v));
                    ledger.note(Component::Spend, s, change.cause, used * share * price(v));
                }
            }
            if self.portfolio.yearly.is_empty() {
                continue;
            }
            let area = if whole { service.nominal_months[month] } else { service.nominal.area(from, to) };
            let used = service.usage * area;
            for (terms, v) in self.portfolio.yearly.iter().map(|y| y.vendor).enumerate() {
                let share: f64 = change.changes.iter().filter(|c| c.0 == v).map(|c| c.1).sum();
                ledger.bill(terms, month / 12, change.cause, used * share * price(v));
            }
        }
    }
}
