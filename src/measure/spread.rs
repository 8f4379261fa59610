//! The distribution of total cost, on bins that all portfolios share.

use super::estimate::number;
use super::order::Sorted;
use crate::results::Distribution;

const BINS: usize = 80;

/// Histograms on equal bins from `from` to `to`; what lies beyond counts in the end bins.
///
/// `costs`: per portfolio, its losses and the plan to add to them.
pub(super) fn distribution(from: f64, to: f64, costs: &[(Sorted, f64)]) -> Distribution {
    let (from, to) = widened(from, to);
    let width = (to - from) / number(BINS);
    let edges = (0..=BINS).map(|k| if k == BINS { to } else { from + width * number(k) }).collect();
    let counts = costs.iter().map(|(losses, plan)| counts(losses, plan - from, width)).collect();
    Distribution { edges, counts }
}

/// The same range, or one around it where there is next to nothing to divide.
fn widened(from: f64, to: f64) -> (f64, f64) {
    if !(from.is_finite() && to.is_finite()) {
        return (0.0, 1.0);
    }
    let least = 1e-9 * from.abs().max(to.abs());
    if to - from > least {
        return (from, to);
    }
    let half = f64::max(0.5, 1e-3 * from.abs());
    (from - half, from + half)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the bins")]
fn counts(losses: &Sorted, shift: f64, width: f64) -> Vec<u64> {
    let mut counts = vec![0; BINS];
    for (loss, mass) in losses.each() {
        let bin = ((loss + shift) / width).clamp(0.0, number(BINS - 1));
        counts[bin as usize] += mass;
    }
    counts
}
