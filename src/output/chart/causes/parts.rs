//! Which risks are named, and how large each one's part is. Draws nothing.

use super::super::{Sheet, text};
use super::NAMED;
use crate::results::By;

/// Parts of the loss by risk, the weightiest first: `mean[portfolio][part]`; NaN where the sample is too small.
pub(super) struct Parts {
    /// Risks, then `n others`, if so many.
    pub names: Vec<String>,
    /// What tells each name from the others.
    tells: Vec<usize>,
    /// Parts of the mean loss.
    pub mean: Vec<Vec<f64>>,
    /// Parts of `TVaR` 99 %.
    pub tail: Vec<Vec<f64>>,
    /// Is any part not known?
    pub unknown: bool,
}

impl Parts {
    pub(super) fn new(sheet: &Sheet) -> Self {
        let n = sheet.n();
        let mut items: Vec<&str> = Vec::new();
        let mut mean: Vec<Vec<f64>> = Vec::new();
        let mut tail: Vec<Vec<f64>> = Vec::new();
        let finite = |v: f64| if v.is_finite() { v } else { f64::NAN };
        for a in &sheet.results.attribution {
            if a.by != By::Risk || a.portfolio >= n {
                continue;
            }
            let item = items.iter().position(|&i| i == a.item).unwrap_or_else(|| {
                items.push(&a.item);
                mean.push(vec![0.0; n]);
                tail.push(vec![0.0; n]);
                items.len() - 1
            });
            mean[item][a.portfolio] = finite(a.mean.value);
            tail[item][a.portfolio] = finite(a.tvar_99_part.value);
        }
        let unknown = mean.iter().chain(&tail).flatten().any(|v| v.is_nan());
        let order = ranked(&mean, &tail);
        let n_named = if order.len() <= NAMED + 1 { order.len() } else { NAMED };
        let (named, rest) = order.split_at(n_named);
        let mut said: Vec<String> = named.iter().map(|&i| items[i].to_owned()).collect();
        if !rest.is_empty() {
            said.push(format!("{} others", rest.len()));
        }
        let of_portfolio = |of: &[Vec<f64>], p: usize| -> Vec<f64> {
            let whole = (!rest.is_empty()).then(|| rest.iter().map(|&i| of[i][p]).sum());
            named.iter().map(|&i| of[i][p]).chain(whole).collect()
        };
        let split = |of: &[Vec<f64>]| (0..n).map(|p| of_portfolio(of, p)).collect();
        Parts { tells: text::telling(&said), names: said, mean: split(&mean), tail: split(&tail), unknown }
    }

    pub(super) fn name(&self, part: usize) -> text::Name<'_> {
        text::Name { text: &self.names[part], tells: self.tells[part] }
    }
}

/// The items that cause anything, the weightiest first: by their largest part of any portfolio's mean or tail, each
/// measured by the largest there is.
fn ranked(mean: &[Vec<f64>], tail: &[Vec<f64>]) -> Vec<usize> {
    let largest = |of: &[f64]| of.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    let whole = |of: &[Vec<f64>]| of.iter().map(|i| largest(i)).fold(1e-300, f64::max);
    let (mean_whole, tail_whole) = (whole(mean), whole(tail));
    let weight = |i: usize| (largest(&mean[i]) / mean_whole).max(largest(&tail[i]) / tail_whole);
    let mut order: Vec<usize> = (0..mean.len()).filter(|&i| weight(i) > 0.0).collect();
    order.sort_by(|&a, &b| weight(b).total_cmp(&weight(a)).then(a.cmp(&b)));
    order
}
