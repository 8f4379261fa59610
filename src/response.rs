//! What a firm does: traffic over time under one portfolio. Knows neither kinds of risk nor money; a cause is an opaque
//! number. First come decisions for good ([`decisions`]: [`migration`] and [`playbook`]), then, between them, what moves
//! when a vendor falls ([`failover`]).

pub(crate) mod cluster;
pub(crate) mod decisions;
pub(crate) mod failover;
pub(crate) mod found;
pub(crate) mod migration;
pub(crate) mod parting;
pub(crate) mod playbook;
pub(crate) mod reaction;
#[cfg(test)]
mod tests;

use std::ops::Deref;
use std::sync::Arc;

use crate::plan::Plan;
use crate::plan::plain::{PlainRisk, strikes};
use crate::plan::portfolio::{Group, PortfolioPlan};
use failover::Sweep;
use reaction::Reaction;

/// Shares below this count as none (MODEL section 6), and so does traffic.
pub(crate) const NEGLIGIBLE: f64 = 1e-9;

/// What a decision, or an amount, is charged to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// An event of the world, by its number.
    Event(u32),
    /// A price path of the plan, by its number.
    Path(u32),
}

/// Where the traffic of a group of services is placed during [`start`, `end`).
#[derive(Debug, Clone)]
pub(crate) struct Regime {
    pub(crate) start: f64,
    pub(crate) end: f64,
    /// It lasts to the horizon.
    pub(crate) last: bool,
    placement: Arc<Placement>,
}

impl Deref for Regime {
    type Target = Placement;

    fn deref(&self) -> &Placement {
        &self.placement
    }
}

/// How traffic is placed, and where it can go.
#[derive(Debug)]
pub(crate) struct Placement {
    /// Share per vendor.
    pub(crate) shares: Vec<f64>,
    /// Rooms in the order in which they are filled.
    pub(crate) rooms: Vec<Room>,
    /// Hours after which rooms open that are not open at once; ascending.
    pub(crate) delays: Vec<f64>,
    /// Per plain risk: what an outage of it does.
    pub(crate) reactions: Vec<Reaction>,
    /// Per plain risk: the vendors that it strikes and that carry traffic, a bit each; none if it strikes nobody who matters.
    pub(crate) strikes: Vec<Option<u64>>,
    /// What each vendor is to the group.
    pub(crate) roles: Vec<Role>,
}

/// A place that lost traffic can move to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Room {
    pub(crate) vendor: usize,
    /// What it holds while its vendor is fully available, as a fraction of all traffic.
    pub(crate) size: f64,
    /// Hours after traffic has become movable until it is open.
    pub(crate) starts: f64,
}

/// What a vendor is to a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    None,
    /// It carries traffic.
    Serves,
    /// It carries none, but offers room.
    Stands,
}

impl Regime {
    pub(crate) fn new(plan: &Plan, placement: Arc<Placement>, (start, end): (f64, f64)) -> Self {
        Self { start, end, last: end >= plan.clock.horizon, placement }
    }

    pub(crate) fn placement(&self) -> &Arc<Placement> {
        &self.placement
    }
}

impl Placement {
    /// `shares`: per vendor.
    pub(crate) fn new(plan: &Plan, portfolio: &PortfolioPlan, group: &Group, shares: Vec<f64>) -> Self {
        let rooms = rooms(portfolio, group, &shares);
        let role = |v: usize| {
            if shares[v] > 0.0 {
                Role::Serves
            } else if rooms.iter().any(|r| r.vendor == v) {
                Role::Stands
            } else {
                Role::None
            }
        };
        let roles = (0..shares.len()).map(role).collect();
        let mut delays: Vec<f64> = rooms.iter().map(|r| r.starts).filter(|starts| *starts > 0.0).collect();
        delays.sort_unstable_by(f64::total_cmp);
        delays.dedup();
        let mut placement = Self { shares, rooms, delays, reactions: Vec::new(), strikes: Vec::new(), roles };
        if let Some(plain) = &plan.plain {
            let placed = (&placement, portfolio.failover.as_ref());
            let reaction = |risk| Reaction::new(plan, risk, placed, &[], &mut Sweep::default());
            placement.reactions = plain.risks.iter().map(reaction).collect();
            let role_of = |t: &&(usize, f64), role: Role| placement.roles[t.0] == role;
            let struck = |risk: &PlainRisk| {
                let matters = risk.takes.iter().any(|t| placement.roles[t.0] != Role::None);
                matters.then(|| strikes(risk.takes.iter().filter(|t| role_of(t, Role::Serves)).map(|t| t.0)))
            };
            placement.strikes = plain.risks.iter().map(struck).collect();
        }
        placement
    }
}

/// The rooms of a group with these shares, in the order in which they are filled.
fn rooms(portfolio: &PortfolioPlan, group: &Group, shares: &[f64]) -> Vec<Room> {
    let Some(failover) = &portfolio.failover else { return Vec::new() };
    let standby = |v: usize| portfolio.standby.iter().find(|s| s.vendor == v);
    let room = |v: usize| {
        if shares[v] > 0.0 {
            Some(Room { vendor: v, size: failover.headroom * shares[v], starts: 0.0 })
        } else {
            standby(v).map(|s| Room { vendor: v, size: s.capacity, starts: s.starts })
        }
    };
    let order: Vec<usize> = if let Some(order) = &failover.order {
        order.clone()
    } else {
        let listed = group.listed.iter().copied().filter(|&v| shares[v] > 0.0);
        let others = (0..shares.len()).filter(|v| shares[*v] > 0.0 && !group.listed.contains(v));
        let standbys = portfolio.standby.iter().map(|s| s.vendor).filter(|&v| shares[v] <= 0.0);
        listed.chain(others).chain(standbys).collect()
    };
    order.into_iter().filter_map(room).filter(|r| r.size > 0.0).collect()
}
