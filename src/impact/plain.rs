//! Plain outages that are alone, as money: by their sums, cell by cell; each by itself only as far as the largest event of a
//! year asks for it.

use std::cell::OnceCell;
use std::ops::Range;
use std::sync::Arc;

use fearless_simd::{Level, Select, Simd, SimdBase, dispatch, f64x8};

use super::ledger::{Cause, Ledger};
use super::{Case, Judge};
use crate::lanes::{clear, join, lanes, lanes_mut, load, most_shown, show, steps};
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
    /// Line after line, each in order of the vendors.
    used: Vec<Used>,
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
    /// After how many hours of an outage the area begins, if the outage itself answers for it and its hours are all that counts.
    offset: Option<f64>,
    /// Part of all traffic that is unserved, where the area counts hours.
    unserved: f64,
    /// Lost revenue a unit of the area.
    worth: f64,
    used: Range<usize>,
}

/// Usage of a vendor a unit of an area, and what it costs at the prices of the beginning. `terms`: under which it is bought.
#[derive(Debug)]
struct Used {
    vendor: usize,
    terms: usize,
    units: f64,
    due: f64,
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
                self.plain_risk(simd, case, (s, k, plain.risks[k].risk), tariff, (stretch, &steps), ledger);
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

    /// Books what outages of a plain risk, a risk of the plan, take of a service during a stretch. `steps`: those of its cells.
    #[expect(clippy::inline_always, reason = "it is compiled anew for each width of vectors")]
    #[inline(always)]
    fn plain_risk<S: Simd>(
        &mut self,
        simd: S,
        case: &Case,
        (s, k, risk): (usize, usize, usize),
        tariff: &Tariff,
        (stretch, steps): (&Stretch, &Range<usize>),
        ledger: &mut Ledger,
    ) {
        let Buffers { longest, rises, shown, .. } = &mut self.plain;
        let (alone, width, n) = (case.alone, case.view.cells.width(), steps.len());
        rises[k] &= tariff.rises;
        // Rows of whole steps: one length for all, and numbers instead of slices of slices.
        let row = lanes(shown).len();
        let amounts = &mut lanes_mut(&mut self.amounts)[steps.clone()][..n];
        let costs = &mut lanes_mut(longest)[k * row + steps.start..][..n];
        let hours = &lanes(alone.longest(k))[steps.clone()][..n];
        let shown = &lanes(shown)[steps.clone()][..n];
        let usage = lanes_mut(&mut self.usage[s * case.plan.vendors.len() * width..]);
        let index = lanes(case.common.prices.all_planned());
        let (mut interruption, mut spend, mut unserved) = (0.0, 0.0, 0.0);
        for line in &tariff.lines {
            let sums = &lanes(alone.sums(line.area, k))[steps.clone()][..n];
            let used = &tariff.used[line.used.clone()];
            // Of the outages themselves, where the longest is the costliest: what it costs.
            let offset = line.offset.filter(|_| rises[k]);
            let (mut all, mut billed) = (f64x8::splat(simd, 0.0), f64x8::splat(simd, 0.0));
            for i in 0..n {
                let shown = load(simd, &shown[i]);
                let sum = load(simd, &sums[i]) * shown;
                let (step, mut due) = (steps.start + i, f64x8::splat(simd, 0.0));
                for used in used {
                    let usage = &mut usage[used.vendor * row + step];
                    (load(simd, usage) + sum * used.units).store_slice(usage);
                    due += load(simd, &index[used.terms * row + step]) * used.due;
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
            let (all, billed) = (join(all), join(billed));
            unserved += line.unserved * all;
            interruption += line.worth * all;
            spend += billed;
            let charge = line.worth * all + billed;
            match line.who {
                Some(who) => ledger.charge(Cause::Event(alone.lasting_event(stretch, case.view, who)), charge),
                None => ledger.plain_risk(risk, charge),
            }
        }
        ledger.unserved_hours[s] += unserved;
        ledger.apart(Component::Interruption, s, interruption);
        ledger.apart(Component::Spend, s, spend);
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
            for (cell, area) in alone.each(plain, &case.world.plain, k) {
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
            let lines =
                tariffs.into_iter().flatten().flat_map(|tariff| tariff.lines.iter().map(move |line| (tariff, line)));
            for (tariff, line) in lines.filter(|(_, line)| line.who.is_none()) {
                let costs = &mut costs[line.area * width..(line.area + 1) * width];
                costs[stretch.cells.clone()].iter_mut().for_each(|cost| *cost += line.worth);
                for used in &tariff.used[line.used.clone()] {
                    let index = &case.common.prices.planned(used.terms)[stretch.cells.clone()];
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
        let mut drafts = Vec::new();
        for change in &reaction.changes {
            let offset = plain.offset(change.after);
            let counts = if reaction.goes_on { offset } else { plain.offset(change.after.max(service.tolerance)) };
            let own = [(None, &change.own)];
            for (who, part) in own.into_iter().chain(change.others.iter().map(|(who, part)| (Some(*who), part))) {
                draft(&mut drafts, offset, who).unserved += part.unserved;
                draft(&mut drafts, curve + counts, who).worth += service.at_stake * part.unserved;
                if service.usage > 0.0 {
                    let draft = draft(&mut drafts, curve + offset, who);
                    part.served.iter().for_each(|&(v, part)| draft.serve(v, service.usage * part));
                }
            }
        }
        drafts.retain(|draft| draft.unserved != 0.0 || draft.worth != 0.0 || !draft.units.is_empty());
        let (mut lines, mut used) = (Vec::new(), Vec::new());
        for Draft { area, who, unserved, worth, mut units } in drafts {
            units.sort_unstable_by_key(|of| of.0);
            let first = used.len();
            used.extend(units.into_iter().map(|(vendor, units)| {
                let (terms, price) = (portfolio.terms[vendor], plan.vendors[vendor].price);
                Used { vendor, terms, units, due: units * price }
            }));
            let offset = plain.offsets.get(area).copied().filter(|_| who.is_none());
            lines.push(Line { area, who, offset, unserved, worth, used: first..used.len() });
        }
        let mut tariff = Self { lines, used, rises: true, served_after: reaction.served_after };
        tariff.rises = tariff.rises(plan.clock.n_months(), portfolio, plain);
        tariff
    }

    /// Whether no outage costs less than a shorter one of its cell, but for roundings.
    fn rises(&self, n_months: usize, portfolio: &PortfolioPlan, plain: &PlainPlan) -> bool {
        const ROUNDING: f64 = 1e-14;
        (0..n_months).all(|month| {
            let (mut slope, mut most) = (0.0, 0.0);
            (0..plain.offsets.len()).all(|area| {
                for line in self.lines.iter().filter(|l| l.area == area && l.who.is_none()) {
                    let used = self.used[line.used.clone()].iter();
                    let cost =
                        line.worth + used.map(|used| used.units * portfolio.price(used.vendor, month)).sum::<f64>();
                    slope += cost;
                    most = f64::max(most, cost.abs());
                }
                slope >= -ROUNDING * most
            })
        })
    }
}

/// A line that is being made.
struct Draft {
    area: usize,
    who: Option<usize>,
    unserved: f64,
    worth: f64,
    /// Units of a vendor a unit of the area.
    units: Vec<(usize, f64)>,
}

impl Draft {
    fn serve(&mut self, vendor: usize, units: f64) {
        match self.units.iter_mut().find(|of| of.0 == vendor) {
            Some(of) => of.1 += units,
            None => self.units.push((vendor, units)),
        }
    }
}

/// The line of an area for which somebody answers.
fn draft(drafts: &mut Vec<Draft>, area: usize, who: Option<usize>) -> &mut Draft {
    let place = drafts.iter().position(|draft| draft.area == area && draft.who == who).unwrap_or_else(|| {
        drafts.push(Draft { area, who, unserved: 0.0, worth: 0.0, units: Vec::new() });
        drafts.len() - 1
    });
    &mut drafts[place]
}
