//! What is due and slips, and changes of capability and of stakes (MODEL sections 5.2, 5.4).

use super::law::{accept, refuse};
use super::*;
use crate::chance::law::Law;
use crate::scenario::{Arrivals, Condition, Effects, Scenario};
use crate::view::View;

const TEXT: &str = r#"
name = "effects"
start = 2025-06-01
horizon = "1 year"
[platform.cloud]
[vendor.a]
runs_on = ["cloud"]
[vendor.b]
runs_on = ["cloud"]
[service.s]
revenue = "$1/h"
[risk.release]
kind = "legal"
on = "cloud"
arrivals = { at = [2025-07-01] }
outcomes = [{ name = "x", probability = 1, cost = "$1" }]
[risk.other]
kind = "legal"
on = "b"
arrivals = { at = [2025-07-01] }
outcomes = [{ name = "x", probability = 1, cost = "$1" }]
[portfolio.p]
shares = { a = 1 }
"#;

const DUE: f64 = 30.0 * 24.0;

fn due(s: &mut Scenario, slips: Law) {
    s.risks[0].arrivals = Some(Arrivals::Due { due_hours: DUE });
    s.risks[0].effects =
        Effects { capability_change: Some(Law::Constant(-0.2)), lasts: Some(slips), ..Effects::default() };
    s.risks[0].stages.clear();
}

#[test]
fn what_is_due_slips_or_does_not() {
    let law = Law::from_weights([(0.0, 2.0), (100.0, 1.0), (20_000.0, 1.0)]).expect("a law");
    let plan = Plan::of_changed(TEXT, |s| due(s, law));
    let mut world = World::default();
    let mut slips = [Vec::new(), Vec::new()];
    for trial in 0..10_000 {
        world.draw(&plan, trial);
        let events: Vec<&Event> = world.events.iter().filter(|e| e.risk == 0).collect();
        assert_eq!(events.len(), world.capabilities.len());
        let ends = world.capabilities.first().map(|c| {
            assert_eq!((c.start, c.over, c.change, c.by.occurrence), (DUE, 0.0, -0.2, OWN));
            c.end
        });
        assert!(ends.is_none_or(|e| e == DUE + 100.0 || e == 8766.0));
        slips[0].push(f64::from(u8::from(ends.is_none())));
        slips[1].push(f64::from(u8::from(ends == Some(DUE + 100.0))));
    }
    accept("none", &slips[0], 0.5);
    accept("short", &slips[1], 0.25);
    refuse("short", &slips[1], 0.28);
}

/// A date that is certain stays so for every portfolio, however often it may be raised.
#[test]
fn what_is_due_is_due_for_all() {
    let plan = Plan::of_changed(TEXT, |s| {
        due(s, Law::Constant(50.0));
        s.risks[0].conditions.list = vec![Condition { uses: 2, at_least: 0.5, times: 3.0, otherwise: 1.0 }];
    });
    assert_eq!(plan.views[0].events[0], 1.0);
}

#[test]
fn capability_changes_begin_after_notice_and_reach_the_struck() {
    let plan = Plan::of_changed(TEXT, |s| {
        for (risk, change) in [(0, 0.1), (1, -0.3)] {
            s.risks[risk].effects = Effects {
                capability_change: Some(Law::Constant(change)),
                notice: Some(Law::Constant(10.0)),
                over: Some(Law::Constant(30.0)),
                lasts: (risk == 1).then_some(Law::Constant(200.0)),
                ..Effects::default()
            };
        }
    });
    let mut world = World::default();
    world.draw(&plan, 0);
    let view = View::of(&plan, &world);
    let show = |v: usize| -> Vec<(f64, f64, f64, f64)> {
        view.capabilities[v].iter().map(|c| (c.start, c.over, c.end, c.change)).collect()
    };
    assert_eq!(show(0), [(DUE + 10.0, 30.0, 8766.0, 0.1)]);
    assert_eq!(show(1), [(DUE + 10.0, 30.0, 8766.0, 0.1), (DUE + 10.0, 30.0, DUE + 210.0, -0.3)]);
}

/// At τ whatever the notice, in order of time, then of events.
#[test]
fn stakes_change_at_once() {
    let plan = Plan::of_changed(TEXT, |s| {
        for risk in [0, 1] {
            let change = Some(Law::Constant(-0.5));
            s.risks[risk].effects =
                Effects { stake_change: change.clone(), notice: Some(Law::Constant(10.0)), ..Effects::default() };
            s.risks[risk].stages[0].after = Law::Constant(if risk == 0 { 48.0 } else { 24.0 });
            s.risks[risk].stages[0].outcomes[0].effects.stake_change = change;
        }
    });
    let mut world = World::default();
    world.draw(&plan, 0);
    let view = View::of(&plan, &world);
    let show: Vec<(f64, u32, u32)> = view.stakes.iter().map(|c| (c.tau, c.by.event, c.risk)).collect();
    assert_eq!(show, [(DUE, 0, 0), (DUE, 1, 1), (DUE + 24.0, 1, 1), (DUE + 48.0, 0, 0)]);
    assert!(view.stakes.iter().all(|c| c.change == -0.5));
}
