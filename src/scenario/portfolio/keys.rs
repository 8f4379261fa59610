//! Keys of portfolios and their policies.

use crate::quantity::Quantity;
use crate::scenario::table::{Key, Takes};
use crate::scenario::terms::CONTRACT;

/// Keys of `[portfolio.<id>]`.
pub(crate) const PORTFOLIO: &[Key] = &[
    Key::or(
        "baseline",
        Takes::Flag,
        "false",
        "the portfolio that others are compared with; if none says so, the first",
        "true",
    ),
    SHARES,
    Key::optional(
        "failover",
        Takes::Table(&[FAILOVER]),
        "how lost traffic moves at once into room that others have",
        "{ detect = \"5 min\", headroom = 0.6 }",
    ),
    Key::optional(
        "standby",
        Takes::Map("a table of vendors, as in `{ deepseek = { capacity = 0.3 } }`", &Takes::Table(&[STANDBY])),
        "vendors kept ready without traffic, for `failover` to use",
        "{ deepseek = { capacity = 0.3, starts = \"2 h\", costs = \"$80k/month\" } }",
    ),
    Key::optional(
        "migration",
        Takes::Table(&[MIGRATION]),
        "how the share of a vendor that is lost for long moves for good",
        "{ patience = \"30 days\", takes = \"3 months\", costs = \"$2M\" }",
    ),
    Key::optional(
        "playbook",
        Takes::Tables(&[PLAY]),
        "changes of shares decided beforehand, each made once, when its condition has held long enough",
        "[{ when = { vendor = \"openai\", price_above = \"+40%\", lasting = \"2 months\" }, shares = { grok = 1.0 }, takes = \"2 months\", costs = \"$3M\" }]",
    ),
    Key::or("setup", Takes::One(Quantity::Money), "0", "what it costs once, at the start", "\"$3M\""),
    Key::or(
        "overhead",
        Takes::One(Quantity::MoneyPerHour),
        "0",
        "what it costs all along: people, tests, integrations",
        "\"$450k/month\"",
    ),
    Key::optional("covers", Takes::Ids("covers"), "the insurance policies that it buys", "[\"business-interruption\"]"),
    Key::optional(
        "contract",
        Takes::Map("a table of vendors, as in `contract.openai = {…}`", &Takes::Table(&[CONTRACT])),
        "contracts that replace those of the scenario; `{}` is none",
        "{ openai = { price_cap = \"+10%\" } }",
    ),
];

const SHARES: Key = Key::needed(
    "shares",
    Takes::Either(
        "a table of vendors with shares, or of services with such tables",
        &[
            Takes::Map("vendors with shares", &Takes::One(Quantity::Fraction)),
            Takes::Map(
                "services with such tables",
                &Takes::Map("vendors with shares", &Takes::One(Quantity::Fraction)),
            ),
        ],
    ),
    "the part of traffic on each vendor, for all services or by service; they sum to 1",
    "{ openai = 0.7, grok = 0.3 }",
);

/// Keys of `failover`.
pub(crate) const FAILOVER: &[Key] = &[
    Key::or(
        "detect",
        Takes::One(Quantity::Duration),
        "0",
        "the time until lost traffic may move; a loss of access that was announced is known at once",
        "\"5 min\"",
    ),
    Key::or(
        "headroom",
        Takes::One(Quantity::Multiple),
        "0",
        "the spare room of each vendor, as a part of its share",
        "0.6",
    ),
    Key::or(
        "works",
        Takes::One(Quantity::Fraction),
        "1",
        "the probability that it works, drawn once for a vendor's fall",
        "0.95",
    ),
    Key::optional(
        "order",
        Takes::Ids("vendors"),
        "the order in which vendors are filled, who is not in it offering no room; without it: as listed in `shares`, then standbys",
        "[\"grok\", \"openai\"]",
    ),
];

/// Keys of a standby.
pub(crate) const STANDBY: &[Key] = &[
    Key::needed("capacity", Takes::One(Quantity::Multiple), "the part of a service's traffic that it can carry", "0.3"),
    Key::or("starts", Takes::One(Quantity::Duration), "0", "the time until it is ready", "\"2 h\""),
    Key::or("costs", Takes::One(Quantity::MoneyPerHour), "0", "what it costs all along, used or not", "\"$80k/month\""),
];

/// Keys of `migration`.
pub(crate) const MIGRATION: &[Key] = &[
    Key::optional(
        "to",
        Takes::Ids("vendors"),
        "where to, in equal parts; without it, to the service's other vendors by their shares",
        "[\"grok\"]",
    ),
    Key::needed(
        "patience",
        Takes::One(Quantity::Duration),
        "the shortest loss that makes the firm move",
        "\"30 days\"",
    ),
    Key::needed("takes", Takes::Law(Quantity::Duration), "how long it takes", "\"2 months to 8 months\""),
    Key::or(
        "costs",
        Takes::Law(Quantity::Money),
        "0",
        "what it would cost for all traffic; of a part, that part is due when it begins",
        "\"$4M to $20M\"",
    ),
];

/// Keys of an entry of `playbook`.
pub(crate) const PLAY: &[Key] = &[
    Key::needed(
        "when",
        Takes::Table(&[WHEN]),
        "what must hold, and for how long",
        "{ vendor = \"openai\", price_above = \"+40%\", lasting = \"2 months\" }",
    ),
    SHARES,
    Key::needed("takes", Takes::One(Quantity::Duration), "the time from then until the shares change", "\"2 months\""),
    Key::or("costs", Takes::One(Quantity::Money), "0", "what is due when it begins", "\"$3M\""),
];

/// Keys of `when`. One of [`TRIGGERS`] is needed.
pub(crate) const WHEN: &[Key] = &[
    Key::needed("vendor", Takes::Id("a vendor"), "whom it looks at", "\"openai\""),
    Key::optional(
        "price_above",
        Takes::One(Quantity::Change),
        "the billed price has risen by more than this since the start",
        "\"+40%\"",
    ),
    Key::optional("capability_below", Takes::One(Quantity::Multiple), "capability has fallen below this", "0.8"),
    Key::optional(
        "down_hours_above",
        Takes::One(Quantity::Duration),
        "the hours lost in the last 90 days, partial ones in part, are more than this",
        "\"20 h\"",
    ),
    Key::or("lasting", Takes::One(Quantity::Duration), "0", "how long it must hold without a break", "\"2 months\""),
];

/// What an entry may look at: exactly one.
pub(crate) const TRIGGERS: &[&str] = &["price_above", "capability_below", "down_hours_above"];
