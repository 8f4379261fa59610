//! Plain outages before somebody's eyes: those that have their part of time for themselves are summed by risk and cell, the
//! others are handed over to be settled one by one.

use super::View;
use crate::chance::event_counter;
use crate::plan::plain::{PlainPlan, PlainRisk};
use crate::plan::{Plan, ViewPlan};
use crate::response::{Regime, Role};
use crate::world::{Interruption, World};

/// Plain outages that are alone, and their sums. Kept between trials for its memory.
///
/// *Area* number `b` of an outage is the integral of a curve from some hours after its beginning to its end:
/// `b` = curve × number of offsets + offset.
#[derive(Debug, Default)]
pub(crate) struct Alone {
    n_cells: usize,
    n_areas: usize,
    n_risks: usize,
    /// Per outage, in order of time: the place of its risk and cell (risk × number of cells + cell); and its areas.
    pub(crate) places: Vec<u32>,
    pub(crate) areas: Vec<f64>,
    /// Per plain risk, cell and area: sums over outages.
    sums: Vec<f64>,
    /// Per plain risk and cell: the longest.
    longest: Vec<f64>,
    /// Cells in which an outage meets something that lasts.
    blocked: Vec<bool>,
}

impl Alone {
    /// Sums of a plain risk's outages: per cell, per area.
    #[inline]
    pub(crate) fn sums(&self, risk: usize) -> &[f64] {
        let n = self.n_cells * self.n_areas;
        &self.sums[risk * n..(risk + 1) * n]
    }

    /// The longest outage of a plain risk in each cell; 0 where there is none.
    #[inline]
    pub(crate) fn longest(&self, risk: usize) -> &[f64] {
        &self.longest[risk * self.n_cells..(risk + 1) * self.n_cells]
    }

    /// How many areas an outage has.
    pub(crate) fn n_areas(&self) -> usize {
        self.n_areas
    }

    fn clear(&mut self, plain: &PlainPlan, n_cells: usize) {
        self.n_cells = n_cells;
        self.n_risks = plain.risks.len();
        self.n_areas = plain.offsets.len() * (1 + plain.curves.len());
        self.places.clear();
        self.areas.clear();
        let table = self.n_risks * n_cells;
        for (list, n) in [(&mut self.sums, self.n_areas * table), (&mut self.longest, table)] {
            list.clear();
            list.resize(n, 0.0);
        }
    }
}

impl View {
    /// Parts the plain outages of a world. `regimes`: all those of the portfolios with these eyes.
    pub(crate) fn part<'r>(
        &mut self,
        plan: &Plan,
        seer: &ViewPlan,
        world: &mut World,
        regimes: impl Iterator<Item = &'r Regime> + Clone,
    ) {
        let Some(plain) = &plan.plain else { return };
        let mut moments = std::mem::take(&mut self.moments);
        moments.clear();
        moments.extend(self.lasting_ends().chain(regimes.clone().map(|r| r.start)));
        self.cells(plan, moments.drain(..));
        self.moments = moments;
        world.restore();
        self.gather(seer, world);
        let mut alone = std::mem::take(&mut self.alone);
        alone.clear(plain, self.cells.len());
        self.block(plan, regimes, &mut alone.blocked);
        let drawn = std::mem::take(&mut world.plain);
        let n_plain = drawn.starts.len();
        let (n_cells, n_areas) = (alone.n_cells, alone.n_areas);
        alone.places.resize(n_plain, 0);
        alone.areas.resize(n_plain * n_areas, 0.0);
        let mut n = 0;
        let bounds = &self.cells.bounds[1..];
        let mut cell = 0;
        for &i in &self.crowd.order {
            let i = i as usize;
            if i >= n_plain {
                continue;
            }
            let (start, end) = (drawn.starts[i], drawn.ends[i]);
            while bounds[cell] <= start && cell + 1 < bounds.len() {
                cell += 1;
            }
            let k = drawn.risks[i] as usize;
            let risk = &plain.risks[k];
            let settled = end < bounds[cell]
                && self.crowd.is_alone(i)
                && !alone.blocked[cell]
                && (plain.works >= 1.0 || works(plan, plain, risk, world.trial, drawn.counter(k, i)));
            if !settled {
                if end < f64::INFINITY {
                    world.promote(plan, risk, drawn.counter(k, i), start, end - start);
                }
                continue;
            }
            let place = k * n_cells + cell;
            let hours = end - start;
            let first = n * n_areas;
            let areas = &mut alone.areas[first..first + n_areas];
            for (area, &offset) in areas.iter_mut().zip(&plain.offsets) {
                *area = if hours > offset { hours - offset } else { 0.0 };
            }
            for (&service, areas) in plain.curves.iter().zip(areas[plain.offsets.len()..].chunks_mut(plain.offsets.len())) {
                let curve = &plan.services[service].present;
                let last = curve.integral(end);
                for (area, &offset) in areas.iter_mut().zip(&plain.offsets) {
                    *area = if hours > offset { last - curve.integral(start + offset) } else { 0.0 };
                }
            }
            let sums = &mut alone.sums[place * n_areas..(place + 1) * n_areas];
            sums.iter_mut().zip(&*areas).for_each(|(sum, area)| *sum += area);
            alone.places[n] = super::index(place);
            alone.longest[place] = if hours > alone.longest[place] { hours } else { alone.longest[place] };
            n += 1;
        }
        alone.places.truncate(n);
        alone.areas.truncate(n * n_areas);
        world.plain = drawn;
        self.take_down(plan, plain, &alone);
        self.alone = alone;
    }

    /// When something that lasts begins or ends.
    fn lasting_ends(&self) -> impl Iterator<Item = f64> + use<'_> {
        self.lasting.iter().flat_map(|l| [l.start, l.end])
    }

    /// The cells in which something lasts that matters to somebody, or revenue has changed.
    fn block<'r>(&self, plan: &Plan, regimes: impl Iterator<Item = &'r Regime>, blocked: &mut Vec<bool>) {
        blocked.clear();
        blocked.resize(self.cells.len(), false);
        let mut mark = |from: f64, to: f64| {
            for (cell, blocked) in self.cells.bounds.windows(2).zip(blocked.iter_mut()) {
                *blocked |= cell[0] < to && cell[1] > from;
            }
        };
        for change in self.revenues.iter().flatten() {
            mark(change.start, change.end);
        }
        if self.lasting.is_empty() {
            return;
        }
        for regime in regimes {
            for lasting in &self.lasting {
                let reach = &plan.risks[lasting.risk as usize].reach;
                if reach.iter().any(|r| regime.roles[r.0] != Role::None) {
                    mark(lasting.start.max(regime.start), lasting.end.min(regime.end));
                }
            }
        }
    }

    /// Adds what outages alone take to the hours down, given what lasts meanwhile.
    fn take_down(&mut self, plan: &Plan, plain: &PlainPlan, alone: &Alone) {
        let all = 0..alone.n_cells;
        let hours = |k: usize, cells: std::ops::Range<usize>| {
            alone.sums(k).iter().step_by(alone.n_areas).take(cells.end).skip(cells.start).sum::<f64>()
        };
        if self.lasting.is_empty() {
            for (k, risk) in plain.risks.iter().enumerate() {
                risk.takes.iter().for_each(|&(v, takes)| self.down[v] += takes * hours(k, all.clone()));
            }
            return;
        }
        let mut turns: Vec<usize> =
            self.lasting_ends().map(|t| self.cells.bounds.partition_point(|&b| b < t).min(alone.n_cells)).collect();
        turns.extend([0, alone.n_cells]);
        turns.sort_unstable();
        turns.dedup();
        for turn in turns.windows(2) {
            let cells = turn[0]..turn[1];
            let (from, to) = (self.cells.bounds[turn[0]], self.cells.bounds[turn[1]]);
            let lasts: Vec<Interruption> =
                self.lasting.iter().filter(|l| l.start < to && l.end > from).copied().collect();
            for (k, risk) in plain.risks.iter().enumerate() {
                let hours = hours(k, cells.clone());
                if hours == 0.0 {
                    continue;
                }
                for &(v, takes) in &risk.takes {
                    let beneath = plan.graph.beneath(v);
                    let apart = |l: &Interruption| plan.risks[l.risk as usize].on.iter().all(|n| !beneath.contains(n));
                    let takes = if lasts.iter().all(apart) { takes } else { self.takes(plan, risk, v, &lasts) };
                    self.down[v] += takes * hours;
                }
            }
        }
    }

    /// What an outage takes of a vendor beside what lasts.
    fn takes(&mut self, plan: &Plan, risk: &PlainRisk, vendor: usize, lasts: &[Interruption]) -> f64 {
        self.own.clear();
        self.own.resize(plan.n_nodes, 1.0);
        self.scratch.clear();
        self.scratch.resize(plan.n_nodes, 1.0);
        let before = self.together_available(plan, vendor, lasts);
        for &node in plan.risks[risk.risk].on.iter().filter(|n| plan.graph.beneath(vendor).contains(n)) {
            self.own[node] *= risk.leaves;
        }
        let own = &self.own;
        before - plan.graph.availability(vendor, |node| own[node], &mut self.scratch)
    }
}

/// Whether failover would work from every vendor that an outage strikes.
fn works(plan: &Plan, plain: &PlainPlan, risk: &PlainRisk, trial: u64, counter: u64) -> bool {
    let counter = event_counter(plan.risks[risk.risk].hash, counter);
    risk.takes.iter().all(|&(v, _)| plan.vendors[v].failover.uniform(trial, counter) < plain.works)
}
