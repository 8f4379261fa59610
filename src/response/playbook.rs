//! Moves shares when a condition has held for a while (MODEL section 7.1): prices as billed, capability, or hours down.
//! Each entry fires at most once, and what it looks at depends on no decision.

use std::cmp::Ordering;

use super::decisions::{Decisions, Move, Settler};
use super::{Cause, NEGLIGIBLE};
use crate::contract::bill;
use crate::plan::PriceTerms;
use crate::plan::portfolio::{PlayPlan, PortfolioPlan};
use crate::scenario::{DAY, Trigger};
use crate::view::View;
use crate::view::sight::Sight;
use crate::world::ramp::{Ramp, next_break};

/// What is looked at must pass its mark by more than this.
const MARGIN: f64 = 1e-9;

/// What moves what is looked at by no more than this does not move it.
const STILL: f64 = 1e-12;

/// Hours down are counted over so many last hours.
const WINDOW: f64 = 90.0 * DAY;

/// Stretches between breaks in which capability is looked at, where several changes are being reached at once.
const STRETCHES: u32 = 64;

/// An entry of the playbook that fired.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Fired {
    /// Which entry.
    pub(crate) play: usize,
    pub(crate) at: f64,
    pub(crate) cause: Cause,
}

/// Memory for what is looked at.
#[derive(Debug, Default)]
pub(super) struct Watch {
    index: Vec<f64>,
    billed: Vec<f64>,
    /// When the hours down over the window begin to rise faster or slower, and by how much.
    turns: Vec<(f64, f64)>,
}

/// Since when a condition has held without a break.
struct Streak {
    lasting: f64,
    since: f64,
    until: f64,
}

impl Streak {
    fn new(play: &PlayPlan) -> Self {
        Self { lasting: play.lasting, since: f64::NAN, until: f64::NAN }
    }

    /// The condition holds during [from, to); gives the moment at which it has held long enough and holds on.
    fn hold(&mut self, from: f64, to: f64) -> Option<f64> {
        if from >= to {
            return None;
        }
        if self.until.to_bits() != from.to_bits() {
            self.since = from;
        }
        self.until = to;
        (self.since + self.lasting < to - MARGIN).then_some(self.since + self.lasting)
    }
}

impl Watch {
    /// Overwrites `out` with the entries that fire in a trial.
    pub(super) fn fires(&mut self, sight: Sight, portfolio: &PortfolioPlan, out: &mut Vec<Fired>) {
        out.clear();
        for (i, play) in portfolio.playbook.iter().enumerate() {
            let terms = &sight.plan.terms[portfolio.terms[play.vendor]];
            let fires = match play.trigger {
                Trigger::PriceAbove(mark) => self.price_above(sight, terms, play, mark),
                Trigger::CapabilityBelow(mark) => capability_below(sight, play, mark),
                Trigger::DownHoursAbove(mark) => self.down_above(sight, play, mark),
            };
            let Some((at, event)) = fires else { continue };
            let path = || terms.paths.first().and_then(|&path| Some(Cause::Path(u32::try_from(path).ok()?)));
            // Where nobody answers for it nothing has happened, and nothing fires.
            if let Some(cause) = event.map(Cause::Event).or_else(path) {
                out.push(Fired { play: i, at, cause });
            }
        }
    }

    /// When the billed index − 1 has been above `mark` for long enough, and the event that answers for it.
    fn price_above(
        &mut self,
        sight: Sight,
        terms: &PriceTerms,
        play: &PlayPlan,
        mark: f64,
    ) -> Option<(f64, Option<u32>)> {
        let changes = &sight.view.prices[terms.vendor];
        if terms.paths.is_empty() && changes.is_empty() {
            return None;
        }
        self.bill(sight, terms, |_| true);
        let cells = &sight.view.cells;
        let mut streak = Streak::new(play);
        let mut above = cells.bounds.windows(2).zip(&self.billed).filter(|(_, billed)| *billed - 1.0 > mark + MARGIN);
        let at = above.find_map(|(w, _)| streak.hold(w[0], w[1]))?;
        let cell = cells.find(sight.plan.clock.month(at), at);
        self.bill(sight, terms, |_| false);
        let still = self.billed[cell];
        let mut answers = Answers::default();
        for (n, change) in changes.iter().enumerate().filter(|(_, c)| c.start <= at) {
            self.bill(sight, terms, |i| i == n);
            let moves = (self.billed[cell] - still).abs() > STILL;
            if moves || at < change.end {
                answers.add(sight, (change.start, change.by.event), moves);
            }
        }
        Some((at, answers.event()))
    }

    /// The billed index in each cell, with the paths and those changes that count.
    fn bill(&mut self, sight: Sight, terms: &PriceTerms, counts: impl Fn(usize) -> bool) {
        let cells = &sight.view.cells;
        let paths = |month: usize| terms.paths.iter().map(|&p| sight.world.paths[p][month]).product::<f64>();
        self.index.clear();
        self.index.extend(cells.months.iter().map(|&month| paths(month)));
        let changes = sight.view.prices[terms.vendor].iter().enumerate();
        for (_, change) in changes.filter(|(n, _)| counts(*n)) {
            for (index, &start) in self.index.iter_mut().zip(&cells.bounds) {
                if start >= change.start && start < change.end {
                    *index *= 1.0 + change.change;
                }
            }
        }
        self.billed.clear();
        self.billed.extend_from_slice(&self.index);
        if let Some(cap) = terms.cap {
            bill(&self.index, &cells.months, cap, &mut self.billed);
        }
    }

    /// When hours down over the window have been above `mark` for long enough, and the event that answers for it.
    fn down_above(&mut self, sight: Sight, play: &PlayPlan, mark: f64) -> Option<(f64, Option<u32>)> {
        let (vendor, mark) = (play.vendor, mark + MARGIN);
        if sight.view.down[vendor] <= mark {
            return None;
        }
        self.turn(sight.view, vendor);
        let at = self.first_above(play, mark, sight.plan.clock.horizon)?;
        let mut answers = Answers::default();
        for i in sight.interruptions(vendor).filter(|i| i.start <= at && i.end > at - WINDOW) {
            let moves = sight.leaves(vendor, i) < 1.0 && i.start < at;
            answers.add(sight, (i.start, i.by.event), moves);
        }
        Some((at, answers.event()))
    }

    /// Finds the turns of a vendor's hours down.
    fn turn(&mut self, view: &View, vendor: usize) {
        self.turns.clear();
        let mut down = |start: f64, end: f64, available: f64| {
            let rate = 1.0 - available;
            self.turns.extend([(start, rate), (end, -rate), (start + WINDOW, -rate), (end + WINDOW, rate)]);
        };
        for lone in view.alone_on(vendor) {
            down(lone.start, lone.end, lone.available);
        }
        for fall in view.falls.iter().filter(|f| f.vendor == vendor) {
            for step in &view.steps[fall.first..fall.last] {
                down(step.start, step.end, step.available);
            }
        }
        self.turns.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    }

    fn first_above(&self, play: &PlayPlan, mark: f64, horizon: f64) -> Option<f64> {
        let mut streak = Streak::new(play);
        let (mut hours, mut slope) = (0.0, 0.0);
        for (i, &(from, turn)) in self.turns.iter().enumerate().take_while(|(_, t)| t.0 < horizon) {
            slope += turn;
            let to = self.turns.get(i + 1).map_or(horizon, |t| t.0.min(horizon));
            let then = hours + slope * (to - from);
            let crossing = || from + (mark - hours) / slope;
            let fires = match (hours > mark, then > mark) {
                (true, true) => streak.hold(from, to),
                (true, false) => streak.hold(from, crossing()),
                (false, true) => streak.hold(crossing(), to),
                (false, false) => None,
            };
            if fires.is_some() {
                return fires;
            }
            hours = then;
        }
        None
    }
}

/// When capability has been below `mark` for long enough, and the event that answers for it.
fn capability_below(sight: Sight, play: &PlayPlan, mark: f64) -> Option<(f64, Option<u32>)> {
    let changes = &sight.view.capabilities[play.vendor];
    let ramps = changes.iter().map(Ramp::from);
    let (at_start, horizon) = (sight.plan.vendors[play.vendor].capability, sight.plan.clock.horizon);
    let mut streak = Streak::new(play);
    let mut from = changes.first()?.start;
    let at = loop {
        let to = next_break(ramps.clone(), from, horizon);
        let middle = f64::midpoint(from, to);
        let capability = |t: f64| at_start * ramps.clone().map(|r| r.extended(middle, t)).product::<f64>();
        let stretches = match ramps.clone().filter(|r| r.rises(from, to)).count() {
            0 | 1 => 1,
            _ => STRETCHES,
        };
        let fires = below(capability, mark - MARGIN, (from, to), stretches, &mut streak);
        if fires.is_some() || to >= horizon {
            break fires?;
        }
        from = to;
    };
    let mut answers = Answers::default();
    for (change, ramp) in changes.iter().zip(ramps).filter(|(_, r)| r.start <= at && at < r.end) {
        let moves = (at_start * ramp.factor(at) - at_start).abs() > STILL;
        answers.add(sight, (change.start, change.by.event), moves);
    }
    Some((at, answers.event()))
}

/// Adds to `streak` when a smooth curve is below `mark`, looking at the ends of each of so many stretches.
fn below(
    curve: impl Fn(f64) -> f64,
    mark: f64,
    (from, to): (f64, f64),
    stretches: u32,
    streak: &mut Streak,
) -> Option<f64> {
    let end = |n: u32| if n == stretches { to } else { from + (to - from) * f64::from(n) / f64::from(stretches) };
    (0..stretches).map(|n| (end(n), end(n + 1))).find_map(|(a, b)| match (curve(a) < mark, curve(b) < mark) {
        (true, true) => streak.hold(a, b),
        (true, false) => streak.hold(a, crossing(|t| curve(t) < mark, a, b)),
        (false, true) => streak.hold(crossing(|t| curve(t) >= mark, a, b), b),
        (false, false) => None,
    })
}

/// Where what holds at `a` and not at `b` ends: bisection to the last digit.
fn crossing(holds: impl Fn(f64) -> bool, mut a: f64, mut b: f64) -> f64 {
    loop {
        let middle = f64::midpoint(a, b);
        if middle <= a || middle >= b {
            return b;
        }
        if holds(middle) {
            a = middle;
        } else {
            b = middle;
        }
    }
}

/// Who answers for an entry that fires: the last to begin of those that alone would move what it looks at, or else of all
/// there.
#[derive(Default)]
struct Answers {
    moving: Option<(f64, u32)>,
    there: Option<(f64, u32)>,
}

impl Answers {
    fn add(&mut self, sight: Sight, candidate: (f64, u32), moves: bool) {
        let place = if moves { &mut self.moving } else { &mut self.there };
        if place.is_none_or(|last| sight.later(candidate, last) == Ordering::Greater) {
            *place = Some(candidate);
        }
    }

    fn event(&self) -> Option<u32> {
        self.moving.or(self.there).map(|last| last.1)
    }
}

impl Settler<'_> {
    /// When the next entry that waits may act.
    pub(super) fn acts(&self) -> f64 {
        self.state.waiting.iter().map(|w| self.due(w)).fold(f64::INFINITY, f64::min)
    }

    fn due(&self, waiting: &Fired) -> f64 {
        waiting.at + self.portfolio.playbook[waiting.play].takes
    }

    /// The first entry that waits acts: shares become its own, those not usable left out.
    pub(super) fn act(&mut self, now: f64, out: &mut Decisions) {
        let first = (0..self.state.waiting.len())
            .min_by(|&a, &b| self.due(&self.state.waiting[a]).total_cmp(&self.due(&self.state.waiting[b])));
        let Some(first) = first else { return };
        let Fired { play, cause, .. } = self.state.waiting.remove(first);
        let mut moves = Vec::new();
        for (group, planned) in self.portfolio.playbook[play].shares.iter().enumerate() {
            let usable = |v: usize| planned[v] > NEGLIGIBLE && self.usable(v, now);
            let total: f64 = (0..planned.len()).filter(|&v| usable(v)).map(|v| planned[v]).sum();
            if total <= 0.0 {
                continue;
            }
            let change = |v: usize| if usable(v) { planned[v] / total } else { 0.0 } - self.state.shares[group][v];
            let changes: Vec<(usize, f64)> =
                (0..planned.len()).map(|v| (v, change(v))).filter(|c| c.1 != 0.0).collect();
            if !changes.is_empty() {
                moves.push(Move { at: now, group, cause, changes });
            }
        }
        self.note(moves, out);
    }
}
