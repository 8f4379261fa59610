//! The heat map of exposures, from one portfolio and node to many.

use std::fmt::Write as _;

use super::super::style::luminance;
use super::{boxes_of, dump, texts};
use crate::output::chart::{Chart, exposure};
use crate::scenario::{NoFiles, Scenario, read};
use crate::study::exposure::{Exposure, LOST, Lost};

fn scenario(portfolios: usize, nodes: usize, name: impl Fn(usize) -> String, currency: &str) -> Scenario {
    let mut text = format!("name = \"Many\"\nstart = 2026-01-01\nhorizon = \"1 year\"\ncurrency = \"{currency}\"\n");
    let platforms = nodes / 3;
    for n in 0..nodes {
        let table = if n < platforms { "platform" } else { "vendor" };
        writeln!(text, "{table}.{} = {{}}", name(n)).unwrap();
    }
    text += "service.s = { revenue = \"1000/h\" }\n";
    for p in 0..portfolios {
        writeln!(text, "portfolio.{}-{p} = {{ shares = {{ {} = 1 }} }}", name(p + 500), name(nodes - 1)).unwrap();
    }
    read("many.toml", text.as_bytes(), &NoFiles).unwrap_or_else(|problems| panic!("{problems}")).scenario
}

/// Every node loses something with every portfolio, over eight powers of ten; never served again if lost for good.
fn exposures(scenario: &Scenario, amount: impl Fn(usize, usize, usize) -> f64) -> Vec<Exposure> {
    let mut all = vec![];
    for node in 0..scenario.nodes.len() {
        for (k, lost) in LOST.into_iter().enumerate() {
            for portfolio in 0..scenario.portfolios.len() {
                let recovery_hours = (lost != Lost::ForGood).then_some(3.0);
                let loss = amount(node, k, portfolio);
                all.push(Exposure { node, lost, portfolio, loss, unserved_hours: 1.0, recovery_hours });
            }
        }
    }
    all
}

fn usual(node: usize, k: usize, portfolio: usize) -> f64 {
    let [node, k, portfolio] = [node, k, portfolio].map(|n| f64::from(u8::try_from(n).unwrap()));
    1.234e4 * libm::pow(8.3, k) * (1.0 + node / 7.0) / (1.0 + portfolio)
}

#[track_caller]
fn drawn(stem: &str, chart: &Chart) -> (f64, String) {
    let tree = super::super::png::tree(&chart.svg).unwrap();
    let b = tree.root().abs_bounding_box();
    let size = tree.size();
    let inside = b.left() >= -1.0 && b.right() <= 1001.0 && b.top() >= -1.0 && b.bottom() <= size.height() + 1.0;
    assert!(inside && size.height() >= 599.0, "{stem} reaches {b:?} of {size:?}");
    let mut boxes = vec![];
    boxes_of(tree.root(), &mut boxes);
    boxes.sort_by(|a, b| a.top().total_cmp(&b.top()));
    for (i, a) in boxes.iter().enumerate() {
        for b in boxes[i + 1..].iter().take_while(|b| b.top() < a.bottom()) {
            let wide = a.right().min(b.right()) - a.left().max(b.left());
            let high = a.bottom().min(b.bottom()) - a.top().max(b.top());
            assert!(wide < 1.0 || high < 3.0, "{stem}: {a:?} covers {b:?}");
        }
    }
    dump(stem, std::slice::from_ref(chart));
    (f64::from(size.height()), texts(chart))
}

#[test]
fn every_amount_stands_in_its_cell_and_nothing_covers_anything() {
    for (portfolios, nodes) in [(1, 1), (1, 12), (3, 5), (7, 12), (16, 3), (4, 64)] {
        let scenario = scenario(portfolios, nodes, |n| format!("node-{n}"), "$");
        let all = exposures(&scenario, usual);
        let chart = exposure(&scenario, &all);
        assert_eq!(chart, exposure(&scenario, &all), "equal results give equal bytes");
        let (_, texts) = drawn(&format!("heat-{portfolios:02}-{nodes:02}"), &chart);
        for e in &all {
            let amount = super::super::words::money(e.loss, "$");
            assert!(texts.lines().any(|line| line == amount), "{amount} is missing");
        }
        for id in scenario.nodes.iter().map(|n| &n.id).chain(scenario.portfolios.iter().map(|p| &p.id)) {
            assert!(texts.contains(id.as_str()), "{id} is missing");
        }
        assert_eq!(texts.matches("90\u{a0}days").count(), portfolios, "a panel each");
    }
}

#[test]
fn long_names_and_currencies_of_letters_fit_and_differ() {
    let long = |n: usize| format!("a-name-of-some-{n:03}-that-is-so-long-that-nothing-holds-it-all-and-ends-alike");
    let scenario = scenario(5, 9, long, "CHF");
    let all = exposures(&scenario, |n, k, p| usual(n, k, p) - 3e6);
    let (_, texts) = drawn("heat-long", &exposure(&scenario, &all));
    for n in 0..9 {
        assert!(texts.contains(&format!("{n:03}")), "{n} cannot be told apart: {texts}");
    }
    assert!(texts.contains("−CHF\u{a0}2.99M") && texts.contains("CHF\u{a0}"), "{texts}");
}

#[test]
fn what_costs_nothing_has_no_row_but_is_named() {
    let scenario = scenario(2, 4, |n| format!("node-{n}"), "$");
    let mut all = exposures(&scenario, usual);
    for e in all.iter_mut().filter(|e| e.node == 1 || e.portfolio == 1) {
        *e = Exposure { loss: 0.0, unserved_hours: 0.0, recovery_hours: Some(0.0), ..*e };
    }
    let (_, texts) = drawn("heat-harmless", &exposure(&scenario, &all));
    assert_eq!(texts.matches("node-1").count(), 1, "{texts}");
    assert!(texts.replace('\n', " ").contains("Costs nothing: node-1."), "{texts}");
    assert_eq!(texts.lines().filter(|line| *line == "–").count(), 3 * LOST.len(), "{texts}");
    let none: Vec<Exposure> = all.iter().map(|e| Exposure { loss: 0.0, unserved_hours: 0.0, ..*e }).collect();
    let (_, texts) = drawn("heat-nothing", &exposure(&scenario, &none));
    assert!(texts.contains("No loss of a vendor or platform costs anything"), "{texts}");
}

#[test]
fn the_title_names_the_worst() {
    let scenario = scenario(2, 3, |n| format!("node-{n}"), "$");
    let mut all = exposures(&scenario, |_, _, _| 2e6);
    let worst = all.iter_mut().find(|e| (e.node, e.lost, e.portfolio) == (2, LOST[3], 1)).unwrap();
    worst.loss = 5e6;
    let (_, texts) = drawn("heat-title", &exposure(&scenario, &all));
    assert!(texts.starts_with("Losing node-2 for 30\u{a0}days would cost $5.00M with node-501-1"), "{texts}");
}

/// In print without colour a larger loss is darker too, step by step.
#[test]
fn more_is_darker_in_grey() {
    let shades: Vec<f64> =
        (0..=100).map(|k| luminance(super::super::exposure::between(f64::from(k) / 100.0))).collect();
    assert!(shades.windows(2).all(|pair| pair[0] > pair[1]), "{shades:?}");
    assert!(shades[0] > 0.9 && shades[100] < 0.15, "{shades:?}");
}
