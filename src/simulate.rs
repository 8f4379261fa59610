//! All trials over all cores, joined in order.
//!
//! Trials run in blocks of fixed size; a block's sums are its own and are joined in the order of the blocks, so that the
//! same bytes come out on one core and on sixty-four. Nothing here knows how a loss comes about or what is made of it.

mod block;
mod engine;
mod histogram;
mod moments;
mod observer;
pub(crate) mod pilot;
mod run;
#[cfg(test)]
mod tests;
mod trials;
mod worst;

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rayon::prelude::*;

use crate::plan::Plan;
pub(crate) use block::{LONGER_THAN, is_cheaper};
#[cfg(test)]
pub(crate) use block::{is_longer, is_over};
pub(crate) use engine::{Engine, Verdict};
pub use histogram::Histogram;
pub(crate) use histogram::{Held, rank};
pub use moments::Moments;
pub use observer::Observed;
pub use run::Run;
use trials::Rows;
pub use trials::{All, Counted, Parts, PortfolioTrials, Trials};
use worst::Worst;

/// After so many events a worker asks whether to go on: in less than a tenth of a second.
const EVENTS_UNASKED: usize = 20_000;

/// Trials in a block. Final: results depend on it in their last digits.
pub const BLOCK: u64 = 512;

/// A weight is a whole number of parts of this size of 1, so that weights sum exactly.
pub(crate) const UNITS: f64 = 268_435_456.0;

/// A weight in units.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "weights are small and positive")]
pub(crate) fn units(weight: f64) -> u64 {
    (weight * UNITS) as u64
}

/// Bytes that what is kept of trials may take, unless told otherwise: 1 GiB.
pub const MEMORY: u64 = 1 << 30;

/// What to simulate.
#[derive(Debug, Clone)]
pub struct Options {
    /// Which trials.
    pub trials: Range<u64>,
    /// Keep the components of every trial, for `trials.csv`.
    pub keep_components: bool,
    /// Bytes that what is kept of trials may take. Where more trials are run than fit, distributions are counted in narrow bins,
    /// and errors come from the trials of every so-manyth block.
    pub memory: u64,
}

impl Options {
    /// These trials, and nothing unusual.
    #[must_use]
    pub fn of(trials: Range<u64>) -> Self {
        Self { trials, keep_components: false, memory: MEMORY }
    }
}

/// Simulates a range of trials on the current thread pool.
///
/// `progress` is told how many trials are done, from any thread; when it answers `false` the run stops and gives `None`.
/// The result depends on the range alone, not on the number of threads.
pub fn simulate(plan: &Plan, options: &Options, progress: &(dyn Fn(u64) -> bool + Sync)) -> Option<Trials> {
    let mut run = Run::new(plan, options);
    run.advance(plan, options.trials.end, progress).then(|| run.into_trials())
}

/// Draws trials again by their number, and divides their losses; in the order asked for.
#[must_use]
pub fn redraw(plan: &Plan, portfolio: usize, trials: &[u64]) -> Vec<Parts> {
    let workers = Workers::new(plan);
    trials.par_iter().map(|&trial| workers.with(|engine| engine.parts(plan, trial, portfolio))).collect()
}

/// The same of what a run kept of them; only what it did not keep is drawn again.
pub(crate) fn divide(plan: &Plan, portfolio: usize, trials: &[u64], worst: &Worst) -> Vec<Parts> {
    let workers = Workers::new(plan);
    let again = |trial: u64| workers.with(|engine| engine.parts(plan, trial, portfolio));
    let parts = |&trial: &u64| worst.parts(portfolio, trial).unwrap_or_else(|| again(trial));
    trials.par_iter().map(parts).collect()
}

/// Shows the verdict on one portfolio, every outage an event, in each of a range of trials to `see`: what it makes of them, in order of the
/// trials.
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
    let ranges: Vec<Range<u64>> = (0..).map_while(|k| block(trials, k)).collect();
    let blocks: Vec<Vec<T>> = (ranges.into_par_iter())
        .map(|block| {
            let mut seen = Vec::new();
            if stopped.load(Ordering::Relaxed) {
                return seen;
            }
            let n = block.end - block.start;
            workers.with(|engine| {
                let mut events = 0;
                for trial in block {
                    if events > EVENTS_UNASKED {
                        if !goes_on() {
                            return;
                        }
                        events = 0;
                    }
                    events += engine.trial(plan, trial, |p| p == portfolio, |verdict| seen.push(see(verdict)));
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

/// The `k`-th block of a range, cut at multiples of [`BLOCK`]; none if there are not so many.
fn block(trials: &Range<u64>, k: u64) -> Option<Range<u64>> {
    let block = (trials.start / BLOCK).checked_add(k)?.checked_mul(BLOCK)?;
    let range = block.max(trials.start)..block.saturating_add(BLOCK).min(trials.end);
    (!range.is_empty()).then_some(range)
}

/// An engine for each thread, kept between blocks.
pub(super) struct Workers(Vec<Mutex<Engine>>);

impl Workers {
    fn new(plan: &Plan) -> Self {
        Self((0..=rayon::current_num_threads()).map(|_| Mutex::new(Engine::new(plan))).collect())
    }

    /// Lends the calling thread its engine.
    fn with<T>(&self, job: impl FnOnce(&mut Engine) -> T) -> T {
        let own = rayon::current_thread_index().map_or(0, |i| i + 1);
        let mut engine = self.0[own.min(self.0.len() - 1)].lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        job(&mut engine)
    }
}
