//! What ordered values weigh, and to which replicate they belong: eight bytes a value, and sums at every 256th.

use super::super::replicates::{ByReplicate, replicate};
use super::{key, number_of, unkey};
use crate::chance::sobol::REPLICATES;
use crate::simulate::{UNITS, units};

/// Weights of values in ascending order.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Weights {
    /// Of each value.
    each: Vec<Packed>,
    /// Of those below every [`STEP`]-th value.
    marks: Vec<Sums>,
    all: Sums,
    /// The largest of all.
    largest: f64,
}

/// A weight in units, and behind it a replicate.
type Packed = u64;

const BITS: u32 = REPLICATES.ilog2();
const _: () = assert!(REPLICATES == 1 << BITS);

/// Values from one that is looked up to the next.
const STEP: usize = 256;

/// What the weights of some values add up to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sums {
    pub(super) units: u64,
    /// Sum of squared weights.
    pub(super) squares: f64,
    pub(super) replicates: ByReplicate,
}

impl Sums {
    const NONE: Self = Self { units: 0, squares: 0.0, replicates: ByReplicate::NONE };

    fn add(&mut self, packed: Packed) {
        let weight = weight_of(packed >> BITS);
        self.units += packed >> BITS;
        self.squares += weight * weight;
        self.replicates.add(replicate_of(packed), weight);
    }

    pub(super) fn weight(&self) -> f64 {
        weight_of(self.units)
    }
}

/// Puts values in order, of which so many follow each other for each trial.
pub(super) fn sorted(values: &[f64], weights: &[f64], per_trial: usize) -> (Vec<f64>, Weights) {
    let trials = weights.iter().enumerate().flat_map(|trial| std::iter::repeat_n(trial, per_trial));
    let mut keyed = Vec::with_capacity(values.len());
    keyed.extend(
        values.iter().zip(trials).map(|(&x, (trial, &w))| (key(x), units(w) << BITS | replicate(trial) as Packed)),
    );
    keyed.sort_unstable();
    let mut values = Vec::with_capacity(keyed.len());
    values.extend(keyed.iter().map(|&(key, _)| unkey(key)));
    let mut weights = Weights {
        each: Vec::with_capacity(keyed.len()),
        marks: Vec::with_capacity(keyed.len().div_ceil(STEP)),
        all: Sums::NONE,
        largest: 0.0,
    };
    for (i, (_, packed)) in keyed.into_iter().enumerate() {
        if i % STEP == 0 {
            weights.marks.push(weights.all);
        }
        weights.each.push(packed);
        weights.all.add(packed);
        weights.largest = weights.largest.max(weight_of(packed >> BITS));
    }
    (values, weights)
}

impl Weights {
    /// Of all values.
    pub(super) fn all(&self) -> &Sums {
        &self.all
    }

    /// The part of all that one more value would have, whatever it weighs.
    pub(super) fn one_more(&self) -> f64 {
        self.largest / self.all.weight()
    }

    /// Of the `n` lowest values.
    pub(super) fn below(&self, n: usize) -> Sums {
        let Some(mut sums) = self.marks.get(n / STEP).copied() else { return self.all };
        self.each[n / STEP * STEP..n].iter().for_each(|&packed| sums.add(packed));
        sums
    }

    /// Units and replicate of a value.
    pub(super) fn of(&self, idx: usize) -> (u64, usize) {
        let packed = self.each[idx];
        (packed >> BITS, replicate_of(packed))
    }

    /// The first value up to and with which there are so many units.
    pub(super) fn find(&self, units: u64) -> usize {
        let mark = self.marks.partition_point(|mark| mark.units < units).saturating_sub(1);
        let mut upto = self.marks.get(mark).map_or(0, |mark| mark.units);
        let from = mark * STEP;
        let short = |packed: &&Packed| {
            upto += *packed >> BITS;
            upto < units
        };
        from + self.each[from..].iter().take_while(short).count()
    }
}

fn replicate_of(packed: Packed) -> usize {
    (packed % (1 << BITS)) as usize
}

fn weight_of(units: u64) -> f64 {
    number_of(units) / UNITS
}
