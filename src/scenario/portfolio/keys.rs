//! Keys of portfolios and their policies.

use crate::quantity::Quantity;
use crate::scenario::nodes::CONTRACT;
use crate::scenario::table::{Absent, Key, Takes};

/// Keys of `[portfolio.<id>]`.
pub(crate) const PORTFOLIO: &[Key] = &[
    Key {
        name: "baseline",
        takes: Takes::Flag,
        absent: Absent::Is("false"),
        says: "the portfolio that others are compared with",
        example: "true",
    },
    Key {
        name: "shares",
        takes: Takes::Map("a table of vendors with shares, or of services with such tables", &[]),
        absent: Absent::Refused,
        says: "the part of traffic on each vendor",
        example: "{ openai = 0.7, grok = 0.3 }",
    },
    Key {
        name: "failover",
        takes: Takes::Table(&[FAILOVER]),
        absent: Absent::None,
        says: "how lost traffic moves at once",
        example: "{ detect = \"5 min\", headroom = 0.6 }",
    },
    Key {
        name: "standby",
        takes: Takes::Map("a table of vendors, as in `{ deepseek = { capacity = 0.3 } }`", &[STANDBY]),
        absent: Absent::None,
        says: "vendors kept ready without traffic",
        example: "{ deepseek = { capacity = 0.3, starts = \"2 h\", costs = \"$80k/month\" } }",
    },
    Key {
        name: "migration",
        takes: Takes::Table(&[MIGRATION]),
        absent: Absent::None,
        says: "how a share moves for good",
        example: "{ patience = \"30 days\", takes = \"3 months\", costs = \"$2M\" }",
    },
    Key {
        name: "setup",
        takes: Takes::One(Quantity::Money),
        absent: Absent::Is("0"),
        says: "what it costs once, at the start",
        example: "\"$3M\"",
    },
    Key {
        name: "overhead",
        takes: Takes::One(Quantity::MoneyPerHour),
        absent: Absent::Is("0"),
        says: "what it costs all along",
        example: "\"$450k/month\"",
    },
    Key {
        name: "contract",
        takes: Takes::Map("a table of vendors, as in `contract.openai = {…}`", &[CONTRACT]),
        absent: Absent::None,
        says: "contracts that replace those of the scenario",
        example: "{ openai = { price_cap = \"+10%\" } }",
    },
    later("covers", Takes::Ids("covers"), "insurance", "[\"business-interruption\"]"),
    later("playbook", Takes::Form("a list of tables"), "moves of shares when a trigger is hit", "[]"),
];

/// Keys of `failover`.
pub(crate) const FAILOVER: &[Key] = &[
    Key {
        name: "detect",
        takes: Takes::One(Quantity::Duration),
        absent: Absent::Is("0"),
        says: "the time until lost traffic may move",
        example: "\"5 min\"",
    },
    Key {
        name: "headroom",
        takes: Takes::One(Quantity::Multiple),
        absent: Absent::Is("0"),
        says: "the spare room of a vendor, as a part of its share",
        example: "0.6",
    },
    Key {
        name: "works",
        takes: Takes::One(Quantity::Fraction),
        absent: Absent::Is("1"),
        says: "the probability that it works",
        example: "0.95",
    },
    Key {
        name: "order",
        takes: Takes::Ids("vendors"),
        absent: Absent::None,
        says: "the order in which vendors are filled",
        example: "[\"grok\", \"openai\"]",
    },
];

/// Keys of a standby.
pub(crate) const STANDBY: &[Key] = &[
    Key {
        name: "capacity",
        takes: Takes::One(Quantity::Multiple),
        absent: Absent::Refused,
        says: "the part of a service's traffic that it can carry",
        example: "0.3",
    },
    Key {
        name: "starts",
        takes: Takes::One(Quantity::Duration),
        absent: Absent::Is("0"),
        says: "the time until it is ready",
        example: "\"2 h\"",
    },
    Key {
        name: "costs",
        takes: Takes::One(Quantity::MoneyPerHour),
        absent: Absent::Is("0"),
        says: "what it costs, used or not",
        example: "\"$80k/month\"",
    },
];

/// Keys of `migration`.
pub(crate) const MIGRATION: &[Key] = &[
    Key {
        name: "to",
        takes: Takes::Ids("vendors"),
        absent: Absent::None,
        says: "where to; without it, to the service's other vendors",
        example: "[\"grok\"]",
    },
    Key {
        name: "patience",
        takes: Takes::One(Quantity::Duration),
        absent: Absent::Refused,
        says: "the shortest loss that makes the firm move",
        example: "\"30 days\"",
    },
    Key {
        name: "takes",
        takes: Takes::Law(Quantity::Duration),
        absent: Absent::Refused,
        says: "how long it takes",
        example: "\"2 months to 8 months\"",
    },
    Key {
        name: "costs",
        takes: Takes::Law(Quantity::Money),
        absent: Absent::Is("0"),
        says: "what it costs, for all traffic",
        example: "\"$4M to $20M\"",
    },
];

const fn later(name: &'static str, takes: Takes, says: &'static str, example: &'static str) -> Key {
    Key { name, takes, absent: Absent::Unsupported, says, example }
}
