//! Loss by month, and when each month begins.

use crate::results::TimelinePoint;
use crate::simulate::PortfolioTrials;

/// Levels of a month's quantiles.
pub(super) const MONTH_LEVELS: [f64; 5] = [0.05, 0.25, 0.5, 0.75, 0.95];

/// A month of the model in seconds: 730.5 h.
const MONTH_SECONDS: i64 = 2_629_800;

/// One point per month of one portfolio.
pub(super) fn timeline(start_unix: i64, portfolio: usize, trials: &PortfolioTrials) -> Vec<TimelinePoint> {
    let months = trials.months.iter().zip(&trials.month_histograms).enumerate();
    months
        .map(|(month, (moments, histogram))| TimelinePoint {
            portfolio,
            month,
            start: iso(start_unix + MONTH_SECONDS * i64::try_from(month).unwrap_or(0)),
            mean: moments.mean,
            quantiles: MONTH_LEVELS.map(|level| histogram.quantile(level)),
        })
        .collect()
}

/// ISO 8601 of seconds since 1970-01-01T00:00:00Z: the date, with the time if that is not midnight.
pub(super) fn iso(unix: i64) -> String {
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
