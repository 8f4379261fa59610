//! `linchpin stress`: events planted on given dates, and what each portfolio makes of them, day by day.

use std::path::{Path, PathBuf};

use clap::Args;
use linchpin::output::{chart, csv};
use linchpin::scenario::{ScalesWith, Scenario};
use linchpin::study::digest::Quantity as OfEvent;
use linchpin::study::stress::{self, Choice, Day, News, Options, Planted, Quantity, Stress, Taken, Told};
use linchpin::study::trace::Trace;

use super::account::{Words, and};
use super::folder::Draft;
use super::terminal::{self, Column};
use super::{Exit, Failure, amount, explain, interrupt, open, shown};

pub(super) const HELP: &str = "\
Every other risk is switched off and prices run as expected, unless --keep leaves
them on as they are in one trial. Nothing of a planted event is left to chance:
each quantity is taken at its median, or at --percentile; what hurts more the
smaller it is (what an outage leaves, notice, delays, changes of capability,
revenue and stakes) at 100 less that. Failover works, and one risk causes another,
if they do at that percentile: at the median if that is likelier than not. Each
stage has its likeliest outcome, nothing being one, unless the event is written
RISK/OUTCOME=DATE or RISK/STAGE/OUTCOME=DATE. What was taken is said.
With --keep, days of small news are folded; stress.csv has a row for each day
on which anything happens. The folder also gets stress.svg and stress.png.";

/// Arguments of `stress`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Scenario file (TOML)
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// An event, and when it happens: azure-outage=2026-03-01, suit/injunction=2026-03-01T08:00:00Z
    #[arg(long = "event", value_name = "RISK=DATE", required = true)]
    events: Vec<String>,
    /// Leave all other risks, prices and the firm's luck as they are in a trial
    #[arg(long)]
    keep: bool,
    /// The trial of --keep
    #[arg(long, value_name = "N", value_parser = explain::trial, allow_negative_numbers = true, default_value = "0", requires = "keep")]
    trial: u64,
    /// How hard the events strike, as a percentile: 50, 95
    #[arg(long, value_name = "P", value_parser = explain::percentile, allow_negative_numbers = true, default_value = "50")]
    percentile: f64,
    /// Tell of this portfolio alone
    #[arg(long, value_name = "NAME")]
    portfolio: Option<String>,
    /// Folder of the files instead of output/NAME/stress
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Say nothing but errors
    #[arg(long, short)]
    quiet: bool,
}

/// Tells a stress test of one scenario.
pub(super) fn show(arguments: &Arguments) -> Result<(), Failure> {
    interrupt::listen();
    let opened = open::open(&arguments.file, arguments.quiet)?;
    let events = events(&opened.scenario, &arguments.events)?;
    let told: Vec<usize> = match &arguments.portfolio {
        None => (0..opened.scenario.portfolios.len()).collect(),
        name => {
            let found = linchpin::study::portfolio(&opened.scenario, name.as_deref());
            vec![found.map_err(|message| Failure::new(Exit::Usage, message))?]
        }
    };
    let target = explain::target(arguments.out.as_ref(), &opened, "stress");
    drop(Draft::begin(&target)?);
    let options = Options { keep: arguments.keep, percentile: arguments.percentile, trial: arguments.trial };
    let stress = stress::stress(&opened.scenario, &events, &options);
    interrupt::check()?;
    let accounts: Vec<Account> = told.iter().map(|&p| Account::new(&stress, p)).collect();
    write(&target, &stress, &accounts)?;
    if arguments.quiet {
        return Ok(());
    }
    terminal::out(&text(&opened.scenario, &stress, &events, &options, &accounts, &target, terminal::width()))
}

/// Every event, or every mistake.
fn events(scenario: &Scenario, texts: &[String]) -> Result<Vec<Planted>, Failure> {
    let usage = |message: String| Failure::new(Exit::Usage, message);
    let mut events: Vec<Planted> = Vec::new();
    let mut failed = Ok(());
    for text in texts {
        match stress::parse(scenario, text) {
            Ok(event) => {
                let again = |e: &Planted| e.risk == event.risk && (e.at_hours - event.at_hours).abs() < 1e-9;
                if events.iter().any(again) {
                    let name = &scenario.risks[event.risk].id;
                    let message = format!("`{name}` is planted twice at one moment; give one of them another date");
                    failed = failed.and(Err(usage(message).told()));
                }
                events.push(event);
            }
            Err(message) => failed = failed.and(Err(usage(terminal::plain(&message)).told())),
        }
    }
    failed.map(|()| events)
}

/// One portfolio's days, and what is said of each.
struct Account<'a> {
    trace: &'a Trace,
    days: Vec<(Day, Vec<(f64, String)>)>,
}

impl<'a> Account<'a> {
    fn new(stress: &'a Stress, portfolio: usize) -> Self {
        let trace = &stress.traces[portfolio];
        let words = Words { scenario: &stress.scenario, trace };
        let days = stress::days(&stress.scenario, trace).into_iter().map(|day| {
            let said = said(words, &day.news);
            (day, said)
        });
        Self { trace, days: days.collect() }
    }
}

/// The news of a day in words; where traffic goes is said once of services that fare alike.
fn said(words: Words, news: &[News]) -> Vec<(f64, String)> {
    let mut said: Vec<(f64, String)> = Vec::new();
    let mut traffic: Vec<(f64, String, Vec<&str>)> = Vec::new();
    for piece in news {
        let at = piece.at_hours;
        match piece.what {
            Told::Event(i) => {
                let event = &words.trace.events[i];
                let now = words.effects(event).into_iter().filter(|(from, _)| *from <= event.at_hours);
                let effects: Vec<String> = now.map(|(_, said)| said).collect();
                let effects = if effects.is_empty() { String::new() } else { format!(": {}", effects.join("; ")) };
                said.push((at, format!("{}{effects}", words.event(event))));
            }
            Told::Begins(i, j) => {
                let event = &words.trace.events[i];
                said.push((at, format!("{}: {}", words.risk(event.risk), words.effect(event, &event.effects[j]))));
            }
            Told::Ends(i, j) => {
                let event = &words.trace.events[i];
                said.push((at, words.end(event, &event.effects[j])));
            }
            Told::Decision(i) => said.push((at, words.decision(&words.trace.decisions[i]))),
            Told::Traffic(s, i) => {
                let state = words.served(&words.trace.traffic[s][i]);
                let service = words.scenario.services[s].id.as_str();
                match traffic.iter_mut().find(|t| t.0.to_bits() == at.to_bits() && t.1 == state) {
                    Some(alike) => alike.2.push(service),
                    None => traffic.push((at, state, vec![service])),
                }
            }
        }
    }
    let all = words.scenario.services.len();
    said.extend(traffic.into_iter().map(|(at, state, services)| {
        let who = if services.len() == all { "all traffic".to_owned() } else { and(&services) };
        (at, format!("{who}: {state}"))
    }));
    said.sort_by(|a, b| a.0.total_cmp(&b.0));
    said
}

fn write(target: &Path, stress: &Stress, accounts: &[Account]) -> Result<(), Failure> {
    let rows: Vec<(usize, Vec<(Day, String)>)> = (accounts.iter())
        .map(|account| {
            let words = Words { scenario: &stress.scenario, trace: account.trace };
            let line = |(at, said): &(f64, String)| format!("{} {said}", words.clock(*at));
            let days = account.days.iter().map(|(day, said)| {
                let news: Vec<String> = said.iter().map(line).collect();
                (day.clone(), news.join("; ").replace('\u{a0}', " "))
            });
            (account.trace.portfolio, days.collect())
        })
        .collect();
    let mut draft = Draft::begin(target)?;
    draft.write(Path::new("stress.csv"), |out| csv::stress_table(&stress.scenario, &rows, out))?;
    let traces: Vec<&Trace> = accounts.iter().map(|a| a.trace).collect();
    explain::picture(&mut draft, "stress", &chart::stressed(&stress.scenario, &traces))?;
    draft.commit(&[])
}

fn text(
    scenario: &Scenario,
    stress: &Stress,
    events: &[Planted],
    options: &Options,
    accounts: &[Account],
    target: &Path,
    width: usize,
) -> String {
    let mut text = terminal::wrapped(&format!("{}: stress test\n", terminal::plain(&scenario.name)), width, "");
    for (n, event) in events.iter().enumerate() {
        let told: Vec<String> = stress.choices.iter().filter(|c| c.planted == Some(n)).map(choice).collect();
        let told = if told.is_empty() { String::new() } else { format!("; {}", told.join("; ")) };
        let date = scenario.date(event.at_hours).replace('T', " ");
        let line = format!("  {} on {date}{told}", terminal::plain(&scenario.risks[event.risk].id));
        text += &terminal::wrapped(&line, width, "    ");
    }
    text += &terminal::wrapped(&taken(scenario, stress, options, accounts), width, "    ");
    for account in accounts {
        text += &told(stress, account, options, width);
    }
    text += &comparison(stress, options, accounts, width);
    text + &terminal::wrapped(&format!("\nEach day in full, and a chart: {}", shown(target)), width, "")
}

/// `ruling: injunction (asked for; 10 % in the file)`.
fn choice(choice: &Choice) -> String {
    let why = if choice.is_asked { "asked for" } else { "the likeliest" };
    let outcome = terminal::plain(choice.outcome.as_deref().unwrap_or("nothing"));
    let stage = if choice.stage.is_empty() { String::new() } else { format!("{}: ", terminal::plain(&choice.stage)) };
    format!("{stage}{outcome} ({why}, {} in the file)", amount::percent(choice.probability))
}

/// What was taken of what the file leaves to chance, and what else happens.
fn taken(scenario: &Scenario, stress: &Stress, options: &Options, accounts: &[Account]) -> String {
    let rest = if options.keep {
        format!("All else as in trial {}, seed {}.", amount::count(options.trial), scenario.seed)
    } else {
        "All other risks are switched off, prices run as expected.".to_owned()
    };
    let at = if (options.percentile - 0.5).abs() < 1e-12 {
        "the median".to_owned()
    } else {
        format!("percentile {} of harm", amount::figure(100.0 * options.percentile))
    };
    let mut by: Vec<(&str, Vec<String>)> = Vec::new();
    let is_told = |t: &&Taken| match t.quantity {
        Quantity::FailoverWorks | Quantity::MigrationTakes | Quantity::MigrationCosts => {
            accounts.iter().any(|a| scenario.portfolios[a.trace.portfolio].id == t.whose)
        }
        Quantity::Effect(_) | Quantity::StageAfter | Quantity::ChurnLoses => true,
    };
    for taken in stress.taken.iter().filter(is_told) {
        let said = quantity(scenario, taken);
        match by.iter_mut().find(|(whose, _)| *whose == taken.whose) {
            Some((_, list)) => list.push(said),
            None => by.push((&taken.whose, vec![said])),
        }
    }
    let caused = stress.choices.iter().filter(|c| c.planted.is_none());
    let caused: Vec<String> =
        caused.map(|c| format!("  {}, if caused: {}\n", terminal::plain(&c.risk), choice(c))).collect();
    if by.is_empty() {
        return format!("{}Nothing of it is left to chance in the file. {rest}\n", caused.concat());
    }
    let lines: Vec<String> =
        by.iter().map(|(whose, list)| format!("  {}: {}\n", terminal::plain(whose), list.join(", "))).collect();
    format!("{}Taken at {at}:\n{}{rest}\n", caused.concat(), lines.concat())
}

fn quantity(scenario: &Scenario, taken: &Taken) -> String {
    let x = taken.value;
    let money = |x: f64| amount::money(x, &scenario.currency);
    let happens = |yes: &str, no: &str| if x > 0.5 { yes.to_owned() } else { no.to_owned() };
    let risk = |r: usize| scenario.risks[r].id.as_str();
    match taken.quantity {
        Quantity::StageAfter => format!("comes after {}", amount::hours(x)),
        Quantity::FailoverWorks => happens("failover works", "failover fails"),
        Quantity::MigrationTakes => format!("a migration takes {}", amount::hours(x)),
        Quantity::MigrationCosts => format!("a migration of everything costs {}", money(x)),
        Quantity::ChurnLoses => format!("{} of customers leave after a long interruption", amount::percent(x)),
        Quantity::Effect(of) => match of {
            OfEvent::Duration => format!("outage lasts {}", amount::hours(x)),
            OfEvent::Leaves => format!("outage leaves {}", amount::percent(x)),
            OfEvent::Suspends => format!("access lost for {}", amount::hours(x)),
            OfEvent::Notice => format!("notice {}", amount::hours(x)),
            OfEvent::PriceChange => format!("price {}", amount::change(x)),
            OfEvent::CapabilityChange => format!("capability {}", amount::change(x)),
            OfEvent::RevenueChange(service) => {
                format!("revenue of {} {}", scenario.services[service].id, amount::change(x))
            }
            OfEvent::Lasts => format!("changes last {}", amount::hours(x)),
            OfEvent::Over => format!("changes take {}", amount::hours(x)),
            OfEvent::Cost(ScalesWith::Share) => format!("cost {} by share", money(x)),
            OfEvent::Cost(ScalesWith::Use) => format!("cost {} if used", money(x)),
            OfEvent::StakeChange => format!("worth of the stake {}", amount::change(x)),
            OfEvent::Raises(r) => format!("rate of {} × {}", risk(r), amount::figure(x)),
            OfEvent::Causes(r) => {
                let (yes, no) = (format!("causes {}", risk(r)), format!("does not cause {}", risk(r)));
                happens(&yes, &no)
            }
            OfEvent::After(r) => format!("{} comes after {}", risk(r), amount::hours(x)),
        },
    }
}

/// One portfolio day by day.
fn told(stress: &Stress, account: &Account, options: &Options, width: usize) -> String {
    let words = Words { scenario: &stress.scenario, trace: account.trace };
    let name = terminal::plain(&stress.scenario.portfolios[account.trace.portfolio].id);
    let mut text = format!("\n{name}\n");
    if account.days.iter().all(|(_, said)| said.is_empty()) {
        let costs = words.costs(&account.trace.components());
        let costs = if costs.is_empty() { "and it costs nothing".to_owned() } else { format!("but costs {costs}") };
        return text + &terminal::wrapped(&format!("  nothing of it is seen here, {costs}\n"), width, "  ");
    }
    let is_told: Vec<bool> = account.days.iter().map(|(day, _)| told_here(stress, account, day, options)).collect();
    let mut next = 0;
    while next < account.days.len() {
        let (day, said) = &account.days[next];
        if !is_told[next] {
            let n = is_told[next..].iter().take_while(|told| !**told).count();
            text += &folded(words, &account.days[next..next + n], width);
            next += n;
            continue;
        }
        next += 1;
        let costs = words.costs(&day.costs);
        for (n, (at, line)) in said.iter().enumerate() {
            let date = if n == 0 { words.day(day.from_hours) } else { " ".repeat(10) };
            text += &terminal::wrapped(&format!("{date}  {} {line}", words.clock(*at)), width, INDENT);
        }
        let costs = if costs.is_empty() { "costs nothing".to_owned() } else { format!("costs {costs}") };
        text += &terminal::wrapped(&format!("{}{costs}", " ".repeat(18)), width, INDENT);
    }
    let total = words.costs(&account.trace.components());
    let total = if total.is_empty() { "nothing".to_owned() } else { total };
    text + &terminal::wrapped(&format!("{:<12}{total}", "in all"), width, INDENT)
}

const INDENT: &str = "                    ";

/// Whether a day is told by itself. Where all else is left on, days of small news of others are not: those on which nothing
/// planted happens, nothing is decided for good, and less than 1 % of all that flows does.
fn told_here(stress: &Stress, account: &Account, day: &Day, options: &Options) -> bool {
    if day.news.is_empty() || !options.keep {
        return !day.news.is_empty();
    }
    let planted = |i: usize| account.trace.events[i].risk >= stress.first_planted;
    let matters = |news: &News| match news.what {
        Told::Event(i) | Told::Begins(i, _) | Told::Ends(i, _) => planted(i),
        Told::Decision(_) => true,
        Told::Traffic(..) => false,
    };
    let size = |day: &Day| day.costs.iter().sum::<f64>().abs();
    let all: f64 = account.days.iter().map(|(day, _)| size(day)).sum();
    day.news.iter().any(matters) || size(day) > 0.01 * all
}

/// Days that are not told by themselves, as one line.
fn folded(words: Words, days: &[(Day, Vec<(f64, String)>)], width: usize) -> String {
    let n: usize = days.iter().map(|(day, _)| day.n_days).sum();
    let mut sums = [0.0; 10];
    for (component, cost) in days.iter().flat_map(|(day, _)| (0..10).map(move |c| (c, day.costs[c]))) {
        sums[component] += cost;
    }
    let what = if days.iter().all(|(_, said)| said.is_empty()) { "without news" } else { "with small news" };
    let costs = words.costs(&sums);
    let costs = if costs.is_empty() { String::new() } else { format!(", {costs}") };
    let days_of = if n == 1 { "day" } else { "days" };
    let line = format!("{}  {} {days_of} {what}{costs}", words.day(days[0].0.from_hours), amount::count(n as u64));
    terminal::wrapped(&line, width, INDENT)
}

fn comparison(stress: &Stress, options: &Options, accounts: &[Account], width: usize) -> String {
    let scenario = &stress.scenario;
    let money = |x: f64| amount::money(x, &scenario.currency);
    let mut columns = vec![("portfolio", Column::Left), ("loss", Column::Right)];
    if options.keep {
        columns.push(("of that planted", Column::Right));
    }
    columns.extend([
        ("unserved", Column::Right),
        ("longest interruption", Column::Right),
        ("total cost", Column::Right),
    ]);
    let cost = |trace: &Trace| trace.plan + trace.loss;
    let base = accounts.iter().find(|a| a.trace.portfolio == scenario.baseline).map(|a| cost(a.trace));
    if base.is_some() && accounts.len() > 1 {
        columns.push(("to baseline", Column::Right));
    }
    let rows: Vec<Vec<String>> = (accounts.iter())
        .map(|account| {
            let trace = account.trace;
            let mut row = vec![terminal::plain(&scenario.portfolios[trace.portfolio].id), money(trace.loss)];
            if options.keep {
                row.push(money(trace.loss - stress.without[trace.portfolio]));
            }
            row.push(amount::hours(trace.unserved_hours_by_revenue(scenario)));
            row.push(amount::hours(trace.longest_interruption()));
            row.push(money(cost(trace)));
            if let Some(base) = base.filter(|_| accounts.len() > 1) {
                let is_base = trace.portfolio == scenario.baseline;
                row.push(if is_base { "-".to_owned() } else { money(cost(trace) - base) });
            }
            row
        })
        .collect();
    format!("\n{}", terminal::table(&columns, &rows, width))
}
