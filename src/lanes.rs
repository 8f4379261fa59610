//! Rows of numbers in steps of eight with zeros behind the last: loops over them leave no remainder.

use fearless_simd::{Simd, SimdBase, f64x8};

/// Eight numbers of a row.
pub(crate) type Lane = [f64; 8];

const WIDTH: usize = size_of::<Lane>() / size_of::<f64>();

/// Length of a row for `n` numbers: whole steps, with room for at least one more.
#[inline]
pub(crate) fn width(n: usize) -> usize {
    (n / WIDTH + 1) * WIDTH
}

/// The steps that hold `range`.
#[inline]
pub(crate) fn steps(range: &std::ops::Range<usize>) -> std::ops::Range<usize> {
    range.start / WIDTH..range.end.div_ceil(WIDTH)
}

/// The steps of a row whose length is that of [`width`].
#[inline]
pub(crate) fn lanes(row: &[f64]) -> &[Lane] {
    row.as_chunks().0
}

/// The same, to be changed.
#[inline]
pub(crate) fn lanes_mut(row: &mut [f64]) -> &mut [Lane] {
    row.as_chunks_mut().0
}

/// Makes a row of zeros.
#[inline]
pub(crate) fn clear(row: &mut Vec<f64>, length: usize) {
    row.clear();
    row.resize(length, 0.0);
}

/// A step as a vector.
#[expect(clippy::inline_always, reason = "it is compiled anew for each width of vectors")]
#[inline(always)]
pub(crate) fn load<S: Simd>(simd: S, lane: &Lane) -> f64x8<S> {
    f64x8::from_slice(simd, lane)
}

/// The sum of eight strands, in one order on all machines.
#[expect(clippy::inline_always, reason = "it is compiled anew for each width of vectors")]
#[inline(always)]
pub(crate) fn join<S: Simd>(strands: f64x8<S>) -> f64 {
    let s: Lane = strands.into();
    ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]))
}

/// The sum of a row, in eight strands: one alone would wait on itself.
#[expect(clippy::inline_always, reason = "it is compiled anew for each width of vectors")]
#[inline(always)]
pub(crate) fn total<S: Simd>(simd: S, row: &[Lane]) -> f64 {
    join(row.iter().fold(f64x8::splat(simd, 0.0), |sum, x| sum + load(simd, x)))
}

/// The largest of a row of values that are not negative; 0 of none.
#[expect(clippy::inline_always, reason = "it is compiled anew for each width of vectors")]
#[inline(always)]
pub(crate) fn most<S: Simd>(simd: S, row: &[Lane]) -> f64 {
    largest(row.iter().fold(f64x8::splat(simd, 0.0), |most, x| most.max(load(simd, x))))
}

/// The same of those values that [`show`] shows.
#[expect(clippy::inline_always, reason = "it is compiled anew for each width of vectors")]
#[inline(always)]
pub(crate) fn most_shown<S: Simd>(simd: S, row: &[Lane], shown: &[Lane]) -> f64 {
    let each = row.iter().zip(shown).map(|(x, shown)| load(simd, x) * load(simd, shown));
    largest(each.fold(f64x8::splat(simd, 0.0), SimdBase::max))
}

#[expect(clippy::inline_always, reason = "it is compiled anew for each width of vectors")]
#[inline(always)]
fn largest<S: Simd>(strands: f64x8<S>) -> f64 {
    let s: Lane = strands.into();
    f64::max(f64::max(f64::max(s[0], s[1]), f64::max(s[2], s[3])), f64::max(f64::max(s[4], s[5]), f64::max(s[6], s[7])))
}

/// Whether a row holds nothing but zeros.
#[expect(clippy::inline_always, reason = "it is compiled anew for each width of vectors")]
#[inline(always)]
pub(crate) fn is_zero<S: Simd>(simd: S, row: &[Lane]) -> bool {
    join(row.iter().fold(f64x8::splat(simd, 0.0), |sum, x| sum + load(simd, x).abs())) == 0.0
}

/// Makes a row 1 within `range` and 0 beside it, in the steps that hold it; all other steps are left as they were.
#[inline]
pub(crate) fn show(row: &mut [f64], range: &std::ops::Range<usize>) {
    let steps = steps(range);
    row[steps.start * WIDTH..steps.end * WIDTH].fill(0.0);
    row[range.clone()].fill(1.0);
}

#[cfg(test)]
mod tests {
    use fearless_simd::{Level, dispatch};

    use super::{is_zero, lanes, most, most_shown, show, steps, total, width};

    #[test]
    fn rows_have_whole_steps_and_room_for_one_more() {
        assert_eq!([0, 1, 7, 8, 9, 16].map(width), [8, 8, 8, 16, 16, 24]);
        assert_eq!([0..8, 7..9, 8..8, 3..17].map(|r| steps(&r)), [0..1, 0..2, 1..1, 0..3]);
    }

    #[test]
    fn sums_are_those_of_the_numbers() {
        let row: Vec<f64> = (0..16).map(f64::from).collect();
        let mut shown = vec![0.0; 16];
        show(&mut shown, &(3..14));
        let (row, shown) = (lanes(&row), lanes(&shown));
        let figures =
            dispatch!(Level::new(), simd => (total(simd, row), most(simd, row), most_shown(simd, row, shown)));
        assert_eq!(figures, (120.0, 15.0, 13.0));
        let mut row = vec![0.0; 16];
        let zero = |row: &[f64]| dispatch!(Level::new(), simd => is_zero(simd, lanes(row)));
        assert!(zero(&row));
        row[3] = -1.0;
        assert!(!zero(&row));
    }

    #[test]
    fn a_range_is_shown_within_its_steps() {
        for range in [0..20, 3..9, 8..16, 9..10, 17..20] {
            let mut row = vec![7.0; 24];
            show(&mut row, &range);
            for (i, x) in (0..).zip(row) {
                let beyond = i / 8 < range.start / 8 || i >= range.end.div_ceil(8) * 8;
                assert_eq!(x, if beyond { 7.0 } else { f64::from(u8::from(range.contains(&i))) }, "{range:?} {i}");
            }
        }
    }
}
