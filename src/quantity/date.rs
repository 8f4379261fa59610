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
