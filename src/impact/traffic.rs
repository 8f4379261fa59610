//! Lost traffic as money: what is unserved, what is not billed, and what is billed elsewhere, charged to who takes it.

use super::ledger::Ledger;
use super::market::{after_all, touched};
use super::{Case, Judge};
use crate::response::found::{Alone, Piece, Whole};
use crate::results::Component;

impl Judge {
    /// Whole falls of one vendor, each alone: in closed form, all in one short loop.
    pub(super) fn whole(&mut self, case: &Case, s: usize, whole: &Whole, ledger: &mut Ledger) {
        if case.in_pieces {
            whole.each(|alone| self.alone(case, s, alone, ledger));
        } else if case.may_need_pieces(s) && whole.falls.iter().any(|f| case.needs_pieces(s, f.start, f.end)) {
            self.sifted(case, s, whole, ledger);
        } else if case.plan.services[s].present.is_flat() {
            self.whole_by(case, s, whole, |t| t, ledger);
        } else {
            let present = &case.plan.services[s].present;
            self.whole_by(case, s, whole, |t| present.integral(t), ledger);
        }
    }

    /// Those that need their pieces one by one, the others together.
    fn sifted(&mut self, case: &Case, s: usize, whole: &Whole, ledger: &mut Ledger) {
        let &Whole { vendor, reaction, delay, falls } = whole;
        let mut plain = std::mem::take(&mut self.plain);
        plain.clear();
        for fall in falls {
            if case.needs_pieces(s, fall.start, fall.end) {
                let one = Whole { vendor, reaction, delay, falls: std::slice::from_ref(fall) };
                one.each(|alone| self.alone(case, s, alone, ledger));
            } else {
                plain.push(*fall);
            }
        }
        self.whole(case, s, &Whole { vendor, reaction, delay, falls: &plain }, ledger);
        self.plain = plain;
    }

    fn whole_by(&mut self, case: &Case, s: usize, whole: &Whole, at: impl Fn(f64) -> f64, ledger: &mut Ledger) {
        let (service, cells, portfolio) = (&case.plan.services[s], &case.view.cells, case.portfolio);
        let row = |v: usize| (s * case.plan.vendors.len() + v) * cells.len();
        let changes = &case.view.revenues[s];
        let reaction = whole.reaction;
        let (missing, left, tolerance) = (reaction.missing, reaction.unserved, service.tolerance);
        let Sums { mut unserved, mut longest, mut interruptions, mut spends } = Sums::default();
        let (charges, months) = ledger.event_charges_and_months();
        for fall in whole.falls {
            let cell = fall.cell as usize;
            let month = cells.months[cell];
            let movable = less(fall.start + whole.delay, fall.end);
            let (start, moves, end) = (at(fall.start), at(movable), at(fall.end));
            let changed = !changes.is_empty() && touched(changes, fall.start, fall.end);
            unserved += missing * (movable - fall.start) + left * (fall.end - movable);
            longest = more(longest, if left > 0.0 { fall.end } else { movable } - fall.start);
            let worth = if changed {
                let counts = less(fall.start + tolerance, fall.end);
                let split = more(counts, movable);
                let area = |a: f64, b: f64| if a < b { after_all(&service.present, changes, a, b) } else { 0.0 };
                missing * area(counts, movable) + left * area(split, fall.end)
            } else if tolerance > 0.0 {
                let counts = at(less(fall.start + tolerance, fall.end));
                missing * more(moves - counts, 0.0) + left * (end - more(counts, moves))
            } else {
                missing * (moves - start) + left * (end - moves)
            };
            let interruption = service.at_stake * worth;
            let mut spend = 0.0;
            if service.usage > 0.0 {
                let gone = service.usage * missing * (end - start);
                self.usage[row(whole.vendor) + cell] -= gone;
                spend -= gone * portfolio.price(whole.vendor, month);
                for &(v, x) in &reaction.moved {
                    let used = service.usage * x * (end - moves);
                    self.usage[row(v) + cell] += used;
                    spend += used * portfolio.price(v, month);
                }
            }
            interruptions += interruption;
            spends += spend;
            months[month] += interruption + spend;
            charges[fall.event as usize] += interruption + spend;
        }
        ledger.unserved_hours[s] += unserved;
        ledger.longest_hours[s] = ledger.longest_hours[s].max(longest);
        ledger.apart(Component::Interruption, s, interruptions);
        ledger.apart(Component::Spend, s, spends);
    }

    /// A fall that is alone: in closed form if it lies within one cell and nothing else needs its pieces.
    pub(super) fn alone(&mut self, case: &Case, s: usize, alone: &Alone, ledger: &mut Ledger) {
        let (service, cells) = (&case.plan.services[s], &case.view.cells);
        let month = case.plan.clock.month(alone.start);
        let cell = cells.find(month, alone.start);
        let changes = &case.view.revenues[s];
        let changed = !changes.is_empty() && touched(changes, alone.start, alone.end);
        let in_pieces = case.in_pieces || case.needs_pieces(s, alone.start, alone.end);
        if changed || alone.end > cells.bounds[cell + 1] || in_pieces {
            // It comes out of order: what is under way elsewhere goes on.
            let run = self.runs[s];
            alone.pieces(|piece| self.piece(case, s, piece, ledger));
            self.runs[s] = run;
            return;
        }
        let at = |t: f64| service.present.integral(t);
        let n = case.plan.vendors.len();
        let row = |v: usize| (s * n + v) * cells.len() + cell;
        let counts_from = alone.start + service.tolerance;
        let start = at(alone.start);
        let (mut interrupted, mut unserved, mut worth, mut spend) = (alone.start, 0.0, 0.0, 0.0);
        let mut before = start;
        for (end, phase) in alone.phases() {
            let now = at(end);
            if phase.unserved > 0.0 {
                interrupted = end;
                unserved += phase.unserved * (end - phase.from);
                if counts_from < end {
                    worth += phase.unserved * (now - if counts_from > phase.from { at(counts_from) } else { before });
                }
            }
            if service.usage > 0.0 {
                for &(v, x) in &alone.moved[phase.first..phase.last] {
                    let used = service.usage * (now - before) * x;
                    self.usage[row(v)] += used;
                    spend += used * case.portfolio.price(v, month);
                }
            }
            before = now;
        }
        let interruption = worth * service.at_stake;
        ledger.unserved_hours[s] += unserved;
        ledger.longest_hours[s] = ledger.longest_hours[s].max(interrupted - alone.start);
        ledger.book(Component::Interruption, s, month, interruption);
        if service.usage > 0.0 {
            let gone = service.usage * (before - start) * alone.missing;
            self.usage[row(alone.vendor)] -= gone;
            spend -= gone * case.portfolio.price(alone.vendor, month);
            ledger.book(Component::Spend, s, month, spend);
        }
        case.charge(alone.by, interruption + spend, ledger);
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
            self.part(case, s, piece, from, to, cell, month, ledger);
            if case.common.is_capable(s, from, to) {
                case.lost_capability(s, piece, from, to, month, ledger);
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
        from: f64,
        to: f64,
        cell: usize,
        month: usize,
        ledger: &mut Ledger,
    ) {
        let (plan, service) = (case.plan, &case.plan.services[s]);
        let counts_from = from.max(self.runs[s].0 + service.tolerance);
        let worth = if piece.unserved > 0.0 && counts_from < to {
            service.at_stake * case.revenue(s, &service.present, counts_from, to)
        } else {
            0.0
        };
        let used = if service.usage > 0.0 {
            service.usage * (service.present.integral(to) - service.present.integral(from))
        } else {
            0.0
        };
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
            let row = |v: usize| (s * plan.vendors.len() + v) * case.view.cells.len() + cell;
            for lost in piece.lost {
                self.usage[row(lost.vendor)] -= used * lost.missing;
            }
            for &(v, x) in piece.moved {
                self.usage[row(v)] += used * x;
            }
            if case.portfolio.counts_bills() {
                let used = service.usage * (service.nominal.integral(to) - service.nominal.integral(from));
                self.part_of_bills(case, s, piece, used, cell, month, ledger);
            }
        }
    }
}

impl Case<'_> {
    /// Whether some falls of a service need their pieces, though each is alone.
    fn may_need_pieces(&self, s: usize) -> bool {
        self.common.capable[s] || self.portfolio.harmless[s] < f64::INFINITY
    }

    /// Whether a fall does, which the closed forms do not give.
    fn needs_pieces(&self, s: usize, start: f64, end: f64) -> bool {
        end - start > self.portfolio.harmless[s] || self.common.is_capable(s, start, end)
    }
}

/// The lesser of two numbers that are numbers: one instruction, where `f64::min` takes five.
#[inline]
fn less(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}

#[inline]
fn more(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

/// Sums over falls.
#[derive(Default)]
struct Sums {
    unserved: f64,
    longest: f64,
    interruptions: f64,
    spends: f64,
}
