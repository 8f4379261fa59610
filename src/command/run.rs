//! `linchpin run`: each scenario simulated, its folder written, its summary shown.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use indicatif::ProgressBar;
use linchpin::output::chart::{self, Chart};
use linchpin::output::{FORMATS, RunInfo, csv, manifest};
use linchpin::results::Results;
use linchpin::simulate::Options;
use linchpin::study::exposure::exposure;
use rayon::prelude::*;
use sha2::{Digest as _, Sha256};

use super::folder::{self, Draft, INPUTS, MANIFEST};
use super::open::{self, Opened};
use super::{Exit, Failure, interrupt, memory, shown, summary, terminal};

pub(super) const HELP: &str = "\
Each scenario gets a folder: summary.csv, measures.csv, exceedance.csv,
comparison.csv, attribution.csv, timeline.csv, exposure.csv, run.json, charts/ and inputs/,
a copy of what was read. Equal scenarios and seeds give equal files, whatever
the number of threads (run.json aside, which has the time taken). A run
replaces its own files of an earlier run and leaves all others alone.";

/// Arguments of `run`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Scenario files (TOML); results go to output/NAME of FILE
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    #[arg(long, help = "Trials instead of the scenario's: 200_000, 200k, 2e5", value_name = "N", value_parser = trials, allow_negative_numbers = true)]
    trials: Option<u64>,
    /// Seed instead of the scenario's
    #[arg(long, value_name = "N", value_parser = seed, allow_negative_numbers = true)]
    seed: Option<u64>,
    /// Threads instead of all cores
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024), allow_negative_numbers = true)]
    threads: Option<u16>,
    /// Folder of the results; for several files, one each in it
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Also write trials.csv, a row per trial and portfolio
    #[arg(long)]
    trials_csv: bool,
    /// Print the summary as JSON, a line per scenario
    #[arg(long)]
    json: bool,
    /// Say nothing but errors
    #[arg(long, short)]
    quiet: bool,
}

/// A run to come.
struct Job {
    opened: Opened,
    target: PathBuf,
    trials: u64,
}

/// Runs every file in turn. Nothing runs before all of them are read and found good.
pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let targets = targets(arguments)?;
    interrupt::listen();
    let jobs = open_all(arguments, targets)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(arguments.threads.map_or(0, usize::from)).build();
    let pool = pool.map_err(|error| Failure::new(Exit::Usage, format!("cannot start the threads: {error}")))?;
    for job in &jobs {
        let shape = memory::Shape::of(&job.opened.scenario, arguments.trials_csv, pool.current_num_threads());
        memory::check(&shown(&job.opened.path), shape, job.trials)?;
        // What cannot be written is better known before an hour of simulation than after it.
        drop(Draft::begin(&job.target)?);
    }
    for (n, job) in jobs.iter().enumerate() {
        if n > 0 && !arguments.quiet && !arguments.json {
            terminal::out("\n")?;
        }
        pool.install(|| one(job, arguments))?;
    }
    Ok(())
}

/// Where each file's results go: a folder by its stem, or the one that was named.
fn targets(arguments: &Arguments) -> Result<Vec<(PathBuf, PathBuf)>, Failure> {
    let usage = |message: String| Failure::new(Exit::Usage, message);
    let mut stems: Vec<(String, &Path)> = Vec::new();
    let mut targets = Vec::new();
    for path in &arguments.files {
        let Some(stem) = path.file_stem() else {
            return Err(Failure::new(
                Exit::Io,
                format!("cannot read `{}`: it is a folder, not a scenario file", shown(path)),
            ));
        };
        // Equal on disks that do not tell capitals apart counts as equal.
        let key = stem.to_string_lossy().to_lowercase();
        if let Some((_, other)) = stems.iter().find(|(known, _)| *known == key) {
            let message = format!(
                "`{}` and `{}` would both write to the folder `{}`; run one at a time, with --out",
                shown(other),
                shown(path),
                terminal::plain(&stem.to_string_lossy())
            );
            return Err(usage(message));
        }
        stems.push((key, path));
        let target = match &arguments.out {
            Some(out) if arguments.files.len() == 1 => out.clone(),
            Some(out) => out.join(stem),
            None => Path::new("output").join(stem),
        };
        targets.push((path.clone(), target));
    }
    Ok(targets)
}

/// Reads all, and says what is wrong with each, before it gives up.
fn open_all(arguments: &Arguments, targets: Vec<(PathBuf, PathBuf)>) -> Result<Vec<Job>, Failure> {
    let mut jobs = Vec::new();
    let mut failed = Ok(());
    for (path, target) in targets {
        match open::open(&path, arguments.quiet) {
            Ok(mut opened) => {
                opened.scenario.seed = arguments.seed.unwrap_or(opened.scenario.seed);
                let trials = arguments.trials.unwrap_or(opened.scenario.trials);
                jobs.push(Job { opened, target, trials });
            }
            Err(failure) => failed = failed.and(Err(failure.told())),
        }
    }
    failed.map(|()| jobs)
}

fn one(job: &Job, arguments: &Arguments) -> Result<(), Failure> {
    let bar = terminal::progress(job.trials, &stem(job), arguments.quiet);
    let done = simulate(job, arguments, &bar).and_then(|(results, info)| {
        terminal::under_way(&bar, "writing files");
        write(job, &results, &info)?;
        Ok((results, info))
    });
    bar.finish_and_clear();
    let (results, info) = done.map_err(|failure| match failure.exit {
        Exit::Interrupted => {
            Failure::new(Exit::Interrupted, format!("interrupted; nothing was written to `{}`", shown(&job.target)))
        }
        _ => failure,
    })?;
    if arguments.json {
        return terminal::out(&format!("{}\n", summary::json(&results, &info, &job.target)));
    }
    if arguments.quiet {
        return Ok(());
    }
    terminal::out(&summary::text(&results, &info, &job.target, terminal::width()))
}

fn stem(job: &Job) -> String {
    job.opened.path.file_stem().map_or_else(String::new, |stem| terminal::plain(&stem.to_string_lossy()))
}

#[expect(clippy::disallowed_methods, reason = "the time taken is shown, and enters no figure")]
fn simulate(job: &Job, arguments: &Arguments, bar: &ProgressBar) -> Result<(Results, RunInfo), Failure> {
    let began = Instant::now();
    let options = Options { trials: 0..job.trials, keep_components: arguments.trials_csv };
    let progress = |done: u64| {
        bar.set_position(done);
        if done >= job.trials {
            terminal::under_way(bar, "measuring");
        }
        !interrupt::stopped()
    };
    let results = linchpin::run(&job.opened.scenario, &options, &progress).ok_or_else(Failure::interrupted)?;
    interrupt::check()?;
    let wall_seconds = began.elapsed().as_secs_f64();
    let opened = &job.opened;
    let info = RunInfo {
        scenario_file: file_name(opened),
        scenario_sha256: sha256(&opened.text),
        files: opened.scenario.files.iter().map(|(path, content)| (path.clone(), sha256(content))).collect(),
        threads: rayon::current_num_threads(),
        wall_seconds,
        warnings: opened.warnings.clone(),
    };
    Ok((results, info))
}

fn file_name(opened: &Opened) -> String {
    opened.path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

fn sha256(content: &[u8]) -> String {
    format!("{:x}", Sha256::digest(content))
}

/// Writes the folder of a run.
fn write(job: &Job, results: &Results, info: &RunInfo) -> Result<(), Failure> {
    let mut draft = Draft::begin(&job.target)?;
    for file in FORMATS.iter().flat_map(|format| (format.files)(results)) {
        draft.write(Path::new(&file.path), |out| (file.write)(results, out))?;
    }
    let exposed = exposure(&job.opened.scenario);
    let mut drawn = chart::charts(results);
    drawn.push(chart::exposure(&job.opened.scenario, &exposed));
    for (name, bytes) in pictures(drawn)? {
        draft.write(&Path::new("charts").join(name), |out| out.write_all(&bytes))?;
    }
    let inputs = Path::new(INPUTS);
    for (path, content) in &job.opened.scenario.files {
        draft.write(&inputs.join(path), |out| out.write_all(content))?;
    }
    draft.write(&inputs.join(file_name(&job.opened)), |out| out.write_all(&job.opened.text))?;
    draft.write(Path::new("exposure.csv"), |out| csv::exposure_table(&job.opened.scenario, &exposed, out))?;
    draft.write(Path::new(MANIFEST), |out| manifest::write(results, info, out))?;
    draft.commit(&folder::left_by_earlier_run(&job.target, &["trials.csv"]))
}

/// Pictures with the names of their files.
pub(super) fn pictures(charts: Vec<Chart>) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    interrupt::check()?;
    let drawn: Result<Vec<_>, String> = (charts.into_par_iter())
        .map(|chart| {
            let png = chart::png(&chart.svg)?;
            Ok([(format!("{}.svg", chart.name), chart.svg.into_bytes()), (format!("{}.png", chart.name), png)])
        })
        .collect();
    let drawn = drawn.map_err(|why| Failure::new(Exit::Io, format!("cannot draw a chart: {why}")))?;
    Ok(drawn.into_iter().flatten().collect())
}

/// `100000`, `100_000`, `100,000`, `100k`, `1M`, `1e6`.
pub(super) fn trials(text: &str) -> Result<u64, String> {
    let plain: String = text.chars().filter(|c| !matches!(c, '_' | ',' | ' ')).collect();
    let (number, times) = match plain.strip_suffix(['k', 'K']) {
        Some(number) => (number, 1_000),
        None => plain.strip_suffix(['m', 'M']).map_or((plain.as_str(), 1), |number| (number, 1_000_000)),
    };
    let explained = || "a whole number of at least 1: 200000, 200_000, 200k, 2e5".to_owned();
    let n = match number.parse::<u64>() {
        Ok(n) => n.checked_mul(times),
        Err(_) => fractional(number, times),
    };
    n.filter(|n| *n > 0).ok_or_else(explained)
}

/// `1e6` and `1.5k`, if they come out whole.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "whole and at most 1e15, as is checked"
)]
fn fractional(number: &str, times: u64) -> Option<u64> {
    let n = number.parse::<f64>().ok()? * times as f64;
    ((1.0..=1e15).contains(&n) && n.fract() == 0.0).then_some(n as u64)
}

pub(super) fn seed(text: &str) -> Result<u64, String> {
    let plain: String = text.chars().filter(|c| *c != '_').collect();
    plain.parse().map_err(|_| format!("a whole number from 0 to {}", u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trials_are_read_as_people_write_them() {
        for (text, n) in [
            ("1", 1),
            ("100_000", 100_000),
            ("100,000", 100_000),
            ("20k", 20_000),
            ("1.5k", 1_500),
            ("2M", 2_000_000),
            ("1e6", 1_000_000),
        ] {
            assert_eq!(trials(text), Ok(n), "{text}");
        }
        for text in ["", "0", "-5", "1.5", "k", "many", "nan", "inf", "1e300", "99999999999999999999", "0x10", "1e6k0"]
        {
            assert!(trials(text).is_err(), "{text}");
        }
    }
}
