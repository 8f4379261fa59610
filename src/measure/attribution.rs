//! Who causes the tail: TVaR divided by component, risk, node and service, so that parts sum to the whole.

use std::ops::Range;

use super::TAIL;
use super::estimate::number;
use super::order::{Sorted, number_of};
use super::replicates::{ByReplicate, replicate};
use super::tail::is_enough;
use crate::results::{By, Estimate};
use crate::simulate::Parts;

/// What the trials of the tail add up to, of one part of their loss.
#[derive(Debug, Clone, Copy)]
struct Column {
    /// About this all squares are taken, so that they do not cancel: the part of the first trial.
    about: f64,
    /// Σ w x, and of those nearest to the VaR alone.
    sum: f64,
    nearest: f64,
    /// Σ w x L.
    by_loss: f64,
    /// Σ w² y, Σ w² y² and Σ w² y y of the loss, where y is x less `about`.
    once: f64,
    squares: f64,
    products: f64,
}

/// The same by replicate: Σ w and, column by column, Σ w x.
#[derive(Debug)]
struct Replicates {
    /// The first of all trials.
    first: u64,
    /// The weight of each replicate of all trials.
    weights: ByReplicate,
    of_tail: ByReplicate,
    columns: Vec<ByReplicate>,
}

/// The tail of one portfolio, drawn again trial by trial; none of them is kept.
#[derive(Debug)]
pub(super) struct Tail {
    /// Weights and losses of its trials, and whether they stand for those at the VaR.
    trials: Vec<(f64, f64, bool)>,
    /// How many were drawn again.
    drawn: usize,
    /// Σ w and Σ w² of these.
    weight: f64,
    squares: f64,
    /// Risks, nodes, components and services, as in [`By`], then the loss.
    columns: Vec<Column>,
    lists: [Range<usize>; 4],
    /// What losses nearest to the VaR are to be multiplied by to be it, and their weight.
    nearer: f64,
    weight_nearest: f64,
    /// Trials among which they were chosen, and n × the sum of squared weights ÷ the square of their sum.
    n: f64,
    spread: f64,
    /// Where trials do not weigh alike.
    replicates: Option<Replicates>,
    /// Whether these are enough for a standard error.
    enough: bool,
    /// Where not all trials have rows: which part of them, and TVaR of all.
    of_all: Option<(f64, Estimate)>,
}

impl Tail {
    /// `trials`: weights and losses of the trials that `tail` chose among `rows`. `tvar`: of all trials; `all`: the first, and their number.
    pub(super) fn new(trials: &[(f64, f64)], rows: &Sorted, tvar: &Estimate, (first, all): (u64, u64)) -> Self {
        let n = number(rows.n());
        let nearest = nearest(trials);
        let (mut weight_nearest, mut loss) = (0.0, 0.0);
        for &(weight, x) in trials.iter().zip(&nearest).filter(|(_, nearest)| **nearest).map(|(trial, _)| trial) {
            weight_nearest += weight;
            loss += weight * x;
        }
        let nearer = rows.quantile(TAIL) * weight_nearest / loss;
        let replicates = rows.replicates();
        Self {
            trials: trials.iter().zip(nearest).map(|(&(weight, loss), nearest)| (weight, loss, nearest)).collect(),
            drawn: 0,
            weight: 0.0,
            squares: 0.0,
            columns: Vec::new(),
            lists: [0..0, 0..0, 0..0, 0..0],
            // Where losses and gains nearly cancel, no part of one stands for the other.
            nearer: if (0.0..=1.0).contains(&nearer) { nearer } else { 1.0 },
            weight_nearest,
            n,
            spread: replicates.map_or(1.0, |(_, spread)| spread),
            replicates: replicates.map(|(weights, _)| Replicates {
                first,
                weights,
                of_tail: ByReplicate::NONE,
                columns: Vec::new(),
            }),
            enough: is_enough(rows.effective_tail(TAIL)),
            of_all: (all > rows.n() as u64).then(|| (n / number_of(all), *tvar)),
        }
    }

    /// Adds the next of the trials, divided.
    pub(super) fn add(&mut self, parts: &Parts) {
        let Some(&(weight, loss, nearest)) = self.trials.get(self.drawn) else { return };
        let lists = [&parts.risks, &parts.nodes, &parts.components, &parts.services];
        let each = || lists.into_iter().flatten().copied().chain([loss]);
        if self.columns.is_empty() {
            self.columns.extend(each().map(Column::about));
            let mut end = 0;
            self.lists = lists.map(|list| {
                let list = end..end + list.len();
                end = list.end;
                list
            });
        }
        let y_loss = loss - self.columns.last().map_or(0.0, |column| column.about);
        for (column, x) in self.columns.iter_mut().zip(each()) {
            column.add(x, (weight, nearest), (loss, y_loss));
        }
        if let Some(replicates) = &mut self.replicates {
            replicates.add(parts.trial, weight, each());
        }
        self.drawn += 1;
        self.weight += weight;
        self.squares += weight * weight;
    }

    /// A part of TVaR, the `k`-th by `by`: its weighted sum. NaN if no trials were drawn again.
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
    pub(super) fn part(&self, by: By, k: usize) -> Estimate {
        let list = &self.lists[by as usize];
        if k < list.len() { self.column(list.start + k) } else { Estimate::exact(f64::NAN) }
    }

    /// All of TVaR.
    #[cfg(test)]
    pub(super) fn whole(&self) -> Estimate {
        self.column(self.columns.len() - 1)
    }

    fn column(&self, k: usize) -> Estimate {
        let (Some(column), Some(loss)) = (self.columns.get(k), self.columns.last()) else {
            return Estimate::exact(f64::NAN);
        };
        let own = column.sum;
        let Some((f, tvar)) = self.of_all else {
            let independent = self.covariance(column, column, column.squares);
            let shown = self.replicates.as_ref().map(|replicates| self.variance(replicates, k, independent));
            let error = self.enough.then(|| shown.unwrap_or(independent).sqrt());
            return match (&self.replicates, error) {
                (Some(_), Some(error)) => Estimate::of_replicates(own, error),
                _ => Estimate::normal(own, error),
            };
        };
        let gamma = if loss.by_loss > 0.0 { column.by_loss / loss.by_loss } else { 0.0 };
        #[expect(clippy::float_cmp, reason = "nothing is missing only where both are the same")]
        if loss.by_loss == 0.0 && tvar.value != loss.sum {
            return Estimate::exact(f64::NAN);
        }
        let error = |of_tvar: f64| {
            let of_loss = self.covariance(loss, loss, loss.squares);
            let both = self.covariance(column, loss, column.products);
            // Of the rest X − γ L with itself, and with L.
            let rest = self.covariance(column, column, column.squares) - gamma * (2.0 * both - gamma * of_loss);
            let with_loss = both - gamma * of_loss;
            (rest + gamma * of_tvar * gamma * of_tvar + 2.0 * gamma * f * with_loss).max(0.0).sqrt()
        };
        let value = own + gamma * (tvar.value - loss.sum);
        Estimate::normal(value, tvar.std_error.filter(|_| self.enough).map(error))
    }

    /// The covariance of two parts of TVaR, from what each trial adds to both, as if all were independent. `products`: Σ w² y y of both.
    fn covariance(&self, one: &Column, other: &Column, products: f64) -> f64 {
        let n = self.n;
        let ([at_one, mean_one], [at_other, mean_other]) = (self.influence(one), self.influence(other));
        // A trial of weight w, which is n (1 − p) × its weight here, is off by w × the mean besides; so are those outside.
        let about = |at_var: f64, mean: f64, column: &Column| at_var + (1.0 - TAIL) * mean - column.about;
        let (a, b) = (about(at_one, mean_one, one), about(at_other, mean_other, other));
        let inside = products - a * other.once - b * one.once + a * b * self.squares;
        let outside = n * self.spread - n * n * (1.0 - TAIL) * (1.0 - TAIL) * self.squares;
        (n * n * inside + mean_one * mean_other * outside.max(0.0)) / (n - 1.0) / n
    }

    /// The variance of a part, from what the trials of each replicate add to it.
    fn variance(&self, replicates: &Replicates, k: usize, independent: f64) -> f64 {
        let [at_var, _] = self.influence(&self.columns[k]);
        let mut sums = replicates.columns[k];
        sums.join(&replicates.of_tail.times(-at_var));
        sums.beyond_share(&replicates.weights).variance(self.n, independent)
    }

    /// The mean of a part at the VaR, and Σ w (x − that).
    fn influence(&self, column: &Column) -> [f64; 2] {
        let at_var = self.nearer * column.nearest / self.weight_nearest;
        [at_var, column.sum - at_var * self.weight]
    }
}

impl Column {
    fn about(x: f64) -> Self {
        Self { about: x, sum: 0.0, nearest: 0.0, by_loss: 0.0, once: 0.0, squares: 0.0, products: 0.0 }
    }

    fn add(&mut self, x: f64, (w, nearest): (f64, bool), (loss, y_loss): (f64, f64)) {
        let y = x - self.about;
        self.sum += w * x;
        self.nearest += if nearest { w * x } else { 0.0 };
        self.by_loss += w * x * loss;
        self.once += w * w * y;
        self.squares += w * w * y * y;
        self.products += w * w * y * y_loss;
    }
}

impl Replicates {
    #[expect(clippy::cast_possible_truncation, reason = "only its last digits matter")]
    fn add(&mut self, trial: u64, weight: f64, parts: impl Iterator<Item = f64>) {
        let replicate = replicate(trial.wrapping_sub(self.first) as usize);
        self.of_tail.add(replicate, weight);
        for (k, x) in parts.enumerate() {
            if k == self.columns.len() {
                self.columns.push(ByReplicate::NONE);
            }
            self.columns[k].add(replicate, weight * x);
        }
    }
}

/// Which trials have the lowest losses of the tail: m^⅔ of m, and all that tie with the last of them.
fn nearest(trials: &[(f64, f64)]) -> Vec<bool> {
    let mut by_loss: Vec<usize> = (0..trials.len()).collect();
    by_loss.sort_unstable_by(|&a, &b| trials[a].1.total_cmp(&trials[b].1).then(a.cmp(&b)));
    let mut nearest = vec![false; trials.len()];
    let Some(&lowest) = by_loss.first() else {
        return nearest;
    };
    let root = libm::cbrt(number(trials.len()));
    let tied = by_loss.partition_point(|&trial| trials[trial].1 <= trials[lowest].1);
    by_loss.truncate(if tied < 2 { at_least_one(root * root) } else { tied });
    for trial in by_loss {
        nearest[trial] = true;
    }
    nearest
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most the trials of the tail")]
fn at_least_one(x: f64) -> usize {
    x.ceil().max(1.0) as usize
}
