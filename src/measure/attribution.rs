//! Who causes the tail: TVaR divided by component, risk, node and service, so that parts sum to the whole.

use super::TAIL;
use super::estimate::number;
use super::order::Sorted;
use super::tail::is_enough;
use crate::results::Estimate;
use crate::simulate::Parts;

/// The tail of one portfolio, drawn again.
pub(super) struct Tail<'a> {
    trials: &'a [(f64, Parts)],
    /// Which of `trials` stand for those at the VaR.
    nearest: Vec<usize>,
    /// Trials among which they were chosen.
    n: f64,
    /// n × the sum of squared weights ÷ the square of their sum: 1 where all weigh alike.
    spread: f64,
    /// Whether these are enough for a standard error.
    enough: bool,
    /// Where not all trials have rows: TVaR of those that have, and of all.
    of_all: Option<(f64, Estimate)>,
}

impl<'a> Tail<'a> {
    /// `trials`: weights and parts of the trials that `tail` chose among `rows`. `tvar`: of all trials; `all`: their number.
    pub(super) fn new(trials: &'a [(f64, Parts)], rows: &Sorted, tvar: &Estimate, all: u64) -> Self {
        let n = number(rows.n());
        let own: f64 = trials.iter().map(|(weight, parts)| weight * parts.loss).sum();
        Self {
            trials,
            nearest: nearest(trials),
            n,
            spread: n / rows.effective_n(),
            enough: is_enough(rows.effective_tail(TAIL)),
            of_all: (all > rows.n() as u64 && own != 0.0).then_some((own, *tvar)),
        }
    }

    /// The part of TVaR that `part` picks from a trial: its weighted sum. NaN if no trials were drawn again.
    ///
    /// The error is that of the influence function of E[X; L > q] / (1 − p) + (the atom's part): with h = E[X | L = q],
    /// every trial counts n w (X − h), where the h is what an error of the VaR q itself moves. h is the mean of X
    /// over the trials of the tail nearest to the VaR: those tied there, else the lowest m^⅔ of its m.
    ///
    /// Where not all trials have rows, a part is its share of TVaR among those that have times TVaR of all; its error is that of
    /// both, of the share among those with rows.
    ///
    /// Source: MODEL section 8; Tasche, "Risk contributions and performance measurement", 1999, for the part;
    /// Hong, "Estimating quantile sensitivities", 2009, for the conditional mean at the quantile.
    pub(super) fn part(&self, part: impl Fn(&Parts) -> f64) -> Estimate {
        if self.trials.is_empty() {
            return Estimate::exact(f64::NAN);
        }
        let own: f64 = self.trials.iter().map(|(weight, parts)| weight * part(parts)).sum();
        let Some((whole, tvar)) = &self.of_all else {
            return Estimate::normal(own, self.enough.then(|| self.standard_error(part)));
        };
        let share = own / whole;
        let error = |of_tvar: f64| {
            let of_share = self.standard_error(|parts| part(parts) - share * parts.loss) / whole;
            libm::hypot(share * of_tvar, of_share * tvar.value)
        };
        Estimate::normal(share * tvar.value, tvar.std_error.filter(|_| self.enough).map(error))
    }

    fn standard_error(&self, part: impl Fn(&Parts) -> f64) -> f64 {
        let n = self.n;
        let nearest = || self.nearest.iter().map(|&trial| &self.trials[trial]);
        let at_var = nearest().map(|(weight, parts)| weight * part(parts)).sum::<f64>()
            / nearest().map(|(weight, _)| weight).sum::<f64>();
        let influence = |(weight, parts): &(f64, Parts)| n * weight * (part(parts) - at_var);
        let mean = self.trials.iter().map(influence).sum::<f64>() / n;
        // A trial of weight w, which is n (1 − p) × its weight here, is off by w × the mean besides; so are those outside.
        let (mut squares, mut outside) = (0.0, n * self.spread);
        for trial in self.trials {
            let w = n * trial.0 * (1.0 - TAIL);
            let x = influence(trial) - w * mean;
            squares += x * x;
            outside -= w * w;
        }
        squares += mean * mean * outside.max(0.0);
        (squares / (n - 1.0) / n).sqrt()
    }
}

/// The trials with the lowest losses of the tail: m^⅔ of m, and all that tie with the last of them.
fn nearest(trials: &[(f64, Parts)]) -> Vec<usize> {
    let mut by_loss: Vec<usize> = (0..trials.len()).collect();
    by_loss.sort_unstable_by(|&a, &b| trials[a].1.loss.total_cmp(&trials[b].1.loss).then(a.cmp(&b)));
    let Some(&lowest) = by_loss.first() else {
        return vec![];
    };
    let root = libm::cbrt(number(trials.len()));
    let tied = by_loss.partition_point(|&trial| trials[trial].1.loss <= trials[lowest].1.loss);
    if tied < 2 {
        by_loss.truncate(at_least_one(root * root));
    } else {
        by_loss.truncate(tied);
    }
    by_loss
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most the trials of the tail")]
fn at_least_one(x: f64) -> usize {
    x.ceil().max(1.0) as usize
}
