//! Intervals over a thousand repeats: how often they hold the truth, and that a wrong error would be refused.

#![expect(clippy::disallowed_methods, reason = "what is checked is not computed here")]

use rand_distr::{Distribution, StandardNormal};

use super::fixture::{self, Compound, Generator, generator, scenario};
use crate::measure::comparison::{Shared, Side, compare, paired};
use crate::measure::estimate::{Z, mean, sd};
use crate::measure::order::Sorted;
use crate::measure::years::Years;
use crate::measure::{LEVELS, tail, tvar_with_error};
use crate::results::{By, Estimate};
use crate::simulate::{Moments, Parts};

const REPEATS: usize = 1_000;
const N: usize = 10_000;

/// How many intervals hold the truth.
fn covered(intervals: &[Estimate], truth: f64) -> usize {
    let holds = |e: &&Estimate| e.lower.is_some_and(|x| x <= truth) && e.upper.is_some_and(|x| truth <= x);
    intervals.iter().filter(holds).count()
}

/// 95 % of 1,000, give or take what KA-13 accepts.
#[track_caller]
pub(super) fn assert_covers(intervals: &[Estimate], truth: f64) {
    let covered = covered(intervals, truth);
    assert!((930..=980).contains(&covered), "{covered} of {} hold {truth}", intervals.len());
}

#[track_caller]
pub(super) fn assert_refused(intervals: &[Estimate], truth: f64) {
    let covered = covered(intervals, truth);
    assert!(!(930..=980).contains(&covered), "{covered} of {} hold {truth}", intervals.len());
}

/// The standard errors are on average the standard deviation of the figures, which is known to 4 / √(2 · 1,000) at
/// worst. Those of heavy tails are themselves so uncertain that a tenth is allowed.
#[track_caller]
pub(super) fn assert_error_is_the_spread(estimates: &[Estimate]) {
    let values: Vec<f64> = estimates.iter().map(|e| e.value).collect();
    let squares: f64 = estimates.iter().filter_map(|e| e.std_error).map(|error| error * error).sum();
    let ratio = (squares / estimates.len() as f64).sqrt() / Moments::from_slice(&values).sd();
    assert!((ratio - 1.0).abs() < 0.1, "errors are {ratio} of the spread");
}

/// The same figures with normal intervals, and their errors times a factor.
pub(super) fn with_errors_times(intervals: &[Estimate], factor: f64) -> Vec<Estimate> {
    intervals.iter().map(|e| Estimate::normal(e.value, e.std_error.map(|error| error * factor))).collect()
}

pub(super) fn repeats(seed: u64, one: impl Fn(&mut Generator) -> Vec<Estimate>) -> Vec<Vec<Estimate>> {
    let mut columns: Vec<Vec<Estimate>> = vec![];
    for repeat in 0..REPEATS {
        let estimates = one(&mut generator(seed + repeat as u64));
        columns.resize(estimates.len(), vec![]);
        for (column, estimate) in columns.iter_mut().zip(estimates) {
            column.push(estimate);
        }
    }
    columns
}

/// KA-2 (a), KA-13: mean, sd, VaR and TVaR of a compound Poisson law.
#[test]
fn intervals_of_a_known_law_hold_it() {
    let law = Compound::new(5.0);
    let columns = repeats(20_000, |generator| {
        let losses = law.sample(N, generator);
        let (sorted, moments) = (Sorted::of(&losses), Moments::from_slice(&losses));
        vec![
            mean(&moments),
            sd(&sorted, &moments),
            sorted.quantile_with_error(0.5),
            sorted.quantile_with_error(0.95),
            sorted.quantile_with_error(0.99),
            tvar_with_error(&sorted, 0.9),
            tvar_with_error(&sorted, 0.95),
            tvar_with_error(&sorted, 0.99),
        ]
    });
    let truths = [50.0, 40.311_288_741, 40.557, 123.805, 190.924, 138.657, 167.774, 248.488];
    for (column, truth) in columns.iter().zip(truths) {
        assert_covers(column, truth);
        assert_refused(&with_errors_times(column, 0.75), truth);
    }
    for column in &columns {
        assert_error_is_the_spread(column);
    }
    // A law 3 % off.
    assert_refused(&columns[0], 1.03 * 50.0);
}

/// KA-2 (diversification): one vendor against two at half the traffic, in the same trials.
#[test]
fn paired_intervals_hold_the_difference() {
    let law = Compound::new(5.0);
    let scenario = scenario();
    let unpaired = std::cell::RefCell::new(vec![]);
    let columns = repeats(40_000, |generator| {
        let a = law.sample(N, generator);
        let b: Vec<f64> = a.iter().map(|a| (a + law.draw(generator)) / 2.0).collect();
        let errors = [&a, &b].map(|x| Moments::from_slice(x).standard_error().unwrap());
        let figures = [&b, &a].map(|losses| {
            let sorted = Sorted::of(losses);
            let var: Vec<_> = LEVELS.iter().map(|&p| sorted.quantile_with_error(p)).collect();
            let tvar: Vec<_> = LEVELS.iter().map(|&p| tvar_with_error(&sorted, p)).collect();
            (var, tvar)
        });
        let side =
            |k: usize, losses| Side { portfolio: 1 - k, plan: 0.0, losses, var: &figures[k].0, tvar: &figures[k].1 };
        let shared = Shared { n: a.len() as u64, weights: None };
        let (difference, cheaper) = paired(side(0, &b), side(1, &a));
        let comparison = compare(&scenario, side(0, &b), side(1, &a), shared, (&difference, &cheaper));
        let wide = errors[0].hypot(errors[1]);
        unpaired.borrow_mut().push(Estimate::normal(comparison.mean.value, Some(wide)));
        let (_, var, tvar) = comparison.tail[2];
        vec![comparison.mean, var, tvar]
    });
    let truths = [0.0, 143.56 - 190.924, 177.19 - 248.488];
    for (column, truth) in columns.iter().zip(truths) {
        assert_covers(column, truth);
        assert_refused(&with_errors_times(column, 0.75), truth);
    }
    for column in &columns {
        assert_error_is_the_spread(column);
    }
    assert_refused(&unpaired.into_inner(), 0.0);
}

/// Years log-normal (0, 1), of which 0.8 of the variance is common to the years of a trial.
#[test]
fn intervals_of_years_know_that_a_trial_s_years_go_together() {
    const YEARS: usize = 5;
    let (common, own) = (0.8_f64.sqrt(), 0.2_f64.sqrt());
    let independent = std::cell::RefCell::new(vec![]);
    let columns = repeats(60_000, |generator| {
        let losses: Vec<f64> = (0..2_000)
            .flat_map(|_| {
                let z: f64 = StandardNormal.sample(generator);
                std::array::from_fn::<f64, YEARS, _>(|_| {
                    let e: f64 = StandardNormal.sample(generator);
                    libm::exp(common * z + own * e)
                })
            })
            .collect();
        independent.borrow_mut().push(Sorted::of(&losses).quantile_with_error(0.95));
        let years = Years { losses: &losses, per_trial: YEARS, weights: None, counted: None };
        years.exceeded(&years.sorted(), &[0.5, 0.05, 0.01])
    });
    let truths = [0.0, 1.644_853_627, 2.326_347_874].map(libm::exp);
    for (column, truth) in columns.iter().zip(truths) {
        assert_covers(column, truth);
    }
    // At 1 % some 30 independent years lie beyond: the error by the interval's width is then a little large.
    for column in &columns[..2] {
        assert_error_is_the_spread(column);
    }
    assert_refused(&independent.into_inner(), truths[1]);
}

/// Two risks alike: each is half of TVaR.
#[test]
fn intervals_of_parts_of_the_tail_hold_them() {
    let law = Compound::new(2.5);
    let naive = std::cell::RefCell::new(vec![]);
    let columns = repeats(80_000, |generator| {
        let (a, b) = (law.sample(N, generator), law.sample(N, generator));
        let losses: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a + b).collect();
        let parts = |(trial, weight): (usize, f64)| {
            (weight, Parts { loss: losses[trial], risks: vec![a[trial], b[trial]], ..Parts::default() })
        };
        let sorted = Sorted::of(&losses);
        let trials: Vec<_> = tail(&losses, None, 0.99).into_iter().map(parts).collect();
        let part = fixture::tail(&trials, &sorted, &tvar_with_error(&sorted, 0.99), (0, N as u64)).part(By::Risk, 0);
        let squares: f64 = trials.iter().map(|(weight, parts)| (weight * parts.risks[0]).powi(2)).sum();
        naive.borrow_mut().push(Estimate::normal(part.value, Some(squares.sqrt())));
        // The same where half of the trials have no row.
        let kept = &losses[..N / 2];
        let trials: Vec<_> = tail(kept, None, 0.99).into_iter().map(parts).collect();
        let of_all = tvar_with_error(&sorted, 0.99);
        let thinned = fixture::tail(&trials, &Sorted::of(kept), &of_all, (0, N as u64));
        let whole = thinned.whole();
        assert!((whole.value / of_all.value - 1.0).abs() < 1e-12);
        assert!((whole.std_error.unwrap() / of_all.std_error.unwrap() - 1.0).abs() < 1e-9);
        vec![part, thinned.part(By::Risk, 0)]
    });
    let truth = 248.488 / 2.0;
    for column in &columns {
        assert_covers(column, truth);
        assert_error_is_the_spread(column);
        assert_refused(&with_errors_times(column, 0.75), truth);
    }
    assert_refused(&naive.into_inner(), truth);
}

/// Two risks of which one is heavy, and has a larger part of worse trials: where half of the trials have no row, what TVaR of all adds is known
/// mostly of it.
#[test]
fn intervals_of_unlike_parts_of_a_thinned_tail_hold_them() {
    let law = Compound::new(2.5);
    let columns = repeats(90_000, |generator| {
        let heavy = law.sample(2 * N, generator);
        let mut normal = || -> f64 { StandardNormal.sample(generator) };
        let light: Vec<f64> = heavy.iter().map(|_| 40.0 + 8.0 * normal()).collect();
        let losses: Vec<f64> = heavy.iter().zip(&light).map(|(a, b)| a + b).collect();
        let sorted = Sorted::of(&losses);
        let of_all = tvar_with_error(&sorted, 0.99);
        let part = |losses: &[f64], part: usize| {
            let parts = |(trial, weight): (usize, f64)| {
                (weight, Parts { loss: losses[trial], risks: vec![heavy[trial], light[trial]], ..Parts::default() })
            };
            let trials: Vec<_> = tail(losses, None, 0.99).into_iter().map(parts).collect();
            fixture::tail(&trials, &Sorted::of(losses), &of_all, (0, 2 * N as u64)).part(By::Risk, part)
        };
        let kept = &losses[..N];
        let (a, b) = (part(kept, 0), part(kept, 1));
        assert!(((a.value + b.value) / of_all.value - 1.0).abs() < 1e-12);
        vec![part(&losses, 0), part(&losses, 1), a, b]
    });
    let mean = |column: &[Estimate]| column.iter().map(|e| e.value).sum::<f64>() / column.len() as f64;
    let truths = [mean(&columns[0]), mean(&columns[1])];
    for (column, truth) in columns[2..].iter().zip(truths) {
        assert_covers(column, truth);
        assert_error_is_the_spread(column);
        assert_refused(&with_errors_times(column, 0.75), truth);
    }
}

/// A gain and a loss that are nearly equal: their parts are known though TVaR is nearly 0, and what rows know nothing of is not told.
#[test]
fn parts_of_a_thinned_tail_of_nearly_nothing_are_no_quotients() {
    let parts = |loss: f64, gain: f64| (0.01, Parts { loss: loss + gain, risks: vec![loss, gain], ..Parts::default() });
    let trials: Vec<_> = (0..100).map(|i| parts(50.0 + f64::from(i % 10), -50.0 - f64::from(i % 7))).collect();
    let losses: Vec<f64> = (0..10_000).map(|i| if i < 100 { trials[i].1.loss } else { -100.0 }).collect();
    let rows = Sorted::of(&losses);
    let own: f64 = trials.iter().map(|(weight, parts)| weight * parts.loss).sum();
    let tail = fixture::tail(&trials, &rows, &Estimate::normal(own - 0.2, Some(0.2)), (0, 20_000));
    let (loss, gain) = (tail.part(By::Risk, 0), tail.part(By::Risk, 1));
    assert!((loss.value + gain.value - (own - 0.2)).abs() < 1e-12, "{loss:?} {gain:?}");
    for (part, exact) in [(loss, 54.5), (gain, -52.95)] {
        assert!((part.value - exact).abs() < 2.0 && part.std_error.unwrap() < 6.0, "{part:?}");
    }
    // A tail narrower than a bin, of a loss and the cover that pays for most of it: what a bin leaves open of TVaR, here 3e-5 of it, moves
    // parts by no more than that.
    let narrow: Vec<_> =
        (0..100).map(|i| 0.01 * f64::from(i)).map(|x| parts(27_000.0 + 100.0 * x, -17_000.0 - 99.9 * x)).collect();
    let losses: Vec<f64> = (0..10_000).map(|i| if i < 100 { narrow[i].1.loss } else { 9_000.0 }).collect();
    let tail =
        |tvar: f64| fixture::tail(&narrow, &Sorted::of(&losses), &Estimate::normal(tvar, Some(0.002)), (0, 20_000));
    let own: f64 = narrow.iter().map(|(weight, parts)| weight * parts.loss).sum();
    let moved = tail(own + 0.3).part(By::Risk, 0).value - tail(own).part(By::Risk, 0).value;
    assert!(moved.abs() < 1.0, "{moved}");
    let nothing = vec![(0.01, Parts { risks: vec![0.0, 0.0], ..Parts::default() }); 100];
    let rows = Sorted::of(&[0.0; 10_000]);
    let unknown = fixture::tail(&nothing, &rows, &Estimate::normal(400.0, Some(200.0)), (0, 20_000)).part(By::Risk, 0);
    assert!(unknown.value.is_nan() && unknown.std_error.is_none(), "{unknown:?}");
    let certain = fixture::tail(&nothing, &rows, &Estimate::normal(0.0, Some(0.0)), (0, 20_000)).part(By::Risk, 0);
    assert_eq!((certain.value, certain.std_error), (0.0, Some(0.0)));
}

/// KA-4: at most one event, with probability 0.1, log-normal between 1e6 and 1e7.
#[test]
fn a_rare_event_has_the_var_and_tvar_of_its_closed_form() {
    use rand::RngExt;
    let (mu, sigma, n) = (14.966_803_104_461_4, 0.699_936_168_7, 2_000_000);
    let mut generator = generator(4);
    let losses: Vec<f64> = (0..n)
        .map(|_| {
            let z: f64 = StandardNormal.sample(&mut generator);
            if generator.random::<f64>() < 0.1 { libm::exp(mu + sigma * z) } else { 0.0 }
        })
        .collect();
    let sorted = Sorted::of(&losses);
    assert_eq!([0.5, 0.85, 0.89].map(|p| sorted.quantile(p)), [0.0; 3]);
    for (p, var) in [(0.95, 3_162_277.66), (0.99, 7_754_682.39), (0.995, 1e7)] {
        assert!(is_quantile(&sorted, p, var), "VaR {p}");
        assert!(!is_quantile(&sorted, p, 1.03 * var), "VaR {p} off by 3 %");
    }
    // Where the VaR is in the atom, TVaR is the mean over 1 − p.
    for (p, expected) in
        [(0.5, 404_001.28 / 0.5), (0.85, 404_001.28 / 0.15), (0.95, 6_124_792.09), (0.99, 11_328_716.52)]
    {
        let tvar = tvar_with_error(&sorted, p);
        let z = |truth: f64| (tvar.value - truth) / tvar.std_error.unwrap();
        assert!(z(expected).abs() < 4.0, "TVaR {p}: z = {}", z(expected));
        assert!(z(1.03 * expected).abs() > 4.0, "TVaR {p} off by 3 %: z = {}", z(1.03 * expected));
    }
}

/// The number of trials at or below the quantile of level `p` is that of a binomial, within 4 standard deviations.
fn is_quantile(sorted: &Sorted, p: f64, x: f64) -> bool {
    let n = sorted.n() as f64;
    let below = sorted.values().partition_point(|&value| value <= x) as f64;
    (below - n * p).abs() <= 4.0 * (n * p * (1.0 - p)).sqrt()
}

#[test]
fn the_normal_s_point_is_right() {
    use statrs::distribution::{ContinuousCDF, Normal};
    assert!((Normal::standard().inverse_cdf(0.975) - Z).abs() < 1e-9);
}
