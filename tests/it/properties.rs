//! What holds for any scenario.

use std::collections::BTreeMap;

use linchpin::results::{Exceedance, Results};
use linchpin::scenario::{NoFiles, read};
use linchpin::simulate::Trials;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

use crate::anything::{self, Allowed};
use crate::examples::run_text;
use crate::sample::trials;

/// Drawn once and for all.
fn config(cases: u32) -> Config {
    Config { cases, rng_seed: RngSeed::Fixed(20_250_601), failure_persistence: None, ..Config::default() }
}

const ANY: Allowed = Allowed { money: 1.0, conditions: true, risks: true };

/// Few trials: what must hold of one holds of all.
const N: u64 = 40;

fn close(a: f64, b: f64, of: f64) -> bool {
    (a - b).abs() <= 1e-9 * of
}

/// Every division of the mean and of the tail sums to the whole, to 1e-9 of the sum of the absolute parts.
fn assert_parts_sum(text: &str, trials: &Trials, results: &Results) {
    for (p, portfolio) in trials.portfolios.iter().enumerate() {
        let mean = portfolio.loss.iter().sum::<f64>() / N as f64;
        // Amounts that cancel to the last digits, as a price and a commitment may, leave the rounding of what they were.
        let rounding = 1e-6 * portfolio.plan.iter().map(|x| x.abs()).sum::<f64>();
        let charged: f64 = portfolio.all.risks.iter().map(|m| m.mean().abs()).sum::<f64>() + rounding;
        for (name, parts) in [
            ("components", &portfolio.all.components),
            ("risks", &portfolio.all.risks),
            ("nodes", &portfolio.all.nodes),
            ("services", &portfolio.all.services),
            ("years", &portfolio.all.years),
            ("months", &portfolio.all.months),
        ] {
            let sum: f64 = parts.iter().map(linchpin::simulate::Moments::mean).sum();
            let of: f64 = parts.iter().map(|m| m.mean().abs()).sum::<f64>() + charged;
            assert!(close(sum, mean, of + 1e-6), "{name} of portfolio {p}: {sum}, loss {mean}\n{text}");
        }
        let mut tail: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
        let own = results.attribution.iter().filter(|a| a.portfolio == p);
        let by = |a: &linchpin::results::Attribution| match a.by {
            linchpin::results::By::Risk => "risk",
            linchpin::results::By::Node => "node",
            linchpin::results::By::Component => "component",
            linchpin::results::By::Service => "service",
        };
        for part in own {
            let sums = tail.entry(by(part)).or_default();
            sums.0 += part.tvar_99_part.value;
            sums.1 += part.tvar_99_part.value.abs();
        }
        let charged = tail.get("risk").map_or(0.0, |t| t.1);
        let tvar = results.headlines[p].tvar_99.value;
        for (by, (sum, of)) in tail.iter().filter(|(by, _)| **by != "risk" || !results.risks.is_empty()) {
            assert!(close(*sum, tvar, of + charged + 1e-6), "TVaR of portfolio {p} by {by}: {sum}, {tvar}\n{text}");
        }
        for (row, loss) in portfolio.rows.as_ref().expect("kept").iter().zip(&portfolio.loss) {
            assert!(close(row.iter().sum(), *loss, row.iter().map(|x| x.abs()).sum::<f64>() + 1e-6), "{text}");
        }
    }
}

fn assert_sound(text: &str, trials: &Trials, results: &Results) {
    let horizon = results.provenance.horizon_hours;
    for (p, (portfolio, headline)) in trials.portfolios.iter().zip(&results.headlines).enumerate() {
        let of = headline.plan.abs() + headline.mean_loss.value.abs() + 1.0;
        assert!(close(headline.mean_total_cost.value, headline.plan + headline.mean_loss.value, of), "{text}");
        for (hours, longest) in portfolio.unserved_hours.iter().flatten().zip(portfolio.longest_hours.iter().flatten())
        {
            assert!((0.0..=horizon * (1.0 + 1e-12)).contains(hours), "{hours} hours unserved\n{text}");
            assert!((0.0..=horizon * (1.0 + 1e-12)).contains(longest), "{longest} hours at a stretch\n{text}");
            assert!((*hours > 0.0) == (*longest > 0.0), "{hours} {longest}\n{text}");
        }
        for (var, tvar) in [
            (headline.var_95, headline.tvar_95),
            (headline.var_99, headline.tvar_99),
            (headline.var_995, headline.tvar_995),
        ] {
            assert!(var.value <= tvar.value + 1e-9 * tvar.value.abs(), "VaR {var:?}, TVaR {tvar:?}\n{text}");
        }
        for kind in [Exceedance::Horizon, Exceedance::Aep, Exceedance::Oep] {
            let mut points: Vec<_> = results.exceedance.iter().filter(|e| e.portfolio == p && e.kind == kind).collect();
            points.sort_by(|a, b| b.probability.total_cmp(&a.probability));
            assert!(points.windows(2).all(|w| !(w[1].loss.value < w[0].loss.value)), "{kind:?}\n{text}");
        }
        for measure in results.measures.iter().filter(|m| m.portfolio == p && m.measure != "effective_vendors") {
            // What is NaN is too small a sample, and says so by having no error.
            assert!(!measure.estimate.value.is_infinite(), "{measure:?}\n{text}");
        }
    }
}

/// Every amount of money of the trials, and every figure in hours.
fn figures(trials: &Trials) -> (Vec<f64>, Vec<f64>) {
    let all = trials.portfolios.iter();
    let money = all
        .clone()
        .flat_map(|p| {
            p.loss
                .iter()
                .chain(&p.aep)
                .chain(&p.oep)
                .chain(&p.plan)
                .copied()
                .chain(p.rows.iter().flatten().flatten().copied())
        })
        .collect();
    (money, all.flat_map(|p| p.unserved_hours.iter().chain(&p.longest_hours).flatten().copied()).collect())
}

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn parts_sum_and_measures_are_sound(tape in vec(any::<u16>(), 0..260)) {
        let text = anything::scenario(&tape, ANY);
        let (trials, results) = (trials(&text, N), run_text(&text, N));
        assert_parts_sum(&text, &trials, &results);
        assert_sound(&text, &trials, &results);
    }

    #[test]
    fn no_risks_no_loss(tape in vec(any::<u16>(), 0..200)) {
        let text = anything::scenario(&tape, Allowed { risks: false, ..ANY });
        let trials = trials(&text, 3);
        for portfolio in &trials.portfolios {
            prop_assert!(portfolio.loss.iter().chain(&portfolio.aep).chain(&portfolio.oep).all(|&l| l == 0.0), "{}", text);
            prop_assert!(portfolio.unserved_hours.iter().flatten().all(|&h| h == 0.0), "{}", text);
        }
    }

    /// A factor of two moves no mantissa.
    #[test]
    fn twice_the_money_is_twice_every_figure(tape in vec(any::<u16>(), 0..260)) {
        let at = |money: f64| figures(&trials(&anything::scenario(&tape, Allowed { money, ..ANY }), N));
        let ((one, hours), (two, same)) = (at(1.0), at(2.0));
        prop_assert_eq!(hours, same);
        let of = one.iter().fold(1.0, |m: f64, x| m.max(x.abs()));
        for (one, two) in one.iter().zip(&two) {
            prop_assert!((2.0 * one - two).abs() <= 1e-9 * (one.abs() + 1e-6 * of), "{} {}\n{}", one, two, anything::scenario(&tape, ANY));
        }
    }

    /// Conditions that every portfolio fulfils, or none does, are as if not there, or as if the risk were not.
    #[test]
    fn a_condition_all_fulfil_is_none(tape in vec(any::<u16>(), 0..260)) {
        let text = anything::scenario(&tape, Allowed { conditions: false, ..ANY });
        let conditioned = |condition: &str| {
            let before = |text: &str, key: &str| text.replace(key, &format!("{condition}\n{key}"));
            before(&before(&text, "arrivals ="), "due =")
        };
        let (plain, all, none) = (trials(&text, N), trials(&conditioned("only_if = { uses = \"v0\", at_least = 0 }"), N), text.contains("path =").then_some(()));
        let ((money, hours), (same_money, same_hours)) = (figures(&plain), figures(&all));
        // Outages under a condition are settled one by one: a rounding apart.
        let of = money.iter().fold(1.0, |m: f64, x| m.max(x.abs()));
        let close = |a: &[f64], b: &[f64], of: f64| a.len() == b.len() && a.iter().zip(b).all(|(x, y)| (x - y).abs() <= 1e-9 * (x.abs() + 1e-6 * of));
        prop_assert!(close(&money, &same_money, of) && close(&hours, &same_hours, 1e6), "{}", text);
        if none.is_none() {
            let none = trials(&conditioned("only_if = { uses = \"v0\", at_least = 1 }\nrate_if = [{ uses = \"v0\", at_least = 0, times = 0 }]"), N);
            prop_assert!(none.portfolios.iter().flat_map(|p| &p.loss).all(|&l| l == 0.0), "{}", text);
        }
    }
}

/// The tapes do give what they promise: valid scenarios that use the whole language.
#[test]
fn generated_scenarios_use_the_language() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::new(config(1));
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let words = [
        "any_of",
        "runs_on = [",
        "outage",
        "exclusivity",
        "legal",
        "pricing",
        "path",
        "at = [",
        "2025-01-15",
        "per_year",
        "trend",
        "every",
        "once",
        "notice",
        "permanent",
        "leaves",
        "price_change",
        "revenue_change",
        "for =",
        "over =",
        "cost =",
        "\"use\"",
        "stages",
        "ends",
        "only_if",
        "rate_if",
        "growth = \"+25%\"",
        "calendar = { weekday = [2",
        "tolerance = \"5 h\"",
        "price_cap",
        "commitment",
        "exit_fee",
        "discount_rate = \"7%\"",
        "failover",
        "standby",
        "migration",
        "to = [",
        "shares.s1",
        "setup",
        "works = 0.8",
    ];
    for _ in 0..300 {
        let tape = vec(any::<u16>(), 0..260).new_tree(&mut runner).expect("a tape").current();
        let text = anything::scenario(&tape, ANY);
        if let Err(problems) = read("any.toml", text.as_bytes(), &NoFiles) {
            panic!("{problems}");
        }
        for word in words {
            *seen.entry(word).or_default() += usize::from(text.contains(word));
        }
    }
    assert!(words.iter().all(|w| seen[w] >= 10), "{seen:?}");
}
