//! Samples of known laws, and a small scenario with trials made by hand.

use rand::SeedableRng;
use rand_distr::{Distribution, LogNormal, Poisson};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::super::attribution::Tail;
use crate::measure::Sorted;
use crate::results::Estimate;
use crate::scenario::{About, Appetite, Conditions, Effects, Node, Portfolio, Risk, RunsOn, Scenario, Service, Vendor};
use crate::simulate::{All, Histogram, Moments, Parts, PortfolioTrials, Trials};

pub(super) type Generator = Xoshiro256PlusPlus;

pub(super) fn generator(seed: u64) -> Generator {
    Generator::seed_from_u64(seed)
}

/// Severity of KA-2 (a): log-normal of mean 10 and coefficient of variation 1.5.
pub(super) const MU: f64 = 1.713_257_594_823_223_2;
pub(super) const SIGMA: f64 = 1.085_658_784_490_618;

/// Totals of a compound Poisson law with the severity of KA-2 (a).
pub(super) struct Compound {
    counts: Poisson<f64>,
    severity: LogNormal<f64>,
}

impl Compound {
    pub(super) fn new(mean_count: f64) -> Self {
        Self { counts: Poisson::new(mean_count).unwrap(), severity: LogNormal::new(MU, SIGMA).unwrap() }
    }

    pub(super) fn draw(&self, generator: &mut Generator) -> f64 {
        let n = self.counts.sample(generator) as usize;
        (0..n).map(|_| self.severity.sample(generator)).sum()
    }

    pub(super) fn sample(&self, n: usize, generator: &mut Generator) -> Vec<f64> {
        (0..n).map(|_| self.draw(generator)).collect()
    }
}

/// Two vendors on one cloud, the second also on another; `one` uses the first, `two` both.
pub(super) fn scenario() -> Scenario {
    let node = |id: &str, runs_on| Node { id: id.into(), runs_on, about: About::default() };
    let risk = |id: &str, on| Risk {
        id: id.into(),
        kind: "outage",
        on: vec![on],
        arrivals: None,
        path: None,
        conditions: Conditions::default(),
        effects: Effects::default(),
        stages: vec![],
        about: About::default(),
    };
    Scenario {
        name: "two vendors".into(),
        about: About::default(),
        start_unix: 1_735_689_600, // 2025-01-01
        horizon_hours: 2.0 * 8766.0,
        currency: "$".into(),
        discount_rate: 0.0,
        appetite: Some(Appetite { loss: 100.0, probability: Some(0.05) }),
        trials: 4,
        seed: 1,
        nodes: vec![
            node("east", RunsOn::All(vec![])),
            node("west", RunsOn::All(vec![])),
            node("a", RunsOn::All(vec![0])),
            node("b", RunsOn::AnyOf(vec![0, 1])),
        ],
        n_platforms: 2,
        vendors: vec![Vendor { price: None, unit: None, capability: 1.0, stake: 0.0 }; 2],
        services: vec![Service {
            id: "chat".into(),
            revenue_per_hour: 10.0,
            growth: 0.0,
            calendar: None,
            margin: 1.0,
            usage_per_hour: None,
            unit: None,
            tolerance_hours: 0.0,
            impact_tolerance_hours: Some(4.0),
            churn: None,
            sensitivity: 0.0,
            about: About::default(),
        }],
        factors: vec![],
        covers: vec![],
        risks: vec![risk("a-outage", 2), risk("b-outage", 3)],
        portfolios: vec![portfolio("one", vec![(0, 1.0)]), portfolio("two", vec![(0, 0.5), (1, 0.5)])],
        expected_events: 0.0,
        baseline: 0,
        files: vec![],
    }
}

fn portfolio(id: &str, shares: Vec<(usize, f64)>) -> Portfolio {
    Portfolio {
        id: id.into(),
        shares: vec![shares],
        failover: None,
        standby: vec![],
        migration: None,
        setup: 0.0,
        overhead_per_hour: 0.0,
        covers: vec![],
        playbook: vec![],
        contracts: vec![],
        about: About::default(),
    }
}

/// Trials in which vendors `a` and `b` lose the given amounts, half of it in each year; `one` bears all of `a`'s,
/// `two` half of each, and pays 7 for it.
pub(super) fn trials(a: &[f64], b: &[f64]) -> Trials {
    let none = vec![0.0; a.len()];
    let half = |x: &[f64]| x.iter().map(|x| x / 2.0).collect::<Vec<_>>();
    Trials {
        first: 0,
        n: a.len() as u64,
        n_years: 2,
        thinned: 0,
        bits: 10,
        weights: None,
        observed: crate::simulate::Observed::default(),
        portfolios: vec![one_portfolio(0.0, a, &none, a), one_portfolio(7.0, &half(a), &half(b), a)],
    }
}

/// `baseline`: its losses.
fn one_portfolio(overhead: f64, a: &[f64], b: &[f64], baseline: &[f64]) -> PortfolioTrials {
    let loss: Vec<f64> = a.iter().zip(b).map(|(a, b)| a + b).collect();
    let halves: Vec<f64> = loss.iter().flat_map(|x| [x / 2.0; 2]).collect();
    let mut plan = [0.0; 10];
    plan[5] = overhead;
    let mut components = vec![Moments::from_slice(&vec![0.0; loss.len()]); 10];
    components[0] = Moments::from_slice(&loss);
    let (of_a, of_b, nothing) = (Moments::from_slice(a), Moments::from_slice(b), components[1]);
    let mut histogram = Histogram::default();
    histogram.add_all(&loss);
    let of = |f: &dyn Fn(f64, f64) -> f64| {
        Moments::from_slice(&loss.iter().zip(baseline).map(|(x, other)| f(*x, *other)).collect::<Vec<_>>())
    };
    PortfolioTrials {
        plan,
        aep: halves.clone(),
        oep: halves.clone(),
        unserved_hours: vec![loss.iter().map(|x| x / 10.0).collect()],
        longest_hours: vec![loss.iter().map(|x| x / 20.0).collect()],
        counted: None,
        month_histograms: vec![histogram; 24],
        all: All {
            components,
            risks: vec![of_a, of_b],
            nodes: vec![nothing, nothing, of_a, of_b],
            services: vec![Moments::from_slice(&loss), nothing],
            years: vec![of(&|x, _| x / 2.0); 2],
            months: vec![Moments::from_slice(&loss); 24],
            down: vec![of_a, of_b],
            down_total: Moments::from_slice(&loss),
            loss: Moments::from_slice(&loss),
            unserved_hours: vec![of(&|x, _| x / 10.0)],
            longest_hours: vec![of(&|x, _| x / 20.0)],
            difference: of(&|x, other| x - other + overhead),
            over_appetite: of(&|x, _| f64::from(crate::simulate::is_over(x, 100.0, overhead))),
            longer_than: vec![
                [1.0, 8.0, 24.0, 72.0, 4.0]
                    .map(|hours| of(&|x, _| f64::from(crate::simulate::is_longer(x / 20.0, hours))))
                    .to_vec(),
            ],
            cheaper: of(&|x, other| f64::from(crate::simulate::is_cheaper(x + overhead, other))),
        },
        rows: Some(loss.iter().map(|&x| std::array::from_fn(|c| if c == 0 { x } else { 0.0 })).collect()),
        loss,
    }
}

/// What the engine gives back for some trials: `a` and `b` as the portfolio bears them.
fn redraw(trials: &[u64], a: &[f64], b: &[f64]) -> Vec<Parts> {
    let parts = |&trial: &u64| {
        let (a, b) = (a[trial as usize], b[trial as usize]);
        let mut components = vec![0.0; 10];
        components[0] = a + b;
        let (risks, nodes, services) = (vec![a, b], vec![0.0, 0.0, a, b], vec![a + b, 0.0]);
        Parts { trial, loss: a + b, components, risks, nodes, services }
    };
    trials.iter().map(parts).collect()
}

/// A tail of trials that were drawn again.
pub(super) fn tail(trials: &[(f64, Parts)], rows: &Sorted, tvar: &Estimate, all: (u64, u64)) -> Tail {
    let each: Vec<(f64, f64)> = trials.iter().map(|(weight, parts)| (*weight, parts.loss)).collect();
    let mut tail = Tail::new(&each, rows, tvar, all);
    trials.iter().for_each(|(_, parts)| tail.add(parts));
    tail
}

/// Results of these trials, tails and all.
pub(crate) fn results(a: &[f64], b: &[f64]) -> crate::results::Results {
    let trials = trials(a, b);
    let none = vec![0.0; a.len()];
    let half = |x: &[f64]| x.iter().map(|x| x / 2.0).collect::<Vec<_>>();
    let divide = |portfolio: usize, numbers: &[u64]| match portfolio {
        0 => redraw(numbers, a, &none),
        _ => redraw(numbers, &half(a), &half(b)),
    };
    super::super::results(&scenario(), &trials, &divide, "0.0.0")
}
