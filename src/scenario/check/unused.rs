//! Warnings of what is written down and changes nothing.

use super::{Parts, effects};
use crate::scenario::context::Cx;
use crate::scenario::risk::highest;
use crate::scenario::{Arrivals, Effects, Follows, Risk, RunsOn, Trigger};
use crate::source::{Problem, Span, listed};

/// Notes everything that nothing uses. All parts have been read without an error.
pub(super) fn warn(parts: &Parts<'_>, cx: &mut Cx) {
    factors(parts, cx);
    covers(parts, cx);
    stakes(parts, cx);
    capabilities(parts, cx);
    capped(parts, cx);
    unbilled(parts, cx);
    idle(parts, cx);
}

fn note(cx: &mut Cx, message: String, span: &Span, label: &str, help: &str) {
    cx.log.push(Problem::warning(message).at(span.clone(), label).help(help.to_owned()));
}

fn risks<'p>(parts: &Parts<'p>) -> impl Iterator<Item = (&'p Risk, &'p Span)> {
    parts.risks.iter().filter_map(|(read, span)| Some((&read.as_ref()?.0, span)))
}

fn factors(parts: &Parts<'_>, cx: &mut Cx) {
    let mut followed = vec![false; parts.factors.len()];
    for (risk, _) in risks(parts) {
        let rate = match &risk.arrivals {
            Some(Arrivals::Poisson { follows, .. }) => follows.as_slice(),
            _ => &[],
        };
        let path = risk.path.iter().flat_map(|path| &path.follows);
        path.chain(rate).for_each(|Follows { factor, .. }| followed[*factor] = true);
    }
    for ((factor, span), _) in parts.factors.iter().zip(followed).filter(|(_, followed)| !followed) {
        let Some(factor) = factor else { continue };
        let help = format!("write `follows = {{ {} = 0.5 }}` in `arrivals` or a `path`, or take it out", factor.id);
        note(cx, format!("nothing follows factor `{}`", factor.id), span, "moves no rate and no price", &help);
    }
}

fn covers(parts: &Parts<'_>, cx: &mut Cx) {
    let bought = |cover: &usize| parts.portfolios.iter().flatten().any(|portfolio| portfolio.covers.contains(cover));
    for (n, (cover, span)) in parts.covers.iter().enumerate() {
        let Some(cover) = cover else { continue };
        let (id, interrupts) =
            (&cover.id, |risk: &usize| parts.risks[*risk].0.as_ref().is_some_and(|(r, _)| interrupts(r)));
        if !bought(&n) {
            let help = format!("write `covers = [\"{id}\"]` in a portfolio, or take it out");
            note(cx, format!("no portfolio buys cover `{id}`"), span, "insures nobody", &help);
        } else if !cover.risks.iter().any(interrupts) {
            let help = "name risks with a `duration` or `suspends` in its `risks`";
            note(cx, format!("cover `{id}` never pays"), span, "none of its risks interrupts anything", help);
        }
    }
}

fn interrupts(risk: &Risk) -> bool {
    effects(risk).any(|effects| effects.outage.is_some() || effects.suspends.is_some())
}

/// Stakes that nothing changes, and changes of stakes that the firm has not.
fn stakes(parts: &Parts<'_>, cx: &mut Cx) {
    let mut changes = vec![false; parts.vendors.len()];
    let held = |vendor: usize| parts.vendors[vendor].0.as_ref().is_some_and(|vendor| vendor.stake > 0.0);
    for (risk, span) in risks(parts).filter(|(risk, _)| effects(risk).any(|effects| effects.stake_change.is_some())) {
        let struck = struck(&risk.on, parts);
        for vendor in &struck {
            changes[*vendor] = true;
        }
        if !struck.into_iter().any(held) {
            let help = "give the vendor a `stake`, or take `stake_change` out";
            note(
                cx,
                format!("the `stake_change` of risk `{}` changes nothing", risk.id),
                span,
                "the firm has no stake in whom it strikes",
                help,
            );
        }
    }
    for vendor in (0..changes.len()).filter(|vendor| held(*vendor) && !changes[*vendor]) {
        let message = format!("the stake in `{}` is never touched", cx.vendors[vendor]);
        let help = "add a risk with a `stake_change`, or take `stake` out";
        note(cx, message, &parts.vendors[vendor].1, "no risk that strikes it has a `stake_change`", help);
    }
}

/// Capabilities that nobody feels, and services that feel what never moves.
fn capabilities(parts: &Parts<'_>, cx: &mut Cx) {
    let felt_by = |service: &&(Option<(crate::scenario::Service, bool)>, Span)| {
        service.0.as_ref().is_some_and(|(service, _)| service.sensitivity > 0.0)
    };
    let watched = |vendor: usize| {
        let plays = parts.portfolios.iter().flatten().flat_map(|portfolio| &portfolio.playbook);
        plays.into_iter().any(|play| play.vendor == vendor && matches!(play.trigger, Trigger::CapabilityBelow(_)))
    };
    let sensitive = parts.services.iter().any(|service| felt_by(&service));
    let changes = |effects: &Effects| effects.capability_change.is_some();
    let mut moves = false;
    for (risk, span) in risks(parts).filter(|(risk, _)| effects(risk).any(changes)) {
        moves = true;
        if !sensitive && !struck(&risk.on, parts).into_iter().any(watched) {
            let what = if risk.kind == "delay" { "`gap`" } else { "`capability_change`" };
            let help = "give a service a `sensitivity`, or a playbook a `capability_below`";
            note(
                cx,
                format!("nobody feels the {what} of risk `{}`", risk.id),
                span,
                "no service is sensitive to capability",
                help,
            );
        }
    }
    for (vendor, (read, span)) in parts.vendors.iter().enumerate() {
        let Some(read) = read else { continue };
        if (read.capability - 1.0).abs() > 0.0 {
            moves = true;
            if !sensitive && !watched(vendor) {
                let message = format!("nobody feels the capability of `{}`", cx.vendors[vendor]);
                note(
                    cx,
                    message,
                    span,
                    "no service is sensitive to it",
                    "give a service a `sensitivity`, or take `capability` out",
                );
            }
        }
    }
    for (service, span) in parts.services.iter().filter(felt_by).filter(|_| !moves) {
        let Some((service, _)) = service else { continue };
        let help = "give vendors a `capability`, risks a `capability_change` or a `gap`, or take it out";
        note(
            cx,
            format!("the sensitivity of `{}` is never used", service.id),
            span,
            "every capability is 1 throughout",
            help,
        );
    }
}

/// Probabilities that conditions raise above 1.
fn capped(parts: &Parts<'_>, cx: &mut Cx) {
    for (risk, place) in parts.risks.iter().filter_map(|(read, _)| read.as_ref()) {
        let Some(Arrivals::Once { probability, .. } | Arrivals::At { probability, .. }) = &risk.arrivals else {
            continue;
        };
        let raised = probability * highest(&risk.conditions);
        if raised > 1.0 + 1e-9 && *probability < 1.0 {
            let message = format!("the probability of risk `{}` is raised above 1", risk.id);
            let label = format!("{} with every `times` above 1", crate::quantity::shown(raised));
            note(cx, message, place, &label, "it counts as 1 then; lower the probability or `times`");
        }
    }
}

/// Terms of a contract that work on bills, with vendors that send none.
fn unbilled(parts: &Parts<'_>, cx: &mut Cx) {
    for (vendor, (read, span)) in parts.vendors.iter().enumerate() {
        if read.as_ref().is_none_or(|read| read.price.is_some()) {
            continue;
        }
        let contracts = || parts.portfolios.iter().flatten().map(|portfolio| &portfolio.contracts[vendor]);
        let terms = [
            ("price_cap", contracts().any(|contract| contract.price_cap.is_some())),
            ("sla", contracts().any(|contract| !contract.sla.is_empty())),
            ("rebates", contracts().any(|contract| !contract.rebates.is_empty())),
        ];
        let idle: Vec<&str> = terms.into_iter().filter(|(_, there)| *there).map(|(term, _)| term).collect();
        let help = "give the vendor a `price` and a service a `usage`, or take it out of the contract";
        if !idle.is_empty() {
            let (terms, change) = (listed(&idle, "and"), if idle.len() == 1 { "changes" } else { "change" });
            let message = format!("{terms} of the contract with `{}` {change} nothing", cx.vendors[vendor]);
            note(cx, message, span, "has no `price`, so that it sends no bill", help);
        }
        if contracts().any(|contract| contract.commitment_per_year.is_some_and(|amount| amount > 0.0)) {
            let message = format!("the `commitment` to `{}` is owed in full, whatever is used", cx.vendors[vendor]);
            note(cx, message, span, "has no `price`, so that no bill counts towards it", help);
        }
    }
}

/// Events that are announced, or have outcomes, and change nothing.
fn idle(parts: &Parts<'_>, cx: &mut Cx) {
    // How long, how fast and when do nothing by themselves.
    let acts =
        |effects: &Effects| Effects { notice: None, lasts: None, over: None, ..effects.clone() } != Effects::default();
    for (risk, span) in risks(parts).filter(|(risk, _)| risk.path.is_none() && !effects(risk).any(acts)) {
        let help = "give it an effect such as `cost`, or take it out";
        note(cx, format!("risk `{}` does nothing", risk.id), span, "none of its events has an effect", help);
    }
}

/// Vendors that an event on these nodes strikes: those that would be gone if the nodes were.
fn struck(on: &[usize], parts: &Parts<'_>) -> Vec<usize> {
    let mut gone = vec![false; parts.nodes.len()];
    for node in on {
        gone[*node] = true;
    }
    let mut settled = false;
    while !settled {
        settled = true;
        for (n, node) in parts.nodes.iter().enumerate() {
            let falls = node.as_ref().is_some_and(|node| match &node.runs_on {
                RunsOn::All(list) => list.iter().any(|below| gone[*below]),
                RunsOn::AnyOf(list) => list.iter().all(|below| gone[*below]),
            });
            if falls && !gone[n] {
                gone[n] = true;
                settled = false;
            }
        }
    }
    let n_platforms = parts.nodes.len() - parts.vendors.len();
    (0..parts.vendors.len()).filter(|vendor| gone[n_platforms + vendor]).collect()
}
