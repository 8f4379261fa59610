//! Platforms, vendors, services and contracts.

use super::context::Cx;
use super::table::{Absent, Item, Key, Member, Table, Takes};
use super::{Calendar, Contract, Node, RunsOn, Service, Vendor};
use crate::quantity::{self, Quantity};
use crate::source::{Problem, Span};

/// Keys of `[platform.<id>]`.
pub(crate) const PLATFORM: &[Key] = &[RUNS_ON];

/// Keys of `[vendor.<id>]`.
pub(crate) const VENDOR: &[Key] = &[
    RUNS_ON,
    Key {
        name: "price",
        takes: Takes::Price,
        absent: Absent::None,
        says: "what a unit of usage costs",
        example: "\"$4.40/Mtok\"",
    },
    later("capability", Takes::One(Quantity::Multiple), "how good its models are, 1 being the frontier", "1.0"),
    later("stake", Takes::One(Quantity::Money), "what the firm holds in it", "\"$13bn\""),
];

const RUNS_ON: Key = Key {
    name: "runs_on",
    takes: Takes::Form("a list of platforms, or `{ any_of = […] }`"),
    absent: Absent::Is("[]"),
    says: "the platforms it needs: all of a list, or one of `any_of`",
    example: "[\"azure\"]",
};

const ANY_OF: &[Key] = &[Key {
    name: "any_of",
    takes: Takes::Ids("platforms"),
    absent: Absent::Refused,
    says: "platforms of which one is enough",
    example: "[\"azure\", \"aws\"]",
}];

/// Keys of `[service.<id>]`.
pub(crate) const SERVICE: &[Key] = &[
    Key {
        name: "revenue",
        takes: Takes::One(Quantity::MoneyPerHour),
        absent: Absent::Refused,
        says: "what it earns at full service, at the start, averaged over the week",
        example: "\"$410k/h\"",
    },
    Key {
        name: "growth",
        takes: Takes::One(Quantity::Change),
        absent: Absent::Is("0"),
        says: "growth of revenue and usage per year",
        example: "\"+25%\"",
    },
    Key {
        name: "calendar",
        takes: Takes::Table(&[CALENDAR]),
        absent: Absent::None,
        says: "the demand profile",
        example: "{ weekday = [5, 5, 5, 5, 5, 2, 2] }",
    },
    Key {
        name: "margin",
        takes: Takes::One(Quantity::Fraction),
        absent: Absent::Is("1"),
        says: "the part of unearned revenue that is lost",
        example: "0.7",
    },
    Key {
        name: "usage",
        takes: Takes::Usage,
        absent: Absent::None,
        says: "what it buys from vendors",
        example: "\"3 Ttok/month\"",
    },
    Key {
        name: "tolerance",
        takes: Takes::One(Quantity::Duration),
        absent: Absent::Is("0"),
        says: "the first part of each interruption, which costs nothing",
        example: "\"10 min\"",
    },
    Key {
        name: "impact_tolerance",
        takes: Takes::One(Quantity::Duration),
        absent: Absent::None,
        says: "the longest interruption that may be shown to the regulator",
        example: "\"4 h\"",
    },
    later(
        "churn",
        Takes::Form("a table"),
        "customers lost after long interruptions",
        "{ after = \"4 h\", loses = \"1%\", returns = \"9 months\" }",
    ),
    later("sensitivity", Takes::One(Quantity::Multiple), "revenue lost per unit of capability short of 1", "0.3"),
];

/// Keys of a `calendar`.
pub(crate) const CALENDAR: &[Key] = &[
    Key {
        name: "weekday",
        takes: Takes::Numbers,
        absent: Absent::None,
        says: "weights of the days, Monday first, in UTC",
        example: "[5, 5, 5, 5, 5, 2, 2]",
    },
    Key {
        name: "hour",
        takes: Takes::Numbers,
        absent: Absent::None,
        says: "weights of the 24 hours, in UTC",
        example: "[1, 1, 1, 1, 1, 1, 2, 4, 6, 8, 8, 8, 7, 8, 8, 8, 7, 6, 4, 3, 2, 2, 1, 1]",
    },
];

/// Keys of `[contract.<vendor>]`.
pub(crate) const CONTRACT: &[Key] = &[
    Key {
        name: "price_cap",
        takes: Takes::One(Quantity::Change),
        absent: Absent::None,
        says: "the most that the billed price may rise above its value at the start of the year",
        example: "\"+10%\"",
    },
    Key {
        name: "commitment",
        takes: Takes::One(Quantity::MoneyPerYear),
        absent: Absent::None,
        says: "take-or-pay",
        example: "\"$40M/year\"",
    },
    Key {
        name: "exit_fee",
        takes: Takes::One(Quantity::Money),
        absent: Absent::None,
        says: "what is due when the last traffic is taken away",
        example: "\"$5M\"",
    },
    later(
        "sla",
        Takes::Form("a list of tables"),
        "credits for missed availability",
        "[{ below = 0.999, credit = \"10%\" }]",
    ),
    later("rebates", Takes::Form("a list of tables"), "volume discounts", "[{ above = \"$50M/year\", off = \"10%\" }]"),
];

const fn later(name: &'static str, takes: Takes, says: &'static str, example: &'static str) -> Key {
    Key { name, takes, absent: Absent::Unsupported, says, example }
}

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
    let (price, unit) = price?.unzip();
    Some((node?, Vendor { price, unit, capability: 1.0, stake: 0.0 }))
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
        churn: None,
        sensitivity: 0.0,
        about: about?,
    };
    Some((service, prefixed))
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

/// A contract.
pub(crate) fn contract(member: &Member<'_>, cx: &mut Cx) -> Option<Contract> {
    let table = Table::open(member.item, format!("the contract with `{}`", member.id), &[CONTRACT], cx)?;
    let price_cap = table.maybe("price_cap", cx, Item::one);
    let commitment = table.maybe("commitment", cx, Item::one);
    let exit_fee = table.maybe("exit_fee", cx, Item::one);
    table.about(cx)?;
    Some(Contract {
        price_cap: price_cap?,
        commitment_per_year: commitment?,
        exit_fee: exit_fee?,
        sla: Vec::new(),
        rebates: Vec::new(),
    })
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
