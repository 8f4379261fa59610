//! Rates and prices that follow factors (MODEL sections 5.1, 5.5, 5.6).

use super::law::{accept, covariances, refuse};
use super::*;
use crate::scenario::{Arrivals, Factor, Follows, MONTH, Scenario, YEAR};

const TRIALS: u64 = 40_000;

/// Two vendors, each with outages and a price path.
const TEXT: &str = r#"
name = "follows"
start = 2025-06-01
horizon = "2 years"
[vendor.a]
[vendor.b]
[service.s]
revenue = "$1/h"
[risk.one]
kind = "outage"
on = "a"
arrivals = { per_year = 30 }
duration = "10 min to 9 h"
[risk.other]
kind = "outage"
on = "b"
arrivals = { per_year = 12, trend = "+40%", calendar = { weekday = [2, 1, 1, 1, 1, 0, 1] } }
duration = "10 min to 9 h"
[risk.price-a]
kind = "pricing"
on = "a"
path = { drift = "-35%", volatility = 0.25 }
[risk.price-b]
kind = "pricing"
on = "b"
path = { drift = "+10%", volatility = 0.4 }
[portfolio.p]
shares = { a = 0.5, b = 0.5 }
"#;

fn factor(id: &str, persistence_hours: Option<f64>) -> Factor {
    Factor { id: id.to_owned(), persistence_hours, about: crate::scenario::About::default() }
}

fn follow(scenario: &mut Scenario, risk: usize, factor: usize, beta: f64) {
    let Some(Arrivals::Poisson { follows, .. }) = &mut scenario.risks[risk].arrivals else { panic!() };
    follows.push(Follows { factor, beta });
}

/// Two factors, the first of which lasts nine months; who follows, `change` says.
fn plan(change: impl FnOnce(&mut Scenario)) -> Plan {
    Plan::of_changed(TEXT, |scenario| {
        scenario.factors = vec![factor("climate", Some(9.0 * MONTH)), factor("market", None)];
        change(scenario);
    })
}

/// Events of a risk per year and trial.
fn yearly(plan: &Plan, risk: u32) -> Vec<[f64; 2]> {
    let mut world = World::default();
    (0..TRIALS)
        .map(|trial| {
            world.draw(plan, trial);
            let mut counts = [0.0; 2];
            world.events.iter().filter(|e| e.risk == risk).for_each(|e| counts[e.year as usize] += 1.0);
            counts
        })
        .collect()
}

fn column(rows: &[[f64; 2]], at: usize) -> Vec<f64> {
    rows.iter().map(|r| r[at]).collect()
}

/// Σ over months j of one year and k of another of cov(X_j, X_k), where X = exp(β z − β²/2).
fn covariance_of_months(betas: f64, persistence: f64, years_apart: i32) -> f64 {
    let phi = (-MONTH / persistence).exp();
    let mut sum = 0.0;
    for j in 0..12_i32 {
        for k in 0..12 {
            sum += (betas * phi.powi((j - k + 12 * years_apart).abs())).exp() - 1.0;
        }
    }
    sum
}

#[test]
fn a_followed_rate_keeps_its_mean_and_spreads_its_counts() {
    let beta = 0.5;
    let plan = plan(|s| follow(s, 0, 0, beta));
    let counts = yearly(&plan, 0);
    let (first, second) = (column(&counts, 0), column(&counts, 1));
    let month = 30.0 / 12.0;
    let variance = |persistence: f64| 30.0 + month * month * covariance_of_months(beta * beta, persistence, 0);
    for year in [&first, &second] {
        accept("mean", year, 30.0);
        refuse("mean", year, 30.9);
        let squares = covariances(year, 30.0, year, 30.0);
        accept("variance", &squares, variance(9.0 * MONTH));
        refuse("variance of a factor that lasts shorter", &squares, variance(7.0 * MONTH));
        refuse("variance of a Poisson count", &squares, 30.0);
    }
    let products = covariances(&first, 30.0, &second, 30.0);
    let covariance = |persistence| month * month * covariance_of_months(beta * beta, persistence, 1);
    accept("covariance of years", &products, covariance(9.0 * MONTH));
    refuse("covariance of years", &products, covariance(7.0 * MONTH));
}

#[test]
fn what_follows_one_factor_moves_together_and_what_follows_another_does_not() {
    let plan = plan(|s| {
        follow(s, 0, 0, 0.5);
        follow(s, 1, 0, -0.6);
        follow(s, 1, 1, 0.3);
    });
    let (one, other) = (column(&yearly(&plan, 0), 0), column(&yearly(&plan, 1), 0));
    let growth = |years: f64| (1.4_f64.powf(years) - 1.0) / 1.4_f64.ln();
    accept("mean with a trend", &other, 12.0 * growth(1.0));
    // By months, the trend of one year being all but constant within them.
    let phi = (-1.0_f64 / 9.0).exp();
    let mut covariance = 0.0;
    for j in 0..12_i32 {
        for k in 0..12_i32 {
            let weight = 12.0 * (growth(f64::from(k + 1) / 12.0) - growth(f64::from(k) / 12.0));
            covariance += 30.0 / 12.0 * weight * ((0.5 * -0.6 * phi.powi((j - k).abs())).exp() - 1.0);
        }
    }
    let products = covariances(&one, 30.0, &other, 12.0 * growth(1.0));
    accept("covariance", &products, covariance);
    refuse("no covariance", &products, 0.0);
    refuse("covariance", &products, covariance * 0.8);
}

/// Within a month a followed rate runs as the risk's own curve: trend and calendar stay exact.
#[test]
fn months_trend_and_calendar_stay_exact() {
    let plan = plan(|s| follow(s, 1, 0, 0.7));
    let mut world = World::default();
    let mut in_month = vec![Vec::new(); 24];
    let mut mondays = Vec::new();
    for trial in 0..10_000 {
        world.draw(&plan, trial);
        let mut counts = [0.0; 24];
        let mut monday = 0.0;
        for event in world.events.iter().filter(|e| e.risk == 1) {
            // 2025-06-01 was a Sunday: Saturdays, six days later, have none.
            let day = (event.tau / 24.0) as usize % 7;
            assert!(day != 6, "{event:?}");
            monday += f64::from(u8::from(day == 1));
            counts[(event.tau / MONTH) as usize] += 1.0;
        }
        in_month.iter_mut().zip(counts).for_each(|(list, n)| list.push(n));
        mondays.push(monday - 2.0 / 7.0 * counts.iter().sum::<f64>());
    }
    let calendar = crate::scenario::Calendar { weekday: [2.0, 1.0, 1.0, 1.0, 1.0, 0.0, 1.0], hour: [1.0; 24] };
    let curve = crate::plan::curve::Curve::new(1.4_f64.ln() / YEAR, Some(&calendar), 1_748_736_000, 2.0 * YEAR);
    for (k, counts) in in_month.iter().enumerate() {
        let expected = 12.0 / YEAR * (curve.integral((k + 1) as f64 * MONTH) - curve.integral(k as f64 * MONTH));
        accept("month", counts, expected);
        refuse("month", counts, expected * 1.12);
    }
    accept("Mondays", &mondays, 0.0);
}

#[test]
fn a_factor_of_no_effect_leaves_every_draw() {
    let (plain, followed) = (plan(|_| ()), plan(|s| follow(s, 0, 0, 0.0)));
    let (mut before, mut after) = (World::default(), World::default());
    for trial in 0..200 {
        before.draw(&plain, trial);
        after.draw(&followed, trial);
        assert_eq!(before.events.len(), after.events.len());
        for (a, b) in before.events.iter().zip(&after.events) {
            assert!(a.counter == b.counter && (a.tau - b.tau).abs() < 1e-6);
        }
        for (a, b) in before.interruptions.iter().zip(&after.interruptions) {
            assert!(a.length == b.length || a.end == plain.clock.horizon);
        }
    }
}

/// Other risks keep their draws to the bit, and the risk itself those that are not its times.
#[test]
fn following_moves_no_other_draw() {
    let (plain, followed) = (plan(|_| ()), plan(|s| follow(s, 0, 0, 0.8)));
    let (mut before, mut after) = (World::default(), World::default());
    for trial in 0..200 {
        before.draw(&plain, trial);
        after.draw(&followed, trial);
        let of = |world: &World, risk| -> Vec<(u64, f64)> {
            world.interruptions.iter().filter(|i| i.risk == risk).map(|i| (i.start.to_bits(), i.length)).collect()
        };
        assert_eq!(of(&before, 1), of(&after, 1));
        assert_eq!(before.paths, after.paths);
        let lengths = |world: &World| -> Vec<f64> { of(world, 0).iter().map(|x| x.1).collect() };
        assert!(lengths(&before).iter().zip(lengths(&after)).all(|(a, b)| *a == b));
    }
}

#[test]
fn paths_that_follow_keep_their_law_and_are_correlated() {
    let follow = |s: &mut Scenario, risk: usize, list: &[(usize, f64)]| {
        s.risks[risk].path.as_mut().expect("a path").follows =
            list.iter().map(|&(factor, beta)| Follows { factor, beta }).collect();
    };
    let plan = plan(|s| {
        // The first factor lasts: a path follows its innovations, which do not.
        follow(s, 2, &[(0, 0.6), (1, -0.5)]);
        follow(s, 3, &[(0, 0.9)]);
    });
    let mut world = World::default();
    let mut last: [Vec<f64>; 2] = Default::default();
    let mut half: Vec<f64> = Vec::new();
    for trial in 0..TRIALS {
        world.draw(&plan, trial);
        for (list, path) in last.iter_mut().zip(&world.paths) {
            list.push(path[23].ln());
        }
        half.push(world.paths[0][12].ln());
    }
    let (months, sigma) = (23.0 / 12.0, [0.25, 0.4]);
    let mean =
        [(0.65_f64.ln() - sigma[0] * sigma[0] / 2.0) * months, (1.1_f64.ln() - sigma[1] * sigma[1] / 2.0) * months];
    for p in 0..2 {
        accept("mean", &last[p], mean[p]);
        let squares = covariances(&last[p], mean[p], &last[p], mean[p]);
        accept("variance", &squares, sigma[p] * sigma[p] * months);
        refuse("variance", &squares, 1.06 * sigma[p] * sigma[p] * months);
    }
    let products = covariances(&last[0], mean[0], &last[1], mean[1]);
    let covariance = |correlation: f64| correlation * sigma[0] * sigma[1] * months;
    accept("correlation β₁β₂", &products, covariance(0.6 * 0.9));
    refuse("correlation", &products, covariance(0.5));
    // Steps of different months are independent, however long the factor lasts.
    let mean_half = mean[0] / months;
    let rest: Vec<f64> = last[0].iter().zip(&half).map(|(l, h)| l - h).collect();
    accept("later steps", &covariances(&half, mean_half, &rest, mean[0] - mean_half), 0.0);
}

/// `z_k` and the step into month k come from one innovation.
#[test]
fn a_path_steps_with_the_month_that_its_factor_enters() {
    let plan = plan(|s| {
        s.risks[2].path.as_mut().expect("a path").follows = vec![Follows { factor: 1, beta: 1.0 }];
    });
    let mut world = World::default();
    world.draw(&plan, 3);
    let (path, factor) = (&world.paths[0], &world.factors[1]);
    for k in 1..24 {
        let step = (0.65_f64.ln() - 0.25 * 0.25 / 2.0) / 12.0 + 0.25 / 12.0_f64.sqrt() * factor.values[k];
        assert!(((path[k] / path[k - 1]).ln() - step).abs() < 1e-12);
    }
    assert!(world.factors[0].values.is_empty(), "nothing follows it");
}
