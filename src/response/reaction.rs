//! How a group of services responds to a plain outage that is alone: the same every time within a regime.

use super::failover::Sweep;
use super::{NEGLIGIBLE, Regime};
use crate::plan::plain::PlainRisk;
use crate::scenario::Failover;

/// What changes in a group's traffic, so many hours after an outage has begun; undone at its end.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reaction {
    /// In order of time, the first at 0; empty if the outage does not matter.
    pub(crate) changes: Vec<Change>,
    /// Hours after which all is served again; infinite if that is at its end alone.
    pub(crate) served_after: f64,
}

/// What changes at one moment, as parts of all traffic.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Change {
    pub(crate) after: f64,
    pub(crate) unserved: f64,
    /// What each vendor serves more or less.
    pub(crate) served: Vec<(usize, f64)>,
}

impl Reaction {
    /// The reaction to an outage of `risk`, all whose falls move if any may.
    pub(crate) fn new(risk: &PlainRisk, regime: &Regime, failover: Option<&Failover>, sweep: &mut Sweep) -> Self {
        let mut changes = Vec::new();
        let mut served_after = f64::INFINITY;
        let missing: Vec<(usize, f64)> =
            risk.takes.iter().map(|&(v, takes)| (v, regime.shares[v] * takes)).filter(|m| m.1 > 0.0).collect();
        if missing.is_empty() {
            return Self { changes, served_after: 0.0 };
        }
        let settled = |x: f64| if x > NEGLIGIBLE { x } else { 0.0 };
        let mut unserved = settled(missing.iter().map(|m| m.1).sum());
        let served = missing.iter().map(|&(v, x)| (v, -x)).collect();
        changes.push(Change { after: 0.0, unserved, served });
        let Some(failover) = failover else { return Self { changes, served_after } };
        let (mut after, mut before): (f64, Vec<(usize, f64)>) = (failover.detect_hours, Vec::new());
        while after < f64::INFINITY {
            let (left, next) = sweep.react(risk, &missing, regime, failover.detect_hours, after);
            let moved = sweep.moved();
            let mut served: Vec<(usize, f64)> = moved.to_vec();
            for &(v, x) in &before {
                match served.iter_mut().find(|s| s.0 == v) {
                    Some(now) => now.1 -= x,
                    None => served.push((v, -x)),
                }
            }
            before = moved.to_vec();
            let left = settled(left);
            changes.push(Change { after, unserved: left - unserved, served });
            if left == 0.0 && unserved > 0.0 {
                served_after = after;
            }
            unserved = left;
            after = next;
        }
        Self { changes, served_after }
    }
}
