//! Numbers, units, prefixes and signs in a text.

use super::{Fault, MOST_MONEY, Quantity, unit_help};
use crate::scenario::{DAY, MONTH, WEEK, YEAR};

/// Names of a unit of time and how to make hours of it: times the first, divided by the second.
pub(crate) type Time = (&'static [&'static str], f64, f64);

pub(crate) const TIMES: &[Time] = &[
    (&["s", "sec", "secs", "second", "seconds"], 1.0, 3600.0),
    (&["min", "mins", "minute", "minutes"], 1.0, 60.0),
    (&["h", "hr", "hrs", "hour", "hours"], 1.0, 1.0),
    (&["d", "day", "days"], DAY, 1.0),
    (&["w", "week", "weeks"], WEEK, 1.0),
    (&["month", "months"], MONTH, 1.0),
    (&["y", "yr", "year", "years"], YEAR, 1.0),
];

/// Names shown and compared with: the ones that people write out.
const TIME_NAMES: &[&str] = &[
    "s", "seconds", "min", "minutes", "h", "hours", "day", "days", "week", "weeks", "month", "months", "year", "years",
];

const TIME_HELP: &str = "units of time are s, min, h, days, weeks, months and years";
const MULTIPLES: &[(&str, f64)] = &[("k", 1e3), ("K", 1e3), ("M", 1e6), ("bn", 1e9), ("tn", 1e12)];
const PREFIXES: &[(char, f64)] = &[('k', 1e3), ('M', 1e6), ('G', 1e9), ('T', 1e12)];
const MONEY_HELP: &str = "k, M and bn make an amount larger: \"$40k\", \"$2.5M\", \"$13bn\"";

/// Hours of "10 min".
pub(super) fn duration(text: &str) -> Result<f64, Fault> {
    let what = "is not a duration";
    let help = Quantity::Duration.help();
    if text.trim() == "permanent" {
        return Err(Fault::new("cannot be permanent", "needs an end", help));
    }
    let (value, unit) = leading_number(text).map_err(|why| Fault::new(what, why, help))?;
    if unit.is_empty() {
        if value == 0.0 {
            return Ok(0.0);
        }
        return Err(Fault::new(what, "a number without a unit", help));
    }
    let (times, over) = time(unit).ok_or_else(|| unknown_time(what, unit))?;
    Ok(value * times / over)
}

fn time(unit: &str) -> Option<(f64, f64)> {
    TIMES.iter().find(|(names, ..)| names.contains(&unit)).map(|(_, times, over)| (*times, *over))
}

fn unknown_time(what: &str, unit: &str) -> Fault {
    let help = if unit == "m" || unit == "M" {
        "write `min` for minutes, `months` for months".to_owned()
    } else {
        unit_help(unit, TIME_NAMES, TIME_HELP)
    };
    let why =
        if unit.is_empty() { "names no unit of time".to_owned() } else { format!("unknown unit of time `{unit}`") };
    Fault::new(what, why, &help)
}

/// Currency of "$2.5M", "-$3M" or "1,250,000".
pub(super) fn money(text: &str, currency: &str) -> Result<f64, Fault> {
    let what = "is not an amount of money";
    if let Some((amount, unit)) = text.split_once('/') {
        let help = format!("write the amount alone: \"{}\"", amount.trim());
        return Err(Fault::new(what, format!("an amount per `{}`", unit.trim()), &help));
    }
    let (negative, rest) = sign(text.trim());
    let rest = without_currency(rest, currency, what)?;
    let (value, suffix) = leading_number(rest).map_err(|why| Fault::new(what, why, Quantity::Money.help()))?;
    let value = if negative { -value } else { value };
    if suffix.is_empty() {
        return Ok(value);
    }
    let factor = MULTIPLES.iter().find(|(name, _)| *name == suffix).map(|(_, factor)| *factor);
    let factor = factor.ok_or_else(|| {
        let help = match suffix {
            "m" | "mn" | "mm" | "MM" | "mio" | "million" => "write `M` for millions".to_owned(),
            "b" | "B" | "Bn" | "bln" | "billion" | "G" => "write `bn` for billions".to_owned(),
            "T" | "t" | "trillion" => "write `tn` for trillions".to_owned(),
            "%" => "this is a percentage; write an amount such as \"$2.5M\"".to_owned(),
            _ => unit_help(suffix, &["k", "M", "bn"], MONEY_HELP),
        };
        Fault::new(what, format!("unknown multiple `{suffix}`"), &help)
    })?;
    Ok(value * factor)
}

/// Takes the currency's sign off; refuses another one.
fn without_currency<'t>(text: &'t str, currency: &str, what: &str) -> Result<&'t str, Fault> {
    if let Some(rest) = text.strip_prefix(currency) {
        return Ok(rest.trim_start());
    }
    let starts_number = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | '\u{2212}');
    let end = text.find(starts_number).unwrap_or(text.len());
    let foreign = text[..end].trim();
    if foreign.is_empty() || end == text.len() {
        return Ok(text);
    }
    let help = format!("write amounts in `{currency}`, or set `currency` at the top of the file");
    Err(Fault::new(what, format!("`{foreign}` is not the currency, which is `{currency}`"), &help))
}

fn sign(text: &str) -> (bool, &str) {
    for minus in ["-", "\u{2212}"] {
        if let Some(rest) = text.strip_prefix(minus) {
            return (true, rest.trim_start());
        }
    }
    (false, text.strip_prefix('+').unwrap_or(text).trim_start())
}

/// Currency per `per` hours of "$410k/h".
pub(super) fn money_per(text: &str, currency: &str, per: f64) -> Result<f64, Fault> {
    let what = "is not an amount of money per time";
    let help = Quantity::MoneyPerHour.help();
    let Some((amount, unit)) = text.rsplit_once('/') else {
        let value = money(text, currency)?;
        if value == 0.0 {
            return Ok(0.0);
        }
        return Err(Fault::new(what, "says nothing of time", help));
    };
    let value = money(amount, currency)?;
    if value.abs() > MOST_MONEY {
        return Err(Quantity::MoneyPerHour.too_large());
    }
    let (times, over) = time(unit.trim()).ok_or_else(|| unknown_time(what, unit.trim()))?;
    Ok(value / (times / over / per))
}

/// 0.07 of "7%", "+7 %" or "0.07".
pub(super) fn percent(text: &str, quantity: Quantity) -> Result<f64, Fault> {
    let what = format!("is not {}", quantity.noun());
    let (value, unit) = leading_number(text).map_err(|why| Fault::new(what.clone(), why, quantity.help()))?;
    match unit {
        "%" => Ok(value / 100.0),
        "" => Ok(value),
        _ => Err(Fault::new(what, format!("unknown unit `{unit}`"), quantity.help())),
    }
}

/// A plain number in a text.
pub(super) fn number(text: &str, quantity: Quantity) -> Result<f64, Fault> {
    let what = "is not a number";
    match leading_number(text) {
        Ok((value, "")) => Ok(value),
        Ok((_, unit)) => Err(Fault::new(what, format!("`{unit}` follows the number"), quantity.help())),
        Err(why) => Err(Fault::new(what, why, quantity.help())),
    }
}

/// Base units per hour of "3 Ttok/month", the unit's word, whether it had a prefix.
pub(super) fn usage(text: &str) -> Result<(f64, String, bool), Fault> {
    let what = "is not an amount of usage per time";
    let help = "write an amount, a unit and a time in quotes: \"3 Ttok/month\", \"250 Mcall/day\"";
    let Some((amount, per)) = text.rsplit_once('/') else {
        return Err(Fault::new(what, "says nothing of time", help));
    };
    let (value, unit) = leading_number(amount).map_err(|why| Fault::new(what, why, help))?;
    let (factor, word) = prefixed(unit).map_err(|why| Fault::new(what, why, help))?;
    if value < 0.0 {
        return Err(Fault::new("is negative", "must be 0 or more", help));
    }
    let (times, over) = time(per.trim()).ok_or_else(|| unknown_time(what, per.trim()))?;
    let per_hour = value * factor / (times / over);
    if per_hour > 1e24 {
        return Err(Fault::new("is too large to be meant", "more than 1e24 an hour", help));
    }
    Ok((per_hour, word.to_owned(), factor > 1.0))
}

/// Currency per base unit of "$4.40/Mtok", and the unit's word.
pub(super) fn price(text: &str, currency: &str) -> Result<(f64, String), Fault> {
    let what = "is not a price";
    let help = "write an amount per unit in quotes: \"$4.40/Mtok\", \"$30/seat\"";
    let Some((amount, unit)) = text.split_once('/') else {
        return Err(Fault::new(what, "does not say per what", help));
    };
    let value = money(amount, currency).map_err(|fault| Fault { what: what.into(), ..fault })?;
    if !(0.0..=MOST_MONEY).contains(&value) {
        let (what, why) = if value < 0.0 {
            ("is negative", "must be 0 or more")
        } else {
            ("is too large to be meant", "more than 1e15")
        };
        return Err(Fault::new(what, why, help));
    }
    let (factor, word) = prefixed(unit.trim()).map_err(|why| Fault::new(what, why, help))?;
    Ok((value / factor, word.to_owned()))
}

/// The prefix's factor and the word of a unit: `Mtok` is 1e6 `tok`.
fn prefixed(unit: &str) -> Result<(f64, &str), String> {
    let worded = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    let begins = unit.chars().next();
    if unit.is_empty() {
        return Err("names no unit".to_owned());
    }
    if !begins.is_some_and(char::is_alphabetic) || !unit.chars().all(worded) {
        return Err(format!("`{unit}` is not a unit: one word, such as `tok` or `Mtok`"));
    }
    let factor = PREFIXES.iter().find(|(prefix, _)| begins == Some(*prefix)).map(|(_, factor)| *factor);
    match factor {
        Some(factor) if unit.len() > 1 => Ok((factor, &unit[1..])),
        _ => Ok((1.0, unit)),
    }
}

/// The number that a text begins with, and the rest without spaces around it; or why there is none.
fn leading_number(text: &str) -> Result<(f64, &str), String> {
    let text = text.trim();
    let (negative, rest) = sign(text);
    let end = end_of_number(rest);
    let (digits, rest) = rest.split_at(end);
    if !digits.contains(|c: char| c.is_ascii_digit()) {
        return Err(if text.is_empty() { "empty".to_owned() } else { "does not begin with a number".to_owned() });
    }
    if !well_grouped(digits) {
        return Err(format!(
            "`{digits}` is grouped oddly: a comma stands between groups of three digits, a point before decimals"
        ));
    }
    let plain: String = digits.chars().filter(|c| !matches!(c, ',' | '_')).collect();
    let value: f64 = plain.parse().map_err(|_| format!("`{digits}` is not a number"))?;
    if !value.is_finite() {
        return Err(format!("`{digits}` is too large"));
    }
    Ok((if negative { -value } else { value }, rest.trim()))
}

/// Where the digits, points, groups and a possible exponent end.
fn end_of_number(text: &str) -> usize {
    let mantissa = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ',' | '_'))).unwrap_or(text.len());
    let tail = &text[mantissa..];
    let Some(exponent) = tail.strip_prefix(['e', 'E']) else {
        return mantissa;
    };
    let signed = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let digits = signed.find(|c: char| !c.is_ascii_digit()).unwrap_or(signed.len());
    if digits == 0 { mantissa } else { mantissa + (tail.len() - signed.len()) + digits }
}

/// A comma read as a decimal point would be wrong by powers of ten, so it must stand before three digits each.
fn well_grouped(digits: &str) -> bool {
    let whole = digits.split(['.', 'e', 'E']).next().unwrap_or_default();
    let decimals = &digits[whole.len()..];
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    let grouped = whole.contains(',');
    let sane = |group: &str| group.len() == 3 && group.bytes().all(|b| b.is_ascii_digit());
    (!grouped || (1..=3).contains(&first.len())) && groups.all(sane) && !decimals.contains(',')
}
