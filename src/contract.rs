//! From price index to bill: caps and take-or-pay (MODEL section 7). Knows no cause and no traffic.

/// The billed index under a price cap, cell by cell.
///
/// `index`: the vendor's index in each cell of time. `months`: the month of each cell, ascending from 0. `cap`: the most it
/// may rise above its value at the start of the year. `billed`: same length, overwritten.
pub(crate) fn bill(index: &[f64], months: &[usize], cap: f64, billed: &mut [f64]) {
    let mut base = 1.0;
    let mut previous = usize::MAX;
    for ((&i, &month), b) in index.iter().zip(months).zip(billed) {
        let year_begins = month != previous && month % 12 == 0 && month > 0;
        if year_begins {
            base = f64::min(i, (1.0 + cap) * base);
        }
        previous = month;
        *b = f64::min(i, (1.0 + cap) * base);
    }
}

/// What is owed beyond a year's nominal bill under take-or-pay.
pub(crate) fn shortfall(commitment: f64, bill: f64) -> f64 {
    (commitment - bill).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cap_binds_from_the_start_of_each_year() {
        let months: Vec<usize> = (0..36).collect();
        let mut index = vec![1.0; 36];
        index[6..].fill(1.5);
        let mut billed = vec![0.0; 36];
        bill(&index, &months, 0.1, &mut billed);
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
        close(billed[5], 1.0);
        close(billed[6], 1.1);
        close(billed[11], 1.1);
        close(billed[12], 1.21);
        close(billed[24], 1.331);
    }

    #[test]
    fn a_fall_lowers_the_base_of_later_years() {
        let months: Vec<usize> = (0..24).collect();
        let mut index = vec![0.5; 24];
        index[12..].fill(0.5);
        index[13..].fill(2.0);
        let mut billed = vec![0.0; 24];
        bill(&index, &months, 0.1, &mut billed);
        assert!((billed[13] - 0.55).abs() < 1e-12);
    }
}
