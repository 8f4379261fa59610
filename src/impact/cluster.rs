//! Plain outages that overlap each other alone, as money. What a state of a group takes an hour is worked out once.

use std::sync::Arc;

use super::ledger::Ledger;
use super::{Case, Judge};
use crate::plan::ServicePlan;
use crate::plan::plain::PlainPlan;
use crate::response::cluster::{Moment, State, Walk};
use crate::response::reaction::Settled;
use crate::response::{Placement, Regime};
use crate::results::Component;

/// Buffers, kept between trials for their memory.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    walk: Walk,
    /// Per outage of a cluster: what it costs the portfolio.
    charges: Vec<f64>,
    /// Per service of a group: what a cluster takes.
    sums: Vec<Sums>,
    /// Per portfolio: states by placement.
    known: Vec<Vec<(Arc<Placement>, States)>>,
}

/// What states change, as far as they were met.
#[derive(Debug, Default)]
struct States {
    all: Vec<(State, Rates)>,
    /// Where they stand, by their hash; [`NONE`] where none does. Half of it at least is empty.
    places: Vec<u32>,
    /// State after state: of each outage under way, the part of all traffic that is unserved because of it, and where what it
    /// makes vendors serve ends in `served`.
    parts: Vec<(f64, usize)>,
    /// What a vendor serves more or less, as a part of all traffic.
    served: Vec<(usize, f64)>,
}

/// What a state changes: its parts of the lists begin here.
#[derive(Debug, Clone, Copy)]
struct Rates {
    unserved: f64,
    parts: usize,
    served: usize,
}

/// What a cluster takes of a service.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    unserved_hours: f64,
    longest: f64,
    interruption: f64,
    spend: f64,
}

/// So many placements are kept of a portfolio, and of each so many states, and so often a vendor that serves in one: a quarter of a
/// MiB for four vendors, a MiB for many, which are met in one placement alone.
const PLACEMENTS: usize = 64;
const STATES: usize = 1 << 10;
const SERVED: usize = 1 << 16;
const NONE: u32 = u32::MAX;

impl Judge {
    /// Books the outages of clusters. `regimes`: of a group of services of the portfolio.
    pub(super) fn clusters<'r>(
        &mut self,
        case: &Case,
        (plain, p): (&PlainPlan, usize),
        regimes: impl Fn(usize) -> &'r [Regime],
        ledger: &mut Ledger,
    ) {
        let mut buffers = std::mem::take(&mut self.clustered);
        let width = case.view.cells.width();
        buffers.known.resize_with(case.plan.portfolios.len(), Vec::new);
        for cluster in &case.alone.clusters.all {
            let members = case.alone.clusters.members(cluster);
            let Buffers { walk, charges, sums, known } = &mut buffers;
            charges.clear();
            charges.resize(members.len(), 0.0);
            let month = case.view.cells.months[cluster.cell];
            let prices = case.portfolio.prices(month);
            for (g, group) in case.portfolio.groups.iter().enumerate() {
                let regimes = regimes(g);
                let begun = regimes.partition_point(|regime| regime.start <= members[0].start);
                let regime = &regimes[begun.saturating_sub(1)];
                if members.iter().all(|m| regime.strikes[usize::from(m.risk)].is_none()) {
                    continue;
                }
                let states = states(&mut known[p], regime.placement());
                let mut run = (f64::NEG_INFINITY, f64::NEG_INFINITY);
                sums.clear();
                sums.resize(group.services.len(), Sums::default());
                walk.through(regime, case.portfolio.failover.as_ref(), members, |moment| {
                    let rates =
                        states.of(moment.state, || moment.state.settle(case.plan, plain, regime, &mut self.sweep));
                    if rates.unserved > 0.0 {
                        if run.1 < moment.from {
                            run.0 = moment.from;
                        }
                        run.1 = moment.to;
                    }
                    for (&s, sums) in group.services.iter().zip(&mut *sums) {
                        let usage = &mut self.usage[s * case.plan.vendors.len() * width + cluster.cell..];
                        let into = ((usage, width), &mut charges[..]);
                        sums.add((&case.plan.services[s], prices), run.0, moment, (states, rates), into);
                    }
                });
                for (&s, sums) in group.services.iter().zip(&*sums) {
                    ledger.unserved_hours[s] += sums.unserved_hours;
                    ledger.longest_hours[s] = ledger.longest_hours[s].max(sums.longest);
                    ledger.book(Component::Interruption, s, month, sums.interruption);
                    ledger.book(Component::Spend, s, month, sums.spend);
                }
            }
            for (member, &charge) in members.iter().zip(&*charges) {
                ledger.plain_risk(plain.risks[usize::from(member.risk)].risk, charge);
                ledger.plain_event(month / 12, charge);
            }
        }
        self.clustered = buffers;
    }
}

/// The states of a placement.
fn states<'k>(known: &'k mut Vec<(Arc<Placement>, States)>, placement: &Arc<Placement>) -> &'k mut States {
    let place = known.iter().position(|k| Arc::ptr_eq(&k.0, placement)).unwrap_or_else(|| {
        if known.len() >= PLACEMENTS {
            known.clear();
        }
        known.push((Arc::clone(placement), States::default()));
        known.len() - 1
    });
    &mut known[place].1
}

impl States {
    /// What a state changes, worked out where it was not met before.
    #[inline]
    fn of(&mut self, state: State, settle: impl FnOnce() -> Settled) -> Rates {
        if let Some(known) = self.find(state) {
            return self.all[known].1;
        }
        self.enter(state, &settle())
    }

    #[inline]
    fn find(&self, state: State) -> Option<usize> {
        let last = self.places.len().checked_sub(1)?;
        let mut place = state.hash() & last;
        loop {
            let (known, _) = self.all.get(self.places[place] as usize)?;
            if *known == state {
                return Some(self.places[place] as usize);
            }
            place = (place + 1) & last;
        }
    }

    #[cold]
    fn enter(&mut self, state: State, settled: &Settled) -> Rates {
        if self.all.len() >= STATES || self.served.len() >= SERVED {
            *self = Self::default();
        }
        if 2 * (self.all.len() + 1) > self.places.len() {
            self.places.clear();
            self.places.resize((4 * (self.all.len() + 1)).next_power_of_two(), NONE);
            (0..self.all.len()).for_each(|i| self.put_in_place(i));
        }
        let rates = Rates { unserved: settled.unserved, parts: self.parts.len(), served: self.served.len() };
        for part in &settled.parts {
            self.served.extend_from_slice(&part.served);
            self.parts.push((part.unserved, self.served.len()));
        }
        self.all.push((state, rates));
        self.put_in_place(self.all.len() - 1);
        rates
    }

    #[expect(clippy::cast_possible_truncation, reason = "there are few")]
    fn put_in_place(&mut self, i: usize) {
        let last = self.places.len() - 1;
        let mut place = self.all[i].0.hash() & last;
        while self.places[place] != NONE {
            place = (place + 1) & last;
        }
        self.places[place] = i as u32;
    }
}

impl Sums {
    /// Adds what a moment takes of a service, at the prices of all vendors. `since`: when the interruption began, if it is one. `usage`: of the
    /// cell, from vendor to vendor so many numbers on.
    #[inline]
    fn add(
        &mut self,
        (service, prices): (&ServicePlan, &[f64]),
        since: f64,
        moment: &Moment,
        (states, rates): (&States, Rates),
        ((usage, width), charges): ((&mut [f64], usize), &mut [f64]),
    ) {
        let &Moment { from, to, active, .. } = moment;
        let area = |from: f64, to: f64| {
            if service.present.is_flat() { to - from } else { service.present.area(from, to) }
        };
        let all = area(from, to);
        let mut worth = 0.0;
        if rates.unserved > 0.0 {
            self.unserved_hours += rates.unserved * (to - from);
            self.longest = self.longest.max(to - since);
            let counts = since + service.tolerance;
            if counts < to {
                worth = service.at_stake * if counts <= from { all } else { area(counts, to) };
                self.interruption += worth * rates.unserved;
            }
        }
        let used = service.usage * all;
        let mut first = rates.served;
        for (&a, &(part, last)) in active.iter().zip(&states.parts[rates.parts..]) {
            let mut bill = 0.0;
            if used > 0.0 {
                for &(v, x) in &states.served[first..last] {
                    usage[v * width] += used * x;
                    bill += x * prices[v];
                }
            }
            let bill = used * bill;
            charges[a] += worth * part + bill;
            self.spend += bill;
            first = last;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{SERVED, STATES, State, States};
    use crate::response::reaction::{Part, Settled};

    /// More states than are kept, some of many vendors: whatever is forgotten meanwhile, each is found as it was worked out.
    #[test]
    fn states_are_as_they_were_worked_out() {
        #[expect(clippy::cast_precision_loss, reason = "some thousands")]
        let settled = |n: u64| {
            let vendors = if n.is_multiple_of(7) { 100 } else { 2 };
            let served = |k: u64| (0..vendors).map(|v| (v, (n + k) as f64)).collect();
            let part = |k: u64| Part { unserved: (2 * n + k) as f64, served: served(k) };
            Settled { parts: (0..1 + n % 4).map(part).collect(), unserved: n as f64, next: f64::INFINITY }
        };
        let (mut states, mut worked_out) = (States::default(), 0);
        for n in (0..3_000).chain(2_990..3_000).chain(0..3_000) {
            let rates = states.of(State::numbered(n), || {
                worked_out += 1;
                settled(n)
            });
            let Settled { parts, unserved, .. } = settled(n);
            assert_eq!(rates.unserved.to_bits(), unserved.to_bits());
            let mut first = rates.served;
            for (part, &(unserved, last)) in parts.iter().zip(&states.parts[rates.parts..]) {
                assert_eq!(
                    (part.unserved.to_bits(), &part.served[..]),
                    (unserved.to_bits(), &states.served[first..last])
                );
                first = last;
            }
            assert!(states.all.len() <= STATES && states.served.len() <= SERVED + 400);
        }
        assert_eq!(worked_out, 6_000, "none is worked out twice in a row");
    }
}
