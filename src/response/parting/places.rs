//! In which cell outages lie, and their sums by cell. Loops over every outage of a trial.

use super::index;
use crate::scenario::MONTH;

/// Cells by time: their ends, of which the last is infinite, and the first of each month.
#[derive(Clone, Copy)]
pub(super) struct Places<'a> {
    pub(super) ends: &'a [f64],
    pub(super) firsts: &'a [usize],
}

impl Places<'_> {
    /// The cell in which a moment lies, whose month is known.
    #[inline]
    pub(super) fn of(&self, month: u32, t: f64) -> usize {
        let mut cell = self.firsts[(month as usize).min(self.firsts.len() - 1)];
        // Nearly always once at most, and whether at all is a toss.
        cell += usize::from(self.ends[cell] <= t);
        while self.ends[cell] <= t {
            cell += 1;
        }
        cell
    }
}

/// The month in which a moment lies; the one before within a blink of its beginning.
#[expect(clippy::cast_possible_truncation, reason = "a number of months")]
#[inline]
pub(super) fn month(t: f64) -> u32 {
    // Adding 2^52 leaves the nearest whole number in the lowest bits: cheaper than a cast, which must saturate.
    const WHOLE: f64 = 4_503_599_627_370_496.0;
    let middle = t * (1.0 / MONTH) - (0.5 + 1e-9);
    (if middle > 0.0 { middle } else { 0.0 } + WHOLE).to_bits() as u32
}

/// Finds the cell of each outage of a risk; one beyond all if it is not alone. `places`: their months before.
#[expect(clippy::needless_bitwise_bool, reason = "a branch less an outage")]
#[inline(never)]
pub(super) fn find_places(
    (starts, ends): (&[f64], &[f64]),
    touched: &[bool],
    cells: Places,
    blocked: &[bool],
    places: &mut [u32],
) {
    // One length for all, and numbers instead of iterators: it all fits into registers.
    let n = places.len();
    let (starts, ends, touched) = (&starts[..n], &ends[..n], &touched[..n]);
    let nowhere = cells.ends.len();
    let blocked = &blocked[..nowhere];
    for j in 0..n {
        let cell = cells.of(places[j], starts[j]);
        let alone = (ends[j] < cells.ends[cell]) & !touched[j] & !blocked[cell];
        places[j] = index(if alone { cell } else { nowhere });
    }
}

/// Hours of a risk's outages, their sums and the longest by cell; `second`: sums of what exceeds an offset. Gives how many are not
/// alone, and notes which.
#[inline(never)]
pub(super) fn sum_hours(
    (starts, ends): (&[f64], &[f64]),
    places: &[u32],
    hours: &mut [f64],
    (sums, longest): (&mut [f64], &mut [f64]),
    (second, offset): (&mut [f64], f64),
    (others, nowhere): (&mut [u32], u32),
) -> usize {
    let n = places.len();
    let (starts, ends, hours, others) = (&starts[..n], &ends[..n], &mut hours[..n], &mut others[..n]);
    let (longest, second) = (&mut longest[..sums.len()], &mut second[..sums.len()]);
    let mut n_others = 0;
    for j in 0..n {
        let (lasts, cell) = (ends[j] - starts[j], places[j] as usize);
        hours[j] = lasts;
        sums[cell] += lasts;
        longest[cell] = if lasts > longest[cell] { lasts } else { longest[cell] };
        second[cell] += if lasts > offset { lasts - offset } else { 0.0 };
        others[n_others] = index(j);
        n_others += usize::from(places[j] == nowhere);
    }
    n_others
}
