//! Results as a whole: every row there, parts that sum, small samples without nonsense.

use proptest::prelude::*;

use super::fixture::{Compound, generator, results, scenario, trials};
use crate::results::{Appetite, By, Estimate, Exceedance, Results, Verdict};

fn sample(n: usize) -> Results {
    let (law, mut generator) = (Compound::new(5.0), generator(7));
    let (a, b) = (law.sample(n, &mut generator), law.sample(n, &mut generator));
    results(&a, &b)
}

#[track_caller]
fn find(
    results: &Results,
    portfolio: usize,
    quantity: &str,
    item: &str,
    measure: &str,
    level: Option<f64>,
) -> Estimate {
    let wanted = |row: &&crate::results::Measure| {
        (row.portfolio, row.quantity, row.item.as_str(), row.measure, row.level)
            == (portfolio, quantity, item, measure, level)
    };
    let found: Vec<_> = results.measures.iter().filter(wanted).collect();
    assert_eq!(found.len(), 1, "{quantity} {item} {measure} {level:?}");
    found[0].estimate
}

#[test]
fn the_long_table_has_every_row_once() {
    let results = sample(2_000);
    let keys: Vec<String> = results
        .measures
        .iter()
        .map(|row| format!("{} {} {} {} {:?}", row.portfolio, row.quantity, row.item, row.measure, row.level))
        .collect();
    let mut unique = keys.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), keys.len());
    let count =
        |quantity: &str| results.measures.iter().filter(|row| row.portfolio == 1 && row.quantity == quantity).count();
    let counts = [
        ("loss", 2 + 11 + 5 + 5 + 1 + 9 + 9),
        ("total_cost", 2 + 11),
        ("plan", 1),
        ("component", 20),
        ("charged", 4),
        ("node", 8),
        ("service", 4),
        ("unserved_hours", 1 + 11 + 1),
        ("longest_interruption", 1 + 11 + 5),
        ("availability", 2),
        ("loss_by_year", 2),
        ("loss_by_month", 24 * 6),
        ("hhi_vendor", 1),
        ("hhi_platform", 1),
        ("effective_vendors", 1),
        ("difference", 1 + 5 + 5),
        ("p_cheaper", 1),
        ("break_even_overhead", 1),
    ];
    for (quantity, expected) in counts {
        assert_eq!(count(quantity), expected, "{quantity}");
    }
    let listed: usize = counts.iter().map(|(_, n)| n).sum();
    assert_eq!(results.measures.iter().filter(|row| row.portfolio == 1).count(), listed, "nothing else");
}

#[test]
fn figures_are_those_of_the_trials() {
    // Two trials in a hundred lose 300 by a and 100 by b; the rest nothing.
    let hits = |loss: f64| (0..1_000).map(|t| if t % 50 == 0 { loss } else { 0.0 }).collect::<Vec<_>>();
    let results = results(&hits(300.0), &hits(100.0));
    let of =
        |portfolio, quantity, item, measure, level| find(&results, portfolio, quantity, item, measure, level).value;
    assert_eq!(of(0, "loss", "", "mean", None), 6.0);
    assert_eq!(of(1, "loss", "", "mean", None), 4.0);
    assert_eq!(of(1, "total_cost", "", "mean", None), 11.0);
    assert_eq!(of(1, "component", "interruption", "mean", None), 4.0);
    assert_eq!(of(1, "component", "overhead", "mean", None), 7.0);
    assert_eq!(of(1, "component", "overhead", "tvar_99_part", None), 0.0);
    assert_eq!(of(1, "plan", "", "mean", None), 7.0);
    assert_eq!([0.95, 0.99].map(|p| of(1, "loss", "", "var", Some(p))), [0.0, 200.0]);
    assert!((of(1, "loss", "", "tvar", Some(0.95)) - 80.0).abs() < 1e-9);
    assert!((of(1, "charged", "a-outage", "tvar_99_part", None) - 150.0).abs() < 1e-9);
    assert!((of(1, "node", "b", "tvar_99_part", None) - 50.0).abs() < 1e-9);
    assert_eq!(of(1, "loss", "", "prob_over_appetite", None), 0.02);
    // 2 % of years lose half of it: beyond the 98 % quantile, at it not.
    assert_eq!([20.0, 50.0, 100.0].map(|years| of(0, "loss", "", "aep", Some(years))), [0.0, 0.0, 150.0]);
    assert_eq!(of(0, "longest_interruption", "chat", "prob_longer_than", Some(8.0)), 0.02);
    assert_eq!(of(0, "longest_interruption", "chat", "prob_longer_than", Some(24.0)), 0.0);
    assert!((of(0, "availability", "chat", "mean", None) - (1.0 - 0.6 / 17_532.0)).abs() < 1e-12);
    assert!((of(0, "availability", "chat", "tvar", Some(0.99)) - (1.0 - 30.0 / 17_532.0)).abs() < 1e-12);
    assert_eq!((of(0, "hhi_vendor", "", "value", None), of(0, "hhi_platform", "", "value", None)), (1.0, 1.0));
    // Half on east; half in equal parts on east and west.
    assert_eq!((of(1, "hhi_vendor", "", "value", None), of(1, "hhi_platform", "", "value", None)), (0.5, 0.625));
    assert!((of(1, "effective_vendors", "", "value", None) - 1.0).abs() < 1e-9, "they fail as one");
    assert_eq!(of(1, "difference", "", "mean", None), 5.0);
    assert_eq!(of(1, "p_cheaper", "", "mean", None), 0.02);
    assert!((of(1, "break_even_overhead", "", "mean", None) + 5.0 / 24.0).abs() < 1e-12);
    assert_eq!(of(1, "difference", "", "var", Some(0.99)), -93.0);
    assert_eq!(results.comparison[0].verdict, Verdict::Worse);
    assert_eq!(results.timeline[1].start, "2025-01-31T10:30:00Z");
    assert_eq!(results.timeline[1].quantiles, [0.0; 5]);
}

#[test]
fn break_even_is_worth_its_present_value() {
    let mut scenario = scenario();
    scenario.discount_rate = 0.1;
    let (a, b) = (vec![100.0; 50], vec![0.0; 50]);
    let results = crate::measure::results(&scenario, &trials(&a, &b), &|_, _| vec![], "0");
    // 43 less for two years: 43 = x · 12 · (1 − 1.1⁻²) / ln 1.1.
    let expected = 43.0 / (12.0 * (1.0 - 1.0 / 1.21) / libm::log(1.1));
    assert!((find(&results, 1, "break_even_overhead", "", "mean", None).value - expected).abs() < 1e-12);
    assert_eq!(results.comparison[0].verdict, Verdict::Better);
    assert!(results.attribution[0].tvar_99_part.value.is_nan(), "no tail was drawn again");
}

#[test]
fn parts_sum_to_the_mean_and_to_tvar() {
    let results = sample(3_000);
    assert_parts_sum(&results);
}

fn assert_parts_sum(results: &Results) {
    for (portfolio, headline) in results.headlines.iter().enumerate() {
        for by in [By::Risk, By::Node, By::Component, By::Service] {
            let parts = || results.attribution.iter().filter(move |part| part.portfolio == portfolio && part.by == by);
            let sizes: f64 = parts().map(|part| part.mean.value.abs() + part.tvar_99_part.value.abs()).sum();
            let mean: f64 = parts().map(|part| part.mean.value).sum();
            let tvar: f64 = parts().map(|part| part.tvar_99_part.value).sum();
            assert!((mean - headline.mean_loss.value).abs() <= 1e-9 * sizes, "{by:?}");
            assert!((tvar - headline.tvar_99.value).abs() <= 1e-9 * sizes, "{by:?}");
        }
    }
}

#[test]
fn curves_fall_and_go_down_to_one_in_all() {
    let results = sample(5_000);
    for kind in [Exceedance::Horizon, Exceedance::Aep, Exceedance::Oep] {
        let points: Vec<_> =
            results.exceedance.iter().filter(|point| point.kind == kind && point.portfolio == 0).collect();
        assert!(points.windows(2).all(|pair| pair[0].probability > pair[1].probability));
        assert!(points.windows(2).all(|pair| pair[0].loss.value <= pair[1].loss.value));
        let last = if kind == Exceedance::Horizon { 0.0002 } else { 0.0001 };
        assert_eq!(points.last().unwrap().probability, last);
        assert_eq!(points[0].probability, if kind == Exceedance::Horizon { 0.99 } else { 0.5 });
    }
}

#[test]
fn distributions_count_every_trial() {
    let results = sample(2_000);
    assert!(results.distribution.edges.is_sorted());
    for counts in &results.distribution.counts {
        assert_eq!(counts.len() + 1, results.distribution.edges.len());
        assert_eq!(counts.iter().sum::<u64>(), 2_000);
    }
}

#[test]
fn rows_are_trial_by_trial() {
    let rows = results(&[4.0, 8.0], &[0.0, 2.0]).trials.unwrap();
    let seen: Vec<_> = rows.iter().map(|row| (row.trial, row.portfolio, row.loss, row.total_cost)).collect();
    assert_eq!(seen, [(0, 0, 4.0, 4.0), (0, 1, 2.0, 9.0), (1, 0, 8.0, 8.0), (1, 1, 5.0, 12.0)]);
    assert_eq!((rows[3].components[0], rows[3].components[5]), (5.0, 7.0));
}

/// No figure is NaN but those that have none, no interval ever.
#[track_caller]
fn assert_sound(results: &Results) {
    let bounds = |e: &Estimate| [e.std_error, e.lower, e.upper];
    for row in &results.measures {
        let may_be_missing =
            row.quantity == "effective_vendors" || row.measure == "sd" && results.provenance.trials < 2;
        assert!(row.estimate.value.is_finite() || may_be_missing, "{row:?}");
        assert!(bounds(&row.estimate).iter().flatten().all(|x| x.is_finite()), "{row:?}");
    }
    let points = results.exceedance.iter().map(|point| point.loss);
    let parts = results.attribution.iter().flat_map(|part| [part.mean, part.tvar_99_part]);
    for estimate in points.chain(parts) {
        assert!(estimate.value.is_finite(), "{estimate:?}");
        assert!(bounds(&estimate).iter().flatten().all(|x| x.is_finite()), "{estimate:?}");
    }
    assert!(results.distribution.edges.iter().all(|x| x.is_finite()));
    assert!(results.distribution.edges.windows(2).all(|pair| pair[0] < pair[1]));
    assert_parts_sum(results);
}

#[test]
fn one_trial_gives_figures_without_errors() {
    let results = results(&[300.0], &[100.0]);
    assert_sound(&results);
    assert_eq!(results.headlines[0].tvar_99, Estimate::exact(300.0));
    assert_eq!(results.headlines[1].mean_loss, Estimate::exact(200.0));
    assert_eq!(results.comparison[0].verdict, Verdict::CannotTell);
    // A single trial may bound a quantile from one side, no more.
    assert!(results.measures.iter().all(|row| row.estimate.std_error.is_none()));
    assert!(results.measures.iter().all(|row| row.measure == "quantile" || row.estimate.upper.is_none()));
}

#[test]
fn few_trials_and_certain_losses_are_sound() {
    for n in [2, 3, 29, 30, 999] {
        assert_sound(&results(&vec![0.0; n], &vec![0.0; n]));
        assert_sound(&results(&vec![5.0; n], &vec![-5.0; n]));
        assert_sound(&sample(n));
    }
    let same = results(&[14.0; 500], &[0.0; 500]);
    assert_eq!(same.comparison[0].mean, Estimate::between(0.0, Some(0.0), Some(0.0)));
    assert_eq!(same.comparison[0].verdict, Verdict::CannotTell);
}

#[test]
fn without_a_full_year_there_is_neither_aep_nor_oep() {
    let mut short = trials(&[1.0; 40], &[2.0; 40]);
    short.n_years = 0;
    for kept in &mut short.portfolios {
        kept.aep.clear();
        kept.oep.clear();
    }
    let results = crate::measure::results(&scenario(), &short, &|_, _| vec![], "0");
    assert!(results.measures.iter().all(|row| row.measure != "aep" && row.measure != "oep"));
    assert!(results.exceedance.iter().all(|point| point.kind == Exceedance::Horizon));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn any_trials_give_sound_results(losses in proptest::collection::vec((prop_oneof![Just(0.0), -1e9..1e9], 0.0..1e12), 1..200)) {
        let (a, b): (Vec<f64>, Vec<f64>) = losses.into_iter().unzip();
        assert_sound(&results(&a, &b));
    }
}

/// `hits` of `n` trials lose 200, against an appetite of 100 in 5 % of trials.
fn kept(hits: usize, n: usize) -> Appetite {
    let a: Vec<f64> = (0..n).map(|t| if t < hits { 200.0 } else { 0.0 }).collect();
    let results = results(&a, &vec![0.0; n]);
    results.headlines[0].appetite.unwrap()
}

/// Ends of Wilson's intervals, worked out apart: 30 of 1,000: 2.11 to 4.25 %; 38: 2.78 to 5.17 %; 62: 4.87 to 7.87 %;
/// 70: 5.58 to 8.75 %; 0 of 72: 0 to 5.07 %; 0 of 73: 0 to 4.999 %.
#[test]
fn an_appetite_is_judged_by_the_interval_of_its_probability() {
    use Appetite::{CannotTell, Over, Within};
    for (hits, n, expected) in [
        (30, 1_000, Within),
        (38, 1_000, CannotTell),
        (50, 1_000, CannotTell),
        (62, 1_000, CannotTell),
        (70, 1_000, Over),
        (0, 72, CannotTell),
        (0, 73, Within),
        (0, 1, CannotTell),
        (1, 1, CannotTell),
        (2, 2, Over),
    ] {
        assert_eq!(kept(hits, n), expected, "{hits} of {n}");
    }
}

/// The appetite is to be exceeded *at most* so often: an interval that ends there keeps within it, one that begins there
/// does not lie above.
#[test]
fn an_interval_that_touches_the_appetite_is_within_or_cannot_tell() {
    use crate::measure::portfolio::judged;
    let between = |lower, upper| Estimate::between(f64::midpoint(lower, upper), Some(lower), Some(upper));
    assert_eq!(judged(between(0.03, 0.05), 0.05), Appetite::Within);
    assert_eq!(judged(between(0.05, 0.07), 0.05), Appetite::CannotTell);
    assert_eq!(judged(between(0.05 + 1e-15, 0.07), 0.05), Appetite::Over);
    assert_eq!(judged(between(0.03, 0.05 + 1e-15), 0.05), Appetite::CannotTell);
    assert_eq!(judged(Estimate::exact(0.0), 0.05), Appetite::CannotTell);
    assert_eq!(judged(Estimate::exact(1.0), 0.05), Appetite::CannotTell);
}

#[test]
fn an_appetite_without_a_probability_is_not_judged() {
    let mut scenario = scenario();
    let of = |scenario: &_| {
        crate::measure::results(scenario, &trials(&[200.0; 50], &[0.0; 50]), &|_, _| vec![], "0").headlines[0].clone()
    };
    scenario.appetite = Some(crate::scenario::Appetite { loss: 100.0, probability: None });
    let headline = of(&scenario);
    assert_eq!((headline.appetite, headline.prob_over_appetite.unwrap().value), (None, 1.0));
    assert!(headline.prob_over_appetite.unwrap().lower.unwrap() > 0.92);
    scenario.appetite = None;
    assert_eq!((of(&scenario).appetite, of(&scenario).prob_over_appetite), (None, None));
}

/// The fixture's longest interruption is a twentieth of the loss, its impact tolerance 4 h.
#[test]
fn what_is_longer_or_larger_by_a_rounding_is_not_over() {
    let of = |loss: f64| results(&[loss; 40], &[0.0; 40]).headlines[0].clone();
    let (at, above) = (of(100.0 * (1.0 + 4.0 * f64::EPSILON)), of(100.001));
    assert_eq!([&at, &above].map(|h| h.prob_over_appetite.unwrap().value), [0.0, 1.0]);
    let over = |loss: f64| of(loss).services[0].over_impact_tolerance.unwrap();
    let (hours, p) = over(80.0 * (1.0 + 4.0 * f64::EPSILON));
    assert_eq!((hours, p.value), (4.0, 0.0));
    assert_eq!(over(80.001).1.value, 1.0);
    let row = |loss: f64, hours| {
        find(&results(&[loss; 40], &[0.0; 40]), 0, "longest_interruption", "chat", "prob_longer_than", Some(hours))
            .value
    };
    assert_eq!((row(160.0 * (1.0 + 4.0 * f64::EPSILON), 8.0), row(160.001, 8.0)), (0.0, 1.0));
}

/// A part of which the tail's trials have nothing, though others do, is not known to be none.
/// VaR at an atom may be more, and not less; so may its difference to a baseline that is known.
#[test]
fn a_difference_of_var_is_as_lopsided_as_var() {
    let b: Vec<f64> = (0..1_000).map(|i| if i % 125 == 0 { 100.0 } else { 0.0 }).collect();
    let results = results(&[0.0; 1_000], &b);
    let of = |quantity: &str| find(&results, 1, quantity, "", "var", Some(0.99));
    let (var, difference) = (of("loss"), of("difference"));
    assert_eq!((var.value, var.lower, var.upper), (0.0, Some(0.0), Some(50.0)));
    let ends = (difference.lower.unwrap() - difference.value, difference.upper.unwrap() - difference.value);
    assert_eq!(ends, (0.0, 50.0));
}

#[test]
fn a_part_that_the_tail_has_not_seen_has_no_error() {
    let n = 2_000;
    let a: Vec<f64> = (0..n).map(|i| if i % 50 == 0 { 0.0 } else { f64::from(i) }).collect();
    let b: Vec<f64> = (0..n).map(|i| if i % 50 == 0 { 1.0 } else { 1e-13 * f64::from(i % 2) }).collect();
    let results = results(&a, &b);
    let part = |item: &str| {
        let row = results.attribution.iter().find(|row| row.portfolio == 1 && row.by == By::Risk && row.item == item);
        row.expect("it is there").tvar_99_part
    };
    let (seen, unseen) = (part(&results.risks[0]), part(&results.risks[1]));
    assert!(seen.value > 900.0 && seen.std_error.is_some(), "{seen:?}");
    assert!(
        unseen.value < 1e-12 && unseen.std_error.is_none(),
        "what is left of amounts that cancel is nothing: {unseen:?}"
    );
}
