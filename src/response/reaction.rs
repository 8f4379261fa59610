//! How a group of services responds to a plain outage that is alone, or alone beside what lasts: the same every time.

use super::failover::Sweep;
use super::found::{By, Lost};
use super::{NEGLIGIBLE, Placement, Role};
use crate::plan::Plan;
use crate::plan::plain::PlainRisk;
use crate::scenario::Failover;
use crate::view::{available, share_out};
use crate::world::Interruption;

/// What changes in a group's traffic, so many hours after an outage has begun; undone at its end.
#[derive(Debug, Clone)]
pub(crate) struct Reaction {
    /// In order of time, the first at 0; empty if the outage does not matter.
    pub(crate) changes: Vec<Change>,
    /// Hours after which all is served again; infinite if that is at its end alone, 0 if something is unserved anyway.
    pub(crate) served_after: f64,
    /// The interruption goes on from before.
    pub(crate) goes_on: bool,
}

/// What changes at one moment, as parts of all traffic.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) after: f64,
    /// What the outage answers for.
    pub(crate) own: Part,
    /// What others answer for, by their place among what lasts.
    pub(crate) others: Vec<(usize, Part)>,
}

/// A part of what is unserved, and of what each vendor bills.
#[derive(Debug, Clone, Default)]
pub(crate) struct Part {
    pub(crate) unserved: f64,
    pub(crate) served: Vec<(usize, f64)>,
}

/// A vendor that keeps a part, and who answers for what is missing of it, by their number.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fallen {
    pub(crate) vendor: usize,
    pub(crate) available: f64,
    pub(crate) takers: Vec<(usize, f64)>,
}

/// What a group does while these vendors keep a part each.
#[derive(Debug)]
pub(crate) struct Settled {
    /// Per number of who answers.
    pub(crate) parts: Vec<Part>,
    /// Exactly 0 where negligible.
    pub(crate) unserved: f64,
    /// When another room opens.
    pub(crate) next: f64,
}

impl Reaction {
    /// The reaction to an outage of `risk` beside what lasts, where failover works whenever there is one.
    pub(crate) fn new(
        plan: &Plan,
        risk: &PlainRisk,
        (placement, failover): (&Placement, Option<&Failover>),
        lasts: &[Interruption],
        sweep: &mut Sweep,
    ) -> Self {
        let mut reaction = Self { changes: Vec::new(), served_after: 0.0, goes_on: false };
        // The outage itself answers as number 0, what lasts as the numbers from 1 on.
        let fallen_before = fallen(plan, placement, lasts, 1);
        let strikes = |r: usize, v: usize| plan.risks[r].reach.iter().any(|reached| reached.0 == v);
        let meets = |l: &Interruption| plan.risks[risk.risk].reach.iter().any(|r| strikes(l.risk as usize, r.0));
        let falls = if lasts.iter().any(meets) {
            let all: Vec<Interruption> = [Interruption::of_plain(risk)].iter().chain(lasts).copied().collect();
            fallen(plan, placement, &all, 0)
        } else {
            let own = risk.takes.iter().filter(|t| placement.roles[t.0] != Role::None);
            let own = own.map(|&(vendor, takes)| Fallen { vendor, available: 1.0 - takes, takers: vec![(0, 1.0)] });
            own.chain(fallen_before.iter().cloned()).collect()
        };
        if falls == fallen_before || (lasts.is_empty() && falls.iter().all(|f| placement.shares[f.vendor] == 0.0)) {
            return reaction;
        }
        // What has lasted has been movable for long.
        let lost = |f: &Fallen| placement.shares[f.vendor] * (1.0 - f.available) > 0.0;
        let long = failover.filter(|_| fallen_before.iter().any(lost)).map(|_| f64::NEG_INFINITY);
        let n = lasts.len() + 1;
        let mut before: Vec<Part> = vec![Part::default(); n];
        if !fallen_before.is_empty() {
            let times = (long.unwrap_or(f64::INFINITY), 0.0);
            let settled = settle(placement, &fallen_before, n, |_| long.is_some(), times, sweep);
            (before, reaction.goes_on) = (settled.parts, settled.unserved > 0.0);
        }
        let is_down = |fall: usize| fallen_before.iter().any(|f| f.vendor == falls[fall].vendor);
        let moves_now = |fall: usize, moves: bool| if is_down(fall) { long.is_some() } else { moves };
        let mut moment = Some((0.0, false));
        let mut interrupted = false;
        while let Some((after, moves)) = moment {
            let detect = failover.map_or(f64::INFINITY, |f| f.detect_hours);
            let since = long.or(moves.then_some(detect)).unwrap_or(f64::INFINITY);
            let now = settle(placement, &falls, n, |fall| moves_now(fall, moves), (since, after), sweep);
            reaction.changes.push(Change::between(after, &before, &now.parts));
            if now.unserved > 0.0 {
                interrupted = true;
                reaction.served_after = f64::INFINITY;
            } else if interrupted && reaction.served_after == f64::INFINITY {
                reaction.served_after = after;
            }
            before = now.parts;
            let after = if moves { now.next } else { detect };
            moment = (after < f64::INFINITY).then_some((after, true));
        }
        if reaction.goes_on {
            reaction.served_after = 0.0;
        }
        reaction
    }
}

/// Vendors that matter and are down under these interruptions, and who answers for them: by their place, from `first` on.
pub(super) fn fallen(plan: &Plan, placement: &Placement, interruptions: &[Interruption], first: usize) -> Vec<Fallen> {
    let mut falls = Vec::new();
    if interruptions.is_empty() {
        return falls;
    }
    let (mut own, mut scratch) = (vec![1.0; plan.n_nodes], vec![1.0; plan.n_nodes]);
    for vendor in (0..plan.vendors.len()).filter(|&v| placement.roles[v] != Role::None) {
        let beneath = plan.graph.beneath(vendor);
        let on = |i: &Interruption| plan.risks[i.risk as usize].on.iter().any(|n| beneath.contains(n));
        let places = (first..).zip(interruptions).filter(|(_, i)| on(i));
        let (places, active): (Vec<usize>, Vec<Interruption>) = places.map(|(place, i)| (place, *i)).unzip();
        if active.is_empty() {
            continue;
        }
        let available = available(plan, vendor, &active, &mut own, &mut scratch);
        if available < 1.0 {
            let mut takers = Vec::new();
            share_out(plan, vendor, &active, &mut takers);
            let takers = places.into_iter().zip(takers).map(|(place, taker)| (place, taker.part)).collect();
            falls.push(Fallen { vendor, available, takers });
        }
    }
    falls
}

/// What a group does at a moment at which these vendors keep a part, what `moves` names of them having been movable since a
/// moment. `n`: how many may answer.
pub(super) fn settle(
    placement: &Placement,
    falls: &[Fallen],
    n: usize,
    moves: impl Fn(usize) -> bool,
    (since, at): (f64, f64),
    sweep: &mut Sweep,
) -> Settled {
    let lost = |(i, fall): (usize, &Fallen)| {
        let missing = placement.shares[fall.vendor] * (1.0 - fall.available);
        Lost { vendor: fall.vendor, missing, unserved: missing, by: By::Event(0), movable: moves(i) }
    };
    let all = falls.iter().enumerate().map(lost).filter(|l| l.missing > 0.0);
    let next = sweep.place(placement, falls.iter().map(|f| (f.vendor, f.available)), all, since, at);
    let (lost, moved) = sweep.placed();
    let unserved: f64 = lost.iter().map(|l| l.unserved).sum();
    let matters = unserved > NEGLIGIBLE;
    let all_moved: f64 = moved.iter().map(|m| m.1).sum();
    let mut parts = vec![Part::default(); n];
    for lost in lost {
        let elsewhere = if all_moved > 0.0 { (lost.missing - lost.unserved) / all_moved } else { 0.0 };
        for &(who, part) in falls.iter().filter(|f| f.vendor == lost.vendor).flat_map(|f| &f.takers) {
            let of = &mut parts[who];
            of.unserved += if matters { lost.unserved * part } else { 0.0 };
            add(&mut of.served, lost.vendor, -lost.missing * part);
            for &(v, x) in moved {
                add(&mut of.served, v, x * elsewhere * part);
            }
        }
    }
    Settled { parts, unserved: if matters { unserved } else { 0.0 }, next }
}

fn add(list: &mut Vec<(usize, f64)>, vendor: usize, amount: f64) {
    match list.iter_mut().find(|l| l.0 == vendor) {
        Some(there) => there.1 += amount,
        None => list.push((vendor, amount)),
    }
}

impl Change {
    /// From one moment to the next: the outage's part first, then those of what lasts.
    fn between(after: f64, before: &[Part], now: &[Part]) -> Self {
        let mut differences = now.iter().zip(before).map(|(now, before)| {
            let mut difference = now.clone();
            difference.unserved -= before.unserved;
            before.served.iter().for_each(|&(v, x)| add(&mut difference.served, v, -x));
            difference.served.retain(|s| s.1 != 0.0);
            difference
        });
        let own = differences.next().unwrap_or_default();
        Self { after, own, others: differences.enumerate().collect() }
    }
}
