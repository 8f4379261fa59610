//! What can happen: when, to whom, with which effects, under which conditions.
//!
//! Which of these a kind has is said in `kinds`.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::context::Cx;
use super::kinds::{self, KINDS, Kind};
use super::table::{Absent, Item, Key, Member, Table, Takes, unsupported};
use super::{PricePath, Risk};
use crate::quantity::Quantity;
use crate::source::{Problem, listed, nearest};

mod arrivals;
mod conditions;
mod effects;
mod stages;

pub(crate) use arrivals::refuse_too_many_together;
pub(crate) use conditions::CONDITIONS;
pub(crate) use effects::EFFECTS;

/// Keys of `[risk.<id>]`, besides those of its effects.
pub(crate) const RISK: &[Key] = &[
    Key {
        name: "kind",
        takes: Takes::Form("the name of a kind"),
        absent: Absent::Refused,
        says: "what kind of risk it is",
        example: "\"outage\"",
    },
    Key {
        name: "on",
        takes: Takes::Form("a vendor or platform, or a list of them"),
        absent: Absent::Refused,
        says: "whom it strikes",
        example: "\"openai\"",
    },
    Key {
        name: "arrivals",
        takes: Takes::Table(&[arrivals::ARRIVALS]),
        absent: Absent::None,
        says: "when it happens",
        example: "{ per_year = 12 }",
    },
    Key {
        name: "path",
        takes: Takes::Table(&[PATH]),
        absent: Absent::None,
        says: "how prices drift",
        example: "{ drift = \"-35%\", volatility = 0.25 }",
    },
    Key {
        name: "outcomes",
        takes: Takes::Tables(&[stages::OUTCOME, conditions::CONDITIONS, EFFECTS]),
        absent: Absent::None,
        says: "what may come of it, one at most",
        example: "[{ name = \"ban\", probability = 0.2, suspends = \"90 days\" }]",
    },
    Key {
        name: "stages",
        takes: Takes::Tables(&[stages::STAGE, conditions::CONDITIONS, EFFECTS]),
        absent: Absent::None,
        says: "what follows, one stage after the other",
        example: "[{ name = \"trial\", after = \"9 months\", probability = 0.3, cost = \"$5M\" }]",
    },
    later("due", Takes::Date, "the date on which a release is due", "2026-03-01"),
    later("slips", Takes::Law(Quantity::Duration), "how long a release slips", "\"2 months to 9 months\""),
    later("gap", Takes::Law(Quantity::Change), "what is missing until then", "\"-10%\""),
];

/// Keys of `path`.
pub(crate) const PATH: &[Key] = &[
    Key {
        name: "drift",
        takes: Takes::One(Quantity::Change),
        absent: Absent::Is("0"),
        says: "the expected change per year",
        example: "\"-35%\"",
    },
    Key {
        name: "volatility",
        takes: Takes::One(Quantity::Multiple),
        absent: Absent::Is("0"),
        says: "the standard deviation of the logarithm over a year",
        example: "0.25",
    },
    later("follows", Takes::Form("a table of factors"), "how closely it follows a factor", "{ market = 0.4 }"),
];

pub(super) const fn later(name: &'static str, takes: Takes, says: &'static str, example: &'static str) -> Key {
    Key { name, takes, absent: Absent::Unsupported, says, example }
}

/// A risk, and how many of its events are expected in a trial at the most.
pub(crate) fn risk(member: &Member<'_>, cx: &mut Cx) -> Option<(Risk, f64)> {
    let kind = kind(member, cx);
    if kind.is_some_and(|kind| !kind.supported) {
        return None;
    }
    let table =
        Table::open(member.item, format!("risk `{}`", member.id), &[RISK, conditions::CONDITIONS, EFFECTS], cx)?;
    let kind_given = table.need("kind", cx);
    if let Some(kind) = kind {
        kind.refuse_others(&table, false, cx);
        kind.refuse_missing(&table, |key| mentions(member.item.value.get_ref(), key), cx);
    }
    let on = table.need("on", cx).and_then(|item| on(item, cx));
    let path = table.maybe("path", cx, path);
    let effects = effects::effects(&table, cx);
    let stages = stages::of_risk(&table, kind, cx);
    let delay =
        stages.as_ref().filter(|_| table.has("stages")).and_then(|stages| stages.first()).map(|stage| &stage.after);
    let arrivals = table.maybe("arrivals", cx, |item, cx| arrivals::arrivals(item, table.has("stages"), delay, cx));
    let renewal = table.item("arrivals").is_some_and(|item| item.value.get_ref().get("every").is_some());
    let conditions = conditions::conditions(&table, renewal, cx);
    let about = table.about(cx);
    refuse_idle(&table, kind, cx);
    kind_given?;
    let (arrivals, conditions) = (arrivals?, conditions?);
    let expected = arrivals.as_ref().map_or(0.0, |arrivals| arrivals::expected(arrivals, &conditions, cx));
    arrivals::refuse_too_many(&table, expected, cx);
    let risk = Risk {
        id: member.id.to_owned(),
        kind: kind?.name,
        on: on?,
        arrivals,
        path: path?,
        conditions,
        effects: effects?,
        stages: stages?,
        about: about?,
    };
    Some((risk, expected))
}

/// The kind that a risk names; notes one that is unknown or not supported.
fn kind(member: &Member<'_>, cx: &mut Cx) -> Option<&'static Kind> {
    let value = member.item.value.get_ref().get("kind")?;
    let item = Item { key: &RISK[0], value };
    let name = item.str(cx)?;
    let found = KINDS.iter().find(|kind| kind.name == name);
    match found {
        Some(kind) if !kind.supported => {
            let mut problem = unsupported(name, item.span(), kind.says);
            problem.message = format!("kind `{name}` is not supported yet");
            problem.help = Some(format!("take risk `{}` out to run the rest", member.id));
            cx.log.push(problem);
        }
        Some(_) => {}
        None => {
            let known: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
            let help = match nearest(name, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("kinds are {}", listed(&kinds::supported(), "and")),
            };
            cx.log.push(
                Problem::error(format!("no kind of risk is called `{name}`"))
                    .at(item.span(), "unknown kind")
                    .help(help),
            );
        }
    }
    found
}

/// Whether a risk gives a key itself, or in one of its outcomes or stages.
fn mentions(risk: &DeValue<'_>, key: &str) -> bool {
    let Some(table) = risk.as_table() else {
        return false;
    };
    table.contains_key(key) || inner_tables(table).any(|inner| mentions(inner, key))
}

fn inner_tables<'t>(table: &'t DeTable<'t>) -> impl Iterator<Item = &'t DeValue<'t>> {
    ["outcomes", "stages"]
        .into_iter()
        .filter_map(|name| table.get(name)?.get_ref().as_array())
        .flat_map(|list| list.iter().map(Spanned::get_ref))
}

fn on(item: Item<'_>, cx: &mut Cx) -> Option<Vec<usize>> {
    if item.value.get_ref().is_str() {
        return cx.node(item).map(|node| vec![node]);
    }
    let nodes = cx.ids(item, Cx::node)?;
    if nodes.is_empty() {
        cx.log.push(item.problem("is empty", "strikes nobody").help("name a vendor or a platform".to_owned()));
        return None;
    }
    Some(nodes)
}

fn path(item: Item<'_>, cx: &mut Cx) -> Option<PricePath> {
    let table = Table::open(item, "`path`", &[PATH], cx)?;
    let drift = table.one("drift", cx);
    let volatility = table.one("volatility", cx);
    table.about(cx)?;
    let (drift, volatility) = (drift?, volatility?);
    if volatility > 10.0 {
        let item = table.item("volatility")?;
        cx.log.push(
            item.problem("is too large to be meant", "the standard deviation of the logarithm over a year")
                .help("0.25 is a price that moves by a quarter a year".to_owned()),
        );
        return None;
    }
    Some(PricePath { drift, volatility, follows: Vec::new() })
}

/// Events that do nothing, and effects without events.
fn refuse_idle(table: &Table<'_>, kind: Option<&'static Kind>, cx: &mut Cx) {
    let acts = |name: &&str| table.item(name).is_some();
    let effect = EFFECTS.iter().map(|key| key.name).chain(["outcomes", "stages", "rate_if", "only_if"]).find(acts);
    let needs_arrivals = kind.is_some_and(|kind| kind.needs.iter().any(|any| any.contains(&"arrivals")));
    match (table.has("arrivals"), effect) {
        (false, Some(name)) if !needs_arrivals => {
            let problem = Problem::error(format!("{} never happens", table.what));
            let label = format!("`{name}` needs `arrivals` that say when");
            cx.log.push(
                problem.at(table.key_span(name), label).help("for example `arrivals = { per_year = 2 }`".to_owned()),
            );
        }
        (true, None) if table.has("path") => {
            let problem = Problem::error(format!("events of {} do nothing", table.what));
            let help = "give them a `price_change`, or take `arrivals` out".to_owned();
            cx.log.push(problem.at(table.key_span("arrivals"), "says when, but not what").help(help));
        }
        _ => {}
    }
}
