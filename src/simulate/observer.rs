//! What happens in each trial whatever anybody decides: counted as seen by an observer whom no condition concerns, to be
//! held against formulas. Shares nothing with the views of portfolios but who sees which event.

use std::ops::Range;

use super::Moments;
use super::moments::count;
use crate::plan::Plan;
use crate::view::View;
use crate::world::{Happening, OWN, World};

/// Hours down are summed in every so-manyth trial: only there are interruptions put in order of time.
const EVERY: u64 = 16;

/// Where what is counted stands in a row: events of each risk, outcomes, sizes. Hours have rows of their own, for risks and
/// nodes.
#[derive(Debug, Clone)]
pub(super) struct Counts {
    outcomes: usize,
    sizes: usize,
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
    order: Vec<(f64, f64, f64, u32)>,
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
        let width = sizes + plan.tally.sizes.len();
        Self { outcomes, sizes, width, n_risks: plan.risks.len(), hours: plan.risks.len() + plan.n_nodes }
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
            sizes: list(self.sizes..self.width),
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
        let sizes = &mut row[counts.sizes..];
        for (k, of) in plan.tally.sizes.iter().enumerate() {
            if let Some((happened, expected)) = *of {
                sizes[k] -= expected * sizes[happened];
            }
        }
        if world.trial.is_multiple_of(EVERY) {
            self.sum_hours(plan, world, tally.hours.row(plan, world));
        }
    }

    /// Appends a row of hours: ∫ 1 − what the interruptions of a risk, or on a node, leave together.
    fn sum_hours(&mut self, plan: &Plan, world: &World, rows: &mut Vec<f64>) {
        let seer = &plan.tally.observer;
        let n_risks = plan.risks.len();
        self.order.clear();
        let seen = world.interruptions.iter().filter(|i| self.view.sees(seer, world, i.by));
        self.order.extend(seen.map(|i| (i.start, i.end, i.leaves, i.risk)));
        if let Some(plain) = &plan.plain {
            for (k, of) in plain.risks.iter().enumerate() {
                let outages = world.plain.starts[world.plain.of(k)].iter().zip(&world.plain.ends[world.plain.of(k)]);
                #[expect(clippy::cast_possible_truncation, reason = "a number of risks")]
                let risk = of.risk as u32;
                // What is an event already has no end here.
                let here = outages.filter(|(_, end)| end.is_finite());
                self.order.extend(here.map(|(&start, &end)| (start, end, of.leaves, risk)));
            }
        }
        self.order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.3.cmp(&b.3)).then(a.1.total_cmp(&b.1)));
        self.lanes.resize_with(n_risks + plan.n_nodes, Lane::default);
        for lane in &mut self.lanes {
            (lane.now, lane.hours) = (0.0, 0.0);
        }
        for &(start, end, leaves, risk) in &self.order {
            let risk = risk as usize;
            for lane in std::iter::once(risk).chain(plan.risks[risk].on.iter().map(|node| n_risks + node)) {
                let lane = &mut self.lanes[lane];
                lane.pass(start);
                lane.active.push((end, leaves));
            }
        }
        rows.extend(self.lanes.iter_mut().map(|lane| {
            lane.pass(plan.clock.horizon);
            // What ends with the horizon is over.
            lane.active.clear();
            lane.hours
        }));
    }
}
