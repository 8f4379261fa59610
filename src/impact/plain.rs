//! Plain outages that are alone, as money: by their sums, cell by cell; each by itself only as far as the largest event of a
//! year asks for it.

use std::sync::Arc;

use super::ledger::{Cause, Ledger};
use super::{Case, Judge};
use crate::plan::plain::PlainPlan;
use crate::response::parting::Stretch;
use crate::response::reaction::{Beside, Reaction};
use crate::response::{Placement, Regime};
use crate::results::Component;

/// Buffers, kept between trials for their memory.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    /// Per area, plain risk and cell: what a unit of the area costs.
    costs: Vec<f64>,
    /// Per vendor and cell: price of the plan.
    prices: Vec<f64>,
    /// Per plain risk and cell: its year.
    years: Vec<u32>,
    /// Amounts by cell.
    amounts: Vec<f64>,
    /// Per outage: what it costs.
    charges: Vec<f64>,
    known: Vec<Known>,
}

/// Reactions beside something that lasts.
#[derive(Debug)]
struct Known {
    placement: Arc<Placement>,
    beside: Beside,
    /// Per plain risk, if it was asked for.
    reactions: Vec<Option<Arc<Reaction>>>,
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
        let (alone, cells) = (case.alone, &case.view.cells);
        self.plain.open(case, plain);
        for stretch in alone.stretches.iter().filter(|s| s.of.0 == p) {
            let regime = &regimes(stretch.of.1)[stretch.regime];
            let services = &case.portfolio.groups[stretch.of.1].services;
            if stretch.is_quiet() {
                for (k, reaction) in regime.reactions.iter().enumerate().filter(|(_, r)| !r.changes.is_empty()) {
                    for &s in services {
                        self.plain_risk(case, plain, s, k, reaction, stretch, ledger);
                    }
                }
                continue;
            }
            let known = self.plain.known(stretch.beside(case.plan, case.view, regime), regime, plain.risks.len());
            for (k, risk) in plain.risks.iter().enumerate() {
                if alone.longest(k)[stretch.cells.clone()].iter().any(|&hours| hours > 0.0) {
                    let Known { placement, beside, reactions } = &mut self.plain.known[known];
                    let failover = case.portfolio.failover.as_ref();
                    let new = || Arc::new(Reaction::new(risk, placement, failover, beside, &mut self.sweep));
                    let reaction = Arc::clone(reactions[k].get_or_insert_with(new));
                    for &s in services {
                        self.plain_risk(case, plain, s, k, &reaction, stretch, ledger);
                    }
                }
            }
        }
        let Buffers { costs, amounts, charges, years, .. } = &mut self.plain;
        let table = plain.risks.len() * cells.len();
        charges.clear();
        charges.resize(alone.places.len(), 0.0);
        for b in 0..alone.n_areas() {
            let costs = &costs[b * table..(b + 1) * table];
            for (k, risk) in plain.risks.iter().enumerate() {
                let (costs, sums) = (&costs[k * cells.len()..(k + 1) * cells.len()], alone.sums(b, k));
                amounts.iter_mut().zip(costs).zip(sums).for_each(|((amount, cost), sum)| *amount += cost * sum);
                ledger.plain_risk(risk.risk, dot(costs, sums));
            }
            for ((charge, &place), area) in charges.iter_mut().zip(&alone.places).zip(alone.areas(b)) {
                *charge += costs[place as usize] * area;
            }
        }
        for (&month, amount) in cells.months.iter().zip(&*amounts) {
            ledger.month(month, *amount);
        }
        // The costliest outage of each year.
        for (&place, &charge) in alone.places.iter().zip(&*charges) {
            ledger.plain_event(years[place as usize] as usize, charge);
        }
    }

    /// Books what outages of a plain risk take of a service during a stretch.
    #[expect(clippy::too_many_arguments, reason = "a service, a risk, and where they are booked")]
    fn plain_risk(
        &mut self,
        case: &Case,
        plain: &PlainPlan,
        s: usize,
        k: usize,
        reaction: &Reaction,
        stretch: &Stretch,
        ledger: &mut Ledger,
    ) {
        let (service, alone, n_cells) = (&case.plan.services[s], case.alone, case.view.cells.len());
        let (cells, curve) = (&stretch.cells, plain.curve(s) * plain.offsets.len());
        let row = |row: usize| row * n_cells + cells.start..row * n_cells + cells.end;
        let usage_of = |v: usize| row(s * case.plan.vendors.len() + v);
        let cost_of = |area: usize| row(area * plain.risks.len() + k);
        let sums = |area: usize| &alone.sums(area, k)[cells.clone()];
        let (mut interruption, mut spend, mut unserved) = (0.0, 0.0, 0.0);
        for change in &reaction.changes {
            let offset = plain.offset(change.after);
            let counts = if reaction.goes_on { offset } else { plain.offset(change.after.max(service.tolerance)) };
            let (used_area, lost_area) = (curve + offset, curve + counts);
            let own = &change.own;
            if own.unserved != 0.0 {
                unserved += own.unserved * sum(sums(offset));
                let worth = service.at_stake * own.unserved;
                self.plain.costs[cost_of(lost_area)].iter_mut().for_each(|cost| *cost += worth);
                interruption += worth * sum(sums(lost_area));
            }
            if service.usage > 0.0 {
                let sums = sums(used_area);
                for &(v, part) in &own.served {
                    let used = service.usage * part;
                    let prices = &self.plain.prices[row(v)];
                    let costs = &mut self.plain.costs[cost_of(used_area)];
                    costs.iter_mut().zip(prices).for_each(|(cost, price)| *cost += used * price);
                    let usage = &mut self.usage[usage_of(v)];
                    usage.iter_mut().zip(sums).for_each(|(usage, sum)| *usage += used * sum);
                    spend += used * dot(prices, sums);
                }
            }
            for &(who, ref part) in &change.others {
                let mut charge = 0.0;
                unserved += part.unserved * sum(sums(offset));
                for (i, cell) in cells.clone().enumerate() {
                    let lost = service.at_stake * part.unserved * sums(lost_area)[i];
                    let mut bill = 0.0;
                    for &(v, part) in part.served.iter().filter(|_| service.usage > 0.0) {
                        let used = service.usage * part * sums(used_area)[i];
                        self.usage[usage_of(v)][i] += used;
                        bill += used * self.plain.prices[v * n_cells + cell];
                    }
                    interruption += lost;
                    spend += bill;
                    self.plain.amounts[cell] += lost + bill;
                    charge += lost + bill;
                }
                ledger.charge(Cause::Event(stretch.lasting_event(case.view, who)), charge);
            }
        }
        let longest = alone.longest(k)[cells.clone()].iter().fold(0.0, |most, &x| if x > most { x } else { most });
        ledger.longest_hours[s] = ledger.longest_hours[s].max(f64::min(longest, reaction.served_after));
        ledger.unserved_hours[s] += unserved;
        ledger.apart(Component::Interruption, s, interruption);
        ledger.apart(Component::Spend, s, spend);
    }
}

/// Most reactions beside something that lasts that are kept.
const KNOWN: usize = 64;

impl Buffers {
    fn open(&mut self, case: &Case, plain: &PlainPlan) {
        let cells = &case.view.cells;
        self.costs.clear();
        self.costs.resize(plain.risks.len() * cells.len() * case.alone.n_areas(), 0.0);
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

    /// Where reactions beside such things under a placement are kept.
    fn known(&mut self, beside: Beside, regime: &Regime, n_risks: usize) -> usize {
        let same = |k: &Known| Arc::ptr_eq(&k.placement, regime.placement()) && k.beside == beside;
        if let Some(place) = self.known.iter().position(same) {
            return place;
        }
        if self.known.len() == KNOWN {
            self.known.clear();
        }
        let placement = Arc::clone(regime.placement());
        self.known.push(Known { placement, beside, reactions: vec![None; n_risks] });
        self.known.len() - 1
    }
}

/// A sum in four strands: one alone would wait on itself.
#[inline]
fn sum(values: &[f64]) -> f64 {
    let mut strands = [0.0; 4];
    let fours = values.chunks_exact(4);
    let rest: f64 = fours.remainder().iter().sum();
    for four in fours {
        strands.iter_mut().zip(four).for_each(|(strand, x)| *strand += x);
    }
    (strands[0] + strands[1]) + (strands[2] + strands[3]) + rest
}

/// The same of products.
#[inline]
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut strands = [0.0; 4];
    let (a_fours, b_fours) = (a.chunks_exact(4), b.chunks_exact(4));
    let rest: f64 = a_fours.remainder().iter().zip(b_fours.remainder()).map(|(x, y)| x * y).sum();
    for (a, b) in a_fours.zip(b_fours) {
        for i in 0..4 {
            strands[i] += a[i] * b[i];
        }
    }
    (strands[0] + strands[1]) + (strands[2] + strands[3]) + rest
}
