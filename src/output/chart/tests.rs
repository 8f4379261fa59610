use std::io::Write as _;

use super::{Chart, charts, png};
use crate::results::{
    Attribution, By, Comparison, Distribution, Estimate, Exceedance, ExceedancePoint, Headline,
    Measure, Provenance, Results, ServiceHeadline, TimelinePoint, Verdict,
};

const NAMES: [&str; 12] = [
    "openai-only",
    "openai-standby",
    "neutral",
    "two-clouds",
    "in-house-first",
    "open-weights",
    "grok-hosted",
    "five-vendors",
    "anthropic-mix",
    "exit-plan",
    "do-nothing-more",
    "all-in-deepseek",
];
const RISKS: [&str; 13] = [
    "openai-outage",
    "musk-lawsuit",
    "azure-outage",
    "gpt-5-delay",
    "openai-retaliation",
    "grok-exclusivity",
    "deepseek-ban",
    "price-path",
    "openai-turmoil",
    "llama-licence",
    "xai-outage",
    "in-house-outage",
    "small-claims",
];
const LEVELS: [f64; 17] = [
    0.99, 0.95, 0.9, 0.75, 0.5, 0.25, 0.2, 0.1, 0.05, 0.02, 0.01, 5e-3, 2e-3, 1e-3, 5e-4, 2e-4,
    1e-4,
];

fn estimate(value: f64, error: f64) -> Estimate {
    let (lower, upper) = (Some(value - 1.96 * error), Some(value + 1.96 * error));
    Estimate {
        value,
        std_error: Some(error),
        lower,
        upper,
    }
}

/// The standard normal's quantile, roughly (Tocher's logistic).
fn normal(p: f64) -> f64 {
    libm::log(p / (1.0 - p)) / 1.702
}

/// How a synthetic portfolio differs from the first: size of loss, and cost of the plan.
fn scale(portfolio: usize) -> (f64, f64) {
    let p = f64::from(u8::try_from(portfolio % 64).unwrap());
    (240e6 / (1.0 + 0.55 * p), 3.9e9 + 0.06e9 * p)
}

fn loss(portfolio: usize, p: f64) -> f64 {
    let (size, _) = scale(portfolio);
    size * (libm::exp(0.85 * normal(p)) - 0.25)
}

/// Results as a run of the flagship case might give them, for `n` portfolios, some services and months.
fn demo(n: usize, n_services: usize, months: usize) -> Results {
    let services = [
        "copilot",
        "bing",
        "microsoft-365",
        "azure-foundry",
        "github",
        "dynamics",
    ];
    let mut services: Vec<String> = services
        .iter()
        .cycle()
        .take(n_services)
        .map(ToString::to_string)
        .collect();
    services.push("firm-wide".to_owned());
    Results {
        provenance: Provenance {
            version: "0.1.0".to_owned(),
            scenario: "Copilot 2025: one vendor or many".to_owned(),
            currency: "$".to_owned(),
            start: "2025-06-01".to_owned(),
            horizon_hours: 730.5 * months as f64,
            seed: 20_250_601,
            trials: 20_000,
            appetite: Some(600e6),
            appetite_probability: Some(0.05),
        },
        portfolios: (0..n)
            .map(|p| {
                NAMES
                    .get(p)
                    .map_or(format!("portfolio-{p}"), |s| (*s).to_owned())
            })
            .collect(),
        baseline: 0,
        risks: RISKS.iter().map(ToString::to_string).collect(),
        nodes: vec!["azure".to_owned(), "openai".to_owned()],
        services,
        measures: (0..n).flat_map(measures).collect(),
        exceedance: (0..n).flat_map(exceedance).collect(),
        comparison: (1..n).map(comparison).collect(),
        attribution: (0..n).flat_map(attribution).collect(),
        timeline: (0..n)
            .flat_map(|p| (0..months).map(move |m| month(p, m)))
            .collect(),
        headlines: (0..n).map(|p| headline(p, n_services)).collect(),
        distribution: distribution(n),
        trials: None,
    }
}

fn measures(portfolio: usize) -> Vec<Measure> {
    let (_, plan) = scale(portfolio);
    let quantile = |level: f64| Measure {
        portfolio,
        quantity: "total_cost",
        item: String::new(),
        measure: "quantile",
        level: Some(level),
        estimate: estimate(plan + loss(portfolio, level), 1e6),
        unit: "currency",
    };
    vec![quantile(0.05), quantile(0.95)]
}

fn exceedance(portfolio: usize) -> Vec<ExceedancePoint> {
    let point = |kind, probability: f64| {
        let value = loss(portfolio, 1.0 - probability);
        let error = value.abs() * 0.35 * (1.0 / (20_000.0 * probability)).sqrt();
        ExceedancePoint {
            portfolio,
            kind,
            return_period: None,
            probability,
            loss: estimate(value, error),
        }
    };
    let horizon = LEVELS.iter().map(|&p| point(Exceedance::Horizon, p));
    horizon.chain([point(Exceedance::Aep, 0.5)]).collect()
}

fn mean_cost(portfolio: usize) -> f64 {
    let (size, plan) = scale(portfolio);
    plan + 1.25 * size
}

fn comparison(portfolio: usize) -> Comparison {
    let mean = mean_cost(portfolio) - mean_cost(0);
    Comparison {
        portfolio,
        baseline: 0,
        mean: estimate(mean, 8e6),
        p_cheaper: estimate(0.6, 0.003),
        tail: vec![(0.99, estimate(-3e8, 2e7), estimate(-4e8, 2e7))],
        break_even_overhead: estimate(-mean / 36.0, 2e5),
        verdict: match mean {
            m if m < -16e6 => Verdict::Better,
            m if m > 16e6 => Verdict::Worse,
            _ => Verdict::CannotTell,
        },
    }
}

fn attribution(portfolio: usize) -> Vec<Attribution> {
    let (size, _) = scale(portfolio);
    let part = |(i, item): (usize, &&str)| {
        let rank = i as f64;
        let gain = if i == 7 { -1.0 } else { 1.0 };
        let tail = [
            0.12, 0.45, 0.08, 0.1, 0.15, 0.03, 0.06, 0.02, 0.02, 0.01, 0.01, 0.004, 0.003,
        ];
        Attribution {
            portfolio,
            by: By::Risk,
            item: (*item).to_owned(),
            mean: estimate(gain * size * 0.32 / (1.0 + 0.4 * rank), 1e6),
            tvar_99_part: estimate(gain * size * 6.0 * tail[(i + portfolio) % 13], 1e6),
        }
    };
    RISKS.iter().enumerate().map(part).collect()
}

fn month(portfolio: usize, month: usize) -> TimelinePoint {
    let (size, _) = scale(portfolio);
    let m = month as f64;
    let level =
        size / 36.0 * (1.0 + 0.4 * libm::sin(m / 5.0)) * if month % 12 == 11 { 2.2 } else { 1.0 };
    let start = format!("{}-{:02}-01", 2025 + (month + 5) / 12, (month + 5) % 12 + 1);
    let quantiles = [-0.1, 0.15, 0.5, 1.2, 3.0].map(|q| q * level);
    TimelinePoint {
        portfolio,
        month,
        start,
        mean: level,
        quantiles,
    }
}

fn headline(portfolio: usize, n_services: usize) -> Headline {
    let (_, plan) = scale(portfolio);
    let at = |p: f64, more: f64| {
        let value = loss(portfolio, p) * more;
        estimate(value, value.abs() * 0.03)
    };
    let service = |s: usize| {
        let lacking = 0.004 / (1.0 + portfolio as f64).powi(2) / (1.0 + s as f64);
        ServiceHeadline {
            unserved_hours: estimate(lacking * 26_298.0, 1.0),
            availability: estimate(1.0 - lacking, lacking * 0.02),
            availability_worst_1: estimate(1.0 - lacking * 9.0, lacking * 0.3),
            longest_interruption: estimate(9.0, 0.1),
        }
    };
    Headline {
        plan,
        mean_loss: estimate(mean_cost(portfolio) - plan, 3e6),
        sd_loss: estimate(4e8, 3e6),
        mean_total_cost: estimate(mean_cost(portfolio), 12e6),
        var_95: at(0.95, 1.0),
        tvar_95: at(0.95, 1.4),
        var_99: at(0.99, 1.0),
        tvar_99: at(0.99, 1.4),
        var_995: at(0.995, 1.0),
        tvar_995: at(0.995, 1.4),
        prob_over_appetite: Some(estimate(0.1, 0.002)),
        services: (0..n_services).map(service).collect(),
        hhi_vendor: 1.0,
        hhi_platform: 1.0,
        effective_vendors: Some(1.2),
    }
}

fn distribution(n: usize) -> Distribution {
    let edges: Vec<f64> = (0..=200).map(|i| 3.7e9 + 2e7 * f64::from(i)).collect();
    let counts = |p: usize| {
        let (_, plan) = scale(p);
        let below = |x: f64| {
            (1..2000)
                .filter(|i| plan + loss(p, f64::from(*i) / 2000.0) < x)
                .count() as u64
                * 10
        };
        let cumulated: Vec<u64> = edges.iter().map(|e| below(*e)).collect();
        cumulated.windows(2).map(|w| w[1] - w[0]).collect()
    };
    let counts = (0..n).map(counts).collect();
    Distribution { edges, counts }
}

/// Writes every picture where `LINCHPIN_CHARTS` says, for looking at them.
fn dump(stem: &str, charts: &[Chart]) {
    let Ok(folder) = std::env::var("LINCHPIN_CHARTS") else {
        return;
    };
    for chart in charts {
        let path = format!("{folder}/{stem}-{}", chart.name);
        let write = |end: &str, bytes: &[u8]| {
            std::fs::File::create(format!("{path}.{end}")).unwrap().write_all(bytes).unwrap();
        };
        write("svg", chart.svg.as_bytes());
        write("png", &png(&chart.svg).unwrap());
    }
}

/// Draws twice; every picture must be an SVG that can be read, the same both times.
#[track_caller]
fn drawn(stem: &str, results: &Results) -> Vec<Chart> {
    let pictures = charts(results);
    assert_eq!(pictures, charts(results));
    for chart in &pictures {
        let tree = super::png::tree(&chart.svg).unwrap_or_else(|e| panic!("{}: {e}", chart.name));
        assert!(
            (tree.size().width() - 1000.0).abs() < 0.01
                && (tree.size().height() - 600.0).abs() < 0.01
        );
        for wrong in ["NaN", "inf\"", "2147483647"] {
            assert!(!chart.svg.contains(wrong), "{} holds {wrong}", chart.name);
        }
    }
    dump(stem, &pictures);
    pictures
}

/// The text of a picture, lines of a wrapped name joined.
fn texts(chart: &Chart) -> String {
    let tree = super::png::tree(&chart.svg).unwrap();
    let mut all = String::new();
    collect(tree.root(), &mut all);
    all
}

fn collect(group: &resvg::usvg::Group, all: &mut String) {
    for node in group.children() {
        match node {
            resvg::usvg::Node::Group(g) => collect(g, all),
            resvg::usvg::Node::Text(t) => {
                let chunks = t.chunks().iter().map(resvg::usvg::TextChunk::text);
                all.extend(chunks);
                all.push('\n');
            }
            _ => {}
        }
    }
}

#[test]
fn every_portfolio_is_named_in_every_chart() {
    for n in [1, 2, 3, 8, 12] {
        let results = demo(n, 3, 36);
        for chart in drawn(&format!("n{n:02}"), &results) {
            let texts = texts(&chart).replace(['\n', ' '], "");
            for name in &results.portfolios {
                assert!(texts.contains(name.as_str()), "{name} is missing in {} of {n}", chart.name);
            }
        }
    }
}

#[test]
fn every_text_lies_within_the_picture() {
    for (stem, results) in unusual() {
        for chart in charts(&results) {
            let tree = super::png::tree(&chart.svg).unwrap();
            let b = tree.root().abs_bounding_box();
            let inside = b.left() >= -1.0 && b.right() <= 1001.0 && b.top() >= -1.0 && b.bottom() <= 601.0;
            assert!(inside, "{stem}: {} reaches {b:?}", chart.name);
        }
    }
}

#[test]
fn a_png_is_a_png_of_1600_pixels() {
    let picture = png(&charts(&demo(2, 1, 12))[0].svg).unwrap();
    assert_eq!(&picture[..8], b"\x89PNG\r\n\x1a\n");
    assert_eq!(u32::from_be_bytes(picture[16..20].try_into().unwrap()), 1600);
    assert!(png("no picture").is_err());
}

#[test]
fn names_cannot_break_the_document() {
    let mut results = demo(3, 1, 12);
    results.portfolios[1] = "<b>&\"'\u{0}\u{1}\u{fffe}\n]]>".to_owned();
    results.provenance.scenario = "</svg><script>alert(1)</script>".to_owned();
    for chart in drawn("markup", &results) {
        assert!(!chart.svg.contains("<script") && !chart.svg.contains("<b>"), "{}", chart.name);
    }
}

#[test]
fn unusual_results_are_drawn_too() {
    for (stem, results) in unusual() {
        drawn(stem, &results);
    }
}

fn estimates(results: &mut Results) -> Vec<&mut Estimate> {
    let mut all: Vec<&mut Estimate> = Vec::new();
    for h in &mut results.headlines {
        all.extend([&mut h.mean_loss, &mut h.sd_loss, &mut h.mean_total_cost, &mut h.var_95]);
        all.extend([&mut h.tvar_95, &mut h.var_99, &mut h.tvar_99, &mut h.var_995, &mut h.tvar_995]);
    }
    all.extend(results.exceedance.iter_mut().map(|p| &mut p.loss));
    all.extend(results.measures.iter_mut().map(|m| &mut m.estimate));
    all.extend(results.comparison.iter_mut().map(|c| &mut c.mean));
    for a in &mut results.attribution {
        all.extend([&mut a.mean, &mut a.tvar_99_part]);
    }
    all
}

/// The demo with every amount changed.
fn mapped(n: usize, change: impl Fn(f64) -> f64) -> Results {
    let mut results = demo(n, 2, 24);
    for e in estimates(&mut results) {
        e.value = change(e.value);
        e.lower = e.lower.map(&change);
        e.upper = e.upper.map(&change);
    }
    for t in &mut results.timeline {
        t.mean = change(t.mean);
        t.quantiles = t.quantiles.map(&change);
        t.quantiles.sort_by(f64::total_cmp);
    }
    for e in &mut results.distribution.edges {
        *e = change(*e);
    }
    results.distribution.edges.sort_by(f64::total_cmp);
    results
}

fn with(mut results: Results, change: impl FnOnce(&mut Results)) -> Results {
    change(&mut results);
    results
}

/// Results at the edges of what can come.
fn unusual() -> Vec<(&'static str, Results)> {
    let long = "a-portfolio-with-quite-a-long-name-of-sixty-letters-in-all-01";
    let spaced = "Azure neutral platform with five vendors and two clouds abc";
    let nothing = Distribution { edges: Vec::new(), counts: Vec::new() };
    vec![
        ("none", demo(0, 0, 0)),
        ("zero", mapped(2, |_| 0.0)),
        ("equal", mapped(3, |_| 7.3e8)),
        ("gains", mapped(3, |v| -v)),
        ("mixed", mapped(3, |v| v - 3e8)),
        ("nan", mapped(2, |_| f64::NAN)),
        ("infinite", mapped(2, |v| if v > 1e9 { f64::INFINITY } else { v })),
        ("huge", mapped(3, |v| v * 1e5)),
        ("tiny", mapped(3, |v| v * 1e-13)),
        ("no-services", demo(2, 0, 12)),
        ("six-services", demo(8, 6, 60)),
        ("six-twelve", demo(12, 6, 36)),
        ("thirty-services", demo(2, 30, 36)),
        ("forty", demo(40, 2, 24)),
        ("one-month", demo(3, 1, 1)),
        ("twelve-hundred-months", demo(3, 1, 1200)),
        ("no-appetite", with(demo(3, 2, 36), |r| r.provenance.appetite = None)),
        ("appetite-alone", with(demo(3, 2, 36), |r| r.provenance.appetite_probability = None)),
        ("appetite-far", with(demo(3, 2, 36), |r| r.provenance.appetite = Some(5e11))),
        (
            "few-trials",
            with(demo(3, 2, 36), |r| {
                r.provenance.trials = 60;
                for h in &mut r.headlines {
                    (h.var_99.value, h.tvar_99.value) = (f64::NAN, f64::NAN);
                }
            }),
        ),
        (
            "never-down",
            with(demo(3, 2, 36), |r| {
                for s in r.headlines.iter_mut().skip(1).flat_map(|h| &mut h.services) {
                    s.availability = estimate(1.0, 0.0);
                    s.availability_worst_1 = estimate(1.0, 0.0);
                    s.unserved_hours = estimate(0.0, 0.0);
                }
                r.headlines[2].services[0].availability_worst_1.value = 0.0;
            }),
        ),
        (
            "spike",
            with(demo(3, 2, 36), |r| {
                r.distribution.counts[0][12] = 60_000;
                r.distribution.counts[1] = vec![0; 200];
                r.distribution.counts[1][9] = 20_000;
            }),
        ),
        (
            "long-names",
            with(demo(8, 3, 36), |r| {
                for (i, name) in r.portfolios.iter_mut().enumerate() {
                    *name = if i % 2 == 0 { format!("{long}{i}") } else { format!("{spaced}{i}") };
                }
                for a in &mut r.attribution {
                    a.item = format!("{}-{long}", a.item);
                }
                r.services[0] = long.to_owned();
                r.provenance.scenario = long.repeat(3);
                r.provenance.currency = "CHF".to_owned();
            }),
        ),
        (
            "other-scripts",
            with(demo(3, 1, 36), |r| {
                r.portfolios = ["開放人工智能 供應商", "Нейтральная платформа", "منصة محايدة 🏦"].map(String::from).to_vec();
                r.provenance.currency = "€".to_owned();
                r.provenance.scenario = "Ångström & Söhne: Größe".to_owned();
            }),
        ),
        (
            "torn",
            with(demo(3, 2, 36), |r| {
                r.headlines.truncate(1);
                r.baseline = 9;
                r.distribution = nothing;
                r.comparison.clear();
                r.timeline.truncate(5);
                r.exceedance.truncate(1);
                r.provenance.start = "soon".to_owned();
                r.provenance.horizon_hours = f64::NAN;
            }),
        ),
        ("clustered", with(demo(12, 1, 12), cluster)),
    ]
}

/// Puts all portfolios close together, where names would cover each other.
fn cluster(results: &mut Results) {
    for (i, h) in results.headlines.iter_mut().enumerate() {
        let i = i as f64;
        h.mean_total_cost = estimate(4.2e9 + 4e6 * libm::sin(i * 2.4) * i, 6e6);
        h.tvar_99 = estimate(2.0e9 + 1.5e7 * libm::cos(i * 2.4) * i, 3e7);
    }
}

#[test]
fn beyond_eight_the_baseline_and_the_seven_cheapest_have_a_colour() {
    let mut results = demo(12, 1, 12);
    results.baseline = 11;
    let looks = super::style::looks(&results);
    let coloured: Vec<usize> = (0..12).filter(|&p| looks[p].coloured).collect();
    assert_eq!(coloured, [0, 1, 2, 3, 4, 5, 6, 11]);
    assert_eq!(looks[11].colour, plotters::prelude::RGBColor(0, 0, 0));
}

#[test]
fn amounts_are_said_as_a_reader_would() {
    use super::words::{availability, hours, money, money_ticks, odds, percent, round_money};
    let said = |v| money(v, "$");
    assert_eq!(said(1.934e9), "$1.93bn");
    assert_eq!(said(-310.2e6), "−$310M");
    assert_eq!(said(999.7e6), "$1.00bn");
    assert_eq!(said(0.0), "$0");
    assert_eq!(said(45_210.0), "$45.2k");
    assert_eq!(said(f64::NAN), "unknown");
    assert_eq!(said(3.2e17), "$320000tn");
    assert_eq!(round_money(2e9, "CHF"), "CHF\u{a0}2bn");
    assert_eq!(money_ticks(&[-5e8, 0.0, 5e8, 1e9], 5e8, "$"), ["−$0.5bn", "$0", "$0.5bn", "$1.0bn"]);
    assert_eq!(percent(0.123), "12\u{a0}%");
    assert_eq!(percent(0.0004), "0.04\u{a0}%");
    assert_eq!(availability(0.999_57), "99.957\u{a0}%");
    assert_eq!(availability(1.0), "100\u{a0}%");
    assert_eq!(availability(0.999_999_999_9), "over 99.99999\u{a0}%");
    assert_eq!(odds(1e-4), "1 in 10,000");
    assert_eq!(hours(105.0), "4.4\u{a0}days");
}

#[test]
fn ticks_are_round_and_within() {
    use super::axis::{rounded, ticks};
    assert_eq!(ticks(0.0, 1.0, 5).values, [0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0]);
    assert_eq!(ticks(-3e8, 9e8, 4).values, [0.0, 5e8]);
    assert_eq!(rounded(-3e8, 9e8, 4), (-5e8, 1e9));
}
