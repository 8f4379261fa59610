//! Events that raise rates and cause others, seen by who sees what they come of (MODEL sections 5.2, 6).

use super::law::{accept, covariances, refuse};
use super::*;
use crate::chance::law::Law;
use crate::scenario::{
    Aftershocks, Arrivals, Cause, Condition, Effects, Factor, Follows, MONTH, Outcome, Raise, Scenario, Stage, YEAR,
};
use crate::view::View;
use lineage::Origin;

const DAY: f64 = 24.0;

/// What leads (`first`, `second`) stands after what it leads to. Portfolio p is on a, q on b, r on c alone.
const TEXT: &str = r#"
name = "contagion"
start = 2025-06-01
horizon = "2 years"
[vendor.a]
[vendor.b]
[vendor.c]
[service.s]
revenue = "$1/h"
[risk.target]
kind = "outage"
on = "a"
arrivals = { per_year = 30 }
duration = "10 min to 9 h"
[risk.aside]
kind = "outage"
on = "a"
arrivals = { per_year = 30 }
duration = "10 min to 9 h"
[risk.first]
kind = "legal"
on = "a"
arrivals = { at = [2025-09-01] }
outcomes = [{ name = "x", probability = 1, cost = "$1" }]
[risk.second]
kind = "legal"
on = "b"
arrivals = { at = [2025-11-01] }
outcomes = [{ name = "x", probability = 1, cost = "$1" }]
[portfolio.p]
shares = { a = 1 }
[portfolio.q]
shares = { b = 1 }
[portfolio.r]
shares = { c = 1 }
"#;

const TARGET: usize = 0;
const FIRST: usize = 2;
const SECOND: usize = 3;
/// Hours from the start to the dates.
const AT: [f64; 2] = [92.0 * DAY, 153.0 * DAY];

fn plan(change: impl FnOnce(&mut Scenario)) -> Plan {
    Plan::of_changed(TEXT, change)
}

fn raises(factor: f64, lasts: Option<f64>) -> Effects {
    Effects {
        raises: vec![Raise { risk: TARGET, factor }],
        lasts: lasts.map(Law::Constant),
        notice: Some(Law::Constant(10.0 * DAY)),
        ..Effects::default()
    }
}

fn causes(risk: usize, probability: f64, after: Law) -> Effects {
    Effects { causes: vec![Cause { risk, probability, after }], ..Effects::default() }
}

/// For who plans half of its traffic on vendor `uses` or more.
fn condition(uses: usize, times: f64, otherwise: f64) -> Condition {
    Condition { uses, at_least: 0.5, times, otherwise }
}

/// Which events portfolio `p` sees.
fn seen(plan: &Plan, world: &World, p: usize) -> Vec<bool> {
    let seer = plan.views.iter().find(|v| v.portfolios.contains(&p)).expect("it sees");
    let mut view = View::default();
    view.see(plan, seer, world);
    (0..world.events.len()).map(|event| view.sees_event(seer, world, event)).collect()
}

/// Per portfolio: the number of events of `risk` that it sees in [from, to), trial by trial.
fn counts(plan: &Plan, risk: usize, (from, to): (f64, f64), trials: u64) -> [Vec<f64>; 3] {
    let mut world = World::default();
    let mut lists: [Vec<f64>; 3] = Default::default();
    for trial in 0..trials {
        world.draw(plan, trial);
        for (p, list) in lists.iter_mut().enumerate() {
            let sees = seen(plan, &world, p);
            let here = |e: &&Event| e.risk as usize == risk && e.tau >= from && e.tau < to;
            list.push(world.events.iter().zip(sees).filter(|(_, sees)| *sees).filter(|(e, _)| here(e)).count() as f64);
        }
    }
    lists
}

const ALWAYS: (f64, f64) = (0.0, 2.0 * YEAR);
const PER_HOUR: f64 = 30.0 / YEAR;

/// Two raises that overlap, the first seen by p alone, the second by p and q; r sees none.
fn two_raises(s: &mut Scenario, factors: [f64; 2]) {
    s.risks[FIRST].effects = raises(factors[0], Some(100.0 * DAY));
    s.risks[SECOND].effects = raises(factors[1], None);
    s.risks[FIRST].conditions.list = vec![condition(0, 1.0, 0.0)];
    s.risks[SECOND].conditions.list = vec![condition(2, 0.0, 1.0)];
}

/// Expected events of a rate of 1 an hour, by the factors that are seen.
fn raised_hours(first: f64, second: f64) -> f64 {
    let [one, other] = AT.map(|t| t + 10.0 * DAY);
    let ends = one + 100.0 * DAY;
    one + (other - one) * first + (ends - other) * first * second + (2.0 * YEAR - ends) * second
}

#[test]
fn who_sees_a_raise_has_the_raised_rate() {
    for factors in [[3.0, 1.5], [3.0, 0.4], [0.0, 2.0], [0.5, 0.5]] {
        let plan = plan(|s| two_raises(s, factors));
        let lists = counts(&plan, TARGET, ALWAYS, 4_000);
        let [first, second] = factors;
        for (list, expected) in lists.iter().zip([raised_hours(first, second), raised_hours(1.0, second), 2.0 * YEAR]) {
            let mean = PER_HOUR * expected;
            accept("mean", list, mean);
            refuse("mean", list, 1.03 * mean);
            accept("variance", &covariances(list, mean, list, mean), mean);
        }
        // Where both are at work.
        let both = (AT[1] + 10.0 * DAY, AT[0] + 110.0 * DAY);
        let hours = both.1 - both.0;
        for (list, factor) in counts(&plan, TARGET, both, 4_000).iter().zip([first * second, second, 1.0]) {
            if factor > 0.0 {
                accept("mean where both are at work", list, PER_HOUR * hours * factor);
                refuse("mean where both are at work", list, PER_HOUR * hours * (factor + 0.25));
            } else {
                assert!(list.iter().all(|&n| n == 0.0));
            }
        }
    }
}

/// Base events keep their times, marks and lengths; who sees no raise sees them and nothing else.
#[test]
fn raises_leave_the_luck_of_who_does_not_see_them() {
    let (plain, raised) = (plan(|_| ()), plan(|s| two_raises(s, [3.0, 0.4])));
    let (mut before, mut after) = (World::default(), World::default());
    for trial in 0..300 {
        before.draw(&plain, trial);
        after.draw(&raised, trial);
        let list = |world: &World, sees: &[bool]| -> Vec<(u32, u64, u64)> {
            (world.interruptions.iter())
                .filter(|i| sees[i.by.event as usize])
                .map(|i| (i.risk, i.start.to_bits(), i.length.to_bits()))
                .collect()
        };
        assert_eq!(list(&before, &seen(&plain, &before, 2)), list(&after, &seen(&raised, &after, 2)));
    }
    // Who sees raises sees the arrivals too, but for what lowers the rate.
    let raised = plan(|s| two_raises(s, [3.0, 1.2]));
    for trial in 0..100 {
        after.draw(&raised, trial);
        for p in 0..3 {
            let sees = seen(&raised, &after, p);
            let target = |i: &usize| after.events[*i].risk as usize == TARGET;
            let arrivals = |i: &usize| after.lineage.origins[*i] == Origin::First;
            assert!((0..sees.len()).filter(target).filter(arrivals).all(|i| sees[i]));
            assert_eq!(p == 0, (0..sees.len()).filter(target).all(|i| sees[i]));
        }
    }
}

/// A raised rate with a trend, a calendar and a factor that it follows, and conditions beside.
#[test]
fn a_raised_rate_keeps_its_trend_its_calendar_and_what_it_follows() {
    let calendar = crate::scenario::Calendar { weekday: [2.0, 1.0, 1.0, 1.0, 1.0, 0.0, 1.0], hour: [1.0; 24] };
    let plan = plan(|s| {
        two_raises(s, [3.0, 1.5]);
        s.factors = vec![Factor {
            id: "climate".to_owned(),
            persistence_hours: Some(9.0 * MONTH),
            about: crate::scenario::About::default(),
        }];
        s.risks[TARGET].arrivals = Some(Arrivals::Poisson {
            per_hour: PER_HOUR,
            trend: 0.4,
            calendar: Some(calendar.clone()),
            follows: vec![Follows { factor: 0, beta: 0.4 }],
            aftershocks: Some(Aftershocks { mean: 0.2, within_hours: 0.001 }),
        });
        s.risks[TARGET].conditions.list = vec![condition(1, 2.0, 1.0)];
    });
    let curve = crate::plan::curve::Curve::new(1.4_f64.ln() / YEAR, Some(&calendar), 1_748_736_000, 2.0 * YEAR);
    let lists = counts(&plan, TARGET, ALWAYS, 8_000);
    let [one, other] = AT.map(|t| t + 10.0 * DAY);
    let [one, other, ends, end] = [one, other, one + 100.0 * DAY, 2.0 * YEAR].map(|t| curve.integral(t));
    let area =
        |first: f64, second: f64| one + (other - one) * first + (ends - other) * first * second + (end - ends) * second;
    for (list, expected) in lists.iter().zip([area(3.0, 1.5), 2.0 * area(1.0, 1.5), area(1.0, 1.0)]) {
        accept("mean", list, PER_HOUR * expected);
        refuse("mean", list, 1.05 * PER_HOUR * expected);
    }
}

/// What a raise adds follows the factor with the rest: all of a month's rate is moved by one z.
#[test]
fn what_a_raise_adds_follows_too() {
    let (beta, factor) = (0.5, 3.0);
    let plan = plan(|s| {
        s.risks[FIRST].effects = Effects { raises: vec![Raise { risk: TARGET, factor }], ..Effects::default() };
        s.factors = vec![Factor {
            id: "climate".to_owned(),
            persistence_hours: Some(9.0 * MONTH),
            about: crate::scenario::About::default(),
        }];
        let Some(Arrivals::Poisson { follows, .. }) = &mut s.risks[TARGET].arrivals else { panic!() };
        follows.push(Follows { factor: 0, beta });
    });
    let [counts, ..] = counts(&plan, TARGET, (YEAR, 2.0 * YEAR), 20_000);
    let mean = factor * 30.0;
    let mut months = 0.0;
    for j in 0..12_i32 {
        for k in 0..12_i32 {
            months += (beta * beta * (-1.0_f64 / 9.0).exp().powi((j - k).abs())).exp() - 1.0;
        }
    }
    accept("mean", &counts, mean);
    let squares = covariances(&counts, mean, &counts, mean);
    accept("variance", &squares, mean + (mean / 12.0).powi(2) * months);
    refuse("variance if only arrivals follow", &squares, mean + (30.0_f64 / 12.0).powi(2) * months);
}

/// Raises at random times, seen with a probability: E N = λ ∫ E f^K(t) dt, K(t) Poisson by the rate that is seen.
#[test]
fn raises_by_chance_are_seen_by_chance() {
    let (nu, factor) = (1.5, 1.8);
    let plan = plan(|s| {
        let first = &mut s.risks[FIRST];
        first.arrivals = Some(Arrivals::Poisson {
            per_hour: nu / YEAR,
            trend: 0.0,
            calendar: None,
            follows: vec![],
            aftershocks: None,
        });
        first.effects = Effects { raises: vec![Raise { risk: TARGET, factor }], ..Effects::default() };
        first.conditions.list = vec![condition(0, 1.0, 0.5), condition(1, 0.6, 1.0)];
    });
    let lists = counts(&plan, TARGET, ALWAYS, 30_000);
    for (list, part) in lists.iter().zip([1.0, 0.3, 0.5]) {
        let k = part * nu / YEAR * (factor - 1.0);
        let expected = PER_HOUR * ((k * 2.0 * YEAR).exp() - 1.0) / k;
        accept("mean", list, expected);
        refuse("mean", list, 1.06 * expected);
    }
}

/// An outcome raises for who sees it: after an end that is seen, nothing of later stages reaches.
#[test]
fn what_an_unseen_outcome_raises_reaches_nobody() {
    let plan = plan(|s| {
        let outcome = |name: &str, effects: Effects, ends: bool| Outcome {
            name: name.to_owned(),
            probability: 1.0,
            conditions: crate::scenario::Conditions::default(),
            effects,
            ends,
        };
        let mut end = outcome("end", Effects::default(), true);
        end.conditions.list = vec![condition(0, 1.0, 0.0)];
        let stage = |name: &str, outcome: Outcome| Stage {
            name: name.to_owned(),
            after: Law::Constant(24.0),
            outcomes: vec![outcome],
        };
        s.risks[FIRST].stages = vec![stage("one", end), stage("two", outcome("raise", raises(4.0, None), false))];
    });
    let lists = counts(&plan, TARGET, ALWAYS, 4_000);
    let from = AT[0] + 12.0 * DAY;
    for (list, factor) in lists.iter().zip([1.0, 4.0, 4.0]) {
        accept("mean", list, PER_HOUR * (from + factor * (2.0 * YEAR - from)));
    }
}

#[test]
fn causes_have_their_probability_and_delay() {
    let trials = 20_000;
    let plan = plan(|s| {
        let mut effects = causes(TARGET, 0.3, Law::Uniform { min: 30.0 * DAY, max: 90.0 * DAY });
        effects.notice = Some(Law::Constant(5.0 * DAY));
        s.risks[FIRST].effects = effects;
        s.risks[TARGET].arrivals = None;
        // p has 0.6, q and r 0.3 of all, and q does not see what causes.
        s.risks[TARGET].conditions.list = vec![condition(0, 2.0, 1.0)];
        s.risks[FIRST].conditions.list = vec![condition(1, 0.0, 1.0)];
    });
    let mut world = World::default();
    let mut delays = Vec::new();
    for trial in 0..trials {
        world.draw(&plan, trial);
        let caused = world.events.iter().filter(|e| e.risk as usize == TARGET);
        delays.extend(caused.map(|e| e.tau - AT[0]));
        assert_eq!(world.interruptions.len(), world.events.len() - 2, "a caused event has its effects");
    }
    assert!(delays.iter().all(|d| (35.0 * DAY..95.0 * DAY).contains(d)));
    accept("delay", &delays, 65.0 * DAY);
    refuse("delay without notice", &delays, 60.0 * DAY);
    let spread = covariances(&delays, 65.0 * DAY, &delays, 65.0 * DAY);
    accept("variance of the delay", &spread, (60.0 * DAY).powi(2) / 12.0);
    let [p, q, r] = counts(&plan, TARGET, ALWAYS, trials);
    accept("p", &p, 0.6);
    refuse("p", &p, 0.58);
    assert!(q.iter().all(|&n| n == 0.0));
    accept("r", &r, 0.3);
    refuse("r", &r, 0.32);
    assert!(p.iter().zip(&r).all(|(p, r)| r <= p), "what both can suffer they suffer together");
}

#[test]
fn a_probability_and_its_multiplier_stop_at_one() {
    let plan = plan(|s| {
        s.risks[FIRST].effects = causes(TARGET, 0.8, Law::Constant(1.0));
        s.risks[TARGET].arrivals = None;
        s.risks[TARGET].conditions.list = vec![condition(0, 2.0, 1.0), condition(1, 0.5, 1.0)];
    });
    let [p, q, r] = counts(&plan, TARGET, ALWAYS, 20_000);
    assert!(p.iter().all(|&n| n == 1.0));
    accept("q", &q, 0.4);
    accept("r", &r, 0.8);
}

/// A circle of causes: events of each generation are fewer, and all are cut at the horizon.
#[test]
fn causes_may_run_in_a_circle() {
    let after = 30.0 * DAY;
    let plan = plan(|s| {
        s.risks[FIRST].effects = causes(SECOND, 0.7, Law::Constant(after));
        s.risks[SECOND].effects = causes(FIRST, 0.6, Law::Constant(after));
        s.risks[SECOND].arrivals = None;
    });
    let mut first = Vec::new();
    let mut second = Vec::new();
    let mut world = World::default();
    for trial in 0..20_000 {
        world.draw(&plan, trial);
        let count = |risk| world.events.iter().filter(|e| e.risk as usize == risk).count() as f64;
        first.push(count(FIRST));
        second.push(count(SECOND));
        let outcomes = world.costs.iter().filter(|c| [FIRST, SECOND].contains(&(c.risk as usize))).count();
        assert_eq!(outcomes as f64, count(FIRST) + count(SECOND), "each has its outcome");
    }
    // The longest chain has a step every thirty days.
    let steps = ((2.0 * YEAR - AT[0]) / after).floor() as i32;
    let expected =
        |from: i32| (from..=steps).step_by(2).map(|k| 0.7_f64.powi((k + 1) / 2) * 0.6_f64.powi(k / 2)).sum::<f64>();
    accept("first", &first, expected(0));
    accept("second", &second, expected(1));
    refuse("second", &second, 1.03 * expected(1));
}

/// An event that an event causes raises a rate, begets aftershocks, and is seen only with what it comes of.
#[test]
fn chains_go_on_through_causes_raises_and_aftershocks() {
    let plan = plan(|s| {
        s.risks[FIRST].effects = causes(SECOND, 0.5, Law::Constant(100.0 * DAY));
        s.risks[FIRST].conditions.list = vec![condition(0, 1.0, 0.0)];
        s.risks[SECOND].arrivals = Some(Arrivals::Poisson {
            per_hour: 0.0,
            trend: 0.0,
            calendar: None,
            follows: vec![],
            aftershocks: Some(Aftershocks { mean: 0.4, within_hours: 1e-6 }),
        });
        s.risks[SECOND].effects = Effects { raises: vec![Raise { risk: TARGET, factor: 1.25 }], ..Effects::default() };
    });
    let [p, q, _] = counts(&plan, TARGET, ALWAYS, 20_000);
    // A caused event and its descendants, N in all, raise the rate 1.25^N-fold. G(x) = E x^N solves G = x exp(m (G − 1)).
    let g = (0..200).fold(1.0_f64, |g, _| 1.25 * (0.4 * (g - 1.0)).exp());
    let from = AT[0] + 100.0 * DAY;
    let expected = |g: f64| PER_HOUR * (from + (2.0 * YEAR - from) * (0.5 + 0.5 * g));
    accept("who sees the chain", &p, expected(g));
    refuse("who sees the chain", &p, expected(1.25));
    accept("who does not", &q, expected(1.0));
}

/// In order: by risk as in the file; arrivals as drawn, then the others by time. What it takes to draw them does not show.
#[test]
fn events_stand_by_risk_whatever_was_drawn_first() {
    let plan = plan(|s| {
        two_raises(s, [3.0, 1.5]);
        s.risks[TARGET].effects.causes = vec![Cause { risk: 1, probability: 0.1, after: Law::Constant(5.0) }];
    });
    let mut world = World::default();
    for trial in 0..100 {
        world.draw(&plan, trial);
        assert!(world.events.is_sorted_by_key(|e| e.risk));
        for (i, pair) in world.events.windows(2).enumerate().filter(|(_, w)| w[0].risk == w[1].risk) {
            let [a, b] = [i, i + 1].map(|i| world.lineage.origins[i]);
            assert!(a == Origin::First || (b != Origin::First && pair[0].tau <= pair[1].tau));
        }
        for i in &world.interruptions {
            let event = world.events[i.by.event as usize];
            assert_eq!((event.risk, event.tau.to_bits()), (i.risk, i.start.to_bits()));
        }
        for (event, origin) in world.events.iter().zip(&world.lineage.origins) {
            if let Origin::Caused { by, .. } = origin {
                let cause = world.events[by.event as usize];
                assert_eq!((cause.risk as usize, cause.tau + 5.0), (TARGET, event.tau));
            }
        }
        for raising in &world.lineage.raisings[TARGET] {
            assert_eq!(raising.start, world.events[raising.by.event as usize].tau + 10.0 * DAY);
        }
    }
}

/// A trial is its own: drawn alone, or after others in the same memory.
#[test]
fn a_trial_alone_is_the_same_world() {
    let plan = plan(|s| {
        two_raises(s, [3.0, 0.7]);
        s.risks[TARGET].effects.causes = vec![Cause { risk: 1, probability: 0.3, after: Law::Constant(5.0) }];
        let Some(Arrivals::Poisson { aftershocks, .. }) = &mut s.risks[1].arrivals else { panic!() };
        *aftershocks = Some(Aftershocks { mean: 0.3, within_hours: 50.0 });
    });
    let show = |w: &World| format!("{:?} {:?} {:?} {:?}", w.events, w.occurrences, w.interruptions, w.lineage.origins);
    let mut kept = World::default();
    for trial in 0..20 {
        kept.draw(&plan, trial);
        let mut fresh = World::default();
        fresh.draw(&plan, trial);
        assert_eq!(show(&kept), show(&fresh));
        assert_eq!(seen(&plan, &kept, 1), seen(&plan, &fresh, 1));
    }
}

/// Draws are found by names: another raise, cause or factor, and another order in the file, leave every event its luck.
#[test]
fn more_contagion_moves_no_other_draw() {
    let base = |s: &mut Scenario| {
        two_raises(s, [3.0, 1.5]);
        s.risks[TARGET].effects.causes = vec![Cause { risk: 1, probability: 0.3, after: Law::Constant(5.0) }];
    };
    // Times and lengths by risk, of the events that portfolio r sees; of the target, those that it sees raised too.
    let list = |plan: &Plan, trial: u64, target: usize, p: usize| -> Vec<(u64, u64)> {
        let mut world = World::default();
        world.draw(plan, trial);
        let sees = seen(plan, &world, p);
        let mut list: Vec<(u64, u64)> = (world.interruptions.iter())
            .filter(|i| i.risk as usize == target && sees[i.by.event as usize])
            .map(|i| (i.start.to_bits(), i.length.to_bits()))
            .collect();
        list.sort_unstable();
        list
    };
    let one = plan(base);
    let more = plan(|s| {
        base(s);
        // Another cause and another raise, of another risk.
        s.risks[SECOND].effects.causes = vec![Cause { risk: FIRST, probability: 1.0, after: Law::Constant(9000.0) }];
        s.risks[FIRST].effects.raises.push(Raise { risk: 1, factor: 2.0 });
    });
    let turned = Plan::of_changed(TEXT, |s| {
        base(s);
        // Back to front, with every index moved.
        s.risks.reverse();
        for risk in &mut s.risks {
            risk.effects.raises.iter_mut().for_each(|r| r.risk = 3 - r.risk);
            risk.effects.causes.iter_mut().for_each(|c| c.risk = 3 - c.risk);
        }
    });
    for trial in 0..100 {
        for p in 0..3 {
            let target = list(&one, trial, TARGET, p);
            assert_eq!(target, list(&turned, trial, 3 - TARGET, p));
            // The second event of the first risk raises the target again where it is seen, and only adds to it.
            let later = list(&more, trial, TARGET, p);
            assert!(target.iter().all(|x| later.contains(x)));
            assert!(p == 0 || target == later);
            let aside = list(&one, trial, 1, p);
            assert_eq!(aside, list(&turned, trial, 2, p));
            let later = list(&more, trial, 1, p);
            assert!(aside.iter().all(|x| later.contains(x)));
        }
    }
}

/// Rates raised without measure, and causes that breed more than themselves: a trial ends all the same.
#[test]
fn a_trial_ends_whatever_is_raised() {
    let plan = plan(|s| {
        s.risks[FIRST].effects = raises(1e30, None);
        s.risks[TARGET].effects.outage = None;
    });
    let mut world = World::default();
    world.draw(&plan, 0);
    assert!(world.events.len() > 900_000 && world.events.len() < 1_100_000, "{}", world.events.len());
    let circle = Plan::of_changed(TEXT, |s| {
        s.risks[FIRST].effects = causes(SECOND, 1.0, Law::Constant(0.0));
        s.risks[FIRST].effects.causes.push(Cause { risk: TARGET, probability: 1.0, after: Law::Constant(0.0) });
        s.risks[TARGET].effects = causes(FIRST, 1.0, Law::Constant(0.0));
        s.risks[SECOND].effects = causes(FIRST, 1.0, Law::Constant(0.0));
        s.risks.iter_mut().for_each(|r| r.stages.clear());
    });
    world.draw(&circle, 0);
    assert!((1 << 21..(1 << 21) + 200).contains(&world.events.len()), "arrivals are all there: {}", world.events.len());
}
