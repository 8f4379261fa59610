//! A scenario compiled for simulation: indices, addresses of chance, highest rates, who sees alike, and what each
//! portfolio costs where nothing happens. Nothing here draws, and nothing here can fail.

pub(crate) mod contagion;
pub(crate) mod curve;
pub(crate) mod factor;
pub(crate) mod graph;
pub(crate) mod mixture;
pub(crate) mod plain;
pub(crate) mod portfolio;
pub(crate) mod risk;
pub(crate) mod site;
pub(crate) mod tally;
#[cfg(test)]
mod tests;

use std::ops::Range;

use libm::{exp, log1p};

use crate::chance::Key;
use crate::chance::law::Law;
use crate::scenario::{MONTH, Scenario, Service, YEAR};
use curve::Curve;
use curve::fade::Fade;
use factor::FactorPlan;
use graph::Graph;
use mixture::MixturePlan;
use plain::PlainPlan;
use portfolio::PortfolioPlan;
use risk::{Counted, Parts, PathPlan, RiskPlan};
use site::Site;
use tally::TallyPlan;

/// A scenario ready to be simulated under one seed.
#[derive(Debug, Clone)]
pub struct Plan {
    pub(crate) clock: Clock,
    pub(crate) graph: Graph,
    pub(crate) vendors: Vec<VendorPlan>,
    pub(crate) services: Vec<ServicePlan>,
    pub(crate) risks: Vec<RiskPlan>,
    /// Groups of risks in the order in which they are drawn, where some lead to others.
    pub(crate) groups: Option<Vec<Vec<usize>>>,
    /// Events may come of others.
    pub(crate) chained: bool,
    pub(crate) paths: Vec<PathPlan>,
    pub(crate) factors: Vec<FactorPlan>,
    /// Terms under which some portfolio buys from a vendor, each once.
    pub(crate) terms: Vec<PriceTerms>,
    pub(crate) portfolios: Vec<PortfolioPlan>,
    /// Groups of portfolios that see alike.
    pub(crate) views: Vec<ViewPlan>,
    /// The loss above which the firm will not go, if it says so.
    pub(crate) appetite: Option<f64>,
    /// Index of the baseline in `portfolios`.
    pub(crate) baseline: usize,
    /// Platforms and vendors together.
    pub(crate) n_nodes: usize,
    /// Risk after risk: a node on its list, and how many are on it.
    pub(crate) struck: Vec<(usize, usize, f64)>,
    /// The shortest loss that makes any portfolio move; infinite if none migrates.
    pub(crate) least_patience: f64,
    /// Vendors who give some portfolio credits for missed availability.
    pub(crate) credited: Vec<usize>,
    /// Per vendor: whether what happens to it can matter to some portfolio. Per risk: whether it strikes none of these.
    pub(crate) minded: Vec<bool>,
    pub(crate) idle: Vec<bool>,
    /// Outages that are settled together; none where everything goes one by one.
    pub(crate) plain: Option<PlainPlan>,
    /// What may be tilted.
    pub(crate) sites: Vec<Site>,
    /// Address of the draw that says by which component of a mixture a trial is drawn.
    pub(crate) component: Key,
    /// Address of what scrambles the points by which trials of a mixture are spread evenly.
    pub(crate) points: Key,
    /// By what trials are drawn, if not plainly.
    pub(crate) mixture: Option<MixturePlan>,
    /// What is counted so that a run checks itself.
    pub(crate) tally: TallyPlan,
}

#[expect(clippy::cast_precision_loss, reason = "a handful of nodes")]
fn struck(risks: &[RiskPlan]) -> Vec<(usize, usize, f64)> {
    let each = risks.iter().map(|risk| &risk.on).enumerate();
    each.flat_map(|(r, on)| on.iter().map(move |&node| (r, node, on.len() as f64))).collect()
}

/// The calendar of a trial and the discount rate.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    pub(crate) horizon: f64,
    /// Beginnings of the months, and the horizon.
    pub(crate) months: Vec<f64>,
    /// Years that begin before the horizon, and how many of them are full.
    pub(crate) n_years: usize,
    pub(crate) n_full_years: usize,
    /// Continuous discount rate per hour.
    pub(crate) rho: f64,
}

impl Clock {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "at most 1200 months"
    )]
    fn new(scenario: &Scenario) -> Self {
        let horizon = scenario.horizon_hours;
        let n_months = scenario.n_months();
        let mut months: Vec<f64> = (0..n_months).map(|k| k as f64 * MONTH).collect();
        months.push(horizon);
        let n_full_years = (horizon / YEAR + 1e-9) as usize;
        Self {
            horizon,
            months,
            n_years: n_months.div_ceil(12),
            n_full_years,
            rho: log1p(scenario.discount_rate) / YEAR,
        }
    }

    pub(crate) fn n_months(&self) -> usize {
        self.months.len() - 1
    }

    /// The month that contains `t`; the last one for the horizon itself and beyond.
    #[inline]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "t is not negative")]
    pub(crate) fn month(&self, t: f64) -> usize {
        let month = ((t * (1.0 / MONTH)) as usize).min(self.n_months() - 1);
        // The product may be off by a rounding at a boundary.
        if t < self.months[month] {
            month - 1
        } else if month + 1 < self.n_months() && t >= self.months[month + 1] {
            month + 1
        } else {
            month
        }
    }

    /// The model year of `t`; 0 before the start.
    #[inline]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most a hundred years")]
    pub(crate) fn year(t: f64) -> u32 {
        (t.max(0.0) / YEAR) as u32
    }

    /// End of year `y`, or the horizon.
    pub(crate) fn year_end(&self, year: usize) -> f64 {
        self.months[((year + 1) * 12).min(self.n_months())]
    }

    /// The months of year `y`.
    pub(crate) fn year_months(&self, year: usize) -> Range<usize> {
        year * 12..((year + 1) * 12).min(self.n_months())
    }

    /// Present value of one unit due at `t`.
    pub(crate) fn discount(&self, t: f64) -> f64 {
        if self.rho == 0.0 { 1.0 } else { exp(-self.rho * t) }
    }

    /// Present value of one unit an hour over [0, t).
    pub(crate) fn annuity(&self, t: f64) -> f64 {
        if self.rho == 0.0 { t } else { -libm::expm1(-self.rho * t) / self.rho }
    }
}

/// A vendor's price, worth, and the addresses of what is drawn for it.
#[derive(Debug, Clone)]
pub(crate) struct VendorPlan {
    pub(crate) price: f64,
    /// Capability at start.
    pub(crate) capability: f64,
    /// What the firm holds in it.
    pub(crate) stake: f64,
    pub(crate) failover: Key,
    pub(crate) migration_takes: Key,
    pub(crate) migration_costs: Key,
}

/// A service's flows.
#[derive(Debug, Clone)]
pub(crate) struct ServicePlan {
    /// Growth × demand profile × discount factor, and the same without the discount.
    pub(crate) present: Curve,
    pub(crate) nominal: Curve,
    /// ∫ of `present` and of `nominal` over each month.
    pub(crate) present_months: Vec<f64>,
    pub(crate) nominal_months: Vec<f64>,
    /// Margin × revenue per hour: what an unserved hour costs at start.
    pub(crate) at_stake: f64,
    pub(crate) usage: f64,
    pub(crate) tolerance: f64,
    /// The longest interruption that does no lasting harm, if the firm says so; hours.
    pub(crate) impact_tolerance: Option<f64>,
    /// Part of `at_stake` that is lost per unit of capability short of 1.
    pub(crate) sensitivity: f64,
    /// Part of all revenue.
    pub(crate) part: f64,
    pub(crate) churn: Option<ChurnPlan>,
}

/// Customers lost after long interruptions of a service.
#[derive(Debug, Clone)]
pub(crate) struct ChurnPlan {
    /// The longest interruption that drives nobody away.
    pub(crate) after: f64,
    /// The part of them that is lost, by the event.
    pub(crate) loses: Law,
    pub(crate) key: Key,
    /// The present value of what they would have paid, while they are won back.
    pub(crate) fade: Fade,
    /// The same as a curve that fades from the start on, if it fades slowly enough for that.
    pub(crate) faded: Option<Curve>,
    /// What flows in each month, of what fades from its beginning on; and what is left of it at its end.
    pub(crate) months: Vec<f64>,
    pub(crate) lefts: Vec<f64>,
    /// What flows from the beginning of each month to the horizon, of what fades from there on.
    pub(crate) onward: Vec<f64>,
}

impl ChurnPlan {
    fn new(service: &Service, start_unix: i64, seed: u64, present: &Curve, clock: &Clock) -> Option<Self> {
        let churn = service.churn.as_ref()?;
        let returns = churn.returns_hours;
        let growth = log1p(service.growth) / YEAR - clock.rho - 1.0 / returns;
        // A curve's rate must change little within an hour, and a horizon must not leave nothing of it.
        let slow = returns > 200.0 && clock.horizon < 500.0 * returns;
        let curve = || Curve::new(growth, service.calendar.as_ref(), start_unix, clock.horizon);
        let faded = slow.then(|| curve().with_weights(clock.horizon));
        let fade = Fade::new(present, churn.returns_hours, clock.horizon);
        Some(Self {
            after: churn.after_hours,
            loses: churn.loses.clone(),
            key: Key::new(seed, &format!("service.{}", service.id), "churn"),
            months: clock.months.windows(2).map(|w| fade.between(w[0], w[1])).collect(),
            lefts: clock.months.windows(2).map(|w| fade.left(w[1] - w[0])).collect(),
            onward: clock.months.iter().map(|&t| fade.from(t)).collect(),
            fade,
            faded,
        })
    }
}

/// A vendor's price cap, and the expected billed index under it.
#[derive(Debug, Clone)]
pub(crate) struct PriceTerms {
    pub(crate) vendor: usize,
    pub(crate) cap: Option<f64>,
    /// The price paths that move it, by their number.
    pub(crate) paths: Vec<usize>,
    /// Billed index of the plan, per month.
    pub(crate) planned: Vec<f64>,
}

/// Portfolios whose planned shares fulfil the same conditions, so that they see the same events.
#[derive(Debug, Clone)]
pub(crate) struct ViewPlan {
    pub(crate) portfolios: Vec<usize>,
    /// Per risk: the part of its first events that is seen; per outcome and cause likewise.
    pub(crate) events: Vec<f64>,
    pub(crate) outcomes: Vec<f64>,
    pub(crate) causes: Vec<f64>,
    /// Every event is seen, whatever else is.
    pub(crate) all: bool,
}

impl Plan {
    /// Compiles `scenario` under `seed`.
    #[must_use]
    pub fn new(scenario: &Scenario, seed: u64) -> Self {
        let clock = Clock::new(scenario);
        let graph = Graph::new(scenario);
        let services = services(scenario, seed, &clock);
        let mut counted = Counted::default();
        let mut risks: Vec<RiskPlan> = (scenario.risks.iter().zip(contagion::least_factors(scenario)))
            .map(|(r, least_factor)| RiskPlan::new(r, scenario, &graph, seed, &clock, least_factor, &mut counted))
            .collect();
        let groups = contagion::groups(scenario);
        let mut paths = risk::paths(scenario, &risks, seed, &clock);
        let mut factors = factor::factors(scenario, seed);
        let sites = site::number(scenario, &mut risks, &mut paths, &mut factors);
        let mut plan = Self {
            graph,
            vendors: vendors(scenario, seed),
            services,
            paths,
            factors,
            terms: Vec::new(),
            portfolios: Vec::new(),
            views: Vec::new(),
            appetite: scenario.appetite.map(|appetite| appetite.loss),
            baseline: scenario.baseline,
            n_nodes: scenario.nodes.len(),
            least_patience: scenario
                .portfolios
                .iter()
                .filter_map(|p| p.migration.as_ref())
                .fold(f64::INFINITY, |m, p| m.min(p.patience_hours)),
            tally: TallyPlan::new(scenario, &risks, groups.is_some()),
            chained: groups.is_some() || risks.iter().any(|r| r.aftershocks.is_some()),
            groups,
            credited: Vec::new(),
            minded: Vec::new(),
            idle: Vec::new(),
            plain: None,
            sites,
            component: Key::new(seed, "sampling", "component"),
            points: Key::new(seed, "sampling", "points"),
            mixture: None,
            struck: struck(&risks),
            risks,
            clock,
        };
        for portfolio in &scenario.portfolios {
            let compiled = PortfolioPlan::new(portfolio, scenario, &mut plan);
            plan.portfolios.push(compiled);
        }
        plan.credited = (0..plan.vendors.len())
            .filter(|&v| plan.portfolios.iter().any(|p| p.credits.iter().any(|c| c.vendor == v)))
            .collect();
        plan.views = views(scenario, &plan);
        plan.minded = (0..plan.vendors.len()).map(|v| plan.portfolios.iter().any(|p| p.minds[v])).collect();
        let idle = |risk: &RiskPlan| risk.reach.iter().all(|&(v, _)| !plan.minded[v]);
        plan.idle = plan.risks.iter().map(idle).collect();
        plan.plain = PlainPlan::new(scenario, &plan);
        plan
    }

    /// The same, with every outage an event of its own, and every vendor looked at: slower, and the same figures but for
    /// roundings.
    #[must_use]
    pub fn one_by_one(mut self) -> Self {
        self.plain = None;
        self.minded.fill(true);
        self.idle.fill(false);
        self
    }

    /// Number of portfolios.
    #[must_use]
    pub fn n_portfolios(&self) -> usize {
        self.portfolios.len()
    }

    /// Index of the terms `(vendor, cap)`, made if new.
    pub(crate) fn price_terms(&mut self, vendor: usize, cap: Option<f64>) -> usize {
        if let Some(i) = self.terms.iter().position(|t| t.vendor == vendor && t.cap == cap) {
            return i;
        }
        let mut index = vec![1.0; self.clock.n_months()];
        let paths: Vec<usize> = (0..self.paths.len()).filter(|&p| self.paths[p].vendors.contains(&vendor)).collect();
        for &path in &paths {
            index.iter_mut().zip(&self.paths[path].expected).for_each(|(i, e)| *i *= e);
        }
        let mut planned = index.clone();
        if let Some(cap) = cap {
            crate::contract::bill(&index, &(0..index.len()).collect::<Vec<_>>(), cap, &mut planned);
        }
        self.terms.push(PriceTerms { vendor, cap, paths, planned });
        self.terms.len() - 1
    }
}

fn vendors(scenario: &Scenario, seed: u64) -> Vec<VendorPlan> {
    (scenario.vendors.iter().enumerate())
        .map(|(v, vendor)| {
            let name = format!("vendor.{}", scenario.nodes[scenario.vendor_node(v)].id);
            VendorPlan {
                price: vendor.price.unwrap_or(0.0),
                capability: vendor.capability,
                stake: vendor.stake,
                failover: Key::new(seed, &name, "failover"),
                migration_takes: Key::new(seed, &name, "migration takes"),
                migration_costs: Key::new(seed, &name, "migration costs"),
            }
        })
        .collect()
}

fn services(scenario: &Scenario, seed: u64, clock: &Clock) -> Vec<ServicePlan> {
    let all: f64 = scenario.services.iter().map(|s| s.revenue_per_hour).sum();
    #[expect(clippy::cast_precision_loss, reason = "a handful of services")]
    let equal = 1.0 / scenario.services.len().max(1) as f64;
    (scenario.services.iter())
        .map(|s| {
            let growth = log1p(s.growth) / YEAR;
            let curve = |k: f64| Curve::new(k, s.calendar.as_ref(), scenario.start_unix, clock.horizon);
            let (present, nominal) = (curve(growth - clock.rho).with_weights(clock.horizon), curve(growth));
            ServicePlan {
                churn: ChurnPlan::new(s, scenario.start_unix, seed, &present, clock),
                present_months: months(&present, clock),
                nominal_months: months(&nominal, clock),
                present,
                nominal,
                at_stake: s.margin * s.revenue_per_hour,
                usage: s.usage_per_hour.unwrap_or(0.0),
                tolerance: s.tolerance_hours,
                impact_tolerance: s.impact_tolerance_hours,
                sensitivity: s.sensitivity,
                part: if all > 0.0 { s.revenue_per_hour / all } else { equal },
            }
        })
        .collect()
}

fn months(curve: &Curve, clock: &Clock) -> Vec<f64> {
    clock.months.windows(2).map(|w| curve.integral(w[1]) - curve.integral(w[0])).collect()
}

/// Who sees alike: portfolios with the same parts of every risk and outcome.
fn views(scenario: &Scenario, plan: &Plan) -> Vec<ViewPlan> {
    let mut all_parts: Vec<Parts> = Vec::new();
    let mut views: Vec<ViewPlan> = Vec::new();
    for (p, portfolio) in plan.portfolios.iter().enumerate() {
        let parts = risk::seen(scenario, plan, &portfolio.planned);
        if let Some(v) = all_parts.iter().position(|other| *other == parts) {
            views[v].portfolios.push(p);
            continue;
        }
        all_parts.push(parts.clone());
        let Parts { events, outcomes, causes } = parts;
        // Who does not see an outcome does not see what comes of it, and a raise may lower a rate.
        let all = plan.groups.is_none() && events.iter().chain(&outcomes).all(|&part| part >= 1.0);
        views.push(ViewPlan { portfolios: vec![p], events, outcomes, causes, all });
    }
    views
}
