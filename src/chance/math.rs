//! Special functions that the laws stand on, with the same bits on every machine: `libm` and + − × ÷ √ only.
//! Knows no law and no unit. Where a probability is asked for, both tails come along, each exact to its own last digits.

mod beta;
mod gamma;
#[cfg(test)]
mod tests;

use fearless_simd::{Level, Simd, SimdBase, SimdMask, dispatch, f64x8, u64x8};

pub(crate) use beta::{beta_tails, inverse_beta};
pub(crate) use gamma::{gamma_tails, inverse_gamma};

/// ln √(2π).
const LN_SQRT_TWO_PI: f64 = 0.918_938_533_204_672_8;

/// Most terms of a series or fraction; shapes up to 1e8 need fewer.
const MAX_TERMS: u32 = 200_000;

/// Probabilities of both tails at a point: at most it, and above it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Tails {
    /// P(X ≤ x).
    pub lower: f64,
    /// P(X > x).
    pub upper: f64,
}

impl Tails {
    /// All above, as at the lower end of a law.
    pub(crate) const NONE_BELOW: Self = Self { lower: 0.0, upper: 1.0 };
    /// All below, as at the upper end of a law.
    pub(crate) const ALL_BELOW: Self = Self { lower: 1.0, upper: 0.0 };

    pub(crate) fn from_lower(lower: f64) -> Self {
        Self { lower, upper: 1.0 - lower }
    }

    pub(crate) fn from_upper(upper: f64) -> Self {
        Self { lower: 1.0 - upper, upper }
    }

    fn swapped(self) -> Self {
        Self { lower: self.upper, upper: self.lower }
    }
}

/// Standard normal quantile at `u` in (0, 1).
#[must_use]
#[inline]
pub fn normal_quantile(u: f64) -> f64 {
    normal_quantile_at(u, 1.0 - u)
}

/// Standard normal quantile at `lower` = 1 − `upper`, each in (0, 1) and exact to its own digits: relative error about 1e-15.
///
/// Source: Wichura, "Algorithm AS 241: the percentage points of the normal distribution", 1988 (PPND16).
#[must_use]
#[inline]
pub(crate) fn normal_quantile_at(lower: f64, upper: f64) -> f64 {
    let q = lower - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180_625 - q * q;
        return q * ratio(&CENTRE, r);
    }
    let r = (-libm::log(if q < 0.0 { lower } else { upper })).sqrt();
    let size = if r <= 5.0 { ratio(&TAIL, r - 1.6) } else { ratio(&FAR_TAIL, r - 5.0) };
    if q < 0.0 { -size } else { size }
}

/// Uniforms in the tails, and their places. Kept for its memory.
#[derive(Debug, Default)]
pub(crate) struct Aside {
    uniforms: Vec<f64>,
    places: Vec<u64>,
}

/// Standard normal quantiles in place of uniforms in (0, 1), each to the same bits as [`normal_quantile`].
pub(crate) fn normal_quantiles(values: &mut [f64], aside: &mut Aside) {
    dispatch!(Level::new(), simd => normal_quantiles_inline(simd, values, aside));
}

/// Log-normal quantiles in place of uniforms in (0, 1), law after law: how many are of it, its μ and its σ.
pub(crate) fn log_normal_quantiles(laws: &[(usize, f64, f64)], values: &mut [f64], aside: &mut Aside) {
    dispatch!(Level::new(), simd => {
        normal_quantiles_inline(simd, values, aside);
        let mut rest = &mut *values;
        for &(n, mu, sigma) in laws {
            let (of, others) = rest.split_at_mut(n);
            for value in of {
                *value = exp(mu + sigma * *value);
            }
            rest = others;
        }
    });
}

/// e^x in place of each x.
pub(crate) fn exps(values: &mut [f64]) {
    dispatch!(Level::new(), _ => for value in values.iter_mut() {
        *value = exp(*value);
    });
}

#[inline(always)]
fn normal_quantiles_inline<S: Simd>(simd: S, values: &mut [f64], aside: &mut Aside) {
    const AT_ONCE: usize = 64;
    let n_tails = aside.put(simd, values);
    // The centre's formula for all, in a loop without branches; the few others are put right after it.
    for value in values.iter_mut() {
        let q = *value - 0.5;
        *value = q * ratio(&CENTRE, 0.180_625 - q * q);
    }
    let tails = aside.uniforms[..n_tails].chunks(AT_ONCE).zip(aside.places.chunks(AT_ONCE));
    for (uniforms, places) in tails {
        let mut sizes = [0.5; AT_ONCE];
        for (size, &u) in sizes.iter_mut().zip(uniforms) {
            *size = if u < 0.5 { u } else { 1.0 - u };
        }
        // A whole number of vectors: the rest would go one by one.
        for size in &mut sizes[..uniforms.len().next_multiple_of(8)] {
            let r = (-ln_below_one(*size)).sqrt();
            *size = if r <= 5.0 { ratio(&TAIL, r - 1.6) } else { f64::NAN };
        }
        for ((&size, &u), &place) in sizes.iter().zip(uniforms).zip(places) {
            #[expect(clippy::cast_possible_truncation, reason = "a place in memory")]
            let value = &mut values[place as usize];
            *value = if size.is_nan() { normal_quantile(u) } else { size.copysign(u - 0.5) };
        }
    }
}

impl Aside {
    /// Puts the uniforms of the tails aside, and tells how many they are. Which of them are, no branch can foresee.
    #[inline(always)]
    fn put<S: Simd>(&mut self, simd: S, values: &[f64]) -> usize {
        const CENTRE: f64 = 0.425;
        let (eights, rest) = values.as_chunks::<8>();
        // A whole vector is written wherever one of them may stand.
        let room = self.uniforms.len().max(values.len() + 8);
        self.uniforms.resize(room, 0.5);
        self.places.resize(room, 0);
        let mut n = 0;
        let mut places = u64x8::from_fn(simd, |lane| lane as u64);
        for eight in eights {
            let u = f64x8::from_slice(simd, eight);
            let in_tail = (u - 0.5).abs().simd_gt(CENTRE);
            u.compress(in_tail).store_slice(&mut self.uniforms[n..n + 8]);
            places.compress(in_tail).store_slice(&mut self.places[n..n + 8]);
            n += in_tail.to_bitmask().count_ones() as usize;
            places += 8;
        }
        for (place, &u) in (values.len() as u64 - rest.len() as u64..).zip(rest) {
            (self.uniforms[n], self.places[n]) = (u, place);
            n += usize::from((u - 0.5).abs() > CENTRE);
        }
        n
    }
}

/// ln x for x in [2^−1022, 1), to the bits of `libm::log` but without branches.
///
/// Source: FreeBSD's `e_log.c`.
#[expect(clippy::excessive_precision, reason = "digits as published")]
#[inline]
fn ln_below_one(x: f64) -> f64 {
    const LN2_HIGH: f64 = 6.931_471_803_691_238_164_90e-1;
    const LN2_LOW: f64 = 1.908_214_929_270_587_700_02e-10;
    const FRACTION: u64 = (1 << 52) - 1;
    const ROOT_HALF: u64 = 0x3fe6_a09e << 32;
    const WHOLE: f64 = 4_503_599_627_370_496.0;
    // x = 2^k (1 + f), 1 + f in [√2/2, √2).
    let bits = x.to_bits() + ((0x3ff0_0000 << 32) - ROOT_HALF);
    let k = f64::from_bits(WHOLE.to_bits() | bits >> 52) - (WHOLE + 1023.0);
    let f = f64::from_bits((bits & FRACTION) + ROOT_HALF) - 1.0;
    let half_square = 0.5 * f * f;
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let even =
        w * (3.999_999_999_940_941_908e-1 + w * (2.222_219_843_214_978_396e-1 + w * 1.531_383_769_920_937_332e-1));
    let odd = z
        * (6.666_666_666_666_735_130e-1
            + w * (2.857_142_874_366_239_149e-1
                + w * (1.818_357_216_161_805_012e-1 + w * 1.479_819_860_511_658_591e-1)));
    s * (half_square + (odd + even)) + k * LN2_LOW - half_square + f + k * LN2_HIGH
}

/// e^x to about one unit in the last place, by the same bits on every machine and in every loop.
///
/// x = k ln 2 + r with |r| ≤ ln 2 / 2, the power series of e^r to degree 13. Below −708 it gives e^−708, above 709 e^709.
#[must_use]
#[inline]
pub(crate) fn exp(x: f64) -> f64 {
    // Adding this rounds to an integer and leaves it in the lowest bits.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    const LN2_HIGH: f64 = 0.693_147_180_369_123_8;
    const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    let x = if x > 709.0 { 709.0 } else { x };
    let x = if x < -708.0 { -708.0 } else { x };
    let shifted = x * core::f64::consts::LOG2_E + ROUND;
    let k = shifted - ROUND;
    let r = (x - k * LN2_HIGH) - k * LN2_LOW;
    let (r2, r4) = (r * r, r * r * (r * r));
    // Taylor's coefficients 1/n!, in pairs so that no chain is long.
    let a = 1.0 + r;
    let b = 0.5 + r * (1.0 / 6.0);
    let c = 1.0 / 24.0 + r * (1.0 / 120.0);
    let d = 1.0 / 720.0 + r * (1.0 / 5_040.0);
    let e = 1.0 / 40_320.0 + r * (1.0 / 362_880.0);
    let f = 1.0 / 3_628_800.0 + r * (1.0 / 39_916_800.0);
    let g = 1.0 / 479_001_600.0 + r * (1.0 / 6_227_020_800.0);
    let high = (e + f * r2) + g * r4;
    let sum = (a + b * r2) + ((c + d * r2) + high * r4) * r4;
    sum * f64::from_bits(shifted.to_bits().wrapping_add(1023) << 52)
}

/// Both tails of the standard normal at `z`.
#[must_use]
pub(crate) fn normal_tails(z: f64) -> Tails {
    let x = z * core::f64::consts::FRAC_1_SQRT_2;
    Tails { lower: 0.5 * libm::erfc(-x), upper: 0.5 * libm::erfc(x) }
}

/// ln Γ(x) for x > 0.
#[must_use]
pub(crate) fn ln_gamma(x: f64) -> f64 {
    libm::lgamma(x)
}

/// A quotient of two polynomials of degree 7, coefficients from the constant term up.
type Rational = [[f64; 8]; 2];

#[inline]
fn ratio([over, under]: &Rational, x: f64) -> f64 {
    polynomial(over, x) / polynomial(under, x)
}

/// Halves are evaluated side by side: a single chain of eight would wait on itself.
#[inline]
fn polynomial(c: &[f64; 8], x: f64) -> f64 {
    let square = x * x;
    let even = ((c[6] * square + c[4]) * square + c[2]) * square + c[0];
    let odd = ((c[7] * square + c[5]) * square + c[3]) * square + c[1];
    odd * x + even
}

#[expect(clippy::excessive_precision, reason = "digits as published")]
const CENTRE: Rational = [
    [
        3.387_132_872_796_366_608_0,
        1.331_416_678_917_843_774_5e2,
        1.971_590_950_306_551_442_7e3,
        1.373_169_376_550_946_112_5e4,
        4.592_195_393_154_987_145_7e4,
        6.726_577_092_700_870_085_3e4,
        3.343_057_558_358_812_810_5e4,
        2.509_080_928_730_122_672_7e3,
    ],
    [
        1.0,
        4.231_333_070_160_091_125_2e1,
        6.871_870_074_920_579_083_0e2,
        5.394_196_021_424_751_107_7e3,
        2.121_379_430_158_659_586_7e4,
        3.930_789_580_009_271_061_0e4,
        2.872_908_573_572_194_267_4e4,
        5.226_495_278_852_854_561_0e3,
    ],
];

#[expect(clippy::excessive_precision, reason = "digits as published")]
const TAIL: Rational = [
    [
        1.423_437_110_749_683_577_34,
        4.630_337_846_156_545_295_90,
        5.769_497_221_460_691_405_50,
        3.647_848_324_763_204_605_04,
        1.270_458_252_452_368_382_58,
        2.417_807_251_774_506_117_70e-1,
        2.272_384_498_926_918_458_33e-2,
        7.745_450_142_783_414_076_40e-4,
    ],
    [
        1.0,
        2.053_191_626_637_758_821_87,
        1.676_384_830_183_803_849_40,
        6.897_673_349_851_000_045_50e-1,
        1.481_039_764_274_800_745_90e-1,
        1.519_866_656_361_645_719_66e-2,
        5.475_938_084_995_344_946_00e-4,
        1.050_750_071_644_416_843_24e-9,
    ],
];

#[expect(clippy::excessive_precision, reason = "digits as published")]
const FAR_TAIL: Rational = [
    [
        6.657_904_643_501_103_777_20,
        5.463_784_911_164_114_369_90,
        1.784_826_539_917_291_335_80,
        2.965_605_718_285_048_912_30e-1,
        2.653_218_952_657_612_309_30e-2,
        1.242_660_947_388_078_438_60e-3,
        2.711_555_568_743_487_578_15e-5,
        2.010_334_399_292_288_132_65e-7,
    ],
    [
        1.0,
        5.998_322_065_558_879_376_90e-1,
        1.369_298_809_227_358_053_10e-1,
        1.487_536_129_085_061_485_25e-2,
        7.868_691_311_456_132_591_00e-4,
        1.846_318_317_510_054_681_80e-5,
        1.421_511_758_316_445_888_70e-7,
        2.044_263_103_389_939_785_64e-15,
    ],
];

/// Points and weights of the rule of 16 points on [from, to].
pub(crate) fn points_of_16(from: f64, to: f64) -> impl Iterator<Item = (f64, f64)> {
    let (centre, half) = (0.5 * (from + to), 0.5 * (to - from));
    GAUSS.iter().flat_map(move |&(x, weight)| [(centre - half * x, half * weight), (centre + half * x, half * weight)])
}

/// ∫ f over [from, to] by 16 Gauss–Legendre points: exact to the last digits where f is smooth on a scale of the interval.
pub(crate) fn integrate(from: f64, to: f64, mut f: impl FnMut(f64) -> f64) -> f64 {
    let (centre, half) = (0.5 * (from + to), 0.5 * (to - from));
    let sum: f64 = GAUSS.iter().map(|(x, weight)| weight * (f(centre - half * x) + f(centre + half * x))).sum();
    sum * half
}

/// Positive points and weights of the rule of 16 points on [−1, 1].
const GAUSS: [(f64, f64); 8] = [
    (0.095_012_509_837_637_44, 0.189_450_610_455_068_5),
    (0.281_603_550_779_258_9, 0.182_603_415_044_923_6),
    (0.458_016_777_657_227_4, 0.169_156_519_395_002_54),
    (0.617_876_244_402_643_7, 0.149_595_988_816_576_73),
    (0.755_404_408_355_003, 0.124_628_971_255_533_87),
    (0.865_631_202_387_831_7, 0.095_158_511_682_492_78),
    (0.944_575_023_073_232_6, 0.062_253_523_938_647_89),
    (0.989_400_934_991_649_9, 0.027_152_459_411_754_095),
];

/// ln Γ(x + 1) less Stirling's formula for it.
///
/// Source: Loader, "Fast and accurate computation of binomial probabilities", 2000.
fn stirling_error(x: f64) -> f64 {
    if x < 16.0 {
        return ln_gamma(x + 1.0) - (x + 0.5) * libm::log(x) + x - LN_SQRT_TWO_PI;
    }
    let s = 1.0 / (x * x);
    (1.0 / 12.0 - s * (1.0 / 360.0 - s * (1.0 / 1260.0 - s * (1.0 / 1680.0 - s * (1.0 / 1188.0))))) / x
}

/// x ln(x / m) + m − x for positive x and m, without cancellation where they are near (Loader, same paper).
fn deviance(x: f64, m: f64) -> f64 {
    let difference = x - m;
    if difference.abs() >= 0.1 * (x + m) {
        return x * libm::log(x / m) + m - x;
    }
    let v = difference / (x + m);
    let mut sum = difference * v;
    let mut term = 2.0 * x * v;
    let mut odd = 1.0;
    loop {
        term *= v * v;
        odd += 2.0;
        let next = sum + term / odd;
        if next.to_bits() == sum.to_bits() || odd > 1000.0 {
            return next;
        }
        sum = next;
    }
}

/// The Newton step, on the scale of `density`, towards the point where a falling or rising `tail` is `wanted`.
/// Endless (away from the end where the tail vanishes) where the tail is 0.
fn step_to(wanted: f64, tail: f64, density: f64) -> f64 {
    if tail > 0.0 { (libm::log(wanted) - libm::log(tail)) * tail / density } else { f64::INFINITY }
}

/// Solves for the point where a tail has a given probability, by Newton steps kept in a bracket.
///
/// On the scale where the density is log-concave (ln x, logit x), the logarithm of either tail is concave: the steps
/// then close in from one side, and doubling digits at the end. `miss(t)` gives the step still to go; where that is no
/// number, or would leave the bracket, the bracket is halved. Ends after at most 200 steps.
fn newton(start: f64, mut low: f64, mut high: f64, mut miss: impl FnMut(f64) -> f64) -> f64 {
    let mut at = start.clamp(low, high);
    for _ in 0..200 {
        let step = miss(at);
        if step > 0.0 {
            low = at;
        } else if step < 0.0 {
            high = at;
        }
        let next = at + step;
        if step.abs() <= 1e-9 {
            return next;
        }
        at = if next > low && next < high { next } else { 0.5 * (low + high) };
        if high - low <= 1e-15 * at.abs() {
            return at;
        }
    }
    at
}
