//! Plain outages that touch each other and nothing else: who is down and whose traffic may move, moment by moment. What a group
//! does then depends on that alone, so it is worked out once for all trials. Knows neither kinds of risk nor money.

use std::ops::Range;

use super::Placement;
use super::failover::Sweep;
use super::reaction::{Settled, fallen, settle};
use crate::plan::Plan;
use crate::plan::plain::PlainPlan;
use crate::scenario::Failover;
use crate::view::available;
use crate::world::Interruption;

/// So many outages of a cluster may be under way at once; more are settled one by one.
const MOST: usize = 4;

/// Bits of a state for each of them.
const BITS: usize = 64 / MOST;

/// One outage of a cluster.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Member {
    pub(crate) start: f64,
    pub(crate) end: f64,
    /// Its plain risk, and the first that does the same.
    pub(crate) risk: u16,
    kind: u16,
}

/// Clusters of one trial, each within one cell. Kept between trials for its memory.
#[derive(Debug, Default)]
pub(crate) struct Clusters {
    /// In order of time.
    pub(crate) all: Vec<Cluster>,
    /// Cluster after cluster, each in order of time.
    members: Vec<Member>,
    together: Together,
}

/// Buffers of [`together`](Together::take).
#[derive(Debug, Default)]
struct Together {
    turns: Vec<f64>,
    active: Vec<Interruption>,
    /// Per node.
    own: Vec<f64>,
    scratch: Vec<f64>,
}

/// Outages that touch, directly or by others between them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cluster {
    pub(crate) cell: usize,
    members: Range<usize>,
}

/// An interruption that is not alone, or that something else keeps from being settled by sums.
#[derive(Debug, Clone, Copy)]
pub(super) struct Crowded {
    pub(super) start: f64,
    pub(super) end: f64,
    /// None of what is an event already.
    pub(super) plain: Option<Numbered>,
}

/// A plain risk, the number of one among its outages, and the cell in which it may be part of a cluster. Small: many are put in
/// order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Numbered {
    pub(super) risk: u32,
    pub(super) number: u32,
    pub(super) cell: Option<u32>,
}

impl Clusters {
    pub(super) fn clear(&mut self) {
        self.all.clear();
        self.members.clear();
    }

    /// Makes clusters of those that lie within a cell and are not too long, and hands the outages of others to `one_by_one`, by
    /// their risk and number. `crowded`: put in order of time.
    pub(super) fn form(&mut self, plain: &PlainPlan, crowded: &mut [Crowded], mut one_by_one: impl FnMut(usize, u32)) {
        crowded.sort_unstable_by(|a, b| a.start.total_cmp(&b.start).then(a.plain.cmp(&b.plain)));
        let mut rest = &*crowded;
        while let Some(first) = rest.first() {
            let (mut reach, mut n) = (first.end, 1);
            while let Some(next) = rest.get(n).filter(|next| next.start <= reach) {
                reach = reach.max(next.end);
                n += 1;
            }
            let (cluster, others) = rest.split_at(n);
            rest = others;
            let cell = first.plain.and_then(|p| p.cell);
            let within = |c: &Crowded| c.plain.is_some_and(|p| p.cell == cell);
            match cell {
                Some(cell)
                    if n > 1
                        && reach - first.start < plain.limit
                        && cluster.iter().all(within)
                        && is_sparse(cluster) =>
                {
                    let from = self.members.len();
                    self.members.extend(cluster.iter().filter_map(|c| c.member(plain)));
                    self.all.push(Cluster { cell: cell as usize, members: from..self.members.len() });
                }
                _ => {
                    let each = cluster.iter().filter_map(|c| c.plain);
                    each.for_each(|plain| one_by_one(plain.risk as usize, plain.number));
                }
            }
        }
    }

    pub(crate) fn members(&self, cluster: &Cluster) -> &[Member] {
        &self.members[cluster.members.clone()]
    }

    /// Adds what the outages take of vendors to their hours down.
    pub(super) fn take_down(&mut self, plan: &Plan, plain: &PlainPlan, down: &mut [f64]) {
        let Self { all, members, together } = self;
        for cluster in all {
            let members = &members[cluster.members.clone()];
            let struck = |m: &Member| plain.risks[usize::from(m.risk)].strikes.unwrap_or(0);
            let (_, twice) = members.iter().map(struck).fold((0, 0), |(all, twice), s| (all | s, twice | (all & s)));
            for member in members {
                let takes = plain.risks[usize::from(member.risk)].takes.iter().filter(|t| twice >> t.0 & 1 == 0);
                takes.for_each(|&(v, takes)| down[v] += takes * (member.end - member.start));
            }
            for vendor in bits(twice) {
                down[vendor] += together.take(plan, plain, vendor, members);
            }
        }
    }
}

impl Crowded {
    #[expect(clippy::cast_possible_truncation, reason = "such risks are numbered in 16 bits")]
    fn member(&self, plain: &PlainPlan) -> Option<Member> {
        let Self { start, end, .. } = *self;
        self.plain.map(|Numbered { risk, .. }| Member {
            start,
            end,
            risk: risk as u16,
            kind: plain.risks[risk as usize].kind as u16,
        })
    }
}

/// No more than [`MOST`] are under way at once. `cluster`: in order of time.
fn is_sparse(cluster: &[Crowded]) -> bool {
    let (mut ends, mut n) = ([0.0; MOST], 0);
    cluster.len() <= MOST
        || cluster.iter().all(|next| {
            let mut kept = 0;
            for i in 0..n {
                ends[kept] = ends[i];
                kept += usize::from(ends[i] >= next.start);
            }
            n = (kept + 1).min(MOST);
            ends[n - 1] = next.end;
            kept < MOST
        })
}

impl Together {
    /// Hours that outages of a cluster take of a vendor together.
    fn take(&mut self, plan: &Plan, plain: &PlainPlan, vendor: usize, members: &[Member]) -> f64 {
        let Self { turns, active, own, scratch } = self;
        own.resize(plan.n_nodes, 1.0);
        scratch.resize(plan.n_nodes, 1.0);
        turns.clear();
        turns.extend(members.iter().flat_map(|m| [m.start, m.end]));
        turns.sort_unstable_by(f64::total_cmp);
        let hours = |turn: &[f64]| {
            let now = members.iter().filter(|m| m.start < turn[1] && m.end > turn[0]);
            active.clear();
            active.extend(now.map(|m| Interruption::of_plain(&plain.risks[usize::from(m.risk)])));
            (1.0 - available(plan, vendor, active, own, scratch)) * (turn[1] - turn[0])
        };
        turns.windows(2).map(hours).sum()
    }
}

/// All that a group's response depends on at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct State {
    /// One more than the kinds of the outages under way, ascending, 16 bits each from the lowest on.
    kinds: u64,
    /// Vendors whose traffic may move, a bit each.
    movable: u64,
    /// How many delays of rooms have passed since some traffic may move.
    opened: usize,
}

/// A time during which nothing changes, and something is missing where it was placed.
#[derive(Debug)]
pub(crate) struct Moment<'a> {
    pub(crate) from: f64,
    pub(crate) to: f64,
    pub(crate) state: State,
    /// The outages under way, by their number in the cluster, in the order of the state.
    pub(crate) active: &'a [usize],
}

impl State {
    /// Any one of many.
    #[cfg(test)]
    pub(crate) fn numbered(kinds: u64) -> Self {
        Self { kinds, movable: 0, opened: 0 }
    }

    #[inline]
    pub(crate) fn hash(self) -> usize {
        // Fibonacci hashing (Knuth, The Art of Computer Programming 3, section 6.4).
        let mixed =
            (self.kinds ^ self.movable.rotate_left(37) ^ self.opened as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> 40) as usize
    }

    /// What a group does in it; parts are those of the outages in its order.
    #[expect(clippy::cast_possible_truncation, reason = "of 64 bits, 16 at a time")]
    pub(crate) fn settle(self, plan: &Plan, plain: &PlainPlan, placement: &Placement, sweep: &mut Sweep) -> Settled {
        let under_way = (0..MOST).map(|i| (self.kinds >> (BITS * i)) as u16).filter(|risk| *risk > 0);
        let outages: Vec<Interruption> =
            under_way.map(|risk| Interruption::of_plain(&plain.risks[usize::from(risk) - 1])).collect();
        let falls = fallen(plan, placement, &outages, 0);
        let moves = |fall: usize| self.movable >> falls[fall].vendor & 1 == 1;
        let since = if self.movable == 0 { f64::INFINITY } else { 0.0 };
        let at = if self.opened == 0 { 0.0 } else { placement.delays[self.opened - 1] };
        settle(placement, &falls, outages.len(), moves, (since, at), sweep)
    }
}

/// When vendors fell. Kept between clusters for its memory.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    /// Per vendor: when it fell, if it is down.
    fell: Vec<f64>,
}

/// Outages under way, in order of their kinds.
struct Active {
    /// Their numbers in the cluster.
    numbers: [usize; MOST],
    all: [Entered; MOST],
    n: usize,
}

/// What a walk asks of an outage.
#[derive(Debug, Clone, Copy, Default)]
struct Entered {
    end: f64,
    kind: u16,
    strikes: u64,
}

impl Active {
    fn enter(&mut self, number: usize, entered: Entered) {
        let mut place = self.n;
        while place > 0 && self.all[place - 1].kind > entered.kind {
            (self.numbers[place], self.all[place]) = (self.numbers[place - 1], self.all[place - 1]);
            place -= 1;
        }
        (self.numbers[place], self.all[place]) = (number, entered);
        self.n += 1;
    }

    fn leave(&mut self, t: f64) {
        let mut kept = 0;
        for i in 0..self.n {
            (self.numbers[kept], self.all[kept]) = (self.numbers[i], self.all[i]);
            kept += usize::from(self.all[i].end > t);
        }
        self.n = kept;
    }
}

impl Walk {
    /// Walks through a cluster as a group sees it.
    #[inline]
    pub(crate) fn through(
        &mut self,
        placement: &Placement,
        failover: Option<&Failover>,
        members: &[Member],
        mut emit: impl FnMut(&Moment),
    ) {
        let detect = failover.map_or(f64::INFINITY, |f| f.detect_hours);
        self.fell.resize(placement.roles.len(), 0.0);
        let mut active = Active { numbers: [0; MOST], all: [Entered::default(); MOST], n: 0 };
        let (mut next, mut down) = (0, 0_u64);
        // Since when something may move without a break, if anything does.
        let mut since = f64::NAN;
        let mut t = f64::NEG_INFINITY;
        loop {
            let mut until = f64::INFINITY;
            while let Some(member) = members.get(next) {
                if let Some(strikes) = placement.strikes[usize::from(member.risk)] {
                    if member.start > t {
                        until = member.start;
                        break;
                    }
                    // What ends as it begins makes room for it, yet the fall goes on.
                    active.leave(t);
                    active.enter(next, Entered { end: member.end, kind: member.kind, strikes });
                }
                next += 1;
            }
            active.leave(t);
            let (mut now, mut kinds) = (0, 0);
            for entered in active.all[..active.n].iter().rev() {
                until = until.min(entered.end);
                now |= entered.strikes;
                kinds = kinds << BITS | u64::from(entered.kind + 1);
            }
            let mut movable = 0;
            for v in bits(now) {
                if down >> v & 1 == 0 {
                    self.fell[v] = t;
                }
                let moves = self.fell[v] + detect;
                if moves <= t {
                    movable |= 1 << v;
                } else {
                    until = until.min(moves);
                }
            }
            down = now;
            let mut opened = 0;
            if movable == 0 {
                since = f64::NAN;
            } else {
                since = if since.is_nan() { t } else { since };
                opened = placement.delays.partition_point(|delay| since + delay <= t);
                until = placement.delays.get(opened).map_or(until, |delay| until.min(since + delay));
            }
            if down != 0 {
                let active = &active.numbers[..active.n];
                emit(&Moment { from: t, to: until, state: State { kinds, movable, opened }, active });
            }
            if until == f64::INFINITY {
                return;
            }
            t = until;
        }
    }
}

/// The numbers of the bits that are set, ascending.
fn bits(mut set: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = set.trailing_zeros() as usize;
        (set != 0).then(|| {
            set &= set - 1;
            bit
        })
    })
}
