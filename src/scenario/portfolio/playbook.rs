//! Playbooks: changes of shares that are decided beforehand.

use super::keys::{PLAY, TRIGGERS, WHEN};
use crate::quantity::shown;
use crate::scenario::context::Cx;
use crate::scenario::table::{Item, Table};
use crate::scenario::{DAY, Play, Trigger};
use crate::source::{Problem, listed};

/// Hours that `down_hours_above` looks back on.
const WINDOW: f64 = 90.0 * DAY;
/// A capability may be short of a trigger's by this.
const NO_GAP: f64 = 1e-9;

/// The entries of a portfolio's playbook; `what` is how messages call the portfolio.
pub(super) fn playbook(list: Item<'_>, what: &str, cx: &mut Cx) -> Option<Vec<Play>> {
    let plays: Vec<Option<Play>> = list.list(cx)?.enumerate().map(|(n, item)| play(item, n + 1, what, cx)).collect();
    plays.into_iter().collect()
}

fn play(item: Item<'_>, number: usize, what: &str, cx: &mut Cx) -> Option<Play> {
    let what = format!("entry {number} of the playbook of {what}");
    let table = Table::open(item, what.clone(), &[PLAY], cx)?;
    let when = table.need("when", cx).and_then(|item| when(item, cx));
    let shares = table.need("shares", cx).and_then(|item| super::shares(item, &what, cx));
    let takes = table.one("takes", cx);
    let costs = table.one("costs", cx);
    table.about(cx)?;
    let (vendor, trigger, lasting_hours) = when?;
    Some(Play { vendor, trigger, lasting_hours, shares: shares?, takes_hours: takes?, costs: costs? })
}

/// Whom an entry looks at, at what, and for how long it must hold.
fn when(item: Item<'_>, cx: &mut Cx) -> Option<(usize, Trigger, f64)> {
    let table = Table::open(item, "`when`", &[WHEN], cx)?;
    let vendor = table.need("vendor", cx).and_then(|item| cx.vendor(item));
    let trigger = trigger(&table, vendor, cx);
    let lasting = table.one("lasting", cx);
    table.about(cx)?;
    Some((vendor?, trigger?, lasting?))
}

fn trigger(table: &Table<'_>, vendor: Option<usize>, cx: &mut Cx) -> Option<Trigger> {
    let given: Vec<&str> = TRIGGERS.iter().copied().filter(|name| table.has(name)).collect();
    match given.as_slice() {
        [name] => {
            let item = table.item(name)?;
            let level = item.one(cx)?;
            match *name {
                "price_above" => Some(price_above(item, level, cx)),
                "capability_below" => capability_below(item, level, vendor, cx),
                _ => Some(down_hours_above(item, level, cx)),
            }
        }
        [first, second, ..] => {
            let problem = Problem::error("`when` looks at two things");
            let problem = problem.at(table.key_span(second), "the second").at(table.key_span(first), "the first");
            cx.log.push(problem.help("keep one, or make two entries: the first to hold is made".to_owned()));
            None
        }
        [] => {
            if !TRIGGERS.iter().any(|name| table.misspelt(name)) {
                let help = format!("write one of {}, as in `price_above = \"+40%\"`", listed(TRIGGERS, "or"));
                let problem = Problem::error("`when` does not say what must hold");
                cx.log.push(problem.at(table.span.clone(), "looks at nothing").help(help));
            }
            None
        }
    }
}

fn price_above(item: Item<'_>, level: f64, cx: &mut Cx) -> Trigger {
    if level < 0.0 {
        let problem =
            Problem::warning("`price_above` holds from the start").at(item.span(), "the price starts above it");
        cx.log.push(problem.help("write the rise that is too much, such as \"+40%\"".to_owned()));
    }
    Trigger::PriceAbove(level)
}

fn capability_below(item: Item<'_>, level: f64, vendor: Option<usize>, cx: &mut Cx) -> Option<Trigger> {
    let capability = vendor.and_then(|vendor| *cx.capabilities.get(vendor)?);
    if let (Some(vendor), Some(capability)) = (vendor, capability.filter(|capability| *capability < level - NO_GAP)) {
        let vendor = &cx.vendors[vendor];
        let why = format!("`{vendor}` has a capability of {} at the start", shown(capability));
        let help = format!("write at most {}, or give `{vendor}` a higher `capability`", shown(capability));
        cx.log.push(item.problem("holds at the start already", why).help(help));
        return None;
    }
    Some(Trigger::CapabilityBelow(level))
}

fn down_hours_above(item: Item<'_>, level: f64, cx: &mut Cx) -> Trigger {
    if level >= WINDOW {
        let problem = Problem::warning("`down_hours_above` can never hold");
        let label = "it looks back on 90 days, which are 2,160 h";
        cx.log.push(problem.at(item.span(), label).help("write fewer hours, such as \"20 h\"".to_owned()));
    }
    Trigger::DownHoursAbove(level)
}
