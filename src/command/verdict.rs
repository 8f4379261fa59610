//! The verdict of a run in a sentence: which portfolio is better, worse, or neither as far as these trials can tell,
//! and whether it keeps within the appetite. Says only what the 95 % intervals say.

use linchpin::results::{Comparison, Estimate, Results, Verdict};

use super::amount;

/// The sentence.
pub(super) fn sentence(results: &Results) -> String {
    let mut clauses = Vec::new();
    if results.comparison.is_empty() {
        clauses.push(format!("{} is the only portfolio, so there is nothing to compare it with", name(results, results.baseline)));
    }
    if results.comparison.len() > 1 {
        clauses.push(cheapest(results));
    }
    clauses.extend(results.comparison.iter().map(|comparison| against_baseline(results, comparison)));
    if let Some(within) = within_appetite(results, results.baseline) {
        clauses.push(format!("{} itself {within}", name(results, results.baseline)));
    }
    clauses.join("; ") + "."
}

fn name(results: &Results, portfolio: usize) -> String {
    format!("`{}`", results.portfolios[portfolio])
}

/// Those whose mean total cost may be the lowest: no other's 95 % interval lies wholly below theirs.
pub(super) fn may_be_cheapest(results: &Results) -> Vec<usize> {
    let interval = |comparison: &Comparison| {
        let mean = &comparison.mean;
        match comparison.verdict {
            // Too few trials for an interval, or nothing but rounding in it.
            Verdict::CannotTell if mean.lower.is_none() || mean.upper.is_none() => (f64::NEG_INFINITY, f64::INFINITY),
            _ => (mean.lower.unwrap_or(mean.value), mean.upper.unwrap_or(mean.value)),
        }
    };
    let mut all: Vec<(usize, (f64, f64))> = results.comparison.iter().map(|c| (c.portfolio, interval(c))).collect();
    all.push((results.baseline, (0.0, 0.0)));
    let least_upper = all.iter().map(|(_, (_, upper))| *upper).fold(f64::INFINITY, f64::min);
    let mut candidates: Vec<usize> = all.into_iter().filter(|(_, (lower, _))| *lower <= least_upper).map(|(p, _)| p).collect();
    candidates.sort_unstable();
    candidates
}

fn cheapest(results: &Results) -> String {
    let names: Vec<String> = may_be_cheapest(results).into_iter().map(|p| name(results, p)).collect();
    match names.as_slice() {
        [one] => format!("{one} costs least"),
        [most @ .., last] => format!("cheapest is one of {} and {last}, which cannot be told", most.join(", ")),
        [] => "none is cheapest".to_owned(),
    }
}

fn against_baseline(results: &Results, comparison: &Comparison) -> String {
    let (ours, baseline) = (name(results, comparison.portfolio), name(results, comparison.baseline));
    let currency = &results.provenance.currency;
    let mean = comparison.mean;
    let size = |sign: f64| amount::difference(&turned(mean, sign), currency);
    let trials = amount::count(results.provenance.trials);
    let judged = match comparison.verdict {
        Verdict::Better => format!("is better than {baseline}, cheaper by {}", size(-1.0)),
        Verdict::Worse => format!("is worse than {baseline}, dearer by {}", size(1.0)),
        Verdict::CannotTell if mean.value == 0.0 && amount::half_width(&mean) == Some(0.0) => format!("costs the same as {baseline}"),
        Verdict::CannotTell => format!("cannot be told from {baseline} at {trials} trials (difference {})", size(1.0)),
    };
    match within_appetite(results, comparison.portfolio) {
        Some(within) => format!("{ours} {judged}, and {within}"),
        None => format!("{ours} {judged}"),
    }
}

fn turned(estimate: Estimate, sign: f64) -> Estimate {
    if sign > 0.0 {
        return estimate;
    }
    Estimate { value: -estimate.value, std_error: estimate.std_error, lower: estimate.upper.map(|x| -x), upper: estimate.lower.map(|x| -x) }
}

/// Whether losses keep within the appetite, as far as these trials can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Appetite {
    Within,
    Over,
    CannotTell,
}

/// By the interval of P(loss > appetite) against the probability that the file allows; where it allows none, 0 or 1
/// in every trial decides.
pub(super) fn appetite(results: &Results, portfolio: usize) -> Option<(Appetite, Estimate)> {
    let over = results.headlines[portfolio].prob_over_appetite?;
    let judged = match results.provenance.appetite_probability {
        _ if !over.value.is_finite() => Appetite::CannotTell,
        Some(allowed) => match (over.lower, over.upper) {
            (_, Some(upper)) if upper <= allowed => Appetite::Within,
            (Some(lower), _) if lower > allowed => Appetite::Over,
            _ => Appetite::CannotTell,
        },
        None if over.value == 0.0 => Appetite::Within,
        None => Appetite::Over,
    };
    Some((judged, over))
}

fn within_appetite(results: &Results, portfolio: usize) -> Option<String> {
    let (judged, over) = appetite(results, portfolio)?;
    let from = &results.provenance;
    let limit = amount::money(from.appetite?, &from.currency);
    let share = amount::probability(&over);
    Some(match (judged, from.appetite_probability) {
        (Appetite::Within, Some(allowed)) => format!("is within appetite (loses more than {limit} with {share}, {} allowed)", amount::percent(allowed)),
        (Appetite::Over, Some(allowed)) => format!("is over appetite (loses more than {limit} with {share}, {} allowed)", amount::percent(allowed)),
        (Appetite::CannotTell, Some(allowed)) => format!("may be within appetite or not (loses more than {limit} with {share}, {} allowed)", amount::percent(allowed)),
        (Appetite::Within, None) => "is within appetite in every trial".to_owned(),
        (_, None) if over.value >= 1.0 => format!("is over the appetite of {limit} in every trial"),
        (_, None) => format!("is over the appetite of {limit} with {share}"),
    })
}
