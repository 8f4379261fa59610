//! Plain outages that are alone, as money: by their sums, cell by cell; each by itself only as far as the largest event of a
//! year asks for it.

use super::ledger::Ledger;
use super::{Case, Judge};
use crate::plan::plain::PlainPlan;
use crate::response::Regime;
use crate::response::reaction::Reaction;
use crate::results::Component;

/// Buffers, kept between trials for their memory.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    /// Amounts by cell.
    amounts: Vec<f64>,
    /// Per area, plain risk and cell: what a unit of the area costs.
    costs: Vec<f64>,
    /// Per plain risk and cell: its year.
    years: Vec<usize>,
}

impl Judge {
    /// Books the outages that are alone. `regimes`: of a group of services of the portfolio.
    pub(super) fn plain<'r>(
        &mut self,
        case: &Case,
        regimes: impl Fn(usize) -> &'r [Regime],
        ledger: &mut Ledger,
    ) {
        let Some(plain) = &case.plan.plain else { return };
        let alone = &case.view.alone;
        let n_cells = case.view.cells.len();
        let buffers = &mut self.plain;
        for (list, n) in [(&mut buffers.amounts, n_cells), (&mut buffers.costs, alone.n_areas() * plain.risks.len() * n_cells)]
        {
            list.clear();
            list.resize(n, 0.0);
        }
        for (g, group) in case.portfolio.groups.iter().enumerate() {
            for regime in regimes(g) {
                let bounds = &case.view.cells.bounds;
                let cells = if regime.start == 0.0 && regime.last {
                    0..n_cells
                } else {
                    let place = |t: f64| bounds.partition_point(|&b| b < t).min(n_cells);
                    place(regime.start)..place(regime.end)
                };
                for (k, reaction) in regime.reactions.iter().enumerate().filter(|(_, r)| !r.changes.is_empty()) {
                    for &s in &group.services {
                        self.plain_risk(case, plain, s, k, reaction, cells.clone(), ledger);
                    }
                }
            }
        }
        for (&month, amount) in case.view.cells.months.iter().zip(&self.plain.amounts) {
            ledger.month(month, *amount);
        }
        self.largest(case, plain, ledger);
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
        let months = &case.view.cells.months[cells.clone()];
        let n_vendors = case.plan.vendors.len();
        let curve = plain.curve(s) * plain.offsets.len();
        let table = |area: usize| (area * plain.risks.len() + k) * n_cells;
        let (mut interruption, mut spend, mut unserved) = (0.0, 0.0, 0.0);
        for change in &reaction.changes {
            let offset = plain.offset(change.after);
            if change.unserved != 0.0 {
                unserved += change.unserved * alone.sums(offset, k)[cells.clone()].iter().sum::<f64>();
                let area = curve + plain.offset(change.after.max(service.tolerance));
                let worth = service.at_stake * change.unserved;
                let costs = &mut self.plain.costs[table(area)..][cells.clone()];
                let sums = &alone.sums(area, k)[cells.clone()];
                for ((cost, sum), amount) in costs.iter_mut().zip(sums).zip(&mut self.plain.amounts[cells.clone()]) {
                    *cost += worth;
                    *amount += worth * sum;
                    interruption += worth * sum;
                }
            }
            if service.usage > 0.0 {
                let area = curve + offset;
                let sums = &alone.sums(area, k)[cells.clone()];
                for &(v, part) in &change.served {
                    let used = service.usage * part;
                    let row = (s * n_vendors + v) * n_cells;
                    let costs = &mut self.plain.costs[table(area)..][cells.clone()];
                    let usage = &mut self.usage[row..][cells.clone()];
                    let amounts = &mut self.plain.amounts[cells.clone()];
                    let each = costs.iter_mut().zip(sums).zip(usage).zip(amounts).zip(months);
                    for ((((cost, sum), usage), amount), &month) in each {
                        let billed = used * case.portfolio.price(v, month);
                        *cost += billed;
                        *usage += used * sum;
                        *amount += billed * sum;
                        spend += billed * sum;
                    }
                }
            }
        }
        let longest = alone.longest(k)[cells].iter().fold(0.0, |most, &x| if x > most { x } else { most });
        ledger.longest_hours[s] = ledger.longest_hours[s].max(f64::min(longest, reaction.served_after));
        ledger.unserved_hours[s] += unserved;
        ledger.apart(Component::Interruption, s, interruption);
        ledger.apart(Component::Spend, s, spend);
        ledger.plain_risk(plain.risks[k].risk, interruption + spend);
    }

    /// The costliest outage of each year.
    fn largest(&mut self, case: &Case, plain: &PlainPlan, ledger: &mut Ledger) {
        let (alone, months) = (&case.view.alone, &case.view.cells.months);
        let table = plain.risks.len() * months.len();
        let Buffers { costs, years, .. } = &mut self.plain;
        years.clear();
        for _ in &plain.risks {
            years.extend(months.iter().map(|m| m / 12));
        }
        for (&place, areas) in alone.tables.iter().zip(alone.areas.chunks_exact(alone.n_areas())) {
            let place = place as usize;
            let charge = areas.iter().enumerate().map(|(b, area)| costs[b * table + place] * area).sum();
            ledger.plain_event(years[place], charge);
        }
    }
}
