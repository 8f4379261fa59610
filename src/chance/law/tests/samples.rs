//! Draws against those of `rand_distr`, and first draws to the last bit.

#![expect(clippy::disallowed_methods, reason = "what is checked is not computed here")]

use core::fmt::Write as _;

use rand::{Rng, RngExt as _};

use super::*;

/// Largest distance between the distributions of two samples, over what chance alone exceeds once in a thousand.
fn distance(mut one: Vec<f64>, mut other: Vec<f64>) -> f64 {
    one.sort_by(f64::total_cmp);
    other.sort_by(f64::total_cmp);
    let (n, m) = (one.len() as f64, other.len() as f64);
    let far = one.iter().enumerate().map(|(k, x)| {
        let below = other.partition_point(|y| y <= x) as f64 / m;
        (below - (k as f64 + 1.0) / n).abs().max((below - k as f64 / n).abs())
    });
    far.fold(0.0, f64::max) / (1.95 * (1.0 / n + 1.0 / m).sqrt())
}

fn uniforms(seed: u64) -> impl Iterator<Item = f64> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    core::iter::repeat_with(move || ((random.next_u64() >> 12) as f64 + 0.5) / (1_u64 << 52) as f64)
}

fn assert_same_law(law: &Law, other: &impl Sample<f64>) {
    const N: usize = 50_000;
    let drawn: Vec<f64> = uniforms(1).take(N).map(|u| law.quantile(u)).collect();
    let sampled: Vec<f64> = Xoshiro256PlusPlus::seed_from_u64(2).sample_iter(other).take(N).collect();
    let shifted: Vec<f64> = uniforms(3).take(N).map(|u| law.quantile((0.03 + u).min(1.0))).collect();
    let found = distance(drawn, sampled.clone());
    assert!(found < 1.0, "{law:?}: {found}");
    let refused = distance(shifted, sampled);
    assert!(refused > 1.0, "{law:?} with its uniforms shifted must be refused: {refused}");
}

#[test]
fn draws_are_those_of_rand_distr() {
    use rand_distr as other;
    assert_same_law(&log_normal(0.3, 1.1), &other::LogNormal::new(0.3, 1.1).expect("valid"));
    assert_same_law(
        &Law::LogNormalChange { mu: 0.3, sigma: 0.2 },
        &other::LogNormal::new(0.3, 0.2).expect("valid").map(|x| x - 1.0),
    );
    assert_same_law(&Law::Exponential { mean: 4.0 }, &other::Exp::new(0.25).expect("valid"));
    assert_same_law(&Law::Uniform { min: 2.0, max: 5.0 }, &other::Uniform::new(2.0, 5.0).expect("valid"));
    for (min, mode, max) in [(20.0, 45.0, 120.0), (0.0, 0.0, 2.0), (-2.0, 1.0, 1.0)] {
        assert_same_law(&Law::Triangular { min, mode, max }, &other::Triangular::new(min, max, mode).expect("valid"));
        assert_same_law(&Law::Pert { min, mode, max }, &other::Pert::new(min, max).with_mode(mode).expect("valid"));
    }
    for shape in [0.1, 0.8, 1.0, 3.0, 60.0] {
        assert_same_law(&Law::Gamma { shape, scale: 2.0 }, &other::Gamma::new(shape, 2.0).expect("valid"));
        assert_same_law(&Law::Weibull { shape, scale: 2.0 }, &other::Weibull::new(2.0, shape).expect("valid"));
        assert_same_law(&Law::Pareto { shape, scale: 2.0 }, &other::Pareto::new(2.0, shape).expect("valid"));
        // The odds of a uniform to the power of 1 / shape.
        let log_logistic =
            other::Uniform::new(0.0, 1.0).expect("valid").map(move |u: f64| 3.0 * (u / (1.0 - u)).powf(1.0 / shape));
        assert_same_law(&Law::LogLogistic { shape, scale: 3.0 }, &log_logistic);
        for beta in [0.2, 1.0, 20.0] {
            assert_same_law(&Law::Beta { alpha: shape, beta }, &other::Beta::new(shape, beta).expect("valid"));
        }
    }
}

#[test]
fn discrete_draws_come_with_their_weights() {
    let law = Law::from_weights([(1.0, 0.2), (5.0, 0.5), (9.0, 0.3)]).expect("is valid");
    let n = 100_000;
    for (value, p) in [(1.0, 0.2), (5.0, 0.5), (9.0, 0.3)] {
        let count = uniforms(4).take(n).filter(|&u| (law.quantile(u) - value).abs() < 0.5).count() as f64;
        let (expected, sd) = (n as f64 * p, (n as f64 * p * (1.0 - p)).sqrt());
        assert!((count - expected).abs() < 4.0 * sd, "{value}: {count} against {expected}");
        assert!((count - expected * 1.05).abs() > 4.0 * sd, "a weight 5 % off must be refused");
    }
}

/// The first draws of every law to the last bit: what a seed promises. A change here changes every result.
#[test]
fn draws_never_change() {
    let mut found = String::new();
    for law in all_laws() {
        let draws: Vec<String> = uniforms(5).take(3).map(|u| format!("{:016x}", law.quantile(u).to_bits())).collect();

        let name = format!("{law:?}");
        let name = name.split([' ', '(']).next().unwrap_or_default();
        writeln!(found, "{} {:.6e} {name}", draws.join(" "), law.quantile(0.25)).expect("memory");
    }
    assert_eq!(found, include_str!("draws.txt"));
}
