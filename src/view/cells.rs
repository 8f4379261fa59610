//! Time cut into cells, within a month each, in which every price is constant.

use crate::lanes::width;
use crate::plan::Clock;

/// Boundaries of cells, the last being the horizon; the month of each cell; the first cell of each month.
#[derive(Debug, Default)]
pub(crate) struct Cells {
    pub(crate) bounds: Vec<f64>,
    pub(crate) months: Vec<usize>,
    pub(crate) first_of_month: Vec<usize>,
}

impl Cells {
    pub(crate) fn len(&self) -> usize {
        self.months.len()
    }

    /// Length of a row with a number per cell.
    pub(crate) fn width(&self) -> usize {
        width(self.len())
    }

    /// The horizon.
    pub(super) fn end(&self) -> f64 {
        self.bounds[self.len()]
    }

    /// Makes them the months, cut at `moments`, which ascend.
    pub(super) fn cut(&mut self, clock: &Clock, moments: &[f64]) {
        self.bounds.clear();
        self.months.clear();
        self.first_of_month.clear();
        for &moment in moments {
            let month = clock.month(moment);
            self.open(&clock.months, month + 1);
            if self.bounds.last().is_some_and(|&last| moment > last) {
                self.bounds.push(moment);
                self.months.push(month);
            }
        }
        self.open(&clock.months, clock.n_months());
        self.bounds.push(clock.horizon);
    }

    /// Begins with a cell each of the first `n` months that has none yet.
    fn open(&mut self, months: &[f64], n: usize) {
        let (new, first) = (self.first_of_month.len()..n, self.len());
        self.bounds.extend_from_slice(&months[new.clone()]);
        self.first_of_month.extend(first..first + new.len());
        self.months.extend(new);
    }

    /// The cells of a year.
    pub(crate) fn of_year(&self, year: usize) -> std::ops::Range<usize> {
        let first = |month: usize| self.first_of_month.get(month).copied().unwrap_or(self.len());
        first(year * 12)..first(year * 12 + 12)
    }

    /// The cell that contains `t`, given its month.
    pub(crate) fn find(&self, month: usize, t: f64) -> usize {
        let mut cell = self.first_of_month[month];
        while cell + 1 < self.len() && self.bounds[cell + 1] <= t {
            cell += 1;
        }
        cell
    }
}
