//! The forms that name a distribution: text, interval or table, to a law in the engine's units.
//!
//! Knows the laws' parameters; draws nothing.

use toml::de::DeValue;

use super::context::Cx;
use super::files;
use super::table::{Absent, Item, Key, Table, Takes};
use crate::chance::law::Law;
use crate::quantity::Quantity;
use crate::source::{Problem, Span, listed};

mod bounded;
mod build;
#[cfg(test)]
mod tests;

/// Keys of a distribution written as a table. Which of them go together is said in [`FORMS`].
pub(crate) const KEYS: &[Key] = &[
    key("median", Takes::Form("a quantity"), "the median of a log-normal", "\"1.2 h\""),
    key("mean", Takes::Form("a quantity"), "the mean of a log-normal", "\"5 h\""),
    key("sd", Takes::Form("a quantity"), "the standard deviation of a log-normal", "\"10 h\""),
    key("sigma", Takes::One(Quantity::Number), "the standard deviation of the logarithm", "1.2"),
    key("pert", Takes::Form("a list of smallest, most likely and largest"), "a beta-PERT", "[\"1 h\", \"2 h\", \"9 h\"]"),
    key("triangular", Takes::Form("a list of smallest, most likely and largest"), "a triangle", "[\"1 h\", \"2 h\", \"9 h\"]"),
    key("uniform", Takes::Form("a list of smallest and largest"), "all values alike", "[\"1 h\", \"9 h\"]"),
    key("beta", Takes::Table(&[BETA]), "a beta law on 0 to 1", "{ mean = 0.3, sd = 0.1 }"),
    key("weibull", Takes::Table(&[SHAPED]), "a Weibull law", "{ shape = 0.8, scale = \"3 h\" }"),
    key("gamma", Takes::Table(&[SHAPED]), "a gamma law", "{ shape = 2, scale = \"3 h\" }"),
    key("pareto", Takes::Table(&[SHAPED]), "a Pareto law, from `scale` up", "{ shape = 2.5, scale = \"3 h\" }"),
    key("loglogistic", Takes::Table(&[SHAPED]), "a log-logistic law with median `scale`", "{ shape = 2.5, scale = \"3 h\" }"),
    key("exponential", Takes::Form("a quantity, the mean"), "an exponential law", "\"3 h\""),
    key("empirical", Takes::Text, "a row of a CSV file at random", "\"data/x.csv\""),
    key("column", Takes::Text, "the column of the file", "\"hours\""),
    key("values", Takes::Form("a list of quantities"), "one of these values", "[\"1 h\", \"4 h\"]"),
    key("weights", Takes::Numbers, "their weights", "[3, 1]"),
    key("min", Takes::Form("a quantity"), "cuts off what is below", "\"5 min\""),
    key("max", Takes::Form("a quantity"), "cuts off what is above", "\"9 h\""),
];

const SHAPED: &[Key] = &[
    Key { name: "shape", takes: Takes::One(Quantity::Number), absent: Absent::Refused, says: "the shape", example: "0.8" },
    Key { name: "scale", takes: Takes::Form("a quantity"), absent: Absent::Refused, says: "the scale", example: "\"3 h\"" },
];

const BETA: &[Key] = &[
    Key { name: "mean", takes: Takes::Form("a fraction"), absent: Absent::Refused, says: "the mean", example: "0.3" },
    Key { name: "sd", takes: Takes::Form("a fraction"), absent: Absent::Refused, says: "the standard deviation", example: "0.1" },
];

const fn key(name: &'static str, takes: Takes, says: &'static str, example: &'static str) -> Key {
    Key { name, takes, absent: Absent::None, says, example }
}

/// The key that stands for any `pNN`.
pub(crate) const PERCENTILE: Key = key("pNN", Takes::Form("a quantity"), "a percentile of a log-normal, p01 to p99", "\"8 h\"");

/// Forms by the key that marks each, and the keys that go with it (`min` and `max` go with all).
const FORMS: &[(&str, &[&str])] = &[
    ("pert", &[]),
    ("triangular", &[]),
    ("uniform", &[]),
    ("beta", &[]),
    ("weibull", &[]),
    ("gamma", &[]),
    ("pareto", &[]),
    ("loglogistic", &[]),
    ("exponential", &[]),
    ("empirical", &["column"]),
    ("values", &["weights"]),
];

/// A 95th percentile that many times the 5th makes the mean of a log-normal hang on its tail.
const WIDE: f64 = 1000.0;
/// Distance of the 5th and 95th percentiles of a normal law, in standard deviations.
const SPREAD: f64 = 2.0 * 1.644_853_626_951_472_2;

impl Item<'_> {
    /// The law of the quantity that the key takes.
    pub(crate) fn law(self, cx: &mut Cx) -> Option<Law> {
        let quantity = match self.key.takes {
            Takes::Law(quantity) => quantity,
            Takes::Length => Quantity::Duration,
            _ => unreachable!("`{}` is read as a distribution, but its list entry says otherwise", self.key.name),
        };
        self.law_of(quantity, cx)
    }

    /// The law of a given quantity.
    pub(crate) fn law_of(self, quantity: Quantity, cx: &mut Cx) -> Option<Law> {
        let law = match self.value.get_ref() {
            DeValue::Table(_) => table(self, quantity, cx)?,
            DeValue::String(text) => match text.split_once(" to ") {
                Some((low, high)) => interval(self, low, high, quantity, cx)?,
                None => return self.quantity(quantity, cx).map(Law::Constant),
            },
            _ => return self.quantity(quantity, cx).map(Law::Constant),
        };
        bounded::check(self, quantity, law, cx)
    }
}

/// "20 min to 9 h": 5th and 95th percentiles of a log-normal, for a change of one plus it.
fn interval(item: Item<'_>, low: &str, high: &str, quantity: Quantity, cx: &mut Cx) -> Option<Law> {
    let parse = |text: &str, cx: &mut Cx| quantity.parse(text, &cx.currency);
    let (low_value, high_value) = (parse(low, cx), parse(high, cx));
    let (low_value, high_value) = match (low_value, high_value) {
        (Ok(low), Ok(high)) => (low, high),
        (Err(mut fault), Ok(_)) if low.trim().bytes().all(|b| b.is_ascii_digit() || b == b'.') => {
            fault.help = Some(format!("write the unit at both ends: \"{} {} to {}\"", low.trim(), unit_of(high), high.trim()));
            item.fault(fault, cx);
            return None;
        }
        (Err(fault), _) | (_, Err(fault)) => {
            item.fault(fault, cx);
            return None;
        }
    };
    if low_value > high_value {
        let why = format!("`{}` is more than `{}`", low.trim(), high.trim());
        let help = format!("write the smaller end first: \"{} to {}\"", high.trim(), low.trim());
        cx.log.push(item.problem("is an interval from high to low", why).help(help));
        return None;
    }
    if quantity == Quantity::Change {
        return Some(build::log_normal_change(low_value, high_value));
    }
    if low_value <= 0.0 {
        let why = format!("`{}` is not above 0", low.trim());
        let help = "an interval is the 90 % range of a log-normal, which is positive; for others write `{ uniform = [a, b] }`";
        cx.log.push(item.problem("is an interval that reaches 0", why).help(help.to_owned()));
        return None;
    }
    Some(build::log_normal_between(low_value, -SPREAD / 2.0, high_value, SPREAD / 2.0))
}

fn unit_of(text: &str) -> &str {
    text.trim().trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '_' | ' '))
}

fn table(item: Item<'_>, quantity: Quantity, cx: &mut Cx) -> Option<Law> {
    let what = format!("the distribution of `{}`", item.key.name);
    let table = Table::over(item.table(cx)?, item.span(), what, &[KEYS], |name| percentile(name).is_some(), cx);
    let form = form(&table, cx)?;
    let cut = bounded::cut(&table, quantity, cx);
    let law = match form {
        "pert" => build::three(&table, "pert", quantity, cx),
        "triangular" => build::three(&table, "triangular", quantity, cx),
        "uniform" => build::uniform(&table, quantity, cx),
        "beta" => build::beta(&table, quantity, cx),
        "exponential" => build::exponential(&table, quantity, cx),
        "empirical" => files::column(&table, quantity, cx).and_then(|rows| {
            let weights = vec![1.0; rows.len()];
            bounded::discrete(&table, rows, weights, cut?, cx)
        }),
        "values" => build::values(&table, quantity, cx).and_then(|(values, weights)| bounded::discrete(&table, values, weights, cut?, cx)),
        "weibull" | "gamma" | "pareto" | "loglogistic" => build::shaped(&table, form, quantity, cx),
        _ => build::log_normal(&table, quantity, cx),
    };
    let (law, cut) = (law?, cut?);
    bounded::truncate(&table, law, cut, cx)
}

/// The one form that the table's keys make; `"log-normal"` for `median`, `mean`, `sd`, `sigma` and percentiles.
fn form(table: &Table<'_>, cx: &mut Cx) -> Option<&'static str> {
    let log_normal = |name: &str| matches!(name, "median" | "mean" | "sd" | "sigma") || percentile(name).is_some();
    let mut found: Vec<(&'static str, Span)> = Vec::new();
    for (name, span) in table.given() {
        let form = FORMS.iter().find(|(form, _)| *form == name).map(|(form, _)| *form);
        let form = form.or(log_normal(name).then_some("log-normal"));
        if let Some(form) = form {
            if !found.iter().any(|(known, _)| *known == form) {
                found.push((form, span));
            }
        }
    }
    match found.as_slice() {
        [(form, _)] => {
            stray(table, form, cx);
            Some(*form)
        }
        [] => {
            let known: Vec<&str> = FORMS.iter().map(|(form, _)| *form).collect();
            let help = format!("write `median` and `p95`, `mean` and `sd`, or one of {}", listed(&known, "or"));
            cx.log.push(Problem::error(format!("{} has no law", table.what)).at(table.span.clone(), "says not which").help(help));
            None
        }
        [(_, first), (_, second), ..] => {
            let problem = Problem::error(format!("{} has two laws", table.what));
            cx.log.push(problem.at(second.clone(), "the second").at(first.clone(), "the first").help("keep one".to_owned()));
            None
        }
    }
}

/// Refuses keys that belong to another form.
fn stray(table: &Table<'_>, form: &str, cx: &mut Cx) {
    for (name, span) in table.given() {
        let owner = FORMS.iter().find(|(_, with)| with.contains(&name)).map(|(owner, _)| *owner);
        if let Some(owner) = owner.filter(|owner| *owner != form) {
            let problem = Problem::error(format!("`{name}` means nothing here"));
            cx.log.push(problem.at(span, format!("goes with `{owner}`")).help("take it out".to_owned()));
        }
    }
}

/// The level of `p95`, if it is one.
fn percentile(name: &str) -> Option<f64> {
    let digits = name.strip_prefix('p')?;
    let level: u8 = if (1..=2).contains(&digits.len()) { digits.parse().ok()? } else { return None };
    (1..=99).contains(&level).then(|| f64::from(level) / 100.0)
}
