//! A portfolio compiled: groups of services with the same shares, rooms, terms, and its cost where nothing happens.

use super::{Clock, Plan};
use crate::chance::law::Law;
use crate::contract::shortfall;
use crate::results::Component;
use crate::scenario::{Failover, Portfolio, Scenario, YEAR};

/// A portfolio ready to be judged.
#[derive(Debug, Clone)]
pub(crate) struct PortfolioPlan {
    pub(crate) groups: Vec<Group>,
    pub(crate) failover: Option<Failover>,
    pub(crate) standby: Vec<Standby>,
    pub(crate) migration: Option<Migration>,
    /// Planned share of all traffic, per vendor.
    pub(crate) planned: Vec<f64>,
    /// Per vendor: index of its terms.
    pub(crate) terms: Vec<usize>,
    /// Per month and vendor: price × billed index of the plan.
    prices: Vec<f64>,
    /// Per vendor: exit fee and commitment per year, where its contract has one and traffic is planned.
    pub(crate) exit_fee: Vec<Option<f64>>,
    pub(crate) commitments: Vec<Commitment>,
    /// Per risk: planned share of all traffic on the vendors it strikes.
    pub(crate) struck_share: Vec<f64>,
    /// Total cost where nothing happens, by component.
    pub(crate) plan: [f64; 10],
}

/// Services whose traffic is placed alike, so that they respond alike.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) services: Vec<usize>,
    /// Planned share per vendor.
    pub(crate) shares: Vec<f64>,
    /// Vendors as listed.
    pub(crate) listed: Vec<usize>,
}

/// A standby.
#[derive(Debug, Clone)]
pub(crate) struct Standby {
    pub(crate) vendor: usize,
    pub(crate) capacity: f64,
    pub(crate) starts: f64,
}

/// Migration policy.
#[derive(Debug, Clone)]
pub(crate) struct Migration {
    pub(crate) to: Vec<usize>,
    pub(crate) patience: f64,
    pub(crate) takes: Law,
    pub(crate) costs: Law,
}

/// Take-or-pay with one vendor.
#[derive(Debug, Clone)]
pub(crate) struct Commitment {
    pub(crate) vendor: usize,
    /// Owed in each year, the last pro rata.
    pub(crate) owed: Vec<f64>,
    /// The plan's nominal bill of each year.
    pub(crate) plan_bill: Vec<f64>,
}

impl PortfolioPlan {
    /// Compiles a portfolio; adds the terms it buys under to `plan`.
    pub(crate) fn new(portfolio: &Portfolio, scenario: &Scenario, plan: &mut Plan) -> Self {
        let n_vendors = scenario.vendors.len();
        let groups = groups(portfolio, n_vendors);
        let planned = planned(portfolio, plan, n_vendors);
        // A contract binds only where traffic is planned.
        let binds = |v: usize| planned_anywhere(&groups, v);
        let terms: Vec<usize> = (0..n_vendors)
            .map(|v| plan.price_terms(v, portfolio.contracts[v].price_cap.filter(|_| binds(v))))
            .collect();
        let price = |v: usize, month: usize| plan.terms[terms[v]].planned[month] * plan.vendors[v].price;
        let prices = (0..plan.clock.n_months())
            .flat_map(|m| (0..n_vendors).map(move |v| (m, v)))
            .map(|(m, v)| price(v, m))
            .collect();
        let commitments = (0..n_vendors)
            .filter(|&v| binds(v))
            .filter_map(|v| Some((v, portfolio.contracts[v].commitment_per_year?)))
            .map(|(v, per_year)| Commitment::new(v, per_year, &groups, |m| price(v, m), plan))
            .collect();
        let struck_share = plan.risks.iter().map(|r| r.struck.iter().map(|&v| planned[v]).sum()).collect();
        let mut compiled = Self {
            failover: portfolio.failover.clone(),
            standby: portfolio
                .standby
                .iter()
                .map(|s| Standby { vendor: s.vendor, capacity: s.capacity, starts: s.starts_hours })
                .collect(),
            migration: portfolio.migration.as_ref().map(|m| Migration {
                to: m.to.clone(),
                patience: m.patience_hours,
                takes: m.takes.clone(),
                costs: m.costs.clone(),
            }),
            exit_fee: (0..n_vendors).map(|v| portfolio.contracts[v].exit_fee.filter(|_| binds(v))).collect(),
            groups,
            planned,
            prices,
            commitments,
            struck_share,
            terms,
            plan: [0.0; 10],
        };
        compiled.plan[Component::Spend as usize] = compiled.planned_spend(plan);
        let standbys: f64 = portfolio.standby.iter().map(|s| s.costs_per_hour).sum();
        compiled.plan[Component::Overhead as usize] =
            portfolio.setup + (portfolio.overhead_per_hour + standbys) * plan.clock.annuity(plan.clock.horizon);
        compiled
    }

    /// What a unit bought from a vendor in a month costs in the plan.
    #[inline]
    pub(crate) fn price(&self, vendor: usize, month: usize) -> f64 {
        self.prices[month * self.terms.len() + vendor]
    }

    fn planned_spend(&self, plan: &Plan) -> f64 {
        let mut spend = 0.0;
        for group in &self.groups {
            for &s in &group.services {
                let service = &plan.services[s];
                for (v, &share) in group.shares.iter().enumerate().filter(|(_, w)| **w > 0.0) {
                    let bill: f64 = service.present_months.iter().enumerate().map(|(m, g)| g * self.price(v, m)).sum();
                    spend += service.usage * share * bill;
                }
            }
        }
        for commitment in &self.commitments {
            for (year, (&owed, &bill)) in commitment.owed.iter().zip(&commitment.plan_bill).enumerate() {
                spend += shortfall(owed, bill) * plan.clock.discount(plan.clock.year_end(year));
            }
        }
        spend
    }
}

impl Commitment {
    fn new(vendor: usize, per_year: f64, groups: &[Group], price: impl Fn(usize) -> f64, plan: &Plan) -> Self {
        let clock: &Clock = &plan.clock;
        let years = 0..clock.n_years;
        let owed = years.clone().map(|y| per_year * (clock.year_end(y) - clock.months[y * 12]) / YEAR).collect();
        let plan_bill = years
            .map(|y| {
                let month_bill = |m: usize| {
                    let usage = |g: &Group| {
                        g.services
                            .iter()
                            .map(|&s| plan.services[s].usage * plan.services[s].nominal_months[m])
                            .sum::<f64>()
                            * g.shares[vendor]
                    };
                    groups.iter().map(usage).sum::<f64>() * price(m)
                };
                clock.year_months(y).map(month_bill).sum()
            })
            .collect();
        Self { vendor, owed, plan_bill }
    }
}

fn planned_anywhere(groups: &[Group], vendor: usize) -> bool {
    groups.iter().any(|g| g.shares[vendor] > 0.0)
}

fn planned(portfolio: &Portfolio, plan: &Plan, n_vendors: usize) -> Vec<f64> {
    let mut planned = vec![0.0; n_vendors];
    for (service, shares) in plan.services.iter().zip(&portfolio.shares) {
        for &(v, share) in shares {
            planned[v] += service.part * share;
        }
    }
    planned
}

fn groups(portfolio: &Portfolio, n_vendors: usize) -> Vec<Group> {
    let mut groups: Vec<(&[(usize, f64)], Group)> = Vec::new();
    for (s, shares) in portfolio.shares.iter().enumerate() {
        if let Some((_, group)) = groups.iter_mut().find(|(listed, _)| listed == shares) {
            group.services.push(s);
            continue;
        }
        let mut dense = vec![0.0; n_vendors];
        for &(v, share) in shares {
            dense[v] = share;
        }
        groups.push((
            shares,
            Group { services: vec![s], shares: dense, listed: shares.iter().map(|&(v, _)| v).collect() },
        ));
    }
    groups.into_iter().map(|(_, group)| group).collect()
}
