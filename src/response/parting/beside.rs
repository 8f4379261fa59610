//! Hours down of vendors by outages that are alone, given what lasts beside them.

use fearless_simd::Simd;

use super::Alone;
use crate::lanes::{lanes, most, total};
use crate::plan::Plan;
use crate::plan::plain::{PlainPlan, PlainRisk};
use crate::view::{View, available};
use crate::world::Interruption;

/// What lasts during some cells, and what it leaves of vendors. Kept for its memory.
#[derive(Debug, Default)]
pub(super) struct Beside {
    /// Cells with which something that lasts begins or ends.
    turns: Vec<usize>,
    lasts: Vec<Interruption>,
    /// Per vendor: what is available of it; not a number before somebody asks.
    leaves: Vec<f64>,
    /// Per node.
    own: Vec<f64>,
    scratch: Vec<f64>,
}

impl Alone {
    /// Adds what outages alone take to the hours down, given what lasts meanwhile; and finds the longest.
    #[expect(clippy::inline_always, reason = "it is compiled anew for each width of vectors")]
    #[inline(always)]
    pub(super) fn take_down<S: Simd>(&mut self, simd: S, plan: &Plan, plain: &PlainPlan, view: &mut View) {
        self.longest_of_all.clear();
        for (k, risk) in plain.risks[..self.n_risks].iter().enumerate() {
            self.longest_of_all.push(most(simd, lanes(self.longest(k))));
            let hours = total(simd, lanes(self.sums(0, k)));
            risk.takes.iter().for_each(|&(v, takes)| view.down[v] += takes * hours);
        }
        if view.lasting.is_empty() {
            return;
        }
        let mut beside = std::mem::take(&mut self.beside);
        let mut turns = std::mem::take(&mut beside.turns);
        turns.clear();
        turns.extend(lasting_ends(view).map(|t| view.cells.bounds.partition_point(|&b| b < t).min(self.n_cells)));
        turns.sort_unstable();
        turns.dedup();
        for turn in turns.windows(2) {
            beside.open(plan, view, (view.cells.bounds[turn[0]], view.cells.bounds[turn[1]]));
            for (k, risk) in plain.risks[..self.n_risks].iter().enumerate() {
                for &(v, _) in &plan.risks[risk.risk].reach {
                    if beside.meets(plan, v) {
                        let alone = risk.takes.iter().find(|t| t.0 == v).map_or(0.0, |t| t.1);
                        let hours: f64 = self.sums(0, k)[turn[0]..turn[1]].iter().sum();
                        view.down[v] += (beside.takes(plan, risk, v) - alone) * hours;
                    }
                }
            }
        }
        beside.turns = turns;
        self.beside = beside;
    }
}

impl Beside {
    fn open(&mut self, plan: &Plan, view: &View, (from, to): (f64, f64)) {
        self.lasts.clear();
        self.lasts.extend(view.lasting.iter().filter(|l| l.start < to && l.end > from));
        self.leaves.clear();
        self.leaves.resize(plan.vendors.len(), f64::NAN);
        self.own.resize(plan.n_nodes, 1.0);
        self.scratch.resize(plan.n_nodes, 1.0);
    }

    /// Whether anything that lasts strikes what a vendor rests on.
    fn meets(&self, plan: &Plan, vendor: usize) -> bool {
        let beneath = plan.graph.beneath(vendor);
        self.lasts.iter().any(|l| plan.risks[l.risk as usize].on.iter().any(|n| beneath.contains(n)))
    }

    /// What an outage takes of a vendor beside what lasts.
    fn takes(&mut self, plan: &Plan, risk: &PlainRisk, vendor: usize) -> f64 {
        let Self { lasts, leaves, own, scratch, .. } = self;
        if leaves[vendor].is_nan() {
            leaves[vendor] = available(plan, vendor, lasts, own, scratch);
        }
        let before = leaves[vendor];
        if before == 0.0 {
            return 0.0;
        }
        available(plan, vendor, lasts, own, scratch);
        for &node in plan.risks[risk.risk].on.iter().filter(|n| plan.graph.beneath(vendor).contains(n)) {
            own[node] *= risk.leaves;
        }
        before - plan.graph.availability(vendor, |node| own[node], scratch)
    }
}

/// When something that lasts begins or ends.
fn lasting_ends(view: &View) -> impl Iterator<Item = f64> + '_ {
    view.lasting.iter().flat_map(|l| [l.start, l.end])
}
