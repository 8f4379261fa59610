//! Keys at the top of the file.

use crate::quantity::Quantity;
use crate::scenario::nodes;
use crate::scenario::portfolio::PORTFOLIO;
use crate::scenario::risk::{CONDITIONS, EFFECTS, RISK};
use crate::scenario::table::{Absent, Key, Takes};

/// Keys at the top of the file.
pub(crate) const ROOT: &[Key] = &[
    Key {
        name: "name",
        takes: Takes::Text,
        absent: Absent::None,
        says: "what the scenario is called; the file's name, if not given",
        example: "\"copilot 2025\"",
    },
    Key {
        name: "start",
        takes: Takes::Date,
        absent: Absent::Refused,
        says: "the first moment of every trial",
        example: "2025-06-01",
    },
    Key {
        name: "horizon",
        takes: Takes::One(Quantity::Duration),
        absent: Absent::Refused,
        says: "how long a trial is",
        example: "\"36 months\"",
    },
    Key {
        name: "currency",
        takes: Takes::Text,
        absent: Absent::Is("\"$\""),
        says: "the sign that amounts carry",
        example: "\"$\"",
    },
    Key {
        name: "discount_rate",
        takes: Takes::One(Quantity::Change),
        absent: Absent::Is("0"),
        says: "the discount rate per year",
        example: "\"5%\"",
    },
    Key {
        name: "appetite",
        takes: Takes::Form("an amount of money, or `{ loss, probability }`"),
        absent: Absent::None,
        says: "the loss that the firm is willing to bear",
        example: "{ loss = \"$50M\", probability = \"5%\" }",
    },
    Key {
        name: "trials",
        takes: Takes::Whole,
        absent: Absent::Is("100_000"),
        says: "how many futures are drawn",
        example: "100_000",
    },
    Key {
        name: "seed",
        takes: Takes::Whole,
        absent: Absent::Is("1"),
        says: "the number that chance begins with",
        example: "1",
    },
    Key {
        name: "platform",
        takes: Takes::Map("headings such as `[platform.azure]`", &[nodes::PLATFORM]),
        absent: Absent::None,
        says: "what vendors stand on",
        example: "{ azure = {} }",
    },
    Key {
        name: "vendor",
        takes: Takes::Map("headings such as `[vendor.openai]`", &[nodes::VENDOR]),
        absent: Absent::None,
        says: "whom the firm buys from",
        example: "{ openai = {} }",
    },
    Key {
        name: "service",
        takes: Takes::Map("headings such as `[service.copilot]`", &[nodes::SERVICE]),
        absent: Absent::None,
        says: "what the firm sells",
        example: "{ copilot = { revenue = \"$410k/h\" } }",
    },
    Key {
        name: "contract",
        takes: Takes::Map("headings such as `[contract.openai]`", &[nodes::CONTRACT]),
        absent: Absent::None,
        says: "terms with vendors",
        example: "{ openai = { price_cap = \"+10%\" } }",
    },
    Key {
        name: "risk",
        takes: Takes::Map("headings such as `[risk.openai-outage]`", &[RISK, CONDITIONS, EFFECTS]),
        absent: Absent::None,
        says: "what can happen",
        example: "{}",
    },
    Key {
        name: "portfolio",
        takes: Takes::Map("headings such as `[portfolio.neutral]`", &[PORTFOLIO]),
        absent: Absent::None,
        says: "where traffic is placed",
        example: "{ single = { shares = { openai = 1.0 } } }",
    },
    Key {
        name: "factor",
        takes: Takes::Map("headings such as `[factor.climate]`", &[]),
        absent: Absent::Unsupported,
        says: "what many risks have in common",
        example: "{}",
    },
    Key {
        name: "cover",
        takes: Takes::Map("headings such as `[cover.business-interruption]`", &[]),
        absent: Absent::Unsupported,
        says: "insurance",
        example: "{}",
    },
];

/// Keys of an `appetite` with a probability.
pub(crate) const APPETITE: &[Key] = &[
    Key {
        name: "loss",
        takes: Takes::One(Quantity::Money),
        absent: Absent::Refused,
        says: "the loss that the firm is willing to bear",
        example: "\"$50M\"",
    },
    Key {
        name: "probability",
        takes: Takes::One(Quantity::Fraction),
        absent: Absent::None,
        says: "how likely it may be exceeded",
        example: "\"5%\"",
    },
];
