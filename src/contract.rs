//! From price index to bill: caps, take-or-pay, rebates and credits (MODEL section 7). Knows no cause and no traffic.

use crate::scenario::{Credit, Rebate};

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

/// What comes back of a nominal bill under tiers: of what lies above each, up to the next. `part`: of a year.
pub(crate) fn rebate(tiers: &[Rebate], part: f64, bill: f64) -> f64 {
    let above = |tier: &Rebate| tier.above_per_year * part;
    let ends = tiers.iter().skip(1).map(above).chain([f64::INFINITY]);
    tiers.iter().zip(ends).map(|(tier, end)| tier.off * (bill.min(end) - above(tier)).max(0.0)).sum()
}

/// The part of a month's bill that comes back for this mean availability: by the lowest tier above it.
pub(crate) fn credit(tiers: &[Credit], availability: f64) -> f64 {
    // A mean that is a sum of parts may fall short of what it equals by a rounding.
    tiers.iter().find(|tier| availability < tier.below - 1e-12).map_or(0.0, |tier| tier.credit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rebates_are_on_what_lies_in_each_tier() {
        let tiers = [Rebate { above_per_year: 100.0, off: 0.1 }, Rebate { above_per_year: 300.0, off: 0.25 }];
        for (part, bill, off) in [
            (1.0, 100.0, 0.0),
            (1.0, 250.0, 15.0),
            (1.0, 300.0, 20.0),
            (1.0, 340.0, 30.0),
            (0.5, 100.0, 5.0),
            (0.5, 190.0, 20.0),
        ] {
            let got = rebate(&tiers, part, bill);
            assert!((got - off).abs() < 1e-12, "{part} of a year, {bill}: {got}, expected {off}");
        }
        assert_eq!(rebate(&[], 1.0, 1e9), 0.0);
    }

    #[test]
    fn credits_are_those_of_the_lowest_tier_above() {
        let tiers = [Credit { below: 0.9, credit: 0.25 }, Credit { below: 0.99, credit: 0.1 }];
        for (availability, part) in [(1.0, 0.0), (0.99, 0.0), (0.98, 0.1), (0.9, 0.1), (0.5, 0.25), (0.0, 0.25)] {
            assert_eq!(credit(&tiers, availability), part, "{availability}");
        }
        // Three parts of 0.1 % down are 0.3 %, whatever their sum is to the last digit.
        assert_eq!(credit(&[Credit { below: 0.997, credit: 1.0 }], 1.0 - (0.001 + 0.001 + 0.001 + 1e-16)), 0.0);
    }

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
