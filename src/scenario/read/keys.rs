//! Keys at the top of the file.

use crate::quantity::Quantity;
use crate::scenario::portfolio::PORTFOLIO;
use crate::scenario::risk::{CONDITIONS, EFFECTS, RISK};
use crate::scenario::table::{Key, Takes};
use crate::scenario::{nodes, terms};

/// All keys at the top of the file.
pub(crate) const ROOT: &[&[Key]] = &[TOP, TABLES];

/// Those that stand above the first heading.
pub(crate) const TOP: &[Key] = &[
    Key::optional(
        "name",
        Takes::Text,
        "what the scenario is called; the file's name, if not given",
        "\"copilot 2025\"",
    ),
    Key::needed("start", Takes::Date, "the first moment of every trial, in UTC", "2025-06-01"),
    Key::needed(
        "horizon",
        Takes::One(Quantity::Duration),
        "how long a trial is; what comes later is left out",
        "\"36 months\"",
    ),
    Key::or("currency", Takes::Text, "\"$\"", "the sign that amounts carry", "\"$\""),
    Key::or(
        "discount_rate",
        Takes::One(Quantity::Change),
        "0",
        "the discount rate per year; amounts are reported as present values at the start",
        "\"5%\"",
    ),
    Key::optional(
        "appetite",
        Takes::Either(
            "an amount of money, or `{ loss, probability }`",
            &[Takes::One(Quantity::Money), Takes::Table(&[APPETITE])],
        ),
        "the loss over the horizon that the firm is willing to bear, and how likely it may be exceeded",
        "{ loss = \"$50M\", probability = \"5%\" }",
    ),
    Key::or("trials", Takes::Whole, "100_000", "how many futures are drawn", "100_000"),
    Key::or("seed", Takes::Whole, "1", "the number that chance begins with: the same seed draws the same luck", "1"),
];

/// Those that headings begin with.
pub(crate) const TABLES: &[Key] = &[
    Key::optional(
        "platform",
        Takes::Map("headings such as `[platform.azure]`", &Takes::Table(&[nodes::PLATFORM])),
        "what vendors stand on: a cloud, a network, a jurisdiction; what brings it down reaches all of them at once",
        "{ azure = {} }",
    ),
    Key::needed(
        "vendor",
        Takes::Map("headings such as `[vendor.openai]`", &Takes::Table(&[nodes::VENDOR])),
        "whom the firm buys models from",
        "{ openai = {} }",
    ),
    Key::needed(
        "service",
        Takes::Map("headings such as `[service.copilot]`", &Takes::Table(&[nodes::SERVICE])),
        "what the firm sells",
        "{ copilot = { revenue = \"$410k/h\" } }",
    ),
    Key::optional(
        "contract",
        Takes::Map("headings such as `[contract.openai]`", &Takes::Table(&[terms::CONTRACT])),
        "terms with a vendor, by its name; a portfolio's own `contract` replaces them; they bind where traffic is planned",
        "{ openai = { price_cap = \"+10%\" } }",
    ),
    Key::optional(
        "cover",
        Takes::Map("headings such as `[cover.business-interruption]`", &Takes::Table(&[terms::COVER])),
        "insurance of what interruptions cost, for portfolios that list it in `covers`",
        "{ business-interruption = { waiting = \"8 h\", premium = \"$600k/year\" } }",
    ),
    Key::optional(
        "factor",
        Takes::Map("headings such as `[factor.climate]`", &Takes::Table(&[nodes::FACTOR])),
        "what many risks have in common: rates and prices that follow it are high together and low together",
        "{ climate = { persistence = \"9 months\" } }",
    ),
    Key::optional(
        "risk",
        Takes::Map("headings such as `[risk.openai-outage]`", &Takes::Table(&[RISK, CONDITIONS, EFFECTS])),
        "what can happen: when, to whom, and what it does",
        "{ outage = { kind = \"outage\", on = \"openai\", arrivals = { per_year = 12 }, duration = \"20 min to 9 h\" } }",
    ),
    Key::needed(
        "portfolio",
        Takes::Map("headings such as `[portfolio.neutral]`", &Takes::Table(&[PORTFOLIO])),
        "where traffic is placed, and what the firm does when a vendor is lost",
        "{ single = { shares = { openai = 1.0 } } }",
    ),
];

/// Keys of an `appetite` with a probability.
pub(crate) const APPETITE: &[Key] = &[
    Key::needed("loss", Takes::One(Quantity::Money), "the loss that the firm is willing to bear", "\"$50M\""),
    Key::optional("probability", Takes::One(Quantity::Fraction), "how likely it may be exceeded", "\"5%\""),
];
