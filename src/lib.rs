//! What dependence on a few AI vendors can cost, why, and what a second vendor, a better contract or an exit plan is
//! worth.
//!
//! A *scenario* says whom a firm buys from, what it sells, what can happen, and how its traffic may be placed: its
//! *portfolios*. The engine draws many futures and puts every portfolio through the same ones.
//!
//! ```
//! use linchpin::Options;
//! use linchpin::scenario::{self, NoFiles};
//!
//! let text = r#"
//!     start = 2026-01-01
//!     horizon = "1 year"
//!     vendor.a = {}
//!     service.chat = { revenue = "$10k/h" }
//!     risk.outage = { kind = "outage", on = "a", arrivals = { per_year = 12 }, duration = "2 h" }
//!     portfolio.single = { shares = { a = 1.0 } }
//! "#;
//! let read = scenario::read("chat.toml", text.as_bytes(), &NoFiles)?;
//! let options = Options::of(0..1_000);
//! let results = linchpin::run(&read.scenario, &options, &|_trials_done| true).expect("nobody stops it");
//!
//! let loss = results.headlines[0].mean_loss;
//! let error = loss.std_error.expect("two trials or more have one");
//! println!("mean loss ${:.0}k ± {:.0}k", loss.value / 1e3, error / 1e3);
//! // Twelve outages of two hours at $10k an hour: $240k a year.
//! assert!((loss.value - 240e3).abs() < 4.0 * error);
//! # Ok::<(), linchpin::source::Problems>(())
//! ```
//!
//! # Stages
//!
//! Data flows one way, and every stage is a plain value:
//!
//! | stage | from | to |
//! |---|---|---|
//! | [`scenario::read`] | the text of a file | a [`Scenario`], or every [`Problem`](source::Problem) in it |
//! | [`Plan::new`] | a scenario and a seed | a [`Plan`]: names resolved, rates and expected prices worked out |
//! | [`simulate::simulate`] | a plan and a range of trials | [`Trials`](simulate::Trials): a loss per trial and portfolio, sums of the rest |
//! | [`measure::results`] | trials | [`Results`]: every figure with its error |
//! | [`output`] | results | bytes: CSV, and with the feature `charts` SVG and PNG |
//!
//! [`run`] does the middle three. [`study`] holds questions that are answered beside a run.
//!
//! # Promises
//!
//! - Only reading a scenario can fail, and then it says everything that is wrong, with its place and its way out.
//!   Nothing panics on a bad file.
//! - Equal scenarios and seeds give equal results to the last bit, on any number of threads.
//! - A draw is found by the names of what draws it: another risk, vendor or portfolio leaves all others' luck as it was.
//! - No files, no clock, no terminal and no setting of the system: those are the command's, which the feature `cli` adds.
//!
//! `output/README.md` describes every column that is written, `README.md` the command.

#![cfg_attr(
    test,
    allow(
        clippy::pedantic,
        clippy::disallowed_methods,
        clippy::needless_range_loop,
        clippy::neg_cmp_op_on_partial_ord,
        reason = "tests read as formulas, with the standard library as oracle; without them the library is checked apart"
    )
)]

// What the README shows is compiled and run with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub mod chance;
mod contract;
mod impact;
mod lanes;
pub mod measure;
pub mod output;
mod plan;
mod quantity;
mod response;
pub mod results;
pub mod sampling;
pub mod saved;
pub mod scenario;
pub mod simulate;
pub mod simulation;
pub mod source;
pub mod study;
mod view;
mod world;

pub use plan::Plan;
use results::Results;
use scenario::Scenario;
pub use simulate::Options;
pub use simulation::Simulation;

/// Version of the engine, as results record it.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Simulates, measures and attributes: all results of a scenario, under its own seed.
///
/// `progress` is told how many trials are done, from any thread; when it answers `false` the run stops and gives `None`.
/// The results depend on the scenario and the range of trials alone, not on the number of threads.
pub fn run(scenario: &Scenario, options: &Options, progress: &(dyn Fn(u64) -> bool + Sync)) -> Option<Results> {
    let mut simulation = Simulation::new(scenario, options);
    simulation.advance(options.trials.end, progress).then(|| simulation.results())
}
