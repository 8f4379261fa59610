//! Interruptions that overlap, vendor by vendor: what is available of it meanwhile, step by step, and who takes what is not.

use super::{Fall, Step, Taker, View};
use crate::plan::Plan;
use crate::plan::graph::power;
use crate::world::Interruption;

/// The run of overlapping interruptions that a vendor is in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Open {
    run: usize,
    end: f64,
}

/// Overlapping interruptions that touch one vendor.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    vendor: usize,
    exponent: u32,
    only: u32,
    end: f64,
    /// Its interruptions as a chain through `links`, latest first; [`NONE`] ends it.
    chain: u32,
    n: u32,
}

const NONE: u32 = u32::MAX;

impl View {
    /// Gathers, vendor by vendor, interruptions that overlap or touch.
    pub(super) fn runs(&mut self, plan: &Plan, interruptions: &[Interruption], order: &[(f64, u32)]) {
        self.runs.clear();
        self.links.clear();
        self.open.clear();
        self.open.resize(plan.vendors.len(), Open { run: 0, end: f64::NEG_INFINITY });
        for &(start, i) in order {
            let interruption = &interruptions[i as usize];
            for &(vendor, exponent) in &plan.risks[interruption.risk as usize].reach {
                let open = &mut self.open[vendor];
                let link = |chain: u32, links: &mut Vec<(u32, u32)>| {
                    links.push((i, chain));
                    u32::try_from(links.len() - 1).unwrap_or(NONE)
                };
                if start <= open.end {
                    let run = &mut self.runs[open.run];
                    if run.n == 1 {
                        self.links.push((run.only, NONE));
                        run.chain = u32::try_from(self.links.len() - 1).unwrap_or(NONE);
                    }
                    run.chain = link(run.chain, &mut self.links);
                    run.n += 1;
                    open.end = open.end.max(interruption.end);
                    run.end = open.end;
                } else {
                    *open = Open { run: self.runs.len(), end: interruption.end };
                    self.runs.push(Run { vendor, exponent, only: i, end: interruption.end, chain: NONE, n: 1 });
                }
            }
        }
    }

    /// Makes falls of what was gathered.
    pub(super) fn falls(&mut self, plan: &Plan, interruptions: &[Interruption]) {
        self.falls.clear();
        self.steps.clear();
        self.takers.clear();
        let runs = std::mem::take(&mut self.runs);
        let mut together = Vec::new();
        for run in &runs {
            if run.n == 1 {
                self.fall_of_one(run, &interruptions[run.only as usize]);
                continue;
            }
            together.clear();
            let mut at = run.chain;
            while at != NONE {
                let (i, next) = self.links[at as usize];
                together.push(interruptions[i as usize]);
                at = next;
            }
            together.reverse();
            self.fall_together(plan, run.vendor, &together);
        }
        self.runs = runs;
        if !self.falls.is_sorted_by(|a, b| a.start <= b.start) {
            self.falls.sort_by(|a, b| a.start.total_cmp(&b.start));
        }
    }

    /// One interruption: a fall of one step.
    fn fall_of_one(&mut self, run: &Run, interruption: &Interruption) {
        let available = power(interruption.leaves, run.exponent);
        if available >= 1.0 {
            return;
        }
        let (start, end, event) = (interruption.start, interruption.end, interruption.by.event);
        self.down[run.vendor] += (1.0 - available) * (end - start);
        let (step, taker) = (self.steps.len(), self.takers.len());
        self.takers.push(Taker { event, part: 1.0 });
        self.steps.push(Step { start, end, available, first: taker, last: taker + 1 });
        self.falls.push(Fall {
            vendor: run.vendor,
            start,
            end,
            event,
            announced: interruption.is_announced(),
            first: step,
            last: step + 1,
            alone: None,
        });
    }

    /// Interruptions that overlap: availability step by step, from the graph. `together`: in order of their start.
    fn fall_together(&mut self, plan: &Plan, vendor: usize, together: &[Interruption]) {
        self.own.clear();
        self.own.resize(plan.n_nodes, 1.0);
        self.scratch.clear();
        self.scratch.resize(plan.n_nodes, 1.0);
        let mut active: Vec<Interruption> = Vec::new();
        let mut next = 0;
        let mut falling: Option<Fall> = None;
        let mut t = together[0].start;
        loop {
            active.retain(|i| i.end > t);
            while next < together.len() && together[next].start <= t {
                active.push(together[next]);
                next += 1;
            }
            let upcoming = together.get(next).map_or(f64::INFINITY, |i| i.start);
            let until = active.iter().fold(upcoming, |m, i| m.min(i.end));
            let available = self.together_available(plan, vendor, &active);
            if available < 1.0 {
                let fall = falling.get_or_insert_with(|| {
                    let begins = |i: &&Interruption| i.start.to_bits() == t.to_bits();
                    let first = active.iter().filter(begins).min_by_key(|i| i.by.event).unwrap_or(&active[0]);
                    let announced = active.iter().filter(begins).any(Interruption::is_announced);
                    Fall {
                        vendor,
                        start: t,
                        end: t,
                        event: first.by.event,
                        announced,
                        first: self.steps.len(),
                        last: 0,
                        alone: None,
                    }
                });
                fall.end = until;
                let taker = self.takers.len();
                share_out(plan, vendor, &active, &mut self.takers);
                self.steps.push(Step { start: t, end: until, available, first: taker, last: self.takers.len() });
                self.down[vendor] += (1.0 - available) * (until - t);
            } else if let Some(mut fall) = falling.take() {
                fall.last = self.steps.len();
                self.falls.push(fall);
            }
            if until.is_infinite() || (active.is_empty() && next == together.len()) {
                break;
            }
            t = until;
        }
        if let Some(mut fall) = falling.take() {
            fall.last = self.steps.len();
            self.falls.push(fall);
        }
    }

    pub(super) fn together_available(&mut self, plan: &Plan, vendor: usize, active: &[Interruption]) -> f64 {
        available(plan, vendor, active, &mut self.own, &mut self.scratch)
    }
}

/// A of a vendor while these interruptions are active. `own`, `scratch`: one value per node, of which the former is left as
/// what each keeps by itself.
pub(crate) fn available(
    plan: &Plan,
    vendor: usize,
    active: &[Interruption],
    own: &mut [f64],
    scratch: &mut [f64],
) -> f64 {
    for &node in plan.graph.beneath(vendor) {
        own[node] =
            active.iter().filter(|i| plan.risks[i.risk as usize].on.contains(&node)).map(|i| i.leaves).product();
    }
    plan.graph.availability(vendor, |node| own[node], scratch)
}

/// Who takes what of a vendor: in proportion to what each interruption alone would take, equally if none would take any.
pub(crate) fn share_out(plan: &Plan, vendor: usize, active: &[Interruption], takers: &mut Vec<Taker>) {
    let alone = |i: &Interruption| {
        let exponent = plan.risks[i.risk as usize].reach.iter().find(|r| r.0 == vendor).map_or(0, |r| r.1);
        1.0 - power(i.leaves, exponent)
    };
    let total: f64 = active.iter().map(alone).sum();
    #[expect(clippy::cast_precision_loss, reason = "a handful of interruptions")]
    let equal = 1.0 / active.len() as f64;
    takers.extend(
        active.iter().map(|i| Taker { event: i.by.event, part: if total > 0.0 { alone(i) / total } else { equal } }),
    );
}
