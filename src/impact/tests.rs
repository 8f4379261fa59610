//! The whole engine against a second opinion, on scenarios of any shape.

mod anything;
mod second;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

use crate::plan::Plan;
use crate::results::Component;
use crate::scenario::{NoFiles, Scenario, read};
use crate::simulate::{Options, simulate};
use crate::world::World;
use anything::Allowed;

const TRIALS: u64 = 6;

fn scenario(text: &str) -> Scenario {
    read("any.toml", text.as_bytes(), &NoFiles).unwrap_or_else(|problems| panic!("{problems}\n{text}")).scenario
}

/// The engine's total cost by component, and hours, are those of the second opinion.
fn assert_agrees(text: &str, spoil: f64) -> Result<(), String> {
    let scenario = scenario(text);
    let plan = Plan::new(&scenario, scenario.seed);
    let options = Options { trials: 0..TRIALS, keep_components: true };
    let trials = simulate(&plan, &options, &|_| true).expect("not stopped");
    let mut world = World::default();
    for trial in 0..TRIALS {
        world.draw(&plan, trial);
        for (p, engine) in trials.portfolios.iter().enumerate() {
            let second = second::judge(&scenario, &plan, p, &world, trial);
            let n = usize::try_from(trial).expect("small");
            let rows = engine.rows.as_ref().expect("kept");
            // Where a change of revenue is reached bit by bit, the engine takes an hour of a weekly profile for flat: growth
            // of 3e-5 an hour, on a weight that rises from 0, is 5e-6 of the first hour at worst.
            for (component, name, precision) in [
                (Component::Interruption, "interruption", 5e-6),
                (Component::Market, "market", 5e-6),
                (Component::Spend, "spend", 1e-9),
                (Component::Migration, "migration", 1e-9),
                (Component::OneOff, "one-off", 1e-9),
            ] {
                let precision = if text.contains("over =") { precision } else { 1e-9 };
                let got = engine.plan[component as usize] + rows[n][component as usize];
                let expected = second.components[component as usize] * spoil;
                if !((got - expected).abs()
                    <= precision * (expected.abs() + engine.plan[component as usize].abs() + 1.0))
                {
                    return Err(format!(
                        "{name} of portfolio {p} in trial {trial}: {got}, expected {expected}\n{text}"
                    ));
                }
            }
            for (s, (hours, longest)) in engine.unserved_hours.iter().zip(&engine.longest_hours).enumerate() {
                let got = (hours[n], longest[n]);
                let expected = second.hours[s];
                if !((got.0 - expected.0).abs() <= 1e-7 && (got.1 - expected.1).abs() <= 1e-7) {
                    return Err(format!(
                        "hours of service {s}, portfolio {p}, trial {trial}: {got:?}, expected {expected:?}\n{text}"
                    ));
                }
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(Config { cases: 500, rng_seed: RngSeed::Fixed(20_250_601), failure_persistence: None, max_shrink_iters: 1_000, ..Config::default() })]

    #[test]
    fn a_second_opinion_agrees(tape in vec(any::<u16>(), 0..260)) {
        let text = anything::scenario(&tape, Allowed { money: 1.0, conditions: true, risks: true });
        let verdict = assert_agrees(&text, 1.0);
        prop_assert!(verdict.is_ok(), "{}", verdict.unwrap_err());
    }
}

#[test]
fn a_second_opinion_can_differ() {
    let text = "name = \"x\"\nstart = 2025-06-01\nhorizon = \"1 year\"\n[vendor.a]\nprice = \"$1/call\"\n[service.s]\nrevenue = \"$1/h\"\nusage = \"1 call/h\"\n[portfolio.p]\nshares = { a = 1 }\n";
    assert!(assert_agrees(text, 1.0).is_ok());
    assert!(assert_agrees(text, 1.0 + 1e-7).is_err());
}
