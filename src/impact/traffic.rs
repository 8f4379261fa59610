//! Lost traffic as money: what is unserved, what is not billed, and what is billed elsewhere, charged to who takes it.

use super::ledger::{Cause, Ledger};
use super::{Case, Judge, Stretch};
use crate::response::found::{Alone, By, Piece};
use crate::results::Component;

impl Judge {
    /// A fall that is alone: phase by phase, but as one charge, if it lies within one cell and nobody needs its pieces.
    pub(super) fn alone(&mut self, case: &Case, s: usize, alone: &Alone, ledger: &mut Ledger) {
        let (plan, portfolio, cells) = (case.plan, case.portfolio, &case.view.cells);
        let service = &plan.services[s];
        let month = plan.clock.month(alone.start);
        let cell = cells.find(month, alone.start);
        if alone.end > cells.bounds[cell + 1] || case.needs_pieces(s, alone.end - alone.start, ledger) {
            // It comes out of order: what is under way elsewhere goes on.
            let run = self.runs[s];
            alone.pieces(|piece| self.piece(case, s, piece, ledger));
            self.runs[s] = run;
            return;
        }
        let row = |v: usize| (s * plan.vendors.len() + v) * cells.width() + cell;
        let (used, bills) = (service.usage > 0.0, portfolio.counts_bills());
        let capable = case.common.is_capable(s, alone.start, alone.end);
        let counts_from = alone.start + service.tolerance;
        let short = case.short_of(alone.vendor, alone.missing);
        let (mut until, mut unserved, mut worth) = (alone.start, 0.0, 0.0);
        let (mut area, mut nominal, mut spend, mut capability) = (0.0, 0.0, 0.0, 0.0);
        for (end, phase) in alone.phases() {
            let during = case.stretch(&mut self.flows, s, phase.from, end);
            let moved = &alone.moved[phase.first..phase.last];
            if phase.unserved > 0.0 {
                until = end;
                unserved += phase.unserved * (end - phase.from);
                if counts_from <= phase.from {
                    worth += phase.unserved * during.revenue;
                } else if counts_from < end {
                    worth += phase.unserved * case.stretch(&mut self.flows, s, counts_from, end).revenue;
                }
            }
            if used {
                area += during.area;
                nominal += during.nominal;
                for &(v, x) in moved {
                    let bought = service.usage * during.area * x;
                    self.usage[row(v)] += bought;
                    spend += bought * portfolio.price(v, month);
                    if bills {
                        self.usage_nominal[row(v)] += service.usage * during.nominal * x;
                    }
                }
                for (terms, yearly) in portfolio.yearly.iter().enumerate() {
                    for &(v, x) in moved.iter().filter(|m| m.0 == yearly.vendor) {
                        let bill = service.usage * during.nominal * x * portfolio.price(v, month);
                        case.each_taker(alone.by, |e, part| {
                            ledger.bill(terms, month / 12, Cause::Event(e), bill * part);
                        });
                    }
                }
            }
            if capable {
                let rooms: f64 = moved.iter().map(|&(v, x)| case.short_of(v, x)).sum();
                capability += (rooms - short) * during.revenue;
                case.served_otherwise(s, std::iter::once((alone.vendor, -alone.missing)), &during, month, ledger);
                case.served_otherwise(s, moved.iter().copied(), &during, month, ledger);
            }
        }
        if used {
            let gone = service.usage * alone.missing;
            let price = portfolio.price(alone.vendor, month);
            self.usage[row(alone.vendor)] -= gone * area;
            spend -= gone * area * price;
            if bills {
                self.usage_nominal[row(alone.vendor)] -= gone * nominal;
            }
            if let Some(terms) = portfolio.yearly.iter().position(|y| y.vendor == alone.vendor) {
                let bill = -gone * nominal * price;
                case.each_taker(alone.by, |e, part| ledger.bill(terms, month / 12, Cause::Event(e), bill * part));
            }
            ledger.book(Component::Spend, s, month, spend);
        }
        let interruption = worth * service.at_stake;
        if until > alone.start {
            ledger.unserved_hours[s] += unserved;
            ledger.longest_hours[s] = ledger.longest_hours[s].max(until - alone.start);
            ledger.book(Component::Interruption, s, month, interruption);
        }
        capability *= service.per_capability();
        if capable {
            ledger.book(Component::Capability, s, month, capability);
        }
        case.charge(alone.by, interruption + spend + capability, ledger);
        if let (Some(churn), By::Event(event)) = (&service.churn, alone.by) {
            self.drive_away(case, s, churn, (alone.start, until), &[(event, unserved)], |_| event, ledger);
        }
    }

    /// A piece of lost traffic of one service.
    pub(super) fn piece(&mut self, case: &Case, s: usize, piece: &Piece, ledger: &mut Ledger) {
        case.note_piece(s, piece, ledger);
        if piece.unserved > 0.0 {
            let run = &mut self.runs[s];
            let begins = run.1.to_bits() != piece.start.to_bits();
            if begins {
                run.0 = piece.start;
            }
            run.1 = piece.end;
            ledger.unserved_hours[s] += piece.unserved * (piece.end - piece.start);
            ledger.longest_hours[s] = ledger.longest_hours[s].max(run.1 - run.0);
            if case.plan.services[s].churn.is_some() {
                self.interrupt(case, s, piece, begins, ledger);
            }
        }
        let (clock, cells) = (&case.plan.clock, &case.view.cells);
        let (mut from, mut month) = (piece.start, clock.month(piece.start));
        let mut cell = cells.find(month, from);
        loop {
            let bound = cells.bounds[cell + 1];
            let to = ledger.cut(from, piece.end.min(bound));
            let during = case.stretch(&mut self.flows, s, from, to);
            self.part(case, s, piece, &during, cell, month, ledger);
            if case.common.is_capable(s, from, to) {
                case.lost_capability(s, piece, &during, month, ledger);
            }
            if piece.unserved > 0.0 {
                self.insure(case, s, piece, self.runs[s].0, (from, to));
            }
            if to >= piece.end {
                return;
            }
            from = to;
            if to >= bound {
                cell += 1;
                month = cells.months[cell];
            }
        }
    }

    /// The part of a piece within one cell.
    #[expect(clippy::too_many_arguments, reason = "a place in time, and where it is booked")]
    fn part(
        &mut self,
        case: &Case,
        s: usize,
        piece: &Piece,
        during: &Stretch,
        cell: usize,
        month: usize,
        ledger: &mut Ledger,
    ) {
        let (plan, service) = (case.plan, &case.plan.services[s]);
        let &Stretch { from, to, area, nominal, revenue, .. } = during;
        let counts_from = from.max(self.runs[s].0 + service.tolerance);
        let worth = if piece.unserved > 0.0 && counts_from < to {
            let all = counts_from <= from;
            service.at_stake * if all { revenue } else { case.stretch(&mut self.flows, s, counts_from, to).revenue }
        } else {
            0.0
        };
        let used = if service.usage > 0.0 { service.usage * area } else { 0.0 };
        if worth == 0.0 && used == 0.0 {
            return;
        }
        let moved_usage: f64 = piece.moved.iter().map(|m| m.1).sum();
        let moved_bill: f64 = piece.moved.iter().map(|&(v, x)| used * x * case.portfolio.price(v, month)).sum();
        let (mut interruption, mut spend) = (0.0, 0.0);
        for lost in piece.lost {
            let unserved = worth * lost.unserved;
            let mut bill = -used * lost.missing * case.portfolio.price(lost.vendor, month);
            ledger.at(from, to, Some(lost.vendor));
            case.note(Component::Interruption, s, lost.by, unserved, ledger);
            case.note(Component::Spend, s, lost.by, bill, ledger);
            if moved_usage > 0.0 {
                let part = (lost.missing - lost.unserved) / moved_usage;
                bill += moved_bill * part;
                for &(v, x) in piece.moved {
                    ledger.at(from, to, Some(v));
                    case.note(Component::Spend, s, lost.by, used * x * case.portfolio.price(v, month) * part, ledger);
                }
            }
            interruption += unserved;
            spend += bill;
            case.charge(lost.by, unserved + bill, ledger);
        }
        ledger.book(Component::Interruption, s, month, interruption);
        if used > 0.0 {
            ledger.book(Component::Spend, s, month, spend);
            let row = |v: usize| (s * plan.vendors.len() + v) * case.view.cells.width() + cell;
            for lost in piece.lost {
                self.usage[row(lost.vendor)] -= used * lost.missing;
            }
            for &(v, x) in piece.moved {
                self.usage[row(v)] += used * x;
            }
            if case.portfolio.counts_bills() {
                self.part_of_bills(case, s, piece, service.usage * nominal, cell, month, ledger);
            }
        }
    }
}

impl Case<'_> {
    /// Whether a fall of so many hours needs its pieces, which the closed form does not give.
    fn needs_pieces(&self, s: usize, hours: f64, ledger: &Ledger) -> bool {
        let service = &self.plan.services[s];
        ledger.journal.is_some() || self.portfolio.covers.iter().any(|cover| hours > cover.waits(service))
    }
}
