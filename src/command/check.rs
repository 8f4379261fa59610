//! `linchpin check`: what is wrong in each scenario, or else what was understood of it.

use std::path::PathBuf;

use linchpin::results::COMPONENTS;
use linchpin::scenario::{Arrivals, RunsOn, ScalesWith, Scenario};
use linchpin::study::digest::{Digest, Events, Extent, OutcomeDigest, Quantity, RiskDigest, Size, digest};

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
            "Expected events a year, probability of at least one, and expected hours down within the horizon (a partial loss in part), before conditions.",
        );
        text += &risks(scenario, &digest, width);
        text += &heading(
            "Sizes",
            "What an event does, then what may follow it: stage / outcome, its probability when its turn comes, and that of at least one within the horizon.",
        );
        text += &sizes(scenario, &digest, width);
    }
    text += &conditions(scenario, &digest, width);
    text += &heading("Portfolios", "Plan: total cost where nothing happens. HHI: 1 is all in one hand.");
    text + &portfolios(scenario, &digest, width)
}

fn head(file: &str, scenario: &Scenario) -> String {
    let n = |n: usize, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
    let months = amount::figure(scenario.horizon_hours / 730.5);
    let mut about = vec![format!("{months} months, {} trials, seed {}", amount::count(scenario.trials), scenario.seed)];
    if scenario.discount_rate != 0.0 {
        about.push(format!("discounted at {} a year", amount::percent(scenario.discount_rate)));
    }
    if let Some(appetite) = scenario.appetite {
        let at_most =
            appetite.probability.map_or_else(String::new, |p| format!(" exceeded with at most {}", amount::percent(p)));
        about.push(format!("appetite {}{at_most}", amount::given(appetite.loss, &scenario.currency)));
    }
    let things = [
        n(scenario.n_platforms, "platform", "platforms"),
        n(scenario.vendors.len(), "vendor", "vendors"),
        n(scenario.services.len(), "service", "services"),
        n(scenario.risks.len(), "risk", "risks"),
        n(scenario.portfolios.len(), "portfolio", "portfolios"),
        n(scenario.files.len(), "data file", "data files"),
    ];
    format!("{file}: {}\n{}\n{}", terminal::plain(&scenario.name), about.join(", "), things.join(", "))
}

fn risks(scenario: &Scenario, digest: &Digest, width: usize) -> String {
    let columns = [
        ("risk", Column::Left),
        ("kind", Column::Left),
        ("on", Column::Left),
        ("a year", Column::Right),
        ("P(any)", Column::Right),
        ("down", Column::Right),
    ];
    let row = |(risk, figures): (&linchpin::scenario::Risk, &RiskDigest)| {
        let on: Vec<&str> = risk.on.iter().map(|&node| scenario.nodes[node].id.as_str()).collect();
        let events = figures.events.as_ref();
        vec![
            risk.id.clone(),
            risk.kind.to_owned(),
            on.join(", "),
            events.map_or_else(String::new, |events| a_year(risk.arrivals.as_ref(), events, digest.years)),
            events.map_or_else(String::new, |events| probability(events.probability)),
            figures.hours_down.map_or_else(String::new, amount::hours),
        ]
    };
    terminal::table(&columns, &scenario.risks.iter().zip(&digest.risks).map(row).collect::<Vec<_>>(), width)
}

/// Events a year where that says it, else how many in all.
fn a_year(arrivals: Option<&Arrivals>, events: &Events, years: f64) -> String {
    match arrivals {
        Some(Arrivals::Once { .. }) => "once".to_owned(),
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

fn sizes(scenario: &Scenario, digest: &Digest, width: usize) -> String {
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
            push(
                "price index at the end".to_owned(),
                String::new(),
                extent(index, |x| format!("×\u{a0}{}", amount::figure(x))),
            );
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
        Quantity::RevenueChange(service) => format!("revenue of {}", scenario.services[service].id),
        Quantity::Lasts => "change lasts".to_owned(),
        Quantity::Over => "change takes".to_owned(),
        Quantity::Cost(ScalesWith::Share) => "cost, by share".to_owned(),
        Quantity::Cost(ScalesWith::Use) => "cost, if used".to_owned(),
    }
}

fn cells(size: &Size, scenario: &Scenario) -> [String; 3] {
    match size.of {
        Quantity::Duration | Quantity::Suspends | Quantity::Notice | Quantity::Lasts | Quantity::Over => {
            extent(size.extent, amount::hours)
        }
        Quantity::Leaves => extent(size.extent, amount::percent),
        Quantity::PriceChange | Quantity::RevenueChange(_) => extent(size.extent, amount::change),
        Quantity::Cost(_) => extent(size.extent, |x| amount::money(x, &scenario.currency)),
    }
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
fn conditions(scenario: &Scenario, digest: &Digest, width: usize) -> String {
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

fn portfolios(scenario: &Scenario, digest: &Digest, width: usize) -> String {
    let columns = [
        ("portfolio", Column::Left),
        ("shares", Column::Left),
        ("plan", Column::Right),
        ("HHI\nvendor", Column::Right),
        ("HHI\nplatform", Column::Right),
    ];
    let rows: Vec<Vec<String>> = (0..scenario.portfolios.len())
        .map(|p| {
            let figures = &digest.portfolios[p];
            let baseline = if p == scenario.baseline { " (baseline)" } else { "" };
            vec![
                format!("{}{baseline}", scenario.portfolios[p].id),
                shares(scenario, p),
                amount::money(figures.plan_total(), &scenario.currency),
                amount::figure(figures.hhi_vendor),
                amount::figure(figures.hhi_platform),
            ]
        })
        .collect();
    let mut text = terminal::table(&columns, &rows, width);
    for (p, portfolio) in scenario.portfolios.iter().enumerate() {
        let policies = policies(scenario, digest, p);
        text += &terminal::wrapped(&format!("  {}: {}", portfolio.id, policies.join("; ")), width, "    ");
    }
    text + &nodes(scenario, width)
}

/// Per service, or once where all services are placed alike.
fn shares(scenario: &Scenario, portfolio: usize) -> String {
    let placed = &scenario.portfolios[portfolio].shares;
    let one = |shares: &[(usize, f64)]| {
        let each = shares.iter().map(|&(v, share)| format!("{}\u{a0}{}", vendor(scenario, v), amount::percent(share)));
        each.collect::<Vec<_>>().join(", ")
    };
    match placed.first() {
        Some(first) if placed.iter().all(|shares| shares == first) => one(first),
        _ => {
            let each = scenario
                .services
                .iter()
                .zip(placed)
                .map(|(service, shares)| format!("{}: {}", service.id, one(shares)));
            each.collect::<Vec<_>>().join("; ")
        }
    }
}

fn vendor(scenario: &Scenario, v: usize) -> &str {
    &scenario.nodes[scenario.vendor_node(v)].id
}

/// What a portfolio does when a vendor is lost, what binds it, and what its plan is made of.
fn policies(scenario: &Scenario, digest: &Digest, idx: usize) -> Vec<String> {
    let portfolio = &scenario.portfolios[idx];
    let money = |x: f64| amount::money(x, &scenario.currency);
    let mut list = Vec::new();
    let plan = COMPONENTS.iter().zip(digest.portfolios[idx].plan).filter(|(_, cost)| *cost != 0.0);
    let plan: Vec<String> = plan.map(|(name, cost)| format!("{name} {}", money(cost))).collect();
    list.push(if plan.is_empty() { "plans no cost".to_owned() } else { format!("plans {}", plan.join(", ")) });
    match &portfolio.failover {
        Some(f) => list.push(format!(
            "failover after {} with headroom {}, works {}",
            amount::hours(f.detect_hours),
            amount::percent(f.headroom),
            amount::percent(f.works)
        )),
        None => list.push("no failover".to_owned()),
    }
    for s in &portfolio.standby {
        list.push(format!(
            "standby {} carries {} after {}",
            vendor(scenario, s.vendor),
            amount::percent(s.capacity),
            amount::hours(s.starts_hours)
        ));
    }
    match &portfolio.migration {
        Some(m) => {
            let to: Vec<&str> = m.to.iter().map(|&v| vendor(scenario, v)).collect();
            let to = if to.is_empty() { "what is left".to_owned() } else { to.join(", ") };
            let [takes, ..] = extent_of(&m.takes, amount::hours);
            let [costs, ..] = extent_of(&m.costs, money);
            list.push(format!(
                "migrates to {to} after {}, taking {takes} and {costs} on average",
                amount::hours(m.patience_hours)
            ));
        }
        None => list.push("no migration".to_owned()),
    }
    for &v in &digest.portfolios[idx].contracts {
        let terms = &portfolio.contracts[v];
        let mut parts = Vec::new();
        parts.extend(terms.price_cap.map(|cap| format!("price capped at {} a year", amount::change(cap))));
        parts.extend(terms.commitment_per_year.map(|owed| format!("{} a year committed", money(owed))));
        parts.extend(terms.exit_fee.map(|fee| format!("exit fee {}", money(fee))));
        list.push(format!("contract with {}: {}", vendor(scenario, v), parts.join(", ")));
    }
    list
}

fn extent_of(law: &linchpin::chance::law::Law, say: impl Fn(f64) -> String) -> [String; 1] {
    [law.mean().map_or_else(|| "infinite".to_owned(), say)]
}

/// Who stands on whom.
fn nodes(scenario: &Scenario, width: usize) -> String {
    let names =
        |list: &[usize], last: &str| list.iter().map(|&n| scenario.nodes[n].id.as_str()).collect::<Vec<_>>().join(last);
    let each = scenario.nodes.iter().filter_map(|node| match &node.runs_on {
        RunsOn::All(list) if list.is_empty() => None,
        RunsOn::All(list) => Some(format!("{} on {}", node.id, names(list, " and "))),
        RunsOn::AnyOf(list) => Some(format!("{} on any of {}", node.id, names(list, ", "))),
    });
    let each: Vec<String> = each.collect();
    if each.is_empty() {
        String::new()
    } else {
        format!("\n{}", terminal::wrapped(&format!("Stands on: {}.", each.join("; ")), width, "  "))
    }
}
