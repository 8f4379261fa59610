//! The whole engine where events lead to others: money by closed forms, each with a wrong model that must be refused, and
//! the same bytes whatever draws them.

use linchpin::chance::law::Law;
use linchpin::scenario::{
    About, Aftershocks, Arrivals, Cause, Condition, Factor, Follows, MONTH, Raise, Scenario, YEAR,
};
use linchpin::simulate::{Trials, redraw, simulate};
use linchpin::{Options, Plan};

use crate::sample::{judged, scenario};

/// Each risk costs $1 an event: `incident` those on a, `suit` those on b. The change of governance costs nothing.
const TEXT: &str = r#"
name = "contagion"
start = 2025-06-01
horizon = "3 years"
[vendor.a]
[vendor.b]
[service.s]
revenue = "$1/h"
[risk.incident]
kind = "legal"
on = ["a", "b"]
arrivals = { per_year = 4 }
outcomes = [{ name = "due", probability = 1, cost = "$1" }]
[risk.suit]
kind = "legal"
on = ["a", "b"]
arrivals = { per_year = 0 }
outcomes = [{ name = "due", probability = 1, cost = "$100" }]
[risk.change]
kind = "legal"
on = "a"
arrivals = { once = { probability = 0.5, between = [2025-06-01, 2027-06-01] } }
outcomes = [{ name = "due", probability = 1, cost = "$0" }]
[portfolio.on-a]
baseline = true
shares = { a = 1 }
[portfolio.on-b]
shares = { b = 1 }
"#;

const INCIDENT: usize = 0;
const SUIT: usize = 1;
const CHANGE: usize = 2;

/// A change, seen on a alone, raises incidents threefold for a year; an incident breeds a suit half a year later, with 2 % or,
/// on b, twice that; incidents follow the climate and have aftershocks.
fn linked(raise: f64, cause: f64) -> Scenario {
    let mut s = scenario(TEXT);
    s.factors =
        vec![Factor { id: "climate".to_owned(), persistence_hours: Some(9.0 * MONTH), about: About::default() }];
    s.risks[INCIDENT].arrivals = Some(Arrivals::Poisson {
        per_hour: 4.0 / YEAR,
        trend: 0.0,
        calendar: None,
        follows: vec![Follows { factor: 0, beta: 0.5 }],
        aftershocks: Some(Aftershocks { mean: 0.25, within_hours: 1e-3 }),
    });
    s.risks[INCIDENT].effects.causes = vec![Cause { risk: SUIT, probability: cause, after: Law::Constant(YEAR / 2.0) }];
    s.risks[SUIT].conditions.list = vec![Condition { uses: 1, at_least: 0.5, times: 2.0, otherwise: 1.0 }];
    s.risks[CHANGE].effects.raises = vec![Raise { risk: INCIDENT, factor: raise }];
    s.risks[CHANGE].effects.lasts = Some(Law::Constant(YEAR));
    s.risks[CHANGE].conditions.list = vec![Condition { uses: 0, at_least: 0.5, times: 1.0, otherwise: 0.0 }];
    s
}

fn trials(scenario: &Scenario, trials: std::ops::Range<u64>) -> Trials {
    let options = Options { keep_components: true, ..Options::of(trials) };
    simulate(&Plan::new(scenario, scenario.seed), &options, &|_| true).expect("not stopped")
}

#[test]
fn linked_risks_cost_what_their_rates_say() {
    let n = 60_000;
    let right = trials(&linked(3.0, 0.02), 0..n);
    // A change comes with 0.5, at a time uniform over two of three years, and the raise lasts a year: always whole. A suit
    // comes of incidents before 2.5 years: of a change at x in [0, 2], min(1, 2.5 − x) years' raise, 15/16 in the mean.
    let expected = |raise: f64, cause: f64, raised: bool| {
        let by = if raised { 0.5 * (raise - 1.0) } else { 0.0 };
        4.0 * (3.0 + by) + 100.0 * cause * 4.0 * (2.5 + by * 15.0 / 16.0)
    };
    let (a, b) = (&right.portfolios[0].loss, &right.portfolios[1].loss);
    judged(a).mean(expected(3.0, 0.02, true)).accept();
    judged(a).mean(expected(2.8, 0.02, true)).refuse();
    judged(a).mean(expected(3.0, 0.022, true)).refuse();
    judged(b).mean(expected(3.0, 0.04, false)).accept();
    judged(b).mean(expected(3.0, 0.04, true)).refuse();
    // What is charged to each risk: the incident pays its own, the suit its own.
    let risks: Vec<f64> = right.portfolios[0].all.risks.iter().map(linchpin::simulate::Moments::mean).collect();
    assert!((risks[INCIDENT] / 16.0 - 1.0).abs() < 0.02 && risks[CHANGE] == 0.0, "{risks:?}");
    assert!((risks.iter().sum::<f64>() / crate::sample::mean(a).0 - 1.0).abs() < 1e-9);
}

fn rows(trials: &Trials) -> Vec<[f64; 10]> {
    trials.portfolios.iter().flat_map(|p| p.rows.clone().expect("kept")).collect()
}

#[test]
fn neither_threads_nor_ranges_show() {
    let s = linked(3.0, 0.5);
    let on = |n: usize, range: std::ops::Range<u64>| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build().expect("threads");
        pool.install(|| trials(&s, range))
    };
    let one = on(1, 0..1_200);
    for n in [3, 8] {
        assert_eq!(rows(&one), rows(&on(n, 0..1_200)), "{n} threads");
    }
    let alone = on(1, 777..778);
    for (p, portfolio) in one.portfolios.iter().enumerate() {
        assert_eq!(portfolio.rows.as_ref().expect("kept")[777], alone.portfolios[p].rows.as_ref().expect("kept")[0]);
        let parts = &redraw(&Plan::new(&s, s.seed), p, &[777])[0];
        assert_eq!(parts.loss.to_bits(), portfolio.loss[777].to_bits());
    }
}

/// Losses that only its own draws make stay as they are, whatever leads to others beside.
#[test]
fn what_is_linked_beside_moves_no_draw() {
    let base = linked(3.0, 0.5);
    let before = trials(&base, 0..500);
    // Who is on b sees no change: neither what it raises nor what it causes.
    let mut more = base.clone();
    more.risks[CHANGE].effects.causes = vec![Cause { risk: SUIT, probability: 0.7, after: Law::Constant(24.0) }];
    more.risks[CHANGE].effects.raises[0].factor = 10.0;
    let after = trials(&more, 0..500);
    assert_eq!(before.portfolios[1].loss, after.portfolios[1].loss);
    assert_ne!(before.portfolios[0].loss, after.portfolios[0].loss);
    // A raise that is higher only adds.
    let higher = trials(&linked(3.2, 0.5), 0..500);
    let pairs = || before.portfolios[0].loss.iter().zip(&higher.portfolios[0].loss);
    assert!(pairs().all(|(low, high)| low <= high) && pairs().any(|(low, high)| low < high));
}
