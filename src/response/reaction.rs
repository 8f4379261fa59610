//! How a group of services responds to a plain outage that is alone, or alone beside what lasts: the same every time.

use super::failover::Sweep;
use super::found::{By, Lost};
use super::{NEGLIGIBLE, Placement};
use crate::plan::plain::PlainRisk;
use crate::scenario::Failover;

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

/// What lasts while the outage comes and goes, on other vendors.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Beside {
    pub(crate) falls: Vec<Fallen>,
}

/// A vendor that keeps a part for long, and who answers for that, by their place among what lasts.
#[derive(Debug, PartialEq)]
pub(crate) struct Fallen {
    pub(crate) vendor: usize,
    pub(crate) available: f64,
    pub(crate) takers: Vec<(usize, f64)>,
}

/// Who answers for what at one moment: the outage first.
type State = Vec<(Option<usize>, Part)>;

impl Reaction {
    /// The reaction to an outage of `risk`, where failover works whenever there is one.
    pub(crate) fn new(
        risk: &PlainRisk,
        placement: &Placement,
        failover: Option<&Failover>,
        beside: &Beside,
        sweep: &mut Sweep,
    ) -> Self {
        let mut reaction = Self { changes: Vec::new(), served_after: 0.0, goes_on: false };
        let touched = |&(v, _): &(usize, f64)| {
            placement.shares[v] > 0.0 || (!beside.falls.is_empty() && placement.rooms.iter().any(|r| r.vendor == v))
        };
        if !risk.takes.iter().any(touched) {
            return reaction;
        }
        // What has lasted has been movable for long.
        let lost = |f: &Fallen| placement.shares[f.vendor] * (1.0 - f.available) > 0.0;
        let long = failover.filter(|_| beside.falls.iter().any(lost)).map(|_| f64::NEG_INFINITY);
        let mut before: State = Vec::new();
        if !beside.falls.is_empty() {
            let (state, unserved, _) = state(None, placement, beside, long, (0.0, false), sweep);
            (before, reaction.goes_on) = (state, unserved > 0.0);
        }
        let mut moment = Some((0.0, false));
        let mut interrupted = false;
        while let Some((after, moves)) = moment {
            let detect = failover.map_or(f64::INFINITY, |f| f.detect_hours);
            let since = long.or(moves.then_some(detect));
            let (now, unserved, next) = state(Some(risk), placement, beside, since, (after, moves), sweep);
            reaction.changes.push(Change::between(after, &before, &now));
            if unserved > 0.0 {
                interrupted = true;
                reaction.served_after = f64::INFINITY;
            } else if interrupted && reaction.served_after == f64::INFINITY {
                reaction.served_after = after;
            }
            before = now;
            let after = if moves { next } else { detect };
            moment = (after < f64::INFINITY).then_some((after, true));
        }
        if reaction.goes_on {
            reaction.served_after = 0.0;
        }
        reaction
    }
}

/// Who answers for what, what is unserved (exactly 0 where negligible), and when another room opens.
fn state(
    risk: Option<&PlainRisk>,
    placement: &Placement,
    beside: &Beside,
    since: Option<f64>,
    (after, moves): (f64, bool),
    sweep: &mut Sweep,
) -> (State, f64, f64) {
    let takes = risk.map_or(&[][..], |r| &r.takes);
    let lost = |vendor: usize, missing: f64, movable: bool| Lost {
        vendor,
        missing,
        unserved: missing,
        by: By::Event(0),
        movable,
    };
    let own = takes.iter().map(|&(v, takes)| lost(v, placement.shares[v] * takes, moves));
    let lasting = beside.falls.iter();
    let others =
        lasting.clone().map(|f| lost(f.vendor, placement.shares[f.vendor] * (1.0 - f.available), since.is_some()));
    let falls = takes.iter().map(|&(v, takes)| (v, 1.0 - takes)).chain(lasting.map(|f| (f.vendor, f.available)));
    let all = own.chain(others).filter(|l| l.missing > 0.0);
    let next = sweep.place(placement, falls, all, since.unwrap_or(f64::INFINITY), after);
    let (lost, moved) = sweep.placed();
    let unserved: f64 = lost.iter().map(|l| l.unserved).sum();
    let settled = unserved > NEGLIGIBLE;
    let all_moved: f64 = moved.iter().map(|m| m.1).sum();
    let mut state: State = vec![(None, Part::default())];
    for lost in lost {
        let elsewhere = if all_moved > 0.0 { (lost.missing - lost.unserved) / all_moved } else { 0.0 };
        let fallen = beside.falls.iter().find(|f| f.vendor == lost.vendor);
        let itself = [(None, 1.0)];
        let takers = fallen
            .map_or_else(|| itself.to_vec(), |f| f.takers.iter().map(|&(event, part)| (Some(event), part)).collect());
        for (event, part) in takers {
            let place = state.iter().position(|s| s.0 == event).unwrap_or_else(|| {
                state.push((event, Part::default()));
                state.len() - 1
            });
            let of = &mut state[place].1;
            of.unserved += if settled { lost.unserved * part } else { 0.0 };
            add(&mut of.served, lost.vendor, -lost.missing * part);
            for &(v, x) in moved {
                add(&mut of.served, v, x * elsewhere * part);
            }
        }
    }
    (state, if settled { unserved } else { 0.0 }, next)
}

fn add(list: &mut Vec<(usize, f64)>, vendor: usize, amount: f64) {
    match list.iter_mut().find(|l| l.0 == vendor) {
        Some(there) => there.1 += amount,
        None => list.push((vendor, amount)),
    }
}

impl Change {
    fn between(after: f64, before: &State, now: &State) -> Self {
        let none = Part::default();
        let part_of = |state: &'_ State, event: Option<usize>| state.iter().position(|s| s.0 == event);
        let mut change = Self { after, own: Part::default(), others: Vec::new() };
        for (event, part) in now {
            let earlier = part_of(before, *event).map_or(&none, |i| &before[i].1);
            let mut difference = part.clone();
            difference.unserved -= earlier.unserved;
            earlier.served.iter().for_each(|&(v, x)| add(&mut difference.served, v, -x));
            difference.served.retain(|s| s.1 != 0.0);
            match event {
                None => change.own = difference,
                Some(event) => change.others.push((*event, difference)),
            }
        }
        change
    }
}
