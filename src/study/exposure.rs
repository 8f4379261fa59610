//! What the loss of each vendor and platform would cost, for a while or for good, whatever its probability: the supply-chain
//! field's risk exposure index and time to recover.
//!
//! Source: Simchi-Levi, Schmidt and Wei, "From superstorms to factory fires: managing unpredictable supply-chain
//! disruptions", 2014.

use crate::chance::law::Law;
use crate::plan::Plan;
use crate::scenario::{About, Arrivals, Conditions, DAY, Effects, Length, Outage, PricePath, Risk, Scenario};
use crate::simulate::{Options, Trials, simulate};

/// For how long a node is lost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Lost {
    /// A whole outage of so many hours.
    Hours(f64),
    /// Access, without notice, to the end of the horizon.
    ForGood,
}

impl Lost {
    /// As a column of a table is headed: `8 h`, `30 days`, `for good`.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Lost::Hours(hours) if hours < 2.0 * DAY => format!("{hours}\u{a0}h"),
            Lost::Hours(hours) => format!("{}\u{a0}days", hours / DAY),
            Lost::ForGood => "for good".to_owned(),
        }
    }
}

/// The losses that are looked at.
pub const LOST: [Lost; 6] = [
    Lost::Hours(1.0),
    Lost::Hours(8.0),
    Lost::Hours(3.0 * DAY),
    Lost::Hours(30.0 * DAY),
    Lost::Hours(90.0 * DAY),
    Lost::ForGood,
];

/// What the loss of one node does to one portfolio. Means, where chance has a part in migration or failover.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Exposure {
    /// Index of the node.
    pub node: usize,
    /// How long it is lost.
    pub lost: Lost,
    /// Index of the portfolio.
    pub portfolio: usize,
    /// Loss: total cost less plan, present value.
    pub loss: f64,
    /// Unserved hours, weighed by the services' parts of revenue.
    pub unserved_hours: f64,
    /// Hours until all traffic is served again; none if in some trial it is not within the horizon.
    pub recovery_hours: Option<f64>,
}

/// Trials of each loss, where chance has a part in it.
const TRIALS: u64 = 200;

/// Every node of the scenario lost alone at the start, every other risk switched off: by node, then length, then portfolio.
#[must_use]
pub fn exposure(scenario: &Scenario) -> Vec<Exposure> {
    let mut all = Vec::new();
    for node in 0..scenario.nodes.len() {
        for lost in LOST {
            let planted = planted(scenario, node, lost);
            let plan = Plan::new(&planted, scenario.seed);
            let options = Options::of(0..trials(&planted));
            if let Some(trials) = simulate(&plan, &options, &|_| true) {
                all.extend((0..scenario.portfolios.len()).map(|p| exposed(scenario, &trials, node, lost, p)));
            }
        }
    }
    all
}

/// The scenario in which one node is lost and nothing else happens.
fn planted(scenario: &Scenario, node: usize, lost: Lost) -> Scenario {
    let mut planted = scenario.clone();
    // Prices run as expected, as they do in the plan.
    planted.risks.retain_mut(|risk| {
        risk.arrivals = None;
        risk.stages.clear();
        risk.effects = Effects::default();
        risk.conditions = Conditions::default();
        if let Some(PricePath { volatility, follows, .. }) = &mut risk.path {
            *volatility = 0.0;
            follows.clear();
        }
        risk.path.is_some()
    });
    let planted_risk = planted.risks.len();
    // A policy pays for this loss if it covers any risk of the node.
    for cover in &mut planted.covers {
        let pays = cover.risks.iter().any(|&r| scenario.risks[r].on.contains(&node));
        cover.risks = if pays { vec![planted_risk] } else { Vec::new() };
    }
    let (kind, effects) = match lost {
        Lost::Hours(hours) => {
            let outage = Outage { duration: Law::Constant(hours), leaves: Law::Constant(0.0) };
            ("outage", Effects { outage: Some(outage), ..Effects::default() })
        }
        Lost::ForGood => ("exclusivity", Effects { suspends: Some(Length::Permanent), ..Effects::default() }),
    };
    planted.risks.push(Risk {
        id: "exposure".to_owned(),
        kind,
        on: vec![node],
        arrivals: Some(Arrivals::At { times_hours: vec![0.0], probability: 1.0 }),
        path: None,
        conditions: Conditions::default(),
        effects,
        stages: Vec::new(),
        about: About::default(),
    });
    planted
}

/// How many trials it takes: one if nothing is left to chance.
fn trials(planted: &Scenario) -> u64 {
    let constant = |law: &Law| law.is_constant().is_some();
    let certain = planted.portfolios.iter().all(|p| {
        p.failover.as_ref().is_none_or(|f| f.works >= 1.0)
            && p.migration.as_ref().is_none_or(|m| constant(&m.takes) && constant(&m.costs))
    }) && planted.services.iter().all(|s| s.churn.as_ref().is_none_or(|c| constant(&c.loses)));
    if certain { 1 } else { TRIALS }
}

#[expect(clippy::cast_precision_loss, reason = "a small number of trials")]
fn exposed(scenario: &Scenario, trials: &Trials, node: usize, lost: Lost, portfolio: usize) -> Exposure {
    let kept = &trials.portfolios[portfolio];
    let (n, rows) = (trials.n.max(1) as f64, kept.loss.len());
    let all: f64 = scenario.services.iter().map(|s| s.revenue_per_hour).sum();
    let part = |s: usize| {
        if all > 0.0 { scenario.services[s].revenue_per_hour / all } else { 1.0 / scenario.services.len() as f64 }
    };
    let unserved = |s: usize| part(s) * kept.unserved_hours[s].iter().sum::<f64>() / n;
    let recovery = |t: usize| kept.longest_hours.iter().map(|hours| hours[t]).fold(0.0, f64::max);
    let recovered = |t: &usize| recovery(*t) < scenario.horizon_hours * (1.0 - 1e-9);
    Exposure {
        node,
        lost,
        portfolio,
        loss: kept.loss.iter().sum::<f64>() / n,
        unserved_hours: (0..scenario.services.len()).map(unserved).sum(),
        recovery_hours: (0..rows).all(|t| recovered(&t)).then(|| (0..rows).map(recovery).sum::<f64>() / n),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{NoFiles, read};

    #[test]
    fn losses_and_times_to_recover_are_those_of_hand() {
        let text = r#"
            start = 2026-01-01
            horizon = "100 days"
            platform.cloud = {}
            vendor.a = { runs_on = ["cloud"] }
            vendor.b = {}
            service.s = { revenue = "$1k/h" }
            risk.often = { kind = "outage", on = "a", arrivals = { per_year = 50 }, duration = "1 h to 9 h" }
            risk.path = { kind = "pricing", on = "a", path = { drift = "-20%", volatility = 0.5 } }
            cover.bi = { risks = ["often"], waiting = "2 h", pays = 0.5, premium = "$1/h" }
            portfolio.stay = { shares = { a = 1 } }
            portfolio.move = { shares = { a = 1 }, migration = { to = ["b"], patience = "10 days", takes = "5 days", costs = "$3k" } }
            portfolio.insured = { shares = { a = 1 }, covers = ["bi"] }
        "#;
        let scenario = read("exposure.toml", text.as_bytes(), &NoFiles).unwrap_or_else(|p| panic!("{p}")).scenario;
        let all = exposure(&scenario);
        let find = |node: usize, lost: Lost, portfolio: usize| {
            *all.iter().find(|e| (e.node, e.lost, e.portfolio) == (node, lost, portfolio)).expect("is there")
        };
        assert_eq!(all.len(), 3 * LOST.len() * 3);
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-6 * b.abs().max(1.0), "{a}, expected {b}");
        // The cloud takes a with it.
        for node in [0, 1] {
            let stay = find(node, Lost::Hours(8.0), 0);
            close(stay.loss, 8e3);
            close(stay.unserved_hours, 8.0);
            close(stay.recovery_hours.expect("recovers"), 8.0);
            assert_eq!(find(node, Lost::ForGood, 0).recovery_hours, None);
            // Access is lost without notice: five days until it has moved.
            let moved = find(node, Lost::ForGood, 1);
            close(moved.recovery_hours.expect("recovers"), 120.0);
            close(moved.loss, 123e3);
            // An outage is waited for: ten days, then five.
            close(find(node, Lost::Hours(30.0 * DAY), 1).recovery_hours.expect("recovers"), 360.0);
        }
        // The policy covers the vendor's risk alone, half of all but the first two hours.
        close(find(1, Lost::Hours(8.0), 2).loss, 5e3);
        close(find(0, Lost::Hours(8.0), 2).loss, 8e3);
        // Nobody uses b.
        close(find(2, Lost::ForGood, 0).loss, 0.0);
        close(find(2, Lost::ForGood, 0).recovery_hours.expect("nothing to recover"), 0.0);
    }
}
