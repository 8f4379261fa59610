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
    members: Vec<Member>,
    latest: Vec<usize>,
    available: Vec<f64>,
    lost: Vec<Lost>,
    moved: Vec<(usize, f64)>,
}

/// A fall within the window that is being swept.
#[derive(Debug, Clone, Copy)]
struct Member {
    fall: Fall,
    serves: bool,
    /// When what is missing may move.
    movable: f64,
    step: usize,
}

const NO_FALL: usize = usize::MAX;

impl Sweep {
    /// Walks through the falls of `view` that matter, regime by regime, and hands each piece to `emit` in order of time.
    ///
    /// `works`: the uniform of a vendor and the event that begins its fall; a fall moves if it is below the policy's.
    pub(crate) fn run(&mut self, view: &View, failover: Option<&Failover>, regimes: &[Regime], works: impl Fn(usize, u32) -> f64, mut emit: impl FnMut(&Piece)) {
        let mut since = Since { movable: f64::NAN, until: f64::NAN };
        for regime in regimes {
            self.regime(view, failover, regime, &mut since, &works, &mut emit);
        }
    }

    fn regime(&mut self, view: &View, failover: Option<&Failover>, regime: &Regime, since: &mut Since, works: &impl Fn(usize, u32) -> f64, emit: &mut impl FnMut(&Piece)) {
        self.latest.clear();
        self.latest.resize(regime.roles.len(), NO_FALL);
        self.available.clear();
        self.available.resize(regime.roles.len(), 1.0);
        let falls = &view.falls;
        let mut i = 0;
        while i < falls.len() {
            let fall = &falls[i];
            if regime.roles[fall.vendor] == Role::None || fall.end <= regime.start {
                i += 1;
                continue;
            }
            if fall.start >= regime.end {
                break;
            }
            if regime.roles[fall.vendor] == Role::Stands {
                self.latest[fall.vendor] = i;
                i += 1;
                continue;
            }
            let begin = fall.start.max(regime.start);
            i = self.gather(falls, i, begin, regime);
            self.window(view, failover, regime, begin, since, works, emit);
        }
    }

    /// Fills `members` with the falls of the window that begins with fall `i`; gives the index of the first fall after it.
    fn gather(&mut self, falls: &[Fall], mut i: usize, begin: f64, regime: &Regime) -> usize {
        self.members.clear();
        for (vendor, &last) in self.latest.iter().enumerate() {
            if last != NO_FALL && falls[last].end > begin && regime.roles[vendor] == Role::Stands {
                self.members.push(Member { fall: falls[last], serves: false, movable: f64::INFINITY, step: 0 });
            }
        }
        let mut end = begin;
        while i < falls.len() && (falls[i].start < end || end <= begin) && falls[i].start < regime.end {
            let fall = falls[i];
            match regime.roles[fall.vendor] {
                Role::None => {}
                Role::Stands => {
                    self.latest[fall.vendor] = i;
                    self.members.push(Member { fall, serves: false, movable: f64::INFINITY, step: 0 });
                }
                Role::Serves if fall.end > regime.start => {
                    end = end.max(fall.end);
                    self.members.push(Member { fall, serves: true, movable: f64::INFINITY, step: 0 });
                }
                Role::Serves => {}
            }
            i += 1;
        }
        i
    }

    #[expect(clippy::too_many_arguments, reason = "the state of one sweep")]
    fn window(&mut self, view: &View, failover: Option<&Failover>, regime: &Regime, begin: f64, since: &mut Since, works: &impl Fn(usize, u32) -> f64, emit: &mut impl FnMut(&Piece)) {
        let mut end = begin;
        for member in &mut self.members {
            member.step = member.fall.first;
            if member.serves {
                end = end.max(member.fall.end);
                if let Some(policy) = failover {
                    let fall = &member.fall;
                    if policy.works >= 1.0 || works(fall.vendor, fall.event) < policy.works {
                        member.movable = if fall.announced { fall.start } else { fall.start + policy.detect_hours };
                    }
                }
            }
        }
        end = end.min(regime.end);
        let mut t = begin;
        while t < end {
            let mut next = self.missing_at(t, end, &view.steps, regime);
            since.see(t, self.lost.iter().any(|l| l.movable));
            next = self.move_lost(t, next, since.movable, regime);
            since.until = next;
            if !self.lost.is_empty() {
                let unserved: f64 = self.lost.iter().map(|l| l.unserved).sum();
                let unserved = if unserved > NEGLIGIBLE { unserved } else { 0.0 };
                emit(&Piece { start: t, end: next, lost: &self.lost, moved: &self.moved, unserved });
            }
            t = next;
        }
        for member in &self.members {
            self.available[member.fall.vendor] = 1.0;
        }
    }

    /// What is missing at `t`; gives the next moment at which that, or what may move of it, changes.
    fn missing_at(&mut self, t: f64, end: f64, steps: &[Step], regime: &Regime) -> f64 {
        let mut next = end;
        self.lost.clear();
        for member in &mut self.members {
            let fall = &member.fall;
            if fall.end <= t {
                // A later fall of the same vendor may already have set it.
                if member.step < fall.last {
                    self.available[fall.vendor] = 1.0;
                    member.step = fall.last;
                }
                continue;
            }
            if fall.start > t {
                next = next.min(fall.start);
                continue;
            }
            while steps[member.step].end <= t {
                member.step += 1;
            }
            let step = &steps[member.step];
            next = next.min(step.end);
            self.available[fall.vendor] = step.available;
            if member.serves {
                let missing = regime.shares[fall.vendor] * (1.0 - step.available);
                let movable = member.movable <= t;
                if !movable {
                    next = next.min(member.movable);
                }
                self.lost.push(Lost { vendor: fall.vendor, missing, unserved: missing, step: member.step, movable });
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
