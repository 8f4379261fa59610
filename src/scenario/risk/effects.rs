//! What an event or an outcome does.

use crate::chance::law::Law;
use crate::quantity::Quantity;
use crate::scenario::context::Cx;
use crate::scenario::table::{Absent, Item, Key, Table, Takes};
use crate::scenario::{Cost, Effects, Length, Outage, ScalesWith};
use crate::source::Problem;

use super::later;

/// Keys of effects.
pub(crate) const EFFECTS: &[Key] = &[
    Key {
        name: "duration",
        takes: Takes::Law(Quantity::Duration),
        absent: Absent::None,
        says: "how long an outage lasts",
        example: "\"20 min to 9 h\"",
    },
    Key {
        name: "leaves",
        takes: Takes::Law(Quantity::Fraction),
        absent: Absent::Is("0"),
        says: "the fraction that an outage leaves",
        example: "0.4",
    },
    Key {
        name: "suspends",
        takes: Takes::Length,
        absent: Absent::None,
        says: "how long access is lost",
        example: "\"90 days\"",
    },
    Key {
        name: "notice",
        takes: Takes::Law(Quantity::Duration),
        absent: Absent::None,
        says: "the time between announcement and beginning",
        example: "\"60 days\"",
    },
    Key {
        name: "price_change",
        takes: Takes::Law(Quantity::Change),
        absent: Absent::None,
        says: "the change of the price",
        example: "\"+12% to +75%\"",
    },
    Key {
        name: "revenue_change",
        takes: Takes::Map("a table of services, as in `{ copilot = \"-4%\" }`", &[]),
        absent: Absent::None,
        says: "the change of services' revenue",
        example: "{ copilot = \"-6% to -1%\" }",
    },
    Key {
        name: "for",
        takes: Takes::Length,
        absent: Absent::Is("\"permanent\""),
        says: "how long changes last",
        example: "\"6 months\"",
    },
    Key {
        name: "over",
        takes: Takes::Law(Quantity::Duration),
        absent: Absent::None,
        says: "the time over which a change of revenue is reached",
        example: "\"3 months\"",
    },
    Key {
        name: "cost",
        takes: Takes::Law(Quantity::Gain),
        absent: Absent::None,
        says: "an amount that falls due",
        example: "\"$1M to $8M\"",
    },
    Key {
        name: "scales_with",
        takes: Takes::Choice(&["share", "use"]),
        absent: Absent::Is("\"share\""),
        says: "whether a portfolio bears `cost` by its share, or whole if it uses the vendor at all",
        example: "\"use\"",
    },
    later("capability_change", Takes::Law(Quantity::Change), "a change of capability", "\"-10%\""),
    later("stake_change", Takes::Law(Quantity::Change), "a change of the stake's worth", "\"-50%\""),
    later("raises", Takes::Form("a table of risks"), "risks that become more frequent", "{ outage = 3.0 }"),
    later(
        "causes",
        Takes::Form("a table of risks"),
        "risks that follow",
        "{ outage = { probability = 0.4, after = \"30 days\" } }",
    ),
];

/// Keys that do nothing without one of others.
const COMPANIONS: &[(&str, &[&str], &str)] = &[
    ("leaves", &["duration"], "says what an outage leaves, but there is no `duration`"),
    ("scales_with", &["cost"], "says how a cost is shared, but there is no `cost`"),
    (
        "over",
        &["revenue_change", "capability_change"],
        "says how fast revenue changes, but there is no `revenue_change`",
    ),
    (
        "for",
        &["price_change", "revenue_change", "capability_change", "raises"],
        "says how long a change lasts, but there is no `price_change` or `revenue_change`",
    ),
];

/// The effects that a table gives.
pub(super) fn effects(table: &Table<'_>, cx: &mut Cx) -> Option<Effects> {
    refuse_lonely(table, cx);
    let outage = outage(table, cx);
    let suspends = table.maybe("suspends", cx, length);
    let notice = table.maybe("notice", cx, Item::law);
    let price_change = table.maybe("price_change", cx, Item::law);
    let revenue_change = table.maybe("revenue_change", cx, revenue_change);
    let lasts = table.take("for", cx, length);
    let over = table.maybe("over", cx, Item::law);
    let cost = cost(table, cx);
    let lasts = match lasts? {
        Length::Hours(law) => Some(law),
        Length::Permanent => None,
    };
    Some(Effects {
        outage: outage?,
        suspends: suspends?,
        notice: notice?,
        price_change: price_change?,
        capability_change: None,
        revenue_change: revenue_change?.unwrap_or_default(),
        lasts,
        over: over?,
        cost: cost?,
        stake_change: None,
        raises: Vec::new(),
        causes: Vec::new(),
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
    let members = item.members(cx)?;
    if members.is_empty() {
        let problem = item.problem("is empty", "changes no service");
        cx.log.push(problem.help("name a service: `{ copilot = \"-4%\" }`".to_owned()));
        return None;
    }
    let changes: Vec<Option<(usize, Law)>> = members
        .iter()
        .map(|member| {
            let service = cx.service_called(member.id, member.id_span.clone());
            let law = member.item.law_of(Quantity::Change, cx);
            Some((service?, law?))
        })
        .collect();
    changes.into_iter().collect()
}
