//! The forms that name a distribution: text, interval or table, to a law in the engine's units.
//!
//! Knows the laws' parameters; draws nothing.

use toml::de::DeValue;

use super::context::Cx;
use super::files::{self, Cut};
use super::table::{Item, Table, Takes};
use crate::chance::law::Law;
use crate::quantity::Quantity;
use crate::source::{Problem, Span, listed};

mod forms;
mod keys;
#[cfg(test)]
mod tests;

pub(super) use keys::{FORMS, KEYS, PERCENTILE};

/// A 95th percentile that many times the 5th makes the mean of a log-normal hang on its tail.
const WIDE: f64 = 1000.0;
/// What a law of a fraction may have above 1 without being refused: it is cut off.
const NEGLIGIBLE: f64 = 1e-4;

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
        check(self, quantity, law, cx)
    }
}

/// "20 min to 9 h": 5th and 95th percentiles of a log-normal, for a change of one plus it.
fn interval(item: Item<'_>, low: &str, high: &str, quantity: Quantity, cx: &mut Cx) -> Option<Law> {
    let parse = |text: &str, cx: &mut Cx| quantity.parse(text, &cx.currency);
    let (low_value, high_value) = (parse(low, cx), parse(high, cx));
    let (low_value, high_value) = match (low_value, high_value) {
        (Ok(low), Ok(high)) => (low, high),
        (Err(mut fault), Ok(_)) if low.trim().bytes().all(|b| b.is_ascii_digit() || b == b'.') => {
            "is an interval with one unit".clone_into(&mut fault.what);
            fault.why = format!("`{}` has no unit", low.trim());
            fault.help =
                Some(format!("write the unit at both ends: \"{} {} to {}\"", low.trim(), unit_of(high), high.trim()));
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
    if quantity.is_change() && low_value > -1.0 {
        return Law::from_change_interval_90(low_value, high_value);
    }
    if quantity.is_change() {
        let why = format!("`{}` leaves nothing", low.trim());
        let help =
            format!("write `{{ uniform = [\"{}\", \"{}\"] }}`, or a lower end above -100 %", low.trim(), high.trim());
        cx.log.push(item.problem("is an interval that reaches -100 %", why).help(help));
        return None;
    }
    if low_value <= 0.0 {
        let why = format!("`{}` is not above 0", low.trim());
        let help =
            "an interval is the 90 % range of a log-normal, which is positive; for others write `{ uniform = [a, b] }`";
        cx.log.push(item.problem("is an interval that reaches 0", why).help(help.to_owned()));
        return None;
    }
    Law::from_interval_90(low_value, high_value)
}

fn unit_of(text: &str) -> &str {
    text.trim().trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '_' | ' '))
}

fn table(item: Item<'_>, quantity: Quantity, cx: &mut Cx) -> Option<Law> {
    let what = format!("the distribution of `{}`", item.key.name);
    let table = Table::over(item.table(cx)?, item.span(), what, &[KEYS], |name| percentile(name).is_some(), cx);
    let form = form(&table, cx)?;
    let cut = cut(&table, quantity, cx);
    let law = match form {
        "pert" | "triangular" => forms::three(&table, form, quantity, cx),
        "uniform" => forms::uniform(&table, quantity, cx),
        "beta" => forms::beta(&table, quantity, cx),
        "exponential" => forms::exponential(&table, quantity, cx),
        "empirical" => cut
            .and_then(|cut| files::column(&table, quantity, cut, cx))
            .and_then(|rows| Law::from_weights(rows.into_iter().map(|row| (row, 1.0)))),
        "values" => forms::values(&table, quantity, cx),
        "weibull" | "gamma" | "pareto" | "loglogistic" => forms::shaped(&table, form, quantity, cx),
        _ => forms::log_normal(&table, quantity, cx),
    };
    let (law, (min, max)) = (law?, cut?);
    let truncated = law.truncate(min, max);
    if truncated.is_none() {
        let name = if max.is_some() { "max" } else { "min" };
        let problem = Problem::error(format!("{} has nothing between its bounds", table.what));
        let help = "let `min` and `max` leave a part of the law".to_owned();
        cx.log.push(problem.at(table.value_span(name), "cuts off all of it").help(help));
    }
    truncated
}

/// `min` and `max`.
fn cut(table: &Table<'_>, quantity: Quantity, cx: &mut Cx) -> Option<Cut> {
    let min = table.maybe("min", cx, |item, cx| item.quantity(quantity, cx));
    let max = table.maybe("max", cx, |item, cx| item.quantity(quantity, cx));
    let (min, max) = (min?, max?);
    if let (Some(low), Some(high)) = (min, max)
        && low > high
    {
        let problem = Problem::error(format!("`min` is above `max` in {}", table.what));
        let (low, high) = (table.value_span("min"), table.value_span("max"));
        cx.log.push(problem.at(low, "more than `max`").at(high, "less than `min`").help("exchange them".to_owned()));
        return None;
    }
    Some((min, max))
}

/// The one form that the table's keys make; `"log-normal"` for `median`, `mean`, `sd`, `sigma` and percentiles.
fn form(table: &Table<'_>, cx: &mut Cx) -> Option<&'static str> {
    if table.has_unknown(|name| percentile(name).is_some()) {
        return None;
    }
    let log_normal = |name: &str| matches!(name, "median" | "mean" | "sd" | "sigma") || percentile(name).is_some();
    let mut found: Vec<(&'static str, Span)> = Vec::new();
    for (name, span) in table.given() {
        let form = FORMS.iter().find(|(form, _)| *form == name).map(|(form, _)| *form);
        let form = form.or(log_normal(name).then_some("log-normal"));
        if let Some(form) = form
            && !found.iter().any(|(known, _)| *known == form)
        {
            found.push((form, span));
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
            cx.log.push(
                Problem::error(format!("{} has no law", table.what)).at(table.span.clone(), "names none").help(help),
            );
            None
        }
        [(_, first), (_, second), ..] => {
            let problem = Problem::error(format!("{} has two laws", table.what));
            cx.log.push(
                problem.at(second.clone(), "the second").at(first.clone(), "the first").help("keep one".to_owned()),
            );
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
    let level: u8 = if (1..=2).contains(&digits.len()) {
        digits.parse().ok()?
    } else {
        return None;
    };
    (1..=99).contains(&level).then(|| f64::from(level) / 100.0)
}

/// The law, if all its values are such as the quantity may have; warns of tails that make its mean unsteady.
fn check(item: Item<'_>, quantity: Quantity, law: Law, cx: &mut Cx) -> Option<Law> {
    let (low, high) = law.support();
    let (least, most) = quantity.bounds();
    if low < least {
        let why = if quantity.is_change() { "may fall below -100 %" } else { "may be negative" };
        cx.log.push(
            item.problem("may be too small", why).help(format!("add `min = {}`", if least < 0.0 { "-1" } else { "0" })),
        );
        return None;
    }
    if quantity == Quantity::Fraction && high > most {
        if law.survival(most) <= NEGLIGIBLE {
            let law = law.truncate(None, Some(most))?;
            warn(item, &law, cx);
            return Some(law);
        }
        let help = match item.value.get_ref().as_str().and_then(|text| text.split_once(" to ")) {
            Some((low, high)) => format!(
                "cut it: `{{ p05 = \"{}\", p95 = \"{}\", max = 1 }}`, or write `{{ uniform = [\"{}\", \"{}\"] }}`",
                low.trim(),
                high.trim(),
                low.trim(),
                high.trim()
            ),
            None => "add `max = 1`, or use `beta`, `pert` or `uniform`".to_owned(),
        };
        cx.log.push(item.problem("may be more than the whole", "a fraction, but this law may exceed 1").help(help));
        return None;
    }
    warn(item, &law, cx);
    Some(law)
}

fn warn(item: Item<'_>, law: &Law, cx: &mut Cx) {
    let (what, why, help) = if law.mean().is_none() {
        (
            "has no mean",
            "its tail is so heavy that averages never settle",
            "raise `shape` above 2, or cut it with `max`",
        )
    } else if law.variance().is_none() {
        (
            "has no variance",
            "its tail is so heavy that standard errors mean little",
            "raise `shape` above 2, or cut it with `max`",
        )
    } else {
        return wide(item, law, cx);
    };
    let problem = Problem::warning(format!("the law of `{}` {what}", item.key.name));
    cx.log.push(problem.at(item.span(), why).help(help.to_owned()));
}

/// The mean of a wide log-normal hangs on its tail, and raising the low end lowers it.
fn wide(item: Item<'_>, law: &Law, cx: &mut Cx) {
    let Law::LogNormal { sigma, .. } = law else {
        return;
    };
    let (low, middle, high) = (law.quantile(0.05), law.quantile(0.5), law.quantile(0.95));
    let Some(mean) = law.mean().filter(|_| high > WIDE * low && *sigma > 0.0) else {
        return;
    };
    let problem = Problem::warning(format!("the law of `{}` is very wide", item.key.name));
    let why = format!("its mean is {:.0} times its median, and hangs on the tail", mean / middle);
    let help = "its 95th percentile is over 1,000 times its 5th; a higher low end would lower the mean: check both ends, or cut it with `max`";
    cx.log.push(problem.at(item.span(), why).help(help.to_owned()));
}
