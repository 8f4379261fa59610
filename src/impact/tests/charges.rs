//! MODEL section 7, *Charging*, once more and slowly: who answers for every amount that differs from the plan.

use std::collections::BTreeMap;

use super::second::{Case, Cause, Opinion, Placed, Response};
use crate::scenario::YEAR;
use crate::world::{Interruption, PriceChange, RevenueChange};

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
        Self { case, placed, chains, bills: vec![vec![BTreeMap::new(); n_years]; n] }
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
            for (event, taken) in self.takers(v, t) {
                let cause = Cause::Event(event);
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

    /// Who takes which part of what is missing of a vendor.
    fn takers(&self, vendor: usize, t: f64) -> Vec<(u32, f64)> {
        let case = self.case;
        let beneath = case.plan.graph.beneath(vendor);
        let active: Vec<&Interruption> = (case.interruptions.iter())
            .filter(|i| i.start <= t && t < i.end && case.on(i.risk).iter().any(|n| beneath.contains(n)))
            .collect();
        let alone = |i: &Interruption| {
            1.0 - case.available(vendor, &|n| if case.on(i.risk).contains(&n) { i.leaves } else { 1.0 })
        };
        let total: f64 = active.iter().map(|i| alone(i)).sum();
        let part = |i: &Interruption| if total > 0.0 { alone(i) / total } else { 1.0 / active.len() as f64 };
        active.iter().map(|i| (i.by.event, part(i))).collect()
    }

    /// Changes of shares, at the plan's prices.
    pub(super) fn moves(&mut self, opinion: &mut Opinion) {
        let case = self.case;
        for w in self.placed.windows(2) {
            let cause = Cause::Event(w[1].by.expect("a change has an event"));
            for (s, service) in case.scenario.services.iter().enumerate() {
                let curves = &case.plan.services[s];
                let mut from = w[1].from;
                while from < case.horizon {
                    let to = ((f64::floor(from / 730.5 + 1e-9) + 1.0) * 730.5).min(case.horizon);
                    let [present, nominal] = [&curves.present, &curves.nominal]
                        .map(|c| service.usage_per_hour.unwrap_or(0.0) * Case::integral(c, from, to, |_| 1.0));
                    let t = f64::midpoint(from, to);
                    for v in 0..case.n_vendors() {
                        let rate =
                            (w[1].shares[s][v] - w[0].shares[s][v]) * self.price(v) * self.chains[v].billed(case, t)[0];
                        opinion.charge(cause, present * rate);
                        self.bill(v, t, cause, nominal * rate);
                    }
                    from = to;
                }
            }
        }
    }

    /// The change of a year's shortfall, in proportion to the changes of its bill.
    pub(super) fn shortfall(
        &self,
        vendor: usize,
        year: usize,
        owed: f64,
        bill: f64,
        discount: f64,
        opinion: &mut Opinion,
    ) {
        let changes = &self.bills[vendor][year];
        let changed: f64 = changes.values().sum();
        let change = ((owed - bill).max(0.0) - (owed - (bill - changed)).max(0.0)) * discount;
        if change == 0.0 || changed == 0.0 {
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
            opinion.charge(Cause::Event(change.by.event), service.margin * service.revenue_per_hour * lost);
        }
    }
}

impl RevenueChange {
    fn factor(&self, t: f64) -> f64 {
        if t < self.start || t >= self.end {
            return 1.0;
        }
        1.0 + self.change * if t < self.start + self.over { (t - self.start) / self.over } else { 1.0 }
    }
}
