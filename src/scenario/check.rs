//! What no table can see alone: prices against usage, one baseline, risks that nobody can feel.

use super::context::Cx;
use super::{Node, Portfolio, Risk, RunsOn, Service, Vendor};
use crate::source::{Problem, Span};

/// What has been read so far, `None` where it was refused, with its places.
pub(crate) struct Parts<'p> {
    /// Platforms, then vendors.
    pub nodes: &'p [Option<Node>],
    /// Vendors, with the places of their names.
    pub vendors: &'p [(Option<Vendor>, Span)],
    /// Services, with the places of their names and whether usage was written with a prefix.
    pub services: &'p [(Option<(Service, bool)>, Span)],
    /// Risks, with the places of their names.
    pub risks: &'p [(Option<(Risk, f64)>, Span)],
    /// Portfolios.
    pub portfolios: &'p [Option<Portfolio>],
}

/// Notes every problem between the parts.
pub(crate) fn check(parts: &Parts<'_>, cx: &mut Cx) {
    let all_read = parts.portfolios.iter().all(Option::is_some);
    for (vendor_idx, (vendor, span)) in parts.vendors.iter().enumerate() {
        let Some(vendor) = vendor else { continue };
        let users: Vec<usize> = (0..parts.services.len())
            .filter(|service| reaches(parts, *service, vendor_idx))
            .collect();
        for service_idx in &users {
            price(parts, vendor_idx, vendor, span, *service_idx, cx);
        }
        let metered = |service: &usize| {
            parts.services[*service]
                .0
                .as_ref()
                .is_none_or(|(service, _)| service.usage_per_hour.is_some())
        };
        if all_read && vendor.price.is_some() && !users.iter().any(metered) {
            let problem = Problem::warning(format!(
                "the price of `{}` is never used",
                cx.vendors[vendor_idx]
            ));
            let label = if users.is_empty() {
                "no portfolio sends it traffic"
            } else {
                "no service that it serves has a `usage`"
            };
            let help = if users.is_empty() {
                "give it a share somewhere, or take it out"
            } else {
                "give the service a `usage`, such as \"3 Ttok/month\""
            };
            cx.log
                .push(problem.at(span.clone(), label).help(help.to_owned()));
        }
    }
    if all_read {
        unfelt(parts, cx);
    }
}

/// Whether any portfolio can send a service's traffic to a vendor.
fn reaches(parts: &Parts<'_>, service: usize, vendor: usize) -> bool {
    parts.portfolios.iter().flatten().any(|portfolio| {
        portfolio
            .shares
            .get(service)
            .is_some_and(|shares| shares.iter().any(|(with_share, _)| *with_share == vendor))
            || portfolio
                .standby
                .iter()
                .any(|standby| standby.vendor == vendor)
            || portfolio
                .migration
                .as_ref()
                .is_some_and(|migration| migration.to.contains(&vendor))
    })
}

/// A metered service needs a price, in its own unit, of every vendor it can reach.
fn price(
    parts: &Parts<'_>,
    vendor_idx: usize,
    vendor: &Vendor,
    span: &Span,
    service_idx: usize,
    cx: &mut Cx,
) {
    let (Some((service, prefixed)), service_span) = &parts.services[service_idx] else {
        return;
    };
    let Some(unit) = &service.unit else { return };
    let (vendor_id, service_id) = (&cx.vendors[vendor_idx], &service.id);
    let per = if *prefixed {
        format!("M{unit}")
    } else {
        unit.clone()
    };
    let problem = match &vendor.unit {
        None => Problem::error(format!(
            "vendor `{vendor_id}` has no price, but serves `{service_id}`, which is metered"
        ))
        .at(span.clone(), "has no `price`")
        .at(service_span.clone(), format!("has a `usage` in `{unit}`"))
        .help(format!("price = \"{}0/{per}\"", cx.currency)),
        Some(priced) if priced != unit => Problem::error(format!(
            "vendor `{vendor_id}` is priced by another unit than `{service_id}` uses"
        ))
        .at(span.clone(), format!("priced per `{priced}`"))
        .at(service_span.clone(), format!("used in `{unit}`"))
        .help("write the same unit for both; prefixes k, M, G, T may differ".to_owned()),
        Some(_) => return,
    };
    cx.log.push(problem);
}

/// Warns of risks on nodes that no portfolio stands on; a change of revenue is felt by all.
fn unfelt(parts: &Parts<'_>, cx: &mut Cx) {
    let n_platforms = cx.platforms.len();
    let mut used: Vec<bool> = vec![false; parts.nodes.len()];
    let mut open: Vec<usize> = (0..parts.vendors.len())
        .filter(|vendor| (0..parts.services.len()).any(|service| reaches(parts, service, *vendor)))
        .map(|vendor| n_platforms + vendor)
        .collect();
    while let Some(node) = open.pop() {
        if !std::mem::replace(&mut used[node], true) {
            open.extend(
                parts.nodes[node]
                    .iter()
                    .flat_map(|node| match &node.runs_on {
                        RunsOn::All(list) | RunsOn::AnyOf(list) => list.iter().copied(),
                    }),
            );
        }
    }
    for (risk, span) in parts.risks {
        let Some((risk, _)) = risk else { continue };
        let effects = risk
            .stages
            .iter()
            .flat_map(|stage| &stage.outcomes)
            .map(|outcome| &outcome.effects);
        let market = std::iter::once(&risk.effects)
            .chain(effects)
            .any(|effects| !effects.revenue_change.is_empty());
        if !market && !risk.on.iter().any(|node| used[*node]) {
            let problem = Problem::warning(format!("no portfolio can feel risk `{}`", risk.id));
            let label = "none has traffic, a standby or a way to what it is on";
            cx.log.push(
                problem
                    .at(span.clone(), label)
                    .help("give a portfolio a share there, or take the risk out".to_owned()),
            );
        }
    }
}

/// Index of the baseline: the portfolio that says so, or the first. `marks`: places of `baseline = true`.
pub(crate) fn baseline(marks: &[Option<Span>], cx: &mut Cx) -> usize {
    let marked: Vec<(usize, &Span)> = marks
        .iter()
        .enumerate()
        .filter_map(|(n, mark)| Some((n, mark.as_ref()?)))
        .collect();
    if let [(_, first), (_, second), ..] = marked.as_slice() {
        let problem = Problem::error("two portfolios are the baseline")
            .at((*second).clone(), "the second")
            .at((*first).clone(), "the first");
        cx.log
            .push(problem.help("keep one `baseline = true`".to_owned()));
    }
    marked.first().map_or(0, |(n, _)| *n)
}
