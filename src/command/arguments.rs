//! What arguments may say: numbers of trials, seeds, precisions, times, sizes, parts.

use std::time::Duration;

use linchpin::measure::Goal;

/// `100000`, `100_000`, `100,000`, `100k`, `1M`, `1e6`.
pub(super) fn trials(text: &str) -> Result<u64, String> {
    let plain: String = text.chars().filter(|c| !matches!(c, '_' | ',' | ' ')).collect();
    let (number, times) = match plain.strip_suffix(['k', 'K']) {
        Some(number) => (number, 1_000),
        None => plain.strip_suffix(['m', 'M']).map_or((plain.as_str(), 1), |number| (number, 1_000_000)),
    };
    let explained = || "a whole number from 1 to 1e12: 200000, 200_000, 200k, 2e5".to_owned();
    let n = match number.parse::<u64>() {
        Ok(n) => n.checked_mul(times),
        Err(_) => fractional(number, times),
    };
    n.filter(|n| (1..=MOST_TRIALS).contains(n)).ok_or_else(explained)
}

/// Trials of a pilot.
pub(super) fn pilot(text: &str) -> Result<u64, String> {
    let explained = || "a whole number from 600 to 1e6: 8000, 16_000, 64k".to_owned();
    trials(text).ok().filter(|n| (600..=1_000_000).contains(n)).ok_or_else(explained)
}

/// More would take any machine longer than anybody waits.
const MOST_TRIALS: u64 = 1_000_000_000_000;

/// `1e6` and `1.5k`, if they come out whole.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "whole and at most 1e15, as is checked"
)]
fn fractional(number: &str, times: u64) -> Option<u64> {
    let n = number.parse::<f64>().ok()? * times as f64;
    ((1.0..=1e15).contains(&n) && n.fract() == 0.0).then_some(n as u64)
}

/// A seed.
pub(super) fn seed(text: &str) -> Result<u64, String> {
    let plain: String = text.chars().filter(|c| *c != '_').collect();
    plain.parse().map_err(|_| format!("a whole number from 0 to {}", u64::MAX))
}

/// `1%` or `0.01`: a relative standard error above 0 and below 1.
pub(super) fn precision(text: &str) -> Result<f64, String> {
    let explained = || "a relative standard error: 1%, 0.5%, 0.01".to_owned();
    let plain = text.trim();
    let (number, per) = plain.strip_suffix('%').map_or((plain, 1.0), |number| (number.trim_end(), 100.0));
    let value = number.parse::<f64>().map_err(|_| explained())? / per;
    if value > 0.0 && value < 1.0 { Ok(value) } else { Err(explained()) }
}

/// `tvar,0.995`, `mean` or `difference`.
pub(super) fn goal(text: &str) -> Result<Goal, String> {
    let explained = || "tvar,0.995 (or another level from 0.5 to 0.9999), mean or difference".to_owned();
    let plain: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    match plain.split_once(',') {
        None if plain == "mean" => Ok(Goal::Mean),
        None if plain == "difference" => Ok(Goal::Difference),
        None if plain == "tvar" => Ok(Goal::Tvar(0.995)),
        Some(("tvar", level)) => {
            let level = level.parse::<f64>().map_err(|_| explained())?;
            if (0.5..=0.9999).contains(&level) { Ok(Goal::Tvar(level)) } else { Err(explained()) }
        }
        _ => Err(explained()),
    }
}

/// `30s`, `90 s`, `5min`, `2h`.
pub(super) fn time(text: &str) -> Result<Duration, String> {
    let explained = || "a time: 30s, 5min, 2h".to_owned();
    let plain = text.trim();
    let digits = plain.find(|c: char| !(c.is_ascii_digit() || c == '.')).ok_or_else(explained)?;
    let seconds = match plain[digits..].trim() {
        "ms" => 0.001,
        "s" | "sec" | "second" | "seconds" => 1.0,
        "m" | "min" | "minute" | "minutes" => 60.0,
        "h" | "hour" | "hours" => 3600.0,
        _ => return Err(explained()),
    };
    let value = plain[..digits].parse::<f64>().map_err(|_| explained())? * seconds;
    if value > 0.0 && value <= 1e8 { Ok(Duration::from_secs_f64(value)) } else { Err(explained()) }
}

/// `64M`, `1G`, `512 MiB`: bytes.
pub(super) fn memory(text: &str) -> Result<u64, String> {
    let explained = || format!("a size of at least {} MiB: 256M, 1G, 1.5 GiB", LEAST_MEMORY >> 20);
    let plain = text.trim();
    let digits = plain.find(|c: char| !(c.is_ascii_digit() || c == '.')).ok_or_else(explained)?;
    let mebibytes = match plain[digits..].trim().to_ascii_lowercase().as_str() {
        "m" | "mb" | "mib" => 1.0,
        "g" | "gb" | "gib" => 1024.0,
        "t" | "tb" | "tib" => 1024.0 * 1024.0,
        _ => return Err(explained()),
    };
    let bytes = plain[..digits].parse::<f64>().map_err(|_| explained())? * mebibytes * 1024.0 * 1024.0;
    if bytes > 1e15 {
        return Err(explained());
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, and not too large")]
    let bytes = bytes as u64;
    if bytes >= LEAST_MEMORY { Ok(bytes) } else { Err(explained()) }
}

/// The program, its threads and one block of trials take about as much.
const LEAST_MEMORY: u64 = 64 << 20;

/// `2/8`: the second of eight.
pub(super) fn part(text: &str) -> Result<(u32, u32), String> {
    let explained = || "a part of the whole: 1/8 to 8/8".to_owned();
    let (i, n) = text.split_once('/').ok_or_else(explained)?;
    let number = |text: &str| text.trim().parse::<u32>().map_err(|_| explained());
    let (i, n) = (number(i)?, number(n)?);
    if (1..=n).contains(&i) && n <= 1_000_000 { Ok((i, n)) } else { Err(explained()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trials_are_read_as_people_write_them() {
        for (text, n) in [
            ("1", 1),
            ("100_000", 100_000),
            ("100,000", 100_000),
            ("20k", 20_000),
            ("1.5k", 1_500),
            ("2M", 2_000_000),
            ("1e6", 1_000_000),
        ] {
            assert_eq!(trials(text), Ok(n), "{text}");
        }
        for text in ["", "0", "-5", "1.5", "k", "many", "nan", "inf", "1e300", "99999999999999999999", "0x10", "1e6k0"]
        {
            assert!(trials(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_pilot_is_neither_too_short_nor_too_long() {
        assert_eq!([pilot("600"), pilot("16_000"), pilot("64k")], [Ok(600), Ok(16_000), Ok(64_000)]);
        for text in ["599", "0", "2M", "some", "-8000"] {
            assert!(pilot(text).is_err(), "{text}");
        }
    }

    #[test]
    fn precision_goal_time_memory_and_part_are_read_as_people_write_them() {
        assert_eq!(["1%", "0.5 %", "0.01"].map(precision), [Ok(0.01), Ok(0.005), Ok(0.01)]);
        assert_eq!(goal("tvar,0.99"), Ok(Goal::Tvar(0.99)));
        assert_eq!(
            [goal("tvar"), goal("mean"), goal("difference")],
            [Ok(Goal::Tvar(0.995)), Ok(Goal::Mean), Ok(Goal::Difference)]
        );
        assert_eq!(["30s", "1.5 min", "2h"].map(|t| time(t).map(|t| t.as_secs())), [Ok(30), Ok(90), Ok(7200)]);
        assert_eq!(["64M", "1 GiB", "0.5g"].map(memory), [Ok(64 << 20), Ok(1 << 30), Ok(1 << 29)]);
        assert_eq!(["1/8", "8 / 8"].map(part), [Ok((1, 8)), Ok((8, 8))]);
        for text in ["", "0", "0%", "100%", "-1%", "1", "one", "nan%", "inf"] {
            assert!(precision(text).is_err(), "{text}");
        }
        for text in ["", "tvar,", "tvar,0.2", "tvar,1", "tvar,nan", "var,0.99", "median"] {
            assert!(goal(text).is_err(), "{text}");
        }
        for text in ["", "30", "s", "0s", "-3s", "1 fortnight", "1e9h"] {
            assert!(time(text).is_err(), "{text}");
        }
        for text in ["", "64", "1M", "G", "-1G", "9999999T"] {
            assert!(memory(text).is_err(), "{text}");
        }
        for text in ["", "1", "0/4", "5/4", "1/0", "a/b", "-1/4"] {
            assert!(part(text).is_err(), "{text}");
        }
    }
}
