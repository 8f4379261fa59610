//! Amounts as a reader says them: money in k, M and bn with no more digits than its error allows, shares in per
//! cent, lengths of time, whole numbers. A figure and its unit are joined by a no-break space, which the terminal
//! shows as a space.

use linchpin::results::Estimate;
use linchpin::scenario::{DAY, MONTH, YEAR};

/// Most significant digits of a figure.
const DIGITS: i32 = 3;

/// An amount to three digits: `$1.93bn`, `−$310M`, `$0`.
pub(super) fn money(value: f64, currency: &str) -> String {
    amount(value, third_digit(value), currency)
}

/// An amount in full, with so many decimals: `$1,234,568`.
pub(super) fn whole(value: f64, digits: usize, currency: &str) -> String {
    let text = format!("{:.digits$}", value.abs());
    let minus = if value < 0.0 && text.contains(|c: char| c.is_ascii_digit() && c != '0') { "−" } else { "" };
    format!("{minus}{}{}", currency_sign(currency), grouped(&text))
}

/// A figure of the file: three digits at most, `$2M`.
pub(super) fn given(value: f64, currency: &str) -> String {
    let text = money(value, currency);
    let letters: String = text.chars().rev().take_while(char::is_ascii_alphabetic).collect();
    let (figure, letters) = text.split_at(text.len() - letters.len());
    format!("{}{letters}", trimmed(figure))
}

/// An amount to the digits that its standard error leaves, at most three.
pub(super) fn estimated(estimate: &Estimate, currency: &str) -> String {
    let value = estimate.value;
    amount(value, last_digit(value, estimate.std_error), currency)
}

/// A difference with its sign and half of its 95 % interval: `+$12.3M ± 0.4M`.
pub(super) fn difference(estimate: &Estimate, currency: &str) -> String {
    let text = interval(estimate, currency);
    // Where the error leaves no digit, there is no sign either.
    let is_nothing = text.starts_with(&format!("{}0\u{a0}±", currency_sign(currency)));
    if estimate.value > 0.0 && !is_nothing { format!("+{text}") } else { text }
}

/// An amount with half of its 95 % interval: `$12.3M ± 0.4M`.
pub(super) fn interval(estimate: &Estimate, currency: &str) -> String {
    let value = estimate.value;
    let Some(half) = half_width(estimate) else {
        return money(value, currency);
    };
    if !value.is_finite() || half <= 1e-12 * value.abs() {
        return money(value, currency);
    }
    let last = error_digit(half).max(third_digit(value)).min(rank(half));
    let unit = unit(rank(rounded(value, last).abs().max(half)));
    format!("{}\u{a0}±\u{a0}{}", in_unit(value, last, unit, &currency_sign(currency)), in_unit(half, last, unit, ""))
}

/// Half of the 95 % interval.
pub(super) fn half_width(estimate: &Estimate) -> Option<f64> {
    let half = (estimate.upper? - estimate.lower?) / 2.0;
    half.is_finite().then_some(half)
}

/// A probability to the digits that its error leaves: `12.3 %`, `< 0.02 %`, `> 99.9 %`.
pub(super) fn probability(estimate: &Estimate) -> String {
    let value = estimate.value;
    match (estimate.lower, estimate.upper) {
        (_, Some(upper)) if value <= 0.0 && upper > 0.0 => {
            format!("<\u{a0}{}", rounded_percent(upper, rank(upper)))
        }
        (Some(lower), _) if value >= 1.0 && lower < 1.0 => {
            format!(">\u{a0}{}", rounded_percent(lower, rank(1.0 - lower)))
        }
        _ if !value.is_finite() => "unknown".to_owned(),
        _ => percent_to(value, last_digit(value, estimate.std_error)),
    }
}

/// The ends of the interval of a probability, the unit at the last, to the digits that its error leaves: `11.9`, `12.3 %`.
pub(super) fn probability_interval(estimate: &Estimate) -> Option<(String, String)> {
    let (lower, upper) = (estimate.lower?, estimate.upper?);
    // Where hits are none or all, the interval alone says how fine a digit is.
    let error = estimate.std_error.filter(|error| *error > 0.0).unwrap_or((upper - lower) / 4.0);
    let last = last_digit(estimate.value, Some(error)).min(rank(error.max(1e-12)));
    let lower = percent_to(lower, last);
    Some((lower.trim_end_matches("\u{a0}%").to_owned(), percent_to(upper, last)))
}

/// A fraction to three digits: `7 %`, `0.123 %`, `−8 %`.
pub(super) fn percent(fraction: f64) -> String {
    if fraction.is_finite() { rounded_percent(fraction, third_digit(fraction)) } else { "unknown".to_owned() }
}

/// A change: a percentage that carries its sign.
pub(super) fn change(fraction: f64) -> String {
    if fraction > 0.0 { format!("+{}", percent(fraction)) } else { percent(fraction) }
}

/// A length of time in the unit that reads best.
pub(super) fn hours(hours: f64) -> String {
    if !hours.is_finite() {
        return "unknown".to_owned();
    }
    let size = hours.abs();
    let months = hours / MONTH;
    let (length, unit) = match size {
        0.0 => (1.0, "h"),
        s if s < 1.0 / 60.0 => (1.0 / 3600.0, "s"),
        s if s < 1.0 => (1.0 / 60.0, "min"),
        s if s < 4.0 * DAY => (1.0, "h"),
        _ if months < 36.0 && (months - libm::round(months)).abs() < 1e-6 => (MONTH, "months"),
        s if s < 120.0 * DAY => (DAY, "days"),
        s if s < 36.0 * MONTH => (MONTH, "months"),
        _ => (YEAR, "years"),
    };
    let figure = figure(hours / length);
    let unit = if figure == "1" { unit.trim_end_matches('s') } else { unit };
    format!("{figure}\u{a0}{}", if unit.is_empty() { "s" } else { unit })
}

/// A number to three digits, thousands apart.
pub(super) fn figure(value: f64) -> String {
    if !value.is_finite() {
        return "unknown".to_owned();
    }
    let last = (third_digit(value)).min(0);
    if rank(value) < -4 && value != 0.0 {
        return format!("{value:.1e}");
    }
    let text = decimal(value, last);
    let text = trimmed(&text);
    format!("{}{}", if value < 0.0 && text != "0" { "−" } else { "" }, grouped(text))
}

/// A whole number, thousands apart: `100,000`.
pub(super) fn count(n: u64) -> String {
    grouped(&n.to_string())
}

/// `1 trial`, `100,000 trials`.
pub(super) fn trials(n: u64) -> String {
    format!("{} trial{}", count(n), if n == 1 { "" } else { "s" })
}

/// A horizon: in months, as scenarios give it, if it has one.
pub(super) fn horizon(length: f64) -> String {
    if length < MONTH {
        return hours(length);
    }
    let months = figure(length / MONTH);
    format!("{months} month{}", if months == "1" { "" } else { "s" })
}

/// A positive number in k and M: `84k`.
pub(super) fn short(value: f64) -> String {
    amount(value, rank(value) - DIGITS + 2, "")
}

/// `value` rounded at the power of ten `last`, in the unit that suits it.
fn amount(value: f64, last: i32, currency: &str) -> String {
    if !value.is_finite() {
        return "unknown".to_owned();
    }
    let unit = unit(rank(rounded(value, last)));
    in_unit(value, last, unit, &currency_sign(currency))
}

/// A currency of letters keeps a space.
fn currency_sign(currency: &str) -> String {
    let currency = super::terminal::plain(currency);
    if currency.ends_with(char::is_alphabetic) { currency + "\u{a0}" } else { currency }
}

fn in_unit(value: f64, last: i32, (power, letters): (i32, &str), sign: &str) -> String {
    let value = rounded(value, last);
    let minus = if value < 0.0 { "−" } else { "" };
    if value == 0.0 {
        return format!("{sign}0");
    }
    let text = decimal(value / libm::exp10(f64::from(power)), last - power);
    format!("{minus}{sign}{}{letters}", grouped(&text))
}

const UNITS: [(i32, &str); 5] = [(12, "tn"), (9, "bn"), (6, "M"), (3, "k"), (0, "")];

/// The largest unit whose power of ten is not above `rank`.
fn unit(rank: i32) -> (i32, &'static str) {
    UNITS.into_iter().find(|unit| unit.0 <= rank).unwrap_or((0, ""))
}

/// The power of ten of the leading digit; 0 of nothing.
#[expect(clippy::cast_possible_truncation, reason = "between −324 and 308")]
fn rank(value: f64) -> i32 {
    if value == 0.0 || !value.is_finite() { 0 } else { libm::floor(libm::log10(value.abs()) + 1e-12) as i32 }
}

/// The power of ten of the third digit, once rounded to it: 999.7 has become 1,000.
fn third_digit(value: f64) -> i32 {
    rank(rounded(value, rank(value) - DIGITS + 1)) - DIGITS + 1
}

/// The last digit that a standard error leaves: its own leading one, at most three digits, at least one.
fn last_digit(value: f64, std_error: Option<f64>) -> i32 {
    let most = third_digit(value);
    match std_error {
        Some(error) if error > 0.0 && error.is_finite() => rank(error).max(most).min(rank(value)),
        _ => most,
    }
}

/// The last digit of an error worth printing: a leading 1 takes another digit with it.
fn error_digit(error: f64) -> i32 {
    let leading = error / libm::exp10(f64::from(rank(error)));
    if leading < 1.95 { rank(error) - 1 } else { rank(error) }
}

fn rounded(value: f64, last: i32) -> f64 {
    let digits = rank(value) - last;
    if digits < 0 {
        let step = libm::exp10(f64::from(last));
        return libm::round(value / step) * step;
    }
    let digits = usize::try_from(digits.min(17)).unwrap_or(0);
    format!("{value:.digits$e}").parse().unwrap_or(value)
}

/// The size of a number with its last digit at the power of ten `last`, never below the point by more than 12.
fn decimal(value: f64, last: i32) -> String {
    let digits = usize::try_from((-last).clamp(0, 12)).unwrap_or(0);
    format!("{:.digits$}", rounded(value, last).abs())
}

fn rounded_percent(fraction: f64, last: i32) -> String {
    let text = percent_to(fraction, last);
    format!("{}\u{a0}%", trimmed(text.trim_end_matches("\u{a0}%")))
}

/// With its last digit at the power of ten `last` of the fraction.
fn percent_to(fraction: f64, last: i32) -> String {
    let minus = if rounded(100.0 * fraction, last + 2) < 0.0 { "−" } else { "" };
    format!("{minus}{}\u{a0}%", grouped(&decimal(100.0 * fraction, last + 2)))
}

/// Without zeros at the end of its decimals.
fn trimmed(number: &str) -> &str {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number }
}

/// `20000` as `20,000`; decimals are left alone.
fn grouped(digits: &str) -> String {
    let (whole, rest) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let mut out = String::new();
    for (n, digit) in whole.chars().enumerate() {
        if n > 0 && (whole.len() - n) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(value: f64, error: f64) -> Estimate {
        Estimate { value, std_error: Some(error), lower: Some(value - 1.96 * error), upper: Some(value + 1.96 * error) }
    }

    #[test]
    fn money_has_three_digits_in_its_unit() {
        for (value, text) in [
            (0.0, "$0"),
            (1_038_300.0, "$1.04M"),
            (999_700.0, "$1.00M"),
            (-310e6, "−$310M"),
            (1.926e9, "$1.93bn"),
            (45_200.0, "$45.2k"),
            (3.456, "$3.46"),
            (7.5e13, "$75.0tn"),
            (f64::NAN, "unknown"),
        ] {
            assert_eq!(money(value, "$"), text);
        }
        assert_eq!(given(2e6, "$"), "$2M");
        assert_eq!(given(20.0, "$"), "$20");
        assert_eq!(money(1500.0, "CHF"), "CHF\u{a0}1.50k");
    }

    #[test]
    fn digits_end_where_the_error_begins() {
        assert_eq!(estimated(&estimate(45_317_000.0, 210_000.0), "$"), "$45.3M");
        assert_eq!(estimated(&estimate(45_317_000.0, 3_100_000.0), "$"), "$45M");
        assert_eq!(estimated(&estimate(45_317_000.0, 21_000_000.0), "$"), "$50M");
        assert_eq!(estimated(&estimate(45_317_000.0, 1.0), "$"), "$45.3M");
        assert_eq!(estimated(&estimate(200.0, 9_000.0), "$"), "$200");
        assert_eq!(difference(&estimate(-12_345_678.0, 210_000.0), "$"), "−$12.3M\u{a0}±\u{a0}0.4M");
        assert_eq!(difference(&estimate(-12_345_678.0, 70_000.0), "$"), "−$12.3M\u{a0}±\u{a0}0.1M");
        assert_eq!(difference(&estimate(120_000.0, 800_000.0), "$"), "+$0.1M\u{a0}±\u{a0}1.6M");
        assert_eq!(difference(&estimate(0.0, 0.0), "$"), "$0");
        assert_eq!(difference(&estimate(3_000.0, 15_000.0), "$"), "$0\u{a0}±\u{a0}30k");
        assert_eq!(difference(&estimate(-36_200_000.0, 0.0), "$"), "−$36.2M");
    }

    #[test]
    fn probabilities_never_claim_more_than_the_trials_show() {
        assert_eq!(probability(&estimate(0.1234, 0.001)), "12.3\u{a0}%");
        assert_eq!(probability(&estimate(0.07, 0.001)), "7.0\u{a0}%");
        let none = Estimate { value: 0.0, std_error: Some(0.0), lower: Some(0.0), upper: Some(0.000_18) };
        assert_eq!(probability(&none), "<\u{a0}0.02\u{a0}%");
        let all = Estimate { value: 1.0, std_error: Some(0.0), lower: Some(0.9962), upper: Some(1.0) };
        assert_eq!(probability(&all), ">\u{a0}99.6\u{a0}%");
    }

    #[test]
    fn lengths_of_time_read_well() {
        for (value, text) in [
            (0.0, "0 h"),
            (0.01, "36 s"),
            (0.75, "45 min"),
            (1.0, "1 h"),
            (1440.0, "60 days"),
            (2160.0, "90 days"),
            (730.5, "1 month"),
            (4383.0, "6 months"),
            (87_660.0, "10 years"),
        ] {
            assert_eq!(hours(value).replace('\u{a0}', " "), text);
        }
    }

    #[test]
    fn figures_and_percentages() {
        assert_eq!(figure(12_345.6), "12,346");
        assert_eq!(figure(0.05), "0.05");
        assert_eq!(percent(0.07), "7\u{a0}%");
        assert_eq!(change(-0.056), "−5.6\u{a0}%");
        assert_eq!(change(0.15), "+15\u{a0}%");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!([trials(1), trials(2_000)], ["1 trial", "2,000 trials"]);
        assert_eq!(
            [1.0, 336.0, 730.5, 26_298.0].map(horizon).join(", ").replace('\u{a0}', " "),
            "1 h, 14 days, 1 month, 36 months"
        );
    }
}
