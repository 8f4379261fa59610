//! Means and variances against statrs, quadrature by brute force, and rejection.

#![expect(clippy::disallowed_methods, reason = "what is checked is not computed here")]

use super::*;

fn assert_moments(law: &Law, mean: f64, variance: f64, limit: f64) {
    assert_near(law.mean().expect("finite"), mean, limit, &format!("mean of {law:?}"));
    assert_near(law.variance().expect("finite"), variance, limit, &format!("variance of {law:?}"));
}

fn assert_like(law: &Law, other: &impl Moments<f64>) {
    assert_moments(law, other.mean().expect("finite"), other.variance().expect("finite"), 1e-9);
}

#[test]
fn moments_are_those_of_statrs() {
    for shape in [0.2, 1.0, 3.3, 80.0] {
        assert_like(&Law::Weibull { shape, scale: 3.0 }, &oracle::Weibull::new(shape, 3.0).expect("valid"));
        assert_like(&Law::Gamma { shape, scale: 3.0 }, &oracle::Gamma::new(shape, 1.0 / 3.0).expect("valid"));
        assert_like(&Law::Beta { alpha: shape, beta: 2.0 }, &oracle::Beta::new(shape, 2.0).expect("valid"));
        assert_like(
            &Law::Pareto { shape: shape + 2.1, scale: 3.0 },
            &oracle::Pareto::new(3.0, shape + 2.1).expect("valid"),
        );
        assert_like(&log_normal(1.0, shape.sqrt()), &oracle::LogNormal::new(1.0, shape.sqrt()).expect("valid"));
    }
    assert_like(&Law::Exponential { mean: 4.0 }, &oracle::Exp::new(0.25).expect("valid"));
    assert_like(&Law::Uniform { min: 2.0, max: 9.0 }, &oracle::Uniform::new(2.0, 9.0).expect("valid"));
    let law = Law::Triangular { min: 20.0, mode: 45.0, max: 120.0 };
    assert_like(&law, &oracle::Triangular::new(20.0, 120.0, 45.0).expect("valid"));
}

#[test]
fn moments_are_the_integrals_of_the_quantile_function() {
    for law in all_laws() {
        let heavy = matches!(&law, Law::Pareto { .. } | Law::LogLogistic { .. });
        let heavy = heavy
            || matches!(&law, Law::Truncated { law, max, .. } if max.is_infinite() && matches!(**law, Law::LogLogistic { .. }));
        if heavy {
            continue;
        }
        let mean = midpoints(&law, |x| x);
        let variance = midpoints(&law, |x| (x - mean) * (x - mean));
        let found = law.mean().expect("finite");
        assert!((found - mean).abs() < 1e-3 * variance.sqrt(), "{law:?}: {found} against {mean}");
        assert_near(law.variance().expect("finite"), variance, 0.02, &format!("variance of {law:?}"));
    }
}

fn midpoints(law: &Law, f: impl Fn(f64) -> f64) -> f64 {
    let n = 40_000;
    let values = (0..n).map(|k| f(law.quantile((f64::from(k) + 0.5) / f64::from(n))));
    values.sum::<f64>() / f64::from(n)
}

#[test]
fn truncated_moments_agree_with_closed_forms() {
    // Memoryless.
    let law = Law::Exponential { mean: 2.0 }.truncate(Some(30.0), None).expect("possible");
    assert_moments(&law, 32.0, 4.0, 1e-12);
    // A Pareto cut below is a Pareto; cut above it has every moment.
    assert_eq!(
        Law::Pareto { shape: 0.9, scale: 1.0 }.truncate(Some(2.0), None),
        Some(Law::Pareto { shape: 0.9, scale: 2.0 })
    );
    let law = Law::Pareto { shape: 1.0, scale: 1.0 }.truncate(None, Some(1e12)).expect("possible");
    let kept = 1.0 - 1e-12;
    let mean = libm::log(1e12) / kept;
    assert_moments(&law, mean, (1e12 - 1.0) / kept - mean * mean, 1e-11);
    // Log-normal: partial expectations.
    for sigma in [0.3, 1.0, 2.9, 3.1] {
        let (low, high) = (0.4, 25.0);
        let part = |power: f64, x: f64| {
            libm::exp(0.5 * power * power * sigma * sigma)
                * math::normal_tails(libm::log(x) / sigma - power * sigma).upper
        };
        for (law, high) in [
            (log_normal(0.0, sigma).truncate(Some(low), Some(high)), high),
            (log_normal(0.0, sigma).truncate(Some(low), None), f64::INFINITY),
        ] {
            let moment = |power: f64| (part(power, low) - part(power, high)) / (part(0.0, low) - part(0.0, high));
            assert_moments(&law.expect("possible"), moment(1.0), moment(2.0) - moment(1.0) * moment(1.0), 1e-8);
        }
    }
    // A triangle cut at both sides of its mode: a trapezium's moments by parts.
    let law = Law::Triangular { min: 0.0, mode: 1.0, max: 3.0 }.truncate(Some(0.5), Some(2.0)).expect("possible");
    // Density x/1.5 up to 1, (3 − x)/3 from there.
    let mass = 0.375 / 1.5 + 0.5;
    let mean = (0.875 / 3.0 / 1.5 + (1.5 * 3.0 - 7.0 / 3.0) / 3.0) / mass;
    let square = (0.937_5 / 4.0 / 1.5 + (7.0 - 15.0 / 4.0) / 3.0) / mass;
    assert_moments(&law, mean, square - mean * mean, 1e-12);
}

#[test]
fn log_logistic_moments_agree_with_quadrature_of_the_tail() {
    // ∫ x f(x) dx by the substitution that makes the tail polynomial: u = 1 − s^m, with m well above 1 / shape.
    for (shape, min) in [(2.5, 0.0), (2.5, 4.0), (9.0, 1.0), (3.1, 0.01)] {
        let law = Law::LogLogistic { shape, scale: 3.0 };
        let law = law.truncate(Some(min), None).expect("possible");
        let moment = |power: f64, centre: f64| {
            let (m, n) = (12.0, 1000);
            let panels = (0..n).map(|k| {
                let at = |k: i32| f64::from(k) / f64::from(n);
                math::integrate(at(k), at(k + 1), |s| {
                    let upper = libm::pow(s, m);
                    libm::pow(law.quantile_at(1.0 - upper, upper) - centre, power) * m * libm::pow(s, m - 1.0)
                })
            });
            panels.sum::<f64>()
        };
        let mean = moment(1.0, 0.0);
        assert_near(law.mean().expect("finite"), mean, 1e-6, &format!("mean of {law:?}"));
        assert_near(law.variance().expect("finite"), moment(2.0, mean), 1e-5, &format!("variance of {law:?}"));
    }
}

#[test]
fn moments_that_do_not_exist_are_none() {
    for shape in [0.5, 1.0] {
        for law in [Law::Pareto { shape, scale: 1.0 }, Law::LogLogistic { shape, scale: 1.0 }] {
            assert_eq!((law.mean(), law.variance()), (None, None), "{law:?}");
            let cut = law.clone().truncate(Some(3.0), None).expect("possible");
            assert_eq!((cut.mean(), cut.variance()), (None, None), "{cut:?}");
            let cut = law.truncate(None, Some(3.0)).expect("possible");
            assert!(cut.mean().is_some() && cut.variance().is_some(), "{cut:?}");
        }
    }
    for law in [Law::Pareto { shape: 2.0, scale: 1.0 }, Law::LogLogistic { shape: 1.5, scale: 1.0 }] {
        let cut = law.clone().truncate(Some(3.0), None).expect("possible");
        assert!(law.mean().is_some() && law.variance().is_none(), "{law:?}");
        assert!(cut.mean().is_some() && cut.variance().is_none(), "{cut:?}");
    }
    assert_eq!(log_normal(0.0, 40.0).mean(), None, "too large for a number");
}

#[test]
fn weibull_variance_keeps_its_digits_for_large_shapes() {
    for shape in [20.0, 300.0, 340.0, 1e5] {
        let law = Law::Weibull { shape, scale: 1.0 };
        // X is 1 + G / k for a large shape k, G Gumbel of variance π² / 6; the two branches must also meet at 1/0.003.
        let gumbel = core::f64::consts::PI * core::f64::consts::PI / 6.0 / (shape * shape);
        assert_near(law.variance().expect("finite"), gumbel, 4.0 / shape, "variance");
    }
    let (one, other) = (1.0 / 0.003_000_000_1, 1.0 / 0.002_999_999_9);
    let scaled = |shape: f64| Law::Weibull { shape, scale: 1.0 }.variance().expect("finite") * shape * shape;
    assert_near(scaled(one), scaled(other), 1e-9, "across the branch");
}

type Draw = Box<dyn Fn(&mut Xoshiro256PlusPlus) -> f64>;

#[test]
fn truncated_moments_are_those_of_rejection() {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(7);
    let cases: [(Law, Draw, f64, f64); 4] = [
        (
            log_normal(0.5, 1.2),
            Box::new(|random| rand_distr::LogNormal::new(0.5, 1.2).expect("valid").sample(random)),
            1.0,
            30.0,
        ),
        (
            Law::Gamma { shape: 0.5, scale: 2.0 },
            Box::new(|random| rand_distr::Gamma::new(0.5, 2.0).expect("valid").sample(random)),
            0.0,
            1.5,
        ),
        (
            Law::Weibull { shape: 0.7, scale: 2.0 },
            Box::new(|random| rand_distr::Weibull::new(2.0, 0.7).expect("valid").sample(random)),
            1.0,
            f64::INFINITY,
        ),
        (
            Law::Pareto { shape: 1.2, scale: 1.0 },
            Box::new(|random| rand_distr::Pareto::new(1.0, 1.2).expect("valid").sample(random)),
            0.0,
            20.0,
        ),
    ];
    for (law, draw, min, max) in cases {
        let kept: Vec<f64> = (0..200_000).map(|_| draw(&mut random)).filter(|x| (min..=max).contains(x)).collect();
        let n = kept.len() as f64;
        let mean = kept.iter().sum::<f64>() / n;
        let central = |power: i32| kept.iter().map(|x| (x - mean).powi(power)).sum::<f64>() / n;
        let (square, fourth) = (central(2), central(4));
        let (mean_error, square_error) = ((square / n).sqrt(), ((fourth - square * square) / n).sqrt());
        let cut = law.clone().truncate(Some(min), Some(max)).expect("possible");
        let (found_mean, found_variance) = (cut.mean().expect("finite"), cut.variance().expect("finite"));
        assert!((found_mean - mean).abs() < 4.0 * mean_error, "{cut:?}: {found_mean} against {mean}");
        assert!((found_variance - square).abs() < 4.0 * square_error, "{cut:?}: {found_variance} against {square}");
        if let Some(whole) = law.mean() {
            assert!((whole - mean).abs() > 4.0 * mean_error, "the whole law must be told apart");
        }
    }
}

/// Moments of min(X, limit) against the mean over quantiles, for every law and for ones that are very narrow or wide.
#[test]
fn limited_moments_are_those_of_the_limited_quantiles() {
    let extreme = [log_normal(1.0, 1e-4), log_normal(1.0, 4.0), Law::Pareto { shape: 0.5, scale: 2.0 }];
    for law in all_laws().into_iter().chain(extreme) {
        let limit = law.quantile(0.99);
        let n = 20_000;
        let of = |k: u32| {
            let about = law.quantile(0.5);
            let values = (0..n).map(|i| law.quantile((f64::from(i) + 0.5) / f64::from(n)).min(limit) - about);
            values.map(|d| d.powi(k as i32)).sum::<f64>() / f64::from(n)
        };
        let (m1, m2, m3) = (of(1), of(2), of(3));
        let variance = m2 - m1 * m1;
        let limited = law.limited(limit);
        let sd = variance.sqrt();
        let mean = law.quantile(0.5) + m1;
        assert!((limited.mean - mean).abs() <= 1e-4 * (sd + mean.abs()), "mean of {law:?}: {} {mean}", limited.mean);
        if sd > 0.0 {
            assert_near(limited.variance.sqrt(), sd, 1e-3, &format!("sd of {law:?}"));
            let skewness = (m3 - 3.0 * m1 * m2 + 2.0 * m1 * m1 * m1) / (variance * sd);
            assert!((limited.skewness - skewness).abs() < 1e-2 * (1.0 + skewness.abs()), "skewness of {law:?}");
        }
    }
}
