//! Trials that lie evenly: only the replicates into which they are dealt are independent ([`REPLICATES`]), so errors come from sums
//! by replicate.

use super::estimate::{Influence, Z, number, student};
use crate::chance::sobol::{LEAST_VARIANCE, REPLICATES};
use crate::results::Estimate;

/// The replicate of a trial, counted from the first.
pub(super) fn replicate(trial: usize) -> usize {
    trial % REPLICATES
}

/// A sum over the trials of each replicate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct ByReplicate([f64; REPLICATES]);

impl ByReplicate {
    pub(super) const NONE: Self = Self([0.0; REPLICATES]);

    #[inline]
    pub(super) fn add(&mut self, replicate: usize, x: f64) {
        self.0[replicate] += x;
    }

    pub(super) fn join(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(sum, x)| *sum += x);
    }

    pub(super) fn times(&self, factor: f64) -> Self {
        Self(self.0.map(|sum| sum * factor))
    }

    pub(super) fn all(&self) -> f64 {
        self.0.iter().sum()
    }

    /// What each has more than its part of all, where `weights` say which part that is.
    pub(super) fn beyond_share(&self, weights: &Self) -> Self {
        let mean = self.all() / weights.all();
        Self(std::array::from_fn(|replicate| self.0[replicate] - mean * weights.0[replicate]))
    }

    /// Sum of the products of both.
    pub(super) fn product(&self, other: &Self) -> f64 {
        self.0.iter().zip(&other.0).map(|(a, b)| a * b).sum()
    }

    /// Variance of the sum of all, which is about 0, of so many trials; `independent`: what it would be if these were.
    pub(super) fn variance(&self, trials: f64, independent: f64) -> f64 {
        let replicates = replicates_of(trials);
        (self.product(self) * replicates / (replicates - 1.0)).max(LEAST_VARIANCE * independent)
    }
}

/// How many replicates have any of so many trials; two of one, whose errors nobody asks for.
fn replicates_of(trials: f64) -> f64 {
    number(REPLICATES).min(trials).max(2.0)
}

/// By what a variance is multiplied that replicates of so many trials show, so that a normal interval is Student's.
pub(super) fn of_few(trials: f64) -> f64 {
    let wider = student(1.0 / (replicates_of(trials) - 1.0)) / Z;
    wider * wider
}

/// Influences of trials, by replicate, which sum to 0.
#[derive(Debug, Clone, Copy)]
pub(super) struct Replicated {
    sums: ByReplicate,
    each: Influence,
}

impl Default for Replicated {
    fn default() -> Self {
        Self { sums: ByReplicate::NONE, each: Influence::default() }
    }
}

impl Replicated {
    pub(super) fn add(&mut self, replicate: usize, x: f64) {
        self.sums.add(replicate, x);
        self.each.add(x);
    }

    /// The figure with the error that the sums of replicates of `n` trials give it. What is uncertain about the error comes of both: that
    /// replicates are few, and that few trials may carry what evenness leaves.
    pub(super) fn estimate(&self, value: f64, n: f64) -> Estimate {
        let (of_each, kurtosis) = self.each.spread(n);
        let second = self.sums.variance(n, of_each);
        let fourth = kurtosis * of_each * of_each / n;
        let carried = if second > 0.0 { fourth / (2.0 * second * second) } else { 0.0 };
        Estimate::student(value, second.sqrt() / n, 1.0 / (replicates_of(n) - 1.0) + carried)
    }
}
