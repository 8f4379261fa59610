//! Loss by month, and when each month begins.

use crate::quantity::iso;
use crate::results::TimelinePoint;
use crate::simulate::PortfolioTrials;

/// Levels of a month's quantiles.
pub(super) const MONTH_LEVELS: [f64; 5] = [0.05, 0.25, 0.5, 0.75, 0.95];

/// A month of the model in seconds: 730.5 h.
const MONTH_SECONDS: i64 = 2_629_800;

/// One point per month of one portfolio.
pub(super) fn timeline(start_unix: i64, portfolio: usize, trials: &PortfolioTrials) -> Vec<TimelinePoint> {
    let months = trials.all.months.iter().zip(&trials.month_histograms).enumerate();
    months
        .map(|(month, (moments, histogram))| TimelinePoint {
            portfolio,
            month,
            start: iso(start_unix + MONTH_SECONDS * i64::try_from(month).unwrap_or(0)),
            mean: moments.mean,
            quantiles: histogram.quantiles(MONTH_LEVELS),
        })
        .collect()
}
