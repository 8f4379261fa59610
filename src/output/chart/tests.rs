#![expect(clippy::disallowed_methods, reason = "one may ask for the pictures as files")]

use std::io::Write as _;

use demo::{demo, estimate};
use unusual::unusual;

use super::{Chart, charts, png};
use crate::results::{Results, Verdict};

mod demo;
mod exposure;
mod unusual;

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
        assert!((tree.size().width() - 1000.0).abs() < 0.01 && (tree.size().height() - 600.0).abs() < 0.01);
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

#[test]
fn beyond_eight_the_baseline_and_the_seven_cheapest_have_a_colour() {
    let mut results = demo(12, 1, 12);
    results.baseline = 11;
    let looks = super::style::looks(&results);
    let coloured: Vec<usize> = (0..12).filter(|&p| looks[p].coloured).collect();
    assert_eq!(coloured, [0, 1, 2, 3, 4, 5, 6, 11]);
    assert_eq!(looks[11].colour, plotters::prelude::RGBColor(0, 0, 0));
}

/// The first line of text: the title.
fn title(results: &Results, name: &str) -> String {
    let charts = charts(results);
    let chart = charts.iter().find(|c| c.name == name).unwrap();
    let label = chart.svg.split_once("aria-label=\"").unwrap().1;
    label.split_once('"').unwrap().0.to_owned()
}

#[test]
fn titles_claim_no_more_than_the_errors_allow() {
    let mut results = demo(3, 1, 36);
    assert_eq!(
        title(&results, "exceedance"),
        "openai-only has the fattest tail: 1 in 100 futures loses $2.32bn or more"
    );
    results.headlines[1].var_99 = estimate(2.30e9, 5e7);
    assert_eq!(
        title(&results, "exceedance"),
        "neutral has the thinnest tail: 1 in 100 futures loses $1.11bn or more, against $2.32bn with openai-only"
    );
    results.headlines[2].var_99 = estimate(2.2e9, 1e9);
    assert_eq!(
        title(&results, "exceedance"),
        "No portfolio's tail is clearly the fattest: 1 in 100 futures loses $2.32bn or more at worst"
    );
    assert_eq!(title(&results, "total-cost"), "openai-standby costs $4.15bn on average, $46.5M less than openai-only");
    results.comparison[0].verdict = Verdict::CannotTell;
    assert_eq!(title(&results, "total-cost"), "No portfolio is clearly cheaper than openai-only: $4.20bn on average");
    assert!(title(&results, "cost-and-tail-risk").starts_with("neutral is cheaper and safer than openai-only"));
    results.comparison[1].verdict = Verdict::Worse;
    assert!(title(&results, "cost-and-tail-risk").ends_with("and costs $37.1M more on average"));
    results.headlines[2].tvar_99 = results.headlines[0].tvar_99;
    results.headlines[1].tvar_99 = results.headlines[0].tvar_99;
    assert_eq!(
        title(&results, "cost-and-tail-risk"),
        "No portfolio is clearly safer than openai-only in the worst 1 % of futures"
    );
}

#[test]
fn titles_claim_nothing_that_few_trials_cannot_tell() {
    let mut results = demo(3, 1, 36);
    results.provenance.trials = 500;
    assert!(title(&results, "exceedance").contains("1 in 20 futures"), "{}", title(&results, "exceedance"));
    for h in &mut results.headlines {
        for e in [&mut h.var_95, &mut h.var_99, &mut h.tvar_99] {
            (e.std_error, e.lower, e.upper) = (None, None, None);
        }
    }
    assert_eq!(title(&results, "exceedance"), "Too few trials to tell how large a rare loss is");
    assert!(title(&results, "cost-and-tail-risk").starts_with("No portfolio is clearly safer"));
}

#[test]
fn a_mark_stands_on_its_curve() {
    // The curve ends at 1 in 50: a mark of 1 in 100 would stand on the axis instead.
    let mut results = demo(2, 1, 12);
    results.provenance.trials = 500;
    let page = texts(&charts(&results)[0]);
    assert!(page.contains("1 in 20: ") && !page.contains("1 in 100"), "{page}");
}

#[test]
fn long_names_can_be_told_apart_in_every_chart() {
    let mut results = demo(8, 3, 36);
    for (i, name) in results.portfolios.iter_mut().enumerate() {
        *name = format!("a-portfolio-with-a-very-long-name-number-{i}-that-somebody-thought-was-a-good-idea");
    }
    for chart in drawn("long-middle", &results) {
        let texts = texts(&chart).replace('\n', "");
        for i in 0..8 {
            assert!(
                texts.contains(&format!("-{i}-")) || texts.contains(&format!("…{i}-")),
                "{i} in {}: {texts}",
                chart.name
            );
        }
    }
}

#[test]
fn names_that_would_cover_each_other_stand_in_a_legend() {
    for (stem, results) in unusual() {
        if stem == "clustered" || stem == "long-names" {
            let chart = charts(&results).into_iter().find(|c| c.name == "cost-and-tail-risk").unwrap();
            let tree = super::png::tree(&chart.svg).unwrap();
            let mut boxes = Vec::new();
            boxes_of(tree.root(), &mut boxes);
            for (i, a) in boxes.iter().enumerate() {
                for b in &boxes[..i] {
                    let wide = a.right().min(b.right()) - a.left().max(b.left());
                    let high = a.bottom().min(b.bottom()) - a.top().max(b.top());
                    // Boxes of lines are a little higher than their letters.
                    assert!(wide < 1.0 || high < 3.0, "{stem}: {a:?} covers {b:?}");
                }
            }
        }
    }
}

/// Where each text lies.
fn boxes_of(group: &resvg::usvg::Group, all: &mut Vec<resvg::usvg::Rect>) {
    for node in group.children() {
        match node {
            resvg::usvg::Node::Group(g) => boxes_of(g, all),
            resvg::usvg::Node::Text(t) => all.push(t.abs_bounding_box()),
            _ => {}
        }
    }
}

#[test]
fn only_what_is_never_interrupted_stands_at_100_per_cent() {
    let mut results = demo(2, 1, 36);
    let page = |r: &Results| texts(charts(r).iter().find(|c| c.name == "availability").unwrap());
    assert!(!page(&results).contains("never"));
    results.headlines[1].services[0].availability_worst_1.value = 1.0 - 1e-8;
    assert!(!page(&results).contains("never"));
    results.headlines[1].services[0].availability_worst_1.value = 1.0;
    assert!(page(&results).contains("never"));
}

#[test]
fn amounts_are_said_as_a_reader_would() {
    use super::words::{
        availability, hours, money, money_range, money_ticks, odds, percent, round_availability, round_money, trials,
    };
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
    assert_eq!(availability(0.999), "99.90\u{a0}%");
    assert_eq!(round_availability(0.999), "99.9\u{a0}%");
    assert_eq!(money_range(4.8e5, 4.8e5, "$"), "$480k");
    assert_eq!(money_range(3.96e9, 4.6e9, "$"), "$3.96 – 4.60bn");
    assert_eq!((trials(1), trials(20_000)), ("1 trial".to_owned(), "20,000 trials".to_owned()));
    assert_eq!(availability(1.0), "100\u{a0}%");
    assert_eq!(availability(0.999_999_999_9), "over 99.99999\u{a0}%");
    assert_eq!(odds(1e-4), "1 in 10,000");
    assert_eq!(hours(105.0), "4.4\u{a0}days");
}

#[test]
fn ticks_are_round_and_within() {
    use super::axis::{rounded, ticks};
    assert_eq!(ticks(0.0, 1.0, 5).values, [0.0, 0.2, 0.4, 0.600_000_000_000_000_1, 0.8, 1.0]);
    assert_eq!(ticks(-3e8, 9e8, 4).values, [0.0, 5e8]);
    assert_eq!(rounded(-3e8, 9e8, 4), (-5e8, 1e9));
}
