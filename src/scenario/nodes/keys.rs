//! Keys of platforms, vendors, services and factors.

use crate::quantity::Quantity;
use crate::scenario::table::{Key, Takes};

/// Keys of `[platform.<id>]`.
pub(crate) const PLATFORM: &[Key] = &[RUNS_ON];

/// Keys of `[vendor.<id>]`.
pub(crate) const VENDOR: &[Key] = &[
    RUNS_ON,
    Key::optional(
        "price",
        Takes::Price,
        "what a unit of usage costs at the start; needed where a service with a `usage` can be sent to it",
        "\"$4.40/Mtok\"",
    ),
    Key::or(
        "capability",
        Takes::One(Quantity::Multiple),
        "1",
        "how good its models are at the start, 1 being the frontier; felt by services with a `sensitivity`",
        "0.95",
    ),
    Key::or(
        "stake",
        Takes::One(Quantity::Money),
        "0",
        "what the firm holds in it, which a `stake_change` makes worth less or more",
        "\"$13bn\"",
    ),
];

const RUNS_ON: Key = Key::or(
    "runs_on",
    Takes::Either("a list of platforms, or `{ any_of = […] }`", &[Takes::Ids("platforms"), Takes::Table(&[ANY_OF])]),
    "[]",
    "the platforms it needs: all of a list, or one of `any_of`; what brings them down brings it down",
    "[\"azure\"]",
);

pub(super) const ANY_OF: &[Key] =
    &[Key::needed("any_of", Takes::Ids("platforms"), "platforms of which one is enough", "[\"azure\", \"aws\"]")];

/// Keys of `[service.<id>]`.
pub(crate) const SERVICE: &[Key] = &[
    Key::needed(
        "revenue",
        Takes::One(Quantity::MoneyPerHour),
        "what it earns at full service, at the start, averaged over the week",
        "\"$410k/h\"",
    ),
    Key::or(
        "growth",
        Takes::One(Quantity::Change),
        "0",
        "growth of revenue and usage per year, steadily compounded",
        "\"+25%\"",
    ),
    Key::optional(
        "calendar",
        Takes::Table(&[CALENDAR]),
        "the demand profile over the week, for revenue and usage",
        "{ weekday = [5, 5, 5, 5, 5, 2, 2] }",
    ),
    Key::or(
        "margin",
        Takes::One(Quantity::Fraction),
        "1",
        "the part of unearned revenue that is lost; the rest would have been costs, or comes later",
        "0.7",
    ),
    Key::optional(
        "usage",
        Takes::Usage,
        "what it buys from vendors at the start; without it nothing is billed for the service",
        "\"3 Ttok/month\"",
    ),
    Key::or(
        "tolerance",
        Takes::One(Quantity::Duration),
        "0",
        "the first part of each interruption, which costs nothing",
        "\"10 min\"",
    ),
    Key::optional(
        "impact_tolerance",
        Takes::One(Quantity::Duration),
        "the longest interruption that may be shown to the regulator; a measure, no money",
        "\"4 h\"",
    ),
    Key::optional(
        "churn",
        Takes::Table(&[CHURN]),
        "customers who leave after a long interruption, and come back in time",
        "{ after = \"4 h\", loses = \"0.2% to 1%\", returns = \"9 months\" }",
    ),
    Key::or(
        "sensitivity",
        Takes::One(Quantity::Multiple),
        "0",
        "the part of revenue lost per unit of capability that its vendors are short of 1",
        "0.3",
    ),
];

/// Keys of `churn`.
pub(super) const CHURN: &[Key] = &[
    Key::needed("after", Takes::One(Quantity::Duration), "the longest interruption that drives nobody away", "\"4 h\""),
    Key::needed(
        "loses",
        Takes::Law(Quantity::Fraction),
        "the part of customers that leaves, for an interruption of all traffic",
        "\"0.2% to 1%\"",
    ),
    Key::needed("returns", Takes::One(Quantity::Duration), "the mean time until they are won back", "\"9 months\""),
];

/// Keys of a `calendar`.
pub(crate) const CALENDAR: &[Key] = &[
    Key::optional(
        "weekday",
        Takes::Numbers,
        "seven weights of the days, Monday first, in UTC; scaled to mean 1",
        "[5, 5, 5, 5, 5, 2, 2]",
    ),
    Key::optional(
        "hour",
        Takes::Numbers,
        "24 weights of the hours of the day, in UTC; scaled to mean 1",
        "[1, 1, 1, 1, 1, 1, 2, 4, 6, 8, 8, 8, 7, 8, 8, 8, 7, 6, 4, 3, 2, 2, 1, 1]",
    ),
];

/// Keys of `[factor.<id>]`.
pub(crate) const FACTOR: &[Key] = &[Key::optional(
    "persistence",
    Takes::One(Quantity::Duration),
    "how long good and bad times last: after so long about a third is left of them; without it every month is a new one",
    "\"9 months\"",
)];
