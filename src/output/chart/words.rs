//! Figures as a reader says them: money in k, M and bn, shares in per cent, spans of time, lists of names. Knows no
//! place on the page.

use super::canvas::Point;
use super::text;
use crate::results::{Estimate, Provenance};

/// Hours in a month of the model.
const MONTH: f64 = 730.5;
/// Longest name in a sentence, units of a font of size 1.
const NAME: f64 = 16.0;

/// The value of an estimate, unless the sample was too small for one.
pub(super) fn known(estimate: &Estimate) -> Option<f64> {
    Some(estimate.value).filter(|v| v.is_finite())
}

/// The 95 % interval of an estimate: as given, else by its standard error.
pub(super) fn interval(estimate: &Estimate) -> Option<Point> {
    let by_error = |sign: f64| estimate.std_error.map(|e| estimate.value + sign * 1.96 * e);
    let lower = estimate.lower.or_else(|| by_error(-1.0))?;
    let upper = estimate.upper.or_else(|| by_error(1.0))?;
    (lower.is_finite() && upper.is_finite()).then_some((lower.min(upper), lower.max(upper)))
}

/// Whether `a` is larger than `b` by more than their 95 % intervals together. Not known of what has none.
pub(super) fn clearly_above(a: &Estimate, b: &Estimate) -> bool {
    let (Some(of_a), Some(of_b)) = (interval(a), interval(b)) else {
        return false;
    };
    let (below, above) = (a.value - of_a.0, of_b.1 - b.value);
    a.value - b.value > (below * below + above * above).sqrt()
}

/// Rounded to three significant digits.
fn three(value: f64) -> f64 {
    format!("{value:.2e}").parse().unwrap_or(value)
}

const UNITS: [(f64, &str); 5] = [(1e12, "tn"), (1e9, "bn"), (1e6, "M"), (1e3, "k"), (1.0, "")];

/// The largest unit not above `value`, and its sign.
fn unit(value: f64) -> (f64, &'static str) {
    UNITS.into_iter().find(|u| u.0 <= value.abs()).unwrap_or((1.0, ""))
}

/// An amount that somebody chose: without zeros at its end, `$2bn`.
pub(super) fn round_money(value: f64, currency: &str) -> String {
    amount(value, currency, trimmed)
}

/// An estimated amount to three digits: `$1.90bn`, `−$310M`, `$0`, `CHF 45.2k`.
pub(super) fn money(value: f64, currency: &str) -> String {
    amount(value, currency, |value, digits| format!("{value:.digits$}"))
}

fn amount(value: f64, currency: &str, write: fn(f64, usize) -> String) -> String {
    if !value.is_finite() {
        return "unknown".to_owned();
    }
    let value = three(value);
    let (size, letters) = unit(value);
    let scaled = value.abs() / size;
    let digits = match scaled {
        s if s >= 100.0 || s == 0.0 => 0,
        s if s >= 10.0 => 1,
        s if s >= 1.0 => 2,
        s if s >= 0.01 => 3,
        _ => return format!("{}{scaled:.1e}", sign(value, currency)),
    };
    format!("{}{}{letters}", sign(value, currency), write(scaled, digits))
}

/// A range of amounts; the unit once, if both have the same: `$3.96 – 4.60bn`.
pub(super) fn money_range(low: f64, high: f64, currency: &str) -> String {
    let (low_said, high_said) = (money(low, currency), money(high, currency));
    if low_said == high_said {
        return low_said;
    }
    let letters = unit(three(low)).1;
    let same = low > 0.0 && !letters.is_empty() && letters == unit(three(high)).1;
    match (low_said.strip_suffix(letters), high_said.strip_prefix(&sign(1.0, currency))) {
        (Some(low), Some(high)) if same => format!("{low} – {high}"),
        _ => format!("{low_said} – {high_said}"),
    }
}

/// Amounts of an axis: all in one unit, with as many digits as `step` needs.
pub(super) fn money_ticks(values: &[f64], step: f64, currency: &str) -> Vec<String> {
    let most = values.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    let (size, letters) = unit(most);
    let digits = digits_of(step / size);
    let tick = |v: &f64| {
        if *v == 0.0 {
            return sign(0.0, currency) + "0";
        }
        format!("{}{}{letters}", sign(*v, currency), grouped(&format!("{:.digits$}", v.abs() / size)))
    };
    values.iter().map(tick).collect()
}

/// Decimals that a multiple of `step` needs, at most 9.
fn digits_of(step: f64) -> usize {
    let whole = |d: &usize| {
        let scaled = step * libm::pow(10.0, super::axis::real(*d));
        (scaled - scaled.round()).abs() < 1e-6 * scaled.max(1.0)
    };
    (0..9).find(whole).unwrap_or(9)
}

/// Sign and currency; a currency of letters keeps a space.
fn sign(value: f64, currency: &str) -> String {
    let minus = if value < 0.0 { "−" } else { "" };
    let space = if currency.ends_with(char::is_alphabetic) { "\u{a0}" } else { "" };
    format!("{minus}{currency}{space}")
}

/// With `digits` decimals, less the zeros at their end.
fn trimmed(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    if !text.contains('.') {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// `20000` as `20,000`; decimals are left alone.
pub(super) fn grouped(digits: &str) -> String {
    let (whole, rest) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let mut out = String::new();
    for (i, c) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out + rest
}

/// A share in per cent, to two digits or so: `12 %`, `1.5 %`, `0.03 %`.
pub(super) fn percent(share: f64) -> String {
    if !share.is_finite() {
        return "unknown".to_owned();
    }
    let value = share * 100.0;
    let digits = match value.abs() {
        v if v >= 10.0 || v == 0.0 => 0,
        v if v >= 1.0 => 1,
        v if v >= 0.1 => 2,
        v if v >= 0.01 => 3,
        v if v >= 0.0001 => 5,
        _ => return "below 0.0001\u{a0}%".to_owned(),
    };
    let minus = if value < 0.0 { "−" } else { "" };
    format!("{minus}{}\u{a0}%", trimmed(value.abs(), digits))
}

/// An availability, with as many nines as it has and two digits of what lacks: `99.957 %`, `99.90 %`; only 1 is
/// `100 %`.
pub(super) fn availability(value: f64) -> String {
    nines(value, |value, digits| format!("{value:.digits$}"))
}

/// The same of a tick: `99.9 %`.
pub(super) fn round_availability(value: f64) -> String {
    nines(value, trimmed)
}

fn nines(value: f64, write: fn(f64, usize) -> String) -> String {
    if !value.is_finite() {
        return "unknown".to_owned();
    }
    let lacking = 1.0 - value;
    if lacking <= 0.0 {
        return "100\u{a0}%".to_owned();
    }
    if lacking < 1e-7 {
        return "over 99.99999\u{a0}%".to_owned();
    }
    let digits = match lacking * 100.0 {
        l if l >= 10.0 => 0,
        l if l >= 1.0 => 1,
        l if l >= 0.1 => 2,
        l if l >= 0.01 => 3,
        l if l >= 0.001 => 4,
        _ => 5,
    };
    format!("{}\u{a0}%", write(value * 100.0, digits))
}

/// A number of trials: `1 trial`, `20,000 trials`.
pub(super) fn trials(n: u64) -> String {
    format!("{} trial{}", grouped(&n.to_string()), if n == 1 { "" } else { "s" })
}

/// A probability as odds: `1 in 100`.
pub(super) fn odds(probability: f64) -> String {
    format!("1 in {}", grouped(&format!("{:.0}", (1.0 / probability).round())))
}

/// A span of time: `4.2 h`, `12 days`, `36 minutes`.
pub(super) fn hours(value: f64) -> String {
    if !value.is_finite() {
        return "unknown".to_owned();
    }
    let (size, one, many) = match value.abs() {
        v if v >= 2.0 * 8766.0 => (8766.0, "year", "years"),
        v if v >= 96.0 => (24.0, "day", "days"),
        v if v >= 1.0 => (1.0, "hour", "hours"),
        v if v >= 1.0 / 60.0 => (1.0 / 60.0, "minute", "minutes"),
        v if v > 0.0 => (1.0 / 3600.0, "second", "seconds"),
        _ => return "no time".to_owned(),
    };
    let scaled = value / size;
    let digits = usize::from(scaled < 10.0);
    let text = grouped(&trimmed(scaled, digits));
    let noun = if text == "1" { one } else { many };
    format!("{text}\u{a0}{noun}")
}

/// The horizon: `36 months`, `10 years`, `90 days`, `100 hours`.
pub(super) fn horizon(provenance: &Provenance) -> String {
    let hours = provenance.horizon_hours;
    let near = |x: f64| x >= 1.0 && (x - x.round()).abs() < 1e-6;
    let count = |x: f64, noun: &str| {
        let n = x.round();
        let s = if (n - 1.0).abs() < 0.5 { "" } else { "s" };
        format!("{}\u{a0}{noun}{s}", grouped(&format!("{n:.0}")))
    };
    match hours / MONTH {
        m if m >= 48.0 && near(m / 12.0) => count(m / 12.0, "year"),
        m if near(m) => count(m, "month"),
        _ if near(hours / 24.0) => count(hours / 24.0, "day"),
        _ if hours >= 1.0 => format!("{}\u{a0}hours", grouped(&trimmed(hours, 1))),
        _ if hours.is_finite() => self::hours(hours),
        _ => "an unknown time".to_owned(),
    }
}

/// A name short enough for a sentence.
pub(super) fn short<'a>(name: impl Into<text::Name<'a>>) -> String {
    text::fit(name, 1.0, true, NAME)
}
