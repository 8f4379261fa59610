//! Whether tilted trials, by their weights, are those of the scenario.

use super::*;
use crate::plan::mixture::{Component, Tilt};
use crate::plan::site::Site;
use crate::scenario::{NoFiles, read};
use crate::simulate::pilot::Drawn;
use crate::world::World;

/// A draw of every kind that can be tilted.
const EVERYTHING: &str = r#"
name = "everything"
start = 2025-06-01
horizon = "2 years"
[factor.mood]
persistence = "6 months"
[vendor.a]
price = "$2/Mtok"
[vendor.b]
price = "$3/Mtok"
[service.s]
revenue = "$1k/h"
usage = "300 Gtok/month"
sensitivity = 0.3
[risk.few]
kind = "exclusivity"
on = "a"
arrivals = { per_year = 0.2 }
notice = "1 h to 90 h"
suspends = "10 days to 60 days"
cost = "$10k to $90k"
scales_with = "use"
[risk.many]
kind = "outage"
on = "a"
arrivals = { per_year = 3, aftershocks = { mean = 0.2, within = "9 h" } }
duration = "1 h to 20 h"
leaves = { uniform = [0, 0.5] }
causes = { once = { probability = 0.1, after = "1 h to 40 h" } }
[risk.driven]
kind = "outage"
on = "b"
arrivals = { per_year = 2, follows = { mood = 0.6 } }
duration = "1 h to 30 h"
[risk.once]
kind = "pricing"
on = "a"
arrivals = { once = { probability = 0.3, between = [2025-08-01, 2026-08-01] } }
price_change = "+5% to +50%"
for = "90 days to 300 days"
[risk.at]
kind = "exclusivity"
on = "b"
arrivals = { at = [2025-09-01, 2026-02-01], probability = 0.4 }
revenue_change = { s = "-6% to -1%" }
over = "10 days to 90 days"
[risk.due]
kind = "delay"
on = "a"
due = 2025-10-01
slips = { values = ["0 h", "60 days", "200 days"], weights = [2, 1, 1] }
gap = "-15% to -3%"
[risk.suit]
kind = "legal"
on = "b"
arrivals = { at = [2025-03-01] }
[[risk.suit.stages]]
name = "first"
after = "2 months to 20 months"
outcomes = [{ name = "x", probability = 0.3, cost = "$20k to $80k", scales_with = "use" }, { name = "y", probability = 0.2, suspends = "20 days to 60 days", ends = true }]
[[risk.suit.stages]]
name = "second"
after = "1 month to 5 months"
outcomes = [{ name = "z", probability = 0.5, cost = "$30k to $90k", scales_with = "use" }]
[risk.turmoil]
kind = "governance"
on = "a"
arrivals = { per_year = 0.5 }
raises = { few = 3.0, many = 2.0, driven = 2.0 }
for = "3 months to 12 months"
[risk.prices]
kind = "pricing"
on = "a"
path = { drift = "-10%", volatility = 0.2, follows = { mood = 0.5 } }
[portfolio.two]
shares = { a = 0.7, b = 0.3 }
migration = { patience = "9 h", takes = "10 days to 60 days", costs = "$5k" }
[portfolio.one]
shares = { b = 1 }
"#;

fn scenario(text: &str) -> Scenario {
    read("x.toml", text.as_bytes(), &NoFiles).unwrap_or_else(|problems| panic!("{problems}")).scenario
}

/// Half of the trials plain, the others by one component a list of tilts.
fn by(tilts: Vec<Vec<Tilt>>) -> Mixture {
    let share = 0.5 / tilts.len() as f64;
    Mixture { plain: 0.5, components: tilts.into_iter().map(|tilts| Component { share, tilts }).collect() }
}

/// A tilt of a site, the other way where `sign` is −1.
fn some(site: &Site, strength: f64, sign: f64) -> Tilt {
    match &site.kind {
        Kind::Rate => Tilt::Rate(1.0 + sign * strength.min(0.7)),
        Kind::Choice(pieces) => {
            let (last, n) = (pieces.len() - 1, pieces.len() as f64);
            let most = if sign > 0.0 { 0 } else { last };
            let even = |i: usize| if i == most { strength / 2.0 } else { 0.0 };
            let p = pieces.iter().enumerate().map(|(i, p)| (1.0 - strength / 2.0) * (p.to - p.from) + even(i));
            assert!(n > 1.0);
            Tilt::Choice(p.collect())
        }
        Kind::Value => Tilt::Value { shift: sign * strength, spread: 1.0 + 0.2 * strength },
        Kind::Steps => Tilt::Steps(sign * strength / 6.0),
    }
}

/// Mean of what a world shows, and variance of that mean: weights, loss by portfolio, then counts and sizes.
struct Means(Vec<(f64, f64)>);

impl Means {
    fn new(plan: &Plan, n: u64) -> Self {
        let mut world = World::default();
        let rows: Vec<Vec<f64>> = (pilot::draw(plan, 0..n, &|_| true).unwrap().into_iter())
            .map(|Drawn { trial, weight, losses, .. }| {
                world.draw(plan, trial);
                assert_eq!(world.weight, weight);
                let mut row = losses;
                row.extend(
                    (0..plan.risks.len()).map(|r| world.events.iter().filter(|e| e.risk as usize == r).count() as f64),
                );
                row.push(world.interruptions.iter().map(|i| i.length).sum());
                row.push(world.costs.iter().map(|c| c.amount).sum());
                row.push(world.prices.iter().map(|p| p.change * (p.end - p.start)).sum());
                row.push(world.revenues.iter().map(|p| p.change * p.over).sum());
                row.push(world.capabilities.iter().map(|p| p.change).sum());
                row.push(world.paths[0][23]);
                row.iter_mut().for_each(|x| *x *= weight);
                row.insert(0, weight);
                row
            })
            .collect();
        let n = n as f64;
        let column = |c: usize| {
            let mean = rows.iter().map(|r| r[c]).sum::<f64>() / n;
            (mean, rows.iter().map(|r| (r[c] - mean).powi(2)).sum::<f64>() / (n * (n - 1.0)))
        };
        Self((0..rows[0].len()).map(column).collect())
    }

    /// By how many standard errors they differ at most.
    fn differ(&self, other: &Self) -> f64 {
        let z = |(a, b): (&(f64, f64), &(f64, f64))| (a.0 - b.0).abs() / (a.1 + b.1).sqrt().max(1e-12);
        self.0.iter().zip(&other.0).map(z).fold(0.0, f64::max)
    }
}

/// The error of one component or draw whose ratio is forgotten, or counted for what nobody looks at, shows here.
#[test]
fn every_tilt_by_itself_leaves_all_means() {
    let plan = Plan::new(&scenario(EVERYTHING), 1);
    let plain = Means::new(&Plan::new(&scenario(EVERYTHING), 2), 20_000);
    for (s, site) in plan.sites.iter().enumerate() {
        let tilts = |strength: f64, sign: f64| {
            let mut tilts = vec![Tilt::None; s];
            tilts.push(some(site, strength, sign));
            tilts
        };
        let tilted = plan.clone().sampled_by(Some(&by(vec![tilts(0.8, 1.0), tilts(0.5, -1.0)])));
        let means = Means::new(&tilted, 1_500);
        assert!(means.0[0].1 > 0.0, "{site:?} is tilted nowhere");
        let z = means.differ(&plain);
        assert!(z < 4.5, "{site:?}: {z}");
    }
}

#[test]
fn all_tilts_together_leave_all_means() {
    let plan = Plan::new(&scenario(EVERYTHING), 1);
    let all = |strength: f64, sign: f64| plan.sites.iter().map(|site| some(site, strength, sign)).collect();
    let mixture = by(vec![all(0.15, 1.0), all(0.2, -1.0), all(0.1, 1.0)]);
    let plain = Means::new(&Plan::new(&scenario(EVERYTHING), 2), 30_000);
    let tilted = plan.clone().sampled_by(Some(&mixture));
    let z = Means::new(&tilted, 30_000).differ(&plain);
    assert!(z < 4.5, "{z}");
    // They do something: without weights the means are others.
    let drawn = pilot::draw(&tilted, 0..4_000, &|_| true).unwrap();
    let mean = drawn.iter().map(|d| d.losses[0]).sum::<f64>() / 4_000.0;
    assert!((mean - plain.0[1].0) / plain.0[1].1.sqrt() > 5.0, "{mean} {:?}", plain.0[1]);
}

#[test]
fn plain_trials_are_those_of_a_run_without_a_mixture() {
    let plan = Plan::of_text(EVERYTHING);
    let tilts = plan.sites.iter().map(|site| some(site, 0.8, 1.0)).collect();
    let tilted = plan.clone().sampled_by(Some(&by(vec![tilts]))).independently();
    let draw = |plan| pilot::draw(plan, 0..300, &|_| true).unwrap();
    let component = |trial| tilted.mixture.as_ref().unwrap().component(trial);
    let (mut same, mut other) = (0, 0);
    for (a, b) in draw(&plan).iter().zip(draw(&tilted)) {
        assert_eq!(a.weight, 1.0);
        assert!(b.weight >= 0.0 && b.weight <= 2.0 && (b.weight * 268_435_456.0).fract() == 0.0);
        if component(a.trial) == 0 {
            assert_eq!(a.losses, b.losses);
            same += 1;
        } else {
            other += usize::from(a.losses != b.losses);
        }
    }
    assert!((120..180).contains(&same) && other > 100, "{same} {other}");
}

/// Weighing draws nothing of what is tilted nowhere, but all where some events lead to others.
#[test]
fn a_trial_weighs_the_same_if_only_what_is_tilted_is_drawn() {
    let unchained = include_str!("../../benches/reference-workload.toml");
    let (mut world, mut fewer, mut all_trials) = (World::default(), 0, 0);
    for text in [EVERYTHING, unchained] {
        let plan = Plan::new(&scenario(text), 1);
        let all = |which: usize| {
            let tilt = |(s, site): (usize, &Site)| if s % 3 == which { some(site, 0.5, 1.0) } else { Tilt::None };
            plan.sites.iter().enumerate().map(tilt).collect()
        };
        let one =
            |s: usize| (0..=s).map(|i| if i == s { some(&plan.sites[s], 0.5, 1.0) } else { Tilt::None }).collect();
        let mixtures =
            (0..plan.sites.len()).map(|s| by(vec![one(s)])).chain([by(vec![all(0), all(1)]), by(vec![all(2)])]);
        for plan in mixtures.map(|mixture| plan.clone().sampled_by(Some(&mixture))) {
            for trial in 0..40 {
                let weight = world.weigh(&plan, trial);
                let n = world.events.len();
                world.draw_tilted(&plan, trial);
                (fewer, all_trials) = (fewer + usize::from(n < world.events.len()), all_trials + 1);
                assert_eq!(world.weight.to_bits(), weight.to_bits(), "{trial}");
            }
        }
    }
    assert!(4 * fewer > all_trials, "{fewer} of {all_trials}");
}

/// A plain outage that is tilted comes out as an event.
#[test]
fn tilted_outages_leave_their_columns() {
    let text = "start = 2025-06-01\nhorizon = \"2 years\"\n[vendor.a]\n[service.s]\nrevenue = \"$1k/h\"\n[risk.r]\nkind = \"outage\"\non = \"a\"\narrivals = { per_year = 3 }\nduration = \"1 h to 9 h\"\n[risk.q]\nkind = \"outage\"\non = \"a\"\narrivals = { per_year = 30 }\nduration = \"1 h\"\n[portfolio.p]\nshares = { a = 1 }\n";
    let plan = Plan::new(&scenario(text), 1);
    let duration = plan.sites.iter().position(|s| s.risk == Some(0) && s.quantity == "duration").unwrap();
    let mut tilts = vec![Tilt::None; duration + 1];
    tilts[duration] = Tilt::Value { shift: 0.7, spread: 1.1 };
    let tilted = plan.clone().sampled_by(Some(&by(vec![tilts]))).independently();
    assert_eq!(plan.plain.as_ref().map(|p| p.risks.len()), Some(2));
    assert_eq!(tilted.plain.as_ref().map(|p| p.risks.len()), Some(1));
    let draw = |plan| pilot::draw(plan, 0..200, &|_| true).unwrap();
    for (a, b) in draw(&plan).iter().zip(draw(&tilted)) {
        if tilted.mixture.as_ref().unwrap().component(a.trial) == 0 {
            assert!((a.losses[0] - b.losses[0]).abs() <= 1e-9 * a.losses[0], "{a:?} {b:?}");
        }
    }
}

/// Whichever outages come out as events, what those do that overlap in their columns stays the same.
#[test]
fn those_that_stay_in_columns_overlap_as_before() {
    let risk = |name: &str, on: &str, leaves: f64| {
        format!(
            "[risk.{name}]\nkind = \"outage\"\non = \"{on}\"\narrivals = {{ per_year = 200 }}\nduration = \"1 h to 9 h\"\nleaves = {leaves}\n"
        )
    };
    let risks = [risk("p", "c", 0.5), risk("q", "a", 0.0), risk("r", "b", 0.0), risk("s", "c", 0.0)].concat();
    let text = format!(
        "start = 2025-06-01\nhorizon = \"1 year\"\n[platform.c]\n[vendor.a]\nruns_on = [\"c\"]\nprice = \"$3/call\"\n[vendor.b]\nprice = \"$5/call\"\n[service.s]\nrevenue = \"$1k/h\"\nusage = \"9 call/h\"\n{risks}[portfolio.p]\nshares = {{ a = 0.7, b = 0.3 }}\nfailover = {{ detect = \"30 min\", headroom = 0.8 }}\n"
    );
    let plan = Plan::new(&scenario(&text), 1);
    let draw = |plan: &Plan| pilot::draw(plan, 0..20, &|_| true).unwrap();
    let before = draw(&plan);
    for left_out in [&[0][..], &[1], &[2], &[3], &[0, 2]] {
        let fewer = plan.clone().without_plain(left_out);
        assert_eq!(fewer.plain.as_ref().map(|p| p.risks.len()), Some(4 - left_out.len()));
        for (a, b) in before.iter().zip(draw(&fewer)) {
            assert!((a.losses[0] - b.losses[0]).abs() <= 1e-9 * a.losses[0].abs(), "{left_out:?}: {a:?} {b:?}");
        }
    }
}

#[test]
fn tilts_that_are_none_give_every_trial_the_weight_1() {
    let plan = Plan::new(&scenario(EVERYTHING), 1);
    let none = |share| Component { share, tilts: vec![Tilt::None; plan.sites.len()] };
    let mixture = Mixture { plain: 0.4, components: vec![none(0.1), none(0.2), none(0.3)] };
    let tilted = plan.clone().sampled_by(Some(&mixture));
    let draw = |plan| pilot::draw(plan, 0..200, &|_| true).unwrap();
    assert_eq!(draw(&plan), draw(&tilted));
    assert!(draw(&tilted).iter().all(|d| d.weight == 1.0));
}

/// Trials of several rounds are one sample of all their mixtures: each is drawn as in its round, and weighs so that all means are those of
/// the scenario.
#[test]
fn trials_of_all_rounds_weigh_as_one_sample() {
    let plan = Plan::new(&scenario(EVERYTHING), 1);
    let tilts = |strength: f64, sign: f64| plan.sites.iter().map(|site| some(site, strength, sign)).collect();
    let mixtures = [Mixture::plain(), by(vec![tilts(0.3, 1.0), tilts(0.2, -1.0)]), by(vec![tilts(0.25, 1.0)])];
    let n = 6_000;
    let draw = |plan: &Plan, k: u64| pilot::draw(plan, k * n..(k + 1) * n, &|_| true).unwrap();
    let rounds: Vec<Round> = (0..)
        .zip(mixtures)
        .map(|(k, mixture)| Round { drawn: draw(&plan.clone().sampled_by(Some(&mixture)).independently(), k), mixture })
        .collect();
    let mut all = Vec::new();
    for ((k, round), plan) in (0..).zip(&rounds).zip(fit::weighing(&plan, &rounds)) {
        let again = draw(&plan, k);
        for (one, other) in round.drawn.iter().zip(&again) {
            assert!(
                one.losses.iter().zip(&other.losses).all(|(x, y)| (x - y).abs() <= 1e-9 * x.abs()),
                "{one:?} {other:?}"
            );
        }
        all.extend(again);
    }
    let plain = draw(&Plan::new(&scenario(EVERYTHING), 2), 0);
    let mean = |drawn: &[Drawn], of: &dyn Fn(&Drawn) -> f64| {
        let n = drawn.len() as f64;
        let mean = drawn.iter().map(of).sum::<f64>() / n;
        (mean, drawn.iter().map(|d| (of(d) - mean).powi(2)).sum::<f64>() / (n * (n - 1.0)))
    };
    for of in [&|d: &Drawn| d.weight, &|d: &Drawn| d.weight * d.losses[0]] as [&dyn Fn(&Drawn) -> f64; 2] {
        let ((one, error), (other, its)) = (mean(&all, of), mean(&plain, of));
        let z = (one - other) / (error + its).sqrt();
        assert!(error > 0.0 && z.abs() < 4.0, "{one} {other}: {z}");
    }
    // The weights of the rounds themselves are others.
    assert!(rounds[1].drawn.iter().zip(&all[6_000..]).any(|(own, joint)| (own.weight - joint.weight).abs() > 0.1));
}

/// A run of so many trials.
fn of(trials: u64) -> Length {
    Length { trials: Some(trials), ..Length::default() }
}

#[test]
fn neither_ranges_nor_threads_change_anything() {
    let scenario = scenario(RARE_COST);
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| tune(&scenario, 1, of(10_000), &|_| true).unwrap())
    };
    let (one, three) = (on(1), on(3));
    assert_eq!(one.mixture, three.mixture);
    assert_eq!((one.gains, &one.reason), (three.gains, &three.reason));
    let plan = Plan::new(&scenario, 1).sampled_by(one.mixture.as_ref());
    let draw = |range| pilot::draw(&plan, range, &|_| true).unwrap();
    let mut parts = draw(0..37);
    parts.extend(draw(37..200));
    assert_eq!(draw(0..200), parts);
    assert!(tune(&scenario, 1, of(10_000), &|_| false).is_none());
}

/// Events of mean 0.03, each of a log-normal cost of median $1M and σ 1.
const RARE_COST: &str = r#"
start = 2025-06-01
horizon = "1 year"
[vendor.a]
[vendor.b]
[service.s]
revenue = "$1/h"
[risk.r]
kind = "retirement"
on = "a"
arrivals = { per_year = 0.03 }
notice = "0 h"
cost = { median = "$1M", sigma = 1 }
scales_with = "use"
[risk.noise]
kind = "retirement"
on = "b"
arrivals = { per_year = 5 }
notice = "0 h"
cost = "$1"
[portfolio.p]
shares = { a = 1 }
"#;

/// P(loss > x) of [`RARE_COST`], in $M: by one event or by two; more come in less than a trial of 200,000.
fn survival(x: f64) -> f64 {
    let tail = |x: f64| if x > 0.0 { 0.5 * libm::erfc(x.ln() / 2f64.sqrt()) } else { 1.0 };
    let n = 4_000;
    let middle = |i: i32| crate::chance::math::normal_quantile((f64::from(i) + 0.5) / f64::from(n)).exp();
    let two = (0..n).map(|i| tail(x - middle(i))).sum::<f64>() / f64::from(n);
    let mean: f64 = 0.03;
    (-mean).exp() * (mean * tail(x) + mean * mean / 2.0 * two)
}

#[test]
fn a_rare_cost_has_its_tail_with_far_less_error() {
    let scenario = scenario(RARE_COST);
    let tuned = tune(&scenario, 1, of(10_000), &|_| true).unwrap();
    for tilted in tuned.tilts.iter().filter(|t| t.quantity == "count") {
        // Two events are too rare in a pilot to show that they are as bad as one.
        let How::Choice(pieces) = &tilted.how else { panic!("{tilted:?}") };
        let times: Vec<f64> = pieces.iter().map(|(_, was, is)| is / was).collect();
        assert!(times[1..].windows(2).all(|w| w[1] > w[0] * (1.0 - 1e-9)), "{tilted:?}");
    }
    let noise = tuned.tilts.iter().filter(|t| t.risk == Some(1)).count();
    assert!(noise <= 1, "what does not matter is hardly tilted: {:?}", tuned.tilts);
    let plan = Plan::new(&scenario, 1).sampled_by(tuned.mixture.as_ref());
    let n = 6_000.0;
    let drawn = pilot::draw(&plan, 0..6_000, &|_| true).unwrap();
    for x in [2.0, 5.0, 10.0] {
        let over = |d: &Drawn| if d.losses[0] > x * 1e6 { d.weight } else { 0.0 };
        let mean = drawn.iter().map(over).sum::<f64>() / n;
        let variance = drawn.iter().map(|d| (over(d) - mean).powi(2)).sum::<f64>() / (n - 1.0);
        let exact = survival(x);
        let z = (mean - exact) / (variance / n).sqrt();
        assert!(z.abs() < 4.0, "{x}: {mean} {exact} {z}");
        assert!(variance * 4.0 < exact * (1.0 - exact), "{x}: {}", exact * (1.0 - exact) / variance);
    }
    // TVaR 99.5 %: the quantile by bisection, and the integral of the survival function beyond it.
    let (mut low, mut high) = (0.1, 50.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if survival(middle) > 0.005 { low = middle } else { high = middle }
    }
    let over: f64 =
        (0..600).map(|i| low * libm::exp((f64::from(i) + 0.5) * 0.01)).map(|x| survival(x) * x * 0.01).sum();
    let exact = low + over / 0.005;
    let mut losses: Vec<(f64, f64)> = drawn.iter().map(|d| (d.losses[0] / 1e6, d.weight)).collect();
    losses.sort_by(|a, b| b.0.total_cmp(&a.0));
    let q = fit::quantile(&losses, 0.995);
    let all: f64 = losses.iter().map(|l| l.1).sum();
    let tvar = q + losses.iter().map(|(x, w)| w * (x - q).max(0.0)).sum::<f64>() / all / 0.005;
    let influence = |x: f64| (x - q).max(0.0) / 0.005 - (tvar - q);
    let error = losses.iter().map(|(x, w)| (w * influence(*x)).powi(2)).sum::<f64>().sqrt() / all;
    assert!((tvar - exact).abs() < 4.0 * error, "{tvar} {exact} {error}");
    assert!(error < 0.04 * exact, "{error}");
    assert!(tuned.gains[0].tvar_995 > 8.0 && tuned.auto, "{:?} {}", tuned.gains, tuned.reason);
    assert!(tuned.reason.contains("the pilot included"), "{}", tuned.reason);
    // Of a run of unknown length nobody knows what part of it the pilot is.
    let unknown = tune(&scenario, 1, Length::default(), &|_| true).unwrap();
    assert!(unknown.auto && unknown.reason.contains("the pilot not counted"), "{}", unknown.reason);
}

/// A pilot is as long as is good for the run, or as somebody says; what it finds depends on that length alone.
#[test]
fn a_pilot_is_as_long_as_is_good_for_the_run() {
    let length = |length: Length| stages(length).collect::<Vec<_>>();
    let of = |trials| Length { trials: Some(trials), ..Length::default() };
    let pilot = |trials| Length { pilot: Some(trials), ..of(10) };
    assert_eq!([length(Length::default()), length(of(1)), length(of(79_999))], [[8_000]; 3]);
    assert_eq!(length(of(80_000)), [8_000, 16_000]);
    assert_eq!(length(of(319_999)), [8_000, 16_000, 32_000]);
    assert_eq!(length(of(u64::MAX)), [8_000, 16_000, 32_000, 64_000]);
    assert_eq!([length(pilot(0)), length(pilot(600)), length(pilot(7_000))], [[600], [600], [7_000]]);
    assert_eq!(length(pilot(20_000)), [5_000, 10_000, 20_000]);
    let until = |most| Length { until: Some((0.995, 1e-6)), most, ..Length::default() };
    assert_eq!(length(until(None)), [8_000, 16_000, 32_000, 64_000]);
    assert_eq!([length(until(Some(5_000))), length(until(Some(80_000)))], [vec![8_000], vec![8_000, 16_000]]);
    // It grows until it is a fifth of the run, or until nobody would wait for more.
    let scenario = scenario(RARE_COST);
    let until =
        |error| tune(&scenario, 1, Length { until: Some((0.995, error)), ..Length::default() }, &|_| true).unwrap();
    let (loose, tight, most) = (until(0.05), until(0.005), until(1e-6));
    assert_eq!([loose.trials, tight.trials, most.trials], [8_000, 16_000, 64_000]);
    assert!(tight.reason.contains("the pilot included"), "{}", tight.reason);
    for found in [tight, most] {
        let asked = tune(&scenario, 1, Length { pilot: Some(found.trials), ..Length::default() }, &|_| true).unwrap();
        assert_eq!((asked.mixture, asked.trials), (found.mixture, found.trials));
    }
}

/// What bounds a run of unknown length is weighed, and a portfolio that cannot lose has no say.
#[test]
fn advice_counts_the_trials_there_will_be_and_who_can_lose() {
    let text = RARE_COST
        .replace("[risk.noise]", "[portfolio.q]\nshares = { b = 1 }\n[risk.noise]")
        .replace("\"$1\"", "\"$0\"");
    let scenario = scenario(&text);
    let until = |most| tune(&scenario, 1, Length { until: Some((0.995, 1e-3)), most, ..Length::default() }, &|_| true);
    let (free, bound) = (until(None).unwrap(), until(Some(100)).unwrap());
    assert!(free.gains[0].tvar_995.is_infinite(), "{:?}", free.gains);
    assert!(free.auto && free.reason.contains("times faster)."), "{}", free.reason);
    assert!(!bound.auto && bound.reason.contains("less than `auto` asks for"), "{}", bound.reason);
}

/// Losses x that are drawn with density e^(−x/2)/2 and are to be exponential: TVaR is 1 + ln 200, and what a trial adds to its
/// error, (x − q)⁺/α − 1, has a variance whose integral is known.
#[test]
fn trials_that_are_needed_are_those_of_the_closed_form() {
    let n = 400_000;
    let drawn: Vec<Drawn> = (0..n)
        .map(|i| {
            let loss = -2.0 * ((f64::from(i) + 0.5) / f64::from(n)).ln();
            Drawn { trial: 0, weight: 2.0 * (-loss / 2.0).exp(), events: 0.0, losses: vec![loss, 3.0] }
        })
        .collect();
    let alpha: f64 = 0.005;
    let variance = 2.0 * (2.0 / 3.0 - 2.0 / 2.25 * alpha.sqrt() + 2.0 / 3.375 / alpha.sqrt());
    let exact = variance / (1.0 - alpha.ln()).powi(2) / 1e-4;
    let needed = gain::needed(&drawn, 1.0 - alpha, 0.01) as f64;
    assert!((needed / exact - 1.0).abs() < 0.01, "{needed} {exact}");
}

/// Of two portfolios the one whose tail is rarer needs most trials, and gets most of the mixture.
#[test]
fn the_least_precise_portfolio_counts_most() {
    let text = RARE_COST
        .replace("{ per_year = 5 }", "{ per_year = 0.006 }")
        .replace("cost = \"$1\"", "cost = { median = \"$1M\", sigma = 1.8 }\nscales_with = \"use\"")
        + "[portfolio.q]\nshares = { b = 1 }\n";
    let scenario = scenario(&text);
    let tuned = tune(&scenario, 1, of(10_000), &|_| true).unwrap();
    let plan = Plan::new(&scenario, 7);
    let needed = |plan: &Plan, n: u64| -> Vec<f64> {
        let drawn = pilot::draw(plan, 0..n, &|_| true).unwrap();
        (0..2).map(|p| gain::relative_variance(&gain::losses(&drawn, p), 0.995)).collect()
    };
    let (plain, ours) = (needed(&plan, 400_000), needed(&plan.clone().sampled_by(tuned.mixture.as_ref()), 40_000));
    let worst = |needed: &[f64]| f64::max(needed[0], needed[1]);
    assert!(worst(&plain) > 100.0 * worst(&ours), "{plain:?} {ours:?}");
    assert!(worst(&ours) < 1.5 * f64::min(ours[0], ours[1]), "{ours:?}");
}

/// Where nothing that can be tilted makes losses large, the pilot says so.
#[test]
fn what_cannot_be_tilted_is_drawn_plainly() {
    let text =
        RARE_COST.replace("{ per_year = 0.03 }", "{ every = \"1 h to 90 days\" }").replace("sigma = 1", "sigma = 0");
    let tuned = tune(&scenario(&text), 1, of(10_000), &|_| true).unwrap();
    assert!(!tuned.auto && tuned.tilts.len() < 3, "{:?} {:?} {}", tuned.tilts, tuned.gains, tuned.reason);
}

/// `TUNE=file cargo test --release --lib -- --ignored --nocapture tune_a_file`: what a pilot finds there.
#[test]
#[ignore = "for looking, not for testing"]
#[expect(clippy::disallowed_macros, reason = "its output is what is asked for")]
fn tune_a_file() {
    for path in std::env::var("TUNE").unwrap().split(',') {
        let text = std::fs::read(path).unwrap();
        let scenario = read("x.toml", &text, &NoFiles).unwrap().scenario;
        let begun = std::time::Instant::now();
        let trials = std::env::var("TRIALS").map_or(scenario.trials, |n| n.parse().unwrap());
        let tuned = tune(&scenario, scenario.seed, of(trials), &|_| true).unwrap();
        println!("{path}: {:.1?}, cost {:.2}", begun.elapsed(), tuned.cost);
        for tilted in &tuned.tilts {
            let name = tilted.risk.map_or("", |r| &scenario.risks[r].id);
            println!("  {} {:.2} {name} {} {:.3?}", tilted.component, tilted.share, tilted.quantity, tilted.how);
        }
        for (p, gain) in scenario.portfolios.iter().zip(&tuned.gains) {
            println!("  {:20} {:.2?}", p.id, gain);
        }
        let plan = Plan::new(&scenario, 77);
        let begun = std::time::Instant::now();
        pilot::draw(&plan, 0..5000, &|_| true).unwrap();
        let plain = begun.elapsed();
        let plan = plan.sampled_by(tuned.mixture.as_ref());
        let begun = std::time::Instant::now();
        let drawn = pilot::draw(&plan, 0..5000, &|_| true).unwrap();
        println!(
            "  5000 trials: plain {plain:.1?}, mixture {:.1?}; auto {} {}",
            begun.elapsed(),
            tuned.auto,
            tuned.reason
        );
        for (p, gain) in scenario.portfolios.iter().zip(gain::gains(&drawn)) {
            println!("  again {:20} {:.2?}", p.id, gain);
        }
    }
}
