//! Portfolios: where each service's traffic is placed, and what the firm does when it is lost.

use toml::de::DeValue;

use self::keys::{FAILOVER, MIGRATION, STANDBY};
use super::context::Cx;
use super::table::{Item, Member, Table, type_of};
use super::terms;
use super::{Contract, Failover, Migration, Portfolio, Standby};
use crate::quantity::{Quantity, shown};
use crate::source::{Problem, Span, listed};

mod keys;
mod playbook;

pub(crate) use keys::PORTFOLIO;

/// Shares below this count as 0.
const NO_SHARE: f64 = 1e-9;
/// A sum of shares may be off 1 by this.
const SUM_ERROR: f64 = 1e-6;

/// A portfolio, and the place of its `baseline = true`, if it has one. `contracts`: those of the scenario, by vendor.
pub(crate) fn portfolio(member: &Member<'_>, contracts: &[Contract], cx: &mut Cx) -> Option<(Portfolio, Option<Span>)> {
    let what = format!("portfolio `{}`", member.id);
    let table = Table::open(member.item, what.clone(), &[PORTFOLIO], cx)?;
    let baseline = table.flag("baseline", cx);
    let shares = table.need("shares", cx).and_then(|item| shares(item, &what, cx));
    let failover = table.maybe("failover", cx, failover);
    let standby = table.maybe("standby", cx, standbys);
    let migration = table.maybe("migration", cx, migration);
    let playbook = table.maybe("playbook", cx, |item, cx| playbook::playbook(item, &what, cx));
    let setup = table.one("setup", cx);
    let overhead = table.one("overhead", cx);
    let covers = table.maybe("covers", cx, |list, cx| cx.ids(list, Cx::cover));
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
        covers: covers?.unwrap_or_default(),
        playbook: playbook?.unwrap_or_default(),
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
        cx.log.push(problem.help("for example `shares = { openai = 1.0 }`".to_owned()));
        return None;
    }
    let tables = members.iter().filter(|member| member.item.value.get_ref().is_table()).count();
    if tables == 0 {
        let shares = one_service(item.span(), &members, &format!("shares of {what}"), cx)?;
        return Some(vec![shares; cx.services.len()]);
    }
    if tables < members.len() {
        let single = members.iter().find(|member| !member.item.value.get_ref().is_table())?;
        let problem = Problem::error(format!("shares of {what} are given in two ways"));
        let problem = problem.at(single.id_span.clone(), "a vendor, beside tables for services");
        cx.log.push(problem.help("give shares once for all services, or a table for each service".to_owned()));
        return None;
    }
    by_service(item, &members, what, cx)
}

fn by_service(item: Item<'_>, members: &[Member<'_>], what: &str, cx: &mut Cx) -> Option<Vec<Vec<(usize, f64)>>> {
    let mut by_service: Vec<Option<Vec<(usize, f64)>>> = vec![None; cx.services.len()];
    let mut given = vec![false; cx.services.len()];
    let mut unknown = false;
    for member in members {
        let service = cx.service_called(member.id, member.id_span.clone());
        let of = format!("shares of service `{}` in {what}", member.id);
        let shares = member.item.members(cx).and_then(|vendors| one_service(member.item.span(), &vendors, &of, cx));
        match service {
            Some(service) => (by_service[service], given[service]) = (shares, true),
            None => unknown = true,
        }
    }
    let missing: Vec<&str> =
        cx.services.iter().zip(&given).filter(|(_, given)| !**given).map(|(service, _)| service.as_str()).collect();
    if !missing.is_empty() && !unknown {
        let problem = Problem::error(format!("{what} has no shares for {}", listed(&missing, "and")));
        let help = format!("add `shares.{} = {{ … }}`", missing[0]);
        let first = members.first()?;
        let place = if item.span().is_empty() { first.id_span.clone() } else { item.span() };
        cx.log.push(problem.at(place, "shares by service need every service").help(help));
        return None;
    }
    by_service.into_iter().collect()
}

/// Vendors and shares as listed, scaled to sum to 1 exactly.
fn one_service(span: Span, members: &[Member<'_>], what: &str, cx: &mut Cx) -> Option<Vec<(usize, f64)>> {
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
    let (what, why, help) = match item.measured(Quantity::Fraction, &cx.currency) {
        Ok(share) => return Some(share),
        Err(_) if !is_scalar(item.value.get_ref()) => {
            let why = format!("this is {}", type_of(item.value.get_ref()));
            ("must be a fraction".to_owned(), why, Some(Quantity::Fraction.help().to_owned()))
        }
        Err(fault) => (fault.what, fault.why, fault.help),
    };
    let problem = Problem::error(format!("the share of `{}` {what}", member.id));
    cx.log.push(problem.at(item.span(), why).help(help));
    None
}

fn is_scalar(value: &DeValue<'_>) -> bool {
    matches!(value, DeValue::String(_) | DeValue::Integer(_) | DeValue::Float(_))
}

fn failover(item: Item<'_>, cx: &mut Cx) -> Option<Failover> {
    let table = Table::open(item, "`failover`", &[FAILOVER], cx)?;
    let detect = table.one("detect", cx);
    let headroom = table.one("headroom", cx);
    let works = table.one("works", cx);
    let order = table.maybe("order", cx, |item, cx| cx.ids(item, Cx::vendor));
    table.about(cx)?;
    Some(Failover { detect_hours: detect?, headroom: headroom?, works: works?, order: order? })
}

fn standbys(item: Item<'_>, cx: &mut Cx) -> Option<Vec<Standby>> {
    let members = item.members(cx)?;
    let standbys: Vec<Option<Standby>> = members.iter().map(|member| standby(member, cx)).collect();
    standbys.into_iter().collect()
}

fn standby(member: &Member<'_>, cx: &mut Cx) -> Option<Standby> {
    let vendor = cx.vendor_called(member.id, member.id_span.clone());
    let table = Table::open(member.item, format!("standby `{}`", member.id), &[STANDBY], cx)?;
    let capacity = table.one("capacity", cx);
    let starts = table.one("starts", cx);
    let costs = table.one("costs", cx);
    table.about(cx)?;
    Some(Standby { vendor: vendor?, capacity: capacity?, starts_hours: starts?, costs_per_hour: costs? })
}

fn migration(item: Item<'_>, cx: &mut Cx) -> Option<Migration> {
    let table = Table::open(item, "`migration`", &[MIGRATION], cx)?;
    let to = table.maybe("to", cx, |item, cx| {
        let to = cx.ids(item, Cx::vendor)?;
        if to.is_empty() {
            let problem = item.problem("is empty", "leads nowhere");
            cx.log.push(
                problem.help("name a vendor, or take `to` out to move to the service's other vendors".to_owned()),
            );
        }
        Some(to)
    });
    let patience = table.one("patience", cx);
    let takes = table.law("takes", cx);
    let costs = table.law("costs", cx);
    table.about(cx)?;
    Some(Migration { to: to?.unwrap_or_default(), patience_hours: patience?, takes: takes?, costs: costs? })
}

fn own_contracts(item: Item<'_>, cx: &mut Cx) -> Option<Vec<(usize, Contract)>> {
    let members = item.members(cx)?;
    let contracts: Vec<Option<(usize, Contract)>> = members
        .iter()
        .map(|member| {
            let vendor = cx.vendor_called(member.id, member.id_span.clone());
            let contract = terms::contract(member, cx);
            Some((vendor?, contract?))
        })
        .collect();
    contracts.into_iter().collect()
}

/// What is paid for or written down, and does nothing.
fn warn(table: &Table<'_>, portfolio: &Portfolio, cx: &mut Cx) {
    if !portfolio.standby.is_empty() && portfolio.failover.is_none() {
        let problem = Problem::warning(format!("{} keeps a standby that never serves", table.what));
        let problem = problem.at(table.key_span("standby"), "without `failover` no traffic moves to it");
        cx.log.push(problem.help("add `failover = { detect = \"5 min\" }`".to_owned()));
    }
    if cx.services.is_empty() {
        return;
    }
    let Some(order) = portfolio.failover.as_ref().and_then(|failover| failover.order.as_ref()) else {
        return;
    };
    let serves = |vendor: &usize| {
        portfolio.standby.iter().any(|standby| standby.vendor == *vendor)
            || portfolio.migration.as_ref().is_some_and(|migration| migration.to.contains(vendor))
            || (portfolio.playbook.iter().flat_map(|play| &play.shares).chain(&portfolio.shares))
                .flatten()
                .any(|(with_share, _)| with_share == vendor)
    };
    let idle: Vec<&str> =
        order.iter().filter(|vendor| !serves(vendor)).map(|vendor| cx.vendors[*vendor].as_str()).collect();
    if !idle.is_empty() {
        let problem =
            Problem::warning(format!("`order` of {} names vendors without room: {}", table.what, listed(&idle, "and")));
        let problem = problem.at(table.value_span("failover"), "neither a share nor a standby");
        cx.log.push(problem.help("give them a share or make them standbys, or take them out".to_owned()));
    }
}
