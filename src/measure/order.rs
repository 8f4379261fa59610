//! Values in ascending order: quantiles, and intervals for them from the ranks of the sample alone.

mod weighted;

use self::weighted::Weights;
use super::estimate::{Influence, Z, number};
use super::replicates::{ByReplicate, Replicated, of_few};
use crate::results::Estimate;
use crate::simulate::{Held, Histogram, rank};

/// Values in ascending order, each of them one trial's, or of so many trials, or with a weight.
#[derive(Debug, Clone, PartialEq)]
pub struct Sorted {
    values: Vec<f64>,
    mass: Mass,
}

/// What each value stands for.
#[derive(Debug, Clone, PartialEq)]
enum Mass {
    /// One trial.
    One,
    /// Trials up to and with each value; and the bins that the values stand for, with the trials up to and with each.
    Counted { upto: Vec<u64>, bins: Vec<(u64, Held)> },
    /// Units of weight.
    Weighted(Box<Weights>),
}

/// A design effect that is nothing but rounding.
const ROUNDING: f64 = 1e-9;

impl Sorted {
    /// Sorts a copy of the values, which must be numbers.
    #[must_use]
    pub fn of(values: &[f64]) -> Self {
        // As integers in the same order: twice as fast as comparing floats.
        let mut keys: Vec<u64> = values.iter().map(|&x| key(x)).collect();
        sort(&mut keys);
        Self { values: keys.into_iter().map(unkey).collect(), mass: Mass::One }
    }

    /// The same of values that have weights, if they have: one value per trial, trial after trial from the first, each the next replicate's
    /// of 64.
    #[must_use]
    pub fn weighted(values: &[f64], weights: Option<&[f64]>) -> Self {
        Self::of_trials(values, weights, 1)
    }

    /// The same of so many values per trial.
    pub(super) fn of_trials(values: &[f64], weights: Option<&[f64]>, per_trial: usize) -> Self {
        let Some(weights) = weights else { return Self::of(values) };
        let (values, weights) = weighted::sorted(values, weights, per_trial);
        Self { values, mass: Mass::Weighted(Box::new(weights)) }
    }

    /// The values that a histogram has counted, some for all of each of its bins.
    #[must_use]
    pub fn counted(histogram: &Histogram) -> Self {
        let (mut values, mut upto, mut bins, mut before) = (vec![], vec![], vec![], 0);
        for held in histogram.ascending() {
            for (value, n) in held.pieces() {
                before += n;
                values.push(value);
                upto.push(before);
            }
            bins.push((before, held));
        }
        Self { values, mass: Mass::Counted { upto, bins } }
    }

    /// The values, ascending.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The weight of each replicate, and n × the sum of squared weights ÷ the square of their sum, where trials weigh differently.
    pub(super) fn replicates(&self) -> Option<(ByReplicate, f64)> {
        let Mass::Weighted(weights) = &self.mass else { return None };
        let all = weights.all();
        Some((all.replicates, number(self.n()) * all.squares / (all.weight() * all.weight())))
    }

    /// How many trials they are of.
    #[must_use]
    pub fn n(&self) -> usize {
        match &self.mass {
            Mass::Counted { upto, .. } => upto.last().map_or(0, |&n| usize::try_from(n).unwrap_or(usize::MAX)),
            Mass::One | Mass::Weighted(_) => self.values.len(),
        }
    }

    /// Whether trials weigh differently.
    pub(super) fn is_weighted(&self) -> bool {
        matches!(self.mass, Mass::Weighted(_))
    }

    /// Trials, or units of weight, up to and with the value at `idx`.
    fn upto(&self, idx: usize) -> u64 {
        match &self.mass {
            Mass::One => idx as u64 + 1,
            Mass::Counted { upto, .. } => upto[idx],
            Mass::Weighted(weights) => weights.below(idx + 1).units,
        }
    }

    /// All trials, or units of weight.
    pub(super) fn total(&self) -> u64 {
        if self.values.is_empty() { 0 } else { self.upto(self.values.len() - 1) }
    }

    /// The values from the one at `idx` on, with the trials or units of weight of each.
    fn each_from(&self, idx: usize) -> impl Iterator<Item = (f64, u64)> {
        let mass = |k: usize| match &self.mass {
            Mass::One => 1,
            Mass::Counted { upto, .. } => upto[k] - if k > 0 { upto[k - 1] } else { 0 },
            Mass::Weighted(weights) => weights.of(k).0,
        };
        (idx..self.values.len()).map(move |k| (self.values[k], mass(k)))
    }

    /// The values with the trials or units of weight of each.
    pub(super) fn each(&self) -> impl Iterator<Item = (f64, u64)> {
        self.each_from(0)
    }

    /// The smallest x with F(x) ≥ `p`, F being the sample's distribution function. NaN of nothing.
    #[must_use]
    pub fn quantile(&self, p: f64) -> f64 {
        if self.values.is_empty() { f64::NAN } else { self.at(rank(self.total(), p)) }
    }

    /// The value at a rank from 1, counted in trials or units of weight.
    fn at(&self, rank: u64) -> f64 {
        match &self.mass {
            Mass::One => self.values[usize::try_from(rank - 1).unwrap_or(usize::MAX)],
            Mass::Counted { bins, .. } => {
                let (upto, held) = &bins[bins.partition_point(|bin| bin.0 < rank)];
                held.at(rank - 1 - (upto - held.bin.n))
            }
            Mass::Weighted(weights) => self.values[weights.find(rank)],
        }
    }

    /// The same with its 95 % interval from order statistics; an end that would lie outside the sample is not
    /// known. The standard error is that of a normal interval of the same width.
    ///
    /// Source: David and Nagaraja, *Order Statistics*, section 7.1; with weights Woodruff, "Confidence intervals for
    /// medians and other position measures", 1952.
    #[must_use]
    pub fn quantile_with_error(&self, p: f64) -> Estimate {
        if let Mass::Weighted(weights) = &self.mass {
            let (below, upto) = self.around(self.quantile(p));
            let effect =
                |n| self.share_variance(weights, n).map(|variance| variance * number(self.n()) / (p * (1.0 - p)));
            return self.quantile_between(p, [below, upto].map(effect));
        }
        let (lower, upper) = ranks(number_of(self.total()), p);
        Estimate::between(self.quantile(p), self.at_rank(lower), self.at_rank(upper))
    }

    /// The same where the values come in clusters or have weights: `design_effect` is the variance of the share of values at or
    /// below the quantile ÷ what it would be if all were independent and weighed alike.
    ///
    /// Source: Woodruff, "Confidence intervals for medians and other position measures", 1952; Kish, *Survey
    /// Sampling*, 1965, for the design effect.
    pub(super) fn quantile_clustered(&self, p: f64, design_effect: f64) -> Estimate {
        let value = self.quantile(p);
        if design_effect <= ROUNDING {
            // As many lie above in every trial. Where they are exactly 1 − p of all, it is the largest of the others, and the next
            // above bounds what that may become.
            let upto = self.upto(self.n_upto(value).max(1) - 1);
            let next = if upto == rank(self.total(), p) { self.at_rank(number_of(upto) + 1.0) } else { Some(value) };
            return Estimate::between(value, Some(value), next);
        }
        let effective = (number(self.n()) / design_effect).round().clamp(1.0, 1e12);
        let (lower, upper) = ranks(effective, p);
        let total = number_of(self.total());
        // The k-th of n lies where the share k / (n + 1) does, in the middle. With weights the last of all may lie much farther out.
        let of = if self.is_weighted() { effective + 1.0 } else { effective };
        let lower = self.at_rank((lower * total / effective).floor());
        let upper = if upper > effective { None } else { self.at_rank((upper * total / of).ceil()) };
        Estimate::between(value, lower.map(|x| x.min(value)), upper.map(|x| x.max(value)))
    }

    /// The same of values that have weights. `effects`: those of the share below the quantile, and of that up to and with it; none where
    /// that is nothing or all.
    pub(super) fn quantile_between(&self, p: f64, effects: [Option<f64>; 2]) -> Estimate {
        let value = self.quantile(p);
        let (below, upto) = self.around(value);
        // What no trial shows is as uncertain as the number of trials that weigh as much.
        let unseen = || self.replicates().map_or(1.0, |(_, spread)| spread);
        let effects = effects.map(|effect| effect.unwrap_or_else(unseen));
        if upto == below + 1 {
            // One value may be a great step. What it says alone is at least as uncertain as to its neighbours.
            let estimate = self.quantile_clustered(p, effects[0].max(effects[1]));
            let (last, next) = (below.checked_sub(1).map(|i| self.values[i]), self.values.get(upto).copied());
            let lower = estimate.lower.zip(last).map(|(lower, last)| lower.min(last));
            let upper = estimate.upper.zip(next).map(|(upper, next)| upper.max(next));
            return Estimate::between(value, lower, upper);
        }
        // Whether it is less hangs on what lies below it, whether it is more, on what lies above. There whatever no trial has shown yet is
        // missing, of which replicates show nothing: one trial, be it drawn plainly.
        let one_more = if let Mass::Weighted(weights) = &self.mass { weights.one_more() } else { 0.0 };
        let unseen = number(self.n()) * one_more * one_more / (p * (1.0 - p));
        let [lower, upper] = [effects[0], effects[1] + unseen].map(|effect| self.quantile_clustered(p, effect));
        Estimate::between(value, lower.lower, upper.upper)
    }

    /// How many values are below `x`, and how many at most that.
    fn around(&self, x: f64) -> (usize, usize) {
        (self.values.partition_point(|&value| value < x), self.n_upto(x))
    }

    /// How many values are at most `x`.
    fn n_upto(&self, x: f64) -> usize {
        self.values.partition_point(|&value| value <= x)
    }

    /// The values above `x`, with the trials or units of weight of each. A bin in which `x` lies is cut there.
    fn above(&self, x: f64) -> impl Iterator<Item = (f64, u64)> {
        let cut = match &self.mass {
            Mass::Counted { bins, .. } => {
                let held = bins.get(bins.partition_point(|(_, held)| held.bin.max <= x)).map(|(_, held)| *held);
                held.filter(|held| held.bin.min < x)
            }
            Mass::One | Mass::Weighted(_) => None,
        };
        let rest = self.each_from(self.n_upto(cut.map_or(x, |held| held.bin.max)));
        cut.into_iter().flat_map(move |held| held.above(x)).chain(rest)
    }

    /// Variance of the weighted share of the `n` lowest values, widened for the few replicates that show it; none of nothing or all.
    fn share_variance(&self, weights: &Weights, n: usize) -> Option<f64> {
        let (below, all) = (weights.below(n), weights.all());
        let (weight, share) = (all.weight(), below.weight() / all.weight());
        let rest = 1.0 - share;
        let independent = rest * rest * below.squares + share * share * (all.squares - below.squares).max(0.0);
        let trials = number(self.n());
        let apart = below.replicates.beyond_share(&all.replicates);
        let variance = || apart.variance(trials, independent) * of_few(trials) / (weight * weight);
        (n > 0 && n < self.n()).then(variance)
    }

    /// As many trials of weight 1 as would reach as far into the tail.
    pub(super) fn n_in_tail(&self) -> f64 {
        if !self.is_weighted() {
            return number(self.n());
        }
        // The probability beyond the largest value is about that of its weight.
        let least = self.each_from(self.values.len().saturating_sub(10)).map(|(_, mass)| mass).sum::<u64>();
        10.0 * number_of(self.total()) / number_of(least.max(1))
    }

    /// Effective number of trials in the worst 1 − `p`.
    pub(super) fn effective_tail(&self, p: f64) -> f64 {
        let Mass::Weighted(weights) = &self.mass else { return number(self.n()) * (1.0 - p) };
        if self.values.is_empty() {
            return 0.0;
        }
        let var = self.quantile(p);
        // From the VaR itself on: an atom there is part of the tail.
        let below = weights.below(self.values.partition_point(|&value| value < var));
        let (weight, square) = (weights.all().weight() - below.weight(), weights.all().squares - below.squares);
        if square > 0.0 { weight * weight / square } else { 0.0 }
    }

    /// Sum of what values exceed `x` by, over all trials or units of weight.
    pub(super) fn excess(&self, x: f64) -> f64 {
        self.above(x).map(|(value, mass)| (value - x) * number_of(mass)).sum()
    }

    /// How many trials of weight 1 would know TVaR at `p` as well. The spread of its influence under the scenario's own law over the
    /// square of its standard error; none where that is not known.
    pub(super) fn worth(&self, p: f64, tvar: &Estimate) -> Option<f64> {
        let (var, error) = (self.quantile(p), tvar.std_error.filter(|error| *error > 0.0)?);
        let influence = |x: f64| (x - var).max(0.0) / (1.0 - p) - (tvar.value - var);
        let squares: f64 = self.each().map(|(x, mass)| number_of(mass) * influence(x) * influence(x)).sum();
        Some(squares / number_of(self.total()) / (error * error))
    }

    /// A figure with its error, from what each value adds to n × (it − the truth); its weighted mean must be 0 where values have
    /// weights. `zero_upto`: where no value has weights, values up to this one may be left out, since they add 0.
    pub(super) fn estimate(&self, value: f64, zero_upto: f64, influence: impl Fn(f64) -> f64) -> Estimate {
        if let Mass::Weighted(weights) = &self.mass {
            let per_weight = number(self.n()) / number_of(self.total());
            let mut sums = Replicated::default();
            for (idx, &x) in self.values.iter().enumerate() {
                let (units, replicate) = weights.of(idx);
                sums.add(replicate, number_of(units) * per_weight * influence(x));
            }
            return sums.estimate(value, number(self.n()));
        }
        let mut sums = Influence::default();
        self.above(zero_upto).for_each(|(x, mass)| sums.add_times(influence(x), number_of(mass)));
        sums.estimate(value, number(self.n()))
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to lie in 1 … total")]
    fn at_rank(&self, rank: f64) -> Option<f64> {
        (1.0..=number_of(self.total())).contains(&rank).then(|| self.at(rank as u64))
    }
}

/// A large count as a float.
#[expect(clippy::cast_precision_loss, reason = "a rounding of the last digits at most")]
pub(super) fn number_of(n: u64) -> f64 {
    n as f64
}

/// The smallest x with F(x) ≥ `p` of values that weigh alike, of which there must be one, without putting all in order.
pub(super) fn quantile(values: &[f64], p: f64) -> f64 {
    let mut keys: Vec<u64> = values.iter().map(|&x| key(x)).collect();
    let rank = usize::try_from(rank(keys.len() as u64, p)).unwrap_or(usize::MAX);
    unkey(*keys.select_nth_unstable(rank - 1).1)
}

/// Sorts many keys by their leading digits, from the last of these to the first, each pass keeping the order of those before it,
/// and then by comparing, within each run of keys that share all of them: a quarter of the time that comparing alone takes.
#[expect(clippy::cast_possible_truncation, reason = "a digit has eleven bits")]
fn sort(keys: &mut Vec<u64>) {
    const BITS: usize = 11;
    const DIGITS: usize = 4;
    const REST: usize = u64::BITS as usize - BITS * DIGITS;
    let digit = |key: u64, d: usize| (key >> (REST + BITS * d)) as usize % (1 << BITS);
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
    keys.chunk_by_mut(|a, b| a >> REST == b >> REST).filter(|run| run.len() > 1).for_each(<[u64]>::sort_unstable);
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
    use super::{Histogram, Sorted};

    #[test]
    fn many_values_are_sorted_as_few_are() {
        let key = crate::chance::Key::new(1, "order", "values");
        let values: Vec<f64> = (0..20_000_u32).map(|i| (key.uniform(0, i.into()) - 0.4) * f64::from(i % 7)).collect();
        let mut sorted = values.clone();
        sorted.sort_by(f64::total_cmp);
        assert_eq!(Sorted::of(&values).values(), sorted);
    }

    /// Losses of which hardly any differ: as if even in their bins, the mean of the worst was many errors off.
    #[test]
    fn a_tail_that_is_counted_is_the_tail_where_a_loss_is_bounded() {
        let key = crate::chance::Key::new(1, "order", "bounded");
        let loss = |i: u32| {
            5e6 - 2e3 * libm::pow(key.uniform(0, i.into()), 6.0) - 1e6 * f64::from(u8::from(i.is_multiple_of(3)))
        };
        let values: Vec<f64> = (0..200_000).map(loss).collect();
        let mut histogram = Histogram::with_means(8);
        histogram.add_all(&values);
        let (counted, sorted) = (Sorted::counted(&histogram), Sorted::of(&values));
        for p in [0.0, 0.3, 0.34, 0.5, 0.9, 0.99] {
            let beyond = |of: &Sorted| of.quantile(p) + of.excess(of.quantile(p)) / (200_000.0 * (1.0 - p));
            let [ours, exact] = [&counted, &sorted].map(beyond);
            assert!((ours / exact - 1.0).abs() < 4e-6, "{p}: {ours}, {exact}");
        }
    }

    /// Where every trial has as many years above: the quantile is known if it is an atom, else it is the largest of those below.
    #[test]
    fn what_does_not_vary_from_trial_to_trial_is_known_at_an_atom_alone() {
        let values: Vec<f64> = (0..100).flat_map(|i| [f64::from(i), 1_000.0 + f64::from(i)]).collect();
        let between = Sorted::of(&values).quantile_clustered(0.5, 0.0);
        assert_eq!((between.value, between.lower, between.upper), (99.0, Some(99.0), Some(1_000.0)));
        assert!(between.std_error.is_some_and(|error| error > 0.0));
        let atom = Sorted::of(&[0.0, 7.0, 7.0, 9.0].repeat(100)).quantile_clustered(0.5, 0.0);
        assert_eq!((atom.value, atom.std_error, atom.upper), (7.0, Some(0.0), Some(7.0)));
        let all = Sorted::of(&[7.0; 100]).quantile_clustered(0.5, 0.0);
        assert_eq!((all.std_error, all.upper), (Some(0.0), Some(7.0)));
    }

    /// All in one bin: wherever the VaR cuts it, TVaR and its error are those of the values, and TVaR rises with its level.
    #[test]
    fn a_tail_that_begins_within_a_bin_begins_at_its_value() {
        use crate::measure::tail::tvar_with_error;
        let forms: [fn(f64) -> f64; 3] = [|u| u, |u| u * u * u, |u| 1.0 - (1.0 - u) * (1.0 - u)];
        for (bits, form) in forms.into_iter().flat_map(|form| [(4, form), (8, form)]) {
            let width = 4.0 / f64::from(1_u32 << bits);
            let values: Vec<f64> =
                (0..100_000).map(|i| 4.0 + width * 0.999 * form((f64::from(i) + 0.5) / 1e5)).collect();
            let mut histogram = Histogram::with_means(bits);
            histogram.add_all(&values);
            let (counted, sorted) = (Sorted::counted(&histogram), Sorted::of(&values));
            let mut before = 0.0;
            for k in 0..200_u32 {
                let p = f64::from(k) / 200.0;
                let [ours, exact] = [&counted, &sorted].map(|of| tvar_with_error(of, p));
                let [error, true_error] = [&ours, &exact].map(|tvar| tvar.std_error.expect("enough"));
                assert!((ours.value - exact.value).abs() < 0.1 * true_error, "{bits} {p}: {ours:?} {exact:?}");
                assert!((error / true_error - 1.0).abs() < 0.02, "{bits} {p}: {error} {true_error}");
                assert!(ours.value > before, "{bits} {p}");
                before = ours.value;
            }
        }
    }

    #[test]
    fn a_quantile_that_is_counted_lies_where_it_would_in_its_bin() {
        let key = crate::chance::Key::new(1, "order", "counted");
        let values: Vec<f64> = (0..100_000_u32).map(|i| 4.0 + 4.0 * key.uniform(0, i.into())).collect();
        let mut histogram = Histogram::with_means(4);
        histogram.add_all(&values);
        let (counted, sorted) = (Sorted::counted(&histogram), Sorted::of(&values));
        for k in 1..200_u32 {
            let p = f64::from(k) / 200.0;
            // A bin is a quarter wide; values in it are even but for chance.
            let apart = counted.quantile(p) - sorted.quantile(p);
            assert!(apart.abs() < 0.01, "{p}: {apart}");
            let x = sorted.quantile(p);
            let [ours, exact] = [&counted, &sorted].map(|of| of.excess(x) / (100_000.0 * (1.0 - p)));
            assert!((ours - exact).abs() < 0.005, "{p}: mean excess {ours}, {exact}");
            let [counted, sorted] =
                [&counted, &sorted].map(|of| of.quantile_with_error(p).std_error.expect("in the sample"));
            assert!((counted / sorted - 1.0).abs() < 0.25, "{p}: {counted} {sorted}");
        }
    }
}
