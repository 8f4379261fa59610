//! Moves lost traffic into headroom and standbys while a vendor is not fully available (MODEL section 7.1).

use super::found::{Alone, By, Found, Lost, Phase, Piece};
use super::{NEGLIGIBLE, Placement, Regime, Role};
use crate::plan::Plan;
use crate::scenario::Failover;
use crate::view::{Fall, Joint, Lone, Step, View};
use crate::world::Interruption;

/// Buffers, kept between sweeps for their memory.
#[derive(Debug, Default)]
pub(crate) struct Sweep {
    /// The falls at work.
    active: Vec<Active>,
    /// Per vendor: availability now.
    available: Vec<f64>,
    lost: Vec<Lost>,
    /// What vendors serve less or more: those of `lost`, then those to whom something was moved.
    served: Vec<(usize, f64)>,
    phases: Phases,
    /// Falls that are alone but cut by a change of regime or overlapped by a lasting fall.
    cut: Vec<Fall>,
    free: Vec<Lone>,
    /// When interruptions that last matter.
    blocked: Vec<(f64, f64)>,
}

/// The phases of a fall that is alone, as [`Alone`] shows them.
#[derive(Debug, Default)]
struct Phases {
    all: Vec<Phase>,
    lost: Vec<Lost>,
    served: Vec<(usize, f64)>,
}

/// A fall at work.
#[derive(Debug, Clone, Copy)]
struct Active {
    vendor: usize,
    end: f64,
    serves: bool,
    /// When what is missing may move.
    movable: f64,
    /// The step it is in, up to when, and what is available in it and by whom.
    step: usize,
    until: f64,
    available: f64,
    by: By,
}

impl Active {
    /// Takes up a step.
    fn enter(&mut self, step: usize, steps: &[Step]) {
        self.step = step;
        (self.until, self.available, self.by) = (steps[step].end, steps[step].available, By::Step(step));
    }
}

/// What a sweep runs over and under.
#[derive(Debug)]
struct Scene<'a, W> {
    plan: &'a Plan,
    view: &'a View,
    failover: Option<&'a Failover>,
    regime: &'a Regime,
    works: &'a W,
}

impl Sweep {
    /// Walks through the falls of `view` that matter and hands what it finds to `emit`.
    ///
    /// `works`: the uniform of a vendor and the event that begins its fall; a fall moves if it is below the policy's.
    pub(crate) fn run(
        &mut self,
        plan: &Plan,
        view: &View,
        failover: Option<&Failover>,
        regimes: &[Regime],
        works: impl Fn(usize, u32) -> f64,
        mut emit: impl FnMut(Found),
    ) {
        let mut falls = std::mem::take(&mut self.cut);
        let scene = |regime| Scene { plan, view, failover, regime, works: &works };
        falls.clear();
        for regime in regimes {
            self.lone(&scene(regime), &mut falls, &mut emit);
        }
        let merged = if falls.is_empty() {
            &view.falls
        } else {
            // Those that several regimes cut were found in each.
            falls.sort_by(|a, b| a.start.total_cmp(&b.start).then(a.vendor.cmp(&b.vendor)));
            falls.dedup_by(|a, b| a.vendor == b.vendor && a.start.to_bits() == b.start.to_bits());
            falls.extend_from_slice(&view.falls);
            falls.sort_by(|a, b| a.start.total_cmp(&b.start));
            &falls
        };
        let mut since = Since { movable: f64::NAN, until: f64::NAN };
        for regime in regimes {
            self.regime(&scene(regime), merged, &mut since, &mut emit);
        }
        self.cut = falls;
    }

    /// Fills the rooms while these vendors keep a part and this is lost, rooms being open that open until `t` if something
    /// has been movable since `since`; gives the moment at which another opens.
    pub(super) fn place(
        &mut self,
        placement: &Placement,
        falls: impl Iterator<Item = (usize, f64)>,
        lost: impl Iterator<Item = Lost>,
        since: f64,
        t: f64,
    ) -> f64 {
        self.available.clear();
        self.available.resize(placement.roles.len(), 1.0);
        falls.for_each(|(v, available)| self.available[v] = available);
        self.lost.clear();
        self.lost.extend(lost);
        self.move_lost(t, f64::INFINITY, since, placement)
    }

    /// What was lost and moved last.
    pub(super) fn placed(&self) -> (&[Lost], &[(usize, f64)]) {
        (&self.lost, &self.served[self.lost.len()..])
    }

    /// Settles the falls that are alone and lie within the regime; those cut by its ends, or that a lasting interruption
    /// overlaps, go to `cut`.
    fn lone(&mut self, scene: &Scene<impl Fn(usize, u32) -> f64>, cut: &mut Vec<Fall>, emit: &mut impl FnMut(Found)) {
        let Scene { view, regime, .. } = *scene;
        let mut blocked = std::mem::take(&mut self.blocked);
        blocked.clear();
        blocked.extend(view.lasting.iter().filter(|l| matters(scene, l)).map(|l| (l.start, l.end)));
        let all_free = regime.start == 0.0 && regime.last && blocked.is_empty();
        let mut free = std::mem::take(&mut self.free);
        for (vendor, &share) in regime.shares.iter().enumerate() {
            if regime.roles[vendor] == Role::Stands && !all_free {
                // Alone it would not matter; beside a lasting fall its room is missing.
                free_of(&view.whole[vendor], (regime, &blocked), vendor, &mut free, cut);
                free_of(&view.partial[vendor], (regime, &blocked), vendor, &mut free, cut);
            }
            if regime.roles[vendor] != Role::Serves {
                continue;
            }
            for falls in [&view.whole[vendor], &view.partial[vendor]] {
                let falls = if all_free { falls } else { free_of(falls, (regime, &blocked), vendor, &mut free, cut) };
                self.each(scene, vendor, share, falls, emit);
            }
        }
        self.free = free;
        for joint in &view.joint {
            if all_free || is_free(joint.start, joint.end, (regime, &blocked)) {
                self.joint(scene, joint, emit);
            } else if joint.start <= regime.end && joint.end >= regime.start {
                for &(vendor, available) in view.struck(joint).iter().filter(|s| regime.roles[s.0] != Role::None) {
                    let &Joint { start, end, event, cell, .. } = joint;
                    cut_off(cut, vendor, Lone { start, end, available, event, cell });
                }
            }
        }
        self.blocked = blocked;
    }

    /// Settles a fall of several vendors.
    fn joint(&mut self, scene: &Scene<impl Fn(usize, u32) -> f64>, joint: &Joint, emit: &mut impl FnMut(Found)) {
        let (regime, &Joint { start, end, event, .. }) = (scene.regime, joint);
        let struck = scene.view.struck(joint);
        self.lost.clear();
        let mut movable = f64::INFINITY;
        for &(vendor, available) in struck.iter().filter(|s| regime.roles[s.0] == Role::Serves) {
            let from = movable_from(scene, vendor, start, event, false);
            let missing = regime.shares[vendor] * (1.0 - available);
            let by = By::Event(event);
            self.lost.push(Lost { vendor, missing, unserved: missing, by, movable: from < f64::INFINITY });
            movable = movable.min(from);
        }
        if self.lost.is_empty() {
            return;
        }
        self.available.clear();
        self.available.resize(regime.roles.len(), 1.0);
        for &(vendor, available) in struck {
            self.available[vendor] = available;
        }
        let mut phases = std::mem::take(&mut self.phases);
        phases.clear();
        let mut t = start;
        if movable > start {
            self.served.clear();
            self.served.extend(self.lost.iter().map(|l| (l.vendor, -l.missing)));
            phases.push((start, movable.min(end)), &self.lost, &self.served);
            t = movable;
        }
        while t < end {
            self.lost.iter_mut().for_each(|l| l.unserved = l.missing);
            let next = self.move_lost(t, end, movable, regime);
            phases.push((t, next), &self.lost, &self.served);
            t = next;
        }
        emit(Found::Alone(&phases.alone((start, end, joint.cell), event, self.lost.len())));
        self.phases = phases;
    }

    fn each(
        &mut self,
        scene: &Scene<impl Fn(usize, u32) -> f64>,
        vendor: usize,
        share: f64,
        falls: &[Lone],
        emit: &mut impl FnMut(Found),
    ) {
        for &Lone { start, end, available, event, cell } in falls {
            let missing = share * (1.0 - available);
            let movable = movable_from(scene, vendor, start, event, false);
            let lost = Lost { vendor, missing, unserved: missing, by: By::Event(event), movable: false };
            self.phases.of_one(scene.regime, lost, (start, end), movable);
            emit(Found::Alone(&self.phases.alone((start, end, cell), event, 1)));
        }
    }

    fn regime(
        &mut self,
        scene: &Scene<impl Fn(usize, u32) -> f64>,
        falls: &[Fall],
        since: &mut Since,
        emit: &mut impl FnMut(Found),
    ) {
        let regime = scene.regime;
        self.active.clear();
        self.available.clear();
        self.available.resize(regime.roles.len(), 1.0);
        let mut next_fall = 0;
        let mut t = regime.start;
        loop {
            let starts = self.enter(scene, falls, &mut next_fall, t);
            if self.active.iter().any(|a| a.serves) {
                let end = self.missing_at(t, starts.min(regime.end), &scene.view.steps, regime);
                since.see(t, self.lost.iter().any(|l| l.movable));
                let end = self.move_lost(t, end, since.movable, regime);
                since.until = end;
                let unserved = settled(self.lost.iter().map(|l| l.unserved).sum());
                emit(Found::Piece(&Piece { start: t, end, lost: &self.lost, served: &self.served, unserved }));
                t = end;
            } else {
                t = starts;
            }
            if t >= regime.end || (self.active.is_empty() && next_fall == falls.len()) {
                return;
            }
            self.leave(t);
        }
    }

    /// Takes up the falls that have begun by `t`; gives the start of the next one that matters.
    fn enter(&mut self, scene: &Scene<impl Fn(usize, u32) -> f64>, falls: &[Fall], next: &mut usize, t: f64) -> f64 {
        while let Some(fall) = falls.get(*next) {
            let role = scene.regime.roles[fall.vendor];
            if role != Role::None && fall.end > t {
                if fall.start > t {
                    return fall.start;
                }
                let serves = role == Role::Serves;
                let movable = if serves {
                    movable_from(scene, fall.vendor, fall.start, fall.event, fall.announced)
                } else {
                    f64::INFINITY
                };
                let mut active = Active {
                    vendor: fall.vendor,
                    end: fall.end,
                    serves,
                    movable,
                    step: 0,
                    until: fall.end,
                    available: fall.alone.unwrap_or(1.0),
                    by: By::Event(fall.event),
                };
                if fall.alone.is_none() {
                    active.enter(fall.first, &scene.view.steps);
                }
                self.available[fall.vendor] = active.available;
                self.active.push(active);
            }
            *next += 1;
        }
        f64::INFINITY
    }

    /// Drops the falls that have ended by `t`.
    fn leave(&mut self, t: f64) {
        let available = &mut self.available;
        self.active.retain(|a| {
            if a.end <= t {
                available[a.vendor] = 1.0;
            }
            a.end > t
        });
    }

    /// What is missing at `t`; gives the next moment, `end` at the latest, at which that or what may move of it changes.
    fn missing_at(&mut self, t: f64, end: f64, steps: &[Step], regime: &Regime) -> f64 {
        let mut next = end;
        self.lost.clear();
        for active in &mut self.active {
            while active.until <= t {
                active.enter(active.step + 1, steps);
                self.available[active.vendor] = active.available;
            }
            next = next.min(active.until);
            if active.serves {
                let missing = regime.shares[active.vendor] * (1.0 - active.available);
                let movable = active.movable <= t;
                if !movable {
                    next = next.min(active.movable);
                }
                self.lost.push(Lost { vendor: active.vendor, missing, unserved: missing, by: active.by, movable });
            }
        }
        next
    }

    /// Fills the rooms in order; gives the next moment at which a room opens, or `next`.
    fn move_lost(&mut self, t: f64, mut next: f64, movable_since: f64, regime: &Placement) -> f64 {
        self.served.clear();
        self.served.extend(self.lost.iter().map(|l| (l.vendor, -l.missing)));
        let mut movable = (0..).zip(&self.lost).filter(|(_, lost)| lost.movable).map(|(i, _)| i);
        let Some(first) = movable.next() else { return next };
        let one = movable.next().is_none();
        for room in &regime.rooms {
            let opens = movable_since + room.starts;
            if opens > t {
                next = next.min(opens);
                continue;
            }
            let size = room.size * self.available[room.vendor];
            let left = if one { self.fill_from(first, room.vendor, size) } else { self.fill(room.vendor, size) };
            if left <= 0.0 && regime.delays.is_empty() {
                break;
            }
        }
        next
    }

    /// Fills a room from one vendor alone; gives what is left there to be moved.
    #[inline]
    fn fill_from(&mut self, lost: usize, room: usize, size: f64) -> f64 {
        let lost = &mut self.lost[lost];
        let taken = lost.unserved.min(size);
        if taken > 0.0 && lost.vendor != room {
            lost.unserved -= taken;
            self.served.push((room, taken));
        }
        lost.unserved
    }

    /// Fills a room from all other vendors in proportion; gives what is left to be moved.
    fn fill(&mut self, room: usize, size: f64) -> f64 {
        let movable = |l: &&mut Lost| l.movable && l.vendor != room;
        let left: f64 = self.lost.iter_mut().filter(movable).map(|l| l.unserved).sum();
        let taken = left.min(size);
        if taken > 0.0 {
            for lost in self.lost.iter_mut().filter(movable) {
                // What is all taken is 0 to the digit.
                lost.unserved = if taken >= left { 0.0 } else { lost.unserved - taken * (lost.unserved / left) };
            }
            self.served.push((room, taken));
        }
        self.lost.iter().filter(|l| l.movable).map(|l| l.unserved).sum()
    }
}

impl Phases {
    fn clear(&mut self) {
        self.all.clear();
        self.lost.clear();
        self.served.clear();
    }

    /// Adds a phase.
    fn push(&mut self, (from, to): (f64, f64), lost: &[Lost], served: &[(usize, f64)]) {
        let first = self.served.len();
        self.lost.extend_from_slice(lost);
        self.served.extend_from_slice(served);
        let unserved = settled(lost.iter().map(|l| l.unserved).sum());
        self.all.push(Phase { from, to, unserved, first, last: self.served.len() });
    }

    fn alone(&self, (start, end, cell): (f64, f64, u32), event: u32, n: usize) -> Alone<'_> {
        Alone { start, end, cell: cell as usize, event, n, phases: &self.all, lost: &self.lost, served: &self.served }
    }

    /// One vendor falls. Rooms only open, so what is unserved only falls from phase to phase.
    fn of_one(&mut self, regime: &Regime, lost: Lost, (start, end): (f64, f64), movable: f64) {
        let Lost { vendor, missing, .. } = lost;
        self.clear();
        self.lost.push(lost);
        let mut from = movable.max(start);
        if from > start {
            self.served.push((vendor, -missing));
            let (to, unserved) = (from.min(end), settled(missing));
            self.all.push(Phase { from: start, to, unserved, first: 0, last: 1 });
        }
        while from < end {
            let (first, mut left, mut opens) = (self.served.len(), missing, end);
            self.served.push((vendor, -missing));
            for room in regime.rooms.iter().filter(|r| r.vendor != vendor) {
                let open = movable + room.starts;
                if open > from {
                    opens = opens.min(open);
                    continue;
                }
                let taken = left.min(room.size);
                if taken > 0.0 {
                    self.served.push((room.vendor, taken));
                    left -= taken;
                }
                if left <= 0.0 && regime.delays.is_empty() {
                    break;
                }
            }
            let unserved = settled(left);
            self.all.push(Phase { from, to: opens, unserved, first, last: self.served.len() });
            from = opens;
        }
    }
}

/// Whether a lasting interruption touches a vendor that matters in the regime, while it lasts.
fn matters(scene: &Scene<impl Fn(usize, u32) -> f64>, lasting: &Interruption) -> bool {
    let Scene { regime, plan, .. } = scene;
    lasting.start <= regime.end
        && lasting.end >= regime.start
        && plan.risks[lasting.risk as usize].reach.iter().any(|r| regime.roles[r.0] != Role::None)
}

/// Those of a vendor's lone falls that lie within the regime and meet none of the times that are blocked by an interruption
/// that lasts; the others that touch the regime are added to `cut`.
fn free_of<'f>(
    falls: &[Lone],
    (regime, blocked): (&Regime, &[(f64, f64)]),
    vendor: usize,
    free: &'f mut Vec<Lone>,
    cut: &mut Vec<Fall>,
) -> &'f [Lone] {
    free.clear();
    for fall in falls {
        let &Lone { start, end, .. } = fall;
        if start > regime.end || end < regime.start {
            continue;
        }
        if is_free(start, end, (regime, blocked)) {
            free.push(*fall);
        } else {
            cut_off(cut, vendor, *fall);
        }
    }
    free
}

/// Whether a fall lies within the regime and meets none of the times that are blocked.
#[inline]
fn is_free(start: f64, end: f64, (regime, blocked): (&Regime, &[(f64, f64)])) -> bool {
    (start > regime.start || regime.start == 0.0)
        && (end < regime.end || regime.last)
        && !blocked.iter().any(|&(from, to)| from <= end && to >= start)
}

/// Adds a vendor's fall to those that are cut or overlapped.
fn cut_off(cut: &mut Vec<Fall>, vendor: usize, fall: Lone) {
    let Lone { start, end, available, event, .. } = fall;
    cut.push(Fall { vendor, start, end, event, announced: false, first: 0, last: 0, alone: Some(available) });
}

/// What counts as unserved.
#[inline]
fn settled(unserved: f64) -> f64 {
    if unserved > NEGLIGIBLE { unserved } else { 0.0 }
}

/// When what is missing in a fall may move.
#[inline]
fn movable_from(
    scene: &Scene<impl Fn(usize, u32) -> f64>,
    vendor: usize,
    start: f64,
    event: u32,
    announced: bool,
) -> f64 {
    match scene.failover {
        Some(policy) if policy.works >= 1.0 || (scene.works)(vendor, event) < policy.works => {
            if announced {
                start
            } else {
                start + policy.detect_hours
            }
        }
        _ => f64::INFINITY,
    }
}

/// Since when something has been movable without a break, and up to when that is known.
struct Since {
    movable: f64,
    until: f64,
}

impl Since {
    fn see(&mut self, t: f64, movable: bool) {
        if !movable {
            self.movable = f64::NAN;
        } else if self.movable.is_nan() || self.until.to_bits() != t.to_bits() {
            self.movable = t;
        }
    }
}
