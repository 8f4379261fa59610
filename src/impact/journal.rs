//! The books of one trial line by line, for who wants to see how a loss came about: each amount with when it flows and on
//! whose account, and where lost traffic went. A run keeps none.

use super::Case;
use super::ledger::{Cause, Ledger};
use super::traffic::Part;
use crate::response::found::{By, Piece};
use crate::results::Component;
use crate::scenario::DAY;

/// An amount of loss, present value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    /// When it flows, within one month; a single amount falls due at both.
    pub(crate) from: f64,
    pub(crate) to: f64,
    pub(crate) component: Component,
    /// Service, or the place of what is firm-wide.
    pub(crate) service: usize,
    pub(crate) vendor: Option<usize>,
    pub(crate) cause: Cause,
    pub(crate) amount: f64,
}

/// A time during which some of a service's traffic is missing where it was placed.
#[derive(Debug, Clone)]
pub(crate) struct Missing {
    pub(crate) service: usize,
    pub(crate) start: f64,
    pub(crate) end: f64,
    /// Vendors, and what is missing of each.
    pub(crate) lost: Vec<(usize, f64)>,
    pub(crate) moved: Vec<(usize, f64)>,
    pub(crate) unserved: f64,
    /// Events, and what each leaves unserved.
    pub(crate) takers: Vec<(u32, f64)>,
}

/// What is noted of a trial.
#[derive(Debug)]
pub(crate) struct Journal {
    pub(crate) entries: Vec<Entry>,
    pub(crate) missing: Vec<Missing>,
    /// When what is noted next flows, and on whose account.
    from: f64,
    to: f64,
    vendor: Option<usize>,
}

impl Journal {
    pub(crate) fn new() -> Self {
        Self { entries: Vec::new(), missing: Vec::new(), from: 0.0, to: 0.0, vendor: None }
    }
}

impl Ledger {
    /// Says when the amounts that follow flow, and on which vendor's account: to the journal, if there is one.
    #[inline]
    pub(super) fn at(&mut self, from: f64, to: f64, vendor: Option<usize>) {
        if let Some(journal) = &mut self.journal {
            (journal.from, journal.to, journal.vendor) = (from, to, vendor);
        }
    }

    /// Notes an amount that is booked and charged apart.
    #[inline]
    pub(super) fn note(&mut self, component: Component, service: usize, cause: Cause, amount: f64) {
        if let Some(journal) = &mut self.journal
            && amount != 0.0
        {
            let Journal { from, to, vendor, .. } = **journal;
            journal.entries.push(Entry { from, to, component, service, vendor, cause, amount });
        }
    }

    /// Where a piece from `from` to `to` is cut: at the ends of days, so that each day is told by itself.
    #[inline]
    pub(super) fn cut(&self, from: f64, to: f64) -> f64 {
        if self.journal.is_none() { to } else { to.min(((from / DAY).floor() + 1.0) * DAY) }
    }
}

impl Case<'_> {
    /// Notes an amount for which the takers of `by` answer, and that is booked and charged apart.
    fn note(&self, component: Component, service: usize, by: By, amount: f64, ledger: &mut Ledger) {
        self.each_taker(by, |event, part| ledger.note(component, service, Cause::Event(event), amount * part));
    }

    /// Notes what is due for a part of a piece during [from, to), vendor by vendor.
    #[cold]
    pub(super) fn note_part(&self, s: usize, part: &Part, (from, to): (f64, f64), ledger: &mut Ledger) {
        let bill = |v: usize, x: f64| part.used * x * self.portfolio.price(v, part.month);
        for lost in part.piece.lost {
            ledger.at(from, to, Some(lost.vendor));
            self.note(Component::Interruption, s, lost.by, self.due(part, lost).unserved, ledger);
            self.note(Component::Spend, s, lost.by, -bill(lost.vendor, lost.missing), ledger);
            for &(v, x) in part.piece.moved() {
                ledger.at(from, to, Some(v));
                self.note(Component::Spend, s, lost.by, bill(v, x) * part.moved_from(lost), ledger);
            }
        }
        for lost in part.piece.lost {
            ledger.at(from, to, Some(lost.vendor));
            self.note(Component::Capability, s, lost.by, self.due(part, lost).short, ledger);
        }
    }

    /// Notes where the traffic of a service went.
    #[cold]
    pub(super) fn note_piece(&self, service: usize, piece: &Piece, ledger: &mut Ledger) {
        let Some(journal) = &mut ledger.journal else { return };
        let mut takers: Vec<(u32, f64)> = Vec::new();
        for lost in piece.lost {
            self.each_taker(lost.by, |event, part| takers.push((event, lost.unserved * part)));
        }
        journal.missing.push(Missing {
            service,
            start: piece.start,
            end: piece.end,
            lost: piece.lost.iter().map(|l| (l.vendor, l.missing)).collect(),
            moved: piece.moved().to_vec(),
            unserved: piece.unserved,
            takers,
        });
    }
}
