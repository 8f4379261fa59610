//! What each portfolio plans, does when a vendor is lost, and is bound by.

use linchpin::results::COMPONENTS;
use linchpin::scenario::{RunsOn, Scenario, Trigger, YEAR};
use linchpin::study::digest::Digest;

use crate::command::amount;
use crate::command::terminal::{self, Column};

/// Shares, plan and concentration, then in words what each portfolio does, and who stands on whom.
pub(super) fn account(scenario: &Scenario, digest: &Digest, width: usize) -> String {
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
                placed(scenario, &scenario.portfolios[p].shares),
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
fn placed(scenario: &Scenario, placed: &[Vec<(usize, f64)>]) -> String {
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
    for play in &portfolio.playbook {
        let what = match play.trigger {
            Trigger::PriceAbove(rise) => {
                format!("the price of {} is above {}", vendor(scenario, play.vendor), amount::change(rise))
            }
            Trigger::CapabilityBelow(level) => {
                format!("the capability of {} is below {}", vendor(scenario, play.vendor), amount::figure(level))
            }
            Trigger::DownHoursAbove(hours) => {
                format!("{} was down over {} in 90 days", vendor(scenario, play.vendor), amount::hours(hours))
            }
        };
        let lasting = if play.lasting_hours > 0.0 {
            format!(" for {}", amount::hours(play.lasting_hours))
        } else {
            String::new()
        };
        let to = placed(scenario, &play.shares);
        let costs = if play.costs > 0.0 { format!(", for {}", money(play.costs)) } else { String::new() };
        list.push(format!("when {what}{lasting}: to {to} after {}{costs}", amount::hours(play.takes_hours)));
    }
    for &c in &portfolio.covers {
        let cover = &scenario.covers[c];
        list.push(format!("insured by {} for {} a year", cover.id, money(cover.premium_per_hour * YEAR)));
    }
    for &v in &digest.portfolios[idx].contracts {
        let terms = &portfolio.contracts[v];
        let mut parts = Vec::new();
        parts.extend(terms.price_cap.map(|cap| format!("price capped at {} a year", amount::change(cap))));
        parts.extend(terms.commitment_per_year.map(|owed| format!("{} a year committed", money(owed))));
        parts.extend(terms.sla.last().map(|tier| format!("credits below {} available", amount::percent(tier.below))));
        parts.extend(terms.rebates.first().map(|tier| format!("rebates above {} a year", money(tier.above_per_year))));
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
