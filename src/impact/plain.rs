//! Plain outages that are alone, as money: by their sums, cell by cell; each by itself only as far as the largest event of a
//! year asks for it.

use std::sync::{Arc, OnceLock};

use fearless_simd::{Level, dispatch};

use super::ledger::{Cause, Ledger};
use super::{Case, Judge};
use crate::plan::plain::PlainPlan;
use crate::plan::portfolio::PortfolioPlan;
use crate::plan::{Plan, ServicePlan};
use crate::response::parting::Stretch;
use crate::response::reaction::{Part, Reaction};
use crate::response::{Placement, Regime};
use crate::results::Component;

/// Buffers, kept between trials for their memory.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    /// Per plain risk and cell: what the longest outage costs.
    longest: Vec<f64>,
    /// Per plain risk: whether the longest of a cell is the costliest.
    rises: Vec<bool>,
    /// Per area and cell: what a unit of the area costs for one risk.
    costs: Vec<f64>,
    /// Amounts by cell.
    amounts: Vec<f64>,
    /// Bills by cell.
    bills: Vec<f64>,
    /// Per cell: the costliest outage, −∞ if there is none.
    costliest: Vec<f64>,
    /// Per portfolio.
    known: Vec<Known>,
}

/// What outages cost under a portfolio, as far as it was asked for.
#[derive(Debug, Default)]
struct Known {
    placements: Vec<(Arc<Placement>, Vec<Beside>)>,
    n: usize,
}

/// What they cost under a placement beside what lasts: a risk, and what it leaves.
type Beside = (Vec<(u32, f64)>, Arc<Tariffs>);

/// Per plain risk, if it was asked for: per service of the group.
type Tariffs = Vec<OnceLock<Vec<Tariff>>>;

/// What outages of a plain risk cost a service.
#[derive(Debug)]
struct Tariff {
    lines: Vec<Line>,
    /// No outage costs less than a shorter one of its cell.
    rises: bool,
    /// Hours after which all is served again.
    served_after: f64,
}

/// What an area of the outages costs.
#[derive(Debug)]
struct Line {
    area: usize,
    /// Who answers for it, by their place among what lasts; none for the outage itself.
    who: Option<usize>,
    /// Part of all traffic that is unserved, where the area counts hours.
    unserved: f64,
    /// Lost revenue a unit of the area.
    worth: f64,
    /// Change of the bill a unit of the area, by month; empty if there is none.
    bills: Vec<f64>,
    /// Usage a unit of the area, by vendor.
    used: Vec<(usize, f64)>,
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
        let alone = case.alone;
        self.plain.open(case, plain, p);
        for stretch in alone.stretches.iter().filter(|s| s.of.0 == p) {
            let regime = &regimes(stretch.of.1)[stretch.regime];
            let services = &case.portfolio.groups[stretch.of.1].services;
            let known = Arc::clone(self.plain.known(case, p, regime, stretch));
            for k in 0..plain.risks.len() {
                let hours = most(&alone.longest(k)[stretch.cells.clone()]);
                if hours == 0.0 {
                    continue;
                }
                let tariffs = known[k].get_or_init(|| {
                    let reaction = self.reaction(case, plain, k, regime, stretch);
                    let tariff = |&s: &usize| Tariff::new(case.plan, plain, case.portfolio, s, &reaction);
                    services.iter().map(tariff).collect()
                });
                for (&s, tariff) in services.iter().zip(tariffs) {
                    ledger.longest_hours[s] = ledger.longest_hours[s].max(f64::min(hours, tariff.served_after));
                    dispatch!(Level::new(), _ => self.plain_risk(case, plain, (s, k), tariff, stretch, ledger));
                }
            }
        }
        for (&month, amount) in case.view.cells.months.iter().zip(&self.plain.amounts) {
            ledger.month(month, *amount);
        }
        dispatch!(Level::new(), _ => self.plain.costliest(case, plain, p, &regimes, ledger));
    }

    /// How a group responds to an outage of a plain risk during a stretch.
    fn reaction(&mut self, case: &Case, plain: &PlainPlan, k: usize, regime: &Regime, stretch: &Stretch) -> Reaction {
        if stretch.is_quiet() {
            return regime.reactions[k].clone();
        }
        let beside = stretch.beside(case.plan, case.view, regime);
        Reaction::new(&plain.risks[k], regime.placement(), case.portfolio.failover.as_ref(), &beside, &mut self.sweep)
    }

    /// Books what outages of a plain risk take of a service during a stretch.
    #[expect(clippy::inline_always, reason = "it is compiled anew for each width of vectors")]
    #[inline(always)]
    fn plain_risk(
        &mut self,
        case: &Case,
        plain: &PlainPlan,
        (s, k): (usize, usize),
        tariff: &Tariff,
        stretch: &Stretch,
        ledger: &mut Ledger,
    ) {
        let (alone, n_cells, cells) = (case.alone, case.view.cells.len(), &stretch.cells);
        let Buffers { longest, rises, amounts, bills, .. } = &mut self.plain;
        rises[k] &= tariff.rises;
        let amounts = &mut amounts[cells.clone()];
        let costs = &mut longest[k * n_cells + cells.start..k * n_cells + cells.end];
        let hours = &alone.longest(k)[cells.clone()];
        let (mut interruption, mut spend, mut unserved) = (0.0, 0.0, 0.0);
        for line in &tariff.lines {
            let sums = &alone.sums(line.area, k)[cells.clone()];
            bills.clear();
            if let Some(last) = line.bills.len().checked_sub(1) {
                // No month is after the last: said so, it takes no branch.
                bills.extend(case.view.cells.months[cells.clone()].iter().map(|&month| line.bills[month.min(last)]));
            }
            let (total, bill) = if bills.is_empty() { (total(sums), 0.0) } else { total_and_dot(sums, bills) };
            unserved += line.unserved * total;
            interruption += line.worth * total;
            spend += bill;
            for &(v, used) in &line.used {
                let row = (s * case.plan.vendors.len() + v) * n_cells;
                let usage = &mut self.usage[row + cells.start..row + cells.end];
                usage.iter_mut().zip(sums).for_each(|(usage, sum)| *usage += used * sum);
            }
            let charge = line.worth * total + bill;
            match line.who {
                Some(who) => ledger.charge(Cause::Event(stretch.lasting_event(case.view, who)), charge),
                None => ledger.plain_risk(plain.risks[k].risk, charge),
            }
            // Of the outages themselves, where the longest is the costliest: what it costs.
            let offset = plain.offsets.get(line.area).filter(|_| rises[k] && line.who.is_none());
            let each = amounts.iter_mut().zip(sums);
            let (Some(&offset), false) = (offset, bills.is_empty()) else {
                if bills.is_empty() {
                    each.for_each(|(amount, sum)| *amount += line.worth * sum);
                    if let Some(&offset) = offset {
                        let costs = costs.iter_mut().zip(hours);
                        costs.for_each(|(cost, &hours)| *cost += line.worth * beyond(hours, offset));
                    }
                } else {
                    each.zip(&*bills).for_each(|((amount, sum), bill)| *amount += (line.worth + bill) * sum);
                }
                continue;
            };
            for ((((amount, sum), bill), cost), &hours) in each.zip(&*bills).zip(&mut *costs).zip(hours) {
                let price = line.worth + bill;
                *amount += price * sum;
                *cost += price * beyond(hours, offset);
            }
        }
        ledger.unserved_hours[s] += unserved;
        ledger.apart(Component::Interruption, s, interruption);
        ledger.apart(Component::Spend, s, spend);
    }
}

/// As many sets of tariffs of a portfolio are kept to the next trial.
const KNOWN: usize = 256;

impl Buffers {
    fn open(&mut self, case: &Case, plain: &PlainPlan, p: usize) {
        self.known.resize_with(self.known.len().max(p + 1), Known::default);
        if self.known[p].n >= KNOWN {
            self.known[p] = Known::default();
        }
        let n_cells = case.view.cells.len();
        for (list, n) in [(&mut self.longest, plain.risks.len() * n_cells), (&mut self.amounts, n_cells)] {
            list.clear();
            list.resize(n, 0.0);
        }
        self.rises.clear();
        self.rises.resize(plain.risks.len(), plain.curves.is_empty());
    }

    /// The tariffs of a group during a stretch.
    fn known(&mut self, case: &Case, p: usize, regime: &Regime, stretch: &Stretch) -> &Arc<Tariffs> {
        let Known { placements, n } = &mut self.known[p];
        let place = placements.iter().position(|k| Arc::ptr_eq(&k.0, regime.placement())).unwrap_or_else(|| {
            placements.push((Arc::clone(regime.placement()), Vec::new()));
            placements.len() - 1
        });
        let besides = &mut placements[place].1;
        let lasts = || stretch.lasts(case.view);
        let place = besides.iter().position(|b| lasts().eq(b.0.iter().copied())).unwrap_or_else(|| {
            let none = self.rises.iter().map(|_| OnceLock::new()).collect();
            besides.push((lasts().collect(), Arc::new(none)));
            *n += 1;
            besides.len() - 1
        });
        &besides[place].1
    }

    /// Finds the costliest outage of each year.
    #[expect(clippy::inline_always, reason = "it is compiled anew for each width of vectors")]
    #[inline(always)]
    fn costliest<'r>(
        &mut self,
        case: &Case,
        plain: &PlainPlan,
        p: usize,
        regimes: impl Fn(usize) -> &'r [Regime],
        ledger: &mut Ledger,
    ) {
        let (alone, n_cells) = (case.alone, case.view.cells.len());
        self.costliest.clear();
        self.costliest.resize(n_cells, f64::NEG_INFINITY);
        for k in 0..plain.risks.len() {
            if self.rises[k] {
                // It is the longest, if there is any.
                let costs = self.longest[k * n_cells..(k + 1) * n_cells].iter().zip(alone.longest(k));
                for (most, (&cost, &hours)) in self.costliest.iter_mut().zip(costs) {
                    let cost = if hours > 0.0 { cost } else { f64::NEG_INFINITY };
                    *most = if cost > *most { cost } else { *most };
                }
                continue;
            }
            self.costs_of(case, p, k, &regimes);
            for (cell, area) in alone.each(plain, k, case.world.plain.of(k)) {
                let cost =
                    (0..alone.n_areas()).map(|area_no| self.costs[area_no * n_cells + cell] * area(area_no)).sum();
                self.costliest[cell] = f64::max(self.costliest[cell], cost);
            }
        }
        for (&month, &amount) in case.view.cells.months.iter().zip(&self.costliest) {
            ledger.plain_event(month / 12, amount);
        }
    }

    /// Fills what outages of a plain risk cost by area and cell.
    fn costs_of<'r>(&mut self, case: &Case, p: usize, k: usize, regimes: impl Fn(usize) -> &'r [Regime]) {
        let (n_cells, months) = (case.view.cells.len(), &case.view.cells.months);
        let mut costs = std::mem::take(&mut self.costs);
        costs.clear();
        costs.resize(n_cells * case.alone.n_areas(), 0.0);
        for stretch in case.alone.stretches.iter().filter(|s| s.of.0 == p) {
            let regime = &regimes(stretch.of.1)[stretch.regime];
            let tariffs = self.known(case, p, regime, stretch)[k].get();
            let lines = tariffs.into_iter().flatten().flat_map(|t| &t.lines).filter(|l| l.who.is_none());
            for line in lines {
                let costs = &mut costs[line.area * n_cells..(line.area + 1) * n_cells];
                for cell in stretch.cells.clone() {
                    costs[cell] += line.worth + line.bills.get(months[cell]).copied().unwrap_or(0.0);
                }
            }
        }
        self.costs = costs;
    }
}

impl Tariff {
    fn new(plan: &Plan, plain: &PlainPlan, portfolio: &PortfolioPlan, s: usize, reaction: &Reaction) -> Self {
        let (service, curve) = (&plan.services[s], plain.curve(s) * plain.offsets.len());
        let mut lines = Vec::new();
        for change in &reaction.changes {
            let offset = plain.offset(change.after);
            let counts = if reaction.goes_on { offset } else { plain.offset(change.after.max(service.tolerance)) };
            let own = [(None, &change.own)];
            for (who, part) in own.into_iter().chain(change.others.iter().map(|(who, part)| (Some(*who), part))) {
                line(&mut lines, offset, who).unserved += part.unserved;
                line(&mut lines, curve + counts, who).worth += service.at_stake * part.unserved;
                if service.usage > 0.0 {
                    line(&mut lines, curve + offset, who).bill(plan, portfolio, service, part);
                }
            }
        }
        lines.retain(|l| l.unserved != 0.0 || l.worth != 0.0 || !l.used.is_empty());
        Self { rises: rises(&lines, plan.clock.n_months(), plain), lines, served_after: reaction.served_after }
    }
}

/// The line of an area for which somebody answers.
fn line(lines: &mut Vec<Line>, area: usize, who: Option<usize>) -> &mut Line {
    let place = lines.iter().position(|l| l.area == area && l.who == who).unwrap_or_else(|| {
        lines.push(Line { area, who, unserved: 0.0, worth: 0.0, bills: Vec::new(), used: Vec::new() });
        lines.len() - 1
    });
    &mut lines[place]
}

impl Line {
    /// Adds what is billed and used.
    fn bill(&mut self, plan: &Plan, portfolio: &PortfolioPlan, service: &ServicePlan, part: &Part) {
        for &(v, part) in &part.served {
            let used = service.usage * part;
            self.bills.resize(plan.clock.n_months(), 0.0);
            for (month, bill) in self.bills.iter_mut().enumerate() {
                *bill += used * portfolio.price(v, month);
            }
            self.used.push((v, used));
        }
    }
}

/// Whether no outage costs less than a shorter one of its cell, but for roundings.
fn rises(lines: &[Line], n_months: usize, plain: &PlainPlan) -> bool {
    const ROUNDING: f64 = 1e-14;
    (0..n_months).all(|month| {
        let (mut slope, mut most) = (0.0, 0.0);
        (0..plain.offsets.len()).all(|area| {
            for line in lines.iter().filter(|l| l.area == area && l.who.is_none()) {
                let cost = line.worth + line.bills.get(month).copied().unwrap_or(0.0);
                slope += cost;
                most = f64::max(most, cost.abs());
            }
            slope >= -ROUNDING * most
        })
    })
}

/// A sum of products in four strands: one alone would wait on itself.
#[inline]
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<4>(), b.as_chunks::<4>());
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(x, y)| x * y).sum();
    let add = |s: [f64; 4], (a, b): (&[f64; 4], &[f64; 4])| {
        [s[0] + a[0] * b[0], s[1] + a[1] * b[1], s[2] + a[2] * b[2], s[3] + a[3] * b[3]]
    };
    let strands = a.iter().zip(b).fold([0.0; 4], add);
    (strands[0] + strands[1]) + (strands[2] + strands[3]) + rest
}

/// A sum in four strands, as in [`dot`].
#[inline]
fn total(values: &[f64]) -> f64 {
    let (fours, rest) = values.as_chunks::<4>();
    let strands = fours.iter().fold([0.0; 4], |s, x| std::array::from_fn(|i| s[i] + x[i]));
    (strands[0] + strands[1]) + (strands[2] + strands[3]) + rest.iter().sum::<f64>()
}

/// The sum of values, and [`dot`] of them and `weights`, in one pass.
#[inline]
fn total_and_dot(values: &[f64], weights: &[f64]) -> (f64, f64) {
    let ((fours, rest), (weights, weights_rest)) = (values.as_chunks::<4>(), weights.as_chunks::<4>());
    let (mut total, mut dot) = ([0.0; 4], [0.0; 4]);
    for (x, w) in fours.iter().zip(weights) {
        for i in 0..4 {
            total[i] += x[i];
            dot[i] += x[i] * w[i];
        }
    }
    let join = |s: [f64; 4]| (s[0] + s[1]) + (s[2] + s[3]);
    let products = rest.iter().zip(weights_rest).map(|(x, w)| x * w);
    (join(total) + rest.iter().sum::<f64>(), join(dot) + products.sum::<f64>())
}

/// Hours after so many.
#[inline]
fn beyond(hours: f64, offset: f64) -> f64 {
    if hours > offset { hours - offset } else { 0.0 }
}

/// The largest of values that are not negative, in four strands; 0 of none.
fn most(values: &[f64]) -> f64 {
    let larger = |a: f64, b: f64| if a > b { a } else { b };
    let (fours, rest) = values.as_chunks::<4>();
    let strand =
        |s: [f64; 4], x: &[f64; 4]| [larger(s[0], x[0]), larger(s[1], x[1]), larger(s[2], x[2]), larger(s[3], x[3])];
    fours.iter().fold([0.0; 4], strand).into_iter().chain(rest.iter().copied()).fold(0.0, larger)
}
