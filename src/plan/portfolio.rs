//! A portfolio compiled: groups of services with the same shares, rooms, terms, and its cost where nothing happens.

use super::{Clock, Plan, ServicePlan};
use crate::chance::law::Law;
use crate::contract::{rebate, shortfall};
use crate::results::Component;
use crate::scenario::{Contract, Cover, Credit, Failover, Play, Portfolio, Rebate, Scenario, Trigger, YEAR};

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
    /// Per vendor: exit fee, where its contract has one and traffic is planned.
    pub(crate) exit_fee: Vec<Option<f64>>,
    /// Per vendor: whether any traffic may ever be on it, or anything is decided by what happens to it.
    pub(crate) minds: Vec<bool>,
    /// What hangs on a vendor's nominal bill of a year, and of a month.
    pub(crate) yearly: Vec<Yearly>,
    pub(crate) credits: Vec<Credits>,
    /// Per risk: planned share of all traffic on the vendors it strikes.
    pub(crate) struck_share: Vec<f64>,
    pub(crate) covers: Vec<CoverPlan>,
    pub(crate) playbook: Vec<PlayPlan>,
    /// Per service: the longest interruption that nobody leaves for and no cover pays for.
    pub(crate) harmless: Vec<f64>,
    /// Per service: what planned shares and capability are short of 1.
    pub(crate) short: Vec<f64>,
    /// Total cost where nothing happens, by component.
    pub(crate) plan: [f64; 10],
}

/// Services whose traffic is placed alike, and will be, so that they respond alike.
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

/// Take-or-pay and rebates of one vendor.
#[derive(Debug, Clone)]
pub(crate) struct Yearly {
    pub(crate) vendor: usize,
    /// Per year; 0 if the contract has none.
    commitment: f64,
    rebates: Vec<Rebate>,
    /// What each year is of a full one.
    parts: Vec<f64>,
    /// The plan's nominal bill of each year.
    pub(crate) plan_bill: Vec<f64>,
}

/// Credits for missed availability of one vendor.
#[derive(Debug, Clone)]
pub(crate) struct Credits {
    pub(crate) vendor: usize,
    pub(crate) tiers: Vec<Credit>,
}

/// An insurance policy.
#[derive(Debug, Clone)]
pub(crate) struct CoverPlan {
    /// Per risk: whether it is covered.
    pub(crate) risks: Vec<bool>,
    pub(crate) waiting: f64,
    pub(crate) deductible: f64,
    pub(crate) limit_per_event: f64,
    pub(crate) limit_per_year: f64,
    pub(crate) pays: f64,
}

/// An entry of a playbook.
#[derive(Debug, Clone)]
pub(crate) struct PlayPlan {
    pub(crate) vendor: usize,
    pub(crate) trigger: Trigger,
    pub(crate) lasting: f64,
    pub(crate) takes: f64,
    pub(crate) costs: f64,
    /// Per group: the new share of each vendor.
    pub(crate) shares: Vec<Vec<f64>>,
}

impl PlayPlan {
    fn new(play: &Play, groups: &[Group], n_vendors: usize) -> Self {
        Self {
            vendor: play.vendor,
            trigger: play.trigger,
            lasting: play.lasting_hours,
            takes: play.takes_hours,
            costs: play.costs,
            shares: groups.iter().map(|g| dense(&play.shares[g.services[0]], n_vendors)).collect(),
        }
    }
}

impl CoverPlan {
    fn new(cover: &Cover, n_risks: usize) -> Self {
        Self {
            risks: (0..n_risks).map(|r| cover.risks.contains(&r)).collect(),
            waiting: cover.waiting_hours,
            deductible: cover.deductible,
            limit_per_event: cover.limit_per_event,
            limit_per_year: cover.limit_per_year,
            pays: cover.pays,
        }
    }

    /// The first part of each interruption of a service that it does not pay for.
    pub(crate) fn waits(&self, service: &ServicePlan) -> f64 {
        service.tolerance.max(self.waiting)
    }
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
        let bound = || (0..n_vendors).filter(|&v| binds(v)).map(|v| (v, &portfolio.contracts[v]));
        let yearly = bound()
            .filter(|(_, c)| c.commitment_per_year.is_some() || !c.rebates.is_empty())
            .map(|(v, contract)| Yearly::new(v, contract, &groups, |m| price(v, m), plan))
            .collect();
        let credits = bound()
            .filter(|(_, c)| !c.sla.is_empty())
            .map(|(vendor, c)| Credits { vendor, tiers: c.sla.clone() })
            .collect();
        let covers: Vec<CoverPlan> =
            portfolio.covers.iter().map(|&c| CoverPlan::new(&scenario.covers[c], scenario.risks.len())).collect();
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
            playbook: portfolio.playbook.iter().map(|play| PlayPlan::new(play, &groups, n_vendors)).collect(),
            exit_fee: (0..n_vendors).map(|v| portfolio.contracts[v].exit_fee.filter(|_| binds(v))).collect(),
            groups,
            planned,
            prices,
            yearly,
            credits,
            struck_share,
            minds: Vec::new(),
            short: Vec::new(),
            harmless: plan.services.iter().map(|s| harmless(s, &covers)).collect(),
            covers,
            terms,
            plan: [0.0; 10],
        };
        compiled.minds = (0..n_vendors).map(|v| compiled.minds_vendor(v)).collect();
        compiled.short = (0..plan.services.len()).map(|s| compiled.planned_short(s, plan)).collect();
        compiled.plan[Component::Capability as usize] = compiled.planned_capability(plan);
        compiled.plan[Component::Spend as usize] = compiled.planned_spend(plan);
        let standbys: f64 = portfolio.standby.iter().map(|s| s.costs_per_hour).sum();
        let premiums: f64 = portfolio.covers.iter().map(|&c| scenario.covers[c].premium_per_hour).sum();
        compiled.plan[Component::Overhead as usize] = portfolio.setup
            + (portfolio.overhead_per_hour + standbys + premiums) * plan.clock.annuity(plan.clock.horizon);
        compiled
    }

    /// What a unit bought from a vendor in a month costs in the plan.
    #[inline]
    pub(crate) fn price(&self, vendor: usize, month: usize) -> f64 {
        self.prices[month * self.terms.len() + vendor]
    }

    /// The same of all vendors.
    #[inline]
    pub(crate) fn prices(&self, month: usize) -> &[f64] {
        &self.prices[month * self.terms.len()..][..self.terms.len()]
    }

    fn minds_vendor(&self, vendor: usize) -> bool {
        let plays = self.playbook.iter().flat_map(|play| &play.shares);
        self.groups.iter().map(|group| &group.shares).chain(plays).any(|shares| shares[vendor] > 0.0)
            || self.playbook.iter().any(|play| play.vendor == vendor)
            || self.standby.iter().any(|standby| standby.vendor == vendor)
            || self.migration.as_ref().is_some_and(|migration| migration.to.contains(&vendor))
    }

    /// Whether anything hangs on nominal bills.
    pub(crate) fn counts_bills(&self) -> bool {
        !self.yearly.is_empty() || !self.credits.is_empty()
    }

    fn planned_short(&self, service: usize, plan: &Plan) -> f64 {
        let group = self.groups.iter().find(|g| g.services.contains(&service));
        let shares = group.map_or(&[][..], |g| &g.shares);
        shares.iter().zip(&plan.vendors).map(|(share, vendor)| share * (1.0 - vendor.capability)).sum()
    }

    fn planned_capability(&self, plan: &Plan) -> f64 {
        let lost = |(service, short): (&ServicePlan, &f64)| {
            service.at_stake * service.sensitivity * short * service.present_months.iter().sum::<f64>()
        };
        plan.services.iter().zip(&self.short).map(lost).sum()
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
        for terms in &self.yearly {
            for (year, &bill) in terms.plan_bill.iter().enumerate() {
                spend += terms.due(year, bill) * plan.clock.discount(plan.clock.year_end(year));
            }
        }
        spend
    }
}

impl Yearly {
    fn new(vendor: usize, contract: &Contract, groups: &[Group], price: impl Fn(usize) -> f64, plan: &Plan) -> Self {
        let clock: &Clock = &plan.clock;
        let years = 0..clock.n_years;
        let parts = years.clone().map(|y| (clock.year_end(y) - clock.months[y * 12]) / YEAR).collect();
        let month_bill = |m: usize| {
            let usage = |g: &Group| {
                let of = |&s: &usize| plan.services[s].usage * plan.services[s].nominal_months[m];
                g.services.iter().map(of).sum::<f64>() * g.shares[vendor]
            };
            groups.iter().map(usage).sum::<f64>() * price(m)
        };
        let plan_bill = years.map(|y| clock.year_months(y).map(month_bill).sum()).collect();
        let commitment = contract.commitment_per_year.unwrap_or(0.0);
        Self { vendor, commitment, rebates: contract.rebates.clone(), parts, plan_bill }
    }

    /// What is owed beyond a year's nominal bill, less what comes back of it.
    pub(crate) fn due(&self, year: usize, bill: f64) -> f64 {
        let part = self.parts[year];
        shortfall(self.commitment * part, bill) - rebate(&self.rebates, part, bill)
    }
}

/// The longest interruption of a service that nobody leaves for and no cover pays for.
fn harmless(service: &ServicePlan, covers: &[CoverPlan]) -> f64 {
    let leave = service.churn.as_ref().map_or(f64::INFINITY, |churn| churn.after);
    covers.iter().map(|cover| cover.waits(service)).fold(leave, f64::min)
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
    let mut groups: Vec<Group> = Vec::new();
    let alike = |a: usize, b: usize| {
        portfolio.shares[a] == portfolio.shares[b] && portfolio.playbook.iter().all(|p| p.shares[a] == p.shares[b])
    };
    for (s, shares) in portfolio.shares.iter().enumerate() {
        if let Some(group) = groups.iter_mut().find(|g| alike(g.services[0], s)) {
            group.services.push(s);
        } else {
            let listed = shares.iter().map(|&(v, _)| v).collect();
            groups.push(Group { services: vec![s], shares: dense(shares, n_vendors), listed });
        }
    }
    groups
}

fn dense(shares: &[(usize, f64)], n_vendors: usize) -> Vec<f64> {
    let mut dense = vec![0.0; n_vendors];
    for &(v, share) in shares {
        dense[v] = share;
    }
    dense
}
