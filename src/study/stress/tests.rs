use super::*;
use crate::results::Component;
use crate::scenario::{NoFiles, read};
use crate::study::trace::{Cause, What};

const FILE: &str = r#"
    start = 2026-01-01
    horizon = "1 year"
    vendor.a = { price = "$1/call" }
    vendor.b = { price = "$2/call" }
    service.s = { revenue = "$1k/h", usage = "10 call/h" }
    risk.down = { kind = "outage", on = "a", arrivals = { per_year = 30 }, duration = { uniform = ["10 h", "30 h"] }, leaves = { uniform = [0, 0.4] } }
    risk.dear = { kind = "pricing", on = "a", path = { drift = "-20%", volatility = 0.5 } }
    risk.suit = { kind = "legal", on = "a", arrivals = { per_year = 0.1 }, stages = [
        { name = "ruling", after = "10 days", outcomes = [{ name = "settled", probability = 0.5, cost = "$100", ends = true }, { name = "trial", probability = 0.3 }] },
        { name = "verdict", after = "5 days", outcomes = [{ name = "lost", probability = 0.3, cost = "$1000" }, { name = "cut-off", probability = 0.2, suspends = "20 days" }] } ] }
    risk.leak = { kind = "breach", on = "b", arrivals = { per_year = 1 }, cost = "$50 to $200", causes = { down = { probability = 0.6, after = "1 day" } } }
    risk.rare = { kind = "outage", on = "a", arrivals = { per_year = 1 }, duration = "1 h", only_if = { uses = "b", at_least = 0.3 } }
    portfolio.one = { shares = { a = 1 } }
    portfolio.two = { shares = { a = 0.5, b = 0.5 }, failover = { headroom = 1, works = 0.8 } }
"#;

fn scenario() -> Scenario {
    read("stress.toml", FILE.as_bytes(), &NoFiles).unwrap_or_else(|problems| panic!("{problems}")).scenario
}

const MEDIAN: Options = Options { keep: false, percentile: 0.5, trial: 0 };

fn run(events: &[&str], options: &Options) -> Stress {
    let scenario = scenario();
    let events: Vec<Planted> = events.iter().map(|e| parse(&scenario, e).expect("an event")).collect();
    stress(&scenario, &events, options)
}

#[track_caller]
fn assert_near(got: f64, expected: f64) {
    assert!((got - expected).abs() < 1e-6 * expected.abs().max(1.0), "{got}, expected {expected}");
}

#[test]
fn an_event_is_taken_at_its_median_and_nothing_else_happens() {
    let stress = run(&["down=2026-03-01"], &MEDIAN);
    let [one, two] = &stress.traces[..] else { panic!("two portfolios") };
    assert_eq!(one.events.len(), 1);
    assert_eq!((one.events[0].at_hours, one.events[0].effects[0].what), (59.0 * 24.0, What::Outage { leaves: 0.2 }));
    // Twenty hours of 80 %.
    assert_near(one.components()[Component::Interruption as usize], 16_000.0);
    // Half of that finds room, for the failover works.
    assert_near(two.components()[Component::Interruption as usize], 0.0);
    let taken: Vec<(&str, f64)> = stress.taken.iter().map(|t| (t.whose.as_str(), t.value)).collect();
    assert_eq!(taken, [("down", 20.0), ("down", 0.2), ("two", 1.0)]);
    // At the price expected in March, 0.8^(1/12).
    let spend = one.components()[Component::Spend as usize];
    assert_near(spend, -16.0 * 10.0 * 0.8_f64.powf(1.0 / 12.0));
}

#[test]
fn a_percentile_is_that_of_harm() {
    let stress = run(&["down=2026-03-01"], &Options { percentile: 0.9, ..MEDIAN });
    let effect = stress.traces[0].events[0].effects[0];
    let What::Outage { leaves } = effect.what else { panic!("{effect:?}") };
    assert_near(leaves, 0.04);
    assert_near(effect.to_hours - effect.from_hours, 28.0);
    // A uniform of 0.9 is above 0.8: failover fails.
    assert_near(stress.traces[1].components()[Component::Interruption as usize], 28_000.0 * 0.5 * 0.96);
}

#[test]
fn stages_have_their_likeliest_outcome_or_the_one_asked_for() {
    let stress = run(&["suit=2026-03-01"], &MEDIAN);
    let chosen: Vec<_> = stress.choices.iter().map(|c| (c.outcome.as_deref(), c.probability, c.is_asked)).collect();
    assert_eq!(chosen, [(Some("settled"), 0.5, false), (None, 0.5, false)]);
    assert_near(stress.traces[0].loss, 100.0);
    // It stands behind a stage that must not end: "trial" is likelier there than nothing.
    let stress = run(&["suit/verdict/cut-off=2026-03-01"], &MEDIAN);
    let chosen: Vec<_> = stress.choices.iter().map(|c| (c.outcome.as_deref(), c.is_asked)).collect();
    assert_eq!(chosen, [(Some("trial"), false), (Some("cut-off"), true)]);
    assert_near(stress.traces[0].components()[Component::Interruption as usize], 480_000.0);
    // Twice, at different dates, with different ends.
    let stress = run(&["suit/lost=2026-03-01", "suit/ruling/nothing=2026-06-01"], &MEDIAN);
    assert_near(stress.traces[0].loss, 1000.0);
    assert_eq!(stress.traces[0].events.len(), 2);
}

#[test]
fn what_it_causes_follows_and_conditions_spare() {
    let stress = run(&["leak=2026-03-01"], &MEDIAN);
    // b is not used by `one`, but a falls a day later all the same.
    assert_eq!(stress.traces[0].events.len(), 2);
    assert_near(stress.traces[0].events[1].at_hours, 60.0 * 24.0);
    assert_near(stress.traces[1].components()[Component::OneOff as usize], 0.5 * 100.0);
    assert!(stress.taken.iter().any(|t| t.whose == "down"), "{:?}", stress.taken);
    let stress = run(&["rare=2026-03-01"], &MEDIAN);
    assert_eq!(stress.traces.iter().map(|t| t.events.len()).collect::<Vec<_>>(), [0, 1]);
    assert!(stress.taken.iter().all(|t| t.whose == "two"), "{:?}", stress.taken);
}

#[test]
fn with_all_else_left_on_the_trial_is_as_it_was_and_more() {
    let scenario = scenario();
    let plan = Plan::new(&scenario, scenario.seed);
    let keep = Options { keep: true, percentile: 0.5, trial: 7 };
    let stress = run(&["down=2026-03-01"], &keep);
    for (p, kept) in stress.traces.iter().enumerate() {
        let alone = trace(&scenario, &plan, p, 7);
        assert_eq!(kept.events.len(), alone.events.len() + 1);
        assert_eq!(kept.paths, alone.paths);
        assert_near(stress.without[p], alone.loss);
        assert_eq!(kept.events.iter().filter(|e| e.risk == scenario.risks.len()).count(), 1);
    }
}

#[test]
fn days_sum_to_the_loss_and_those_without_news_are_one() {
    let scenario = scenario();
    let stress = run(&["down=2026-03-01T22:00:00Z", "suit/cut-off=2026-05-01"], &MEDIAN);
    for trace in &stress.traces {
        let days = days(&stress.scenario, trace);
        let sum: f64 = days.iter().flat_map(|d| d.costs).sum();
        assert_near(sum, trace.loss);
        assert!(days.windows(2).all(|w| w[0].to_hours == w[1].from_hours));
        assert!(days.windows(2).all(|w| !(w[0].news.is_empty() && w[1].news.is_empty())));
        assert_eq!(days.iter().map(|d| d.n_days).sum::<usize>(), 366);
        assert_eq!(days[0].n_days, 59);
        assert_eq!(scenario.date(days[1].from_hours), "2026-03-01");
        assert!(matches!(days[1].news[0].what, Told::Event(0)));
    }
    // Two hours on the first of March, eighteen on the second.
    let of_one = days(&stress.scenario, &stress.traces[0]);
    assert_near(of_one[1].costs[0], 2.0 * 800.0);
    assert_near(of_one[2].costs[0], 18.0 * 800.0);
    assert_eq!(stress.traces[0].charged(Cause::Event(0))[0].round(), 16_000.0);
}

#[test]
fn each_mistake_tells_the_way_out() {
    let scenario = scenario();
    let wrong = |text: &str| parse(&scenario, text).expect_err(text);
    for (text, message) in [
        ("down", "`down` names no date: write RISK=DATE, such as down=2026-01-01"),
        ("dwon=2026-03-01", "there is no risk `dwon`; did you mean `down`?"),
        (
            "dear=2026-03-01",
            "`dear` is a price path without events; those with events: `down`, `suit`, `leak` and `rare`",
        ),
        (
            "down=tomorrow",
            "`tomorrow` is not a date: write a date, or a date and a time: 2025-06-01, 2025-06-01T08:30:00Z",
        ),
        (
            "down=2026-02-30",
            "`2026-02-30` is not a date: write a date, or a date and a time: 2025-06-01, 2025-06-01T08:30:00Z",
        ),
        (
            "down=2025-12-31",
            "2025-12-31 is outside the horizon: it runs from 2026-01-01 to before 2027-01-01T06:00:00Z",
        ),
        ("suit/verdict/los=2026-03-01", "`suit` has no outcome `los`; did you mean `lost`?"),
        ("suit/appeal/lost=2026-03-01", "`suit` has no stage `appeal`; its stages: `ruling` and `verdict`"),
        ("down/lost=2026-03-01", "`down` has no outcomes: write down=DATE"),
        ("down/x/lost=2026-03-01", "`down` has no outcomes: write down=DATE"),
        (
            "suit/nothing=2026-03-01",
            "`suit` has an outcome `nothing` in `ruling` and `verdict`: write suit/STAGE/nothing=DATE",
        ),
        ("suit/a/b/c=2026-03-01", "`suit/a/b/c` has too many parts: write RISK/STAGE/OUTCOME=DATE"),
    ] {
        assert_eq!(wrong(text), message);
    }
    assert!(parse(&scenario, "down=2026-03-01T08:30:00Z").is_ok());
}
