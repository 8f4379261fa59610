//! Every law against other implementations, its own tails, closed forms and samplers.
#![expect(clippy::float_cmp, clippy::cast_precision_loss, reason = "exact where it should be; samples are small")]

use proptest::prelude::*;
use rand::SeedableRng;
use rand_distr::Distribution as Sample;
use rand_xoshiro::Xoshiro256PlusPlus;
use statrs::distribution::{self as oracle, ContinuousCDF};
use statrs::statistics::Distribution as Moments;

use super::*;

mod build;
mod moments;
mod samples;

fn assert_near(found: f64, expected: f64, limit: f64, what: &str) {
    let error = (found - expected).abs() / expected.abs().max(1e-300);
    assert!(error <= limit, "{what}: found {found:e}, expected {expected:e}, relative error {error:e}");
}

fn log_normal(mu: f64, sigma: f64) -> Law {
    Law::LogNormal { mu, sigma }
}

/// One or more of every law, degenerate ones left out.
fn all_laws() -> Vec<Law> {
    let mut laws = vec![
        log_normal(0.3, 1.1),
        log_normal(12.0, 0.02),
        Law::LogNormalChange { mu: 0.05, sigma: 0.3 },
        Law::Pert { min: 20.0, mode: 90.0, max: 95.0 },
        Law::Pert { min: -0.2, mode: -0.2, max: 0.4 },
        Law::Triangular { min: 20.0, mode: 45.0, max: 120.0 },
        Law::Triangular { min: 0.0, mode: 0.0, max: 1.0 },
        Law::Triangular { min: -2.0, mode: 1.0, max: 1.0 },
        Law::Uniform { min: -3.0, max: 7.0 },
        Law::Beta { alpha: 0.4, beta: 3.0 },
        Law::Beta { alpha: 5.0, beta: 2.0 },
        Law::Weibull { shape: 0.6, scale: 3.0 },
        Law::Weibull { shape: 4.0, scale: 2.0 },
        Law::Gamma { shape: 0.3, scale: 5.0 },
        Law::Gamma { shape: 40.0, scale: 0.1 },
        Law::Pareto { shape: 1.5, scale: 2.0 },
        Law::Exponential { mean: 4.0 },
        Law::LogLogistic { shape: 2.5, scale: 3.0 },
    ];
    for law in laws.clone() {
        let (low, high) = (law.quantile(0.2), law.quantile(0.9));
        laws.push(law.clone().truncate(Some(low), Some(high)).expect("has values"));
        laws.push(law.clone().truncate(None, Some(high)).expect("has values"));
        laws.push(law.truncate(Some(low), None).expect("has values"));
    }
    laws
}

const GRID: [f64; 13] = [1e-15, 1e-9, 1e-4, 0.01, 0.1, 0.25, 0.499_999, 0.5, 0.6, 0.9, 0.99, 0.999_9, 1.0 - 1e-9];

#[test]
fn known_answer_1_pert_is_the_modern_one() {
    let law = Law::Pert { min: 20.0, mode: 90.0, max: 95.0 };
    assert_near(law.mean().expect("finite"), 79.166_666_7, 1e-9, "mean");
    assert_near(law.variance().expect("finite").sqrt(), 11.568_46, 1e-6, "sd");
    for (u, expected) in [(0.05, 56.508_87), (0.5, 81.640_23), (0.95, 93.327_93)] {
        assert_near(law.quantile(u), expected, 1e-7, "quantile");
    }
    assert!((law.variance().expect("finite").sqrt() - 12.5).abs() > 0.5, "pyfair's PERT must be told apart");
}

#[test]
fn quantiles_are_those_of_statrs() {
    for u in GRID {
        for (mu, sigma) in [(0.0, 1.0), (2.0, 0.01), (-3.0, 2.5)] {
            let other = oracle::LogNormal::new(mu, sigma).expect("valid");
            assert_near(log_normal(mu, sigma).quantile(u), other.inverse_cdf(u), 1e-9, "log-normal");
        }
        for shape in [0.2, 1.0, 1.7, 30.0] {
            let other = oracle::Weibull::new(shape, 3.0).expect("valid");
            assert_near(Law::Weibull { shape, scale: 3.0 }.quantile(u), other.inverse_cdf(u), 1e-12, "Weibull");
            if u > 1e-3 && u < 0.999_99 {
                let other = oracle::Pareto::new(3.0, shape).expect("valid");
                assert_near(Law::Pareto { shape, scale: 3.0 }.quantile(u), other.inverse_cdf(u), 1e-11, "Pareto");
            }
        }
        let other = oracle::Exp::new(0.25).expect("valid");
        assert_near(Law::Exponential { mean: 4.0 }.quantile(u), other.inverse_cdf(u), 1e-12, "exponential");
        let other = oracle::Triangular::new(20.0, 120.0, 45.0).expect("valid");
        let law = Law::Triangular { min: 20.0, mode: 45.0, max: 120.0 };
        assert_near(law.quantile(u), other.inverse_cdf(u), 1e-9, "triangular");
    }
}

#[test]
fn tails_are_those_of_statrs() {
    for u in GRID {
        for shape in [0.05, 0.7, 1.0, 4.0, 90.0, 2e3] {
            let law = Law::Gamma { shape, scale: 2.0 };
            let other = oracle::Gamma::new(shape, 0.5).expect("valid");
            let x = law.quantile(u);
            assert_near(law.cdf(x), other.cdf(x), 1e-9, &format!("gamma {shape} below {x}"));
            assert_near(law.survival(x), other.sf(x), 1e-6, &format!("gamma {shape} above {x}"));
            for beta in [0.05, 1.0, 6.0, 500.0] {
                let law = Law::Beta { alpha: shape, beta };
                let other = oracle::Beta::new(shape, beta).expect("valid");
                let x = law.quantile(u);
                assert_near(law.cdf(x), other.cdf(x), 1e-8, &format!("beta {shape}, {beta} below {x}"));
            }
        }
        for shape in [0.3, 1.0, 5.0] {
            let other = oracle::Weibull::new(shape, 3.0).expect("valid");
            let law = Law::Weibull { shape, scale: 3.0 };
            let x = law.quantile(u);
            assert_near(law.cdf(x), other.cdf(x), 1e-11, "Weibull");
            assert_near(law.survival(x), other.sf(x), 1e-11, "Weibull above");
            let other = oracle::Pareto::new(3.0, shape).expect("valid");
            let law = Law::Pareto { shape, scale: 3.0 };
            let x = law.quantile(u);
            assert_near(law.survival(x), other.sf(x), 1e-11, "Pareto");
        }
        let law = log_normal(1.0, 0.7);
        let other = oracle::LogNormal::new(1.0, 0.7).expect("valid");
        assert_near(law.survival(law.quantile(u)), other.sf(law.quantile(u)), 1e-9, "log-normal");
    }
}

#[test]
fn every_law_goes_round_trip() {
    for law in all_laws() {
        for u in GRID {
            let x = law.quantile(u);
            let (low, high) = law.support();
            assert!(low <= x && x <= high, "{law:?} at {u}: {x} outside its support");
            // What the last digit of x, or of a bound that it is near to, makes of the probability.
            let digit =
                1e-15 * [x, low, high].into_iter().filter(|x| x.is_finite()).fold(0.0, |most, x| x.abs().max(most));
            let width =
                (law.cdf(x + digit) - law.cdf(x - digit)).max(law.survival(x - digit) - law.survival(x + digit));
            let rescaling = if matches!(law, Law::Truncated { .. }) { 3e-15 } else { 0.0 };
            let (found, wanted) = if u < 0.5 { (law.cdf(x), u) } else { (law.survival(x), 1.0 - u) };
            let error = (found - wanted).abs();
            assert!(error <= wanted * 1e-11 + 2.0 * width + rescaling, "{law:?} at {u}: x {x:e}, error {error:e}");
        }
    }
}

#[test]
fn both_tails_sum_to_one_and_end_at_the_support() {
    for law in all_laws() {
        let (low, high) = law.support();
        assert_eq!((law.cdf(low - 1.0), law.survival(low - 1.0)), (0.0, 1.0), "{law:?}");
        assert_eq!((law.cdf(f64::INFINITY), law.survival(f64::INFINITY)), (1.0, 0.0), "{law:?}");
        assert_eq!(law.cdf(high), 1.0, "{law:?}");
        for u in GRID {
            let x = law.quantile(u);
            assert!((law.cdf(x) + law.survival(x) - 1.0).abs() < 1e-14, "{law:?} at {x}");
        }
    }
}

#[test]
fn constants_have_one_value_everywhere() {
    let constants = [
        (Law::Constant(3.0), 3.0),
        (log_normal(0.0, 0.0), 1.0),
        (Law::Uniform { min: 2.0, max: 2.0 }, 2.0),
        (Law::Triangular { min: 2.0, mode: 2.0, max: 2.0 }, 2.0),
        (Law::Pert { min: 2.0, mode: 2.0, max: 2.0 }, 2.0),
        (Law::Exponential { mean: 0.0 }, 0.0),
        (Law::Discrete { values: vec![5.0], cumulative: vec![1.0] }, 5.0),
    ];
    for (law, value) in constants {
        assert_eq!(law.is_constant(), Some(value), "{law:?}");
        assert_eq!((law.quantile(1e-9), law.quantile(0.5), law.quantile(0.99)), (value, value, value), "{law:?}");
        assert_eq!((law.mean(), law.variance(), law.support()), (Some(value), Some(0.0), (value, value)), "{law:?}");
        assert_eq!((law.cdf(value), law.cdf(value - 1e-9)), (1.0, 0.0), "{law:?}");
    }
    for law in all_laws() {
        assert_eq!(law.is_constant(), None, "{law:?}");
    }
}

fn any_law() -> impl Strategy<Value = Law> {
    let shape = (-3.0..4.0_f64).prop_map(|e| libm::pow(10.0, e));
    let scale = 0.01..1e6_f64;
    let pair = (shape.clone(), scale.clone());
    prop_oneof![
        (-5.0..20.0_f64, 0.0..4.0_f64).prop_map(|(mu, sigma)| log_normal(mu, sigma)),
        (-1.0..1.0_f64, 0.0..2.0_f64).prop_map(|(mu, sigma)| Law::LogNormalChange { mu, sigma }),
        (scale.clone(), 0.0..1.0_f64, 0.0..1e5_f64).prop_map(|(min, at, width)| Law::Pert {
            min,
            mode: min + at * width,
            max: min + width
        }),
        (scale, 0.0..1.0_f64, 0.0..1e5_f64).prop_map(|(min, at, width)| Law::Triangular {
            min,
            mode: min + at * width,
            max: min + width
        }),
        (shape.clone(), shape).prop_map(|(alpha, beta)| Law::Beta { alpha, beta }),
        pair.clone().prop_map(|(shape, scale)| Law::Weibull { shape, scale }),
        pair.clone().prop_map(|(shape, scale)| Law::Gamma { shape, scale }),
        pair.clone().prop_map(|(shape, scale)| Law::Pareto { shape, scale }),
        pair.prop_map(|(shape, scale)| Law::LogLogistic { shape, scale }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn quantiles_rise_with_the_uniform(law in any_law(), one in 0.0..1.0_f64, other in 0.0..1.0_f64, bounds: (bool, bool)) {
        let (low, high) = (one.min(other), one.max(other));
        let cut = law.clone().truncate(
            bounds.0.then(|| law.quantile(0.01)),
            bounds.1.then(|| law.quantile(0.8)),
        );
        for law in cut.iter().chain([&law]) {
            let (from, to) = (law.quantile(low), law.quantile(high));
            prop_assert!(!from.is_nan() && !to.is_nan());
            // Equal to the last digits only where the uniforms are.
            prop_assert!(from <= to || high - low < 1e-12 && (from - to).abs() < 1e-12 * from.abs(), "{from} > {to}");
        }
    }
}
