//! What no table can see alone: prices against usage, one baseline, risks that nobody can feel.
//! What is written and never used is in `unused`.

use std::collections::BTreeSet;

use super::context::Cx;
use super::{Cover, Effects, Factor, Node, Portfolio, Risk, RunsOn, Service, Vendor};
use crate::source::{Problem, Span};

mod unused;

/// What has been read so far, `None` where it was refused, with its places.
pub(crate) struct Parts<'p> {
    /// Platforms, then vendors.
    pub nodes: &'p [Option<Node>],
    /// Vendors, with the places of their names.
    pub vendors: &'p [(Option<Vendor>, Span)],
    /// Services, with the places of their names and whether usage was written with a prefix.
    pub services: &'p [(Option<(Service, bool)>, Span)],
    /// Insurance policies, with the places of their names.
    pub covers: &'p [(Option<Cover>, Span)],
    /// Factors, with the places of their names.
    pub factors: &'p [(Option<Factor>, Span)],
    /// Risks with the places that say when they happen; with the places of their names.
    pub risks: &'p [(Option<(Risk, Span)>, Span)],
    /// Portfolios.
    pub portfolios: &'p [Option<Portfolio>],
}

/// Notes every problem between the parts.
pub(crate) fn check(parts: &Parts<'_>, cx: &mut Cx) {
    // What nobody uses may only seem so where something else is wrong.
    let sound = !cx.log.has_errors();
    let mut used = vec![false; parts.vendors.len()];
    let mut priced = vec![false; parts.vendors.len()];
    for service_idx in 0..parts.services.len() {
        for vendor_idx in reached(parts, service_idx) {
            used[vendor_idx] = true;
            let Some((service, prefixed)) = &parts.services[service_idx].0 else {
                continue;
            };
            priced[vendor_idx] |= service.usage_per_hour.is_some();
            price(parts, vendor_idx, service, *prefixed, &parts.services[service_idx].1, cx);
        }
    }
    if sound {
        for vendor_idx in 0..parts.vendors.len() {
            if !priced[vendor_idx] {
                unused_price(parts, vendor_idx, used[vendor_idx], cx);
            }
        }
        unfelt(parts, &used, cx);
        unused::warn(parts, cx);
    }
}

/// Vendors that any portfolio can send a service's traffic to.
fn reached(parts: &Parts<'_>, service: usize) -> BTreeSet<usize> {
    let of = |portfolio: &Portfolio| {
        let shares = portfolio.shares.get(service).into_iter().flatten().map(|(vendor, _)| *vendor);
        let standbys = portfolio.standby.iter().map(|standby| standby.vendor);
        let migration = portfolio.migration.iter().flat_map(|migration| migration.to.iter().copied());
        let plays = portfolio.playbook.iter().filter_map(|play| play.shares.get(service)).flatten();
        let plays = plays.map(|(vendor, _)| *vendor);
        shares.chain(standbys).chain(migration).chain(plays).collect::<Vec<usize>>()
    };
    parts.portfolios.iter().flatten().flat_map(of).collect()
}

/// Warns of a price that no bill is made with.
fn unused_price(parts: &Parts<'_>, vendor_idx: usize, used: bool, cx: &mut Cx) {
    let (Some(vendor), span) = &parts.vendors[vendor_idx] else {
        return;
    };
    if vendor.price.is_none() {
        return;
    }
    let (label, help) = if used {
        ("no service that it serves has a `usage`", "give the service a `usage`, such as \"3 Ttok/month\"")
    } else {
        ("no portfolio sends it traffic", "give it a share somewhere, or take it out")
    };
    let problem = Problem::warning(format!("the price of `{}` is never used", cx.vendors[vendor_idx]));
    cx.log.push(problem.at(span.clone(), label).help(help.to_owned()));
}

/// A metered service needs a price, in its own unit, of every vendor it can reach.
fn price(parts: &Parts<'_>, vendor_idx: usize, service: &Service, prefixed: bool, service_span: &Span, cx: &mut Cx) {
    let (Some(vendor), span) = &parts.vendors[vendor_idx] else {
        return;
    };
    let Some(unit) = &service.unit else { return };
    let (vendor_id, service_id) = (&cx.vendors[vendor_idx], &service.id);
    let per = if prefixed { format!("M{unit}") } else { unit.clone() };
    let problem = match &vendor.unit {
        None => {
            Problem::error(format!("vendor `{vendor_id}` has no price, but serves `{service_id}`, which is metered"))
                .at(span.clone(), "has no `price`")
                .at(service_span.clone(), format!("has a `usage` in `{unit}`"))
                .help(format!("price = \"{}0/{per}\"", cx.currency))
        }
        Some(priced) if priced != unit => {
            Problem::error(format!("vendor `{vendor_id}` is priced by another unit than `{service_id}` uses"))
                .at(span.clone(), format!("priced per `{priced}`"))
                .at(service_span.clone(), format!("used in `{unit}`"))
                .help("write the same unit for both; prefixes k, M, G, T may differ".to_owned())
        }
        Some(_) => return,
    };
    cx.log.push(problem);
}

/// Effects of a risk's event, then of its outcomes.
fn effects(risk: &Risk) -> impl Iterator<Item = &Effects> {
    let outcomes = risk.stages.iter().flat_map(|stage| &stage.outcomes).map(|outcome| &outcome.effects);
    std::iter::once(&risk.effects).chain(outcomes)
}

/// Warns of risks on nodes that no portfolio stands on; changes of revenue, stakes and other risks are felt without.
fn unfelt(parts: &Parts<'_>, vendors: &[bool], cx: &mut Cx) {
    let n_platforms = cx.platforms.len();
    let mut used = vec![false; parts.nodes.len()];
    let mut open: Vec<usize> =
        (0..vendors.len()).filter(|vendor| vendors[*vendor]).map(|vendor| n_platforms + vendor).collect();
    // What a playbook looks at is felt, with or without traffic there.
    let plays = parts.portfolios.iter().flatten().flat_map(|portfolio| &portfolio.playbook);
    open.extend(plays.map(|play| n_platforms + play.vendor));
    while let Some(node) = open.pop() {
        if !std::mem::replace(&mut used[node], true) {
            open.extend(parts.nodes[node].iter().flat_map(|node| match &node.runs_on {
                RunsOn::All(list) | RunsOn::AnyOf(list) => list.iter().copied(),
            }));
        }
    }
    for (risk, span) in parts.risks {
        let Some((risk, _)) = risk else { continue };
        let felt_by_all = effects(risk).any(|effects| {
            !effects.revenue_change.is_empty()
                || effects.stake_change.is_some()
                || !effects.raises.is_empty()
                || !effects.causes.is_empty()
        });
        if !felt_by_all && !risk.on.iter().any(|node| used[*node]) {
            let problem = Problem::warning(format!("no portfolio can feel risk `{}`", risk.id));
            let label = "none has traffic, a standby or a way to what it is on";
            cx.log.push(
                problem.at(span.clone(), label).help("give a portfolio a share there, or take the risk out".to_owned()),
            );
        }
    }
}

/// Index of the baseline: the portfolio that says so, or the first. `marks`: places of `baseline = true`.
pub(crate) fn baseline(marks: &[Option<Span>], cx: &mut Cx) -> usize {
    let marked: Vec<(usize, &Span)> =
        marks.iter().enumerate().filter_map(|(n, mark)| Some((n, mark.as_ref()?))).collect();
    if let [(_, first), (_, second), ..] = marked.as_slice() {
        let problem = Problem::error("two portfolios are the baseline")
            .at((*second).clone(), "the second")
            .at((*first).clone(), "the first");
        cx.log.push(problem.help("keep one `baseline = true`".to_owned()));
    }
    marked.first().map_or(0, |(n, _)| *n)
}
