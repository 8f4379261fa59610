//! What events and their outcomes do, and for whom they are rarer or more frequent.

use linchpin::scenario::{ScalesWith, Scenario};
use linchpin::study::digest::{Digest, Extent, OutcomeDigest, Quantity, Size};

use super::probability;
use crate::command::amount;
use crate::command::terminal::{self, Column};

/// A row per effect, an outcome's below a row of its own.
pub(super) fn table(scenario: &Scenario, digest: &Digest, width: usize) -> String {
    let columns = [
        ("risk", Column::Left),
        ("what", Column::Left),
        ("P(any)", Column::Right),
        ("mean", Column::Right),
        ("5\u{a0}%", Column::Right),
        ("95\u{a0}%", Column::Right),
    ];
    let mut rows = Vec::new();
    for (risk, figures) in scenario.risks.iter().zip(&digest.risks) {
        let mut name = risk.id.clone();
        let mut push = |what: String, any: String, cells: [String; 3]| {
            // The name stands once, at the first of its rows.
            let mut row = vec![std::mem::take(&mut name), what, any];
            row.extend(cells);
            rows.push(row);
        };
        if let Some(index) = figures.path {
            push("price index at the end".to_owned(), String::new(), extent(index, times));
        }
        for size in &figures.sizes {
            push(label(size.of, scenario), String::new(), cells(size, scenario));
        }
        for outcome in &figures.outcomes {
            push(title(outcome), probability(outcome.at_least_one), [const { String::new() }; 3]);
            for size in &outcome.sizes {
                push(format!("· {}", label(size.of, scenario)), String::new(), cells(size, scenario));
            }
        }
    }
    terminal::table(&columns, &rows, width)
}

/// `ruling / injunction, 2 %`: with its probability once it is its turn.
fn title(outcome: &OutcomeDigest) -> String {
    let name = match (outcome.stage.as_str(), outcome.name.as_str()) {
        ("", name) | (name, "") => name.to_owned(),
        (stage, name) if stage == name => name.to_owned(),
        (stage, name) => format!("{stage} / {name}"),
    };
    format!("{}, {}", terminal::plain(&name), amount::percent(outcome.probability))
}

fn label(of: Quantity, scenario: &Scenario) -> String {
    match of {
        Quantity::Duration => "outage lasts".to_owned(),
        Quantity::Leaves => "outage leaves".to_owned(),
        Quantity::Suspends => "access lost for".to_owned(),
        Quantity::Notice => "notice".to_owned(),
        Quantity::PriceChange => "price".to_owned(),
        Quantity::CapabilityChange => "capability".to_owned(),
        Quantity::RevenueChange(service) => format!("revenue of {}", scenario.services[service].id),
        Quantity::Lasts => "change lasts".to_owned(),
        Quantity::Over => "change takes".to_owned(),
        Quantity::Cost(ScalesWith::Share) => "cost, by share".to_owned(),
        Quantity::Cost(ScalesWith::Use) => "cost, if used".to_owned(),
        Quantity::StakeChange => "worth of the stake".to_owned(),
        Quantity::Raises(risk) => format!("rate of {}", scenario.risks[risk].id),
        Quantity::Causes(risk) => format!("causes {}", scenario.risks[risk].id),
        Quantity::After(risk) => format!("{} comes after", scenario.risks[risk].id),
    }
}

fn cells(size: &Size, scenario: &Scenario) -> [String; 3] {
    match size.of {
        Quantity::Duration
        | Quantity::Suspends
        | Quantity::Notice
        | Quantity::Lasts
        | Quantity::Over
        | Quantity::After(_) => extent(size.extent, amount::hours),
        Quantity::Leaves | Quantity::Causes(_) => extent(size.extent, amount::percent),
        Quantity::PriceChange | Quantity::CapabilityChange | Quantity::RevenueChange(_) | Quantity::StakeChange => {
            extent(size.extent, amount::change)
        }
        Quantity::Raises(_) => extent(size.extent, times),
        Quantity::Cost(_) => extent(size.extent, |x| amount::money(x, &scenario.currency)),
    }
}

fn times(factor: f64) -> String {
    format!("×\u{a0}{}", amount::figure(factor))
}

/// Mean, 5 % and 95 % point.
fn extent(extent: Extent, say: impl Fn(f64) -> String) -> [String; 3] {
    match extent {
        Extent::Constant(value) => [say(value), String::new(), String::new()],
        Extent::Permanent => ["to the end".to_owned(), String::new(), String::new()],
        Extent::Drawn { mean, p05, p95 } => [mean.map_or_else(|| "infinite".to_owned(), &say), say(p05), say(p95)],
    }
}

/// For whom a risk or an outcome is rarer or more frequent.
pub(super) fn conditions(scenario: &Scenario, digest: &Digest, width: usize) -> String {
    let mut rows = Vec::new();
    let mut push = |name: String, times: &[f64]| {
        if times.iter().any(|t| (*t - 1.0).abs() > 1e-12) {
            let each = scenario
                .portfolios
                .iter()
                .zip(times)
                .map(|(p, t)| format!("{}\u{a0}×\u{a0}{}", p.id, amount::figure(*t)));
            rows.push(vec![name, each.collect::<Vec<_>>().join(", ")]);
        }
    };
    for (risk, figures) in scenario.risks.iter().zip(&digest.risks) {
        push(risk.id.clone(), &figures.times);
        for outcome in &figures.outcomes {
            push(format!("{}: {}", risk.id, terminal::plain(&outcome.name)), &outcome.times);
        }
    }
    if rows.is_empty() {
        return String::new();
    }
    let columns = [("conditions", Column::Left), ("rate or probability by portfolio", Column::Left)];
    format!("\n{}", terminal::table(&columns, &rows, width))
}
