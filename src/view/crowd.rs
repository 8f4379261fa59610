//! Which short interruptions touch no other. Knows times alone.

use fearless_simd::{Level, dispatch};

/// Bins that something touches, and those that more than one does.
#[derive(Debug, Clone, Copy, Default)]
struct Bins {
    once: u64,
    twice: u64,
}

/// Short interruptions, and who touches whom. Kept between trials for its memory.
#[derive(Debug, Default)]
pub(crate) struct Crowd {
    starts: Vec<f64>,
    ends: Vec<f64>,
    /// Per interruption: whether it touches another.
    touched: Vec<bool>,
    /// Bins of time that something touches, and those that more than one does; a bit each, 64 in a word.
    bins: Vec<Bins>,
    /// Per interruption: the word of its bins, and their bits; none of those that lie in several words.
    places: Vec<(u32, u64)>,
    /// Interruptions that may share a bin with another, and when they begin.
    near: Vec<(f64, u32)>,
}

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
        dispatch!(Level::new(), _ => self.find_near(horizon));
        self.touched.clear();
        self.touched.resize(self.starts.len(), false);
        let Self { ends, near, touched, .. } = self;
        near.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        // Whoever is touched by a later one reaches farthest when that begins, or was found to touch another before.
        let (mut reach, mut farthest) = (f64::NEG_INFINITY, 0);
        for &(start, i) in &*near {
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

    /// Finds those that share a bin of time with another, as whoever touches another does.
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    #[inline(always)]
    fn find_near(&mut self, horizon: f64) {
        // Adding 2^52 leaves the nearest whole number in the lowest bits: cheaper than a cast, which must saturate.
        const WHOLE: f64 = 4_503_599_627_370_496.0;
        let Self { starts, ends, bins, places, near, .. } = self;
        let n_bins = (32 * starts.len()).next_power_of_two().clamp(1 << 10, 1 << 20);
        let scale = (n_bins - 1) as f64 / horizon;
        #[expect(clippy::cast_possible_truncation, reason = "bins are at most 2^20")]
        let bin = |t: f64| (t * scale + WHOLE).to_bits() as u32;
        bins.clear();
        bins.resize(n_bins / 64, Bins::default());
        places.resize(starts.len(), (0, 0));
        near.clear();
        let see = |bins: &mut Bins, bits: u64| {
            bins.twice |= bins.once & bits;
            bins.once |= bits;
        };
        let bins = &mut bins[..n_bins / 64];
        for ((i, place), (&start, &end)) in (0..).zip(&mut *places).zip(starts.iter().zip(&*ends)) {
            let (first, last) = (bin(start), bin(end));
            let (low, high) = (u64::MAX << (first % 64), u64::MAX >> (63 - last % 64));
            let (from, to) = (first / 64, last / 64);
            if from == to {
                see(&mut bins[from as usize], low & high);
                *place = (from, low & high);
                continue;
            }
            *place = (0, 0);
            if end < f64::INFINITY {
                near.push((start, i));
                see(&mut bins[from as usize], low);
                bins[from as usize + 1..to as usize].iter_mut().for_each(|bins| see(bins, u64::MAX));
                see(&mut bins[to as usize], high);
            }
        }
        for ((i, &start), &(word, bits)) in (0..).zip(&*starts).zip(&*places) {
            if bins[word as usize].twice & bits != 0 {
                near.push((start, i));
            }
        }
    }

    /// Of the first so many: whether each touches another.
    pub(crate) fn touched(&self, n: usize) -> &[bool] {
        &self.touched[..n]
    }

    /// It is known to touch no other: one that came later is not known.
    #[inline]
    pub(crate) fn is_alone(&self, i: usize) -> bool {
        self.touched.get(i).is_some_and(|touched| !touched)
    }
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
