//! Which short interruptions touch no other. Knows times alone.

/// Short interruptions in order of time. Kept between trials for its memory.
#[derive(Debug, Default)]
pub(crate) struct Crowd {
    starts: Vec<f64>,
    ends: Vec<f64>,
    /// Numbers of the interruptions, in order of their start.
    pub(crate) order: Vec<u32>,
    /// Per interruption: whether it touches another.
    touched: Vec<bool>,
    parts: Vec<u32>,
    firsts: Vec<u32>,
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

    /// Finds their order and who touches whom. Those whose end is infinite are left alone.
    pub(super) fn sort(&mut self, horizon: f64) {
        self.bring_in_order(horizon);
        self.touched.clear();
        self.touched.resize(self.starts.len(), false);
        // Whoever is touched by a later one reaches farthest when that begins, or was found to touch another before.
        let (mut reach, mut farthest) = (f64::NEG_INFINITY, 0);
        for &i in &self.order {
            let i = i as usize;
            let (start, end) = (self.starts[i], self.ends[i]);
            if end == f64::INFINITY {
                continue;
            }
            if start <= reach {
                self.touched[i] = true;
                self.touched[farthest] = true;
            }
            if end > reach {
                (reach, farthest) = (end, i);
            }
        }
    }

    /// By parts of time, then within these.
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    fn bring_in_order(&mut self, horizon: f64) {
        // Adding 2^52 leaves the nearest whole number in the lowest bits: cheaper than a cast, which must saturate.
        const WHOLE: f64 = 4_503_599_627_370_496.0;
        let n = self.starts.len();
        let n_parts = n.next_power_of_two().clamp(64, 1 << 20);
        let scale = n_parts as f64 / horizon;
        #[expect(clippy::cast_possible_truncation, reason = "parts are at most 2^20")]
        let part = |t: f64| ((t * scale + WHOLE).to_bits() as u32).min(n_parts as u32);
        self.parts.clear();
        self.parts.extend(self.starts.iter().map(|&t| part(t)));
        self.firsts.clear();
        self.firsts.resize(n_parts + 1, 0);
        for &part in &self.parts {
            self.firsts[part as usize] += 1;
        }
        let mut first = 0;
        for count in &mut self.firsts {
            first += std::mem::replace(count, first);
        }
        self.order.clear();
        self.order.resize(n, 0);
        for (i, &part) in (0_u32..).zip(&self.parts) {
            let place = &mut self.firsts[part as usize];
            self.order[*place as usize] = i;
            *place += 1;
        }
        for p in 1..n {
            let (i, mut at) = (self.order[p], p);
            let start = self.starts[i as usize];
            while at > 0 && self.starts[self.order[at - 1] as usize] > start {
                self.order[at] = self.order[at - 1];
                at -= 1;
            }
            self.order[at] = i;
        }
    }

    /// It is known to touch no other: one that came later is not known.
    #[inline]
    pub(crate) fn is_alone(&self, i: usize) -> bool {
        self.touched.get(i).is_some_and(|touched| !touched)
    }
}
