//! The whole engine against a second opinion, on scenarios of any shape.

pub(crate) mod anything;
mod beyond;
mod charges;
mod hand;
mod second;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

use crate::plan::Plan;
use crate::results::Component;
use crate::scenario::{NoFiles, Scenario, read};
use crate::simulate::{Options, redraw, simulate};
use crate::world::World;
use anything::Allowed;

const TRIALS: u64 = 6;

/// How far both may be apart, as a part of what was summed.
const PRECISION: f64 = 1e-9;

pub(crate) const COMPONENTS: [Component; 10] = [
    Component::Interruption,
    Component::Churn,
    Component::Capability,
    Component::Market,
    Component::Spend,
    Component::Overhead,
    Component::Migration,
    Component::OneOff,
    Component::Stake,
    Component::Cover,
];

fn scenario(text: &str) -> Scenario {
    read("any.toml", text.as_bytes(), &NoFiles).unwrap_or_else(|problems| panic!("{problems}\n{text}")).scenario
}

/// Where the engine's total cost by component, charges by risk, and hours differ from the second opinion's.
fn differences(text: &str, spoil: f64) -> Vec<String> {
    let scenario = scenario(text);
    let plan = Plan::new(&scenario, scenario.seed);
    let options = Options { keep_components: true, ..Options::of(0..TRIALS) };
    let trials = simulate(&plan, &options, &|_| true).expect("not stopped");
    // It looks at every outage as an event.
    let apart = plan.clone().one_by_one();
    let mut world = World::default();
    let mut wrong = vec![];
    for trial in 0..TRIALS {
        world.draw(&apart, trial);
        let n = usize::try_from(trial).expect("small");
        for (p, engine) in trials.portfolios.iter().enumerate() {
            let second = second::judge(&scenario, &plan, p, &world, trial);
            let row = engine.rows.as_ref().expect("kept")[n];
            let mut hold = |what: String, got: f64, expected: f64, slack: f64| {
                if !((got - expected).abs() <= slack) {
                    wrong.push(format!("{what}, portfolio {p}, trial {trial}: {got}, expected {expected}"));
                }
            };
            for component in COMPONENTS {
                let planned = engine.plan[component as usize];
                let expected = second.components[component as usize] * spoil;
                let slack = PRECISION * (expected.abs() + planned.abs() + 1.0);
                hold(format!("{component:?}"), planned + row[component as usize], expected, slack);
            }
            let parts = &redraw(&plan, p, &[trial])[0];
            let of: f64 = engine.plan.iter().sum::<f64>().abs() + row.iter().map(|x| x.abs()).sum::<f64>() + 1.0;
            for (risk, (got, expected)) in parts.risks.iter().zip(second.by_risk(&plan, &world)).enumerate() {
                hold(format!("charge of risk {risk}"), *got, expected, PRECISION * of);
            }
            for (s, (hours, longest)) in engine.unserved_hours.iter().zip(&engine.longest_hours).enumerate() {
                hold(format!("unserved hours of service {s}"), hours[n], second.hours[s].0, 1e-7);
                hold(format!("longest interruption of service {s}"), longest[n], second.hours[s].1, 1e-7);
            }
        }
    }
    wrong
}

proptest! {
    #![proptest_config(Config { cases: 300, rng_seed: RngSeed::Fixed(20_250_601), failure_persistence: None, max_shrink_iters: 1_000, ..Config::default() })]

    #[test]
    fn a_second_opinion_agrees(tape in vec(any::<u16>(), 0..400)) {
        let text = anything::scenario(&tape, Allowed { money: 1.0, conditions: true, risks: true });
        let wrong = differences(&text, 1.0);
        prop_assert!(wrong.is_empty(), "{}\n{}", wrong.join("\n"), text);
    }
}

#[test]
fn a_second_opinion_can_differ() {
    let text = "name = \"x\"\nstart = 2025-06-01\nhorizon = \"1 year\"\n[vendor.a]\nprice = \"$1/call\"\n[service.s]\nrevenue = \"$1/h\"\nusage = \"1 call/h\"\n[portfolio.p]\nshares = { a = 1 }\n";
    assert!(differences(text, 1.0).is_empty());
    assert!(!differences(text, 1.0 + 1e-7).is_empty());
}
