//! Platforms, vendors, services, and the factors that move rates and prices together.

use self::keys::{ANY_OF, CHURN};
use super::context::Cx;
use super::table::{Item, Member, Table};
use super::{Calendar, Churn, Factor, Node, RunsOn, Service, Vendor};
use crate::quantity;
use crate::source::{Problem, Span};

mod keys;

pub(crate) use keys::{CALENDAR, FACTOR, PLATFORM, SERVICE, VENDOR};

/// A platform.
pub(crate) fn platform(member: &Member<'_>, cx: &mut Cx) -> Option<Node> {
    let table = Table::open(member.item, format!("platform `{}`", member.id), &[PLATFORM], cx)?;
    node(&table, member.id, cx)
}

/// A vendor, as a node and as what only a vendor has.
pub(crate) fn vendor(member: &Member<'_>, cx: &mut Cx) -> Option<(Node, Vendor)> {
    let table = Table::open(member.item, format!("vendor `{}`", member.id), &[VENDOR], cx)?;
    let node = node(&table, member.id, cx);
    let price = table.maybe("price", cx, |item, cx| {
        let text = quoted(item, cx)?;
        quantity::price(text, &cx.currency).map_err(|fault| item.fault(fault, cx)).ok()
    });
    let capability = table.one("capability", cx);
    let stake = table.one("stake", cx);
    let (price, unit) = price?.unzip();
    Some((node?, Vendor { price, unit, capability: capability?, stake: stake? }))
}

fn node(table: &Table<'_>, id: &str, cx: &mut Cx) -> Option<Node> {
    let runs_on = table.take("runs_on", cx, runs_on);
    let about = table.about(cx);
    Some(Node { id: id.to_owned(), runs_on: runs_on?, about: about? })
}

fn runs_on(item: Item<'_>, cx: &mut Cx) -> Option<RunsOn> {
    if item.value.get_ref().is_table() {
        let table = Table::open(item, "`runs_on`", &[ANY_OF], cx)?;
        let list = table.need("any_of", cx)?;
        let any_of = cx.ids(list, Cx::platform)?;
        if any_of.is_empty() {
            let problem = list.problem("is empty", "one of no platforms is never there");
            cx.log.push(problem.help("name at least one platform".to_owned()));
            return None;
        }
        return Some(RunsOn::AnyOf(any_of));
    }
    cx.ids(item, Cx::platform).map(RunsOn::All)
}

/// Text in quotes, for quantities that are never bare numbers.
fn quoted<'t>(item: Item<'t>, cx: &mut Cx) -> Option<&'t str> {
    item.str(cx)
}

/// A service, and whether its usage was written with a prefix (`Mtok`).
pub(crate) fn service(member: &Member<'_>, cx: &mut Cx) -> Option<(Service, bool)> {
    let table = Table::open(member.item, format!("service `{}`", member.id), &[SERVICE], cx)?;
    let revenue = table.one("revenue", cx);
    let growth = table.one("growth", cx);
    let calendar = table.maybe("calendar", cx, calendar);
    let margin = table.one("margin", cx);
    let usage = table
        .maybe("usage", cx, |item, cx| quantity::usage(quoted(item, cx)?).map_err(|fault| item.fault(fault, cx)).ok());
    let tolerance = table.one("tolerance", cx);
    let impact_tolerance = table.maybe("impact_tolerance", cx, Item::one);
    let churn = table.maybe("churn", cx, churn);
    let sensitivity = table.one("sensitivity", cx);
    let about = table.about(cx);
    let usage = usage?;
    let prefixed = usage.as_ref().is_some_and(|(_, _, prefixed)| *prefixed);
    let (usage_per_hour, unit) = usage.map(|(amount, unit, _)| (amount, unit)).unzip();
    let service = Service {
        id: member.id.to_owned(),
        revenue_per_hour: revenue?,
        growth: growth?,
        calendar: calendar?,
        margin: margin?,
        usage_per_hour,
        unit,
        tolerance_hours: tolerance?,
        impact_tolerance_hours: impact_tolerance?,
        churn: churn?,
        sensitivity: sensitivity?,
        about: about?,
    };
    Some((service, prefixed))
}

fn churn(item: Item<'_>, cx: &mut Cx) -> Option<Churn> {
    let table = Table::open(item, "`churn`", &[CHURN], cx)?;
    let after = table.one("after", cx);
    let loses = table.law("loses", cx);
    let returns = table.need("returns", cx).and_then(|item| item.positive("nobody would be lost", cx));
    table.about(cx)?;
    Some(Churn { after_hours: after?, loses: loses?, returns_hours: returns? })
}

/// A weekly profile, each list scaled to mean 1.
pub(crate) fn calendar(item: Item<'_>, cx: &mut Cx) -> Option<Calendar> {
    let table = Table::open(item, "`calendar`", &[CALENDAR], cx)?;
    let weekday = table.maybe("weekday", cx, weights::<7>);
    let hour = table.maybe("hour", cx, weights::<24>);
    let (weekday, hour) = (weekday?, hour?);
    if weekday.is_none() && hour.is_none() {
        let problem = item.problem("says nothing", "has neither `weekday` nor `hour`");
        cx.log.push(problem.help("give the seven weights of `weekday`, the 24 of `hour`, or both".to_owned()));
        return None;
    }
    Some(Calendar { weekday: weekday.unwrap_or([1.0; 7]), hour: hour.unwrap_or([1.0; 24]) })
}

#[expect(clippy::cast_precision_loss, reason = "7 or 24")]
fn weights<const N: usize>(item: Item<'_>, cx: &mut Cx) -> Option<[f64; N]> {
    let weights = item.numbers(cx)?;
    let sum: f64 = weights.iter().sum();
    let why = if weights.len() != N {
        format!("has {} weights", weights.len())
    } else if weights.iter().any(|w| *w < 0.0) {
        "a weight is negative".to_owned()
    } else if !(sum > 0.0 && sum.is_finite()) {
        "all weights are 0".to_owned()
    } else {
        return weights.iter().map(|w| w / (sum / N as f64)).collect::<Vec<f64>>().try_into().ok();
    };
    let help = format!("give {N} weights of 0 or more, {}", if N == 7 { "Monday first" } else { "from midnight on" });
    cx.log.push(item.problem(&format!("must be {N} weights"), why).help(help));
    None
}

/// A factor.
pub(crate) fn factor(member: &Member<'_>, cx: &mut Cx) -> Option<Factor> {
    let table = Table::open(member.item, format!("factor `{}`", member.id), &[FACTOR], cx)?;
    let persistence = table.maybe("persistence", cx, Item::one);
    let about = table.about(cx);
    // A factor that forgets at once is one whose months are all new.
    let persistence_hours = persistence?.filter(|hours| *hours > 0.0);
    Some(Factor { id: member.id.to_owned(), persistence_hours, about: about? })
}

/// Refuses platforms that stand on themselves, printing the way round.
pub(crate) fn refuse_cycles(platforms: &[Option<Node>], places: &[Span], cx: &mut Cx) {
    let mut cleared = vec![false; platforms.len()];
    for start in 0..platforms.len() {
        let Some(path) = cycle_from(start, platforms, &mut cleared) else {
            continue;
        };
        let name = |at: &usize| format!("`{}`", cx.platforms[*at]);
        let way: Vec<String> = path.iter().chain(path.first()).map(name).collect();
        let problem = Problem::error(format!("platforms stand on each other in a circle: {}", way.join(" → ")));
        let label = if path.len() == 1 { "stands on itself" } else { "stands on itself in the end" };
        let problem = problem.at(places[path[0]].clone(), label);
        cx.log.push(problem.help("take one of these out of the other's `runs_on`".to_owned()));
        for at in path {
            cleared[at] = true;
        }
    }
}

/// The nodes of a cycle that `start` leads into, if none of them is `cleared`; clears all that lead nowhere.
fn cycle_from(start: usize, platforms: &[Option<Node>], cleared: &mut [bool]) -> Option<Vec<usize>> {
    // A stack of (node, next edge), so that a long chain of platforms cannot exhaust the machine's own stack.
    let mut stack = vec![(start, 0)];
    while let Some((node, edge)) = stack.last_mut() {
        let needs = platforms[*node].as_ref().map_or(&[][..], |node| match &node.runs_on {
            RunsOn::All(list) | RunsOn::AnyOf(list) => list,
        });
        let Some(next) = needs.get(*edge).copied().filter(|_| !cleared[*node]) else {
            cleared[*node] = true;
            stack.pop();
            continue;
        };
        *edge += 1;
        if let Some(at) = stack.iter().position(|(node, _)| *node == next) {
            return Some(stack[at..].iter().map(|(node, _)| *node).collect());
        }
        stack.push((next, 0));
    }
    None
}
