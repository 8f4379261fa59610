//! How concentrated a portfolio is: by planned shares, and by how its vendors fail together.

use crate::scenario::{RunsOn, Scenario};
use crate::simulate::PortfolioTrials;

/// Shares below this count as none (MODEL section 7).
const NO_SHARE: f64 = 1e-9;

/// Planned share of all traffic on each vendor: the mean over services by revenue, in equal parts if none earns.
pub(crate) fn planned_shares(scenario: &Scenario, portfolio: usize) -> Vec<f64> {
    let earned: f64 = scenario.services.iter().map(|service| service.revenue_per_hour).sum();
    let mut shares = vec![0.0; scenario.vendors.len()];
    for (service, placed) in scenario.services.iter().zip(&scenario.portfolios[portfolio].shares) {
        let weight = if earned > 0.0 {
            service.revenue_per_hour / earned
        } else {
            1.0 / super::estimate::number(scenario.services.len())
        };
        for &(vendor, share) in placed.iter().filter(|(_, share)| *share >= NO_SHARE) {
            shares[vendor] += weight * share;
        }
    }
    shares
}

/// Herfindahl–Hirschman index: the sum of squared shares.
pub(crate) fn hhi(shares: &[f64]) -> f64 {
    shares.iter().map(|share| share * share).sum()
}

/// Shares by node: a vendor's in equal parts to what it runs on, to itself if nothing (MODEL section 8).
pub(crate) fn by_platform(scenario: &Scenario, vendor_shares: &[f64]) -> Vec<f64> {
    let mut shares = vec![0.0; scenario.nodes.len()];
    for (vendor, share) in vendor_shares.iter().enumerate() {
        let node = scenario.vendor_node(vendor);
        let (RunsOn::All(beneath) | RunsOn::AnyOf(beneath)) = &scenario.nodes[node].runs_on;
        for &platform in beneath {
            shares[platform] += share / super::estimate::number(beneath.len());
        }
        if beneath.is_empty() {
            shares[node] += share;
        }
    }
    shares
}

/// Effective number of independent vendors, (Σ sd D)² ÷ Var(Σ D), D a vendor's planned share × hours down: 1 if
/// vendors fail as one, n for n alike and independent. None if no vendor's time down varies.
///
/// Source: Choueifaty and Coignard, "Toward maximum diversification", 2008 (the ratio, squared).
pub(super) fn effective_vendors(trials: &PortfolioTrials) -> Option<f64> {
    let sum: f64 = trials.all.down.iter().map(crate::simulate::Moments::sd).sum();
    let variance = trials.all.down_total.variance();
    (variance > 0.0).then(|| sum * sum / variance)
}
