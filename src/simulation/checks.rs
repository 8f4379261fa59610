//! Checks of a run: sound ones pass, and faults planted in the plan or in the expectations are found.

use std::fs;
use std::path::Path;

use crate::chance::law::Law;
use crate::chance::poisson::Poisson;
use crate::measure::checks::{Expected, checks};
use crate::plan::Plan;
use crate::plan::risk::{ArrivalsPlan, LengthPlan};
use crate::results::{Check, Checked};
use crate::scenario::{FileError, Files, NoFiles, Scenario, read};
use crate::simulate::{Options, simulate};
use crate::study::digest::expected;

/// Plain outages, others under a condition, a suit with two stages, a renewal, dates; causes whose numbers are exact; a risk on
/// two nodes.
const TEXT: &str = r#"
start = 2025-06-01
horizon = "2 years"
discount_rate = 0.05
[platform.cloud]
[vendor.a]
runs_on = ["cloud"]
price = "$2/call"
[vendor.b]
price = "$3/call"
[service.s]
revenue = "$1k/h"
usage = "10 call/h"
[portfolio.p]
shares = { a = 0.7, b = 0.3 }
[portfolio.q]
shares = { b = 1.0 }
[risk.plain]
kind = "outage"
on = "a"
arrivals = { per_year = 30 }
duration = "20 min to 9 h"
leaves = 0.5
[risk.seen]
kind = "outage"
on = ["a", "b"]
arrivals = { per_year = 8, trend = "+20%" }
duration = { pareto = { shape = 0.9, scale = "1 h" } }
leaves = { uniform = [0.2, 0.9] }
rate_if = [{ uses = "a", at_least = 0.5, times = 1.5 }]
[risk.suit]
kind = "legal"
on = "a"
arrivals = { per_year = 0.5 }
only_if = { uses = "a", at_least = 0.5 }
[[risk.suit.stages]]
name = "ruling"
after = "1 month to 9 months"
outcomes = [
  { name = "ban", probability = 0.3, suspends = "1 month to 6 months", notice = "10 days to 30 days", cost = "$1M to $9M", ends = true },
  { name = "fine", probability = 0.4, cost = "$100k to $1M" },
]
[[risk.suit.stages]]
name = "appeal"
after = "2 months"
outcomes = [{ name = "won", probability = 0.5, price_change = "-20% to +30%" }]
[risk.old]
kind = "retirement"
on = "b"
arrivals = { every = "2 months to 6 months" }
notice = "30 days"
cost = { pert = ["$1k", "$2k", "$9k"] }
causes = { outcry = { probability = 0.5, after = "1 day to 30 days" } }
[risk.outcry]
kind = "governance"
on = "b"
arrivals = { per_year = 0.2 }
revenue_change = { s = "-6% to -1%" }
for = "1 month to 3 months"
[risk.late]
kind = "delay"
on = "b"
due = 2026-01-01
slips = { values = ["0 h", "30 days", "90 days"], weights = [0.3, 0.5, 0.2] }
gap = "-9% to -2%"
"#;

fn scenario() -> Scenario {
    read("checks.toml", TEXT.as_bytes(), &NoFiles).unwrap_or_else(|problems| panic!("{problems}")).scenario
}

/// The checks of a run whose plan, or whose expectations, something is wrong with.
fn run(scenario: &Scenario, trials: u64, plant: impl FnOnce(&mut Plan, &mut Vec<Expected>)) -> Vec<Check> {
    let mut plan = Plan::new(scenario, scenario.seed);
    let mut expected = expected(scenario, &plan);
    plant(&mut plan, &mut expected);
    let trials = simulate(&plan, &Options::of(0..trials), &|_| true).expect("not stopped");
    checks(&expected, &trials.observed)
}

fn failed(checks: &[Check]) -> Vec<String> {
    let failed = checks.iter().filter(|check| check.verdict == Checked::Failed);
    failed.map(|c| format!("{} {} {}", c.what, c.item, c.of).trim_end().to_owned()).collect()
}

const TRIALS: u64 = 40_000;

#[test]
fn a_sound_run_passes_every_check() {
    for seed in [1, 2] {
        let scenario = Scenario { seed, ..scenario() };
        let checks = run(&scenario, TRIALS, |_, _| ());
        let bad = |c: &&Check| c.z.is_some_and(|z| z.abs() > 4.0) || c.verdict == Checked::TooFew;
        assert_eq!(checks.iter().filter(bad).collect::<Vec<_>>(), Vec::<&Check>::new());
        assert!(checks.iter().filter(|c| c.verdict == Checked::Passed).count() > 25, "{checks:#?}");
        // The observer sees no fewer than anybody: what a condition multiplies, and who sees nothing, is no matter to it.
        let suits = checks.iter().find(|c| c.what == "events" && c.item == "suit").expect("suits");
        assert!((suits.expected - 1.0).abs() < 1e-9, "{suits:?}");
    }
}

#[test]
fn a_plan_that_draws_something_else_is_found() {
    let scenario = scenario();
    let longer = |law: &mut Law| {
        let Law::LogNormal { mu, .. } = law else { panic!("{law:?}") };
        *mu += 0.03;
    };
    let planted = |plant: &dyn Fn(&mut Plan)| failed(&run(&scenario, TRIALS, |plan, _| plant(plan)));
    let rate = planted(&|plan| {
        let ArrivalsPlan::Poisson { law, .. } = &mut plan.risks[0].arrivals else { panic!("Poisson") };
        *law = Poisson::new(60.0 * 1.03);
    });
    assert_eq!(rate, ["events plain", "hours_down plain", "node_hours_down a"][..rate.len()].to_vec());
    assert!(!rate.is_empty());
    let duration = planted(&|plan| longer(&mut plan.risks[0].effects.outage.as_mut().expect("an outage").0.law));
    assert!(duration.contains(&"size plain duration".to_owned()), "{duration:?}");
    let leaves = planted(&|plan| plan.plain.as_mut().expect("plain outages").risks[0].leaves = 0.45);
    assert_eq!(leaves, ["hours_down plain", "node_hours_down a"][..leaves.len().max(1)].to_vec());
    let cost = planted(&|plan| {
        let (amount, _) = plan.risks[2].stages[0].outcomes[1].effects.cost.as_mut().expect("a cost");
        let Law::LogNormal { mu, .. } = &mut amount.law else { panic!("a range") };
        *mu += 0.1;
    });
    assert_eq!(cost, ["size suit/ruling/fine cost"]);
    let longer_ban = planted(&|plan| {
        let Some(LengthPlan::Hours(length)) = &mut plan.risks[2].stages[0].outcomes[0].effects.suspends else {
            panic!()
        };
        let Law::LogNormal { mu, .. } = &mut length.law else { panic!("a range") };
        *mu += 0.2;
    });
    assert_eq!(longer_ban, ["size suit/ruling/ban suspends", "hours_down suit"][..longer_ban.len().max(1)].to_vec());
    let outcome = planted(&|plan| plan.risks[2].stages[0].outcomes[0].to = 0.35);
    assert!(outcome.contains(&"events suit/ruling/ban".to_owned()), "{outcome:?}");
    let goes_on = planted(&|plan| plan.risks[2].stages[0].outcomes[0].ends = false);
    assert_eq!(goes_on, ["events suit/appeal/won"]);
    let conditions = planted(&|plan| plan.tally.observer.events[1] *= 0.95);
    assert!(conditions.contains(&"events seen".to_owned()), "{conditions:?}");
    let causes = planted(&|plan| plan.risks[3].effects.causes[0].probability = 0.55);
    assert_eq!(causes, ["events outcry"]);
    let slips = planted(&|plan| plan.risks[5].slip = None);
    assert!(slips.contains(&"events late".to_owned()), "{slips:?}");
}

#[test]
fn a_formula_that_is_wrong_is_found() {
    let scenario = scenario();
    let wrong = |what: &'static str, item: &'static str, of: &'static str| {
        let checks = run(&scenario, TRIALS, |_, expected| {
            let plan = Plan::new(&scenario, scenario.seed);
            let at = checks(expected, &simulate(&plan, &Options::of(0..1), &|_| true).expect("one").observed)
                .iter()
                .position(|c| (c.what, c.item.as_str(), c.of.as_str()) == (what, item, of));
            expected[at.unwrap_or_else(|| panic!("no {what} {item} {of}"))].value *= 1.05;
        });
        assert_eq!(failed(&checks), [format!("{what} {item} {of}").trim_end()]);
    };
    wrong("events", "plain", "");
    wrong("size", "plain", "duration");
    wrong("hours_down", "plain", "");
    wrong("size", "seen", "leaves");
}

#[test]
fn few_trials_tell_nothing() {
    let checks = run(&scenario(), 999, |_, expected| expected.iter_mut().for_each(|e| e.value *= 2.0));
    assert!(checks.iter().all(|check| check.verdict == Checked::TooFew));
    // No trials are no figures.
    assert!(run(&scenario(), 0, |_, _| ()).iter().all(|c| c.verdict == Checked::TooFew && c.simulated.is_nan()));
}

/// Files beside a scenario.
struct Beside<'a>(&'a Path);

impl Files for Beside<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        Ok(fs::read(self.0.join(path)).expect("a file"))
    }
}

#[test]
fn every_scenario_that_is_shipped_passes() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    for folder in [root.clone(), root.join("examples")] {
        let entries = fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").path());
        for path in entries.filter(|path| path.extension().is_some_and(|end| end == "toml")) {
            let bytes = fs::read(&path).expect("a file");
            let mut scenario = read("shipped.toml", &bytes, &Beside(&folder)).expect("a sound scenario").scenario;
            // The first with trials enough for hours too.
            for (seed, trials) in [(1, 6_500), (77, 2_500)] {
                scenario.seed = seed;
                assert_eq!(failed(&run(&scenario, trials, |_, _| ())), Vec::<String>::new(), "{}", path.display());
            }
        }
    }
}
