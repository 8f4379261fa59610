//! The engine against closed forms, quadrature and transforms, worked out elsewhere: each with a wrong model that must
//! be refused.

use statrs::distribution::{ContinuousCDF, LogNormal};

use crate::examples::{Figures, run_text};
use crate::sample::{Judged, costs, judged, scenario, trials};

/// Severity of mean 10 and coefficient of variation 1.5.
const X: &str = r#"{ mean = "$10", sd = "$15" }"#;

fn log_normal(mu: f64, sigma: f64) -> impl Fn(f64) -> f64 {
    let law = LogNormal::new(mu, sigma).expect("a law");
    move |x| law.cdf(x)
}

/// KA-1: a 90 % range is a log-normal.
#[test]
fn a_range_is_the_log_normal_with_these_percentiles() {
    let once = "{ at = [2025-06-01] }";
    let text = costs(
        "1 year",
        &[
            (once, r#""$1 to $10""#),
            (once, r#""$100k to $1M""#),
            (once, r#""$635000 to $19M""#),
            (once, r#""$1.03 to $10.3""#),
        ],
    );
    let trials = trials(&text, 60_000);
    let unit = |s| {
        (judged(s).mean(4.040_012_827).sd(4.040_012_827, 3.212_179_530))
            .quantile(0.05, 1.0)
            .quantile(0.5, 3.162_277_660)
            .quantile(0.95, 10.0)
            .quantile(0.99, 16.112_374_28)
            .law(log_normal(1.151_292_546, 0.699_936_169))
    };
    unit(&trials.portfolios[0].loss).accept();
    unit(&trials.portfolios[3].loss).refuse();
    judged(&trials.portfolios[1].loss)
        .mean(404_001.282_7)
        .quantile(0.5, 316_227.766)
        .quantile(0.99, 1_611_237.428)
        .accept();
    judged(&trials.portfolios[2].loss).mean(5_922_706.833_5).law(log_normal(15.060_664_908, 1.033_091_700)).accept();
}

/// KA-1: published annual losses are rate × mean; raising the low end lowers the mean.
#[test]
fn annual_losses_that_others_published_come_out() {
    let rows = [
        (0.1, "$100000 to $1000000", 40_400.128_269),
        (0.01, "$1M to $10M", 40_400.128_269),
        (0.05, "$5M to $50M", 1_010_003.21),
        (0.1, "$10M to $1bn", 26_639_800.98),
        (0.1, "$1 to $10", 0.404_001_282_694_572_7),
        (3.0, "$1 to $10", 12.120_038_480_837_177),
        (0.5, "$1 to $100000", 72_200.23),
        (0.5, "$1000 to $100000", 13_319.90),
        (0.5, "$99999 to $100000", 49_999.75),
    ];
    for (rate, range, annual) in rows {
        let text = costs("1 year", &[(&format!("{{ per_year = {rate} }}"), &format!("{range:?}"))]);
        let digest = linchpin::study::digest::digest(&scenario(&text));
        let linchpin::study::digest::Extent::Drawn { mean, .. } = digest.risks[0].outcomes[0].sizes[0].extent else {
            panic!("{:?}", digest.risks[0]);
        };
        let expected = rate * mean.expect("a mean");
        assert!((expected / annual - 1.0).abs() < 1e-6, "{range}: {expected}, expected {annual}");
    }
    // By trials: three a year between 1 and 10.
    let text = costs("1 year", &[("{ per_year = 3 }", r#""$1 to $10""#), ("{ per_year = 3.09 }", r#""$1 to $10""#)]);
    let trials = trials(&text, 60_000);
    let annual = |s| judged(s).mean(12.120_038_480_837_177).quantile(libm::exp(-3.0), 0.0);
    annual(&trials.portfolios[0].loss).accept();
    annual(&trials.portfolios[1].loss).refuse();
}

/// KA-1: the PERT of shape 4 is the beta one, not the one with a sixth of the range for its sd.
#[test]
fn pert_is_the_modern_one() {
    let once = "{ at = [2025-06-01] }";
    let text = costs(
        "1 year",
        &[(once, r#"{ pert = ["$20", "$90", "$95"] }"#), (once, r#"{ pert = ["$20", "$88", "$95"] }"#)],
    );
    let trials = trials(&text, 60_000);
    let pert = |s| {
        (judged(s).mean(79.166_666_7).sd(79.166_666_7, 11.568_46))
            .quantile(0.05, 56.508_87)
            .quantile(0.5, 81.640_23)
            .quantile(0.95, 93.327_93)
    };
    pert(&trials.portfolios[0].loss).accept();
    pert(&trials.portfolios[1].loss).refuse();
    judged(&trials.portfolios[0].loss).sd(79.166_666_7, 12.5).refuse();
}

fn annual_total(s: &[f64]) -> Judged<'_> {
    (judged(s).mean(50.0).sd(50.0, 40.311_288_741).quantile(0.006_737_946_999, 0.0))
        .quantile(0.5, 40.557)
        .quantile(0.75, 66.08)
        .quantile(0.9, 98.410)
        .quantile(0.95, 123.805)
        .quantile(0.99, 190.924)
        .quantile(0.995, 225.299)
        .quantile(0.999, 324.955)
        .tvar(0.5, 40.557, 77.708)
        .tvar(0.9, 98.410, 138.657)
        .tvar(0.95, 123.805, 167.774)
        .tvar(0.99, 190.924, 248.488)
        .tvar(0.995, 225.299, 291.177)
}

fn largest_event(s: &[f64]) -> Judged<'_> {
    (judged(s).quantile(0.5, 18.044_182).quantile(0.75, 30.692_992))
        .quantile(0.9, 50.371_100)
        .quantile(0.95, 68.611_373)
        .quantile(0.98, 98.376_508)
        .quantile(0.99, 125.994_625)
        .quantile(0.998, 211.230_074)
        .quantile(0.999, 258.898_826)
}

/// KA-2 (a).
#[test]
fn a_compound_poisson_year_has_the_law_of_its_transform() {
    let text = costs(
        "1 year",
        &[
            ("{ per_year = 5 }", X),
            ("{ per_year = 5.15 }", X),
            ("{ per_year = 5 }", r#"{ mean = "$10", sd = "$16.8" }"#),
        ],
    );
    let trials = trials(&text, 200_000);
    let [right, rate_off, spread_off] = &trials.portfolios[..] else { panic!() };
    annual_total(&right.loss).accept();
    annual_total(&rate_off.loss).refuse();
    annual_total(&spread_off.loss).refuse();
    annual_total(&right.aep).accept();
    largest_event(&right.oep).accept();
    largest_event(&rate_off.oep).refuse();
    largest_event(&spread_off.oep).refuse();
}

/// KA-2 (a) as a user sees it: figures of the long table within four of their own standard errors.
#[test]
fn measures_of_a_compound_poisson_year_are_within_their_errors() {
    let text = costs("1 year", &[("{ per_year = 5 }", X), ("{ per_year = 5.15 }", X)]);
    let results = run_text(&text, 100_000);
    let figures = Figures::of(&results);
    let table = [
        ("mean", "", 50.0),
        ("sd", "", 40.311_288_741),
        ("quantile", "0.5", 40.557),
        ("quantile", "0.75", 66.08),
        ("var", "0.9", 98.410),
        ("var", "0.95", 123.805),
        ("var", "0.99", 190.924),
        ("var", "0.995", 225.299),
        ("tvar", "0.9", 138.657),
        ("tvar", "0.95", 167.774),
        ("tvar", "0.99", 248.488),
        ("tvar", "0.995", 291.177),
        ("aep", "2", 40.557),
        ("aep", "10", 98.410),
        ("aep", "20", 123.805),
        ("aep", "50", 160.219),
        ("aep", "100", 190.924),
        ("oep", "2", 18.044_182),
        ("oep", "10", 50.371_100),
        ("oep", "20", 68.611_373),
        ("oep", "50", 98.376_508),
        ("oep", "100", 125.994_625),
    ];
    let off = |portfolio| {
        let wrong = |&(measure, level, expected): &(&'static str, &str, f64)| {
            let got = figures.get(portfolio, "loss", "", measure, level);
            !((got.value - expected).abs() < 4.0 * got.std_error.expect("an error"))
        };
        table.iter().filter(|row| wrong(row)).collect::<Vec<_>>()
    };
    assert!(off("p0").is_empty(), "{:?}", off("p0"));
    assert!(!off("p1").is_empty(), "a wrong model passes");
}

/// KA-2 (c): rare events.
#[test]
fn rare_events_have_the_law_of_their_transform() {
    let law = r#"{ mean = "$2", sd = "$4" }"#;
    let text = costs("1 year", &[("{ per_year = 0.3 }", law), ("{ per_year = 0.309 }", law)]);
    let trials = trials(&text, 400_000);
    let total = |s| {
        (judged(s).mean(0.6).quantile(0.740_818_221, 0.0).quantile(0.8, 0.3987))
            .quantile(0.9, 1.5434)
            .quantile(0.95, 3.2056)
            .quantile(0.99, 9.6599)
            .quantile(0.995, 13.910)
            .quantile(0.999, 28.687)
            .tvar(0.8, 0.3987, 2.9356)
            .tvar(0.9, 1.5434, 5.0040)
            .tvar(0.95, 3.2056, 7.7752)
            .tvar(0.99, 9.6599, 17.7726)
    };
    let largest = |s| {
        (judged(s).quantile(0.8, 0.389_571_183).quantile(0.9, 1.452_296_861))
            .quantile(0.95, 2.986_268_427)
            .quantile(0.99, 9.135_219_586)
            .quantile(0.995, 13.288_053_780)
            .quantile(0.999, 27.940_964_876)
    };
    total(&trials.portfolios[0].loss).accept();
    total(&trials.portfolios[1].loss).refuse();
    largest(&trials.portfolios[0].oep).accept();
    largest(&trials.portfolios[1].oep).refuse();
}

/// KA-4: a frequency compounds events, it does not scale one draw; `once` and `at` are Bernoulli.
#[test]
fn a_rare_event_is_not_a_rate_times_one_draw() {
    let range = r#""$1M to $10M""#;
    let once = |p: f64| format!("{{ once = {{ probability = {p}, between = [2025-06-01, 2026-06-01] }} }}");
    let text = costs(
        "1 year",
        &[
            ("{ per_year = 0.1 }", range),
            ("{ per_year = 0.103 }", range),
            (&once(0.1), range),
            (&once(0.103), range),
            ("{ at = [2025-09-01], probability = 0.1 }", range),
            ("{ at = [2025-09-01], probability = 0.103 }", range),
        ],
    );
    let trials = trials(&text, 600_000);
    let compound = |s| {
        (judged(s).mean(404_001.28).quantile(0.904_837_418, 0.0).quantile(0.95, 3.1416e6))
            .quantile(0.99, 8.0977e6)
            .quantile(0.995, 1.049_12e7)
            .tvar(0.95, 3.1416e6, 6.3188e6)
            .tvar(0.99, 8.0977e6, 1.185_17e7)
    };
    let bernoulli = |s| {
        (judged(s).mean(404_001.28).quantile(0.9, 0.0).quantile(0.95, 3_162_277.66))
            .quantile(0.99, 7_754_682.39)
            .quantile(0.995, 1e7)
            .tvar(0.95, 3_162_277.66, 6_124_792.09)
            .tvar(0.99, 7_754_682.39, 11_328_716.52)
    };
    let losses = |p: usize| &trials.portfolios[p].loss[..];
    compound(losses(0)).accept();
    compound(losses(1)).refuse();
    for p in [2, 4] {
        bernoulli(losses(p)).accept();
        bernoulli(losses(p + 1)).refuse();
        compound(losses(p)).refuse();
    }
}

/// KA-4, the values of CISO Assistant's documentation: one possible event with probability 0.4.
#[test]
fn one_possible_event_has_its_closed_form() {
    let text = costs(
        "1 year",
        &[
            ("{ at = [2025-09-01], probability = 0.4 }", r#""$100k to $1M""#),
            ("{ at = [2025-09-01], probability = 0.412 }", r#""$100k to $1M""#),
        ],
    );
    let trials = trials(&text, 200_000);
    let law = |s| {
        (judged(s).mean(161_600.513).quantile(0.6, 0.0).quantile(1.0 - 0.102_551_110, 500_000.0))
            .quantile(0.95, 707_426.59)
            .quantile(0.99, 1_246_771.16)
            .quantile(0.999, 2_255_680.98)
            .tvar(0.99, 1_246_771.16, 1_677_892.70)
    };
    law(&trials.portfolios[0].loss).accept();
    law(&trials.portfolios[1].loss).refuse();
}

/// KA-5, last paragraph: N vendors at 1/N share leave the mean and divide the variance by N.
#[test]
fn independent_vendors_divide_the_variance() {
    let risk = ("{ per_year = 5 }", X);
    let mut text = costs("1 year", &[risk; 4]);
    text.push_str("[portfolio.two]\nshares = { v0 = 0.5, v1 = 0.5 }\n[portfolio.four]\nshares = { v0 = 0.25, v1 = 0.25, v2 = 0.25, v3 = 0.25 }\n");
    let trials = trials(&text, 100_000);
    let (one, two, four) = (&trials.portfolios[0].loss, &trials.portfolios[4].loss, &trials.portfolios[5].loss);
    let law = |s, sd, var, tvar| judged(s).mean(50.0).sd(50.0, sd).quantile(0.99, var).tvar(0.99, var, tvar);
    law(one, 40.311_289, 190.92, 248.49).accept();
    law(two, 28.504_386, 143.56, 177.19).accept();
    law(four, 20.155_644, 112.20, 131.77).accept();
    law(two, 20.155_644, 112.20, 131.77).refuse();
}

/// KA-5 by outages so short that none overlap, $1,000 an hour: 36 s cost $10. C alone needs two severities in one event, so
/// it is told by costs.
fn diversified(times: f64) -> String {
    let outage = |id: &str, on: &str, rate: f64| {
        format!(
            "[risk.{id}]\nkind = \"outage\"\non = \"{on}\"\narrivals = {{ per_year = {} }}\nduration = {{ mean = \"36 s\", sd = \"54 s\" }}\n",
            rate * times
        )
    };
    let cost = |id: &str, on: &str, rate: f64, stages: &str| {
        format!(
            "[risk.{id}]\nkind = \"legal\"\non = \"{on}\"\narrivals = {{ per_year = {} }}\nstages = [{stages}]\n",
            rate * times
        )
    };
    let whole = format!(r#"{{ name = "due", after = "0 s", probability = 1, cost = {X} }}"#);
    let half = |name: &str| {
        format!(r#"{{ name = "{name}", after = "0 s", probability = 1, cost = {{ mean = "$5", sd = "$7.5" }} }}"#)
    };
    let halves = format!("{}, {}", half("one"), half("other"));
    [
        r#"
name = "diversified"
start = 2025-06-01
horizon = "1 year"
[service.chat]
revenue = "$1000/h"
[platform.cloud]
[platform.court]
[vendor.a]
[vendor.b]
[vendor.c]
runs_on = ["court"]
[vendor.c2]
runs_on = ["court"]
[vendor.d]
runs_on = ["cloud"]
[vendor.d2]
runs_on = ["cloud"]
[portfolio.A]
shares = { a = 1.0 }
[portfolio.B]
shares = { a = 0.5, b = 0.5 }
[portfolio.C]
shares = { c = 0.5, c2 = 0.5 }
[portfolio.D]
shares = { d = 0.5, d2 = 0.5 }
[portfolio.E]
shares = { d = 0.5, d2 = 0.5 }
failover = { headroom = 0.8 }
[portfolio.F]
shares = { a = 0.5, b = 0.5 }
failover = { headroom = 0.8 }
"#
        .to_owned(),
        outage("a", "a", 4.0),
        outage("b", "b", 4.0),
        outage("d", "d", 3.0),
        outage("d2", "d2", 3.0),
        outage("cloud", "cloud", 1.0),
        cost("c", "c", 3.0, &whole),
        cost("c2", "c2", 3.0, &whole),
        cost("court", "court", 1.0, &halves),
    ]
    .concat()
}

/// KA-5, cases A to F.
#[test]
fn diversification_common_cause_and_failover_have_their_exact_laws() {
    struct Case {
        mean: f64,
        sd: f64,
        rate: f64,
        /// At 50, 90, 95, 99, 99.5 and 99.9 %.
        var: [f64; 6],
        tvar_99: f64,
    }
    let case = |mean, sd, rate, var, tvar_99| Case { mean, sd, rate, var, tvar_99 };
    let cases = [
        case(40.0, 36.055_513, 4.0, [30.992, 82.578, 105.883, 168.570, 201.074, 296.02], 223.25),
        case(40.0, 25.495_098, 8.0, [34.820, 71.480, 86.676, 125.406, 144.715, 199.73], 157.41),
        case(40.0, 26.457_513, 7.0, [34.602, 72.969, 88.684, 128.176, 147.613, 202.53], 160.24),
        case(40.0, 28.504_386, 7.0, [33.746, 74.164, 91.684, 138.160, 162.211, 233.06], 178.92),
        case(16.0, 18.560_711, 7.0, [10.480, 34.449, 47.762, 87.953, 110.398, 178.97], 126.80),
        case(8.0, 5.099_020, 8.0, [6.965, 14.297, 17.336, 25.082, 28.941, 39.945], 31.48),
    ];
    fn law<'a>(s: &'a [f64], case: &Case) -> Judged<'a> {
        let start = judged(s).mean(case.mean).sd(case.mean, case.sd).quantile(libm::exp(-case.rate), 0.0).tvar(
            0.99,
            case.var[3],
            case.tvar_99,
        );
        [0.5, 0.9, 0.95, 0.99, 0.995, 0.999].into_iter().zip(case.var).fold(start, |j, (p, x)| j.quantile(p, x))
    }
    let (right, wrong) = (trials(&diversified(1.0), 100_000), trials(&diversified(1.03), 100_000));
    for (p, case) in cases.iter().enumerate() {
        law(&right.portfolios[p].loss, case).accept();
        law(&wrong.portfolios[p].loss, case).refuse();
    }
    // A shared cause is not a second vendor.
    law(&right.portfolios[3].loss, &cases[1]).refuse();
    law(&right.portfolios[3].loss, &cases[2]).refuse();
}

fn downtime(arrivals: &str, duration: &str, tolerance: &str) -> String {
    format!(
        r#"
name = "downtime"
start = 2025-06-01
horizon = "1 year"
[service.chat]
revenue = "$3600/h"
tolerance = "{tolerance}"
[vendor.a]
[risk.a]
kind = "outage"
on = "a"
arrivals = {arrivals}
duration = {duration}
[portfolio.only]
shares = {{ a = 1.0 }}
"#
    )
}

/// KA-8: starts that do not wait for the end of the one before.
#[test]
fn hours_down_and_interruptions_of_overlapping_outages_have_their_integrals() {
    let rows = [
        (12.0, r#"{ exponential = "4 h" }"#, 47.8470, 11.9345, 20_000),
        (120.0, r#""1 h to 24 h""#, 888.081, 107.843, 5_000),
        (400.0, r#"{ exponential = "12 h" }"#, 3691.76, 231.542, 2_000),
    ];
    for (rate, duration, hours, interruptions, n) in rows {
        let run = |rate: f64, tolerance| trials(&downtime(&format!("{{ per_year = {rate} }}"), duration, tolerance), n);
        let (whole, tolerant, more) = (run(rate, "0 s"), run(rate, "1 s"), run(1.05 * rate, "0 s"));
        let [whole, tolerant, more] = [&whole, &tolerant, &more].map(|t| &t.portfolios[0]);
        judged(&whole.unserved_hours[0]).mean(hours).accept();
        judged(&more.unserved_hours[0]).mean(hours).refuse();
        // A second of each interruption costs nothing, and would cost $1.
        let forgiven: Vec<f64> = whole.loss.iter().zip(&tolerant.loss).map(|(a, b)| a - b).collect();
        judged(&forgiven).mean(interruptions).accept();
        judged(&forgiven).mean(1.05 * interruptions).refuse();
        assert_eq!(whole.unserved_hours, tolerant.unserved_hours);
    }
}

/// KA-8, failover delay: of an exponential outage of mean 4 h, 4 (1 − e^(−d/4)) hours are lost before it moves after d.
#[test]
fn what_is_lost_before_failover_acts_has_its_closed_form() {
    let text = |works: f64, off: f64| {
        let mut text = String::from(
            "name = \"delay\"\nstart = 2025-06-01\nhorizon = \"1 year\"\n[service.chat]\nrevenue = \"$1/h\"\n[vendor.a]\n[vendor.b]\n[risk.a]\nkind = \"outage\"\non = \"a\"\narrivals = { at = [2025-09-01] }\nduration = { exponential = \"4 h\" }\n",
        );
        for (i, hours) in [0.25, 1.0, 4.0].iter().enumerate() {
            text += &format!(
                "[portfolio.p{i}]\nshares = {{ a = 0.5, b = 0.5 }}\nfailover = {{ detect = \"{} h\", headroom = 1, works = {works} }}\n",
                hours * off
            );
        }
        // Detected after 1 h, a standby is ready 3 h later.
        text += &format!(
            "[portfolio.standby]\nshares = {{ a = 1 }}\nfailover = {{ detect = \"1 h\", works = {works} }}\nstandby = {{ b = {{ capacity = 1, starts = \"{} h\" }} }}\n",
            3.0 * off
        );
        text
    };
    let lost = [0.242_347_749, 0.884_796_868, 2.528_482_235];
    for works in [1.0, 0.8] {
        let (right, wrong) = (trials(&text(works, 1.0), 100_000), trials(&text(works, 1.06), 100_000));
        for p in 0..4 {
            let lost = lost[p.min(2)] * if p == 3 { 1.0 } else { 0.5 };
            let expected = works * lost + (1.0 - works) * 4.0 * if p == 3 { 1.0 } else { 0.5 };
            let law = |t: &linchpin::simulate::Trials| {
                judged(&t.portfolios[p].unserved_hours[0]).mean(expected).wrong_count()
            };
            assert_eq!(law(&right), 0, "portfolio {p}, works {works}");
            // The shortest delay is nearly lost in the noise of those that fail.
            if works >= 1.0 || p > 1 {
                assert_ne!(law(&wrong), 0, "portfolio {p}, works {works}");
            }
        }
    }
}

/// MODEL 5.1: growth of the rate, its profile over the week, renewals, one event in an interval.
#[test]
fn arrivals_have_their_expected_numbers() {
    let one = r#""$1""#;
    let text = costs(
        "3 years",
        &[
            (r#"{ per_year = 2, trend = "+40%" }"#, one),
            (r#"{ per_year = 2, trend = "+42%" }"#, one),
            (r"{ per_month = 0.25 }", one),
            (r#"{ every = { exponential = "60 days" } }"#, one),
            (r#"{ every = { exponential = "58 days" } }"#, one),
            (r#"{ every = "30 days" }"#, one),
            (r#"{ every = { gamma = { shape = 2, scale = "30 days" } } }"#, one),
        ],
    );
    let trials = trials(&text, 50_000);
    let losses = |p: usize| &trials.portfolios[p].loss[..];
    let poisson = |s, mean: f64| judged(s).mean(mean).sd(mean, mean.sqrt()).quantile(libm::exp(-mean), 0.5);
    let ln = libm::log(1.4);
    let grown = |years: f64| 2.0 * (libm::pow(1.4, years) - 1.0) / ln;
    poisson(losses(0), grown(3.0)).accept();
    poisson(losses(1), grown(3.0)).refuse();
    for year in 0..3_u32 {
        let moments = trials.portfolios[0].all.years[year as usize];
        let expected = grown(f64::from(year) + 1.0) - grown(f64::from(year));
        let z = |x: f64| (moments.mean() - x) / moments.standard_error().expect("many");
        assert!(z(expected).abs() < 4.0, "year {year}: {moments:?}, expected {expected}");
        assert!(z(1.03 * expected).abs() > 4.0);
    }
    poisson(losses(2), 9.0).accept();
    // An exponential renewal is a Poisson process.
    let expected = 3.0 * 365.25 / 60.0;
    poisson(losses(3), expected).accept();
    poisson(losses(4), expected).refuse();
    assert!(losses(5).iter().all(|&n| n == 36.0), "1,095.75 days hold 36 of 30 days, the first at day 30");
    // Of Erlang's second renewal: t / 2m − 1/4 + e^(−2 t/m)/4, m the scale.
    let t = 3.0 * 365.25 / 30.0;
    judged(losses(6)).mean(t / 2.0 - 0.25).accept();
    judged(losses(6)).mean(t / 2.0).refuse();
}

/// MODEL 5.1 and 7: outages come on Mondays, demand is on Tuesdays; what runs past midnight meets it.
#[test]
fn calendars_of_arrivals_and_of_demand_are_the_same_clock() {
    let text = |hour: usize| {
        let hours: Vec<String> = (0..24).map(|h| u8::from(h == hour).to_string()).collect();
        format!(
            r#"
name = "midnight"
start = 2025-06-01
horizon = "1 year"
[service.chat]
revenue = "$1/h"
calendar = {{ weekday = [0, 1, 0, 0, 0, 0, 0] }}
[vendor.a]
[risk.a]
kind = "outage"
on = "a"
arrivals = {{ per_year = 20, calendar = {{ weekday = [1, 0, 0, 0, 0, 0, 0], hour = [{}] }} }}
duration = "1 h"
[portfolio.only]
shares = {{ a = 1.0 }}
"#,
            hours.join(", ")
        )
    };
    // 2025-06-01 is a Sunday; 8,766 hours hold 52 Mondays and Tuesdays (and a Sunday and a quarter of a Monday more, not its
    // last hour), so the rate of a Monday's hour is 168 × that of the year's average.
    let events = 20.0 / 8766.0 * 168.0 * 52.0;
    // On average the event comes at half past eleven: the outage takes half an hour of Tuesday, at seven times the revenue. Two of
    // one evening overlap: each Monday has Poisson(m) events, and from the first to midnight nothing is twice lost:
    // E max over the events' hours of Tuesday = 1 − (1 − e^(−m))/m.
    let m = 20.0 / 8766.0 * 168.0;
    let expected = 52.0 * 7.0 * (1.0 - (1.0 - libm::exp(-m)) / m);
    assert!(expected < 7.0 * events / 2.0);
    let trials = |hour| trials(&text(hour), 50_000).portfolios[0].loss.clone();
    let late = trials(23);
    judged(&late).mean(expected).accept();
    judged(&late).mean(1.03 * expected).refuse();
    assert!(trials(22).iter().all(|&l| l == 0.0));
}

/// MODEL 5.1: `once` is uniform in its interval, `at` before `start` is conditioned on not having ended.
#[test]
fn moments_of_single_events_have_their_laws() {
    // The moment is read off the hours for which access is gone for good.
    let text = |between: &str| {
        format!(
            r#"
name = "once"
start = 2025-06-01
horizon = "1 year"
[service.chat]
revenue = "$1/h"
[vendor.a]
[risk.a]
kind = "exclusivity"
on = "a"
arrivals = {{ once = {{ probability = 0.3, between = [{between}] }} }}
suspends = "permanent"
[portfolio.only]
shares = {{ a = 1.0 }}
"#
        )
    };
    let gone = |between| trials(&text(between), 60_000).portfolios[0].loss.clone();
    let (right, wrong) = (gone("2025-07-01, 2026-01-01"), gone("2025-07-06, 2026-01-01"));
    let (from, to) = (8766.0 - 30.0 * 24.0, 8766.0 - 214.0 * 24.0);
    let happened = |s: &[f64]| s.iter().copied().filter(|&l| l > 0.0).collect::<Vec<f64>>();
    let uniform = |l: f64| ((l - to) / (from - to)).clamp(0.0, 1.0);
    judged(&right).quantile(0.7, 0.0).accept();
    judged(&right).quantile(0.69, 0.0).refuse();
    judged(&happened(&right)).law(uniform).accept();
    judged(&happened(&wrong)).law(uniform).refuse();
}

/// MODEL 5.1: a suit filed before `start` is drawn on condition that it has not ended.
#[test]
fn a_suit_filed_before_the_start_has_the_law_of_what_is_left() {
    let text = |filed: &str, after: &str| {
        format!(
            r#"
name = "filed"
start = 2025-06-01
horizon = "2 years"
[service.chat]
revenue = "$1/h"
[vendor.a]
[risk.a]
kind = "legal"
on = "a"
arrivals = {{ at = [{filed}] }}
stages = [{{ name = "judgment", after = {after}, probability = 1, suspends = "permanent" }}]
[portfolio.only]
shares = {{ a = 1.0 }}
"#
        )
    };
    let range = r#""200 days to 1200 days""#;
    let (ln_low, ln_high) = (libm::log(200.0 * 24.0), libm::log(1200.0 * 24.0));
    let cdf = log_normal((ln_low + ln_high) / 2.0, (ln_high - ln_low) / (2.0 * 1.644_853_626_951_472_2));
    let passed = 365.0 * 24.0;
    let left = |t: f64| (cdf(passed + t) - cdf(passed)) / (1.0 - cdf(passed));
    let horizon = 2.0 * 8766.0;
    let run = |filed| trials(&text(filed, range), 40_000).portfolios[0].loss.clone();
    let (right, wrong) = (run("2024-06-01"), run("2024-07-01"));
    let law = |s: &[f64]| {
        let judgments: Vec<f64> = s.iter().filter(|&&l| l > 0.0).map(|l| horizon - l).collect();
        let all = left(horizon);
        judged(&judgments).law(|t| left(t) / all).wrong_count() + judged(s).quantile(1.0 - all, 0.0).wrong_count()
    };
    assert_eq!(law(&right), 0);
    assert_ne!(law(&wrong), 0, "a wrong model passes");
    // What is exponential has no memory.
    let run = |mean: &str| {
        trials(&text("2020-06-01", &format!("{{ exponential = \"{mean}\" }}")), 40_000).portfolios[0].loss.clone()
    };
    let law = |s: &[f64]| {
        let judgments: Vec<f64> = s.iter().filter(|&&l| l > 0.0).map(|l| horizon - l).collect();
        let f = |t: f64| -libm::expm1(-t / 8766.0);
        judged(&judgments).law(|t| f(t) / f(horizon)).wrong_count()
            + judged(s).quantile(1.0 - f(horizon), 0.0).wrong_count()
    };
    assert_eq!(law(&run("1 year")), 0);
    assert_ne!(law(&run("1.05 years")), 0, "a wrong model passes");
}

/// MODEL 6: who fulfils a condition sees so much more often, and everything that the others see.
#[test]
fn conditions_thin_what_all_can_suffer_together() {
    let text = |times: f64| {
        format!(
            r#"
name = "conditions"
start = 2025-06-01
horizon = "1 year"
[service.chat]
revenue = "$1/h"
[vendor.a]
[vendor.grok]
[risk.suit]
kind = "legal"
on = "grok"
arrivals = {{ per_year = 4 }}
rate_if = [{{ uses = "grok", at_least = 0.1, times = {times} }}]
outcomes = [
  {{ name = "fine", probability = 0.2, cost = "$1", scales_with = "use", rate_if = [{{ uses = "grok", at_least = 0.3, times = 2 }}] }},
  {{ name = "ban", probability = 0.3, cost = "$1000", scales_with = "use", only_if = {{ uses = "a", at_least = 0.6 }} }},
]
[portfolio.toe]
shares = {{ a = 0.95, grok = 0.05 }}
[portfolio.foot]
shares = {{ a = 0.8, grok = 0.2 }}
[portfolio.leg]
shares = {{ a = 0.5, grok = 0.5 }}
[portfolio.none]
shares = {{ a = 1.0 }}
"#
        )
    };
    let (right, wrong) = (trials(&text(1.8), 100_000), trials(&text(1.86), 100_000));
    let fines =
        |t: &linchpin::simulate::Trials, p: usize| t.portfolios[p].loss.iter().map(|l| l % 1000.0).collect::<Vec<_>>();
    let bans = |t: &linchpin::simulate::Trials, p: usize| {
        t.portfolios[p].loss.iter().map(|l| (l / 1000.0).floor()).collect::<Vec<_>>()
    };
    let poisson =
        |s: &[f64], mean: f64| judged(s).mean(mean).sd(mean, mean.sqrt()).quantile(libm::exp(-mean), 0.5).wrong_count();
    let expected = [(0, 0.8, 1.2), (1, 1.44, 2.16), (2, 2.88, 0.0)];
    for (p, fine, ban) in expected {
        assert_eq!(poisson(&fines(&right, p), fine), 0, "portfolio {p}");
        if ban > 0.0 {
            assert_eq!(poisson(&bans(&right, p), ban), 0, "portfolio {p}");
        }
        assert_eq!(poisson(&fines(&wrong, p), fine) > 0, p > 0, "portfolio {p}");
    }
    let nested = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| a <= b);
    assert!(nested(&fines(&right, 0), &fines(&right, 1)) && nested(&fines(&right, 1), &fines(&right, 2)));
    assert!(nested(&bans(&right, 0), &bans(&right, 1)));
    assert!(bans(&right, 2).iter().all(|&n| n == 0.0));
    assert!(right.portfolios[3].loss.iter().all(|&l| l == 0.0));
}

const SIGMA: f64 = 0.4;

fn prices(risk: &str, horizon: &str) -> String {
    format!(
        r#"
name = "prices"
start = 2025-06-01
horizon = "{horizon}"
[service.chat]
revenue = "$1/h"
usage = "1 call/year"
[vendor.a]
price = "$100/call"
[risk.price]
kind = "pricing"
on = "a"
{risk}
[portfolio.only]
shares = {{ a = 1.0 }}
"#
    )
}

/// KA-15: a geometric Brownian price, constant within each month.
#[test]
fn a_price_path_has_the_moments_of_its_law() {
    // 5 % a year, compounded continuously.
    let run = |volatility: f64| {
        trials(
            &prices(&format!("path = {{ drift = {}, volatility = {volatility} }}", libm::expm1(0.05)), "37 months"),
            100_000,
        )
    };
    let (right, wrong) = (run(SIGMA), run(0.412));
    let index = |k: i32| libm::exp(0.05 * f64::from(k) / 12.0);
    let (right, wrong) = (&right.portfolios[0], &wrong.portfolios[0]);

    // The plan pays the expected index; continuously it would be the known bill of three years.
    let plan: f64 = (0..37).map(|k| 100.0 / 12.0 * index(k)).sum();
    assert!((right.plan.iter().sum::<f64>() / plan - 1.0).abs() < 1e-12);
    let three: f64 = (0..36).map(|k| 100.0 / 12.0 * index(k)).sum();
    let step = 0.05 / 12.0;
    assert!((three * libm::expm1(step) / step - 323.668_485_456_6).abs() < 1e-8);

    // The bill: E I_j I_k = E I_j E I_k exp(σ² min(j, k) / 12).
    let covariance = |j: i32, k: i32| index(j) * index(k) * libm::expm1(SIGMA * SIGMA * f64::from(j.min(k)) / 12.0);
    let variance: f64 = (0..37).flat_map(|j| (0..37).map(move |k| covariance(j, k))).sum();
    let law = |s| judged(s).mean(0.0).sd(0.0, 100.0 / 12.0 * variance.sqrt());
    law(&right.loss).accept();
    law(&wrong.loss).refuse();

    // The last month is billed at the index after three years.
    let last = right.all.months[36];
    assert!((last.mean() / last.standard_error().expect("many")).abs() < 4.0);
    let prices = |p: &linchpin::simulate::PortfolioTrials| -> Vec<f64> {
        [0.05, 0.5, 0.95].map(|q| p.month_histograms[36].quantile(q) * 12.0 + 100.0 * index(36)).to_vec()
    };
    // A quantile of 100,000 has an error of √(p (1 − p) / N) / density, the histogram one of 0.4 % of the loss.
    let cdf = log_normal(libm::log(100.0 * index(36)) - 1.5 * SIGMA * SIGMA, SIGMA * 3.0_f64.sqrt());
    let fits = |prices: &[f64]| {
        prices
            .iter()
            .zip([0.05, 0.5, 0.95])
            .all(|(&x, p): (&f64, f64)| (cdf(x) - p).abs() < 4.0 * (p * (1.0 - p) / 1e5).sqrt() + 1e-3)
    };
    assert!(fits(&prices(right)), "{:?}", prices(right));
    assert!(!fits(&prices(wrong)), "{:?}", prices(wrong));
    for (x, p) in [(29.241_302_08, 0.05), (91.393_118_53, 0.5), (285.647_406_98, 0.95)] {
        assert!((cdf(x) - p).abs() < 1e-8);
    }
    // sd 91.19 of the index after three years.
    assert!((100.0 * covariance(36, 36).sqrt() - 91.192_842_807_0).abs() < 1e-8);
    let relative = |p: &linchpin::simulate::PortfolioTrials| p.all.months[36].sd() * 12.0 / 91.192_842_807_0 - 1.0;
    assert!(relative(right).abs() < 0.02 && relative(wrong).abs() > 0.025, "{} {}", relative(right), relative(wrong));
}

/// KA-15: repricing at the moments of a Poisson process.
#[test]
fn poisson_repricing_has_its_expected_bill() {
    let run = |rate: f64| {
        trials(
            &prices(
                &format!("arrivals = {{ per_year = {rate} }}\nprice_change = {{ uniform = [\"0%\", \"50%\"] }}"),
                "3 years",
            ),
            200_000,
        )
    };
    let (right, wrong) = (run(0.5), run(0.515));
    let law = |t: &linchpin::simulate::Trials| {
        let portfolio = &t.portfolios[0];
        assert!((portfolio.plan.iter().sum::<f64>() - 300.0).abs() < 1e-9);
        let bill = judged(&portfolio.loss).mean(363.993_131_694_6 - 300.0).quantile(0.223_130_160_1, 0.0).wrong_count();
        // The mean ratio grows as e^(t/8): to 1.4549914146 after three years.
        let month =
            |k: usize| 100.0 * 8.0 * (libm::exp((k as f64 + 1.0) / 96.0) - libm::exp(k as f64 / 96.0)) - 100.0 / 12.0;
        let off = |k: &usize| {
            let z = (portfolio.all.months[*k].mean() - month(*k))
                / portfolio.all.months[*k].standard_error().expect("many");
            z.abs() >= 4.0
        };
        bill + (0..36).filter(off).count()
    };
    assert_eq!(law(&right), 0);
    assert_ne!(law(&wrong), 0, "a wrong model passes");
}

/// MODEL 2: amounts are discounted as they flow, or when they fall due.
#[test]
fn present_values_have_their_closed_form() {
    let text = r#"
name = "present"
start = 2025-06-01
horizon = "2 years"
discount_rate = "8%"
[service.chat]
revenue = "$1000/year"
growth = "+25%"
usage = "10 call/year"
[vendor.a]
price = "$3/call"
[risk.gone]
kind = "exclusivity"
on = "a"
arrivals = { at = [2025-06-01] }
suspends = "permanent"
cost = "$70"
[risk.fine]
kind = "legal"
on = "a"
arrivals = { at = [2026-06-01T06:00:00Z] }
outcomes = [{ name = "due", probability = 1, cost = "$500" }]
[portfolio.only]
shares = { a = 1.0 }
setup = "$11"
overhead = "$100/year"
"#;
    let trials = trials(text, 1);
    let rho = libm::log(1.08);
    let k = libm::log(1.25) - rho;
    let flow = |k: f64| libm::expm1(2.0 * k) / k;
    let components = trials.portfolios[0].rows.as_ref().expect("kept")[0];
    let expected = [(0, 1000.0 * flow(k)), (4, -30.0 * flow(k)), (7, 70.0 + 500.0 / 1.08)];
    for (component, amount) in expected {
        assert!(
            (components[component] / amount - 1.0).abs() < 1e-12,
            "{component}: {}, expected {amount}",
            components[component]
        );
    }
    assert!((trials.portfolios[0].plan[4] / (30.0 * flow(k)) - 1.0).abs() < 1e-12);
    assert!((trials.portfolios[0].plan[5] / (11.0 + 100.0 * flow(-rho)) - 1.0).abs() < 1e-12);
}
