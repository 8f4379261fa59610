//! Plain outages that are alone, as money: by their sums, cell by cell; each by itself only as far as the largest event of a
//! year asks for it.

use std::sync::{Arc, OnceLock};

use fearless_simd::{Level, Select, Simd, SimdBase, dispatch, f64x8};

use super::ledger::{Cause, Ledger};
use super::{Case, Judge};
use crate::lanes::{Lane, clear, join, lanes, lanes_mut, load, most, steps, window};
use crate::plan::Plan;
use crate::plan::plain::PlainPlan;
use crate::plan::portfolio::PortfolioPlan;
use crate::response::parting::Stretch;
use crate::response::reaction::Reaction;
use crate::response::{Placement, Regime};
use crate::results::Component;

/// Buffers, kept between trials for their memory. Rows of cells are as wide as [`Cells::width`](crate::view::Cells::width).
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
    /// Bills a unit of an area, by cell.
    bills: Vec<f64>,
    /// Sums and longest outages during a stretch.
    sums: Vec<f64>,
    hours: Vec<f64>,
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

/// Per plain risk, if it was asked for: per service of the group; none if its outages change nothing.
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
        self.plain.open(case, plain, p);
        for stretch in case.alone.stretches.iter().filter(|s| s.of.0 == p) {
            let regime = &regimes(stretch.of.1)[stretch.regime];
            let known = Arc::clone(self.plain.known(case, p, regime, stretch));
            dispatch!(Level::new(), simd => self.plain_stretch(simd, case, plain, (regime, &known), stretch, ledger));
        }
        for (&month, amount) in case.view.cells.months.iter().zip(&self.plain.amounts) {
            ledger.month(month, *amount);
        }
        dispatch!(Level::new(), simd => self.plain.costliest(simd, case, (plain, p), &regimes, ledger));
        self.clusters(case, (plain, p), regimes, ledger);
    }

    /// Books what outages take of a group during a stretch.
    #[expect(clippy::inline_always, reason = "it is compiled anew for each width of vectors")]
    #[inline(always)]
    fn plain_stretch<S: Simd>(
        &mut self,
        simd: S,
        case: &Case,
        plain: &PlainPlan,
        (regime, known): (&Regime, &Tariffs),
        stretch: &Stretch,
        ledger: &mut Ledger,
    ) {
        let (alone, n_cells) = (case.alone, case.view.cells.len());
        let services = &case.portfolio.groups[stretch.of.1].services;
        let mut room = std::mem::take(&mut self.plain.hours);
        for (k, tariffs) in known.iter().enumerate() {
            if tariffs.get().is_none()
                && most(simd, window(alone.longest(k), n_cells, &stretch.cells, &mut room)) == 0.0
            {
                // There is none that anything would have to be worked out for.
                continue;
            }
            let tariffs = tariffs.get_or_init(|| {
                let reaction = self.reaction(case, plain, k, regime, stretch);
                if reaction.changes.is_empty() {
                    return Vec::new();
                }
                let tariff = |&s: &usize| Tariff::new(case.plan, plain, case.portfolio, s, &reaction);
                services.iter().map(tariff).collect()
            });
            if tariffs.is_empty() {
                continue;
            }
            let hours = window(alone.longest(k), n_cells, &stretch.cells, &mut room);
            // Where all is soon served again, one outage as long as that says all.
            if services.iter().zip(tariffs).any(|(&s, tariff)| tariff.served_after > ledger.longest_hours[s]) {
                let longest = most(simd, hours);
                for (&s, tariff) in services.iter().zip(tariffs) {
                    ledger.longest_hours[s] = ledger.longest_hours[s].max(f64::min(longest, tariff.served_after));
                }
            }
            for (&s, tariff) in services.iter().zip(tariffs) {
                self.plain_risk(simd, (case, plain), (s, k), tariff, (stretch, hours), ledger);
            }
        }
        self.plain.hours = room;
    }

    /// How a group responds to an outage of a plain risk during a stretch.
    fn reaction(&mut self, case: &Case, plain: &PlainPlan, k: usize, regime: &Regime, stretch: &Stretch) -> Reaction {
        if stretch.is_quiet() {
            return regime.reactions[k].clone();
        }
        let placed = (&**regime.placement(), case.portfolio.failover.as_ref());
        Reaction::new(case.plan, &plain.risks[k], placed, &stretch.beside(case.view), &mut self.sweep)
    }

    /// Books what outages of a plain risk take of a service during a stretch. `hours`: the longest of each cell.
    #[expect(clippy::inline_always, reason = "it is compiled anew for each width of vectors")]
    #[inline(always)]
    fn plain_risk<S: Simd>(
        &mut self,
        simd: S,
        (case, plain): (&Case, &PlainPlan),
        (s, k): (usize, usize),
        tariff: &Tariff,
        (stretch, hours): (&Stretch, &[Lane]),
        ledger: &mut Ledger,
    ) {
        let (n_cells, width) = (case.view.cells.len(), case.view.cells.width());
        let steps = steps(&stretch.cells);
        let Buffers { longest, rises, amounts, bills, sums: room, .. } = &mut self.plain;
        // Where there is none, nothing may depend on whether tariffs happen to be known.
        rises[k] &= tariff.rises || most(simd, hours) == 0.0;
        let amounts = &mut lanes_mut(amounts)[steps.clone()];
        let costs = &mut lanes_mut(&mut longest[k * width..][..width])[steps.clone()];
        let bills = &mut lanes_mut(bills)[steps.clone()];
        let (mut interruption, mut spend, mut unserved) = (0.0, 0.0, 0.0);
        for line in &tariff.lines {
            let sums = window(case.alone.sums(line.area, k), n_cells, &stretch.cells, room);
            if line.used.is_empty() {
                bills.fill([0.0; 8]);
            }
            for (nth, &(v, used)) in line.used.iter().enumerate() {
                let row = (s * case.plan.vendors.len() + v) * width;
                let usage = &mut lanes_mut(&mut self.usage[row..row + width])[steps.clone()];
                let index = &lanes(case.planned(v))[steps.clone()];
                let due = used * case.plan.vendors[v].price;
                let each = usage.iter_mut().zip(&mut *bills).zip(sums).zip(index);
                if nth == 0 {
                    for (((usage, bill), sum), index) in each {
                        (load(simd, usage) + load(simd, sum) * used).store_slice(usage);
                        (load(simd, index) * due).store_slice(bill);
                    }
                } else {
                    for (((usage, bill), sum), index) in each {
                        (load(simd, usage) + load(simd, sum) * used).store_slice(usage);
                        (load(simd, bill) + load(simd, index) * due).store_slice(bill);
                    }
                }
            }
            let (mut all, mut billed) = (f64x8::splat(simd, 0.0), f64x8::splat(simd, 0.0));
            for ((amount, sum), bill) in amounts.iter_mut().zip(sums).zip(&*bills) {
                let (sum, bill) = (load(simd, sum), load(simd, bill));
                all += sum;
                billed += bill * sum;
                (load(simd, amount) + (bill + line.worth) * sum).store_slice(amount);
            }
            let (all, billed) = (join(all), join(billed));
            unserved += line.unserved * all;
            interruption += line.worth * all;
            spend += billed;
            let charge = line.worth * all + billed;
            match line.who {
                Some(who) => ledger.charge(Cause::Event(stretch.lasting_event(case.view, who)), charge),
                None => ledger.plain_risk(plain.risks[k].risk, charge),
            }
            // Of the outages themselves, where the longest is the costliest: what it costs.
            if let Some(&offset) = plain.offsets.get(line.area).filter(|_| rises[k] && line.who.is_none()) {
                for ((cost, hours), bill) in costs.iter_mut().zip(hours).zip(&*bills) {
                    let beyond = (load(simd, hours) - offset).max(0.0);
                    (load(simd, cost) + (load(simd, bill) + line.worth) * beyond).store_slice(cost);
                }
            }
        }
        ledger.unserved_hours[s] += unserved;
        ledger.apart(Component::Interruption, s, interruption);
        ledger.apart(Component::Spend, s, spend);
    }
}

impl Case<'_> {
    /// The billed index of a vendor in the plan, cell by cell.
    fn planned(&self, vendor: usize) -> &[f64] {
        self.common.prices.planned(self.portfolio.terms[vendor])
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
        let width = case.view.cells.width();
        clear(&mut self.longest, plain.n_used() * width);
        clear(&mut self.amounts, width);
        clear(&mut self.bills, width);
        self.rises.clear();
        self.rises.resize(plain.n_used(), plain.curves.is_empty());
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
    fn costliest<'r, S: Simd>(
        &mut self,
        simd: S,
        case: &Case,
        (plain, p): (&PlainPlan, usize),
        regimes: impl Fn(usize) -> &'r [Regime],
        ledger: &mut Ledger,
    ) {
        let (alone, width) = (case.alone, case.view.cells.width());
        self.costliest.clear();
        self.costliest.resize(width, f64::NEG_INFINITY);
        for k in 0..self.rises.len() {
            if self.rises[k] {
                // It is the longest, if there is any.
                let costs = lanes(&self.longest[k * width..][..width]).iter().zip(lanes(alone.longest(k)));
                for (most, (cost, hours)) in lanes_mut(&mut self.costliest).iter_mut().zip(costs) {
                    let any = load(simd, hours).simd_gt(0.0);
                    let cost = any.select(load(simd, cost), f64x8::splat(simd, f64::NEG_INFINITY));
                    load(simd, most).max(cost).store_slice(most);
                }
                continue;
            }
            self.costs_of(case, p, k, &regimes);
            for (cell, area) in alone.each(plain, case.world.plain.of(k)) {
                let cost = (0..alone.n_areas()).map(|area_no| self.costs[area_no * width + cell] * area(area_no)).sum();
                self.costliest[cell] = f64::max(self.costliest[cell], cost);
            }
        }
        for year in 0..case.plan.clock.n_full_years {
            let costs = &self.costliest[case.view.cells.of_year(year)];
            ledger.plain_event(
                year,
                costs.iter().fold(f64::NEG_INFINITY, |most, &cost| if cost > most { cost } else { most }),
            );
        }
    }

    /// Fills what outages of a plain risk cost by area and cell.
    fn costs_of<'r>(&mut self, case: &Case, p: usize, k: usize, regimes: impl Fn(usize) -> &'r [Regime]) {
        let width = case.view.cells.width();
        let mut costs = std::mem::take(&mut self.costs);
        clear(&mut costs, width * case.alone.n_areas());
        for stretch in case.alone.stretches.iter().filter(|s| s.of.0 == p) {
            let regime = &regimes(stretch.of.1)[stretch.regime];
            let tariffs = self.known(case, p, regime, stretch)[k].get();
            let lines = tariffs.into_iter().flatten().flat_map(|t| &t.lines).filter(|l| l.who.is_none());
            for line in lines {
                let costs = &mut costs[line.area * width..(line.area + 1) * width];
                costs[stretch.cells.clone()].iter_mut().for_each(|cost| *cost += line.worth);
                for &(v, used) in &line.used {
                    let due = used * case.plan.vendors[v].price;
                    let index = &case.planned(v)[stretch.cells.clone()];
                    costs[stretch.cells.clone()].iter_mut().zip(index).for_each(|(cost, index)| *cost += due * index);
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
                    let used = part.served.iter().map(|&(v, part)| (v, service.usage * part));
                    line(&mut lines, curve + offset, who).used.extend(used);
                }
            }
        }
        lines.retain(|l| l.unserved != 0.0 || l.worth != 0.0 || !l.used.is_empty());
        Self {
            rises: rises(&lines, plan.clock.n_months(), portfolio, plain),
            lines,
            served_after: reaction.served_after,
        }
    }
}

/// The line of an area for which somebody answers.
fn line(lines: &mut Vec<Line>, area: usize, who: Option<usize>) -> &mut Line {
    let place = lines.iter().position(|l| l.area == area && l.who == who).unwrap_or_else(|| {
        lines.push(Line { area, who, unserved: 0.0, worth: 0.0, used: Vec::new() });
        lines.len() - 1
    });
    &mut lines[place]
}

/// Whether no outage costs less than a shorter one of its cell, but for roundings.
fn rises(lines: &[Line], n_months: usize, portfolio: &PortfolioPlan, plain: &PlainPlan) -> bool {
    const ROUNDING: f64 = 1e-14;
    (0..n_months).all(|month| {
        let (mut slope, mut most) = (0.0, 0.0);
        (0..plain.offsets.len()).all(|area| {
            for line in lines.iter().filter(|l| l.area == area && l.who.is_none()) {
                let bill: f64 = line.used.iter().map(|&(v, used)| used * portfolio.price(v, month)).sum();
                let cost = line.worth + bill;
                slope += cost;
                most = f64::max(most, cost.abs());
            }
            slope >= -ROUNDING * most
        })
    })
}
