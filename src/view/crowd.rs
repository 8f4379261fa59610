//! Which short interruptions touch no other. Knows times alone.

use fearless_simd::{Level, Select, Simd, SimdBase, dispatch, f64x8};

use crate::lanes::{join, lanes, load};

/// Bins of time, a bit each: those that something touches, and those that more than one does.
#[derive(Debug, Clone, Copy, Default)]
struct Bins {
    once: u64,
    twice: u64,
}

impl Bins {
    #[inline]
    fn see(&mut self, bits: u64) {
        self.twice |= self.once & bits;
        self.once |= bits;
    }
}

/// Short interruptions, and who touches whom. Kept between trials for its memory.
#[derive(Debug, Default)]
pub(crate) struct Crowd {
    starts: Vec<f64>,
    ends: Vec<f64>,
    /// Per interruption: whether it touches another.
    touched: Vec<bool>,
    /// Bins per hour.
    scale: f64,
    bins: Vec<Bins>,
    /// Per interruption: the word of the bin that it begins in, and its bins within that; none of one that lies in several words, or has no end.
    words: Vec<u32>,
    masks: Vec<u64>,
    /// Interruptions that may share a bin with another.
    near: Vec<u32>,
    order: Vec<(f64, u32)>,
}

/// So many are compared each with each.
const FEW: usize = 64;

impl Crowd {
    /// Forgets all; the first that come are `starts` and `ends`.
    pub(super) fn begin_with(&mut self, starts: &[f64], ends: &[f64]) {
        for (list, from) in [(&mut self.starts, starts), (&mut self.ends, ends)] {
            list.clear();
            list.extend_from_slice(from);
        }
    }

    pub(super) fn enter(&mut self, start: f64, end: f64) {
        self.starts.push(start);
        self.ends.push(end);
    }

    /// Finds who touches whom. Those whose end is infinite are left alone.
    pub(super) fn find_touching(&mut self, horizon: f64) {
        let n_bins = (32 * self.starts.len()).next_power_of_two().clamp(1 << 10, 1 << 20);
        #[expect(clippy::cast_precision_loss, reason = "a small number")]
        let scale = (n_bins - 1) as f64 / horizon;
        self.scale = scale;
        self.touched.clear();
        self.touched.resize(self.starts.len(), false);
        self.bins.clear();
        self.bins.resize(n_bins / 64, Bins::default());
        dispatch!(Level::new(), _ => self.find_bins());
        self.find_near();
        if self.near.len() <= FEW {
            dispatch!(Level::new(), simd => self.compare(simd));
        } else {
            self.walk();
        }
    }

    /// Finds the bins of each.
    #[expect(clippy::inline_always, reason = "it is compiled anew for each width of vectors")]
    #[inline(always)]
    fn find_bins(&mut self) {
        let Self { starts, ends, words, masks, scale, .. } = self;
        words.clear();
        words.extend(starts.iter().map(|&start| bin(start, *scale) / 64));
        masks.clear();
        masks.extend(starts.iter().zip(&*ends).map(|(&start, &end)| {
            let (first, last) = (bin(start, *scale), bin(end, *scale));
            let bits = bits(first, last);
            if first / 64 == last / 64 && end < f64::INFINITY { bits } else { 0 }
        }));
    }

    /// Finds those that share a bin of time with another, as whoever touches another does.
    #[expect(clippy::cast_possible_truncation, reason = "fewer than 2^32")]
    fn find_near(&mut self) {
        let Self { starts, ends, bins, words, masks, near, scale, .. } = self;
        let n = ends.len();
        near.clear();
        near.reserve(2 * n);
        // One length for all, and numbers instead of iterators: it all fits into registers.
        let (words, masks) = (&words[..n], &masks[..n]);
        for i in 0..n {
            let bits = masks[i];
            bins[words[i] as usize].see(bits);
            if bits == 0 && ends[i] < f64::INFINITY {
                near.push(i as u32);
            }
        }
        // Who lies in several words is near to some, as far as anybody looks; who is infinite, to none.
        for &i in &*near {
            let (first, last) = (bin(starts[i as usize], *scale), bin(ends[i as usize], *scale));
            let (from, to) = (first as usize / 64, last as usize / 64);
            bins[from].see(bits(first, 63));
            bins[from + 1..to].iter_mut().for_each(|bins| bins.see(u64::MAX));
            bins[to].see(bits(0, last));
        }
        let n_long = near.len();
        near.resize(n_long + n, 0);
        let near_one = &mut near[n_long..];
        let mut n_near = 0;
        for i in 0..n {
            near_one[n_near] = i as u32;
            n_near += usize::from(bins[words[i] as usize].twice & masks[i] != 0);
        }
        near.truncate(n_long + n_near);
    }

    /// Compares all that are near each with each.
    #[expect(clippy::inline_always, reason = "it is compiled anew for each width of vectors")]
    #[inline(always)]
    fn compare<S: Simd>(&mut self, simd: S) {
        // Behind the last: what nothing touches.
        let (mut starts, mut ends) = ([f64::INFINITY; FEW], [f64::NEG_INFINITY; FEW]);
        for ((start, end), &i) in starts.iter_mut().zip(&mut ends).zip(&self.near) {
            (*start, *end) = (self.starts[i as usize], self.ends[i as usize]);
        }
        let steps = self.near.len().div_ceil(8);
        let (starts, ends) = (&lanes(&starts)[..steps], &lanes(&ends)[..steps]);
        let (none, one) = (f64x8::splat(simd, 0.0), f64x8::splat(simd, 1.0));
        for &i in &self.near {
            let (start, end) = (self.starts[i as usize], self.ends[i as usize]);
            let mut touching = none;
            for (starts, ends) in starts.iter().zip(ends) {
                let both = load(simd, starts).simd_le(end) & load(simd, ends).simd_ge(start);
                touching += both.select(one, none);
            }
            // Itself is one of them.
            self.touched[i as usize] = join(touching) > 1.0;
        }
    }

    /// Walks along all that are near in the order of their beginning.
    fn walk(&mut self) {
        let Self { starts, ends, near, order, touched, .. } = self;
        order.clear();
        order.extend(near.iter().map(|&i| (starts[i as usize], i)));
        order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        // Whoever is touched by a later one reaches farthest when that begins, or was found to touch another before.
        let (mut reach, mut farthest) = (f64::NEG_INFINITY, 0);
        for &(start, i) in &*order {
            let i = i as usize;
            if start <= reach {
                touched[i] = true;
                touched[farthest] = true;
            }
            if ends[i] > reach {
                (reach, farthest) = (ends[i], i);
            }
        }
    }

    /// Of the first so many: whether each touches another.
    pub(crate) fn touched(&self, n: usize) -> &[bool] {
        &self.touched[..n]
    }

    /// Those behind the first so many that touch another.
    pub(crate) fn touched_behind(&self, n: usize) -> impl Iterator<Item = (f64, f64)> + '_ {
        let times = self.starts[n..].iter().copied().zip(self.ends[n..].iter().copied());
        times.zip(&self.touched[n..]).filter_map(|(times, &touched)| touched.then_some(times))
    }

    /// It is known to touch no other: one that came later is not known.
    #[inline]
    pub(crate) fn is_alone(&self, i: usize) -> bool {
        self.touched.get(i).is_some_and(|touched| !touched)
    }
}

/// The bin of a moment.
#[expect(clippy::cast_possible_truncation, reason = "bins are at most 2^20")]
#[inline]
fn bin(t: f64, scale: f64) -> u32 {
    // Adding 2^52 leaves the nearest whole number in the lowest bits: cheaper than a cast, which must saturate.
    const WHOLE: f64 = 4_503_599_627_370_496.0;
    (t * scale + WHOLE).to_bits() as u32
}

/// Bits of a word from one bin to another.
#[inline]
fn bits(first: u32, last: u32) -> u64 {
    (u64::MAX << (first % 64)) & (u64::MAX >> (63 - last % 64))
}

#[cfg(test)]
mod tests {
    use super::Crowd;
    use crate::chance::Key;

    #[test]
    fn those_that_touch_another_are_found() {
        let [starts, lengths] = ["start", "length"].map(|quantity| Key::new(1, "crowd", quantity));
        let mut crowd = Crowd::default();
        for trial in 0..200 {
            let n = 1 + trial % 90;
            let start = |i: u64| (starts.uniform(trial, i) * 1000.0).floor();
            // Some end where others begin, some at the horizon, and some are left alone.
            let end = |i: u64| {
                let u = lengths.uniform(trial, i);
                if u > 0.95 { f64::INFINITY } else { (start(i) + (u * 30.0).floor()).min(1000.0) }
            };
            let all: Vec<(f64, f64)> = (0..n).map(|i| (start(i), end(i))).collect();
            let (first, rest) = all.split_at(all.len() / 2);
            let (starts, ends): (Vec<f64>, Vec<f64>) = first.iter().copied().unzip();
            crowd.begin_with(&starts, &ends);
            rest.iter().for_each(|&(start, end)| crowd.enter(start, end));
            crowd.find_touching(1000.0);
            for (i, a) in all.iter().enumerate() {
                let touches = |(j, b): (usize, &(f64, f64))| {
                    i != j && b.1 < f64::INFINITY && a.1 < f64::INFINITY && a.0 <= b.1 && b.0 <= a.1
                };
                assert_eq!(crowd.is_alone(i), !all.iter().enumerate().any(touches), "{trial} {i}");
            }
        }
    }
}
