//! Plain outages before somebody's eyes: those that have their part of time for themselves are summed by risk and cell, the
//! others are handed over to be settled one by one.

use std::ops::Range;

use super::{View, available, share_out};
use crate::chance::event_counter;
use crate::plan::plain::{PlainPlan, PlainRisk};
use crate::plan::{Plan, ViewPlan};
use crate::response::reaction::{Beside, Fallen};
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
    /// Per outage, in order of time: the place of its risk and cell, risk × number of cells + cell.
    pub(crate) places: Vec<u32>,
    starts: Vec<f64>,
    hours: Vec<f64>,
    /// Per area and outage.
    areas: Vec<f64>,
    /// Per area, plain risk and cell: sums over outages.
    sums: Vec<f64>,
    /// Per plain risk and cell: the longest.
    longest: Vec<f64>,
    /// Per plain risk and cell: whether its outages are settled one by one.
    blocked: Vec<bool>,
    pub(crate) stretches: Vec<Stretch>,
}

/// Cells during which a group of services is placed alike beside the same things that last.
#[derive(Debug)]
pub(crate) struct Stretch {
    /// Portfolio and group.
    pub(crate) of: (usize, usize),
    /// Number of the regime.
    pub(crate) regime: usize,
    pub(crate) cells: Range<usize>,
    /// What lasts and matters, by its number in the view.
    lasting: Vec<u32>,
}

impl Stretch {
    /// Nothing lasts that matters.
    pub(crate) fn is_quiet(&self) -> bool {
        self.lasting.is_empty()
    }
}

impl Alone {
    /// Sums of an area of a plain risk's outages, cell by cell.
    #[inline]
    pub(crate) fn sums(&self, area: usize, risk: usize) -> &[f64] {
        let first = (area * self.n_risks + risk) * self.n_cells;
        &self.sums[first..first + self.n_cells]
    }

    /// An area of every outage.
    #[inline]
    pub(crate) fn areas(&self, area: usize) -> &[f64] {
        let n = self.places.len();
        &self.areas[area * n..(area + 1) * n]
    }

    /// Fills areas and their sums.
    fn sum(&mut self, plan: &Plan, plain: &PlainPlan) {
        let n = self.places.len();
        self.areas.resize(self.n_areas * n, 0.0);
        let (flat, curved) = self.areas.split_at_mut(plain.offsets.len() * n);
        for (b, &offset) in plain.offsets.iter().enumerate() {
            for (area, hours) in flat[b * n..(b + 1) * n].iter_mut().zip(&self.hours) {
                *area = if *hours > offset { hours - offset } else { 0.0 };
            }
        }
        for (c, &service) in plain.curves.iter().enumerate() {
            let curve = &plan.services[service].present;
            for (i, (&start, &hours)) in self.starts.iter().zip(&self.hours).enumerate() {
                let last = curve.integral(start + hours);
                for (b, &offset) in plain.offsets.iter().enumerate() {
                    let area = if hours > offset { last - curve.integral(start + offset) } else { 0.0 };
                    curved[(c * plain.offsets.len() + b) * n + i] = area;
                }
            }
        }
        let table = self.n_risks * self.n_cells;
        for b in 0..self.n_areas {
            let sums = &mut self.sums[b * table..(b + 1) * table];
            for (&place, area) in self.places.iter().zip(&self.areas[b * n..(b + 1) * n]) {
                sums[place as usize] += area;
            }
        }
        for (&place, &hours) in self.places.iter().zip(&self.hours) {
            let longest = &mut self.longest[place as usize];
            *longest = if hours > *longest { hours } else { *longest };
        }
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

    fn block(&mut self, cells: Range<usize>, which: impl Fn(usize) -> bool) {
        for k in (0..self.n_risks).filter(|&k| which(k)) {
            self.blocked[k * self.n_cells..][cells.clone()].fill(true);
        }
    }

    fn clear(&mut self, plain: &PlainPlan, n_cells: usize) {
        self.n_cells = n_cells;
        self.n_risks = plain.risks.len();
        self.n_areas = plain.offsets.len() * (1 + plain.curves.len());
        self.places.clear();
        self.starts.clear();
        self.hours.clear();
        self.areas.clear();
        self.blocked.clear();
        let table = self.n_risks * n_cells;
        for (list, n) in [(&mut self.sums, self.n_areas * table), (&mut self.longest, table)] {
            list.clear();
            list.resize(n, 0.0);
        }
    }
}

impl View {
    /// Parts the plain outages of a world. `regimes`: of a portfolio's group.
    pub(crate) fn part<'r>(
        &mut self,
        plan: &Plan,
        seer: &ViewPlan,
        world: &mut World,
        regimes: impl Fn(usize, usize) -> &'r [Regime] + Copy,
    ) {
        let Some(plain) = &plan.plain else { return };
        let all = || seer.portfolios.iter().flat_map(|&p| (0..plan.portfolios[p].groups.len()).map(move |g| (p, g)));
        let mut moments = std::mem::take(&mut self.moments);
        moments.clear();
        moments.extend(self.lasting_ends());
        moments.extend(all().flat_map(|(p, g)| regimes(p, g)).map(|r| r.start));
        if !self.lasting.is_empty() {
            // By then all is open that opens because of what lasts.
            for i in 0..moments.len() {
                moments.push(moments[i] + plain.settles());
            }
        }
        self.cells(plan, moments.drain(..));
        self.moments = moments;
        world.restore();
        self.gather(seer, world);
        let mut alone = std::mem::take(&mut self.alone);
        alone.clear(plain, self.cells.len());
        alone.blocked.resize(plain.risks.len() * alone.n_cells, false);
        self.block_changed(&mut alone);
        alone.stretches.clear();
        for (p, g) in all() {
            self.stretch(plan, plain, (p, g), regimes(p, g), &mut alone);
        }
        let drawn = std::mem::take(&mut world.plain);
        let n_plain = drawn.starts.len();
        alone.places.resize(n_plain, 0);
        alone.starts.resize(n_plain, 0.0);
        alone.hours.resize(n_plain, 0.0);
        let bounds = &self.cells.bounds[1..];
        let (mut cell, mut n) = (0, 0);
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
            let place = k * alone.n_cells + cell;
            let settled = end < bounds[cell]
                && self.crowd.is_alone(i)
                && !alone.blocked[place]
                && (plain.works >= 1.0 || works(plan, plain, &plain.risks[k], world.trial, drawn.counter(k, i)));
            if settled {
                (alone.places[n], alone.starts[n], alone.hours[n]) = (super::index(place), start, end - start);
                n += 1;
            } else if end < f64::INFINITY {
                world.promote(plan, &plain.risks[k], drawn.counter(k, i), start, end - start);
            }
        }
        alone.places.truncate(n);
        alone.starts.truncate(n);
        alone.hours.truncate(n);
        alone.sum(plan, plain);
        world.plain = drawn;
        self.take_down(plan, plain, &alone);
        self.alone = alone;
    }

    /// When something that lasts begins or ends.
    fn lasting_ends(&self) -> impl Iterator<Item = f64> + use<'_> {
        self.lasting.iter().flat_map(|l| [l.start, l.end])
    }

    /// Blocks the cells in which revenue has changed.
    fn block_changed(&self, alone: &mut Alone) {
        for change in self.revenues.iter().flatten() {
            for (cell, bounds) in self.cells.bounds.windows(2).enumerate() {
                if bounds[0] < change.end && bounds[1] > change.start {
                    alone.block(cell..cell + 1, |_| true);
                }
            }
        }
    }

    /// Finds the stretches of a portfolio's group, and blocks outages that meet what lasts on a vendor of theirs, or come
    /// before the response to it has settled.
    fn stretch(&self, plan: &Plan, plain: &PlainPlan, of: (usize, usize), regimes: &[Regime], alone: &mut Alone) {
        let bounds = &self.cells.bounds;
        let n_cells = alone.n_cells;
        let place = |t: f64| bounds.partition_point(|&b| b < t).min(n_cells);
        let portfolio = &plan.portfolios[of.0];
        let simple = portfolio.failover.as_ref().is_none_or(|f| f.works >= 1.0)
            && portfolio.harmless.iter().all(|hours| *hours == f64::INFINITY);
        for (r, regime) in regimes.iter().enumerate() {
            let cells =
                if regime.start == 0.0 && regime.last { 0..n_cells } else { place(regime.start)..place(regime.end) };
            let matters = |l: &Interruption| {
                l.start < regime.end
                    && l.end > regime.start
                    && plan.risks[l.risk as usize].reach.iter().any(|v| regime.roles[v.0] != Role::None)
            };
            if !self.lasting.iter().any(matters) {
                alone.stretches.push(Stretch { of, regime: r, cells, lasting: Vec::new() });
                continue;
            }
            let mut lasting = Vec::new();
            let mut first = cells.start;
            for cell in cells.clone() {
                let here = |l: &Interruption| l.start < bounds[cell + 1] && l.end > bounds[cell] && matters(l);
                let now = || (0_u32..).zip(&self.lasting).filter(|(_, l)| here(l)).map(|(i, _)| i);
                if !now().eq(lasting.iter().copied()) {
                    if cell > first {
                        let before = std::mem::take(&mut lasting);
                        alone.stretches.push(Stretch { of, regime: r, cells: first..cell, lasting: before });
                    }
                    lasting.clear();
                    lasting.extend(now());
                    first = cell;
                }
                let settled = |i: &u32| {
                    let since = self.lasting[*i as usize].start.max(regime.start);
                    bounds[cell] >= since + plain.settles()
                };
                if lasting.is_empty() {
                    continue;
                }
                if simple && lasting.iter().all(settled) {
                    let meets = |k: usize| {
                        let reach = |risk: usize| plan.risks[risk].reach.iter().map(|v| v.0);
                        let on = |v: usize| {
                            lasting.iter().any(|&i| reach(self.lasting[i as usize].risk as usize).any(|w| w == v))
                        };
                        reach(plain.risks[k].risk).any(|v| regime.roles[v] != Role::None && on(v))
                    };
                    alone.block(cell..cell + 1, meets);
                } else {
                    alone.block(cell..cell + 1, |_| true);
                }
            }
            alone.stretches.push(Stretch { of, regime: r, cells: first..cells.end, lasting });
        }
    }

    /// The event of something that lasts, by its place in a stretch.
    pub(crate) fn lasting_event(&self, stretch: &Stretch, place: usize) -> u32 {
        self.lasting[stretch.lasting[place] as usize].by.event
    }

    /// What lasts during a stretch, vendor by vendor.
    pub(crate) fn beside(&self, plan: &Plan, stretch: &Stretch, regime: &Regime) -> Beside {
        let lasts: Vec<Interruption> = stretch.lasting.iter().map(|&i| self.lasting[i as usize]).collect();
        let mut beside = Beside::default();
        if lasts.is_empty() {
            return beside;
        }
        for vendor in (0..plan.vendors.len()).filter(|&v| regime.roles[v] != Role::None) {
            let beneath = plan.graph.beneath(vendor);
            let on = |l: &Interruption| plan.risks[l.risk as usize].on.iter().any(|n| beneath.contains(n));
            let active: Vec<Interruption> = lasts.iter().filter(|l| on(l)).copied().collect();
            let places = (0..lasts.len()).filter(|&i| on(&lasts[i]));
            if active.is_empty() {
                continue;
            }
            let (mut own, mut scratch) = (vec![1.0; plan.n_nodes], vec![1.0; plan.n_nodes]);
            let available = available(plan, vendor, &active, &mut own, &mut scratch);
            if available < 1.0 {
                let mut takers = Vec::new();
                share_out(plan, vendor, &active, &mut takers);
                let takers = places.zip(takers).map(|(i, t)| (i, t.part)).collect();
                beside.falls.push(Fallen { vendor, available, takers });
            }
        }
        beside
    }

    /// Adds what outages alone take to the hours down, given what lasts meanwhile.
    fn take_down(&mut self, plan: &Plan, plain: &PlainPlan, alone: &Alone) {
        let all = 0..alone.n_cells;
        let hours = |k: usize, cells: Range<usize>| alone.sums(0, k)[cells].iter().sum::<f64>();
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
