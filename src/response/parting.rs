//! Parts the plain outages that somebody sees: those that have their part of time for themselves are summed by risk and cell,
//! the others become events, to be settled one by one.

use std::ops::Range;

use fearless_simd::{Level, dispatch};

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
    /// Per plain outage of the world: the place of its risk and cell, risk × number of cells + cell; one beyond all places if
    /// it is not alone.
    places: Vec<u32>,
    /// Per plain outage of the world.
    hours: Vec<f64>,
    /// Per area of a curve that is not flat, and outage.
    curved: Vec<f64>,
    /// Per area, plain risk and cell: sums over outages; after those of an area, what is summed of outages that are not alone.
    sums: Vec<f64>,
    /// Per plain risk and cell: the longest; last of those that are not alone.
    longest: Vec<f64>,
    /// Per plain risk and cell: whether its outages are settled one by one.
    blocked: Vec<bool>,
    pub(crate) stretches: Vec<Stretch>,
    moments: Vec<f64>,
    /// Per part of time: the first cell that it touches.
    parts: Vec<u32>,
    /// Ends of the cells, the last infinite.
    ends: Vec<f64>,
    /// Numbers of the outages that are not alone, among their risk's.
    others: Vec<u32>,
}

/// Parts of time by which cells are found.
const PARTS: usize = 512;

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

    /// Risks that last, and what they leave: all that a response beside them depends on.
    pub(crate) fn lasts<'v>(&'v self, view: &'v View) -> impl Iterator<Item = (u32, f64)> + 'v {
        self.lasting.iter().map(|&i| (view.lasting[i as usize].risk, view.lasting[i as usize].leaves))
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
        let first = area * (self.n_risks * self.n_cells + 1) + risk * self.n_cells;
        &self.sums[first..first + self.n_cells]
    }

    /// The sum of an area of a plain risk's outages over cells, in four strands: one alone would wait on itself.
    pub(crate) fn total(&self, area: usize, risk: usize, cells: Range<usize>) -> f64 {
        let (fours, rest) = self.sums(area, risk)[cells].as_chunks::<4>();
        let add = |s: [f64; 4], x: &[f64; 4]| [s[0] + x[0], s[1] + x[1], s[2] + x[2], s[3] + x[3]];
        let strands = fours.iter().fold([0.0; 4], add);
        (strands[0] + strands[1]) + (strands[2] + strands[3]) + rest.iter().sum::<f64>()
    }

    /// The cell of each outage of a plain risk, and an area of it by its number. `outages`: all that were drawn of the risk.
    pub(crate) fn each<'a>(
        &'a self,
        plain: &'a PlainPlan,
        risk: usize,
        outages: Range<usize>,
    ) -> impl Iterator<Item = (usize, impl Fn(usize) -> f64 + 'a)> + 'a {
        let (n, flat) = (self.places.len(), plain.offsets.len());
        let cell =
            move |i: usize| (self.places[i] as usize).checked_sub(risk * self.n_cells).filter(|&c| c < self.n_cells);
        outages.filter_map(move |i| Some((i, cell(i)?))).map(move |(i, cell)| {
            let area = move |b: usize| match plain.offsets.get(b) {
                Some(offset) => (self.hours[i] - offset).max(0.0),
                None => self.curved[(b - flat) * n + i],
            };
            (cell, area)
        })
    }

    /// Fills areas and their sums.
    #[expect(clippy::inline_always, reason = "it is compiled anew for each width of vectors")]
    #[inline(always)]
    fn sum(&mut self, plan: &Plan, plain: &PlainPlan, starts: &[f64]) {
        let (n, n_offsets, table) = (self.places.len(), plain.offsets.len(), self.n_risks * self.n_cells + 1);
        for (sums, offset) in self.sums.chunks_exact_mut(table).zip(&plain.offsets) {
            for (&place, hours) in self.places.iter().zip(&self.hours) {
                sums[place as usize] += if hours > offset { hours - offset } else { 0.0 };
            }
        }
        for (&place, &hours) in self.places.iter().zip(&self.hours) {
            let longest = &mut self.longest[place as usize];
            *longest = if hours > *longest { hours } else { *longest };
        }
        if plain.curves.is_empty() {
            return;
        }
        self.curved.resize((self.n_areas - n_offsets) * n, 0.0);
        for (c, &service) in plain.curves.iter().enumerate() {
            let curve = &plan.services[service].present;
            for (i, (&start, &hours)) in starts.iter().zip(&self.hours).enumerate() {
                if self.places[i] as usize == table - 1 {
                    continue;
                }
                let last = curve.integral(start + hours);
                for (b, &offset) in plain.offsets.iter().enumerate() {
                    let area = if hours > offset { last - curve.integral(start + offset) } else { 0.0 };
                    self.curved[(c * n_offsets + b) * n + i] = area;
                }
            }
        }
        let sums = self.sums.chunks_exact_mut(table).skip(n_offsets);
        for (sums, areas) in sums.zip(self.curved.chunks_exact(n.max(1))) {
            for (&place, area) in self.places.iter().zip(areas) {
                sums[place as usize] += area;
            }
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
        self.curved.clear();
        self.blocked.clear();
        let table = self.n_risks * n_cells + 1;
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
        dispatch!(Level::new(), _ => {
            self.sift(plan, plain, view, world);
            self.sum(plan, plain, &world.plain.starts);
        });
        self.take_down(plan, plain, view);
    }

    /// Finds the places of those that are alone; makes events of the others.
    #[expect(clippy::needless_bitwise_bool, reason = "a branch less an outage")]
    #[expect(clippy::inline_always, reason = "it is compiled anew for each width of vectors")]
    #[inline(always)]
    fn sift(&mut self, plan: &Plan, plain: &PlainPlan, view: &View, world: &mut World) {
        let part = self.find_cells(&view.cells.bounds[1..]);
        let drawn = std::mem::take(&mut world.plain);
        let (n, nowhere) = (drawn.starts.len(), index(self.n_risks * self.n_cells));
        self.places.resize(n, 0);
        self.hours.resize(n, 0.0);
        self.others.resize(n, 0);
        let (parts, ends) = (&self.parts[..PARTS], &self.ends[..self.n_cells]);
        for (k, risk) in plain.risks.iter().enumerate() {
            let (first, of) = (k * self.n_cells, drawn.of(k));
            let blocked = &self.blocked[first..first + self.n_cells];
            let outages = drawn.starts[of.clone()].iter().zip(&drawn.ends[of.clone()]);
            let found = self.places[of.clone()].iter_mut().zip(&mut self.hours[of.clone()]);
            let (mut n_others, others) = (0, &mut self.others[of.clone()]);
            let all = outages.zip(&view.crowd.touched(n)[of.clone()]).zip(found);
            for (j, (((&start, &end), touched), (place, hours))) in (0_u32..).zip(all) {
                let mut cell = parts[part(start)] as usize;
                while ends[cell] <= start {
                    cell += 1;
                }
                let alone = (end < ends[cell]) & !touched & !blocked[cell];
                *place = if alone { index(first + cell) } else { nowhere };
                *hours = end - start;
                others[n_others] = j;
                n_others += usize::from(!alone);
            }
            for &j in &self.others[of.clone()][..n_others] {
                let i = of.start + j as usize;
                if drawn.ends[i] < f64::INFINITY {
                    world.promote(plan, risk, u64::from(j), drawn.starts[i], self.hours[i]);
                }
            }
            if plain.works < 1.0 {
                for (counter, i) in (0..).zip(of) {
                    if self.places[i] != nowhere && !works(plan, plain, risk, world.trial, counter) {
                        self.places[i] = nowhere;
                        world.promote(plan, risk, counter, drawn.starts[i], self.hours[i]);
                    }
                }
            }
        }
        world.plain = drawn;
    }

    /// Notes the cells' ends, and the first cell of each part of time; gives the part of a moment.
    fn find_cells(&mut self, ends: &[f64]) -> impl Fn(f64) -> usize + use<> {
        // Adding 2^52 leaves the nearest whole number in the lowest bits: cheaper than a cast, which must saturate.
        const WHOLE: f64 = 4_503_599_627_370_496.0;
        #[expect(clippy::cast_precision_loss, reason = "a small number")]
        let scale = (PARTS - 1) as f64 / ends[ends.len() - 1];
        #[expect(clippy::cast_possible_truncation, reason = "the lowest bits are what is wanted")]
        let part = move |t: f64| (t * scale + WHOLE).to_bits() as usize % PARTS;
        self.parts.resize(PARTS, 0);
        let mut from = 0;
        for (cell, &end) in (0..).zip(ends) {
            let to = part(end) + 1;
            self.parts[from..to].fill(cell);
            from = to;
        }
        self.ends.clear();
        self.ends.extend_from_slice(ends);
        // What ends with the trial lies within the last cell.
        self.ends[ends.len() - 1] = f64::INFINITY;
        part
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
            // What lasts and matters: from which cell on, up to which, and where the response to it has settled.
            let cell_of = |t: f64| bounds[1..n_cells].partition_point(|&b| b <= t);
            let lasts: Vec<(u32, Range<usize>, usize)> = (0..)
                .zip(&view.lasting)
                .filter(|(_, l)| matters(l))
                .map(|(i, l)| (i, cell_of(l.start)..place(l.end), place(l.start.max(regime.start) + plain.settles())))
                .collect();
            let mut first = cells.start;
            while first < cells.end {
                let turns =
                    lasts.iter().flat_map(|(_, cells, _)| [cells.start, cells.end]).filter(|&turn| turn > first);
                let cells = first..turns.fold(cells.end, usize::min);
                let here = || lasts.iter().filter(|(_, cells, _)| cells.contains(&first));
                let lasting: Vec<u32> = here().map(|l| l.0).collect();
                if !lasting.is_empty() {
                    let settled = here().map(|l| l.2).fold(cells.start, usize::max).min(cells.end);
                    let settled = if simple { settled } else { cells.end };
                    self.block(cells.start..settled, |_| true);
                    let reach = |risk: usize| plan.risks[risk].reach.iter().map(|v| v.0);
                    let on = |v: usize| {
                        lasting.iter().any(|&i| reach(view.lasting[i as usize].risk as usize).any(|w| w == v))
                    };
                    let meets = |k: usize| reach(plain.risks[k].risk).any(|v| regime.roles[v] != Role::None && on(v));
                    self.block(settled..cells.end, meets);
                }
                first = cells.end;
                self.stretches.push(Stretch { of, regime: r, cells, lasting });
            }
        }
    }

    /// Adds what outages alone take to the hours down, given what lasts meanwhile.
    fn take_down(&self, plan: &Plan, plain: &PlainPlan, view: &mut View) {
        let all = 0..self.n_cells;
        let hours = |k: usize, cells: Range<usize>| self.total(0, k, cells);
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
