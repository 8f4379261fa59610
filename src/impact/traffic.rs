//! Lost traffic as money: what is unserved, what is not billed, and what is billed elsewhere, charged to who takes it.

use super::ledger::{Cause, Ledger};
use super::smooth::{LITTLE_DISCOUNT, Product, SHORT};
use super::{Case, Judge};
use crate::plan::curve::walk::{Moments, Walk};
use crate::response::found::{Alone, Lost, Piece};
use crate::results::Component;

/// Where in time a fall that is alone lies.
pub(super) struct Place {
    pub(super) month: usize,
    hours: f64,
    /// The moment around which all of it is looked at, and what is worth 1 there at the start, where bills count.
    pub(super) centre: f64,
    undiscounted: f64,
}

impl Judge {
    /// A fall that is alone: as a whole, if it is short and nobody needs to know what it interrupts.
    pub(super) fn alone(&mut self, case: &Case, services: &[usize], alone: &Alone, ledger: &mut Ledger) {
        let (month, hours) = (case.view.cells.months[alone.cell], alone.end - alone.start);
        let centre = f64::midpoint(alone.start, alone.end);
        let counts_bills = case.portfolio.counts_bills();
        let undiscounted = if counts_bills { case.undiscounted(alone.cell, centre) } else { 1.0 };
        let place = Place { month, hours, centre, undiscounted };
        for &s in services {
            if case.needs_pieces(s, hours, ledger) {
                // It comes out of order: what is under way elsewhere goes on.
                let run = self.runs[s];
                alone.pieces(|piece| self.piece(case, s, piece, ledger));
                self.runs[s] = run;
            } else {
                self.interrupt_alone(case, s, alone, &place, ledger);
            }
        }
    }

    /// A fall that is alone.
    fn interrupt_alone(&mut self, case: &Case, s: usize, alone: &Alone, place: &Place, ledger: &mut Ledger) {
        if !self.settle(case, s, alone, place, ledger) {
            let counts_from = alone.start + case.plan.services[s].tolerance;
            let at = (alone.cell, place.month);
            alone.pieces(|piece| self.part(case, s, piece, (piece.start, piece.end), counts_from, at, ledger));
        }
        let (mut until, mut unserved) = (alone.start, 0.0);
        for phase in alone.phases.iter().filter(|phase| phase.unserved > 0.0) {
            until = phase.to;
            unserved += phase.unserved * (phase.to - phase.from);
        }
        if until <= alone.start {
            return;
        }
        ledger.unserved_hours[s] += unserved;
        ledger.longest_hours[s] = ledger.longest_hours[s].max(until - alone.start);
        let churn = case.plan.services[s].churn.as_ref().filter(|churn| until - alone.start > churn.after);
        if let Some(churn) = churn {
            let event = alone.event;
            self.drive_away(case, s, churn, (alone.start, until), &[(event, unserved)], |_| event, ledger);
        }
    }

    /// The money of a fall that is alone, all phases at once: what flows in each enters by its moments around the fall's
    /// middle, around which factors are a parabola. Does nothing and gives no where they are not.
    fn settle(&mut self, case: &Case, s: usize, alone: &Alone, place: &Place, ledger: &mut Ledger) -> bool {
        if place.hours > SHORT || case.plan.clock.rho.abs() * place.hours > LITTLE_DISCOUNT {
            return false;
        }
        let service = &case.plan.services[s];
        let factors = case.common.revenues[s].product(place.month, (alone.start, alone.end), place.centre);
        let Some(factors) = factors.filter(|factors| factors.is_smooth(place.hours)) else { return false };
        let Some(walk) = service.present.walk(alone.start, place.centre) else { return false };
        let interruption = service.at_stake * self.flow(alone, walk, alone.start + service.tolerance, &factors);
        let spend = if service.usage > 0.0 { self.bill(case, s, alone, place, ledger) } else { 0.0 };
        let (mut short, mut changed) = (0.0, 0.0);
        if case.common.is_capable(s, alone.start, alone.end) {
            for (v, flow) in &self.served {
                short += case.short_of(*v, factors.of_moments(flow));
                if !case.common.is_quiet(*v, place.month) {
                    changed += case.changed_capability(s, *v, (alone, place), (&factors, flow), ledger);
                }
            }
            short *= service.per_capability();
            ledger.book(Component::Capability, s, place.month, short + changed);
        }
        ledger.charge(Cause::Event(alone.event), interruption + spend + short);
        ledger.book(Component::Interruption, s, place.month, interruption);
        ledger.book(Component::Spend, s, place.month, spend);
        true
    }

    /// Finds out what vendors serve more or less in a fall that is alone; gives what is unserved × revenue, of what counts.
    #[inline(never)]
    fn flow(&mut self, alone: &Alone, mut walk: Walk, counts_from: f64, factors: &Product) -> f64 {
        let (mut all, mut unserved) = (Moments::default(), 0.0);
        self.served.clear();
        for phase in alone.phases {
            let mut flow = Moments::default();
            let counts = phase.unserved > 0.0 && counts_from < phase.to;
            if counts && counts_from > phase.from {
                flow = walk.to(counts_from);
            }
            let rest = walk.to(phase.to);
            if counts {
                unserved += phase.unserved * factors.of_moments(&rest);
            }
            flow += rest;
            for &(v, part) in alone.moved(phase) {
                serve(&mut self.served, v, flow.times(part));
            }
            all += flow;
        }
        for lost in alone.missing() {
            serve(&mut self.served, lost.vendor, all.times(-lost.missing));
        }
        unserved
    }

    /// Counts what is used more or less in a fall that is alone; gives what that costs.
    #[inline(never)]
    fn bill(&mut self, case: &Case, s: usize, alone: &Alone, place: &Place, ledger: &mut Ledger) -> f64 {
        let (rho, usage, bills) = (case.plan.clock.rho, case.plan.services[s].usage, case.portfolio.counts_bills());
        let width = case.view.cells.width();
        let first = s * case.plan.vendors.len() * width + alone.cell;
        let mut spend = 0.0;
        for &(v, flow) in &self.served {
            let price = case.portfolio.price(v, place.month);
            let used = usage * flow.area;
            spend += used * price;
            self.usage[first + v * width] += used;
            if bills {
                // Undiscounted around the centre, where e^ρx is a parabola.
                let nominal = flow.area + rho * (flow.first + 0.5 * rho * flow.second);
                let used = usage * place.undiscounted * nominal;
                self.usage_nominal[first + v * width] += used;
                if let Some(terms) = case.portfolio.yearly.iter().position(|y| y.vendor == v) {
                    ledger.bill(terms, place.month / 12, Cause::Event(alone.event), used * price);
                }
            }
        }
        spend
    }

    /// A piece of lost traffic of one service.
    pub(super) fn piece(&mut self, case: &Case, s: usize, piece: &Piece, ledger: &mut Ledger) {
        if ledger.journal.is_some() {
            case.note_piece(s, piece, ledger);
        }
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
        let counts_from = self.runs[s].0 + case.plan.services[s].tolerance;
        let (mut from, mut month) = (piece.start, clock.month(piece.start));
        let mut cell = cells.find(month, from);
        loop {
            let bound = cells.bounds[cell + 1];
            let to = ledger.cut(from, piece.end.min(bound));
            self.part(case, s, piece, (from, to), counts_from, (cell, month), ledger);
            if piece.unserved > 0.0 && !case.portfolio.covers.is_empty() {
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

    /// The part of a piece during [from, to), within one cell: what is unserved, what is not billed and what is billed
    /// elsewhere, and what that earns otherwise, at the plan's prices and capability; then changes of capability on it.
    #[expect(clippy::too_many_arguments, reason = "a place in time, and where it is booked")]
    fn part(
        &mut self,
        case: &Case,
        s: usize,
        piece: &Piece,
        (from, to): (f64, f64),
        counts_from: f64,
        (cell, month): (usize, usize),
        ledger: &mut Ledger,
    ) {
        let service = &case.plan.services[s];
        let during = case.stretch(&mut self.flows, s, month, (from, to));
        let worth = if !(piece.unserved > 0.0 && counts_from < to) {
            0.0
        } else if counts_from <= from {
            service.at_stake * during.revenue
        } else {
            service.at_stake * case.earned(&mut self.flows, s, month, (counts_from, to))
        };
        let used = service.usage * during.area;
        let mut part = Part { piece, month, worth, used, earned: 0.0, moved: 0.0, bill: 0.0, short: 0.0 };
        for &(v, x) in piece.moved() {
            part.moved += x;
            part.bill += used * x * case.portfolio.price(v, month);
        }
        let mut capability = 0.0;
        if case.common.is_capable(s, from, to) {
            capability += case.served_otherwise(s, &mut part, &during, ledger);
        }
        let (mut interruption, mut spend) = (0.0, 0.0);
        for lost in piece.lost {
            let due = case.due(&part, lost);
            interruption += due.unserved;
            spend += due.bill;
            capability += due.short;
            case.charge(lost.by, due.unserved + due.bill + due.short, ledger);
        }
        if ledger.journal.is_some() {
            case.note_part(s, &part, (from, to), ledger);
        }
        if worth > 0.0 {
            ledger.book(Component::Interruption, s, month, interruption);
        }
        if capability != 0.0 {
            ledger.book(Component::Capability, s, month, capability);
        }
        if service.usage > 0.0 {
            ledger.book(Component::Spend, s, month, spend);
            let width = case.view.cells.width();
            let first = s * case.plan.vendors.len() * width + cell;
            for &(v, x) in piece.served {
                self.usage[first + v * width] += used * x;
            }
            if case.portfolio.counts_bills() {
                let used = service.usage * during.nominal;
                for &(v, x) in piece.served {
                    self.usage_nominal[first + v * width] += used * x;
                }
                case.part_of_bills(&part, used, ledger);
            }
        }
    }
}

/// Adds to what a vendor serves.
#[inline]
fn serve(served: &mut Vec<(usize, Moments)>, vendor: usize, flow: Moments) {
    match served.iter_mut().find(|s| s.0 == vendor) {
        Some(of_vendor) => of_vendor.1 += flow,
        None => served.push((vendor, flow)),
    }
}

/// A part of a piece within one cell.
pub(super) struct Part<'a> {
    pub(super) piece: &'a Piece<'a>,
    pub(super) month: usize,
    /// What it costs if nothing is served; what is used if all is; and what is lost if all capability is.
    worth: f64,
    pub(super) used: f64,
    pub(super) earned: f64,
    /// What is served elsewhere, as a part of all traffic; its bill; and what is lost for want of capability there.
    moved: f64,
    bill: f64,
    pub(super) short: f64,
}

/// What is due for what is lost of one vendor.
pub(super) struct Due {
    pub(super) unserved: f64,
    pub(super) bill: f64,
    pub(super) short: f64,
}

impl Part<'_> {
    /// The part of what is served elsewhere that comes from a vendor who has lost traffic.
    #[inline]
    pub(super) fn moved_from(&self, lost: &Lost) -> f64 {
        if self.moved > 0.0 { (lost.missing - lost.unserved) / self.moved } else { 0.0 }
    }
}

impl Case<'_> {
    /// Whether a fall of so many hours needs its pieces, which the closed form does not give.
    fn needs_pieces(&self, s: usize, hours: f64, ledger: &Ledger) -> bool {
        let service = &self.plan.services[s];
        ledger.journal.is_some() || self.portfolio.covers.iter().any(|cover| hours > cover.waits(service))
    }

    #[inline]
    pub(super) fn due(&self, part: &Part, lost: &Lost) -> Due {
        let moved = part.moved_from(lost);
        Due {
            unserved: part.worth * lost.unserved,
            bill: moved * part.bill - part.used * lost.missing * self.portfolio.price(lost.vendor, part.month),
            short: moved * part.short - part.earned * self.short_of(lost.vendor, lost.missing),
        }
    }
}
