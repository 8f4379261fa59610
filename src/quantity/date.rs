//! Dates by the exact calendar.

use toml::value::{Datetime, Offset};

use super::Fault;

/// Seconds since 1970-01-01T00:00:00Z; a date is its first moment, a time without offset is UTC.
pub(crate) fn unix_seconds(datetime: &Datetime) -> Result<f64, Fault> {
    let Some(date) = datetime.date else {
        let help = "write a date, or a date and a time: 2025-06-01, 2025-06-01T08:30:00Z";
        return Err(Fault::new("is not a date", "a time of day without a date", help));
    };
    let days = days_since_epoch(i64::from(date.year), i64::from(date.month), i64::from(date.day));
    let (mut seconds, mut nanos) = (days * 86_400, 0);
    if let Some(time) = datetime.time {
        seconds += i64::from(time.hour) * 3600 + i64::from(time.minute) * 60 + i64::from(time.second.unwrap_or(0));
        nanos = time.nanosecond.unwrap_or(0);
    }
    if let Some(Offset::Custom { minutes }) = datetime.offset {
        seconds -= i64::from(minutes) * 60;
    }
    #[expect(clippy::cast_precision_loss, reason = "years have four digits, so seconds have twelve")]
    Ok(seconds as f64 + f64::from(nanos) / 1e9)
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar (Howard Hinnant, "chrono-compatible low-level date algorithms").
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// ISO 8601 of seconds since 1970-01-01T00:00:00Z: the date, with the time if that is not midnight.
pub(crate) fn iso(unix: i64) -> String {
    let (days, second) = (unix.div_euclid(86_400), unix.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    let date = format!("{year:04}-{month:02}-{day:02}");
    if second == 0 {
        return date;
    }
    format!("{date}T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60)
}

/// Year, month and day of the Gregorian calendar, `days` after 1970-01-01.
///
/// Source: Hinnant, "chrono-compatible low-level date algorithms", `civil_from_days`.
fn civil(days: i64) -> (i64, i64, i64) {
    // Years that begin on 1 March, so that the leap day is the last; eras of 400 years, 146,097 days each.
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}
