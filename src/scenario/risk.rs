//! What can happen: when, to whom, with which effects, under which conditions.
//!
//! Which of these a kind has is said in `kinds`.

use std::collections::BTreeSet;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::context::Cx;
use super::kinds::{self, KINDS, Kind};
use super::table::{Item, Key, Member, Table, Takes};
use super::{Arrivals, Length, PricePath, Risk};
use crate::chance::law::Law;
use crate::quantity::Quantity;
use crate::source::{Problem, Span, listed, nearest};

mod arrivals;
mod conditions;
mod effects;
mod stages;

pub(crate) use arrivals::ARRIVALS;
pub(crate) use conditions::{CONDITIONS, highest};
pub(crate) use effects::EFFECTS;
pub(crate) use stages::{OUTCOME, STAGE};

/// Keys of `[risk.<id>]`, besides those of its effects.
pub(crate) const RISK: &[Key] = &[
    Key::needed("kind", Takes::Choice(kinds::NAMES), "what kind of risk it is, which says what it needs", "\"outage\""),
    Key::needed(
        "on",
        Takes::Either(
            "a vendor or platform, or a list of them",
            &[Takes::Id("a vendor or platform"), Takes::Ids("vendors and platforms")],
        ),
        "whom it strikes; of a list, all at once by one event",
        "\"openai\"",
    ),
    Key::optional(
        "arrivals",
        Takes::Table(&[arrivals::ARRIVALS]),
        "when it happens; not needed where another risk `causes` it",
        "{ per_year = 12 }",
    ),
    Key::optional(
        "path",
        Takes::Table(&[PATH]),
        "how prices drift, month by month",
        "{ drift = \"-35%\", volatility = 0.25 }",
    ),
    Key::optional(
        "outcomes",
        Takes::Tables(&[stages::OUTCOME, conditions::CONDITIONS, EFFECTS]),
        "what may come of it, one at most",
        "[{ name = \"ban\", probability = 0.2, suspends = \"90 days\" }]",
    ),
    Key::optional(
        "stages",
        Takes::Tables(&[stages::STAGE, conditions::CONDITIONS, EFFECTS]),
        "what follows, one stage after the other, until an outcome with `ends`",
        "[{ name = \"trial\", after = \"9 months\", probability = 0.3, cost = \"$5M\" }]",
    ),
    Key::optional("due", Takes::Date, "the date on which a release is due", "2026-03-01"),
    Key::optional(
        "slips",
        Takes::Law(Quantity::Duration),
        "how long the release slips: so long all its changes last; where it draws 0, nothing happens",
        "\"2 months to 9 months\"",
    ),
    Key::optional(
        "gap",
        Takes::Law(Quantity::Change),
        "the change of the vendor's capability until the release comes",
        "\"-10%\"",
    ),
];

/// Keys of `path`.
pub(crate) const PATH: &[Key] = &[
    Key::or("drift", Takes::One(Quantity::Change), "0", "the expected change of the price per year", "\"-35%\""),
    Key::or(
        "volatility",
        Takes::One(Quantity::Multiple),
        "0",
        "the standard deviation of the logarithm of the price over a year",
        "0.25",
    ),
    Key::optional(
        "follows",
        arrivals::FOLLOWS,
        "how closely its steps follow factors, from -1 to 1; the squares sum to at most 1",
        "{ market = 0.4 }",
    ),
];

/// A risk, and the place that says when it happens.
pub(crate) fn risk(member: &Member<'_>, cx: &mut Cx) -> Option<(Risk, Span)> {
    let kind = kind(member, cx);
    let table =
        Table::open(member.item, format!("risk `{}`", member.id), &[RISK, conditions::CONDITIONS, EFFECTS], cx)?;
    let caused = cx.caused.contains(member.id);
    let kind_given = table.need("kind", cx);
    if let Some(kind) = kind {
        kind.refuse_others(&table, false, cx);
        let there = |key: &str| mentions(member.item.value.get_ref(), key) || (caused && key == "arrivals");
        kind.refuse_missing(&table, there, cx);
    }
    let on = table.need("on", cx).and_then(|item| on(item, cx));
    let path = table.maybe("path", cx, path);
    let effects = effects::effects(&table, cx);
    let stages = stages::of_risk(&table, kind, cx);
    let delay =
        stages.as_ref().filter(|_| table.has("stages")).and_then(|stages| stages.first()).map(|stage| &stage.after);
    let arrivals = table.maybe("arrivals", cx, |item, cx| arrivals::arrivals(item, table.has("stages"), delay, cx));
    let slip = slip(&table, cx);
    let renewal = table.item("arrivals").is_some_and(|item| item.value.get_ref().get("every").is_some());
    let conditions = conditions::conditions(&table, renewal, cx);
    let about = table.about(cx);
    refuse_idle(&table, kind, caused, cx);
    kind_given?;
    let kind = kind?;
    let (mut arrivals, mut effects, slip) = (arrivals?, effects?, slip?);
    if kind.name == "delay" {
        arrivals = slip.due;
        effects.capability_change = slip.gap;
        effects.lasts = slip.slips;
    }
    if kind.name == "insolvency" && effects.suspends.is_none() {
        effects.suspends = Some(Length::Permanent);
        warn_of_double_loss(&table, &member.item, cx);
    }
    let place = if table.has("due") { "due" } else { "arrivals" };
    let place = if table.has(place) { table.value_span(place) } else { member.id_span.clone() };
    let risk = Risk {
        id: member.id.to_owned(),
        kind: kind.name,
        on: on?,
        arrivals,
        path: path?,
        conditions: conditions?,
        effects,
        stages: stages?,
        about: about?,
    };
    Some((risk, place))
}

/// What only a delay says.
struct Slip {
    due: Option<Arrivals>,
    slips: Option<Law>,
    gap: Option<Law>,
}

fn slip(table: &Table<'_>, cx: &mut Cx) -> Option<Slip> {
    let due = table.maybe("due", cx, arrivals::due);
    let slips = table.maybe("slips", cx, Item::law);
    let gap = table.maybe("gap", cx, Item::law);
    if let Some(Some(Law::Constant(change))) = &gap
        && *change > 0.0
    {
        let problem = Problem::warning("`gap` is a gain")
            .at(table.value_span("gap"), "capability is higher for as long as the release slips");
        cx.log.push(problem.help("write what is missing: \"-10%\"".to_owned()));
    }
    Some(Slip { due: due?, slips: slips?, gap: gap? })
}

/// An insolvency takes access away by itself, so that no outcome can do it again.
fn warn_of_double_loss(table: &Table<'_>, risk: &Item<'_>, cx: &mut Cx) {
    if mentions(risk.value.get_ref(), "suspends") {
        let problem = Problem::warning(format!("{} takes access away before any outcome does", table.what));
        let problem = problem.at(table.span.clone(), "without `suspends` of its own, for good");
        cx.log.push(problem.help("write `suspends = \"0 h\"` beside `kind` to leave it to the outcomes".to_owned()));
    }
}

/// The kind that a risk names; notes one that is unknown.
fn kind(member: &Member<'_>, cx: &mut Cx) -> Option<&'static Kind> {
    let value = member.item.value.get_ref().get("kind")?;
    let item = Item { key: &RISK[0], value };
    let name = item.str(cx)?;
    let found = KINDS.iter().find(|kind| kind.name == name);
    if found.is_none() {
        let help = match nearest(name, kinds::NAMES.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("kinds are {}", listed(kinds::NAMES, "and")),
        };
        let problem = Problem::error(format!("no kind of risk is called `{name}`"));
        cx.log.push(problem.at(item.span(), "unknown kind").help(help));
    }
    found
}

/// Names of all risks that others name in `causes`, or probably meant to, read before the risks are.
pub(crate) fn caused(risks: &[Member<'_>]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for risk in risks {
        add_caused(risk.item.value.get_ref(), &mut names);
    }
    let meant = |name: &String| nearest(name, risks.iter().map(|risk| risk.id)).map(str::to_owned);
    let meant: Vec<String> = names.iter().filter_map(meant).collect();
    names.extend(meant);
    names
}

fn add_caused(risk: &DeValue<'_>, names: &mut BTreeSet<String>) {
    let Some(table) = risk.as_table() else {
        return;
    };
    let causes = table.get("causes").and_then(|causes| causes.get_ref().as_table());
    names.extend(causes.into_iter().flat_map(DeTable::keys).map(|name| name.get_ref().clone().into_owned()));
    inner_tables(table).for_each(|inner| add_caused(inner, names));
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
    let follows = table.maybe("follows", cx, |item, cx| arrivals::follows(item, 1.0, cx));
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
    let follows = follows?.unwrap_or_default();
    if volatility <= 0.0 && !follows.is_empty() {
        let problem = Problem::warning("`follows` does nothing in a path without `volatility`");
        let problem = problem.at(table.key_span("follows"), "the path has no steps of chance that could follow");
        cx.log.push(problem.help("give the path a `volatility`, such as 0.25".to_owned()));
    }
    Some(PricePath { drift, volatility, follows })
}

/// Events that do nothing, and effects without events.
fn refuse_idle(table: &Table<'_>, kind: Option<&'static Kind>, caused: bool, cx: &mut Cx) {
    let acts = |name: &&str| table.has(name);
    let effect = EFFECTS.iter().map(|key| key.name).chain(["outcomes", "stages", "rate_if", "only_if"]).find(acts);
    // Kinds that need `arrivals` or `due` say so themselves.
    let timeless = kind.is_some_and(|kind| kind.needs.iter().all(|any| any != &["arrivals"] && any != &["due"]));
    match (table.has("arrivals"), effect) {
        (false, Some(name)) if timeless && !caused => {
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
