//! What was understood of a scenario, in figures that a reader can check by eye: how often each risk happens, how
//! large it is, what it takes away, and what each portfolio plans. Closed forms and sums on a grid of time; nothing
//! is simulated.

mod expected;
mod flow;
mod grid;
mod risk;
mod spread;
#[cfg(test)]
mod tests;

pub(crate) use self::expected::expected;
use crate::measure::concentration;
use crate::plan::Plan;
use crate::scenario::{Contract, ScalesWith, Scenario, YEAR};

/// What was understood of a scenario. Indices are those of the scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct Digest {
    /// The horizon, years.
    pub years: f64,
    /// One entry per risk, in order.
    pub risks: Vec<RiskDigest>,
    /// One entry per portfolio, in order.
    pub portfolios: Vec<PortfolioDigest>,
}

/// How often a risk happens and how large it is.
#[derive(Debug, Clone, PartialEq)]
pub struct RiskDigest {
    /// Its events; none for a price path alone.
    pub events: Option<Events>,
    /// The price index at the beginning of the last month.
    pub path: Option<Extent>,
    /// Per portfolio: what its conditions multiply the rate or probability of the event by.
    pub times: Vec<f64>,
    /// Effects of the event itself.
    pub sizes: Vec<Size>,
    /// Stage by stage, what may follow.
    pub outcomes: Vec<OutcomeDigest>,
    /// Expected hours within the horizon for which the nodes it is on are lost to it, a partial loss counted in
    /// part, conditions left out; none if it takes nothing away.
    pub hours_down: Option<f64>,
}

/// How often something happens within the horizon, conditions left out.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Events {
    /// Expected number, factors at their mean; dates before the start count.
    pub expected: f64,
    /// How many of them come because other risks cause them, or raise the rate.
    pub by_others: f64,
    /// Expected number in the first year, or within a shorter horizon.
    pub first_year: f64,
    /// Probability of at least one.
    pub probability: f64,
}

/// One outcome of a stage.
#[derive(Debug, Clone, PartialEq)]
pub struct OutcomeDigest {
    /// Name of the stage; empty for outcomes of the event itself.
    pub stage: String,
    /// Name of the outcome.
    pub name: String,
    /// Probability once the stage is reached, conditions left out.
    pub probability: f64,
    /// Expected number within the horizon.
    pub expected: f64,
    /// Probability of at least one within the horizon.
    pub at_least_one: f64,
    /// Per portfolio: what its conditions multiply the probability by.
    pub times: Vec<f64>,
    /// Its effects.
    pub sizes: Vec<Size>,
}

/// How large one effect is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Size {
    /// Which.
    pub of: Quantity,
    /// How much.
    pub extent: Extent,
}

/// A quantity of an event, in the engine's units: hours, fractions, currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// Hours of an outage.
    Duration,
    /// Fraction that an outage leaves.
    Leaves,
    /// Hours of an access loss.
    Suspends,
    /// Hours from announcement to beginning.
    Notice,
    /// Change of the price index.
    PriceChange,
    /// Change of the capability.
    CapabilityChange,
    /// Change of the revenue of a service.
    RevenueChange(usize),
    /// Hours that changes and raised rates last.
    Lasts,
    /// Hours over which a change of revenue or capability is reached.
    Over,
    /// Currency, and which part a portfolio bears.
    Cost(ScalesWith),
    /// Change of the worth of a stake.
    StakeChange,
    /// What the rate of a risk is multiplied by.
    Raises(usize),
    /// Probability that an event of a risk follows.
    Causes(usize),
    /// Hours after which it follows.
    After(usize),
}

/// What a quantity may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Extent {
    /// Always the same.
    Constant(f64),
    /// Drawn from a law.
    Drawn {
        /// Mean; none if it is infinite.
        mean: Option<f64>,
        /// 5 % point.
        p05: f64,
        /// 95 % point.
        p95: f64,
    },
    /// To the end of the trial.
    Permanent,
}

/// What a portfolio plans.
#[derive(Debug, Clone, PartialEq)]
pub struct PortfolioDigest {
    /// Planned share of all traffic, per vendor.
    pub shares: Vec<f64>,
    /// Total cost where nothing happens, by component (present value).
    pub plan: [f64; 10],
    /// Herfindahl–Hirschman index by vendor.
    pub hhi_vendor: f64,
    /// The same by platform.
    pub hhi_platform: f64,
    /// Vendors with whom a contract binds it.
    pub contracts: Vec<usize>,
}

impl PortfolioDigest {
    /// Total cost where nothing happens.
    #[must_use]
    pub fn plan_total(&self) -> f64 {
        self.plan.iter().sum()
    }
}

/// Says what was understood of `scenario`.
#[must_use]
pub fn digest(scenario: &Scenario) -> Digest {
    let plan = Plan::new(scenario, scenario.seed);
    let portfolios = (0..scenario.portfolios.len()).map(|p| portfolio(scenario, &plan, p)).collect();
    Digest { years: scenario.horizon_hours / YEAR, risks: risk::all(scenario, &plan), portfolios }
}

fn portfolio(scenario: &Scenario, plan: &Plan, idx: usize) -> PortfolioDigest {
    let shares = concentration::planned_shares(scenario, idx);
    let contracts = &scenario.portfolios[idx].contracts;
    let binds = |&v: &usize| shares[v] > 0.0 && contracts[v] != Contract::default();
    PortfolioDigest {
        plan: plan.portfolios[idx].plan,
        hhi_vendor: concentration::hhi(&shares),
        hhi_platform: concentration::hhi(&concentration::by_platform(scenario, &shares)),
        contracts: (0..contracts.len()).filter(binds).collect(),
        shares,
    }
}
