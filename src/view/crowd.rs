//! Which short interruptions have their part of time for themselves. Knows times alone.

/// How many short interruptions there are in each small part of the horizon; tells cheaply which are alone.
#[derive(Debug, Default)]
pub(super) struct Crowd {
    parts: Vec<u8>,
    scale: f64,
}

impl Crowd {
    /// Parts for `n` interruptions, so many that few are shared by chance.
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    pub(super) fn spread(&mut self, n: usize, horizon: f64) {
        let parts = (32 * n).next_power_of_two().clamp(64, 1 << 20);
        self.parts.clear();
        self.parts.resize(parts + 1, 0);
        self.scale = parts as f64 / horizon;
    }

    #[inline]
    fn between(&self, start: f64, end: f64) -> std::ops::Range<usize> {
        // Adding 2^52 leaves the nearest whole number in the lowest bits: cheaper than a cast, which must saturate.
        const WHOLE: f64 = 4_503_599_627_370_496.0;
        #[expect(clippy::cast_possible_truncation, reason = "parts are at most 2^20")]
        let part = |t: f64| (t * self.scale + WHOLE).to_bits() as u32 as usize;
        part(start)..part(end) + 1
    }

    pub(super) fn enter(&mut self, start: f64, end: f64) {
        let parts = self.between(start, end);
        for part in &mut self.parts[parts] {
            *part = part.saturating_add(1);
        }
    }

    /// Nothing else shares a part with this one, so nothing else overlaps or touches it.
    pub(super) fn alone(&self, start: f64, end: f64) -> bool {
        self.parts[self.between(start, end)].iter().all(|&n| n == 1)
    }
}
