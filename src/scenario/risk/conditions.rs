//! For whom an event happens, by what a portfolio plans.

use crate::quantity::Quantity;
use crate::scenario::context::Cx;
use crate::scenario::table::{Absent, Item, Key, Table, Takes};
use crate::scenario::{Condition, Conditions};

/// Keys of conditions, on risks and outcomes.
pub(crate) const CONDITIONS: &[Key] = &[
    Key {
        name: "rate_if",
        takes: Takes::Tables(&[RATE_IF]),
        absent: Absent::None,
        says: "portfolios for which it is more or less frequent",
        example: "[{ uses = \"grok\", at_least = 0.1, times = 1.8 }]",
    },
    Key {
        name: "only_if",
        takes: Takes::Table(&[ONLY_IF]),
        absent: Absent::None,
        says: "portfolios for which alone it happens",
        example: "{ uses = \"grok\", at_least = 0.1 }",
    },
];

const USES: Key = Key {
    name: "uses",
    takes: Takes::Id("a vendor or platform"),
    absent: Absent::Refused,
    says: "whose share counts",
    example: "\"grok\"",
};
const AT_LEAST: Key = Key {
    name: "at_least",
    takes: Takes::One(Quantity::Fraction),
    absent: Absent::Refused,
    says: "the planned share of all traffic from which it holds",
    example: "0.1",
};
const RATE_IF: &[Key] = &[
    USES,
    AT_LEAST,
    Key {
        name: "times",
        takes: Takes::One(Quantity::Number),
        absent: Absent::Refused,
        says: "the factor",
        example: "1.8",
    },
];
const ONLY_IF: &[Key] = &[USES, AT_LEAST];

/// The conditions that a table gives; a renewal can only be thinned.
pub(super) fn conditions(table: &Table<'_>, renewal: bool, cx: &mut Cx) -> Option<Conditions> {
    let rate_if = table.maybe("rate_if", cx, |item, cx| {
        let members: Vec<Option<Condition>> =
            item.list(cx)?.map(|member| condition(member, false, renewal, cx)).collect();
        members.into_iter().collect::<Option<Vec<Condition>>>()
    });
    let only_if = table.maybe("only_if", cx, |item, cx| condition(item, true, renewal, cx));
    let mut list = rate_if?.unwrap_or_default();
    list.extend(only_if?);
    Some(Conditions { list })
}

fn condition(item: Item<'_>, only: bool, renewal: bool, cx: &mut Cx) -> Option<Condition> {
    let keys: &'static [&'static [Key]] = if only { &[ONLY_IF] } else { &[RATE_IF] };
    let table = Table::open(item, format!("`{}`", item.key.name), keys, cx)?;
    let uses = table.need("uses", cx).and_then(|item| cx.node(item));
    let at_least = table.one("at_least", cx);
    let times = if only { Some(1.0) } else { table.take("times", cx, |item, cx| times(item, renewal, cx)) };
    table.about(cx)?;
    Some(Condition { uses: uses?, at_least: at_least?, times: times?, otherwise: if only { 0.0 } else { 1.0 } })
}

fn times(item: Item<'_>, renewal: bool, cx: &mut Cx) -> Option<f64> {
    let times = item.one(cx)?;
    if renewal && times > 1.0 {
        let problem = item.problem("is above 1", "events that come `every` so often can only be thinned");
        cx.log.push(problem.help("write a factor up to 1, or use `per_year` instead of `every`".to_owned()));
        return None;
    }
    Some(times)
}

/// The largest factor that any portfolio could have.
pub(super) fn highest(conditions: &Conditions) -> f64 {
    conditions.list.iter().map(|condition| condition.times.max(1.0)).product()
}
