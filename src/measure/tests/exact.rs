//! What needs no chance: ranks, atoms, weights, dates.

use proptest::prelude::*;
use statrs::distribution::{Binomial as Oracle, DiscreteCDF};

use super::fixture::{generator, scenario, trials};
use crate::measure::concentration::{by_platform, effective_vendors, hhi, planned_shares};
use crate::measure::estimate;
use crate::measure::order::{Binomial, Sorted, near_normal, ranks};
use crate::measure::{tail, tvar, tvar_with_error};
use crate::quantity::iso;
use crate::scenario::RunsOn;
use crate::simulate::Moments;

/// KA-13, order-statistic intervals: ranks and coverage.
#[test]
fn intervals_have_the_ranks_and_coverage_of_ka_13() {
    let table = [
        (1_000, 0.95, 936, 964, 0.958_095_3),
        (10_000, 0.95, 9_457, 9_543, 0.951_528_1),
        (10_000, 0.99, 9_880, 9_920, 0.955_754_7),
        (100_000, 0.99, 98_938, 99_062, 0.951_233_8),
        (100_000, 0.999, 99_880, 99_920, 0.954_789_1),
    ];
    for (n, p, lower, upper, covered) in table {
        assert_eq!(ranks(n as f64, p), (lower as f64, upper as f64), "n {n}, p {p}");
        assert!(
            (coverage(n, p, lower, upper) - covered).abs() < 1e-7,
            "n {n}, p {p}: {}",
            coverage(n, p, lower, upper)
        );
        assert!(coverage(n, p, lower + 1, upper) < coverage(n, p, lower, upper));
    }
    // The shortest 90 % intervals that openturns quotes, ranks from 0.
    assert!((coverage(974, 0.95, 916, 939) - 0.900_041_034_7).abs() < 1e-9);
    assert!((coverage(975, 0.95, 911, 936) - 0.903_463_096_0).abs() < 1e-9);
}

/// P(the interval between these order statistics holds the quantile).
fn coverage(n: u64, p: f64, lower: u64, upper: u64) -> f64 {
    let hits = Oracle::new(p, n).unwrap();
    hits.cdf(upper - 1) - hits.cdf(lower - 1)
}

/// KA-13, Wilks: the smallest n whose maximum bounds the quantile.
#[test]
fn the_smallest_sample_that_bounds_a_quantile_is_that_of_wilks() {
    let table = [
        (0.95, 0.95, 59),
        (0.95, 0.90, 45),
        (0.99, 0.95, 299),
        (0.99, 0.90, 230),
        (0.995, 0.95, 598),
        (0.999, 0.95, 2_995),
    ];
    for (p, confidence, smallest) in table {
        let is_bounded = |n: f64| Binomial::new(n, p).point(confidence) < n;
        assert!(is_bounded(f64::from(smallest)), "{p} {confidence}");
        assert!(!is_bounded(f64::from(smallest - 1)), "{p} {confidence}");
    }
}

#[test]
fn a_sample_too_small_says_so() {
    let few = Sorted::of(&[3.0, 1.0, 2.0]).quantile_with_error(0.99);
    assert_eq!((few.value, few.upper, few.std_error), (3.0, None, None));
    let one_end = Sorted::of(&(0..200).map(f64::from).collect::<Vec<_>>()).quantile_with_error(0.99);
    assert_eq!((one_end.value, one_end.lower, one_end.upper, one_end.std_error), (197.0, Some(194.0), None, None));
}

#[test]
fn ranks_of_great_samples_are_near_the_exact() {
    for p in [0.5, 0.9, 0.99, 0.999] {
        let n = (900_000.0_f64 / (p * (1.0 - p))).floor();
        let exact = Binomial::new(n, p);
        for (z, at) in [(-estimate::Z, 0.025), (estimate::Z, 0.975)] {
            assert!((near_normal(n, p, n * p * (1.0 - p), z) - exact.point(at)).abs() <= 1.0, "{p} {at}");
        }
    }
    let (lower, upper) = ranks(1e9, 0.99);
    assert!((lower - 989_993_833.0).abs() < 20.0 && (upper - 990_006_167.0).abs() < 20.0, "{lower} {upper}");
}

/// The recurrence against a library, over the whole range of n and p.
#[test]
fn points_of_the_binomial_are_the_oracle_s() {
    for n in [1, 2, 5, 40, 333, 5_000] {
        for p in [0.001, 0.05, 0.3, 0.5, 0.9, 0.995] {
            let (ours, oracle) = (Binomial::new(n as f64, p), Oracle::new(p, n).unwrap());
            for at in [0.025, 0.5, 0.975] {
                let k = ours.point(at) as u64;
                assert!(oracle.cdf(k) >= at * (1.0 - 1e-12), "n {n}, p {p}, {at}: {k}");
                assert!(k == 0 || oracle.cdf(k - 1) < at * (1.0 + 1e-12), "n {n}, p {p}, {at}: {k}");
            }
        }
    }
}

#[test]
fn quantiles_are_the_smallest_x_that_so_many_do_not_exceed() {
    let sorted = Sorted::of(&[40.0, 10.0, -0.0, 30.0, 20.0, -5.0, 0.0, 60.0, 50.0, 70.0]);
    assert_eq!(sorted.values(), [-5.0, 0.0, 0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0]);
    let at = [0.0, 0.1, 0.100_001, 0.3, 0.9, 0.99, 1.0].map(|p| sorted.quantile(p));
    assert_eq!(at, [-5.0, -5.0, 0.0, 0.0, 60.0, 70.0, 70.0]);
    assert!(Sorted::of(&[]).quantile(0.5).is_nan());
}

/// 90 zeros and 1 … 10: the atom at the VaR counts in part.
#[test]
fn tvar_counts_the_atom_in_part() {
    let losses: Vec<f64> = (0..100).map(|k| f64::from((k - 89).max(0))).collect();
    let sorted = Sorted::of(&losses);
    for (p, expected) in [(0.0, 0.55), (0.85, 55.0 / 15.0), (0.9, 5.5), (0.955, (5.0 * 8.0 - 3.0) / 4.5)] {
        assert!((tvar(&sorted, p) - expected).abs() < 1e-12, "{p}: {}", tvar(&sorted, p));
    }
}

#[test]
fn a_huge_atom_costs_few_trials_and_still_sums_to_tvar() {
    let mut losses = vec![5.0; 100_000];
    for trial in 0..300 {
        losses[331 * trial] = 100.0 + trial as f64;
    }
    let trials = tail(&losses, None, 0.99);
    assert_eq!(trials.len(), 300 + 4_000);
    assert!(trials.is_sorted_by(|a, b| a.0 < b.0), "ascending, none twice");
    let tied: Vec<usize> = trials.iter().filter(|(trial, _)| losses[*trial] == 5.0).map(|(trial, _)| *trial).collect();
    assert!(tied.windows(2).all(|pair| pair[1] - pair[0] < 40), "spaced evenly");
    assert!(tied[0] < 40 && tied[3_999] > 99_960);
    assert_sums_to_tvar(&losses, 0.99);
    // Weights that forget the atom's part fall short.
    let above: f64 = trials.iter().filter(|(trial, _)| losses[*trial] > 5.0).map(|(_, weight)| weight).sum();
    assert!((above - 0.3).abs() < 1e-9);
}

#[track_caller]
fn assert_sums_to_tvar(losses: &[f64], p: f64) {
    let trials = tail(losses, None, p);
    let whole: f64 = trials.iter().map(|(_, weight)| weight).sum();
    let sum: f64 = trials.iter().map(|&(trial, weight)| weight * losses[trial]).sum();
    let size: f64 = trials.iter().map(|&(trial, weight)| weight * losses[trial].abs()).sum();
    assert!((whole - 1.0).abs() < 1e-9, "weights sum to {whole}");
    assert!((sum - tvar(&Sorted::of(losses), p)).abs() <= 1e-9 * size, "{sum}");
}

#[test]
fn a_certain_loss_has_no_error_and_a_single_trial_none_to_tell() {
    let certain = tvar_with_error(&Sorted::of(&vec![8.0; 5_000]), 0.99);
    assert_eq!(
        (certain.value, certain.std_error, certain.lower, certain.upper),
        (8.0, Some(0.0), Some(8.0), Some(8.0))
    );
    let one = tvar_with_error(&Sorted::of(&[8.0]), 0.99);
    assert_eq!((one.value, one.std_error, one.lower, one.upper), (8.0, None, None, None));
}

#[test]
fn standard_deviations_know_their_error() {
    let values = [1.0, -1.0, 1.0, -1.0];
    let certain = estimate::sd(&Sorted::of(&values), &Moments::from_slice(&values));
    assert!((certain.value - (4.0_f64 / 3.0).sqrt()).abs() < 1e-15);
    assert_eq!(certain.std_error, Some(0.0), "m4 = m2²: the spread cannot vary");
    assert!(estimate::sd(&Sorted::of(&[1.0]), &Moments::from_slice(&[1.0])).value.is_nan());
}

/// Wilson's interval for 0, 3 and 10 of 10 (Newcombe 1998 prints the same digits by other software).
#[test]
fn probabilities_have_wilson_s_interval() {
    let table = [(0, 0.0, 0.277_532_8), (3, 0.107_791_3, 0.603_221_9), (10, 0.722_467_2, 1.0)];
    for (hits, lower, upper) in table {
        let estimate = estimate::probability(hits, 10);
        assert!((estimate.lower.unwrap() - lower).abs() < 1e-6, "{estimate:?}");
        assert!((estimate.upper.unwrap() - upper).abs() < 1e-6, "{estimate:?}");
    }
}

#[test]
fn months_begin_on_iso_dates() {
    let table = [
        (0, "1970-01-01"),
        (951_782_400, "2000-02-29"),
        (951_868_800, "2000-03-01"),
        (1_748_736_000, "2025-06-01"),
        (1_748_736_000 + 2_629_800, "2025-07-01T10:30:00Z"),
        (4_107_542_400, "2100-03-01"),
        (-1, "1969-12-31T23:59:59Z"),
        (-2_203_891_200, "1900-03-01"),
    ];
    for (unix, text) in table {
        assert_eq!(iso(unix), text);
    }
}

fn losses() -> impl Strategy<Value = Vec<f64>> {
    let loss = prop_oneof![2 => Just(0.0), 1 => Just(7.0), 3 => -1e3..1e6, 1 => (0.0..20.0).prop_map(libm::exp)];
    proptest::collection::vec(loss, 1..600)
}

proptest! {
    #[test]
    fn var_is_below_tvar_and_both_rise(losses in losses(), p in 0.0..0.999, q in 0.0..0.999) {
        let sorted = Sorted::of(&losses);
        let (low, high) = (f64::min(p, q), f64::max(p, q));
        let slack = 1e-9 * losses.iter().map(|x| x.abs()).sum::<f64>();
        prop_assert!(sorted.quantile(low) <= sorted.quantile(high));
        prop_assert!(sorted.quantile(p) <= tvar(&sorted, p) + slack);
        prop_assert!(tvar(&sorted, low) <= tvar(&sorted, high) + slack);
        prop_assert!((tvar(&sorted, 0.0) - losses.iter().sum::<f64>() / losses.len() as f64).abs() <= slack);
    }

    #[test]
    fn weights_of_the_tail_sum_to_one_and_losses_to_tvar(losses in losses(), p in 0.0..0.9999) {
        assert_sums_to_tvar(&losses, p);
    }

    #[test]
    fn twice_the_money_twice_every_measure(losses in losses(), p in 0.0..0.999) {
        let twice: Vec<f64> = losses.iter().map(|x| 2.0 * x).collect();
        let (once, twice) = (Sorted::of(&losses), Sorted::of(&twice));
        prop_assert_eq!(twice.quantile_with_error(p), once.quantile_with_error(p).times(2.0));
        prop_assert_eq!(tvar_with_error(&twice, p), tvar_with_error(&once, p).times(2.0));
    }

    #[test]
    fn intervals_hold_their_figure(losses in losses(), p in 0.0..0.999) {
        let estimate = Sorted::of(&losses).quantile_with_error(p);
        prop_assert!(estimate.lower.is_none_or(|lower| lower <= estimate.value));
        prop_assert!(estimate.upper.is_none_or(|upper| upper >= estimate.value));
    }
}

#[test]
fn sorting_agrees_with_the_total_order_of_floats() {
    use rand::RngExt;
    let mut generator = generator(3);
    let mut values: Vec<f64> =
        (0..10_000).map(|_| (generator.random::<f64>() - 0.5) * libm::exp(40.0 * generator.random::<f64>())).collect();
    // And some that differ in their last bits alone.
    values.extend((0..1_000).map(|_| 1.0 + f64::EPSILON * (8.0 * generator.random::<f64>()).floor()));
    let mut expected = values.clone();
    expected.sort_by(f64::total_cmp);
    assert_eq!(Sorted::of(&values).values(), expected);
}

/// Shares are weighted by revenue; a vendor that stands alone is its own platform.
#[test]
fn concentration_is_of_all_traffic_and_of_what_it_stands_on() {
    let mut scenario = scenario();
    scenario.nodes[2].runs_on = RunsOn::All(vec![]);
    let mut small = scenario.services[0].clone();
    small.revenue_per_hour = 30.0;
    scenario.services.push(small);
    scenario.portfolios[1].shares = vec![vec![(0, 1.0)], vec![(0, 0.2), (1, 0.8)]];
    let shares = planned_shares(&scenario, 1);
    assert!((shares[0] - 0.4).abs() < 1e-15 && (shares[1] - 0.6).abs() < 1e-15);
    assert!((hhi(&shares) - 0.52).abs() < 1e-15);
    // 0.4 on itself, 0.3 on east, 0.3 on west.
    assert!((hhi(&by_platform(&scenario, &shares)) - 0.34).abs() < 1e-15);
    for service in &mut scenario.services {
        service.revenue_per_hour = 0.0;
    }
    assert!((planned_shares(&scenario, 1)[0] - 0.6).abs() < 1e-15, "none earns: in equal parts");
}

#[test]
fn vendors_alike_and_uncorrelated_count_in_full() {
    let (a, b) = ([1.0, 0.0, 1.0, 0.0], [1.0, 1.0, 0.0, 0.0]);
    let apart = trials(&a, &b);
    assert!((effective_vendors(&apart.portfolios[1]).unwrap() - 2.0).abs() < 1e-12);
    assert!((effective_vendors(&trials(&a, &a).portfolios[1]).unwrap() - 1.0).abs() < 1e-12);
    assert_eq!(effective_vendors(&trials(&[3.0; 4], &b).portfolios[0]), None);
}
