//! `linchpin explain`: one trial of a portfolio told in words, and what its worst trials have in common.

use std::path::{Path, PathBuf};

use clap::Args;
use linchpin::Plan;
use linchpin::output::{chart, csv};
use linchpin::scenario::Scenario;
use linchpin::study::common::{Common, Counted, Feature, LEAST_TRIALS, common};
use linchpin::study::trace::{Cause, Decision, Event, Trace, trace};

use super::account::{Words, that_add_up};
use super::folder::Draft;
use super::open::{self, Opened};
use super::terminal::{self, Column};
use super::{Exit, Failure, amount, arguments, interrupt, memory, shown};

pub(super) const HELP: &str = "\
Replays one trial: the one of --trial, or the one whose loss is the percentile of
--percentile over all trials of the portfolio. Tells what happened, what the firm
did and what it cost, each amount with the event that caused it, and what the
worst 1 % of the trials have in common. The folder gets explain.csv (every
amount), common.csv (every count), explain.svg and explain.png.";

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Scenario file (TOML)
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Number of the trial, as in trials.csv
    #[arg(long, value_name = "N", value_parser = trial, allow_negative_numbers = true, conflicts_with = "percentile")]
    trial: Option<u64>,
    #[arg(long, help = "The trial nearest this percentile of the loss: 50, 99.5", value_name = "P", value_parser = percentile, allow_negative_numbers = true, default_value = "99.5")]
    percentile: f64,
    /// Portfolio instead of the baseline
    #[arg(long, value_name = "NAME")]
    portfolio: Option<String>,
    #[arg(long, help = "Trials instead of the scenario's: 200_000, 200k, 2e5", value_name = "N", value_parser = arguments::trials, allow_negative_numbers = true)]
    trials: Option<u64>,
    /// Seed instead of the scenario's
    #[arg(long, value_name = "N", value_parser = arguments::seed, allow_negative_numbers = true)]
    seed: Option<u64>,
    /// Tell every event, not the costliest alone
    #[arg(long)]
    all: bool,
    /// Folder of the files instead of output/NAME/explain
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Say nothing but errors
    #[arg(long, short)]
    quiet: bool,
}

/// How many events are told where not all are.
const MOST: usize = 16;
/// How many things in common are told.
const SHARED: usize = 8;

/// A percentile: `99.5`, `99.5%`.
pub(super) fn percentile(text: &str) -> Result<f64, String> {
    let number = text.trim().trim_end_matches('%').trim_end();
    let percent = number.parse::<f64>().ok().filter(|p| *p > 0.0 && *p < 100.0);
    percent.map(|p| p / 100.0).ok_or_else(|| "a number above 0 and below 100: 50, 99.5".to_owned())
}

pub(super) fn trial(text: &str) -> Result<u64, String> {
    let plain: String = text.chars().filter(|c| !matches!(c, '_' | ',')).collect();
    plain.parse().map_err(|_| "a whole number from 0 on, as in trials.csv".to_owned())
}

/// Where the files of a study of `opened` go.
pub(super) fn target(out: Option<&PathBuf>, opened: &Opened, study: &str) -> PathBuf {
    let stem = opened.path.file_stem().map(PathBuf::from).unwrap_or_default();
    out.cloned().unwrap_or_else(|| Path::new("output").join(stem).join(study))
}

/// Tells one trial of one scenario.
pub(super) fn show(arguments: &Arguments) -> Result<(), Failure> {
    interrupt::listen();
    let mut opened = open::open(&arguments.file, arguments.quiet)?;
    opened.scenario.seed = arguments.seed.unwrap_or(opened.scenario.seed);
    let scenario = &opened.scenario;
    let usage = |message: String| Failure::new(Exit::Usage, message);
    let portfolio = linchpin::study::portfolio(scenario, arguments.portfolio.as_deref()).map_err(usage)?;
    let target = target(arguments.out.as_ref(), &opened, "explain");
    let n = arguments.trials.unwrap_or(scenario.trials);
    let shape = memory::Shape::of(scenario, false, rayon::current_num_threads()).of_one();
    memory::check(&shown(&opened.path), shape, n)?;
    drop(Draft::begin(&target)?);
    let plan = Plan::new(scenario, scenario.seed);
    let bar = terminal::progress(Some(n), &shown(&opened.path), arguments.quiet);
    let all = common(scenario, &plan, portfolio, &(0..n), &|done| {
        bar.set_position(done);
        !interrupt::stopped()
    });
    bar.finish_and_clear();
    let all = all.ok_or_else(Failure::interrupted)?;
    let number = arguments.trial.unwrap_or_else(|| all.nearest(arguments.percentile));
    let told = trace(scenario, &plan, portfolio, number);
    write(&target, scenario, &told, &all)?;
    if arguments.quiet {
        return Ok(());
    }
    let most = if arguments.all { usize::MAX } else { MOST };
    terminal::out(&text(scenario, &told, &all, most, &target, terminal::width()))
}

fn write(target: &Path, scenario: &Scenario, told: &Trace, all: &Common) -> Result<(), Failure> {
    let mut draft = Draft::begin(target)?;
    draft.write(Path::new("explain.csv"), |out| csv::journal_table(scenario, told, out))?;
    draft.write(Path::new("common.csv"), |out| csv::common_table(scenario, told.portfolio, all, out))?;
    picture(&mut draft, "explain", &chart::explained(scenario, told))?;
    draft.commit(&[])
}

/// Writes a chart as SVG and PNG.
pub(super) fn picture(draft: &mut Draft, name: &str, svg: &str) -> Result<(), Failure> {
    interrupt::check()?;
    let png = chart::png(svg).map_err(|why| Failure::new(Exit::Io, format!("cannot draw a chart: {why}")))?;
    draft.write(&PathBuf::from(format!("{name}.svg")), |out| out.write_all(svg.as_bytes()))?;
    draft.write(&PathBuf::from(format!("{name}.png")), |out| out.write_all(&png))
}

fn text(scenario: &Scenario, told: &Trace, all: &Common, most: usize, target: &Path, width: usize) -> String {
    let words = Words { scenario, trace: told };
    let chosen = chosen(told, most);
    let mut text = terminal::wrapped(&head(scenario, told, all), width, "");
    text.push('\n');
    text += &timeline(words, &chosen, width);
    text.push('\n');
    text += &sum(words, &chosen, width);
    text.push('\n');
    text += &shared(scenario, told.portfolio, all, width);
    text + &terminal::wrapped(&format!("\nEvery amount and count, and a chart: {}", shown(target)), width, "")
}

fn head(scenario: &Scenario, told: &Trace, all: &Common) -> String {
    let money = |x: f64| amount::money(x, &scenario.currency);
    let below = all.part_below(told.loss);
    format!(
        "{}: trial {} of `{}`, seed {}\nIts loss is {}, more than in {} of {}. Plan {} + loss = total cost {}.\n",
        terminal::plain(&scenario.name),
        amount::count(told.trial),
        terminal::plain(&scenario.portfolios[told.portfolio].id),
        scenario.seed,
        money(told.loss),
        amount::percent(below),
        amount::trials(all.losses.len() as u64),
        money(told.plan),
        money(told.plan + told.loss),
    )
}

/// Events and paths that are told: those that cost or save most, and those that the firm answers for good; in order of time,
/// paths first.
fn chosen(told: &Trace, most: usize) -> Vec<Cause> {
    let causes = (0..told.paths.len()).map(Cause::Path).chain((0..told.events.len()).map(Cause::Event));
    let mut costs: Vec<(Cause, f64)> = causes
        .map(|cause| (cause, told.charged(cause).iter().map(|x| x.abs()).sum::<f64>()))
        .filter(|(cause, size)| *size > 0.0 || answers(told, *cause).next().is_some() || most == usize::MAX)
        .collect();
    let whole: f64 = costs.iter().map(|c| c.1).sum();
    let is_answered = |cause: Cause| answers(told, cause).next().is_some();
    costs.sort_by(|a, b| is_answered(b.0).cmp(&is_answered(a.0)).then(b.1.total_cmp(&a.1)));
    let matters = |c: &(Cause, f64)| most == usize::MAX || is_answered(c.0) || c.1 >= 1e-3 * whole;
    let mut chosen: Vec<Cause> = costs.iter().filter(|c| matters(c)).take(most).map(|c| c.0).collect();
    chosen.sort_by_key(|cause| match cause {
        Cause::Path(i) => (0, *i),
        Cause::Event(i) => (1, *i),
    });
    chosen
}

/// What the firm decided because of something.
fn answers(told: &Trace, cause: Cause) -> impl Iterator<Item = &Decision> {
    told.decisions.iter().filter(move |d| d.cause == cause)
}

fn timeline(words: Words, chosen: &[Cause], width: usize) -> String {
    let mut text = String::new();
    for &cause in chosen {
        match cause {
            Cause::Path(i) => text += &path(words, i, width),
            Cause::Event(i) => text += &event(words, i, width),
        }
    }
    if text.is_empty() { "Nothing happened that costs or saves anything.\n".to_owned() } else { text }
}

const INDENT: &str = "                    ";

/// A line below a heading, with its moment if it has one of its own.
fn line(at: Option<String>, words: &str, width: usize) -> String {
    terminal::wrapped(&format!("  {:<16}  {words}", at.unwrap_or_default()), width, INDENT)
}

fn path(words: Words, i: usize, width: usize) -> String {
    let path = &words.trace.paths[i];
    let end = |index: &[f64]| amount::figure(index.last().copied().unwrap_or(1.0));
    let highest = path.index.iter().copied().fold(0.0, f64::max);
    let said = format!(
        "price index {} at the end, expected {}{}",
        end(&path.index),
        end(&path.expected),
        if highest > 1.005 { format!("; at most {}", amount::figure(highest)) } else { String::new() }
    );
    let mut text = format!("Price path {}\n", words.risk(path.risk));
    text += &line(None, &said, width);
    text += &answers_and_costs(words, Cause::Path(i), Vec::new(), width);
    text
}

fn event(words: Words, i: usize, width: usize) -> String {
    let event = &words.trace.events[i];
    let heading = format!("{}  {}", words.moment(event.at_hours), words.event(event));
    let mut lines: Vec<(f64, String)> = Vec::new();
    let mut now: Vec<String> = Vec::new();
    for (at, said) in words.effects(event) {
        if at <= event.at_hours { now.push(said) } else { lines.push((at, said)) }
    }
    let heading = if now.is_empty() { heading } else { format!("{heading}: {}", now.join("; ")) };
    terminal::wrapped(&heading, width, INDENT) + &answers_and_costs(words, Cause::Event(i), lines, width)
}

/// What the firm did about something, between other things with their times, and what it cost.
fn answers_and_costs(words: Words, cause: Cause, mut lines: Vec<(f64, String)>, width: usize) -> String {
    lines.extend(answers(words.trace, cause).map(|d| (d.at_hours, words.decision(d))));
    lines.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut text: String = lines.iter().map(|(at, said)| line(Some(words.moment(*at)), said, width)).collect();
    if let Cause::Event(i) = cause {
        let response = words.response(&words.trace.events[i]);
        if !response.is_empty() {
            text += &line(None, &response, width);
        }
    }
    let costs = words.costs(&words.trace.charged(cause));
    let costs = if costs.is_empty() { "costs nothing".to_owned() } else { format!("costs {costs}") };
    text + &line(None, &costs, width)
}

/// What each costs, as amounts that add up to the loss.
fn sum(words: Words, chosen: &[Cause], width: usize) -> String {
    let told = words.trace;
    let total = |cause: Cause| told.charged(cause).iter().sum::<f64>();
    let mut names: Vec<String> = chosen.iter().map(|c| words.cause(*c)).collect();
    let mut amounts: Vec<f64> = chosen.iter().map(|c| total(*c)).collect();
    let rest: Vec<&Event> =
        (0..told.events.len()).filter(|&i| !chosen.contains(&Cause::Event(i))).map(|i| &told.events[i]).collect();
    if !rest.is_empty() || chosen.is_empty() {
        let n = rest.len();
        names.push(format!("{} further event{}", amount::count(n as u64), if n == 1 { "" } else { "s" }));
        amounts.push(told.loss - amounts.iter().sum::<f64>());
    }
    let (said, sum) = that_add_up(&amounts, &words.scenario.currency);
    let mut rows: Vec<Vec<String>> = names.into_iter().zip(said).map(|(name, amount)| vec![name, amount]).collect();
    rows.push(vec!["loss of the trial".to_owned(), sum]);
    let table = terminal::table(&[("charged to", Column::Left), ("amount", Column::Right)], &rows, width);
    table + &terminal::wrapped(&format!("As components: {}\n", words.costs(&told.components())), width, "")
}

fn shared(scenario: &Scenario, portfolio: usize, all: &Common, width: usize) -> String {
    let title = format!(
        "What the worst 1 % have in common ({}, losses of {} and more)\n",
        amount::trials(all.n_worst),
        amount::money(all.worst_from, &scenario.currency)
    );
    let told = all.telling(SHARED);
    if all.n_worst < LEAST_TRIALS {
        let why =
            format!("{title}Too few to tell; {} trials or more say something.\n", amount::count(100 * LEAST_TRIALS));
        return terminal::wrapped(&why, width, "");
    }
    if told.is_empty() {
        let why = format!("{title}Nothing that is counted is clearly more frequent in them than in all trials.\n");
        return terminal::wrapped(&why, width, "");
    }
    let row = |c: &Counted| {
        vec![
            amount::percent(all.part_of_worst(c)),
            amount::percent(all.part_of_all(c)),
            format!("× {}", amount::figure(all.lift(c))),
            feature(scenario, portfolio, c.feature),
        ]
    };
    let columns = [
        ("of the worst", Column::Right),
        ("of all", Column::Right),
        ("as often", Column::Right),
        ("what", Column::Left),
    ];
    terminal::wrapped(&title, width, "") + &terminal::table(&columns, &told.iter().map(row).collect::<Vec<_>>(), width)
}

fn feature(scenario: &Scenario, portfolio: usize, feature: Feature) -> String {
    let vendor = |v: usize| scenario.nodes[scenario.vendor_node(v)].id.as_str();
    match feature {
        Feature::Event { risk } => format!("{} happens", scenario.risks[risk].id),
        Feature::Outcome { risk, stage, outcome } => {
            let stage = &scenario.risks[risk].stages[stage];
            let name = terminal::plain(&stage.outcomes[outcome].name);
            let of = if stage.name.is_empty() { name } else { format!("{}: {name}", terminal::plain(&stage.name)) };
            format!("{}, {of}", scenario.risks[risk].id)
        }
        Feature::Down { node, longer_than } => {
            let longer = amount::hours(longer_than);
            if node < scenario.n_platforms {
                format!("{} is interrupted for more than {longer}", scenario.nodes[node].id)
            } else {
                format!("{} is down, wholly or in part, for more than {longer}", scenario.nodes[node].id)
            }
        }
        Feature::Together { vendors: (a, b), longer_than } => {
            let length = if longer_than > 0.0 {
                format!(", for more than {}", amount::hours(longer_than))
            } else {
                String::new()
            };
            format!("{} and {} are down, wholly or in part, at once{length}", vendor(a), vendor(b))
        }
        Feature::Price { vendor: v, above } => {
            format!("{} bills more than {} above plan", vendor(v), amount::percent(above))
        }
        Feature::Migration { vendor: v } => format!("the firm begins to leave {}", vendor(v)),
        Feature::Playbook { entry } => {
            let play = &scenario.portfolios[portfolio].playbook[entry];
            format!("playbook entry {} ({}) fires", entry + 1, vendor(play.vendor))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_read_as_people_write_them() {
        assert_eq!(percentile("99.5"), Ok(0.995));
        assert_eq!(percentile("50 %"), Ok(0.5));
        for text in ["0", "100", "-1", "many", "", "nan", "inf"] {
            assert!(percentile(text).is_err(), "{text}");
        }
        assert_eq!(trial("4_711"), Ok(4711));
        assert!(trial("-1").is_err() && trial("1.5").is_err());
    }

    #[test]
    fn amounts_add_up_as_they_are_printed() {
        let (said, sum) = that_add_up(&[1000.4, 2000.4, -500.4, 0.4], "$");
        assert_eq!(said, ["$1,000", "$2,001", "−$501", "$1"]);
        assert_eq!(sum, "$2,501");
        assert_eq!(that_add_up(&[0.125, 3.0], "$"), (vec!["$0.13".to_owned(), "$3.00".to_owned()], "$3.13".to_owned()));
    }
}
