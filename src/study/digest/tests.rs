//! Closed forms and known answers (KA-8) for every figure of the digest.

use super::*;
use crate::chance::law::Law;
use crate::scenario::{
    About, Aftershocks, Arrivals, Cause, Condition, Conditions, Effects, Length, Node, Outage, Outcome, Portfolio,
    PricePath, Raise, Risk, RunsOn, Service, Stage, Vendor,
};

fn lognormal(low: f64, high: f64) -> Law {
    let (low, high) = (libm::log(low), libm::log(high));
    Law::LogNormal { mu: 0.5 * (low + high), sigma: (high - low) / (2.0 * 1.644_853_626_951_472_2) }
}

fn node(id: &str, runs_on: RunsOn) -> Node {
    Node { id: id.to_owned(), runs_on, about: About::default() }
}

/// A year; vendors `a` on `cloud` and `b` alone; one service; portfolios `all-a` and `half`.
fn scenario(risks: Vec<Risk>) -> Scenario {
    let service = Service {
        id: "assistant".to_owned(),
        revenue_per_hour: 100.0,
        growth: 0.0,
        calendar: None,
        margin: 1.0,
        usage_per_hour: Some(10.0),
        unit: None,
        tolerance_hours: 0.0,
        impact_tolerance_hours: None,
        churn: None,
        sensitivity: 0.0,
        about: About::default(),
    };
    let portfolio = |id: &str, shares: Vec<(usize, f64)>, overhead_per_hour: f64| Portfolio {
        id: id.to_owned(),
        shares: vec![shares],
        failover: None,
        standby: Vec::new(),
        migration: None,
        setup: 1000.0,
        overhead_per_hour,
        covers: Vec::new(),
        playbook: Vec::new(),
        contracts: vec![Contract { price_cap: Some(0.1), ..Contract::default() }, Contract::default()],
        about: About::default(),
    };
    Scenario {
        name: "test".to_owned(),
        about: About::default(),
        start_unix: 1_748_736_000,
        horizon_hours: 8766.0,
        currency: "$".to_owned(),
        discount_rate: 0.0,
        appetite: None,
        trials: 100,
        seed: 1,
        nodes: vec![
            node("cloud", RunsOn::All(vec![])),
            node("a", RunsOn::All(vec![0])),
            node("b", RunsOn::All(vec![])),
        ],
        n_platforms: 1,
        vendors: [2.0, 3.0].map(|p| Vendor { price: Some(p), unit: None, capability: 1.0, stake: 0.0 }).to_vec(),
        services: vec![service],
        factors: Vec::new(),
        covers: Vec::new(),
        risks,
        portfolios: vec![portfolio("all-a", vec![(0, 1.0)], 0.0), portfolio("half", vec![(0, 0.5), (1, 0.5)], 2.0)],
        expected_events: 0.0,
        baseline: 0,
        files: Vec::new(),
    }
}

fn risk(arrivals: Arrivals, effects: Effects) -> Risk {
    Risk {
        id: "r".to_owned(),
        kind: "outage",
        on: vec![1],
        arrivals: Some(arrivals),
        path: None,
        conditions: Conditions::default(),
        effects,
        stages: Vec::new(),
        about: About::default(),
    }
}

fn outage(duration: Law, leaves: f64) -> Effects {
    Effects { outage: Some(Outage { duration, leaves: Law::Constant(leaves) }), ..Effects::default() }
}

fn rising_by(n: f64, trend: f64) -> Arrivals {
    Arrivals::Poisson { per_hour: n / YEAR, trend, calendar: None, follows: Vec::new(), aftershocks: None }
}

fn per_year(n: f64) -> Arrivals {
    rising_by(n, 0.0)
}

fn of(risk: Risk) -> RiskDigest {
    digest(&scenario(vec![risk])).risks.remove(0)
}

fn hours(arrivals: Arrivals, effects: Effects) -> f64 {
    of(risk(arrivals, effects)).hours_down.expect("it takes something away")
}

#[track_caller]
fn close(value: f64, expected: f64, relative: f64) {
    assert!((value - expected).abs() <= relative * expected.abs(), "{value}, expected {expected}");
}

#[test]
fn hours_down_of_overlapping_outages_are_those_of_ka_8() {
    close(hours(per_year(12.0), outage(Law::Exponential { mean: 4.0 }, 0.0)), 47.8470, 2e-5);
    close(hours(per_year(120.0), outage(lognormal(1.0, 24.0), 0.0)), 888.081, 2e-5);
    close(hours(per_year(400.0), outage(Law::Exponential { mean: 12.0 }, 0.0)), 3691.76, 2e-5);
    // What several leave is the product: 1 − E 0.75^N, N Poisson, λ ∫ P(D > s) ds, worked out with Simpson's rule.
    close(hours(per_year(12.0), outage(Law::Exponential { mean: 4.0 }, 0.75)), 11.986_32, 2e-5);
}

#[test]
fn ka_8_refuses_a_rate_that_is_3_per_cent_off() {
    let value = hours(per_year(12.0 * 1.03), outage(Law::Exponential { mean: 4.0 }, 0.0));
    assert!((value - 47.8470).abs() > 1.0, "{value}");
}

#[test]
fn events_follow_their_law() {
    let events = |arrivals| of(risk(arrivals, Effects::default())).events.expect("there are arrivals");
    let poisson = events(per_year(2.0));
    close(poisson.expected, 2.0, 1e-12);
    close(poisson.probability, 1.0 - libm::exp(-2.0), 1e-12);
    let rising = events(rising_by(2.0, 0.5));
    close(rising.expected, 2.0 * 0.5 / libm::log(1.5), 1e-9);
    let once = events(Arrivals::Once { probability: 0.3, from_hours: 100.0, to_hours: 200.0 });
    close(once.probability, 0.3, 1e-12);
    let dates = events(Arrivals::At { times_hours: vec![10.0, 4000.0], probability: 0.5 });
    close(dates.expected, 1.0, 1e-12);
    close(dates.probability, 0.75, 1e-12);
    let memoryless = events(Arrivals::Every(Law::Exponential { mean: 500.0 }));
    close(memoryless.expected, 8766.0 / 500.0, 1e-3);
    close(memoryless.probability, 1.0 - libm::exp(-8766.0 / 500.0), 1e-9);
    let clockwork = events(Arrivals::Every(Law::Constant(1000.0)));
    close(clockwork.expected, 8.0, 1e-12);
    let none = events(Arrivals::Every(Law::Constant(8766.0)));
    assert_eq!((none.expected, none.probability), (0.0, 0.0));
}

#[test]
fn aftershocks_leave_the_mean_and_make_it_likelier_that_nothing_happens() {
    let Arrivals::Poisson { per_hour, trend, calendar, follows, .. } = per_year(2.0) else { panic!() };
    let aftershocks = Some(Aftershocks { mean: 0.5, within_hours: 1.0 });
    let clustered = Arrivals::Poisson { per_hour, trend, calendar, follows, aftershocks };
    let events = of(risk(clustered.clone(), Effects::default())).events.expect("there are arrivals");
    close(events.expected, 2.0, 1e-12);
    close(events.probability, 1.0 - libm::exp(-1.0), 1e-12);
    // An outcome of one in ten: a cluster shows none with the root of q = 0.9 exp((q − 1) / 2).
    let mut suit = risk(clustered, Effects::default());
    let outcome = Outcome {
        name: String::new(),
        probability: 0.1,
        conditions: Conditions::default(),
        effects: Effects::default(),
        ends: false,
    };
    suit.stages = vec![Stage { name: String::new(), after: Law::Constant(0.0), outcomes: vec![outcome] }];
    let outcome = &of(suit).outcomes[0];
    close(outcome.expected, 0.2, 1e-9);
    let q = (0..200).fold(0.0, |q: f64, _| 0.9 * libm::exp(0.5 * (q - 1.0)));
    close(outcome.at_least_one, 1.0 - libm::exp(-(1.0 - q)), 1e-9);
}

#[test]
fn a_delay_happens_where_it_slips() {
    let slips = Law::Discrete { values: vec![0.0, 1000.0], cumulative: vec![0.25, 1.0] };
    let effects = Effects { lasts: Some(slips), ..Effects::default() };
    let events = of(risk(Arrivals::Due { due_hours: 500.0 }, effects)).events.expect("a date");
    assert_eq!((events.expected, events.probability, events.by_others), (0.75, 0.75, 0.0));
}

#[test]
fn caused_events_are_counted_with_their_aftershocks() {
    let mut first = risk(per_year(2.0), Effects::default());
    first.effects.causes = vec![Cause { risk: 1, probability: 0.3, after: Law::Constant(0.0) }];
    let Arrivals::Poisson { per_hour, trend, calendar, follows, .. } = per_year(1.0) else { panic!() };
    let aftershocks = Some(Aftershocks { mean: 0.2, within_hours: 1.0 });
    let second = risk(Arrivals::Poisson { per_hour, trend, calendar, follows, aftershocks }, Effects::default());
    let mut third = risk(per_year(0.0), outage(Law::Constant(10.0), 0.0));
    third.arrivals = None;
    let mut again = second.clone();
    again.effects.causes = vec![Cause { risk: 2, probability: 0.5, after: Law::Constant(876.6) }];
    let digest = digest(&scenario(vec![first, again, third]));
    let events = |n: usize| digest.risks[n].events.expect("events");
    close(events(0).expected, 2.0, 1e-12);
    close(events(1).expected, 1.0 + 2.0 * 0.3 / 0.8, 1e-6);
    close(events(1).by_others, 2.0 * 0.3 / 0.8, 1e-6);
    // One of the ten parts of the year is over before any can follow.
    close(events(2).expected, 0.5 * 0.9 * 1.75, 1e-6);
    close(events(2).probability, 1.0 - libm::exp(-0.5 * 0.9 * 1.75), 1e-6);
    close(digest.risks[2].hours_down.expect("an outage"), 7.875, 0.01);
}

#[test]
fn raised_rates_are_counted_while_they_last() {
    // One turmoil for sure, half a year before the end, that triples the rate for a quarter.
    let mut turmoil = risk(Arrivals::At { times_hours: vec![4383.0], probability: 0.5 }, Effects::default());
    turmoil.effects.raises = vec![Raise { risk: 1, factor: 3.0 }];
    turmoil.effects.lasts = Some(Law::Constant(2191.5));
    let outages = risk(per_year(8.0), Effects::default());
    let digest = digest(&scenario(vec![turmoil, outages.clone()]));
    let events = digest.risks[1].events.expect("events");
    close(events.by_others, 8.0 * 0.25 * 0.5 * 2.0, 1e-3);
    close(events.expected, 10.0, 1e-3);
    // Many at once: of a Poisson number M under way the mean of 3^M is exp(2 m).
    let mut many = risk(per_year(4.0), Effects::default());
    many.effects.raises = vec![Raise { risk: 1, factor: 3.0 }];
    many.effects.lasts = Some(Law::Constant(1.0));
    let digest = super::digest(&scenario(vec![many, outages]));
    close(digest.risks[1].events.expect("events").by_others, 8.0 * libm::expm1(2.0 * 4.0 / YEAR), 1e-2);
}

#[test]
fn first_year_of_a_longer_horizon_is_told_apart() {
    let mut two_years = scenario(vec![risk(rising_by(3.0, 1.0), Effects::default())]);
    two_years.horizon_hours = 2.0 * YEAR;
    let events = digest(&two_years).risks[0].events.expect("there are arrivals");
    close(events.first_year, 3.0 / libm::log(2.0), 1e-9);
    close(events.expected, 9.0 / libm::log(2.0), 1e-9);
}

#[test]
fn scheduled_losses_are_exact() {
    let at = |t: f64| Arrivals::At { times_hours: vec![t], probability: 1.0 };
    close(hours(at(3512.0), outage(Law::Constant(6.0), 0.5)), 3.0, 1e-9);
    let suspends =
        |length, notice| Effects { suspends: Some(length), notice: Some(Law::Constant(notice)), ..Effects::default() };
    close(hours(at(1000.0), suspends(Length::Hours(Law::Constant(1440.0)), 168.0)), 1440.0, 1e-9);
    close(hours(at(8000.0), suspends(Length::Hours(Law::Constant(1440.0)), 166.0)), 600.0, 1e-3);
    close(hours(at(1000.0), suspends(Length::Permanent, 0.0)), 7766.0, 1e-3);
    close(
        hours(Arrivals::Once { probability: 0.5, from_hours: 0.0, to_hours: 8766.0 }, suspends(Length::Permanent, 0.0)),
        8766.0 / 4.0,
        1e-3,
    );
    close(hours(Arrivals::Every(Law::Constant(1000.0)), outage(Law::Constant(10.0), 0.0)), 80.0, 1e-6);
    let rows = Law::Discrete { values: vec![2.0, 20.0], cumulative: vec![0.5, 1.0] };
    close(hours(at(1000.0), outage(rows, 0.0)), 11.0, 1e-9);
}

#[test]
fn short_outages_in_a_long_horizon_are_not_lost() {
    let mut century = scenario(vec![risk(per_year(10.0), outage(Law::Constant(0.1), 0.0))]);
    century.horizon_hours = 100.0 * YEAR;
    let down = digest(&century).risks[0].hours_down.expect("an outage");
    // Overlaps are rare: λT·d less half of λ²d²T.
    let (rate, d, all) = (10.0 / YEAR, 0.1, 100.0 * YEAR);
    close(down, all * -libm::expm1(-rate * d), 1e-4);
}

#[test]
fn a_suit_filed_before_the_start_ends_after_it() {
    let injunction = Outcome {
        name: "injunction".to_owned(),
        probability: 0.2,
        conditions: Conditions::default(),
        effects: Effects { suspends: Some(Length::Permanent), ..Effects::default() },
        ends: true,
    };
    let settled =
        Outcome { name: "settled".to_owned(), probability: 0.5, effects: Effects::default(), ..injunction.clone() };
    let mut suit = risk(Arrivals::At { times_hours: vec![-1000.0], probability: 1.0 }, outage(Law::Constant(5.0), 0.0));
    suit.stages = vec![
        Stage { name: "ruling".to_owned(), after: Law::Uniform { min: 0.0, max: 5000.0 }, outcomes: vec![injunction] },
        Stage { name: "appeal".to_owned(), after: Law::Constant(1000.0), outcomes: vec![settled] },
    ];
    let suit = of(suit);
    // Uniform over 0 … 5000 after −1000, known to be after 0: uniform over 0 … 4000; the outage is past.
    close(suit.hours_down.expect("an injunction"), 0.2 * (8766.0 - 2000.0), 1e-4);
    close(suit.outcomes[0].at_least_one, 0.2, 1e-9);
    close(suit.outcomes[1].expected, 0.8 * 0.5, 1e-9);
    let events = suit.events.expect("there are arrivals");
    close(events.expected, 1.0, 1e-12);
}

#[test]
fn outcomes_of_a_poisson_risk_are_thinned_and_delayed() {
    let mut suit = risk(per_year(2.0), Effects::default());
    let outcome = Outcome {
        name: "x".to_owned(),
        probability: 0.25,
        conditions: Conditions::default(),
        effects: Effects::default(),
        ends: false,
    };
    suit.stages =
        vec![Stage { name: "ruling".to_owned(), after: Law::Constant(8766.0 / 2.0), outcomes: vec![outcome] }];
    let suit = of(suit);
    close(suit.outcomes[0].expected, 0.25, 1e-6);
    close(suit.outcomes[0].at_least_one, 1.0 - libm::exp(-0.25), 1e-6);
}

#[test]
fn sizes_are_the_means_and_points_of_their_laws() {
    let effects =
        Effects { price_change: Some(lognormal(1.0, 10.0)), suspends: Some(Length::Permanent), ..Effects::default() };
    let sizes = of(risk(per_year(1.0), effects)).sizes;
    assert_eq!(sizes[0], Size { of: Quantity::Suspends, extent: Extent::Permanent });
    let Extent::Drawn { mean, p05, p95 } = sizes[1].extent else { panic!("drawn") };
    close(mean.expect("finite"), 4.040_012_827, 1e-9);
    close(p05, 1.0, 1e-9);
    close(p95, 10.0, 1e-9);
}

#[test]
fn a_price_path_ends_where_its_drift_leads() {
    let mut path = risk(per_year(1.0), Effects::default());
    path.arrivals = None;
    path.path = Some(PricePath { drift: -0.3, volatility: 0.2, follows: Vec::new() });
    let Some(Extent::Drawn { mean, p05, p95 }) = of(path).path else { panic!("a path") };
    let years = 11.0 / 12.0;
    close(mean.expect("finite"), libm::pow(0.7, years), 1e-12);
    close(p95 / p05, libm::exp(2.0 * 1.644_853_626_951_472_2 * 0.2 * years.sqrt()), 1e-9);
}

#[test]
fn portfolios_say_what_they_plan_and_see() {
    let mut retaliation = risk(per_year(1.0), Effects::default());
    retaliation.conditions =
        Conditions { list: vec![Condition { uses: 2, at_least: 0.4, times: 1.0, otherwise: 0.0 }] };
    let digest = digest(&scenario(vec![retaliation]));
    assert_eq!(digest.risks[0].times, [0.0, 1.0]);
    let half = &digest.portfolios[1];
    assert_eq!(half.shares, [0.5, 0.5]);
    close(half.plan_total(), 8766.0 * (10.0 * 2.5 + 2.0) + 1000.0, 1e-12);
    close(half.hhi_vendor, 0.5, 1e-12);
    close(digest.portfolios[0].hhi_platform, 1.0, 1e-12);
    assert_eq!(half.contracts, [0]);
}
