//! What moves rates and prices together: a factor compiled, and its path of a trial (MODEL section 5.6).

use super::Clock;
use super::site::NOWHERE;
use crate::chance::{Key, math};
use crate::scenario::{Arrivals, Follows, MONTH, Scenario};

/// A factor with its address.
#[derive(Debug, Clone)]
pub(crate) struct FactorPlan {
    key: Key,
    pub(crate) site: usize,
    /// φ and √(1 − φ²).
    keeps: f64,
    renews: f64,
    /// Something follows it.
    pub(crate) followed: bool,
}

/// A factor's values z of a trial, month by month, and the innovations ε that made them; both begin with `z_0`.
#[derive(Debug, Default)]
pub(crate) struct FactorPath {
    pub(crate) values: Vec<f64>,
    pub(crate) innovations: Vec<f64>,
}

/// The factors of a scenario, in file order.
pub(crate) fn factors(scenario: &Scenario, seed: u64) -> Vec<FactorPlan> {
    (scenario.factors.iter().enumerate())
        .map(|(f, factor)| {
            let keeps = factor.persistence_hours.map_or(0.0, |hours| libm::exp(-MONTH / hours));
            FactorPlan {
                key: Key::new(seed, &format!("factor.{}", factor.id), "path"),
                site: NOWHERE,
                keeps,
                renews: ((1.0 - keeps) * (1.0 + keeps)).sqrt(),
                followed: followed(scenario).any(|follows| follows.factor == f),
            }
        })
        .collect()
}

fn followed(scenario: &Scenario) -> impl Iterator<Item = &Follows> {
    scenario.risks.iter().flat_map(|risk| {
        let rate: &[Follows] = match &risk.arrivals {
            Some(Arrivals::Poisson { follows, .. }) => follows,
            _ => &[],
        };
        rate.iter().chain(risk.path.iter().flat_map(|path| &path.follows))
    })
}

impl FactorPlan {
    /// The path of `trial`: one draw a month, so that a longer horizon only adds to it.
    ///
    /// `tilt`: may move its innovations before anything is made of them.
    pub(crate) fn draw(
        &self,
        clock: &Clock,
        trial: u64,
        path: &mut FactorPath,
        aside: &mut math::Aside,
        tilt: impl FnOnce(&mut [f64]),
    ) {
        let mut stream = self.key.stream(trial);
        path.innovations.clear();
        path.innovations.extend((0..clock.n_months()).map(|_| stream.uniform()));
        math::normal_quantiles(&mut path.innovations, aside);
        tilt(&mut path.innovations);
        path.values.clear();
        let mut value = path.innovations[0];
        path.values.push(value);
        for innovation in &path.innovations[1..] {
            value = self.keeps * value + self.renews * innovation;
            path.values.push(value);
        }
    }
}

/// Per month: by how much a rate that follows these factors is multiplied. Its mean is 1.
pub(crate) fn multipliers(follows: &[Follows], factors: &[FactorPath], n_months: usize, out: &mut Vec<f64>) {
    out.clear();
    out.extend((0..n_months).map(|month| {
        let log: f64 = follows.iter().map(|f| f.beta * factors[f.factor].values[month] - f.beta * f.beta / 2.0).sum();
        math::exp(log)
    }));
}
