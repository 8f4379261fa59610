//! From trials to figures: every measure of MODEL section 8, each with its error. Knows nothing of how a trial
//! came about, and nothing of files.

mod attribution;
pub(crate) mod checks;
mod comparison;
pub(crate) mod concentration;
mod convergence;
mod curve;
mod estimate;
mod order;
mod portfolio;
mod replicates;
mod spread;
mod table;
mod tail;
mod timeline;
mod years;

pub use convergence::Goal;
pub(crate) use convergence::relative_error;
pub use order::Sorted;
pub use tail::{tail, tvar, tvar_with_error};

use rayon::prelude::*;

use self::comparison::Shared;
use self::portfolio::{Figures, Losses};
use crate::results::{COMPONENTS, Comparison, Provenance, Results, TrialRow};
use crate::scenario::Scenario;
use crate::simulate::{Parts, PortfolioTrials, Trials};

/// Levels of quantiles (MODEL section 8).
pub(crate) const QUANTILES: [f64; 11] = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999];
/// Levels of VaR and TVaR.
pub(crate) const LEVELS: [f64; 5] = [0.9, 0.95, 0.99, 0.995, 0.999];
/// Return periods of AEP and OEP, years.
pub(crate) const RETURN_PERIODS: [f64; 9] = [2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0];
/// The level whose TVaR is attributed.
pub const TAIL: f64 = 0.99;
/// What is due for no service alone.
const FIRM_WIDE: &str = "firm-wide";

/// What the losses of a portfolio in some trials, by their numbers, are divided into: in their order, as often as it is asked for. Without
/// any answer the tail is not attributed.
pub type Divide<'a> = dyn Fn(usize, &[u64]) -> Vec<Parts> + Sync + 'a;

/// All results of a run.
///
/// All but its checks of itself, which need formulas. `divide`: draws the trials of the tail at [`TAIL`] again. `version`: of the engine.
///
/// # Panics
///
/// If trials and scenario are not of the same shape.
#[must_use]
pub fn results(scenario: &Scenario, trials: &Trials, divide: &Divide, version: &str) -> Results {
    let figures: Vec<Figures> = (0..trials.portfolios.len())
        .into_par_iter()
        .map(|portfolio| Figures::new(scenario, trials, portfolio, divide))
        .collect();
    let shared = Shared { n: trials.n, weights: trials.weights.as_deref() };
    let comparison: Vec<_> = (0..figures.len())
        .filter(|&portfolio| portfolio != scenario.baseline)
        .map(|portfolio| {
            let (ours, baseline) = (side(&figures, trials, portfolio), side(&figures, trials, scenario.baseline));
            let all = &trials.portfolios[portfolio].all;
            comparison::compare(scenario, ours, baseline, shared, (&all.difference, &all.cheaper))
        })
        .collect();
    Results {
        provenance: provenance(scenario, trials, version),
        portfolios: scenario.portfolios.iter().map(|portfolio| portfolio.id.clone()).collect(),
        baseline: scenario.baseline,
        risks: scenario.risks.iter().map(|risk| risk.id.clone()).collect(),
        nodes: scenario.nodes.iter().map(|node| node.id.clone()).collect(),
        services: services(scenario),
        measures: table::long_table(scenario, &figures, &comparison),
        exceedance: figures.iter().flat_map(|figures| figures.exceedance.iter().cloned()).collect(),
        attribution: figures.iter().flat_map(|figures| figures.attribution.iter().cloned()).collect(),
        timeline: figures.iter().flat_map(|figures| figures.timeline.iter().cloned()).collect(),
        convergence: convergence::convergence(scenario, trials, &figures),
        headlines: figures.iter().map(Figures::headline).collect(),
        distribution: distribution(&figures, trials),
        trials: rows(trials),
        comparison,
        checks: Vec::new(),
    }
}

/// Compares pairs of portfolios on the same trials, which must all have rows of weight 1: the first of each less the second.
///
/// # Panics
///
/// If a pair names a portfolio that `trials` has not.
#[must_use]
pub fn compare(scenario: &Scenario, trials: &Trials, pairs: &[(usize, usize)]) -> Vec<Comparison> {
    let losses = |portfolio: &PortfolioTrials| Losses::new(&portfolio.all.loss, &Sorted::of(&portfolio.loss));
    let losses: Vec<Losses> = trials.portfolios.iter().map(losses).collect();
    let side = |portfolio: usize| {
        let kept = &trials.portfolios[portfolio];
        let of = &losses[portfolio];
        let plan = kept.plan.iter().sum();
        comparison::Side { portfolio, plan, losses: &kept.loss, var: &of.var, tvar: &of.tvar }
    };
    let shared = Shared { n: trials.n, weights: None };
    let compared = |&(ours, other): &(usize, usize)| {
        let (difference, cheaper) = comparison::paired(side(ours), side(other));
        comparison::compare(scenario, side(ours), side(other), shared, (&difference, &cheaper))
    };
    pairs.iter().map(compared).collect()
}

fn provenance(scenario: &Scenario, trials: &Trials, version: &str) -> Provenance {
    Provenance {
        version: version.to_owned(),
        scenario: scenario.name.clone(),
        currency: scenario.currency.clone(),
        start: crate::quantity::iso(scenario.start_unix),
        horizon_hours: scenario.horizon_hours,
        seed: scenario.seed,
        trials: trials.n,
        rows: trials.portfolios.first().map_or(0, |kept| kept.loss.len() as u64),
        month_bin_width: (trials.portfolios.first().and_then(|kept| kept.month_histograms.first()))
            .map_or(0.0, crate::simulate::Histogram::bin_width),
        bin_width: (trials.thinned > 0).then(|| 1.0 / f64::from(1_u32 << trials.bits)),
        effective_trials: trials.weights.as_ref().map(|_| trials.portfolios[0].all.loss.effective_n()),
        appetite: scenario.appetite.map(|appetite| appetite.loss),
        appetite_probability: scenario.appetite.and_then(|appetite| appetite.probability),
    }
}

/// Ids of the services, then firm-wide.
fn services(scenario: &Scenario) -> Vec<String> {
    let ids = scenario.services.iter().map(|service| service.id.clone());
    ids.chain([FIRM_WIDE.to_owned()]).collect()
}

fn side<'a>(figures: &'a [Figures], trials: &'a Trials, portfolio: usize) -> comparison::Side<'a> {
    let figures = &figures[portfolio];
    let losses = &trials.portfolios[portfolio].loss;
    comparison::Side { portfolio, plan: figures.plan, losses, var: &figures.loss.var, tvar: &figures.loss.tvar }
}

fn distribution(figures: &[Figures], trials: &Trials) -> crate::results::Distribution {
    let from = figures.iter().map(|figures| figures.plan + figures.ends.0).fold(f64::INFINITY, f64::min);
    let to = figures.iter().map(|figures| figures.plan + figures.ends.1).fold(f64::NEG_INFINITY, f64::max);
    let weights = trials.weights.as_deref();
    let costs: Vec<_> = (figures.iter().zip(&trials.portfolios))
        .map(|(figures, kept)| {
            let counted = kept.counted.as_ref().map(|counted| &counted.loss);
            (portfolio::column(&kept.loss, weights, counted), figures.plan)
        })
        .collect();
    spread::distribution(from, to, &costs)
}

/// Trial by trial, the portfolios in order; none if the trials were not kept.
fn rows(trials: &Trials) -> Option<Vec<TrialRow>> {
    if trials.portfolios.iter().any(|portfolio| portfolio.rows.is_none()) {
        return None;
    }
    let numbers = trials.numbers().enumerate();
    let each = numbers.flat_map(|(t, number)| trials.portfolios.iter().enumerate().map(move |kept| (t, number, kept)));
    let weight = |t: usize| trials.weights.as_ref().map(|weights| weights[t]);
    each.map(|(t, number, (p, kept))| row(number, t, p, kept, weight(t))).collect()
}

fn row(trial: u64, idx: usize, portfolio: usize, kept: &PortfolioTrials, weight: Option<f64>) -> Option<TrialRow> {
    let loss = kept.loss[idx];
    let parts = kept.rows.as_ref()?.get(idx)?;
    let components = std::array::from_fn::<_, { COMPONENTS.len() }, _>(|c| kept.plan[c] + parts[c]);
    Some(TrialRow { trial, portfolio, loss, total_cost: kept.plan.iter().sum::<f64>() + loss, components, weight })
}

#[cfg(test)]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::float_cmp,
    reason = "counts are small, and what is exact is compared so"
)]
pub(crate) mod tests;
