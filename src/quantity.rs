//! Quantities as the user writes them, to checked numbers in the engine's units: hours, currency, fractions.
//!
//! Other units exist only here. Knows no key and no file: a refusal is a [`Fault`], which the reader puts in its place.

mod date;
mod pattern;
#[cfg(test)]
mod tests;
mod units;

pub(crate) use date::{iso, unix_seconds};
pub(crate) use pattern::{price as price_pattern, usage as usage_pattern};

pub(crate) use units::TIMES;

use crate::scenario::YEAR;
use crate::source::nearest;

/// More money than can be meant.
const MOST_MONEY: f64 = 1e15;
/// Longer than can be meant, hours.
const LONGEST: f64 = 1000.0 * YEAR;

/// Why a text is not the quantity it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Completes "`key` …".
    pub what: String,
    /// Why, beside the underlined text.
    pub why: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl Fault {
    fn new(what: impl Into<String>, why: impl Into<String>, help: &str) -> Self {
        Self { what: what.into(), why: why.into(), help: Some(help.to_owned()) }
    }
}

/// What a number may stand for, with the values it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quantity {
    /// Hours, not negative.
    Duration,
    /// Currency, not negative.
    Money,
    /// Currency, negative if it is a gain.
    Gain,
    /// Currency per hour, not negative.
    MoneyPerHour,
    /// Currency per year, not negative.
    MoneyPerYear,
    /// A part of something: from 0 to 1.
    Fraction,
    /// A part that may exceed the whole: not negative.
    Multiple,
    /// A relative change, above −1.
    Change,
    /// A relative change that may take all away: −1 or more.
    Revaluation,
    /// A plain number, not negative.
    Number,
    /// A plain number of either sign.
    Loading,
}

impl Quantity {
    /// Whether it is a change, which distributions take one plus.
    pub(crate) fn is_change(self) -> bool {
        matches!(self, Self::Change | Self::Revaluation)
    }

    /// "a duration".
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Duration => "a duration",
            Self::Money | Self::Gain => "an amount of money",
            Self::MoneyPerHour | Self::MoneyPerYear => "an amount of money per time",
            Self::Fraction => "a fraction",
            Self::Multiple => "a fraction that may exceed 1",
            Self::Change | Self::Revaluation => "a relative change",
            Self::Number | Self::Loading => "a number",
        }
    }

    /// How one is written.
    pub(crate) fn help(self) -> &'static str {
        match self {
            Self::Duration => "write a number and its unit in quotes: \"10 min\", \"1.5 h\", \"3 days\", \"6 months\"",
            Self::Money | Self::Gain => "write an amount in quotes: \"$2.5M\", \"$40k\", \"1,250,000\"",
            Self::MoneyPerHour | Self::MoneyPerYear => {
                "write an amount and a time in quotes: \"$410k/h\", \"$9M/day\", \"$2M/month\", \"$80M/year\""
            }
            Self::Fraction => "write a fraction from 0 to 1: 0.07 or \"7%\"",
            Self::Multiple => "write a fraction: 0.6 or \"60%\"",
            Self::Change => "write a change in percent: \"+15%\" or \"-8%\"",
            Self::Revaluation => "write a change in percent: \"-50%\", or \"-100%\" if nothing is left",
            Self::Number => "write a number without unit: 30",
            Self::Loading => "write a number without unit, below 0 if it moves the other way: 0.4",
        }
    }

    /// What its standard deviation is.
    pub(crate) fn spread(self) -> Self {
        match self {
            Self::Change | Self::Revaluation | Self::Fraction | Self::Multiple => Self::Multiple,
            Self::Gain => Self::Money,
            Self::Duration | Self::Money | Self::MoneyPerHour | Self::MoneyPerYear | Self::Number | Self::Loading => {
                self
            }
        }
    }

    /// The values it may have: from … to.
    pub(crate) fn bounds(self) -> (f64, f64) {
        match self {
            Self::Duration => (0.0, LONGEST),
            Self::Money | Self::MoneyPerHour | Self::MoneyPerYear => (0.0, MOST_MONEY),
            Self::Gain => (-MOST_MONEY, MOST_MONEY),
            Self::Fraction => (0.0, 1.0),
            Self::Multiple | Self::Number => (0.0, f64::INFINITY),
            Self::Change | Self::Revaluation => (-1.0, f64::INFINITY),
            Self::Loading => (f64::NEG_INFINITY, f64::INFINITY),
        }
    }

    /// The value of a text such as `"$2.5M"`; `currency` is the sign that amounts may carry.
    pub(crate) fn parse(self, text: &str, currency: &str) -> Result<f64, Fault> {
        let value = match self {
            Self::Duration => units::duration(text),
            Self::Money | Self::Gain => units::money(text, currency),
            Self::MoneyPerHour => units::money_per(text, currency, 1.0),
            Self::MoneyPerYear => units::money_per(text, currency, YEAR),
            Self::Fraction | Self::Multiple | Self::Change | Self::Revaluation => units::percent(text, self),
            Self::Number | Self::Loading => units::number(text, self),
        }?;
        self.check(value)
    }

    /// The value of a bare number, where that has one meaning.
    pub(crate) fn bare(self, value: f64) -> Result<f64, Fault> {
        match self {
            Self::Fraction | Self::Multiple | Self::Change | Self::Revaluation | Self::Number | Self::Loading => {
                self.check(value)
            }
            _ if value == 0.0 => Ok(0.0),
            Self::Duration => Err(self.no_unit("a number without a unit")),
            Self::Money | Self::Gain => Err(self.no_unit("a number without quotes")),
            Self::MoneyPerHour | Self::MoneyPerYear => Err(self.no_unit("a number without a time")),
        }
    }

    fn no_unit(self, why: &str) -> Fault {
        Fault::new(format!("must be {}", self.noun()), why, self.help())
    }

    /// `value`, if it may be one.
    pub(crate) fn check(self, value: f64) -> Result<f64, Fault> {
        let (low, high) = self.bounds();
        if value.is_nan() {
            return Err(Fault::new("is not a number", "not a number", self.help()));
        }
        if self == Self::Change && value <= low {
            return Err(Fault::new("falls by 100 % or more", "must be above -100 %", self.help()));
        }
        if self == Self::Revaluation && value < low {
            return Err(Fault::new("falls by more than 100 %", "must be -100 % or more", self.help()));
        }
        if value < low && self != Self::Gain {
            return Err(Fault::new("is negative", "must be 0 or more", "take the minus away"));
        }
        if value < low || value > high || value.is_infinite() {
            return Err(self.too_large());
        }
        Ok(value)
    }

    fn too_large(self) -> Fault {
        let (what, why, help) = match self {
            Self::Fraction => ("is more than the whole", "must be at most 1, which is 100 %", self.help()),
            Self::Duration => (
                "is too long to be meant",
                "more than 1,000 years",
                "check the unit; what has no end is \"permanent\", where that is allowed",
            ),
            Self::Money | Self::Gain | Self::MoneyPerHour | Self::MoneyPerYear => {
                ("is too large to be meant", "more than 1e15", "check the multiple: k, M or bn")
            }
            Self::Multiple | Self::Change | Self::Revaluation | Self::Number | Self::Loading => {
                ("is too large to be meant", "not a finite number", self.help())
            }
        };
        Fault::new(what, why, help)
    }
}

/// Metered traffic: base units per hour, the unit's word, and whether it was written with a prefix.
pub(crate) fn usage(text: &str) -> Result<(f64, String, bool), Fault> {
    units::usage(text)
}

/// A price: currency per base unit, and the unit's word.
pub(crate) fn price(text: &str, currency: &str) -> Result<(f64, String), Fault> {
    units::price(text, currency)
}

/// Whether `sign` can stand before an amount without being taken for a part of it.
pub(crate) fn is_currency(sign: &str) -> bool {
    let sane = |c: char| !c.is_whitespace() && !c.is_control() && !c.is_ascii_digit() && !"+-.,_/%'\"".contains(c);
    !sign.is_empty() && sign.chars().count() <= 5 && sign.chars().all(sane)
}

/// Help for a unit that is not known.
fn unit_help(unit: &str, known: &[&str], otherwise: &str) -> String {
    match nearest(unit, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => otherwise.to_owned(),
    }
}

/// A number as messages show it: six decimals at most.
pub(crate) fn shown(value: f64) -> String {
    let rounded = (value * 1e6).round() / 1e6;
    format!("{rounded}")
}

/// A large number as messages show it: "1,700,000".
pub(crate) fn grouped(value: f64) -> String {
    if value >= 1e15 {
        return format!("{value:.1e}");
    }
    let digits = format!("{value:.0}");
    let mut out = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
