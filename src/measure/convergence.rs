//! How figures settle as trials are added, and whether they are precise enough.

use rayon::prelude::*;

use super::estimate;
use super::order::Sorted;
use super::portfolio::{Figures, column};
use super::tail::tvar_with_error;
use crate::results::{ConvergencePoint, Estimate};
use crate::scenario::Scenario;
use crate::simulate::{BLOCK, Moments, Trials};

/// The level of TVaR that is followed.
const LEVEL: f64 = 0.995;

/// Fewer trials that all give the same do not show that there is no error: what is rarer than one of them may be missing.
const ALIKE: u64 = 1 << 17;

/// An error that is no larger a part of what is counted is a rounding.
const ROUNDING: f64 = 1e-12;

/// A figure that may be asked to be precise: of every portfolio.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Goal {
    /// Mean loss.
    Mean,
    /// TVaR of loss at a level.
    Tvar(f64),
    /// Mean difference of total cost to the baseline.
    Difference,
}

/// The largest relative standard error that any portfolio's figure has; infinite where one is not known.
pub(crate) fn relative_error(scenario: &Scenario, trials: &Trials, goal: Goal) -> f64 {
    let of = |portfolio: usize| {
        let kept = &trials.portfolios[portfolio];
        let estimate = match goal {
            Goal::Mean => estimate::mean(&kept.all.loss),
            Goal::Difference => estimate::mean(&kept.all.difference),
            Goal::Tvar(level) => {
                let counted = kept.counted.as_ref().map(|counted| &counted.loss);
                tvar_with_error(&column(&kept.loss, trials.weights.as_deref(), counted), level)
            }
        };
        // What is left of amounts that are all alike is a rounding of them.
        let size = kept.all.loss.mean.abs() + trials.portfolios[scenario.baseline].all.loss.mean.abs();
        let varies = estimate.std_error.is_some_and(|error| error > ROUNDING * size);
        let known = estimate.relative_error().filter(|_| varies || trials.n >= ALIKE);
        known.unwrap_or(f64::INFINITY)
    };
    let all = (0..trials.portfolios.len()).into_par_iter();
    all.filter(|p| goal != Goal::Difference || *p != scenario.baseline).map(of).reduce(|| 0.0, f64::max)
}

/// Every portfolio's mean loss, TVaR and difference to the baseline after 2, 4, 8 … blocks, and at the end. Where not all trials have rows,
/// those before the end are of the trials that have.
pub(super) fn convergence(scenario: &Scenario, trials: &Trials, figures: &[Figures]) -> Vec<ConvergencePoint> {
    let rows = trials.portfolios.first().map_or(0, |kept| kept.loss.len());
    let mut points = Vec::new();
    let mut numbers: Vec<usize> = std::iter::successors(Some(2 * BLOCK), |n| n.checked_mul(2))
        .map_while(|n| usize::try_from(n).ok())
        .take_while(|n| *n < rows)
        .collect();
    if trials.n > rows as u64 {
        numbers.push(rows);
    }
    let baseline = &trials.portfolios[scenario.baseline];
    for (portfolio, kept) in trials.portfolios.iter().enumerate() {
        let plans = kept.plan.iter().sum::<f64>() - baseline.plan.iter().sum::<f64>();
        let mut add = |n: u64, mean: Estimate, tvar: Estimate, difference: Estimate| {
            let mut point = |measure, level, estimate| {
                points.push(ConvergencePoint { portfolio, trials: n, measure, level, estimate });
            };
            point("mean", None, mean);
            point("tvar", Some(LEVEL), tvar);
            if portfolio != scenario.baseline {
                point("difference", None, difference);
            }
        };
        for &n in &numbers {
            let weights = trials.weights.as_deref().map(|weights| &weights[..n]);
            let moments = |values: &mut dyn Iterator<Item = f64>| {
                let values: Vec<f64> = values.collect();
                match weights {
                    None => Moments::from_slice(&values),
                    Some(weights) => {
                        Moments::weighted_by_replicates(values.iter().copied().zip(weights.iter().copied()))
                    }
                }
            };
            let losses = &kept.loss[..n];
            let apart = |(a, b): (&f64, &f64)| a - b + plans;
            add(
                n as u64,
                estimate::mean(&moments(&mut losses.iter().copied())),
                tvar_with_error(&Sorted::weighted(losses, weights), LEVEL),
                estimate::mean(&moments(&mut losses.iter().zip(&baseline.loss).map(apart))),
            );
        }
        let tvar = super::LEVELS.iter().position(|level| *level == LEVEL).expect("a level of every table");
        add(
            trials.n,
            figures[portfolio].loss.mean,
            figures[portfolio].loss.tvar[tvar],
            estimate::mean(&kept.all.difference),
        );
    }
    points
}
