//! One trial told as CSV: every amount, the days of a stress test, and what the worst trials have in common.

use std::io;

use super::Rows;
use super::cell::{number, text};
use crate::results::COMPONENTS;
use crate::scenario::Scenario;
use crate::study::common::{Common, Feature};
use crate::study::stress::Day;
use crate::study::trace::{Cause, Trace};

/// `explain.csv`: a row per amount of a trial's loss, in order of time. They sum to the loss.
///
/// # Errors
///
/// If `out` cannot be written to.
pub fn journal(scenario: &Scenario, trace: &Trace, out: &mut dyn io::Write) -> io::Result<()> {
    let mut rows = Rows::new(out);
    rows.header("from,to,from_hours,to_hours,risk,event,event_at,component,service,vendor,amount")?;
    for e in &trace.journal {
        let (risk, event, event_at) = match e.cause {
            Cause::Event(i) => {
                let event = &trace.events[i];
                (event.risk, (i + 1).to_string(), scenario.date(event.at_hours))
            }
            Cause::Path(i) => (trace.paths[i].risk, "path".to_owned(), String::new()),
        };
        rows.row([
            scenario.date(e.from_hours),
            scenario.date(e.to_hours),
            number(e.from_hours),
            number(e.to_hours),
            text(&scenario.risks[risk].id),
            event,
            event_at,
            COMPONENTS[e.component as usize].to_owned(),
            e.service.map_or_else(|| "firm-wide".to_owned(), |s| text(&scenario.services[s].id)),
            e.vendor.map_or_else(String::new, |v| text(&scenario.nodes[scenario.vendor_node(v)].id)),
            number(e.amount),
        ])?;
    }
    rows.end()
}

/// `stress.csv`: a row per portfolio and day on which something happens, or stretch of days on which nothing does.
///
/// `accounts`: index of a portfolio, and its days with what is told of each.
///
/// # Errors
///
/// If `out` cannot be written to.
pub fn stress(
    scenario: &Scenario,
    accounts: &[(usize, Vec<(Day, String)>)],
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mut rows = Rows::new(out);
    let mut header = ["portfolio", "from", "to", "days", "news"].map(String::from).to_vec();
    header.extend(COMPONENTS.map(String::from));
    header.extend(["loss", "cumulated_loss"].map(String::from));
    rows.row(header)?;
    for (portfolio, days) in accounts {
        let mut cumulated = 0.0;
        for (day, news) in days {
            let loss: f64 = day.costs.iter().sum();
            cumulated += loss;
            let mut row = vec![
                text(&scenario.portfolios[*portfolio].id),
                scenario.date(day.from_hours),
                scenario.date(day.to_hours),
                day.n_days.to_string(),
                text(news),
            ];
            row.extend(day.costs.iter().map(|x| number(*x)));
            row.extend([number(loss), number(cumulated)]);
            rows.row(row)?;
        }
    }
    rows.end()
}

/// `common.csv`: a row per feature that any trial has.
///
/// # Errors
///
/// If `out` cannot be written to.
pub fn common(scenario: &Scenario, portfolio: usize, common: &Common, out: &mut dyn io::Write) -> io::Result<()> {
    let mut rows = Rows::new(out);
    rows.header("portfolio,feature,item,above,worst_trials,of_worst,trials,of_all,part_of_worst,part_of_all,lift")?;
    for counted in &common.features {
        let (feature, item, above) = cells(scenario, counted.feature);
        rows.row([
            text(&scenario.portfolios[portfolio].id),
            feature.to_owned(),
            text(&item),
            above.map_or_else(String::new, number),
            counted.worst.to_string(),
            common.n_worst.to_string(),
            counted.all.to_string(),
            common.losses.len().to_string(),
            number(common.part_of_worst(counted)),
            number(common.part_of_all(counted)),
            number(common.lift(counted)),
        ])?;
    }
    rows.end()
}

/// What a feature is, of what, and above which hours or part.
fn cells(scenario: &Scenario, feature: Feature) -> (&'static str, String, Option<f64>) {
    let vendor = |v: usize| scenario.nodes[scenario.vendor_node(v)].id.clone();
    match feature {
        Feature::Event { risk } => ("event", scenario.risks[risk].id.clone(), None),
        Feature::Outcome { risk, stage, outcome } => {
            let stage = &scenario.risks[risk].stages[stage];
            let names = [&scenario.risks[risk].id, &stage.name, &stage.outcomes[outcome].name];
            let names: Vec<&str> = names.iter().map(|n| n.as_str()).filter(|n| !n.is_empty()).collect();
            ("outcome", names.join("/"), None)
        }
        Feature::Down { node, longer_than } => ("down_hours", scenario.nodes[node].id.clone(), Some(longer_than)),
        Feature::Together { vendors: (a, b), longer_than } => {
            ("together_hours", format!("{} + {}", vendor(a), vendor(b)), Some(longer_than))
        }
        Feature::Price { vendor: v, above } => ("price_above_plan", vendor(v), Some(above)),
        Feature::Migration { vendor: v } => ("migration_off", vendor(v), None),
        Feature::Playbook { entry } => ("playbook_entry", (entry + 1).to_string(), None),
    }
}
