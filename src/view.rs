//! What portfolios that see alike see of a world, as step functions of time: availability of vendors, changes of prices
//! and revenue. Knows neither shares nor money.

mod cells;
pub(crate) mod crowd;
mod overlap;
mod seen;
pub(crate) mod sight;
pub(crate) mod taken;
#[cfg(test)]
mod tests;

pub(crate) use cells::Cells;
use crowd::Crowd;
use overlap::{Open, Run};
pub(crate) use overlap::{available, share_out};
use taken::Taken;

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

    /// Months, cut where a price changes and at `moments`.
    pub(crate) fn cut(&mut self, plan: &Plan, moments: impl Iterator<Item = f64>) {
        let Self { cells, cuts, prices, .. } = self;
        let of_prices = prices.iter().flatten().flat_map(|c| [c.start, c.end]);
        cuts.clear();
        cuts.extend(of_prices.chain(moments).filter(|&t| t > 0.0 && t < plan.clock.horizon));
        cuts.sort_unstable_by(f64::total_cmp);
        cells.cut(&plan.clock, cuts);
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
