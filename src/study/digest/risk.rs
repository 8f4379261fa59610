//! A risk in figures: frequency, sizes, outcomes and hours down.

use super::flow::Flow;
use super::grid::{Grid, Lasts};
use super::spread::{self, Begun};
use super::{Events, Extent, OutcomeDigest, Quantity, RiskDigest, Size};
use crate::chance::law::Law;
use crate::plan::Plan;
use crate::plan::curve::Curve;
use crate::plan::risk::multiplier;
use crate::scenario::{Arrivals, Conditions, Effects, Length, Outcome, PricePath, Risk, Scenario, YEAR};

/// 95 % point of the standard normal law.
const Z95: f64 = 1.644_853_626_951_472_2;

/// Every risk of the scenario.
pub(super) fn all(scenario: &Scenario, plan: &Plan) -> Vec<RiskDigest> {
    let grid = &Grid::new(scenario.horizon_hours);
    let begun = spread::begun(scenario, grid);
    scenario.risks.iter().zip(&begun).map(|(risk, begun)| one(risk, begun, grid, scenario, plan)).collect()
}

fn one(risk: &Risk, begun: &Begun, grid: &Grid, scenario: &Scenario, plan: &Plan) -> RiskDigest {
    let times = |conditions: &Conditions| {
        (plan.portfolios.iter()).map(|p| multiplier(conditions, plan, &p.planned)).collect::<Vec<f64>>()
    };
    let mut digest = RiskDigest {
        events: events(risk, begun, grid, scenario),
        path: risk.path.as_ref().map(|path| index(path, scenario)),
        times: times(&risk.conditions),
        sizes: sizes(&risk.effects),
        outcomes: Vec::new(),
        hours_down: None,
    };
    let all = begun.all();
    let mut down = Down::default();
    down.add(&all, &risk.effects, grid);
    for (stage, reached) in risk.stages.iter().zip(begun.stages(risk, grid)) {
        for outcome in &stage.outcomes {
            let flow = reached.thinned(outcome.probability);
            down.add(&flow, &outcome.effects, grid);
            digest.outcomes.push(following(&stage.name, outcome, &flow, times(&outcome.conditions)));
        }
    }
    digest.hours_down = if digest.events.is_some() { down.left(&all).map(|left| lost(&left, grid)) } else { None };
    digest
}

fn following(stage: &str, outcome: &Outcome, flow: &Flow, times: Vec<f64>) -> OutcomeDigest {
    OutcomeDigest {
        stage: stage.to_owned(),
        name: outcome.name.clone(),
        probability: outcome.probability,
        expected: flow.expected(),
        at_least_one: flow.at_least_one(),
        times,
        sizes: sizes(&outcome.effects),
    }
}

/// Events with what others add to them: none where nothing can happen. What comes without others is exact.
pub(super) fn events(risk: &Risk, begun: &Begun, grid: &Grid, scenario: &Scenario) -> Option<Events> {
    let alone = risk.arrivals.as_ref().map(|arrivals| alone(arrivals, risk, scenario));
    let all = begun.all();
    let by_others = all.expected() - begun.plain.expected();
    // Sums may differ by a rounding.
    if by_others.abs() <= 1e-9 * all.expected() {
        return alone;
    }
    let alone = alone.unwrap_or_default();
    let first = |flow: &Flow| flow.expected_before(scenario.horizon_hours.min(YEAR), grid);
    Some(Events {
        expected: alone.expected + by_others,
        by_others,
        first_year: alone.first_year + first(&all) - first(&begun.plain),
        probability: all.at_least_one(),
    })
}

/// Events that come without others.
fn alone(arrivals: &Arrivals, risk: &Risk, scenario: &Scenario) -> Events {
    let horizon = scenario.horizon_hours;
    let year = horizon.min(YEAR);
    let of = |expected, first_year, probability| Events { expected, by_others: 0.0, first_year, probability };
    match arrivals {
        Arrivals::Poisson { per_hour, trend, calendar, aftershocks, .. } => {
            let curve = Curve::new(libm::log1p(*trend) / YEAR, calendar.as_ref(), scenario.start_unix, horizon);
            let expected = per_hour * curve.integral(horizon);
            // Of events that come in clusters only the first come by themselves.
            let first = 1.0 - aftershocks.map_or(0.0, |aftershocks| aftershocks.mean);
            of(expected, per_hour * curve.integral(year), -libm::expm1(-first * expected))
        }
        Arrivals::Every(law) => {
            let number = |to: f64| match law.is_constant() {
                Some(interval) if interval > 0.0 => libm::ceil(to / interval) - 1.0,
                _ => Grid::new(to).renewed(law).iter().sum(),
            };
            // An event at the horizon itself is none.
            let probability = match law.is_constant() {
                Some(interval) => f64::from(interval < horizon),
                None => law.cdf(horizon),
            };
            of(number(horizon), number(year), probability)
        }
        Arrivals::Once { probability, from_hours, to_hours } => {
            let part = if to_hours > from_hours {
                ((year - from_hours) / (to_hours - from_hours)).clamp(0.0, 1.0)
            } else {
                f64::from(*from_hours < year)
            };
            of(*probability, probability * part, *probability)
        }
        Arrivals::Due { due_hours } => {
            let slips = spread::slips(risk);
            of(slips, if *due_hours < year { slips } else { 0.0 }, slips)
        }
        Arrivals::At { times_hours, probability } => {
            let sum = |to: f64| times_hours.iter().filter(|t| **t < to).map(|_| probability).sum::<f64>();
            let none: f64 = times_hours.iter().filter(|t| **t < horizon).map(|_| 1.0 - probability).product();
            of(sum(horizon), sum(year), 1.0 - none)
        }
    }
}

/// The index at the beginning of the last month: log-normal, E I = (1 + drift)^years.
fn index(path: &PricePath, scenario: &Scenario) -> Extent {
    #[expect(clippy::cast_precision_loss, reason = "at most 1200 months")]
    let years = (scenario.n_months() - 1) as f64 / 12.0;
    let mean = libm::exp(libm::log1p(path.drift) * years);
    let sd = path.volatility * years.sqrt();
    if sd == 0.0 {
        return Extent::Constant(mean);
    }
    let at = |z: f64| mean * libm::exp(z * sd - 0.5 * sd * sd);
    Extent::Drawn { mean: Some(mean), p05: at(-Z95), p95: at(Z95) }
}

fn sizes(effects: &Effects) -> Vec<Size> {
    let mut sizes = Vec::new();
    let mut push = |of: Quantity, law: &Law| {
        sizes.push(Size { of, extent: extent(law) });
    };
    if let Some(outage) = &effects.outage {
        push(Quantity::Duration, &outage.duration);
        if outage.leaves.is_constant() != Some(0.0) {
            push(Quantity::Leaves, &outage.leaves);
        }
    }
    if let Some(Length::Hours(law)) = &effects.suspends {
        push(Quantity::Suspends, law);
    }
    if let Some(law) = &effects.notice {
        push(Quantity::Notice, law);
    }
    if let Some(law) = &effects.price_change {
        push(Quantity::PriceChange, law);
    }
    if let Some(law) = &effects.capability_change {
        push(Quantity::CapabilityChange, law);
    }
    for (service, law) in &effects.revenue_change {
        push(Quantity::RevenueChange(*service), law);
    }
    if let Some(law) = &effects.lasts {
        push(Quantity::Lasts, law);
    }
    if let Some(law) = &effects.over {
        push(Quantity::Over, law);
    }
    if let Some(cost) = &effects.cost {
        push(Quantity::Cost(cost.scales_with), &cost.amount);
    }
    if let Some(law) = &effects.stake_change {
        push(Quantity::StakeChange, law);
    }
    for raise in &effects.raises {
        push(Quantity::Raises(raise.risk), &Law::Constant(raise.factor));
    }
    for cause in &effects.causes {
        push(Quantity::Causes(cause.risk), &Law::Constant(cause.probability));
        push(Quantity::After(cause.risk), &cause.after);
    }
    if let Some(Length::Permanent) = effects.suspends {
        sizes.insert(0, Size { of: Quantity::Suspends, extent: Extent::Permanent });
    }
    sizes
}

fn extent(law: &Law) -> Extent {
    match law.is_constant() {
        Some(value) => Extent::Constant(value),
        None => Extent::Drawn { mean: law.mean(), p05: law.quantile(0.05), p95: law.quantile(0.95) },
    }
}

/// What the losses of one risk take away.
#[derive(Debug, Default)]
pub(super) struct Down {
    /// What those under way take on average, if none overlap: in each cell, per source.
    taken: Vec<Vec<f64>>,
    any: bool,
}

impl Down {
    /// Adds what `effects` take, happening as `flow` says.
    pub(super) fn add(&mut self, flow: &Flow, effects: &Effects, grid: &Grid) {
        if let Some(outage) = &effects.outage {
            let taken = 1.0 - outage.leaves.mean().unwrap_or(0.0);
            self.push(taken, flow.under_way(&Lasts::Hours(&outage.duration), grid));
        }
        if let Some(length) = &effects.suspends {
            let lasts = match length {
                Length::Hours(law) => Lasts::Hours(law),
                Length::Permanent => Lasts::ToTheEnd,
            };
            let begun = effects.notice.as_ref().map(|law| flow.delayed(law, grid));
            self.push(1.0, begun.as_ref().unwrap_or(flow).under_way(&lasts, grid));
        }
    }

    fn push(&mut self, taken: f64, under_way: Vec<Vec<f64>>) {
        self.any = true;
        self.taken.resize_with(under_way.len(), Vec::new);
        for (all, one) in self.taken.iter_mut().zip(under_way) {
            all.resize(one.len(), 0.0);
            all.iter_mut().zip(one).for_each(|(a, o)| *a += taken * o);
        }
    }

    /// What is left in each cell on average of a node that has no other risk, events coming as `begun` says; none if nothing
    /// is ever taken.
    pub(super) fn left(&self, begun: &Flow) -> Option<Vec<f64>> {
        self.any.then(|| begun.left(&self.taken))
    }
}

/// Hours lost where so much is left.
pub(super) fn lost(left: &[f64], grid: &Grid) -> f64 {
    grid.integral(left.iter().map(|left| 1.0 - left))
}
