use super::*;
use crate::impact::tests::{COMPONENTS, anything};
use crate::results::COMPONENTS as NAMES;
use crate::scenario::{NoFiles, read};
use crate::simulate::{Options, redraw, simulate};
use anything::Allowed;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

/// Where the journal of any portfolio in the first trials does not sum to what the run says.
fn differences(text: &str, trials: u64) -> Vec<String> {
    let scenario = read("any.toml", text.as_bytes(), &NoFiles).unwrap_or_else(|p| panic!("{p}\n{text}")).scenario;
    let plan = Plan::new(&scenario, scenario.seed);
    let options = Options { keep_components: true, ..Options::of(0..trials) };
    let run = simulate(&plan, &options, &|_| true).expect("not stopped");
    let mut wrong = vec![];
    for (p, kept) in run.portfolios.iter().enumerate() {
        for trial in 0..trials {
            let n = usize::try_from(trial).expect("small");
            let trace = trace(&scenario, &plan, p, trial);
            let size = trace.plan.abs() + trace.journal.iter().map(|e| e.amount.abs()).sum::<f64>() + 1.0;
            let mut hold = |what: String, got: f64, expected: f64| {
                if !((got - expected).abs() <= 1e-9 * size) {
                    wrong.push(format!("{what}, portfolio {p}, trial {trial}: {got}, expected {expected}"));
                }
            };
            hold("loss".into(), trace.journal.iter().map(|e| e.amount).sum(), kept.loss[n]);
            let row = kept.rows.as_ref().expect("kept")[n];
            let components = trace.components();
            for component in COMPONENTS {
                let c = component as usize;
                hold(NAMES[c].into(), components[c], row[c]);
            }
            let parts = &redraw(&plan, p, &[trial])[0];
            let mut risks = vec![0.0; plan.risks.len()];
            let mut services = vec![0.0; scenario.services.len() + 1];
            for e in &trace.journal {
                let risk = match e.cause {
                    Cause::Event(i) => trace.events[i].risk,
                    Cause::Path(i) => trace.paths[i].risk,
                };
                risks[risk] += e.amount;
                services[e.service.unwrap_or(scenario.services.len())] += e.amount;
            }
            risks.iter().zip(&parts.risks).for_each(|(got, expected)| hold("a risk".into(), *got, *expected));
            services.iter().zip(&parts.services).for_each(|(got, expected)| hold("a service".into(), *got, *expected));
            for (s, hours) in kept.unserved_hours.iter().enumerate() {
                let by_event: f64 = trace.events.iter().map(|e| e.unserved_hours[s]).sum();
                let traffic = &trace.traffic[s];
                let by_traffic: f64 = traffic.iter().map(|t| t.unserved * (t.to_hours - t.from_hours)).sum();
                hold("unserved by event".into(), by_event, hours[n]);
                hold("unserved by traffic".into(), by_traffic, hours[n]);
                let ends = traffic.iter().map(|t| t.to_hours);
                let begins = traffic.iter().map(|t| t.from_hours).skip(1).chain([plan.clock.horizon]);
                ends.zip(begins).for_each(|(end, begin)| hold("a gap in the traffic".into(), begin - end, 0.0));
                for t in traffic {
                    hold("all traffic".into(), t.unserved + t.by_vendor.iter().sum::<f64>(), 1.0);
                }
            }
            for e in &trace.journal {
                let month = plan.clock.month(e.from_hours);
                let (a, b) = (plan.clock.months[month], plan.clock.months[month + 1]);
                let within = e.from_hours <= e.to_hours && e.from_hours >= a && e.to_hours <= b;
                hold(format!("within a month: {e:?}"), if within { 0.0 } else { f64::NAN }, 0.0);
            }
            let by_month: Vec<f64> = month_sums(&plan, &trace);
            let first = replay(&plan, p, trial, |v| v.ledger.months.clone());
            by_month.iter().zip(&first).for_each(|(got, expected)| hold("a month".into(), *got, *expected));
        }
    }
    wrong
}

/// What is due at the end of a month is of that month.
fn month_sums(plan: &Plan, trace: &Trace) -> Vec<f64> {
    let mut sums = vec![0.0; plan.clock.n_months()];
    for e in &trace.journal {
        let settles = e.component == Component::Spend && e.service.is_none();
        let month = plan.clock.month(e.from_hours);
        let at_end = settles && e.from_hours > 0.0 && e.from_hours == plan.clock.months[month];
        sums[if at_end { month - 1 } else { month }] += e.amount;
    }
    sums
}

proptest! {
    #![proptest_config(Config { cases: 150, rng_seed: RngSeed::Fixed(20_250_601), failure_persistence: None, max_shrink_iters: 500, ..Config::default() })]

    #[test]
    fn the_journal_sums_to_the_books(tape in vec(any::<u16>(), 0..400)) {
        let text = anything::scenario(&tape, Allowed { money: 1.0, conditions: true, risks: true });
        let wrong = differences(&text, 3);
        prop_assert!(wrong.is_empty(), "{}\n{}", wrong.join("\n"), text);
    }
}

#[test]
fn the_journal_of_every_case_sums_to_its_books() {
    let mut n = 0;
    for folder in ["tests/cases", "tests/cases/random", "tests/cases/whole"] {
        for file in std::fs::read_dir(folder).expect("cases").map(|f| f.expect("file").path()) {
            if file.extension().is_some_and(|e| e == "toml") {
                let text = std::fs::read_to_string(&file).expect("text");
                let wrong = differences(&text, 2);
                assert!(wrong.is_empty(), "{}: {}", file.display(), wrong.join("\n"));
                n += 1;
            }
        }
    }
    assert!(n > 40, "{n} cases");
}

#[test]
fn a_trial_is_told_as_it_was() {
    let text = r#"
        start = 2026-01-01
        horizon = "3 months"
        vendor.a = { price = "$1/call" }
        vendor.b = { price = "$3/call" }
        service.s = { revenue = "$1k/h", usage = "10 call/h" }
        risk.down = { kind = "outage", on = "a", arrivals = { at = [2026-01-11] }, duration = "10 h" }
        risk.cut = { kind = "exclusivity", on = "a", arrivals = { at = [2026-02-01] }, notice = "10 days", suspends = "permanent" }
        portfolio.p = { shares = { a = 0.6, b = 0.4 }, failover = { detect = "2 h", headroom = 1 }, migration = { patience = "5 days", takes = "4 days", costs = "$1000" } }
    "#;
    let scenario = read("told.toml", text.as_bytes(), &NoFiles).unwrap_or_else(|p| panic!("{p}")).scenario;
    let trace = trace(&scenario, &Plan::new(&scenario, 1), 0, 0);
    let (down, cut) = (240.0, 31.0 * 24.0);
    assert_eq!(trace.events.iter().map(|e| (e.risk, e.at_hours)).collect::<Vec<_>>(), [(0, down), (1, cut)]);
    assert_eq!(trace.events[0].effects[0].what, What::Outage { leaves: 0.0 });
    assert_eq!(trace.events[0].moved, [(0, 1, 0.4)]);
    assert!((trace.events[0].unserved_hours[0] - (0.6 * 2.0 + 0.2 * 8.0)).abs() < 1e-9);
    let told = |t: &Served| (t.from_hours, t.to_hours, t.by_vendor.clone());
    assert_eq!(
        trace.traffic[0].iter().take(4).map(told).collect::<Vec<_>>(),
        [
            (0.0, down, vec![0.6, 0.4]),
            (down, down + 2.0, vec![0.0, 0.4]),
            (down + 2.0, down + 10.0, vec![0.0, 0.8]),
            (down + 10.0, cut + 96.0, vec![0.6, 0.4]),
        ]
    );
    let actions: Vec<_> = trace.decisions.iter().map(|d| (d.at_hours, d.action.clone())).collect();
    assert_eq!(actions[0], (cut, Action::MigrationBegins { vendor: 0, share: 0.6 }));
    assert_eq!(actions[1], (cut + 96.0, Action::SharesMove(vec![(0, -0.6), (1, 0.6)])));
    assert_eq!(actions[2], (cut + 96.0, Action::Exit { vendor: 0 }));
    // Two hours of 60 % and eight of 20 % at $1k; a's bill falls by 6 $ an hour for ten, b's rises by 12 for eight.
    let charged = trace.charged(Cause::Event(0));
    assert!((charged[Component::Interruption as usize] - 2800.0).abs() < 1e-6);
    assert!((charged[Component::Spend as usize] - (8.0 * 12.0 - 60.0)).abs() < 1e-6);
    let on_b: f64 = trace.journal.iter().filter(|e| e.vendor == Some(1) && e.to_hours <= 300.0).map(|e| e.amount).sum();
    assert!((on_b - 96.0).abs() < 1e-6);
    assert!((trace.charged(Cause::Event(1))[Component::Migration as usize] - 600.0).abs() < 1e-6);
    // Two hours after the beginning $1,200 are lost, and $12 not billed.
    let cumulated = trace.cumulated(&[down, down + 2.0, 2191.5]);
    assert!(cumulated[0].abs() < 1e-9 && (cumulated[1] - 1188.0).abs() < 1e-6, "{cumulated:?}");
    assert!((cumulated[2] - trace.loss).abs() < 1e-6);
}
