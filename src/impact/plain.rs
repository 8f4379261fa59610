//! Plain outages that are alone, as money: by their sums, cell by cell; each by itself only as far as the largest event of a
//! year asks for it.

use std::cell::OnceCell;
use std::ops::Range;
use std::sync::Arc;

use fearless_simd::{Level, Select, Simd, SimdBase, dispatch, f64x8};

use super::ledger::{Cause, Ledger};
use super::{Case, Judge};
use crate::lanes::{Lane, clear, join, lanes, lanes_mut, load, most_shown, show, steps};
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
    /// Per cell: 1 during a stretch; whatever it is beyond the steps of that.
    shown: Vec<f64>,
    /// Per cell: the costliest outage, −∞ if there is none.
    costliest: Vec<f64>,
    /// Per portfolio; and how many tariffs all of it holds at most.
    known: Vec<Known>,
    kept: usize,
}

/// What outages cost under a portfolio, as far as it was asked for.
#[derive(Debug, Default)]
struct Known {
    /// Under each placement: which sets.
    placements: Vec<(Arc<Placement>, Vec<usize>)>,
    sets: Vec<Set>,
}

/// What they cost under a placement beside what lasts: risks, and what they leave.
#[derive(Debug)]
struct Set {
    beside: Vec<(u32, f64)>,
    tariffs: Tariffs,
}

/// Per plain risk, if it was asked for: per service of the group; none if its outages change nothing.
type Tariffs = Vec<OnceCell<Vec<Tariff>>>;

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
    /// At most [`VENDORS`], in their order.
    used: Vec<Used>,
}

/// Usage of a vendor a unit of an area, and what it costs at the prices of the beginning.
#[derive(Debug)]
struct Used {
    vendor: usize,
    units: f64,
    due: f64,
}

/// What has to do with more vendors is divided into several lines.
const VENDORS: usize = 4;

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
            let place = self.plain.place(case, p, regime, stretch);
            let known = std::mem::take(&mut self.plain.known[p].sets[place].tariffs);
            dispatch!(Level::new(), simd => self.plain_stretch(simd, case, plain, (regime, &known), stretch, ledger));
            self.plain.known[p].sets[place].tariffs = known;
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
        let alone = case.alone;
        let services = &case.portfolio.groups[stretch.of.1].services;
        let steps = steps(&stretch.cells);
        show(&mut self.plain.shown, &stretch.cells);
        for (k, tariffs) in known.iter().enumerate() {
            let longest = if stretch.cells.len() == case.view.cells.len() {
                alone.longest_of_all(k)
            } else {
                most_shown(simd, &lanes(alone.longest(k))[steps.clone()], &lanes(&self.plain.shown)[steps.clone()])
            };
            if longest == 0.0 {
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
            for (&s, tariff) in services.iter().zip(tariffs) {
                // Where all is soon served again, one outage as long as that says all.
                let lasts = f64::min(longest, tariff.served_after);
                ledger.longest_hours[s] = ledger.longest_hours[s].max(lasts);
                self.plain_risk(simd, (case, plain), (s, k), tariff, (stretch, &steps), ledger);
            }
        }
    }

    /// How a group responds to an outage of a plain risk during a stretch.
    fn reaction(&mut self, case: &Case, plain: &PlainPlan, k: usize, regime: &Regime, stretch: &Stretch) -> Reaction {
        if stretch.is_quiet() {
            return regime.reactions[k].clone();
        }
        let beside: Vec<_> = case.alone.lasts(stretch, case.view).copied().collect();
        let placed = (&**regime.placement(), case.portfolio.failover.as_ref());
        Reaction::new(case.plan, &plain.risks[k], placed, &beside, &mut self.sweep)
    }

    /// Books what outages of a plain risk take of a service during a stretch. `steps`: those of its cells.
    #[expect(clippy::inline_always, reason = "it is compiled anew for each width of vectors")]
    #[inline(always)]
    fn plain_risk<S: Simd>(
        &mut self,
        simd: S,
        (case, plain): (&Case, &PlainPlan),
        (s, k): (usize, usize),
        tariff: &Tariff,
        (stretch, steps): (&Stretch, &Range<usize>),
        ledger: &mut Ledger,
    ) {
        let width = case.view.cells.width();
        let Buffers { longest, rises, shown, .. } = &mut self.plain;
        rises[k] &= tariff.rises;
        let mut rows = Rows {
            amounts: &mut lanes_mut(&mut self.amounts)[steps.clone()],
            costs: &mut lanes_mut(&mut longest[k * width..][..width])[steps.clone()],
            hours: &lanes(case.alone.longest(k))[steps.clone()],
            shown: &lanes(shown)[steps.clone()],
        };
        let usage = &mut self.usage[s * case.plan.vendors.len() * width..];
        let (mut interruption, mut spend, mut unserved) = (0.0, 0.0, 0.0);
        for line in &tariff.lines {
            let sums = &lanes(case.alone.sums(line.area, k))[steps.clone()];
            // Of the outages themselves, where the longest is the costliest: what it costs.
            let offset = plain.offsets.get(line.area).copied().filter(|_| rises[k] && line.who.is_none());
            let of = (case, steps);
            let (all, billed) = match line.used.len() {
                0 => rows.book::<S, 0>(simd, of, line, (sums, offset), usage),
                1 => rows.book::<S, 1>(simd, of, line, (sums, offset), usage),
                2 => rows.book::<S, 2>(simd, of, line, (sums, offset), usage),
                3 => rows.book::<S, 3>(simd, of, line, (sums, offset), usage),
                _ => rows.book::<S, 4>(simd, of, line, (sums, offset), usage),
            };
            unserved += line.unserved * all;
            interruption += line.worth * all;
            spend += billed;
            let charge = line.worth * all + billed;
            match line.who {
                Some(who) => ledger.charge(Cause::Event(case.alone.lasting_event(stretch, case.view, who)), charge),
                None => ledger.plain_risk(plain.risks[k].risk, charge),
            }
        }
        ledger.unserved_hours[s] += unserved;
        ledger.apart(Component::Interruption, s, interruption);
        ledger.apart(Component::Spend, s, spend);
    }
}

/// Rows of a plain risk and a service, as far as a stretch touches them.
struct Rows<'a> {
    amounts: &'a mut [Lane],
    /// What the longest costs.
    costs: &'a mut [Lane],
    hours: &'a [Lane],
    /// 1 in the cells of the stretch, 0 beside them.
    shown: &'a [Lane],
}

impl Rows<'_> {
    /// Books a line with `N` vendors; gives the sum of its area and the bill. `usage`: of the service, vendor by vendor.
    #[expect(clippy::inline_always, reason = "it is compiled anew for each width of vectors")]
    #[inline(always)]
    fn book<S: Simd, const N: usize>(
        &mut self,
        simd: S,
        (case, steps): (&Case, &Range<usize>),
        line: &Line,
        (sums, offset): (&[Lane], Option<f64>),
        usage: &mut [f64],
    ) -> (f64, f64) {
        let width = case.view.cells.width();
        let vendors: [usize; N] = std::array::from_fn(|i| line.used[i].vendor);
        let n = self.amounts.len();
        let (mut behind, mut next) = (usage, 0);
        let usage = vendors.map(|v| {
            let (_, rows) = std::mem::take(&mut behind).split_at_mut((v - next) * width);
            let (row, rest) = rows.split_at_mut(width);
            (behind, next) = (rest, v + 1);
            &mut lanes_mut(row)[steps.clone()][..n]
        });
        let index = vendors.map(|v| &lanes(case.planned(v))[steps.clone()][..n]);
        let (sums, hours, shown) = (&sums[..n], &self.hours[..n], &self.shown[..n]);
        let (amounts, costs) = (&mut self.amounts[..n], &mut self.costs[..n]);
        let (mut all, mut billed) = (f64x8::splat(simd, 0.0), f64x8::splat(simd, 0.0));
        for i in 0..n {
            let shown = load(simd, &shown[i]);
            let sum = load(simd, &sums[i]) * shown;
            let mut due = f64x8::splat(simd, 0.0);
            for (nth, used) in line.used[..N].iter().enumerate() {
                let usage = &mut usage[nth][i];
                (load(simd, usage) + sum * used.units).store_slice(usage);
                due += load(simd, &index[nth][i]) * used.due;
            }
            all += sum;
            billed += due * sum;
            let each = due + line.worth;
            (load(simd, &amounts[i]) + each * sum).store_slice(&mut amounts[i]);
            if let Some(offset) = offset {
                let beyond = (load(simd, &hours[i]) * shown - offset).max(0.0);
                (load(simd, &costs[i]) + each * beyond).store_slice(&mut costs[i]);
            }
        }
        (join(all), join(billed))
    }
}

impl Case<'_> {
    /// The billed index of a vendor in the plan, cell by cell.
    fn planned(&self, vendor: usize) -> &[f64] {
        self.common.prices.planned(self.portfolio.terms[vendor])
    }
}

/// As many tariffs are kept to the next trial. A few hundred bytes each; trials that lose much need some thousands of them.
const KNOWN: usize = 1 << 15;
/// Most placements of a portfolio, and sets of one of them, among which one is looked for.
const SEARCHED: usize = 512;

impl Buffers {
    fn open(&mut self, case: &Case, plain: &PlainPlan, p: usize) {
        if self.kept >= KNOWN {
            self.known.clear();
            self.kept = 0;
        }
        self.known.resize_with(self.known.len().max(p + 1), Known::default);
        let width = case.view.cells.width();
        clear(&mut self.longest, plain.n_used() * width);
        self.shown.resize(width, 0.0);
        self.rises.clear();
        self.rises.resize(plain.n_used(), plain.curves.is_empty());
    }

    /// Which set of tariffs is that of a group during a stretch.
    fn place(&mut self, case: &Case, p: usize, regime: &Regime, stretch: &Stretch) -> usize {
        let Known { placements, sets } = &mut self.known[p];
        let place = placements.iter().position(|k| Arc::ptr_eq(&k.0, regime.placement())).unwrap_or_else(|| {
            placements.push((Arc::clone(regime.placement()), Vec::new()));
            placements.len() - 1
        });
        let n_placements = placements.len();
        let own = &mut placements[place].1;
        // Risks and what they leave: all that a response beside them depends on.
        let lasts = || case.alone.lasts(stretch, case.view).map(|l| (l.risk, l.leaves));
        let known = own.iter().copied().find(|&set| lasts().eq(sets[set].beside.iter().copied()));
        known.unwrap_or_else(|| {
            let tariffs = self.rises.iter().map(|_| OnceCell::new()).collect();
            sets.push(Set { beside: lasts().collect(), tariffs });
            self.kept += self.rises.len() * case.portfolio.groups[stretch.of.1].services.len();
            if own.len() >= SEARCHED || n_placements >= SEARCHED {
                self.kept = KNOWN;
            }
            own.push(sets.len() - 1);
            sets.len() - 1
        })
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
            let place = self.place(case, p, regime, stretch);
            let tariffs = self.known[p].sets[place].tariffs[k].get();
            let lines = tariffs.into_iter().flatten().flat_map(|t| &t.lines).filter(|l| l.who.is_none());
            for line in lines {
                let costs = &mut costs[line.area * width..(line.area + 1) * width];
                costs[stretch.cells.clone()].iter_mut().for_each(|cost| *cost += line.worth);
                for used in &line.used {
                    let index = &case.planned(used.vendor)[stretch.cells.clone()];
                    let each = costs[stretch.cells.clone()].iter_mut().zip(index);
                    each.for_each(|(cost, index)| *cost += used.due * index);
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
                    let line = line(&mut lines, curve + offset, who);
                    part.served
                        .iter()
                        .for_each(|&(v, part)| line.serve(v, service.usage * part, plan.vendors[v].price));
                }
            }
        }
        for line in &mut lines {
            line.used.sort_unstable_by_key(|used| used.vendor);
        }
        lines.retain(|l| l.unserved != 0.0 || l.worth != 0.0 || !l.used.is_empty());
        Self {
            rises: rises(&lines, plan.clock.n_months(), portfolio, plain),
            lines: lines.into_iter().flat_map(Line::divide).collect(),
            served_after: reaction.served_after,
        }
    }
}

impl Line {
    fn serve(&mut self, vendor: usize, units: f64, price: f64) {
        match self.used.iter_mut().find(|used| used.vendor == vendor) {
            Some(used) => (used.units, used.due) = (used.units + units, used.due + units * price),
            None => self.used.push(Used { vendor, units, due: units * price }),
        }
    }

    /// The same in lines of at most [`VENDORS`].
    fn divide(mut self) -> impl Iterator<Item = Self> {
        let mut beyond = self.used.split_off(self.used.len().min(VENDORS)).into_iter();
        let (area, who) = (self.area, self.who);
        let others = std::iter::from_fn(move || {
            let used: Vec<Used> = beyond.by_ref().take(VENDORS).collect();
            (!used.is_empty()).then_some(Line { area, who, unserved: 0.0, worth: 0.0, used })
        });
        std::iter::once(self).chain(others)
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
                let bill: f64 = line.used.iter().map(|used| used.units * portfolio.price(used.vendor, month)).sum();
                let cost = line.worth + bill;
                slope += cost;
                most = f64::max(most, cost.abs());
            }
            slope >= -ROUNDING * most
        })
    })
}
