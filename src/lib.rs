//! Linchpin.

pub mod chance;
mod contract;
mod impact;
pub mod measure;
pub mod output;
mod plan;
mod quantity;
mod response;
pub mod results;
pub mod scenario;
pub mod simulate;
pub mod source;
pub mod study;
mod view;
mod world;

pub use plan::Plan;
use results::Results;
use scenario::Scenario;
pub use simulate::Options;

/// Version of the engine, as results record it.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Simulates, measures and attributes: all results of a scenario, under its own seed.
///
/// `progress` is told how many trials are done, from any thread; when it answers `false` the run stops and gives `None`.
/// The results depend on the scenario and the range of trials alone, not on the number of threads.
pub fn run(scenario: &Scenario, options: &Options, progress: &(dyn Fn(u64) -> bool + Sync)) -> Option<Results> {
    let plan = Plan::new(scenario, scenario.seed);
    let trials = simulate::simulate(&plan, options, progress)?;
    let tails: Vec<_> = (trials.portfolios.iter().enumerate())
        .map(|(p, portfolio)| {
            let tail = measure::tail(&portfolio.loss, measure::TAIL);
            let numbers: Vec<u64> = tail.iter().map(|&(i, _)| trials.first + i as u64).collect();
            let parts = simulate::redraw(&plan, p, &numbers);
            tail.into_iter().map(|(_, weight)| weight).zip(parts).collect()
        })
        .collect();
    Some(measure::results(scenario, &trials, &tails, VERSION))
}
