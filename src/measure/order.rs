//! Values in ascending order: quantiles, and intervals for them from the ranks of the sample alone.

use super::estimate::{Z, number};
use crate::results::Estimate;
use crate::simulate::rank;

/// Values in ascending order.
#[derive(Debug, Clone, PartialEq)]
pub struct Sorted(Vec<f64>);

impl Sorted {
    /// Sorts a copy of the values, which must be numbers.
    #[must_use]
    pub fn of(values: &[f64]) -> Self {
        // As integers in the same order: twice as fast as comparing floats.
        let mut keys: Vec<u64> = values.iter().map(|&x| key(x)).collect();
        sort(&mut keys);
        Self(keys.into_iter().map(unkey).collect())
    }

    /// The values, ascending.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.0
    }

    /// How many.
    #[must_use]
    pub fn n(&self) -> usize {
        self.0.len()
    }

    /// The smallest x with F(x) ≥ `p`, F being the sample's distribution function. NaN of nothing.
    #[must_use]
    pub fn quantile(&self, p: f64) -> f64 {
        if self.0.is_empty() { f64::NAN } else { self.0[rank_in(self.n(), p) - 1] }
    }

    /// The same with its 95 % interval from order statistics; an end that would lie outside the sample is not
    /// known. The standard error is that of a normal interval of the same width.
    ///
    /// Source: David and Nagaraja, *Order Statistics*, section 7.1.
    #[must_use]
    pub fn quantile_with_error(&self, p: f64) -> Estimate {
        let (lower, upper) = ranks(number(self.n()), p);
        Estimate::between(self.quantile(p), self.at_rank(lower), self.at_rank(upper))
    }

    /// The same where the values come in clusters: `design_effect` is the variance of the share of values at or
    /// below the quantile ÷ what it would be if all were independent.
    ///
    /// Source: Woodruff, "Confidence intervals for medians and other position measures", 1952; Kish, *Survey
    /// Sampling*, 1965, for the design effect.
    pub(super) fn quantile_clustered(&self, p: f64, design_effect: f64) -> Estimate {
        let value = self.quantile(p);
        if design_effect <= 0.0 {
            return Estimate::between(value, Some(value), Some(value));
        }
        let n = number(self.n());
        let effective = (n / design_effect).round().clamp(1.0, 1e12);
        let (lower, upper) = ranks(effective, p);
        let lower = (lower * n / effective).floor();
        let upper = if upper > effective { f64::INFINITY } else { (upper * n / effective).ceil() };
        Estimate::between(value, self.at_rank(lower), self.at_rank(upper))
    }

    /// Number of values above `x`.
    pub(super) fn n_above(&self, x: f64) -> usize {
        self.n() - self.0.partition_point(|&value| value <= x)
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to lie in 1 … n")]
    fn at_rank(&self, rank: f64) -> Option<f64> {
        (1.0..=number(self.n())).contains(&rank).then(|| self.0[rank as usize - 1])
    }
}

/// Sorts many keys by their digits, from the last to the first, each pass keeping the order of those before it: a third
/// of the time that comparing takes.
#[expect(clippy::cast_possible_truncation, reason = "a digit has eleven bits")]
fn sort(keys: &mut Vec<u64>) {
    const BITS: u32 = 11;
    const DIGITS: usize = 6;
    let digit = |key: u64, d: usize| (key >> (BITS as usize * d)) as usize % (1 << BITS);
    if keys.len() < 1 << 13 {
        keys.sort_unstable();
        return;
    }
    let mut counts = vec![[0_usize; 1 << BITS]; DIGITS];
    for &key in &*keys {
        counts.iter_mut().enumerate().for_each(|(d, counts)| counts[digit(key, d)] += 1);
    }
    let mut sorted = vec![0; keys.len()];
    for (d, counts) in counts.iter_mut().enumerate() {
        if counts[digit(keys[0], d)] == keys.len() {
            continue;
        }
        let mut first = 0;
        for count in &mut *counts {
            first += std::mem::replace(count, first);
        }
        for &key in &*keys {
            let place = &mut counts[digit(key, d)];
            sorted[*place] = key;
            *place += 1;
        }
        std::mem::swap(keys, &mut sorted);
    }
}

/// Rank from 1 of the `p` quantile among `n` ≥ 1 values.
#[expect(clippy::cast_possible_truncation, reason = "at most n, a usize")]
fn rank_in(n: usize, p: f64) -> usize {
    rank(n as u64, p) as usize
}

/// An integer that is in the order of the floats; −0 counts as 0.
fn key(x: f64) -> u64 {
    let bits = (x + 0.0).to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

fn unkey(key: u64) -> f64 {
    f64::from_bits(if key >> 63 == 1 { key & !(1 << 63) } else { !key })
}

/// Ranks from 1 of the order statistics that enclose the `p` quantile of what `n` independent values come from,
/// with 95 % or more: the 2.5 % point of the number of values below it, and the 97.5 % point plus 1. A lower
/// rank of 0 and an upper one of n + 1 lie outside the sample: it is too small.
pub(super) fn ranks(n: f64, p: f64) -> (f64, f64) {
    let variance = n * p * (1.0 - p);
    if variance > 1e6 {
        return (near_normal(n, p, variance, -Z), near_normal(n, p, variance, Z) + 1.0);
    }
    let binomial = Binomial::new(n, p);
    (binomial.point(0.025), binomial.point(0.975) + 1.0)
}

/// A binomial's point by Cornish and Fisher's expansion to the skewness; above a variance of 1e6 within one of
/// the exact.
pub(super) fn near_normal(n: f64, p: f64, variance: f64, z: f64) -> f64 {
    let skew = (1.0 - 2.0 * p) * (z * z - 1.0) / 6.0;
    (n * p + z * variance.sqrt() + skew - 0.5).ceil().clamp(0.0, n)
}

/// The number of hits in `n` independent tries with probability `p`, where it is not negligible.
pub(super) struct Binomial {
    first: f64,
    /// Cumulative weights from `first` on.
    cumulative: Vec<f64>,
}

impl Binomial {
    /// Weights by recurrence from the mode outward, until they are lost in rounding: no logarithms, no factorials.
    pub(super) fn new(n: f64, p: f64) -> Self {
        const NEGLIGIBLE: f64 = 1e-20;
        if !(p > 0.0 && p < 1.0) {
            return Self { first: if p >= 1.0 { n } else { 0.0 }, cumulative: vec![1.0] };
        }
        let (mode, odds) = (((n + 1.0) * p).floor().min(n), p / (1.0 - p));
        let (mut k, mut weight) = (mode, 1.0);
        let mut weights = vec![];
        while k > 0.0 && weight > NEGLIGIBLE {
            weight *= k / ((n - k + 1.0) * odds);
            k -= 1.0;
            weights.push(weight);
        }
        let first = k;
        weights.reverse();
        weights.push(1.0);
        (k, weight) = (mode, 1.0);
        while k < n && weight > NEGLIGIBLE {
            weight *= (n - k) * odds / (k + 1.0);
            k += 1.0;
            weights.push(weight);
        }
        let mut total = 0.0;
        for weight in &mut weights {
            total += *weight;
            *weight = total;
        }
        Self { first, cumulative: weights }
    }

    /// The smallest k with P(hits ≤ k) ≥ `tail`.
    pub(super) fn point(&self, tail: f64) -> f64 {
        let total = self.cumulative.last().copied().unwrap_or(1.0);
        self.first + number(self.cumulative.partition_point(|&sum| sum < tail * total))
    }
}

#[cfg(test)]
mod tests {
    use super::Sorted;

    #[test]
    fn many_values_are_sorted_as_few_are() {
        let key = crate::chance::Key::new(1, "order", "values");
        let values: Vec<f64> = (0..20_000_u32).map(|i| (key.uniform(0, i.into()) - 0.4) * f64::from(i % 7)).collect();
        let mut sorted = values.clone();
        sorted.sort_by(f64::total_cmp);
        assert_eq!(Sorted::of(&values).values(), sorted);
    }
}
