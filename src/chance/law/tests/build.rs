//! Laws from what a person says of them, and within bounds.

use super::*;

#[test]
fn known_answer_1_log_normals_from_a_90_percent_range() {
    let rows = [
        (1.0, 10.0, 1.151_292_546, 0.699_936_169, 3.162_277_660, 4.040_012_827, 3.212_179_530, 16.112_374_28),
        (1e5, 1e6, 12.664_218_011, 0.699_936_169, 316_227.766, 404_001.282_7, 321_217.953, 1_611_237.428),
    ];
    for (low, high, mu, sigma, median, mean, sd, q99) in rows {
        let law = Law::from_interval_90(low, high).expect("is valid");
        let Law::LogNormal { mu: found_mu, sigma: found_sigma } = law else { panic!("not log-normal: {law:?}") };
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
        let mean = Law::from_interval_90(low, high).and_then(|law| law.mean()).expect("finite");
        assert_near(rate * mean, expected, limit, &format!("{rate} × {low}–{high}"));
    }
}

#[test]
fn discrete_laws_take_the_smallest_value_that_reaches_the_uniform() {
    let law = Law::from_weights([(4.0, 1.0), (1.0, 2.0), (2.0, 0.0), (4.0, 1.0)]).expect("is valid");
    assert_eq!(law, Law::Discrete { values: vec![1.0, 4.0], cumulative: vec![0.5, 1.0] });
    let drawn = [0.1, 0.5, 0.500_1, 0.999].map(|u| law.quantile(u));
    assert_eq!(drawn, [1.0, 1.0, 4.0, 4.0]);
    let below = [0.9, 1.0, 3.9, 4.0].map(|x| law.cdf(x));
    assert_eq!(below, [0.0, 0.5, 0.5, 1.0]);
    assert_eq!((law.mean(), law.variance()), (Some(2.5), Some(2.25)));
    assert_eq!(Law::from_weights([(7.0, 3.0), (7.0, 1.0)]), Some(Law::Constant(7.0)));
    assert_eq!(Law::from_weights([(7.0, 0.0)]), None);
    assert_eq!(Law::from_weights([(7.0, -1.0), (8.0, 2.0)]), None);
    assert_eq!(Law::from_weights([(f64::NAN, 1.0)]), None);
    assert_eq!(Law::from_weights([]), None);
}

#[test]
fn truncation_drops_rows_and_rescales_the_rest() {
    let law = Law::from_weights([(1.0, 1.0), (2.0, 1.0), (3.0, 2.0)]).expect("is valid");
    let cut = law.clone().truncate(Some(2.0), None).expect("two left");
    assert_eq!(cut, Law::Discrete { values: vec![2.0, 3.0], cumulative: vec![1.0 / 3.0, 1.0] });
    assert_eq!(law.clone().truncate(Some(2.0), Some(2.5)), Some(Law::Constant(2.0)));
    assert_eq!(law.truncate(Some(2.1), Some(2.5)), None);
    assert_eq!(Law::Constant(3.0).truncate(None, Some(2.0)), None);
    assert_eq!(Law::Constant(3.0).truncate(Some(1.0), Some(3.0)), Some(Law::Constant(3.0)));
    let uniform = Law::Uniform { min: 0.0, max: 4.0 };
    assert_eq!(uniform.clone().truncate(Some(1.0), None), Some(Law::Uniform { min: 1.0, max: 4.0 }));
    assert_eq!(uniform.clone().truncate(Some(2.0), Some(2.0)), None);
    assert_eq!(uniform.clone().truncate(Some(3.0), Some(2.0)), None);
    assert_eq!(uniform.clone().truncate(Some(f64::NAN), None), None);
    assert_eq!(uniform.clone().truncate(Some(-1.0), Some(9.0)), Some(uniform));
    assert_eq!(log_normal(0.0, 1.0).truncate(None, Some(0.0)), None);
    assert_eq!(log_normal(0.0, 1.0).truncate(None, Some(-1.0)), None);
}

#[test]
fn truncation_is_exact_far_in_a_tail_and_may_be_repeated() {
    // Above a point with probability 1e-20 the exponential starts anew.
    let far = Law::Exponential { mean: 1.0 }.truncate(Some(46.0), None).expect("possible");
    for u in GRID {
        assert_near(far.quantile(u) - 46.0, -libm::log1p(-u), 1e-9_f64.max(2e-14 / u), "memoryless");
    }
    let once = log_normal(1.0, 1.0).truncate(Some(2.0), Some(5.0)).expect("possible");
    let wide = log_normal(1.0, 1.0).truncate(Some(1.0), Some(5.0)).expect("possible");
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
    let Law::LogNormal { mu, sigma } = law else { panic!("not log-normal") };
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
    assert_eq!(Law::from_change_interval_90(0.1, 0.1), Some(Law::Constant(0.1)));
    assert_eq!(Law::from_mean_sd(3.0, 0.0), Some(Law::Constant(3.0)));
    assert_eq!(Law::from_beta_mean_sd(0.3, 0.0), Some(Law::Constant(0.3)));
}
