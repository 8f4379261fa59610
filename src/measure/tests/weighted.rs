//! Measures of weighted trials: intervals hold known truths, and weights that say nothing change nothing.

#![expect(clippy::disallowed_methods, reason = "what is checked is not computed here")]

use rand::RngExt as _;
use rand_distr::{Distribution, Exp1};

use super::coverage::{assert_covers, assert_error_is_the_spread, assert_refused, repeats, with_errors_times};
use super::fixture::{self, Generator, generator, scenario};
use crate::chance::Key;
use crate::chance::sobol::Points;
use crate::measure::comparison::{Shared, Side, compare};
use crate::measure::estimate::{mean, probability_of, sd};
use crate::measure::order::Sorted;
use crate::measure::years::Years;
use crate::measure::{LEVELS, tail, tvar, tvar_with_error};
use crate::results::{By, Estimate};
use crate::simulate::{Moments, Parts};

const N: usize = 5_000;

/// Losses exponential of mean 1, four in ten drawn so and six of mean 5; with their weights, in units.
fn sample(n: usize, generator: &mut Generator) -> (Vec<f64>, Vec<f64>) {
    const UNIT: f64 = (1_u64 << 28) as f64;
    (0..n)
        .map(|_| {
            let e: f64 = Exp1.sample(generator);
            let x = if generator.random::<f64>() < 0.4 { e } else { 5.0 * e };
            let w = 1.0 / (0.4 + 0.6 * (x - x / 5.0).exp() / 5.0);
            (x, (w * UNIT).round() / UNIT)
        })
        .unzip()
}

fn moments(values: &[f64], weights: &[f64]) -> Moments {
    Moments::weighted_by_replicates(values.iter().copied().zip(weights.iter().copied()))
}

#[test]
fn intervals_of_weighted_trials_hold_the_truth() {
    let plain = std::cell::RefCell::new(vec![]);
    let columns = repeats(90_000, |generator| {
        let (losses, weights) = sample(N, generator);
        let (sorted, all) = (Sorted::weighted(&losses, Some(&weights)), moments(&losses, &weights));
        plain.borrow_mut().push(tvar_with_error(&Sorted::of(&losses), 0.99));
        vec![
            mean(&all),
            sd(&sorted, &all),
            sorted.quantile_with_error(0.5),
            sorted.quantile_with_error(0.99),
            sorted.quantile_with_error(0.999),
            tvar_with_error(&sorted, 0.95),
            tvar_with_error(&sorted, 0.99),
            tvar_with_error(&sorted, 0.999),
            probability_of(&moments(&losses.iter().map(|x| f64::from(*x > 7.0)).collect::<Vec<_>>(), &weights)),
        ]
    });
    let var = |p: f64| -(1.0 - p).ln();
    let truths = [
        1.0,
        1.0,
        var(0.5),
        var(0.99),
        var(0.999),
        1.0 + var(0.95),
        1.0 + var(0.99),
        1.0 + var(0.999),
        (-7.0_f64).exp(),
    ];
    for (column, truth) in columns.iter().zip(truths) {
        assert_covers(column, truth);
        assert_error_is_the_spread(column);
    }
    assert_refused(&plain.into_inner(), 1.0 + var(0.99));
    // What weights are for: TVaR 99.9 % from 5,000 trials, to less than a fifth of what plain ones leave open.
    let error = columns[7][0].std_error.expect("known");
    assert!(error < 0.2 * (2.0 / 0.001 / N as f64).sqrt(), "{error}");
}

/// One loses L, the other half of it and another amount of its own.
#[test]
fn weighted_differences_years_and_parts_hold_the_truth() {
    // The amount of its own is drawn plainly, and carries its tail: fewer trials than this leave the intervals short.
    const N: usize = 15_000;
    let scenario = scenario();
    let columns = repeats(95_000, |generator| {
        let (a, weights) = sample(N, generator);
        let own: Vec<f64> = (0..N).map(|_| Exp1.sample(generator)).collect();
        let b: Vec<f64> = a.iter().zip(&own).map(|(a, own)| (a + own) / 2.0).collect();
        let figures = [&a, &b].map(|losses| {
            let sorted = Sorted::weighted(losses, Some(&weights));
            let var: Vec<_> = LEVELS.iter().map(|&p| sorted.quantile_with_error(p)).collect();
            let tvar: Vec<_> = LEVELS.iter().map(|&p| tvar_with_error(&sorted, p)).collect();
            (var, tvar)
        });
        let side = |k: usize, losses| Side { portfolio: k, plan: 0.0, losses, var: &figures[k].0, tvar: &figures[k].1 };
        let shared = Shared { n: N as u64, weights: Some(&weights) };
        let apart: Vec<f64> = b.iter().zip(&a).map(|(b, a)| b - a).collect();
        let cheaper: Vec<f64> = apart.iter().map(|d| f64::from(*d < 0.0)).collect();
        let both = (moments(&apart, &weights), moments(&cheaper, &weights));
        let comparison = compare(&scenario, side(1, &b), side(0, &a), shared, (&both.0, &both.1));
        let (_, var, tvar_apart) = comparison.tail[2];
        // Two years that lose half each: as if there were one.
        let halves: Vec<f64> = a.iter().flat_map(|x| [x / 2.0; 2]).collect();
        let years = Years { losses: &halves, per_trial: 2, weights: Some(&weights), counted: None };
        let year = years.exceeded(&years.sorted(), &[0.01])[0];
        let sorted = Sorted::weighted(&b, Some(&weights));
        let parts = |(trial, weight): (usize, f64)| {
            let risks = vec![a[trial] / 2.0, own[trial] / 2.0];
            (weight, Parts { trial: trial as u64, loss: b[trial], risks, ..Parts::default() })
        };
        let worst: Vec<_> = tail(&b, Some(&weights), 0.99).into_iter().map(parts).collect();
        let tvar_99 = tvar_with_error(&sorted, 0.99);
        let tail = fixture::tail(&worst, &sorted, &tvar_99, (0, N as u64));
        let (part, whole) = (tail.part(By::Risk, 0), tail.whole());
        let errors = whole.std_error.unwrap() / tvar_99.std_error.unwrap();
        assert!((errors - 1.0).abs() < 1e-3, "all of the tail is known as TVaR is: {errors}");
        let sum: f64 = worst.iter().map(|(weight, parts)| weight * parts.loss).sum();
        assert!((sum - tvar(&sorted, 0.99)).abs() < 1e-9 * sum, "parts sum to TVaR");
        vec![comparison.mean, probability_of(&both.1), var, tvar_apart, year, part]
    });
    // (L + E) / 2 is a gamma law of shape 2 and scale 1/2: its 99 % point and the mean beyond.
    let q: f64 = 3.319_176_033_996_9;
    let beyond = 100.0 * (-2.0 * q).exp() * (2.0 * q * q + 2.0 * q + 1.0);
    let var = 100.0_f64.ln();
    let truths = [0.0, 0.5, q - var, beyond - (1.0 + var), var / 2.0, beyond / 2.0];
    for (column, truth) in columns.iter().zip(truths) {
        assert_covers(column, truth);
        assert_error_is_the_spread(column);
    }
}

/// A loss that is rare, drawn in every third trial: below it nothing varies, whatever the weights, and where the share of the losses passes
/// the level there is nothing to doubt.
#[test]
fn a_quantile_at_an_atom_is_known_as_well_as_the_share_of_the_atom() {
    let n = 3_000;
    let losses: Vec<f64> = (0..n).map(|i| if i % 3 == 0 { 1_200.0 } else { 0.0 }).collect();
    // Of all weight 0.005 is that of the loss.
    let weights: Vec<f64> = losses.iter().map(|&x| if x > 0.0 { 0.015 } else { 1.4925 }).collect();
    let sorted = Sorted::weighted(&losses, Some(&weights));
    for (p, value) in [(0.05, 0.0), (0.5, 0.0), (0.99, 0.0), (0.994, 0.0), (0.996, 1_200.0)] {
        let var = sorted.quantile_with_error(p);
        assert_eq!((var.value, var.lower, var.upper), (value, Some(value), Some(value)), "{p}");
    }
    // The lowest and the highest of all are not known to be so.
    assert_eq!(sorted.quantile_with_error(0.001).lower, None);
    assert_eq!(sorted.quantile_with_error(0.999).upper, None);
    let years = Years { losses: &losses, per_trial: 1, weights: Some(&weights), counted: None };
    let [often, seldom] = years.exceeded(&sorted, &[0.01, 0.004])[..] else { panic!("two") };
    assert_eq!((often.lower, often.upper, seldom.lower), (Some(0.0), Some(0.0), Some(1_200.0)));
}

/// What lies beyond an atom is drawn so often and so evenly that its share shows no error, and is less than the level by less than one trial drawn
/// plainly: something rare that no trial shows may make up for it.
#[test]
fn a_quantile_at_an_atom_allows_for_one_trial_more() {
    let (n, next) = (3_000, 1_500.0);
    // Ten of every replicate.
    let losses: Vec<f64> = (0..n).map(|i| if i < 640 { next } else { 0.0 }).collect();
    let (of_next, of_rest) = (13.5 / 640.0, (3_000.0 - 13.5) / 2_360.0);
    let weights: Vec<f64> = losses.iter().map(|&x| if x > 0.0 { of_next } else { of_rest }).collect();
    let sorted = Sorted::weighted(&losses, Some(&weights));
    let [near, far] = [0.995, 0.99].map(|p| sorted.quantile_with_error(p));
    assert_eq!((near.value, near.lower, near.upper), (0.0, Some(0.0), Some(next)));
    assert_eq!((far.value, far.lower, far.upper), (0.0, Some(0.0), Some(0.0)));
    let years = Years { losses: &losses, per_trial: 1, weights: Some(&weights), counted: None };
    assert_eq!(years.exceeded(&sorted, &[0.005])[0].upper, Some(next));
}

/// However few and unequal: an interval holds its figure, and that of a year that is all of a trial is that of the loss.
#[test]
fn intervals_of_weighted_quantiles_hold_them() {
    let mut generator = generator(7);
    for case in 0..400 {
        let n = [2, 3, 30, 63, 64, 65, 200, 1_000][case % 8];
        let steps = [2.0, 5.0, 1e9][case % 3];
        let losses: Vec<f64> = (0..n).map(|_| (steps * generator.random::<f64>().powi(3)).floor()).collect();
        let weights: Vec<f64> = (0..n).map(|_| 2.5 * generator.random::<f64>().powi(case as i32 % 5)).collect();
        let sorted = Sorted::weighted(&losses, Some(&weights));
        let years = Years { losses: &losses, per_trial: 1, weights: Some(&weights), counted: None };
        let probabilities = [0.5, 0.2, 0.1, 0.05, 0.01, 0.001];
        let curve = years.exceeded(&sorted, &probabilities);
        for (p, year) in probabilities.iter().zip(curve) {
            let var = sorted.quantile_with_error(1.0 - p);
            for interval in [&var, &year] {
                let (lower, upper) =
                    (interval.lower.unwrap_or(f64::NEG_INFINITY), interval.upper.unwrap_or(f64::INFINITY));
                assert!(lower <= interval.value && interval.value <= upper, "{case} {p}: {interval:?}");
            }
            let apart = |a: Option<f64>, b: Option<f64>| a.zip(b).map_or(0.0, |(a, b)| (a - b).abs());
            if n >= 30 {
                assert_eq!((var.lower.is_some(), var.upper.is_some()), (year.lower.is_some(), year.upper.is_some()));
                let most = 1e-9 * var.value.abs();
                assert!(apart(var.lower, year.lower) <= most && apart(var.upper, year.upper) <= most, "{case} {p}");
            }
        }
    }
}

/// Trials whose draws are spread evenly: replicates show how much less their error is, which no formula for independent trials does.
#[test]
fn replicates_show_the_error_of_evenly_spread_trials() {
    const UNIT: f64 = (1_u64 << 28) as f64;
    let independent = std::cell::RefCell::new(vec![]);
    let seed = std::cell::Cell::new(0);
    let columns = repeats(97_000, |generator| {
        seed.set(seed.get() + 1);
        let points = Points::new(Key::new(seed.get(), "test", "points"));
        let (losses, weights): (Vec<f64>, Vec<f64>) = (0..N as u64)
            .map(|trial| {
                // What lies evenly is where half of the spread comes from, as in a run.
                let mut u = |dimension| points.coordinate(trial, dimension, generator.random());
                let [component, even, whether] = [u(0), u(1), u(2)];
                let e = -if whether < 0.5 { even } else { generator.random::<f64>() }.ln();
                let x = if component < 0.4 { e } else { 5.0 * e };
                let w = 1.0 / (0.4 + 0.6 * (x - x / 5.0).exp() / 5.0);
                (x, (w * UNIT).round() / UNIT)
            })
            .unzip();
        let (sorted, all) = (Sorted::weighted(&losses, Some(&weights)), moments(&losses, &weights));
        let each = losses.iter().copied().zip(weights.iter().copied());
        independent.borrow_mut().push(mean(&Moments::weighted(each)));
        let halves: Vec<f64> = losses.iter().flat_map(|x| [x / 2.0; 2]).collect();
        let years = Years { losses: &halves, per_trial: 2, weights: Some(&weights), counted: None };
        vec![
            mean(&all),
            sorted.quantile_with_error(0.95),
            tvar_with_error(&sorted, 0.95),
            tvar_with_error(&sorted, 0.99),
            probability_of(&moments(&losses.iter().map(|x| f64::from(*x > 3.0)).collect::<Vec<_>>(), &weights)),
            years.exceeded(&years.sorted(), &[0.1])[0],
        ]
    });
    let var = |p: f64| -(1.0 - p).ln();
    let truths = [1.0, var(0.95), 1.0 + var(0.95), 1.0 + var(0.99), (-3.0_f64).exp(), var(0.9) / 2.0];
    for (column, truth) in columns.iter().zip(truths) {
        assert_covers(column, truth);
        assert_error_is_the_spread(column);
        assert_refused(&with_errors_times(column, 0.6), truth);
    }
    let error = |column: &[Estimate]| column.iter().filter_map(|e| e.std_error).sum::<f64>();
    assert!(error(&columns[0]) < 0.8 * error(&independent.into_inner()), "spread evenly, the mean has less error");
}

#[test]
fn weights_of_one_change_no_value_and_a_weight_of_two_is_two_trials() {
    let mut generator = generator(4);
    let losses: Vec<f64> = (0..3_000).map(|_| Exp1.sample(&mut generator)).collect();
    let (plain, ones) = (Sorted::of(&losses), Sorted::weighted(&losses, Some(&[1.0; 3_000])));
    for p in LEVELS {
        let pairs = [
            (plain.quantile_with_error(p), ones.quantile_with_error(p)),
            (tvar_with_error(&plain, p), tvar_with_error(&ones, p)),
        ];
        for (a, b) in pairs {
            assert!((a.value - b.value).abs() < 1e-9 * a.value, "{a:?} {b:?}");
            assert!(a.std_error.is_none() || b.std_error.is_some(), "{a:?} {b:?}");
            if let Some((a, b)) = a.std_error.zip(b.std_error) {
                assert!((0.5..2.0).contains(&(b / a)), "few replicates show it roughly: {a} {b}");
            }
        }
    }
    let twice: Vec<f64> = losses.iter().chain(&losses).copied().collect();
    let (twice, twos) = (Sorted::of(&twice), Sorted::weighted(&losses, Some(&[2.0; 3_000])));
    for p in [0.0, 0.3, 0.9, 0.995] {
        assert_eq!(twice.quantile(p), twos.quantile(p));
        assert!((tvar(&twice, p) - tvar(&twos, p)).abs() < 1e-9);
    }
}

/// One trial of great weight where a quantile lies is no atom: its neighbours bound what the quantile may be, and where there is none above, nothing does.
#[test]
fn a_quantile_at_one_heavy_trial_is_as_uncertain_as_to_its_neighbours() {
    let (mut losses, mut weights) = ((0..1_000).map(f64::from).collect::<Vec<_>>(), vec![0.25; 1_000]);
    weights[990] = 64.0;
    let at = Sorted::weighted(&losses, Some(&weights)).quantile_with_error(0.9);
    assert_eq!(at.value, 990.0);
    assert!(at.lower.is_some_and(|x| x <= 989.0) && at.upper.is_none_or(|x| x >= 991.0), "{at:?}");
    // An atom is one.
    losses[991..].fill(990.0);
    let tied = Sorted::weighted(&losses, Some(&weights)).quantile_with_error(0.95);
    assert_eq!(tied.value, 990.0);
    assert!(tied.upper.is_none_or(|x| x == 990.0), "{tied:?}");
}
