//! What the loss of each vendor and platform would cost, for a while or for good, whatever its probability: the supply-chain
//! field's risk exposure index and time to recover.
//!
//! Source: Simchi-Levi, Schmidt and Wei, "From superstorms to factory fires: managing unpredictable supply-chain
//! disruptions", 2014.

use rayon::prelude::*;

use crate::chance::law::Law;
use crate::impact::ledger::Ledger;
use crate::plan::Plan;
use crate::plan::portfolio::PortfolioPlan;
use crate::plan::risk::ArrivalsPlan;
use crate::scenario::{About, Arrivals, Conditions, DAY, Effects, Length, Outage, PricePath, Risk, Scenario};
use crate::simulate::Engine;

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
const TRIALS: usize = 200;

/// Every node of the scenario lost alone at the start, every other risk switched off: by node, then length, then portfolio.
#[must_use]
pub fn exposure(scenario: &Scenario) -> Vec<Exposure> {
    let n_nodes = scenario.nodes.len();
    let planted = planted(scenario);
    let plan = Plan::new(&planted, scenario.seed).one_by_one();
    let first = planted.risks.len() - n_nodes * LOST.len();
    // Nodes that take the same vendors with them, and that the same policies pay for, are exposed alike.
    let reach = |node: usize| &plan.risks[first + node * LOST.len()].reach;
    let covers = |node: usize| planted.covers.iter().map(move |c| c.risks.contains(&(first + node * LOST.len())));
    let alike = |node: usize, other: usize| reach(node) == reach(other) && covers(node).eq(covers(other));
    let like: Vec<usize> = (0..n_nodes).map(|n| (0..n).find(|&other| alike(n, other)).unwrap_or(n)).collect();
    let of_node = |bench: &mut Bench, node: usize| {
        if like[node] == node { bench.node(node, first + node * LOST.len()) } else { Vec::new() }
    };
    let all: Vec<Vec<Exposure>> = (0..n_nodes).into_par_iter().map_init(|| Bench::new(&plan, first), of_node).collect();
    (0..n_nodes).flat_map(|node| all[like[node]].iter().map(move |e| Exposure { node, ..*e })).collect()
}

/// The scenario in which nothing happens but that nodes are lost: for each node and length a risk of its own, behind the price paths. All
/// have the same name, hence the same luck.
fn planted(scenario: &Scenario) -> Scenario {
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
    let first = planted.risks.len();
    // A policy pays for a loss if it covers any risk of the node.
    for cover in &mut planted.covers {
        let pays = |node: &usize| cover.risks.iter().any(|&r| scenario.risks[r].on.contains(node));
        let nodes = (0..scenario.nodes.len()).filter(pays);
        cover.risks = nodes.flat_map(|n| first + n * LOST.len()..first + (n + 1) * LOST.len()).collect();
    }
    for node in 0..scenario.nodes.len() {
        planted.risks.extend(LOST.map(|lost| risk(node, lost)));
    }
    planted
}

fn risk(node: usize, lost: Lost) -> Risk {
    let (kind, effects) = match lost {
        Lost::Hours(hours) => {
            let outage = Outage { duration: Law::Constant(hours), leaves: Law::Constant(0.0) };
            ("outage", Effects { outage: Some(outage), ..Effects::default() })
        }
        Lost::ForGood => ("exclusivity", Effects { suspends: Some(Length::Permanent), ..Effects::default() }),
    };
    Risk {
        id: "exposure".to_owned(),
        kind,
        on: vec![node],
        arrivals: Some(Arrivals::At { times_hours: vec![0.0], probability: 1.0 }),
        path: None,
        conditions: Conditions::default(),
        effects,
        stages: Vec::new(),
        about: About::default(),
    }
}

/// An engine, and a plan in which one loss at a time is switched on.
struct Bench {
    plan: Plan,
    engine: Engine,
    /// How what is switched on arrives.
    arrives: ArrivalsPlan,
    /// Per service: the law of the part of customers that leave.
    leave: Vec<Option<Law>>,
}

impl Bench {
    fn new(plan: &Plan, first: usize) -> Self {
        let mut plan = plan.clone();
        let arrives = plan.risks[first].arrivals.clone();
        plan.risks[first..].iter_mut().for_each(|r| r.arrivals = ArrivalsPlan::Never);
        let leave = plan.services.iter().map(|s| s.churn.as_ref().map(|c| c.loses.clone())).collect();
        Self { engine: Engine::new(&plan), plan, arrives, leave }
    }

    /// What the loss of a node does, by length and portfolio; `first`: the risk of its first length.
    fn node(&mut self, node: usize, first: usize) -> Vec<Exposure> {
        let mut all = Vec::new();
        for (risk, lost) in (first..).zip(LOST) {
            self.plan.risks[risk].arrivals = self.arrives.clone();
            self.engine.look(&self.plan, 0);
            for portfolio in 0..self.plan.n_portfolios() {
                let sum = self.judged(risk, portfolio);
                all.push(sum.exposure(node, lost, portfolio));
            }
            self.plan.risks[risk].arrivals = ArrivalsPlan::Never;
        }
        all
    }

    /// What the loss that is switched on does to a portfolio, over all trials. Those in which the same failovers work are judged once, at
    /// the mean part of customers that leave, in which losses are linear; where a migration begins, each is judged by itself.
    fn judged(&mut self, risk: usize, portfolio: usize) -> Sum {
        let mut sum = Sum::default();
        for trials in self.alike(risk, portfolio) {
            self.settle_churn(Some(&trials));
            let (ledger, decisions) = self.engine.again(&self.plan, portfolio, trials[0]);
            // A single loss begins all migrations at one moment, before anything depends on luck.
            if decisions.begun.is_empty() || self.plan.portfolios[portfolio].migrates_by_the_clock() {
                sum.add(&self.plan, ledger, trials.len());
                continue;
            }
            self.settle_churn(None);
            (0..TRIALS as u64)
                .for_each(|trial| sum.add(&self.plan, self.engine.again(&self.plan, portfolio, trial).0, 1));
            break;
        }
        sum
    }

    /// The trials, by which failovers work of the vendors that the portfolio may lose.
    fn alike(&self, risk: usize, portfolio: usize) -> Vec<Vec<u64>> {
        let policy = &self.plan.portfolios[portfolio];
        let shares = policy.groups.iter().map(|g| &g.shares).chain(policy.playbook.iter().flat_map(|p| &p.shares));
        let used = |v: usize| shares.clone().any(|s| s[v] > 0.0);
        let works = policy.failover.as_ref().map_or(1.0, |f| f.works);
        let struck = self.plan.risks[risk].struck.iter().copied();
        let lost: Vec<usize> = struck.filter(|&v| works < 1.0 && used(v)).collect();
        let counter = self.engine.counter(&self.plan);
        let mut groups: Vec<(Vec<bool>, Vec<u64>)> = Vec::new();
        for trial in 0..TRIALS as u64 {
            let luck = lost.iter().map(|&v| self.plan.vendors[v].failover.uniform(trial, counter) < works).collect();
            match groups.iter_mut().find(|g| g.0 == luck) {
                Some(group) => group.1.push(trial),
                None => groups.push((luck, vec![trial])),
            }
        }
        groups.into_iter().map(|g| g.1).collect()
    }

    /// From now on as many customers leave as do on average in these trials, or as many as chance says.
    fn settle_churn(&mut self, trials: Option<&[u64]>) {
        let counter = self.engine.counter(&self.plan);
        for (service, law) in self.plan.services.iter_mut().zip(&self.leave) {
            let (Some(churn), Some(law)) = (&mut service.churn, law) else { continue };
            churn.loses = match trials {
                Some(trials) if law.is_constant().is_none() => {
                    let all: f64 = trials.iter().map(|&t| law.quantile(churn.key.uniform(t, counter))).sum();
                    Law::Constant(all / count(trials.len()))
                }
                _ => law.clone(),
            };
        }
    }
}

impl PortfolioPlan {
    /// Chance has no part in its migrations.
    fn migrates_by_the_clock(&self) -> bool {
        let certain = |law: &Law| law.is_constant().is_some();
        self.migration.as_ref().is_none_or(|m| certain(&m.takes) && certain(&m.costs))
    }
}

/// Sums over trials.
#[derive(Debug, Default)]
struct Sum {
    loss: f64,
    unserved_hours: f64,
    recovery_hours: f64,
    /// In some trial not all traffic is served again within the horizon.
    never: bool,
}

impl Sum {
    fn add(&mut self, plan: &Plan, ledger: &Ledger, n_trials: usize) {
        let n = count(n_trials);
        let recovery = ledger.longest_hours.iter().copied().fold(0.0, f64::max);
        self.loss += n * ledger.loss();
        let unserved = plan.services.iter().zip(&ledger.unserved_hours).map(|(service, hours)| service.part * hours);
        self.unserved_hours += n * unserved.sum::<f64>();
        self.recovery_hours += n * recovery;
        self.never |= recovery >= plan.clock.horizon * (1.0 - 1e-9);
    }

    fn exposure(&self, node: usize, lost: Lost, portfolio: usize) -> Exposure {
        let mean = |sum: f64| sum / count(TRIALS);
        Exposure {
            node,
            lost,
            portfolio,
            loss: mean(self.loss),
            unserved_hours: mean(self.unserved_hours),
            recovery_hours: (!self.never).then(|| mean(self.recovery_hours)),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a small number of trials")]
fn count(trials: usize) -> f64 {
    trials as f64
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
