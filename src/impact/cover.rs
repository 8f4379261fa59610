//! What insurance pays for interruptions (MODEL section 7.2, `cover`): losses charged to events, beyond a first part of each
//! interruption, under a deductible and limits.

use super::ledger::{Cause, Ledger};
use super::{Case, Judge};
use crate::plan::portfolio::CoverPlan;
use crate::response::found::Piece;
use crate::results::Component;

/// A nominal loss that a cover counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Insured {
    cover: usize,
    event: u32,
    loss: f64,
    /// When it ends.
    end: f64,
}

impl Judge {
    /// Notes what covers count of a piece of an interruption that began at `since`, during [from, to).
    #[inline(never)]
    pub(super) fn insure(&mut self, case: &Case, s: usize, piece: &Piece, since: f64, (from, to): (f64, f64)) {
        let service = &case.plan.services[s];
        for (c, cover) in case.portfolio.covers.iter().enumerate() {
            let counts_from = from.max(since + cover.waits(service));
            if counts_from >= to {
                continue;
            }
            let worth = service.at_stake * case.revenue(s, &service.nominal, counts_from, to);
            for lost in piece.lost.iter().filter(|l| l.unserved > 0.0) {
                case.each_taker(lost.by, |event, part| {
                    if part > 0.0 && cover.risks[case.world.events[event as usize].risk as usize] {
                        self.insured.push(Insured { cover: c, event, loss: worth * lost.unserved * part, end: to });
                    }
                });
            }
        }
    }

    /// Posts what is paid: event by event in order of τ, until the limit of the year is used up.
    pub(super) fn claims(&mut self, case: &Case, ledger: &mut Ledger) {
        let events = &case.world.events;
        let order = |i: &Insured| (i.cover, events[i.event as usize].tau, i.event);
        self.insured.sort_by(|a, b| {
            let (a, b) = (order(a), order(b));
            a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2))
        });
        let (mut at, mut used) = ((usize::MAX, 0), 0.0);
        for of_event in self.insured.chunk_by(|a, b| a.cover == b.cover && a.event == b.event) {
            let Insured { cover, event, .. } = of_event[0];
            let year = events[event as usize].year;
            if at != (cover, year) {
                (at, used) = ((cover, year), 0.0);
            }
            let cover = &case.portfolio.covers[cover];
            let paid = cover.pays_for(of_event.iter().map(|i| i.loss).sum()).min(cover.limit_per_year - used);
            used += paid;
            let due = of_event.iter().fold(0.0, |end: f64, i| end.max(i.end));
            let amount = -paid * case.plan.clock.discount(due);
            let (place, month) = (ledger.firm_wide(), case.plan.clock.month(due));
            ledger.at(due, due, None);
            ledger.post(Component::Cover, place, month, Cause::Event(event), amount);
        }
    }
}

impl CoverPlan {
    /// What it pays for a loss charged to one event, before the limit of the year.
    fn pays_for(&self, loss: f64) -> f64 {
        self.pays * self.limit_per_event.min((loss - self.deductible).max(0.0))
    }
}
