//! MODEL section 7, *Charging*, once more and slowly: who answers for every amount that differs from the plan.

use std::collections::BTreeMap;

use super::beyond::Run;
use super::second::{Case, Cause, Opinion, Placed, Response};
use crate::results::Component;
use crate::scenario::YEAR;
use crate::world::{CapabilityChange, Interruption, PriceChange, RevenueChange};

/// What changes the price of one vendor, in order, and the bases of its cap.
struct Chain<'a> {
    paths: Vec<usize>,
    changes: Vec<&'a PriceChange>,
    cap: Option<f64>,
    /// After the first n causes, per year.
    bases: Vec<Vec<f64>>,
}

/// Who changed what of the bills.
pub(super) struct Books<'a> {
    case: &'a Case<'a>,
    placed: &'a [Placed],
    chains: Vec<Chain<'a>>,
    /// Per vendor and year: nominal change by cause.
    bills: Vec<Vec<BTreeMap<Cause, f64>>>,
    /// Per cover of the portfolio and event: nominal loss, and when it ends.
    insured: BTreeMap<(usize, u32), (f64, f64)>,
}

impl<'a> Chain<'a> {
    fn new(case: &'a Case, vendor: usize, n_years: usize) -> Self {
        let strikes = |risk: u32| case.strikes(risk, vendor);
        let paths = (0..case.plan.paths.len())
            .filter(|&p| strikes(u32::try_from(case.plan.paths[p].risk).expect("few")))
            .collect();
        let mut changes: Vec<&PriceChange> =
            case.world.prices.iter().filter(|c| case.sees(c.by) && strikes(c.risk)).collect();
        changes.sort_by(|a, b| a.start.total_cmp(&b.start));
        let cap = case.portfolio.contracts[vendor].price_cap.filter(|_| case.binds(vendor));
        let mut chain = Self { paths, changes, cap, bases: vec![] };
        let mut bases = vec![vec![1.0]; chain.len() + 1];
        for year in 1..n_years {
            let at = chain.indices(case, year as f64 * YEAR);
            for (bases, index) in bases.iter_mut().zip(at) {
                bases.push(f64::min(index, (1.0 + cap.unwrap_or(0.0)) * bases[year - 1]));
            }
        }
        chain.bases = bases;
        chain
    }

    fn len(&self) -> usize {
        self.paths.len() + self.changes.len()
    }

    fn cause(&self, n: usize) -> Cause {
        match self.paths.get(n) {
            Some(&path) => Cause::Path(path),
            None => Cause::Event(self.changes[n - self.paths.len()].by.event),
        }
    }

    /// The index after none, the first, the first two … causes; of paths not yet counted the expected one.
    fn indices(&self, case: &Case, t: f64) -> Vec<f64> {
        let month = (t / 730.5) as usize;
        let expected = |p: &usize| case.plan.paths[*p].expected[month];
        let of_paths = |n: usize| {
            let (drawn, rest) = self.paths.split_at(n);
            drawn.iter().map(|&p| case.world.paths[p][month]).product::<f64>()
                * rest.iter().map(expected).product::<f64>()
        };
        let mut all: Vec<f64> = (0..=self.paths.len()).map(of_paths).collect();
        for change in &self.changes {
            let factor = if change.start <= t && t < change.end { 1.0 + change.change } else { 1.0 };
            all.push(all[all.len() - 1] * factor);
        }
        all
    }

    fn billed(&self, case: &Case, t: f64) -> Vec<f64> {
        let mut all = self.indices(case, t);
        if let Some(cap) = self.cap {
            for (index, bases) in all.iter_mut().zip(&self.bases) {
                *index = index.min((1.0 + cap) * bases[(t / YEAR) as usize]);
            }
        }
        all
    }
}

impl<'a> Books<'a> {
    pub(super) fn new(case: &'a Case, placed: &'a [Placed], n_years: usize) -> Self {
        let n = case.n_vendors();
        let chains = (0..n).map(|v| Chain::new(case, v, n_years)).collect();
        Self { case, placed, chains, bills: vec![vec![BTreeMap::new(); n_years]; n], insured: BTreeMap::new() }
    }

    fn price(&self, vendor: usize) -> f64 {
        self.case.scenario.vendors[vendor].price.unwrap_or(0.0)
    }

    fn bill(&mut self, vendor: usize, t: f64, cause: Cause, amount: f64) {
        *self.bills[vendor][(t / YEAR) as usize].entry(cause).or_default() += amount;
    }

    /// One piece of one service's traffic. `used`: its usage, at present value and nominal.
    pub(super) fn traffic(&mut self, r: &Response, t: f64, interruption: f64, used: [f64; 2], opinion: &mut Opinion) {
        let n = self.case.n_vendors();
        let chains: Vec<Vec<f64>> = self.chains.iter().map(|c| c.billed(self.case, t)).collect();
        let planned: Vec<f64> = (0..n).map(|v| chains[v][0] * self.price(v)).collect();
        let moved: f64 = r.moved_to.iter().sum();
        for v in (0..n).filter(|&v| r.missing[v] > 0.0) {
            let part = if moved > 0.0 { r.moved_from[v] / moved } else { 0.0 };
            let elsewhere: f64 = (0..n).map(|u| r.moved_to[u] * planned[u]).sum::<f64>() * part;
            let unserved: f64 = if r.unserved > 0.0 { (r.missing[v] - r.moved_from[v]) / r.unserved } else { 0.0 };
            let amount = interruption * unserved + used[0] * (elsewhere - r.missing[v] * planned[v]);
            for (taker, taken) in self.takers(v, t, |_| true) {
                let cause = Cause::Event(taker.by.event);
                opinion.charge(cause, amount * taken);
                self.bill(v, t, cause, -used[1] * r.missing[v] * planned[v] * taken);
                for u in 0..n {
                    self.bill(u, t, cause, used[1] * r.moved_to[u] * planned[u] * part * taken);
                }
            }
        }
        for v in 0..n {
            for (i, w) in chains[v].windows(2).enumerate() {
                let (cause, rate) = (self.chains[v].cause(i), r.served[v] * self.price(v) * (w[1] - w[0]));
                opinion.charge(cause, used[0] * rate);
                self.bill(v, t, cause, used[1] * rate);
            }
        }
    }

    /// Who takes which part of what is missing of a vendor, of those that count.
    pub(super) fn takers(
        &self,
        vendor: usize,
        t: f64,
        counts: impl Fn(&Interruption) -> bool,
    ) -> Vec<(&'a Interruption, f64)> {
        let case = self.case;
        let beneath = case.plan.graph.beneath(vendor);
        let active: Vec<&Interruption> = (case.interruptions.iter())
            .filter(|i| i.start <= t && t < i.end && case.on(i.risk).iter().any(|n| beneath.contains(n)))
            .filter(|i| counts(i))
            .collect();
        let alone = |i: &Interruption| {
            1.0 - case.available(vendor, &|n| if case.on(i.risk).contains(&n) { i.leaves } else { 1.0 })
        };
        let total: f64 = active.iter().map(|i| alone(i)).sum();
        let part = |i: &Interruption| if total > 0.0 { alone(i) / total } else { 1.0 / active.len() as f64 };
        active.iter().map(|i| (*i, part(i))).collect()
    }

    /// A piece of an interruption: who answers for it, and what covers count of it.
    pub(super) fn unserved(&mut self, s: usize, r: &Response, (a, b): (f64, f64), run: &mut Run) {
        let case = self.case;
        let service = &case.scenario.services[s];
        let begins = run.since == a;
        for v in (0..case.n_vendors()).filter(|&v| r.missing[v] - r.moved_from[v] > 1e-12) {
            for (taker, part) in self.takers(v, f64::midpoint(a, b), |_| true) {
                let unserved = (r.missing[v] - r.moved_from[v]) * part;
                run.note(case, taker, unserved * (b - a), begins);
                for (c, cover) in case.portfolio.covers.iter().map(|&c| &case.scenario.covers[c]).enumerate() {
                    let from = a.max(run.since + service.tolerance_hours.max(cover.waiting_hours));
                    if from >= b || part == 0.0 || !cover.risks.contains(&(taker.risk as usize)) {
                        continue;
                    }
                    let revenue = Case::integral(&case.plan.services[s].nominal, from, b, |t| case.factor(s, t));
                    let loss = self.insured.entry((c, taker.by.event)).or_default();
                    loss.0 += service.margin * service.revenue_per_hour * unserved * revenue;
                    loss.1 = loss.1.max(b);
                }
            }
        }
    }

    /// What covers pay.
    pub(super) fn claims(&self, opinion: &mut Opinion) {
        let events = &self.case.world.events;
        let mut claims: Vec<_> = self.insured.iter().collect();
        claims.sort_by(|a, b| events[a.0.1 as usize].tau.total_cmp(&events[b.0.1 as usize].tau));
        let mut paid: BTreeMap<(usize, u32), f64> = BTreeMap::new();
        for (&(c, event), &(loss, end)) in claims {
            let cover = &self.case.scenario.covers[self.case.portfolio.covers[c]];
            let used = paid.entry((c, events[event as usize].year)).or_default();
            let pays = cover.pays * (loss - cover.deductible).max(0.0).min(cover.limit_per_event);
            let pays = pays.min(cover.limit_per_year - *used);
            *used += pays;
            let amount = -pays * self.case.discount(end);
            opinion.components[Component::Cover as usize] += amount;
            opinion.charge(Cause::Event(event), amount);
        }
    }

    /// One piece of one service's traffic, as capability is money to it. `present`: ∫ of its curve.
    pub(super) fn capability(&self, s: usize, r: &Response, (a, b): (f64, f64), present: f64, opinion: &mut Opinion) {
        let case = self.case;
        let (service, middle) = (&case.scenario.services[s], f64::midpoint(a, b));
        let rises = |start: f64, over: f64| start < b && a < start + over;
        let ramps = case.world.revenues.iter().any(|c| rises(c.start, c.over))
            || case.world.capabilities.iter().any(|c| rises(c.start, c.over));
        let worth = service.margin * service.revenue_per_hour * service.sensitivity;
        let lost = |weight: &dyn Fn(f64) -> f64| {
            let revenue = |t: f64| case.factor(s, t) * weight(t);
            worth
                * if ramps {
                    Case::integral(&case.plan.services[s].present, a, b, revenue)
                } else {
                    revenue(middle) * present
                }
        };
        let vendors = || 0..case.n_vendors();
        let whole = |t: f64| vendors().map(|v| r.served[v] * (1.0 - case.capability(v, t))).sum();
        opinion.components[Component::Capability as usize] += lost(&whole);
        let planned = lost(&|_| 1.0);
        let short = |v: usize| 1.0 - case.scenario.vendors[v].capability;
        let moved: f64 = r.moved_to.iter().sum();
        let rooms: f64 = vendors().map(|v| r.moved_to[v] * short(v)).sum();
        for v in vendors() {
            let back = if moved > 0.0 { rooms * r.moved_from[v] / moved } else { 0.0 };
            for (taker, part) in self.takers(v, middle, |_| r.missing[v] > 0.0) {
                opinion.charge(Cause::Event(taker.by.event), planned * (back - r.missing[v] * short(v)) * part);
            }
            let changes = case.capability_changes(v);
            for (n, change) in changes.iter().enumerate() {
                let before = |t: f64| {
                    case.scenario.vendors[v].capability * changes[..n].iter().map(|c| c.factor(t)).product::<f64>()
                };
                let taken = lost(&|t| r.served[v] * before(t) * (1.0 - change.factor(t)));
                opinion.charge(Cause::Event(change.by.event), taken);
            }
        }
    }

    /// Changes of shares, at the plan's prices and capability.
    pub(super) fn moves(&mut self, moments: &[f64], opinion: &mut Opinion) {
        let case = self.case;
        for w in self.placed.windows(2) {
            let cause = w[1].by.expect("a change has a cause");
            for (s, service) in case.scenario.services.iter().enumerate() {
                let curves = &case.plan.services[s];
                let change: Vec<f64> = w[1].shares[s].iter().zip(&w[0].shares[s]).map(|(new, old)| new - old).collect();
                let short: f64 = change.iter().zip(&case.scenario.vendors).map(|(x, v)| x * (1.0 - v.capability)).sum();
                let worth = service.margin * service.revenue_per_hour * service.sensitivity * short;
                for m in moments.windows(2).filter(|m| m[0] >= w[1].from) {
                    let [present, nominal] = [&curves.present, &curves.nominal]
                        .map(|c| service.usage_per_hour.unwrap_or(0.0) * Case::integral(c, m[0], m[1], |_| 1.0));
                    if worth != 0.0 {
                        let revenue = Case::integral(&curves.present, m[0], m[1], |t| case.factor(s, t));
                        opinion.charge(cause, worth * revenue);
                    }
                    let t = f64::midpoint(m[0], m[1]);
                    for v in (0..case.n_vendors()).filter(|&v| change[v] != 0.0) {
                        let rate = change[v] * self.price(v) * self.chains[v].billed(case, t)[0];
                        opinion.charge(cause, present * rate);
                        self.bill(v, t, cause, nominal * rate);
                    }
                }
            }
        }
    }

    /// What hangs on a year's bill; its change in proportion to the changes of the bill.
    pub(super) fn settle(&self, vendor: usize, year: usize, bill: f64, opinion: &mut Opinion) {
        let contract = &self.case.portfolio.contracts[vendor];
        let (from, to) = (year as f64 * YEAR, ((year + 1) as f64 * YEAR).min(self.case.horizon));
        let part = (to - from) / YEAR;
        let due = |bill: f64| {
            let mut due = contract.commitment_per_year.map_or(0.0, |c| (c * part - bill).max(0.0));
            for (i, tier) in contract.rebates.iter().enumerate() {
                let end = contract.rebates.get(i + 1).map_or(f64::INFINITY, |t| t.above_per_year * part);
                due -= tier.off * (bill.min(end) - tier.above_per_year * part).max(0.0);
            }
            due * self.case.discount(to)
        };
        opinion.components[Component::Spend as usize] += due(bill);
        let changes = &self.bills[vendor][year];
        let changed: f64 = changes.values().sum();
        let change = due(bill) - due(bill - changed);
        if change == 0.0 || changed.abs() <= 1e-12 * (bill - changed) {
            return;
        }
        for (cause, amount) in changes {
            opinion.charge(*cause, change * amount / changed);
        }
    }
}

impl Case<'_> {
    /// Each change of revenue adds to those that began before it.
    pub(super) fn charge_market(&self, s: usize, moments: &[f64], opinion: &mut Opinion) {
        let mut changes: Vec<&RevenueChange> =
            self.world.revenues.iter().filter(|c| c.service == s && self.sees(c.by)).collect();
        changes.sort_by(|a, b| a.start.total_cmp(&b.start));
        let service = &self.scenario.services[s];
        for (i, change) in changes.iter().enumerate() {
            let within = moments.windows(2).filter(|w| w[0] >= change.start && w[1] <= change.end);
            let lost: f64 = within
                .map(|w| {
                    let before = |t: f64| changes[..i].iter().map(|c| c.factor(t)).product::<f64>();
                    Self::integral(&self.plan.services[s].present, w[0], w[1], |t| before(t) * (1.0 - change.factor(t)))
                })
                .sum();
            let market = service.margin * service.revenue_per_hour * lost;
            // What is not earned cannot be lost again to capability: at planned shares and capability.
            let short: f64 =
                self.planned()[s].iter().zip(&self.scenario.vendors).map(|(w, v)| w * (1.0 - v.capability)).sum();
            opinion.charge(Cause::Event(change.by.event), market * (1.0 - service.sensitivity * short));
        }
    }
}

/// The factor over [start, end), reached linearly, at `t`.
fn reached(change: f64, (start, over, end): (f64, f64, f64), t: f64) -> f64 {
    if t < start || t >= end {
        return 1.0;
    }
    1.0 + change * if t < start + over { (t - start) / over } else { 1.0 }
}

impl RevenueChange {
    fn factor(&self, t: f64) -> f64 {
        reached(self.change, (self.start, self.over, self.end), t)
    }
}

impl CapabilityChange {
    pub(super) fn factor(&self, t: f64) -> f64 {
        reached(self.change, (self.start, self.over, self.end), t)
    }
}
