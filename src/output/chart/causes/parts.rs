//! Which risks are named, and how large each one's part is. Draws nothing.

use super::super::Sheet;
use super::NAMED;
use crate::results::By;

/// Parts of the loss by risk, the weightiest first: `mean[portfolio][part]`; NaN where the sample is too small.
pub(super) struct Parts {
    /// Risks, then `n others`, if so many.
    pub names: Vec<String>,
    /// Parts of the mean loss.
    pub mean: Vec<Vec<f64>>,
    /// Parts of TVaR 99 %.
    pub tail: Vec<Vec<f64>>,
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
        let order = ranked(&mean, &tail);
        let named = if order.len() <= NAMED + 1 {
            order.len()
        } else {
            NAMED
        };
        let mut names: Vec<String> = order[..named]
            .iter()
            .map(|&i| items[i].to_owned())
            .collect();
        if order.len() > named {
            names.push(format!("{} others", order.len() - named));
        }
        let split = |of: &[Vec<f64>]| -> Vec<Vec<f64>> {
            let parts_of = |p: usize| {
                let mut parts: Vec<f64> = order[..named].iter().map(|&i| of[i][p]).collect();
                if order.len() > named {
                    parts.push(order[named..].iter().map(|&i| of[i][p]).sum());
                }
                parts
            };
            (0..n).map(parts_of).collect()
        };
        Parts {
            names,
            mean: split(&mean),
            tail: split(&tail),
        }
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
