//! A block of trials: rows for what ranking needs, moments and counts for the rest.

use std::ops::Range;

use super::engine::{Verdict, by_node};
use super::{EVENTS_UNASKED, Histogram, Moments, Worker};
use crate::plan::Plan;

/// A block's trials.
pub(crate) struct Block {
    pub(crate) n: usize,
    pub(crate) portfolios: Vec<PortfolioBlock>,
}

/// One portfolio's part of a block.
#[derive(Default)]
pub(crate) struct PortfolioBlock {
    pub(crate) loss: Vec<f64>,
    pub(crate) aep: Vec<f64>,
    pub(crate) oep: Vec<f64>,
    pub(crate) unserved_hours: Vec<Vec<f64>>,
    pub(crate) longest_hours: Vec<Vec<f64>>,
    /// Moments of the columns, in the order of [`Columns`].
    pub(crate) moments: Vec<Moments>,
    pub(crate) rows: Option<Vec<[f64; 10]>>,
    /// The block's table, trial by trial.
    table: Vec<f64>,
}

/// Counts of the losses of a month, taken many at a time: its bins are then near at hand.
#[derive(Debug, Clone, Default)]
pub(super) struct Counts {
    histogram: Histogram,
    /// Not yet counted.
    waiting: Vec<f64>,
}

impl Counts {
    fn add(&mut self, values: impl Iterator<Item = f64>) {
        const MANY: usize = 4096;
        self.waiting.extend(values);
        if self.waiting.len() >= MANY {
            self.histogram.add_all(&self.waiting);
            self.waiting.clear();
        }
    }

    pub(super) fn into_histogram(mut self) -> Histogram {
        self.histogram.add_all(&self.waiting);
        self.histogram
    }
}

/// Where each division of a loss stands in a row of the table: components, risks, nodes, services, months, years,
/// vendors' hours down, and the sum of these.
struct Columns {
    risks: usize,
    services: usize,
    months: usize,
    years: usize,
    down: usize,
    width: usize,
}

impl Columns {
    fn new(plan: &Plan) -> Self {
        let risks = 10;
        let nodes = risks + plan.risks.len();
        let services = nodes + plan.n_nodes;
        let months = services + plan.services.len() + 1;
        let years = months + plan.clock.n_months();
        let down = years + plan.clock.n_years;
        Self { risks, services, months, years, down, width: down + plan.vendors.len() + 1 }
    }
}

impl Block {
    /// Runs a block; none if `goes_on` says no. It is asked as often as makes little difference.
    pub(crate) fn run(
        plan: &Plan,
        trials: Range<u64>,
        keep_components: bool,
        worker: &mut Worker,
        goes_on: impl Fn() -> bool,
    ) -> Option<Self> {
        let columns = Columns::new(plan);
        let mut portfolios: Vec<PortfolioBlock> =
            plan.portfolios.iter().map(|_| PortfolioBlock::new(plan, keep_components)).collect();
        let n = trials.clone().count();
        let mut events = 0;
        for trial in trials {
            if events > EVENTS_UNASKED {
                if !goes_on() {
                    return None;
                }
                events = 0;
            }
            events += worker.engine.trial(
                plan,
                trial,
                |_| true,
                |verdict| portfolios[verdict.portfolio].add(plan, &columns, verdict),
            );
        }
        for (portfolio, counts) in portfolios.iter_mut().zip(&mut worker.counts) {
            portfolio.sum_up(&columns, counts);
        }
        Some(Self { n, portfolios })
    }
}

impl PortfolioBlock {
    fn new(plan: &Plan, keep_components: bool) -> Self {
        Self {
            unserved_hours: vec![Vec::new(); plan.services.len()],
            longest_hours: vec![Vec::new(); plan.services.len()],
            rows: keep_components.then(Vec::new),
            ..Self::default()
        }
    }

    fn add(&mut self, plan: &Plan, columns: &Columns, verdict: &Verdict) {
        let ledger = verdict.ledger;
        let start = self.table.len();
        self.table.resize(start + columns.width, 0.0);
        let row = &mut self.table[start..];
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
        row[columns.width - 1] = total;
        self.aep.extend_from_slice(&row[columns.years..columns.years + plan.clock.n_full_years]);
        let years = self.oep.len();
        self.oep.resize(years + plan.clock.n_full_years, 0.0);
        verdict.largest_by_year(&mut self.oep[years..]);
        self.loss.push(ledger.loss());
        self.unserved_hours.iter_mut().zip(&ledger.unserved_hours).for_each(|(list, &x)| list.push(x));
        self.longest_hours.iter_mut().zip(&ledger.longest_hours).for_each(|(list, &x)| list.push(x));
        if let Some(rows) = &mut self.rows {
            rows.push(ledger.components);
        }
    }

    /// Moments of all columns, counts of the months.
    fn sum_up(&mut self, columns: &Columns, counts: &mut [Counts]) {
        self.moments = Moments::of_columns(&self.table, columns.width);
        for (counts, month) in counts.iter_mut().zip(columns.months..) {
            counts.add(self.table.chunks_exact(columns.width).map(|row| row[month]));
        }
        self.table = Vec::new();
    }
}
