//! The money: every deviation from the plan, charged to the event or path that causes it (MODEL section 7.2).
//!
//! Only differences to the plan are computed, each as a sum of charges; so the parts sum to the whole by construction,
//! and total cost is the plan plus the loss. Knows traffic as pieces and moves, and nothing of why it moved.

mod bill;
mod capability;
mod churn;
mod cluster;
mod cover;
mod decided;
pub(crate) mod journal;
pub(crate) mod ledger;
pub(crate) mod market;
mod placed;
mod plain;
pub(crate) mod price;
mod smooth;
#[cfg(test)]
pub(crate) mod tests;
mod traffic;

use std::cell::{Cell, OnceCell};

use fearless_simd::{Level, dispatch};

use crate::chance::event_counter;
use crate::chance::math::exp;
use crate::lanes::clear;
use crate::plan::curve::walk::Moments;
use crate::plan::curve::{Curve, Flow};
use crate::plan::portfolio::PortfolioPlan;
use crate::plan::{Plan, ViewPlan};
use crate::response::Regime;
use crate::response::decisions::Decisions;
use crate::response::failover::Sweep;
use crate::response::found::{By, Found};
use crate::response::migration::Luck;
use crate::response::parting::Alone;
use crate::results::Component;
use crate::view::View;
use crate::view::sight::Sight;
use crate::world::ramp::Ramp;
use crate::world::{CapabilityChange, RevenueChange, World};
use ledger::{Cause, Ledger};
use market::{after_all, marginal, touched};
use price::Prices;
use smooth::{Flows, Product, SHORT, Spans};

/// What portfolios that see alike have in common: price chains, market losses, integrals over cells. Kept between trials.
#[derive(Debug, Default)]
pub(crate) struct Common {
    pub(crate) prices: Prices,
    /// The changes of revenue, per service, and of capability, per vendor, that were seen last: views differ little, and what
    /// depends on the same changes stays.
    seen: (Vec<Vec<RevenueChange>>, Vec<Vec<CapabilityChange>>),
    /// Per service its market losses: which of its changes, month, amount.
    market: Vec<Vec<(usize, usize, f64)>>,
    /// Per service: ∫ of its present-value curve over each cell, and of the nominal one.
    present: Vec<Vec<f64>>,
    nominal: Vec<Vec<f64>>,
    /// Per cell: what is worth 1 at its beginning, seen from the start; none where nobody counts bills.
    undiscounted: Vec<f64>,
    /// Per service: whether capability is money to it in this trial.
    capable: Vec<bool>,
    /// When some vendor's capability is not 1, from and to.
    short: (f64, f64),
    /// Per service and vendor: what changes of capability take.
    capability: Vec<Vec<capability::Taken>>,
    /// Per service and month: what it earns, if somebody asked.
    earned: Vec<Vec<OnceCell<f64>>>,
    /// Per service: its changes of revenue. Per vendor: those of its capability.
    revenues: Vec<Spans>,
    /// Per service: what flows in each month of what fades from its beginning on, and from there to the horizon.
    fading: Vec<Vec<f64>>,
    onward: Vec<Vec<f64>>,
    capabilities: Vec<Spans>,
}

/// Buffers for one portfolio.
#[derive(Debug, Default)]
pub(crate) struct Judge {
    sweep: Sweep,
    /// Per service, vendor and cell: units served, each at its present value; and nominal ones.
    usage: Vec<f64>,
    usage_nominal: Vec<f64>,
    /// Per service: start and end of the interruption that is under way or was last.
    runs: Vec<(f64, f64)>,
    plain: plain::Buffers,
    clustered: cluster::Buffers,
    /// Per cell: what outages that are alone take, and changes of prices.
    amounts: Vec<f64>,
    /// Per service: the interruption under way, if it may drive customers away.
    interrupted: Vec<churn::Interrupted>,
    /// Per service and month: what its customers who have gone would have paid an hour from its beginning on.
    gone: Vec<Vec<f64>>,
    flows: Flows,
    /// Vendors who serve more or less in a fall, and how much.
    served: Vec<(usize, Moments)>,
    luck: FailoverLuck,
    /// What covers count.
    insured: Vec<cover::Insured>,
}

impl Common {
    pub(crate) fn prepare(&mut self, plan: &Plan, view: &View, world: &World) {
        self.prices.prepare(plan, view, world);
        self.capable(plan, view);
        self.changes(plan, view);
        self.undiscounted.clear();
        if plan.portfolios.iter().any(PortfolioPlan::counts_bills) {
            self.undiscounted.extend(view.cells.bounds.iter().map(|t| exp(plan.clock.rho * t)));
        }
        self.present.resize_with(plan.services.len(), Vec::new);
        self.nominal.resize_with(plan.services.len(), Vec::new);
        let plain = view.cells.len() == plan.clock.n_months();
        for (s, service) in plan.services.iter().enumerate() {
            if service.usage > 0.0 {
                cell_areas(&mut self.present[s], plain, &service.present_months, &view.cells.bounds, |t| {
                    service.present.integral(t)
                });
                cell_areas(&mut self.nominal[s], plain, &service.nominal_months, &view.cells.bounds, |t| {
                    service.nominal.integral(t)
                });
            }
        }
    }

    /// Works out what depends on changes of revenue and of capability, where they are not those seen last.
    fn changes(&mut self, plan: &Plan, view: &View) {
        let (n_services, n_vendors) = (plan.services.len(), plan.vendors.len());
        self.revenues.resize_with(n_services, Spans::default);
        self.capabilities.resize_with(n_vendors, Spans::default);
        self.market.resize_with(n_services, Vec::new);
        self.earned.resize_with(n_services, Vec::new);
        self.fading.resize_with(n_services, Vec::new);
        self.onward.resize_with(n_services, Vec::new);
        self.capability.resize_with(n_services * n_vendors, Vec::new);
        let seen = std::mem::take(&mut self.seen);
        let same_revenue = |s: usize| seen.0.get(s) == Some(&view.revenues[s]);
        let same_capability = |v: usize| seen.1.get(v) == Some(&view.capabilities[v]);
        for s in (0..n_services).filter(|&s| !same_revenue(s)) {
            self.revenues[s].prepare(view.revenues[s].iter().map(Ramp::from), &plan.clock.months);
            self.market(plan, view, s);
            self.fade(plan, view, s);
            self.earned[s].clear();
            self.earned[s].resize(plan.clock.n_months(), OnceCell::new());
        }
        for v in (0..n_vendors).filter(|&v| !same_capability(v)) {
            self.capabilities[v].prepare(view.capabilities[v].iter().map(Ramp::from), &plan.clock.months);
        }
        for (s, v) in (0..n_services).flat_map(|s| (0..n_vendors).map(move |v| (s, v))) {
            if !(same_revenue(s) && same_capability(v)) {
                self.capability(plan, view, s, v);
            }
        }
        self.seen = seen;
        self.seen.0.clone_from(&view.revenues);
        self.seen.1.clone_from(&view.capabilities);
    }

    fn market(&mut self, plan: &Plan, view: &View, s: usize) {
        let (service, changes) = (&plan.services[s], &view.revenues[s]);
        self.market[s].clear();
        for (n, change) in changes.iter().enumerate() {
            for month in plan.clock.month(change.start)..=plan.clock.month(change.end) {
                let (a, b) = (plan.clock.months[month], plan.clock.months[month + 1]);
                let before = changes[..n].iter().map(Ramp::from);
                let amount = service.at_stake * marginal(&service.present, before, Ramp::from(change), a, b);
                self.market[s].push((n, month, amount));
            }
        }
    }
}

fn cell_areas(out: &mut Vec<f64>, plain: bool, months: &[f64], bounds: &[f64], integral: impl Fn(f64) -> f64) {
    out.clear();
    if plain {
        out.extend_from_slice(months);
        return;
    }
    let mut before = 0.0;
    out.extend(bounds[1..].iter().map(|&t| {
        let now = integral(t);
        let area = now - before;
        before = now;
        area
    }));
}

/// A time, within a month, during which traffic is lost.
struct Stretch {
    month: usize,
    from: f64,
    to: f64,
    /// ∫ of the service's present-value curve; of the nominal one; and of the former with all changes of revenue.
    area: f64,
    nominal: f64,
    revenue: f64,
    /// The flow and those changes, where parabolas say all of them.
    short: Option<(Flow, Product)>,
}

/// One portfolio in one trial.
struct Case<'a> {
    sight: Sight<'a>,
    plan: &'a Plan,
    portfolio: &'a PortfolioPlan,
    world: &'a World,
    view: &'a View,
    common: &'a Common,
    alone: &'a Alone,
    lot: Lot<'a>,
}

/// What is drawn for a portfolio: by the address of a vendor and an event.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lot<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) portfolio: &'a PortfolioPlan,
    pub(crate) world: &'a World,
}

impl Lot<'_> {
    fn counter(&self, event: u32) -> u64 {
        let event = &self.world.events[event as usize];
        event_counter(self.plan.risks[event.risk as usize].hash, event.counter)
    }

    fn works(&self, vendor: usize, event: u32) -> f64 {
        self.plan.vendors[vendor].failover.uniform(self.world.trial, self.counter(event))
    }

    fn costs(&self, vendor: usize, event: u32) -> f64 {
        let u = self.plan.vendors[vendor].migration_costs.uniform(self.world.trial, self.counter(event));
        self.portfolio.migration.as_ref().map_or(0.0, |m| m.costs.quantile(u))
    }
}

/// Whether failover works, as drawn in this trial, by vendor and event: all services and portfolios ask for the same. Where
/// plain outages become events, those who see otherwise number them otherwise.
#[derive(Debug, Default)]
struct FailoverLuck {
    /// The trial, and the first portfolio of those that see alike where that matters.
    of: Option<(u64, usize)>,
    known: Vec<Cell<f64>>,
}

impl FailoverLuck {
    fn open(&mut self, lot: &Lot, seer: &ViewPlan) {
        let n = lot.plan.vendors.len() * lot.world.events.len();
        let whose = if lot.plan.plain.is_some() { seer.portfolios[0] } else { 0 };
        let of = Some((lot.world.trial, whose));
        if self.of != of || self.known.len() != n {
            self.of = of;
            self.known.clear();
            self.known.resize(n, Cell::new(f64::NAN));
        }
    }

    #[inline]
    fn works(&self, lot: &Lot, vendor: usize, event: u32) -> f64 {
        let known = &self.known[vendor * lot.world.events.len() + event as usize];
        if known.get().is_nan() {
            known.set(lot.works(vendor, event));
        }
        known.get()
    }
}

impl Luck for Lot<'_> {
    fn takes(&self, vendor: usize, event: u32) -> f64 {
        let u = self.world.leaving(self.plan, vendor, event);
        self.portfolio.migration.as_ref().map_or(f64::INFINITY, |m| m.takes.quantile(u))
    }
}

impl Judge {
    /// Fills `ledger` with the losses of portfolio `p` in `trial`. `regimes`: where it places traffic while it decides
    /// nothing.
    pub(crate) fn judge(
        &mut self,
        sight: Sight,
        p: usize,
        regimes: &[Regime],
        decisions: &Decisions,
        (common, alone): (&Common, &Alone),
        ledger: &mut Ledger,
    ) {
        let Sight { plan, world, view, .. } = sight;
        let portfolio = &plan.portfolios[p];
        let lot = Lot { plan, portfolio, world };
        let case = Case { sight, plan, portfolio, world, view, common, alone, lot };
        ledger.open(plan, portfolio, world);
        self.open(&case);
        let regimes_of = |g: usize| decisions.regimes.get(g).map_or(&regimes[g..=g], Vec::as_slice);
        self.plain(&case, p, regimes_of, ledger);
        let mut luck = std::mem::take(&mut self.luck);
        luck.open(&case.lot, case.sight.seer);
        for (g, group) in portfolio.groups.iter().enumerate() {
            let regimes = regimes_of(g);
            let mut sweep = std::mem::take(&mut self.sweep);
            sweep.run(
                plan,
                view,
                portfolio.failover.as_ref(),
                regimes,
                |v, e| luck.works(&case.lot, v, e),
                |found| match &found {
                    Found::Alone(alone) => self.alone(&case, &group.services, alone, ledger),
                    Found::Piece(piece) => {
                        group.services.iter().for_each(|&s| self.piece(&case, s, piece, ledger));
                    }
                },
            );
            self.sweep = sweep;
            for &s in group.services.iter().filter(|&&s| plan.services[s].usage > 0.0) {
                dispatch!(Level::new(), _ => self.serve_as_placed(&case, s, regimes));
            }
            for &s in group.services.iter().filter(|&&s| common.capable[s]) {
                case.capability_as_placed(s, regimes, ledger);
            }
        }
        self.luck = luck;
        for s in 0..plan.services.len() {
            self.churn(&case, s, ledger);
            self.gone(&case, s, ledger);
        }
        self.claims(&case, ledger);
        case.decisions(decisions, ledger);
        case.one_off(ledger);
        case.stakes(ledger);
        let market = (0..).zip(&common.market).flat_map(|(s, of)| of.iter().map(move |&(n, m, x)| (s, n, m, x)));
        for (s, n, month, amount) in market {
            let change = &view.revenues[s][n];
            let event = change.by.event;
            ledger.at(change.start.max(plan.clock.months[month]), change.end.min(plan.clock.months[month + 1]), None);
            ledger.post(Component::Market, s, month, Cause::Event(event), amount);
            case.capability_of_market(s, month, event, amount, ledger);
        }
        dispatch!(Level::new(), simd => self.prices(simd, &case, ledger));
        case.yearly(ledger);
        self.credits(&case, ledger);
    }

    fn open(&mut self, case: &Case) {
        let plan = case.plan;
        let n = plan.services.len() * plan.vendors.len() * case.view.cells.width();
        clear(&mut self.usage, n);
        clear(&mut self.usage_nominal, if case.portfolio.counts_bills() { n } else { 0 });
        clear(&mut self.amounts, case.view.cells.width());
        self.runs.clear();
        self.runs.resize(plan.services.len(), (f64::NEG_INFINITY, f64::NEG_INFINITY));
        self.interrupted.resize_with(plan.services.len(), Default::default);
        self.flows.open(plan.services.len());
        self.gone.resize_with(plan.services.len(), Vec::new);
        self.insured.clear();
    }
}

impl Case<'_> {
    /// ∫ of a service's revenue after all changes, per unit of revenue at start; `curve`: its present value or nominal.
    fn revenue(&self, s: usize, curve: &Curve, from: f64, to: f64) -> f64 {
        let changes = &self.view.revenues[s];
        if !changes.is_empty() && touched(changes, from, to) {
            after_all(curve, changes, from, to)
        } else {
            curve.integral(to) - curve.integral(from)
        }
    }

    /// What a service earns during [from, to), within one month, an hour of revenue at start being 1.
    fn earned(&self, flows: &mut Flows, s: usize, month: usize, during: (f64, f64)) -> f64 {
        self.stretch(flows, s, month, during).revenue
    }

    /// What flows of a service during [from, to), within one month.
    #[inline]
    fn stretch(&self, flows: &mut Flows, s: usize, month: usize, (from, to): (f64, f64)) -> Stretch {
        let service = &self.plan.services[s];
        let (hours, bills) = (to - from, self.portfolio.counts_bills());
        if hours <= SHORT {
            let (flow, nominal) = flows.of(s, service, (self.plan.clock.rho, bills), (from, to));
            let factors = self.common.revenues[s].product(month, (from, to), flow.centre);
            if let Some(factors) = factors.filter(|factors| factors.is_smooth(hours)) {
                let (area, revenue, short) = (flow.area, factors.of(&flow), Some((flow, factors)));
                return Stretch { month, from, to, area, nominal, revenue, short };
            }
        }
        let curve = &service.present;
        let area = curve.area(from, to);
        let nominal = if bills && service.usage > 0.0 { service.nominal.area(from, to) } else { 0.0 };
        let revenue = if self.common.revenues[s].is_empty() { area } else { self.revenue(s, curve, from, to) };
        Stretch { month, from, to, area, nominal, revenue, short: None }
    }

    /// What an amount that is due at `t`, within a cell, is undiscounted.
    #[inline]
    fn undiscounted(&self, cell: usize, t: f64) -> f64 {
        let x = self.plan.clock.rho * (t - self.view.cells.bounds[cell]);
        if x.abs() > 0.01 {
            return exp(self.plan.clock.rho * t);
        }
        let within = 1.0 + x * (1.0 + x * (1.0 / 2.0 + x * (1.0 / 6.0 + x * (1.0 / 24.0 + x * (1.0 / 120.0)))));
        self.common.undiscounted[cell] * within
    }

    #[inline]
    fn each_taker(&self, by: By, mut job: impl FnMut(u32, f64)) {
        match by {
            By::Event(event) => job(event, 1.0),
            By::Step(step) => {
                let step = &self.view.steps[step];
                self.view.takers[step.first..step.last].iter().for_each(|t| job(t.event, t.part));
            }
        }
    }

    #[inline]
    fn charge(&self, by: By, amount: f64, ledger: &mut Ledger) {
        self.each_taker(by, |event, part| ledger.charge(Cause::Event(event), amount * part));
    }

    fn one_off(&self, ledger: &mut Ledger) {
        use crate::scenario::ScalesWith;
        for cost in &self.view.costs {
            let share = self.portfolio.struck_share[cost.risk as usize];
            let part = match cost.scales_with {
                ScalesWith::Share => share,
                ScalesWith::Use => f64::from(u8::from(share > 0.0)),
            };
            let amount = cost.amount * part * self.plan.clock.discount(cost.tau);
            ledger.at(cost.tau, cost.tau, None);
            ledger.post(
                Component::OneOff,
                ledger.firm_wide(),
                self.plan.clock.month(cost.tau),
                Cause::Event(cost.by.event),
                amount,
            );
        }
    }

    /// Each change of a stake's worth takes from what those before it left.
    fn stakes(&self, ledger: &mut Ledger) {
        for (i, change) in self.view.stakes.iter().enumerate() {
            let struck = |risk: u32| &self.plan.risks[risk as usize].struck;
            for &v in struck(change.risk).iter().filter(|&&v| self.plan.vendors[v].stake != 0.0) {
                let before = self.view.stakes[..i].iter().filter(|c| struck(c.risk).contains(&v));
                let worth = before.fold(self.plan.vendors[v].stake, |worth, c| worth * (1.0 + c.change));
                ledger.at(change.tau, change.tau, Some(v));
                ledger.post(
                    Component::Stake,
                    ledger.firm_wide(),
                    self.plan.clock.month(change.tau),
                    Cause::Event(change.by.event),
                    -change.change * worth * self.plan.clock.discount(change.tau),
                );
            }
        }
    }
}
