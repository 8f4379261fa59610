//! What is kept of values that are not kept: moments that merge in order, histograms that merge in any.
//! Knows neither what the values are nor how many portfolios there are.

/// Number, mean and sum of squared deviations; merged in order (Chan, Golub and LeVeque 1979).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Moments {
    /// How many values.
    pub n: u64,
    /// Their mean.
    pub mean: f64,
    /// Sum of squared deviations from it.
    pub m2: f64,
}

impl Moments {
    /// Of a slice, in two passes.
    #[must_use]
    pub fn from_slice(values: &[f64]) -> Self {
        Self::of(values.iter().copied())
    }

    /// Of each column of a table, `width` values a row; as [`Moments::from_slice`] of it.
    pub(crate) fn of_columns(table: &[f64], width: usize) -> Vec<Self> {
        let n = (table.len() / width) as u64;
        let mut means = vec![0.0; width];
        for row in table.chunks_exact(width) {
            means.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
        }
        for sum in &mut means {
            *sum /= count(n.max(1));
        }
        let (mut squares, mut left) = (vec![0.0; width], vec![0.0; width]);
        for row in table.chunks_exact(width) {
            for (((m2, left), x), mean) in squares.iter_mut().zip(&mut left).zip(row).zip(&means) {
                let d = x - mean;
                *m2 += d * d;
                *left += d;
            }
        }
        let moments = |((mean, m2), left): ((f64, f64), f64)| Self::about(n, mean, m2, left);
        means.into_iter().zip(squares).zip(left).map(moments).collect()
    }

    /// From the squares and the sum of deviations from something near the mean.
    fn about(n: u64, near: f64, m2: f64, left: f64) -> Self {
        if n == 0 {
            return Self::default();
        }
        // What rounding left in the mean is taken out again.
        Self { n, mean: near + left / count(n), m2: (m2 - left * left / count(n)).max(0.0) }
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

    /// Joins the moments of the values that follow. Floats: the order of merging is part of the result.
    pub fn merge(&mut self, other: &Self) {
        if other.n == 0 {
            return;
        }
        if self.n == 0 {
            *self = *other;
            return;
        }
        let (a, b) = (count(self.n), count(other.n));
        let apart = other.mean - self.mean;
        self.n += other.n;
        self.mean += apart * (b / (a + b));
        self.m2 += other.m2 + apart * apart * (a * b / (a + b));
    }

    /// Their mean; 0 of nothing.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// Variance with divisor n − 1; 0 below two values.
    #[must_use]
    pub fn variance(&self) -> f64 {
        if self.n < 2 { 0.0 } else { self.m2 / count(self.n - 1) }
    }

    /// Standard deviation with divisor n − 1; 0 below two values.
    #[must_use]
    pub fn sd(&self) -> f64 {
        self.variance().sqrt()
    }

    /// Standard error of the mean; none below two values.
    #[must_use]
    pub fn standard_error(&self) -> Option<f64> {
        (self.n >= 2).then(|| (self.variance() / count(self.n)).sqrt())
    }
}

#[expect(clippy::cast_precision_loss, reason = "numbers of trials are far below 2^53")]
fn count(n: u64) -> f64 {
    n as f64
}

/// Bits of the mantissa that choose a bin: 256 bins per octave, each 0.4 % wide.
const BITS: u32 = 8;
const BINS: usize = 1 << BITS;
/// Bits of a float below those that choose the bin.
const BELOW: u32 = f64::MANTISSA_DIGITS - 1 - BITS;
/// Octaves of both signs.
const OCTAVES: usize = 1 << 12;
const NEGATIVE: usize = OCTAVES / 2;
/// An octave without values yet.
const NONE: u16 = u16::MAX;

/// Counts of values by the leading bits of the float, with the extremes seen in each bin, so that a quantile
/// at an atom is exact and counts merge in any order.
///
/// Space: 8 KiB once a value is not 0, and 6 KiB per octave that occurs.
#[derive(Debug, Clone, Default)]
pub struct Histogram {
    n: u64,
    zeros: u64,
    /// By sign and exponent: place in `pages`; empty until a value is not 0.
    octaves: Vec<u16>,
    pages: Vec<Box<[Bin; BINS]>>,
}

#[derive(Debug, Clone, Copy)]
struct Bin {
    n: u32,
    min: f64,
    max: f64,
}

const EMPTY: Bin = Bin { n: 0, min: f64::INFINITY, max: f64::NEG_INFINITY };

impl Histogram {
    /// Counts one value, which must be a number.
    pub fn add(&mut self, value: f64) {
        debug_assert!(!value.is_nan());
        self.n += 1;
        if value == 0.0 {
            self.zeros += 1;
            return;
        }
        let (octave, bin) = place(value);
        let bin = &mut self.page(octave)[bin];
        bin.n = bin.n.saturating_add(1);
        bin.min = bin.min.min(value);
        bin.max = bin.max.max(value);
    }

    /// Counts every value of a slice.
    pub fn add_all(&mut self, values: &[f64]) {
        for &value in values {
            self.add(value);
        }
    }

    /// Joins another's counts. Integers and extremes: the order of merging leaves no trace.
    pub fn merge(&mut self, other: &Self) {
        self.n += other.n;
        self.zeros += other.zeros;
        for (octave, &page) in other.octaves.iter().enumerate().filter(|(_, page)| **page != NONE) {
            let theirs = &other.pages[usize::from(page)];
            for (ours, theirs) in self.page(octave).iter_mut().zip(theirs.iter()) {
                ours.n = ours.n.saturating_add(theirs.n);
                ours.min = ours.min.min(theirs.min);
                ours.max = ours.max.max(theirs.max);
            }
        }
    }

    /// How many values.
    #[must_use]
    pub fn n(&self) -> u64 {
        self.n
    }

    /// The smallest x with F(x) ≥ `p`, found in its bin and there, by rank, on the line between the extremes seen
    /// in it: exact where a bin holds one value, within 0.4 % elsewhere. NaN of nothing.
    #[must_use]
    pub fn quantile(&self, p: f64) -> f64 {
        if self.n == 0 {
            return f64::NAN;
        }
        let mut before = rank(self.n, p) - 1;
        let below = (NEGATIVE..OCTAVES).rev().flat_map(|octave| self.bins(octave).iter().rev());
        if let Some(x) = find(below, &mut before) {
            return x;
        }
        if before < self.zeros {
            return 0.0;
        }
        before -= self.zeros;
        let above = (0..NEGATIVE).flat_map(|octave| self.bins(octave));
        find(above, &mut before).unwrap_or(f64::NAN)
    }

    fn bins(&self, octave: usize) -> &[Bin] {
        match self.octaves.get(octave) {
            Some(&page) if page != NONE => &self.pages[usize::from(page)][..],
            _ => &[],
        }
    }

    fn page(&mut self, octave: usize) -> &mut [Bin; BINS] {
        if self.octaves.is_empty() {
            self.octaves = vec![NONE; OCTAVES];
        }
        if self.octaves[octave] == NONE {
            self.octaves[octave] = u16::try_from(self.pages.len()).expect("there are 4,096 octaves");
            self.pages.push(Box::new([EMPTY; BINS]));
        }
        &mut self.pages[usize::from(self.octaves[octave])]
    }
}

/// Octave (sign and exponent) and bin of a value.
fn place(value: f64) -> (usize, usize) {
    let lead = (value.to_bits() >> BELOW) as usize;
    (lead >> BITS, lead & (BINS - 1))
}

/// The value with `before` others before it, among bins in ascending order; else `before` is what is left of it.
fn find<'a>(bins: impl Iterator<Item = &'a Bin>, before: &mut u64) -> Option<f64> {
    for bin in bins {
        let n = u64::from(bin.n);
        if *before < n {
            return Some(bin.at(*before));
        }
        *before -= n;
    }
    None
}

impl Bin {
    fn at(&self, before: u64) -> f64 {
        if self.n < 2 {
            return self.min;
        }
        let part = count(before) / f64::from(self.n - 1);
        (self.min + (self.max - self.min) * part).clamp(self.min, self.max)
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
