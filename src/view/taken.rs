//! Hours that outages alone take from a vendor, month by month and event by event: what service credits go by (MODEL
//! section 7). Losses of access do not count.

use super::sight::exponent;
use super::{Taker, View, share_out};
use crate::plan::graph::power;
use crate::plan::{Plan, ViewPlan};
use crate::world::{Interruption, World};

/// Hours of a vendor's availability that an event takes in a month.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Taken {
    pub(crate) month: usize,
    pub(crate) event: u32,
    pub(crate) hours: f64,
}

impl View {
    /// Fills `taken` for the vendors who give credits; the others' lists stay empty.
    pub(super) fn take(&mut self, plan: &Plan, seer: &ViewPlan, world: &World) {
        self.taken.resize_with(plan.vendors.len(), Vec::new);
        let mut outages = std::mem::take(&mut self.outages);
        for &vendor in &plan.credited {
            self.taken[vendor].clear();
            outages.clear();
            let seen = world.interruptions.iter().filter(|i| !i.access && self.sees(seer, world, i.by));
            outages.extend(seen.filter(|i| exponent(plan, vendor, i).is_some()));
            outages.sort_by(|a, b| a.start.total_cmp(&b.start));
            let mut rest = &outages[..];
            while !rest.is_empty() {
                let (run, after) = rest.split_at(overlapping(rest));
                match run {
                    [one] => self.take_one(plan, vendor, one),
                    _ => self.take_together(plan, vendor, run),
                }
                rest = after;
            }
        }
        self.outages = outages;
    }

    fn take_one(&mut self, plan: &Plan, vendor: usize, one: &Interruption) {
        let missing = 1.0 - power(one.leaves, exponent(plan, vendor, one).unwrap_or(0));
        if missing > 0.0 {
            self.note(plan, vendor, (one.start, one.end), missing, &[Taker { event: one.by.event, part: 1.0 }]);
        }
    }

    /// Interruptions that overlap: step by step, each to those who take it. `run`: in order of their start.
    fn take_together(&mut self, plan: &Plan, vendor: usize, run: &[Interruption]) {
        let mut moments: Vec<f64> = run.iter().flat_map(|i| [i.start, i.end]).collect();
        moments.sort_unstable_by(f64::total_cmp);
        moments.dedup();
        self.own.clear();
        self.own.resize(plan.n_nodes, 1.0);
        self.scratch.clear();
        self.scratch.resize(plan.n_nodes, 1.0);
        let (mut active, mut takers): (Vec<Interruption>, Vec<Taker>) = (Vec::new(), Vec::new());
        for w in moments.windows(2) {
            active.clear();
            active.extend(run.iter().filter(|i| i.start <= w[0] && w[0] < i.end));
            if active.is_empty() {
                continue;
            }
            let missing = 1.0 - self.together_available(plan, vendor, &active);
            if missing > 0.0 {
                takers.clear();
                share_out(plan, vendor, &active, &mut takers);
                self.note(plan, vendor, (w[0], w[1]), missing, &takers);
            }
        }
    }

    fn note(&mut self, plan: &Plan, vendor: usize, (start, end): (f64, f64), missing: f64, takers: &[Taker]) {
        for month in plan.clock.month(start)..=plan.clock.month(end) {
            let (from, to) = (start.max(plan.clock.months[month]), end.min(plan.clock.months[month + 1]));
            if from < to {
                let hours = |t: &Taker| missing * t.part * (to - from);
                let taken = takers.iter().map(|t| Taken { month, event: t.event, hours: hours(t) });
                self.taken[vendor].extend(taken);
            }
        }
    }
}

/// How many of the first overlap or touch, one after another.
fn overlapping(sorted: &[Interruption]) -> usize {
    let mut end = f64::NEG_INFINITY;
    let apart = |(n, i): (usize, &Interruption)| {
        let apart = n > 0 && i.start > end;
        end = end.max(i.end);
        apart
    };
    sorted.iter().enumerate().map(apart).position(|apart| apart).unwrap_or(sorted.len())
}
