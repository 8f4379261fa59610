//! What portfolios that see alike see of a world, as step functions of time: availability of vendors, changes of prices
//! and revenue. Knows neither shares nor money.

pub(crate) mod crowd;
mod seen;
pub(crate) mod sight;
pub(crate) mod taken;
#[cfg(test)]
mod tests;

use crowd::Crowd;
use taken::Taken;

use crate::lanes::width;
use crate::plan::graph::power;
use crate::plan::{Plan, ViewPlan};
use crate::world::{CapabilityChange, CostDue, Interruption, PriceChange, RevenueChange, StakeChange, World};

/// One trial as one group of portfolios sees it. Kept between trials for its memory.
#[derive(Debug, Default)]
pub(crate) struct View {
    /// Per vendor: short falls by one interruption within one cell, during which and at whose ends no other short fall
    /// happens: those that leave nothing, and those that leave a part.
    pub(crate) whole: Vec<Vec<Lone>>,
    pub(crate) partial: Vec<Vec<Lone>>,
    /// Falls of several vendors at once by one interruption, alone in the same way.
    pub(crate) joint: Vec<Joint>,
    /// All other falls, in order of their start.
    pub(crate) falls: Vec<Fall>,
    /// Interruptions that last.
    pub(crate) lasting: Vec<Interruption>,
    /// Steps of the falls.
    pub(crate) steps: Vec<Step>,
    /// Who takes what of each step.
    pub(crate) takers: Vec<Taker>,
    /// Hours down (∫ 1 − A dt) per vendor.
    pub(crate) down: Vec<f64>,
    /// Per vendor who gives credits: what outages alone take of it, in order of time.
    pub(crate) taken: Vec<Vec<Taken>>,
    /// Interruptions long enough to make some portfolio move.
    pub(crate) long: Vec<Interruption>,
    /// Per vendor: price changes in order of their beginning.
    pub(crate) prices: Vec<Vec<PriceChange>>,
    /// Per service: revenue changes in order of their beginning.
    pub(crate) revenues: Vec<Vec<RevenueChange>>,
    pub(crate) costs: Vec<CostDue>,
    /// Per vendor: capability changes in order of their beginning.
    pub(crate) capabilities: Vec<Vec<CapabilityChange>>,
    /// Stake changes in order of their time.
    pub(crate) stakes: Vec<StakeChange>,
    /// Times between which every price is constant: the months, cut where a price changes.
    pub(crate) cells: Cells,
    /// Per outcome: whether it is seen; where events come of others, per event too.
    cuts: Vec<f64>,
    seen: Vec<bool>,
    seen_events: Vec<bool>,
    stopped: Vec<bool>,
    /// Interruptions that are seen and matter; whether the view before had the same, and between which bounds falls were found.
    mattering: Vec<Interruption>,
    same: bool,
    bounds: Vec<f64>,
    order: Vec<(f64, u32)>,
    pub(crate) crowd: Crowd,
    open: Vec<Open>,
    runs: Vec<Run>,
    links: Vec<(u32, u32)>,
    outages: Vec<Interruption>,
    struck: Vec<(usize, f64)>,
    own: Vec<f64>,
    scratch: Vec<f64>,
}

/// A short fall of one vendor while, lasting falls apart, all others stand: nearly every outage is one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Lone {
    pub(crate) start: f64,
    pub(crate) end: f64,
    pub(crate) available: f64,
    pub(crate) event: u32,
    /// The cell in which it lies.
    pub(crate) cell: u32,
}

/// A short fall of several vendors by one interruption while, lasting falls apart, nothing else is wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Joint {
    pub(crate) start: f64,
    pub(crate) end: f64,
    pub(crate) event: u32,
    pub(crate) cell: u32,
    /// Who falls, and what is available then: see [`View::struck`].
    first: usize,
    last: usize,
}

/// Falls longer than this last: they do not keep others from being alone where they do not matter.
const LASTING: f64 = 240.0;

/// A maximal time during which a vendor's availability is below 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Fall {
    pub(crate) vendor: usize,
    pub(crate) start: f64,
    pub(crate) end: f64,
    /// The event that begins it, and whether that is an access loss announced before.
    pub(crate) event: u32,
    pub(crate) announced: bool,
    /// Its steps: `steps[first..last]`.
    pub(crate) first: usize,
    pub(crate) last: usize,
    /// Its availability, if it is a lone one and has no steps.
    pub(crate) alone: Option<f64>,
}

/// A time of constant availability within a fall.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Step {
    pub(crate) start: f64,
    pub(crate) end: f64,
    pub(crate) available: f64,
    /// Its takers: `takers[first..last]`.
    pub(crate) first: usize,
    pub(crate) last: usize,
}

/// The part of what is missing of a vendor that an event answers for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Taker {
    pub(crate) event: u32,
    pub(crate) part: f64,
}

/// Boundaries of cells, the last being the horizon; the month of each cell; the first cell of each month.
#[derive(Debug, Default)]
pub(crate) struct Cells {
    pub(crate) bounds: Vec<f64>,
    pub(crate) months: Vec<usize>,
    pub(crate) first_of_month: Vec<usize>,
}

impl Cells {
    pub(crate) fn len(&self) -> usize {
        self.months.len()
    }

    /// Length of a row with a number per cell.
    pub(crate) fn width(&self) -> usize {
        width(self.len())
    }

    fn end(&self) -> f64 {
        self.bounds[self.len()]
    }

    fn clear(&mut self) {
        self.bounds.clear();
        self.months.clear();
        self.first_of_month.clear();
    }

    /// Begins with a cell each of the first `n` months that has none yet.
    fn open(&mut self, months: &[f64], n: usize) {
        let (new, first) = (self.first_of_month.len()..n, self.len());
        self.bounds.extend_from_slice(&months[new.clone()]);
        self.first_of_month.extend(first..first + new.len());
        self.months.extend(new);
    }

    /// The cells of a year.
    pub(crate) fn of_year(&self, year: usize) -> std::ops::Range<usize> {
        let first = |month: usize| self.first_of_month.get(month).copied().unwrap_or(self.len());
        first(year * 12)..first(year * 12 + 12)
    }

    /// The cell that contains `t`, given its month.
    pub(crate) fn find(&self, month: usize, t: f64) -> usize {
        let mut cell = self.first_of_month[month];
        while cell + 1 < self.len() && self.bounds[cell + 1] <= t {
            cell += 1;
        }
        cell
    }
}

/// The run of overlapping interruptions that a vendor is in.
#[derive(Debug, Clone, Copy)]
struct Open {
    run: usize,
    end: f64,
}

/// Overlapping interruptions that touch one vendor.
#[derive(Debug, Clone, Copy)]
struct Run {
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
    /// Fills the view of `seer` from a world without plain outages.
    pub(crate) fn see(&mut self, plan: &Plan, seer: &ViewPlan, world: &World) {
        self.look(plan, seer, world);
        self.gather(plan, world);
        self.fall(plan, seer, world);
    }

    /// What decisions for good look at: all but falls.
    pub(crate) fn look(&mut self, plan: &Plan, seer: &ViewPlan, world: &World) {
        self.notice(plan, seer, world);
        self.changes(plan, seer, world);
        // Where outages are plain, cells are cut again for them; only playbooks look at any before.
        if plan.plain.is_none() || plan.portfolios.iter().any(|p| !p.playbook.is_empty()) {
            self.cut(plan, std::iter::empty());
        }
        if plan.plain.is_some() {
            // Of plain outages hours are counted before falls are found.
            self.forget_hours(plan);
        }
        self.find_mattering(plan, seer, world);
        self.lasting.clear();
        self.long.clear();
        for interruption in &self.mattering {
            if interruption.length >= plan.least_patience {
                self.long.push(*interruption);
            }
            if interruption.lasts() {
                self.lasting.push(*interruption);
            }
        }
    }

    fn forget_hours(&mut self, plan: &Plan) {
        self.down.clear();
        self.down.resize(plan.vendors.len(), 0.0);
    }

    /// Notes which interruptions matter, and whether they are those of the view before: most differ in little else.
    fn find_mattering(&mut self, plan: &Plan, seer: &ViewPlan, world: &World) {
        let mut mattering = std::mem::take(&mut self.mattering);
        // Where outages are plain, decisions cut time anew for each view, so that nothing stays.
        let (mut n, mut same) = (0, plan.plain.is_none());
        if !same {
            mattering.clear();
        }
        for interruption in world.interruptions.iter().filter(|i| self.matters(plan, seer, world, i)) {
            if same && mattering.get(n).is_some_and(|before| before.is_same(interruption)) {
                n += 1;
                continue;
            }
            if same {
                mattering.truncate(n);
                same = false;
            }
            mattering.push(*interruption);
        }
        self.same = same && n == mattering.len();
        if same {
            mattering.truncate(n);
        }
        self.mattering = mattering;
    }

    /// Whether an interruption is seen, and can matter to somebody.
    #[inline]
    fn matters(&self, plan: &Plan, seer: &ViewPlan, world: &World, interruption: &Interruption) -> bool {
        !plan.idle[interruption.risk as usize] && self.sees(seer, world, interruption.by)
    }

    /// Vendors who fall at once, and what is available of each.
    #[inline]
    pub(crate) fn struck(&self, joint: &Joint) -> &[(usize, f64)] {
        &self.struck[joint.first..joint.last]
    }

    /// The falls of a vendor that are alone, whoever falls with it; in no particular order.
    pub(crate) fn alone_on(&self, vendor: usize) -> impl Iterator<Item = Lone> {
        let joint = self.joint.iter().filter_map(move |joint| {
            let &(_, available) = self.struck(joint).iter().find(|s| s.0 == vendor)?;
            let &Joint { start, end, event, cell, .. } = joint;
            Some(Lone { start, end, available, event, cell })
        });
        self.whole[vendor].iter().chain(&self.partial[vendor]).copied().chain(joint)
    }

    /// Finds out which short interruptions touch no other.
    pub(crate) fn gather(&mut self, plan: &Plan, world: &World) {
        if self.same && plan.plain.is_none() {
            return;
        }
        let (starts, ends) = world.plain.used();
        self.crowd.begin_with(starts, ends);
        for i in self.mattering.iter().filter(|i| !i.lasts()) {
            self.crowd.enter(i.start, i.end);
        }
        self.crowd.find_touching(self.cells.end());
    }

    /// Falls of vendors, and what outages take of those who give credits.
    pub(crate) fn fall(&mut self, plan: &Plan, seer: &ViewPlan, world: &World) {
        if plan.plain.is_some() {
            self.mattering.extend_from_slice(world.promoted());
        } else if self.same && self.bounds == self.cells.bounds {
            return;
        } else {
            self.bounds.clone_from(&self.cells.bounds);
            self.forget_hours(plan);
        }
        for lists in [&mut self.whole, &mut self.partial] {
            lists.resize_with(plan.vendors.len(), Vec::new);
            lists.iter_mut().for_each(Vec::clear);
        }
        self.joint.clear();
        self.struck.clear();
        let mut order = std::mem::take(&mut self.order);
        order.clear();
        let mattering = std::mem::take(&mut self.mattering);
        let mut short = world.plain.used().0.len();
        for (i, interruption) in (0u32..).zip(&mattering) {
            let lasts = interruption.lasts();
            if lasts || !self.crowd.is_alone(short) || !self.stands_alone(plan, interruption) {
                order.push((interruption.start, i));
            }
            short += usize::from(!lasts);
        }
        order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        self.runs(plan, &mattering, &order);
        self.order = order;
        self.falls(plan, &mattering);
        self.mattering = mattering;
        self.take(plan, seer, world);
    }

    /// Settles a short interruption that touches no other, if it lies within one cell, beside nothing that lasts on a vendor
    /// of its own.
    #[inline]
    fn stands_alone(&mut self, plan: &Plan, interruption: &Interruption) -> bool {
        let &Interruption { start, end, leaves, .. } = interruption;
        let reach = &plan.risks[interruption.risk as usize].reach[..];
        if interruption.is_announced() {
            return false;
        }
        let of_its_own = |r: &(usize, u32)| reach.iter().any(|own| own.0 == r.0);
        let touches = |l: &Interruption| {
            l.start <= end && l.end >= start && plan.risks[l.risk as usize].reach.iter().any(of_its_own)
        };
        let cell = self.cells.find(plan.clock.month(start), start);
        if end > self.cells.bounds[cell + 1] || self.lasting.iter().any(touches) {
            return false;
        }
        let (event, first) = (interruption.by.event, self.struck.len());
        #[expect(clippy::cast_possible_truncation, reason = "a few thousand cells")]
        let cell = cell as u32;
        for &(vendor, exponent) in reach {
            let available = power(leaves, exponent);
            if available >= 1.0 {
                continue;
            }
            self.down[vendor] += (1.0 - available) * (end - start);
            if reach.len() > 1 {
                self.struck.push((vendor, available));
            } else {
                let list = if available == 0.0 { &mut self.whole[vendor] } else { &mut self.partial[vendor] };
                list.push(Lone { start, end, available, event, cell });
            }
        }
        let last = self.struck.len();
        if last > first {
            self.joint.push(Joint { start, end, event, cell, first, last });
        }
        true
    }

    /// Gathers, vendor by vendor, interruptions that overlap or touch.
    fn runs(&mut self, plan: &Plan, interruptions: &[Interruption], order: &[(f64, u32)]) {
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

    fn falls(&mut self, plan: &Plan, interruptions: &[Interruption]) {
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

    fn together_available(&mut self, plan: &Plan, vendor: usize, active: &[Interruption]) -> f64 {
        available(plan, vendor, active, &mut self.own, &mut self.scratch)
    }

    /// Months, cut where a price changes and at `moments`.
    pub(crate) fn cut(&mut self, plan: &Plan, moments: impl Iterator<Item = f64>) {
        let Self { cells, cuts, prices, .. } = self;
        let of_prices = prices.iter().flatten().flat_map(|c| [c.start, c.end]);
        cuts.clear();
        cuts.extend(of_prices.chain(moments).filter(|&t| t > 0.0 && t < plan.clock.horizon));
        cuts.sort_unstable_by(f64::total_cmp);
        cells.clear();
        for &cut in &*cuts {
            let month = plan.clock.month(cut);
            cells.open(&plan.clock.months, month + 1);
            if cells.bounds.last().is_some_and(|&last| cut > last) {
                cells.bounds.push(cut);
                cells.months.push(month);
            }
        }
        cells.open(&plan.clock.months, plan.clock.n_months());
        cells.bounds.push(plan.clock.horizon);
    }
}

impl Interruption {
    fn lasts(&self) -> bool {
        self.end - self.start > LASTING
    }

    fn is_same(&self, other: &Self) -> bool {
        let same = |number: fn(&Self) -> f64| number(self).to_bits() == number(other).to_bits();
        self.by == other.by
            && same(|i| i.start)
            && same(|i| i.end)
            && same(|i| i.leaves)
            && same(|i| i.length)
            && same(|i| i.announced)
            && (self.risk, self.access) == (other.risk, other.access)
    }

    fn is_announced(&self) -> bool {
        self.access && self.start > self.announced
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
