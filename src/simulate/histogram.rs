//! The distribution of values that are not kept: counts that merge in any order.

use serde::{Deserialize, Serialize};

use super::moments::count;

/// Bits of the mantissa that choose a bin, unless told otherwise: 256 bins per octave, each at most 0.4 % wide.
const BITS: u32 = 8;
/// Bits of a float below the octave.
const MANTISSA: u32 = f64::MANTISSA_DIGITS - 1;
/// Octaves of both signs.
const OCTAVES: usize = 1 << 12;
const NEGATIVE: usize = OCTAVES / 2;
/// An octave without values yet.
const NONE: u16 = u16::MAX;

/// Counts of values by the leading bits of the float, with the extremes seen in each bin, so that a quantile
/// at an atom is exact and counts merge in any order. A value may count more than once.
///
/// Space: 8 KiB once a value is not 0, and per octave that occurs 24 bytes a bin.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub struct Histogram {
    bits: u32,
    n: u64,
    zeros: u64,
    /// By sign and exponent: place in `pages`; empty until a value is not 0.
    octaves: Vec<u16>,
    pages: Vec<Box<[Bin]>>,
}

/// How often values from `min` to `max` occur.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Bin {
    pub(crate) n: u64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

const EMPTY: Bin = Bin { n: 0, min: f64::INFINITY, max: f64::NEG_INFINITY };

/// Whatever came first.
impl PartialEq for Histogram {
    fn eq(&self, other: &Self) -> bool {
        self.bits == other.bits && self.ascending().eq(other.ascending())
    }
}

impl Default for Histogram {
    fn default() -> Self {
        Self::new(BITS)
    }
}

impl Histogram {
    /// With 2^`bits` bins per octave.
    #[must_use]
    pub fn new(bits: u32) -> Self {
        Self { bits, n: 0, zeros: 0, octaves: Vec::new(), pages: Vec::new() }
    }

    /// Counts one value, which must be a number, `n` times.
    pub fn add(&mut self, value: f64, n: u64) {
        debug_assert!(!value.is_nan());
        self.count(Bin { n, min: value, max: value });
    }

    /// Counts every value of a slice once.
    pub fn add_all(&mut self, values: &[f64]) {
        let (bits, n) = (self.bits, self.n + values.len() as u64);
        for &value in values {
            debug_assert!(!value.is_nan());
            let (octave, bin) = split(value.to_bits() >> (MANTISSA - bits), bits);
            let page = self.octaves.get(octave).map_or(NONE, |&page| page);
            let known = self.pages.get_mut(usize::from(page)).and_then(|page| page.get_mut(bin));
            // Nothing but the bin is looked up, so that the next values need not wait for it to come from memory.
            match known.filter(|_| value != 0.0) {
                Some(bin) => bin.see(1, value, value),
                None => self.add(value, 1),
            }
        }
        self.n = n;
    }

    /// Joins another's counts. Integers and extremes: the order of merging leaves no trace.
    pub fn merge(&mut self, other: &Self) {
        other.ascending().for_each(|bin| self.count(bin));
    }

    fn count(&mut self, seen: Bin) {
        if seen.n == 0 {
            return;
        }
        self.n += seen.n;
        if seen.min == 0.0 {
            self.zeros += seen.n;
            return;
        }
        let lead = seen.min.to_bits() >> (MANTISSA - self.bits);
        let (octave, bin) = split(lead, self.bits);
        self.page(octave)[bin].see(seen.n, seen.min, seen.max);
    }

    /// Width of a bin as a part of the value, at most.
    #[must_use]
    pub fn bin_width(&self) -> f64 {
        1.0 / f64::from(1_u32 << self.bits.min(31))
    }

    /// How many values.
    #[must_use]
    pub fn n(&self) -> u64 {
        self.n
    }

    /// The smallest x with F(x) ≥ `p`, found in its bin and there, by rank, on the line between the extremes seen
    /// in it: exact where a bin holds one value, within a bin's width elsewhere. NaN of nothing.
    #[must_use]
    pub fn quantile(&self, p: f64) -> f64 {
        if self.n == 0 {
            return f64::NAN;
        }
        let mut before = rank(self.n, p) - 1;
        for bin in self.ascending() {
            if before < bin.n {
                return bin.at(before);
            }
            before -= bin.n;
        }
        f64::NAN
    }

    /// The bins that hold something, from the lowest values to the highest.
    pub(crate) fn ascending(&self) -> impl Iterator<Item = Bin> {
        let below = (NEGATIVE..OCTAVES).rev().flat_map(|octave| self.bins(octave).iter().rev());
        let zero = Bin { n: self.zeros, min: 0.0, max: 0.0 };
        let above = (0..NEGATIVE).flat_map(|octave| self.bins(octave));
        below.copied().chain([zero]).chain(above.copied()).filter(|bin| bin.n > 0)
    }

    fn bins(&self, octave: usize) -> &[Bin] {
        match self.octaves.get(octave) {
            Some(&page) if page != NONE => &self.pages[usize::from(page)],
            _ => &[],
        }
    }

    fn page(&mut self, octave: usize) -> &mut [Bin] {
        if self.octaves.is_empty() {
            self.octaves = vec![NONE; OCTAVES];
        }
        if self.octaves[octave] == NONE {
            self.octaves[octave] = u16::try_from(self.pages.len()).expect("there are 4,096 octaves");
            self.pages.push(vec![EMPTY; 1 << self.bits].into_boxed_slice());
        }
        &mut self.pages[usize::from(self.octaves[octave])]
    }
}

/// Octave (sign and exponent) and bin by the leading bits of a value.
#[expect(clippy::cast_possible_truncation, reason = "12 bits and a few")]
fn split(lead: u64, bits: u32) -> (usize, usize) {
    ((lead >> bits) as usize, (lead & ((1 << bits) - 1)) as usize)
}

impl Bin {
    #[inline]
    fn see(&mut self, n: u64, min: f64, max: f64) {
        self.n += n;
        // Written in any case: which values are extremes no branch can foresee.
        self.min = if min < self.min { min } else { self.min };
        self.max = if max > self.max { max } else { self.max };
    }

    /// The value that so many others of the bin precede.
    pub(crate) fn at(&self, before: u64) -> f64 {
        if self.n < 2 {
            return self.min;
        }
        let part = count(before) / count(self.n - 1);
        (self.min + (self.max - self.min) * part).clamp(self.min, self.max)
    }
}

/// A histogram in a file: the bins that hold something.
#[derive(Serialize, Deserialize)]
struct Stored {
    bits: u32,
    bins: Vec<Bin>,
}

impl From<Histogram> for Stored {
    fn from(histogram: Histogram) -> Self {
        Self { bits: histogram.bits, bins: histogram.ascending().collect() }
    }
}

impl From<Stored> for Histogram {
    fn from(stored: Stored) -> Self {
        let mut histogram = Self::new(stored.bits.min(MANTISSA));
        stored.bins.into_iter().for_each(|bin| histogram.count(bin));
        histogram
    }
}

/// The rank of the smallest x with F(x) ≥ `p` among `n` ≥ 1 values: ⌈n p⌉, from 1 to n, where an n p that is
/// whole but for rounding counts as whole.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 1 … n")]
pub(crate) fn rank(n: u64, p: f64) -> u64 {
    let at = count(n) * p;
    let whole = at.round();
    let up = if (at - whole).abs() <= 8.0 * f64::EPSILON * count(n) { whole } else { at.ceil() };
    (up.max(1.0) as u64).min(n)
}

#[cfg(test)]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::float_cmp,
    reason = "counts are small, and what is exact is compared so"
)]
mod tests;
