//! Parts the plain outages that somebody sees: those that have their part of time for themselves are summed by risk and cell,
//! those that touch only each other form clusters, the others become events, to be settled one by one.

mod beside;
mod places;

use std::ops::Range;

use beside::Beside;
use fearless_simd::{Level, dispatch};
use places::{Outages, Places, Sums, month, place};

use super::cluster::{Clusters, Crowded, Numbered};
use super::{Regime, Role};
use crate::chance::event_counter;
use crate::lanes::clear;
use crate::plan::plain::{PlainPlan, PlainRisk, strikes};
use crate::plan::{Plan, ViewPlan};
use crate::view::{Cells, View};
use crate::world::plain::Plain as Drawn;
use crate::world::{Interruption, World};

/// Plain outages that are alone, and their sums. Kept between trials for its memory.
///
/// *Area* number `b` of an outage is the integral of a curve from some hours after its beginning to its end:
/// `b` = curve × number of offsets + offset. Rows of cells are as wide as [`Cells::width`](crate::view::Cells::width).
#[derive(Debug, Default)]
pub(crate) struct Alone {
    n_cells: usize,
    width: usize,
    n_areas: usize,
    n_risks: usize,
    /// Per plain outage of the world: its cell; one beyond all cells if it is not alone.
    places: Vec<u32>,
    /// Per outage of a plain risk: whether it touches another, or failover does not work from where it strikes.
    unsettled: Vec<bool>,
    /// Per area of a curve that is not flat, and outage.
    curved: Vec<f64>,
    /// Per area and plain risk, a row of cells: sums over outages.
    sums: Vec<f64>,
    /// Per plain risk, a row of cells: the longest; and the longest of all.
    longest: Vec<f64>,
    longest_of_all: Vec<f64>,
    /// Where sums of the second area go if there is none.
    spare: Vec<f64>,
    /// Per plain risk, a row of cells: whether its outages are settled one by one.
    blocked: Vec<bool>,
    pub(crate) stretches: Vec<Stretch>,
    /// Stretch after stretch: what lasts and matters, by its number in the view.
    lasting: Vec<u32>,
    /// Outages that are not alone, but touch none but plain ones.
    pub(crate) clusters: Clusters,
    crowded: Vec<Crowded>,
    /// Per cell: the vendors struck by what lasts, a bit each; all where it matters to somebody.
    struck: Vec<u64>,
    moments: Vec<f64>,
    /// Ends of the cells, the last infinite.
    ends: Vec<f64>,
    /// Numbers of the outages that are not alone, among their risk's.
    others: Vec<u32>,
    /// Those that become events: risk and number.
    promoted: Vec<(usize, u32)>,
    /// What lasts and matters to a group: its number in the view, its cells, and where the response to it has settled.
    lasts: Vec<(u32, Range<usize>, usize)>,
    beside: Beside,
}

/// Cells during which a group of services is placed alike beside the same things that last.
#[derive(Debug)]
pub(crate) struct Stretch {
    /// Portfolio and group.
    pub(crate) of: (usize, usize),
    /// Number of the regime.
    pub(crate) regime: usize,
    pub(crate) cells: Range<usize>,
    /// What lasts and matters, among that of all stretches.
    lasting: Range<usize>,
}

/// A group that uses at most so many vendors is placed alike in many trials, whatever was lost.
const FEW: usize = 4;

impl Stretch {
    /// Nothing lasts that matters.
    pub(crate) fn is_quiet(&self) -> bool {
        self.lasting.is_empty()
    }
}

impl Alone {
    /// What lasts during a stretch and matters.
    pub(crate) fn lasts<'a>(
        &'a self,
        stretch: &Stretch,
        view: &'a View,
    ) -> impl Iterator<Item = &'a Interruption> + 'a {
        self.lasting[stretch.lasting.clone()].iter().map(|&i| &view.lasting[i as usize])
    }

    /// The event of something that lasts, by its place.
    pub(crate) fn lasting_event(&self, stretch: &Stretch, view: &View, place: usize) -> u32 {
        view.lasting[self.lasting[stretch.lasting.start + place] as usize].by.event
    }

    /// Sums of an area of a plain risk's outages, a row of cells.
    #[inline]
    pub(crate) fn sums(&self, area: usize, risk: usize) -> &[f64] {
        &self.sums[(area * self.n_risks + risk) * self.width..][..self.width]
    }

    /// The cell of each outage of a plain risk, and an area of it by its number.
    pub(crate) fn each<'a>(
        &'a self,
        plain: &'a PlainPlan,
        drawn: &'a Drawn,
        risk: usize,
    ) -> impl Iterator<Item = (usize, impl Fn(usize) -> f64 + 'a)> + 'a {
        let (n, flat) = (self.places.len(), plain.offsets.len());
        let alone = drawn.of(risk).map(|i| (i, self.places[i] as usize)).filter(|&(_, cell)| cell < self.n_cells);
        alone.map(move |(i, cell)| {
            let area = move |b: usize| match plain.offsets.get(b) {
                Some(offset) => (drawn.hours(i) - offset).max(0.0),
                None => self.curved[(b - flat) * n + i],
            };
            (cell, area)
        })
    }

    /// Sums the areas that lie behind the first.
    fn sum(&mut self, plan: &Plan, plain: &PlainPlan, drawn: &Drawn) {
        let (n, n_offsets) = (self.places.len(), plain.offsets.len());
        self.curved.resize((self.n_areas - n_offsets) * n, 0.0);
        for (c, &service) in plain.curves.iter().enumerate() {
            let curve = &plan.services[service].present;
            for (i, &start) in drawn.used().0.iter().enumerate() {
                if self.places[i] as usize == self.n_cells {
                    continue;
                }
                let hours = drawn.hours(i);
                let last = curve.integral(start + hours);
                for (b, &offset) in plain.offsets.iter().enumerate() {
                    let area = if hours > offset { last - curve.integral(start + offset) } else { 0.0 };
                    self.curved[(c * n_offsets + b) * n + i] = area;
                }
            }
        }
        let mut rows = self.sums.chunks_exact_mut(self.width).skip(self.n_risks * n_offsets.min(2));
        for offset in plain.offsets.iter().skip(2) {
            for (k, sums) in rows.by_ref().take(self.n_risks).enumerate() {
                for (&place, i) in self.places[drawn.of(k)].iter().zip(drawn.of(k)) {
                    let hours = drawn.hours(i);
                    sums[place as usize] += if hours > *offset { hours - offset } else { 0.0 };
                }
            }
        }
        for areas in self.curved.chunks_exact(n.max(1)) {
            for (k, sums) in rows.by_ref().take(self.n_risks).enumerate() {
                for (&place, area) in self.places[drawn.of(k)].iter().zip(&areas[drawn.of(k)]) {
                    sums[place as usize] += area;
                }
            }
        }
        // What is not alone was summed as well, where no cell is.
        self.sums.chunks_exact_mut(self.width).chain(self.longest.chunks_exact_mut(self.width)).for_each(|row| {
            row[self.n_cells] = 0.0;
        });
    }

    /// The longest outage of a plain risk in each cell, a row of cells; 0 where there is none.
    #[inline]
    pub(crate) fn longest(&self, risk: usize) -> &[f64] {
        &self.longest[risk * self.width..][..self.width]
    }

    /// The longest outage of a plain risk; 0 if there is none.
    pub(crate) fn longest_of_all(&self, risk: usize) -> f64 {
        self.longest_of_all[risk]
    }

    /// How many areas an outage has.
    pub(crate) fn n_areas(&self) -> usize {
        self.n_areas
    }

    fn block(&mut self, cells: Range<usize>, which: impl Fn(usize) -> bool) {
        for k in (0..self.n_risks).filter(|&k| which(k)) {
            self.blocked[k * self.width..][cells.clone()].fill(true);
        }
    }

    fn clear(&mut self, plain: &PlainPlan, cells: &Cells) {
        (self.n_cells, self.width) = (cells.len(), cells.width());
        self.n_risks = plain.n_used();
        self.n_areas = plain.offsets.len() * (1 + plain.curves.len());
        self.curved.clear();
        clear(&mut self.sums, self.n_areas * self.n_risks * self.width);
        clear(&mut self.longest, self.n_risks * self.width);
        self.spare.resize(if plain.offsets.len() < 2 { self.n_risks * self.width } else { 0 }, 0.0);
        self.blocked.clear();
        self.blocked.resize(self.n_risks * self.width, false);
        self.struck.clear();
        self.struck.resize(self.n_cells, 0);
        self.clusters.clear();
        self.crowded.clear();
        self.stretches.clear();
        self.lasting.clear();
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
        moments.extend(view.lasting.iter().map(|l| l.end));
        // Some hours after it begins all is open that opens because of what lasts; and after it meets another placement.
        let settles = (!view.lasting.is_empty()).then(|| plain.settles());
        let begin = view.lasting.iter().map(|l| l.start);
        let begin = begin.chain(all().flat_map(|(p, g)| regimes(p, g)).map(|r| r.start).filter(|&start| start > 0.0));
        moments.extend(begin.flat_map(|t| [Some(t), settles.map(|hours| t + hours)]).flatten());
        view.cut(plan, moments.drain(..));
        view.gather(plan, world);
        self.clear(plain, &view.cells);
        self.block_changed(view);
        self.strike(plan, view);
        for (p, g) in all() {
            self.stretch(plan, plain, view, (p, g), regimes(p, g));
        }
        self.sift(plan, plain, view, world);
        self.sum(plan, plain, &world.plain);
        dispatch!(Level::new(), simd => self.take_down(simd, plan, plain, view));
        self.clusters.take_down(plan, plain, &mut view.down);
    }

    /// Finds the places of those that are alone, sums their hours, and makes events of the others.
    fn sift(&mut self, plan: &Plan, plain: &PlainPlan, view: &View, world: &mut World) {
        self.ends.clear();
        self.ends.extend_from_slice(&view.cells.bounds[1..]);
        // What ends with the trial lies within the last cell.
        self.ends[self.n_cells - 1] = f64::INFINITY;
        let drawn = std::mem::take(&mut world.plain);
        let n = drawn.used().0.len();
        self.places.resize(n, 0);
        let starts = drawn.used().0;
        dispatch!(Level::new(), _ => self.places.iter_mut().zip(starts).for_each(|(place, &t)| *place = month(t)));
        self.others.resize(n, 0);
        let cells = Places { ends: &self.ends, firsts: &view.cells.first_of_month };
        // Those of the second area, which most scenarios have, are summed at once.
        let (first, rest) = self.sums.split_at_mut(self.n_risks * self.width);
        let second = if plain.offsets.len() > 1 { rest } else { &mut self.spare[..] };
        let mut second = second.chunks_exact_mut(self.width);
        let offset = plain.offsets.get(1).copied().unwrap_or(f64::INFINITY);
        let rows = first.chunks_exact_mut(self.width).zip(self.longest.chunks_exact_mut(self.width));
        for (((k, risk), (sums, longest)), blocked) in
            plain.risks[..self.n_risks].iter().enumerate().zip(rows).zip(self.blocked.chunks_exact(self.width))
        {
            let of = drawn.of(k);
            let (starts, ends) = (&drawn.starts[of.clone()], &drawn.ends[of.clone()]);
            let mut touched = &view.crowd.touched(of.end)[of.start..];
            if plain.works < 1.0 {
                let works = |j| works(plan, plain, risk, world.trial, j);
                self.unsettled.clear();
                self.unsettled.extend((0..).zip(touched).map(|(j, &touched)| touched || !works(j)));
                touched = &self.unsettled;
            }
            let beyond = (second.next().unwrap_or_default(), offset);
            let n_others = place(
                Outages { starts, ends, touched },
                (cells, blocked),
                &mut self.places[of.clone()],
                Sums { hours: sums, longest, beyond },
                &mut self.others[of.clone()],
            );
            for &j in &self.others[of.clone()][..n_others] {
                let i = of.start + j as usize;
                let (start, end) = (drawn.starts[i], drawn.ends[i]);
                if end < f64::INFINITY {
                    let cell = cells.of(month(start), start);
                    let apart = risk.strikes.is_some_and(|strikes| strikes & self.struck[cell] == 0);
                    let together = apart && end < cells.ends[cell] && !blocked[cell];
                    let cell = together.then_some(index(cell));
                    self.crowded.push(Crowded {
                        start,
                        end,
                        plain: Some(Numbered { risk: index(k), number: j, cell }),
                    });
                }
            }
        }
        let events = view.crowd.touched_behind(n).map(|(start, end)| Crowded { start, end, plain: None });
        self.crowded.extend(events);
        let promote = &mut self.promoted;
        self.clusters.form(plain, &mut self.crowded, |k, j| promote.push((k, j)));
        // Events stand in order by risk.
        promote.sort_unstable();
        for (k, j) in promote.drain(..) {
            let i = drawn.of(k).start + j as usize;
            world.promote(plan, &plain.risks[k], u64::from(j), drawn.starts[i], drawn.hours(i));
        }
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

    /// Notes whom what lasts strikes.
    fn strike(&mut self, plan: &Plan, view: &View) {
        for lasting in &view.lasting {
            let vendors = strikes(plan.risks[lasting.risk as usize].reach.iter().map(|r| r.0));
            for (struck, bounds) in self.struck.iter_mut().zip(view.cells.bounds.windows(2)) {
                *struck |= if bounds[0] < lasting.end && bounds[1] > lasting.start { vendors } else { 0 };
            }
        }
    }

    /// Finds the stretches of a portfolio's group, and blocks outages that come before the response to what lasts has settled;
    /// in a group of many vendors also those that meet it on a vendor of theirs.
    fn stretch(&mut self, plan: &Plan, plain: &PlainPlan, view: &View, of: (usize, usize), regimes: &[Regime]) {
        let bounds = &view.cells.bounds;
        let n_cells = self.n_cells;
        let place = |t: f64| bounds.partition_point(|&b| b < t).min(n_cells);
        let portfolio = &plan.portfolios[of.0];
        let simple = portfolio.failover.as_ref().is_none_or(|f| f.works >= 1.0)
            && portfolio.harmless.iter().all(|hours| *hours == f64::INFINITY);
        // Of many vendors there are so many ways to place traffic that hardly one is met again.
        let many = regimes[0].roles.iter().filter(|role| **role != Role::None).count() > FEW;
        for (r, regime) in regimes.iter().enumerate() {
            let cells =
                if regime.start == 0.0 && regime.last { 0..n_cells } else { place(regime.start)..place(regime.end) };
            let matters = |l: &Interruption| {
                l.start < regime.end
                    && l.end > regime.start
                    && plan.risks[l.risk as usize].reach.iter().any(|v| regime.roles[v.0] != Role::None)
            };
            if many && r > 0 {
                self.struck[cells.clone()].fill(u64::MAX);
            }
            if !view.lasting.iter().any(matters) {
                self.stretches.push(Stretch { of, regime: r, cells, lasting: 0..0 });
                continue;
            }
            // What lasts and matters: from which cell on, up to which, and where the response to it has settled.
            let cell_of = |t: f64| bounds[1..n_cells].partition_point(|&b| b <= t);
            let mut lasts = std::mem::take(&mut self.lasts);
            lasts.clear();
            lasts.extend(
                (0..).zip(&view.lasting).filter(|(_, l)| matters(l)).map(|(i, l)| {
                    (i, cell_of(l.start)..place(l.end), place(l.start.max(regime.start) + plain.settles()))
                }),
            );
            let mut first = cells.start;
            while first < cells.end {
                let turns =
                    lasts.iter().flat_map(|(_, cells, _)| [cells.start, cells.end]).filter(|&turn| turn > first);
                let cells = first..turns.fold(cells.end, usize::min);
                let here = || lasts.iter().filter(|(_, cells, _)| cells.contains(&first));
                let before = self.lasting.len();
                self.lasting.extend(here().map(|l| l.0));
                let lasting = before..self.lasting.len();
                if !lasting.is_empty() {
                    self.struck[cells.clone()].fill(u64::MAX);
                    let settled = here().map(|l| l.2).fold(cells.start, usize::max).min(cells.end);
                    let settled = if simple { settled } else { cells.end };
                    self.block(cells.start..settled, |_| true);
                    if many {
                        let reach = |risk: usize| plan.risks[risk].reach.iter().map(|v| v.0);
                        let lost =
                            |v: usize| here().any(|l| reach(view.lasting[l.0 as usize].risk as usize).any(|w| w == v));
                        let meets =
                            |k: usize| reach(plain.risks[k].risk).any(|v| regime.roles[v] != Role::None && lost(v));
                        self.block(settled..cells.end, meets);
                    }
                }
                first = cells.end;
                self.stretches.push(Stretch { of, regime: r, cells, lasting });
            }
            self.lasts = lasts;
        }
    }
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
