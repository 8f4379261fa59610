//! What is kept of the trials of one run: all that ranking needs per trial, sums of the rest.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::block::{Block, Columns, THRESHOLDS};
use super::{BLOCK, Histogram, Moments, Observed, Options, units};
use crate::plan::Plan;

/// What is kept of the trials of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trials {
    /// First trial.
    pub first: u64,
    /// Number of trials.
    pub n: u64,
    /// Full model years within the horizon.
    pub n_years: usize,
    /// Where more trials were run than can be kept, only every 2^`thinned`-th block of them has rows, and distributions
    /// are counted in histograms of 2^`bits` bins an octave.
    pub thinned: u32,
    /// See `thinned`.
    pub bits: u32,
    /// A weight for each row, where trials do not weigh alike.
    pub weights: Option<Vec<f64>>,
    /// One per portfolio.
    pub portfolios: Vec<PortfolioTrials>,
    /// What happened, whatever the portfolio.
    #[serde(skip)]
    pub observed: Observed,
}

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Capacity {
    /// The most trials that may have rows, and whether all have them in any case: weighted ones, whose errors need them.
    rows: u64,
    all: bool,
    /// Bins per octave of the histograms that take the place of rows, and of those of months, as powers of 2.
    bits: u32,
    month_bits: u32,
    /// How many losses of months may wait to be counted.
    late: u64,
}

/// One portfolio's trials. Losses are present values in currency. Rows are in order of the trials.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PortfolioTrials {
    /// Total cost where nothing happens, by component.
    pub plan: [f64; 10],
    /// Loss of each trial. Total cost is this plus the plan.
    pub loss: Vec<f64>,
    /// Loss of each full year, trial by trial: `n × n_years`.
    pub aep: Vec<f64>,
    /// Largest loss charged to one event of each full year, trial by trial: `n × n_years`.
    pub oep: Vec<f64>,
    /// Per service: unserved hours of each trial.
    pub unserved_hours: Vec<Vec<f64>>,
    /// Per service: the longest interruption of each trial, hours.
    pub longest_hours: Vec<Vec<f64>>,
    /// Loss by component of every trial, if asked for.
    pub rows: Option<Vec<[f64; 10]>>,
    /// Distributions of the above where not all trials have rows.
    pub counted: Option<Counted>,
    /// Distribution of the loss of each month.
    pub month_histograms: Vec<Histogram>,
    /// Moments of all trials.
    #[serde(skip)]
    pub all: All,
}

/// Distributions of what every trial gave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Counted {
    /// Of the loss.
    pub loss: Histogram,
    /// Of the loss of a full year.
    pub aep: Histogram,
    /// Of the largest event of a full year.
    pub oep: Histogram,
    /// Per service: of the unserved hours.
    pub unserved_hours: Vec<Histogram>,
    /// Per service: of the longest interruption.
    pub longest_hours: Vec<Histogram>,
}

/// Moments of one portfolio over all trials.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct All {
    /// Loss by component.
    pub components: Vec<Moments>,
    /// Loss by risk.
    pub risks: Vec<Moments>,
    /// Loss by node.
    pub nodes: Vec<Moments>,
    /// Loss by service, then firm-wide.
    pub services: Vec<Moments>,
    /// Loss by month.
    pub months: Vec<Moments>,
    /// Loss by year, the last possibly partial.
    pub years: Vec<Moments>,
    /// Planned share × hours down, per vendor.
    pub down: Vec<Moments>,
    /// Sum of these over vendors.
    pub down_total: Moments,
    /// The loss.
    pub loss: Moments,
    /// Per service: unserved hours.
    pub unserved_hours: Vec<Moments>,
    /// Per service: the longest interruption, hours.
    pub longest_hours: Vec<Moments>,
    /// Total cost less that of the baseline.
    pub difference: Moments,
    /// 1 where total cost is below that of the baseline, else 0.
    pub cheaper: Moments,
    /// 1 where the loss is above the appetite, else 0.
    pub over_appetite: Moments,
    /// Per service: 1 where the longest interruption is longer than 1, 8, 24 and 72 h, and than its impact tolerance, else 0.
    pub longer_than: Vec<Vec<Moments>>,
}

/// Rows of a block.
pub(super) struct Rows {
    pub(super) loss: Vec<f64>,
    pub(super) aep: Vec<f64>,
    pub(super) oep: Vec<f64>,
    pub(super) unserved_hours: Vec<Vec<f64>>,
    pub(super) longest_hours: Vec<Vec<f64>>,
    pub(super) components: Option<Vec<[f64; 10]>>,
}

/// A trial drawn again, its loss divided in every way that attribution asks for. Parts of one division sum to
/// the loss.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parts {
    /// Number of the trial.
    pub trial: u64,
    /// The loss, present value, in currency.
    pub loss: f64,
    /// Loss by component, in the order of `COMPONENTS`.
    pub components: Vec<f64>,
    /// Loss by risk.
    pub risks: Vec<f64>,
    /// Loss by node.
    pub nodes: Vec<f64>,
    /// Loss by service, then firm-wide.
    pub services: Vec<f64>,
}

impl Rows {
    #[expect(clippy::cast_possible_truncation, reason = "as many as fit in memory")]
    pub(super) fn new(plan: &Plan, keep_components: bool, trials: u64) -> Self {
        let (n, n_years, n_services) = (trials as usize, plan.clock.n_full_years, plan.services.len());
        Self {
            loss: Vec::with_capacity(n),
            aep: Vec::with_capacity(n * n_years),
            oep: Vec::with_capacity(n * n_years),
            unserved_hours: (0..n_services).map(|_| Vec::with_capacity(n)).collect(),
            longest_hours: (0..n_services).map(|_| Vec::with_capacity(n)).collect(),
            components: keep_components.then(|| Vec::with_capacity(n)),
        }
    }
}

/// Losses of months that are not counted yet: the bins of all months are more than caches hold, so that many are taken at a time.
#[derive(Debug, Default)]
pub(super) struct Late {
    /// How many losses wait.
    n: usize,
    blocks: Vec<Waiting>,
    /// Lists that are done with, for the blocks to come.
    pub(super) spare: Vec<Vec<f64>>,
}

/// A block's losses of months.
#[derive(Debug)]
struct Waiting {
    /// Per portfolio: month after month, of each trial.
    months: Vec<Vec<f64>>,
    /// What trials weigh, in units, where not alike.
    weights: Option<Vec<u64>>,
}

impl Late {
    fn take(&mut self, block: &mut Block) {
        let months: Vec<Vec<f64>> = block.portfolios.iter_mut().map(|p| std::mem::take(&mut p.months)).collect();
        let weights = block.weights.as_ref().map(|weights| weights.iter().map(|&w| units(w)).collect());
        self.n += months.iter().map(Vec::len).sum::<usize>();
        self.blocks.push(Waiting { months, weights });
    }

    /// Lists for the months of a block, for their memory.
    pub(super) fn spare(&mut self, plan: &Plan) -> Vec<Vec<f64>> {
        let kept = self.spare.len().saturating_sub(plan.portfolios.len());
        self.spare.split_off(kept)
    }
}

/// How memory is divided: half of it for rows and losses of months that wait, a quarter each for the histograms of months and for
/// those of all else. Octaves that a histogram is taken to need, and bytes of a bin without and
/// with a mean.
const OCTAVES: u64 = 40;
const BIN: u64 = 24;
const BIN_WITH_MEAN: u64 = 32;
/// Losses of months that wait at most: the bins of a month are then taken up once for many thousand of its losses, and nobody waits
/// long for all to be counted.
const LATE: u64 = 1 << 21;
/// Bits of the histograms of months at most: quantiles are found within a bin by rank, some 1e-4 from the exact ones, which even of a million
/// trials are known to 1e-3; and smaller tables stay in the cache.
const MONTH_BITS: u32 = 7;
/// No trial has a number beyond.
const MOST: u64 = 1 << 62;
/// Trials that are kept in any case.
const LEAST: u64 = 16 * BLOCK;

/// Bits of histograms, at most `most`, of which `n` with bins of so many bytes take no more than `bytes`.
fn bits((n, bin): (u64, u64), bytes: u64, most: u32) -> u32 {
    (4..most).rev().find(|bits| (n * OCTAVES * bin) << (bits + 1) <= bytes).map_or(4, |bits| bits + 1)
}

/// Bytes for rows, and for what is kept beside them while they leave room.
pub(super) fn room(options: &Options) -> u64 {
    options.memory / 2 - options.memory / 32
}

/// Bytes of a trial's rows.
pub(super) fn row(plan: &Plan, options: &Options) -> u64 {
    let (n_years, n_services) = (plan.clock.n_full_years as u64, plan.services.len() as u64);
    let columns = 1 + 2 * n_years + 2 * n_services + if options.keep_components { 10 } else { 0 };
    8 * columns * plan.portfolios.len() as u64
}

impl Capacity {
    pub(super) fn of(plan: &Plan, options: &Options) -> Self {
        let (n_portfolios, n_services) = (plan.portfolios.len() as u64, plan.services.len() as u64);
        let n_months = plan.clock.n_months() as u64;
        Self {
            all: plan.mixture.is_some(),
            rows: (room(options) / row(plan, options)).max(LEAST),
            late: (options.memory / 32 / 16).min(LATE),
            bits: bits((n_portfolios * (3 + 2 * n_services), BIN_WITH_MEAN), options.memory / 4, 10),
            month_bits: bits((n_portfolios * n_months, BIN), options.memory / 4, MONTH_BITS),
        }
    }
}

impl Trials {
    pub(super) fn empty(plan: &Plan, options: &Options, capacity: &Capacity) -> Self {
        let (n_years, n_months) = (plan.clock.n_full_years, plan.clock.n_months());
        let expected = capacity.rows.min(options.trials.end - options.trials.start);
        let portfolios = (plan.portfolios.iter())
            .map(|portfolio| {
                let rows = Rows::new(plan, options.keep_components, expected);
                PortfolioTrials {
                    plan: portfolio.plan,
                    loss: rows.loss,
                    aep: rows.aep,
                    oep: rows.oep,
                    unserved_hours: rows.unserved_hours,
                    longest_hours: rows.longest_hours,
                    rows: rows.components,
                    counted: None,
                    month_histograms: vec![Histogram::new(capacity.month_bits); n_months],
                    all: All::default(),
                }
            })
            .collect();
        Self {
            first: options.trials.start,
            n: 0,
            n_years,
            thinned: 0,
            bits: capacity.bits,
            weights: capacity.all.then(Vec::new),
            portfolios,
            observed: Observed::default(),
        }
    }

    /// Whether the other is of the same portfolios, services and years, drawn alike.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let shape = |trials: &Self| {
            let each = trials.portfolios.iter();
            let of = |p: &PortfolioTrials| {
                ((p.unserved_hours.len(), p.longest_hours.len()), p.month_histograms.len(), p.rows.is_some())
            };
            (trials.n_years, trials.weights.is_some(), each.map(of).collect::<Vec<_>>())
        };
        shape(self) == shape(other)
    }

    /// Whether it has the rows that it should have, and each of them whole.
    pub(super) fn is_whole(&self) -> bool {
        if self.thinned >= u64::BITS - BLOCK.ilog2() || self.first.checked_add(self.n).is_none_or(|end| end > MOST) {
            return false;
        }
        let Some(rows) = self.portfolios.first().map(|p| p.loss.len()) else { return true };
        // So many trials that to count the blocks would take for ever have rows that nobody sent.
        let about = |n: u64| n.abs_diff(rows as u64) <= 2 * BLOCK;
        let expected = || self.kept().map(|block| block.end - block.start).sum::<u64>();
        let (years, thinned) = (rows.checked_mul(self.n_years), self.thinned > 0);
        let is_whole = |p: &PortfolioTrials| {
            let services = p.unserved_hours.iter().chain(&p.longest_hours);
            p.loss.len() == rows
                && [&p.aep, &p.oep].iter().all(|column| Some(column.len()) == years)
                && services.into_iter().all(|hours| hours.len() == rows)
                && p.rows.as_ref().is_none_or(|components| components.len() == rows)
                && p.counted.is_some() == thinned
        };
        about(self.n >> self.thinned)
            && expected() == rows as u64
            && self.weights.as_ref().is_none_or(|weights| weights.len() == rows)
            && self.portfolios.iter().all(is_whole)
    }

    /// Trials that have rows, in order.
    pub fn kept(&self) -> impl Iterator<Item = Range<u64>> + Clone {
        let (first, end, step) = (self.first, self.first + self.n, BLOCK << self.thinned);
        // The block in which the range begins may be there in part.
        let from = (first / BLOCK).next_multiple_of(1 << self.thinned) * BLOCK;
        (from..end)
            .step_by(usize::try_from(step).unwrap_or(usize::MAX))
            .map(move |block| block.max(first)..(block + BLOCK).min(end))
    }

    /// The number of the trial in each row.
    pub fn numbers(&self) -> impl Iterator<Item = u64> + Clone {
        self.kept().flatten()
    }

    /// Appends a block, which follows all others.
    pub(super) fn append(&mut self, mut block: Block, capacity: &Capacity, late: &mut Late) {
        self.n += block.trials.end - block.trials.start;
        let keep = (block.trials.start / BLOCK).is_multiple_of(1 << self.thinned);
        late.take(&mut block);
        if late.n as u64 > capacity.late {
            self.count_late(late);
        }
        for (all, one) in self.portfolios.iter_mut().zip(block.portfolios) {
            if let Some(counted) = &mut all.counted {
                counted.add(&one.rows);
            }
            if keep {
                all.extend(one.rows);
            }
        }
        if let (Some(all), Some(one)) = (&mut self.weights, block.weights) {
            all.extend(one);
        }
        self.thin(capacity);
    }

    /// Counts the losses of months that wait, one month after the other.
    pub(super) fn count_late(&mut self, late: &mut Late) {
        for (p, portfolio) in self.portfolios.iter_mut().enumerate() {
            let n_months = portfolio.month_histograms.len();
            for (month, histogram) in portfolio.month_histograms.iter_mut().enumerate() {
                for Waiting { months, weights } in &late.blocks {
                    let n = months[p].len() / n_months;
                    let losses = &months[p][month * n..][..n];
                    match weights {
                        None => histogram.add_all(losses),
                        Some(weights) => histogram.add_each(losses.iter().copied().zip(weights.iter().copied())),
                    }
                }
            }
        }
        late.n = 0;
        late.spare.extend(late.blocks.drain(..).flat_map(|block| block.months));
    }

    /// Appends another's trials, which follow all others.
    pub(super) fn join(&mut self, mut other: Self, capacity: &Capacity) {
        let thinned = self.thinned.max(other.thinned);
        self.thin_to(thinned, capacity.bits);
        other.thin_to(thinned, capacity.bits);
        self.n += other.n;
        if let (Some(all), Some(one)) = (&mut self.weights, other.weights) {
            all.extend(one);
        }
        for (all, one) in self.portfolios.iter_mut().zip(other.portfolios) {
            all.month_histograms.iter_mut().zip(&one.month_histograms).for_each(|(a, o)| a.merge(o));
            if let (Some(a), Some(o)) = (&mut all.counted, &one.counted) {
                a.merge(o);
            }
            all.extend(Rows {
                loss: one.loss,
                aep: one.aep,
                oep: one.oep,
                unserved_hours: one.unserved_hours,
                longest_hours: one.longest_hours,
                components: one.rows,
            });
        }
        self.thin(capacity);
    }

    /// Leaves out every second of the blocks that have rows, as often as it takes.
    fn thin(&mut self, capacity: &Capacity) {
        while !capacity.all && self.portfolios.first().is_some_and(|p| p.loss.len() as u64 > capacity.rows) {
            self.thin_to(self.thinned + 1, capacity.bits);
        }
    }

    fn thin_to(&mut self, thinned: u32, bits: u32) {
        if thinned <= self.thinned {
            return;
        }
        let keep: Vec<bool> = self.numbers().map(|trial| (trial / BLOCK).is_multiple_of(1 << thinned)).collect();
        let n_years = self.n_years;
        for portfolio in &mut self.portfolios {
            portfolio.count(bits);
            portfolio.retain(&keep, n_years);
        }
        self.thinned = thinned;
    }

    /// Divides the sums of all trials.
    pub(super) fn sum_up(&mut self, columns: &Columns, mut sums: Vec<Moments>) {
        let of_portfolios = columns.width * self.portfolios.len();
        sums.resize(columns.of_all(self.portfolios.len()), Moments::default());
        self.observed = columns.counts.sum_up(&sums[of_portfolios..]);
        for (portfolio, sums) in self.portfolios.iter_mut().zip(sums[..of_portfolios].chunks_exact(columns.width)) {
            let list = |from: usize, to: usize| sums[from..to].to_vec();
            portfolio.all = All {
                components: list(0, columns.risks),
                risks: list(columns.risks, columns.nodes),
                nodes: list(columns.nodes, columns.services),
                services: list(columns.services, columns.months),
                months: list(columns.months, columns.years),
                years: list(columns.years, columns.down),
                down: list(columns.down, columns.loss() - 1),
                down_total: sums[columns.loss() - 1],
                loss: sums[columns.loss()],
                unserved_hours: list(columns.loss() + 1, columns.longest),
                longest_hours: list(columns.longest, columns.difference),
                difference: sums[columns.difference],
                cheaper: sums[columns.difference + 1],
                over_appetite: sums[columns.difference + 2],
                longer_than: sums[columns.longer..].chunks_exact(THRESHOLDS).map(<[Moments]>::to_vec).collect(),
            };
        }
    }
}

impl PortfolioTrials {
    fn extend(&mut self, rows: Rows) {
        self.loss.extend(rows.loss);
        self.aep.extend(rows.aep);
        self.oep.extend(rows.oep);
        self.unserved_hours.iter_mut().zip(rows.unserved_hours).for_each(|(a, o)| a.extend(o));
        self.longest_hours.iter_mut().zip(rows.longest_hours).for_each(|(a, o)| a.extend(o));
        if let (Some(all), Some(one)) = (&mut self.rows, rows.components) {
            all.extend(one);
        }
    }

    /// Counts what the rows hold, if it is not counted yet.
    fn count(&mut self, bits: u32) {
        let Self { loss, aep, oep, unserved_hours, longest_hours, counted, .. } = self;
        counted.get_or_insert_with(|| {
            let of = |values: &Vec<f64>| {
                let mut histogram = Histogram::with_means(bits);
                histogram.add_all(values);
                histogram
            };
            Counted {
                loss: of(loss),
                aep: of(aep),
                oep: of(oep),
                unserved_hours: unserved_hours.iter().map(of).collect(),
                longest_hours: longest_hours.iter().map(of).collect(),
            }
        });
    }

    /// Leaves out the rows of some trials.
    fn retain(&mut self, keep: &[bool], n_years: usize) {
        let lists = [&mut self.loss].into_iter().chain(&mut self.unserved_hours).chain(&mut self.longest_hours);
        lists.for_each(|list| retain(list, keep, 1));
        retain(&mut self.aep, keep, n_years);
        retain(&mut self.oep, keep, n_years);
        if let Some(rows) = &mut self.rows {
            retain(rows, keep, 1);
        }
    }
}

/// Leaves out some trials of a list that has `each` entries for every one.
fn retain<T>(list: &mut Vec<T>, keep: &[bool], each: usize) {
    let mut of = keep.iter().flat_map(|keep| std::iter::repeat_n(*keep, each));
    list.retain(|_| of.next().unwrap_or(true));
}

impl Counted {
    fn add(&mut self, rows: &Rows) {
        self.loss.add_all(&rows.loss);
        self.aep.add_all(&rows.aep);
        self.oep.add_all(&rows.oep);
        self.unserved_hours.iter_mut().zip(&rows.unserved_hours).for_each(|(h, column)| h.add_all(column));
        self.longest_hours.iter_mut().zip(&rows.longest_hours).for_each(|(h, column)| h.add_all(column));
    }

    fn merge(&mut self, other: &Self) {
        self.loss.merge(&other.loss);
        self.aep.merge(&other.aep);
        self.oep.merge(&other.oep);
        self.unserved_hours.iter_mut().zip(&other.unserved_hours).for_each(|(a, o)| a.merge(o));
        self.longest_hours.iter_mut().zip(&other.longest_hours).for_each(|(a, o)| a.merge(o));
    }
}
