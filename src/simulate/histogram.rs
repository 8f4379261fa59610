//! The distribution of values that are not kept: counts, and sums within a bin, that merge in any order.

use libm::pow;
use serde::{Deserialize, Serialize};

use super::moments::count;

/// Bits of the mantissa that choose a bin, unless told otherwise: 256 bins per octave, each at most 0.4 % wide.
const BITS: u32 = 8;
/// Bits of a float below the octave.
const MANTISSA: u32 = f64::MANTISSA_DIGITS - 1;
/// Octaves of both signs.
const OCTAVES: usize = 1 << 12;
const NEGATIVE: usize = OCTAVES / 2;
/// Parts of a bin, as a power of two, to which the mean of its values is known.
const PARTS: u32 = 16;
/// Bits of a bin at most: parts of it are told apart by bits below.
const MOST_BITS: u32 = 20;
/// An octave without values yet.
const NONE: u16 = u16::MAX;

/// Counts of values by the leading bits of the float, with the extremes seen in each bin, so that a quantile
/// at an atom is exact and counts merge in any order. A value may count more than once.
///
/// Space: 8 KiB once a value is not 0, and per octave that occurs 24 bytes a bin, 32 where means are kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Histogram {
    bits: u32,
    n: u64,
    zeros: u64,
    /// By sign and exponent: place in `pages`; empty until a value is not 0.
    octaves: Vec<u16>,
    pages: Vec<Page>,
    keeps_means: bool,
}

/// The bins of an octave; and where means are kept, per bin, what its values lie beyond its beginning, summed in parts of it.
#[derive(Debug, Clone)]
struct Page {
    bins: Box<[Bin]>,
    beyond: Box<[u64]>,
}

/// How often values from `min` to `max` occur.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Bin {
    pub(crate) n: u64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

/// A bin that holds something.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Held {
    pub(crate) bin: Bin,
    /// What its values lie beyond its beginning, in parts of it; 0 where no means are kept.
    beyond: u64,
    /// The mean of its values, where means are kept.
    mean: Option<f64>,
}

/// How values lie between the least and the greatest of a bin: as a power of their rank, from the end where more of them are, so
/// that the mean is right. Even where it is in the middle.
#[derive(Debug, Clone, Copy)]
struct Shape {
    power: f64,
    mirrored: bool,
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
    /// With 2^`bits` bins per octave, but no more than 2²⁰.
    #[must_use]
    pub fn new(bits: u32) -> Self {
        let bits = bits.min(MOST_BITS);
        Self { bits, n: 0, zeros: 0, octaves: Vec::new(), pages: Vec::new(), keeps_means: false }
    }

    /// The same, which knows the mean of each bin, of values that count once.
    #[must_use]
    pub fn with_means(bits: u32) -> Self {
        Self { keeps_means: true, ..Self::new(bits) }
    }

    /// Counts one value, which must be a number, `n` times.
    pub fn add(&mut self, value: f64, n: u64) {
        debug_assert!(!value.is_nan());
        self.count(Bin { n, min: value, max: value }, n * self.beyond(value));
    }

    /// How far a value lies beyond the beginning of its bin, in parts of it; 0 where nobody asks.
    #[inline]
    fn beyond(&self, value: f64) -> u64 {
        if self.keeps_means { value.to_bits() >> (MANTISSA - self.bits - PARTS) & ((1 << PARTS) - 1) } else { 0 }
    }

    /// Counts every value of a slice once.
    pub fn add_all(&mut self, values: &[f64]) {
        self.add_each(values.iter().map(|&value| (value, 1)));
    }

    /// Counts every value so many times.
    pub(super) fn add_each(&mut self, values: impl Iterator<Item = (f64, u64)>) {
        let (bits, mut all) = (self.bits, self.n);
        for (value, n) in values {
            debug_assert!(!value.is_nan());
            all += n;
            let (octave, place) = split(value.to_bits() >> (MANTISSA - bits), bits);
            let beyond = self.beyond(value);
            let page = self.octaves.get(octave).map_or(NONE, |&page| page);
            let known = self.pages.get_mut(usize::from(page)).filter(|_| value != 0.0 && n > 0);
            // Nothing but the bin is looked up, so that the next values need not wait for it to come from memory.
            let Some(page) = known else {
                self.add(value, n);
                continue;
            };
            page.bins[place].see(n, value, value);
            if let Some(sum) = page.beyond.get_mut(place) {
                *sum += n * beyond;
            }
        }
        self.n = all;
    }

    /// Joins another's counts. Integers and extremes: the order of merging leaves no trace.
    pub fn merge(&mut self, other: &Self) {
        other.ascending().for_each(|held| self.count(held.bin, held.beyond));
    }

    fn count(&mut self, seen: Bin, beyond: u64) {
        if seen.n == 0 {
            return;
        }
        self.n += seen.n;
        if seen.min == 0.0 {
            self.zeros += seen.n;
            return;
        }
        let lead = seen.min.to_bits() >> (MANTISSA - self.bits);
        let (octave, place) = split(lead, self.bits);
        let page = self.page(octave);
        page.bins[place].see(seen.n, seen.min, seen.max);
        if let Some(sum) = page.beyond.get_mut(place) {
            *sum += beyond;
        }
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

    /// The smallest x with F(x) ≥ `p`, found in its bin and there, by rank, between the extremes seen in it: on a line, or, where
    /// means are kept, on a power with that mean. Exact where a bin holds one value, within a bin's width elsewhere. NaN of nothing.
    #[must_use]
    pub fn quantile(&self, p: f64) -> f64 {
        let [x] = self.quantiles([p]);
        x
    }

    /// The same of several, which must ascend.
    pub(crate) fn quantiles<const N: usize>(&self, levels: [f64; N]) -> [f64; N] {
        debug_assert!(levels.is_sorted());
        let (mut bins, mut upto, mut at) = (self.ascending(), 0, None);
        levels.map(|p| {
            let rank = rank(self.n, p);
            while upto < rank {
                let Some(held) = bins.next() else { return f64::NAN };
                upto += held.bin.n;
                at = Some(held);
            }
            at.map_or(f64::NAN, |held: Held| held.at(rank - 1 + held.bin.n - upto))
        })
    }

    /// The bins that hold something, from the lowest values to the highest.
    pub(crate) fn ascending(&self) -> impl Iterator<Item = Held> {
        let below = (NEGATIVE..OCTAVES).rev().flat_map(|octave| self.of(octave).rev());
        let zero = Held { bin: Bin { n: self.zeros, min: 0.0, max: 0.0 }, beyond: 0, mean: Some(0.0) };
        let above = (0..NEGATIVE).flat_map(|octave| self.of(octave));
        below.chain((self.zeros > 0).then_some(zero)).chain(above)
    }

    /// The bins of an octave that hold something.
    fn of(&self, octave: usize) -> impl DoubleEndedIterator<Item = Held> {
        let page = self.octaves.get(octave).filter(|&&page| page != NONE).map(|&page| &self.pages[usize::from(page)]);
        page.into_iter().flat_map(move |page| {
            let held = page.bins.iter().enumerate().filter(|(_, bin)| bin.n > 0);
            held.map(move |(place, _)| self.held(octave, page, place))
        })
    }

    fn held(&self, octave: usize, page: &Page, place: usize) -> Held {
        let bin = page.bins[place];
        let Some(&beyond) = page.beyond.get(place) else { return Held { bin, beyond: 0, mean: None } };
        let lead = (octave as u64) << self.bits | place as u64;
        let [from, to] = [lead, lead + 1].map(|lead| f64::from_bits(lead << (MANTISSA - self.bits)));
        // In the middle of the part in which a value lies.
        let along = (count(beyond) / count(bin.n) + 0.5) / f64::from(1_u32 << PARTS);
        Held { bin, beyond, mean: Some((from + (to - from) * along).max(bin.min).min(bin.max)) }
    }

    fn page(&mut self, octave: usize) -> &mut Page {
        if self.octaves.is_empty() {
            self.octaves = vec![NONE; OCTAVES];
        }
        if self.octaves[octave] == NONE {
            self.octaves[octave] = u16::try_from(self.pages.len()).expect("there are 4,096 octaves");
            let bins = 1 << self.bits;
            let beyond = vec![0; if self.keeps_means { bins } else { 0 }].into_boxed_slice();
            self.pages.push(Page { bins: vec![EMPTY; bins].into_boxed_slice(), beyond });
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
}

/// Values into which a bin is taken apart.
const PIECES: u64 = 16;

impl Held {
    /// The value that so many others of the bin precede.
    pub(crate) fn at(&self, before: u64) -> f64 {
        let Bin { n, min, max } = self.bin;
        if n < 2 {
            return min;
        }
        let part = self.shape().at(count(before) / count(n - 1));
        (min + (max - min) * part).clamp(min, max)
    }

    /// Some values that stand for those of the bin, ascending, and how many each stands for: the extremes for themselves, the others
    /// for as many as equal. Their mean is that of the bin.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = (f64, u64)> {
        let Bin { n, min, max } = self.bin;
        let between = if min < max { n.saturating_sub(2) } else { 0 };
        let ends = if min < max { [(min, 1), (max, 1)] } else { [(min, n), (max, 0)] };
        [ends[0]].into_iter().chain(self.inner(0.0, between)).chain([ends[1]]).filter(|piece| piece.1 > 0)
    }

    /// The same of those above `x`, which must lie between the extremes: as many as [`Held::at`] puts there.
    pub(crate) fn above(self, x: f64) -> impl Iterator<Item = (f64, u64)> {
        let Bin { n, min, max } = self.bin;
        let from = self.shape().rank((x - min) / (max - min));
        let above = whole((1.0 - from) * count(n.saturating_sub(1)));
        self.inner(from, above.saturating_sub(1)).chain([(max, above.min(1))]).filter(|piece| piece.1 > 0)
    }

    /// Values that stand for `n` between the rank `from` and the greatest.
    fn inner(self, from: f64, n: u64) -> impl Iterator<Item = (f64, u64)> {
        let (Bin { min, max, .. }, shape, pieces) = (self.bin, self.shape(), n.min(PIECES - 2));
        (0..pieces).map(move |k| {
            let numbers = [k, k + 1].map(|k| n * k / pieces);
            let [a, b] = numbers.map(|number| from + (1.0 - from) * (count(number) / count(n)));
            ((min + (max - min) * shape.mean(a, b)).clamp(min, max), numbers[1] - numbers[0])
        })
    }

    /// How the values between the extremes lie.
    fn shape(&self) -> Shape {
        let Bin { n, min, max } = self.bin;
        let Some(mean) = self.mean.filter(|_| n > 2 && min < max) else { return Shape::EVEN };
        // Of those between, each as a part of the way from the least to the greatest, the least being 0 and the greatest 1.
        Shape::of(((mean - min) / (max - min) * count(n) - 1.0) / count(n - 2))
    }
}

impl Shape {
    const EVEN: Self = Self { power: 1.0, mirrored: false };

    /// With a mean between 0 and 1.
    fn of(mean: f64) -> Self {
        let mean = mean.clamp(0.0, 1.0);
        let mirrored = mean > 0.5;
        // The mean of a power of what is even is one over one more.
        Self { power: 1.0 / if mirrored { 1.0 - mean } else { mean } - 1.0, mirrored }
    }

    /// Where the value of a rank lies, both from 0 to 1.
    fn at(self, rank: f64) -> f64 {
        if self.mirrored { 1.0 - pow(1.0 - rank, self.power) } else { pow(rank, self.power) }
    }

    /// Which rank has its value there.
    fn rank(self, part: f64) -> f64 {
        let root = |part: f64| pow(part, 1.0 / self.power);
        if self.mirrored { 1.0 - root(1.0 - part) } else { root(part) }
    }

    /// Where the mean of the values between two ranks lies.
    fn mean(self, from: f64, to: f64) -> f64 {
        let over = |a: f64, b: f64| {
            let more = self.power + 1.0;
            (pow(b, more) - pow(a, more)) / (more * (b - a))
        };
        if self.mirrored { 1.0 - over(1.0 - to, 1.0 - from) } else { over(from, to) }
    }
}

/// A histogram in a file: the bins that hold something.
#[derive(Serialize, Deserialize)]
struct Stored {
    bits: u32,
    keeps_means: bool,
    bins: Vec<(Bin, u64)>,
}

impl From<Histogram> for Stored {
    fn from(histogram: Histogram) -> Self {
        let bins = histogram.ascending().map(|held| (held.bin, held.beyond)).collect();
        Self { bits: histogram.bits, keeps_means: histogram.keeps_means, bins }
    }
}

impl TryFrom<Stored> for Histogram {
    type Error = &'static str;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        if stored.bits > MOST_BITS {
            return Err("bins too narrow");
        }
        let mut histogram = Self { keeps_means: stored.keeps_means, ..Self::new(stored.bits) };
        let place = |x: f64| (x.to_bits() >> (MANTISSA - stored.bits), x == 0.0);
        for (bin, beyond) in stored.bins {
            let Bin { n, min, max } = bin;
            let within = max.is_finite() && min <= max && place(min) == place(max);
            if !within || beyond.div_ceil(1 << PARTS) > n || histogram.n.checked_add(n).is_none() {
                return Err("bins that no values have");
            }
            histogram.count(bin, beyond);
        }
        Ok(histogram)
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of a count")]
fn whole(x: f64) -> u64 {
    x.round() as u64
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
