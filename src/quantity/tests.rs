use super::*;
use crate::scenario::{DAY, MONTH, WEEK};

fn read(quantity: Quantity, text: &str) -> f64 {
    quantity.parse(text, "$").unwrap_or_else(|fault| panic!("{text}: {fault:?}"))
}

fn refused(quantity: Quantity, text: &str) -> Fault {
    quantity.parse(text, "$").expect_err(text)
}

#[test]
#[expect(clippy::float_cmp, reason = "these are exact")]
fn durations_in_hours() {
    let cases = [
        ("45 s", 45.0 / 3600.0),
        ("10 min", 10.0 / 60.0),
        ("1.5 h", 1.5),
        ("1.5h", 1.5),
        ("3 days", 3.0 * DAY),
        ("2 weeks", 2.0 * WEEK),
        ("6 months", 6.0 * MONTH),
        ("1 year", YEAR),
        ("1,000 h", 1000.0),
        ("1_000 h", 1000.0),
        ("1e2 h", 100.0),
        ("0", 0.0),
    ];
    for (text, hours) in cases {
        assert_eq!(read(Quantity::Duration, text), hours, "{text}");
    }
}

#[test]
#[expect(clippy::float_cmp, reason = "these are exact")]
fn money_with_signs_groups_and_multiples() {
    let cases = [
        ("$2.5M", 2.5e6),
        ("$40k", 4e4),
        ("$13bn", 13e9),
        ("1,250,000", 1.25e6),
        ("$1,250,000", 1.25e6),
        ("$1_250_000", 1.25e6),
        ("$ 5", 5.0),
        ("-$3M", -3e6),
        ("$-3M", -3e6),
        ("\u{2212}$3M", -3e6),
    ];
    for (text, amount) in cases {
        assert_eq!(read(Quantity::Gain, text), amount, "{text}");
    }
    assert_eq!(Quantity::Money.parse("EUR 2M", "EUR"), Ok(2e6));
    assert_eq!(Quantity::Money.parse("€2M", "€"), Ok(2e6));
}

#[test]
#[expect(clippy::float_cmp, reason = "these are exact")]
fn money_per_time_usage_and_price() {
    assert_eq!(read(Quantity::MoneyPerHour, "$410k/h"), 410e3);
    assert_eq!(read(Quantity::MoneyPerHour, "$9M/day"), 9e6 / 24.0);
    assert_eq!(read(Quantity::MoneyPerHour, "$2M/month"), 2e6 / MONTH);
    assert_eq!(read(Quantity::MoneyPerYear, "$80M/year"), 80e6);
    assert_eq!(usage("3 Ttok/month"), Ok((3e12 / MONTH, "tok".to_owned(), true)));
    assert_eq!(usage("250 Mcall/day"), Ok((250e6 / 24.0, "call".to_owned(), true)));
    assert_eq!(usage("1000 call/h"), Ok((1000.0, "call".to_owned(), false)));
    assert_eq!(price("$4.40/Mtok", "$"), Ok((4.4 / 1e6, "tok".to_owned())));
    assert_eq!(price("$30/seat", "$"), Ok((30.0, "seat".to_owned())));
}

#[test]
#[expect(clippy::float_cmp, reason = "these are exact")]
fn fractions_and_changes() {
    assert_eq!(read(Quantity::Fraction, "7%"), 0.07);
    assert_eq!(read(Quantity::Fraction, "0.07"), 0.07);
    assert_eq!(read(Quantity::Change, "-8%"), -0.08);
    assert_eq!(read(Quantity::Change, "+15%"), 0.15);
    assert_eq!(read(Quantity::Change, "\u{2212}8 %"), -0.08);
}

#[test]
fn a_decimal_comma_is_refused() {
    for text in ["1,5 h", "12,34 h", "1,250,00 h", "1,2345 h", "1.5,000 h"] {
        assert!(refused(Quantity::Duration, text).why.contains("grouped oddly"), "{text}");
    }
}

#[test]
fn refusals_say_why() {
    assert_eq!(refused(Quantity::Duration, "10").why, "a number without a unit");
    assert_eq!(
        refused(Quantity::Duration, "10 m").help.as_deref(),
        Some("write `min` for minutes, `months` for months")
    );
    assert_eq!(refused(Quantity::Duration, "10 minuts").help.as_deref(), Some("did you mean `minutes`?"));
    assert_eq!(refused(Quantity::Duration, "-3 h").what, "is negative");
    assert_eq!(refused(Quantity::Money, "$2e15").what, "is too large to be meant");
    assert_eq!(refused(Quantity::Money, "2B").help.as_deref(), Some("write `bn` for billions"));
    assert_eq!(refused(Quantity::Money, "€2M").why, "`€` is not the currency, which is `$`");
    assert_eq!(refused(Quantity::Fraction, "150%").what, "is more than the whole");
    assert_eq!(refused(Quantity::Change, "-100%").what, "falls by 100 % or more");
    assert_eq!(refused(Quantity::MoneyPerHour, "$5k").why, "says nothing of time");
    assert_eq!(refused(Quantity::Duration, "").why, "empty");
    assert_eq!(price("$4", "$").expect_err("no unit").why, "does not say per what");
    assert_eq!(usage("3 /h").expect_err("no unit").why, "names no unit");
}

#[test]
fn dates_by_the_calendar() {
    let seconds = |text: &str| unix_seconds(&text.parse().expect("a date"));
    assert_eq!(seconds("1970-01-01"), Ok(0.0));
    assert_eq!(seconds("2000-03-01"), Ok(951_868_800.0));
    assert_eq!(seconds("2024-02-29"), Ok(1_709_164_800.0));
    assert_eq!(seconds("2025-06-01T08:30:00+02:00"), seconds("2025-06-01T06:30:00Z"));
    assert_eq!(seconds("1969-12-31T23:59:59.5Z"), Ok(-0.5));
    assert!(seconds("08:30:00").is_err());
}

#[test]
fn no_text_panics() {
    for text in [
        "", " ", "-", "+", ".", ",", "e", "1e", "1e+", "%", "/", "//", "$", "$/", "€", "−", "1/", "k", "1e999 h",
        "\u{0}", "１ h",
    ] {
        for quantity in [Quantity::Duration, Quantity::Gain, Quantity::MoneyPerHour, Quantity::Change, Quantity::Number]
        {
            let _ = quantity.parse(text, "$");
        }
        let _ = (usage(text), price(text, "$"));
    }
}
