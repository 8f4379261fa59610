//! A block of trials: rows for what ranking needs, moments for the rest.

use std::ops::Range;

use super::engine::{Engine, Verdict, by_node};
use super::moments::Replicates;
use super::observer::{Counts, Tally};
use super::worst::Kept;
use super::{EVENTS_UNASKED, Moments, Rows};
use crate::plan::Plan;

/// Differences of amounts smaller than this part of them are rounding.
const ROUNDING: f64 = 1e-12;
/// Hours by which rounding alone may lengthen an interruption.
const MOMENT: f64 = 1e-9;
/// Hours that an interruption may last longer than, everywhere; and how many thresholds a service has with its own.
pub(crate) const LONGER_THAN: [f64; 4] = [1.0, 8.0, 24.0, 72.0];
/// Trials whose months are turned at a time.
const TOGETHER: usize = 8;
pub(super) const THRESHOLDS: usize = LONGER_THAN.len() + 1;

/// A block's trials.
pub(super) struct Block {
    pub(super) trials: Range<u64>,
    /// Of each trial, where they do not weigh alike.
    pub(super) weights: Option<Vec<f64>>,
    /// Of each portfolio.
    pub(super) portfolios: Vec<PortfolioBlock>,
    /// Moments of every column of every portfolio, in the order of [`Columns`]; then of what is observed.
    pub(super) sums: Vec<Moments>,
    /// The columns of portfolios by replicate, where trials do not weigh alike.
    pub(super) replicates: Replicates,
}

/// One portfolio's part of a block.
pub(super) struct PortfolioBlock {
    pub(super) rows: Rows,
    /// Month after month: the loss of each trial.
    pub(super) months: Vec<f64>,
    /// The worst trials, divided.
    pub(super) worst: Kept,
}

/// Where each division of a loss stands in a row of the table: components, risks, nodes, services, months, years,
/// vendors' hours down and the sum of these. Behind the table follow the loss, each service's unserved hours and longest interruption,
/// the difference to the baseline, whether it is cheaper, whether the loss is above the appetite, and whether each service's
/// longest interruption is longer than each of [`LONGER_THAN`] and than its impact tolerance.
pub(super) struct Columns {
    pub(super) risks: usize,
    pub(super) nodes: usize,
    pub(super) services: usize,
    pub(super) months: usize,
    pub(super) years: usize,
    pub(super) down: usize,
    /// Width of the table.
    table: usize,
    pub(super) longest: usize,
    pub(super) difference: usize,
    pub(super) longer: usize,
    /// All columns of a portfolio.
    pub(super) width: usize,
    /// What is observed whatever the portfolio.
    pub(super) counts: Counts,
}

impl Columns {
    pub(super) fn new(plan: &Plan) -> Self {
        let risks = 10;
        let nodes = risks + plan.risks.len();
        let services = nodes + plan.n_nodes;
        let months = services + plan.services.len() + 1;
        let years = months + plan.clock.n_months();
        let down = years + plan.clock.n_years;
        let table = down + plan.vendors.len() + 1;
        let longest = table + 1 + plan.services.len();
        let difference = longest + plan.services.len();
        let longer = difference + 3;
        let width = longer + plan.services.len() * THRESHOLDS;
        Self {
            risks,
            nodes,
            services,
            months,
            years,
            down,
            table,
            longest,
            difference,
            longer,
            width,
            counts: Counts::new(plan),
        }
    }

    /// Columns of so many portfolios and of what is observed whatever the portfolio.
    pub(super) fn of_all(&self, portfolios: usize) -> usize {
        self.width * portfolios + self.counts.len()
    }

    /// Where the loss stands.
    pub(super) fn loss(&self) -> usize {
        self.table
    }
}

impl Block {
    /// Runs a block; none if `goes_on` says no. It is asked as often as makes little difference. `spare`: lists that are done
    /// with, for their memory.
    pub(super) fn run(
        plan: &Plan,
        trials: Range<u64>,
        (keep_components, spare): (bool, Vec<Vec<f64>>),
        engine: &mut Engine,
        goes_on: impl Fn() -> bool,
    ) -> Option<Self> {
        let columns = Columns::new(plan);
        let mut spare = spare.into_iter();
        let mut block = || PortfolioBlock {
            rows: Rows::new(plan, keep_components, trials.end - trials.start),
            months: spare.next().unwrap_or_default(),
            worst: Kept::default(),
        };
        let mut portfolios: Vec<PortfolioBlock> = plan.portfolios.iter().map(|_| block()).collect();
        let mut tables = std::mem::take(&mut engine.tables);
        tables.resize_with(portfolios.len(), Vec::new);
        tables.iter_mut().for_each(Vec::clear);
        let (mut tally, mut weights, mut events) = (Tally::default(), Vec::new(), 0);
        for trial in trials.clone() {
            if events > EVENTS_UNASKED {
                if !goes_on() {
                    return None;
                }
                events = 0;
            }
            events += engine.observed(plan, trial, (&columns.counts, &mut tally), |verdict| {
                if portfolios[verdict.portfolio].rows.loss.len() == weights.len() {
                    weights.push(verdict.world.weight);
                }
                let table = &mut tables[verdict.portfolio];
                let n = table.len();
                table.resize(n + columns.table, 0.0);
                portfolios[verdict.portfolio].add(plan, &columns, verdict, &mut table[n..]);
            });
        }
        let weights = plan.mixture.is_some().then_some(weights);
        let weighing = weights.as_deref();
        let mut sums = Vec::with_capacity(columns.of_all(portfolios.len()));
        let baseline = &portfolios[plan.baseline].rows.loss;
        let cost = |p: usize| plan.portfolios[p].plan.iter().sum::<f64>();
        let most = plan.appetite.unwrap_or(f64::INFINITY);
        let mut replicates = Replicates::default();
        if let Some(weights) = weighing {
            replicates = Replicates::new(columns.width * portfolios.len());
            trials.clone().zip(weights).for_each(|(trial, &weight)| replicates.weigh(trial, weight));
        }
        // The columns behind the table, trial by trial: sums of many columns do not wait for each other.
        let mut figures = Vec::new();
        for (p, (portfolio, table)) in portfolios.iter().zip(&tables).enumerate() {
            sums.extend(Moments::of_columns(table, columns.table, weighing));
            let rows = &portfolio.rows;
            let (ours, other) = (cost(p), cost(plan.baseline));
            figures.clear();
            for (i, (&loss, base)) in rows.loss.iter().zip(baseline).enumerate() {
                figures.push(loss);
                figures.extend(rows.unserved_hours.iter().chain(&rows.longest_hours).map(|column| column[i]));
                let cheaper = is_cheaper(ours + loss, other + base);
                figures.push(loss - base + (ours - other));
                figures.extend([cheaper, is_over(loss, most, ours)].map(f64::from));
                for (service, longest) in plan.services.iter().zip(&rows.longest_hours) {
                    let hours = LONGER_THAN.into_iter().chain([service.impact_tolerance.unwrap_or(f64::INFINITY)]);
                    figures.extend(hours.map(|hours| f64::from(is_longer(longest[i], hours))));
                }
            }
            let beside = columns.width - columns.table;
            sums.extend(Moments::of_columns(&figures, beside, weighing));
            let first = p * columns.width;
            for (i, (trial, &weight)) in trials.clone().zip(weighing.unwrap_or_default()).enumerate() {
                replicates.add(trial, weight, first, &table[i * columns.table..][..columns.table]);
                replicates.add(trial, weight, first + columns.table, &figures[i * beside..][..beside]);
            }
        }
        tally.moments(&columns.counts, &mut sums);
        for (portfolio, table) in portfolios.iter_mut().zip(&tables) {
            portfolio.turn(&columns, table);
            portfolio.worst = Kept::of(&columns, trials.start, (&portfolio.rows.loss, weighing), table);
        }
        engine.tables = tables;
        Some(Self { trials, weights, portfolios, sums, replicates })
    }
}

/// Whether a total cost is below another by more than rounding.
pub(crate) fn is_cheaper(ours: f64, other: f64) -> bool {
    ours - other < -ROUNDING * (ours.abs() + other.abs())
}

/// Whether a loss is above what the firm bears, by more than a rounding of it and of the plan.
pub(crate) fn is_over(loss: f64, appetite: f64, plan: f64) -> bool {
    appetite.is_finite() && loss > appetite + ROUNDING * (appetite.abs() + plan.abs())
}

/// Whether an interruption is longer than so many hours, by more than a rounding.
pub(crate) fn is_longer(longest: f64, hours: f64) -> bool {
    longest > hours + MOMENT
}

impl PortfolioBlock {
    /// Adds a trial. `row`, its row of the table: overwritten.
    fn add(&mut self, plan: &Plan, columns: &Columns, verdict: &Verdict, row: &mut [f64]) {
        let ledger = verdict.ledger;
        row[..10].copy_from_slice(&ledger.components);
        let (risks, rest) = row[columns.risks..].split_at_mut(plan.risks.len());
        verdict.by_risk(plan, risks);
        by_node(plan, risks, &mut rest[..plan.n_nodes]);
        row[columns.services..columns.months].copy_from_slice(&ledger.services);
        row[columns.months..columns.years].copy_from_slice(&ledger.months);
        for year in 0..plan.clock.n_years {
            row[columns.years + year] = ledger.months[plan.clock.year_months(year)].iter().sum();
        }
        let planned = &plan.portfolios[verdict.portfolio].planned;
        let mut total = 0.0;
        for (v, (down, share)) in verdict.view.down.iter().zip(planned).enumerate() {
            row[columns.down + v] = down * share;
            total += down * share;
        }
        row[columns.table - 1] = total;
        let rows = &mut self.rows;
        rows.aep.extend_from_slice(&row[columns.years..columns.years + plan.clock.n_full_years]);
        let years = rows.oep.len();
        rows.oep.resize(years + plan.clock.n_full_years, 0.0);
        verdict.largest_by_year(&mut rows.oep[years..]);
        rows.loss.push(ledger.loss());
        rows.unserved_hours.iter_mut().zip(&ledger.unserved_hours).for_each(|(list, &x)| list.push(x));
        rows.longest_hours.iter_mut().zip(&ledger.longest_hours).for_each(|(list, &x)| list.push(x));
        if let Some(components) = &mut rows.components {
            components.push(ledger.components);
        }
    }

    /// Fills `months`.
    fn turn(&mut self, columns: &Columns, table: &[f64]) {
        let n = self.rows.loss.len();
        let rows: Vec<&[f64]> =
            table.chunks_exact(columns.table).map(|row| &row[columns.months..columns.years]).collect();
        self.months.resize(n * (columns.years - columns.months), 0.0);
        // Some trials at a time: each line of memory is then written once.
        for (first, rows) in (0..).step_by(TOGETHER).zip(rows.chunks(TOGETHER)) {
            for (m, month) in self.months.chunks_exact_mut(n).enumerate() {
                month[first..].iter_mut().zip(rows).for_each(|(loss, row)| *loss = row[m]);
            }
        }
    }
}
