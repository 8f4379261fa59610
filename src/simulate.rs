//! All trials over all cores, joined in order.
//!
//! Trials run in blocks of fixed size; a block's sums are its own and are joined in the order of the blocks, so that the
//! same bytes come out on one core and on sixty-four. Nothing here knows how a loss comes about or what is made of it.

mod block;
mod engine;
pub(crate) mod pilot;
mod summary;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rayon::prelude::*;

use crate::plan::Plan;
use block::Block;
use engine::Engine;
pub(crate) use engine::Verdict;

pub(crate) use summary::rank;
pub use summary::{Histogram, Moments};

/// What is kept of the trials of one run: all that ranking needs per trial, sums of the rest.
#[derive(Debug, Clone)]
pub struct Trials {
    /// First trial.
    pub first: u64,
    /// Number of trials.
    pub n: usize,
    /// Full model years within the horizon.
    pub n_years: usize,
    /// One per portfolio.
    pub portfolios: Vec<PortfolioTrials>,
}

/// One portfolio's trials. Losses are present values in currency.
#[derive(Debug, Clone)]
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
    /// Loss by component.
    pub components: Vec<Moments>,
    /// Loss by risk.
    pub risks: Vec<Moments>,
    /// Loss by node.
    pub nodes: Vec<Moments>,
    /// Loss by service, then firm-wide.
    pub services: Vec<Moments>,
    /// Loss by year, the last possibly partial.
    pub years: Vec<Moments>,
    /// Loss by month.
    pub months: Vec<Moments>,
    /// Distribution of the loss of each month.
    pub month_histograms: Vec<Histogram>,
    /// Planned share × hours down, per vendor.
    pub down: Vec<Moments>,
    /// Sum of these over vendors.
    pub down_total: Moments,
    /// Loss by component of every trial, if asked for.
    pub rows: Option<Vec<[f64; 10]>>,
}

/// A trial drawn again, its loss divided in every way that attribution asks for. Parts of one division sum to
/// the loss.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parts {
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

/// After so many events a worker asks whether to go on: in less than a tenth of a second.
const EVENTS_UNASKED: usize = 20_000;

/// Trials in a block. Final: results depend on it in their last digits.
pub const BLOCK: u64 = 512;

/// What to simulate.
#[derive(Debug, Clone)]
pub struct Options {
    /// Which trials.
    pub trials: Range<u64>,
    /// Keep the components of every trial, for `trials.csv`.
    pub keep_components: bool,
}

/// Simulates a range of trials on the current thread pool.
///
/// `progress` is told how many trials are done, from any thread; when it answers `false` the run stops and gives `None`.
/// The result depends on the range alone, not on the number of threads.
pub fn simulate(plan: &Plan, options: &Options, progress: &(dyn Fn(u64) -> bool + Sync)) -> Option<Trials> {
    let blocks = blocks(&options.trials);
    let workers = Workers::new(plan);
    let (done, stopped) = (AtomicU64::new(0), AtomicBool::new(false));
    let mut trials = Trials::empty(plan, options);
    for wave in blocks.chunks(64 * rayon::current_num_threads()) {
        let ran: Vec<Option<Block>> = (wave.par_iter())
            .map(|range| {
                if stopped.load(Ordering::Relaxed) {
                    return None;
                }
                let goes_on = || {
                    if !progress(done.load(Ordering::Relaxed)) {
                        stopped.store(true, Ordering::Relaxed);
                    }
                    !stopped.load(Ordering::Relaxed)
                };
                let block =
                    workers.with(|worker| Block::run(plan, range.clone(), options.keep_components, worker, goes_on))?;
                let n = done.fetch_add(range.end - range.start, Ordering::Relaxed) + range.end - range.start;
                if !progress(n) {
                    stopped.store(true, Ordering::Relaxed);
                }
                Some(block)
            })
            .collect();
        for block in ran {
            trials.append(block?);
        }
    }
    if stopped.into_inner() {
        return None;
    }
    workers.into_histograms(&mut trials);
    Some(trials)
}

/// Draws trials again by their number, and divides their losses; in the order asked for.
#[must_use]
pub fn redraw(plan: &Plan, portfolio: usize, trials: &[u64]) -> Vec<Parts> {
    let workers = Workers::new(plan);
    trials.par_iter().map(|&trial| workers.with(|worker| worker.engine.parts(plan, trial, portfolio))).collect()
}

/// Shows the verdict on one portfolio, every outage an event, in each of a range of trials to `see`: what it makes of them, in order of the trials.
///
/// `progress` is told how many trials are done; when it answers `false` the survey stops and gives `None`.
pub(crate) fn survey<T: Send>(
    plan: &Plan,
    portfolio: usize,
    trials: &Range<u64>,
    progress: &(dyn Fn(u64) -> bool + Sync),
    see: impl Fn(&Verdict) -> T + Sync,
) -> Option<Vec<T>> {
    let plan = &plan.clone().one_by_one();
    let workers = Workers::new(plan);
    let (done, stopped) = (AtomicU64::new(0), AtomicBool::new(false));
    let goes_on = || {
        if !progress(done.load(Ordering::Relaxed)) {
            stopped.store(true, Ordering::Relaxed);
        }
        !stopped.load(Ordering::Relaxed)
    };
    let blocks: Vec<Vec<T>> = (blocks(trials).into_par_iter())
        .map(|block| {
            let mut seen = Vec::new();
            if stopped.load(Ordering::Relaxed) {
                return seen;
            }
            let n = block.end - block.start;
            workers.with(|worker| {
                let mut events = 0;
                for trial in block {
                    if events > EVENTS_UNASKED {
                        if !goes_on() {
                            return;
                        }
                        events = 0;
                    }
                    events += worker.engine.trial(plan, trial, |p| p == portfolio, |verdict| seen.push(see(verdict)));
                }
            });
            if !progress(done.fetch_add(n, Ordering::Relaxed) + n) {
                stopped.store(true, Ordering::Relaxed);
            }
            seen
        })
        .collect();
    (!stopped.into_inner()).then(|| blocks.into_iter().flatten().collect())
}

/// Shows the verdict on one portfolio in one trial to `see`, every outage an event, every amount in the ledger's journal.
pub(crate) fn replay<T>(plan: &Plan, portfolio: usize, trial: u64, see: impl Fn(&Verdict) -> T) -> T {
    let plan = &plan.clone().one_by_one();
    let mut engine = Engine::new(plan);
    engine.keep_journal();
    let mut seen = None;
    engine.trial(plan, trial, |p| p == portfolio, |verdict| seen = Some(see(verdict)));
    seen.expect("every portfolio sees something of every trial")
}

/// The blocks of a range, cut at multiples of [`BLOCK`].
fn blocks(trials: &Range<u64>) -> Vec<Range<u64>> {
    let first = trials.start / BLOCK;
    let last = trials.end.div_ceil(BLOCK);
    (first..last)
        .map(|b| (b * BLOCK).max(trials.start)..((b + 1) * BLOCK).min(trials.end))
        .filter(|r| !r.is_empty())
        .collect()
}

/// What each thread keeps between blocks: an engine's buffers, and counts that may be merged in any order.
pub(crate) struct Worker {
    engine: Engine,
    /// Per portfolio and month.
    histograms: Vec<Vec<Histogram>>,
}

struct Workers(Vec<Mutex<Worker>>);

impl Workers {
    fn new(plan: &Plan) -> Self {
        let worker = || Worker {
            engine: Engine::new(plan),
            histograms: plan.portfolios.iter().map(|_| vec![Histogram::default(); plan.clock.n_months()]).collect(),
        };
        Self((0..=rayon::current_num_threads()).map(|_| Mutex::new(worker())).collect())
    }

    /// Lends the calling thread its worker.
    fn with<T>(&self, job: impl FnOnce(&mut Worker) -> T) -> T {
        let own = rayon::current_thread_index().map_or(0, |i| i + 1);
        let mut worker = self.0[own.min(self.0.len() - 1)].lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        job(&mut worker)
    }

    fn into_histograms(self, trials: &mut Trials) {
        for worker in self.0 {
            let worker = worker.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
            for (portfolio, histograms) in trials.portfolios.iter_mut().zip(&worker.histograms) {
                portfolio.month_histograms.iter_mut().zip(histograms).for_each(|(all, one)| all.merge(one));
            }
        }
    }
}

impl Trials {
    #[expect(clippy::cast_possible_truncation, reason = "as many as fit in memory")]
    fn empty(plan: &Plan, options: &Options) -> Self {
        let n = (options.trials.end - options.trials.start) as usize;
        let (n_years, n_services) = (plan.clock.n_full_years, plan.services.len());
        let none = Moments::default();
        let portfolios = (plan.portfolios.iter())
            .map(|portfolio| PortfolioTrials {
                plan: portfolio.plan,
                loss: Vec::with_capacity(n),
                aep: Vec::with_capacity(n * n_years),
                oep: Vec::with_capacity(n * n_years),
                unserved_hours: (0..n_services).map(|_| Vec::with_capacity(n)).collect(),
                longest_hours: (0..n_services).map(|_| Vec::with_capacity(n)).collect(),
                components: vec![none; 10],
                risks: vec![none; plan.risks.len()],
                nodes: vec![none; plan.n_nodes],
                services: vec![none; n_services + 1],
                years: vec![none; plan.clock.n_years],
                months: vec![none; plan.clock.n_months()],
                month_histograms: vec![Histogram::default(); plan.clock.n_months()],
                down: vec![none; plan.vendors.len()],
                down_total: none,
                rows: options.keep_components.then(|| Vec::with_capacity(n)),
            })
            .collect();
        Self { first: options.trials.start, n: 0, n_years, portfolios }
    }

    fn append(&mut self, block: Block) {
        self.n += block.n;
        for (all, one) in self.portfolios.iter_mut().zip(block.portfolios) {
            all.loss.extend(one.loss);
            all.aep.extend(one.aep);
            all.oep.extend(one.oep);
            all.unserved_hours.iter_mut().zip(one.unserved_hours).for_each(|(a, o)| a.extend(o));
            all.longest_hours.iter_mut().zip(one.longest_hours).for_each(|(a, o)| a.extend(o));
            let lists = [
                &mut all.components,
                &mut all.risks,
                &mut all.nodes,
                &mut all.services,
                &mut all.months,
                &mut all.years,
                &mut all.down,
            ];
            lists.into_iter().flatten().chain([&mut all.down_total]).zip(&one.moments).for_each(|(a, o)| a.merge(o));
            if let (Some(all), Some(one)) = (&mut all.rows, one.rows) {
                all.extend(one);
            }
        }
    }
}
