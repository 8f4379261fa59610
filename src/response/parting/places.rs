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

/// The outages of a risk.
#[derive(Clone, Copy)]
pub(super) struct Outages<'a> {
    pub(super) starts: &'a [f64],
    pub(super) ends: &'a [f64],
    /// Whether each touches another, or is to be settled by itself.
    pub(super) touched: &'a [bool],
}

/// Sums by cell, and one more for outages that are not alone.
pub(super) struct Sums<'a> {
    pub(super) hours: &'a mut [f64],
    pub(super) longest: &'a mut [f64],
    /// Of the hours beyond an offset.
    pub(super) beyond: (&'a mut [f64], f64),
}

/// Finds the cell of each outage of a risk, one beyond all if it is not alone, and sums hours by cell. Gives how many are not alone, and
/// notes which. `places`: their months before.
#[expect(clippy::needless_bitwise_bool, reason = "a branch less an outage")]
#[inline(never)]
pub(super) fn place(
    outages: Outages,
    (cells, blocked): (Places, &[bool]),
    places: &mut [u32],
    sums: Sums,
    others: &mut [u32],
) -> usize {
    // One length for all, and numbers instead of iterators: it all fits into registers.
    let n = places.len();
    let (starts, ends, touched) = (&outages.starts[..n], &outages.ends[..n], &outages.touched[..n]);
    let others = &mut others[..n];
    let nowhere = cells.ends.len();
    let blocked = &blocked[..nowhere];
    let (hours, (beyond, offset)) = (&mut sums.hours[..=nowhere], sums.beyond);
    let (longest, beyond) = (&mut sums.longest[..=nowhere], &mut beyond[..=nowhere]);
    let mut n_others = 0;
    for j in 0..n {
        let (start, end) = (starts[j], ends[j]);
        let cell = cells.of(places[j], start);
        let alone = (end < cells.ends[cell]) & !touched[j] & !blocked[cell];
        let (cell, lasts) = (if alone { cell } else { nowhere }, end - start);
        places[j] = index(cell);
        hours[cell] += lasts;
        longest[cell] = if lasts > longest[cell] { lasts } else { longest[cell] };
        beyond[cell] += if lasts > offset { lasts - offset } else { 0.0 };
        others[n_others] = index(j);
        n_others += usize::from(!alone);
    }
    n_others
}
