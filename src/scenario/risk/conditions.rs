//! For whom an event happens, by what a portfolio plans.

use crate::quantity::Quantity;
use crate::scenario::context::Cx;
use crate::scenario::table::{Item, Key, Table, Takes};
use crate::scenario::{Condition, Conditions};

/// Keys of conditions, on risks and outcomes.
pub(crate) const CONDITIONS: &[Key] = &[
    Key::optional(
        "rate_if",
        Takes::Tables(&[RATE_IF]),
        "portfolios for which it is more or less frequent, or likely (at most 1)",
        "[{ uses = \"grok\", at_least = 0.1, times = 1.8 }]",
    ),
    Key::optional(
        "only_if",
        Takes::Table(&[ONLY_IF]),
        "portfolios for which alone it happens",
        "{ uses = \"grok\", at_least = 0.1 }",
    ),
];

const USES: Key = Key::needed(
    "uses",
    Takes::Id("a vendor or platform"),
    "whose share counts; of a platform, that of the vendors it would bring down",
    "\"grok\"",
);
const AT_LEAST: Key = Key::needed(
    "at_least",
    Takes::One(Quantity::Fraction),
    "the planned share of all traffic, weighted by revenue, from which it holds",
    "0.1",
);
const RATE_IF: &[Key] = &[
    USES,
    AT_LEAST,
    Key::needed(
        "times",
        Takes::One(Quantity::Number),
        "what the rate or probability is multiplied by; above 1 not with `every`",
        "1.8",
    ),
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
pub(crate) fn highest(conditions: &Conditions) -> f64 {
    conditions.list.iter().map(|condition| condition.times.max(1.0)).product()
}
