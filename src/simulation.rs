//! A run from its first trial to its results: watched, stopped, put aside, taken up again, joined from parts.

use crate::measure::{self, Goal};
use crate::plan::Plan;
use crate::results::Results;
use crate::sampling::Mixture;
use crate::scenario::Scenario;
use crate::simulate::{self, BLOCK, Options, Run};
use crate::study::digest::expected;

/// A scenario under simulation.
///
/// ```
/// use linchpin::scenario::{self, NoFiles};
/// use linchpin::{Options, Simulation};
///
/// # let text = "start = 2026-01-01\nhorizon = \"1 year\"\nvendor.a = {}\nservice.s = { revenue = \"$1k/h\" }\nportfolio.p = { shares = { a = 1.0 } }\nrisk.r = { kind = \"outage\", on = \"a\", arrivals = { per_year = 9 }, duration = \"2 h\" }";
/// let read = scenario::read("chat.toml", text.as_bytes(), &NoFiles)?;
/// // Two machines take a half each.
/// let halves = [0..1_024, 1_024..2_048].map(|trials| {
///     let mut half = Simulation::new(&read.scenario, &Options::of(trials));
///     half.advance(2_048, &|_| true);
///     half.save()
/// });
/// let mut joined = Simulation::new(&read.scenario, &Options::of(0..2_048));
/// assert!(halves.iter().all(|half| joined.join(half)));
/// let whole = linchpin::run(&read.scenario, &Options::of(0..2_048), &|_| true);
/// assert_eq!(Some(joined.results()), whole);
/// # Ok::<(), linchpin::source::Problems>(())
/// ```
pub struct Simulation<'a> {
    scenario: &'a Scenario,
    plan: Plan,
    options: Options,
    run: Run,
}

impl<'a> Simulation<'a> {
    /// Under the scenario's own seed, before the first trial.
    #[must_use]
    pub fn new(scenario: &'a Scenario, options: &Options) -> Self {
        let plan = Plan::new(scenario, scenario.seed);
        let run = Run::new(&plan, options);
        Self { scenario, plan, options: options.clone(), run }
    }

    /// The same with trials drawn by a mixture (importance sampling), each with its weight: every figure honours them.
    #[must_use]
    pub fn sampled(scenario: &'a Scenario, options: &Options, mixture: &Mixture) -> Self {
        let plan = Plan::new(scenario, scenario.seed).sampled_by(Some(mixture));
        let run = Run::new(&plan, options);
        Self { scenario, plan, options: options.clone(), run }
    }

    /// The first trial that is not done.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.run.next()
    }

    /// Goes on up to trial `to`, which is not done; never beyond the end of the range. `to` is a multiple of [`BLOCK`] or that end. Says whether it came so
    /// far.
    ///
    /// `progress` is told how many trials are done, from any thread; when it answers `false` the run stops.
    pub fn advance(&mut self, to: u64, progress: &(dyn Fn(u64) -> bool + Sync)) -> bool {
        self.run.advance(&self.plan, to.min(self.options.trials.end), progress)
    }

    /// The largest relative standard error that any portfolio's figure of this kind has by now; infinite where one is not known yet.
    #[must_use]
    pub fn relative_error(&mut self, goal: Goal) -> f64 {
        measure::relative_error(self.scenario, self.run.trials(), goal)
    }

    /// What is kept of the trials done, as bytes: for [`Self::restore`] or [`Self::join`].
    #[must_use]
    pub fn save(&self) -> Vec<u8> {
        self.run.save()
    }

    /// Takes up what was saved of the same scenario and options; says whether that was possible.
    pub fn restore(&mut self, saved: &[u8]) -> bool {
        self.run.restore(saved)
    }

    /// Appends what was saved of the same scenario and options for the trials that follow; says whether that was possible.
    pub fn join(&mut self, saved: &[u8]) -> bool {
        self.run.join(saved)
    }

    /// Divides the losses of the worst trials, drawn again where they were not kept, measures, and checks what was counted: all results of the trials done.
    #[must_use]
    pub fn results(self) -> Results {
        let (trials, worst) = self.run.finish();
        let divide = |portfolio: usize, numbers: &[u64]| simulate::divide(&self.plan, portfolio, numbers, &worst);
        let mut results = measure::results(self.scenario, &trials, &divide, crate::VERSION);
        results.checks = measure::checks::checks(&expected(self.scenario, &self.plan), &trials.observed);
        results
    }
}

/// The first number of trials above `done` at which a run looks at its precision: 2, 3 … 8, 10 … 16, 20 … 32 blocks, four as they double, and from there on
/// eight. So few that looking costs little, so many that few trials are too many, and the same whatever the machine.
#[must_use]
pub fn next_check(done: u64) -> u64 {
    let mut check = 2 * BLOCK;
    loop {
        // All threads wait at a check: between two of them there is to be something to do.
        let steps = if check < 32 * BLOCK { 4 } else { 8 };
        let mut candidates = (steps..2 * steps).map(|k| check / steps * k).filter(|n| n.is_multiple_of(BLOCK));
        if let Some(next) = candidates.find(|&n| n > done) {
            return next;
        }
        let Some(doubled) = check.checked_mul(2) else { return u64::MAX };
        check = doubled;
    }
}

#[cfg(test)]
mod checks;

#[cfg(test)]
mod tests {
    use super::{BLOCK, next_check};

    #[test]
    fn checks_are_at_fixed_numbers() {
        let mut checks = vec![0];
        while checks.len() < 19 {
            checks.push(next_check(checks[checks.len() - 1]));
        }
        assert_eq!(
            checks,
            [0, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 36, 40, 44].map(|blocks| blocks * BLOCK)
        );
        assert_eq!(next_check(1_000_000), 2048 * BLOCK);
        assert!(next_check(u64::MAX - 1) > 1 << 62);
    }
}
