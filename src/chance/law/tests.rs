//! Every law against other implementations, its own tails, closed forms and samplers.

use proptest::prelude::*;
use rand::SeedableRng;
use rand_distr::Distribution as Sample;
use rand_xoshiro::Xoshiro256PlusPlus;
use statrs::distribution::{self as oracle, ContinuousCDF};
use statrs::statistics::Distribution as Moments;

use super::*;

mod moments;
mod samples;

fn assert_near(found: f64, expected: f64, limit: f64, what: &str) {
    let error = (found - expected).abs() / expected.abs().max(1e-300);
    assert!(
        error <= limit,
        "{what}: found {found:e}, expected {expected:e}, relative error {error:e}"
    );
}

fn log_normal(mu: f64, sigma: f64) -> Law {
    Law::LogNormal { mu, sigma }
}

/// One or more of every law, degenerate ones left out.
fn all_laws() -> Vec<Law> {
    let mut laws = vec![
        log_normal(0.3, 1.1),
        log_normal(12.0, 0.02),
        Law::LogNormalChange {
            mu: 0.05,
            sigma: 0.3,
        },
        Law::Pert {
            min: 20.0,
            mode: 90.0,
            max: 95.0,
        },
        Law::Pert {
            min: -0.2,
            mode: -0.2,
            max: 0.4,
        },
        Law::Triangular {
            min: 20.0,
            mode: 45.0,
            max: 120.0,
        },
        Law::Triangular {
            min: 0.0,
            mode: 0.0,
            max: 1.0,
        },
        Law::Triangular {
            min: -2.0,
            mode: 1.0,
            max: 1.0,
        },
        Law::Uniform {
            min: -3.0,
            max: 7.0,
        },
        Law::Beta {
            alpha: 0.4,
            beta: 3.0,
        },
        Law::Beta {
            alpha: 5.0,
            beta: 2.0,
        },
        Law::Weibull {
            shape: 0.6,
            scale: 3.0,
        },
        Law::Weibull {
            shape: 4.0,
            scale: 2.0,
        },
        Law::Gamma {
            shape: 0.3,
            scale: 5.0,
        },
        Law::Gamma {
            shape: 40.0,
            scale: 0.1,
        },
        Law::Pareto {
            shape: 1.5,
            scale: 2.0,
        },
        Law::Exponential { mean: 4.0 },
        Law::LogLogistic {
            shape: 2.5,
            scale: 3.0,
        },
    ];
    for law in laws.clone() {
        let (low, high) = (law.quantile(0.2), law.quantile(0.9));
        laws.push(
            law.clone()
                .truncate(Some(low), Some(high))
                .expect("has values"),
        );
        laws.push(law.clone().truncate(None, Some(high)).expect("has values"));
        laws.push(law.truncate(Some(low), None).expect("has values"));
    }
    laws
}

const GRID: [f64; 13] = [
    1e-15,
    1e-9,
    1e-4,
    0.01,
    0.1,
    0.25,
    0.499_999,
    0.5,
    0.6,
    0.9,
    0.99,
    0.999_9,
    1.0 - 1e-9,
];

#[test]
fn known_answer_1_log_normals_from_a_90_percent_range() {
    let rows = [
        (
            1.0,
            10.0,
            1.151_292_546,
            0.699_936_169,
            3.162_277_660,
            4.040_012_827,
            3.212_179_530,
            16.112_374_28,
        ),
        (
            1e5,
            1e6,
            12.664_218_011,
            0.699_936_169,
            316_227.766,
            404_001.282_7,
            321_217.953,
            1_611_237.428,
        ),
    ];
    for (low, high, mu, sigma, median, mean, sd, q99) in rows {
        let law = Law::from_interval_90(low, high).expect("is valid");
        let Law::LogNormal {
            mu: found_mu,
            sigma: found_sigma,
        } = law
        else {
            panic!("not log-normal: {law:?}")
        };
        assert_near(found_mu, mu, 1e-9, "mu");
        assert_near(found_sigma, sigma, 1e-9, "sigma");
        assert_near(law.quantile(0.05), low, 1e-14, "5 %");
        assert_near(law.quantile(0.95), high, 1e-14, "95 %");
        assert_near(law.quantile(0.5), median, 1e-9, "median");
        assert_near(law.quantile(0.99), q99, 1e-9, "99 %");
        assert_near(law.mean().expect("finite"), mean, 1e-9, "mean");
        assert_near(law.variance().expect("finite").sqrt(), sd, 1e-9, "sd");
    }
}

#[test]
fn known_answer_1_rates_times_means() {
    let rows = [
        (1.0, 635_000.0, 19_000_000.0, 5_922_706.833_5, 1e-10),
        (0.1, 1e5, 1e6, 40_400.128_269, 1e-10),
        (0.01, 1e6, 1e7, 40_400.13, 1e-7),
        (0.05, 5e6, 5e7, 1_010_003.21, 1e-8),
        (0.1, 1e7, 1e9, 26_639_800.98, 1e-9),
        (0.1, 1.0, 10.0, 0.404_001_282_694_572_7, 1e-14),
        (3.0, 1.0, 10.0, 12.120_038_480_837_177, 1e-14),
        (0.5, 1.0, 1e5, 72_200.23, 1e-7),
        (0.5, 1000.0, 1e5, 13_319.90, 1e-6),
        (0.5, 99_999.0, 1e5, 49_999.75, 1e-7),
    ];
    for (rate, low, high, expected, limit) in rows {
        let mean = Law::from_interval_90(low, high)
            .and_then(|law| law.mean())
            .expect("finite");
        assert_near(
            rate * mean,
            expected,
            limit,
            &format!("{rate} × {low}–{high}"),
        );
    }
}

#[test]
fn known_answer_1_pert_is_the_modern_one() {
    let law = Law::Pert {
        min: 20.0,
        mode: 90.0,
        max: 95.0,
    };
    assert_near(law.mean().expect("finite"), 79.166_666_7, 1e-9, "mean");
    assert_near(
        law.variance().expect("finite").sqrt(),
        11.568_46,
        1e-6,
        "sd",
    );
    for (u, expected) in [(0.05, 56.508_87), (0.5, 81.640_23), (0.95, 93.327_93)] {
        assert_near(law.quantile(u), expected, 1e-7, "quantile");
    }
    assert!(
        (law.variance().expect("finite").sqrt() - 12.5).abs() > 0.5,
        "pyfair's PERT must be told apart"
    );
}

#[test]
fn quantiles_are_those_of_statrs() {
    for u in GRID {
        for (mu, sigma) in [(0.0, 1.0), (2.0, 0.01), (-3.0, 2.5)] {
            let other = oracle::LogNormal::new(mu, sigma).expect("valid");
            assert_near(
                log_normal(mu, sigma).quantile(u),
                other.inverse_cdf(u),
                1e-9,
                "log-normal",
            );
        }
        for shape in [0.2, 1.0, 1.7, 30.0] {
            let other = oracle::Weibull::new(shape, 3.0).expect("valid");
            assert_near(
                Law::Weibull { shape, scale: 3.0 }.quantile(u),
                other.inverse_cdf(u),
                1e-12,
                "Weibull",
            );
            if u > 1e-3 && u < 0.999_99 {
                let other = oracle::Pareto::new(3.0, shape).expect("valid");
                assert_near(
                    Law::Pareto { shape, scale: 3.0 }.quantile(u),
                    other.inverse_cdf(u),
                    1e-11,
                    "Pareto",
                );
            }
        }
        let other = oracle::Exp::new(0.25).expect("valid");
        assert_near(
            Law::Exponential { mean: 4.0 }.quantile(u),
            other.inverse_cdf(u),
            1e-12,
            "exponential",
        );
        let other = oracle::Triangular::new(20.0, 120.0, 45.0).expect("valid");
        let law = Law::Triangular {
            min: 20.0,
            mode: 45.0,
            max: 120.0,
        };
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
            assert_near(
                law.cdf(x),
                other.cdf(x),
                1e-9,
                &format!("gamma {shape} below {x}"),
            );
            assert_near(
                law.survival(x),
                other.sf(x),
                1e-6,
                &format!("gamma {shape} above {x}"),
            );
            for beta in [0.05, 1.0, 6.0, 500.0] {
                let law = Law::Beta { alpha: shape, beta };
                let other = oracle::Beta::new(shape, beta).expect("valid");
                let x = law.quantile(u);
                assert_near(
                    law.cdf(x),
                    other.cdf(x),
                    1e-8,
                    &format!("beta {shape}, {beta} below {x}"),
                );
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
        assert_near(
            law.survival(law.quantile(u)),
            other.sf(law.quantile(u)),
            1e-9,
            "log-normal",
        );
    }
}

#[test]
fn every_law_goes_round_trip() {
    for law in all_laws() {
        for u in GRID {
            let x = law.quantile(u);
            let (low, high) = law.support();
            assert!(
                low <= x && x <= high,
                "{law:?} at {u}: {x} outside its support"
            );
            // What the last digit of x, or of a bound that it is near to, makes of the probability.
            let digit = 1e-15
                * [x, low, high]
                    .into_iter()
                    .filter(|x| x.is_finite())
                    .fold(0.0, |most, x| x.abs().max(most));
            let width = (law.cdf(x + digit) - law.cdf(x - digit))
                .max(law.survival(x - digit) - law.survival(x + digit));
            let rescaling = if matches!(law, Law::Truncated { .. }) { 3e-15 } else { 0.0 };
            let (found, wanted) = if u < 0.5 {
                (law.cdf(x), u)
            } else {
                (law.survival(x), 1.0 - u)
            };
            let error = (found - wanted).abs();
            assert!(
                error <= wanted * 1e-11 + 2.0 * width + rescaling,
                "{law:?} at {u}: x {x:e}, error {error:e}"
            );
        }
    }
}

#[test]
fn both_tails_sum_to_one_and_end_at_the_support() {
    for law in all_laws() {
        let (low, high) = law.support();
        assert_eq!(
            (law.cdf(low - 1.0), law.survival(low - 1.0)),
            (0.0, 1.0),
            "{law:?}"
        );
        assert_eq!(
            (law.cdf(f64::INFINITY), law.survival(f64::INFINITY)),
            (1.0, 0.0),
            "{law:?}"
        );
        assert_eq!(law.cdf(high), 1.0, "{law:?}");
        for u in GRID {
            let x = law.quantile(u);
            assert!(
                (law.cdf(x) + law.survival(x) - 1.0).abs() < 1e-14,
                "{law:?} at {x}"
            );
        }
    }
}

#[test]
fn constants_have_one_value_everywhere() {
    let constants = [
        (Law::Constant(3.0), 3.0),
        (log_normal(0.0, 0.0), 1.0),
        (Law::Uniform { min: 2.0, max: 2.0 }, 2.0),
        (
            Law::Triangular {
                min: 2.0,
                mode: 2.0,
                max: 2.0,
            },
            2.0,
        ),
        (
            Law::Pert {
                min: 2.0,
                mode: 2.0,
                max: 2.0,
            },
            2.0,
        ),
        (Law::Exponential { mean: 0.0 }, 0.0),
        (
            Law::Discrete {
                values: vec![5.0],
                cumulative: vec![1.0],
            },
            5.0,
        ),
    ];
    for (law, value) in constants {
        assert_eq!(law.is_constant(), Some(value), "{law:?}");
        assert_eq!(
            (law.quantile(1e-9), law.quantile(0.5), law.quantile(0.99)),
            (value, value, value),
            "{law:?}"
        );
        assert_eq!(
            (law.mean(), law.variance(), law.support()),
            (Some(value), Some(0.0), (value, value)),
            "{law:?}"
        );
        assert_eq!(
            (law.cdf(value), law.cdf(value - 1e-9)),
            (1.0, 0.0),
            "{law:?}"
        );
    }
    for law in all_laws() {
        assert_eq!(law.is_constant(), None, "{law:?}");
    }
}

#[test]
fn discrete_laws_take_the_smallest_value_that_reaches_the_uniform() {
    let law =
        Law::from_weights([(4.0, 1.0), (1.0, 2.0), (2.0, 0.0), (4.0, 1.0)]).expect("is valid");
    assert_eq!(
        law,
        Law::Discrete {
            values: vec![1.0, 4.0],
            cumulative: vec![0.5, 1.0]
        }
    );
    let drawn = [0.1, 0.5, 0.500_1, 0.999].map(|u| law.quantile(u));
    assert_eq!(drawn, [1.0, 1.0, 4.0, 4.0]);
    let below = [0.9, 1.0, 3.9, 4.0].map(|x| law.cdf(x));
    assert_eq!(below, [0.0, 0.5, 0.5, 1.0]);
    assert_eq!((law.mean(), law.variance()), (Some(2.5), Some(2.25)));
    assert_eq!(
        Law::from_weights([(7.0, 3.0), (7.0, 1.0)]),
        Some(Law::Constant(7.0))
    );
    assert_eq!(Law::from_weights([(7.0, 0.0)]), None);
    assert_eq!(Law::from_weights([(7.0, -1.0), (8.0, 2.0)]), None);
    assert_eq!(Law::from_weights([(f64::NAN, 1.0)]), None);
    assert_eq!(Law::from_weights([]), None);
}

#[test]
fn truncation_drops_rows_and_rescales_the_rest() {
    let law = Law::from_weights([(1.0, 1.0), (2.0, 1.0), (3.0, 2.0)]).expect("is valid");
    let cut = law.clone().truncate(Some(2.0), None).expect("two left");
    assert_eq!(
        cut,
        Law::Discrete {
            values: vec![2.0, 3.0],
            cumulative: vec![1.0 / 3.0, 1.0]
        }
    );
    assert_eq!(
        law.clone().truncate(Some(2.0), Some(2.5)),
        Some(Law::Constant(2.0))
    );
    assert_eq!(law.truncate(Some(2.1), Some(2.5)), None);
    assert_eq!(Law::Constant(3.0).truncate(None, Some(2.0)), None);
    assert_eq!(
        Law::Constant(3.0).truncate(Some(1.0), Some(3.0)),
        Some(Law::Constant(3.0))
    );
    let uniform = Law::Uniform { min: 0.0, max: 4.0 };
    assert_eq!(
        uniform.clone().truncate(Some(1.0), None),
        Some(Law::Uniform { min: 1.0, max: 4.0 })
    );
    assert_eq!(uniform.clone().truncate(Some(2.0), Some(2.0)), None);
    assert_eq!(uniform.clone().truncate(Some(3.0), Some(2.0)), None);
    assert_eq!(uniform.clone().truncate(Some(f64::NAN), None), None);
    assert_eq!(
        uniform.clone().truncate(Some(-1.0), Some(9.0)),
        Some(uniform)
    );
    assert_eq!(log_normal(0.0, 1.0).truncate(None, Some(0.0)), None);
    assert_eq!(log_normal(0.0, 1.0).truncate(None, Some(-1.0)), None);
}

#[test]
fn truncation_is_exact_far_in_a_tail_and_may_be_repeated() {
    // Above a point with probability 1e-20 the exponential starts anew.
    let far = Law::Exponential { mean: 1.0 }
        .truncate(Some(46.0), None)
        .expect("possible");
    for u in GRID {
        assert_near(
            far.quantile(u) - 46.0,
            -libm::log1p(-u),
            1e-9_f64.max(2e-14 / u),
            "memoryless",
        );
    }
    let once = log_normal(1.0, 1.0)
        .truncate(Some(2.0), Some(5.0))
        .expect("possible");
    let wide = log_normal(1.0, 1.0)
        .truncate(Some(1.0), Some(5.0))
        .expect("possible");
    assert_eq!(wide.truncate(Some(2.0), Some(9.0)), Some(once.clone()));
    assert_eq!(once.support(), (2.0, 5.0));
    assert_eq!(once.truncate(Some(6.0), None), None);
}

#[test]
fn constructors_hit_what_they_were_given() {
    let law = Law::from_percentiles((0.95, 8.0), (0.5, 1.2)).expect("is valid");
    assert_near(law.quantile(0.5), 1.2, 1e-14, "median");
    assert_near(law.quantile(0.95), 8.0, 1e-14, "p95");
    let law = Law::from_percentiles((0.1, 2.0), (0.25, 3.0)).expect("is valid");
    assert_near(law.quantile(0.1), 2.0, 1e-14, "p10");
    assert_near(law.quantile(0.25), 3.0, 1e-14, "p25");
    let law = Law::from_mean_sd(10.0, 15.0).expect("is valid");
    let Law::LogNormal { mu, sigma } = law else {
        panic!("not log-normal")
    };
    assert_near(mu, 1.713_257_594_823_223, 1e-14, "KA-2 mu");
    assert_near(sigma, 1.085_658_784_490_618, 1e-14, "KA-2 sigma");
    assert_near(law.mean().expect("finite"), 10.0, 1e-14, "mean");
    assert_near(law.variance().expect("finite"), 225.0, 1e-13, "variance");
    let law = Law::from_median_sigma(45.0, 0.8).expect("is valid");
    assert_near(law.quantile(0.5), 45.0, 1e-14, "median");
    let law = Law::from_beta_mean_sd(0.3, 0.1).expect("is valid");
    assert_near(law.mean().expect("finite"), 0.3, 1e-14, "mean");
    assert_near(law.variance().expect("finite"), 0.01, 1e-13, "variance");
    let law = Law::from_change_interval_90(-0.08, 0.15).expect("is valid");
    assert_near(law.quantile(0.05), -0.08, 1e-13, "5 %");
    assert_near(law.quantile(0.95), 0.15, 1e-13, "95 %");
    assert!(law.quantile(0.0) > -1.0, "never below −100 %");
}

#[test]
fn constructors_refuse_what_no_law_can_be() {
    for refused in [
        Law::from_interval_90(0.0, 1.0),
        Law::from_interval_90(2.0, 1.0),
        Law::from_interval_90(f64::NAN, 1.0),
        Law::from_interval_90(1.0, f64::INFINITY),
        Law::from_change_interval_90(-1.0, 0.5),
        Law::from_change_interval_90(0.5, 0.4),
        Law::from_percentiles((0.5, 2.0), (0.9, 1.0)),
        Law::from_percentiles((0.5, 2.0), (0.5, 3.0)),
        Law::from_percentiles((0.0, 2.0), (0.5, 3.0)),
        Law::from_mean_sd(0.0, 1.0),
        Law::from_mean_sd(1.0, -1.0),
        Law::from_median_sigma(-1.0, 1.0),
        Law::from_median_sigma(1.0, f64::NAN),
        Law::from_beta_mean_sd(0.5, 0.5),
        Law::from_beta_mean_sd(1.0, 0.1),
    ] {
        assert_eq!(refused, None);
    }
    assert_eq!(Law::from_interval_90(3.0, 3.0), Some(Law::Constant(3.0)));
    assert_eq!(
        Law::from_change_interval_90(0.1, 0.1),
        Some(Law::Constant(0.1))
    );
    assert_eq!(Law::from_mean_sd(3.0, 0.0), Some(Law::Constant(3.0)));
    assert_eq!(Law::from_beta_mean_sd(0.3, 0.0), Some(Law::Constant(0.3)));
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
        pair.clone()
            .prop_map(|(shape, scale)| Law::Weibull { shape, scale }),
        pair.clone()
            .prop_map(|(shape, scale)| Law::Gamma { shape, scale }),
        pair.clone()
            .prop_map(|(shape, scale)| Law::Pareto { shape, scale }),
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
