//! Trials under way: blocks over all threads, joined as their turn comes.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::block::{Block, Columns};
use super::moments::Tree;
use super::trials::{Capacity, Late, room, row};
use super::worst::Worst;
use super::{Options, Trials, Workers};
use crate::plan::Plan;

/// A run under way. What it holds depends on the trials done, not on how many threads did them, nor on the steps.
pub struct Run {
    state: State,
    keep_components: bool,
    columns: Columns,
    workers: Workers,
    beside: Beside,
}

/// What is not put aside: it saves time.
struct Beside {
    late: Late,
    worst: Worst,
}

/// What may be put aside and taken up again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct State {
    trials: Trials,
    sums: Tree,
    capacity: Capacity,
}

/// Blocks per thread that may wait for an earlier one.
const AHEAD: u64 = 8;

/// Blocks that are done, but whose turn has not come.
struct Queue<'a> {
    waiting: BTreeMap<u64, Block>,
    next: u64,
    state: &'a mut State,
    beside: &'a mut Beside,
}

impl Run {
    /// Before the first of the trials.
    #[must_use]
    pub fn new(plan: &Plan, options: &Options) -> Self {
        let (capacity, columns) = (Capacity::of(plan, options), Columns::new(plan));
        let worst = Worst::new(plan, &columns, (room(options), row(plan, options)));
        Self {
            state: State { trials: Trials::empty(plan, options, &capacity), sums: Tree::default(), capacity },
            keep_components: options.keep_components,
            columns,
            workers: Workers::new(plan),
            beside: Beside { late: Late::default(), worst },
        }
    }

    /// The first trial that is not done.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.state.trials.first + self.state.trials.n
    }

    /// Goes on up to trial `to`, which is not done: a multiple of [`BLOCK`](super::BLOCK), or the end. Says whether it came so far.
    ///
    /// `progress` is told how many trials of the run are done, from any thread; when it answers `false` the run stops, and what is joined
    /// by then is kept.
    pub fn advance(&mut self, plan: &Plan, to: u64, progress: &(dyn Fn(u64) -> bool + Sync)) -> bool {
        let all = self.next()..to;
        let (done, stopped) = (AtomicU64::new(self.state.trials.n), AtomicBool::new(false));
        let tell = |n: u64| {
            if !progress(n) {
                stopped.store(true, Ordering::Relaxed);
            }
            !stopped.load(Ordering::Relaxed)
        };
        let (workers, keep_components) = (&self.workers, self.keep_components);
        let run = |range: &Range<u64>, spare: Vec<Vec<f64>>| {
            let goes_on = || tell(done.load(Ordering::Relaxed));
            let block =
                workers.with(|engine| Block::run(plan, range.clone(), (keep_components, spare), engine, goes_on))?;
            let n = range.end - range.start;
            tell(done.fetch_add(n, Ordering::Relaxed) + n);
            Some(block)
        };
        if super::block(&all, 1).is_none() {
            // Not worth waking the others for.
            let spare = self.beside.late.spare(plan);
            if let Some(block) = super::block(&all, 0).and_then(|only| run(&only, spare)) {
                self.state.append(block, &mut self.beside);
                self.state.trials.count_late(&mut self.beside.late);
            }
            return !stopped.into_inner();
        }
        let taken = AtomicU64::new(0);
        let queue =
            Mutex::new(Queue { waiting: BTreeMap::new(), next: 0, state: &mut self.state, beside: &mut self.beside });
        let turn = Condvar::new();
        let lock = || queue.lock().unwrap_or_else(PoisonError::into_inner);
        rayon::broadcast(|context| {
            let ahead = AHEAD * context.num_threads() as u64;
            loop {
                let k = taken.fetch_add(1, Ordering::Relaxed);
                let Some(range) = super::block(&all, k) else { return };
                // So that one slow block does not fill the memory with those that wait for it.
                let waits = |queue: &mut Queue| k > queue.next + ahead && !stopped.load(Ordering::Relaxed);
                let mut queue = turn.wait_while(lock(), waits).unwrap_or_else(PoisonError::into_inner);
                let spare = queue.beside.late.spare(plan);
                drop(queue);
                let block = if stopped.load(Ordering::Relaxed) { None } else { run(&range, spare) };
                // Under the lock, even if nothing is handed over: whoever is about to wait must not miss the call.
                let mut queue = lock();
                if let Some(block) = block {
                    queue.take(k, block);
                }
                drop(queue);
                turn.notify_all();
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
            }
        });
        self.state.trials.count_late(&mut self.beside.late);
        !stopped.into_inner()
    }

    /// What is kept of the trials done.
    pub fn trials(&mut self) -> &Trials {
        let State { trials, sums, .. } = &mut self.state;
        trials.sum_up(&self.columns, sums.total());
        trials
    }

    /// The same, and the end of the run.
    #[must_use]
    pub fn into_trials(self) -> Trials {
        self.finish().0
    }

    /// The same, with what its worst trials are divided into.
    pub(crate) fn finish(mut self) -> (Trials, Worst) {
        self.trials();
        (self.state.trials, self.beside.worst)
    }

    /// All that is kept of the trials done, as bytes.
    ///
    /// # Panics
    ///
    /// Never: what is kept are numbers.
    #[must_use]
    pub fn save(&self) -> Vec<u8> {
        postcard::to_stdvec(&self.state).expect("numbers and lists of them have bytes")
    }

    /// Puts what [`Self::save`] gave in the place of this run, of equal plan and options; says whether that was possible.
    pub fn restore(&mut self, bytes: &[u8]) -> bool {
        let Some(state) = self.read(bytes) else { return false };
        self.state = state;
        self.beside.worst.forget();
        true
    }

    /// Appends the trials of another run of equal plan and options, which begin where these end; says whether that was possible.
    pub fn join(&mut self, bytes: &[u8]) -> bool {
        let Some(other) = self.read(bytes).filter(|other| other.trials.first == self.next()) else { return false };
        self.state.join(other);
        true
    }

    fn read(&self, bytes: &[u8]) -> Option<State> {
        let state: State = postcard::from_bytes(bytes).ok()?;
        let n = self.state.trials.portfolios.len();
        let replicated = self.state.trials.weights.as_ref().map(|_| self.columns.width * n);
        let is_like = state.capacity == self.state.capacity
            && state.trials.is_whole()
            && state.trials.is_like(&self.state.trials)
            && state.sums.is_of_width(self.columns.of_all(n), replicated);
        is_like.then_some(state)
    }
}

impl Queue<'_> {
    fn take(&mut self, k: u64, block: Block) {
        self.waiting.insert(k, block);
        while let Some(block) = self.waiting.remove(&self.next) {
            self.state.append(block, self.beside);
            self.next += 1;
        }
    }
}

impl State {
    fn join(&mut self, other: Self) {
        self.sums.join(other.sums);
        self.trials.join(other.trials, &self.capacity);
    }

    fn append(&mut self, mut block: Block, beside: &mut Beside) {
        let (sums, replicates) = (std::mem::take(&mut block.sums), std::mem::take(&mut block.replicates));
        self.sums.push(block.trials.start / super::BLOCK, sums, replicates);
        let worst: Vec<_> = block.portfolios.iter_mut().map(|p| std::mem::take(&mut p.worst)).collect();
        self.trials.append(block, &self.capacity, &mut beside.late);
        beside.worst.append(worst.into_iter(), &self.trials);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{BLOCK, Options};
    use super::Run;
    use crate::plan::Plan;

    /// Lists are used again, however long the steps are.
    #[test]
    fn no_step_leaves_more_lists_than_blocks_can_use() {
        let text = "start = 2025-06-01\nhorizon = \"1 year\"\n[vendor.a]\n[service.s]\nrevenue = \"$1/h\"\n[portfolio.p]\nshares = { a = 1 }\n";
        let plan = Plan::of_text(text);
        for blocks in [1, 3] {
            let mut run = Run::new(&plan, &Options::of(0..30 * BLOCK));
            while run.next() < 30 * BLOCK {
                assert!(run.advance(&plan, run.next() + blocks * BLOCK, &|_| true));
            }
            assert!(run.beside.late.spare.len() as u64 <= blocks, "{}", run.beside.late.spare.len());
        }
    }
}
