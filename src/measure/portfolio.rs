//! The figures of one portfolio by itself. Each long column is sorted once, and let go before the next.

use super::attribution::Tail;
use super::estimate;
use super::order::Sorted;
use super::tail::{self, tvar_with_error};
use super::years::Years;
use super::{Divide, LEVELS, QUANTILES, TAIL, concentration, curve, services, timeline};
use crate::results::{
    Appetite, Attribution, By, COMPONENTS, Estimate, Exceedance, ExceedancePoint, Headline, ServiceHeadline,
    TimelinePoint,
};
use crate::scenario::Scenario;
use crate::simulate::{All, Histogram, LONGER_THAN, Moments, PortfolioTrials, Trials};

/// The place of the attributed tail among the levels.
const AT_TAIL: usize = 2;
const _: () = assert!(LEVELS[AT_TAIL] == TAIL);
/// Trials that are divided at once: enough for all threads.
const DIVIDED: usize = 4096;
/// Where charts of the distribution begin and end.
const ENDS: (f64, f64) = (0.001, 0.995);

/// Everything about one portfolio that needs no other.
pub(super) struct Figures {
    pub(super) plan: f64,
    pub(super) loss: Losses,
    /// Total cost: mean, sd and quantiles.
    pub(super) mean_total_cost: Estimate,
    /// Mean total cost by component.
    pub(super) components: Vec<Estimate>,
    pub(super) prob_over_appetite: Option<Estimate>,
    pub(super) appetite: Option<Appetite>,
    pub(super) services: Vec<Served>,
    pub(super) years: Vec<Estimate>,
    pub(super) exceedance: Vec<ExceedancePoint>,
    pub(super) attribution: Vec<Attribution>,
    pub(super) timeline: Vec<TimelinePoint>,
    /// Mean loss by month.
    pub(super) months: Vec<Estimate>,
    pub(super) hhi_vendor: f64,
    pub(super) hhi_platform: f64,
    pub(super) effective_vendors: Option<f64>,
    /// Losses where a chart of the distribution may begin and end.
    pub(super) ends: (f64, f64),
}

/// Measures of loss over the horizon.
pub(super) struct Losses {
    pub(super) mean: Estimate,
    pub(super) sd: Estimate,
    /// At each of `QUANTILES`.
    pub(super) quantiles: Vec<Estimate>,
    /// At each of `LEVELS`.
    pub(super) var: Vec<Estimate>,
    /// At each of `LEVELS`.
    pub(super) tvar: Vec<Estimate>,
    /// How many plain trials would know TVaR 99.5 % as well, where trials have weights.
    worth: Option<f64>,
}

/// How well a service is served.
pub(super) struct Served {
    pub(super) unserved_mean: Estimate,
    /// Mean of the worst 1 % of trials.
    pub(super) unserved_tvar: Estimate,
    /// At each of `QUANTILES`.
    pub(super) unserved_quantiles: Vec<Estimate>,
    pub(super) longest_mean: Estimate,
    /// At each of `QUANTILES`.
    pub(super) longest_quantiles: Vec<Estimate>,
    /// Hours, and the probability of an interruption longer than that.
    pub(super) longer_than: Vec<(f64, Estimate)>,
    /// The entry of `longer_than` that is the service's impact tolerance.
    over_impact_tolerance: Option<(f64, Estimate)>,
    pub(super) availability_mean: Estimate,
    /// Mean of the worst 1 % of trials.
    pub(super) availability_worst: Estimate,
}

impl Figures {
    pub(super) fn new(scenario: &Scenario, trials: &Trials, portfolio: usize, divide: &Divide) -> Self {
        let kept = &trials.portfolios[portfolio];
        let plan = kept.plan.iter().sum();
        let weights = trials.weights.as_deref();
        let sorted = column(&kept.loss, weights, kept.counted.as_ref().map(|counted| &counted.loss));
        let loss = Losses::new(&kept.all.loss, &sorted);
        let prob_over_appetite = scenario.appetite.map(|_| estimate::probability_of(&kept.all.over_appetite));
        let allowed = scenario.appetite.and_then(|appetite| appetite.probability);
        let ends = (sorted.quantile(ENDS.0), sorted.quantile(ENDS.1));
        let mut exceedance = curve::horizon(portfolio, &sorted);
        // The trials to divide are chosen among those that have rows.
        let of_rows = kept.counted.is_some().then(|| Sorted::weighted(&kept.loss, weights));
        let tail = divided(trials, (portfolio, of_rows.as_ref().unwrap_or(&sorted)), &loss.tvar[AT_TAIL], divide);
        drop((sorted, of_rows));
        let attribution = attribution(scenario, &kept.all, portfolio, (&tail, loss.tvar[AT_TAIL].value));
        for (kind, losses, counted) in [
            (Exceedance::Aep, &kept.aep, kept.counted.as_ref().map(|counted| &counted.aep)),
            (Exceedance::Oep, &kept.oep, kept.counted.as_ref().map(|counted| &counted.oep)),
        ] {
            let years = Years { losses, per_trial: trials.n_years, weights, counted };
            exceedance.extend(curve::yearly(portfolio, kind, &years));
        }
        let shares = concentration::planned_shares(scenario, portfolio);
        Self {
            plan,
            mean_total_cost: loss.mean.plus(plan),
            loss,
            components: kept
                .plan
                .iter()
                .zip(&kept.all.components)
                .map(|(plan, part)| estimate::mean(part).plus(*plan))
                .collect(),
            prob_over_appetite,
            appetite: prob_over_appetite.zip(allowed).map(|(over, allowed)| judged(over, allowed)),
            services: (0..scenario.services.len()).map(|s| Served::new(scenario, kept, s, weights)).collect(),
            years: kept.all.years.iter().map(estimate::mean).collect(),
            exceedance,
            attribution,
            timeline: timeline::timeline(scenario.start_unix, portfolio, kept),
            months: kept.all.months.iter().map(estimate::mean).collect(),
            hhi_vendor: concentration::hhi(&shares),
            hhi_platform: concentration::hhi(&concentration::by_platform(scenario, &shares)),
            effective_vendors: concentration::effective_vendors(kept),
            ends,
        }
    }

    pub(super) fn headline(&self) -> Headline {
        let [_, at_95, at_99, at_half_percent, _] = std::array::from_fn(|k| (self.loss.var[k], self.loss.tvar[k]));
        const { assert!(LEVELS[1] == 0.95 && LEVELS[2] == 0.99 && LEVELS[3] == 0.995) };
        Headline {
            plan: self.plan,
            mean_loss: self.loss.mean,
            sd_loss: self.loss.sd,
            mean_total_cost: self.mean_total_cost,
            var_95: at_95.0,
            tvar_95: at_95.1,
            var_99: at_99.0,
            tvar_99: at_99.1,
            var_995: at_half_percent.0,
            tvar_995: at_half_percent.1,
            tvar_995_worth: self.loss.worth,
            prob_over_appetite: self.prob_over_appetite,
            appetite: self.appetite,
            services: self.services.iter().map(Served::headline).collect(),
            hhi_vendor: self.hhi_vendor,
            hhi_platform: self.hhi_platform,
            effective_vendors: self.effective_vendors,
        }
    }

    /// Parts of one division of the loss.
    pub(super) fn parts(&self, by: By) -> impl Iterator<Item = &Attribution> {
        self.attribution.iter().filter(move |part| part.by == by)
    }
}

impl Losses {
    pub(super) fn new(moments: &Moments, sorted: &Sorted) -> Self {
        let tvar: Vec<Estimate> = LEVELS.iter().map(|&level| tvar_with_error(sorted, level)).collect();
        Self {
            worth: if sorted.is_weighted() { sorted.worth(LEVELS[3], &tvar[3]) } else { None },
            mean: estimate::mean(moments),
            sd: estimate::sd(sorted, moments),
            quantiles: quantiles(sorted),
            var: LEVELS.iter().map(|&level| sorted.quantile_with_error(level)).collect(),
            tvar,
        }
    }
}

impl Served {
    fn new(scenario: &Scenario, kept: &PortfolioTrials, service: usize, weights: Option<&[f64]>) -> Self {
        let unserved_mean = estimate::mean(&kept.all.unserved_hours[service]);
        let (unserved_tvar, unserved_quantiles) = {
            let counted = kept.counted.as_ref().map(|counted| &counted.unserved_hours[service]);
            let sorted = column(&kept.unserved_hours[service], weights, counted);
            (tvar_with_error(&sorted, TAIL), quantiles(&sorted))
        };
        let counted = kept.counted.as_ref().map(|counted| &counted.longest_hours[service]);
        let longest = column(&kept.longest_hours[service], weights, counted);
        let tolerance = scenario.services[service].impact_tolerance_hours;
        let all = &kept.all.longer_than[service];
        let thresholds = LONGER_THAN.into_iter().zip(all);
        let more = tolerance.filter(|hours| !LONGER_THAN.contains(hours)).zip(all.last());
        let longer_than = |(hours, all)| (hours, estimate::probability_of(all));
        let own = tolerance.zip(all.last());
        let available = |hours: Estimate| hours.times(-1.0 / scenario.horizon_hours).plus(1.0);
        Self {
            availability_mean: available(unserved_mean),
            availability_worst: available(unserved_tvar),
            unserved_mean,
            unserved_tvar,
            unserved_quantiles,
            longest_mean: estimate::mean(&kept.all.longest_hours[service]),
            longest_quantiles: quantiles(&longest),
            longer_than: thresholds.chain(more).map(longer_than).collect(),
            over_impact_tolerance: own.map(longer_than),
        }
    }

    fn headline(&self) -> ServiceHeadline {
        ServiceHeadline {
            unserved_hours: self.unserved_mean,
            availability: self.availability_mean,
            availability_worst_1: self.availability_worst,
            longest_interruption: self.longest_mean,
            over_impact_tolerance: self.over_impact_tolerance,
        }
    }
}

/// Draws the trials of the tail again, and divides it. `rows`: the losses of those trials of the portfolio that have rows.
fn divided(trials: &Trials, (portfolio, rows): (usize, &Sorted), tvar: &Estimate, divide: &Divide) -> Tail {
    let losses = &trials.portfolios[portfolio].loss;
    let chosen = tail::chosen(losses, trials.weights.as_deref(), (TAIL, rows.quantile(TAIL)));
    let each: Vec<(f64, f64)> = chosen.iter().map(|&(row, weight)| (weight, losses[row])).collect();
    let mut tail = Tail::new(&each, rows, tvar, (trials.first, trials.n));
    let mut rows = chosen.iter().map(|&(row, _)| row).peekable();
    let numbers = trials.numbers().enumerate().filter(|&(row, _)| rows.next_if_eq(&row).is_some());
    let numbers: Vec<u64> = numbers.map(|(_, number)| number).collect();
    for some in numbers.chunks(DIVIDED) {
        for parts in divide(portfolio, some) {
            tail.add(&parts);
        }
    }
    tail
}

/// What all trials gave: their rows, or what was counted where not all have rows.
pub(super) fn column(rows: &[f64], weights: Option<&[f64]>, counted: Option<&Histogram>) -> Sorted {
    counted.map_or_else(|| Sorted::weighted(rows, weights), Sorted::counted)
}

/// Whether a loss above the appetite is at most as likely as `allowed`, as far as the interval of its probability tells.
pub(super) fn judged(over: Estimate, allowed: f64) -> Appetite {
    match (over.lower, over.upper) {
        (_, Some(upper)) if upper <= allowed => Appetite::Within,
        (Some(lower), _) if lower > allowed => Appetite::Over,
        _ => Appetite::CannotTell,
    }
}

fn quantiles(sorted: &Sorted) -> Vec<Estimate> {
    QUANTILES.iter().map(|&level| sorted.quantile_with_error(level)).collect()
}

/// The loss divided by risk, node, component and service.
fn attribution(scenario: &Scenario, all: &All, portfolio: usize, (tail, tvar): (&Tail, f64)) -> Vec<Attribution> {
    // What is left of amounts that cancel.
    let rounding = 1e-12 * tvar.abs();
    let parts = |by: By, items: Vec<String>, moments: &[Moments]| -> Vec<Attribution> {
        let each = items.into_iter().zip(moments).enumerate();
        each.map(|(k, (item, moments))| Attribution {
            portfolio,
            by,
            item,
            mean: estimate::mean(moments),
            tvar_99_part: {
                let part = tail.part(by, k);
                // That none of the tail's trials has any of it does not show that it is no part of the tail.
                let is_rounding = |x: f64| x.abs() <= rounding;
                let unseen = is_rounding(part.value) && part.std_error.is_some_and(is_rounding) && moments.m2 > 0.0;
                if unseen { Estimate::exact(part.value) } else { part }
            },
        })
        .collect()
    };
    let risks = scenario.risks.iter().map(|risk| risk.id.clone()).collect();
    let nodes = scenario.nodes.iter().map(|node| node.id.clone()).collect();
    let components = COMPONENTS.map(String::from).to_vec();
    [
        parts(By::Risk, risks, &all.risks),
        parts(By::Node, nodes, &all.nodes),
        parts(By::Component, components, &all.components),
        parts(By::Service, services(scenario), &all.services),
    ]
    .concat()
}
