//! Events that come of others: aftershocks, events of a raised rate, caused events; and the order in which all events stand
//! (MODEL sections 5.1, 5.2, 6).
//!
//! A risk is drawn when everything that can raise its rate has been. That order is the engine's affair: every draw has its
//! address, and in the end events stand risk by risk as in the file.

use super::arrivals::{Addresses, Pace};
use super::{Event, Happening, World, index};
use crate::chance::{descendant_counter, poisson};
use crate::plan::contagion::{AftershocksPlan, RaisedPlan};
use crate::plan::curve::Curve;
use crate::plan::risk::{ArrivalsPlan, RiskPlan};
use crate::plan::{Clock, Plan};

/// No chain adds to a trial that has so many events: where rates are raised without measure, a run must end all the same.
const MOST_EVENTS: usize = 1 << 21;

/// What an event comes of, which decides who sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The risk's arrivals.
    First,
    /// What something adds to their rate: a first event too.
    Raised,
    /// The event from which its chain descends.
    Aftershock { of: u32 },
    /// A happening, by this cause of the plan.
    Caused { by: Happening, link: u32 },
}

/// A risk's rate × factor over [start, end), for who sees the happening.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Raising {
    pub(crate) by: Happening,
    pub(crate) start: f64,
    pub(crate) end: f64,
    pub(crate) factor: f64,
    pub(crate) counter: u64,
}

/// An event that will happen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pending {
    pub(super) risk: usize,
    pub(super) by: Happening,
    pub(super) link: u32,
    pub(super) tau: f64,
    pub(super) counter: u64,
}

/// Events and outcomes that were drawn together: up to which of each.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Batch {
    pub(crate) events: usize,
    pub(crate) occurrences: usize,
}

/// What chains need besides the events themselves; empty in a plan without them.
#[derive(Debug, Default)]
pub(crate) struct Lineage {
    /// Per event.
    pub(crate) origins: Vec<Origin>,
    /// Per risk: what raises or lowers its rate.
    pub(crate) raisings: Vec<Vec<Raising>>,
    /// The events in the order in which they were drawn, what they come of before them.
    pub(crate) drawn: Vec<u32>,
    /// Batches of `drawn` and of outcomes.
    pub(crate) batches: Vec<Batch>,
    pub(super) pending: Vec<Pending>,
    order: Vec<u32>,
    events: Vec<Event>,
    places: Vec<Origin>,
    stretches: Stretches,
}

impl Lineage {
    pub(super) fn clear(&mut self, n_risks: usize) {
        self.origins.clear();
        self.raisings.resize_with(n_risks, Vec::new);
        self.raisings.iter_mut().for_each(Vec::clear);
        self.drawn.clear();
        self.batches.clear();
        self.pending.clear();
    }
}

impl World {
    /// What comes of the arrivals of risk `r`, whose events stand from `first` on.
    pub(super) fn extend(&mut self, plan: &Plan, r: usize, trial: u64, first: usize) {
        let risk = &plan.risks[r];
        self.lineage.origins.resize(self.events.len(), Origin::First);
        self.end_batch();
        let more = self.events.len();
        if let Some(raised) = &risk.raised {
            self.raise(plan, r, raised, trial);
        }
        self.beget(plan, risk, trial, first, more);
    }

    /// Events that others caused, of the risks of a group, and those that they cause in turn.
    pub(super) fn caused(&mut self, plan: &Plan, group: &[usize], trial: u64) {
        // The one that waits longest: so generation follows generation.
        while let Some(r) = self.lineage.pending.iter().map(|p| p.risk).find(|r| group.contains(r)) {
            let risk = &plan.risks[r];
            let first = self.events.len();
            let mut pending = std::mem::take(&mut self.lineage.pending);
            for caused in pending.iter().filter(|p| p.risk == r) {
                if risk.slips(trial, caused.counter, &mut self.likelihood.luck(plan.mixture.as_ref())) {
                    let mark = risk.mark.map_or(0.0, |key| key.uniform(trial, caused.counter));
                    let origin = Origin::Caused { by: caused.by, link: caused.link };
                    self.add(r, caused.tau, caused.counter, mark, origin);
                }
            }
            pending.retain(|p| p.risk != r);
            self.lineage.pending = pending;
            self.beget(plan, risk, trial, first, first);
        }
    }

    /// Aftershocks of the events from `parents` on, and the consequences of those from `more` on.
    fn beget(&mut self, plan: &Plan, risk: &RiskPlan, trial: u64, parents: usize, more: usize) {
        if let Some(aftershocks) = &risk.aftershocks {
            self.aftershocks(plan, aftershocks, trial, parents);
        }
        if self.events.len() > more {
            self.consequences(plan, risk, trial, Addresses::Counter, more);
            self.end_batch();
        }
    }

    fn aftershocks(&mut self, plan: &Plan, aftershocks: &AftershocksPlan, trial: u64, parents: usize) {
        let mut at = parents;
        // Children come at the end, so that theirs are drawn in turn.
        while let Some(&parent) = self.events.get(at) {
            let n = aftershocks.law.quantile(aftershocks.number.uniform(trial, parent.counter));
            let of = match self.lineage.origins[at] {
                Origin::Aftershock { of } => of,
                Origin::First | Origin::Raised | Origin::Caused { .. } => index(at),
            };
            for nth in 0..n as u64 {
                let counter = descendant_counter(parent.counter, aftershocks.name, nth);
                let delay = -aftershocks.within * libm::log(aftershocks.delay.uniform(trial, counter));
                let tau = parent.tau + delay;
                if tau < plan.clock.horizon {
                    self.add(parent.risk as usize, tau, counter, 0.0, Origin::Aftershock { of });
                }
            }
            at += 1;
        }
    }

    /// What all that raises the rate of risk `r` adds to its first events. Each raising adds a process of its own: what it
    /// makes of the rate that those before it left. A first event's mark is its place on the scale of rates, where the rate
    /// that nothing raises is 1; so who sees no raising sees the arrivals, and nothing else.
    fn raise(&mut self, plan: &Plan, r: usize, raised: &RaisedPlan, trial: u64) {
        let (curve, pace) = match &plan.risks[r].arrivals {
            ArrivalsPlan::Poisson { curve, .. } => (curve, None),
            ArrivalsPlan::Driven { curve, .. } => (curve, Some(std::mem::take(&mut self.pace))),
            ArrivalsPlan::Never | ArrivalsPlan::Every { .. } | ArrivalsPlan::Once { .. } | ArrivalsPlan::At { .. } => {
                return;
            }
        };
        let mut raisings = std::mem::take(&mut self.lineage.raisings[r]);
        let mut stretches = std::mem::take(&mut self.lineage.stretches);
        raisings.sort_unstable_by(|a, b| a.start.total_cmp(&b.start).then(a.counter.cmp(&b.counter)));
        for (nth, raising) in raisings.iter().enumerate().filter(|(_, x)| x.factor > 1.0) {
            stretches.lay(raising, &raisings[..nth], curve, pace.as_ref(), &plan.clock);
            let mean = raised.per_hour * (raising.factor - 1.0) * stretches.area;
            let n = (self.likelihood.luck(plan.mixture.as_ref())).count(
                plan.risks[r].raises,
                mean,
                raised.count.uniform(trial, raising.counter),
                |u| poisson::quantile(mean, u),
            );
            for nth in 0..n as u64 {
                let counter = descendant_counter(raising.counter, raised.name, nth);
                let (tau, level) = stretches.find(curve, raised.time.uniform(trial, counter));
                let mark = level * (1.0 + (raising.factor - 1.0) * raised.mark.uniform(trial, counter));
                self.add(r, tau, counter, mark, Origin::Raised);
            }
        }
        self.lineage.stretches = stretches;
        self.lineage.raisings[r] = raisings;
        if let Some(pace) = pace {
            self.pace = pace;
        }
    }

    fn add(&mut self, risk: usize, tau: f64, counter: u64, mark: f64, origin: Origin) {
        if self.events.len() < MOST_EVENTS {
            self.events.push(Event { risk: index(risk), counter, tau, mark, year: Clock::year(tau) });
            self.lineage.origins.push(origin);
        }
    }

    fn end_batch(&mut self) {
        self.lineage.batches.push(Batch { events: self.events.len(), occurrences: self.occurrences.len() });
    }

    /// Puts the events in order: by risk as in the file; of one risk its arrivals as they were drawn, then all others by time.
    pub(super) fn put_in_order(&mut self) {
        let Lineage { origins, raisings, drawn, order, events, places, .. } = &mut self.lineage;
        order.clear();
        order.extend(0..index(self.events.len()));
        order.sort_unstable_by(|&a, &b| {
            let of = |i: u32| (&self.events[i as usize], origins[i as usize] != Origin::First);
            let ((x, x_later), (y, y_later)) = (of(a), of(b));
            let by_time = || x.tau.total_cmp(&y.tau).then(x.counter.cmp(&y.counter));
            let among = if x_later && y_later { by_time() } else { a.cmp(&b) };
            x.risk.cmp(&y.risk).then(x_later.cmp(&y_later)).then(among)
        });
        drawn.resize(order.len(), 0);
        for (place, &from) in (0u32..).zip(&*order) {
            drawn[from as usize] = place;
        }
        if order.is_sorted() {
            return;
        }
        events.clear();
        events.extend(order.iter().map(|&i| self.events[i as usize]));
        std::mem::swap(events, &mut self.events);
        places.clear();
        places.extend(order.iter().map(|&i| origins[i as usize]));
        std::mem::swap(places, origins);
        let now = |event: &mut u32| *event = drawn[*event as usize];
        for origin in origins {
            match origin {
                Origin::First | Origin::Raised => {}
                Origin::Aftershock { of } => now(of),
                Origin::Caused { by, .. } => now(&mut by.event),
            }
        }
        raisings.iter_mut().flatten().for_each(|x| now(&mut x.by.event));
        self.occurrences.iter_mut().for_each(|x| now(&mut x.event));
        self.interruptions.iter_mut().for_each(|x| now(&mut x.by.event));
        self.prices.iter_mut().for_each(|x| now(&mut x.by.event));
        self.revenues.iter_mut().for_each(|x| now(&mut x.by.event));
        self.capabilities.iter_mut().for_each(|x| now(&mut x.by.event));
        self.stakes.iter_mut().for_each(|x| now(&mut x.by.event));
        self.costs.iter_mut().for_each(|x| now(&mut x.by.event));
    }
}

/// A raising cut where the rate that it multiplies jumps otherwise than its curve.
#[derive(Debug, Default)]
struct Stretches {
    cuts: Vec<f64>,
    list: Vec<Stretch>,
    /// ∫ of the rate that it multiplies, over all.
    area: f64,
}

#[derive(Debug, Clone, Copy)]
struct Stretch {
    start: f64,
    end: f64,
    /// The product of the factors above 1 that were there before.
    level: f64,
    /// That × the multiplier of the month.
    weight: f64,
    /// The area before it.
    before: f64,
}

impl Stretches {
    fn lay(&mut self, raising: &Raising, earlier: &[Raising], curve: &Curve, pace: Option<&Pace>, clock: &Clock) {
        let &Raising { start, end, .. } = raising;
        let overlapping = || earlier.iter().filter(|e| e.factor > 1.0 && e.start < end && e.end > start);
        self.cuts.clear();
        self.cuts.extend([start, end]);
        let inside = |t: &f64| *t > start && *t < end;
        self.cuts.extend(overlapping().flat_map(|e| [e.start, e.end]).filter(inside));
        if pace.is_some() {
            self.cuts.extend(clock.months.iter().copied().filter(inside));
        }
        self.cuts.sort_unstable_by(f64::total_cmp);
        self.list.clear();
        self.area = 0.0;
        for cut in self.cuts.windows(2) {
            let (start, end) = (cut[0], cut[1]);
            let level: f64 = overlapping().filter(|e| e.start <= start && start < e.end).map(|e| e.factor).product();
            let weight = level * pace.map_or(1.0, |p| p.by_month(clock.month(start)));
            self.list.push(Stretch { start, end, level, weight, before: self.area });
            self.area += weight * (curve.integral(end) - curve.integral(start));
        }
    }

    /// The time below which the part `u` of the area lies, and the level there.
    fn find(&self, curve: &Curve, u: f64) -> (f64, f64) {
        let area = u * self.area;
        let at = self.list.partition_point(|s| s.before <= area).max(1) - 1;
        let Stretch { start, end, level, weight, before } = self.list[at];
        let t = curve.inverse(curve.integral(start) + (area - before) / weight);
        (t.clamp(start, end), level)
    }
}
