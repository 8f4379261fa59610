//! Plain outages that are alone, as money: by their sums, cell by cell; each by itself only as far as the largest event of a
//! year asks for it.

use super::ledger::{Cause, Ledger};
use super::{Case, Judge};
use crate::plan::plain::PlainPlan;
use crate::response::Regime;
use crate::response::reaction::Reaction;
use crate::results::Component;

/// Buffers, kept between trials for their memory.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    /// Per plain risk, cell and area: what a unit of the area costs.
    costs: Vec<f64>,
    /// Per vendor and cell: price of the plan.
    prices: Vec<f64>,
    /// Per plain risk and cell: its year.
    years: Vec<u32>,
    /// Amounts by cell.
    amounts: Vec<f64>,
}

impl Judge {
    /// Books the outages that are alone. `regimes`: of a group of services of the portfolio.
    pub(super) fn plain<'r>(
        &mut self,
        case: &Case,
        p: usize,
        regimes: impl Fn(usize) -> &'r [Regime],
        ledger: &mut Ledger,
    ) {
        let Some(plain) = &case.plan.plain else { return };
        let (alone, cells) = (&case.view.alone, &case.view.cells);
        self.plain.open(case, plain);
        for stretch in alone.stretches.iter().filter(|s| s.of.0 == p) {
            let regime = &regimes(stretch.of.1)[stretch.regime];
            let services = &case.portfolio.groups[stretch.of.1].services;
            if stretch.is_quiet() {
                for (k, reaction) in regime.reactions.iter().enumerate().filter(|(_, r)| !r.changes.is_empty()) {
                    for &s in services {
                        self.plain_risk(case, plain, s, k, reaction, stretch.cells.clone(), ledger);
                    }
                }
                continue;
            }
            let beside = case.view.beside(case.plan, stretch, regime);
            let failover = case.portfolio.failover.as_ref();
            for (k, risk) in plain.risks.iter().enumerate() {
                if alone.longest(k)[stretch.cells.clone()].iter().any(|&hours| hours > 0.0) {
                    let reaction = Reaction::new(risk, regime, failover, &beside, &mut self.sweep);
                    for &s in services {
                        self.plain_risk(case, plain, s, k, &reaction, stretch.cells.clone(), ledger);
                    }
                }
            }
        }
        let Buffers { costs, amounts, .. } = &mut self.plain;
        let n_areas = alone.n_areas();
        for (k, risk) in plain.risks.iter().enumerate() {
            let mut charge = 0.0;
            let costs = costs[k * cells.len() * n_areas..].chunks_exact(n_areas);
            let sums = alone.sums(k).chunks_exact(n_areas);
            for ((costs, sums), amount) in costs.zip(sums).zip(amounts.iter_mut()) {
                let cost = dot(costs, sums);
                *amount += cost;
                charge += cost;
            }
            ledger.plain_risk(risk.risk, charge);
        }
        for (&month, amount) in cells.months.iter().zip(&*amounts) {
            ledger.month(month, *amount);
        }
        // The costliest outage of each year.
        for (&place, areas) in alone.places.iter().zip(alone.areas.chunks_exact(n_areas)) {
            let place = place as usize;
            let charge = dot(&self.plain.costs[place * n_areas..(place + 1) * n_areas], areas);
            ledger.plain_event(self.plain.years[place] as usize, charge);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "a service, a risk, and where they are booked")]
    fn plain_risk(
        &mut self,
        case: &Case,
        plain: &PlainPlan,
        s: usize,
        k: usize,
        reaction: &Reaction,
        cells: std::ops::Range<usize>,
        ledger: &mut Ledger,
    ) {
        let (service, alone, n_cells) = (&case.plan.services[s], &case.view.alone, case.view.cells.len());
        let n_areas = alone.n_areas();
        let curve = plain.curve(s) * plain.offsets.len();
        let table = (k * n_cells + cells.start) * n_areas..(k * n_cells + cells.end) * n_areas;
        let costs = &mut self.plain.costs[table];
        let sums = &alone.sums(k)[cells.start * n_areas..cells.end * n_areas];
        let sum = |area: usize| sums[area..].iter().step_by(n_areas).sum::<f64>();
        let (mut interruption, mut spend, mut unserved) = (0.0, 0.0, 0.0);
        for change in &reaction.changes {
            let offset = plain.offset(change.after);
            let counts = if reaction.goes_on { offset } else { plain.offset(change.after.max(service.tolerance)) };
            let (used_area, lost_area) = (curve + offset, curve + counts);
            let own = &change.own;
            if own.unserved != 0.0 {
                unserved += own.unserved * sum(offset);
                let worth = service.at_stake * own.unserved;
                costs[lost_area..].iter_mut().step_by(n_areas).for_each(|cost| *cost += worth);
                interruption += worth * sum(lost_area);
            }
            if service.usage > 0.0 {
                for &(v, part) in &own.served {
                    let used = service.usage * part;
                    let prices = &self.plain.prices[v * n_cells..][cells.clone()];
                    let usage = &mut self.usage[(s * case.plan.vendors.len() + v) * n_cells..][cells.clone()];
                    let costs = costs[used_area..].iter_mut().step_by(n_areas);
                    let sums = sums[used_area..].iter().step_by(n_areas);
                    for (((cost, sum), usage), price) in costs.zip(sums).zip(usage).zip(prices) {
                        let (used_there, billed) = (used * sum, used * price);
                        *cost += billed;
                        *usage += used_there;
                        spend += billed * sum;
                    }
                }
            }
            for (event, part) in &change.others {
                let mut charge = 0.0;
                unserved += part.unserved * sum(offset);
                for (cell, sums) in cells.clone().zip(sums.chunks_exact(n_areas)) {
                    let lost = service.at_stake * part.unserved * sums[lost_area];
                    let mut bill = 0.0;
                    for &(v, part) in part.served.iter().filter(|_| service.usage > 0.0) {
                        let used = service.usage * part * sums[used_area];
                        self.usage[(s * case.plan.vendors.len() + v) * n_cells + cell] += used;
                        bill += used * self.plain.prices[v * n_cells + cell];
                    }
                    interruption += lost;
                    spend += bill;
                    self.plain.amounts[cell] += lost + bill;
                    charge += lost + bill;
                }
                ledger.charge(Cause::Event(*event), charge);
            }
        }
        let longest = alone.longest(k)[cells].iter().fold(0.0, |most, &x| if x > most { x } else { most });
        ledger.longest_hours[s] = ledger.longest_hours[s].max(f64::min(longest, reaction.served_after));
        ledger.unserved_hours[s] += unserved;
        ledger.apart(Component::Interruption, s, interruption);
        ledger.apart(Component::Spend, s, spend);
    }
}

impl Buffers {
    fn open(&mut self, case: &Case, plain: &PlainPlan) {
        let cells = &case.view.cells;
        self.costs.clear();
        self.costs.resize(plain.risks.len() * cells.len() * case.view.alone.n_areas(), 0.0);
        self.amounts.clear();
        self.amounts.resize(cells.len(), 0.0);
        self.prices.clear();
        for v in 0..case.plan.vendors.len() {
            self.prices.extend(cells.months.iter().map(|&month| case.portfolio.price(v, month)));
        }
        self.years.clear();
        for _ in &plain.risks {
            #[expect(clippy::cast_possible_truncation, reason = "at most a hundred years")]
            self.years.extend(cells.months.iter().map(|month| (month / 12) as u32));
        }
    }
}

#[inline]
fn dot(a: &[f64], b: &[f64]) -> f64 {
    if let ([a0, a1], [b0, b1]) = (a, b) {
        return a0 * b0 + a1 * b1;
    }
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
