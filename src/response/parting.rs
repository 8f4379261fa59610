//! Parts the plain outages that somebody sees: those that have their part of time for themselves are summed by risk and cell,
//! the others become events, to be settled one by one.

use std::ops::Range;

use super::reaction::{Beside, Fallen};
use super::{Regime, Role};
use crate::chance::event_counter;
use crate::plan::plain::{PlainPlan, PlainRisk};
use crate::plan::{Plan, ViewPlan};
use crate::view::{View, available, share_out};
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
    moments: Vec<f64>,
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

    /// The event of something that lasts, by its place.
    pub(crate) fn lasting_event(&self, view: &View, place: usize) -> u32 {
        view.lasting[self.lasting[place] as usize].by.event
    }

    /// What lasts, vendor by vendor.
    pub(crate) fn beside(&self, plan: &Plan, view: &View, regime: &Regime) -> Beside {
        let lasts: Vec<Interruption> = self.lasting.iter().map(|&i| view.lasting[i as usize]).collect();
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

impl Alone {
    /// Parts the plain outages of a world, and cuts the view's cells for them. `regimes`: of a portfolio's group.
    pub(crate) fn part<'r>(
        &mut self,
        plan: &Plan,
        seer: &ViewPlan,
        world: &mut World,
        view: &mut View,
        regimes: impl Fn(usize, usize) -> &'r [Regime] + Copy,
    ) {
        let Some(plain) = &plan.plain else { return };
        let all = || seer.portfolios.iter().flat_map(|&p| (0..plan.portfolios[p].groups.len()).map(move |g| (p, g)));
        let moments = &mut self.moments;
        moments.clear();
        moments.extend(lasting_ends(view));
        moments.extend(all().flat_map(|(p, g)| regimes(p, g)).map(|r| r.start));
        if !view.lasting.is_empty() {
            // By then all is open that opens because of what lasts.
            for i in 0..moments.len() {
                moments.push(moments[i] + plain.settles());
            }
        }
        view.cut(plan, moments.drain(..));
        world.restore();
        view.gather(seer, world);
        self.clear(plain, view.cells.len());
        self.blocked.resize(plain.risks.len() * self.n_cells, false);
        self.block_changed(view);
        self.stretches.clear();
        for (p, g) in all() {
            self.stretch(plan, plain, view, (p, g), regimes(p, g));
        }
        self.sift(plan, plain, view, world);
        self.sum(plan, plain);
        self.take_down(plan, plain, view);
    }

    /// Keeps those that are alone; makes events of the others.
    fn sift(&mut self, plan: &Plan, plain: &PlainPlan, view: &View, world: &mut World) {
        let drawn = std::mem::take(&mut world.plain);
        let n_plain = drawn.starts.len();
        self.places.resize(n_plain, 0);
        self.starts.resize(n_plain, 0.0);
        self.hours.resize(n_plain, 0.0);
        let bounds = &view.cells.bounds[1..];
        let (mut cell, mut n) = (0, 0);
        for &i in &view.crowd.order {
            let i = i as usize;
            if i >= n_plain {
                continue;
            }
            let (start, end) = (drawn.starts[i], drawn.ends[i]);
            while bounds[cell] <= start && cell + 1 < bounds.len() {
                cell += 1;
            }
            let k = drawn.risks[i] as usize;
            let place = k * self.n_cells + cell;
            let alone = end < bounds[cell]
                && view.crowd.is_alone(i)
                && !self.blocked[place]
                && (plain.works >= 1.0 || works(plan, plain, &plain.risks[k], world.trial, drawn.counter(k, i)));
            if alone {
                (self.places[n], self.starts[n], self.hours[n]) = (index(place), start, end - start);
                n += 1;
            } else if end < f64::INFINITY {
                world.promote(plan, &plain.risks[k], drawn.counter(k, i), start, end - start);
            }
        }
        self.places.truncate(n);
        self.starts.truncate(n);
        self.hours.truncate(n);
        world.plain = drawn;
    }

    /// Blocks the cells in which revenue has changed.
    fn block_changed(&mut self, view: &View) {
        for change in view.revenues.iter().flatten() {
            for (cell, bounds) in view.cells.bounds.windows(2).enumerate() {
                if bounds[0] < change.end && bounds[1] > change.start {
                    self.block(cell..cell + 1, |_| true);
                }
            }
        }
    }

    /// Finds the stretches of a portfolio's group, and blocks outages that meet what lasts on a vendor of theirs, or come
    /// before the response to it has settled.
    fn stretch(&mut self, plan: &Plan, plain: &PlainPlan, view: &View, of: (usize, usize), regimes: &[Regime]) {
        let bounds = &view.cells.bounds;
        let n_cells = self.n_cells;
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
            if !view.lasting.iter().any(matters) {
                self.stretches.push(Stretch { of, regime: r, cells, lasting: Vec::new() });
                continue;
            }
            let mut lasting = Vec::new();
            let mut first = cells.start;
            for cell in cells.clone() {
                let here = |l: &Interruption| l.start < bounds[cell + 1] && l.end > bounds[cell] && matters(l);
                let now = || (0_u32..).zip(&view.lasting).filter(|(_, l)| here(l)).map(|(i, _)| i);
                if !now().eq(lasting.iter().copied()) {
                    if cell > first {
                        let before = std::mem::take(&mut lasting);
                        self.stretches.push(Stretch { of, regime: r, cells: first..cell, lasting: before });
                    }
                    lasting.clear();
                    lasting.extend(now());
                    first = cell;
                }
                let settled = |i: &u32| {
                    let since = view.lasting[*i as usize].start.max(regime.start);
                    bounds[cell] >= since + plain.settles()
                };
                if lasting.is_empty() {
                    continue;
                }
                if simple && lasting.iter().all(settled) {
                    let meets = |k: usize| {
                        let reach = |risk: usize| plan.risks[risk].reach.iter().map(|v| v.0);
                        let on = |v: usize| {
                            lasting.iter().any(|&i| reach(view.lasting[i as usize].risk as usize).any(|w| w == v))
                        };
                        reach(plain.risks[k].risk).any(|v| regime.roles[v] != Role::None && on(v))
                    };
                    self.block(cell..cell + 1, meets);
                } else {
                    self.block(cell..cell + 1, |_| true);
                }
            }
            self.stretches.push(Stretch { of, regime: r, cells: first..cells.end, lasting });
        }
    }

    /// Adds what outages alone take to the hours down, given what lasts meanwhile.
    fn take_down(&self, plan: &Plan, plain: &PlainPlan, view: &mut View) {
        let all = 0..self.n_cells;
        let hours = |k: usize, cells: Range<usize>| self.sums(0, k)[cells].iter().sum::<f64>();
        if view.lasting.is_empty() {
            for (k, risk) in plain.risks.iter().enumerate() {
                risk.takes.iter().for_each(|&(v, takes)| view.down[v] += takes * hours(k, all.clone()));
            }
            return;
        }
        let mut turns: Vec<usize> =
            lasting_ends(view).map(|t| view.cells.bounds.partition_point(|&b| b < t).min(self.n_cells)).collect();
        turns.extend([0, self.n_cells]);
        turns.sort_unstable();
        turns.dedup();
        for turn in turns.windows(2) {
            let cells = turn[0]..turn[1];
            let (from, to) = (view.cells.bounds[turn[0]], view.cells.bounds[turn[1]]);
            let lasts: Vec<Interruption> =
                view.lasting.iter().filter(|l| l.start < to && l.end > from).copied().collect();
            for (k, risk) in plain.risks.iter().enumerate() {
                let hours = hours(k, cells.clone());
                if hours == 0.0 {
                    continue;
                }
                for &(v, takes) in &risk.takes {
                    let beneath = plan.graph.beneath(v);
                    let apart = |l: &Interruption| plan.risks[l.risk as usize].on.iter().all(|n| !beneath.contains(n));
                    let takes = if lasts.iter().all(apart) { takes } else { takes_beside(plan, risk, v, &lasts) };
                    view.down[v] += takes * hours;
                }
            }
        }
    }
}

/// When something that lasts begins or ends.
fn lasting_ends(view: &View) -> impl Iterator<Item = f64> + '_ {
    view.lasting.iter().flat_map(|l| [l.start, l.end])
}

/// What an outage takes of a vendor beside what lasts.
fn takes_beside(plan: &Plan, risk: &PlainRisk, vendor: usize, lasts: &[Interruption]) -> f64 {
    let (mut own, mut scratch) = (vec![1.0; plan.n_nodes], vec![1.0; plan.n_nodes]);
    let before = available(plan, vendor, lasts, &mut own, &mut scratch);
    for &node in plan.risks[risk.risk].on.iter().filter(|n| plan.graph.beneath(vendor).contains(n)) {
        own[node] *= risk.leaves;
    }
    before - plan.graph.availability(vendor, |node| own[node], &mut scratch)
}

/// Whether failover would work from every vendor that an outage strikes.
fn works(plan: &Plan, plain: &PlainPlan, risk: &PlainRisk, trial: u64, counter: u64) -> bool {
    let counter = event_counter(plan.risks[risk.risk].hash, counter);
    risk.takes.iter().all(|&(v, _)| plan.vendors[v].failover.uniform(trial, counter) < plain.works)
}

#[expect(clippy::cast_possible_truncation, reason = "fewer than events")]
fn index(place: usize) -> u32 {
    place as u32
}
