//! Measures of MODEL section 8 against closed forms: the longest interruption, and how many vendors a portfolio is worth.

use crate::sample;
use linchpin::Options;
use linchpin::results::{Estimate, Results};

fn run(text: &str, trials: std::ops::Range<u64>) -> Results {
    let scenario = sample::scenario(text);
    linchpin::run(&scenario, &Options::of(trials), &|_| true).expect("not stopped")
}

/// At most one outage, probability 0.8, of an exponential length of mean 10 h.
const ONE_OUTAGE: &str = r#"
start = 2026-01-01
horizon = "1 year"
vendor.a = {}
service.s = { revenue = "$1/h", impact_tolerance = "20 h" }
risk.down = { kind = "outage", on = "a", arrivals = { once = { probability = 0.8, between = [2026-01-01, 2026-06-01] } }, duration = { exponential = "10 h" } }
portfolio.p = { shares = { a = 1 } }
"#;

#[test]
fn the_longest_interruption_has_the_law_of_the_only_one() {
    let results = run(ONE_OUTAGE, 0..150_000);
    let row = |measure: &str, level: Option<f64>| -> Estimate {
        let wanted = |m: &&linchpin::results::Measure| {
            (m.quantity, m.item.as_str(), m.measure, m.level) == ("longest_interruption", "s", measure, level)
        };
        results.measures.iter().find(wanted).unwrap_or_else(|| panic!("{measure} {level:?}")).estimate
    };
    let z = |e: Estimate, truth: f64| (e.value - truth) / e.std_error.expect("an error");
    let mean = row("mean", None);
    assert!(z(mean, 8.0).abs() < 4.0 && z(mean, 8.0 * 1.03).abs() > 4.0, "{mean:?}");
    for hours in [1.0, 8.0, 20.0, 24.0, 72.0] {
        let (p, expected) = (row("prob_longer_than", Some(hours)), 0.8 * (-hours / 10.0_f64).exp());
        assert!(z(p, expected).abs() < 4.0, "{hours} h: {p:?}, expected {expected}");
        assert!(p.lower.expect("an end") < p.value && p.value < p.upper.expect("an end"));
    }
    let p = row("prob_longer_than", Some(1.0));
    assert!(z(p, 0.8 * (-0.1_f64).exp() * 1.03).abs() > 4.0, "a rate off by 3 % is seen: {p:?}");
    // F(x) = 1 − 0.8 e^(−x / 10): an atom of 0.2 at 0, where the two lowest quantiles lie.
    for level in [0.05_f64, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99] {
        let expected = (10.0 * (0.8 / (1.0 - level)).ln()).max(0.0);
        let quantile = row("quantile", Some(level));
        // Twice the 95 % interval.
        let far = 2.0 * (quantile.upper.expect("an end") - quantile.lower.expect("an end"));
        assert!((quantile.value - expected).abs() <= far, "{level}: {quantile:?}, expected {expected}");
    }
    let (hours, over) = results.headlines[0].services[0].over_impact_tolerance.expect("a tolerance");
    assert_eq!((hours, over), (20.0, row("prob_longer_than", Some(20.0))));
}

/// An outage of exactly the tolerance, at any moment, does not exceed it; one of a second more does.
#[test]
fn an_interruption_of_exactly_the_tolerance_is_not_longer() {
    let with = |tolerance: &str| {
        let text = ONE_OUTAGE.replace("{ exponential = \"10 h\" }", "\"8 h\"");
        run(&text.replace("probability = 0.8", "probability = 1").replace("20 h", tolerance), 0..2_000)
    };
    for (tolerance, expected) in [("8 h", 0.0), ("28799 s", 1.0)] {
        let results = with(tolerance);
        let (_, over) = results.headlines[0].services[0].over_impact_tolerance.expect("a tolerance");
        assert_eq!(over.value, expected, "{tolerance}");
    }
}

/// Hours down of vendors: 10 h with probability ½, their own in the first half of the year, of their platform in the second.
fn effective(vendors: &str, shares: &str) -> (f64, f64) {
    let text = format!(
        r#"
start = 2026-01-01
horizon = "1 year"
platform.cloud = {{}}
{vendors}
service.s = {{ revenue = "$1/h" }}
risk.a-down = {{ kind = "outage", on = "a", arrivals = {{ once = {{ probability = 0.5, between = [2026-01-01, 2026-06-01] }} }}, duration = "10 h" }}
risk.b-down = {{ kind = "outage", on = "b", arrivals = {{ once = {{ probability = 0.5, between = [2026-01-01, 2026-06-01] }} }}, duration = "10 h" }}
risk.c-down = {{ kind = "outage", on = "c", arrivals = {{ once = {{ probability = 0.5, between = [2026-01-01, 2026-06-01] }} }}, duration = "10 h" }}
risk.cloud-down = {{ kind = "outage", on = "cloud", arrivals = {{ once = {{ probability = 0.5, between = [2026-07-01, 2026-12-01] }} }}, duration = "10 h" }}
portfolio.p = {{ shares = {shares} }}
"#
    );
    // Twenty samples of their own say how sure their mean is.
    let samples: Vec<f64> = (0..20)
        .map(|k| run(&text, 2_000 * k..2_000 * (k + 1)).headlines[0].effective_vendors.expect("vendors fail"))
        .collect();
    sample::mean(&samples)
}

#[test]
fn vendors_count_as_many_as_they_are_independent() {
    let alone = "vendor.a = {}\nvendor.b = {}\nvendor.c = {}";
    let on_one = "vendor.a = { runs_on = [\"cloud\"] }\nvendor.b = { runs_on = [\"cloud\"] }\nvendor.c = {}";
    for (vendors, shares, expected) in [
        (alone, "{ a = 0.5, b = 0.5 }", 2.0),
        // (½ + ¼ + ¼)² ÷ (¼ + 1/16 + 1/16).
        (alone, "{ a = 0.5, b = 0.25, c = 0.25 }", 8.0 / 3.0),
        // Own and common variance are alike: (2 · √2 / 2)² ÷ (2 / 4 + 1).
        (on_one, "{ a = 0.5, b = 0.5 }", 4.0 / 3.0),
    ] {
        let (mean, error) = effective(vendors, shares);
        assert!(((mean - expected) / error).abs() < 4.0, "{mean} ± {error}, expected {expected}");
        assert!(((mean - 1.03 * expected) / error).abs() > 4.0, "3 % are seen: {mean} ± {error}");
    }
    let (one, _) = effective(alone, "{ a = 1 }");
    assert!((one - 1.0).abs() < 1e-9, "{one}");
}
