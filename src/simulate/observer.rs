//! What happens in each trial whatever anybody decides: counted as seen by an observer whom no condition concerns, to be
//! held against formulas. Shares nothing with the views of portfolios but who sees which event.

use std::ops::Range;

use super::Moments;
use super::moments::count;
use crate::plan::Plan;
use crate::view::View;
use crate::world::{Happening, Interruption, OWN, World};

/// Hours down of nodes and of frequent risks are summed in every so-manyth trial: only there are all interruptions put in order
/// of time.
const EVERY: u64 = 32;

/// Where what is counted stands in a row: events of each risk, outcomes, sizes, hours of risks that are rare. Hours of all risks
/// and nodes have rows of their own.
#[derive(Debug, Clone)]
pub(super) struct Counts {
    outcomes: usize,
    sizes: usize,
    rare: usize,
    width: usize,
    n_risks: usize,
    hours: usize,
}

/// Moments of all that is counted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Observed {
    /// Events of each risk.
    pub events: Vec<Moments>,
    /// How often each outcome happens.
    pub outcomes: Vec<Moments>,
    /// Columns of the plan: how often effects happen, sums of sizes less what is expected of so many.
    pub sizes: Vec<Moments>,
    /// Hours lost to each rare risk.
    pub hours_by_rare_risk: Vec<Moments>,
    /// Hours lost to each risk, in some trials.
    pub hours_by_risk: Vec<Moments>,
    /// Hours that each node loses, in some trials.
    pub hours_by_node: Vec<Moments>,
}

/// Rows of a block.
#[derive(Debug, Default)]
pub(super) struct Tally {
    counts: Table,
    hours: Table,
}

/// Trials by columns, with what each trial weighs, where they do not weigh alike.
#[derive(Debug, Default)]
struct Table {
    values: Vec<f64>,
    weights: Vec<f64>,
}

/// The observer, with what it keeps between trials.
#[derive(Debug, Default)]
pub(super) struct Observer {
    view: View,
    order: Vec<(u64, u32)>,
    found: Vec<(f64, f64, f64, u32)>,
    lanes: Vec<Lane>,
}

/// Interruptions of one risk or node, one after the other.
#[derive(Debug, Default)]
struct Lane {
    /// Ends of those under way, and what they leave.
    active: Vec<(f64, f64)>,
    now: f64,
    hours: f64,
}

impl Lane {
    fn enter(&mut self, start: f64, end: f64, leaves: f64) {
        if let [only] = &mut self.active[..]
            && only.0 <= start
        {
            self.hours += (1.0 - only.1) * (only.0 - self.now);
            *only = (end, leaves);
            self.now = start;
            return;
        }
        self.pass(start);
        self.active.push((end, leaves));
    }

    /// The hours lost up to the horizon; begins anew.
    fn finish(&mut self, horizon: f64) -> f64 {
        self.pass(horizon);
        self.active.clear();
        self.now = 0.0;
        std::mem::take(&mut self.hours)
    }

    /// Counts what is lost up to `t`.
    fn pass(&mut self, t: f64) {
        while !self.active.is_empty() {
            let (first, left) =
                self.active.iter().fold((f64::INFINITY, 1.0), |(first, left), a| (a.0.min(first), left * a.1));
            let to = first.min(t);
            self.hours += (1.0 - left) * (to - self.now);
            self.now = to;
            if first > t {
                return;
            }
            self.active.retain(|a| a.0 > first);
        }
        self.now = t;
    }
}

impl Counts {
    pub(super) fn new(plan: &Plan) -> Self {
        let outcomes = plan.risks.len();
        let sizes = outcomes + plan.tally.n_outcomes;
        let rare = sizes + plan.tally.sizes.len();
        let width = rare + plan.tally.rare.len();
        Self { outcomes, sizes, rare, width, n_risks: plan.risks.len(), hours: plan.risks.len() + plan.n_nodes }
    }

    /// How many moments there are.
    pub(super) fn len(&self) -> usize {
        self.width + self.hours
    }

    /// The moments of a block, or of all.
    pub(super) fn sum_up(&self, sums: &[Moments]) -> Observed {
        let list = |range: Range<usize>| sums[range].to_vec();
        let nodes = self.width + self.n_risks;
        Observed {
            events: list(0..self.outcomes),
            outcomes: list(self.outcomes..self.sizes),
            sizes: list(self.sizes..self.rare),
            hours_by_rare_risk: list(self.rare..self.width),
            hours_by_risk: list(self.width..nodes),
            hours_by_node: list(nodes..self.len()),
        }
    }
}

impl Tally {
    /// Appends its moments.
    pub(super) fn moments(&self, counts: &Counts, sums: &mut Vec<Moments>) {
        for (table, width) in [(&self.counts, counts.width), (&self.hours, counts.hours)] {
            if width > 0 {
                let weights = Some(&table.weights[..]).filter(|weights| !weights.is_empty());
                sums.extend(Moments::of_columns(&table.values, width, weights));
            }
        }
    }
}

impl Table {
    /// Where the row of a trial goes.
    fn row(&mut self, plan: &Plan, world: &World) -> &mut Vec<f64> {
        if plan.mixture.is_some() {
            self.weights.push(world.weight);
        }
        &mut self.values
    }
}

impl Observer {
    /// Counts what happens in a trial that is drawn.
    pub(super) fn look(&mut self, plan: &Plan, counts: &Counts, world: &World, tally: &mut Tally) {
        let seer = &plan.tally.observer;
        self.view.notice(plan, seer, world);
        let row = tally.counts.row(plan, world);
        let begins = row.len();
        row.resize(begins + counts.sizes, 0.0);
        row.extend_from_slice(&world.sizes);
        self.sum_rare(plan, world, row);
        let row = &mut row[begins..];
        // Those that lasted long are events already; they are counted in their column.
        let is_plain = |risk: u32| plan.plain.as_ref().is_some_and(|plain| plain.is[risk as usize]);
        for (i, event) in (0..).zip(&world.events) {
            if self.view.sees(seer, world, Happening { event: i, occurrence: OWN }) && !is_plain(event.risk) {
                row[event.risk as usize] += 1.0;
            }
        }
        if let Some(plain) = &plan.plain {
            for (k, risk) in plain.risks.iter().enumerate() {
                row[risk.risk] += count(world.plain.of(k).len() as u64);
            }
        }
        for (i, occurrence) in (0..).zip(&world.occurrences) {
            let by = Happening { event: occurrence.event, occurrence: i };
            row[counts.outcomes + occurrence.outcome as usize] += f64::from(self.view.sees(seer, world, by));
        }
        // What was expected of so many sizes is known now.
        let sizes = &mut row[counts.sizes..counts.rare];
        for (k, of) in plan.tally.sizes.iter().enumerate() {
            if let Some((happened, expected)) = *of {
                sizes[k] -= expected * sizes[happened];
            }
        }
        if world.trial.is_multiple_of(EVERY) {
            self.sum_hours(plan, world, tally.hours.row(plan, world));
        }
    }

    /// Finds the interruptions of some risks that are seen, plain outages among them.
    fn gather(&mut self, plan: &Plan, world: &World, wanted: impl Fn(usize) -> bool) {
        let seer = &plan.tally.observer;
        self.found.clear();
        let sees = |i: &&Interruption| wanted(i.risk as usize) && self.view.sees(seer, world, i.by);
        let seen = world.interruptions.iter().filter(sees);
        self.found.extend(seen.map(|i| (i.start, i.end, i.leaves, i.risk)));
        let Some(plain) = &plan.plain else { return };
        for (k, of) in plain.risks.iter().enumerate().filter(|(_, of)| wanted(of.risk)) {
            let outages = world.plain.starts[world.plain.of(k)].iter().zip(&world.plain.ends[world.plain.of(k)]);
            #[expect(clippy::cast_possible_truncation, reason = "a number of risks")]
            let risk = of.risk as u32;
            // What is an event already has no end here.
            let here = outages.filter(|(_, end)| end.is_finite());
            self.found.extend(here.map(|(&start, &end)| (start, end, of.leaves, risk)));
        }
    }

    /// Appends the hours lost to each rare risk.
    fn sum_rare(&mut self, plan: &Plan, world: &World, row: &mut Vec<f64>) {
        self.gather(plan, world, |risk| plan.tally.is_rare[risk]);
        self.found.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        self.lanes.resize_with(plan.risks.len() + plan.n_nodes, Lane::default);
        for &(start, end, leaves, risk) in &self.found {
            self.lanes[risk as usize].enter(start, end, leaves);
        }
        row.extend(plan.tally.rare.iter().map(|&risk| self.lanes[risk].finish(plan.clock.horizon)));
    }

    /// Appends a row of hours: ∫ 1 − what the interruptions of a risk, or on a node, leave together.
    fn sum_hours(&mut self, plan: &Plan, world: &World, row: &mut Vec<f64>) {
        let n_risks = plan.risks.len();
        self.gather(plan, world, |_| true);
        // Times are not negative: their bits are in their order.
        self.order.clear();
        self.order.extend((0..).zip(&self.found).map(|(i, found)| (found.0.to_bits(), i)));
        self.order.sort_unstable();
        for &(_, i) in &self.order {
            let (start, end, leaves, risk) = self.found[i as usize];
            let risk = risk as usize;
            self.lanes[risk].enter(start, end, leaves);
            for node in &plan.risks[risk].on {
                self.lanes[n_risks + node].enter(start, end, leaves);
            }
        }
        row.extend(self.lanes.iter_mut().map(|lane| lane.finish(plan.clock.horizon)));
    }
}
