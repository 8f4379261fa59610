//! What `study::value` says of a choice, against two runs of scenarios that differ in it as somebody would edit them.

use linchpin::Options;
use linchpin::results::Results;
use linchpin::scenario::{NoFiles, read};
use linchpin::study::value::{Worth, value};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};
use toml::{Table, Value};

use crate::anything::{self, Allowed};

const N: u64 = 30;

fn run(text: &str) -> Results {
    let read = read("edited.toml", text.as_bytes(), &NoFiles).unwrap_or_else(|problems| panic!("{problems}\n{text}"));
    linchpin::run(&read.scenario, &Options::of(0..N), &|_| true).expect("not stopped")
}

fn worth(text: &str) -> Vec<Worth> {
    let read = read("case.toml", text.as_bytes(), &NoFiles).unwrap_or_else(|problems| panic!("{problems}\n{text}"));
    value(&read.scenario, N, &|_| true).expect("not stopped")
}

/// The file with a portfolio changed by hand as the name of a choice says.
fn without(file: &Table, portfolio: usize, choice: &str) -> Table {
    let mut file = file.clone();
    let contracts = file.get("contract").cloned();
    let vendors: Vec<String> = file["vendor"].as_table().expect("vendors").keys().cloned().collect();
    let all = file["portfolio"].as_table_mut().expect("portfolios");
    let id = all.keys().nth(portfolio).expect("a portfolio").clone();
    let ours = all[&id].as_table_mut().expect("a table");
    let (what, of) = choice.split_once(' ').unwrap_or((choice, ""));
    match what {
        "failover" => drop(ours.remove("failover").expect("is there")),
        "migration" => drop(ours.remove("migration").expect("is there")),
        "standby" => {
            let standbys = ours["standby"].as_table_mut().expect("a table");
            standbys.remove(of).expect("is there");
        }
        "cover" => {
            let covers = ours["covers"].as_array_mut().expect("a list");
            let before = covers.len();
            covers.retain(|cover| cover.as_str() != Some(of));
            assert_eq!(covers.len() + 1, before, "{choice}");
        }
        "playbook" => {
            let n: usize = of.split(' ').nth(1).and_then(|n| n.parse().ok()).expect("a number");
            ours["playbook"].as_array_mut().expect("a list").remove(n - 1);
        }
        "price" | "sla" | "rebates" => {
            let vendor = of.trim_start_matches("cap ");
            let key = if what == "price" { "price_cap" } else { what };
            let own = ours.get("contract").and_then(|own| own.get(vendor)).cloned();
            let mut terms = own.or_else(|| contracts.as_ref()?.get(vendor).cloned()).expect("a contract");
            terms.as_table_mut().expect("a table").remove(key).expect("is there");
            let own = ours.entry("contract").or_insert_with(|| Value::Table(Table::new()));
            own.as_table_mut().expect("a table").insert(vendor.to_owned(), terms);
        }
        "share" => {
            let vendor = of.trim_start_matches("of ");
            assert!(vendors.iter().any(|v| v == vendor), "{choice}");
            let shares = ours["shares"].as_table_mut().expect("a table");
            if shares.values().all(Value::is_table) {
                shares.iter_mut().for_each(|(_, own)| moved(own.as_table_mut().expect("a table"), vendor));
            } else {
                moved(shares, vendor);
            }
        }
        _ => panic!("no such choice: {choice}"),
    }
    file
}

/// The share of a vendor given to the largest, the first of equals.
fn moved(shares: &mut Table, vendor: &str) {
    let size = |share: &Value| share.as_float().or_else(|| Some(share.as_integer()? as f64)).expect("a number");
    let mut largest = ("", f64::NEG_INFINITY);
    for (name, share) in shares.iter() {
        if size(share) > largest.1 {
            largest = (name, size(share));
        }
    }
    let (largest, most) = (largest.0.to_owned(), largest.1);
    if largest != vendor
        && let Some(share) = shares.remove(vendor)
    {
        shares.insert(largest, Value::Float(most + size(&share)));
    }
}

/// Every choice of every portfolio is worth what two runs by hand differ by; the choices are those that `file` has.
fn assert_worth_is_the_difference(text: &str) {
    let file: Table = text.parse().expect("TOML");
    let (all, with) = (worth(text), run(text));
    for worth in &all {
        let edited = toml::to_string(&without(&file, worth.portfolio, &worth.choice)).expect("TOML");
        let without = run(&edited);
        let [ours, other] = [&with, &without].map(|results| &results.headlines[worth.portfolio]);
        let size = ours.plan.abs() + other.plan.abs() + ours.mean_loss.value.abs() + other.mean_loss.value.abs();
        let saves = other.mean_total_cost.value - ours.mean_total_cost.value;
        let close = |a: f64, b: f64, of: f64| (a - b).abs() <= 1e-9 * of + 1e-6;
        assert!(
            close(worth.saves.value, saves, size),
            "{}: {}, by hand {saves}\n{text}",
            worth.choice,
            worth.saves.value
        );
        let tail = |h: &linchpin::results::Headline| h.plan + h.tvar_99.value;
        let cuts = tail(other) - tail(ours);
        let size = size + ours.tvar_99.value.abs() + other.tvar_99.value.abs();
        assert!(close(worth.cuts.value, cuts, size), "{}: {}, by hand {cuts}\n{text}", worth.choice, worth.cuts.value);
    }
    for (p, (id, portfolio)) in file["portfolio"].as_table().expect("portfolios").iter().enumerate() {
        let has = |begin: &str| all.iter().filter(|w| w.portfolio == p && w.choice.starts_with(begin)).count();
        let n = |key: &str| match portfolio.get(key) {
            None => 0,
            Some(Value::Array(list)) => list.len(),
            Some(Value::Table(table)) if key == "standby" => table.len(),
            Some(_) => 1,
        };
        for (begin, key) in [
            ("failover", "failover"),
            ("migration plan", "migration"),
            ("standby ", "standby"),
            ("playbook entry ", "playbook"),
            ("cover ", "covers"),
        ] {
            assert_eq!(has(begin), n(key), "{begin} of {id}\n{text}");
        }
    }
}

proptest! {
    #![proptest_config(Config { cases: 40, rng_seed: RngSeed::Fixed(4), failure_persistence: None, ..Config::default() })]

    #[test]
    fn a_choice_is_worth_what_two_runs_differ_by(tape in vec(any::<u16>(), 40..400)) {
        let allowed = Allowed { money: 1.0, conditions: true, risks: true };
        assert_worth_is_the_difference(&anything::scenario(&tape, allowed));
    }
}

/// Something of every choice, and nothing that ever happens.
const NOTHING_HAPPENS: &str = r#"
start = 2026-01-01
horizon = "2 years"
vendor.a = { price = "$4/call" }
vendor.b = { price = "$4/call" }
vendor.c = { price = "$4/call" }
service.s = { revenue = "$1k/h", usage = "10 call/h" }
contract.a = { price_cap = "+10%", sla = [{ below = 0.99, credit = "10%" }], rebates = [{ above = "$900M/year", off = "10%" }] }
cover.bi = { waiting = "8 h", premium = "$3/h" }

[portfolio.p]
shares = { a = 0.6, b = 0.4 }
failover = { detect = "5 min", headroom = 0.5 }
standby.c = { capacity = 0.3, starts = "2 h", costs = "$2/h" }
migration = { patience = "30 days", takes = "20 days", costs = "$1M" }
covers = ["bi"]
playbook = [{ when = { vendor = "a", price_above = "+40%" }, shares = { b = 1 }, takes = "2 months", costs = "$3M" }]
"#;

#[test]
fn what_is_never_used_is_worth_minus_its_price() {
    let expected = [
        ("failover", 0.0),
        ("standby c", -2.0 * 17_532.0),
        ("migration plan", 0.0),
        ("price cap a", 0.0),
        ("sla a", 0.0),
        ("rebates a", 0.0),
        ("cover bi", -3.0 * 17_532.0),
        ("playbook entry 1 (a)", 0.0),
        ("share of b", 0.0),
    ];
    let all = worth(NOTHING_HAPPENS);
    let choices: Vec<&str> = all.iter().map(|worth| worth.choice.as_str()).collect();
    assert_eq!(choices, expected.map(|(choice, _)| choice));
    for (worth, (choice, amount)) in all.iter().zip(expected) {
        for figure in [worth.saves, worth.cuts] {
            assert!((figure.value - amount).abs() < 1e-6, "{choice}: {figure:?}, expected {amount}");
            assert!(figure.std_error.unwrap_or(0.0) < 1e-9, "{choice}: {figure:?}");
        }
    }
    assert_worth_is_the_difference(NOTHING_HAPPENS);
}
