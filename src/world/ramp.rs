//! What changes of revenue and of capability have in common: a factor that is reached linearly and ends at once.

use super::{CapabilityChange, RevenueChange};

/// A factor 1 + `change` over [`start`, `end`), reached linearly over `over` hours.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ramp {
    pub(crate) start: f64,
    pub(crate) over: f64,
    pub(crate) end: f64,
    pub(crate) change: f64,
}

impl Ramp {
    /// The factor at `t`.
    pub(crate) fn factor(&self, t: f64) -> f64 {
        self.extended(t, t)
    }

    /// The factor at `t` as it goes on from around `within`, whatever begins or ends between the two.
    pub(crate) fn extended(&self, within: f64, t: f64) -> f64 {
        if within < self.start || within >= self.end {
            1.0
        } else if within < self.start + self.over {
            1.0 + self.change * (t - self.start) / self.over
        } else {
            1.0 + self.change
        }
    }

    /// It is at work somewhere in [a, b).
    pub(crate) fn touches(&self, a: f64, b: f64) -> bool {
        self.start < b && self.end > a
    }

    /// It is being reached somewhere in [a, b).
    pub(crate) fn rises(&self, a: f64, b: f64) -> bool {
        self.start < b && a < self.start + self.over && self.end > a
    }
}

impl From<&RevenueChange> for Ramp {
    fn from(&RevenueChange { start, over, end, change, .. }: &RevenueChange) -> Self {
        Self { start, over, end, change }
    }
}

impl From<&CapabilityChange> for Ramp {
    fn from(&CapabilityChange { start, over, end, change, .. }: &CapabilityChange) -> Self {
        Self { start, over, end, change }
    }
}

/// The first moment after `from`, `to` at the latest, at which a factor begins, is reached or ends.
pub(crate) fn next_break(ramps: impl Iterator<Item = Ramp>, from: f64, to: f64) -> f64 {
    ramps.flat_map(|r| [r.start, r.start + r.over, r.end]).filter(|&t| t > from).fold(to, f64::min)
}
