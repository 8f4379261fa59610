//! The verdict of a run in a sentence: which portfolio is better, worse, or neither as far as these trials can tell,
//! and whether it keeps within the appetite. Says only what the 95 % intervals say.

use linchpin::results::{Comparison, Estimate, Results, Verdict};

use super::amount;

/// The sentence.
pub(super) fn sentence(results: &Results) -> String {
    let mut clauses = Vec::new();
    if results.comparison.is_empty() {
        clauses.push(format!(
            "{} is the only portfolio, so there is nothing to compare it with",
            name(results, results.baseline)
        ));
    }
    if results.comparison.len() > 1 {
        clauses.push(cheapest(results));
    }
    clauses.extend(
        results.comparison.iter().enumerate().map(|(n, comparison)| against_baseline(results, comparison, n == 0)),
    );
    if let Some(kept) = kept(results, results.baseline) {
        clauses.push(format!("{} itself {kept}", name(results, results.baseline)));
    }
    clauses.extend(limit(results));
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
    let mut candidates: Vec<usize> =
        all.into_iter().filter(|(_, (lower, _))| *lower <= least_upper).map(|(p, _)| p).collect();
    candidates.sort_unstable();
    candidates
}

fn cheapest(results: &Results) -> String {
    let names: Vec<String> = may_be_cheapest(results).into_iter().map(|p| name(results, p)).collect();
    match names.as_slice() {
        [one] => format!("{one} costs least"),
        [most @ .., last] => format!("which of {} and {last} costs least cannot be told", most.join(", ")),
        [] => "none is cheapest".to_owned(),
    }
}

/// `first`: the baseline has not been named yet.
fn against_baseline(results: &Results, comparison: &Comparison, first: bool) -> String {
    let ours = name(results, comparison.portfolio);
    let baseline = if first {
        format!("the baseline {}", name(results, comparison.baseline))
    } else {
        name(results, comparison.baseline)
    };
    let currency = &results.provenance.currency;
    let mean = comparison.mean;
    let judged = match comparison.verdict {
        Verdict::Better => format!("is better than {baseline} by {}", amount::interval(&turned(mean), currency)),
        Verdict::Worse => format!("is worse than {baseline} by {}", amount::interval(&mean, currency)),
        Verdict::CannotTell if mean.value == 0.0 && amount::half_width(&mean) == Some(0.0) => {
            format!("costs the same as {baseline}")
        }
        Verdict::CannotTell => {
            let trials = amount::count(results.provenance.trials);
            format!("cannot be told from {baseline} at {trials} trials ({})", amount::difference(&mean, currency))
        }
    };
    let Some(kept) = kept(results, comparison.portfolio) else { return format!("{ours} {judged}") };
    let over = appetite(results, comparison.portfolio).is_some_and(|(judged, _)| judged == Appetite::Over);
    let and = match comparison.verdict {
        Verdict::Better if over => "but",
        Verdict::Worse if !over => "but",
        _ => "and",
    };
    format!("{ours} {judged}, {and} {kept}")
}

fn turned(estimate: Estimate) -> Estimate {
    Estimate {
        value: -estimate.value,
        std_error: estimate.std_error,
        lower: estimate.upper.map(|x| -x),
        upper: estimate.lower.map(|x| -x),
    }
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

/// `is over appetite (12.1 %)`: with the part of trials that lose more.
fn kept(results: &Results, portfolio: usize) -> Option<String> {
    let (judged, over) = appetite(results, portfolio)?;
    let share = amount::probability(&over);
    Some(match judged {
        Appetite::Within if results.provenance.appetite_probability.is_none() => {
            "is within appetite in every trial".to_owned()
        }
        Appetite::Within => format!("is within appetite ({share})"),
        Appetite::Over if over.value >= 1.0 => "is over appetite in every trial".to_owned(),
        Appetite::Over => format!("is over appetite ({share})"),
        Appetite::CannotTell => format!("may be within appetite or not ({share})"),
    })
}

fn limit(results: &Results) -> Option<String> {
    let from = &results.provenance;
    let loss = amount::given(from.appetite?, &from.currency);
    Some(match from.appetite_probability {
        Some(allowed) => {
            format!("appetite is to lose more than {loss} in at most {} of trials", amount::percent(allowed))
        }
        None => format!("appetite is to lose at most {loss}"),
    })
}
