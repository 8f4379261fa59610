//! Portfolios: where each service's traffic is placed, and what the firm does when it is lost.

use super::context::Cx;
use super::nodes;
use super::table::{Absent, Item, Key, Member, Table, Takes};
use super::{Contract, Failover, Migration, Portfolio, Standby};
use crate::quantity::{Quantity, shown};
use crate::source::{Problem, Span, listed};

/// Keys of `[portfolio.<id>]`.
pub(crate) const PORTFOLIO: &[Key] = &[
    Key {
        name: "baseline",
        takes: Takes::Flag,
        absent: Absent::Is("false"),
        says: "the portfolio that others are compared with",
        example: "true",
    },
    Key {
        name: "shares",
        takes: Takes::Map("a table of vendors with shares, or of services with such tables"),
        absent: Absent::Refused,
        says: "the part of traffic on each vendor",
        example: "{ openai = 0.7, grok = 0.3 }",
    },
    Key {
        name: "failover",
        takes: Takes::Table(&[FAILOVER]),
        absent: Absent::None,
        says: "how lost traffic moves at once",
        example: "{ detect = \"5 min\", headroom = 0.6 }",
    },
    Key {
        name: "standby",
        takes: Takes::Map("a table of vendors, as in `{ deepseek = { capacity = 0.3 } }`"),
        absent: Absent::None,
        says: "vendors kept ready without traffic",
        example: "{ deepseek = { capacity = 0.3, starts = \"2 h\", costs = \"$80k/month\" } }",
    },
    Key {
        name: "migration",
        takes: Takes::Table(&[MIGRATION]),
        absent: Absent::None,
        says: "how a share moves for good",
        example: "{ patience = \"30 days\", takes = \"3 months\", costs = \"$2M\" }",
    },
    Key {
        name: "setup",
        takes: Takes::One(Quantity::Money),
        absent: Absent::Is("0"),
        says: "what it costs once, at the start",
        example: "\"$3M\"",
    },
    Key {
        name: "overhead",
        takes: Takes::One(Quantity::MoneyPerHour),
        absent: Absent::Is("0"),
        says: "what it costs all along",
        example: "\"$450k/month\"",
    },
    Key {
        name: "contract",
        takes: Takes::Map("a table of vendors, as in `contract.openai = {…}`"),
        absent: Absent::None,
        says: "contracts that replace those of the scenario",
        example: "{ openai = { price_cap = \"+10%\" } }",
    },
    later(
        "covers",
        Takes::Ids("covers"),
        "insurance",
        "[\"business-interruption\"]",
    ),
    later(
        "playbook",
        Takes::Form("a list of tables"),
        "moves of shares when a trigger is hit",
        "[]",
    ),
];

/// Keys of `failover`.
pub(crate) const FAILOVER: &[Key] = &[
    Key {
        name: "detect",
        takes: Takes::One(Quantity::Duration),
        absent: Absent::Is("0"),
        says: "the time until lost traffic may move",
        example: "\"5 min\"",
    },
    Key {
        name: "headroom",
        takes: Takes::One(Quantity::Multiple),
        absent: Absent::Is("0"),
        says: "the spare room of a vendor, as a part of its share",
        example: "0.6",
    },
    Key {
        name: "works",
        takes: Takes::One(Quantity::Fraction),
        absent: Absent::Is("1"),
        says: "the probability that it works",
        example: "0.95",
    },
    Key {
        name: "order",
        takes: Takes::Ids("vendors"),
        absent: Absent::None,
        says: "the order in which vendors are filled",
        example: "[\"grok\", \"openai\"]",
    },
];

/// Keys of a standby.
pub(crate) const STANDBY: &[Key] = &[
    Key {
        name: "capacity",
        takes: Takes::One(Quantity::Multiple),
        absent: Absent::Refused,
        says: "the part of a service's traffic that it can carry",
        example: "0.3",
    },
    Key {
        name: "starts",
        takes: Takes::One(Quantity::Duration),
        absent: Absent::Is("0"),
        says: "the time until it is ready",
        example: "\"2 h\"",
    },
    Key {
        name: "costs",
        takes: Takes::One(Quantity::MoneyPerHour),
        absent: Absent::Is("0"),
        says: "what it costs, used or not",
        example: "\"$80k/month\"",
    },
];

/// Keys of `migration`.
pub(crate) const MIGRATION: &[Key] = &[
    Key {
        name: "to",
        takes: Takes::Ids("vendors"),
        absent: Absent::None,
        says: "where to; without it, to the service's other vendors",
        example: "[\"grok\"]",
    },
    Key {
        name: "patience",
        takes: Takes::One(Quantity::Duration),
        absent: Absent::Refused,
        says: "the shortest loss that makes the firm move",
        example: "\"30 days\"",
    },
    Key {
        name: "takes",
        takes: Takes::Law(Quantity::Duration),
        absent: Absent::Refused,
        says: "how long it takes",
        example: "\"2 months to 8 months\"",
    },
    Key {
        name: "costs",
        takes: Takes::Law(Quantity::Money),
        absent: Absent::Is("0"),
        says: "what it costs, for all traffic",
        example: "\"$4M to $20M\"",
    },
];

const fn later(name: &'static str, takes: Takes, says: &'static str, example: &'static str) -> Key {
    Key {
        name,
        takes,
        absent: Absent::Unsupported,
        says,
        example,
    }
}

/// Shares below this count as 0.
const NO_SHARE: f64 = 1e-9;
/// A sum of shares may be off 1 by this.
const SUM_ERROR: f64 = 1e-6;

/// A portfolio, and the place of its `baseline = true`, if it has one. `contracts`: those of the scenario, by vendor.
pub(crate) fn portfolio(
    member: &Member<'_>,
    contracts: &[Contract],
    cx: &mut Cx,
) -> Option<(Portfolio, Option<Span>)> {
    let what = format!("portfolio `{}`", member.id);
    let table = Table::open(member.item, what.clone(), &[PORTFOLIO], cx)?;
    let baseline = table.take("baseline", cx, |item, cx| item.flag(cx));
    let shares = table
        .need("shares", cx)
        .and_then(|item| shares(item, &what, cx));
    let failover = table.maybe("failover", cx, failover);
    let standby = table.maybe("standby", cx, standbys);
    let migration = table.maybe("migration", cx, migration);
    let setup = table.take("setup", cx, |item, cx| item.one(cx));
    let overhead = table.take("overhead", cx, |item, cx| item.one(cx));
    let own = table.maybe("contract", cx, own_contracts);
    let about = table.about(cx);
    let mut contracts = contracts.to_vec();
    for (vendor, contract) in own?.unwrap_or_default() {
        if let Some(place) = contracts.get_mut(vendor) {
            *place = contract;
        }
    }
    let portfolio = Portfolio {
        id: member.id.to_owned(),
        shares: shares?,
        failover: failover?,
        standby: standby?.unwrap_or_default(),
        migration: migration?,
        setup: setup?,
        overhead_per_hour: overhead?,
        contracts,
        about: about?,
    };
    warn(&table, &portfolio, cx);
    Some((portfolio, baseline?.then(|| table.value_span("baseline"))))
}

/// Shares of each service.
fn shares(item: Item<'_>, what: &str, cx: &mut Cx) -> Option<Vec<Vec<(usize, f64)>>> {
    let members = item.members(cx)?;
    if members.is_empty() {
        let problem = item.problem("is empty", "places no traffic");
        cx.log
            .push(problem.help("for example `shares = { openai = 1.0 }`".to_owned()));
        return None;
    }
    let tables = members
        .iter()
        .filter(|member| member.item.value.get_ref().is_table())
        .count();
    if tables == 0 {
        let shares = one_service(item.span(), &members, &format!("shares of {what}"), cx)?;
        return Some(vec![shares; cx.services.len()]);
    }
    if tables < members.len() {
        let single = members
            .iter()
            .find(|member| !member.item.value.get_ref().is_table())?;
        let problem = Problem::error(format!("shares of {what} are given in two ways"));
        let problem = problem.at(
            single.id_span.clone(),
            "a vendor, beside tables for services",
        );
        cx.log.push(
            problem
                .help("give shares once for all services, or a table for each service".to_owned()),
        );
        return None;
    }
    by_service(item, &members, what, cx)
}

fn by_service(
    item: Item<'_>,
    members: &[Member<'_>],
    what: &str,
    cx: &mut Cx,
) -> Option<Vec<Vec<(usize, f64)>>> {
    let mut by_service: Vec<Option<Vec<(usize, f64)>>> = vec![None; cx.services.len()];
    let mut given = vec![false; cx.services.len()];
    let mut unknown = false;
    for member in members {
        let service = cx.service_called(member.id, member.id_span.clone());
        let of = format!("shares of service `{}` in {what}", member.id);
        let shares = member
            .item
            .members(cx)
            .and_then(|vendors| one_service(member.item.span(), &vendors, &of, cx));
        match service {
            Some(service) => (by_service[service], given[service]) = (shares, true),
            None => unknown = true,
        }
    }
    let missing: Vec<&str> = cx
        .services
        .iter()
        .zip(&given)
        .filter(|(_, given)| !**given)
        .map(|(service, _)| service.as_str())
        .collect();
    if !missing.is_empty() && !unknown {
        let problem = Problem::error(format!(
            "{what} has no shares for {}",
            listed(&missing, "and")
        ));
        let help = format!("add `shares.{} = {{ … }}`", missing[0]);
        let first = members.first()?;
        let place = if item.span().is_empty() {
            first.id_span.clone()
        } else {
            item.span()
        };
        cx.log.push(
            problem
                .at(place, "shares by service need every service")
                .help(help),
        );
        return None;
    }
    by_service.into_iter().collect()
}

/// Vendors and shares as listed, scaled to sum to 1 exactly.
fn one_service(
    span: Span,
    members: &[Member<'_>],
    what: &str,
    cx: &mut Cx,
) -> Option<Vec<(usize, f64)>> {
    let listed: Vec<Option<(usize, f64)>> = members
        .iter()
        .map(|member| {
            let vendor = cx.vendor_called(member.id, member.id_span.clone());
            let share = share(member, cx);
            Some((vendor?, share?))
        })
        .collect();
    let mut shares: Vec<(usize, f64)> = listed.into_iter().collect::<Option<_>>()?;
    let sum: f64 = shares.iter().map(|(_, share)| share).sum();
    let off = 1.0 - sum;
    if off.abs() > SUM_ERROR {
        let help = if sum <= 0.0 {
            "give the vendors shares that sum to 1".to_owned()
        } else if off > 0.0 {
            format!("give the missing {} to a vendor", shown(off))
        } else {
            format!("take {} away from a vendor", shown(-off))
        };
        let problem = Problem::error(format!("{what} sum to {}", shown(sum)));
        cx.log.push(problem.at(span, "must sum to 1").help(help));
        return None;
    }
    shares.retain(|(_, share)| *share >= NO_SHARE);
    let sum: f64 = shares.iter().map(|(_, share)| share).sum();
    if (sum - 1.0).abs() > 1e-12 {
        for (_, share) in &mut shares {
            *share /= sum;
        }
    }
    Some(shares)
}

fn share(member: &Member<'_>, cx: &mut Cx) -> Option<f64> {
    let item = member.item;
    if item.value.get_ref().is_array()
        || item.value.get_ref().as_bool().is_some()
        || item.value.get_ref().is_table()
    {
        let problem = Problem::error(format!("the share of `{}` must be a fraction", member.id));
        let label = format!("this is {}", super::table::type_of(item.value.get_ref()));
        cx.log.push(
            problem
                .at(item.span(), label)
                .help(Quantity::Fraction.help().to_owned()),
        );
        return None;
    }
    item.quantity(Quantity::Fraction, cx)
}

fn failover(item: Item<'_>, cx: &mut Cx) -> Option<Failover> {
    let table = Table::open(item, "`failover`", &[FAILOVER], cx)?;
    let detect = table.take("detect", cx, |item, cx| item.one(cx));
    let headroom = table.take("headroom", cx, |item, cx| item.one(cx));
    let works = table.take("works", cx, |item, cx| item.one(cx));
    let order = table.maybe("order", cx, |item, cx| {
        cx.ids(item, |cx, item| cx.vendor(item))
    });
    table.about(cx)?;
    Some(Failover {
        detect_hours: detect?,
        headroom: headroom?,
        works: works?,
        order: order?,
    })
}

fn standbys(item: Item<'_>, cx: &mut Cx) -> Option<Vec<Standby>> {
    let members = item.members(cx)?;
    let standbys: Vec<Option<Standby>> = members.iter().map(|member| standby(member, cx)).collect();
    standbys.into_iter().collect()
}

fn standby(member: &Member<'_>, cx: &mut Cx) -> Option<Standby> {
    let vendor = cx.vendor_called(member.id, member.id_span.clone());
    let table = Table::open(
        member.item,
        format!("standby `{}`", member.id),
        &[STANDBY],
        cx,
    )?;
    let capacity = table.take("capacity", cx, |item, cx| item.one(cx));
    let starts = table.take("starts", cx, |item, cx| item.one(cx));
    let costs = table.take("costs", cx, |item, cx| item.one(cx));
    table.about(cx)?;
    Some(Standby {
        vendor: vendor?,
        capacity: capacity?,
        starts_hours: starts?,
        costs_per_hour: costs?,
    })
}

fn migration(item: Item<'_>, cx: &mut Cx) -> Option<Migration> {
    let table = Table::open(item, "`migration`", &[MIGRATION], cx)?;
    let to = table.maybe("to", cx, |item, cx| {
        let to = cx.ids(item, |cx, item| cx.vendor(item))?;
        if to.is_empty() {
            let problem = item.problem("is empty", "leads nowhere");
            cx.log.push(problem.help(
                "name a vendor, or take `to` out to move to the service's other vendors".to_owned(),
            ));
        }
        Some(to)
    });
    let patience = table.take("patience", cx, |item, cx| item.one(cx));
    let takes = table.take("takes", cx, |item, cx| item.law(cx));
    let costs = table.take("costs", cx, |item, cx| item.law(cx));
    table.about(cx)?;
    Some(Migration {
        to: to?.unwrap_or_default(),
        patience_hours: patience?,
        takes: takes?,
        costs: costs?,
    })
}

fn own_contracts(item: Item<'_>, cx: &mut Cx) -> Option<Vec<(usize, Contract)>> {
    let members = item.members(cx)?;
    let contracts: Vec<Option<(usize, Contract)>> = members
        .iter()
        .map(|member| {
            let vendor = cx.vendor_called(member.id, member.id_span.clone());
            let contract = nodes::contract(member, cx);
            Some((vendor?, contract?))
        })
        .collect();
    contracts.into_iter().collect()
}

/// What is paid for or written down, and does nothing.
fn warn(table: &Table<'_>, portfolio: &Portfolio, cx: &mut Cx) {
    if !portfolio.standby.is_empty() && portfolio.failover.is_none() {
        let problem = Problem::warning(format!("{} keeps a standby that never serves", table.what));
        let problem = problem.at(
            table.key_span("standby"),
            "without `failover` no traffic moves to it",
        );
        cx.log
            .push(problem.help("add `failover = { detect = \"5 min\" }`".to_owned()));
    }
    let Some(order) = portfolio
        .failover
        .as_ref()
        .and_then(|failover| failover.order.as_ref())
    else {
        return;
    };
    let serves = |vendor: &usize| {
        portfolio
            .standby
            .iter()
            .any(|standby| standby.vendor == *vendor)
            || portfolio
                .migration
                .as_ref()
                .is_some_and(|migration| migration.to.contains(vendor))
            || portfolio
                .shares
                .iter()
                .flatten()
                .any(|(with_share, _)| with_share == vendor)
    };
    let idle: Vec<&str> = order
        .iter()
        .filter(|vendor| !serves(vendor))
        .map(|vendor| cx.vendors[*vendor].as_str())
        .collect();
    if !idle.is_empty() {
        let problem = Problem::warning(format!(
            "`order` of {} names vendors without room: {}",
            table.what,
            listed(&idle, "and")
        ));
        let problem = problem.at(
            table.value_span("failover"),
            "neither a share nor a standby",
        );
        cx.log.push(
            problem.help("give them a share or make them standbys, or take them out".to_owned()),
        );
    }
}
