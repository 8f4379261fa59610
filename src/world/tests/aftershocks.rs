//! Events that beget events of their own kind: a branching process that starts empty (MODEL section 5.1).

use super::law::{accept, covariances, refuse};
use super::*;
use crate::plan::ViewPlan;
use crate::scenario::{Aftershocks, Arrivals, YEAR};
use crate::view::View;
use lineage::Origin;

const RATE: f64 = 20.0;
const MEAN: f64 = 0.3;
/// Long, so that what the horizon cuts is seen.
const WITHIN: f64 = 300.0;

fn with_aftershocks(more: &str, mean: f64) -> Plan {
    let text = format!(
        "name = \"aftershocks\"\nstart = 2025-06-01\nhorizon = \"1 year\"\n[vendor.a]\n[vendor.b]\n[service.s]\nrevenue = \"$1/h\"\n[risk.r]\nkind = \"outage\"\non = \"a\"\narrivals = {{ per_year = {RATE} }}\nduration = \"10 min to 9 h\"\n{more}\n[portfolio.p]\nshares = {{ a = 1 }}\n[portfolio.q]\nshares = {{ b = 1 }}\n"
    );
    Plan::of_changed(&text, |s| {
        let Some(Arrivals::Poisson { aftershocks, .. }) = &mut s.risks[0].arrivals else { panic!() };
        *aftershocks = Some(Aftershocks { mean, within_hours: WITHIN });
    })
}

/// Mean and variance of the number of events in [0, `t`), in a process of rate `lambda` in the long run.
///
/// An event's descendants within u hours, itself among them, are 1/(1−m) − m/(1−m) exp(−a u) in the mean, a = (1−m)/w,
/// and their variance v solves v' = −a v + m/w (that mean)². First events are Poisson.
fn moments(lambda: f64, m: f64, w: f64, t: f64) -> (f64, f64) {
    let a = (1.0 - m) / w;
    let mean = |u: f64| (1.0 - m * (-a * u).exp()) / (1.0 - m);
    let variance = |u: f64| {
        let e = (-a * u).exp();
        m / w * ((1.0 - e) / a - 2.0 * m * u * e + m * m * (e - e * e) / a) / (1.0 - m).powi(2)
    };
    let steps = 20_000;
    let step = t / f64::from(steps);
    let first = lambda * (1.0 - m);
    (0..steps)
        .map(|i| (f64::from(i) + 0.5) * step)
        .fold((0.0, 0.0), |(e, v), u| (e + first * step * mean(u), v + first * step * (variance(u) + mean(u).powi(2))))
}

#[test]
fn counts_have_the_mean_and_the_spread_of_a_branching_process() {
    let plan = with_aftershocks("", MEAN);
    let mut world = World::default();
    let counts: Vec<f64> = (0..60_000)
        .map(|trial| {
            world.draw(&plan, trial);
            world.events.len() as f64
        })
        .collect();
    let (mean, variance) = moments(RATE / YEAR, MEAN, WITHIN, YEAR);
    // In closed form: λ T less what the beginning lacks.
    let lacks = RATE / YEAR * MEAN * WITHIN / (1.0 - MEAN);
    assert!((mean - (RATE - lacks)).abs() < 1e-3, "{mean}");
    let long_run = RATE / (1.0 - MEAN).powi(2);
    assert!(variance < long_run && variance > 0.9 * long_run, "{variance}");
    accept("mean", &counts, mean);
    refuse("mean without the beginning", &counts, RATE);
    let squares = covariances(&counts, mean, &counts, mean);
    accept("variance", &squares, variance);
    refuse("variance of a mean off by a tenth", &squares, moments(RATE / YEAR, 1.1 * MEAN, WITHIN, YEAR).1);
    refuse("variance without the horizon", &squares, long_run);
}

#[test]
fn children_come_after_exponential_delays() {
    let plan = with_aftershocks("", MEAN);
    let mut world = World::default();
    let (mut delays, mut children, mut first) = (Vec::new(), Vec::new(), 0);
    for trial in 0..20_000 {
        world.draw(&plan, trial);
        // Of a first event whose chain is all but whole within the horizon, and which nobody else's can be taken for.
        for (i, event) in world.events.iter().enumerate().filter(|(_, e)| e.tau < YEAR / 2.0) {
            let origin = world.lineage.origins[i];
            if origin != Origin::First {
                continue;
            }
            first += 1;
            let of = index(i);
            let chain: Vec<f64> = (world.events.iter().zip(&world.lineage.origins))
                .filter(|(_, o)| **o == Origin::Aftershock { of })
                .map(|(e, _)| e.tau - event.tau)
                .collect();
            assert!(chain.iter().all(|&d| d > 0.0));
            children.push(chain.len() as f64);
            if chain.len() == 1 {
                delays.push(chain[0]);
            }
        }
    }
    assert!(first > 100_000);
    accept("descendants", &children, MEAN / (1.0 - MEAN));
    refuse("descendants", &children, 1.03 * MEAN / (1.0 - MEAN));
    // The only descendant of an event is its child. It is the only one whatever its delay.
    accept("delay", &delays, WITHIN);
    refuse("delay", &delays, 1.03 * WITHIN);
}

/// Nothing shifts: first events are those of a lower rate, and each keeps its other draws.
#[test]
fn aftershocks_leave_first_events_their_luck() {
    let with = with_aftershocks("", MEAN);
    let text = |rate: f64| {
        format!(
            "name = \"aftershocks\"\nstart = 2025-06-01\nhorizon = \"1 year\"\n[vendor.a]\n[service.s]\nrevenue = \"$1/h\"\n[risk.r]\nkind = \"outage\"\non = \"a\"\narrivals = {{ per_year = {rate} }}\nduration = \"10 min to 9 h\"\n[portfolio.p]\nshares = {{ a = 1 }}\n"
        )
    };
    let without = Plan::of_text(&text(RATE * (1.0 - MEAN)));
    let (mut before, mut after) = (World::default(), World::default());
    for trial in 0..200 {
        before.draw(&without, trial);
        after.draw(&with, trial);
        let n = before.events.len();
        assert!(after.lineage.origins[..n].iter().all(|o| *o == Origin::First));
        assert!(after.lineage.origins[n..].iter().all(|o| *o != Origin::First));
        for (a, b) in before.events.iter().zip(&after.events) {
            assert_eq!((a.tau.to_bits(), a.counter), (b.tau.to_bits(), b.counter));
        }
        for (a, b) in before.interruptions.iter().zip(&after.interruptions) {
            assert_eq!((a.start.to_bits(), a.length.to_bits()), (b.start.to_bits(), b.length.to_bits()));
        }
        assert!(after.events[n..].is_sorted_by(|a, b| a.tau <= b.tau), "others stand in order of time");
    }
}

/// Who does not see an event sees none of its chain.
#[test]
fn who_sees_an_event_sees_its_aftershocks() {
    let plan = with_aftershocks("rate_if = [{ uses = \"a\", at_least = 0.5, times = 2.5 }]\n", MEAN);
    let seer = |p: usize| -> &ViewPlan { plan.views.iter().find(|v| v.portfolios.contains(&p)).expect("it sees") };
    let (all, part) = (seer(0), seer(1));
    assert!(all.all && !part.all && part.events[0] == 1.0 / 2.5);
    let mut world = World::default();
    let mut view = View::default();
    let (mut one, mut other) = (Vec::new(), Vec::new());
    for trial in 0..30_000 {
        world.draw(&plan, trial);
        view.see(&plan, part, &world);
        for (i, origin) in world.lineage.origins.iter().enumerate() {
            if let Origin::Aftershock { of } = origin {
                assert_eq!(view.sees_event(part, &world, i), view.sees_event(part, &world, *of as usize));
            }
        }
        other.push((0..world.events.len()).filter(|&i| view.sees_event(part, &world, i)).count() as f64);
        one.push(world.events.len() as f64);
    }
    let (mean, _) = moments(RATE / YEAR, MEAN, WITHIN, YEAR);
    accept("who sees all", &one, 2.5 * mean);
    accept("who sees a part", &other, mean);
    refuse("who sees a part", &other, 1.03 * mean);
}
