//! `linchpin check`: what is wrong in each scenario, or else what was understood of it.

mod portfolios;
mod sizes;

use std::path::PathBuf;

use linchpin::scenario::{Arrivals, Scenario};
use linchpin::study::digest::{Digest, Events, RiskDigest, digest};

use super::terminal::{self, Column};
use super::{Failure, amount, open, shown};

/// Checks every file, whatever is wrong with the ones before.
pub(super) fn check(files: &[PathBuf]) -> Result<(), Failure> {
    let mut failed = Ok(());
    for (n, path) in files.iter().enumerate() {
        match open::open(path, false) {
            Ok(opened) => {
                let gap = if n > 0 { "\n" } else { "" };
                terminal::out(&format!("{gap}{}", understood(&shown(path), &opened.scenario, terminal::width())))?;
            }
            Err(failure) => failed = failed.and(Err(failure.told())),
        }
    }
    failed
}

/// The whole account of a scenario.
fn understood(file: &str, scenario: &Scenario, width: usize) -> String {
    let digest = digest(scenario);
    let heading = |title: &str, note: &str| format!("\n{}", terminal::wrapped(&format!("{title}. {note}"), width, ""));
    let mut text = terminal::wrapped(&head(file, scenario), width, "  ");
    if !scenario.risks.is_empty() {
        text += &heading(
            "Risks",
            &format!(
                "Expected events a year{}, probability of at least one, and expected hours down within the horizon (a partial loss in part), before conditions{}.",
                if contagious(&digest) { ", how many of them other risks raise or cause" } else { "" },
                if scenario.factors.is_empty() { "" } else { " and with factors at their mean" }
            ),
        );
        text += &risks(scenario, &digest, width);
        text += &sources(scenario, width);
        text += &heading(
            "Sizes",
            "What an event does, then what may follow it: stage / outcome, its probability when its turn comes, and that of at least one within the horizon.",
        );
        text += &sizes::table(scenario, &digest, width);
    }
    text += &sizes::conditions(scenario, &digest, width);
    text += &heading("Portfolios", "Plan: total cost where nothing happens. HHI: 1 is all in one hand.");
    text + &portfolios::account(scenario, &digest, width)
}

fn head(file: &str, scenario: &Scenario) -> String {
    let n = |n: usize, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
    let (horizon, trials) = (amount::horizon(scenario.horizon_hours), amount::trials(scenario.trials));
    let mut about = vec![format!("{horizon}, {trials}, seed {}", scenario.seed)];
    if scenario.discount_rate != 0.0 {
        about.push(format!("discounted at {} a year", amount::percent(scenario.discount_rate)));
    }
    if let Some(appetite) = scenario.appetite {
        let at_most =
            appetite.probability.map_or_else(String::new, |p| format!(" exceeded with at most {}", amount::percent(p)));
        about.push(format!("appetite {}{at_most}", amount::given(appetite.loss, &scenario.currency)));
    }
    let some = |count: usize, one: &str, many: &str| (count > 0).then(|| n(count, one, many));
    let things: Vec<String> = [
        Some(n(scenario.n_platforms, "platform", "platforms")),
        Some(n(scenario.vendors.len(), "vendor", "vendors")),
        Some(n(scenario.services.len(), "service", "services")),
        some(scenario.covers.len(), "cover", "covers"),
        some(scenario.factors.len(), "factor", "factors"),
        Some(n(scenario.risks.len(), "risk", "risks")),
        Some(n(scenario.portfolios.len(), "portfolio", "portfolios")),
        Some(n(scenario.files.len(), "data file", "data files")),
    ]
    .into_iter()
    .flatten()
    .collect();
    format!("{file}: {}\n{}\n{}", terminal::plain(&scenario.name), about.join(", "), things.join(", "))
}

/// Whether any risk adds to another.
fn contagious(digest: &Digest) -> bool {
    digest.risks.iter().filter_map(|risk| risk.events).any(|events| events.by_others != 0.0)
}

fn risks(scenario: &Scenario, digest: &Digest, width: usize) -> String {
    let (contagious, graded) = (contagious(digest), scenario.risks.iter().any(|risk| risk.about.grade.is_some()));
    let columns: Vec<(&str, Column)> = [
        ("risk", Column::Left, true),
        ("kind", Column::Left, true),
        ("on", Column::Left, true),
        ("a year", Column::Right, true),
        ("by others", Column::Right, contagious),
        ("P(any)", Column::Right, true),
        ("down", Column::Right, true),
        ("grade", Column::Left, graded),
    ]
    .into_iter()
    .filter_map(|(title, side, shown)| shown.then_some((title, side)))
    .collect();
    let row = |(risk, figures): (&linchpin::scenario::Risk, &RiskDigest)| {
        let on: Vec<&str> = risk.on.iter().map(|&node| scenario.nodes[node].id.as_str()).collect();
        let events = figures.events.as_ref();
        let mut row = vec![
            risk.id.clone(),
            risk.kind.to_owned(),
            on.join(", "),
            events.map_or_else(String::new, |events| a_year(risk.arrivals.as_ref(), events, digest.years)),
        ];
        if contagious {
            let by_others = events.map(|events| events.by_others).filter(|others| *others != 0.0);
            row.push(by_others.map_or_else(String::new, |others| amount::figure(others / digest.years)));
        }
        row.push(events.map_or_else(String::new, |events| probability(events.probability)));
        row.push(figures.hours_down.map_or_else(String::new, amount::hours));
        if graded {
            row.push(risk.about.grade.unwrap_or_default().to_owned());
        }
        row
    };
    terminal::table(&columns, &scenario.risks.iter().zip(&digest.risks).map(row).collect::<Vec<_>>(), width)
}

/// Where the figures are from, as far as the file says so.
fn sources(scenario: &Scenario, width: usize) -> String {
    let lines: Vec<String> = (scenario.risks.iter())
        .filter_map(|risk| Some(format!("  {}: {}", risk.id, terminal::plain(risk.about.source.as_ref()?))))
        .map(|line| terminal::wrapped(&line, width, "    "))
        .collect();
    if lines.is_empty() { String::new() } else { format!("\nSources, as the file names them.\n{}", lines.concat()) }
}

/// Events a year where that says it, else how many in all.
fn a_year(arrivals: Option<&Arrivals>, events: &Events, years: f64) -> String {
    match arrivals {
        Some(Arrivals::Once { .. }) => "once".to_owned(),
        Some(Arrivals::Due { .. }) => "1 date".to_owned(),
        Some(Arrivals::At { times_hours, .. }) => match times_hours.len() {
            1 if times_hours[0] < 0.0 => "1 date, past".to_owned(),
            1 => "1 date".to_owned(),
            n => format!("{n} dates"),
        },
        Some(Arrivals::Poisson { trend, .. }) if *trend != 0.0 && years > 1.0 => {
            format!("{}, first {}", amount::figure(events.expected / years), amount::figure(events.first_year))
        }
        _ => amount::figure(events.expected / years),
    }
}

fn probability(p: f64) -> String {
    if p < 1.0 - 1e-9 && p > 0.9995 { ">\u{a0}99.9\u{a0}%".to_owned() } else { amount::percent(p) }
}
