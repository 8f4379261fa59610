//! The losses of some trials and nothing else, for who looks for a better way to draw them.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rayon::prelude::*;

use super::Workers;
use crate::plan::Plan;

/// Trials that go to a thread at once.
const CHUNK: usize = 64;

/// A trial as a pilot needs it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Drawn {
    pub(crate) trial: u64,
    /// Its weight under the plan's mixture.
    pub(crate) weight: f64,
    /// Number of its events.
    pub(crate) events: f64,
    /// Present value, currency, by portfolio.
    pub(crate) losses: Vec<f64>,
}

/// Draws a range of trials, on the current thread pool; in order.
///
/// `progress` is told how many trials are done; when it answers `false` the pilot stops and gives `None`.
pub(crate) fn draw(plan: &Plan, trials: Range<u64>, progress: &(dyn Fn(u64) -> bool + Sync)) -> Option<Vec<Drawn>> {
    let workers = Workers::new(plan);
    let (done, stopped) = (AtomicU64::new(0), AtomicBool::new(false));
    let numbers: Vec<u64> = trials.collect();
    let drawn: Vec<Vec<Drawn>> = (numbers.par_chunks(CHUNK))
        .map(|chunk| {
            if stopped.load(Ordering::Relaxed) {
                return Vec::new();
            }
            let drawn = workers.with(|engine| chunk.iter().map(|&trial| one(plan, trial, engine)).collect());
            let n = chunk.len() as u64;
            if !progress(done.fetch_add(n, Ordering::Relaxed) + n) {
                stopped.store(true, Ordering::Relaxed);
            }
            drawn
        })
        .collect();
    (!stopped.into_inner()).then(|| drawn.into_iter().flatten().collect())
}

fn one(plan: &Plan, trial: u64, engine: &mut super::Engine) -> Drawn {
    let mut losses = vec![0.0; plan.portfolios.len()];
    let mut weight = 1.0;
    let events = engine.trial(
        plan,
        trial,
        |_| true,
        |verdict| {
            losses[verdict.portfolio] = verdict.ledger.loss();
            weight = verdict.world.weight;
        },
    );
    #[expect(clippy::cast_precision_loss, reason = "at most some millions")]
    Drawn { trial, weight, events: events as f64, losses }
}
