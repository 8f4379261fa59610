//! Mean and spread of weighted values that are not kept, joined along one fixed tree.

use fearless_simd::{Level, dispatch};
use serde::{Deserialize, Serialize};

use crate::chance::sobol::{LEAST_VARIANCE, REPLICATES};

/// Number, weight, mean and spread of values, with what the error of their mean needs; merged in order.
///
/// Where every trial weighs 1 these are the usual moments. Else the mean is Σ w x ÷ Σ w, and its error that of the
/// spread of w (x − mean).
///
/// Source: Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances", 1979; Owen, *Monte Carlo
/// theory, methods and examples*, 2013, section 9.2, for self-normalised weights.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Moments {
    /// How many values.
    pub n: u64,
    /// Sum of their weights.
    pub weight: f64,
    /// Their mean.
    pub mean: f64,
    /// Weighted sum of squared deviations from it.
    pub m2: f64,
    /// Sums of w², w² d and w² d², d being the deviation from the mean.
    squares: [f64; 3],
}

impl Moments {
    /// Of a slice, in two passes; every value weighs 1.
    #[must_use]
    pub fn from_slice(values: &[f64]) -> Self {
        Self::of(values.iter().copied())
    }

    /// Of a sequence that can be walked twice: once for the mean, once for the deviations from it.
    pub(crate) fn of(values: impl Iterator<Item = f64> + Clone) -> Self {
        let (n, sum) = values.clone().fold((0_u64, 0.0), |(n, sum), x| (n + 1, sum + x));
        if n == 0 {
            return Self::default();
        }
        let mean = sum / count(n);
        let (m2, left) = values.fold((0.0, 0.0), |(m2, left), x| {
            let d = x - mean;
            (m2 + d * d, left + d)
        });
        Self::about(n, mean, m2, left)
    }

    /// Of values with their weights.
    pub(crate) fn weighted(values: impl Iterator<Item = (f64, f64)> + Clone) -> Self {
        let (n, weight, sum) =
            values.clone().fold((0_u64, 0.0, 0.0), |(n, weight, sum), (x, w)| (n + 1, weight + w, sum + w * x));
        if n == 0 || weight <= 0.0 {
            return Self::default();
        }
        let mean = sum / weight;
        let mut moments = Self { n, weight, mean, ..Self::default() };
        for (x, w) in values {
            let d = x - mean;
            moments.m2 += w * d * d;
            for (sum, power) in moments.squares.iter_mut().zip([1.0, d, d * d]) {
                *sum += w * w * power;
            }
        }
        moments
    }

    /// Of each column of a table, `width` values a row; as [`Moments::from_slice`] of it, or with a weight for each row.
    pub(crate) fn of_columns(table: &[f64], width: usize, weights: Option<&[f64]>) -> Vec<Self> {
        if let Some(weights) = weights {
            let column = |k: usize| table.iter().copied().skip(k).step_by(width).zip(weights.iter().copied());
            return (0..width).map(|k| Self::weighted(column(k))).collect();
        }
        let n = (table.len() / width) as u64;
        let (mut means, mut squares, mut left) = (vec![0.0; width], vec![0.0; width], vec![0.0; width]);
        dispatch!(Level::new(), _ => {
            for row in table.chunks_exact(width) {
                means.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
            }
            for sum in &mut means {
                *sum /= count(n.max(1));
            }
            for row in table.chunks_exact(width) {
                for (((m2, left), x), mean) in squares.iter_mut().zip(&mut left).zip(row).zip(&means) {
                    let d = x - mean;
                    *m2 += d * d;
                    *left += d;
                }
            }
        });
        let moments = |((mean, m2), left): ((f64, f64), f64)| Self::about(n, mean, m2, left);
        means.into_iter().zip(squares).zip(left).map(moments).collect()
    }

    /// The same with the error of the mean that replicates show: `of`: each one's weight and Σ w x.
    ///
    /// Source: Owen, *Practical quasi-Monte Carlo integration*, 2023, chapter 17, for independent replicates; Cochran, *Sampling techniques*, 1977,
    /// section 6.3, for the error of a ratio.
    #[must_use]
    pub(crate) fn by_replicates(self, of: impl Iterator<Item = (f64, f64)>) -> Self {
        // Nothing but rounding would be left of what never differs.
        if self.n < 2 || self.m2 <= 0.0 {
            return self;
        }
        let apart: f64 = of.map(|(weight, sum)| sum - self.mean * weight).map(|apart| apart * apart).sum();
        let [weights, first, independent] = self.squares;
        let replicates = count(self.n.min(REPLICATES as u64));
        let few = replicates / (replicates - 1.0) * (count(self.n - 1) / count(self.n));
        let square = (apart * few).max(LEAST_VARIANCE * independent);
        Self { squares: [weights, first, square], ..self }
    }

    /// The same of values with weights in order of their trials, each the next replicate's.
    #[must_use]
    pub(crate) fn weighted_by_replicates(values: impl Iterator<Item = (f64, f64)> + Clone) -> Self {
        let mut sums = [(0.0, 0.0); REPLICATES];
        for (i, (x, w)) in values.clone().enumerate() {
            let (weight, sum) = &mut sums[i % REPLICATES];
            *weight += w;
            *sum += w * x;
        }
        Self::weighted(values).by_replicates(sums.into_iter())
    }

    /// From the squares and the sum of deviations from something near the mean.
    fn about(n: u64, near: f64, m2: f64, left: f64) -> Self {
        if n == 0 {
            return Self::default();
        }
        // What rounding left in the mean is taken out again.
        let m2 = (m2 - left * left / count(n)).max(0.0);
        Self { n, weight: count(n), mean: near + left / count(n), m2, squares: [count(n), 0.0, m2] }
    }

    /// Joins the moments of the values that follow. Floats: the order of merging is part of the result.
    pub fn merge(&mut self, other: &Self) {
        if other.n == 0 {
            return;
        }
        if self.n == 0 {
            *self = *other;
            return;
        }
        let (a, b) = (self.weight, other.weight);
        let apart = other.mean - self.mean;
        let (ours, theirs) = (self.seen_from(apart * (b / (a + b))), other.seen_from(-apart * (a / (a + b))));
        self.n += other.n;
        self.weight += b;
        self.mean += apart * (b / (a + b));
        self.m2 += other.m2 + apart * apart * (a * b / (a + b));
        self.squares = std::array::from_fn(|k| ours[k] + theirs[k]);
    }

    /// `squares` about the mean + `shift`.
    fn seen_from(&self, shift: f64) -> [f64; 3] {
        let [s0, s1, s2] = self.squares;
        [s0, s1 - shift * s0, s2 - shift * (2.0 * s1 - shift * s0)]
    }

    /// Their mean; 0 of nothing.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// Variance with divisor n − 1; 0 below two values.
    #[must_use]
    pub fn variance(&self) -> f64 {
        if self.n < 2 { 0.0 } else { self.m2 / self.weight * (count(self.n) / count(self.n - 1)) }
    }

    /// Standard deviation with divisor n − 1; 0 below two values.
    #[must_use]
    pub fn sd(&self) -> f64 {
        self.variance().sqrt()
    }

    /// Standard error of the mean; none below two values.
    #[must_use]
    pub fn standard_error(&self) -> Option<f64> {
        let spread = || self.squares[2].max(0.0) * (count(self.n) / count(self.n - 1));
        (self.n >= 2).then(|| spread().sqrt() / self.weight)
    }

    /// Kish's effective number of values: how many of weight 1 would know their mean as well, were weights and values
    /// independent. Source: Kish, *Survey Sampling*, 1965.
    #[must_use]
    pub fn effective_n(&self) -> f64 {
        if self.squares[0] > 0.0 { self.weight * self.weight / self.squares[0] } else { 0.0 }
    }
}

#[expect(clippy::cast_precision_loss, reason = "numbers of trials are far below 2^53")]
pub(super) fn count(n: u64) -> f64 {
    n as f64
}

/// Sums over blocks. Whoever joins them, and in whatever parts, adds the same numbers in the same order: those of block
/// 2k and of block 2k + 1 first, then pairs of such pairs, and so on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tree(Vec<Node>);

/// Sums over the blocks from `index` × 2^`level` on, 2^`level` of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Node {
    level: u32,
    index: u64,
    sums: Vec<Moments>,
    replicates: Replicates,
}

/// Replicate after replicate: the sum of the weights of its trials, and Σ w x of as many columns as there are, the first of all. Empty where trials
/// weigh alike.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Replicates(Vec<f64>);

impl Replicates {
    /// Of nothing yet.
    pub(super) fn new(columns: usize) -> Self {
        Self(vec![0.0; REPLICATES * (1 + columns)])
    }

    /// Adds some columns of a trial, from the one at `first` on.
    pub(super) fn add(&mut self, trial: u64, weight: f64, first: usize, row: &[f64]) {
        let columns = &mut self.replicate(trial)[1 + first..][..row.len()];
        columns.iter_mut().zip(row).for_each(|(sum, x)| *sum += weight * x);
    }

    /// Adds the weight of a trial.
    pub(super) fn weigh(&mut self, trial: u64, weight: f64) {
        self.replicate(trial)[0] += weight;
    }

    fn replicate(&mut self, trial: u64) -> &mut [f64] {
        let width = self.0.len() / REPLICATES;
        #[expect(clippy::cast_possible_truncation, reason = "few")]
        let replicate = (trial % REPLICATES as u64) as usize;
        &mut self.0[replicate * width..][..width]
    }

    fn merge(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(sum, other)| *sum += other);
    }

    /// Gives moments of their columns the errors that replicates show.
    fn errors_of(&self, sums: &mut [Moments]) {
        let width = self.0.len() / REPLICATES;
        for (k, moments) in sums.iter_mut().enumerate().take(width.saturating_sub(1)) {
            *moments = moments.by_replicates(self.0.chunks_exact(width).map(|of| (of[0], of[1 + k])));
        }
    }
}

impl Tree {
    /// Appends the sums of `block`, which follows all others.
    pub(crate) fn push(&mut self, block: u64, sums: Vec<Moments>, replicates: Replicates) {
        self.append(Node { level: 0, index: block, sums, replicates });
    }

    /// Appends another's sums, whose blocks follow all others.
    pub(crate) fn join(&mut self, other: Self) {
        other.0.into_iter().for_each(|node| self.append(node));
    }

    fn append(&mut self, mut node: Node) {
        while let Some(last) = self.0.pop_if(|last| last.level == node.level && last.index ^ 1 == node.index) {
            let (mut sums, mut replicates) = (last.sums, last.replicates);
            merge(&mut sums, &node.sums);
            replicates.merge(&node.replicates);
            node = Node { level: node.level + 1, index: node.index / 2, sums, replicates };
        }
        self.0.push(node);
    }

    /// Whether the sums of all blocks are of so many columns, and those of replicates of so many.
    pub(crate) fn is_of_width(&self, width: usize, replicated: Option<usize>) -> bool {
        let numbers = replicated.map_or(0, |columns| REPLICATES * (1 + columns));
        self.0.iter().all(|node| node.sums.len() == width && node.replicates.0.len() == numbers)
    }

    /// All together, from left to right; nothing of nothing.
    pub(crate) fn total(&self) -> Vec<Moments> {
        let mut nodes = self.0.iter();
        let Some(first) = nodes.next() else { return Vec::new() };
        let (mut total, mut replicates) = (first.sums.clone(), first.replicates.clone());
        for node in nodes {
            merge(&mut total, &node.sums);
            replicates.merge(&node.replicates);
        }
        replicates.errors_of(&mut total);
        total
    }
}

fn merge(all: &mut [Moments], others: &[Moments]) {
    all.iter_mut().zip(others).for_each(|(all, other)| all.merge(other));
}

#[cfg(test)]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::float_cmp,
    reason = "counts are small, and what is exact is compared so"
)]
mod tests;
