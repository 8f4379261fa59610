//! The cases whose numbers were worked out elsewhere: by hand, in closed form, and by independent implementations.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use linchpin::results::{Estimate, Results};
use linchpin::scenario::{NoFiles, read};
use serde_json::Value;

/// Every figure of the long table by portfolio, quantity, item, measure and level.
pub struct Figures<'a>(BTreeMap<(&'a str, &'a str, &'a str, &'a str, String), Estimate>);

impl<'a> Figures<'a> {
    pub fn of(results: &'a Results) -> Self {
        let key = |m: &'a linchpin::results::Measure| {
            let level = m.level.map_or(String::new(), |l| l.to_string());
            (results.portfolios[m.portfolio].as_str(), m.quantity, m.item.as_str(), m.measure, level)
        };
        Self(results.measures.iter().map(|m| (key(m), m.estimate)).collect())
    }

    #[track_caller]
    pub fn get(&self, portfolio: &'a str, quantity: &'a str, item: &'a str, measure: &'a str, level: &str) -> Estimate {
        *self
            .0
            .get(&(portfolio, quantity, item, measure, level.to_owned()))
            .unwrap_or_else(|| panic!("no {portfolio} {quantity} {item} {measure} {level}"))
    }
}

pub fn run_text(text: &str, trials: u64) -> Results {
    let scenario =
        read("case.toml", text.as_bytes(), &NoFiles).unwrap_or_else(|problems| panic!("{problems}")).scenario;
    linchpin::run(&scenario, &linchpin::Options::of(0..trials), &|_| true).expect("not stopped")
}

/// Where each name of a case's expectations stands in the long table.
fn address(name: &str, key: &str) -> (String, String, String, String) {
    let own = |quantity: &str, item: &str, measure: &str, level: &str| {
        (quantity.to_owned(), item.to_owned(), measure.to_owned(), level.to_owned())
    };
    match name {
        "components" => own("component", key, "mean", ""),
        "charged"
        | "node"
        | "service"
        | "unserved_hours"
        | "longest_interruption"
        | "loss_by_year"
        | "loss_by_month" => own(name, key, "mean", ""),
        "hhi_vendor" | "hhi_platform" | "effective_vendors" => own(name, "", "value", ""),
        "aep" | "oep" => own("loss", "", name, key),
        "loss" | "total_cost" | "plan" => match key {
            "" | "mean" => own(name, "", "mean", ""),
            "sd" => own(name, "", "sd", ""),
            _ => {
                let (measure, percent) = if let Some(p) = key.strip_prefix("tvar") {
                    ("tvar", p)
                } else {
                    ("var", key.strip_prefix("var").expect("a level"))
                };
                let level = percent.parse::<f64>().expect("a number") / 100.0;
                if percent == "50" {
                    own(name, "", "quantile", "0.5")
                } else {
                    own(name, "", measure, &level.to_string())
                }
            }
        },
        _ => panic!("unknown expectation {name}"),
    }
}

/// All expectations of one portfolio as (name, key, expectation).
fn expectations(portfolio: &Value) -> Vec<(String, String, Value)> {
    let mut all = Vec::new();
    for (name, value) in portfolio.as_object().expect("a table") {
        match value {
            Value::Object(map) => all.extend(map.iter().map(|(k, v)| (name.clone(), k.clone(), v.clone()))),
            Value::Array(list) => {
                all.extend(list.iter().enumerate().map(|(k, v)| (name.clone(), k.to_string(), v.clone())));
            }
            _ => all.push((name.clone(), String::new(), value.clone())),
        }
    }
    all
}

fn check_exact(expected: &Value, results: &Results) -> Vec<String> {
    let tolerance = expected["tolerance"].as_f64().expect("a tolerance");
    let figures = Figures::of(results);
    let mut wrong = Vec::new();
    for (portfolio, value) in expected["portfolios"].as_object().expect("a table") {
        // A difference of larger sums is held to these sums.
        let scale =
            value["total_cost"].as_f64().expect("a number").abs().max(value["plan"].as_f64().expect("a number").abs());
        for (name, key, value) in expectations(value) {
            let want = value.as_f64().expect("a number");
            let (quantity, item, measure, level) = address(&name, &key);
            let got = figures.get(portfolio, &quantity, &item, &measure, &level).value;
            let money =
                !["unserved_hours", "longest_interruption", "hhi_vendor", "hhi_platform"].contains(&name.as_str());
            let bound = tolerance * if money { scale.max(want.abs()) } else { want.abs() } + 1e-9;
            if !((got - want).abs() <= bound) {
                wrong.push(format!("{portfolio} {name} {key}: {got}, expected {want}"));
            }
        }
    }
    wrong
}

fn check_stochastic(expected: &Value, results: &Results) -> Vec<String> {
    let figures = Figures::of(results);
    let mut wrong = Vec::new();
    for (portfolio, value) in expected["portfolios"].as_object().expect("a table") {
        for (name, key, value) in expectations(value) {
            let (quantity, item, measure, level) = address(&name, &key);
            let got = figures.get(portfolio, &quantity, &item, &measure, &level);
            let ok = if let Some(want) = value.as_f64() {
                // Some figures of trials stand without their error: the number of vendors is held to 3 %.
                (got.value - want).abs() <= if name == "effective_vendors" { 0.03 } else { 1e-9 } * want.abs() + 1e-9
            } else {
                agrees(&value, got)
            };
            if !ok {
                wrong.push(format!("{portfolio} {name} {key}: {got:?}, expected {value}"));
            }
        }
    }
    for (portfolio, value) in expected["paired"].as_object().into_iter().flatten() {
        for (field, quantity) in [("mean_difference", "difference"), ("p_cheaper", "p_cheaper")] {
            let got = figures.get(portfolio, quantity, "", "mean", "");
            if !agrees(&value[field], got) {
                wrong.push(format!("{portfolio} {quantity}: {got:?}, expected {}", value[field]));
            }
        }
    }
    wrong
}

fn agrees(want: &Value, got: Estimate) -> bool {
    let field = |name: &str| want[name].as_f64();
    let value = field("value").expect("a value");
    let error = got.std_error.unwrap_or(0.0);
    let close = |to: f64, error: f64| (got.value - to).abs() <= 4.0 * error + 1e-9 * to.abs() + 1e-9;
    let by_form = field("closed_form").is_none_or(|exact| close(exact, error));
    let by_sample = match (field("se"), field("lo"), field("hi")) {
        (Some(se), ..) => close(value, se.hypot(error)),
        (None, Some(lo), Some(hi)) => {
            got.lower.unwrap_or(got.value) <= hi + 1e-9 && lo <= got.upper.unwrap_or(got.value) + 1e-9
        }
        _ => true,
    };
    by_form && by_sample
}

pub fn cases(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(folder);
    let mut cases: Vec<PathBuf> = fs::read_dir(folder)
        .expect("a folder")
        .map(|e| e.expect("an entry").path())
        .filter(|p| p.extension().is_some_and(|e| e == "toml"))
        .collect();
    cases.sort();
    cases
}

fn check(case: &Path) -> Vec<String> {
    let text = fs::read_to_string(case).expect("a scenario");
    let expected: Value =
        serde_json::from_str(&fs::read_to_string(case.with_extension("expected.json")).expect("its numbers"))
            .expect("JSON");
    let wrong = if expected["kind"] == "exact" {
        check_exact(&expected, &run_text(&text, 1))
    } else {
        check_stochastic(&expected, &run_text(&text, 60_000))
    };
    wrong.into_iter().map(|w| format!("{}: {w}", case.file_name().expect("a name").to_string_lossy())).collect()
}

#[test]
fn every_case_comes_out() {
    let mut all = cases("");
    // Made by chance, with nothing left to chance in them: every rule meeting every other; first outages, prices, access
    // and migrations among themselves, then the whole model.
    all.extend(cases("random"));
    all.extend(cases("whole"));
    assert!(all.len() >= 128, "{all:?}");
    let wrong: Vec<String> = all.iter().flat_map(|c| check(c)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A chance that reaches beyond the horizon counts for what lies within.
#[test]
fn events_after_the_horizon_are_left_out() {
    let results = run_text(
        r#"
start = 2025-06-01
horizon = "730.5 h"
vendor.a = {}
service.s = { revenue = "$1k/h" }
risk.fee = { kind = "exclusivity", on = "a", arrivals = { once = { probability = 1.0, between = [2025-06-01, 2025-10-01] } }, suspends = "0 h", cost = "$1M" }
portfolio.p = { shares = { a = 1.0 } }
"#,
        20_000,
    );
    let loss = Figures::of(&results).get("p", "loss", "", "mean", "");
    let expected = 1e6 * 730.5 / (122.0 * 24.0);
    assert!((loss.value - expected).abs() < 4.0 * loss.std_error.expect("an error"), "{loss:?}, expected {expected}");
}
