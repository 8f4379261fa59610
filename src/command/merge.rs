//! `linchpin merge`: parts joined to what one run would have given.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use linchpin::sampling::Length;
use linchpin::saved::Saved;
use linchpin::scenario::{self, FileError, Files};
use linchpin::simulate::Options;
use linchpin::{Simulation, source};

use super::open::{Opened, on_one_line};
use super::written::{self, Manner};
use super::{Exit, Failure, amount, interrupt, memory, sampling, saving, shown, terminal};

pub(super) const HELP: &str = "\
Parts come from `linchpin run FILE --part i/n`, on as many machines as you like.
Together they must hold every trial once. The folder is that of one run, byte
for byte (run.json aside). The scenario and all it reads are in the parts.";

/// Arguments of `merge`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Parts, in any order
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Folder of the results
    #[arg(long, value_name = "DIR", required = true)]
    out: PathBuf,
    /// Threads instead of all cores
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024), allow_negative_numbers = true)]
    threads: Option<u16>,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
    /// Say nothing but errors
    #[arg(long, short)]
    quiet: bool,
}

/// A part that was looked at; its trials are read when they are joined.
struct Part {
    path: PathBuf,
    saved: Saved,
}

/// Joins all.
#[expect(clippy::disallowed_methods, reason = "the time taken is shown, and enters no figure")]
pub(super) fn merge(arguments: &Arguments) -> Result<(), Failure> {
    let began = Instant::now();
    interrupt::listen();
    let mut parts = Vec::new();
    for path in &arguments.files {
        let mut saved = saving::read(path)?;
        saving::of_this_version(path, &saved.asked)?;
        saved.state = Vec::new();
        parts.push(Part { path: path.clone(), saved });
    }
    parts.sort_by_key(|part| part.saved.range);
    agree(&parts)?;
    let asked = parts[0].saved.asked.clone();
    let opened = opened(&asked)?;
    let pool = super::pool(arguments.threads)?;
    let shape = memory::Shape::of(&opened.scenario, asked.keep_components, pool.current_num_threads());
    let shape = shape.weighted(asked.weighted);
    memory::check_run(&shown(&parts[0].path), shape, (asked.trials, asked.trials), asked.memory)?;
    pool.install(|| {
        let bar = terminal::progress(None, "", true);
        let options = Options {
            keep_components: asked.keep_components,
            memory: memory::for_trials(asked.memory),
            ..Options::of(0..asked.trials)
        };
        let how = sampling::Asked::of(&asked.sampling);
        let length = Length { trials: Some(asked.trials), pilot: asked.pilot, ..Length::default() };
        let (mixture, sampling) =
            sampling::look(&opened.scenario, how, length, (Some(asked.weighted), &|| false), &bar)?;
        let mut joined = match &mixture {
            Some(mixture) => Simulation::sampled(&opened.scenario, &options, mixture),
            None => Simulation::new(&opened.scenario, &options),
        };
        for part in &parts {
            interrupt::check()?;
            if !joined.join(&saving::read(&part.path)?.state) {
                let message = format!("cannot use `{}`: what it holds is not of this scenario", shown(&part.path));
                return Err(Failure::new(Exit::Io, message));
            }
        }
        let results = joined.results();
        let unasked = sampling::unasked(sampling.as_ref());
        if let Some(unasked) = unasked.as_ref().filter(|_| !arguments.quiet) {
            terminal::err(&format!("warning: {unasked}\n"));
        }
        let mut info = written::info(&opened, &results, sampling, asked.memory, began.elapsed().as_secs_f64());
        info.warnings.extend(unasked);
        let manner = Manner { json: arguments.json, quiet: arguments.quiet };
        written::finish(&opened, &arguments.out, &results, &info, &bar, manner)
    })
}

/// Whether the parts, in order of their trials, are of one run and hold all of it once.
fn agree(parts: &[Part]) -> Result<(), Failure> {
    let refused = |message: String| Err(Failure::new(Exit::Usage, message));
    let first = &parts[0];
    for part in parts {
        if let Some(difference) = saving::difference(&first.saved.asked, &part.saved.asked) {
            return refused(format!(
                "`{}` and `{}` are of different runs: of the second, {difference}",
                shown(&first.path),
                shown(&part.path)
            ));
        }
        if part.saved.next != part.saved.range.1 {
            return refused(format!(
                "`{}` is a checkpoint of a part that is not done; run that part again, with --checkpoint",
                shown(&part.path)
            ));
        }
    }
    let mut next = 0;
    let mut before: Option<&Part> = None;
    let end = first.saved.asked.trials;
    for part in parts {
        let (from, to) = part.saved.range;
        if let Some(before) = before.filter(|_| from < next) {
            return refused(format!(
                "`{}` and `{}` both hold trials {} to {}; leave one of them out",
                shown(&before.path),
                shown(&part.path),
                amount::count(from),
                amount::count(next.min(to) - 1)
            ));
        }
        if from > next {
            return refused(missing(next, from, part));
        }
        next = to;
        before = Some(part);
    }
    if next < end { refused(missing(next, end, &parts[parts.len() - 1])) } else { Ok(()) }
}

/// That trials are missing, and which part would hold them if all were cut as `like` is.
fn missing(from: u64, to: u64, like: &Part) -> String {
    let trials = format!("trials {} to {} are in none of the files", amount::count(from), amount::count(to - 1));
    let Some((_, n)) = like.saved.part else { return trials };
    let cut = |i: u32| super::run::range(like.saved.asked.trials, i, n);
    let named: Vec<String> = (1..=n)
        .filter(|&i| cut(i).start < to && cut(i).end > from && !cut(i).is_empty())
        .take(10)
        .map(|i| format!("{i}/{n}"))
        .collect();
    format!("{trials}: part {} is missing", named.join(", "))
}

/// The scenario that the parts carry.
fn opened(asked: &linchpin::saved::Asked) -> Result<Opened, Failure> {
    let read = scenario::read(&asked.scenario_file, &asked.text, &Carried(&asked.files)).map_err(|problems| {
        terminal::err(&format!("{}\n", problems.render(terminal::has_colour())));
        Failure::new(Exit::Scenario, "the scenario in the parts has problems".to_owned())
    })?;
    let lossy = String::from_utf8_lossy(&asked.text);
    let warnings = read.warnings.iter().map(|warning: &source::Problem| on_one_line(&lossy, warning)).collect();
    let mut scenario = read.scenario;
    scenario.seed = asked.seed;
    Ok(Opened { path: Path::new(&asked.scenario_file).to_owned(), text: asked.text.clone(), scenario, warnings })
}

/// Files as a part carries them.
struct Carried<'a>(&'a [(String, Vec<u8>)]);

impl Files for Carried<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        let found = self.0.iter().find(|(known, _)| known == path);
        found.map(|(_, content)| content.clone()).ok_or(FileError::NotFound)
    }
}
