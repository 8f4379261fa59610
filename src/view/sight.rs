//! A world together with what some portfolios see of it, for what is asked too seldom to be kept in the view.

use super::View;
use crate::plan::graph::power;
use crate::plan::{Plan, ViewPlan};
use crate::world::{Interruption, World};

/// One trial before some portfolio's eyes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sight<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) world: &'a World,
    pub(crate) view: &'a View,
    pub(crate) seer: &'a ViewPlan,
}

impl<'a> Sight<'a> {
    /// The interruptions on or beneath a vendor that are seen.
    pub(crate) fn interruptions(self, vendor: usize) -> impl Iterator<Item = &'a Interruption> {
        self.those_on(vendor, self.world.interruptions.iter())
    }

    /// Those of some interruptions that are on or beneath a vendor and seen.
    pub(crate) fn those_on(
        self,
        vendor: usize,
        some: impl Iterator<Item = &'a Interruption>,
    ) -> impl Iterator<Item = &'a Interruption> {
        let reaches = move |i: &&Interruption| exponent(self.plan, vendor, i).is_some();
        some.filter(reaches).filter(move |i| self.view.sees(self.seer, self.world, i.by))
    }

    /// What an interruption alone would leave of a vendor.
    pub(crate) fn leaves(self, vendor: usize, interruption: &Interruption) -> f64 {
        power(interruption.leaves, exponent(self.plan, vendor, interruption).unwrap_or(0))
    }

    /// Which of two began later, each given by its beginning and event: of those that begin together, the later event's.
    pub(crate) fn later(self, a: (f64, u32), b: (f64, u32)) -> std::cmp::Ordering {
        let tau = |event: u32| self.world.events[event as usize].tau;
        a.0.total_cmp(&b.0).then(tau(a.1).total_cmp(&tau(b.1))).then(a.1.cmp(&b.1))
    }
}

/// To which power what an interruption leaves enters a vendor's availability; none if it is not beneath it.
pub(super) fn exponent(plan: &Plan, vendor: usize, interruption: &Interruption) -> Option<u32> {
    plan.risks[interruption.risk as usize].reach.iter().find(|r| r.0 == vendor).map(|r| r.1)
}
