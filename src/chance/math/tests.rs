//! Against values computed with 40 digits (series and quadrature), and round trips over a grid of shapes.

use super::*;

/// What a last-digit comparison allows: `limit` relative to the larger, for shapes whose prefactor is a power of `n`.
fn assert_near(found: f64, expected: f64, limit: f64, what: &str) {
    let error = (found - expected).abs() / expected.abs().max(f64::MIN_POSITIVE);
    assert!(error <= limit, "{what}: found {found:e}, expected {expected:e}, relative error {error:e}");
}

#[test]
fn the_normal_quantile_has_fifteen_digits_in_both_tails() {
    let cases = [
        (1e-300, -37.047_096_299_361_2),
        (1e-100, -21.273_453_560_965_324),
        (1e-16, -8.222_082_216_130_435),
        (1e-8, -5.612_001_244_174_789),
        (0.001, -3.090_232_306_167_813_5),
        (0.024_9, -1.961_677_869_063_786),
        (0.075_1, -1.438_825_392_752_54),
        (0.2, -0.841_621_233_572_914_2),
        (0.499_9, -2.506_628_300_880_075e-4),
        (0.7, 0.524_400_512_708_040_7),
        (0.95, 1.644_853_626_951_472_3),
        (0.99, 2.326_347_874_040_841),
        (0.999_999, 4.753_424_308_817_088),
    ];
    for (p, z) in cases {
        assert_near(normal_quantile(p), z, 2e-15, "quantile");
        assert_near(normal_quantile_at(1.0 - p, p), -z, 2e-15, "upper quantile");
        assert_near(normal_tails(z).lower, p, 2e-13, "tail");
        assert_near(normal_tails(-z).upper, p, 2e-13, "upper tail");
    }
}

/// Shape, x, lower and upper tail.
const GAMMA: [(f64, f64, f64, f64); 17] = [
    (1e-3, 1e-200, 6.313_211_290_858_287e-1, 3.686_788_709_141_712e-1),
    (1e-3, 1e-3, 9.936_876_467_088_603e-1, 6.312_353_291_139_71e-3),
    (1e-3, 3.0, 9.999_869_268_601_988e-1, 1.307_313_980_121_374_3e-5),
    (0.1, 1e-9, 1.323_303_088_151_057_5e-1, 8.676_696_911_848_943e-1),
    (0.1, 5.0, 9.998_560_610_341_533e-1, 1.439_389_658_467_34e-4),
    (0.7, 0.4, 4.949_860_082_716_71e-1, 5.050_139_917_283_29e-1),
    (1.0, 2.0, 8.646_647_167_633_873e-1, 1.353_352_832_366_127e-1),
    (3.5, 1.0, 4.015_963_126_989_844e-2, 9.598_403_687_301_016e-1),
    (3.5, 20.0, 9.999_987_412_096_126e-1, 1.258_790_387_371_308_8e-6),
    (50.0, 30.0, 5.188_914_625_480_343e-4, 9.994_811_085_374_52e-1),
    (50.0, 90.0, 9.999_983_505_014_983e-1, 1.649_498_501_717_824_8e-6),
    (1e3, 900.0, 5.499_022_657_117_829e-4, 9.994_500_977_342_882e-1),
    (1e3, 1000.0, 5.042_052_441_802_155e-1, 4.957_947_558_197_845e-1),
    (1e3, 1200.0, 9.999_999_987_118_394e-1, 1.288_160_608_628_143_3e-9),
    (1e6, 995_000.0, 2.749_580_359_270_07e-7, 9.999_997_250_419_641e-1),
    (1e6, 1_000_000.0, 5.001_329_807_608_726e-1, 4.998_670_192_391_274e-1),
    (1e6, 1_006_000.0, 9.999_999_989_402_603e-1, 1.059_739_735_284_381_3e-9),
];

#[test]
fn gamma_tails_have_twelve_digits() {
    for (shape, x, lower, upper) in GAMMA {
        let found = gamma_tails(shape, x);
        assert_near(found.lower, lower, 2e-13, &format!("P({shape}, {x})"));
        assert_near(found.upper, upper, 5e-13, &format!("Q({shape}, {x})"));
    }
}

#[test]
fn inverse_gamma_finds_the_point_back() {
    for (shape, x, lower, upper) in GAMMA {
        // What an error in the last digit of the probability moves in x, over x.
        let (tail, density) = (lower.min(upper), density_over_tail(shape, x));
        let limit = 5e-13 + 2e-15 / density;
        assert_near(inverse_gamma(shape, lower, upper), x, limit, &format!("at {tail:e} of shape {shape}"));
    }
}

/// x times the density over the smaller tail, from a difference of tails.
fn density_over_tail(shape: f64, x: f64) -> f64 {
    let (here, there) = (gamma_tails(shape, x), gamma_tails(shape, x * (1.0 + 1e-6)));
    let change = if here.lower < here.upper { there.lower - here.lower } else { here.upper - there.upper };
    change / 1e-6 / here.lower.min(here.upper)
}

/// Shapes, x, lower and upper tail.
const BETA: [(f64, f64, f64, f64, f64); 14] = [
    (1e-3, 1e-3, 1e-100, 3.971_647_697_181_376e-1, 6.028_352_302_818_624e-1),
    (1e-3, 1e-3, 0.3, 4.995_769_621_396_764_7e-1, 5.004_230_378_603_235e-1),
    (1e-3, 10.0, 1e-50, 8.937_751_407_303_651e-1, 1.062_248_592_696_349e-1),
    (0.5, 0.5, 1e-12, 6.366_197_723_676_874e-7, 9.999_993_633_802_276e-1),
    (0.5, 3.0, 0.9, 9.996_750_253_207_289e-1, 3.249_746_792_710_834_5e-4),
    (2.0, 5.0, 0.1, 1.142_65e-1, 8.857_35e-1),
    (4.733_333_333_333_333, 1.266_666_666_666_666_6, 0.5, 5.647_391_440_242_074e-2, 9.435_260_855_975_793e-1),
    (30.0, 2.0, 0.3, 4.529_604_906_082_273e-15, 9.999_999_999_999_954e-1),
    (200.0, 300.0, 0.35, 1.034_177_025_468_759_2e-2, 9.896_582_297_453_124e-1),
    (200.0, 300.0, 0.48, 9.998_411_028_666_648e-1, 1.588_971_333_351_534e-4),
    (1e3, 1.0, 0.99, 4.317_124_741_065_786e-5, 9.999_568_287_525_893e-1),
    (1e6, 1e6, 0.4985, 1.104_480_463_642_480_7e-5, 9.999_889_551_953_636e-1),
    (1e6, 1e6, 0.5002, 7.141_961_611_771_123e-1, 2.858_038_388_228_877e-1),
    (1e6, 2.0, 0.999_99, 4.993_742_579_044_041e-4, 9.995_006_257_420_956e-1),
];

#[test]
fn beta_tails_have_twelve_digits_where_x_has_them() {
    for (a, b, x, lower, upper) in BETA {
        let found = beta_tails(a, b, x, 1.0 - x);
        // 1 − x is known to 1e-16; a shape of 1e6 makes 1e-10 of that where x is near 1.
        let limit = 5e-13 + 1e-16 * a.max(b).sqrt() * if x > 0.999 { a / b.sqrt() } else { 1.0 };
        assert_near(found.lower, lower, limit, &format!("I({a}, {b}, {x})"));
        assert_near(found.upper, upper, limit, &format!("1 − I({a}, {b}, {x})"));
    }
}

#[test]
fn inverse_beta_finds_the_point_back() {
    for (a, b, x, lower, upper) in BETA {
        let limit = 1e-13 + 1e-14 / a.min(1.0);
        assert_near(inverse_beta(a, b, lower, upper), x, limit, &format!("at {lower:e} of ({a}, {b})"));
    }
}

const SHAPES: [f64; 10] = [1e-3, 0.01, 0.2, 0.999, 1.0, 1.5, 12.0, 400.0, 3e4, 1e6];
const PROBABILITIES: [f64; 9] = [1e-300, 1e-16, 1e-9, 1e-3, 0.1, 0.3, 0.5, 0.5 + 1e-9, 1e-30];

#[test]
fn inverses_go_round_trip_over_a_grid_of_shapes_and_both_tails() {
    for a in SHAPES {
        for p in PROBABILITIES {
            for (lower, upper) in [(p, 1.0 - p), (1.0 - p, p)] {
                let x = inverse_gamma(a, lower, upper);
                assert!(x >= 0.0 && x.is_finite(), "gamma {a} at {lower:e}: {x}");
                if x > 1e-290 {
                    let tails = gamma_tails(a, x);
                    let (found, wanted) = if lower < upper { (tails.lower, lower) } else { (tails.upper, upper) };
                    assert_near(found, wanted, 1e-9_f64.max(1e-14 * a), &format!("gamma {a} at {lower:e}, x {x:e}"));
                }
                for b in SHAPES {
                    let x = inverse_beta(a, b, lower, upper);
                    assert!((0.0..=1.0).contains(&x), "beta ({a}, {b}) at {lower:e}: {x}");
                    if x > 1e-290 && x < 0.999 {
                        let tails = beta_tails(a, b, x, 1.0 - x);
                        let (found, wanted) = if lower < upper { (tails.lower, lower) } else { (tails.upper, upper) };
                        assert_near(found, wanted, 1e-8, &format!("beta ({a}, {b}) at {lower:e}, x {x:e}"));
                    }
                }
            }
        }
    }
}

#[test]
fn arguments_out_of_range_end_too() {
    for bad in [f64::NAN, 0.0, -1.0, f64::INFINITY, 1e300, 5e-324] {
        let _ = inverse_gamma(bad, 0.3, 0.7);
        let _ = inverse_gamma(2.0, bad, 0.5);
        let _ = inverse_beta(bad, 2.0, 0.3, 0.7);
        let _ = inverse_beta(2.0, bad, 0.3, 0.7);
        let _ = inverse_beta(2.0, 2.0, bad, bad);
        let _ = gamma_tails(2.0, bad);
        let _ = gamma_tails(bad, 2.0);
    }
}

#[test]
fn quadrature_is_exact_for_polynomials_of_degree_31_and_not_for_a_kink() {
    let found = integrate(0.0, 2.0, |x| libm::pow(x, 31.0));
    assert_near(found, libm::pow(2.0, 32.0) / 32.0, 1e-14, "x^31");
    let kink = integrate(0.0, 1.0, |x| (x - 0.4).abs());
    assert!((kink - 0.26).abs() > 1e-6, "a kink should not integrate exactly: {kink}");
}

#[test]
fn logarithms_without_branches_have_the_bits_of_those_with() {
    let key = crate::chance::Key::new(1, "logarithm", "at");
    for i in 0..100_000 {
        let x = key.uniform(0, i) * if i % 2 == 0 { 1.0 } else { 0.075 };
        assert_eq!(super::ln_below_one(x).to_bits(), libm::log(x).to_bits(), "{x}");
    }
    assert_eq!(super::ln_below_one(f64::EPSILON / 4.0).to_bits(), libm::log(f64::EPSILON / 4.0).to_bits());
}
