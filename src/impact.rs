//! The money: every deviation from the plan, charged to the event or path that causes it (MODEL section 7.2).
//!
//! Only differences to the plan are computed, each as a sum of charges; so the parts sum to the whole by construction,
//! and total cost is the plan plus the loss. Knows traffic as pieces and moves, and nothing of why it moved.

mod bill;
mod capability;
mod churn;
mod cover;
mod decided;
pub(crate) mod journal;
pub(crate) mod ledger;
pub(crate) mod market;
mod plain;
pub(crate) mod price;
#[cfg(test)]
pub(crate) mod tests;
mod traffic;

use crate::chance::event_counter;
use crate::plan::Plan;
use crate::plan::curve::Curve;
use crate::plan::portfolio::PortfolioPlan;
use crate::response::Regime;
use crate::response::decisions::Decisions;
use crate::response::failover::Sweep;
use crate::response::found::{By, Found};
use crate::response::migration::Luck;
use crate::response::parting::Alone;
use crate::results::Component;
use crate::view::View;
use crate::view::sight::Sight;
use crate::world::World;
use crate::world::ramp::Ramp;
use ledger::{Cause, Ledger};
use market::{after_all, marginal, touched};
use price::Prices;

/// What portfolios that see alike have in common: price chains, market losses, integrals over cells. Kept between trials.
#[derive(Debug, Default)]
pub(crate) struct Common {
    pub(crate) prices: Prices,
    /// Market losses: service, which of its changes, month, amount.
    market: Vec<(usize, usize, usize, f64)>,
    /// Per service: ∫ of its present-value curve over each cell, and of the nominal one.
    present: Vec<Vec<f64>>,
    nominal: Vec<Vec<f64>>,
    /// Per service: whether capability is money to it in this trial.
    capable: Vec<bool>,
    /// When some vendor's capability is not 1, from and to.
    short: (f64, f64),
    /// What changes of capability take.
    capability: Vec<capability::Taken>,
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
    /// Per cell: what changes of a vendor's price take.
    amounts: Vec<f64>,
    /// Per service: the interruption under way, if it may drive customers away.
    interrupted: Vec<churn::Interrupted>,
    /// What covers count.
    insured: Vec<cover::Insured>,
}

impl Common {
    pub(crate) fn prepare(&mut self, plan: &Plan, view: &View, world: &World) {
        self.prices.prepare(plan, view, world);
        self.market(plan, view);
        self.capability(plan, view);
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

    fn market(&mut self, plan: &Plan, view: &View) {
        self.market.clear();
        for (s, changes) in view.revenues.iter().enumerate() {
            let service = &plan.services[s];
            for (n, change) in changes.iter().enumerate() {
                for month in plan.clock.month(change.start)..=plan.clock.month(change.end) {
                    let (a, b) = (plan.clock.months[month], plan.clock.months[month + 1]);
                    let before = changes[..n].iter().map(Ramp::from);
                    let amount = service.at_stake * marginal(&service.present, before, Ramp::from(change), a, b);
                    self.market.push((s, n, month, amount));
                }
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
    /// Every fall comes in pieces.
    in_pieces: bool,
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
        let in_pieces = portfolio.counts_bills() || ledger.journal.is_some();
        let lot = Lot { plan, portfolio, world };
        let case = Case { sight, plan, portfolio, world, view, common, alone, lot, in_pieces };
        ledger.open(plan, portfolio, world);
        self.open(&case);
        let regimes_of = |g: usize| decisions.regimes.get(g).map_or(&regimes[g..=g], Vec::as_slice);
        self.plain(&case, p, regimes_of, ledger);
        for (g, group) in portfolio.groups.iter().enumerate() {
            let regimes = regimes_of(g);
            let mut sweep = std::mem::take(&mut self.sweep);
            sweep.run(
                plan,
                view,
                portfolio.failover.as_ref(),
                regimes,
                |v, e| case.lot.works(v, e),
                |found| {
                    for &s in &group.services {
                        match &found {
                            Found::Alone(alone) => self.alone(&case, s, alone, ledger),
                            Found::Piece(piece) => self.piece(&case, s, piece, ledger),
                        }
                    }
                },
            );
            self.sweep = sweep;
            for &s in group.services.iter().filter(|&&s| plan.services[s].usage > 0.0) {
                self.serve_as_placed(&case, s, regimes);
            }
            for &s in group.services.iter().filter(|&&s| common.capable[s]) {
                case.capability_as_placed(s, regimes, ledger);
            }
        }
        for s in 0..plan.services.len() {
            self.churn(&case, s, ledger);
        }
        self.claims(&case, ledger);
        case.decisions(decisions, ledger);
        case.one_off(ledger);
        case.stakes(ledger);
        for &(s, n, month, amount) in &common.market {
            let change = &view.revenues[s][n];
            let event = change.by.event;
            ledger.at(change.start.max(plan.clock.months[month]), change.end.min(plan.clock.months[month + 1]), None);
            ledger.post(Component::Market, s, month, Cause::Event(event), amount);
            case.capability_of_market(s, month, event, amount, ledger);
        }
        self.prices(&case, ledger);
        case.yearly(ledger);
        self.credits(&case, ledger);
    }

    fn open(&mut self, case: &Case) {
        let plan = case.plan;
        let n = plan.services.len() * plan.vendors.len() * case.view.cells.len();
        let clear = |table: &mut Vec<f64>, on: bool| {
            table.clear();
            table.resize(if on { n } else { 0 }, 0.0);
        };
        clear(&mut self.usage, true);
        clear(&mut self.usage_nominal, case.portfolio.counts_bills());
        self.runs.clear();
        self.runs.resize(plan.services.len(), (f64::NEG_INFINITY, f64::NEG_INFINITY));
        self.interrupted.resize_with(plan.services.len(), Default::default);
        self.insured.clear();
    }

    /// Adds what is served where it is placed, before anything falls.
    fn serve_as_placed(&mut self, case: &Case, s: usize, regimes: &[Regime]) {
        let service = &case.plan.services[s];
        let bounds = &case.view.cells.bounds;
        let with_nominal = case.portfolio.counts_bills();
        let (n, n_cells) = (case.plan.vendors.len(), case.view.cells.len());
        for regime in regimes {
            let whole = regimes.len() == 1;
            for (v, &share) in regime.shares.iter().enumerate().filter(|(_, share)| **share > 0.0) {
                let row = (s * n + v) * n_cells..(s * n + v + 1) * n_cells;
                add(
                    &mut self.usage[row.clone()],
                    whole,
                    share * service.usage,
                    &case.common.present[s],
                    bounds,
                    regime,
                    |t| service.present.integral(t),
                );
                if with_nominal {
                    add(
                        &mut self.usage_nominal[row],
                        whole,
                        share * service.usage,
                        &case.common.nominal[s],
                        bounds,
                        regime,
                        |t| service.nominal.integral(t),
                    );
                }
            }
        }
    }

    /// Changes of price on traffic as served, each charged to its path or event.
    fn prices(&mut self, case: &Case, ledger: &mut Ledger) {
        let n = case.plan.vendors.len();
        let cells = &case.view.cells;
        for v in 0..n {
            let chain = case.common.prices.chain(case.portfolio.terms[v]);
            let price = case.plan.vendors[v].price;
            if chain.is_empty() || price == 0.0 {
                continue;
            }
            let terms = case.portfolio.yearly.iter().position(|c| c.vendor == v);
            for s in (0..case.plan.services.len()).filter(|&s| case.plan.services[s].usage > 0.0) {
                let row = (s * n + v) * cells.len()..(s * n + v + 1) * cells.len();
                let usage = &self.usage[row.clone()];
                let amounts = &mut self.amounts;
                amounts.clear();
                amounts.resize(cells.len(), 0.0);
                for link in chain {
                    let each = amounts.iter_mut().zip(usage).zip(&link.change);
                    each.for_each(|((all, used), change)| *all += used * change * price);
                    ledger.total(Component::Spend, s, link.cause, price * plain::dot(usage, &link.change));
                }
                for (&month, amount) in cells.months.iter().zip(&*amounts) {
                    ledger.month(month, *amount);
                }
                if ledger.journal.is_some() {
                    for (link, cell) in chain.iter().flat_map(|link| (0..cells.len()).map(move |cell| (link, cell))) {
                        ledger.at(cells.bounds[cell], cells.bounds[cell + 1], Some(v));
                        ledger.note(Component::Spend, s, link.cause, usage[cell] * link.change[cell] * price);
                    }
                }
                if let Some(terms) = terms {
                    let usage = &self.usage_nominal[row];
                    for link in chain {
                        for (cell, (used, change)) in usage.iter().zip(&link.change).enumerate() {
                            ledger.bill(terms, cells.months[cell] / 12, link.cause, used * change * price);
                        }
                    }
                }
            }
        }
    }
}

fn add(
    row: &mut [f64],
    whole: bool,
    factor: f64,
    areas: &[f64],
    bounds: &[f64],
    regime: &Regime,
    integral: impl Fn(f64) -> f64,
) {
    if whole {
        row.iter_mut().zip(areas).for_each(|(r, a)| *r += factor * a);
        return;
    }
    for (r, w) in row.iter_mut().zip(bounds.windows(2)) {
        let (a, b) = (w[0].max(regime.start), w[1].min(regime.end));
        if a < b {
            *r += factor * (integral(b) - integral(a));
        }
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
