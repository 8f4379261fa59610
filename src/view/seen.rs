//! What is seen of a world: events, outcomes, and changes of prices, revenue, capability and stakes (MODEL section 6). Knows
//! nothing of availability.

use super::View;
use crate::plan::{Plan, ViewPlan};
use crate::world::lineage::{Origin, Raising};
use crate::world::{Event, Happening, OWN, Occurrence, World};

impl View {
    /// Which events and outcomes are seen: what they come of before them.
    pub(crate) fn notice(&mut self, plan: &Plan, seer: &ViewPlan, world: &World) {
        if seer.all && world.occurrences.is_empty() {
            return;
        }
        self.stopped.clear();
        self.stopped.resize(world.events.len(), false);
        self.seen.clear();
        if !plan.chained {
            return self.notice_outcomes(seer, world, &world.occurrences);
        }
        self.seen_events.clear();
        self.seen_events.resize(world.events.len(), false);
        let lineage = &world.lineage;
        let (mut n_events, mut n_outcomes) = (0, 0);
        for batch in &lineage.batches {
            for &event in &lineage.drawn[n_events..batch.events] {
                self.seen_events[event as usize] = self.notices(plan, seer, world, event as usize);
            }
            self.notice_outcomes(seer, world, &world.occurrences[n_outcomes..batch.occurrences]);
            (n_events, n_outcomes) = (batch.events, batch.occurrences);
        }
    }

    /// A process stops at the first `ends` that is seen.
    fn notice_outcomes(&mut self, seer: &ViewPlan, world: &World, occurrences: &[Occurrence]) {
        for occurrence in occurrences {
            let by = Happening { event: occurrence.event, occurrence: OWN };
            let event = occurrence.event as usize;
            let seen = self.sees(seer, world, by)
                && !self.stopped[event]
                && occurrence.mark < seer.outcomes[occurrence.outcome as usize];
            self.stopped[event] |= seen && occurrence.ends;
            self.seen.push(seen);
        }
    }

    /// Whether an event is seen whose causes have been noticed.
    fn notices(&self, plan: &Plan, seer: &ViewPlan, world: &World, event: usize) -> bool {
        let Event { risk, mark, tau, .. } = world.events[event];
        match world.lineage.origins[event] {
            Origin::First | Origin::Raised if plan.risks[risk as usize].raised.is_some() => {
                let here = |x: &&Raising| x.start <= tau && tau < x.end && self.sees(seer, world, x.by);
                let raisings = world.lineage.raisings[risk as usize].iter().filter(here);
                mark < seer.events[risk as usize] * raisings.map(|x| x.factor).product::<f64>()
            }
            Origin::First | Origin::Raised => seer.sees_event(world, event),
            Origin::Aftershock { of } => self.seen_events[of as usize],
            Origin::Caused { by, link } => self.sees(seer, world, by) && mark < seer.causes[link as usize],
        }
    }

    pub(crate) fn sees(&self, seer: &ViewPlan, world: &World, by: Happening) -> bool {
        let event = by.event as usize;
        if by.occurrence != OWN {
            self.seen[by.occurrence as usize]
        } else if event < world.lineage.origins.len() {
            seer.all || self.seen_events[event]
        } else {
            // Nothing came of others, or this event did not.
            seer.all || seer.sees_event(world, event)
        }
    }

    /// Changes in order of their beginning, then of their events.
    pub(super) fn changes(&mut self, plan: &Plan, seer: &ViewPlan, world: &World) {
        let struck = |risk: u32| plan.risks[risk as usize].struck.iter().copied();
        let mut prices = std::mem::take(&mut self.prices);
        empty(&mut prices, plan.vendors.len());
        for change in world.prices.iter().filter(|c| self.sees(seer, world, c.by)) {
            struck(change.risk).filter(|&v| plan.minded[v]).for_each(|vendor| prices[vendor].push(*change));
        }
        for list in &mut prices {
            put_in_order(list, |c| (c.start, c.by));
        }
        self.prices = prices;
        let mut revenues = std::mem::take(&mut self.revenues);
        empty(&mut revenues, plan.services.len());
        for change in world.revenues.iter().filter(|c| self.sees(seer, world, c.by)) {
            revenues[change.service].push(*change);
        }
        for list in &mut revenues {
            put_in_order(list, |c| (c.start, c.by));
        }
        self.revenues = revenues;
        let mut capabilities = std::mem::take(&mut self.capabilities);
        empty(&mut capabilities, plan.vendors.len());
        for change in world.capabilities.iter().filter(|c| self.sees(seer, world, c.by)) {
            struck(change.risk).for_each(|vendor| capabilities[vendor].push(*change));
        }
        for list in &mut capabilities {
            put_in_order(list, |c| (c.start, c.by));
        }
        self.capabilities = capabilities;
        let mut stakes = std::mem::take(&mut self.stakes);
        stakes.clear();
        stakes.extend(world.stakes.iter().filter(|c| self.sees(seer, world, c.by)));
        put_in_order(&mut stakes, |c| (c.tau, c.by));
        self.stakes = stakes;
        let mut costs = std::mem::take(&mut self.costs);
        costs.clear();
        costs.extend(world.costs.iter().filter(|c| self.sees(seer, world, c.by)));
        self.costs = costs;
    }
}

impl ViewPlan {
    fn sees_event(&self, world: &World, event: usize) -> bool {
        let event = &world.events[event];
        event.mark < self.events[event.risk as usize]
    }
}

fn empty<T>(lists: &mut Vec<Vec<T>>, n: usize) {
    lists.resize_with(n, Vec::new);
    lists.iter_mut().for_each(Vec::clear);
}

/// By time, then event; what one event does at one time, itself before its outcomes.
fn put_in_order<T>(list: &mut [T], when: impl Fn(&T) -> (f64, Happening)) {
    list.sort_unstable_by(|a, b| {
        let ((a_time, a), (b_time, b)) = (when(a), when(b));
        let place = |by: Happening| (by.event, by.occurrence.wrapping_add(1));
        a_time.total_cmp(&b_time).then_with(|| place(a).cmp(&place(b)))
    });
}
