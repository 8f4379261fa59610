//! `linchpin run`: each scenario simulated, its folder written, its summary shown.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use indicatif::ProgressBar;
use linchpin::measure::Goal;
use linchpin::sampling::Length;
use linchpin::saved::{Asked, Saved};
use linchpin::simulate::{BLOCK, Options};
use linchpin::{Simulation, VERSION};

use super::folder::Draft;
use super::open::{self, Opened};
use super::written::{self, Manner};
use super::{Exit, Failure, amount, arguments, interrupt, memory, sampling, saving, shown, terminal};

pub(super) const HELP: &str = "\
Each scenario gets a folder: summary.csv, measures.csv, exceedance.csv,
comparison.csv, attribution.csv, timeline.csv, convergence.csv, exposure.csv,
checks.csv, run.json, charts/ and inputs/, a copy of what was read. Equal
scenarios and seeds give equal files, whatever the number of threads (run.json
aside, which has the time taken). A run replaces its own files of an earlier
run and leaves all others alone.";

/// Arguments of `run`.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("until").multiple(true))]
pub(super) struct Arguments {
    /// Scenario files (TOML); results go to output/NAME of FILE
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    #[arg(long, help = "Trials instead of the scenario's: 200_000, 200k, 2e5", value_name = "N", value_parser = arguments::trials, allow_negative_numbers = true)]
    trials: Option<u64>,
    /// Seed instead of the scenario's
    #[arg(long, value_name = "N", value_parser = arguments::seed, allow_negative_numbers = true)]
    seed: Option<u64>,
    /// Run until this relative standard error is reached, in every portfolio: 1%
    #[arg(long, value_name = "PERCENT", value_parser = arguments::precision, conflicts_with = "trials", group = "until", allow_negative_numbers = true)]
    precision: Option<f64>,
    /// The figure to be so precise: tvar,0.995 or another level, mean, difference (to baseline)
    #[arg(long, value_name = "MEASURE", value_parser = arguments::goal, requires = "precision", default_value = "tvar,0.995")]
    of: Goal,
    /// Run so long: 30s, 5min, 2h. The number of trials reached is recorded, to be asked for again
    #[arg(long, value_name = "TIME", value_parser = arguments::time, conflicts_with = "trials", group = "until", allow_negative_numbers = true)]
    time: Option<Duration>,
    /// At most so many trials, with --precision or --time
    #[arg(long, value_name = "N", value_parser = arguments::trials, conflicts_with = "trials", requires = "until", allow_negative_numbers = true)]
    max_trials: Option<u64>,
    /// Memory to use, whatever the number of trials; where not all trials fit, distributions are counted in narrow bins
    #[arg(long, value_name = "SIZE", value_parser = arguments::memory, default_value = "1G", allow_negative_numbers = true)]
    memory: u64,
    /// How trials are drawn: importance sampling draws those with large losses more often, and weighs them
    #[arg(long, value_enum, default_value = "plain")]
    sampling: sampling::Asked,
    /// Trials of the pilot that looks for what makes large losses, with --sampling; to have a run again, what its run.json says
    #[arg(long, value_name = "N", value_parser = arguments::pilot, allow_negative_numbers = true)]
    pilot: Option<u64>,
    /// Run only the i-th of n parts, into one file for `linchpin merge`
    #[arg(long, value_name = "i/n", value_parser = arguments::part, conflicts_with_all = ["precision", "time", "json"], allow_negative_numbers = true)]
    part: Option<(u32, u32)>,
    /// Put trials aside now and then, and go on from there when run again after Ctrl-C, a crash or a power cut
    #[arg(long)]
    checkpoint: bool,
    /// How often to put trials aside; they are not while that would take more than a twentieth of the time
    #[arg(long, value_name = "TIME", value_parser = arguments::time, requires = "checkpoint", default_value = "5s", allow_negative_numbers = true)]
    checkpoint_every: Duration,
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
    /// The folder of the results, or the file of a part.
    target: PathBuf,
    /// Of the whole run; the most that there may be, where it ends by precision or time.
    trials: u64,
    /// Which of them to run here.
    range: Range<u64>,
    part: Option<(u32, u32)>,
    sampling: sampling::Asked,
    /// How long it is to be, and its pilot.
    length: Length,
    /// Trials that the pilot took, if there was one, and whether trials have weights for it.
    piloted: (Option<u64>, bool),
    /// Whether it ends where memory has no more room.
    full: bool,
    /// What `--memory` says.
    memory: u64,
    options: Options,
}

/// The most trials of a run that ends by precision, unless told otherwise, and of one that ends by time.
const MOST: (u64, u64) = (100_000_000, 1_000_000_000_000);

/// Runs every file in turn. Nothing runs before all of them are read and found good.
pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    if arguments.pilot.is_some() && arguments.sampling == sampling::Asked::Plain {
        let message = "--pilot is for --sampling importance or auto: plain trials need none";
        return Err(Failure::new(Exit::Usage, message.to_owned()));
    }
    let targets = targets(arguments)?;
    interrupt::listen();
    let jobs = open_all(arguments, targets)?;
    let pool = super::pool(arguments.threads)?;
    for job in &jobs {
        let shape = shape(&job.opened, arguments, pool.current_num_threads());
        let here = job.range.end - job.range.start;
        // A run of unknown length ends where what it must keep has no more room.
        let keeps = arguments.sampling != sampling::Asked::Plain || arguments.trials_csv;
        let ends = job.length.trials.is_none() && keeps;
        let most = if ends { memory::most_kept(shape, arguments.memory).max(2 * BLOCK) } else { u64::MAX };
        let n = (job.trials.min(most), here.min(most));
        memory::check_run(&shown(&job.opened.path), shape, n, arguments.memory)?;
        // What cannot be written is better known before an hour of simulation than after it.
        if job.part.is_none() {
            drop(Draft::begin(&job.target)?);
        }
    }
    for (n, job) in jobs.into_iter().enumerate() {
        if n > 0 && !arguments.quiet && !arguments.json {
            terminal::out("\n")?;
        }
        pool.install(|| one(job, arguments))?;
    }
    Ok(())
}

fn shape(opened: &Opened, arguments: &Arguments, threads: usize) -> memory::Shape {
    let weighted = arguments.sampling != sampling::Asked::Plain;
    memory::Shape::of(&opened.scenario, arguments.trials_csv, threads).weighted(weighted)
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
        let target = match (&arguments.out, arguments.part) {
            (out, Some((i, n))) => {
                let name = format!("{}.{i}-of-{n}.part", stem.to_string_lossy());
                out.as_deref().unwrap_or(Path::new("output")).join(name)
            }
            (Some(out), None) if arguments.files.len() == 1 => out.clone(),
            (Some(out), None) => out.join(stem),
            (None, None) => Path::new("output").join(stem),
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
                jobs.push(job(arguments, opened, target));
            }
            Err(failure) => failed = failed.and(Err(failure.told())),
        }
    }
    failed.map(|()| jobs)
}

/// The trials of the i-th of n parts, cut between blocks.
pub(super) fn range(trials: u64, i: u32, n: u32) -> Range<u64> {
    let blocks = u128::from(trials.div_ceil(BLOCK));
    let cut = |i: u32| {
        let block = blocks * u128::from(i) / u128::from(n);
        u64::try_from(block * u128::from(BLOCK)).unwrap_or(u64::MAX).min(trials)
    };
    cut(i - 1)..cut(i)
}

fn job(arguments: &Arguments, opened: Opened, target: PathBuf) -> Job {
    let known = arguments.precision.is_none() && arguments.time.is_none();
    let trials = if known {
        arguments.trials.unwrap_or(opened.scenario.trials)
    } else {
        arguments.max_trials.unwrap_or(if arguments.precision.is_some() { MOST.0 } else { MOST.1 })
    };
    // A longer pilot finds more of a tail; means gain nothing by it, and it would take of the time that there is.
    let until = match (arguments.precision, arguments.of) {
        (Some(precision), Goal::Tvar(level)) if arguments.time.is_none() => Some((level, precision)),
        _ => None,
    };
    let fit = memory::most_kept(shape(&opened, arguments, 1), arguments.memory);
    let most = (!known).then_some(trials.min(fit));
    let length = Length { trials: known.then_some(trials), until, most, pilot: arguments.pilot };
    let range = arguments.part.map_or(0..trials, |(i, n)| range(trials, i, n));
    let options = Options {
        keep_components: arguments.trials_csv,
        memory: memory::for_trials(arguments.memory),
        ..Options::of(range.clone())
    };
    Job {
        opened,
        target,
        trials,
        range,
        part: arguments.part,
        sampling: arguments.sampling,
        length,
        piloted: (None, false),
        full: false,
        memory: arguments.memory,
        options,
    }
}

#[expect(clippy::disallowed_methods, reason = "the time taken is shown, and enters no figure")]
fn one(mut job: Job, arguments: &Arguments) -> Result<(), Failure> {
    let began = Instant::now();
    let saved = if arguments.checkpoint { saving::read_if_there(&job.checkpoint())? } else { None };
    if job.length.trials.is_none() {
        // To go on at another precision, or for a longer time, is to go on with what the pilot found.
        job.length.pilot = job.length.pilot.or(saved.as_ref().and_then(|saved| saved.asked.pilot));
    }
    let length = job.length.trials.map(|_| job.range.end - job.range.start);
    let bar = terminal::progress(length, &stem(&job), arguments.quiet);
    let late = || arguments.time.is_some_and(|time| began.elapsed() > time / 2);
    let taken = saved.as_ref().filter(|_| job.length.trials.is_none()).map(|saved| saved.asked.weighted);
    let looked = sampling::look(&job.opened.scenario, job.sampling, job.length, (taken, &late), &bar);
    let (mixture, sampling) = looked.map_err(|failure| {
        bar.finish_and_clear();
        written::named(failure, &job.target)
    })?;
    job.piloted = (sampling.as_ref().map(|told| told.pilot_trials), mixture.is_some());
    job.bound(arguments);
    let mut simulation = match &mixture {
        Some(mixture) => Simulation::sampled(&job.opened.scenario, &job.options, mixture),
        None => Simulation::new(&job.opened.scenario, &job.options),
    };
    if sampling.is_some() {
        terminal::counting(&bar, length, &stem(&job));
    }
    let taken_up = saved.map_or(Ok(()), |saved| take_up(&job, &mut simulation, &saved));
    let simulated = taken_up.and_then(|()| simulate(&job, arguments, (&mut simulation, began), &bar));
    if simulated.is_err() || job.part.is_some() {
        bar.finish_and_clear();
    } else {
        terminal::under_way(&bar, "measuring");
    }
    let short = simulated.map_err(|failure| written::named(failure, &job.target))?;
    let unasked = sampling::unasked(sampling.as_ref());
    if job.part.is_some() {
        if let Some(unasked) = unasked.filter(|_| !arguments.quiet) {
            terminal::err(&format!("warning: {unasked}\n"));
        }
        saving::write(&job.target, &job.saved(&simulation))?;
        saving::remove(&job.checkpoint());
        return if arguments.quiet { Ok(()) } else { terminal::out(&part_done(&job)) };
    }
    let results = simulation.results();
    let mut info = written::info(&job.opened, &results, sampling, arguments.memory, began.elapsed().as_secs_f64());
    for warning in unasked.into_iter().chain(short) {
        if !arguments.quiet {
            bar.suspend(|| terminal::err(&format!("warning: {warning}\n")));
        }
        info.warnings.push(warning);
    }
    let manner = Manner { json: arguments.json, quiet: arguments.quiet };
    written::finish(&job.opened, &job.target, &results, &info, &bar, manner)?;
    saving::remove(&job.checkpoint());
    Ok(())
}

fn part_done(job: &Job) -> String {
    let trials = amount::trials(job.range.end - job.range.start);
    let (_, n) = job.part.unwrap_or((1, 1));
    format!("{trials} in {}; `linchpin merge` joins all {n} parts\n", shown(&job.target))
}

fn stem(job: &Job) -> String {
    job.opened.path.file_stem().map_or_else(String::new, |stem| terminal::plain(&stem.to_string_lossy()))
}

/// Blocks of a step between looks at the clock, at first.
const STEP: u64 = 4;
/// How long such a step should take.
const STEP_TIME: (Duration, Duration) = (Duration::from_millis(300), Duration::from_millis(1200));
/// How many times as long as putting aside takes trials wait for it.
const CHECKPOINT_PART: u32 = 20;

/// Runs all trials that are asked for; `began`: from when `--time` counts, before any pilot. Gives what to say if that is not as precise as was asked.
#[expect(
    clippy::disallowed_methods,
    reason = "when to stop and when to save; no figure depends on it but the number of trials"
)]
fn simulate(
    job: &Job,
    arguments: &Arguments,
    (simulation, began): (&mut Simulation, Instant),
    bar: &ProgressBar,
) -> Result<Option<String>, Failure> {
    let path = job.checkpoint();
    let over = || arguments.time.is_some_and(|time| began.elapsed() >= time);
    // A run has a block of trials at least, however long that takes.
    let progress = |done: u64| {
        bar.set_position(done);
        !(interrupt::stopped() || done >= BLOCK && over())
    };
    let timed = arguments.checkpoint || arguments.time.is_some();
    let (mut step, mut saved, mut saving_took) = (STEP, Instant::now(), Duration::ZERO);
    while simulation.next() < job.range.end {
        let next = simulation.next();
        if let Some(precision) = arguments.precision {
            let is_check = next > 0 && linchpin::simulation::next_check(next - 1) == next;
            if is_check && simulation.relative_error(arguments.of) <= precision {
                return interrupt::check().map(|()| None);
            }
        }
        let mut to = job.range.end;
        if arguments.precision.is_some() {
            to = to.min(linchpin::simulation::next_check(next));
        }
        if timed {
            to = to.min((next / BLOCK + step).saturating_mul(BLOCK));
        }
        let step_began = Instant::now();
        if !simulation.advance(to, &progress) {
            if interrupt::stopped() {
                return Err(stopped(job, arguments, simulation, &path));
            }
            // Another may have been done first, out of turn.
            let first = job.range.start + BLOCK;
            if simulation.next() < first && !simulation.advance(first, &|_| !interrupt::stopped()) {
                return Err(stopped(job, arguments, simulation, &path));
            }
        }
        let took = step_began.elapsed();
        if took < STEP_TIME.0 {
            step *= 2;
        } else if took > STEP_TIME.1 {
            step = (step / 2).max(rayon::current_num_threads() as u64);
        }
        if arguments.checkpoint && saved.elapsed() > arguments.checkpoint_every.max(saving_took * CHECKPOINT_PART) {
            let saving_began = Instant::now();
            saving::write(&path, &job.saved(simulation))?;
            saving_took = saving_began.elapsed();
            saved = Instant::now();
        }
        if over() {
            break;
        }
    }
    interrupt::check()?;
    let n = simulation.next();
    let Some(precision) = arguments.precision else {
        // Nobody but memory ended it.
        let said = || format!("the run ended after {}, before its --time: {}", amount::trials(n), job.no_room());
        return Ok((job.full && n == job.trials).then(said));
    };
    let reached = simulation.relative_error(arguments.of);
    Ok((reached > precision).then(|| job.too_imprecise(arguments, n, (precision, reached))))
}

/// What an interruption leaves.
fn stopped(job: &Job, arguments: &Arguments, simulation: &Simulation, path: &Path) -> Failure {
    if !arguments.checkpoint {
        return Failure::interrupted();
    }
    match saving::write(path, &job.saved(simulation)) {
        Ok(()) => Failure::new(
            Exit::Interrupted,
            format!(
                "interrupted; {} are put aside in `{}`: the same command goes on from there",
                amount::trials(simulation.next() - job.range.start),
                shown(path)
            ),
        ),
        Err(failure) => failure,
    }
}

/// Goes on from a checkpoint.
fn take_up(job: &Job, simulation: &mut Simulation, saved: &Saved) -> Result<(), Failure> {
    let mut asked = job.asked();
    // A run may be made longer, if its pilot is the same.
    if job.part.is_none() {
        asked.trials = saved.asked.trials;
    }
    let different = saving::difference(&asked, &saved.asked);
    if different.is_none() && job.part.is_none() && saved.next > job.range.end {
        let message = format!(
            "the checkpoint `{}` holds {} already, more than this run is to have; ask for more, remove it to begin anew, or run without --checkpoint",
            shown(&job.checkpoint()),
            amount::trials(saved.next)
        );
        return Err(Failure::new(Exit::Usage, message));
    }
    let same_range = job.part == saved.part && saved.range.0 == job.range.start;
    if different.is_none() && same_range && simulation.restore(&saved.state) {
        return Ok(());
    }
    let why = different.unwrap_or_else(|| "it holds other trials".to_owned());
    let message = format!(
        "the checkpoint `{}` is of another run: {why}; remove it to begin anew, or run without --checkpoint",
        shown(&job.checkpoint())
    );
    Err(Failure::new(Exit::Usage, message))
}

impl Job {
    /// Ends a run of unknown length where there is no more room for trials that must all be kept.
    fn bound(&mut self, arguments: &Arguments) {
        let all_kept = self.piloted.1 || arguments.trials_csv;
        if let Some(fit) = self.length.most.filter(|&fit| all_kept && fit < self.trials) {
            self.full = true;
            (self.trials, self.range.end, self.options.trials.end) = (fit, fit, fit);
        }
    }

    /// That memory has no more room.
    fn no_room(&self) -> String {
        format!("--memory {}M has room for no more that must all be kept", self.memory >> 20)
    }

    /// That a run ended before it was as precise as was asked, and why.
    fn too_imprecise(&self, arguments: &Arguments, n: u64, (asked, reached): (f64, f64)) -> String {
        let figure = match arguments.of {
            Goal::Mean => "the mean loss".to_owned(),
            Goal::Difference => "the difference to the baseline".to_owned(),
            Goal::Tvar(level) => format!("TVaR {}", amount::percent(level)),
        };
        let why = match self.full {
            _ if n < self.trials => "its --time was over".to_owned(),
            true => self.no_room(),
            false if arguments.max_trials.is_some() => "--max-trials allows no more".to_owned(),
            false => "no run has more".to_owned(),
        };
        let reached = match reached {
            unknown if unknown.is_infinite() => {
                "not known (too few trials in the tail, or too few of which all are alike)".to_owned()
            }
            reached => format!("{} of it", amount::percent(reached)),
        };
        let (n, asked) = (amount::trials(n), amount::percent(asked));
        format!("after {n} the standard error of {figure} is {reached}, not {asked} as asked: {why}")
    }

    fn checkpoint(&self) -> PathBuf {
        saving::with_suffix(&self.target, ".checkpoint")
    }

    fn asked(&self) -> Asked {
        Asked {
            version: VERSION.to_owned(),
            scenario_file: written::file_name(&self.opened),
            text: self.opened.text.clone(),
            files: self.opened.scenario.files.clone(),
            seed: self.opened.scenario.seed,
            trials: self.trials,
            keep_components: self.options.keep_components,
            sampling: self.sampling.word().to_owned(),
            pilot: self.piloted.0,
            weighted: self.piloted.1,
            memory: self.memory,
        }
    }

    fn saved(&self, simulation: &Simulation) -> Saved {
        Saved {
            asked: self.asked(),
            part: self.part,
            range: (self.range.start, self.range.end),
            next: simulation.next(),
            state: simulation.save(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_disjoint_and_whole() {
        for trials in [1, 511, 512, 513, 10_000, u64::MAX] {
            for n in [1, 2, 3, 7, 64] {
                let parts: Vec<_> = (1..=n).map(|i| range(trials, i, n)).collect();
                assert_eq!((parts[0].start, parts[n as usize - 1].end), (0, trials));
                for pair in parts.windows(2) {
                    assert_eq!(pair[0].end, pair[1].start);
                    assert!(pair[0].end == trials || pair[0].end % BLOCK == 0);
                }
            }
        }
    }
}
