//! Outages that are settled together, against the same settled one by one: every figure of every trial.

use std::fs;
use std::ops::Range;
use std::path::PathBuf;

use linchpin::scenario::{NoFiles, Risk, Scenario, Trigger, read};
use linchpin::simulate::{Moments, PortfolioTrials, Trials, simulate};
use linchpin::{Options, Plan};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngSeed, TestRunner};

use crate::anything::{self, Allowed};
use crate::examples::cases;
use crate::found::{Beside, shipped};

/// Hours down are counted in every so-manyth trial only: these are the ones that are run.
const EVERY: u64 = 32;

/// Four vendors of which two share a cloud; rare losses that last; portfolios that respond in every way.
const BASE: &str = r#"
start = 2025-06-01
horizon = "30 months"
[platform.cloud]
[platform.west]
[vendor.a]
runs_on = ["cloud"]
price = "$1/unit"
[vendor.b]
runs_on = ["cloud"]
price = "$2/unit"
[vendor.c]
runs_on = { any_of = ["cloud", "west"] }
price = "$3/unit"
[vendor.d]
price = "$1.5/unit"
[service.s]
revenue = "$50k/h"
usage = "1 Munit/month"
[service.t]
revenue = "$10k/h"
usage = "2 Munit/month"
tolerance = "20 min"
[risk.cloud-out]
kind = "outage"
on = "cloud"
arrivals = { per_year = 6 }
duration = { median = "3 h", sigma = 1.0 }
[risk.west-out]
kind = "outage"
on = "west"
arrivals = { per_year = 9, trend = "+30%" }
duration = { median = "5 h", sigma = 1.2 }
leaves = 0.25
[risk.a-out]
kind = "outage"
on = "a"
arrivals = { per_year = 24 }
duration = { median = "1.2 h", sigma = 1.1 }
[risk.b-out]
kind = "outage"
on = "b"
arrivals = { per_year = 20 }
duration = "2 h"
leaves = 0.4
[risk.cd-out]
kind = "outage"
on = ["c", "d"]
arrivals = { per_year = 12 }
duration = { median = "4 h", sigma = 1.5 }
[risk.d-brown]
kind = "outage"
on = "d"
arrivals = { per_year = 12 }
duration = "1 h to 9 h"
leaves = { uniform = [0, 0.9] }
[risk.a-lost]
kind = "exclusivity"
on = "a"
arrivals = { per_year = 0.4 }
notice = "3 days"
suspends = "10 days to 90 days"
[risk.d-lost]
kind = "exclusivity"
on = "d"
arrivals = { per_year = 0.4 }
suspends = "permanent"
[risk.west-half]
kind = "outage"
on = "west"
arrivals = { per_year = 0.5 }
duration = "20 days to 50 days"
leaves = 0.5
[risk.price]
kind = "pricing"
on = "b"
path = { drift = "-10%", volatility = 0.3 }
arrivals = { per_year = 1 }
price_change = "+5% to +40%"
[portfolio.single]
baseline = true
shares = { a = 1.0 }
migration = { to = ["b"], patience = "14 days", takes = "20 days to 80 days", costs = "$2M" }
[portfolio.two]
shares.s = { a = 0.6, b = 0.4 }
shares.t = { a = 0.2, d = 0.8 }
failover = { detect = "10 min", headroom = 0.6 }
standby = { c = { capacity = 0.2, starts = "1 h", costs = "$1k/month" } }
migration = { patience = "14 days", takes = "20 days to 80 days", costs = "$2M" }
[portfolio.four]
shares = { a = 0.4, b = 0.3, c = 0.2, d = 0.1 }
failover = { detect = "10 min", headroom = 0.7, order = ["d", "c", "b", "a"] }
migration = { patience = "14 days", takes = "20 days to 80 days", costs = "$2M" }
[portfolio.stay]
shares = { a = 0.4, b = 0.3, c = 0.2, d = 0.1 }
failover = { detect = "2 h", headroom = 0.1 }
"#;

fn scenario(text: &str) -> Scenario {
    read("one.toml", text.as_bytes(), &NoFiles).unwrap_or_else(|p| panic!("{p}\n{text}")).scenario
}

/// A name, figures, and what they are parts of.
type List = (&'static str, Vec<f64>, f64);

fn means(list: &[Moments]) -> Vec<f64> {
    list.iter().map(Moments::mean).collect()
}

/// Every figure of a portfolio. Of one trial, means are that trial's.
fn figures(p: &PortfolioTrials) -> Vec<List> {
    let rows = p.rows.as_ref().expect("kept").concat();
    let money = p.plan.iter().chain(&rows).map(|x| x.abs()).sum::<f64>();
    vec![
        ("loss", p.loss.clone(), money),
        ("component", rows, money),
        ("AEP", p.aep.clone(), money),
        ("OEP", p.oep.clone(), money),
        ("risk", means(&p.all.risks), money),
        ("node", means(&p.all.nodes), money),
        ("service", means(&p.all.services), money),
        ("month", means(&p.all.months), money),
        ("year", means(&p.all.years), money),
        ("hours down", means(&p.all.down), 1e3),
        ("unserved hours", p.unserved_hours.concat(), 1e2),
        ("longest interruption", p.longest_hours.concat(), 1e2),
    ]
}

/// What happens whatever the portfolio.
fn observed(trials: &Trials) -> Vec<List> {
    let all = &trials.observed;
    vec![
        ("events", means(&all.events), 1e2),
        ("outcomes", means(&all.outcomes), 1e2),
        ("sizes", means(&all.sizes), 1e3),
        ("hours of a rare risk", means(&all.hours_by_rare_risk), 1e3),
        ("hours of a risk", means(&all.hours_by_risk), 1e3),
        ("hours of a node", means(&all.hours_by_node), 1e3),
    ]
}

/// Whether any figure of so many trials differs at all, as roundings do wherever outages are settled together.
///
/// # Errors
///
/// Where one differs by more.
fn settles_together(scenario: &Scenario, seed: u64, trials: u64) -> Result<bool, String> {
    let plan = Plan::new(scenario, seed);
    let plans = [plan.clone(), plan.one_by_one()];
    let mut differs = false;
    for trial in (0..trials).map(|k| k * EVERY) {
        // One at a time, so that what is only summed shows too.
        let options = Options { keep_components: true, ..Options::of(trial..trial + 1) };
        let run = |plan| simulate(plan, &options, &|_| true).expect("not stopped");
        let [together, apart] = plans.each_ref().map(run);
        for (p, (ours, theirs)) in together.portfolios.iter().zip(&apart.portfolios).enumerate() {
            let told = |what: String| format!("trial {trial}, portfolio {p}, {what}");
            differs |= differ(figures(ours), figures(theirs)).map_err(told)?;
        }
        differs |= differ(observed(&together), observed(&apart)).map_err(|what| format!("trial {trial}, {what}"))?;
    }
    forgets(&plans[0], 23..24)?;
    Ok(differs)
}

/// Holds trials that come after all others to the same trials alone, bit by bit: what an engine keeps leaves no trace.
fn forgets(plan: &Plan, trials: Range<u64>) -> Result<(), String> {
    let of = |range| {
        let options = Options { keep_components: true, ..Options::of(range) };
        simulate(plan, &options, &|_| true).expect("not stopped")
    };
    let kept = |p: &PortfolioTrials| -> Vec<(&str, Vec<f64>)> {
        let components = p.rows.as_ref().expect("kept").concat();
        let rows = [("loss", &p.loss), ("AEP", &p.aep), ("OEP", &p.oep), ("component", &components)]
            .map(|(w, r)| (w, r.clone()));
        let hours = p.unserved_hours.iter().map(|h| ("unserved hours", h.clone()));
        rows.into_iter()
            .chain(hours)
            .chain(p.longest_hours.iter().map(|h| ("longest interruption", h.clone())))
            .collect()
    };
    let after: Vec<_> = of(0..trials.end).portfolios;
    let after: Vec<_> = after.iter().map(kept).collect();
    for trial in trials {
        for (p, (after, alone)) in after.iter().zip(&of(trial..trial + 1).portfolios).enumerate() {
            for ((what, after), (_, alone)) in after.iter().zip(kept(alone)) {
                let n = alone.len();
                let there = &after[usize::try_from(trial).expect("few") * n..][..n];
                if there.iter().zip(&alone).any(|(a, b)| a.to_bits() != b.to_bits()) {
                    return Err(format!("portfolio {p}: {what} of trial {trial} depends on those before"));
                }
            }
        }
    }
    Ok(())
}

fn differ(ours: Vec<List>, theirs: Vec<List>) -> Result<bool, String> {
    let mut differs = false;
    for ((what, ours, scale), (_, theirs, _)) in ours.into_iter().zip(theirs) {
        assert_eq!(ours.len(), theirs.len(), "{what}");
        for (n, (one, other)) in ours.iter().zip(&theirs).enumerate() {
            if !((one - other).abs() <= 1e-11 * scale + 1e-9 * other.abs()) {
                return Err(format!("{what} {n}: {one}, one by one {other}"));
            }
            differs |= one.to_bits() != other.to_bits();
        }
    }
    Ok(differs)
}

#[track_caller]
fn assert_same(text: &str) {
    let scenario = scenario(text);
    let together = settles_together(&scenario, scenario.seed, 100).unwrap_or_else(|wrong| panic!("{wrong}\n{text}"));
    assert!(together, "nothing is settled together\n{text}");
    forgets(&Plan::new(&scenario, scenario.seed), 300..500).unwrap_or_else(|wrong| panic!("{wrong}\n{text}"));
}

#[test]
fn variants_of_one_scenario() {
    assert_same(BASE);
    let with = |from: &str, to: &str| {
        assert!(BASE.contains(from), "{from}");
        assert_same(&BASE.replace(from, to));
    };
    with(
        "revenue = \"$50k/h\"",
        "revenue = \"$50k/h\"\ngrowth = \"+40%\"\ncalendar = { hour = [1,1,1,1,1,1,2,3,4,5,6,6,6,6,6,6,5,4,3,2,1,1,1,1] }",
    );
    with("horizon", "discount_rate = 0.08\nhorizon");
    with("headroom = 0.7", "headroom = 0.7, works = 0.8");
    with(
        "tolerance = \"20 min\"",
        "tolerance = \"5 h\"\nchurn = { after = \"9 h\", loses = \"1%\", returns = \"9 months\" }",
    );
    with(
        "[portfolio.single]",
        "[cover.all]\nwaiting = \"6 h\"\npays = 0.5\npremium = \"$1k/year\"\n[portfolio.single]\ncovers = [\"all\"]",
    );
    with(
        "[risk.price]",
        "[risk.leaks]\nkind = \"breach\"\non = \"c\"\narrivals = { per_year = 0.7 }\nrevenue_change = { s = \"-9%\" }\nfor = \"90 days\"\nover = \"30 days\"\n[risk.price]",
    );
    with("detect = \"10 min\"", "detect = \"0 s\"");
    // What is not bought is worth more than what is not sold: a longer outage costs less.
    assert_same(&BASE.replace("$50k/h", "$1/h").replace("$10k/h", "$2/h"));
    with("starts = \"1 h\"", "starts = \"2 days\"");
    // What is lost of one vendor goes to five others.
    with(
        "[risk.price]",
        "[vendor.e]\nprice = \"$2/unit\"\n[vendor.f]\nprice = \"$1/unit\"\n[portfolio.six]\nshares = { a = 0.4, b = 0.2, c = 0.1, d = 0.1, e = 0.1, f = 0.1 }\nfailover = { detect = \"10 min\", headroom = 0.7 }\n[risk.price]",
    );
}

/// An outage without length is an event that costs nothing; in a year of gains that is the most.
#[test]
fn outages_without_length() {
    let outage = |name: &str, per_year: f64, duration: &str| {
        format!(
            "[risk.{name}]\nkind = \"outage\"\non = \"a\"\narrivals = {{ per_year = {per_year} }}\nduration = {duration}\n"
        )
    };
    let outages = outage("none", 3.0, "\"0 h\"") + &outage("some", 1.0, "{ values = [\"0 h\", \"9 h\"] }");
    let scenario = scenario(&format!(
        "start = 2025-06-01\nhorizon = \"3 years\"\n[vendor.a]\nprice = \"$1/call\"\n[service.s]\nrevenue = \"$9/h\"\nusage = \"9 call/h\"\n{outages}[risk.cut]\nkind = \"pricing\"\non = \"a\"\narrivals = {{ per_year = 2 }}\nprice_change = \"-50%\"\n[portfolio.p]\nshares = {{ a = 1 }}\n"
    ));
    settles_together(&scenario, scenario.seed, 100).unwrap_or_else(|wrong| panic!("{wrong}"));
}

/// Outages about which nothing is special, for any scenario.
const OUTAGES: &str = r#"
start = 2025-06-01
horizon = "1 year"
vendor.a = {}
service.s = { revenue = "$1/h" }
portfolio.p = { shares = { a = 1 } }
risk.more-1 = { kind = "outage", on = "a", arrivals = { per_year = 24 }, duration = { median = "2 h", sigma = 1.2 } }
risk.more-2 = { kind = "outage", on = "a", arrivals = { per_year = 9, trend = "+30%" }, duration = "20 h", leaves = 0.4 }
risk.more-3 = { kind = "outage", on = "a", arrivals = { per_year = 15 }, duration = "10 min to 40 h" }
risk.more-4 = { kind = "outage", on = "a", arrivals = { per_year = 40 }, duration = { uniform = ["0 h", "9 h"] }, leaves = 0.25 }
"#;

/// The same without what makes every outage an event of its own, and with more of which none is, on some of its nodes.
fn eased(scenario: &Scenario, seed: u64) -> Scenario {
    let mut eased = scenario.clone();
    for service in &mut eased.services {
        service.sensitivity = 0.0;
        if seed.is_multiple_of(3) {
            // So little that what is not bought may be worth more: then a longer outage costs less.
            service.revenue_per_hour /= 1e4;
        }
    }
    for portfolio in &mut eased.portfolios {
        if let Some(failover) = portfolio.failover.as_mut().filter(|_| seed.is_multiple_of(2)) {
            // Where it may not work, outages that touch each other are settled one by one.
            failover.works = 1.0;
        }
        portfolio.playbook.retain(|play| !matches!(play.trigger, Trigger::DownHoursAbove(_)));
        for contract in &mut portfolio.contracts {
            (contract.commitment_per_year, contract.sla, contract.rebates) = (None, vec![], vec![]);
        }
    }
    let (n, turn) = (eased.nodes.len(), usize::try_from(seed % 97).expect("small"));
    let outages = self::scenario(OUTAGES).risks.into_iter().enumerate();
    eased.risks.extend(outages.map(|(k, risk)| {
        let node = (turn + k) % n;
        // The second strikes two at once.
        let on = if k == 1 && node > 0 { vec![0, node] } else { vec![node] };
        Risk { on, ..risk }
    }));
    eased
}

/// Holds scenarios as they are, and eased, to the same settled one by one. Says in how many of each anything is settled together.
#[track_caller]
fn hold(scenarios: &[(String, Scenario)], trials: u64) -> [usize; 2] {
    let mut wrong = vec![];
    let mut together = [0; 2];
    for (seed, (name, scenario)) in (1..).zip(scenarios) {
        for (k, scenario) in [scenario, &eased(scenario, seed)].into_iter().enumerate() {
            match settles_together(scenario, seed, trials) {
                Ok(differs) => together[k] += usize::from(differs),
                Err(why) => wrong.push(format!("{why}\n{}{name}", ["", "eased: "][k])),
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), 2 * scenarios.len(), wrong.join("\n"));
    together
}

#[test]
fn shipped_scenarios() {
    let read = |(file, path): (String, PathBuf)| {
        let text = fs::read(&path).expect("a scenario");
        let read = read(&file, &text, &Beside(&path)).unwrap_or_else(|wrong| panic!("{wrong}"));
        (file, read.scenario)
    };
    let all: Vec<(String, Scenario)> = shipped().into_iter().map(read).collect();
    let [shipped, eased] = hold(&all, 30);
    assert!(shipped >= 8 && eased == all.len(), "{shipped} and {eased} of {}", all.len());
}

#[test]
fn cases_whose_numbers_were_worked_out_elsewhere() {
    let read = |path: PathBuf| (path.display().to_string(), scenario(&fs::read_to_string(path).expect("a scenario")));
    let all: Vec<(String, Scenario)> = ["", "random", "whole"].into_iter().flat_map(cases).map(read).collect();
    let [cases, eased] = hold(&all, 10);
    assert!(cases >= 1 && eased >= all.len() * 9 / 10, "{cases} and {eased} of {}", all.len());
}

#[test]
fn scenarios_of_any_shape() {
    let config = Config { rng_seed: RngSeed::Fixed(20_261_126), failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new(config);
    let mut any = || {
        let tape = vec(any::<u16>(), 0..400).new_tree(&mut runner).expect("a tape").current();
        let text = anything::scenario(&tape, Allowed { money: 1.0, conditions: true, risks: true });
        let scenario = scenario(&text);
        (text, scenario)
    };
    let all: Vec<(String, Scenario)> = (0..400).map(|_| any()).collect();
    let [_, eased] = hold(&all, 20);
    assert!(eased >= all.len() * 9 / 10, "{eased} of {}", all.len());
}
