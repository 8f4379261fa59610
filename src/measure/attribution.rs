//! Who causes the tail: TVaR divided by component, risk, node and service, so that parts sum to the whole.

use super::TAIL;
use super::estimate::number;
use super::order::{Sorted, number_of};
use super::tail::is_enough;
use crate::chance::sobol::{LEAST_VARIANCE, REPLICATES};
use crate::results::Estimate;
use crate::simulate::Parts;

/// How trials lie in replicates ([`REPLICATES`]).
struct Replicates {
    /// The first of all trials.
    first: u64,
    /// The weight of each replicate, as a part of all.
    shares: [f64; REPLICATES],
    /// n × the sum of squared weights ÷ the square of their sum.
    spread: f64,
}

impl Replicates {
    #[expect(clippy::cast_possible_truncation, reason = "few")]
    fn of(&self, trial: u64) -> usize {
        (trial.wrapping_sub(self.first) % REPLICATES as u64) as usize
    }
}

/// The tail of one portfolio, drawn again.
pub(super) struct Tail<'a> {
    trials: &'a [(f64, Parts)],
    /// Which of `trials` stand for those at the VaR, and what their losses are to be multiplied by to be it.
    nearest: Vec<usize>,
    nearer: f64,
    /// Trials among which they were chosen.
    n: f64,
    /// Where trials do not weigh alike.
    replicates: Option<Replicates>,
    /// Whether these are enough for a standard error.
    enough: bool,
    /// Where not all trials have rows: which part of them, and TVaR of all.
    of_all: Option<(f64, Estimate)>,
}

impl<'a> Tail<'a> {
    /// `trials`: weights and parts of the trials that `tail` chose among `rows`. `tvar`: of all trials; `all`: their number.
    pub(super) fn new(trials: &'a [(f64, Parts)], rows: &Sorted, tvar: &Estimate, (first, all): (u64, u64)) -> Self {
        let n = number(rows.n());
        let nearest = nearest(trials);
        let near = |part: &dyn Fn(&Parts) -> f64| {
            nearest.iter().map(|&trial| &trials[trial]).map(|(weight, parts)| weight * part(parts)).sum::<f64>()
        };
        let nearer = rows.quantile(TAIL) * near(&|_| 1.0) / near(&|parts| parts.loss);
        // Where losses and gains nearly cancel, no part of one stands for the other.
        let nearer = if (0.0..=1.0).contains(&nearer) { nearer } else { 1.0 };
        let enough = is_enough(rows.effective_tail(TAIL));
        let replicates = rows.replicates().map(|(shares, spread)| Replicates { first, shares, spread });
        let of_all = (all > rows.n() as u64).then(|| (n / number_of(all), *tvar));
        Self { trials, nearest, nearer, n, replicates, enough, of_all }
    }

    /// Of the trials that were drawn again: the weighted sum of what `part` picks.
    fn sum(&self, part: impl Fn(&Parts) -> f64) -> f64 {
        self.trials.iter().map(|(weight, parts)| weight * part(parts)).sum()
    }

    /// The part of TVaR that `part` picks from a trial: its weighted sum. NaN if no trials were drawn again.
    ///
    /// The error is that of the influence function of E[X; L > q] / (1 − p) + (the atom's part): with h = E[X | L = q],
    /// every trial counts n w (X − h), where the h is what an error of the VaR q itself moves. h is the mean of X
    /// over the trials of the tail nearest to the VaR: those tied there, else the lowest m^⅔ of its m, by as much smaller as the VaR is than their mean loss. So
    /// the h of all parts sum to the VaR, and the whole has the error of TVaR.
    ///
    /// Where not all trials have rows, the part A among those that have is corrected by what their TVaR is off from that of all:
    /// B = A + γ (TVaR of all − theirs), with γ = E\[X L\] / E\[L²\] over the tail: a regression on the loss L, through the origin. The γ of all
    /// parts sum to 1, and so the parts to TVaR of all. (The slope of the usual regression would leave less error; but where a tail is narrower
    /// than a bin, in which TVaR of all is counted, it is so steep that it makes much of what a bin leaves open.) So B is γ times TVaR of all and a
    /// rest R = A − γ TVaR of those with rows; they are a part f of all trials, and var(B) = var(R) + γ² var(TVaR of all) + 2 γ f cov(R, TVaR of those
    /// with rows). NaN if rows know nothing of a tail that the others have.
    ///
    /// Source: MODEL section 8; Tasche, "Risk contributions and performance measurement", 1999, for the part;
    /// Hong, "Estimating quantile sensitivities", 2009, for the conditional mean at the quantile; Cochran, "Sampling techniques", 1977,
    /// chapters 7 and 12, for such estimators in two phases.
    pub(super) fn part(&self, part: impl Fn(&Parts) -> f64) -> Estimate {
        if self.trials.is_empty() {
            return Estimate::exact(f64::NAN);
        }
        let own = self.sum(&part);
        let Some((f, tvar)) = self.of_all else {
            let error = self.enough.then(|| {
                let independent = self.covariance(&part, &part);
                let replicates = self.replicates.as_ref().map(|replicates| self.variance(replicates, &part));
                replicates.map_or(independent, |shown| shown.max(LEAST_VARIANCE * independent)).sqrt()
            });
            return match (&self.replicates, error) {
                (Some(_), Some(error)) => Estimate::of_replicates(own, error),
                _ => Estimate::normal(own, error),
            };
        };
        let loss = |parts: &Parts| parts.loss;
        let (whole, squares) = (self.sum(loss), self.sum(|parts| parts.loss * parts.loss));
        let gamma = if squares > 0.0 { self.sum(|parts| part(parts) * parts.loss) / squares } else { 0.0 };
        #[expect(clippy::float_cmp, reason = "nothing is missing only where both are the same")]
        if squares == 0.0 && tvar.value != whole {
            return Estimate::exact(f64::NAN);
        }
        let error = |of_tvar: f64| {
            let rest = |parts: &Parts| part(parts) - gamma * parts.loss;
            let both = gamma * of_tvar * gamma * of_tvar + 2.0 * gamma * f * self.covariance(rest, loss);
            (self.covariance(rest, rest) + both).max(0.0).sqrt()
        };
        let value = own + gamma * (tvar.value - whole);
        Estimate::normal(value, tvar.std_error.filter(|_| self.enough).map(error))
    }

    /// The covariance of two parts of TVaR, from what each trial adds to both, as if all were independent.
    fn covariance(&self, one: impl Fn(&Parts) -> f64, other: impl Fn(&Parts) -> f64) -> f64 {
        let n = self.n;
        let (one, other) = (self.influence(&one), self.influence(&other));
        // A trial of weight w, which is n (1 − p) × its weight here, is off by w × the mean besides; so are those outside.
        let (mut products, mut outside) =
            (0.0, n * self.replicates.as_ref().map_or(1.0, |replicates| replicates.spread));
        for trial in self.trials {
            let w = n * trial.0 * (1.0 - TAIL);
            products += one.of(trial, w) * other.of(trial, w);
            outside -= w * w;
        }
        products += one.mean * other.mean * outside.max(0.0);
        products / (n - 1.0) / n
    }

    /// The variance of a part, from what the trials of each replicate add to it.
    fn variance(&self, replicates: &Replicates, part: impl Fn(&Parts) -> f64) -> f64 {
        let influence = self.influence(&part);
        let mut sums = replicates.shares.map(|share| -influence.mean * share);
        for trial in self.trials {
            sums[replicates.of(trial.1.trial)] += influence.of(trial, 0.0) / self.n;
        }
        let n = number(REPLICATES).min(self.n);
        sums.iter().map(|sum| sum * sum).sum::<f64>() * n / (n - 1.0)
    }

    fn influence<P: Fn(&Parts) -> f64>(&self, part: P) -> Influence<P> {
        let nearest = || self.nearest.iter().map(|&trial| &self.trials[trial]);
        let at_var = self.nearer * nearest().map(|(weight, parts)| weight * part(parts)).sum::<f64>()
            / nearest().map(|(weight, _)| weight).sum::<f64>();
        let mean = self.trials.iter().map(|(weight, parts)| weight * (part(parts) - at_var)).sum();
        Influence { part, n: self.n, at_var, mean }
    }
}

/// What trials add to n × a part of TVaR.
struct Influence<P> {
    part: P,
    n: f64,
    at_var: f64,
    mean: f64,
}

impl<P: Fn(&Parts) -> f64> Influence<P> {
    /// Of a trial of weight `w`, less the mean.
    fn of(&self, (weight, parts): &(f64, Parts), w: f64) -> f64 {
        self.n * weight * ((self.part)(parts) - self.at_var) - w * self.mean
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
