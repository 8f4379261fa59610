//! Moves shares for good when a loss is long enough (MODEL section 7.1). Depends on announced and lasting losses alone.

use super::decisions::{Begun, Decisions, Move, Settler};
use super::{Cause, NEGLIGIBLE};
use crate::plan::Plan;
use crate::plan::portfolio::PortfolioPlan;
use crate::view::View;
use crate::world::Interruption;

/// Where chance enters: how long the migration off a vendor because of an event takes, in hours.
pub(crate) trait Luck {
    fn takes(&self, vendor: usize, event: u32) -> f64;
}

/// A loss that may begin migrations, and during which its vendors are not usable.
pub(super) struct Loss<'a> {
    pub(super) begins: f64,
    /// When it is over, the horizon at the latest.
    pub(super) over: f64,
    pub(super) interruption: &'a Interruption,
}

/// A migration that has begun.
#[derive(Debug)]
pub(super) struct UnderWay {
    pub(super) ends: f64,
    group: usize,
    vendor: usize,
    event: u32,
}

/// The losses that make a portfolio move, in the order in which they would; none without a policy.
pub(super) fn losses<'a>(plan: &Plan, portfolio: &PortfolioPlan, view: &'a View) -> Vec<Loss<'a>> {
    let Some(policy) = &portfolio.migration else { return Vec::new() };
    // On a vendor that nobody minds no traffic is, or ever will be.
    let matters = |i: &Interruption| plan.risks[i.risk as usize].struck.iter().any(|&v| portfolio.minds[v]);
    let mut losses: Vec<Loss> = (view.long.iter())
        .filter(|i| i.length >= policy.patience && matters(i))
        .map(|i| {
            let begins = if i.access { i.announced } else { i.start + policy.patience };
            Loss { begins, over: i.end, interruption: i }
        })
        .filter(|l| l.begins < plan.clock.horizon)
        .collect();
    losses.sort_by(|a, b| a.begins.total_cmp(&b.begins).then(a.interruption.by.event.cmp(&b.interruption.by.event)));
    losses
}

impl Settler<'_> {
    pub(super) fn begin(&mut self, loss: &Loss, luck: &impl Luck, out: &mut Decisions) {
        let event = loss.interruption.by.event;
        for &vendor in &self.plan.risks[loss.interruption.risk as usize].struck {
            for group in 0..self.state.shares.len() {
                let share = self.state.shares[group][vendor];
                let busy = self.state.under_way.iter().any(|u| u.group == group && u.vendor == vendor);
                if share <= NEGLIGIBLE || busy || self.takers(group, vendor, loss.begins).next().is_none() {
                    continue;
                }
                out.begun.push(Begun { at: loss.begins, group, vendor, event, share });
                let ends = loss.begins + luck.takes(vendor, event);
                self.state.under_way.push(UnderWay { ends, group, vendor, event });
            }
        }
    }

    pub(super) fn end(&mut self, done: &UnderWay, out: &mut Decisions) {
        let takers = || self.takers(done.group, done.vendor, done.ends);
        let share = self.state.shares[done.group][done.vendor];
        let all: f64 = takers().map(|t| t.1).sum();
        if all <= 0.0 || share <= NEGLIGIBLE {
            return;
        }
        let gains = takers().map(|(v, part)| (v, part / all * share));
        let changes = [(done.vendor, -share)].into_iter().chain(gains).collect();
        self.note([Move { at: done.ends, group: done.group, cause: Cause::Event(done.event), changes }], out);
    }

    /// Who would take a vendor's share at `t`, and in what proportion.
    fn takers(&self, group: usize, vendor: usize, t: f64) -> impl Iterator<Item = (usize, f64)> {
        let shares = &self.state.shares[group];
        let to = self.portfolio.migration.as_ref().map_or(&[][..], |policy| &policy.to);
        let named = to.iter().map(|&v| (v, 1.0));
        let placed = if to.is_empty() { &shares[..] } else { &[] }.iter().copied().enumerate();
        let all = named.chain(placed.filter(|&(_, share)| share > NEGLIGIBLE));
        all.filter(move |&(v, _)| v != vendor && self.usable(v, t))
    }
}
