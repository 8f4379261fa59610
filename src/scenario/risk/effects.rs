//! What an event or an outcome does.

use crate::chance::law::Law;
use crate::quantity::Quantity;
use crate::scenario::context::{Cx, Link};
use crate::scenario::table::{Item, Key, Member, Table, Takes};
use crate::scenario::{Cause, Cost, Effects, Length, Outage, Raise, ScalesWith};
use crate::source::Problem;

/// Keys of effects.
pub(crate) const EFFECTS: &[Key] = &[
    Key::optional(
        "duration",
        Takes::Law(Quantity::Duration),
        "how long an outage lasts; it begins with the event",
        "\"20 min to 9 h\"",
    ),
    Key::or(
        "leaves",
        Takes::Law(Quantity::Fraction),
        "0",
        "the fraction of availability that an outage leaves; most published incidents are partial",
        "0.4",
    ),
    Key::optional(
        "suspends",
        Takes::Length,
        "how long access is lost: by contract, by court, by law; it begins after `notice`",
        "\"90 days\"",
    ),
    Key::optional(
        "notice",
        Takes::Law(Quantity::Duration),
        "the time between announcement and beginning of what an event changes; costs, stakes and outages do not wait for it",
        "\"60 days\"",
    ),
    Key::optional("price_change", Takes::Law(Quantity::Change), "the change of the vendor's price", "\"+12% to +75%\""),
    Key::optional(
        "capability_change",
        Takes::Law(Quantity::Change),
        "the change of the vendor's capability, reached evenly in the time `over`",
        "\"-10%\"",
    ),
    Key::optional(
        "revenue_change",
        Takes::Map("a table of services, as in `{ copilot = \"-4%\" }`", &Takes::Law(Quantity::Change)),
        "the change of services' revenue, whoever serves them, reached evenly in the time `over`",
        "{ copilot = \"-6% to -1%\" }",
    ),
    Key::or(
        "for",
        Takes::Length,
        "\"permanent\"",
        "how long changes of price, capability and revenue and raised rates last; then they end at once",
        "\"6 months\"",
    ),
    Key::optional(
        "over",
        Takes::Law(Quantity::Duration),
        "the time over which a change of capability or revenue is reached; without it, at once",
        "\"3 months\"",
    ),
    Key::optional(
        "cost",
        Takes::Law(Quantity::Gain),
        "an amount that falls due at the event; below 0 it is a gain",
        "\"$1M to $8M\"",
    ),
    Key::or(
        "scales_with",
        Takes::Choice(&["share", "use"]),
        "\"share\"",
        "whether a portfolio bears `cost` by its planned share, or whole if it uses the vendor at all",
        "\"use\"",
    ),
    Key::optional(
        "stake_change",
        Takes::Law(Quantity::Revaluation),
        "the change of the worth of the firm's stake in the vendor, due at the event, whatever the shares",
        "\"-50%\"",
    ),
    Key::optional(
        "raises",
        Takes::Map("a table of risks, as in `{ outage = 3.0 }`", &Takes::One(Quantity::Number)),
        "risks whose rate is multiplied for a while; they need `per_year` or `per_month`",
        "{ outage = 3.0 }",
    ),
    Key::optional(
        "causes",
        Takes::Map(
            "a table of risks, as in `{ outage = { probability = 0.4, after = \"30 days\" } }`",
            &Takes::Table(&[CAUSE]),
        ),
        "risks of which one event may follow; a risk that only ever follows needs no `arrivals`",
        "{ outage = { probability = 0.4, after = \"30 days to 90 days\" } }",
    ),
];

/// Keys of each risk of `causes`.
const CAUSE: &[Key] = &[
    Key::needed(
        "probability",
        Takes::One(Quantity::Fraction),
        "how likely it follows; conditions of the risk that follows multiply it",
        "0.4",
    ),
    Key::or("after", Takes::Law(Quantity::Duration), "0", "how long after", "\"30 days to 90 days\""),
];

/// Keys that do nothing without one of others.
const COMPANIONS: &[(&str, &[&str], &str)] = &[
    ("leaves", &["duration"], "says what an outage leaves, but there is no `duration`"),
    ("scales_with", &["cost"], "says how a cost is shared, but there is no `cost`"),
    (
        "over",
        &["revenue_change", "capability_change", "gap"],
        "says how fast revenue or capability changes, but neither does",
    ),
    (
        "for",
        &["price_change", "revenue_change", "capability_change", "raises", "gap"],
        "says how long a change lasts, but nothing changes",
    ),
];

/// The effects that a table gives.
pub(super) fn effects(table: &Table<'_>, cx: &mut Cx) -> Option<Effects> {
    refuse_lonely(table, cx);
    let outage = outage(table, cx);
    let suspends = table.maybe("suspends", cx, length);
    let notice = table.maybe("notice", cx, Item::law);
    let price_change = table.maybe("price_change", cx, Item::law);
    let capability_change = table.maybe("capability_change", cx, Item::law);
    let revenue_change = table.maybe("revenue_change", cx, revenue_change);
    let lasts = table.take("for", cx, length);
    let over = table.maybe("over", cx, Item::law);
    let cost = cost(table, cx);
    let stake_change = table.maybe("stake_change", cx, Item::law);
    let raises = table.maybe("raises", cx, raises);
    let causes = table.maybe("causes", cx, causes);
    let lasts = match lasts? {
        Length::Hours(law) => Some(law),
        Length::Permanent => None,
    };
    Some(Effects {
        outage: outage?,
        suspends: suspends?,
        notice: notice?,
        price_change: price_change?,
        capability_change: capability_change?,
        revenue_change: revenue_change?.unwrap_or_default(),
        lasts,
        over: over?,
        cost: cost?,
        stake_change: stake_change?,
        raises: raises?.unwrap_or_default(),
        causes: causes?.unwrap_or_default(),
    })
}

fn refuse_lonely(table: &Table<'_>, cx: &mut Cx) {
    for (name, with, why) in COMPANIONS {
        if table.item(name).is_some() && !with.iter().any(|other| table.has(other)) {
            let problem = Problem::error(format!("`{name}` has nothing to act on"));
            cx.log
                .push(problem.at(table.key_span(name), *why).help(format!("add `{}`, or take `{name}` out", with[0])));
        }
    }
}

#[expect(clippy::option_option, reason = "refused, absent and given are three things")]
fn outage(table: &Table<'_>, cx: &mut Cx) -> Option<Option<Outage>> {
    let duration = table.maybe("duration", cx, Item::law);
    let leaves = table.law("leaves", cx);
    let (duration, leaves) = (duration?, leaves?);
    Some(duration.map(|duration| Outage { duration, leaves }))
}

#[expect(clippy::option_option, reason = "refused, absent and given are three things")]
fn cost(table: &Table<'_>, cx: &mut Cx) -> Option<Option<Cost>> {
    let amount = table.maybe("cost", cx, Item::law);
    let scales_with = table.choice("scales_with", cx);
    let scales_with = if scales_with? == "use" { ScalesWith::Use } else { ScalesWith::Share };
    Some(amount?.map(|amount| Cost { amount, scales_with }))
}

fn length(item: Item<'_>, cx: &mut Cx) -> Option<Length> {
    if item.value.get_ref().as_str() == Some("permanent") {
        return Some(Length::Permanent);
    }
    item.law(cx).map(Length::Hours)
}

fn revenue_change(item: Item<'_>, cx: &mut Cx) -> Option<Vec<(usize, Law)>> {
    some_members(item, "changes no service", cx, |member, cx| {
        let service = cx.service_called(member.id, member.id_span.clone());
        let law = member.item.law_of(Quantity::Change, cx);
        Some((service?, law?))
    })
}

fn raises(item: Item<'_>, cx: &mut Cx) -> Option<Vec<Raise>> {
    some_members(item, "raises no risk", cx, |member, cx| {
        let risk = linked(member, true, cx);
        let factor = member.item.quantity(Quantity::Number, cx);
        Some(Raise { risk: risk?, factor: factor? })
    })
}

fn causes(item: Item<'_>, cx: &mut Cx) -> Option<Vec<Cause>> {
    some_members(item, "causes no risk", cx, |member, cx| {
        let risk = linked(member, false, cx);
        let table = Table::open(member.item, format!("cause of `{}`", member.id), &[CAUSE], cx)?;
        let probability = table.one("probability", cx);
        let after = table.law("after", cx);
        table.about(cx)?;
        Some(Cause { risk: risk?, probability: probability?, after: after? })
    })
}

/// The risk that a member of `raises` or `causes` names.
fn linked(member: &Member<'_>, raises: bool, cx: &mut Cx) -> Option<usize> {
    let risk = cx.risk_called(member.id, member.id_span.clone())?;
    cx.links.push(Link { risk, span: member.id_span.clone(), raises });
    Some(risk)
}

/// Members of a table that must have some, each read by `read`.
fn some_members<T>(
    item: Item<'_>,
    why: &str,
    cx: &mut Cx,
    read: impl Fn(&Member<'_>, &mut Cx) -> Option<T>,
) -> Option<Vec<T>> {
    let members = item.members(cx)?;
    if members.is_empty() {
        let problem = item.problem("is empty", why);
        cx.log.push(problem.help(format!("for example `{} = {}`", item.key.name, item.key.example)));
        return None;
    }
    let read: Vec<Option<T>> = members.iter().map(|member| read(member, cx)).collect();
    read.into_iter().collect()
}
