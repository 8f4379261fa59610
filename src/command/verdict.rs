//! The verdict of a run in a sentence: which portfolio is better, worse, or neither as far as these trials can tell,
//! and whether it keeps within the appetite. Says only what the 95 % intervals say.

use linchpin::results::{Appetite, Comparison, Estimate, Results, Verdict};

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
            let trials = amount::trials(results.provenance.trials);
            format!("cannot be told from {baseline} at {trials} ({})", amount::difference(&mean, currency))
        }
    };
    let Some(kept) = kept(results, comparison.portfolio) else {
        return format!("{ours} {judged}");
    };
    let and = match (comparison.verdict, results.headlines[comparison.portfolio].appetite) {
        (Verdict::Better, Some(Appetite::Over)) | (Verdict::Worse, Some(Appetite::Within)) => "but",
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

/// `is over appetite (12.1 %, 11.9 to 12.3 %)`: with the part of trials that lose more, and its interval.
fn kept(results: &Results, portfolio: usize) -> Option<String> {
    let headline = &results.headlines[portfolio];
    let over = headline.prob_over_appetite?;
    let share = amount::probability(&over);
    let between =
        amount::probability_interval(&over).map_or_else(|| "too few trials".to_owned(), |(l, u)| format!("{l} to {u}"));
    Some(match headline.appetite {
        Some(Appetite::Within) => format!("is within appetite ({share}, {between})"),
        Some(Appetite::Over) => format!("is over appetite ({share}, {between})"),
        Some(Appetite::CannotTell) => {
            format!("cannot be told to be within appetite or over it ({share}, {between})")
        }
        None => format!("loses more than the appetite in {share} of trials ({between})"),
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

#[cfg(test)]
mod tests {
    use super::*;
    use linchpin::results::{Distribution, Headline, Provenance};

    fn estimate(value: f64, half: f64) -> Estimate {
        Estimate { value, std_error: Some(half / 1.96), lower: Some(value - half), upper: Some(value + half) }
    }

    fn headline(over: Option<Estimate>, allowed: Option<f64>) -> Headline {
        let none = estimate(0.0, 0.0);
        Headline {
            plan: 0.0,
            mean_loss: none,
            sd_loss: none,
            mean_total_cost: none,
            var_95: none,
            tvar_95: none,
            var_99: none,
            tvar_99: none,
            var_995: none,
            tvar_995: none,
            tvar_995_worth: None,
            prob_over_appetite: over,
            appetite: over.zip(allowed).map(|(over, allowed)| match over.value {
                p if p + 0.01 <= allowed => Appetite::Within,
                p if p - 0.01 > allowed => Appetite::Over,
                _ => Appetite::CannotTell,
            }),
            services: Vec::new(),
            hhi_vendor: 1.0,
            hhi_platform: 1.0,
            effective_vendors: None,
        }
    }

    /// A baseline `base`, and per other portfolio its difference and P(over).
    fn results(allowed: Option<f64>, base_over: f64, others: &[(&str, Estimate, f64)]) -> Results {
        let over = |p: f64| Some(estimate(p, 0.01));
        let judged = |mean: &Estimate| match (mean.lower, mean.upper) {
            (_, Some(upper)) if upper < 0.0 => Verdict::Better,
            (Some(lower), _) if lower > 0.0 => Verdict::Worse,
            _ => Verdict::CannotTell,
        };
        let names = others.iter().map(|other| other.0.to_owned());
        let comparison = others.iter().enumerate().map(|(n, (_, mean, _))| Comparison {
            portfolio: n + 1,
            baseline: 0,
            mean: *mean,
            p_cheaper: *mean,
            tail: Vec::new(),
            break_even_overhead: *mean,
            verdict: judged(mean),
        });
        let headlines = others.iter().map(|other| headline(over(other.2), allowed));
        Results {
            provenance: Provenance {
                version: String::new(),
                scenario: String::new(),
                currency: "$".to_owned(),
                start: String::new(),
                horizon_hours: 1.0,
                seed: 1,
                trials: 1000,
                rows: 1000,
                bin_width: None,
                month_bin_width: 0.004,
                effective_trials: None,
                appetite: Some(2e6),
                appetite_probability: allowed,
            },
            portfolios: std::iter::once("base".to_owned()).chain(names).collect(),
            baseline: 0,
            risks: Vec::new(),
            nodes: Vec::new(),
            services: Vec::new(),
            measures: Vec::new(),
            exceedance: Vec::new(),
            comparison: comparison.collect(),
            attribution: Vec::new(),
            timeline: Vec::new(),
            headlines: std::iter::once(headline(over(base_over), allowed)).chain(headlines).collect(),
            distribution: Distribution { edges: Vec::new(), counts: Vec::new() },
            trials: None,
            checks: vec![],
            convergence: Vec::new(),
        }
    }

    fn said(results: &Results) -> String {
        sentence(results).replace('\u{a0}', " ")
    }

    #[test]
    fn each_portfolio_is_judged_by_its_interval() {
        let others = [
            ("good", estimate(-5e6, 1e6), 0.02),
            ("dear", estimate(3e6, 1e6), 0.20),
            ("near", estimate(1e5, 4e5), 0.05),
        ];
        assert_eq!(
            said(&results(Some(0.05), 0.3, &others)),
            "`good` costs least; \
             `good` is better than the baseline `base` by $5.0M ± 1.0M, and is within appetite (2.0 %, 1.0 to 3.0 %); \
             `dear` is worse than `base` by $3.0M ± 1.0M, and is over appetite (20.0 %, 19.0 to 21.0 %); \
             `near` cannot be told from `base` at 1,000 trials (+$100k ± 400k), and cannot be told to be within appetite or over it (5.0 %, 4.0 to 6.0 %); \
             `base` itself is over appetite (30.0 %, 29.0 to 31.0 %); \
             appetite is to lose more than $2M in at most 5 % of trials."
        );
    }

    #[test]
    fn cheapest_are_all_that_may_be() {
        let cheapest = |differences: &[f64]| {
            let others: Vec<_> = differences.iter().map(|d| ("x", estimate(*d, 1.0), 0.0)).collect();
            may_be_cheapest(&results(None, 0.0, &others))
        };
        assert_eq!(cheapest(&[5.0, 9.0]), [0]);
        assert_eq!(cheapest(&[0.5, 9.0]), [0, 1]);
        assert_eq!(cheapest(&[-5.0, -6.5, -9.0]), [3]);
        assert_eq!(cheapest(&[-5.0, -6.5, 2.0]), [1, 2]);
    }

    #[test]
    fn nothing_is_claimed_without_an_interval() {
        let unknown = Estimate { value: -1e6, std_error: None, lower: None, upper: None };
        let results = results(Some(0.05), 0.0, &[("a", unknown, 0.0), ("b", unknown, 0.0)]);
        assert_eq!(may_be_cheapest(&results), [0, 1, 2]);
        assert!(said(&results).contains("`a` cannot be told from the baseline `base`"));
    }

    #[test]
    fn one_portfolio_is_compared_with_nothing() {
        let alone = results(None, 0.12, &[]);
        assert_eq!(
            said(&alone),
            "`base` is the only portfolio, so there is nothing to compare it with; \
             `base` itself loses more than the appetite in 12.0 % of trials (11.0 to 13.0 %); appetite is to lose at most $2M."
        );
    }
}
