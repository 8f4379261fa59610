//! How often 95 % intervals hold the truth: many short runs of a scenario, each under a seed of its own, against one long
//! plain run. The table of `docs/coverage.md` is what this prints.
//!
//!     cargo run --release --example coverage -- FILE… [--repeats 1000] [--trials 5000] [--reference 10M] [--sampling importance]

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::cast_precision_loss,
    reason = "a program of its own: it reads files, prints, and counts runs"
)]

use std::path::Path;
use std::process::ExitCode;

use linchpin::results::{Estimate, Results};
use linchpin::sampling::Length;
use linchpin::scenario::{self, FileError, Files, Scenario};
use linchpin::{Options, Simulation, sampling};
use rayon::prelude::*;

/// What is asked for.
struct Study {
    files: Vec<String>,
    repeats: u64,
    trials: u64,
    reference: u64,
    importance: bool,
}

/// Files beside the scenario.
struct Beside(std::path::PathBuf);

impl Files for Beside {
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        std::fs::read(self.0.join(path)).map_err(|_| FileError::NotFound)
    }
}

fn main() -> ExitCode {
    let study = match Study::asked(std::env::args().skip(1)) {
        Ok(study) => study,
        Err(why) => {
            eprintln!("{why}");
            return ExitCode::FAILURE;
        }
    };
    println!("| scenario | portfolio | figure | truth | runs that hold it | mean error ÷ spread |");
    println!("|---|---|---|---:|---:|---:|");
    for file in &study.files {
        let folder = Path::new(file).parent().map(Path::to_owned).unwrap_or_default();
        let text = std::fs::read(file).unwrap_or_else(|error| panic!("{file}: {error}"));
        let read = scenario::read(file, &text, &Beside(folder)).unwrap_or_else(|problems| panic!("{problems}"));
        study.one(file, &read.scenario);
    }
    ExitCode::SUCCESS
}

impl Study {
    fn asked(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut study =
            Self { files: Vec::new(), repeats: 1_000, trials: 5_000, reference: 10_000_000, importance: true };
        while let Some(argument) = arguments.next() {
            let mut number = || {
                let text = arguments.next().unwrap_or_default().replace('M', "000000").replace('k', "000");
                text.parse::<u64>().map_err(|_| format!("{argument} wants a number"))
            };
            match argument.as_str() {
                "--repeats" => study.repeats = number()?,
                "--trials" => study.trials = number()?,
                "--reference" => study.reference = number()?,
                "--sampling" => study.importance = arguments.next().as_deref() == Some("importance"),
                file if !file.starts_with('-') => study.files.push(file.to_owned()),
                other => return Err(format!("no option is called {other}")),
            }
        }
        if study.files.is_empty() { Err("which scenario?".to_owned()) } else { Ok(study) }
    }

    fn one(&self, file: &str, scenario: &Scenario) {
        let stem = Path::new(file).file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        // Seeds far from those of the short runs.
        let long = Scenario { seed: 0x5eed_0000_0000, ..scenario.clone() };
        // With room for every trial, so that its figures are exact: 216 bytes each for three portfolios, and as much again while they
        // are measured.
        let options = Options { memory: 1 << 40, ..Options::of(0..self.reference) };
        let truth = figures(&linchpin::run(&long, &options, &|_| true).expect("nobody stops it"));
        let runs: Vec<Vec<Estimate>> = (0..self.repeats)
            .into_par_iter()
            .map(|seed| {
                let short = Scenario { seed: seed + 1, ..scenario.clone() };
                let options = Options::of(0..self.trials);
                let length = Length { trials: Some(self.trials), ..Length::default() };
                let mixture = self
                    .importance
                    .then(|| sampling::tune(&short, short.seed, length, &|_| true))
                    .and_then(|tuned| tuned.expect("nobody stops it").mixture);
                let mut simulation = match &mixture {
                    Some(mixture) => Simulation::sampled(&short, &options, mixture),
                    None => Simulation::new(&short, &options),
                };
                assert!(simulation.advance(self.trials, &|_| true));
                figures(&simulation.results()).into_iter().map(|(_, _, estimate)| estimate).collect()
            })
            .collect();
        for (k, (portfolio, figure, truth)) in truth.iter().enumerate() {
            let all: Vec<&Estimate> = runs.iter().map(|run| &run[k]).collect();
            let held = all.iter().filter(|estimate| holds(estimate, truth)).count();
            println!(
                "| {stem} | {portfolio} | {figure} | {:.5e} ± {:.1e} | {:.1} % | {:.2} |",
                truth.value,
                truth.std_error.unwrap_or(0.0),
                100.0 * held as f64 / all.len() as f64,
                error_over_spread(&all),
            );
        }
    }
}

/// Every portfolio's figures of the study.
fn figures(results: &Results) -> Vec<(String, &'static str, Estimate)> {
    let mut all = Vec::new();
    for (p, headline) in results.headlines.iter().enumerate() {
        let name = &results.portfolios[p];
        for (figure, estimate) in [
            ("mean", headline.mean_loss),
            ("VaR 99 %", headline.var_99),
            ("TVaR 95 %", headline.tvar_95),
            ("TVaR 99 %", headline.tvar_99),
            ("TVaR 99.5 %", headline.tvar_995),
        ] {
            all.push((name.clone(), figure, estimate));
        }
        for comparison in results.comparison.iter().filter(|comparison| comparison.portfolio == p) {
            all.push((name.clone(), "difference", comparison.mean));
        }
    }
    all
}

/// Whether the interval holds the truth, which has an error of its own: that widens it as independent errors add.
fn holds(estimate: &Estimate, truth: &Estimate) -> bool {
    let (Some(lower), Some(upper)) = (estimate.lower, estimate.upper) else { return false };
    let own = 1.96 * truth.std_error.unwrap_or(0.0);
    let below = (estimate.value - lower).hypot(own);
    let above = (upper - estimate.value).hypot(own);
    truth.value >= estimate.value - below - 1e-9 && truth.value <= estimate.value + above + 1e-9
}

/// Root of the mean squared standard error ÷ standard deviation of the figures.
fn error_over_spread(all: &[&Estimate]) -> f64 {
    let n = all.len() as f64;
    let mean = all.iter().map(|e| e.value).sum::<f64>() / n;
    let spread = all.iter().map(|e| (e.value - mean) * (e.value - mean)).sum::<f64>() / (n - 1.0);
    let error = all.iter().filter_map(|e| e.std_error).map(|e| e * e).sum::<f64>() / n;
    (error / spread).sqrt()
}
