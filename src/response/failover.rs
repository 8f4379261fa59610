//! Moves lost traffic into headroom and standbys while a vendor is not fully available (MODEL section 7.1).

use super::{NEGLIGIBLE, Regime, Role};
use crate::scenario::Failover;
use crate::view::{Fall, Step, View};

/// A time during which nothing about a group's traffic changes and some of it is missing where it was placed.
#[derive(Debug)]
pub(crate) struct Piece<'a> {
    pub(crate) start: f64,
    pub(crate) end: f64,
    /// Vendors from whom something is missing.
    pub(crate) lost: &'a [Lost],
    /// Vendors to whom something was moved, and how much.
    pub(crate) moved: &'a [(usize, f64)],
    /// What nobody serves, as a fraction of all traffic; exactly 0 where negligible.
    pub(crate) unserved: f64,
}

/// The common case: one vendor falls, once and evenly, while nothing else is wrong. It is two pieces: nothing can move
/// before `movable`, and nothing changes from then on.
#[derive(Debug)]
pub(crate) struct Alone<'a> {
    pub(crate) start: f64,
    /// In [start, end].
    pub(crate) movable: f64,
    pub(crate) end: f64,
    /// `unserved`: from `movable` on.
    pub(crate) lost: Lost,
    pub(crate) moved: &'a [(usize, f64)],
}

impl Alone<'_> {
    /// The same as pieces.
    pub(crate) fn pieces(&self, mut emit: impl FnMut(&Piece)) {
        let settled = |x: f64| if x > NEGLIGIBLE { x } else { 0.0 };
        if self.start < self.movable {
            let lost = Lost { unserved: self.lost.missing, ..self.lost };
            emit(&Piece { start: self.start, end: self.movable, lost: &[lost], moved: &[], unserved: settled(lost.unserved) });
        }
        if self.movable < self.end {
            emit(&Piece { start: self.movable, end: self.end, lost: &[self.lost], moved: self.moved, unserved: settled(self.lost.unserved) });
        }
    }
}

/// What a sweep finds, in order of time.
#[derive(Debug)]
pub(crate) enum Found<'a> {
    Alone(&'a Alone<'a>),
    Piece(&'a Piece<'a>),
}

/// What one vendor does not serve of its share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Lost {
    pub(crate) vendor: usize,
    /// Missing where it was placed, as a fraction of all traffic.
    pub(crate) missing: f64,
    /// The part of it that was moved nowhere.
    pub(crate) unserved: f64,
    /// Index of the step in the view: it knows who took it.
    pub(crate) step: usize,
    movable: bool,
}

/// Buffers, kept between sweeps for their memory.
#[derive(Debug, Default)]
pub(crate) struct Sweep {
    /// The falls at work.
    active: Vec<Active>,
    /// Per vendor: availability now.
    available: Vec<f64>,
    lost: Vec<Lost>,
    moved: Vec<(usize, f64)>,
}

/// A fall at work.
#[derive(Debug, Clone, Copy)]
struct Active {
    vendor: usize,
    end: f64,
    serves: bool,
    /// When what is missing may move.
    movable: f64,
    step: usize,
}

/// What a sweep runs over and under.
struct Scene<'a, W> {
    view: &'a View,
    failover: Option<&'a Failover>,
    regime: &'a Regime,
    works: &'a W,
}

impl Sweep {
    /// Walks through the falls of `view` that matter, regime by regime, and hands each piece to `emit` in order of time.
    ///
    /// `works`: the uniform of a vendor and the event that begins its fall; a fall moves if it is below the policy's.
    pub(crate) fn run(&mut self, view: &View, failover: Option<&Failover>, regimes: &[Regime], works: impl Fn(usize, u32) -> f64, mut emit: impl FnMut(Found)) {
        let mut since = Since { movable: f64::NAN, until: f64::NAN };
        for regime in regimes {
            self.regime(&Scene { view, failover, regime, works: &works }, &mut since, &mut emit);
        }
    }

    fn regime(&mut self, scene: &Scene<impl Fn(usize, u32) -> f64>, since: &mut Since, emit: &mut impl FnMut(Found)) {
        let (regime, falls) = (scene.regime, &scene.view.falls);
        self.active.clear();
        self.available.clear();
        self.available.resize(regime.roles.len(), 1.0);
        let mut next_fall = 0;
        let mut t = regime.start;
        loop {
            if self.active.is_empty() {
                self.alone(scene, &mut next_fall, t, since, emit);
            }
            let starts = self.enter(scene, &mut next_fall, t);
            if self.active.iter().any(|a| a.serves) {
                let end = self.missing_at(t, starts.min(regime.end), &scene.view.steps, regime);
                since.see(t, self.lost.iter().any(|l| l.movable));
                let end = self.move_lost(t, end, since.movable, regime);
                since.until = end;
                let unserved: f64 = self.lost.iter().map(|l| l.unserved).sum();
                let unserved = if unserved > NEGLIGIBLE { unserved } else { 0.0 };
                emit(Found::Piece(&Piece { start: t, end, lost: &self.lost, moved: &self.moved, unserved }));
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

    /// Settles falls that are alone, until one is not. Those that have begun before `t` never are.
    fn alone(&mut self, scene: &Scene<impl Fn(usize, u32) -> f64>, next: &mut usize, t: f64, since: &Since, emit: &mut impl FnMut(Found)) {
        let (regime, falls) = (scene.regime, &scene.view.falls);
        if regime.rooms.iter().any(|r| r.starts > 0.0) {
            return;
        }
        let relevant = |mut i: usize| {
            while i < falls.len() && regime.roles[falls[i].vendor] == Role::None {
                i += 1;
            }
            i
        };
        *next = relevant(*next);
        while let Some(fall) = falls.get(*next) {
            let after = relevant(*next + 1);
            let free = falls.get(after).map_or(regime.end, |f| f.start.min(regime.end));
            if fall.start < t || fall.end >= free || fall.last - fall.first > 1 || since.until.to_bits() == fall.start.to_bits() {
                return;
            }
            if regime.roles[fall.vendor] == Role::Serves {
                self.fall_alone(scene, fall, emit);
            }
            *next = after;
        }
    }

    fn fall_alone(&mut self, scene: &Scene<impl Fn(usize, u32) -> f64>, fall: &Fall, emit: &mut impl FnMut(Found)) {
        let missing = scene.regime.shares[fall.vendor] * (1.0 - scene.view.steps[fall.first].available);
        let movable = movable_from(scene, fall).min(fall.end);
        let mut left = missing;
        self.moved.clear();
        if movable < fall.end {
            for room in scene.regime.rooms.iter().filter(|r| r.vendor != fall.vendor) {
                let taken = left.min(room.size);
                self.moved.push((room.vendor, taken));
                left -= taken;
                if left <= 0.0 {
                    break;
                }
            }
        }
        let lost = Lost { vendor: fall.vendor, missing, unserved: left, step: fall.first, movable: false };
        emit(Found::Alone(&Alone { start: fall.start, movable, end: fall.end, lost, moved: &self.moved }));
    }

    /// Takes up the falls that have begun by `t`; gives the start of the next one that matters.
    fn enter(&mut self, scene: &Scene<impl Fn(usize, u32) -> f64>, next: &mut usize, t: f64) -> f64 {
        while let Some(fall) = scene.view.falls.get(*next) {
            let role = scene.regime.roles[fall.vendor];
            if role != Role::None && fall.end > t {
                if fall.start > t {
                    return fall.start;
                }
                let serves = role == Role::Serves;
                let movable = if serves { movable_from(scene, fall) } else { f64::INFINITY };
                self.active.push(Active { vendor: fall.vendor, end: fall.end, serves, movable, step: fall.first });
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
            while steps[active.step].end <= t {
                active.step += 1;
            }
            let step = &steps[active.step];
            next = next.min(step.end);
            self.available[active.vendor] = step.available;
            if active.serves {
                let missing = regime.shares[active.vendor] * (1.0 - step.available);
                let movable = active.movable <= t;
                if !movable {
                    next = next.min(active.movable);
                }
                self.lost.push(Lost { vendor: active.vendor, missing, unserved: missing, step: active.step, movable });
            }
        }
        next
    }

    /// Fills the rooms in order; gives the next moment at which a room opens, or `next`.
    fn move_lost(&mut self, t: f64, mut next: f64, movable_since: f64, regime: &Regime) -> f64 {
        self.moved.clear();
        if !self.lost.iter().any(|l| l.movable) {
            return next;
        }
        for room in &regime.rooms {
            let opens = movable_since + room.starts;
            if opens > t {
                next = next.min(opens);
                continue;
            }
            let movable = |l: &&mut Lost| l.movable && l.vendor != room.vendor;
            let left: f64 = self.lost.iter_mut().filter(movable).map(|l| l.unserved).sum();
            let taken = left.min(room.size * self.available[room.vendor]);
            if taken <= 0.0 {
                continue;
            }
            for lost in self.lost.iter_mut().filter(movable) {
                lost.unserved = if taken >= left { 0.0 } else { lost.unserved - taken * (lost.unserved / left) };
            }
            self.moved.push((room.vendor, taken));
        }
        next
    }
}

/// When what is missing in a fall may move.
fn movable_from(scene: &Scene<impl Fn(usize, u32) -> f64>, fall: &Fall) -> f64 {
    match scene.failover {
        Some(policy) if policy.works >= 1.0 || (scene.works)(fall.vendor, fall.event) < policy.works => {
            if fall.announced { fall.start } else { fall.start + policy.detect_hours }
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
